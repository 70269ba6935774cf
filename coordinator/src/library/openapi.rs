//! OpenAPI documents: every operation becomes a function.
//!
//! Path, query, header and cookie parameters and the properties of a JSON
//! request body become one flat object of parameters; where names clash, the
//! later one is prefixed with its place (`body_id`). The first 2xx JSON schema
//! is the response, the first tag the category. Versions 3.0, 3.1 and, as it
//! costs little, Swagger 2.0. References stay; `schema` resolves them.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::entries::Entry;
use super::error::Error;
use super::report::Refused;
use super::schema::refs;
use super::signature::{Origin, Signature};
use super::text::{brief, one_line};

type Object = Map<String, Value>;

const METHODS: &[&str] = &["get", "put", "post", "delete", "patch", "options", "head", "trace"];
/// Set by the client that sends a request, never by who decides on a call.
const TRANSPORT_HEADERS: &[&str] =
    &["authorization", "accept", "content-type", "content-length", "user-agent", "host"];

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
    for (path, item) in paths {
        let Some(item) = refs::target(document, item).and_then(Value::as_object) else {
            continue;
        };
        for (method, operation) in item.iter().filter(|(key, _)| METHODS.contains(&key.as_str())) {
            let index = entries.len() + 1;
            let place = format!("{} {path}", method.to_uppercase());
            let signature = match operation.as_object() {
                Some(operation) => Ok(signature(document, path, method, item, operation)),
                None => Err(Refused::new(
                    "the operation is not an object",
                    "describe it with parameters and responses, or remove it",
                )
                .named(&place)),
            };
            entries.push(Entry { index, is_shared: false, signature });
        }
    }
    if entries.is_empty() {
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

fn signature<'a>(
    document: &'a Value,
    path: &str,
    method: &str,
    item: &'a Object,
    operation: &'a Object,
) -> Signature<'a> {
    let name = match operation.get("operationId").and_then(Value::as_str) {
        Some(id) if !id.trim().is_empty() => id.to_owned(),
        _ => format!("{method}_{}", path.trim_matches('/').replace(['{', '}'], "")),
    };
    let tag = operation.get("tags").and_then(|tags| tags.get(0)?.as_str()).map(one_line);
    Signature {
        name: Some(Cow::Owned(Value::from(name))),
        description: description(operation).map(|text| Cow::Owned(Value::from(text))),
        parameters: Some(("parameters", Cow::Owned(parameters(document, item, operation)))),
        response: response(document, operation).map(|schema| ("responses", Cow::Borrowed(schema))),
        category: tag.filter(|tag| !tag.trim().is_empty()),
        class: None,
        phrasing: Default::default(),
        roots: vec![document],
        origin: Origin::Api,
        remarks: Vec::new(),
    }
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

/// The flat object of parameters under construction.
#[derive(Default)]
struct Flat {
    properties: Object,
    required: Vec<Value>,
}

impl Flat {
    fn add(&mut self, name: &str, place: &str, schema: Value, required: bool) {
        let mut free = name.to_owned();
        while self.properties.contains_key(&free) {
            free = format!("{place}_{free}");
        }
        if required {
            self.required.push(Value::from(free.as_str()));
        }
        self.properties.insert(free, schema);
    }
}

fn parameters(document: &Value, item: &Object, operation: &Object) -> Value {
    let mut flat = Flat::default();
    let mut body = None;
    for parameter in declared(document, item, operation) {
        let place = parameter.get("in").and_then(Value::as_str).unwrap_or("query");
        let Some(name) = parameter.get("name").and_then(Value::as_str) else {
            continue;
        };
        let transport = TRANSPORT_HEADERS.contains(&name.to_lowercase().as_str());
        match place {
            "body" => body = Some(parameter),
            "header" if transport => {}
            _ => {
                let required = place == "path" || truth(parameter, "required");
                flat.add(name, place, parameter_schema(parameter), required);
            }
        }
    }
    match (body, operation.get("requestBody")) {
        (Some(parameter), _) => {
            if let Some(schema) = parameter.get("schema") {
                add_body(document, schema, truth(parameter, "required"), &mut flat);
            }
        }
        (None, Some(request)) => add_request(document, request, &mut flat),
        (None, None) => {}
    }
    let mut schema = Object::new();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), flat.properties.into());
    schema.insert("required".into(), flat.required.into());
    if truth(operation, "deprecated") {
        schema.insert("deprecated".into(), true.into());
    }
    schema.into()
}

