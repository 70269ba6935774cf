//! Numbers by topic, inside the schema's bounds.

use magnet_proto::rng::Rng;
use rand::RngExt;
use serde_json::Value;

use super::fit::plain_number;
use super::place::{Place, Side};
use super::said::speaks_of;
use super::setting::Setting;
use super::topic::Topic;

/// A topic's usual range and how many decimals its values have.
type Range = (f64, f64, i32);

impl Setting<'_> {
    pub(super) fn integer(
        &mut self,
        topic: Topic,
        place: &Place<'_>,
        min: Option<i64>,
        max: Option<i64>,
        rng: &mut Rng,
    ) -> Value {
        let bounds = (min.map(|n| n as f64), max.map(|n| n as f64));
        let drawn = self.special(topic, place, rng);
        let number = drawn.unwrap_or_else(|| draw(usual(topic, place), bounds, rng)).round();
        let least = min.unwrap_or(i64::MIN);
        Value::from((number as i64).clamp(least, max.unwrap_or(i64::MAX).max(least)))
    }

    pub(super) fn number(
        &mut self,
        topic: Topic,
        place: &Place<'_>,
        min: Option<f64>,
        max: Option<f64>,
        rng: &mut Rng,
    ) -> Value {
        let drawn = self.special(topic, place, rng);
        let number = drawn.unwrap_or_else(|| draw(usual(topic, place), (min, max), rng));
        let least = min.unwrap_or(f64::MIN);
        plain_number(number.clamp(least, max.unwrap_or(f64::MAX).max(least)))
    }

    /// Numbers that belong to a row or a date.
    fn special(&mut self, topic: Topic, place: &Place<'_>, rng: &mut Rng) -> Option<f64> {
        Some(match topic {
            Topic::Latitude => jittered(self.city(place, rng).latitude, place, rng),
            Topic::Longitude => jittered(self.city(place, rng).longitude, place, rng),
            Topic::UtcOffset => f64::from(self.city(place, rng).utc_offset_minutes) / 60.0,
            Topic::Timestamp | Topic::PastDateTime | Topic::PastDate => {
                let (date, minute) = self.gone_by(place, rng);
                date.epoch_seconds(minute) as f64
            }
            Topic::Date | Topic::DateTime => {
                let (date, minute) = self.upcoming(place, rng);
                date.epoch_seconds(minute) as f64
            }
            Topic::Year => (self.persona.today.civil().0 - rng.random_range(0..12)) as f64,
            _ => return None,
        })
    }
}

/// Outputs are near a city, not at its very centre.
fn jittered(degrees: f64, place: &Place<'_>, rng: &mut Rng) -> f64 {
    if place.side == Side::Argument {
        return degrees;
    }
    ((degrees + rng.random_range(-0.05..0.05)) * 1e4).round() / 1e4
}

/// A number of the usual range where it meets the bounds, else between them.
fn draw((low, high, decimals): Range, bounds: (Option<f64>, Option<f64>), rng: &mut Rng) -> f64 {
    let least = bounds.0.unwrap_or(f64::NEG_INFINITY);
    let most = bounds.1.unwrap_or(f64::INFINITY);
    let (from, to) = (low.max(least), high.min(most));
    let (from, to) = if from <= to {
        (from, to)
    } else if least.is_finite() {
        (least, most.min(least + (high - low).abs().max(1.0)).max(least))
    } else {
        (most - (high - low).abs().max(1.0), most)
    };
    let number = if from < to { rng.random_range(from..=to) } else { from };
    // As few decimals as leave it between the bounds.
    let rounded = |decimals: i32| {
        let scale = 10f64.powi(decimals);
        (number * scale).round() / scale
    };
    let mut rounded = (decimals..decimals + 8).map(rounded);
    rounded.find(|rounded| (from..=to).contains(rounded)).unwrap_or(number)
}

