//! Places in schemas and values, by pointer patterns: "/tickets/*/status".

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
    let options = jsonschema::options().should_validate_formats(true);
    options.with_format("time", is_time).build(schema).ok()
}

/// "09:30" and what begins so: few APIs write seconds and zone, as the standard
/// has it.
fn is_time(text: &str) -> bool {
    let number = |at: std::ops::Range<usize>| text.get(at).and_then(|part| part.parse::<u8>().ok());
    let (hours, minutes) = (number(0..2), number(3..5));
    text.get(2..3) == Some(":") && hours.is_some_and(|h| h < 24) && minutes.is_some_and(|m| m < 60)
}
