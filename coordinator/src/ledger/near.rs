//! Near-duplicates: finds kept conversations that a new one is too alike.
//!
//! Sketches are cut into bands; those that agree in a whole band are compared
//! in full. Two conversations with a similarity of 0.7 meet in some band with
//! a probability of 0.89, with 0.8 of 0.99. Tables hold a band's hash and a
//! position: 180 to 300 bytes a kept conversation, sketch included. Those of
//! some 100,000 are kept in memory, more in files.

use std::io;
use std::path::Path;
use std::sync::Arc;

use magnet_proto::sketch::{BANDS, PLACES, Sketch};

use super::shelf::Shelf;
use super::table::Table;

/// Conversations with the same band that are compared at most.
const COMPARED: usize = 8;
/// Bytes of sketches that are kept in memory, and of one band's positions.
const SKETCHES_IN_MEMORY: usize = 6 << 20;
const BAND_IN_MEMORY: usize = 1 << 20;

/// The kept conversations.
#[derive(Debug)]
pub(super) struct Kept {
    threshold: f64,
    sketches: Shelf<PLACES>,
    bands: [Table; BANDS],
}

impl Kept {
    /// `threshold` is the similarity from which on two are near-duplicates;
    /// files go into `folder`.
    pub(super) fn new(threshold: f64, folder: &Arc<Path>) -> Self {
        Self::with_room(threshold, folder, SKETCHES_IN_MEMORY, BAND_IN_MEMORY)
    }

    fn with_room(threshold: f64, folder: &Arc<Path>, sketches: usize, band: usize) -> Self {
        Self {
            threshold,
            sketches: Shelf::new(folder, sketches),
            bands: std::array::from_fn(|_| Table::new(folder, band)),
        }
    }

    /// Keeps a conversation, unless it is too alike one that is kept.
    pub(super) fn insert(&mut self, sketch: &Sketch) -> io::Result<bool> {
        if self.threshold >= 1.0 {
            return Ok(true);
        }
        let mut slots = [None; BANDS];
        for (band, table) in self.bands.iter().enumerate() {
            let value = sketch.band(band);
            let (mut compared, mut is_alike) = (0, false);
            slots[band] = table.search(hash(value), |at| {
                let kept = Sketch::from_bytes(self.sketches.get(at as usize)?);
                if kept.band(band) != value {
                    return Ok(false);
                }
                compared += 1;
                is_alike = kept.similarity(sketch) >= self.threshold;
                Ok(is_alike || compared == COMPARED)
            })?;
            if is_alike {
                return Ok(false);
            }
        }
        let at = self.sketches.len() as u32;
        self.sketches.push(*sketch.as_bytes())?;
        for (band, slot) in slots.into_iter().enumerate() {
            // Where as many are there as are compared, it would never be seen.
            if let Some(slot) = slot {
                self.bands[band].put(slot, hash(sketch.band(band)), at)?;
            }
        }
        Ok(true)
    }
}

fn hash(value: u64) -> u32 {
    let mut mixed = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^= mixed >> 32;
    (mixed.wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32) as u32
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
}
