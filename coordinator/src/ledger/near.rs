//! Near-duplicates: finds kept conversations that a new one is too alike.
//!
//! Sketches are cut into bands; those that agree in a whole band are compared
//! in full. Two conversations with a similarity of 0.7 meet in some band with
//! a probability of 0.89, with 0.8 of 0.99. Tables hold only positions: about
//! 130 bytes a kept conversation, sketch included; a million of them are kept
//! in memory, more in files.

use std::io;
use std::path::Path;
use std::sync::Arc;

use magnet_proto::sketch::{BANDS, PLACES, Sketch};

use super::shelf::{Shelf, WINDOW};

/// Conversations with the same band that are compared at most.
const COMPARED: usize = 8;
/// A table grows when more than this part of it is taken: 4/5.
const FULL: (usize, usize) = (4, 5);
const EMPTY: u32 = u32::MAX;
/// Bytes of sketches that are kept in memory, and of one band's positions:
/// those of a million conversations.
const SKETCHES_IN_MEMORY: usize = 64 << 20;
const BAND_IN_MEMORY: usize = 8 << 20;

type Sketches = Shelf<PLACES>;

/// The kept conversations.
#[derive(Debug)]
pub(super) struct Kept {
    threshold: f64,
    sketches: Sketches,
    bands: [Table; BANDS],
}

impl Kept {
    /// `threshold` is the similarity from which on two are near-duplicates;
    /// files go into `folder`.
    pub(super) fn new(threshold: f64, folder: &Arc<Path>) -> Self {
        Self::with_room(threshold, folder, SKETCHES_IN_MEMORY, BAND_IN_MEMORY)
    }

    fn with_room(threshold: f64, folder: &Arc<Path>, sketches: usize, band: usize) -> Self {
        let table = |_| Table { slots: Shelf::new(folder, band), taken: 0 };
        Self {
            threshold,
            sketches: Shelf::new(folder, sketches),
            bands: std::array::from_fn(table),
        }
    }

    /// Keeps a conversation, unless it is too alike one that is kept.
    pub(super) fn insert(&mut self, sketch: &Sketch) -> io::Result<bool> {
        if self.threshold >= 1.0 {
            return Ok(true);
        }
        for (band, table) in self.bands.iter().enumerate() {
            let threshold = self.threshold;
            let is_alike = |kept: Sketch| kept.similarity(sketch) >= threshold;
            if table.any_of_band(band, sketch, &self.sketches, is_alike)? {
                return Ok(false);
            }
        }
        let at = self.sketches.len() as u32;
        self.sketches.push(*sketch.as_bytes())?;
        for (band, table) in self.bands.iter_mut().enumerate() {
            table.insert(band, at, sketch, &self.sketches)?;
        }
        Ok(true)
    }
}

/// One band's positions, by open addressing on the band's value.
#[derive(Debug)]
struct Table {
    slots: Shelf<4>,
    taken: usize,
}

impl Table {
    /// Whether it holds for any of the first kept sketches with the same band.
    fn any_of_band(
        &self,
        band: usize,
        sketch: &Sketch,
        sketches: &Sketches,
        holds: impl Fn(Sketch) -> bool,
    ) -> io::Result<bool> {
        let value = sketch.band(band);
        let mut compared = 0;
        let mut slot = home(value, self.slots.len());
        let mut window = [[0; 4]; WINDOW];
        loop {
            let read = self.slots.read(slot, &mut window)?;
            for found in read {
                let at = u32::from_le_bytes(*found);
                if at == EMPTY || compared == COMPARED {
                    return Ok(false);
                }
                let kept = Sketch::from_bytes(sketches.get(at as usize)?);
                if kept.band(band) == value {
                    compared += 1;
                    if holds(kept) {
                        return Ok(true);
                    }
                }
            }
            if read.is_empty() && slot == 0 {
                return Ok(false);
            }
            slot = (slot + read.len()) % self.slots.len().max(1);
        }
    }

