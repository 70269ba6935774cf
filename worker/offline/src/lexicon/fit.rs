//! Making a drawn value fit its schema node: types, lengths, bounds, patterns.

use magnet_proto::rng::Rng;
use magnet_proto::shape::{Shape, Type};
use serde_json::Value;

use super::pattern::Pattern;
use super::{ids, pick, tables};

/// Whether a value is of a scalar type.
pub(super) fn has_type(value: &Value, ty: &Type) -> bool {
    match ty {
        Type::String { .. } => value.is_string(),
        Type::Integer { .. } => value.is_i64() || value.is_u64(),
        Type::Number { .. } => value.is_number(),
        Type::Boolean => value.is_boolean(),
        Type::Null => value.is_null(),
        Type::Array { .. } => value.is_array(),
        Type::Object { .. } => value.is_object(),
        Type::Any => true,
    }
}

/// Whether a value keeps its node's bounds, lengths and pattern.
pub(super) fn allowed(value: &Value, shape: &Shape) -> bool {
    if !has_type(value, &shape.ty) {
        return false;
    }
    match &shape.ty {
        Type::String { min_length, max_length } => value.as_str().is_some_and(|text| {
            let length = text.chars().count();
            let pattern = shape.pattern.as_deref().and_then(Pattern::of);
            length >= *min_length
                && max_length.is_none_or(|most| length <= most)
                && pattern.is_none_or(|pattern| pattern.matches(text))
        }),
        Type::Integer { min, max } => value.as_i64().is_some_and(|number| {
            min.is_none_or(|least| number >= least) && max.is_none_or(|most| number <= most)
        }),
        Type::Number { min, max } => value.as_f64().is_some_and(|number| {
            min.is_none_or(|least| number >= least) && max.is_none_or(|most| number <= most)
        }),
        Type::Array { min_items, max_items, .. } => value.as_array().is_some_and(|items| {
            items.len() >= *min_items && max_items.is_none_or(|most| items.len() <= most)
        }),
        _ => true,
    }
}

/// A text as a scalar of that type.
pub(super) fn read_as(text: &str, ty: &Type) -> Option<Value> {
    match ty {
        Type::String { .. } | Type::Any => Some(Value::String(text.to_owned())),
        Type::Integer { .. } => text.parse::<i64>().ok().map(Value::from),
        Type::Number { .. } => text.parse::<f64>().ok().filter(|n| n.is_finite()).map(plain_number),
        _ => None,
    }
}

/// A default of a neighbouring type (`"12"` for an integer) as the right one.
pub(super) fn coerce(value: &Value, ty: &Type) -> Option<Value> {
    if has_type(value, ty) {
        return Some(value.clone());
    }
    match (value, ty) {
        (Value::String(text), _) => read_as(text, ty),
        (Value::Number(number), Type::String { .. }) => Some(Value::String(number.to_string())),
        (Value::Number(number), Type::Integer { .. }) => {
            let number = number.as_f64()?;
            (number.fract() == 0.0 && number.abs() < 9e15).then(|| Value::from(number as i64))
        }
        _ => None,
    }
}

/// A value as this node would have it: of its type, its bounds kept.
pub(crate) fn coerced(value: &Value, shape: &Shape) -> Option<Value> {
    let value = coerce(value, &shape.ty)?;
    let chosen = shape.choices.is_empty() || shape.choices.contains(&value);
    (chosen && allowed(&value, shape)).then_some(value)
}

/// A number without a needless `.0`.
pub(crate) fn plain_number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Value::from(number as i64);
    }
    Value::from(number)
}

/// A text that keeps its pattern and lengths: cut at a word, or made longer,
/// or drawn from the pattern.
pub(super) fn string(
    text: String,
    pattern: Option<&str>,
    least: usize,
    most: Option<usize>,
    rng: &mut Rng,
) -> String {
    let length_fits =
        |text: &str| (least..=most.unwrap_or(usize::MAX)).contains(&text.chars().count());
    if let Some(pattern) = pattern.and_then(Pattern::of) {
        if length_fits(&text) && pattern.matches(&text) {
            return text;
        }
        if let Some(drawn) = pattern.draw(length_fits, rng) {
            return drawn;
        }
    }
    if length_fits(&text) {
        return text;
    }
    let mut text = text;
    while text.chars().count() < least {
        if least - text.chars().count() > 8 {
            text.push(' ');
            text.push_str(pick(tables::prose::WORDS, rng));
        } else {
            text.push_str(&ids::fill("~", rng));
        }
    }
    match most {
        Some(most) if text.chars().count() > most => shortened(&text, least, most),
        _ => text,
    }
}

fn shortened(text: &str, least: usize, most: usize) -> String {
    let cut: String = text.chars().take(most).collect();
    match cut.rfind(' ') {
        Some(end) if cut[..end].chars().count() >= least.max(1) => {
            cut[..end].trim_end_matches([',', ':']).to_owned()
        }
        _ => cut,
    }
}
