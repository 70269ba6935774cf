//! A function as the matcher sees it: what it does to what, which values it
//! gives and which it needs.

use std::collections::HashMap;

use magnet_proto::shape::{Shape, Type};
use serde_json::Value;

use super::concept::Concept;
use super::kind::Kind;
use super::sense::{Designator, Sense};
use super::terms::{Term, Vocabulary};
use super::verb::Verb;

/// A function's part in the graph.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) verb: Verb,
    /// The things its name speaks of, the main one last.
    pub(super) nouns: Vec<Term>,
    /// Every term of its name, parameters and description; sorted.
    pub(super) topics: Vec<Term>,
    pub(super) category: u32,
    pub(super) class: u32,
    /// Whether its class says anything: "misc" does not.
    pub(super) classed: bool,
    pub(super) outputs: Vec<Output>,
    pub(super) inputs: Vec<Input>,
    /// Outputs by the terms they can be asked for: (term, index), sorted.
    pub(super) offers: Vec<(Term, u32)>,
}

/// A value the function returns.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) path: String,
    pub(super) concept: Concept,
    pub(super) value: ValueType,
    /// The caller gave it: one of the function's own inputs means the same.
    pub(super) echo: bool,
    pub(super) depth: u8,
}

/// A parameter.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) concept: Concept,
    pub(super) value: ValueType,
    pub(super) required: bool,
    /// Whether feeding it makes an edge: required, or the point of calling a
    /// function that requires nothing.
    pub(super) important: bool,
    /// What its description lets it take, where the name does not tell.
    pub(super) takes: Vec<Kind>,
    /// Which designator its description asks for: "the ID of the artist".
    pub(super) asks: Option<Designator>,
    /// Whether the user makes it up, as the name of what is created.
    pub(super) composed: bool,
    /// The terms of its description; sorted.
    pub(super) about: Vec<Term>,
}

/// What of a schema decides whether a value fits.
#[derive(Clone, Debug)]
pub(super) struct ValueType {
    pub(super) scalar: Scalar,
    pub(super) format: Option<String>,
    pub(super) pattern: Option<String>,
    pub(super) choices: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    String,
    Integer,
    Number,
    Boolean,
    Any,
    /// An array or an object: nothing that a single value can fill.
    Composite,
}

/// The terms under which values of a kind are found.
#[derive(Debug)]
pub(super) struct KindTerms(HashMap<Kind, Term>);

impl KindTerms {
    pub(super) fn new(vocabulary: &mut Vocabulary) -> Self {
        Self(Kind::ALL.map(|kind| (kind, vocabulary.intern(&format!("#{kind:?}")))).into())
    }

    pub(super) fn term(&self, kind: Kind) -> Term {
        self.0[&kind]
    }
}

impl Input {
    /// The terms under which outputs that may feed it are found.
    pub(super) fn wants(&self, kinds: &KindTerms) -> Vec<Term> {
        let mut terms: Vec<Term> = Vec::new();
        match self.concept.sense {
            Sense::Designator(_) => terms.extend(self.concept.entity.last()),
            Sense::Value(kind) => terms.extend(kind.served_by().map(|kind| kinds.term(kind))),
            Sense::Noun => {
                terms.push(self.concept.head);
                terms.extend(self.concept.entity.last());
            }
            Sense::Measure | Sense::Role => terms.push(self.concept.head),
            Sense::Query | Sense::Bookkeeping => {}
        }
        terms.extend(self.takes.iter().map(|&kind| kinds.term(kind)));
        terms.sort_unstable();
        terms.dedup();
        terms
    }
}

impl ValueType {
    pub(super) fn of(shape: &Shape) -> Self {
        let scalar = match shape.ty {
            Type::String { .. } => Scalar::String,
            Type::Integer { .. } => Scalar::Integer,
            Type::Number { .. } => Scalar::Number,
            Type::Boolean => Scalar::Boolean,
            Type::Any => Scalar::Any,
            Type::Array { .. } | Type::Object { .. } | Type::Null => Scalar::Composite,
        };
        Self {
            scalar,
            format: shape.format.clone(),
            pattern: shape.pattern.clone(),
            choices: shape.choices.clone(),
        }
    }
}
