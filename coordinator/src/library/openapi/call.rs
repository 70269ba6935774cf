//! What an operation takes, as one flat object.
//!
//! Path, query, header and cookie parameters and the properties of a body side
//! by side; where names clash, the later one is prefixed with its place
//! (`body_id`). A body that says more than which properties it has
//! (alternatives, maps, conditions) stays whole, as one parameter `body`.

use serde_json::{Value, json};

use super::{Object, body_schema, found, truth};
use crate::library::report::Refused;
use crate::library::schema::refs;

/// Set by the client that sends a request, never by who decides on a call.
const TRANSPORT_HEADERS: &[&str] =
    &["authorization", "accept", "content-type", "content-length", "user-agent", "host"];

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

pub(super) fn parameters(
    document: &Value,
    path: &str,
    item: &Object,
    operation: &Object,
) -> Result<Value, Refused> {
    let mut flat = Flat::default();
    let mut body = None;
    let declared = declared(document, item, operation)?;
    for name in undeclared(path, &declared) {
        flat.add(name, "path", json!({ "type": "string" }), true);
    }
    for parameter in declared {
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
                flat.add(name, place, schema_of(parameter), required);
            }
        }
    }
    match (body, operation.get("requestBody")) {
        (Some(parameter), _) => {
            if let Some(schema) = parameter.get("schema") {
                add_body(document, schema, truth(parameter, "required"), &mut flat);
            }
        }
        (None, Some(request)) => add_request(document, request, &mut flat)?,
        (None, None) => {}
    }
    let mut schema = Object::new();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), flat.properties.into());
    schema.insert("required".into(), flat.required.into());
    if truth(operation, "deprecated") {
        schema.insert("deprecated".into(), true.into());
    }
    Ok(schema.into())
}

/// The parameters of the path and the operation; the operation's own win.
fn declared<'a>(
    document: &'a Value,
    item: &'a Object,
    operation: &'a Object,
) -> Result<Vec<&'a Object>, Refused> {
    let list = |object: &'a Object| {
        let list = object.get("parameters").and_then(Value::as_array);
        let all = list.into_iter().flatten().map(|parameter| found(document, parameter));
        let all: Result<Vec<&Value>, Refused> = all.collect();
        all.map(|all| all.into_iter().filter_map(Value::as_object).collect::<Vec<_>>())
    };
    let key = |p: &Object| (p.get("name").cloned(), p.get("in").cloned());
    let own = list(operation)?;
    let mut all = list(item)?;
    all.retain(|inherited| !own.iter().any(|mine| key(mine) == key(inherited)));
    all.extend(own);
    Ok(all)
}

/// The names in a path's braces that no parameter declares.
fn undeclared<'a>(path: &'a str, declared: &[&Object]) -> Vec<&'a str> {
    let known = |name: &str| {
        declared.iter().any(|parameter| {
            parameter.get("in").is_some_and(|place| place == "path")
                && parameter.get("name").is_some_and(|known| known == name)
        })
    };
    let braces = path.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    braces.filter(|name| !name.is_empty() && !known(name)).collect()
}

/// A parameter's schema with what the parameter says around it.
fn schema_of(parameter: &Object) -> Value {
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
    // The id in a path is sent, whatever the resource's own schema says of it.
    schema.insert("readOnly".into(), false.into());
    schema.into()
}

fn add_request(document: &Value, request: &Value, flat: &mut Flat) -> Result<(), Refused> {
    let Some(request) = found(document, request)?.as_object() else {
        return Ok(());
    };
    let Some(content) = request.get("content").and_then(Value::as_object) else {
        return Ok(());
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
    Ok(())
}

/// A plain object becomes its properties; any other body is one parameter.
///
/// What a body requires is required even where the body as a whole may be left
/// out: a call without it would say nothing, with half of it nothing valid.
fn add_body(document: &Value, schema: &Value, required: bool, flat: &mut Flat) {
    match refs::plain_object(document, schema) {
        Some(plain) if !plain.properties.is_empty() => {
            for (name, property) in plain.properties {
                let required = plain.required.contains(&name);
                flat.add(&name, "body", property, required);
            }
        }
        _ => flat.add("body", "request", schema.clone(), required),
    }
}
