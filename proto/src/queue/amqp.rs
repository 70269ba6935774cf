//! The queue on RabbitMQ: the backend of a fleet.
//!
//! ```text
//!             ┌────────── magnet.v1.delay.{5s,30s,2m,10m} ◄─ not now ─┐
//!             ▼                                                       │
//! publish ─► magnet.v1.work ─► prefetched, held ─► acknowledged ──────┤
//!                                   │                                 ├─► magnet.v1.dead.{campaign}
//!                                   └─ cannot be read ──► magnet.v1.dead, magnet.v1.parked.w{n}
//! report ─► (magnet.v1.reports) ─► one private queue a coordinator
//! ```
//!
//! One work queue for all campaigns: workers need not be told of campaigns, an
//! autoscaler watches one name, and no queue is declared while a fleet works.
//! It is fair, since each coordinator has a bounded number of shards in it.
//! Dead letters lie apart by campaign, so that they are counted, driven again
//! and purged by campaign. `v1` is the version of this topology: another one
//! takes other names, so that two programs never fight over arguments. A queue
//! that exists with other arguments is refused, never deleted.
//!
//! Nothing is acknowledged before what follows from it is confirmed, so a
//! message may be doubled at any step and is never lost. Attempts travel in
//! the message, because brokers of different versions count deliveries
//! differently: `attempt` counts failures of the shard's own; the header
//! `x-magnet-losses` counts how often it came back from a holder who did not
//! settle it. Whether that one died or only lost its connection is not known
//! here, nor what follows from it.

mod broker;
mod consume;
mod delivery;
mod letters;
mod link;
mod message;
mod publish;
mod topology;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{DeadLetter, Delivery, Depth, Error, Keep, Link as LinkState, Queue};
use crate::CampaignDigest;
use crate::config::QueueType;
use crate::shard::{Report, Shard};
use broker::Broker;
use consume::{Consuming, Shards};
use link::{Link, Session as _};
use message::Envelope;
use publish::Publisher;

pub use link::Counters;

/// A broker that stops delivering is not asked again at once.
const NOT_AT_ONCE: Duration = Duration::from_millis(100);
/// An orderly end of a connection takes no longer.
const GOODBYE: Duration = Duration::from_secs(5);

/// How to reach a broker, and as whom.
#[derive(Clone, Debug)]
pub struct Access {
    /// `amqp://user:password@host:port/vhost`, or `amqps://…`.
    pub url: String,
    pub queue_type: QueueType,
    /// A PEM file with the authority that signed the broker's certificate.
    pub ca_file: Option<PathBuf>,
    /// How long the broker may be away at the start.
    pub connect_timeout: Duration,
    /// How long the broker lets a message be held: its `consumer_timeout`. It
    /// does not tell before it is exceeded.
    pub ack_timeout: Duration,
    /// Shards worked at once by this process.
    pub prefetch: u16,
    /// Whose dead letters and reports; a worker serves all campaigns.
    pub campaign: Option<CampaignDigest>,
}

/// A fleet's queue as one process sees it. Cheap to clone.
#[derive(Clone)]
pub struct AmqpQueue {
    broker: Arc<Broker>,
    publisher: Publisher,
    consuming: Link<Consuming>,
    shards: Arc<Shards>,
    letters: Arc<letters::Reading>,
    closed: CancellationToken,
}

impl AmqpQueue {
    /// Connects and declares what is missing.
    ///
    /// # Errors
    /// [`Error::Permanent`] at once for what waiting cannot mend: credentials,
    /// permissions, certificates, a queue with other arguments;
    /// [`Error::Transient`] if the broker stays away longer than allowed.
    pub async fn connect(access: Access) -> Result<Self, Error> {
        let broker = Arc::new(Broker::new(access)?);
        let closed = CancellationToken::new();
        let publisher = Publisher::connect(&broker, &closed).await?;
        let consuming = Link::connect(&broker, &closed).await?;
        let shards = Arc::new(Shards::new(publisher.clone()));
        let letters = Arc::default();
        let queue = Self { broker, publisher, consuming, shards, letters, closed };
        tokio::spawn(letters::unpark_now_and_then(queue.publisher.clone(), queue.closed.clone()));
        Ok(queue)
    }

    /// What this process has met so far.
    pub fn counters(&self) -> &Counters {
        &self.broker.counters
    }

    /// Whether both connections stand.
    pub fn is_connected(&self) -> bool {
        self.publisher.is_connected() && self.consuming.is_connected()
    }

    /// Whether the broker has stopped taking messages: it is short of memory
    /// or disk.
    pub fn is_blocked(&self) -> bool {
        self.publisher.is_blocked()
    }
}

