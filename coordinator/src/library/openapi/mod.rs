//! OpenAPI documents: every operation becomes a function.
//!
//! `call` makes its parameters and body one flat object, `answer` finds what
//! it gives; the first tag is the category. Versions 3.0 to 3.2 and, as it
//! costs little, Swagger 2.0. References stay; `schema` resolves them. An
//! operation of which a part cannot be found is refused by name, never made a
//! function without that part.

mod answer;
mod call;

use std::borrow::Cow;

use magnet_proto::operation::is_json;
use serde_json::{Map, Value};

use super::entry::Entry;
use super::error::Error;
use super::report::Refused;
use super::schema::refs;
use super::signature::{Origin, Signature};
use super::text::{brief, one_line};

type Object = Map<String, Value>;

const METHODS: &[&str] =
    &["get", "put", "post", "delete", "patch", "options", "head", "trace", "query"];
/// The key under which a path keeps methods that have no key of their own.
const OTHER_METHODS: &str = "additionalOperations";

pub(super) fn is_document(object: &Object) -> bool {
    object.contains_key("openapi") || object.contains_key("swagger")
}

/// Appends the document's operations to `entries`.
pub(super) fn read<'a>(
    label: &str,
    document: &'a Value,
    object: &'a Object,
    entries: &mut Vec<Entry<'a>>,
) -> Result<(), Error> {
    check_version(label, object)?;
    let Some(paths) = object.get("paths").and_then(Value::as_object).filter(|p| !p.is_empty())
    else {
        return Err(Error::NoFunctions {
            path: label.to_owned(),
            found: "it is an OpenAPI document without \"paths\"".to_owned(),
            hint: "give the document that describes the operations",
        });
    };
    let first = entries.len();
    for (path, item) in paths {
        let index = entries.len() + 1;
        let entry = |signature| Entry { index, is_shared: false, signature };
        match found(document, item) {
            Err(lost) => entries.push(entry(Err(lost.named(path)))),
            Ok(Value::Object(item)) => read_path(document, path, item, entries),
            Ok(_) => {}
        }
    }
    if entries.len() == first {
        return Err(Error::NoFunctions {
            path: label.to_owned(),
            found: "no path of the OpenAPI document has an operation".to_owned(),
            hint: "give a document whose paths have get, post or other methods",
        });
    }
    Ok(())
}

fn check_version(label: &str, object: &Object) -> Result<(), Error> {
    let version = object.get("openapi").or_else(|| object.get("swagger"));
    let text = match version {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    if text.starts_with("3.") || text == "3" || text.starts_with('2') {
        return Ok(());
    }
    Err(Error::NotALibrary {
        path: label.to_owned(),
        found: format!("OpenAPI version {}", brief(&Value::from(text))),
        hint: "convert it to OpenAPI 3.0 or 3.1".to_owned(),
    })
}

fn read_path<'a>(document: &'a Value, path: &str, item: &'a Object, entries: &mut Vec<Entry<'a>>) {
    let own = item.iter().filter(|(key, _)| METHODS.contains(&key.as_str()));
    let others = item.get(OTHER_METHODS).and_then(Value::as_object);
    for (method, operation) in own.chain(others.into_iter().flatten()) {
        let place = format!("{} {path}", method.to_uppercase());
        let signature = match operation.as_object() {
            Some(operation) => signature(document, path, method, item, operation)
                .map_err(|refused| refused.named(&place)),
            None => Err(Refused::new(
                "the operation is not an object",
                "describe it with parameters and responses, or remove it",
            )
            .named(&place)),
        };
        entries.push(Entry { index: entries.len() + 1, is_shared: false, signature });
    }
}

fn signature<'a>(
    document: &'a Value,
    path: &str,
    method: &str,
    item: &'a Object,
    operation: &'a Object,
) -> Result<Signature<'a>, Refused> {
    let name = match operation.get("operationId").and_then(Value::as_str) {
        Some(id) if !id.trim().is_empty() => id.to_owned(),
        _ => {
            let path = path.trim_matches('/').replace(['{', '}'], "");
            format!("{}_{path}", method.to_lowercase())
        }
    };
    let tag = operation.get("tags").and_then(|tags| tags.get(0)?.as_str()).map(one_line);
    let mut remarks = Vec::new();
    let (parameters, called) = call::read(document, method, path, item, operation)?;
    let response = match method {
        "head" => None,
        _ => answer::schema(document, operation, &mut remarks),
    };
    Ok(Signature {
        name: Some(Cow::Owned(Value::from(name))),
        description: description(operation).map(|text| Cow::Owned(Value::from(text))),
        parameters: Some(("parameters", Cow::Owned(parameters))),
        required: None,
        response: response.map(|schema| ("responses", Cow::Borrowed(schema))),
        category: tag.filter(|tag| !tag.trim().is_empty()),
        class: None,
        roots: vec![document],
        origin: Origin::Api,
        operation: Some(called),
        remarks,
    })
}

/// The summary, then what the description says beyond it.
fn description(operation: &Object) -> Option<String> {
    let text = |key: &str| {
        let text = operation.get(key)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    };
    match (text("summary"), text("description")) {
        (Some(summary), Some(long)) if !long.starts_with(summary) => {
            let stop = if summary.ends_with(['.', '!', '?']) { "" } else { "." };
            Some(format!("{summary}{stop} {long}"))
        }
        (summary, long) => long.or(summary).map(str::to_owned),
    }
}

/// What a value is or refers to, or the refusal that names the reference.
fn found<'a>(document: &'a Value, value: &'a Value) -> Result<&'a Value, Refused> {
    refs::target(document, value).map_err(|last| {
        let reference = last.get("$ref").and_then(Value::as_str).unwrap_or_default();
        let why = last.as_object().map_or("which leads nowhere", refs::lost);
        Refused::new(
            format!("it refers to \"{}\", {why}", one_line(reference)),
            "put the file there, or bundle the document into one file",
        )
    })
}

/// The JSON schema of a content map, else a form's, else the first there is.
fn body_schema(content: &Object) -> Option<&Value> {
    body(content)?.1
}

/// The same with its media type; any type where none has a schema.
fn body(content: &Object) -> Option<(&str, Option<&Value>)> {
    let wanted: [fn(&str) -> bool; 4] =
        [is_json, |kind| kind.contains("urlencoded"), |kind| kind.contains("form"), |_| true];
    let first = |wanted: &fn(&str) -> bool| content.iter().find(|(kind, _)| wanted(kind));
    let kinds = wanted.iter().filter_map(first);
    let kinds = kinds.map(|(kind, media)| (kind.as_str(), media.get("schema")));
    let with_schema = kinds.clone().find(|(_, schema)| schema.is_some());
    with_schema.or_else(|| kinds.clone().next())
}

fn truth(object: &Object, key: &str) -> bool {
    object.get(key) == Some(&Value::Bool(true))
}
