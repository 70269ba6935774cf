//! From a file's values to signatures: which shape of library it is.
//!
//! Known shapes: OpenAI tools, bare functions, MCP `tools/list` answers (also
//! as JSON-RPC), lists under `tools`, `functionDeclarations` and their like,
//! functions keyed by their name, rows of a dataset with their tools, OpenAPI
//! documents. Every shape may stand alone, in a list, one a line, or one a
//! YAML document. Not here: under which keys a function keeps what
//! (`signature`), JSON inside of texts (`unpack`).

use serde_json::{Map, Value};

use super::entry::Entry;
use super::error::Error;
use super::foreign::{self, EXPECTED};
use super::openapi;
use super::parse::Parsed;
use super::report::Refused;
use super::signature;
use super::text::kind;

type Object = Map<String, Value>;

/// Keys under which files keep their list of functions.
pub(super) const LISTS: &[&str] =
    &["tools", "functions", "api_list", "functionDeclarations", "function_declarations"];
/// Objects that may stand around such a list.
const AROUND: &[&str] =
    &["result", "toolConfig", "tool_config", "functionSchema", "config", "data"];

/// All entries of a file.
pub(super) fn list<'a>(label: &str, parsed: &'a Parsed) -> Result<Vec<Entry<'a>>, Error> {
    let mut entries = Vec::new();
    match parsed {
        Parsed::Json(document) => read_document(label, document, &mut entries)?,
        Parsed::Yaml(documents) => match documents.as_slice() {
            [document] => read_document(label, document, &mut entries)?,
            several => {
                for (document, index) in several.iter().zip(1..) {
                    read_item(document, index, &[], document, &mut entries);
                }
            }
        },
        Parsed::Lines(lines) => {
            for line in lines {
                match &line.value {
                    Ok(value) => read_item(value, line.number, &[], value, &mut entries),
                    Err(why) => entries.push(broken_line(line.number, why)),
                }
            }
        }
    }
    if entries.is_empty() {
        return Err(Error::NoFunctions {
            path: label.to_owned(),
            found: "its list is empty".to_owned(),
            hint: "add at least one function with a name, a description and parameters",
        });
    }
    Ok(entries)
}

fn broken_line<'a>(number: usize, why: &str) -> Entry<'a> {
    let refused = Refused::new(
        format!("the line is not JSON: {why}"),
        "write one whole JSON object a line, without line breaks inside",
    );
    Entry { index: number, is_shared: false, signature: Err(refused) }
}

fn read_document<'a>(
    label: &str,
    document: &'a Value,
    entries: &mut Vec<Entry<'a>>,
) -> Result<(), Error> {
    let not_a_library = |found: String, hint: String| {
        Err(Error::NotALibrary { path: label.to_owned(), found, hint })
    };
    match document {
        Value::Array(items) => {
            if let Some(first) = items.first().filter(|_| !items.iter().any(is_container)) {
                let found = format!("a list of which entry 1 is {}", kind(first));
                return not_a_library(found, EXPECTED.to_owned());
            }
            for (item, index) in items.iter().zip(1..) {
                read_item(item, index, &[], document, entries);
            }
            Ok(())
        }
        Value::Object(object) if openapi::is_document(object) => {
            openapi::read(label, document, object, entries)
        }
        Value::Object(object) => {
            if let Some((key, list)) = inner_list(object) {
                return read_list(list, None, &[object], document, entries).or_else(|()| {
                    let found = format!("its key \"{key}\" is {}", kind(list));
                    not_a_library(found, format!("make \"{key}\" a list of functions"))
                });
            }
            if signature::is_function(object) {
                read_item(document, 1, &[], document, entries);
                return Ok(());
            }
            if keyed_by_name(object) {
                read_keyed(object, None, &[], document, entries);
                return Ok(());
            }
            let (found, hint) = foreign::describe(object);
            not_a_library(found, hint)
        }
        other => not_a_library(format!("{} at the top", kind(other)), EXPECTED.to_owned()),
    }
}

