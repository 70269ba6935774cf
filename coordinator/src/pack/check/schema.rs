//! Places in schemas and values, by pointer patterns: "/tickets/*/status".

use magnet_worker::vet::calls;
use serde_json::Value;

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
