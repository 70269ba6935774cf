//! When a server wants to be asked again: every form it is said in.

use std::time::{Duration, SystemTime};

/// Reads the waiting time out of an answer's headers, if any tells it.
/// `header` looks a header up by its lower-case name.
pub fn wait<'a>(header: impl Fn(&str) -> Option<&'a str>, now: SystemTime) -> Option<Duration> {
    if let Some(millis) = header("retry-after-ms").and_then(|text| text.trim().parse::<f64>().ok())
    {
        return seconds(millis / 1_000.0);
    }
    if let Some(wait) = header("retry-after").and_then(|text| parse(text, now)) {
        return Some(wait);
    }
    let exhausted = |unit: &str| {
        let left = header(&format!("x-ratelimit-remaining-{unit}"))?;
        if left.trim().parse::<f64>().ok()? >= 1.0 {
            return None;
        }
        parse(header(&format!("x-ratelimit-reset-{unit}"))?, now)
    };
    let plain = || parse(header("x-ratelimit-reset")?, now);
    exhausted("requests").max(exhausted("tokens")).or_else(plain)
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
        let headers = [("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "2s")];
        let find = |name: &str| headers.iter().find(|(key, _)| *key == name).map(|(_, v)| *v);
        assert_eq!(wait(find, now()), Some(Duration::from_secs(2)));
    }
}
