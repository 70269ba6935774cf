//! Schemas of other people, mended into clean and self-contained JSON Schema.
//!
//! Two passes over each node: [`Mender::gather`] resolves references and
//! `allOf` and copies the keywords that say something, each in its legal form;
//! `settle` then makes the node agree with itself (types, allowed values,
//! defaults, required names). Whatever changes is noted with its pointer.
//!
//! Bounded: depth, nodes of one schema, and what references expand to in a
//! whole load. A reference may meet itself once inside itself, then it is cut.

mod infer;
mod merge;
mod properties;
mod prose;
pub(super) mod refs;
mod settle;
mod types;
mod values;

use serde_json::{Map, Value};

pub(super) use properties::{is_type_name, required_by_contrast};

use super::report::{Notes, RepairKind};
use super::text::{brief, clean, kind, one_line, shortened};

/// How deep schemas may nest, references and alternatives counted.
const MAX_DEPTH: usize = 24;
/// How many nodes one schema may have.
const MAX_NODES: usize = 4_000;
/// How many nodes all references of a load may expand to.
const MAX_EXPANDED: usize = 4_000_000;
/// How often one reference may be open inside itself.
const MAX_RECURSION: usize = 2;
/// The longest description of a parameter, in characters.
const MAX_DESCRIPTION: usize = 2_000;
/// The longest value kept as default, choice or example, as JSON text.
const MAX_VALUE_BYTES: usize = 4_000;

/// Whether a schema describes arguments or an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Input,
    Output,
}

/// Where a node stands: alternatives may be mere conditions and stay bare.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Whole,
    Alternative,
}

/// Mends one schema.
pub(super) struct Mender<'a> {
    pub(super) side: Side,
    /// Where references are looked up, innermost first.
    pub(super) roots: &'a [&'a Value],
    pub(super) notes: &'a mut Notes,
    /// Nodes expanded from references in this load so far.
    pub(super) expanded: &'a mut usize,
    /// The place in the function, as a JSON pointer.
    pub(super) pointer: String,
    open: Vec<&'a str>,
    nodes: usize,
}

type Object = Map<String, Value>;

