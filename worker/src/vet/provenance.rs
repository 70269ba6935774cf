//! Provenance: where each argument value came from (user, output, schema).
//!
//! The user's word comes first: a value that the user said needs no output.
//! Outputs follow, the planned feed before any other, then the latest call;
//! then the schema. A claim can be checked again from the record alone
//! ([`holds`]).

use magnet_proto::library::Function;
use magnet_proto::sample::{Arguments, Provenance, SchemaKey, Source};
use magnet_proto::shape::{Field, Shape, Type, words};
use serde_json::Value;

use super::mentions::Text;

/// What the conversation has shown before a call.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// One a user turn.
    pub requests: Vec<Text>,
    /// Successful outputs, oldest first.
    pub outputs: Vec<Shown>,
}

/// An output the agent has seen.
#[derive(Clone, Debug)]
pub struct Shown {
    pub turn: u16,
    pub call: String,
    pub output: Value,
}

/// A source a planner expects: the call and the pointer into its output.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    pub parameter: &'a str,
    pub call: &'a str,
}

impl Ledger {
    /// Traces every scalar of a call's arguments.
    pub fn trace(
        &self,
        function: &Function,
        call: &str,
        arguments: &Arguments,
        expected: &[Expected<'_>],
    ) -> Vec<Provenance> {
        let mut found = Vec::new();
        for (name, value) in arguments {
            let field = function.param(name);
            let planned = expected.iter().find(|e| e.parameter == name).map(|e| e.call);
            let default = field.and_then(|field| field.shape.default.as_ref());
            if default == Some(value) && !value.is_string() && !value.is_number() {
                found.push((pointer("", name), Source::Schema { key: SchemaKey::Default }));
                continue;
            }
            let shape = field.map(|field| &field.shape);
            self.descend(value, &pointer("", name), field, shape, planned, &mut found);
        }
        found
            .into_iter()
            .map(|(argument, source)| Provenance { call: call.to_owned(), argument, source })
            .collect()
    }

    fn descend(
        &self,
        value: &Value,
        at: &str,
        field: Option<&Field>,
        shape: Option<&Shape>,
        planned: Option<&str>,
        found: &mut Vec<(String, Source)>,
    ) {
        match value {
            Value::Array(items) if !items.is_empty() => {
                let inner = shape.and_then(|shape| match &shape.ty {
                    Type::Array { items, .. } => Some(&**items),
                    _ => None,
                });
                for (index, item) in items.iter().enumerate() {
                    self.descend(item, &format!("{at}/{index}"), field, inner, planned, found);
                }
            }
            Value::Object(members) if !members.is_empty() => {
                for (name, member) in members {
                    let inner = shape.and_then(|s| s.fields().iter().find(|f| f.name == *name));
                    let (field, shape) = (inner.or(field), inner.map(|f| &f.shape));
                    self.descend(member, &pointer(at, name), field, shape, planned, found);
                }
            }
            // Nothing was said, so that there is nothing to have come from somewhere.
            value if is_nothing(value) => {}
            scalar => found.push((at.to_owned(), self.source(scalar, field, shape, planned))),
        }
    }

    fn source(
        &self,
        value: &Value,
        field: Option<&Field>,
        shape: Option<&Shape>,
        planned: Option<&str>,
    ) -> Source {
        self.said(value)
            .or_else(|| self.returned(value, planned))
            .or_else(|| in_schema(value, shape))
            .or_else(|| field.filter(|f| is_free_text(f)).map(|_| Source::Composed))
            // Yes and no are in no message as such.
            .or_else(|| value.is_boolean().then_some(Source::Schema { key: SchemaKey::Enum }))
            .unwrap_or(Source::None)
    }

    /// The latest user turn that says the value.
    fn said(&self, value: &Value) -> Option<Source> {
        let turns = self.requests.iter().enumerate().rev();
        turns.into_iter().find_map(|(turn, text)| {
            let span = text.find(value)?;
            Some(Source::User { turn: turn as u16, start: span.start, end: span.end })
        })
    }

    fn returned(&self, value: &Value, planned: Option<&str>) -> Option<Source> {
        if matches!(value, Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_)) {
            return None;
        }
        let find = |shown: &Shown| {
            let path = locate(&shown.output, value)?;
            Some(Source::Output { turn: shown.turn, call: shown.call.clone(), path })
        };
        let first = self.outputs.iter().filter(|shown| Some(shown.call.as_str()) == planned);
        first.chain(self.outputs.iter().rev()).find_map(find)
    }

