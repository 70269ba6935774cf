//! Defaults, allowed values and examples, brought to their schema's type.

use serde_json::{Map, Number, Value};

/// The more values than this, the less they are a choice.
const MAX_CHOICES: usize = 1_000;

/// Whether the value is of that JSON Schema type.
pub(super) fn fits(value: &Value, ty: &str) -> bool {
    match ty {
        "string" => value.is_string(),
        "integer" => is_whole(value),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    }
}

fn is_whole(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

/// The type of a value.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The types a schema names; empty if it names none.
pub(super) fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(ty)) => vec![ty],
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Python's and JavaScript's words for nothing.
pub(super) fn says_nothing(text: &str) -> bool {
    ["none", "null", "nil", "undefined", "nan"].contains(&text.trim().to_lowercase().as_str())
}

/// The value as one of those types, if it can honestly be read so.
pub(super) fn coerce(value: &Value, types: &[&str]) -> Option<Value> {
    if types.is_empty() || types.iter().any(|ty| fits(value, ty)) {
        return Some(value.clone());
    }
    types.iter().find_map(|ty| coerce_to(value, ty))
}

fn coerce_to(value: &Value, ty: &str) -> Option<Value> {
    match (ty, value) {
        ("string", Value::Number(number)) => Some(number.to_string().into()),
        ("string", Value::Bool(truth)) => Some(truth.to_string().into()),
        ("integer", Value::String(text)) => text.trim().parse::<i64>().ok().map(Value::from),
        ("number", Value::String(text)) => number(text),
        ("boolean", Value::String(text)) => match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "1" | "on" => Some(true.into()),
            "false" | "no" | "0" | "off" => Some(false.into()),
            _ => None,
        },
        ("boolean", Value::Number(number)) => match number.as_i64() {
            Some(0) => Some(false.into()),
            Some(1) => Some(true.into()),
            _ => None,
        },
        ("array" | "object", Value::String(text)) if text.len() < 10_000 => {
            serde_json::from_str(text).ok().filter(|value| fits(value, ty))
        }
        _ => None,
    }
}

fn number(text: &str) -> Option<Value> {
    let text = text.trim();
    match text.parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => Number::from_f64(text.parse().ok()?).map(Value::Number),
    }
}

/// A list of values from `enum`: an array, or a text of them.
pub(super) fn listed(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(values) => Some(values.clone()),
        Value::String(text) if text.contains([',', '|']) => {
            let parts = text.split([',', '|']).map(str::trim).filter(|part| !part.is_empty());
            Some(parts.map(Value::from).collect())
        }
        Value::Object(keyed) => Some(keyed.keys().map(|key| Value::from(key.as_str())).collect()),
        _ => None,
    }
}

/// The values without repetition, at most [`MAX_CHOICES`].
pub(super) fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut seen = std::collections::HashSet::new();
    values.into_iter().filter(|value| seen.insert(value.to_string())).take(MAX_CHOICES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_read_as_the_type_they_belong_to() {
        assert_eq!(coerce(&json!("0.32"), &["number"]), Some(json!(0.32)));
        assert_eq!(coerce(&json!("7"), &["integer"]), Some(json!(7)));
        assert_eq!(coerce(&json!("True"), &["boolean"]), Some(json!(true)));
        assert_eq!(coerce(&json!(5), &["string"]), Some(json!("5")));
        assert_eq!(coerce(&json!("[1, 2]"), &["array"]), Some(json!([1, 2])));
        assert_eq!(coerce(&json!(5.0), &["integer"]), Some(json!(5.0)));
    }

    #[test]
    fn what_cannot_be_read_honestly_is_not() {
        assert_eq!(coerce(&json!("seven"), &["integer"]), None);
        assert_eq!(coerce(&json!("inf"), &["number"]), None);
        assert_eq!(coerce(&json!({"a": 1}), &["string"]), None);
    }
}
