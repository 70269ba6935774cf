//! `properties` and `required`, in all the forms people give them.

use serde_json::Value;

use super::{
    Cut, LEFT_OUT, Mender, ONE_WAY, Object, Origin, Place, SENDERS, Side, Standing, types,
};
use crate::library::report::RepairKind;
use crate::library::text::{brief, kind, one_line};

/// The longest name of a property, in bytes.
const MAX_NAME: usize = 128;

/// The properties of one object under work.
#[derive(Default)]
struct Made {
    properties: Object,
    /// Names that say of themselves that they are required.
    required: Vec<Value>,
    /// Names without a form here.
    cut: Vec<Value>,
    /// Names that only the other side sends.
    one_way: Vec<Value>,
}

impl<'a> Mender<'a> {
    /// An object of schemas, or a list of `{name, type, …}`; `wanted` are the
    /// required names.
    pub(super) fn properties(
        &mut self,
        value: &'a Value,
        out: &mut Object,
        depth: usize,
        wanted: &[&str],
    ) -> Result<(), Cut> {
        let mut made = Made::default();
        match value {
            Value::Object(map) => {
                for (name, raw) in map {
                    self.property(name, raw, depth, wanted, &mut made)?;
                }
            }
            Value::Array(list) => {
                self.note(RepairKind::Properties, "a list of properties became an object");
                for raw in list.iter().filter(|raw| !raw.is_null()) {
                    self.listed_property(raw, depth, wanted, &mut made)?;
                }
            }
            Value::Null => {}
            other => {
                let what = format!("dropped: {} is no use", brief(other));
                self.note(RepairKind::Properties, what);
            }
        }
        out.insert("properties".into(), made.properties.into());
        for (key, names) in
            [("required", made.required), (LEFT_OUT, made.cut), (ONE_WAY, made.one_way)]
        {
            if !names.is_empty() {
                add_names(key, out, names);
            }
        }
        Ok(())
    }

    fn listed_property(
        &mut self,
        raw: &'a Value,
        depth: usize,
        wanted: &[&str],
        made: &mut Made,
    ) -> Result<(), Cut> {
        match raw.get("name").and_then(Value::as_str) {
            Some(name) => self.property(name, raw, depth, wanted, made),
            None => {
                let what = format!("{} without a name was dropped", kind(raw));
                self.note(RepairKind::Properties, what);
                Ok(())
            }
        }
    }

    fn property(
        &mut self,
        raw_name: &str,
        raw: &'a Value,
        depth: usize,
        wanted: &[&str],
        made: &mut Made,
    ) -> Result<(), Cut> {
        let Some(name) = self.property_name(raw_name, &made.properties) else {
            return Ok(());
        };
        let is_wanted = wanted.contains(&raw_name) || is_required(raw);
        // What may be null need not be anything else.
        let is_needed = is_wanted && !is_nullable(raw);
        let place = Place { name: &name, standing: Standing::Whole, depth: depth + 1, is_needed };
        self.at("properties", |m| {
            m.at(&name, |m| {
                if matches!(raw, Value::Bool(false)) {
                    m.note(RepairKind::Properties, "dropped: no value is ever allowed");
                    return Ok(());
                }
                let mut node = match m.node(raw, place) {
                    Ok(node) => node,
                    Err(cut) if m.conditions > 0 => return Err(cut),
                    Err(cut) if is_wanted && !is_needed => {
                        m.note(RepairKind::Cut, format_args!("always null: {cut}"));
                        Object::from_iter([("type".to_owned(), Value::from("null"))])
                    }
                    Err(cut) if is_needed && !m.is_lenient => return Err(cut),
                    Err(cut) => {
                        m.note(RepairKind::Cut, format_args!("left out: {cut}"));
                        made.cut.push(Value::from(name.as_str()));
                        return Ok(());
                    }
                };
                let sent = SENDERS.map(|key| node.shift_remove(key) == Some(Value::Bool(true)));
                if m.is_sent_by_other(sent, is_wanted) {
                    made.one_way.push(Value::from(name.as_str()));
                    return Ok(());
                }
                if is_required(raw) {
                    m.note(RepairKind::Required, "\"required\" moved to the object's list");
                    made.required.push(Value::from(name.as_str()));
                }
                made.properties.insert(name.clone(), node.into());
                Ok(())
            })
        })
    }

    /// Whether a property is read only and goes in, or write only and comes
    /// out. A tool of no API that requires it nevertheless means it.
    fn is_sent_by_other(&self, [read_only, write_only]: [bool; 2], is_wanted: bool) -> bool {
        let other = match self.side {
            Side::Input => read_only,
            Side::Output => write_only,
        };
        other && (self.origin == Origin::Api || !is_wanted)
    }

    /// The mended name, if it is free.
    fn property_name(&mut self, raw: &str, taken: &Object) -> Option<String> {
        let name = mended_name(raw);
        if name.trim().is_empty() {
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
        add_names("required", out, names);
    }
}

/// Takes the names that were left out from the properties, whichever part of
/// the schema declared them; whether that leaves none of them.
pub(super) fn take_out(out: &mut Object) -> bool {
    let names = |key: &str| {
        let names = out.get(key).and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned)
    };
    let cut: Vec<String> = names(LEFT_OUT).collect();
    let gone: Vec<String> = cut.iter().cloned().chain(names(ONE_WAY)).collect();
    let Some(Value::Object(properties)) = out.get_mut("properties").filter(|_| !gone.is_empty())
    else {
        return false;
    };
    for name in gone {
        properties.shift_remove(&name);
    }
    !cut.is_empty() && properties.is_empty()
}

/// The name of a property as it can stand in a tool: without control characters
/// and quotes, of bounded length. Blanks stay, also at its ends: whoever
/// executes a call knows the name with them.
pub(in crate::library) fn mended_name(raw: &str) -> String {
    let bad = |c: char| (c.is_control() && c != '\t') || matches!(c, '"' | '\\' | '`');
    let mut name = raw.replace(bad, "_");
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

/// Whether null is as good a value as any.
fn is_nullable(raw: &Value) -> bool {
    raw.get("nullable") == Some(&Value::Bool(true))
        || raw
            .get("type")
            .and_then(Value::as_array)
            .is_some_and(|types| types.contains(&"null".into()))
}

/// Adds names to the list under `key`, each once.
fn add_names(key: &str, out: &mut Object, names: Vec<Value>) {
    if let Value::Array(list) = out.entry(key).or_insert_with(|| Value::Array(Vec::new())) {
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
