//! One signature becomes one function: its parts mended, or the refusal.
//!
//! Parameters must be, or must be readable as, an object; the finished schema
//! is compiled once, so that every function of a library can be validated
//! against. An output schema that is no use is dropped, never a reason to
//! refuse. Not here: whether the name is free (`naming`), groups (`groups`).

use std::borrow::Cow;

use magnet_proto::library::Document;
use magnet_proto::operation::{Operation, Sent};
use serde_json::{Map, Value, json};

use super::naming;
use super::report::{Notes, Refused, RepairKind};
use super::schema::{self, Cut, Memory, Mender, Side};
use super::signature::Signature;
use super::text::{brief, clean, kind, one_line, shortened};

/// The longest description of a function, in characters.
const MAX_DESCRIPTION: usize = 4_000;

type Object = Map<String, Value>;

/// How the function is called, by its parameters' mended names.
pub(super) fn operation(signature: &mut Signature<'_>) -> Option<Operation> {
    let mut operation = signature.operation.take()?;
    let mended = std::mem::take(&mut operation.sent).into_iter().map(|(raw, sent)| {
        let name = schema::mended_name(&raw);
        let own = (name != raw).then_some(raw);
        (name, Sent { name: sent.name.or(own), ..sent })
    });
    operation.sent = mended.collect();
    Some(operation)
}

/// The function a signature describes. `name` may still be illegal or taken;
/// category and class are empty where the file says nothing.
pub(super) fn normalize(
    signature: &Signature<'_>,
    notes: &mut Notes,
    memory: &mut Memory,
) -> Result<Document, Refused> {
    let name = name(signature)?;
    for remark in &signature.remarks {
        notes.note(remark.kind, &remark.pointer, remark.what.as_str());
    }
    let named = |refused: Refused| refused.named(&name);
    let description = description(signature.description.as_deref(), notes);
    let parameters = parameters(signature, notes, memory).map_err(named)?;
    let response = response(signature, notes, memory);
    let (category, class) = groups(signature);
    Ok(Document { description, category, class, parameters, response, name })
}

fn name(signature: &Signature<'_>) -> Result<String, Refused> {
    let hint = "give it a \"name\" of 1 to 64 letters, digits, _, . or -";
    match signature.name.as_deref() {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(naming::bounded(text)),
        Some(Value::String(_)) => Err(Refused::new("its name is empty", hint)),
        Some(other) => Err(Refused::new(format!("its name is {}", kind(other)), hint)),
        None => Err(Refused::new("it has no name", hint)),
    }
}

fn description(raw: Option<&Value>, notes: &mut Notes) -> String {
    let Some(raw) = raw else { return String::new() };
    // Some have one for people and one for models.
    let Some(text) = raw.as_str().or_else(|| raw.get("llm")?.as_str()) else {
        let what = format!("dropped: {} is no description", brief(raw));
        notes.note(RepairKind::Text, "/description", what);
        return String::new();
    };
    let cleaned = clean(text);
    if cleaned.len() < text.trim().len() {
        notes.note(RepairKind::Text, "/description", "control characters removed");
    }
    match shortened(&cleaned, MAX_DESCRIPTION) {
        Some(short) => {
            let length = cleaned.chars().count();
            let what = format!("shortened from {length} to {MAX_DESCRIPTION} characters");
            notes.note(RepairKind::Text, "/description", what);
            short
        }
        None => cleaned.into_owned(),
    }
}

