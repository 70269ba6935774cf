//! From a file's values to signatures: which shape of library it is.
//!
//! Known shapes: OpenAI tools, bare functions, MCP `tools/list` answers (also
//! as JSON-RPC), lists under `tools`, `functions` or `api_list`, functions
//! keyed by their name, OpenAPI documents. Every shape may stand alone, in a
//! list, or one a line. Not here: what a signature's fields mean (`function`).

use std::borrow::Cow;

use magnet_proto::library::Phrasing;
use serde_json::{Map, Value};

use super::error::Error;
use super::openapi;
use super::parse::Parsed;
use super::report::Refused;
use super::text::{brief, kind, one_line};

/// One entry of a file.
pub(super) struct Entry<'a> {
    /// Counted from 1; in JSONL the line.
    pub(super) index: usize,
    pub(super) signature: Result<Signature<'a>, Refused>,
}

/// A function as its file gives it.
#[derive(Default)]
pub(super) struct Signature<'a> {
    pub(super) name: Option<Cow<'a, Value>>,
    pub(super) description: Option<Cow<'a, Value>>,
    /// With the key it stood under.
    pub(super) parameters: Option<(&'static str, Cow<'a, Value>)>,
    pub(super) response: Option<(&'static str, Cow<'a, Value>)>,
    pub(super) category: Option<String>,
    pub(super) class: Option<String>,
    pub(super) phrasing: Phrasing,
    /// Where `#/…` references are looked up beside the schema itself,
    /// innermost first.
    pub(super) roots: Vec<&'a Value>,
}

type Object = Map<String, Value>;

/// Keys under which files keep their list of functions.
const LISTS: &[&str] = &["tools", "functions", "api_list"];
const NAME: &[&str] = &["name", "api_name"];
const DESCRIPTION: &[&str] = &["description", "api_description", "title"];
const PARAMETERS: &[&str] = &["parameters", "inputSchema", "input_schema", "arguments"];
const RESPONSE: &[&str] = &[
    "response", "output_schema", "outputSchema", "response_schema", "output_parameters", "returns",
];
const CATEGORY: &[&str] = &["x-group", "category", "category_name"];
const CLASS: &[&str] = &["x-class", "tool_name"];

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
    Entry { index: number, signature: Err(refused) }
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
            if let Some(first) = items.first().filter(|_| !items.iter().any(Value::is_object)) {
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
            if let Some(list) = inner_list(object) {
                return read_list(label, object, list, document, entries);
            }
            if is_function(object) {
                read_item(document, 1, &[], document, entries);
                return Ok(());
            }
            if keyed_by_name(object) {
                read_keyed(object, &[], document, entries);
                return Ok(());
            }
            let (found, hint) = describe(object);
            not_a_library(found, hint)
        }
        other => not_a_library(format!("{} at the top", kind(other)), EXPECTED.to_owned()),
    }
}

const EXPECTED: &str =
    "give a JSON array of tools, JSONL, an MCP tools/list answer or an OpenAPI document";

/// The list of functions an object holds, also one level down in a JSON-RPC
/// `result`.
fn inner_list(object: &Object) -> Option<(&'static str, &Value)> {
    let inside = |object: &'_ Object| LISTS.iter().find(|key| object.contains_key(**key)).copied();
    if let Some(key) = inside(object) {
        return object.get(key).map(|list| (key, list));
    }
    let result = object.get("result")?.as_object()?;
    let key = inside(result)?;
    result.get(key).map(|list| (key, list))
}

fn read_list<'a>(
    label: &str,
    outer: &'a Object,
    (key, list): (&'static str, &'a Value),
    document: &'a Value,
    entries: &mut Vec<Entry<'a>>,
) -> Result<(), Error> {
    match list {
        Value::Array(items) => {
            for (item, index) in items.iter().zip(1..) {
                read_item(item, index, &[outer], document, entries);
            }
            Ok(())
        }
        Value::Object(keyed) if keyed_by_name(keyed) => {
            read_keyed(keyed, &[outer], document, entries);
            Ok(())
        }
        other => Err(Error::NotALibrary {
            path: label.to_owned(),
            found: format!("its key \"{key}\" is {}", kind(other)),
            hint: format!("make \"{key}\" a list of functions"),
        }),
    }
}

/// `{"get_weather": {"description": …, "parameters": …}, …}`
fn keyed_by_name(object: &Object) -> bool {
    let looks = |value: &Value| {
        value.as_object().is_some_and(|function| {
            let has = |keys: &[&str]| keys.iter().any(|key| function.contains_key(*key));
            has(PARAMETERS) && has(DESCRIPTION)
        })
    };
    !object.is_empty() && object.values().all(looks)
}

fn read_keyed<'a>(
    keyed: &'a Object,
    outer: &[&'a Object],
    document: &'a Value,
    entries: &mut Vec<Entry<'a>>,
) {
    for ((name, value), index) in keyed.iter().zip(1..) {
        let first = entries.len();
        read_item(value, index, outer, document, entries);
        for entry in &mut entries[first..] {
            if let Ok(signature) = &mut entry.signature {
                signature.name.get_or_insert_with(|| Cow::Owned(Value::from(name.as_str())));
            }
        }
    }
}

/// Whether a whole file is one function. Many other files have a name and a
/// description.
fn is_function(object: &Object) -> bool {
    object.get("function").is_some_and(Value::is_object)
        || (NAME.iter().any(|key| object.contains_key(*key))
            && (PARAMETERS.iter().any(|key| object.contains_key(*key))
                || object.contains_key("required_parameters")))
}

