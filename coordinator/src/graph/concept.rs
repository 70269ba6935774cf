//! What a value's name says: what the value is, and of which thing.

use super::sense::Sense;
use super::terms::Term;

/// What a name means: a sense, and of which thing.
#[derive(Clone, Debug)]
pub(super) struct Concept {
    pub(super) sense: Sense,
    /// All terms of the name, in order.
    pub(super) terms: Vec<Term>,
    pub(super) head: Term,
    /// The thing meant, main word last.
    pub(super) entity: Vec<Term>,
    pub(super) known_from: KnownFrom,
    /// Words beside the head that say more than a role.
    pub(super) qualifiers: Vec<Term>,
    pub(super) roles: Vec<Term>,
}

/// Where the thing a name is about was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KnownFrom {
    Name,
    Parent,
    Function,
}

impl Concept {
    /// Whether both mean the same value of the same thing.
    pub(super) fn means_as(&self, other: &Self) -> bool {
        self.terms == other.terms
            || (self.head == other.head && self.entity.last() == other.entity.last())
    }
}