fn parameters(
    signature: &Signature<'_>,
    notes: &mut Notes,
    memory: &mut Memory,
) -> Result<Value, Refused> {
    let Some((key, raw)) = &signature.parameters else {
        return Ok(no_parameters());
    };
    let pointer = format!("/{key}");
    let root = as_object_schema(raw, &pointer, notes).ok_or_else(|| {
        Refused::new(
            misfit(key, raw),
            format!("make \"{key}\" an object schema: {{\"type\": \"object\", \"properties\": …}}"),
        )
    })?;
    let root = with_required(root, signature.required, &pointer, notes);
    let roots = roots(&root, signature);
    let mut mender = Mender::new(Side::Input, signature.origin, key, &roots, notes, memory);
    let mended = mender.mend(&root).map_err(|cut| endless(key, cut))?;
    let mut object = match mended {
        Value::Object(object) => object,
        _ => Object::new(),
    };
    make_root(&mut object).map_err(|ty| {
        Refused::new(
            format!("its \"{key}\" is of type {ty}, not an object"),
            "put the value into an object: {\"type\": \"object\", \"properties\": {\"value\": …}}",
        )
    })?;
    let parameters = Value::Object(object);
    jsonschema::validator_for(&parameters).map_err(|error| {
        let place = format!("{pointer}{}", error.instance_path());
        Refused::new(
            format!(
                "its schema is invalid at {}: {}",
                one_line(&place),
                one_line(&error.to_string())
            ),
            "mend the keyword there, or remove it",
        )
    })?;
    Ok(parameters)
}

/// The names that stand beside the parameters, where these say nothing of it.
fn with_required<'a>(
    root: Cow<'a, Value>,
    names: Option<&Value>,
    pointer: &str,
    notes: &mut Notes,
) -> Cow<'a, Value> {
    let Some(Value::Array(names)) = names else { return root };
    let own = root.get("required").and_then(Value::as_array);
    let declared = |name: &Value| {
        name.as_str().is_some_and(|name| {
            root.pointer("/properties").is_some_and(|all| all.get(name).is_some())
        })
    };
    let is_told = own.is_some_and(|own| !own.is_empty());
    if names.is_empty() || is_told || !names.iter().all(declared) {
        return root;
    }
    notes.note(RepairKind::Required, pointer, "the required names beside it were read");
    let mut root = root.into_owned();
    if let Value::Object(object) = &mut root {
        object.insert("required".into(), names.clone().into());
    }
    Cow::Owned(root)
}

/// No call of finite size can be valid, or none of a size worth having.
fn endless(key: &str, cut: Cut) -> Refused {
    let why = match cut {
        Cut::Recursion => "requires itself without end",
        Cut::Size => "requires more than any call has room for",
    };
    Refused::new(
        format!("its \"{key}\" {why}"),
        "make a property on the way optional, or allow an empty list",
    )
}

/// What keeps a value from being parameters.
fn misfit(key: &str, raw: &Value) -> String {
    let map = raw.as_object();
    match map.and_then(|map| map.iter().find(|(_, value)| !is_property(value))) {
        Some((name, value)) => {
            format!("\"{}\" in its \"{key}\" is {}, not a schema", one_line(name), brief(value))
        }
        None => format!("its \"{key}\" is {}", brief(raw)),
    }
}

fn no_parameters() -> Value {
    json!({ "type": "object", "properties": {}, "required": [] })
}

/// The schema itself first, then where the signature came from.
fn roots<'a>(root: &'a Value, signature: &'a Signature<'_>) -> Vec<&'a Value> {
    std::iter::once(root).chain(signature.roots.iter().copied()).collect()
}

/// The value read as an object's schema: as one, as a list or a map of
/// parameters, as JSON text of any of these.
fn as_object_schema<'a>(
    raw: &'a Value,
    pointer: &str,
    notes: &mut Notes,
) -> Option<Cow<'a, Value>> {
    if let Some(inner) = wrapped_schema(raw) {
        return as_object_schema(inner, pointer, notes);
    }
    match raw {
        Value::Null => Some(Cow::Owned(no_parameters())),
        Value::Object(object) if object.is_empty() => Some(Cow::Owned(no_parameters())),
        Value::Object(object) if is_schema(object) => Some(Cow::Borrowed(raw)),
        Value::Object(map) if map.values().all(is_property) => {
            notes.note(
                RepairKind::Properties,
                pointer,
                "a bare map of parameters became an object schema",
            );
            // Where this key is at home, all are required that are not nullable.
            let all = pointer == "/inputs";
            let required = schema::required_by_contrast(map, all).unwrap_or_default();
            Some(Cow::Owned(json!({ "type": "object", "properties": map, "required": required })))
        }
        Value::Array(list) => {
            if !list.is_empty() {
                notes.note(
                    RepairKind::Properties,
                    pointer,
                    "a list of parameters became an object schema",
                );
            }
            let named = |raw: &&Value| raw.get("name").is_some_and(Value::is_string);
            let properties: Vec<&Value> = list.iter().filter(|raw| !raw.is_null()).collect();
            if !properties.iter().all(named) {
                return None;
            }
            let map: Object = properties
                .into_iter()
                .map(|raw| (raw["name"].as_str().unwrap_or_default().to_owned(), listed(raw)))
                .collect();
            Some(Cow::Owned(json!({ "type": "object", "properties": map })))
        }
        Value::String(text) if text.trim().is_empty() => Some(Cow::Owned(no_parameters())),
        Value::String(text) => {
            let inner: Value =
                serde_json::from_str(text).ok().filter(|v: &Value| !v.is_string())?;
            notes.note(RepairKind::Properties, pointer, "a schema in a text was read");
            as_object_schema(&inner, pointer, notes).map(|schema| Cow::Owned(schema.into_owned()))
        }
        _ => None,
    }
}

