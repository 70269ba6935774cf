//! One item of a list, read as a signature: under which keys its parts stand.
//!
//! Frameworks agree on what a function is and on no key's name. Each part has
//! a list of keys, tried in order; the function itself may be wrapped once
//! (`function`, `toolSpec`, or alone under any key). A key that is not known but
//! holds what looks like parameters is read if its name says so, and told
//! otherwise: a function that seems to take nothing would be called with
//! nothing. Not here: what the parts mean (`function`).

use std::borrow::Cow;

use magnet_proto::operation::Operation;
use magnet_proto::shape;
use serde_json::{Map, Value};

use super::report::{Refused, RepairKind};
use super::text::{brief, kind, one_line};

/// A function as its file gives it.
#[derive(Default)]
pub(super) struct Signature<'a> {
    pub(super) name: Option<Cow<'a, Value>>,
    pub(super) description: Option<Cow<'a, Value>>,
    /// With the key it stood under.
    pub(super) parameters: Option<(&'a str, Cow<'a, Value>)>,
    pub(super) response: Option<(&'a str, Cow<'a, Value>)>,
    /// Required names that stand beside the parameters rather than in them.
    pub(super) required: Option<&'a Value>,
    pub(super) category: Option<String>,
    pub(super) class: Option<String>,
    /// Where `#/…` references are looked up beside the schema itself,
    /// innermost first.
    pub(super) roots: Vec<&'a Value>,
    pub(super) origin: Origin,
    /// How it is called, if that is told; by the parameters' names as they
    /// stand here.
    pub(super) operation: Option<Operation>,
    /// What was seen on the way and must be told.
    pub(super) remarks: Vec<Remark>,
}

/// Whose schemas these are: an API's description marks what only one side
/// sends, and means it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Origin {
    #[default]
    Tool,
    Api,
}

/// A repair made before the function had notes of its own.
pub(super) struct Remark {
    pub(super) kind: RepairKind,
    pub(super) pointer: String,
    pub(super) what: String,
}

impl Signature<'_> {
    /// Gives it the key it stood under as its name.
    pub(super) fn name_if_nameless(&mut self, name: &str) {
        self.name.get_or_insert_with(|| Cow::Owned(Value::from(name)));
    }
}

type Object = Map<String, Value>;

/// Keys around the function itself.
const WRAPPERS: &[&str] =
    &["function", "toolSpec", "tool_spec", "functionDeclaration", "function_declaration"];
const NAME: &[&str] = &["name", "api_name", "function_name", "slug"];
const DESCRIPTION: &[&str] = &["description", "api_description", "title", "summary"];
const PARAMETERS: &[&str] = &[
    "parameters", "inputSchema", "input_schema", "arguments", "input_parameters",
    "inputParameters", "parameter_definitions", "parameterDefinitions", "parametersJsonSchema",
    "parameters_json_schema", "args_schema", "fn_schema",
];
/// Keys that many other things have, too.
const ALSO_PARAMETERS: &[&str] = &["inputs", "params", "args"];
/// Parameters in two lists, as RapidAPI describes them.
const LISTED: &[&str] = &["required_parameters", "optional_parameters"];
const RESPONSE: &[&str] = &[
    "response", "output_schema", "outputSchema", "response_schema", "output_parameters",
    "responseJsonSchema", "response_json_schema", "returns", "output_type",
];
/// Keys of what was said, in rows of a dataset.
const CONVERSATION: &[&str] = &["messages", "conversations", "chat"];
const CATEGORY: &[&str] = &["x-group", "category", "category_name"];
const CLASS: &[&str] = &["x-class", "tool_name"];

/// Whether an object is surely one function. Many other things have a name
/// and a description.
pub(super) fn is_function(object: &Object) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| object.contains_key(*key));
    WRAPPERS.iter().any(|key| object.get(*key).is_some_and(Value::is_object))
        || ((has(NAME) || identity(object).is_some()) && (has(PARAMETERS) || has(LISTED)))
}

/// The name inside of `identity`, where Dify keeps it.
fn identity(object: &Object) -> Option<&Value> {
    object.get("identity")?.get("name")
}

/// Whether a value surely describes a function: a call, too, has a name and
/// arguments.
pub(super) fn is_described(value: &Value) -> bool {
    let Some(object) = value.as_object() else { return false };
    let (function, _) = unwrapped(value, object).unwrap_or((object, value));
    let has = |keys: &[&str]| keys.iter().any(|key| function.contains_key(*key));
    let is_told = DESCRIPTION.iter().any(|key| function.get(*key).is_some_and(Value::is_string));
    has(NAME) && (declares(function) || (is_told && has(PARAMETERS)))
}

/// Whether it says what it takes, rather than what it was given.
fn declares(function: &Object) -> bool {
    PARAMETERS.iter().any(|key| function.get(*key).is_some_and(looks_like_parameters))
}

