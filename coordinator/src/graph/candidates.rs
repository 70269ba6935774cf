//! N(v): the functions compared with each function (paper §3.1).
//!
//! The paper draws them at random from v's category and class. With
//! `matched` above 0 a part of the places goes to the functions that v's
//! outputs fit best, so that a large library's chains are not left to luck.

use std::collections::BTreeSet;

use magnet_proto::config::GraphSettings;
use magnet_proto::library::Library;
use magnet_proto::{FunctionId, rng};
use rand::seq::index;

use super::index::{Index, Reached};
use super::profiles::Profiles;
use super::relate::{Ranked, relate};

/// Draws N(v) for any v.
pub(super) struct Drawer<'a> {
    library: &'a Library,
    profiles: &'a Profiles,
    index: Option<Index>,
    settings: &'a GraphSettings,
    seed: u64,
    by_class: Vec<Vec<FunctionId>>,
    by_category: Vec<Vec<FunctionId>>,
}

impl<'a> Drawer<'a> {
    pub(super) fn new(
        library: &'a Library,
        profiles: &'a Profiles,
        settings: &'a GraphSettings,
        seed: u64,
    ) -> Self {
        let (mut by_class, mut by_category) = (Vec::new(), Vec::new());
        for (function, id) in profiles.functions.iter().zip(0..) {
            group(&mut by_class, function.class, FunctionId(id));
            group(&mut by_category, function.category, FunctionId(id));
        }
        let index = (settings.matched > 0.0).then(|| Index::of(profiles));
        Self { library, profiles, index, settings, seed, by_class, by_category }
    }

    /// N(v), ascending, without v.
    pub(super) fn draw(&self, v: FunctionId, reached: &mut Reached) -> Vec<FunctionId> {
        let places = self.settings.candidates.get();
        let share = |share: f64, of: usize| (share.clamp(0.0, 1.0) * of as f64).round() as usize;
        let outside = share(self.settings.cross_category, places);
        let inside = places - outside;
        let mut drawn = BTreeSet::new();
        if let Some(index) = &self.index {
            let matched = self.matches(index, v, reached);
            let reserve = |count, category, drawn: &mut BTreeSet<_>| {
                let here = self.profiles.get(v).category;
                let fitting = matched
                    .iter()
                    .filter(|&&u| (self.profiles.get(u).category == here) == category);
                drawn.extend(fitting.take(count));
            };
            reserve(share(self.settings.matched, inside), true, &mut drawn);
            reserve(share(self.settings.matched, outside), false, &mut drawn);
        }
        self.fill(v, places, inside, &mut drawn);
        drawn.into_iter().collect()
    }

    /// Random functions: from v's class while there are any, then from its
    /// category, then from elsewhere.
    fn fill(&self, v: FunctionId, places: usize, inside: usize, drawn: &mut BTreeSet<FunctionId>) {
        let name = self.library.get(v).name.as_bytes();
        let mut rng = rng::campaign_stream(self.seed, "candidates", name);
        let home = self.profiles.get(v);
        let near = |drawn: &BTreeSet<FunctionId>| {
            drawn.iter().filter(|&&u| self.profiles.get(u).category == home.category).count()
        };
        for pool in [&self.by_class[home.class as usize], &self.by_category[home.category as usize]]
        {
            let missing = inside.saturating_sub(near(drawn));
            draw_from(pool.len(), missing, &mut rng, |at| pool[at] != v && drawn.insert(pool[at]));
        }
        if self.settings.cross_category > 0.0 {
            let missing = places.saturating_sub(drawn.len());
            draw_from(self.profiles.functions.len(), missing, &mut rng, |at| {
                let u = FunctionId(at as u32);
                self.profiles.get(u).category != home.category && drawn.insert(u)
            });
        }
    }

    /// The functions v's outputs fit best or its outcome decides about, best
    /// first.
    fn matches(&self, index: &Index, v: FunctionId, reached: &mut Reached) -> Vec<FunctionId> {
        let looked_at = 4 * self.settings.candidates.get();
        let mut found = index.feedable(self.profiles, v, looked_at, reached);
        found.extend(index.related(self.profiles, v, looked_at / 2, reached));
        found.sort_unstable();
        found.dedup();
        let mut ranked: Vec<Ranked> =
            found.into_iter().filter_map(|u| relate(self.profiles, v, u)).collect();
        ranked.sort_by(|a, b| b.rank.total_cmp(&a.rank).then(a.edge.to.cmp(&b.edge.to)));
        ranked.into_iter().map(|ranked| ranked.edge.to).collect()
    }
}

fn group(groups: &mut Vec<Vec<FunctionId>>, at: u32, function: FunctionId) {
    if groups.len() <= at as usize {
        groups.resize_with(at as usize + 1, Vec::new);
    }
    groups[at as usize].push(function);
}

/// Offers random positions below `length` until `count` are taken or a bounded
/// number was offered.
fn draw_from(length: usize, count: usize, rng: &mut rng::Rng, mut take: impl FnMut(usize) -> bool) {
    if count == 0 {
        return;
    }
    // Some are taken already or do not qualify: offer more than are wanted,
    // all of a small pool.
    let offered = length.min(count.saturating_mul(8).max(256));
    let mut taken = 0;
    for at in index::sample(rng, length, offered) {
        if taken == count {
            break;
        }
        taken += usize::from(take(at));
    }
}
