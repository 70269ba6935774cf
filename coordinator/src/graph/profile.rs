//! A function as the matcher sees it: what it does to what, which values it
//! gives and which it needs.
//!
//! Profiles are made once, in the library's order, and read only afterwards.

use std::collections::{HashMap, HashSet};

use magnet_proto::FunctionId;
use magnet_proto::library::{Function, Library};
use magnet_proto::shape::{Shape, Type};
use serde_json::Value;

use super::concept::Concept;
use super::kind::Kind;
use super::reader::Reader;
use super::sense::{self, Designator, Sense};
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

/// The profiles of a library.
#[derive(Debug)]
pub(super) struct Profiles {
    pub(super) functions: Vec<Profile>,
    /// How many functions speak of a term, by term.
    pub(super) frequency: Vec<u32>,
    pub(super) kinds: KindTerms,
    /// Which terms stand for a deal (`sense::is_deal`), by term.
    pub(super) deals: Vec<bool>,
    /// Which terms make a search one for anything, by term.
    pub(super) open: Vec<bool>,
    /// Which terms stand for an office rather than a person, by term.
    pub(super) desks: Vec<bool>,
    /// Which terms stand for something written to somebody, by term.
    pub(super) letters: Vec<bool>,
    /// Designators that stand side by side in one object, so that one cannot
    /// pass for the other there: (thing, lesser, greater).
    pub(super) distinct: HashSet<(Term, Designator, Designator)>,
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

impl Profiles {
    pub(super) fn of(library: &Library) -> Self {
        let mut reader = Reader::new(library);
        let mut groups = Groups::default();
        let functions: Vec<Profile> = library
            .iter()
            .map(|(_, function)| {
                let (category, class) = groups.of(function);
                reader.profile(function, category, class)
            })
            .collect();
        let Reader { vocabulary, kinds, distinct, .. } = reader;
        let mut frequency = vec![0; vocabulary.len()];
        for term in functions.iter().flat_map(|function| &function.topics) {
            frequency[term.index()] += 1;
        }
        let which = |is: fn(&str) -> bool| vocabulary.words().map(is).collect();
        let (deals, open) = (which(sense::is_deal), which(sense::is_open_search));
        let (desks, letters) = (which(sense::is_desk), which(sense::is_letter));
        Self { functions, frequency, kinds, deals, open, desks, letters, distinct }
    }

    pub(super) fn get(&self, id: FunctionId) -> &Profile {
        &self.functions[id.index()]
    }

    /// How telling a term is: 1 for one function's own, towards 0 for one that
    /// all use.
    pub(super) fn weight(&self, term: Term) -> f64 {
        let functions = self.functions.len().max(2) as f64;
        let spoken = f64::from(self.frequency[term.index()].max(1));
        ((functions / spoken).ln() / functions.ln()).clamp(0.0, 1.0)
    }
}

/// Categories and classes by number, in order of appearance. A class belongs
/// to its category.
#[derive(Default)]
struct Groups<'a> {
    categories: HashMap<&'a str, u32>,
    classes: HashMap<(&'a str, &'a str), u32>,
}

impl<'a> Groups<'a> {
    fn of(&mut self, function: &'a Function) -> (u32, u32) {
        let next = self.categories.len() as u32;
        let category = *self.categories.entry(&function.category).or_insert(next);
        let next = self.classes.len() as u32;
        let key = (function.category.as_str(), function.class.as_str());
        (category, *self.classes.entry(key).or_insert(next))
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
