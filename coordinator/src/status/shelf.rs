//! Where the dataset's samples stand in the parts: an index of one bit a walk
//! and one line a part, so that any page of a large campaign is found at once.

use std::ops::Range;

use crate::ledger::Chosen;

#[derive(Debug, Default)]
pub(super) struct Shelf {
    boards: Vec<Shelved>,
    chosen: Chosen,
    len: u64,
}

#[derive(Debug)]
struct Shelved {
    part: String,
    walks: Range<u64>,
    /// Samples that stand before it.
    before: u64,
}

/// Where one sample stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Among the dataset's samples, from 0.
    pub number: u64,
    pub part: String,
    pub walk: u64,
}

impl Shelf {
    /// Adds the next part.
    pub(super) fn add(&mut self, part: &str, walks: Range<u64>, chosen: &Chosen) {
        let kept = walks.clone().filter(|walk| chosen.contains(*walk));
        let mut count = 0;
        for walk in kept {
            self.chosen.insert(walk);
            count += 1;
        }
        if count > 0 {
            self.boards.push(Shelved { part: part.to_owned(), walks, before: self.len });
            self.len += count;
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn places(&self, from: u64, limit: usize) -> Vec<Place> {
        let first = self.boards.partition_point(|board| board.before <= from).saturating_sub(1);
        let boards = self.boards.get(first..).unwrap_or_default();
        let numbered = boards.iter().flat_map(|board| {
            let walks = board.walks.clone().filter(|walk| self.chosen.contains(*walk));
            (board.before..).zip(walks).map(|(number, walk)| Place {
                number,
                part: board.part.clone(),
                walk,
            })
        });
        numbered.skip_while(|place| place.number < from).take(limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_found_by_their_number_across_parts() {
        let mut chosen = Chosen::default();
        let kept = [1, 2, 9, 20, 21, 22];
        kept.iter().for_each(|walk| chosen.insert(*walk));
        let mut shelf = Shelf::default();
        for (part, walks) in [("a", 0..10), ("none", 10..20), ("b", 20..30)] {
            shelf.add(part, walks, &chosen);
        }
        assert_eq!(shelf.len(), 6);
        let walks = |from, limit| -> Vec<(u64, u64)> {
            let places = shelf.places(from, limit);
            places.iter().map(|place| (place.number, place.walk)).collect()
        };
        assert_eq!(walks(0, 9), [(0, 1), (1, 2), (2, 9), (3, 20), (4, 21), (5, 22)]);
        assert_eq!(walks(2, 2), [(2, 9), (3, 20)]);
        assert_eq!(walks(5, 2), [(5, 22)]);
        assert_eq!(walks(6, 2), []);
        assert_eq!(shelf.places(3, 1)[0].part, "b");
    }
}