/// One item of a list: a function, or again something that holds functions.
fn read_item<'a>(
    item: &'a Value,
    index: usize,
    outer: &[&'a Object],
    document: &'a Value,
    entries: &mut Vec<Entry<'a>>,
) {
    let Some(object) = item.as_object() else {
        let refused = Refused::new(
            format!("it is {}, not a function", kind(item)),
            "make it an object with a name, a description and parameters",
        );
        entries.push(Entry { index, signature: Err(refused) });
        return;
    };
    if outer.len() < 2
        && let Some((_, Value::Array(items))) = inner_list(object)
    {
        let levels: Vec<&Object> = std::iter::once(object).chain(outer.iter().copied()).collect();
        for inner in items {
            read_item(inner, index, &levels, document, entries);
        }
        return;
    }
    let signature = signature(item, object, outer, document);
    entries.push(Entry { index, signature });
}

fn signature<'a>(
    item: &'a Value,
    object: &'a Object,
    outer: &[&'a Object],
    document: &'a Value,
) -> Result<Signature<'a>, Refused> {
    if let Some(Value::String(kind)) = object.get("type")
        && kind != "function"
        && !object.contains_key("function")
        && !object.contains_key("parameters")
        && !object.contains_key("inputSchema")
    {
        let refused = Refused::new(
            format!("its type is {}, not \"function\"", brief(&Value::from(kind.as_str()))),
            "a provider's own tools have no signature to learn from: remove it",
        );
        let name = find(&[object], NAME).and_then(|(_, name)| name.as_str());
        return Err(match name {
            Some(name) => refused.named(name),
            None => refused,
        });
    }
    let (function, inner): (&Object, &Value) = match object.get("function") {
        Some(wrapped @ Value::Object(function)) => (function, wrapped),
        Some(other) if !NAME.iter().any(|key| object.contains_key(*key)) => {
            return Err(Refused::new(
                format!("its key \"function\" is {}", kind(other)),
                "make it an object with a name, a description and parameters",
            ));
        }
        _ => (object, item),
    };
    let own = [function, object];
    let all: Vec<&Object> = own.into_iter().chain(outer.iter().copied()).collect();
    let borrowed = |found: Option<(&'static str, &'a Value)>| {
        found.map(|(key, value)| (key, Cow::Borrowed(value)))
    };
    Ok(Signature {
        name: find(&own, NAME).map(|(_, value)| Cow::Borrowed(value)),
        description: find(&own, DESCRIPTION).map(|(_, value)| Cow::Borrowed(value)),
        parameters: borrowed(find(&own, PARAMETERS)).or_else(|| listed_parameters(function)),
        response: borrowed(find(&own, RESPONSE)),
        category: find(&all, CATEGORY).and_then(|(_, value)| group_name(value)),
        class: find(&all, CLASS).and_then(|(_, value)| group_name(value)),
        phrasing: Phrasing {
            requests: templates(&own, "x-requests"),
            reasons: templates(&own, "x-reasons"),
            replies: templates(&own, "x-replies"),
        },
        roots: vec![inner, item, document],
    })
}

/// The first key of `keys` that the levels know, with its value.
fn find<'a>(levels: &[&'a Object], keys: &[&'static str]) -> Option<(&'static str, &'a Value)> {
    let at = |key: &&'static str| {
        let value = levels.iter().find_map(|level| level.get(*key))?;
        (!value.is_null()).then_some((*key, value))
    };
    keys.iter().find_map(at)
}

/// Parameters in two lists, as RapidAPI describes them.
fn listed_parameters<'a>(function: &'a Object) -> Option<(&'static str, Cow<'a, Value>)> {
    let list = |key: &str| function.get(key).and_then(Value::as_array);
    let (required, optional) = (list("required_parameters"), list("optional_parameters"));
    if required.is_none() && optional.is_none() {
        return None;
    }
    let mark = |required: bool| {
        move |parameter: &Value| {
            let mut parameter = parameter.clone();
            if let Some(object) = parameter.as_object_mut() {
                object.insert("required".to_owned(), required.into());
            }
            parameter
        }
    };
    let marked = required.into_iter().flatten().map(mark(true));
    let all = marked.chain(optional.into_iter().flatten().map(mark(false))).collect();
    Some(("required_parameters", Cow::Owned(Value::Array(all))))
}

fn group_name(value: &Value) -> Option<String> {
    let name = one_line(value.as_str()?);
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn templates(levels: &[&Object], key: &'static str) -> Vec<String> {
    const MOST: usize = 64;
    const LONGEST: usize = 1_000;
    let list = find(levels, &[key]).and_then(|(_, value)| value.as_array());
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.filter(|text| text.len() <= LONGEST).take(MOST).map(str::to_owned).collect()
}

/// What an object that is no library seems to be, and what to do about it.
fn describe(object: &Object) -> (String, String) {
    let has = |key: &str| object.contains_key(key);
    let (found, hint) = if has("messages") || has("conversations") {
        ("a conversation", "give the tools it was held with, not the conversation")
    } else if has("info") && has("item") {
        ("a Postman collection", "export it as an OpenAPI 3 document")
    } else if has("mcpServers") {
        ("a list of MCP servers", "save each server's tools/list answer and give that")
    } else if has("asyncapi") {
        ("an AsyncAPI document", "only OpenAPI describes functions to call")
    } else if has("error") && has("jsonrpc") {
        ("a JSON-RPC error", "ask the server for tools/list again and save its answer")
    } else if has("$schema") || has("properties") {
        ("a JSON Schema without a function around it", "wrap it: {\"name\": …, \"parameters\": …}")
    } else {
        let keys: Vec<String> = object.keys().take(4).map(|key| one_line(key)).collect();
        let keys = if keys.is_empty() { "without keys".into() } else { keys.join(", ") };
        return (format!("an object ({keys})"), EXPECTED.to_owned());
    };
    (found.to_owned(), hint.to_owned())
}
