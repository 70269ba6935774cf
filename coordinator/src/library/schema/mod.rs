//! Schemas of other people, mended into clean and self-contained JSON Schema.
//!
//! Two passes over each node: `gather` resolves references and
//! `allOf` and copies the keywords that say something, each in its legal form;
//! `settle` then makes the node agree with itself (types, allowed values,
//! defaults, required names). Whatever changes is noted with its pointer.
//!
//! Bounded: depth, nodes of one schema, and what references expand to in a
//! whole load. A reference may meet itself once inside itself, then it is cut.

mod infer;
mod keywords;
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
use super::text::{brief, kind, one_line};

/// How deep schemas may nest, references and alternatives counted.
const MAX_DEPTH: usize = 24;
/// How many nodes one schema may have: an API's biggest objects have some
/// hundreds, and each node of an output costs memory for every function.
const MAX_NODES: usize = 1_500;
/// How many nodes all references of a load may expand to.
const MAX_EXPANDED: usize = 1_500_000;
/// How often one reference may be open inside itself.
const MAX_RECURSION: usize = 2;

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

    /// The mended form of a whole schema. What type the root of parameters is
    /// if it names none is not for inference to say: an object.
    pub(super) fn mend(&mut self, raw: &'a Value) -> Value {
        let standing = match self.side {
            Side::Input => Standing::Alternative,
            Side::Output => Standing::Whole,
        };
        self.schema(raw, "", standing, 0)
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
                    types::put_reading(&mut object, &reading);
                }
                None => {
                    self.note(RepairKind::Type, "a bare text became a description");
                    self.text("description", raw, &mut object);
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
}
