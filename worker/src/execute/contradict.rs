//! Contradictions: an output that says one thing differently from before.

use magnet_proto::library::Function;
use magnet_proto::rng::Rng;
use magnet_proto::shape::{Leaf, Shape};
use rand::RngExt;
use serde_json::Value;

use crate::persona::calendar::{Date, Minute};

/// The output with the scalar at `path` changed; of an array's elements (`*`)
/// the first one. Nothing changes if there is no scalar at that place.
pub(super) fn changed(output: &Value, path: &str, function: &Function, rng: &mut Rng) -> Value {
    let mut output = output.clone();
    let pointer = path.replace("/*", "/0");
    let leaves = function.output_leaves();
    let general = |pointer: &str| {
        let generalized = pointer.split('/').map(|step| {
            if !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()) {
                "*"
            } else {
                step
            }
        });
        generalized.collect::<Vec<_>>().join("/")
    };
    let wanted = general(&pointer);
    let leaf = leaves.iter().find(|leaf| leaf.path == wanted);
    if let Some(place) = output.pointer_mut(&pointer) {
        *place = other_value(place, leaf, rng);
    }
    output
}

fn other_value(value: &Value, leaf: Option<&Leaf<'_>>, rng: &mut Rng) -> Value {
    let unknown = Shape::default();
    let shape = leaf.map_or(&unknown, |leaf| leaf.shape);
    let others: Vec<&Value> = shape.choices.iter().filter(|choice| *choice != value).collect();
    if !others.is_empty() {
        return others[rng.random_range(0..others.len())].clone();
    }
    match value {
        Value::Bool(flag) => Value::Bool(!flag),
        Value::Number(number) => match number.as_i64() {
            Some(number) => {
                let step = (number.unsigned_abs() / 10).clamp(1, 100_000) as i64;
                Value::from(number.saturating_add(rng.random_range(1..=step)))
            }
            None => {
                let factor = [0.88, 0.93, 1.07, 1.12][rng.random_range(0..4)];
                Value::from((number.as_f64().unwrap_or_default() * factor * 100.0).round() / 100.0)
            }
        },
        Value::String(text) => Value::String(other_text(text, rng)),
        other => other.clone(),
    }
}

fn other_text(text: &str, rng: &mut Rng) -> String {
    if let Some(date) = Date::parse(text) {
        let later = date.plus_days(rng.random_range(1..4));
        return format!("{later}{}", &text[10..]);
    }
    if let Some(minute) = Minute::parse(text) {
        let (later, _) = minute.plus(rng.random_range(1..8) * 5);
        return format!("{later}{}", text.get(5..).unwrap_or_default());
    }
    format!("{text} (revised)")
}
