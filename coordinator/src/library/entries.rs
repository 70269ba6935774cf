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
const LISTS: &[&str] =
    &["tools", "functions", "api_list", "functionDeclarations", "function_declarations"];
/// A key under which each of a list has such a list of its own.
const GROUPS: &str = "plugins";
/// Objects that may stand around such a list.
const AROUND: &[&str] =
    &["result", "toolConfig", "tool_config", "functionSchema", "config", "data"];

/// Whether a file may keep its list of functions under that key.
pub(super) fn is_list_key(key: &str) -> bool {
    LISTS.iter().any(|known| known.eq_ignore_ascii_case(key))
}

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
            let lists = inner_lists(object);
            for held in &lists {
                let first = entries.len();
                if read_list(held.list, None, &[object], document, entries).is_err() {
                    let (key, list) = (held.key, held.list);
                    let found = format!("its key \"{key}\" is {}", kind(list));
                    return not_a_library(found, format!("make \"{key}\" a list of functions"));
                }
                held.name_groups(&mut entries[first..]);
            }
            if !lists.is_empty() {
                return Ok(());
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

/// A list of functions under its key.
struct Held<'a> {
    key: &'a str,
    list: &'a Value,
    /// One of several: the key says which group each is of.
    is_group: bool,
}

impl Held<'_> {
    fn name_groups(&self, entries: &mut [Entry<'_>]) {
        for signature in entries.iter_mut().flat_map(|entry| &mut entry.signature) {
            if self.is_group {
                signature.category.get_or_insert_with(|| self.key.to_owned());
            }
        }
    }
}

/// The lists of functions that an object holds, also one level down.
fn inner_lists(object: &Object) -> Vec<Held<'_>> {
    let own = held_lists(object);
    if !own.is_empty() {
        return own;
    }
    let inside = AROUND.iter().filter_map(|key| object.get(*key)?.as_object()).map(held_lists);
    inside.into_iter().find(|lists| !lists.is_empty()).unwrap_or_default()
}

/// The list under a key known for it, or all that surely are one.
fn held_lists(object: &Object) -> Vec<Held<'_>> {
    let named = |known: &&str| {
        let is_it =
            |(key, list): &(&String, &Value)| key.eq_ignore_ascii_case(known) && !list.is_null();
        object.iter().find(is_it)
    };
    let groups = || object.get_key_value(GROUPS).filter(|(_, list)| are_groups(list));
    if let Some((key, list)) = LISTS.iter().find_map(named).or_else(groups) {
        return vec![Held { key, list, is_group: false }];
    }
    if signature::is_function(object) {
        return Vec::new();
    }
    let functions = |value: &Value| {
        let is_function = |item: &Value| item.as_object().is_some_and(signature::is_function);
        value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(is_function))
    };
    let lists: Vec<(&String, &Value)> =
        object.iter().filter(|(_, value)| functions(value)).collect();
    let is_group = lists.len() > 1;
    lists.into_iter().map(|(key, list)| Held { key, list, is_group }).collect()
}

fn are_groups(value: &Value) -> bool {
    let is_group = |item: &Value| item.as_object().is_some_and(|it| !held_lists(it).is_empty());
    value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(is_group))
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
            let lists = if outer.len() < DEEPEST { inner_lists(object) } else { Vec::new() };
            if lists.is_empty() && !signature::is_function(object) && keyed_by_name(object) {
                read_keyed(object, Some(index), outer, document, entries);
            } else if lists.is_empty() {
                let signature = signature::read(item, object, outer, document);
                entries.push(Entry { index, is_shared: false, signature });
            }
            let around: Vec<&Object> =
                std::iter::once(object).chain(outer.iter().copied()).collect();
            for held in lists {
                let first = entries.len();
                if read_list(held.list, Some(index), &around, document, entries).is_err() {
                    let (key, list) = (held.key, kind(held.list));
                    let found = format!("its key \"{key}\" is {list}, not a list of functions");
                    entries.push(refuse(found, "write it as a JSON list of functions"));
                }
                entries[first..].iter_mut().for_each(|entry| entry.is_shared = true);
            }
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