/// Whether an object describes a function, but for its name.
pub(super) fn is_nameless_function(value: &Value) -> bool {
    value.as_object().is_some_and(|function| {
        let has = |keys: &[&str]| keys.iter().any(|key| function.contains_key(*key));
        has(PARAMETERS) && has(DESCRIPTION)
    })
}

/// Reads one item; `outer` are the objects around it, innermost first, whose
/// groups it inherits.
pub(super) fn read<'a>(
    item: &'a Value,
    object: &'a Object,
    outer: &[&'a Object],
    document: &'a Value,
) -> Result<Signature<'a>, Refused> {
    let (function, inner) = unwrapped(item, object)?;
    refuse_foreign(object, std::ptr::eq(function, object))?;
    let own = [function, object];
    let around: Vec<&Object> = own.into_iter().chain(outer.iter().copied()).collect();
    let name = name(&own);
    let named = |refused: Refused| match name.and_then(Value::as_str) {
        Some(name) => refused.named(name),
        None => refused,
    };
    let mut remarks = Vec::new();
    Ok(Signature {
        name: name.map(Cow::Borrowed),
        description: find(&own, DESCRIPTION).map(|(_, value)| Cow::Borrowed(value)),
        parameters: parameters(function, &own, &mut remarks).map_err(named)?,
        required: find(&own, &["required"]).map(|(_, names)| names),
        response: find(&own, RESPONSE).map(|(key, value)| (key, Cow::Borrowed(value))),
        category: find(&around, CATEGORY).and_then(|(_, value)| group_name(value)),
        class: find(&around, CLASS).and_then(|(_, value)| group_name(value)),
        roots: vec![inner, item, document],
        origin: Origin::Tool,
        operation: None,
        remarks,
    })
}

/// Refuses what is no function, but something that stands beside them.
fn refuse_foreign(object: &Object, is_bare: bool) -> Result<(), Refused> {
    let has = |keys: &[&str]| keys.iter().any(|key| object.contains_key(*key));
    if !is_bare || has(WRAPPERS) || has(PARAMETERS) || has(ALSO_PARAMETERS) {
        return Ok(());
    }
    if has(CONVERSATION) && !has(NAME) {
        return Err(Refused::new(
            "it is a conversation, and no functions are read from it",
            "give the tools it was held with under \"tools\", as JSON",
        ));
    }
    let own_kind = object.iter().next().filter(|(_, of)| object.len() == 1 && of.is_object());
    let found = match (object.get("type"), own_kind) {
        (Some(Value::String(kind)), _) if kind != "function" => {
            format!("its type is {}, not \"function\"", brief(&Value::from(kind.as_str())))
        }
        (_, Some((key, _))) => {
            format!("it is {}, not a function", brief(&Value::from(key.as_str())))
        }
        _ => return Ok(()),
    };
    let hint = "a provider's own tools have no signature to learn from: remove it";
    let refused = Refused::new(found, hint);
    Err(match find(&[object], NAME).and_then(|(_, name)| name.as_str()) {
        Some(name) => refused.named(name),
        None => refused,
    })
}

/// The function inside its wrapper, if it has one.
fn unwrapped<'a>(item: &'a Value, object: &'a Object) -> Result<(&'a Object, &'a Value), Refused> {
    let wrapped = WRAPPERS.iter().find_map(|key| Some((*key, object.get(*key)?)));
    match wrapped {
        Some((_, inner @ Value::Object(function))) => Ok((function, inner)),
        Some((key, other)) if find(&[object], NAME).is_none() => Err(Refused::new(
            format!("its key \"{key}\" is {}", kind(other)),
            "make it an object with a name, a description and parameters",
        )),
        _ => Ok(alone_inside(object).unwrap_or((object, item))),
    }
}

/// The only function that a nameless object holds, whatever its key.
fn alone_inside(object: &Object) -> Option<(&Object, &Value)> {
    let is_nameless = find(&[object], NAME).is_none() && find(&[object], PARAMETERS).is_none();
    let is_function = |value: &&Value| {
        value.as_object().is_some_and(|it| find(&[it], NAME).is_some() && declares(it))
    };
    let mut inside = object.values().filter(|_| is_nameless).filter(is_function);
    let (inner, other) = (inside.next()?, inside.next());
    Some((inner.as_object().filter(|_| other.is_none())?, inner))
}

/// The name, or the slug beside a name that is a title: "Send mail" is called
/// as MAIL_SEND.
fn name<'a>(own: &[&'a Object]) -> Option<&'a Value> {
    let Some((_, name)) = find(own, NAME) else {
        return own.iter().find_map(|level| identity(level));
    };
    let is_title = name.as_str().is_some_and(|name| name.trim().contains(' '));
    let slug =
        find(own, &["slug"]).map(|(_, slug)| slug).filter(|slug| is_title && slug.is_string());
    Some(slug.unwrap_or(name))
}