/// The parameters of the path and the operation; the operation's own win.
fn declared<'a>(document: &'a Value, item: &'a Object, operation: &'a Object) -> Vec<&'a Object> {
    let list = |object: &'a Object| {
        let list = object.get("parameters").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|p| refs::target(document, p)?.as_object())
    };
    let key = |p: &Object| (p.get("name").cloned(), p.get("in").cloned());
    let own: Vec<&Object> = list(operation).collect();
    let inherited = list(item).filter(|p| !own.iter().any(|mine| key(mine) == key(p)));
    inherited.chain(own.iter().copied()).collect()
}

/// A parameter's schema with what the parameter says around it.
fn parameter_schema(parameter: &Object) -> Value {
    let content = parameter.get("content").and_then(Value::as_object);
    let schema = parameter
        .get("schema")
        .or_else(|| content.and_then(|types| types.values().next()?.get("schema")));
    let mut schema = match schema {
        Some(Value::Object(schema)) => schema.clone(),
        // Swagger 2 keeps the type beside the name.
        _ => parameter
            .iter()
            .filter(|(key, _)| {
                !["name", "in", "required", "collectionFormat"].contains(&key.as_str())
            })
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    };
    for key in ["description", "example", "deprecated"] {
        if let Some(value) = parameter.get(key).filter(|value| **value != json!(false)) {
            schema.insert(key.to_owned(), value.clone());
        }
    }
    schema
        .remove("required")
        .filter(Value::is_array)
        .map(|list| schema.insert("required".into(), list));
    schema.into()
}

fn add_request(document: &Value, request: &Value, flat: &mut Flat) {
    let Some(request) = refs::target(document, request).and_then(Value::as_object) else {
        return;
    };
    let Some(content) = request.get("content").and_then(Value::as_object) else {
        return;
    };
    let required = truth(request, "required");
    match body_schema(content) {
        Some(schema) => add_body(document, schema, required, flat),
        None if !content.is_empty() => {
            let schema = json!({ "type": "string", "description": "The content to send." });
            flat.add("body", "request", schema, required);
        }
        None => {}
    }
}

/// The JSON schema of a content map, else a form's, else the first there is.
fn body_schema(content: &Object) -> Option<&Value> {
    let is_json = |kind: &str| kind.starts_with("application/json") || kind.ends_with("+json");
    let is_form = |kind: &str| kind.contains("form");
    let of = |wanted: &dyn Fn(&str) -> bool| {
        content.iter().find(|(kind, _)| wanted(kind)).and_then(|(_, media)| media.get("schema"))
    };
    of(&is_json).or_else(|| of(&is_form)).or_else(|| of(&|_| true))
}

/// A body that is an object becomes its properties; any other one parameter.
fn add_body(document: &Value, schema: &Value, required: bool, flat: &mut Flat) {
    let shallow = refs::shallow(document, schema);
    let Some(properties) = shallow.get("properties").and_then(Value::as_object) else {
        flat.add("body", "request", schema.clone(), required);
        return;
    };
    let names: Vec<&str> = shallow
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    for (name, property) in properties {
        let resolved = refs::target(document, property).unwrap_or(property);
        if resolved.get("readOnly") == Some(&Value::Bool(true)) {
            continue;
        }
        flat.add(name, "body", property.clone(), required && names.contains(&name.as_str()));
    }
}

/// The schema of the first successful answer that has one.
fn response<'a>(document: &'a Value, operation: &'a Object) -> Option<&'a Value> {
    let responses = operation.get("responses")?.as_object()?;
    let mut codes: Vec<&String> = responses.keys().filter(|code| code.starts_with('2')).collect();
    codes.sort();
    codes.into_iter().chain(responses.keys().filter(|code| *code == "default")).find_map(|code| {
        let answer = refs::target(document, responses.get(code)?)?.as_object()?;
        match answer.get("content").and_then(Value::as_object) {
            Some(content) => body_schema(content),
            None => answer.get("schema"),
        }
    })
}

fn truth(object: &Object, key: &str) -> bool {
    object.get(key) == Some(&Value::Bool(true))
}
