//! What a schema node's name says, read once per call: lists repeat nodes.

use std::collections::HashMap;
use std::rc::Rc;

use magnet_proto::shape::{Shape, words};

use super::world::{is_id, noun_of};
use crate::lexicon::{Place, Topic, topic};

/// What a name says.
#[derive(Debug)]
pub(super) struct Facet {
    /// The name without case, separators and affixes; see [`key`].
    pub(super) key: String,
    /// The name in lower case.
    pub(super) lower: String,
    pub(super) topic: Topic,
    /// What it identifies, for an id.
    pub(super) noun: Option<String>,
}

impl Facet {
    pub(super) fn of(place: &Place<'_>) -> Self {
        let noun = is_id(place.name).then(|| noun_of(place.name, place.parent, place.function));
        Self { key: key(place.name), lower: place.name.to_lowercase(), topic: topic(place), noun }
    }

    /// Whether values are places or days, which their neighbours agree with.
    pub(super) fn settles(&self) -> bool {
        self.topic.is_time()
            || matches!(self.topic, Topic::City | Topic::Location | Topic::Airport | Topic::Address)
    }
}

/// The facets of one call's output, by schema node.
#[derive(Debug, Default)]
pub(super) struct Facets {
    by_node: HashMap<*const Shape, Rc<Facet>>,
}

impl Facets {
    /// A node stands at one place of one output, so its address names both.
    pub(super) fn of(&mut self, place: &Place<'_>) -> Rc<Facet> {
        let node: *const Shape = place.shape;
        self.by_node.entry(node).or_insert_with(|| Rc::new(Facet::of(place))).clone()
    }
}

/// A name without case, separators and "name": `cityName` and `city` are one.
pub(super) fn key(name: &str) -> String {
    let full = |word: String| match word.as_str() {
        "repo" => "repository".to_owned(),
        "org" => "organization".to_owned(),
        "no" | "num" => "number".to_owned(),
        _ => word,
    };
    let mut parts: Vec<String> = words(name).map(full).collect();
    if parts.len() > 1 && parts.last().is_some_and(|last| last == "name") {
        parts.pop();
    }
    if parts.len() > 1 && parts.first().is_some_and(|first| first == "new") {
        parts.remove(0);
    }
    parts.concat()
}