fn parameters<'a>(
    function: &'a Object,
    own: &[&'a Object],
    remarks: &mut Vec<Remark>,
) -> Result<Option<(&'a str, Cow<'a, Value>)>, Refused> {
    let known = || all(own, PARAMETERS).chain(all(own, ALSO_PARAMETERS));
    // An empty one may stand beside the one that is meant.
    let found = known().find(|(_, value)| !is_empty(value)).or_else(|| known().next());
    if let Some((key, Value::Object(schema))) = found
        && ["_def", "~standard"].iter().any(|key| schema.contains_key(*key))
    {
        return Err(Refused::new(
            format!("its \"{key}\" is a validator of another language, not a JSON Schema"),
            "write the schema that it stands for, as z.toJSONSchema() gives it",
        ));
    }
    let found = found.map(|(key, value)| (key, Cow::Borrowed(value)));
    if let Some(found) = found.or_else(|| listed_parameters(function)) {
        remarks.extend(unread(function).map(|(key, _)| Remark {
            kind: RepairKind::Unread,
            pointer: format!("/{key}"),
            what: format!("it looks like parameters, but \"{}\" was read", found.0),
        }));
        return Ok(Some(found));
    }
    let Some((key, value)) = unread(function) else {
        return match own.iter().find_map(|level| level.get("signature")?.as_str()) {
            Some(text) if takes_something(text) => Err(Refused::new(
                format!("it has a signature as text and no parameters: {}", one_line(text)),
                "write what it takes under \"parameters\", as a JSON Schema",
            )),
            _ => Ok(None),
        };
    };
    if !shape::words(key).any(|word| NAMED_SO.contains(&word.as_str())) {
        return Err(Refused::new(
            format!("\"{}\" looks like its parameters, but is not read", one_line(key)),
            "name the key \"parameters\", or remove it if the function takes nothing",
        ));
    }
    remarks.push(Remark {
        kind: RepairKind::Properties,
        pointer: format!("/{key}"),
        what: "read as the parameters".to_owned(),
    });
    Ok(Some((key, Cow::Borrowed(value))))
}

/// Whether there is something between the parentheses of `name(a: int) -> str`.
fn takes_something(signature: &str) -> bool {
    let inside = signature.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
    inside.is_some_and(|(inside, _)| !inside.trim().is_empty())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// Words in a key that say "parameters".
const NAMED_SO: &[&str] = &[
    "parameter", "parameters", "param", "params", "argument", "arguments", "arg", "args", "input",
    "inputs",
];
/// Words in a key that say what else a schema may be of.
const NAMED_OTHERWISE: &[&str] = &[
    "output", "outputs", "return", "returns", "result", "results", "response", "responses",
    "error", "errors", "example", "examples", "annotation", "annotations", "meta", "metadata",
    "auth", "authentication", "security", "config", "definitions", "defs",
];

/// A key that is not read, but holds what looks like parameters.
fn unread(function: &Object) -> Option<(&str, &Value)> {
    let known = |key: &str| {
        [
            WRAPPERS, NAME, DESCRIPTION, PARAMETERS, ALSO_PARAMETERS, LISTED, RESPONSE, CATEGORY,
            CLASS,
        ]
        .iter()
        .any(|keys| keys.contains(&key))
    };
    let otherwise = |key: &str| shape::words(key).any(|w| NAMED_OTHERWISE.contains(&w.as_str()));
    function
        .iter()
        .map(|(key, value)| (key.as_str(), value))
        .filter(|(key, _)| !known(key) && !key.starts_with(['_', '$']) && !key.starts_with("x-"))
        .find(|(key, value)| looks_like_parameters(value) && !otherwise(key))
}

fn looks_like_parameters(value: &Value) -> bool {
    let typed = |value: &Value| {
        value.as_object().is_some_and(|property| property.get("type").is_some_and(Value::is_string))
    };
    match value {
        Value::Object(object) => {
            let declared = object.get("properties").and_then(Value::as_object);
            declared.is_some_and(|properties| !properties.is_empty())
                || (!object.is_empty() && object.values().all(typed))
                || (object.len() == 1 && object.values().all(looks_like_parameters))
        }
        Value::Array(list) => {
            !list.is_empty() && list.iter().all(|item| typed(item) && item.get("name").is_some())
        }
        _ => false,
    }
}

/// The first key of `keys` that the levels know, with its value.
fn find<'a>(levels: &[&'a Object], keys: &[&'static str]) -> Option<(&'static str, &'a Value)> {
    all(levels, keys).next()
}

fn all<'a>(
    levels: &[&'a Object],
    keys: &[&'static str],
) -> impl Iterator<Item = (&'static str, &'a Value)> {
    let at = move |key: &&'static str| {
        let value = levels.iter().find_map(|level| level.get(*key))?;
        (!value.is_null()).then_some((*key, value))
    };
    keys.iter().filter_map(at)
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