#[async_trait]
impl Queue for AmqpQueue {
    async fn publish(&self, shard: &Shard) -> Result<(), Error> {
        let envelope = Envelope::of(shard, 0);
        self.publisher.persist(topology::WORK, &envelope).await
    }

    async fn receive(&self) -> Result<Option<Box<dyn Delivery>>, Error> {
        loop {
            let Some(session) = self.consuming.session_or_closed().await else {
                return Ok(None);
            };
            let received = tokio::select! {
                biased;
                () = self.closed.cancelled() => return Ok(None),
                received = self.shards.next(&session) => received,
            };
            match received {
                Ok(held) => return Ok(Some(Box::new(held))),
                Err(problem) => {
                    match session.is_alive() {
                        true => warn!("no shards come, and they are asked for anew: {problem}"),
                        false => {
                            self.broker.note(Some(problem.to_string()));
                        }
                    }
                    self.consuming.broken(&session);
                    tokio::time::sleep(NOT_AT_ONCE).await;
                }
            }
        }
    }

    async fn arrived(&self) -> Vec<Shard> {
        self.consuming.current().map(|session| session.arrived()).unwrap_or_default()
    }

    async fn report(&self, report: &Report) -> Result<(), Error> {
        self.publisher.report(report).await
    }

    async fn next_report(&self) -> Result<Option<Report>, Error> {
        if self.broker.access.campaign.is_none() {
            self.closed.cancelled().await;
            return Ok(None);
        }
        loop {
            let Some(session) = self.consuming.session_or_closed().await else {
                return Ok(None);
            };
            let received = tokio::select! {
                biased;
                () = self.closed.cancelled() => return Ok(None),
                received = session.next_report() => received,
            };
            match received {
                Ok(report) => return Ok(Some(report)),
                Err(problem) => {
                    debug!("receiving reports: {problem}");
                    self.consuming.broken(&session);
                    tokio::time::sleep(NOT_AT_ONCE).await;
                }
            }
        }
    }

    fn link(&self) -> LinkState {
        let counters = self.counters();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LinkState {
            connected: self.is_connected(),
            blocked: self.is_blocked(),
            reconnects: read(&counters.reconnects),
            confirmed: read(&counters.confirmed),
            unconfirmed: read(&counters.unconfirmed),
            redelivered: read(&counters.redelivered),
            unreadable: read(&counters.unreadable),
            parked: read(&counters.parked),
        }
    }

    /// Shards waiting and delayed are those of all campaigns; held are those
    /// of this process; dead are this campaign's.
    async fn depth(&self) -> Result<Depth, Error> {
        let session = self.publisher.session().await?;
        let channel = session.channel().await?;
        let count = async |queue: &str| topology::depth(&channel, queue).await;
        let mut delayed = 0;
        for rung in topology::RUNGS {
            delayed += count(&rung.queue()).await?.unwrap_or(0);
        }
        let ready = count(topology::WORK).await?.unwrap_or(0);
        let dead = match &self.broker.access.campaign {
            Some(campaign) => count(&topology::dead(campaign)).await?.unwrap_or(0),
            None => count(topology::UNREADABLE).await?.unwrap_or(0),
        };
        let dead = dead + self.letters.in_hand();
        Ok(Depth { ready, held: self.shards.held(), delayed, dead })
    }

    fn trouble(&self) -> Option<String> {
        self.broker.trouble()
    }

    async fn consumers(&self) -> Result<u64, Error> {
        let session = self.publisher.session().await?;
        topology::consumers(&session.channel().await?).await
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.broker.patience())
    }

    async fn sift(&self, keep: Keep<'_>) -> Result<usize, Error> {
        match self.broker.access.campaign {
            Some(campaign) => letters::sift(&self.publisher, &campaign, keep).await,
            None => Ok(0),
        }
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        self.letters.list(&self.publisher, self.broker.access.campaign, limit).await
    }

    async fn redrive(&self) -> Result<usize, Error> {
        match self.broker.access.campaign {
            Some(campaign) => letters::redrive(&self.publisher, &campaign).await,
            None => Ok(0),
        }
    }

    async fn purge(&self) -> Result<usize, Error> {
        letters::purge(&self.publisher, self.broker.access.campaign).await
    }

    async fn close(&self) {
        self.closed.cancel();
        let Some(session) = self.consuming.current() else {
            return;
        };
        self.shards.give_back(&session).await;
        // What was acknowledged last is surely sent once this is answered: a
        // shard that comes back would be taken for a crash of this process.
        if self.shards.held() == 0 && tokio::time::timeout(GOODBYE, session.close()).await.is_err()
        {
            debug!("the broker does not answer a goodbye");
        }
    }
}