/// The schema inside `{"json": …}`, as some frameworks wrap it.
fn wrapped_schema(raw: &Value) -> Option<&Value> {
    let map = raw.as_object().filter(|map| !is_schema(map))?;
    let inner =
        ["jsonSchema", "json_schema", "json", "schema"].iter().find_map(|key| map.get(*key))?;
    let is_objects_schema = match inner {
        Value::Object(object) => {
            object.get("type").is_some_and(|ty| ty == "object")
                || object.get("properties").is_some_and(Value::is_object)
                || object.contains_key("$ref")
        }
        Value::String(text) => text.trim_start().starts_with('{'),
        _ => false,
    };
    // Beside it stand at most a name and flags.
    let alone = map.values().filter(|value| value.is_object()).count() <= 1;
    (is_objects_schema && alone).then_some(inner)
}

/// A listed parameter as a property: without its name, the schema inside of it
/// in its place, and what else is told under other names.
fn listed(raw: &Value) -> Value {
    const OTHER_NAMES: [(&str, &str); 6] = [
        ("type_", "type"),
        ("is_required", "required"),
        ("isRequired", "required"),
        ("default_value", "default"),
        ("defaultValue", "default"),
        ("llm_description", "description"),
    ];
    let Some(object) = raw.as_object() else { return raw.clone() };
    let mut own = object.clone();
    own.shift_remove("name");
    for key in ["schema", "schema_data"] {
        if own.get(key).is_some_and(Value::is_object)
            && let Some(Value::Object(schema)) = own.shift_remove(key)
        {
            own.extend(schema);
        }
    }
    for (theirs, ours) in OTHER_NAMES {
        if let Some(value) = own.shift_remove(theirs).filter(|value| !value.is_null()) {
            own.entry(ours).or_insert(value);
        }
    }
    if let Some(Value::Array(options)) = own.shift_remove("options") {
        let values = options.iter().map(|option| option.get("value").unwrap_or(option).clone());
        own.entry("enum").or_insert(values.collect());
    }
    own.into()
}

/// Whether an object is a schema rather than a map of properties.
fn is_schema(object: &Object) -> bool {
    let is = |key: &str, test: fn(&Value) -> bool| object.get(key).is_some_and(test);
    match object.get("type") {
        Some(Value::String(text)) => return schema::is_type_name(text) || object.len() == 1,
        Some(Value::Array(_)) => return true,
        _ => {}
    }
    is("properties", |v| v.is_object() || v.is_array())
        || is("$ref", Value::is_string)
        || ["allOf", "anyOf", "oneOf", "enum", "required"]
            .iter()
            .any(|key| is(key, Value::is_array))
        || (is("items", |v| v.is_object()) && object.len() == 1)
        || object.keys().all(|key| {
            matches!(
                key.as_str(),
                "description" | "title" | "$schema" | "required" | "type" | "additionalProperties"
            )
        }) && !object.values().any(|value| value.get("type").is_some())
}

/// Whether a value can be a property's schema: an object, or a type's name.
fn is_property(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::String(text) => schema::is_type_name(text),
        _ => false,
    }
}

