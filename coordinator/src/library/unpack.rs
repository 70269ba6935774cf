//! Functions that stand in a file as text: read in place, so that every later
//! step sees values.
//!
//! Rows of training data keep their tools as JSON text (`"tools": "[{…}]"`),
//! and so do tables that were exported to JSON. Others tell them in the words
//! of the system's message, which are looked through where no key holds them. A
//! text that is no JSON stays.

use serde_json::{Map, Value};

use super::entries::is_list_key;
use super::parse::Parsed;
use super::signature;

/// How deep lists and their rows are looked through.
const DEEPEST: usize = 3;
/// Brackets of one text that are tried, and its longest part looked at.
const MOST_TRIED: usize = 200;
const MOST_BYTES: usize = 256 * 1024;

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
            let mut is_told = false;
            for (key, list) in object.iter_mut() {
                if is_list_key(key) || key == "function" {
                    // Some rows were written as JSON twice.
                    read(list);
                    functions(list, depth + 1);
                    is_told = true;
                }
            }
            if !is_told && let Some(told) = in_words(object) {
                object.insert("tools".to_owned(), told);
            }
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

/// The functions that the system's message of a conversation describes.
fn in_words(row: &Map<String, Value>) -> Option<Value> {
    let first = ["messages", "conversations"].iter().find_map(|key| row.get(*key)?.get(0));
    let is_system = |message: &&Value| {
        let who = message.get("role").or_else(|| message.get("from"));
        who.is_some_and(|who| who == "system")
    };
    let message = first.filter(is_system);
    let words = message.and_then(|first| first.get("content").or_else(|| first.get("value")));
    let words = row.get("system").or(words)?.as_str()?;
    let found = described(words);
    (!found.is_empty()).then(|| found.into())
}

/// The values in a text that describe functions.
fn described(text: &str) -> Vec<Value> {
    let mut end = text.len().min(MOST_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut rest = &text[..end];
    let mut found = Vec::new();
    for _ in 0..MOST_TRIED {
        let Some(at) = rest.find(['{', '[']) else { break };
        rest = &rest[at..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let read = values.next().and_then(Result::ok);
        let length = values.byte_offset();
        match read {
            Some(Value::Array(all)) if all.iter().any(signature::is_described) => {
                found.extend(all);
                rest = &rest[length..];
            }
            Some(value) if signature::is_described(&value) => {
                found.push(value);
                rest = &rest[length..];
            }
            _ => rest = &rest[1..],
        }
    }
    found
}
