//! A shard held by this process, until it is settled.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use lapin::message::Delivery as Message;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard};
use tracing::debug;

use super::message::{self, Envelope};
use super::publish::Publisher;
use super::topology::{self, Rung};
use super::{Error, Shard};
use crate::queue::{Delivery, MAX_ATTEMPTS, Settle};

/// Whether other shards may be worked beside it.
#[expect(dead_code, reason = "guards: held, never read")]
pub(super) enum Alone {
    Yes(OwnedRwLockWriteGuard<()>),
    No(OwnedRwLockReadGuard<()>),
}

pub(super) struct Held {
    publisher: Publisher,
    /// `None` once settled.
    message: Option<Message>,
    shard: Shard,
    crashes: u32,
    held: Arc<AtomicU64>,
    _alone: Alone,
}

impl Held {
    pub(super) fn new(
        publisher: Publisher,
        message: Message,
        shard: Shard,
        crashes: u32,
        alone: Alone,
        held: &Arc<AtomicU64>,
    ) -> Self {
        held.fetch_add(1, Ordering::Relaxed);
        let held = Arc::clone(held);
        Self { publisher, message: Some(message), shard, crashes, held, _alone: alone }
    }

    /// Where the shard goes by what came of it; `None` = nowhere.
    fn onward(&self, outcome: Settle) -> Option<(String, Envelope)> {
        let again = || Envelope::of(&self.shard, self.crashes);
        let dead = topology::dead(&self.shard.campaign);
        match outcome {
            Settle::Done => None,
            Settle::Return => Some((topology::WORK.into(), again())),
            Settle::Delay(delay) => {
                let (rung, more) = Rung::for_delay(delay);
                let mut envelope = again();
                envelope.headers.more_ms = u64::try_from(more.as_millis()).unwrap_or(u64::MAX);
                Some((rung.queue(), envelope))
            }
            Settle::Failed(reason) => {
                let attempt = self.shard.attempt.saturating_add(1);
                let failed = Shard { attempt, ..self.shard.clone() };
                let envelope = Envelope::of(&failed, self.crashes);
                match attempt < MAX_ATTEMPTS {
                    true => Some((topology::WORK.into(), envelope)),
                    false => Some((dead, envelope.because(&reason))),
                }
            }
            Settle::Quarantine(reason) => Some((dead, again().because(&reason))),
        }
    }
}

#[async_trait]
impl Delivery for Held {
    fn shard(&self) -> &Shard {
        &self.shard
    }

    fn waited(&self) -> Option<Duration> {
        message::age(&self.message.as_ref()?.properties)
    }

    /// Where it goes next is stored before it is acknowledged. If it cannot
    /// be stored the broker gets it back as it is: nothing is lost, at most
    /// a count.
    async fn settle(mut self: Box<Self>, outcome: Settle) -> Result<(), Error> {
        if let Some((queue, envelope)) = self.onward(outcome)
            && let Err(problem) = self.publisher.pass_on(&queue, &envelope).await
        {
            debug!(part = self.shard.part_name(), "handed back as it is: {problem}");
            return Ok(());
        }
        if let Some(message) = self.message.take() {
            // A delivery that the broker has taken back is someone else's by
            // now: no error.
            if !message.ack(BasicAckOptions::default()).await.unwrap_or(false) {
                debug!(part = self.shard.part_name(), "the broker had taken it back");
            }
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.held.fetch_sub(1, Ordering::Relaxed);
        let Some(message) = self.message.take() else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        runtime.spawn(async move {
            let options = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
            let nacked = tokio::time::timeout(NACK, message.nack(options)).await;
            if !matches!(nacked, Ok(Ok(true))) {
                debug!("the broker takes a shard back by itself, with the connection");
            }
        });
    }
}

const NACK: Duration = Duration::from_secs(5);
