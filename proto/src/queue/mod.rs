//! The queue of shards.
//!
//! Contract, the same for every backend:
//! - *Delivery* is at least once: a shard whose holder dies is delivered again.
//! - *Order* is not promised.
//! - A [`Delivery`] is held until it is settled; dropping it unsettled hands
//!   it back uncounted, as a crash would.
//! - Settling a delivery that the broker has meanwhile taken back is not an
//!   error: someone else has it, effects are idempotent.
//! - Backends reconnect by themselves, bounded by their configuration; what
//!   they return is final for that call.
//! - Every method is cancel-safe: a dropped future loses no shard.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::CampaignDigest;
use crate::config::Fleet;
use crate::shard::{Report, Shard};

pub mod amqp;
pub mod memory;
mod metrics;

#[cfg(any(test, feature = "conformance"))]
#[expect(clippy::unwrap_used, reason = "a suite of tests, though not under cfg(test) alone")]
pub mod conformance;

pub use metrics::Metrics;

/// Opens a queue inside this process by its URL, `memory:`.
pub fn open(url: &str) -> Result<Arc<dyn Queue>, Error> {
    match url.split_once(':') {
        Some(("memory", _)) => Ok(Arc::new(memory::MemoryQueue::new())),
        Some((scheme, _)) => Err(Error::Permanent(format!(
            "a queue of kind \"{scheme}:\" is not known\nhint: set fleet.queue = \"memory:\" to run \
             in one process"
        ))),
        None => Err(Error::Permanent(
            "the queue's URL names no kind\nhint: set fleet.queue = \"memory:\" to run in one process"
                .into(),
        )),
    }
}

/// Connects to the queue a fleet is configured with, of any kind.
///
/// `campaign` is the one whose reports and dead letters are meant, `None` for a
/// worker of any campaign. `shards` are worked at once by this process.
pub async fn connect(
    fleet: &Fleet,
    campaign: Option<CampaignDigest>,
    shards: usize,
) -> Result<Arc<dyn Queue>, Error> {
    if !fleet.queue.starts_with("amqp://") && !fleet.queue.starts_with("amqps://") {
        return open(&fleet.queue);
    }
    let access = amqp::Access {
        url: fleet.queue.clone(),
        queue_type: fleet.queue_type,
        ca_file: fleet.ca_file.clone(),
        connect_timeout: fleet.connect_timeout,
        ack_timeout: fleet.ack_timeout,
        prefetch: u16::try_from(shards).unwrap_or(u16::MAX).max(1),
        campaign,
    };
    Ok(Arc::new(amqp::AmqpQueue::connect(access).await?))
}

/// A queue of one campaign's shards, and of the reports about them.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Publishes a shard; returns once it is durably stored. An unsure publish
    /// is an error: publish again, duplicates are absorbed.
    async fn publish(&self, shard: &Shard) -> Result<(), Error>;

    /// The next shard; waits for one. `None` once the queue is closed.
    async fn receive(&self) -> Result<Option<Box<dyn Delivery>>, Error>;

    /// Shards that have arrived here and wait to be received: nobody else sees
    /// them.
    async fn arrived(&self) -> Vec<Shard> {
        Vec::new()
    }

    /// Tells the coordinator what came of a shard. Best effort: the parts are
    /// the truth, a report only wakes it up.
    async fn report(&self, report: &Report) -> Result<(), Error>;

    /// The next report; waits for one. `None` once the queue is closed.
    async fn next_report(&self) -> Result<Option<Report>, Error>;

    /// How the connection is, without asking the broker.
    fn link(&self) -> Link {
        Link::default()
    }

    /// Why the connection was lost last, as far as that is known.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Shards waiting, held by workers, delayed, and dead.
    async fn depth(&self) -> Result<Depth, Error>;

    /// How many processes take shards.
    async fn consumers(&self) -> Result<u64, Error> {
        Ok(1)
    }

    /// How long a shard may be held before the broker takes it back, by what is
    /// known; `None` = for ever.
    fn patience(&self) -> Option<Duration> {
        None
    }

    /// Shows `keep` the shards of this queue's campaign that wait, and drops
    /// those it refuses; how many those are. What others hold or delay is not
    /// shown. Until it returns, a shard that is kept may be in the queue twice.
    async fn sift(&self, keep: Keep<'_>) -> Result<usize, Error>;

    /// Up to `limit` dead letters, left in place.
    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error>;

    /// Puts dead letters back to work with their attempts reset; how many.
    async fn redrive(&self) -> Result<usize, Error>;

    /// Drops dead letters; how many.
    async fn purge(&self) -> Result<usize, Error>;

    /// Takes nothing new: [`Queue::receive`] and [`Queue::next_report`] return
    /// `None`. What is held can still be settled. A process that leaves calls
    /// it before it settles what it holds, so that nothing more is on its way
    /// to it, and again when it holds nothing, to leave in order.
    async fn close(&self);
}

