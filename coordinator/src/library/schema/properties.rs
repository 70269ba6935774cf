//! `properties` and `required`, in all the forms people give them.

use serde_json::Value;

use super::{Mender, Object, Standing, types};
use crate::library::report::RepairKind;
use crate::library::text::{brief, kind, one_line};

/// The longest name of a property, in bytes.
const MAX_NAME: usize = 128;

impl<'a> Mender<'a> {
    /// An object of schemas, or a list of `{name, type, …}`.
    pub(super) fn properties(&mut self, value: &'a Value, out: &mut Object, depth: usize) {
        let mut properties = Object::new();
        let mut required = Vec::new();
        match value {
            Value::Object(map) => {
                for (name, raw) in map {
                    self.property(name, raw, depth, &mut properties, &mut required);
                }
            }
            Value::Array(list) => {
                self.note(RepairKind::Properties, "a list of properties became an object");
                for raw in list.iter().filter(|raw| !raw.is_null()) {
                    self.listed_property(raw, depth, &mut properties, &mut required);
                }
            }
            Value::Null => {}
            other => {
                self.note(RepairKind::Properties, format!("dropped: {} is no use", brief(other)));
            }
        }
        out.insert("properties".into(), properties.into());
        if !required.is_empty() {
            add_required(out, required);
        }
    }

    fn listed_property(
        &mut self,
        raw: &'a Value,
        depth: usize,
        properties: &mut Object,
        required: &mut Vec<Value>,
    ) {
        match raw.get("name").and_then(Value::as_str) {
            Some(name) => self.property(name, raw, depth, properties, required),
            None => {
                let what = format!("{} without a name was dropped", kind(raw));
                self.note(RepairKind::Properties, what);
            }
        }
    }

    fn property(
        &mut self,
        raw_name: &str,
        raw: &'a Value,
        depth: usize,
        properties: &mut Object,
        required: &mut Vec<Value>,
    ) {
        let Some(name) = self.property_name(raw_name, properties) else {
            return;
        };
        self.at("properties", |m| {
            m.at(&name, |m| {
                if matches!(raw, Value::Bool(false)) {
                    return m.note(RepairKind::Properties, "dropped: no value is ever allowed");
                }
                let schema = m.schema(raw, &name, Standing::Whole, depth + 1);
                if is_required(raw) {
                    m.note(RepairKind::Required, "\"required\" moved to the object's list");
                    required.push(Value::from(name.as_str()));
                }
                properties.insert(name.clone(), schema);
            });
        });
    }

    /// The mended name, if it is free.
    fn property_name(&mut self, raw: &str, taken: &Object) -> Option<String> {
        let name = mended_name(raw);
        if name.is_empty() {
            self.note(RepairKind::Properties, "a property without a name was dropped");
            return None;
        }
        if name != raw {
            let what = format!("\"{}\" is now named \"{}\"", one_line(raw), one_line(&name));
            self.note(RepairKind::Properties, what);
        }
        if taken.contains_key(&name) {
            self.note(
                RepairKind::Properties,
                format!("a second \"{}\" was dropped", one_line(&name)),
            );
            return None;
        }
        Some(name)
    }

    /// The object's list of required names. A boolean here belongs to the
    /// parent, which looks at it itself.
    pub(super) fn required(&mut self, value: &Value, out: &mut Object) {
        let names = match value {
            Value::Array(names) => names.clone(),
            Value::String(text) if !text.trim().is_empty() && text.parse::<bool>().is_err() => {
                self.note(RepairKind::Required, "a text of names became a list");
                text.split(',').map(|name| Value::from(name.trim())).collect()
            }
            Value::Bool(_) | Value::Null | Value::String(_) => return,
            other => {
                let what = format!("\"required\" dropped: {} is no use", brief(other));
                return self.note(RepairKind::Required, what);
            }
        };
        add_required(out, names);
    }
}

/// A name without control characters and quotes, of bounded length.
pub(super) fn mended_name(raw: &str) -> String {
    let bad = |c: char| c.is_control() || matches!(c, '"' | '\\' | '`');
    let mut name = raw.trim().replace(bad, "_");
    if let Some((end, _)) = name.char_indices().find(|(at, c)| at + c.len_utf8() > MAX_NAME) {
        name.truncate(end);
    }
    name
}

/// Whether the property itself says that it must be given.
fn is_required(raw: &Value) -> bool {
    match raw.get("required") {
        Some(Value::Bool(required)) => *required,
        Some(Value::String(text)) => {
            ["true", "yes", "required"].contains(&text.to_lowercase().as_str())
        }
        _ => false,
    }
}

fn add_required(out: &mut Object, names: Vec<Value>) {
    if let Value::Array(list) = out.entry("required").or_insert_with(|| Value::Array(Vec::new())) {
        for name in names {
            if !list.contains(&name) {
                list.push(name);
            }
        }
    }
}

/// Whether a bare map of parameters marks some of them as optional, by their
/// type, a default or `nullable`, which makes the others required:
/// `{"url": {"type": "str, optional"}, …}`. With `all`, also where none is.
pub(in crate::library) fn required_by_contrast(map: &Object, all: bool) -> Option<Vec<Value>> {
    let optional = |raw: &Value| {
        let reading = raw.get("type").and_then(Value::as_str).and_then(types::read);
        reading.is_some_and(|reading| reading.optional)
            || raw.get("default").is_some()
            || raw.get("nullable") == Some(&Value::Bool(true))
            || raw.get("required") == Some(&Value::Bool(false))
    };
    let contrast = (all || map.values().any(optional)) && !map.values().any(is_required);
    let others = map.iter().filter(|(_, raw)| !optional(raw)).map(|(name, _)| name.as_str().into());
    contrast.then(|| others.collect())
}

/// Whether a text is some type's name.
pub(in crate::library) fn is_type_name(text: &str) -> bool {
    types::read(text).is_some()
}
