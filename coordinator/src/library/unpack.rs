//! Functions that stand in a file as JSON text: read in place, so that every
//! later step sees values.
//!
//! Rows of training data keep their tools that way (`"tools": "[{…}]"`), and
//! so do tables that were exported to JSON. A text that is no JSON stays.

use serde_json::Value;

use super::entries::LISTS;
use super::parse::Parsed;

/// How deep lists and their rows are looked through.
const DEEPEST: usize = 3;

pub(super) fn unpack(parsed: &mut Parsed) {
    match parsed {
        Parsed::Json(document) => functions(document, 0),
        Parsed::Yaml(documents) => documents.iter_mut().for_each(|value| functions(value, 0)),
        Parsed::Lines(lines) => {
            lines.iter_mut().flat_map(|line| &mut line.value).for_each(|value| functions(value, 0));
        }
    }
}

/// A place where functions may stand, at the top or inside of a list.
fn functions(value: &mut Value, depth: usize) {
    if depth > 0 {
        read(value);
    }
    match value {
        Value::Array(items) if depth < DEEPEST => {
            items.iter_mut().for_each(|item| functions(item, depth + 1));
        }
        Value::Object(object) => {
            let lists = object.iter_mut().filter(|(key, _)| LISTS.contains(&key.as_str()));
            lists.for_each(|(_, list)| {
                // Some rows were written as JSON twice.
                read(list);
                functions(list, depth + 1);
            });
        }
        _ => {}
    }
}

fn read(value: &mut Value) {
    let Value::String(text) = value else { return };
    if text.trim_start().starts_with(['{', '[', '"'])
        && let Ok(inner) = serde_json::from_str(text)
    {
        *value = inner;
    }
}
