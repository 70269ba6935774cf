//! Values that come out otherwise each time the same call is made: clocks,
//! process numbers, ids that are made up.
//!
//! Pure. A place names such a value in an output: a pointer into JSON with `*`
//! for any element of a list, or the words that a line of text begins with;
//! empty, it is the whole output.

use magnet_proto::sample::Arguments;
use serde_json::Value;

/// A shorter text is not looked for within others: it would be found anywhere.
const SHORTEST: usize = 6;

/// A value that differs between two outputs of the same call.
#[derive(Clone, Debug, PartialEq)]
pub struct Differing {
    pub place: String,
    pub before: Value,
    pub after: Value,
}

/// Where two outputs differ in values alone; none if they say different things:
/// more or less, or of another kind.
pub fn differing(before: &str, after: &str) -> Option<Vec<Differing>> {
    let mut found = Vec::new();
    if before == after {
        return Some(found);
    }
    let structured = |text: &str| {
        let value: Option<Value> = serde_json::from_str(text).ok();
        value.filter(|value| value.is_object() || value.is_array())
    };
    let is_alike = match (structured(before), structured(after)) {
        (Some(before), Some(after)) => within(&before, &after, "", &mut found),
        (None, None) => in_lines(before, after, &mut found),
        _ => false,
    };
    is_alike.then_some(found)
}

/// The same, if they differ at these places alone.
pub fn differing_at(places: &[String], before: &str, after: &str) -> Option<Vec<Differing>> {
    differing(before, after)
        .filter(|found| found.iter().all(|value| is_among(&value.place, places)))
}

fn within(before: &Value, after: &Value, place: &str, found: &mut Vec<Differing>) -> bool {
    match (before, after) {
        (Value::Array(one), Value::Array(other)) => {
            let place = format!("{place}/*");
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| within(one, other, &place, found))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| {
                    let place = format!("{place}/{key}");
                    other.get(key).is_some_and(|other| within(value, other, &place, found))
                })
        }
        (one, other) if one == other => true,
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => false,
        (one, other) => {
            let place = place.to_owned();
            found.push(Differing { place, before: one.clone(), after: other.clone() });
            true
        }
    }
}