    fn insert(
        &mut self,
        band: usize,
        at: u32,
        sketch: &Sketch,
        sketches: &Sketches,
    ) -> io::Result<()> {
        if (self.taken + 1) * FULL.1 > self.slots.len() * FULL.0 {
            self.grow(band, sketches)?;
        }
        let mut slot = home(sketch.band(band), self.slots.len());
        let mut window = [[0; 4]; WINDOW];
        'free: loop {
            for found in self.slots.read(slot, &mut window)? {
                if u32::from_le_bytes(*found) == EMPTY {
                    break 'free;
                }
                slot += 1;
            }
            slot %= self.slots.len();
        }
        self.taken += 1;
        self.slots.set(slot, at.to_le_bytes())
    }

    /// Lays the table out anew, in memory, with more room.
    fn grow(&mut self, band: usize, sketches: &Sketches) -> io::Result<()> {
        let size = (self.slots.len() + self.slots.len() / 3).max(64);
        let mut grown = vec![EMPTY.to_le_bytes(); size];
        let mut window = [[0; PLACES]; WINDOW];
        for from in (0..self.taken).step_by(WINDOW) {
            let read = sketches.read(from, &mut window)?;
            for (at, sketch) in (from as u32..self.taken as u32).zip(read) {
                let mut slot = home(Sketch::from_bytes(*sketch).band(band), size);
                while grown[slot] != EMPTY.to_le_bytes() {
                    slot = (slot + 1) % size;
                }
                grown[slot] = at.to_le_bytes();
            }
        }
        self.slots.replace(grown)
    }
}

fn home(value: u64, slots: usize) -> usize {
    let mut mixed = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^= mixed >> 32;
    mixed = mixed.wrapping_mul(0xd6e8_feb8_6659_fd93);
    ((u128::from(mixed) * slots as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(from: usize, to: usize) -> String {
        (from..to).map(|n| format!("word{n} ")).collect()
    }

    /// The kept, in memory and in files.
    fn both(threshold: f64) -> [Kept; 2] {
        let folder: Arc<Path> = std::env::temp_dir().into();
        let in_files = Kept::with_room(threshold, &folder, 10_000, 1_000);
        [Kept::new(threshold, &folder), in_files]
    }

    fn sketch(text: &str) -> Sketch {
        Sketch::of([text])
    }

    #[test]
    fn a_conversation_changed_in_a_few_words_is_found_among_many_others() {
        let found = both(0.7).map(|mut kept| {
            for n in 0..2_000 {
                let new = kept.insert(&sketch(&words(n * 1_000, n * 1_000 + 120)));
                assert!(new.unwrap(), "{n} is new");
            }
            let changed =
                |n: usize| words(n * 1_000, n * 1_000 + 114) + "and something else at the end";
            let found = |n: &usize| !kept.insert(&sketch(&changed(*n))).unwrap();
            (0..2_000).filter(found).collect::<Vec<_>>()
        });
        assert!(found[0].len() >= 1_980, "{} of 2000", found[0].len());
        assert_eq!(found[0], found[1], "in memory and in files");
    }

    #[test]
    fn conversations_with_little_in_common_are_all_kept() {
        let common = words(0, 60);
        for mut kept in both(0.7) {
            let text = |n: usize| common.clone() + &words(n * 1_000, n * 1_000 + 80);
            assert!((1..3_000).all(|n| kept.insert(&sketch(&text(n))).unwrap()));
        }
    }

    #[test]
    fn a_threshold_of_one_keeps_everything() {
        let [mut kept, _] = both(1.0);
        assert!((0..10).all(|_| kept.insert(&sketch("the very same words")).unwrap()));
    }

    #[test]
    fn a_kept_conversation_takes_at_most_170_bytes() {
        let [mut kept, _] = both(0.99);
        let count = 50_000;
        let mut state = 1_u64;
        for _ in 0..count {
            let bytes = std::array::from_fn(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            });
            kept.insert(&Sketch::from_bytes(bytes)).unwrap();
        }
        let tables: usize = kept.bands.iter().map(|table| table.slots.len() * 4).sum();
        let bytes = tables + kept.sketches.len() * PLACES;
        assert!(bytes / count <= 170, "{} bytes each", bytes / count);
    }
}
