//! When a server wants to be asked again: every form it is said in.

use std::time::{Duration, SystemTime};

/// Reads the waiting time out of an answer's headers, if any tells it; their
/// names are in lower case.
pub fn wait(headers: &[(&str, &str)], now: SystemTime) -> Option<Duration> {
    let header =
        |wanted: &str| headers.iter().find(|(name, _)| *name == wanted).map(|(_, text)| *text);
    if let Some(millis) = header("retry-after-ms").and_then(|text| text.trim().parse::<f64>().ok())
    {
        return seconds(millis / 1_000.0);
    }
    if let Some(wait) = header("retry-after").and_then(|text| parse(text, now)) {
        return Some(wait);
    }
    // "x-ratelimit-reset-tokens", "anthropic-ratelimit-tokens-reset", each
    // beside one that tells what remains.
    let told = |&(name, text): &(&str, &str)| {
        let (before, after) = name.split_once("reset")?;
        let left = header(&format!("{before}remaining{after}"));
        let left = left.and_then(|left| left.trim().parse::<f64>().ok());
        Some((left, parse(text, now)?))
    };
    let limits = headers.iter().filter(|(name, _)| name.contains("ratelimit"));
    let told: Vec<(Option<f64>, Duration)> = limits.filter_map(told).collect();
    let longest = |is_it: fn(Option<f64>) -> bool| {
        told.iter().filter(|(left, _)| is_it(*left)).map(|(_, wait)| *wait).max()
    };
    longest(|left| left.is_some_and(|left| left < 1.0))
        .or_else(|| longest(|left| left.is_none()))
        .or_else(|| parse(structured(header("ratelimit")?)?, now))
}

/// The time in `"default";r=0;t=30` or `limit=10, remaining=0, reset=30`.
fn structured(text: &str) -> Option<&str> {
    let mut fields = text.split([';', ',']).map(str::trim);
    fields.find_map(|field| field.strip_prefix("t=").or_else(|| field.strip_prefix("reset=")))
}

/// One waiting time: `12ms`, `1s`, `6m0s`, `1h2m`, bare seconds, an HTTP date,
/// RFC 3339, an epoch in seconds or milliseconds; `-1` says nothing.
pub fn parse(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim().trim_matches('"');
    if let Ok(number) = text.parse::<f64>() {
        return match number {
            n if n < 0.0 || !n.is_finite() => None,
            n if n > 1e12 => until(SystemTime::UNIX_EPOCH + seconds(n / 1_000.0)?, now),
            n if n > 1e9 => until(SystemTime::UNIX_EPOCH + seconds(n)?, now),
            n => seconds(n),
        };
    }
    if let Some(wait) = units(text) {
        return Some(wait);
    }
    let date = httpdate::parse_http_date(text).ok().or_else(|| rfc3339(text))?;
    until(date, now)
}

fn until(date: SystemTime, now: SystemTime) -> Option<Duration> {
    Some(date.duration_since(now).unwrap_or_default())
}

/// At most some centuries, so that sums with a clock's time cannot overflow.
fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number.min(1e10)).ok()
}

/// `1h2m3.5s`, `250ms`.
fn units(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..end] {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3_600.0,
                "d" => 86_400.0,
                _ => return None,
            };
        rest = &rest[end..];
    }
    seconds(total)
}

/// `2026-03-14T12:00:05Z`, with an optional fraction and offset.
fn rfc3339(text: &str) -> Option<SystemTime> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let zone = time.rfind(['+', '-', 'Z', 'z'])?;
    let (clock, zone) = time.split_at(zone);
    let mut parts = clock.split(':');
    let hour: f64 = parts.next()?.parse().ok()?;
    let minute: f64 = parts.next()?.parse().ok()?;
    let second: f64 = parts.next()?.parse().ok()?;
    let offset_minutes = match zone.split_once(':') {
        Some((hours, minutes)) => {
            let hours: f64 = hours.parse().ok()?;
            let minutes: f64 = minutes.parse().ok()?;
            hours * 60.0 + minutes.copysign(hours)
        }
        None => 0.0,
    };
    let days = days_from_epoch(year, month, day) as f64;
    let total = days * 86_400.0 + hour * 3_600.0 + minute * 60.0 + second - offset_minutes * 60.0;
    Some(SystemTime::UNIX_EPOCH + seconds(total)?)
}

/// Days from 1970-01-01 in the Gregorian calendar, after Howard Hinnant's
/// `days_from_civil`.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_773_489_600) // 2026-03-14T12:00:00Z
    }

    fn check(text: &str, expected_ms: Option<u64>) {
        assert_eq!(parse(text, now()), expected_ms.map(Duration::from_millis), "{text}");
    }

    #[test]
    fn every_form_of_a_waiting_time_is_read() {
        check("12ms", Some(12));
        check("1s", Some(1_000));
        check("6m0s", Some(360_000));
        check("1h2m3.5s", Some(3_723_500));
        check("7", Some(7_000));
        check("0", Some(0));
        check("-1", None);
        check("soon", None);
        check("Sat, 14 Mar 2026 12:00:05 GMT", Some(5_000));
        check("2026-03-14T12:00:05Z", Some(5_000));
        check("2026-03-14T13:00:05.500+01:00", Some(5_500));
        check("1773489605", Some(5_000));
        check("1773489605000", Some(5_000));
        check("Sat, 14 Mar 2026 11:00:00 GMT", Some(0));
    }

    #[test]
    fn a_time_out_of_all_bounds_is_no_panic() {
        let bounds = ["1e300", "1e22", "1e18", "99999999999999999999h", "9223372036854775807s"];
        for text in bounds {
            let wait = parse(text, now()).unwrap_or_default();
            assert!(tokio::time::Instant::now().checked_add(wait * 1_000).is_some(), "{text}");
        }
        check("9223372036854775807-03-14T12:00:05Z", None);
        check("2026-9223372036854775807-14T12:00:05Z", None);
    }

    #[test]
    fn an_exhausted_window_tells_when_it_opens() {
        let check = |headers: &[(&str, &str)], expected: Option<u64>| {
            let told = wait(headers, now());
            assert_eq!(told, expected.map(Duration::from_secs), "{headers:?}");
        };
        check(
            &[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "2s")],
            Some(2),
        );
        check(&[("x-ratelimit-remaining-tokens", "9"), ("x-ratelimit-reset-tokens", "2s")], None);
        let both = [
            ("anthropic-ratelimit-requests-remaining", "7"),
            ("anthropic-ratelimit-requests-reset", "2026-03-14T12:09:00Z"),
            ("anthropic-ratelimit-tokens-remaining", "0"),
            ("anthropic-ratelimit-tokens-reset", "2026-03-14T12:00:30Z"),
        ];
        check(&both, Some(30));
        check(&[("x-ratelimit-reset-requests-day", "90"), ("date", "x")], Some(90));
        check(&[("ratelimitbysize-reset", "20")], Some(20));
        check(&[("x-ratelimit-reset", "1773489605000")], Some(5));
        check(&[("ratelimit", "\"default\";r=0;t=30")], Some(30));
        check(&[("ratelimit", "limit=10, remaining=0, reset=3")], Some(3));
        check(&[("retry-after", "9"), ("x-ratelimit-reset", "30")], Some(9));
        check(&[("x-ratelimit-limit", "20")], None);
    }
}
