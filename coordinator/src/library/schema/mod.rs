//! Schemas of other people, mended into clean and self-contained JSON Schema.
//!
//! Two passes over each node: `gather` resolves references and
//! `allOf` and copies the keywords that say something, each in its legal form;
//! `settle` then makes the node agree with itself (types, allowed values,
//! defaults, required names). Whatever changes is noted with its pointer.
//!
//! Bounded: depth, nodes of one schema, and what references expand to in a
//! whole load. A reference may meet itself once inside itself. What is beyond
//! is *cut* so that whatever fits the mended schema fits the given one, too: an
//! optional property is left out, a required list is empty, an alternative is
//! gone; where none of these helps, what holds the node is cut in its place.

mod discriminator;
mod infer;
mod keywords;
mod lists;
mod merge;
mod properties;
mod prose;
mod reach;
pub(super) mod refs;
mod settle;
mod types;
mod values;

use std::collections::HashMap;
use std::fmt;

use serde_json::{Map, Value};

pub(super) use properties::{is_type_name, mended_name, required_by_contrast};

use super::report::{Notes, RepairKind};
use super::signature::Origin;
use super::text::{brief, kind, one_line};
use discriminator::Discriminator;
use reach::Reach;

/// How often one reference may be open inside itself.
const MAX_RECURSION: usize = 2;
/// How many different texts and patterns are remembered.
const MAX_REMEMBERED: usize = 100_000;

/// Whether a schema describes arguments or an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Input,
    Output,
}

/// Why a node has no form of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// It holds itself without end.
    Recursion,
    Size,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recursion => "the recursion is cut here",
            Self::Size => "the schema is too large or too deep",
        })
    }
}

/// What one load remembers from schema to schema: APIs say the same thing in a
/// thousand places.
#[derive(Default)]
pub(super) struct Memory {
    /// Nodes copied out of `$ref` targets so far.
    expanded: usize,
    /// Whether a validator takes the pattern.
    patterns: HashMap<String, bool>,
    /// What a description lists.
    prose: HashMap<String, Option<prose::Found>>,
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Place<'n> {
    /// The property's name; empty elsewhere.
    name: &'n str,
    standing: Standing,
    depth: usize,
    /// Without it, what holds it would not be valid.
    is_needed: bool,
}

/// Alternatives may be mere conditions and stay bare.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Whole,
    Alternative,
}

/// Mends one schema.
pub(super) struct Mender<'a> {
    side: Side,
    origin: Origin,
    /// Where references are looked up, innermost first.
    roots: &'a [&'a Value],
    notes: &'a mut Notes,
    memory: &'a mut Memory,
    /// The place in the function, as a JSON pointer.
    pointer: String,
    open: Vec<&'a str>,
    reach: Reach,
    /// How many `not`, `if` and their like are around: inside of them nothing
    /// is inferred or left out, for less there may mean more.
    conditions: usize,
    /// Required properties may be left out as well.
    is_lenient: bool,
}

type Object = Map<String, Value>;

/// Internal keys of a node under work: names of properties that were left out
/// because they are cut, or because only the other side sends them.
const LEFT_OUT: &str = "x-left-out";
const ONE_WAY: &str = "x-one-way";
/// Of a property, who sends it.
const SENDERS: [&str; 2] = ["readOnly", "writeOnly"];

