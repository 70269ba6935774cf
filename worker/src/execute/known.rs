//! What exists in a conversation: read off outputs and files, for choosing the
//! values of calls.
//!
//! A parameter is meant by a member of its name, or by a member of a thing
//! whose name precedes it: `account_id` by `/accounts/*/id`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Known;

/// Values kept of one parameter.
pub(super) const MOST: usize = 200;
/// Members whose values are of the thing they stand in and are not told again
/// to make or find another.
const OWN: [&str; 11] = [
    "name", "title", "content", "text", "description", "message", "value", "data", "result",
    "type", "body",
];

/// Adds what an output tells of these parameters.
pub fn learn(output: &Value, parameters: &BTreeSet<String>, known: &mut Known) {
    below(output, "", parameters, known);
}

fn below(value: &Value, thing: &str, parameters: &BTreeSet<String>, known: &mut Known) {
    match value {
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Object(_) | Value::Array(_) => below(item, thing, parameters, known),
                    scalar => tell(thing, scalar, parameters, known),
                }
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                if matches!(value, Value::Object(_) | Value::Array(_)) {
                    below(value, &singular(key), parameters, known);
                    continue;
                }
                if !OWN.contains(&key.as_str()) {
                    tell(key, value, parameters, known);
                }
                if !thing.is_empty() {
                    tell(&format!("{thing}_{key}"), value, parameters, known);
                }
            }
        }
        _ => {}
    }
}

/// Adds a value of a parameter, once.
pub fn tell(name: &str, value: &Value, parameters: &BTreeSet<String>, known: &mut Known) {
    let is_telling = match value {
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => !number.is_f64(),
        _ => false,
    };
    if !is_telling || !parameters.contains(name) {
        return;
    }
    let values = known.by_parameter.entry(name.to_owned()).or_default();
    if values.len() < MOST && !values.contains(value) {
        values.push(value.clone());
    }
}

pub(super) fn singular(word: &str) -> String {
    match word.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => word.strip_suffix('s').unwrap_or(word).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_and_things_tell_of_parameters() {
        let parameters = ["account_id", "city_code", "status", "name", "tag"];
        let parameters = parameters.map(str::to_owned).into();
        let output = json!({
            "accounts": [{"id": "A-1", "name": "Ann", "status": "open", "balance": 4.5},
                         {"id": "A-2", "name": "Bob", "status": "open"}],
            "cities": [{"code": "LIS"}], "tags": ["a", "b"],
        });
        let mut known = Known::default();
        learn(&output, &parameters, &mut known);
        learn(&output, &parameters, &mut known);
        let expected = [
            ("account_id", json!(["A-1", "A-2"])),
            ("city_code", json!(["LIS"])),
            ("status", json!(["open"])),
            ("tag", json!(["a", "b"])),
        ];
        let found: Vec<(&str, Value)> =
            known.by_parameter.iter().map(|(k, v)| (k.as_str(), json!(v))).collect();
        assert_eq!(found, expected);
    }
}
