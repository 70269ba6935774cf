//! Fitting an output's value to a parameter's schema without changing what it
//! says: an id may turn from a number into text, nothing may be made up.

use magnet_proto::shape::{Shape, Type};
use serde_json::Value;

use magnet_worker::persona::calendar::Date;

/// The value as the shape wants it; none if it does not fit.
pub(super) fn coerce(value: &Value, shape: &Shape) -> Option<Value> {
    let fitted = match (&shape.ty, value) {
        (_, Value::Null) => return None,
        (Type::Array { items, .. }, Value::Array(values)) => {
            let fitted: Option<Vec<Value>> =
                values.iter().map(|value| coerce(value, items)).collect();
            Value::Array(fitted.filter(|values| !values.is_empty())?)
        }
        (Type::Array { items, .. }, single) => Value::Array(vec![coerce(single, items)?]),
        (_, Value::Array(values)) => coerce(values.first()?, shape)?,
        (Type::String { .. }, Value::Number(number)) => Value::String(number.to_string()),
        (Type::String { .. }, Value::String(_)) | (Type::Boolean, Value::Bool(_)) => value.clone(),
        (Type::Integer { .. } | Type::Number { .. }, Value::String(text)) => {
            Value::Number(text.parse().ok()?)
        }
        (Type::Integer { .. } | Type::Number { .. }, Value::Number(_)) => value.clone(),
        (Type::Object { .. }, Value::Object(_)) | (Type::Any, _) => value.clone(),
        _ => return None,
    };
    fits(&fitted, shape).then_some(fitted)
}

fn fits(value: &Value, shape: &Shape) -> bool {
    if !shape.choices.is_empty() && !shape.choices.contains(value) {
        return false;
    }
    match (&shape.ty, value) {
        (Type::Integer { min, max }, Value::Number(number)) => {
            let whole = number
                .as_i64()
                .or_else(|| number.as_f64().filter(|f| f.fract() == 0.0).map(|f| f as i64));
            whole.is_some_and(|n| min.is_none_or(|min| n >= min) && max.is_none_or(|max| n <= max))
                && (number.is_i64() || number.is_u64())
        }
        (Type::Number { min, max }, Value::Number(number)) => {
            let n = number.as_f64().unwrap_or(f64::NAN);
            min.is_none_or(|min| n >= min) && max.is_none_or(|max| n <= max)
        }
        (Type::String { min_length, max_length }, Value::String(text)) => {
            let length = text.chars().count();
            let formatted = match shape.format.as_deref() {
                Some("date") => text.len() == 10 && Date::parse(text).is_some(),
                Some("email") => text.contains('@'),
                Some("uri" | "url") => text.contains("://"),
                _ => true,
            };
            length >= *min_length && max_length.is_none_or(|max| length <= max) && formatted
        }
        _ => true,
    }
}

/// Whether a place's values can be expected to fit, before any is known.
pub(super) fn can_feed(leaf: &Shape, parameter: &Shape) -> bool {
    let element = match &parameter.ty {
        Type::Array { items, .. } => items,
        _ => parameter,
    };
    if !element.choices.is_empty() {
        return !leaf.choices.is_empty()
            && leaf.choices.iter().all(|c| element.choices.contains(c));
    }
    match (&element.ty, &leaf.ty) {
        (Type::Object { .. }, _) | (_, Type::Boolean) => false,
        (Type::Boolean, leaf) => *leaf == Type::Boolean,
        (Type::Integer { .. }, Type::Number { .. }) => false,
        (Type::Integer { .. } | Type::Number { .. }, Type::String { .. } | Type::Any) => false,
        _ => element.format.as_deref() != Some("date") || leaf.format.as_deref() == Some("date"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(value: Value, schema: Value, expected: Option<Value>) {
        assert_eq!(coerce(&value, &Shape::of(&schema)), expected, "{value} for {schema}");
    }

    #[test]
    fn ids_change_their_type_and_nothing_else_changes() {
        check(json!(42), json!({"type": "string"}), Some(json!("42")));
        check(json!("42"), json!({"type": "integer"}), Some(json!(42)));
        check(json!("forty"), json!({"type": "integer"}), None);
        check(json!(3.5), json!({"type": "integer"}), None);
        check(
            json!("a"),
            json!({"type": "array", "items": {"type": "string"}}),
            Some(json!(["a"])),
        );
        check(json!("EUR"), json!({"type": "string", "enum": ["USD"]}), None);
        check(json!("2026-03-14T08:00"), json!({"type": "string", "format": "date"}), None);
        check(json!(120), json!({"type": "integer", "maximum": 100}), None);
        check(json!(null), json!({}), None);
    }
}