/// Makes the mended root an object's schema, or says what type it is.
fn make_root(object: &mut Object) -> Result<(), String> {
    match object.get("type") {
        Some(Value::String(ty)) if ty != "object" => return Err(brief(&Value::from(ty.as_str()))),
        Some(Value::Array(names)) if !names.contains(&json!("object")) => {
            return Err(brief(&names[0]));
        }
        _ => {}
    }
    object.shift_remove("type");
    object.shift_insert(0, "type".into(), "object".into());
    let composed = object.contains_key("anyOf") || object.contains_key("oneOf");
    if !composed && !object.contains_key("properties") {
        object.insert("properties".into(), Object::new().into());
        object.shift_remove("required");
    }
    for key in ["default", "examples", "enum", "const", "title"] {
        object.shift_remove(key);
    }
    Ok(())
}

fn response(signature: &Signature<'_>, notes: &mut Notes, memory: &mut Memory) -> Option<Value> {
    let (key, raw) = signature.response.as_ref()?;
    let pointer = format!("/{key}");
    // Prose, or a type that says no more than "object".
    if matches!(*key, "returns" | "output_type") && raw.is_string() {
        return None;
    }
    let Some(root) = as_output_schema(raw, &pointer, notes) else {
        let empty = matches!(&**raw, Value::Object(object) if object.is_empty());
        if !empty {
            let what = format!("dropped: {} is no schema", brief(raw));
            notes.note(RepairKind::Response, &pointer, what);
        }
        return None;
    };
    let roots = roots(&root, signature);
    let mut mender = Mender::new(Side::Output, signature.origin, key, &roots, notes, memory);
    let mended = match mender.mend(&root) {
        Ok(mended) => mended,
        Err(cut) => {
            notes.note(RepairKind::Response, &pointer, format_args!("dropped: {cut}"));
            return None;
        }
    };
    if mended.as_object().is_none_or(Map::is_empty) {
        return None;
    }
    match jsonschema::validator_for(&mended) {
        Ok(_) => Some(mended),
        Err(error) => {
            let what = format!("dropped: {}", one_line(&error.to_string()));
            notes.note(RepairKind::Response, &pointer, what);
            None
        }
    }
}

fn as_output_schema<'a>(
    raw: &'a Value,
    pointer: &str,
    notes: &mut Notes,
) -> Option<Cow<'a, Value>> {
    if let Some(inner) = wrapped_schema(raw) {
        return as_output_schema(inner, pointer, notes);
    }
    match raw {
        Value::Object(object) if object.is_empty() => None,
        Value::Object(object) if is_schema(object) => Some(Cow::Borrowed(raw)),
        Value::Object(map) if map.values().all(is_property) => {
            notes.note(
                RepairKind::Properties,
                pointer,
                "a bare map of properties became an object schema",
            );
            Some(Cow::Owned(json!({ "type": "object", "properties": map })))
        }
        Value::Array(list) => match list.as_slice() {
            [item @ Value::Object(inner)] if is_schema(inner) => {
                notes.note(
                    RepairKind::Properties,
                    pointer,
                    "a list of one schema became a list's schema",
                );
                Some(Cow::Owned(json!({ "type": "array", "items": item })))
            }
            _ => None,
        },
        Value::String(text) => {
            let inner: Value = serde_json::from_str(text).ok().filter(Value::is_object)?;
            as_output_schema(&inner, pointer, notes).map(|schema| Cow::Owned(schema.into_owned()))
        }
        _ => None,
    }
}

/// Category and class: "Movies:MoviesDatabase" holds both.
fn groups(signature: &Signature<'_>) -> (String, String) {
    let class = signature.class.clone().unwrap_or_default();
    match &signature.category {
        None => (class, String::new()),
        Some(group) => match group.split_once(':') {
            Some((category, inner)) if !category.trim().is_empty() && !inner.trim().is_empty() => {
                let inner = if class.is_empty() { inner.trim().to_owned() } else { class };
                (category.trim().to_owned(), inner)
            }
            _ => (group.clone(), class),
        },
    }
}
