//! A shard held by this process, until it is settled.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use lapin::message::Delivery as Message;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use tracing::debug;

use super::message::{self, Envelope};
use super::publish::Publisher;
use super::topology::{self, Rung};
use super::{Error, Shard};
use crate::queue::{Delivery, MAX_ATTEMPTS, Settle};

pub(super) struct Held {
    publisher: Publisher,
    /// `None` once it is settled or renewed.
    message: Option<Message>,
    shard: Shard,
    losses: u32,
    waited: Option<Duration>,
    held: Arc<AtomicU64>,
}

impl Held {
    pub(super) fn new(
        publisher: Publisher,
        message: Message,
        shard: Shard,
        losses: u32,
        held: &Arc<AtomicU64>,
    ) -> Self {
        held.fetch_add(1, Ordering::Relaxed);
        let (held, waited) = (Arc::clone(held), message::age(&message.properties));
        Self { publisher, message: Some(message), shard, losses, waited, held }
    }

    /// Lets go of the message, if it is still held.
    async fn acknowledge(&mut self) {
        if let Some(message) = self.message.take() {
            // A delivery that the broker has taken back is someone else's by
            // now: no error.
            if !message.ack(BasicAckOptions::default()).await.unwrap_or(false) {
                debug!(part = self.shard.part_name(), "the broker had taken it back");
            }
        }
    }

    /// Where the shard goes by what came of it; `None` = nowhere.
    fn onward(&self, outcome: Settle) -> Option<(String, Envelope)> {
        let again = || Envelope::of(&self.shard, self.losses);
        let dead = topology::dead(&self.shard.campaign);
        match outcome {
            Settle::Done => None,
            // The copy is on its way already.
            Settle::Return | Settle::Delay(_) if self.message.is_none() => None,
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
                let envelope = Envelope::of(&failed, self.losses);
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
        self.waited
    }

    fn losses(&self) -> u32 {
        self.losses
    }

    async fn renew(&mut self) -> Result<(), Error> {
        if self.message.is_some() {
            let copy = Envelope::of(&self.shard, self.losses);
            let (rung, _) = Rung::for_delay(Duration::ZERO);
            self.publisher.pass_on(&rung.queue(), &copy).await?;
            self.acknowledge().await;
        }
        Ok(())
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
        self.acknowledge().await;
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
