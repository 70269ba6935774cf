//! Durations written `"250ms"`, `"30s"`, `"5m"`, `"2h"`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer};

pub fn parse(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(millis)?))
}

pub fn format(duration: &Duration) -> String {
    match duration.as_millis() {
        millis if millis % 1_000 != 0 => format!("{millis}ms"),
        millis => format!("{}s", millis / 1_000),
    }
}

pub(crate) fn serialize<S: Serializer>(value: &Duration, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&format(value))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(input)?;
    let refuse = || format!("expected a duration like \"30s\" or \"5m\", got \"{text}\"");
    parse(&text).ok_or_else(|| serde::de::Error::custom(refuse()))
}
