//! Publishing: many at once on one channel, each with its own confirm.
//!
//! A publish counts only when the broker confirms it and does not return it:
//! an unroutable message is confirmed, too. A broker short of memory or disk
//! confirms nothing, so every wait has a deadline. What is unsure is published
//! again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation, Connection};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::broker::Broker;
use super::link::{Link, Pauses, Session, count};
use super::message::Envelope;
use super::{Error, GOODBYE, topology};
use crate::shard::Report;
use crate::wire;

/// Unconfirmed publishes at once.
const WINDOW: usize = 256;
/// A confirm that takes longer is given up for that try.
const CONFIRM: Duration = Duration::from_secs(10);
/// A session that takes longer to come back is given up for that call.
const SESSION: Duration = Duration::from_secs(10);
/// The code of an orderly end.
const NO_ERROR: u16 = 200;
/// How long a publish is tried again: longer than a broker takes to restart,
/// to be repaired, or to get its memory or disk back.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
const PASS_ON_TRIES: u32 = 2;

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Publisher {
    broker: Arc<Broker>,
    link: Link<Publishing>,
    window: Arc<Semaphore>,
}

/// The connection for publishing.
pub(super) struct Publishing {
    connection: Connection,
    confirmed: Channel,
    /// Not in confirm mode: for what nobody waits for.
    unconfirmed: Channel,
    broker: Arc<Broker>,
    /// Confirms have stopped coming, though the connection stands: one that is
    /// lost on the way shifts the count of all that follow.
    is_mute: AtomicBool,
}

#[async_trait]
impl Session for Publishing {
    const PURPOSE: &'static str = "publishing";

    async fn open(broker: &Arc<Broker>, _is_again: bool) -> Result<Self, Error> {
        let connection = broker.connect(Self::PURPOSE).await?;
        let explain = |error: lapin::Error| broker.explain(&error);
        let confirmed = connection.create_channel().await.map_err(explain)?;
        let unconfirmed = connection.create_channel().await.map_err(explain)?;
        topology::declare(broker, &confirmed).await?;
        confirmed.confirm_select(ConfirmSelectOptions::default()).await.map_err(explain)?;
        let (broker, is_mute) = (Arc::clone(broker), AtomicBool::new(false));
        Ok(Self { connection, confirmed, unconfirmed, broker, is_mute })
    }

    fn is_alive(&self) -> bool {
        let channels = [&self.confirmed, &self.unconfirmed];
        !self.is_mute.load(Ordering::Relaxed)
            && self.connection.status().connected()
            && channels.iter().all(|channel| channel.status().connected())
    }
}

impl Publishing {
    /// A channel for one errand: some errands end theirs.
    pub(super) async fn channel(&self) -> Result<Channel, Error> {
        self.connection.create_channel().await.map_err(|error| self.broker.explain(&error))
    }

    /// Gives the session up, so that another takes its place.
    async fn give_up(&self) {
        if !self.is_mute.swap(true, Ordering::Relaxed) {
            let closing = self.connection.close(NO_ERROR, "confirms do not come".into());
            tokio::time::timeout(GOODBYE, closing).await.ok();
        }
    }
}

/// Why a publish is not confirmed.
enum Unconfirmed {
    /// There is no such queue.
    Unroutable,
    Unsure(String),
}

impl Publisher {
    pub(super) async fn connect(
        broker: &Arc<Broker>,
        closed: &CancellationToken,
    ) -> Result<Self, Error> {
        let link = Link::connect(broker, closed).await?;
        let window = Arc::new(Semaphore::new(WINDOW));
        Ok(Self { broker: Arc::clone(broker), link, window })
    }

    pub(super) fn is_connected(&self) -> bool {
        self.link.is_connected()
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.link.current().is_some_and(|session| session.connection.status().blocked())
    }

    /// The session, if it is there soon.
    pub(super) async fn session(&self) -> Result<Arc<Publishing>, Error> {
        match tokio::time::timeout(SESSION, self.link.session()).await {
            Ok(Some(session)) => Ok(session),
            _ => Err(Error::Transient(format!("{} is not connected", self.broker.place()))),
        }
    }

