//! `x-facts`: what an output tells of the things it names.
//!
//! An output that names a thing tells more of it than the thing's own fields:
//! an application names a job and so its company. The library says so on the
//! identifier, as templates over the fields around it; here they are read in
//! both directions: facts told become known, and known ones are told again.

use magnet_proto::library::Function;
use magnet_proto::sample::Arguments;
use magnet_proto::shape::{Field, Shape, Type};
use serde_json::{Map, Value};

use super::facts::Facts;
use super::rules::{Scope, told};

/// Facts told of one thing.
pub(super) struct Told<'a> {
    /// The field or parameter that identifies the thing.
    pub(super) name: &'a str,
    pub(super) id: Value,
    pub(super) facts: Map<String, Value>,
}

/// Everything a call and its output tell of the things they name.
pub(super) fn facts<'a>(
    function: &'a Function,
    arguments: &Arguments,
    output: &Value,
) -> Vec<Told<'a>> {
    let mut all = Vec::new();
    if let (Some(shape), Some(root)) = (function.output(), output.as_object()) {
        of_object(function.params(), arguments, &Scope { siblings: root, arguments }, &mut all);
        of_value(shape, output, arguments, &mut all);
    }
    all
}

fn of_value<'a>(shape: &'a Shape, value: &Value, arguments: &Arguments, all: &mut Vec<Told<'a>>) {
    match (&shape.ty, value) {
        (Type::Object { fields }, Value::Object(object)) => {
            of_object(fields, object, &Scope { siblings: object, arguments }, all);
            for field in fields {
                if let Some(member) = object.get(&field.name) {
                    of_value(&field.shape, member, arguments, all);
                }
            }
        }
        (Type::Array { items, .. }, Value::Array(elements)) => {
            elements.iter().for_each(|element| of_value(items, element, arguments, all));
        }
        _ => {}
    }
}

fn of_object<'a>(
    fields: &'a [Field],
    object: &Map<String, Value>,
    scope: &Scope<'_>,
    all: &mut Vec<Told<'a>>,
) {
    for field in fields.iter().filter(|field| !field.shape.facts.is_empty()) {
        let Some(id) = object.get(&field.name).filter(|id| !id.is_null()) else { continue };
        let facts = field.shape.facts.iter();
        let facts = facts.filter_map(|(name, text)| Some((name.clone(), told(text, scope)?)));
        all.push(Told { name: &field.name, id: id.clone(), facts: facts.collect() });
    }
}

/// The known fact that a field tells again.
pub(super) fn again<'a>(
    facts: &'a Facts,
    templates: &[(String, String)],
    field: &str,
) -> Option<&'a Value> {
    let slot = |text: &str| text.strip_prefix('{')?.strip_suffix('}').map(|name| name == field);
    let (name, _) = templates.iter().find(|(_, text)| slot(text) == Some(true))?;
    Some(facts.get(name)?.value())
}
