//! The parts that are known to be in place, by the walks they cover.

use std::collections::BTreeMap;
use std::ops::Range;

/// A part in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) walks: Range<u64>,
    /// As listed; a report does not tell it.
    pub(super) size_bytes: Option<u64>,
}

/// Parts by their first walk; of those that share it, the longest.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    parts: BTreeMap<u64, Found>,
    longest: u64,
}

impl Catalog {
    pub(super) fn add(&mut self, found: Found) {
        self.longest = self.longest.max(found.walks.end - found.walks.start);
        let there = self.parts.get(&found.walks.start).map(|part| part.walks.end);
        if there.is_none_or(|end| end <= found.walks.end) {
            self.parts.insert(found.walks.start, found);
        }
    }

    pub(super) fn remove(&mut self, found: &Found) {
        if self.parts.get(&found.walks.start).is_some_and(|part| part.name == found.name) {
            self.parts.remove(&found.walks.start);
        }
    }

    /// How many walks the longest part has.
    pub(super) fn longest(&self) -> u64 {
        self.longest
    }

    /// A part that holds this walk: the one that starts last.
    pub(super) fn covering(&self, walk: u64) -> Option<Found> {
        let near = self.parts.range(walk.saturating_sub(self.longest)..=walk);
        near.rev().map(|(_, part)| part).find(|part| part.walks.contains(&walk)).cloned()
    }

    /// The first walk of the next part that starts after this walk.
    pub(super) fn first_after(&self, walk: u64) -> Option<u64> {
        self.parts.range(walk + 1..).next().map(|(&first, _)| first)
    }

    /// The parts that end after this walk, in walk order.
    pub(super) fn ending_after(&self, walk: u64) -> Vec<Found> {
        let near = self.parts.range(walk.saturating_sub(self.longest)..);
        near.map(|(_, part)| part).filter(|part| part.walks.end > walk).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(ranges: &[Range<u64>]) -> Catalog {
        let mut catalog = Catalog::default();
        for walks in ranges {
            let name = format!("{walks:?}");
            catalog.add(Found { name, walks: walks.clone(), size_bytes: None });
        }
        catalog
    }

    #[test]
    fn of_parts_that_start_alike_the_longest_is_known() {
        let catalog = catalog(&[0..4, 0..16, 0..7]);
        assert_eq!(catalog.covering(9).map(|part| part.walks), Some(0..16));
    }

    #[test]
    fn a_part_that_started_long_before_still_covers_a_walk() {
        let catalog = catalog(&[0..100, 10..12, 20..21]);
        assert_eq!(catalog.covering(50).map(|part| part.walks), Some(0..100));
        assert_eq!(catalog.covering(100), None);
        assert_eq!(catalog.first_after(10), Some(20));
    }
}
