//! The profiles of a library, made once, in its order, and read only
//! afterwards.

use std::collections::{HashMap, HashSet};

use magnet_proto::FunctionId;
use magnet_proto::library::{Function, Library};

use super::profile::{KindTerms, Profile};
use super::reader::Reader;
use super::sense::{self, Designator};
use super::terms::Term;

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
