//! Our messages as AMQP carries them: the wire bytes and our own headers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, LongString, ShortString};

use crate::shard::Shard;
use crate::wire;

const LOSSES: &str = "x-magnet-losses";
const REASON: &str = "x-magnet-reason";
const MORE_MS: &str = "x-magnet-more-ms";
const SENT_MS: &str = "x-magnet-sent-ms";
/// Reasons may quote what they found: bounded, since headers go to the broker
/// whole.
const LONGEST_REASON: usize = 2_000;
const PERSISTENT: u8 = 2;

/// Bytes to send, and what is said about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) bytes: Vec<u8>,
    pub(super) headers: Headers,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Headers {
    /// How often it came back from a holder who did not settle it.
    pub(super) losses: u32,
    /// Why it is dead.
    pub(super) reason: Option<String>,
    /// How much longer it is to be delayed.
    pub(super) more_ms: u64,
}

impl Envelope {
    pub(super) fn of(shard: &Shard, losses: u32) -> Self {
        let headers = Headers { losses, ..Headers::default() };
        Self { bytes: wire::encode(shard), headers }
    }

    #[must_use]
    pub(super) fn because(mut self, reason: &str) -> Self {
        self.headers.reason = Some(reason.chars().take(LONGEST_REASON).collect());
        self
    }

    pub(super) fn properties(&self) -> BasicProperties {
        let mut table = FieldTable::default();
        let mut number = |name: &str, value: i64| {
            if value > 0 {
                table.insert(ShortString::from(name), AMQPValue::LongLongInt(value));
            }
        };
        number(LOSSES, i64::from(self.headers.losses));
        number(SENT_MS, now_ms());
        number(MORE_MS, i64::try_from(self.headers.more_ms).unwrap_or(i64::MAX));
        if let Some(reason) = &self.headers.reason {
            let reason = AMQPValue::LongString(LongString::from(reason.as_str()));
            table.insert(REASON.into(), reason);
        }
        BasicProperties::default()
            .with_delivery_mode(PERSISTENT)
            .with_content_type("application/x-magnet".into())
            .with_headers(table)
    }
}

/// How long ago a message was published, by the two machines' clocks: a
/// measure for people, nothing hangs on it.
pub(super) fn age(properties: &BasicProperties) -> Option<Duration> {
    let sent = properties.headers().as_ref()?.inner().get(SENT_MS)?;
    let AMQPValue::LongLongInt(sent) = sent else { return None };
    Some(Duration::from_millis(u64::try_from(now_ms().saturating_sub(*sent)).unwrap_or(0)))
}

#[expect(clippy::disallowed_methods, reason = "for the metric of waiting times alone")]
fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

impl Headers {
    /// Headers may be anybody's: what is not as we write it counts as absent.
    pub(super) fn read(properties: &BasicProperties) -> Self {
        let find = |name: &str| {
            let table = properties.headers().as_ref()?;
            table.inner().get(name)
        };
        let number = |name: &str| match find(name) {
            Some(AMQPValue::LongLongInt(value)) => u64::try_from(*value).unwrap_or(0),
            _ => 0,
        };
        let reason = match find(REASON) {
            Some(AMQPValue::LongString(reason)) => Some(reason.to_string()),
            _ => None,
        };
        Self {
            losses: u32::try_from(number(LOSSES)).unwrap_or(u32::MAX),
            reason,
            more_ms: number(MORE_MS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_survive_the_broker() {
        let headers = Headers { losses: 2, reason: Some("it \"fell\"".into()), more_ms: 9 };
        let envelope = Envelope { bytes: vec![], headers: headers.clone() };
        assert_eq!(Headers::read(&envelope.properties()), headers);
        assert_eq!(Headers::read(&BasicProperties::default()), Headers::default());
        assert!(age(&envelope.properties()) < Some(Duration::from_secs(60)));
        assert_eq!(age(&BasicProperties::default()), None);
    }
}