impl<'a> Mender<'a> {
    pub(super) fn new(
        side: Side,
        key: &str,
        roots: &'a [&'a Value],
        notes: &'a mut Notes,
        expanded: &'a mut usize,
    ) -> Self {
        let pointer = format!("/{key}");
        Self { side, roots, notes, expanded, pointer, open: Vec::new(), nodes: 0 }
    }

    /// The mended form of a schema.
    pub(super) fn mend(&mut self, raw: &'a Value) -> Value {
        self.schema(raw, "", Standing::Whole, 0)
    }

    fn note(&mut self, kind: RepairKind, what: impl Into<String>) {
        self.notes.note(kind, &self.pointer, what);
    }

    /// Does `work` one step further down the pointer.
    fn at<T>(&mut self, step: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        // A pointer is for a reader: beyond that it only costs memory.
        if length < 400 {
            self.pointer.push('/');
            self.pointer.push_str(&magnet_proto::shape::escape(step));
        }
        let result = work(self);
        self.pointer.truncate(length);
        result
    }

    fn schema(&mut self, raw: &'a Value, name: &str, standing: Standing, depth: usize) -> Value {
        self.nodes += 1;
        if !self.open.is_empty() {
            *self.expanded += 1;
        }
        if depth > MAX_DEPTH || self.nodes > MAX_NODES || *self.expanded > MAX_EXPANDED {
            let limit = if depth > MAX_DEPTH { "nested too deeply" } else { "too large" };
            self.note(RepairKind::Cut, format!("cut: the schema is {limit}"));
            return self.stump(raw);
        }
        let gathered = match raw {
            Value::Object(object) => self.gather(object, depth),
            other => self.foreign(other),
        };
        self.settle(gathered, name, standing)
    }

    /// What is left of a node that is not looked into: its plain type.
    fn stump(&mut self, raw: &Value) -> Value {
        let mut object = Object::new();
        if let Some(ty) = raw.get("type").and_then(Value::as_str).and_then(types::canonical) {
            object.insert("type".into(), ty.into());
        }
        object.into()
    }

    /// A node that is no object: a boolean schema, or a bare type or text.
    fn foreign(&mut self, raw: &Value) -> Object {
        let mut object = Object::new();
        match raw {
            Value::Bool(true) => {}
            Value::String(text) => match types::read(text) {
                Some(reading) => {
                    self.note(RepairKind::Type, format!("a bare {} became a schema", brief(raw)));
                    put_reading(&mut object, &reading);
                }
                None => {
                    self.note(RepairKind::Type, "a bare text became a description");
                    let text = self.description(text);
                    object.insert("description".into(), text.into());
                }
            },
            other => {
                self.note(RepairKind::Type, format!("{} is no schema: anything goes", kind(other)));
            }
        }
        object
    }

    /// The node's keywords, references and `allOf` resolved.
    fn gather(&mut self, raw: &'a Object, depth: usize) -> Object {
        let mut out = Object::new();
        for (key, value) in raw {
            match key.as_str() {
                "$ref" => {}
                "allOf" => {}
                _ => self.keyword(key, value, &mut out, depth),
            }
        }
        if let Some(Value::String(reference)) = raw.get("$ref") {
            let target = self.reference(reference, depth);
            merge::into(&mut out, target);
        }
        if let Some(Value::Array(parts)) = raw.get("allOf") {
            for part in parts {
                let part = self.part(part, depth + 1);
                merge::into(&mut out, part);
            }
        }
        out
    }

    /// One part of an `allOf`, not settled: it is judged with the whole.
    fn part(&mut self, raw: &'a Value, depth: usize) -> Object {
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            self.note(RepairKind::Cut, "cut: allOf is nested too deeply");
            return Object::new();
        }
        match raw {
            Value::Object(object) => self.gather(object, depth),
            _ => Object::new(),
        }
    }

    fn reference(&mut self, reference: &'a str, depth: usize) -> Object {
        let target = self.roots.iter().find_map(|root| refs::find(root, reference));
        let Some(target) = target else {
            let shown = one_line(reference);
            self.note(RepairKind::Reference, format!("\"{shown}\" leads nowhere: anything goes"));
            return Object::new();
        };
        let open = self.open.iter().filter(|open| **open == reference).count();
        if open >= MAX_RECURSION || depth >= MAX_DEPTH || *self.expanded > MAX_EXPANDED {
            let shown = one_line(reference);
            self.note(RepairKind::Cut, format!("the recursion of \"{shown}\" is cut here"));
            return match self.stump(target) {
                Value::Object(stump) => stump,
                _ => Object::new(),
            };
        }
        self.open.push(reference);
        let resolved = self.part(target, depth + 1);
        self.open.pop();
        resolved
    }

    /// Copies one keyword in its legal form; what says nothing is dropped.
    fn keyword(&mut self, key: &str, value: &'a Value, out: &mut Object, depth: usize) {
        match key {
            "type" => self.read_type(value, out),
            "properties" => self.properties(value, out, depth),
            "required" => self.required(value, out),
            "items" => self.items(value, out, depth),
            "additionalProperties" | "unevaluatedProperties" | "unevaluatedItems" => {
                let kept = match value {
                    Value::Bool(_) => Some(value.clone()),
                    Value::Object(object) if object.is_empty() => Some(true.into()),
                    Value::Object(_) => {
                        Some(self.at(key, |m| m.schema(value, "", Standing::Alternative, depth + 1)))
                    }
                    _ => None,
                };
                self.keep(key, kept, value, out);
            }
            "not" | "contains" | "propertyNames" | "if" | "then" | "else" => {
                let kept = (value.is_object() || value.is_boolean()).then(|| {
                    self.at(key, |m| match value {
                        Value::Bool(_) => value.clone(),
                        _ => m.schema(value, "", Standing::Alternative, depth + 1),
                    })
                });
                self.keep(key, kept, value, out);
            }
            "anyOf" | "oneOf" | "prefixItems" => self.alternatives(key, value, out, depth),
            "patternProperties" | "dependentSchemas" => self.keyed_schemas(key, value, out, depth),
            "description" | "title" => self.text(key, value, out),
            "enum" | "const" | "default" | "examples" | "example" => self.value(key, value, out),
            "minimum" | "maximum" | "multipleOf" | "exclusiveMinimum" | "exclusiveMaximum" => {
                let kept = match value {
                    Value::Bool(_) if key.starts_with("exclusive") => Some(value.clone()),
                    _ => values::coerce(value, &["number"]),
                };
                let positive = |n: &Value| key != "multipleOf" || n.as_f64() > Some(0.0);
                self.keep(key, kept.filter(positive), value, out);
            }
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
            | "maxProperties" | "minContains" | "maxContains" => {
                let whole = values::coerce(value, &["integer"]);
                let kept = whole.and_then(|n| n.as_f64()).filter(|n| (0.0..1e15).contains(n));
                self.keep(key, kept.map(|n| Value::from(n as u64)), value, out);
            }
            "uniqueItems" | "deprecated" | "nullable" => {
                let kept = values::coerce(value, &["boolean"]).filter(|truth| *truth == Value::Bool(true));
                if kept.is_some() || !value.is_boolean() {
                    self.keep(key, kept, value, out);
                }
            }
            "format" | "contentEncoding" | "contentMediaType" => {
                let short = value.as_str().filter(|text| (1..=60).contains(&text.len()));
                if value.as_str() != Some("") {
                    let kept = short.map(|text| Value::from(clean(text)));
                    self.keep(key, kept, value, out);
                }
            }
            "pattern" => {
                let kept = value.as_str().filter(|text| compiles(text)).map(Value::from);
                self.keep(key, kept, value, out);
            }
            "x-sim" | "x-noun" => {
                out.insert(key.to_owned(), value.clone());
            }
            // Definitions are inlined, the rest says nothing about values.
            _ => {}
        }
    }

    /// Keeps a keyword's legal value or notes that it was dropped.
    fn keep(&mut self, key: &str, kept: Option<Value>, raw: &Value, out: &mut Object) {
        match kept {
            Some(value) => {
                if value != *raw && value.is_number() {
                    let what = format!("\"{key}\": {} became {value}", brief(raw));
                    self.note(RepairKind::Keyword, what);
                }
                out.insert(key.to_owned(), value);
            }
            None => self.note(RepairKind::Keyword, format!("\"{key}\" dropped: {} is no use", brief(raw))),
        }
    }

    fn read_type(&mut self, value: &Value, out: &mut Object) {
        let mut readings = Vec::new();
        match value {
            Value::String(text) => readings.extend(self.read_type_name(text)),
            Value::Array(names) => {
                for name in names.iter().filter_map(Value::as_str).take(16) {
                    readings.extend(self.read_type_name(name));
                }
            }
            Value::Object(inner) => {
                self.note(RepairKind::Type, "a schema in place of a type was unwrapped");
                if let Some(Value::String(text)) = inner.get("type") {
                    readings.extend(self.read_type_name(text));
                }
            }
            other => self.note(RepairKind::Type, format!("the type is {}: inferred", kind(other))),
        }
        match readings.as_slice() {
            [] => {}
            [reading] => put_reading(out, reading),
            several => put_types(out, several),
        }
    }

    fn read_type_name(&mut self, text: &str) -> Option<types::Reading> {
        let reading = types::read(text);
        match &reading {
            Some(known) if known.ty == Some(text) => {}
            Some(types::Reading { ty: Some(ty), .. }) => {
                self.note(RepairKind::Type, format!("\"{}\" became \"{ty}\"", one_line(text)));
            }
            Some(_) => {
                self.note(RepairKind::Type, format!("\"{}\": inferred", one_line(text)));
            }
            None if text.trim().is_empty() => self.note(RepairKind::Type, "the type is empty: inferred"),
            None => self.note(RepairKind::Type, format!("\"{}\" is unknown: inferred", one_line(text))),
        }
        reading
    }

    fn items(&mut self, value: &'a Value, out: &mut Object, depth: usize) {
        // Draft 4's list of item schemas: one for all, or alternatives.
        let items = match value {
            Value::Array(list) if list.len() == 1 => {
                self.note(RepairKind::Properties, "a list of one item schema became that schema");
                self.at("items", |m| m.schema(&list[0], "", Standing::Whole, depth + 1))
            }
            Value::Array(list) if !list.is_empty() => {
                self.note(RepairKind::Properties, "a list of item schemas became alternatives");
                let mut either = Object::new();
                self.alternatives("anyOf", value, &mut either, depth + 1);
                either.into()
            }
            Value::Array(_) | Value::Null | Value::Bool(_) => return,
            _ => self.at("items", |m| m.schema(value, "", Standing::Whole, depth + 1)),
        };
        out.insert("items".into(), items);
    }

    fn alternatives(&mut self, key: &str, value: &'a Value, out: &mut Object, depth: usize) {
        let Value::Array(variants) = value else {
            return self.keep(key, None, value, out);
        };
        let mended: Vec<Value> = self.at(key, |m| {
            let usable = variants.iter().enumerate().filter(|(_, v)| v.is_object() || v.is_string());
            usable
                .map(|(at, variant)| {
                    let variant = |m: &mut Self| m.schema(variant, "", Standing::Alternative, depth + 1);
                    m.at(&at.to_string(), variant)
                })
                .collect()
        });
        let distinct = values::distinct(mended);
        if distinct.is_empty() {
            return self.keep(key, None, value, out);
        }
        match distinct.as_slice() {
            [Value::Object(only)] if key != "prefixItems" => merge::into(out, only.clone()),
            _ => {
                out.insert(key.to_owned(), distinct.into());
            }
        }
    }

    fn keyed_schemas(&mut self, key: &str, value: &'a Value, out: &mut Object, depth: usize) {
        let Value::Object(keyed) = value else {
            return self.keep(key, None, value, out);
        };
        let usable = keyed.iter().filter(|(name, schema)| {
            (schema.is_object() || schema.is_boolean())
                && (key != "patternProperties" || compiles(name))
        });
        let mended: Object = usable
            .map(|(name, raw)| {
                let mended = match raw {
                    Value::Bool(_) => raw.clone(),
                    _ => self.at(name, |m| m.schema(raw, "", Standing::Alternative, depth + 1)),
                };
                (name.clone(), mended)
            })
            .collect();
        if !mended.is_empty() {
            out.insert(key.to_owned(), mended.into());
        }
    }

    fn text(&mut self, key: &str, value: &Value, out: &mut Object) {
        let text = match value {
            Value::String(text) => self.description(text),
            Value::Number(number) => number.to_string(),
            Value::Null => return,
            other => return self.keep(key, None, other, out),
        };
        if !text.is_empty() {
            out.insert(key.to_owned(), text.into());
        }
    }

    /// A description, clean and of bounded length.
    fn description(&mut self, raw: &str) -> String {
        let cleaned = clean(raw);
        if cleaned.len() < raw.trim().len() {
            self.note(RepairKind::Text, "control characters removed");
        }
        match shortened(&cleaned, MAX_DESCRIPTION) {
            Some(short) => {
                let length = cleaned.chars().count();
                let what = format!("shortened from {length} to {MAX_DESCRIPTION} characters");
                self.note(RepairKind::Text, what);
                short
            }
            None => cleaned.into_owned(),
        }
    }

    /// Values stay raw until the node is settled, but not of any size.
    fn value(&mut self, key: &str, value: &Value, out: &mut Object) {
        let listed = matches!(key, "enum" | "examples");
        let small = |value: &Value| measure(value, MAX_VALUE_BYTES) <= MAX_VALUE_BYTES;
        let kept = match value {
            Value::Array(values) if listed => {
                Some(Value::Array(values.iter().filter(|v| small(v)).cloned().collect()))
            }
            other => small(other).then(|| other.clone()),
        };
        match kept {
            Some(kept) => {
                out.insert(key.to_owned(), kept);
            }
            None => self.keep(key, None, value, out),
        }
    }
}

