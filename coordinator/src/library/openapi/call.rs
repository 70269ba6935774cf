//! What an operation takes, as one flat object, and where each of it goes.
//!
//! Path, query, header and cookie parameters and the properties of a body side
//! by side; where names clash, the later one is prefixed with its place
//! (`body_id`). A body that says more than which properties it has
//! (alternatives, maps, conditions) stays whole, as one parameter `body`.

use magnet_proto::operation::{Operation, Place, Sent, Style, is_json};
use serde_json::{Value, json};

use super::{Object, body, found, truth};
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
    called: Operation,
}

impl Flat {
    /// `clash` is what its name begins with where another has it, too.
    fn add(&mut self, name: &str, clash: &str, schema: Value, required: bool, sent: Sent) {
        let mut free = name.to_owned();
        while self.properties.contains_key(&free) {
            free = format!("{clash}_{free}");
        }
        if required {
            self.required.push(Value::from(free.as_str()));
        }
        let name = (free != name).then(|| name.to_owned());
        self.called.sent.insert(free.clone(), Sent { name, ..sent });
        self.properties.insert(free, schema);
    }
}

/// The schema of an operation's parameters, and how it is called with them.
pub(super) fn read(
    document: &Value,
    method: &str,
    path: &str,
    item: &Object,
    operation: &Object,
) -> Result<(Value, Operation), Refused> {
    let mut flat = Flat::default();
    flat.called.method = method.to_uppercase();
    flat.called.path = path.to_owned();
    let mut body = None;
    let declared = declared(document, item, operation)?;
    for name in undeclared(path, &declared) {
        let sent = Sent { place: Place::Path, style: Style::Commas, ..Sent::default() };
        flat.add(name, "path", json!({ "type": "string" }), true, sent);
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
            _ if is_credential(document, place, name) => {}
            _ => {
                let required = place == "path" || truth(parameter, "required");
                let sent = sent(parameter, place);
                if sent.place == Place::Member && flat.called.body.is_empty() {
                    flat.called.body = consumed(document, operation, FORM);
                }
                flat.add(name, place, schema_of(parameter), required, sent);
            }
        }
    }
    match (body, operation.get("requestBody")) {
        (Some(parameter), _) => {
            if let Some(schema) = parameter.get("schema") {
                flat.called.body = consumed(document, operation, JSON);
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
    Ok((schema.into(), flat.called))
}

/// Whether a parameter is the API's key: whoever sends the request has it.
fn is_credential(document: &Value, place: &str, name: &str) -> bool {
    let schemes = document.pointer("/components/securitySchemes");
    let schemes = schemes.or_else(|| document.get("securityDefinitions"));
    let mut schemes = schemes.and_then(Value::as_object).into_iter().flat_map(Object::values);
    let text = |scheme: &Value, key: &str| scheme.get(key)?.as_str().map(str::to_lowercase);
    schemes.any(|scheme| {
        text(scheme, "type").is_some_and(|kind| kind == "apikey")
            && text(scheme, "in").is_some_and(|at| at == place)
            && text(scheme, "name").is_some_and(|known| known == name.to_lowercase())
    })
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// What Swagger 2 says that a body is: `usual` where it may be.
fn consumed(document: &Value, operation: &Object, usual: &str) -> String {
    let consumes = operation.get("consumes").or_else(|| document.get("consumes"));
    let all = consumes.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let all: Vec<&str> = all.collect();
    let is_usual = |kind: &&str| *kind == usual || usual == JSON && is_json(kind);
    let kind = all.iter().copied().find(is_usual).or(all.first().copied());
    kind.unwrap_or(usual).to_owned()
}

/// Where a parameter goes, and how a list or an object of it is written.
fn sent(parameter: &Object, place: &str) -> Sent {
    let place = match place {
        "path" => Place::Path,
        "header" => Place::Header,
        "cookie" => Place::Cookie,
        "formData" => Place::Member,
        _ => Place::Query,
    };
    let text = |key: &str| parameter.get(key).and_then(Value::as_str);
    let explode = parameter.get("explode").and_then(Value::as_bool);
    let is_old = !parameter.contains_key("schema") && !parameter.contains_key("content");
    let style = match text("style").or(text("collectionFormat")) {
        _ if parameter.contains_key("content") => Style::Json,
        Some("deepObject") => Style::Deep,
        Some("multi") => Style::Repeated,
        Some("spaceDelimited" | "ssv") if explode != Some(true) => Style::Blanks,
        Some("pipeDelimited" | "pipes") if explode != Some(true) => Style::Pipes,
        _ if matches!(place, Place::Path | Place::Header) || is_old => Style::Commas,
        _ if explode == Some(false) => Style::Commas,
        _ => Style::Repeated,
    };
    Sent { place, name: None, style }
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
    let Some((media, schema)) = body(content) else {
        return Ok(());
    };
    flat.called.body = media.to_owned();
    match schema {
        Some(schema) => add_body(document, schema, required, flat),
        None => {
            let schema = json!({ "type": "string", "description": "The content to send." });
            flat.add("body", "request", schema, required, whole());
        }
    }
    Ok(())
}

/// A plain object becomes its properties; any other body is one parameter.
///
/// What a body requires is required even where the body as a whole may be left
/// out: a call without it would say nothing, with half of it nothing valid.
fn add_body(document: &Value, schema: &Value, required: bool, flat: &mut Flat) {
    match refs::plain_object(document, schema) {
        Some(mut plain) if !plain.properties.is_empty() => {
            if plain.is_open {
                for name in &plain.required {
                    plain.properties.entry(name).or_insert_with(|| json!({}));
                }
            }
            for (name, property) in plain.properties {
                let required = plain.required.contains(&name);
                let sent = Sent { place: Place::Member, ..Sent::default() };
                flat.add(&name, "body", property, required, sent);
            }
        }
        _ => flat.add("body", "request", schema.clone(), required, whole()),
    }
}

/// The body in one parameter.
fn whole() -> Sent {
    Sent { place: Place::Body, ..Sent::default() }
}