fn is_container(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// The list of functions an object holds, also one level down.
fn inner_list(object: &Object) -> Option<(&str, &Value)> {
    held_list(object)
        .or_else(|| AROUND.iter().find_map(|key| held_list(object.get(*key)?.as_object()?)))
}

/// The list under a key known for it, or under any if it surely is one.
fn held_list(object: &Object) -> Option<(&str, &Value)> {
    let functions = |value: &Value| {
        let is_function = |item: &Value| item.as_object().is_some_and(signature::is_function);
        value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(is_function))
    };
    let any = || {
        let mut lists = object.iter().filter(|(_, value)| functions(value));
        lists.next().filter(|_| !signature::is_function(object))
    };
    let known = LISTS.iter().find_map(|key| object.get_key_value(*key));
    known.or_else(any).map(|(key, list)| (key.as_str(), list))
}

/// Reads a list of functions, or functions keyed by name. `index` is that of
/// the item the list stands in; without one its own are counted.
fn read_list<'a>(
    list: &'a Value,
    index: Option<usize>,
    outer: &[&'a Object],
    document: &'a Value,
    entries: &mut Vec<Entry<'a>>,
) -> Result<(), ()> {
    match list {
        Value::Array(items) => {
            for (item, own) in items.iter().zip(1..) {
                read_item(item, index.unwrap_or(own), outer, document, entries);
            }
            Ok(())
        }
        Value::Object(keyed) if keyed_by_name(keyed) => {
            read_keyed(keyed, index, outer, document, entries);
            Ok(())
        }
        _ => Err(()),
    }
}

/// `{"get_weather": {"description": …, "parameters": …}, …}`
fn keyed_by_name(object: &Object) -> bool {
    !object.is_empty() && object.values().all(signature::is_nameless_function)
}

fn read_keyed<'a>(
    keyed: &'a Object,
    index: Option<usize>,
    outer: &[&'a Object],
    document: &'a Value,
    entries: &mut Vec<Entry<'a>>,
) {
    for ((name, value), own) in keyed.iter().zip(1..) {
        let first = entries.len();
        read_item(value, index.unwrap_or(own), outer, document, entries);
        for entry in &mut entries[first..] {
            if let Ok(signature) = &mut entry.signature {
                signature.name_if_nameless(name);
            }
        }
    }
}

/// One item of a list: a function, or again something that holds functions.
fn read_item<'a>(
    item: &'a Value,
    index: usize,
    outer: &[&'a Object],
    document: &'a Value,
    entries: &mut Vec<Entry<'a>>,
) {
    const DEEPEST: usize = 2;
    let refuse = |found: String, hint: &str| Entry {
        index,
        is_shared: false,
        signature: Err(Refused::new(found, hint)),
    };
    match item {
        Value::Object(object) if openapi::is_document(object) => {
            read_api(item, object, index, entries);
        }
        Value::Object(object) => {
            let held = inner_list(object).filter(|_| outer.len() < DEEPEST);
            let Some((key, list)) = held.filter(|(_, list)| !list.is_null()) else {
                let signature = signature::read(item, object, outer, document);
                entries.push(Entry { index, is_shared: false, signature });
                return;
            };
            let around: Vec<&Object> =
                std::iter::once(object).chain(outer.iter().copied()).collect();
            let first = entries.len();
            if read_list(list, Some(index), &around, document, entries).is_err() {
                let found = format!("its key \"{key}\" is {}, not a list of functions", kind(list));
                entries.push(refuse(found, "write it as a JSON list of functions"));
            }
            entries[first..].iter_mut().for_each(|entry| entry.is_shared = true);
        }
        Value::Array(items) if outer.is_empty() && items.iter().any(Value::is_object) => {
            for item in items.iter().filter(|item| !item.is_array()) {
                read_item(item, index, outer, document, entries);
            }
        }
        other => entries.push(refuse(
            format!("it is {}, not a function", kind(other)),
            "make it an object with a name, a description and parameters",
        )),
    }
}

/// An OpenAPI document among other things: its operations share its index.
fn read_api<'a>(
    document: &'a Value,
    object: &'a Object,
    index: usize,
    entries: &mut Vec<Entry<'a>>,
) {
    let first = entries.len();
    match openapi::read("", document, object, entries) {
        Ok(()) => entries[first..].iter_mut().for_each(|entry| entry.index = index),
        Err(error) => {
            entries.truncate(first);
            entries.push(Entry { index, is_shared: false, signature: Err(error.as_refused()) });
        }
    }
}
