//! How far down a schema its optional parts are followed.
//!
//! Nodes are spent breadth-first: what stands near the top is kept before
//! anything deep inside the first property is. The levels are counted before
//! any node is made; what a kept node requires is made beyond them as well, up
//! to a hard limit.

use std::collections::VecDeque;

use serde_json::Value;

use super::{Cut, MAX_RECURSION, Side, refs};

/// How deep schemas may nest, references and alternatives counted.
const MAX_DEPTH: usize = 24;
/// How many nodes one schema may have: an output is a few kilobytes at most,
/// and each node costs memory for every function.
const MAX_INPUT: usize = 1_000;
const MAX_OUTPUT: usize = 200;
/// How many nodes the references of a load may expand to, and how many a
/// schema may have beyond that.
const MAX_EXPANDED: usize = 1_500_000;
const SCARCE: usize = 60;
/// How many times that many nodes are made if they are required.
const HARD: usize = 8;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    /// The deepest level that is kept whole.
    depth: usize,
    /// How many nodes of the level below are kept.
    rest: usize,
    /// How many nodes may still be made at all.
    left: usize,
}

impl Reach {
    pub(super) fn of<'a>(raw: &'a Value, roots: &[&'a Value], side: Side, expanded: usize) -> Self {
        let limit = match side {
            _ if expanded > MAX_EXPANDED => SCARCE,
            Side::Input => MAX_INPUT,
            Side::Output => MAX_OUTPUT,
        };
        let mut count = Count::default();
        count.waiting.push_back((raw, None));
        let (mut nodes, mut depth) = (1, 0);
        loop {
            count.level(roots, limit);
            let level = count.waiting.len();
            if level == 0 || depth == MAX_DEPTH {
                return Self { depth: MAX_DEPTH, rest: 0, left: HARD * limit };
            }
            if nodes + level > limit {
                return Self { depth, rest: limit - nodes, left: HARD * limit };
            }
            (nodes, depth) = (nodes + level, depth + 1);
        }
    }

    /// Whether one more node is made at that depth.
    pub(super) fn admit(&mut self, depth: usize, is_needed: bool) -> Result<(), Cut> {
        let is_near =
            is_needed || depth <= self.depth || (depth == self.depth + 1 && self.rest > 0);
        if !is_near || self.left == 0 || depth > MAX_DEPTH {
            return Err(Cut::Size);
        }
        self.left -= 1;
        if depth == self.depth + 1 {
            self.rest = self.rest.saturating_sub(1);
        }
        Ok(())
    }
}

/// Counts nodes level by level.
#[derive(Default)]
struct Count<'a> {
    waiting: VecDeque<(&'a Value, Option<usize>)>,
    /// References on the way down, each with the one before it.
    open: Vec<(&'a str, Option<usize>)>,
}

impl<'a> Count<'a> {
    /// Replaces the waiting nodes by those one level below, as many as matter.
    fn level(&mut self, roots: &[&'a Value], limit: usize) {
        for _ in 0..self.waiting.len() {
            let Some((raw, open)) = self.waiting.pop_front() else { return };
            if self.waiting.len() > 2 * limit {
                continue;
            }
            let Some(object) = raw.as_object() else { continue };
            for (key, value) in object {
                match (key.as_str(), value) {
                    ("$ref", Value::String(reference)) => self.follow(reference, open, roots),
                    ("properties" | "patternProperties" | "dependentSchemas", keyed) => {
                        let keyed = keyed.as_object().into_iter().flatten();
                        self.waiting.extend(keyed.map(|(_, inner)| (inner, open)));
                    }
                    ("items" | "prefixItems" | "anyOf" | "oneOf" | "allOf", Value::Array(all)) => {
                        self.waiting.extend(all.iter().map(|inner| (inner, open)));
                    }
                    (
                        "items"
                        | "additionalItems"
                        | "additionalProperties"
                        | "not"
                        | "contains"
                        | "propertyNames"
                        | "if"
                        | "then"
                        | "else",
                        inner @ Value::Object(_),
                    ) => self.waiting.push_back((inner, open)),
                    _ => {}
                }
            }
        }
    }

    fn follow(&mut self, reference: &'a str, open: Option<usize>, roots: &[&'a Value]) {
        let Some(target) = roots.iter().find_map(|root| refs::find(root, reference)) else {
            return;
        };
        let mut around = open;
        let mut met = 0;
        while let Some((name, outer)) = around.and_then(|at| self.open.get(at)) {
            met += usize::from(*name == reference);
            around = *outer;
        }
        if met < MAX_RECURSION {
            self.open.push((reference, open));
            self.waiting.push_back((target, Some(self.open.len() - 1)));
        }
    }
}
