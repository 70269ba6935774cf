//! Places in schemas and values, by pointer patterns: "/tickets/*/status".

use magnet_proto::library::Function;
use magnet_proto::rng::Rng;
use magnet_worker::vet::calls;
use rand::RngExt;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value};

fn steps(at: &str) -> impl Iterator<Item = &str> {
    at.split('/').filter(|step| !step.is_empty())
}

/// The schema of a place.
pub(super) fn place<'a>(schema: &'a Value, at: &str) -> Option<&'a Value> {
    steps(at).try_fold(schema, |schema, step| match step {
        "*" => schema.get("items"),
        name => schema.get("properties")?.get(name),
    })
}

/// The values at a place, each with the innermost list element it lies in.
pub(super) fn found<'a>(value: &'a Value, at: &str) -> Vec<(&'a Value, Option<&'a Value>)> {
    let mut found = vec![(value, None)];
    for step in steps(at) {
        found = match step {
            "*" => {
                let items = found.iter().filter_map(|(value, _)| value.as_array()).flatten();
                items.map(|item| (item, Some(item))).collect()
            }
            name => {
                let member = |(value, item): &(&'a Value, Option<&'a Value>)| {
                    value.get(name).map(|value| (value, *item))
                };
                found.iter().filter_map(member).collect()
            }
        };
    }
    found
}

/// Whether a value fits a schema; if not, why and where.
pub(super) fn misfit(validator: &jsonschema::Validator, value: &Value) -> Option<String> {
    let error = validator.iter_errors(value).next()?;
    let why: String = error.to_string().chars().take(200).collect();
    Some(match error.instance_path().to_string() {
        place if place.is_empty() => why,
        place => format!("{place}: {why}"),
    })
}

/// A schema's validator, which holds texts to their formats; none for a schema
/// that is none.
pub(super) fn validator(schema: &Value) -> Option<jsonschema::Validator> {
    calls::judge(schema).ok()
}

/// A value by the parameter's schema alone.
pub(super) fn made_up(function: &Function, parameter: &str, rng: &mut Rng) -> Option<Value> {
    of_schema(place(&function.parameters, &format!("/{parameter}"))?, parameter, rng)
}

fn of_schema(own: &Value, name: &str, rng: &mut Rng) -> Option<Value> {
    let of_list = |key: &str| own.get(key).and_then(Value::as_array).map(Vec::as_slice);
    for key in ["enum", "examples"] {
        if let Some(value) = of_list(key).unwrap_or_default().choose(rng) {
            return Some(value.clone());
        }
    }
    let bound =
        |key: &str, otherwise: f64| own.get(key).and_then(Value::as_f64).unwrap_or(otherwise);
    let text = |key: &str| own.get(key).and_then(Value::as_str).unwrap_or_default();
    match text("type") {
        "boolean" => Some(rng.random_bool(0.5).into()),
        "integer" => {
            let least = bound("minimum", 1.0) as i64;
            let most = bound("maximum", (least + 4) as f64) as i64;
            Some(rng.random_range(least..=most.max(least)).into())
        }
        "number" => {
            let least = bound("minimum", 5.0);
            let most = bound("maximum", least + 195.0);
            let drawn = rng.random_range(least..=most.max(least));
            Some(((drawn * 100.0).round() / 100.0).into())
        }
        "string" if text("format") == "date" || name == "date" => {
            Some(format!("2026-06-{:02}", rng.random_range(1..=28)).into())
        }
        "string" if name.contains("time") => {
            let minutes = [0, 15, 30, 45].choose(rng).copied().unwrap_or(0);
            Some(format!("{:02}:{minutes:02}", rng.random_range(8..=20)).into())
        }
        "array" => {
            let least = bound("minItems", 1.0) as u64;
            let count =
                rng.random_range(least..=least.max(bound("maxItems", 3.0) as u64).min(least + 2));
            let items = own.get("items")?;
            (0..count).map(|_| of_schema(items, name, rng)).collect()
        }
        "object" => {
            let required = of_list("required").unwrap_or_default();
            let members = own.get("properties")?.as_object()?.iter();
            let due = members.filter(|(name, _)| required.iter().any(|r| r == name.as_str()));
            let member =
                |(name, own): (&String, &Value)| Some((name.clone(), of_schema(own, name, rng)?));
            due.map(member).collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        _ => None,
    }
}
