//! Reading a model's answer: tolerant of form, strict about meaning.
//!
//! Fences, prose around, and junk after the JSON are passed over. Duplicate
//! keys are refused: most parsers silently keep the last one, and two calls
//! squeezed into one object would pass as one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Places looked at for the start of a JSON text.
const MAX_STARTS: usize = 40;

/// The first JSON object (or array) in an answer. The error is a sentence for
/// the model: what is wrong with its answer.
pub fn json(answer: &str) -> Result<Value, String> {
    let starts = answer.match_indices(['{', '[']).map(|(at, _)| at);
    let mut problem = None;
    for start in starts.take(MAX_STARTS) {
        let mut stream = serde_json::Deserializer::from_str(&answer[start..]).into_iter::<Strict>();
        match stream.next() {
            Some(Ok(Strict(value))) if value.is_object() || value.is_array() => return Ok(value),
            Some(Err(error)) if error.is_data() => return Err(error.to_string()),
            Some(Err(error)) if error.is_eof() => {
                problem.get_or_insert("the JSON breaks off half-way".to_owned());
            }
            _ => {}
        }
    }
    Err(problem.unwrap_or_else(|| "there is no JSON object in the answer".to_owned()))
}

/// Prose without what models wrap it in: quotes, fences, a label before it.
pub fn prose(answer: &str) -> String {
    let mut text = answer.trim();
    if let Some(inner) = text.strip_prefix("```") {
        let inner = inner.split_once('\n').map_or(inner, |(_, rest)| rest);
        text = inner.trim_end_matches('`').trim();
    }
    for label in ["user:", "request:", "query:", "message:", "assistant:", "user request:"] {
        if text.get(..label.len()).is_some_and(|head| head.eq_ignore_ascii_case(label)) {
            text = text[label.len()..].trim_start();
        }
    }
    for (open, close) in [('"', '"'), ('“', '”'), ('\'', '\'')] {
        let inner = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        if let Some(inner) = inner.filter(|inner| !inner.contains([open, close])) {
            text = inner.trim();
        }
    }
    text.to_owned()
}

/// A JSON value whose objects have no key twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let Strict(value) = map.next_value()?;
            if members.contains_key(&key) {
                return Err(A::Error::custom(format!("the key \"{key}\" stands twice")));
            }
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, expected: Result<&str, &str>) {
        let read = json(answer).map(|value| value.to_string());
        match expected {
            Ok(json) => assert_eq!(read.as_deref(), Ok(json), "{answer}"),
            Err(part) => {
                assert!(read.as_ref().is_err_and(|e| e.contains(part)), "{answer}: {read:?}")
            }
        }
    }

    #[test]
    fn form_is_forgiven() {
        check("{\"a\":1}", Ok("{\"a\":1}"));
        check("Sure! ```json\n{\"a\": 1}\n``` Hope it helps.", Ok("{\"a\":1}"));
        check("{\"a\":1}.00000000", Ok("{\"a\":1}"));
        check("Use {city}: {\"a\":1}", Ok("{\"a\":1}"));
    }

    #[test]
    fn meaning_is_not() {
        check("{\"city\":\"Oslo\",\"city\":\"Rome\"}", Err("stands twice"));
        check("{\"a\": {\"b\": 1", Err("half-way"));
        check("I cannot do that.", Err("no JSON"));
    }

    #[test]
    fn prose_loses_its_wrapping() {
        assert_eq!(prose("\"Find me a train.\""), "Find me a train.");
        assert_eq!(prose("User: Find me a train."), "Find me a train.");
        assert_eq!(prose("```\nFind me a train.\n```"), "Find me a train.");
    }
}