    /// Whether a claimed source really holds that value.
    pub fn holds(&self, value: &Value, source: &Source, shape: Option<&Shape>) -> bool {
        match source {
            Source::User { turn, start, end } => {
                let text = self.requests.get(*turn as usize);
                let span = text.and_then(|text| text.find(value));
                span.is_some_and(|span| (span.start, span.end) == (*start, *end))
            }
            Source::Output { call, path, .. } => {
                let shown = self.outputs.iter().find(|shown| shown.call == *call);
                let there = shown.and_then(|shown| shown.output.pointer(path));
                there.is_some_and(|there| same(there, value))
            }
            Source::Schema { .. } => in_schema(value, shape).is_some() || value.is_boolean(),
            Source::Composed | Source::None => true,
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn in_schema(value: &Value, shape: Option<&Shape>) -> Option<Source> {
    let shape = shape?;
    let key = if shape.default.as_ref().is_some_and(|default| same(default, value)) {
        SchemaKey::Default
    } else if shape.choices.contains(value) || (value.is_boolean() && shape.ty == Type::Boolean) {
        SchemaKey::Enum
    } else {
        return None;
    };
    Some(Source::Schema { key })
}

/// The pointer to the first place of an output that holds the value.
pub fn locate(output: &Value, value: &Value) -> Option<String> {
    fn search(here: &Value, value: &Value, at: &mut String) -> bool {
        let length = at.len();
        match here {
            Value::Array(items) => items.iter().enumerate().any(|(index, item)| {
                at.truncate(length);
                at.push_str(&format!("/{index}"));
                search(item, value, at)
            }),
            Value::Object(members) => members.iter().any(|(name, member)| {
                at.truncate(length);
                at.push('/');
                at.push_str(&magnet_proto::shape::escape(name));
                search(member, value, at)
            }),
            scalar => same(scalar, value),
        }
    }
    let mut at = String::new();
    search(output, value, &mut at).then_some(at)
}

/// Equal, or the same id once as a number and once as text.
pub fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Number(n), Value::String(s)) | (Value::String(s), Value::Number(n)) => {
            s.parse::<serde_json::Number>().is_ok_and(|parsed| parsed == *n)
        }
        _ => left == right,
    }
}

/// Whether a parameter's value may be composed: prose that no one needs to
/// have said word for word.
pub fn is_free_text(field: &Field) -> bool {
    const PROSE: &[&str] = &[
        "body", "message", "text", "content", "contents", "description", "note", "notes",
        "comment", "comments", "title", "subject", "summary", "prompt", "caption", "reason",
        "details", "query", "question", "feedback", "review", "bio", "instructions", "topic",
        "html", "markdown", "sentence", "paragraph", "article", "keyword", "keywords", "search",
        "phrase", "memo", "remark", "remarks", "agenda",
    ];
    let is_string = matches!(field.shape.ty, Type::String { .. } | Type::Any | Type::Array { .. });
    let constrained = field.shape.format.is_some()
        || field.shape.pattern.is_some()
        || !field.shape.choices.is_empty();
    is_string
        && !constrained
        && words(&field.name).last().is_some_and(|word| PROSE.contains(&word.as_str()))
}

fn pointer(at: &str, name: &str) -> String {
    format!("{at}/{}", magnet_proto::shape::escape(name))
}