/// A lower bound of the value's size as JSON text, given up beyond `limit`.
fn measure(value: &Value, limit: usize) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().fold(2, |size, value| {
            if size > limit { size } else { size + 1 + measure(value, limit) }
        }),
        Value::Object(object) => object.iter().fold(2, |size, (key, value)| {
            if size > limit { size } else { size + key.len() + measure(value, limit) }
        }),
        _ => 4,
    }
}

fn put_reading(out: &mut Object, reading: &types::Reading) {
    if let Some(ty) = reading.ty {
        out.insert("type".into(), ty.into());
    }
    if let Some(format) = reading.format {
        out.entry("format").or_insert_with(|| format.into());
    }
    if let Some(items) = reading.items {
        out.entry("items").or_insert_with(|| serde_json::json!({ "type": items }));
    }
    if reading.nullable {
        out.insert("nullable".into(), true.into());
    }
}

fn put_types(out: &mut Object, readings: &[types::Reading]) {
    let mut names: Vec<&str> = Vec::new();
    for reading in readings {
        // One "anything" among several is anything.
        let Some(ty) = reading.ty else { return };
        if !names.contains(&ty) {
            names.push(ty);
        }
    }
    let single = (names.len() == 1).then(|| Value::from(names[0]));
    out.insert("type".into(), single.unwrap_or_else(|| names.into()));
}

/// Whether a validator takes the pattern.
fn compiles(pattern: &str) -> bool {
    pattern.len() <= 500
        && jsonschema::validator_for(&serde_json::json!({ "pattern": pattern })).is_ok()
}