fn usual(topic: Topic, place: &Place<'_>) -> Range {
    let says = |cues: &[&str]| speaks_of(place, cues);
    let name = place.name.to_ascii_lowercase();
    match topic {
        Topic::Price
            if name.contains("loan")
                || name.contains("principal")
                || says(&["loan", "mortgage"]) =>
        {
            (5_000.0, 250_000.0, -2)
        }
        Topic::Price if name.contains("cap") || name.contains("revenue") => (1e7, 9e9, -4),
        Topic::Price => (8.0, 480.0, 2),
        Topic::Salary => (32_000.0, 140_000.0, -2),
        Topic::Percentage if name.contains("interest") || name.contains("rate") => (1.0, 9.0, 2),
        Topic::Percentage => (2.0, 96.0, 1),
        Topic::Rate => (0.5, 2.0, 4),
        Topic::Rating => (3.1, 5.0, 1),
        Topic::Score => (41.0, 98.0, 0),
        Topic::Count => counted(&name, place.side),
        Topic::Dimension if says(&["password", "word", "character"]) || name.contains("word") => {
            (6.0, 16.0, 0)
        }
        Topic::Identifier if name.ends_with("number") => (3.0, 2_400.0, 0),
        Topic::Limit => (3.0, 25.0, 0),
        Topic::Page => (1.0, 3.0, 0),
        Topic::Offset => (0.0, 20.0, 0),
        Topic::Quantity => (1.0, 6.0, 0),
        Topic::Temperature if says(&["fahrenheit"]) || name.ends_with("_f") => (38.0, 92.0, 1),
        Topic::Temperature => (-2.0, 33.0, 1),
        Topic::Distance => (2.0, 320.0, 1),
        Topic::Weight => (48.0, 96.0, 1),
        Topic::Height if says(&["meters", "metres"]) && !says(&["centi"]) => (1.52, 1.96, 2),
        Topic::Height if says(&["feet", "foot"]) => (5.0, 6.0, 1),
        Topic::Height if says(&["pixel", "image"]) => (300.0, 1_200.0, -1),
        Topic::Height => (152.0, 196.0, 0),
        Topic::Dimension => (120.0, 1_600.0, -1),
        Topic::Area => (35.0, 220.0, 0),
        Topic::Speed => (4.0, 38.0, 1),
        Topic::Humidity => (28.0, 94.0, 0),
        Topic::Pressure => (996.0, 1_030.0, 0),
        Topic::Bytes => (1_200.0, 4_800_000.0, 0),
        Topic::Calories => (120.0, 780.0, 0),
        Topic::Index => (1.0, 20.0, 0),
        Topic::Level => (1.0, 10.0, 0),
        Topic::Age => (19.0, 74.0, 0),
        Topic::Day => (1.0, 28.0, 0),
        Topic::Month => (1.0, 12.0, 0),
        Topic::Time => (7.0, 21.0, 0),
        Topic::Port => (1_024.0, 49_151.0, 0),
        Topic::Duration => duration(&name, place),
        Topic::Season => (1.0, 9.0, 0),
        Topic::Code if name.contains("status") => (200.0, 200.0, 0),
        Topic::Code if place.side == Side::Output => (200.0, 200.0, 0),
        Topic::Zodiac => (1.0, 12.0, 0),
        Topic::Phone => (2e9, 9e9, 0),
        Topic::Identifier | Topic::Code | Topic::AccountNumber | Topic::Barcode | Topic::Isbn => {
            (10_000.0, 9_999_999.0, 0)
        }
        Topic::Number => (2.0, 120.0, 0),
        _ => (1.0, 60.0, 0),
    }
}

/// How many there usually are of something.
fn counted(name: &str, side: Side) -> Range {
    let of = |cues: &[&str]| cues.iter().any(|cue| name.contains(cue));
    match side {
        _ if of(&["child", "infant", "stop", "kid"]) => (0.0, 2.0, 0),
        _ if of(&[
            "adult", "guest", "people", "passenger", "room", "bed", "bath", "seat", "ticket",
        ]) =>
        {
            (1.0, 4.0, 0)
        }
        _ if of(&["day", "night", "week", "hour"]) => (1.0, 10.0, 0),
        Side::Argument => (2.0, 20.0, 0),
        Side::Output => (1.0, 240.0, 0),
    }
}

/// Durations by the unit their name or description speaks of.
fn duration(name: &str, place: &Place<'_>) -> Range {
    let unit = |cue: &str| name.contains(cue) || speaks_of(place, &[cue]);
    match () {
        () if unit("millisecond") || name.ends_with("_ms") => (40.0, 900.0, 0),
        () if unit("minute") || name.ends_with("min") => (15.0, 180.0, 0),
        () if unit("hour") => (1.0, 12.0, 0),
        () if unit("night") => (1.0, 7.0, 0),
        () if unit("day") => (1.0, 14.0, 0),
        () if unit("week") => (1.0, 8.0, 0),
        () if unit("month") => (1.0, 24.0, 0),
        () if unit("year") => (1.0, 30.0, 0),
        () if unit("second") => (30.0, 3_600.0, 0),
        () => (15.0, 180.0, 0),
    }
}
