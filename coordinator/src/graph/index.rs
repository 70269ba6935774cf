//! Which functions a function might feed or enable, without comparing all
//! pairs: an inverted index over the terms that inputs want and names speak of.

use std::collections::HashMap;

use magnet_proto::FunctionId;

use super::profile::Profile;
use super::profiles::Profiles;
use super::sense::Sense;
use super::terms::Term;

/// Functions by the terms they can be reached through, per class, per
/// category and overall.
#[derive(Debug)]
pub(super) struct Index {
    wants: Postings,
    speaks: Postings,
}

#[derive(Debug, Default)]
struct Postings {
    by_class: HashMap<(Term, u32), Vec<FunctionId>>,
    by_category: HashMap<(Term, u32), Vec<FunctionId>>,
    overall: HashMap<Term, Vec<FunctionId>>,
}

/// Of a longer list, this many functions are looked at, evenly spread.
const CLASS_REACH: usize = 96;
const CATEGORY_REACH: usize = 48;
const OVERALL_REACH: usize = 32;
/// At most this many terms of a function are followed, the most telling.
const MAX_TERMS: usize = 48;

/// Prior scores of the functions reached from one function. Reused from
/// function to function.
#[derive(Debug)]
pub(super) struct Reached {
    scores: Vec<f32>,
    touched: Vec<FunctionId>,
}

impl Reached {
    pub(super) fn new(functions: usize) -> Self {
        Self { scores: vec![0.0; functions], touched: Vec::new() }
    }

    fn add(&mut self, function: FunctionId, score: f32) {
        let slot = &mut self.scores[function.index()];
        if *slot == 0.0 {
            self.touched.push(function);
        }
        *slot += score;
    }

    /// The best `limit` functions reached, best first; empties the scores.
    fn take(&mut self, limit: usize) -> Vec<FunctionId> {
        let scores = &self.scores;
        self.touched.sort_unstable_by(|a, b| {
            scores[b.index()].total_cmp(&scores[a.index()]).then(a.cmp(b))
        });
        let best = self.touched.iter().take(limit).copied().collect();
        for function in self.touched.drain(..) {
            self.scores[function.index()] = 0.0;
        }
        best
    }
}

impl Index {
    pub(super) fn of(profiles: &Profiles) -> Self {
        let (mut wants, mut speaks) = (Postings::default(), Postings::default());
        for (function, id) in profiles.functions.iter().zip(0..) {
            let inputs = function.inputs.iter().filter(|input| input.important);
            let mut wanted: Vec<Term> =
                inputs.flat_map(|input| input.wants(&profiles.kinds)).collect();
            wanted.sort_unstable();
            wanted.dedup();
            wanted.iter().for_each(|&term| wants.add(term, function, FunctionId(id)));
            let mut nouns = function.nouns.clone();
            nouns.sort_unstable();
            nouns.dedup();
            nouns.iter().for_each(|&term| speaks.add(term, function, FunctionId(id)));
        }
        Self { wants, speaks }
    }

    /// The functions that seem to want most of what `from` gives, best first.
    pub(super) fn feedable(
        &self,
        profiles: &Profiles,
        from: FunctionId,
        limit: usize,
        reached: &mut Reached,
    ) -> Vec<FunctionId> {
        let v = profiles.get(from);
        let mut terms: Vec<(Term, f32)> = Vec::new();
        for &(term, at) in &v.offers {
            let output = &v.outputs[at as usize];
            let new = if output.echo { 0.5 } else { 1.0 };
            let common = matches!(output.concept.sense, Sense::Value(kind) if kind.is_common());
            let telling = if common { 0.1 } else { 0.2 + self.wants.rarity(term, profiles) };
            let score = (telling * new) as f32;
            match terms.last_mut() {
                Some((last, best)) if *last == term => *best = best.max(score),
                _ => terms.push((term, score)),
            }
        }
        terms.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        terms.truncate(MAX_TERMS);
        for (term, score) in terms {
            self.wants.reach(term, v, from, score, reached);
        }
        reached.take(limit)
    }

    /// The functions whose names speak of the same things, best first.
    pub(super) fn related(
        &self,
        profiles: &Profiles,
        from: FunctionId,
        limit: usize,
        reached: &mut Reached,
    ) -> Vec<FunctionId> {
        let v = profiles.get(from);
        for (at, &term) in v.nouns.iter().rev().enumerate() {
            let main = if at == 0 { 1.0 } else { 0.4 };
            let score = (main * (0.1 + self.speaks.rarity(term, profiles))) as f32;
            self.speaks.reach(term, v, from, score, reached);
        }
        reached.take(limit)
    }
}

impl Postings {
    fn add(&mut self, term: Term, function: &Profile, id: FunctionId) {
        self.by_class.entry((term, function.class)).or_default().push(id);
        self.by_category.entry((term, function.category)).or_default().push(id);
        self.overall.entry(term).or_default().push(id);
    }

    /// 1 for a term that leads to one function, towards 0 for one that leads
    /// to all.
    fn rarity(&self, term: Term, profiles: &Profiles) -> f64 {
        let all = profiles.functions.len().max(2) as f64;
        let listed = self.overall.get(&term).map_or(1, Vec::len) as f64;
        ((all / listed).ln() / all.ln()).clamp(0.0, 1.0)
    }

    /// Adds `score` to the functions listed for `term`, nearer ones first and
    /// more; a long list is sampled evenly, from a place that `from` decides.
    fn reach(&self, term: Term, v: &Profile, from: FunctionId, score: f32, reached: &mut Reached) {
        let lists = [
            (self.by_class.get(&(term, v.class)), CLASS_REACH, 1.0),
            (self.by_category.get(&(term, v.category)), CATEGORY_REACH, 0.8),
            (self.overall.get(&term), OVERALL_REACH, 0.6),
        ];
        for (list, reach, share) in lists {
            for &function in list.into_iter().flat_map(|list| spread(list, reach, from)) {
                if function != from {
                    reached.add(function, score * share);
                }
            }
        }
    }
}

/// At most `count` items, evenly spaced.
fn spread(
    list: &[FunctionId],
    count: usize,
    from: FunctionId,
) -> impl Iterator<Item = &FunctionId> {
    let step = list.len().div_ceil(count).max(1);
    list.iter().skip(from.index() % step).step_by(step)
}