    /// Publishes until it is confirmed, through outages.
    pub(super) async fn persist(&self, queue: &str, envelope: &Envelope) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        let mut pauses = Pauses::default();
        loop {
            let Err(problem) = self.publish(queue, envelope).await else {
                return Ok(());
            };
            let pause = pauses.next();
            if matches!(problem, Error::Permanent(_)) || Instant::now() + pause >= deadline {
                return Err(problem);
            }
            warn!("a message is published again: {problem}");
            tokio::time::sleep(pause).await;
        }
    }

    /// Publishes once.
    pub(super) async fn publish(&self, queue: &str, envelope: &Envelope) -> Result<(), Error> {
        let session = self.session().await?;
        let Ok(_permit) = self.window.acquire().await else {
            return Err(Error::Transient("closed".into()));
        };
        let confirming = confirm(&session.confirmed, queue, envelope);
        let outcome = match tokio::time::timeout(CONFIRM, confirming).await {
            Ok(outcome) => outcome,
            Err(_) if session.connection.status().blocked() => Err(Unconfirmed::Unsure(
                "the broker takes no messages: it is short of memory or disk".into(),
            )),
            Err(_) => {
                session.give_up().await;
                Err(Unconfirmed::Unsure(format!("not confirmed within {CONFIRM:?}")))
            }
        };
        match outcome {
            Ok(()) => {
                count(&self.broker.counters.confirmed);
                Ok(())
            }
            Err(problem) => {
                count(&self.broker.counters.unconfirmed);
                self.link.broken(&session);
                self.answer(&session, queue, problem).await
            }
        }
    }

    /// What to do about an unconfirmed publish: queues that are missing are
    /// declared for the next try.
    async fn answer(
        &self,
        session: &Publishing,
        queue: &str,
        problem: Unconfirmed,
    ) -> Result<(), Error> {
        match problem {
            Unconfirmed::Unsure(problem) => {
                Err(Error::Transient(format!("{}: {problem}", self.broker.place())))
            }
            Unconfirmed::Unroutable => {
                let channel = session.channel().await?;
                topology::declare(&self.broker, &channel).await?;
                if topology::depth(&channel, queue).await?.is_none() {
                    let channel = session.channel().await?;
                    topology::declare_for_letters(&self.broker, &channel, queue).await?;
                }
                error!(queue, "there was no such queue: it is declared anew");
                Err(Error::Transient(format!("queue \"{queue}\" did not exist")))
            }
        }
    }

    /// Publishes what this process holds and wants to be rid of: a few tries,
    /// since whoever waits for it may be stopping. A queue that is missing is
    /// made by the first try.
    pub(super) async fn pass_on(&self, queue: &str, envelope: &Envelope) -> Result<(), Error> {
        let mut problem = Error::Transient("not tried".into());
        for _ in 0..PASS_ON_TRIES {
            match self.publish(queue, envelope).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    warn!("a message is passed on again: {error}");
                    problem = error;
                }
            }
        }
        Err(problem)
    }

    pub(super) async fn report(&self, report: &Report) -> Result<(), Error> {
        let session = self.session().await?;
        let bytes = wire::encode(report);
        let published = session.unconfirmed.basic_publish(
            topology::REPORTS.into(),
            report.campaign.to_string().into(),
            BasicPublishOptions::default(),
            &bytes,
            BasicProperties::default(),
        );
        published.await.map_err(|error| self.broker.explain(&error))?;
        Ok(())
    }
}

async fn confirm(channel: &Channel, queue: &str, envelope: &Envelope) -> Result<(), Unconfirmed> {
    let unsure = |error: lapin::Error| Unconfirmed::Unsure(error.to_string());
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let properties = envelope.properties();
    let published =
        channel.basic_publish("".into(), queue.into(), options, &envelope.bytes, properties);
    match published.await.map_err(unsure)?.await.map_err(unsure)? {
        Confirmation::Ack(None) => Ok(()),
        Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_)) => Err(Unconfirmed::Unroutable),
        Confirmation::Nack(None) => Err(Unconfirmed::Unsure("the broker refused it".into())),
        Confirmation::NotRequested => {
            Err(Unconfirmed::Unsure("the channel does not confirm".into()))
        }
    }
}