/// Whether a shard that waits shall stay.
pub type Keep<'a> = &'a mut (dyn FnMut(&Shard) -> bool + Send);

/// A shard held by this process.
#[async_trait]
pub trait Delivery: Send {
    fn shard(&self) -> &Shard;

    /// How long it waited in the queue, where that is known.
    fn waited(&self) -> Option<Duration> {
        None
    }

    /// How often it came back from a holder who did not settle it. That may
    /// have died, or only lost its connection.
    fn losses(&self) -> u32 {
        0
    }

    /// Puts a copy in its place and lets go of it, so that it may be worked for
    /// longer than the broker is patient. The copy comes to somebody every few
    /// seconds, who must find that the shard is taken.
    async fn renew(&mut self) -> Result<(), Error> {
        Ok(())
    }

    async fn settle(self: Box<Self>, outcome: Settle) -> Result<(), Error>;
}

/// What to do with a held shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settle {
    /// Its part is in place.
    Done,
    /// Hand it back at once, uncounted: this worker is stopping.
    Return,
    /// Deliver it again after at least this long, uncounted: a service is
    /// away.
    Delay(Duration),
    /// It failed by its own fault: count the attempt; after
    /// [`MAX_ATTEMPTS`] it goes to the dead letters with the reason.
    Failed(String),
    /// Straight to the dead letters.
    Quarantine(String),
}

/// A shard that fails (or kills its worker) this often is quarantined.
pub const MAX_ATTEMPTS: u32 = 3;

/// A shard that is lost this often is, where nobody knows whether its holders
/// died: connections are lost more often than processes.
pub const MAX_LOSSES: u32 = 9;

/// How this process's connection to a broker is, and what it has met so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub connected: bool,
    /// The broker has stopped taking messages.
    pub blocked: bool,
    /// Connections or channels made again.
    pub reconnects: u64,
    pub confirmed: u64,
    pub unconfirmed: u64,
    /// Deliveries of messages that had been delivered before.
    pub redelivered: u64,
    pub unreadable: u64,
    pub parked: u64,
}

/// A queue inside the process is always connected.
impl Default for Link {
    fn default() -> Self {
        Self {
            connected: true,
            blocked: false,
            reconnects: 0,
            confirmed: 0,
            unconfirmed: 0,
            redelivered: 0,
            unreadable: 0,
            parked: 0,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    pub ready: u64,
    pub held: u64,
    pub delayed: u64,
    pub dead: u64,
}

/// A message nobody could work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// `None` for a message that could not be decoded.
    pub shard: Option<Shard>,
    pub campaign: Option<CampaignDigest>,
    pub reason: String,
    pub attempts: u32,
}

/// Split by what the caller does.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Try again later: the broker is away, or did not confirm in time.
    #[error("queue is away: {0}")]
    Transient(String),
    /// Trying again cannot help: credentials, permissions, a queue that
    /// exists with other arguments.
    #[error("queue refused: {0}")]
    Permanent(String),
}