impl<'a> Mender<'a> {
    pub(super) fn new(
        side: Side,
        origin: Origin,
        key: &str,
        roots: &'a [&'a Value],
        notes: &'a mut Notes,
        memory: &'a mut Memory,
    ) -> Self {
        Self {
            side,
            origin,
            roots,
            notes,
            memory,
            pointer: format!("/{key}"),
            open: Vec::new(),
            reach: Reach::default(),
            conditions: 0,
            is_lenient: false,
        }
    }

    /// The mended form of a whole schema. What type the root of parameters is
    /// if it names none is not for inference to say: an object. An output that
    /// has no form within the bounds loses what it requires.
    pub(super) fn mend(&mut self, raw: &'a Value) -> Result<Value, Cut> {
        let standing = match self.side {
            Side::Input => Standing::Alternative,
            Side::Output => Standing::Whole,
        };
        let place = Place { name: "", standing, depth: 0, is_needed: true };
        let reach = Reach::of(raw, self.roots, self.side, self.memory.expanded);
        self.reach = reach;
        let mended = self.schema(raw, place);
        if mended.is_ok() || self.side == Side::Input {
            return mended;
        }
        self.reach = reach;
        self.is_lenient = true;
        self.schema(raw, place)
    }

    fn note(&mut self, kind: RepairKind, what: impl fmt::Display) {
        self.notes.note(kind, &self.pointer, what);
    }

    /// Does `work` one step further down the pointer.
    fn at<T>(&mut self, step: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        // A pointer is for a reader: beyond that it only costs memory.
        if length < 400 {
            self.pointer.push('/');
            match step.contains(['~', '/']) {
                true => self.pointer.push_str(&magnet_proto::shape::escape(step)),
                false => self.pointer.push_str(step),
            }
        }
        let result = work(self);
        self.pointer.truncate(length);
        result
    }

    fn schema(&mut self, raw: &'a Value, place: Place<'_>) -> Result<Value, Cut> {
        let mut node = self.node(raw, place)?;
        for key in SENDERS {
            node.shift_remove(key);
        }
        Ok(node.into())
    }

    /// A schema that stands in a condition.
    fn condition(&mut self, raw: &'a Value, depth: usize) -> Result<Value, Cut> {
        let standing = Standing::Alternative;
        self.conditions += 1;
        let mended = self.schema(raw, Place { name: "", standing, depth, is_needed: true });
        self.conditions -= 1;
        mended
    }

    fn node(&mut self, raw: &'a Value, place: Place<'_>) -> Result<Object, Cut> {
        if !self.open.is_empty() {
            self.memory.expanded += 1;
        }
        self.reach.admit(place.depth, place.is_needed)?;
        let gathered = match raw {
            Value::Object(object) => self.gather(object, place, &[])?,
            other => self.foreign(other),
        };
        self.settle(gathered, place)
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

    /// The node's keywords, references and `allOf` resolved; `outer` are names
    /// that schemas around this part of them require.
    fn gather(
        &mut self,
        raw: &'a Object,
        place: Place<'_>,
        outer: &[&'a str],
    ) -> Result<Object, Cut> {
        let wanted = wanted(raw, outer);
        let mut out = Object::new();
        let mut parts = Vec::new();
        for (key, value) in raw {
            match key.as_str() {
                "$ref" | "allOf" | "items" | "prefixItems" | "additionalItems" => {}
                "properties" => self.properties(value, &mut out, place.depth, &wanted)?,
                "anyOf" | "oneOf" => {
                    let told = Discriminator::of(raw);
                    parts.extend(self.alternatives(key, value, told.as_ref(), &mut out, place)?);
                }
                _ => self.keyword(key, value, &mut out, place)?,
            }
        }
        if let Some(told) = Discriminator::of(raw) {
            told.narrow(&mut out);
        }
        self.lists(raw, &mut out, place)?;
        settle::exclusive_bounds(&mut out);
        let deeper = Place { depth: place.depth + 1, ..place };
        if let Some(Value::String(reference)) = raw.get("$ref") {
            parts.push(self.reference(reference, raw, deeper, &wanted)?);
        }
        if let Some(Value::Array(all)) = raw.get("allOf") {
            for part in all {
                parts.push(self.part(part, deeper, &wanted)?);
            }
        }
        for part in parts {
            for key in merge::into(&mut out, part) {
                let what = format_args!("\"{key}\" of one part rules out the other's: kept");
                self.note(RepairKind::Keyword, what);
            }
        }
        let is_hollow = properties::take_out(&mut out);
        if is_hollow && !place.is_needed { Err(Cut::Size) } else { Ok(out) }
    }

    /// One part of an `allOf`, not settled: it is judged with the whole.
    fn part(
        &mut self,
        raw: &'a Value,
        place: Place<'_>,
        wanted: &[&'a str],
    ) -> Result<Object, Cut> {
        self.reach.admit(place.depth, true)?;
        match raw {
            // Whether what it declares is enough is judged with the whole.
            Value::Object(object) => {
                self.gather(object, Place { is_needed: true, ..place }, wanted)
            }
            _ => Ok(Object::new()),
        }
    }

    fn reference(
        &mut self,
        reference: &'a str,
        raw: &'a Object,
        place: Place<'_>,
        wanted: &[&'a str],
    ) -> Result<Object, Cut> {
        let target = self.roots.iter().find_map(|root| refs::find(root, reference));
        let Some(target) = target else {
            let shown = one_line(reference);
            let why = refs::lost(raw).trim_start_matches("which ");
            self.note(RepairKind::Reference, format_args!("\"{shown}\" {why}: anything goes"));
            return Ok(Object::new());
        };
        if self.open.iter().filter(|open| **open == reference).count() >= MAX_RECURSION {
            return Err(Cut::Recursion);
        }
        self.open.push(reference);
        let resolved = self.part(target, place, wanted);
        self.open.pop();
        resolved
    }
}

/// The names that a node's own schema and the parts beside it require.
fn wanted<'a>(raw: &'a Object, outer: &[&'a str]) -> Vec<&'a str> {
    let names = |object: &'a Object| {
        let list = object.get("required").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    };
    let parts = raw.get("allOf").and_then(Value::as_array).into_iter().flatten();
    let beside = parts.filter_map(Value::as_object).flat_map(names);
    outer.iter().copied().chain(names(raw)).chain(beside).collect()
}
