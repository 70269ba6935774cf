//! Near-duplicates: finds kept conversations that a new one is too alike.
//!
//! Sketches are cut into bands; those that agree in a whole band are compared
//! in full. Two conversations with a similarity of 0.7 meet in some band with
//! a probability of 0.89, with 0.8 of 0.99. Tables hold only positions: about
//! 130 bytes a kept conversation, sketch included.

use magnet_proto::sketch::{BANDS, PLACES, Sketch};

/// Conversations with the same band that are compared at most.
const COMPARED: usize = 8;
/// A table grows when more than this part of it is taken: 4/5.
const FULL: (usize, usize) = (4, 5);
const EMPTY: u32 = u32::MAX;

/// The kept conversations.
#[derive(Debug)]
pub(super) struct Kept {
    threshold: f64,
    sketches: Vec<[u8; PLACES]>,
    bands: [Table; BANDS],
}

impl Kept {
    /// `threshold` is the similarity from which on two are near-duplicates.
    pub(super) fn new(threshold: f64) -> Self {
        Self { threshold, sketches: Vec::new(), bands: std::array::from_fn(|_| Table::default()) }
    }

    /// Keeps a conversation, unless it is too alike one that is kept.
    pub(super) fn insert(&mut self, sketch: &Sketch) -> bool {
        if self.threshold >= 1.0 {
            return true;
        }
        let alike = (0..BANDS).any(|band| {
            let same_band = self.bands[band].candidates(band, sketch, &self.sketches);
            same_band.take(COMPARED).any(|at| self.similarity(at, sketch) >= self.threshold)
        });
        if alike {
            return false;
        }
        let at = self.sketches.len() as u32;
        self.sketches.push(*sketch.as_bytes());
        for (band, table) in self.bands.iter_mut().enumerate() {
            table.insert(band, at, &self.sketches);
        }
        true
    }

    fn similarity(&self, at: u32, sketch: &Sketch) -> f64 {
        Sketch::from_bytes(self.sketches[at as usize]).similarity(sketch)
    }
}

/// One band's positions, by open addressing on the band's value.
#[derive(Debug, Default)]
struct Table {
    slots: Vec<u32>,
    taken: usize,
}

impl Table {
    /// The positions of kept sketches with the same band, oldest first.
    fn candidates<'a>(
        &'a self,
        band: usize,
        sketch: &Sketch,
        sketches: &'a [[u8; PLACES]],
    ) -> impl Iterator<Item = u32> {
        let value = sketch.band(band);
        let start = self.home(value);
        let chain = self.slots[start..].iter().chain(&self.slots[..start]);
        let chain = chain.copied().take_while(|&at| at != EMPTY);
        chain.filter(move |&at| Sketch::from_bytes(sketches[at as usize]).band(band) == value)
    }

    fn insert(&mut self, band: usize, at: u32, sketches: &[[u8; PLACES]]) {
        if (self.taken + 1) * FULL.1 > self.slots.len() * FULL.0 {
            self.grow(band, sketches);
        }
        self.place(Sketch::from_bytes(sketches[at as usize]).band(band), at);
        self.taken += 1;
    }

    fn grow(&mut self, band: usize, sketches: &[[u8; PLACES]]) {
        let size = (self.slots.len() + self.slots.len() / 3).max(64);
        self.slots = vec![EMPTY; size];
        for (at, sketch) in (0..).zip(&sketches[..self.taken]) {
            self.place(Sketch::from_bytes(*sketch).band(band), at);
        }
    }

    fn place(&mut self, value: u64, at: u32) {
        let mut slot = self.home(value);
        while self.slots[slot] != EMPTY {
            slot = (slot + 1) % self.slots.len();
        }
        self.slots[slot] = at;
    }

    fn home(&self, value: u64) -> usize {
        let mut mixed = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^= mixed >> 32;
        mixed = mixed.wrapping_mul(0xd6e8_feb8_6659_fd93);
        ((u128::from(mixed) * self.slots.len() as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(from: usize, to: usize) -> String {
        (from..to).map(|n| format!("word{n} ")).collect()
    }

    fn sketch(text: &str) -> Sketch {
        Sketch::of([text])
    }

    #[test]
    fn a_conversation_changed_in_a_few_words_is_found_among_many_others() {
        let mut kept = Kept::new(0.7);
        for n in 0..2_000 {
            assert!(kept.insert(&sketch(&words(n * 1_000, n * 1_000 + 120))), "{n} is new");
        }
        let changed =
            |n: usize| words(n * 1_000, n * 1_000 + 114) + "and something else at the end";
        let found = (0..2_000).filter(|&n| !kept.insert(&sketch(&changed(n)))).count();
        assert!(found >= 1_980, "{found} of 2000");
    }

    #[test]
    fn conversations_with_little_in_common_are_all_kept() {
        let mut kept = Kept::new(0.7);
        let common = words(0, 60);
        let all_kept = (1..3_000)
            .all(|n| kept.insert(&sketch(&(common.clone() + &words(n * 1_000, n * 1_000 + 80)))));
        assert!(all_kept);
    }

    #[test]
    fn a_threshold_of_one_keeps_everything() {
        let mut kept = Kept::new(1.0);
        assert!((0..10).all(|_| kept.insert(&sketch("the very same words"))));
    }

    #[test]
    fn a_kept_conversation_takes_at_most_170_bytes() {
        let mut kept = Kept::new(0.99);
        let count = 50_000;
        let mut state = 1_u64;
        for _ in 0..count {
            let bytes = std::array::from_fn(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            });
            kept.insert(&Sketch::from_bytes(bytes));
        }
        let tables: usize = kept.bands.iter().map(|table| table.slots.len() * 4).sum();
        let bytes = tables + kept.sketches.len() * PLACES;
        assert!(bytes / count <= 170, "{} bytes each", bytes / count);
    }
}
