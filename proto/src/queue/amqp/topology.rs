//! The queues of a fleet: their names, their arguments, their declaration.

use std::sync::Arc;
use std::time::Duration;

use lapin::options::{ExchangeDeclareOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, LongString};
use lapin::{Channel, ErrorKind, ExchangeKind};

use super::Error;
use super::broker::Broker;
use crate::CampaignDigest;
use crate::config::QueueType;
use crate::wire;

pub(super) const WORK: &str = "magnet.v1.work";
/// Dead letters of no campaign: nobody can read them.
pub(super) const UNREADABLE: &str = "magnet.v1.dead";
pub(super) const REPORTS: &str = "magnet.v1.reports";

/// A step of the delay ladder. Each is a queue of its own with one time to
/// live, since a queue's head holds up what is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rung {
    name: &'static str,
    pub(super) delay: Duration,
}

pub(super) const RUNGS: [Rung; 4] = [
    Rung { name: "5s", delay: Duration::from_secs(5) },
    Rung { name: "30s", delay: Duration::from_secs(30) },
    Rung { name: "2m", delay: Duration::from_secs(120) },
    Rung { name: "10m", delay: Duration::from_secs(600) },
];

impl Rung {
    pub(super) fn queue(self) -> String {
        format!("magnet.v1.delay.{}", self.name)
    }

    /// The lowest rung that delays long enough, and what is left of the delay
    /// after it.
    pub(super) fn for_delay(delay: Duration) -> (Self, Duration) {
        let highest = RUNGS[RUNGS.len() - 1];
        let rung = RUNGS.into_iter().find(|rung| rung.delay >= delay).unwrap_or(highest);
        (rung, delay.saturating_sub(rung.delay))
    }
}

pub(super) fn dead(campaign: &CampaignDigest) -> String {
    format!("magnet.v1.dead.{}", &campaign.to_string()[..32])
}

/// Where messages of a newer wire version wait for a worker that reads it.
pub(super) fn parked(version: u16) -> String {
    format!("magnet.v1.parked.w{version}")
}

/// Declares everything that does not depend on a message.
pub(super) async fn declare(broker: &Broker, channel: &Channel) -> Result<(), Error> {
    queue(broker, channel, WORK, Vec::new()).await?;
    queue(broker, channel, UNREADABLE, Vec::new()).await?;
    for rung in RUNGS {
        let delay_ms = i64::try_from(rung.delay.as_millis()).unwrap_or(i64::MAX);
        let mut arguments = vec![
            ("x-message-ttl", AMQPValue::LongLongInt(delay_ms)),
            ("x-dead-letter-exchange", text("")),
            ("x-dead-letter-routing-key", text(WORK)),
        ];
        if broker.access.queue_type == QueueType::Quorum {
            arguments.push(("x-dead-letter-strategy", text("at-least-once")));
            arguments.push(("x-overflow", text("reject-publish")));
        }
        queue(broker, channel, &rung.queue(), arguments).await?;
    }
    for version in 1..=wire::VERSION {
        queue(broker, channel, &parked(version), Vec::new()).await?;
    }
    if let Some(campaign) = &broker.access.campaign {
        queue(broker, channel, &dead(campaign), Vec::new()).await?;
    }
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let reports = channel.exchange_declare(
        REPORTS.into(),
        ExchangeKind::Direct,
        options,
        FieldTable::default(),
    );
    reports.await.map_err(|error| broker.explain(&error))
}

/// Declares a queue that is made when the first message needs it.
pub(super) async fn declare_for_letters(
    broker: &Arc<Broker>,
    channel: &Channel,
    name: &str,
) -> Result<(), Error> {
    queue(broker, channel, name, Vec::new()).await
}

async fn queue(
    broker: &Broker,
    channel: &Channel,
    name: &str,
    mut arguments: Vec<(&'static str, AMQPValue)>,
) -> Result<(), Error> {
    match broker.access.queue_type {
        QueueType::Quorum => {
            arguments.push(("x-queue-type", text("quorum")));
            // What brokers count, and from when on they drop, differs by
            // version: out of the way of the count of our own.
            arguments.push(("x-delivery-limit", AMQPValue::LongLongInt(1_000_000)));
        }
        QueueType::Classic => arguments.push(("x-queue-type", text("classic"))),
    }
    let mut table = FieldTable::default();
    for (key, value) in arguments {
        table.insert(key.into(), value);
    }
    let declared = channel.queue_declare(name.into(), QueueDeclareOptions::durable(), table).await;
    declared.map(drop).map_err(|error| broker.explain(&error))
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(LongString::from(value))
}

/// How many messages wait in a queue; `None` if it does not exist, after
/// which the channel is of no further use.
pub(super) async fn depth(channel: &Channel, name: &str) -> Result<Option<u64>, Error> {
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    match channel.queue_declare(name.into(), options, FieldTable::default()).await {
        Ok(queue) => Ok(Some(u64::from(queue.message_count()))),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(Error::Transient(error.to_string())),
    }
}

/// How many connections take shards.
pub(super) async fn consumers(channel: &Channel) -> Result<u64, Error> {
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    match channel.queue_declare(WORK.into(), options, FieldTable::default()).await {
        Ok(queue) => Ok(u64::from(queue.consumer_count())),
        Err(error) if is_missing(&error) => Ok(0),
        Err(error) => Err(Error::Transient(error.to_string())),
    }
}

fn is_missing(error: &lapin::Error) -> bool {
    use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
    let ErrorKind::ProtocolError(refusal) = error.kind() else {
        return false;
    };
    *refusal.kind() == AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_takes_the_lowest_rung_that_is_long_enough() {
        let check = |delay_s: u64, rung: &str, more_s: u64| {
            let (found, more) = Rung::for_delay(Duration::from_secs(delay_s));
            assert_eq!((found.name, more.as_secs()), (rung, more_s), "{delay_s} s");
        };
        check(0, "5s", 0);
        check(5, "5s", 0);
        check(6, "30s", 0);
        check(600, "10m", 0);
        check(4_000, "10m", 3_400);
    }
}