fn in_lines(before: &str, after: &str, found: &mut Vec<Differing>) -> bool {
    let (one, other): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    for (one, other) in one.iter().zip(&other).filter(|(one, other)| one != other) {
        let place = beginning(one, other);
        let (words, others): (Vec<&str>, Vec<&str>) =
            (one.split_whitespace().collect(), other.split_whitespace().collect());
        let mut add = |one: &str, other: &str| {
            let (before, after) = (trimmed(one).into(), trimmed(other).into());
            found.push(Differing { place: place.clone(), before, after });
        };
        match words.len() == others.len() {
            true => {
                let pairs = words.iter().zip(&others).filter(|(one, other)| one != other);
                pairs.for_each(|(one, other)| add(one, other));
            }
            false => add(one, other),
        }
    }
    one.len() == other.len()
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// The words that two lines begin with, up to what may be a value.
fn beginning(one: &str, other: &str) -> String {
    let shared: String =
        one.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    let label = shared.split(|c: char| c.is_ascii_digit() || matches!(c, ':' | '=')).next();
    let label = label.unwrap_or_default();
    // A word that is not whole belongs to the value.
    let is_whole = label.len() < shared.len();
    let end = if is_whole { label.len() } else { label.rfind(' ').unwrap_or(0) };
    label[..end].trim().to_owned()
}

/// Whether a place is one of those that were seen to differ.
fn is_among(place: &str, places: &[String]) -> bool {
    places.iter().any(|known| known.is_empty() || known == place)
}

/// What values of an earlier session are in one that makes its calls again.
#[derive(Debug, Default)]
pub struct Bound {
    /// Then and now, the latest last.
    values: Vec<(String, String)>,
}

impl Bound {
    /// Binds the values that differ.
    pub fn learn(&mut self, differing: Vec<Differing>) {
        let named = differing
            .into_iter()
            .filter_map(|value| Some((name_of(&value.before)?, name_of(&value.after)?)));
        for pair in named {
            if !self.values.contains(&pair) {
                self.values.push(pair);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The arguments of a call with the values of now.
    pub fn arguments(&self, then: &Arguments) -> Arguments {
        then.iter().map(|(name, value)| (name.clone(), self.now(value))).collect()
    }

    fn now(&self, then: &Value) -> Value {
        match then {
            Value::String(text) => {
                let latest = self.values.iter().rev();
                latest.fold(text.clone(), |text, (then, now)| renamed(&text, then, now)).into()
            }
            Value::Number(number) => {
                let text = number.to_string();
                let mut latest = self.values.iter().rev();
                let bound = latest.find(|(then, _)| *then == text);
                let now = bound.and_then(|(_, now)| serde_json::from_str(now).ok());
                now.unwrap_or_else(|| then.clone())
            }
            Value::Array(items) => items.iter().map(|item| self.now(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(key, value)| (key.clone(), self.now(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// An output with the values of then.
    pub fn then(&self, now: &str) -> String {
        let latest = self.values.iter().rev();
        latest.fold(now.to_owned(), |text, (then, now)| renamed(&text, now, then))
    }
}

/// A value that names something, as it stands in a text: what is short, or
/// without a digit, may stand for anything.
fn name_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if !number.is_f64() => number.to_string(),
        _ => return None,
    };
    (text.len() >= SHORTEST && text.contains(|c: char| c.is_ascii_digit())).then_some(text)
}

/// A text with one name for another, wherever it stands by itself.
fn renamed(text: &str, from: &str, to: &str) -> String {
    if !text.contains(from) {
        return text.to_owned();
    }
    let mut renamed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        let neighbour = before.chars().next_back().or_else(|| renamed.chars().next_back());
        let is_alone = !neighbour.is_some_and(char::is_alphanumeric)
            && !after.starts_with(char::is_alphanumeric);
        renamed.push_str(before);
        renamed.push_str(if is_alone { to } else { from });
        rest = after;
    }
    renamed.push_str(rest);
    renamed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(before: &str, after: &str) -> Option<Vec<String>> {
        let found = differing(before, after)?;
        Some(found.into_iter().map(|value| value.place).collect())
    }

    #[test]
    fn places_of_json_are_pointers_for_any_element() {
        let at = |time: &str| json!({"jobs": [{"id": 1, "at": time}, {"id": 2, "at": time}]});
        let (one, other) = (at("10:00").to_string(), at("10:01").to_string());
        assert_eq!(places(&one, &other).unwrap(), ["/jobs/*/at", "/jobs/*/at"]);
        assert_eq!(places(&one, &one).unwrap(), [""; 0]);
        assert_eq!(places(r#"{"n": 1}"#, r#"{"n": {"m": 1}}"#), None);
    }

    #[test]
    fn more_or_less_is_no_value() {
        for (before, after) in [
            (r#"{"all": []}"#, r#"{"all": [1]}"#),
            (r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#),
            (r#"{"a": 1}"#, "a: 1"),
            ("one\ntwo", "one\ntwo\nthree"),
        ] {
            assert_eq!(places(before, after), None, "{before} {after}");
        }
    }

    #[test]
    fn places_of_text_are_what_its_lines_begin_with() {
        for (before, after, expected) in [
            ("size: 5\ncreated: Mon 10:00", "size: 5\ncreated: Tue 09:30", "created"),
            ("It is 10:00 now", "It is 10:07 now", "It is"),
            ("pid 4711", "pid 9", "pid"),
            ("aef01", "be0", ""),
        ] {
            let found = places(before, after).unwrap();
            assert!(found.iter().all(|place| place == expected), "{found:?}, not {expected}");
        }
    }

    #[test]
    fn what_was_bound_goes_by_its_name_of_now_and_of_then() {
        let mut bound = Bound::default();
        let (then, now) = (
            r#"{"id": 70012345, "t": "tok-a1", "n": 5}"#,
            r#"{"id": 90012345, "t": "tok-b2", "n": 7}"#,
        );
        bound.learn(differing(then, now).unwrap());
        let called = json!({"id": 70012345, "n": 5, "of": ["see tok-a1", "xtok-a1", "5"]});
        let arguments = bound.arguments(called.as_object().unwrap());
        let expected = json!({"id": 90012345, "n": 5, "of": ["see tok-b2", "xtok-a1", "5"]});
        assert_eq!(Value::Object(arguments), expected);
        assert_eq!(
            bound.then(r#"{"of": 90012345, "is": "tok-b2"}"#),
            r#"{"of": 70012345, "is": "tok-a1"}"#
        );
    }
}
