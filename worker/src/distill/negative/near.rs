//! Wrong values that look right: another choice, a number nearby, an
//! identifier with other digits.

use magnet_proto::library::Function;
use magnet_proto::rng::Rng;
use magnet_proto::shape::Field;
use rand::RngExt;
use rand::seq::SliceRandom;
use serde_json::{Number, Value};

/// Values to try in place of a right one, the most telling first.
pub(super) fn values(field: &Field, right: &Value, rng: &mut Rng) -> Vec<Value> {
    let shape = &field.shape;
    let mut found: Vec<Value> = shape
        .choices
        .iter()
        .chain(&shape.examples)
        .cloned()
        .collect();
    found.shuffle(rng);
    found.extend((0..4).filter_map(|_| altered(right, rng)));
    found.retain(|value| value != right);
    found
}

/// A value for a parameter that nothing in the conversation tells.
pub(super) fn invented(function: &Function, field: &Field, rng: &mut Rng) -> Option<Value> {
    let _ = function;
    let shape = &field.shape;
    let known = shape
        .choices
        .iter()
        .chain(&shape.examples)
        .chain(&shape.default);
    let mut known: Vec<&Value> = known.collect();
    known.shuffle(rng);
    known.first().map(|value| (*value).clone())
}

/// The value with one digit changed or two exchanged; none where it has no
/// digits.
pub(super) fn altered(value: &Value, rng: &mut Rng) -> Option<Value> {
    match value {
        Value::String(text) => altered_text(text, rng).map(Value::String),
        Value::Number(number) => {
            let text = altered_text(&number.to_string(), rng)?;
            text.parse::<Number>().ok().map(Value::Number)
        }
        _ => None,
    }
}

/// A text with other digits that still reads like what it was: dates stay
/// dates, times stay times, numbers keep their length.
pub(super) fn altered_text(text: &str, rng: &mut Rng) -> Option<String> {
    let digits: Vec<usize> = text
        .char_indices()
        .filter(|(_, c)| c.is_ascii_digit())
        .map(|(at, _)| at)
        .collect();
    // The last digits tell the fewest lies about the form: days, minutes, cents.
    let tail = &digits[digits.len().saturating_sub(3)..];
    for _ in 0..16 {
        let &at = tail.get(rng.random_range(0..tail.len().max(1)))?;
        let new = char::from(b'0' + rng.random_range(0..10u8));
        let mut altered = text.to_owned();
        altered.replace_range(at..=at, new.encode_utf8(&mut [0; 4]));
        let leading = digits.first() == Some(&at) && new == '0';
        if altered != text && !leading && keeps_form(&altered) {
            return Some(altered);
        }
    }
    None
}

/// Whether every date and time in the text exists.
fn keeps_form(text: &str) -> bool {
    let is_time = |parts: &[u32]| match parts {
        [hour, minute, rest @ ..] => {
            *hour < 24 && *minute < 60 && rest.iter().all(|second| *second < 60)
        }
        _ => true,
    };
    let is_date = |parts: &[u32]| match parts {
        // A day of every month: no need to know which months are longer.
        [year, month, day] if *year >= 1_000 => {
            (1..=12).contains(month) && (1..=28).contains(day)
        }
        _ => true,
    };
    groups(text, ':').iter().all(|parts| is_time(parts))
        && groups(text, '-').iter().all(|parts| is_date(parts))
}

/// The groups of numbers joined by a separator: 13:30 by `:` is [13, 30].
fn groups(text: &str, separator: char) -> Vec<Vec<u32>> {
    text.split(|c: char| !c.is_ascii_digit() && c != separator)
        .filter(|group| group.contains(separator))
        .filter_map(|group| group.split(separator).map(|part| part.parse().ok()).collect())
        .collect()
}
