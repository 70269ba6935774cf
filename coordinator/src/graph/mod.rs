//! The function graph: who can feed or enable whom (paper §3.1).
//!
//! ```text
//! library ─► profiles ─► candidates N(v) ─► schema matcher ─► [judge] ─► cap ─► graph ─► handed
//!            (terms, sense, verb)           (affinity, relate)  Draft::judge             on
//! ```
//!
//! Deterministic: the graph depends on the library, the settings and the seed
//! only, and on the judge's answers where one is asked ([`judge`], the one part
//! that waits). Near-linear in the library: an inverted index finds what to
//! compare, never all pairs. Not here: walking it (`magnet_proto::walk`).

mod terms;
mod kind;
mod sense;
mod verb;
mod concept;
mod profile;
mod reader;
mod profiles;
mod affinity;
mod relate;
mod index;
mod candidates;
mod draft;
pub mod judge;
pub mod handed;

pub mod view;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use draft::Draft;

use magnet_proto::config::GraphSettings;
use magnet_proto::graph::Graph;
use magnet_proto::library::{Function, Library};

/// The things that a function's name says it concerns.
pub(crate) fn nouns(function: &Function) -> Vec<String> {
    verb::read_name(function).nouns
}

/// The graph of a library by its schemas alone.
pub fn build(library: &Library, settings: &GraphSettings, seed: u64) -> Graph {
    Draft::new(library, settings, seed).finish()
}
