//! MinHash sketches: how alike two conversations are, from sixty bytes each.
//!
//! A conversation is taken as its set of 3-word shingles. For each of sixty
//! hash functions the sketch keeps eight bits of the smallest hash in the set;
//! two sets agree in a place with probability J + (1 − J)/256, where J is
//! their Jaccard similarity. Computed by workers, compared when the dataset is
//! put together: the same bytes on every machine.

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Places of a sketch.
pub const PLACES: usize = 60;
/// Places are compared in bands of this many: sketches that agree in no whole
/// band are not alike.
pub const ROWS: usize = 5;
pub const BANDS: usize = PLACES / ROWS;

/// The sketch of one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sketch([u8; PLACES]);

impl Sketch {
    /// The sketch of a conversation's texts, in order. Case, punctuation and
    /// message borders do not count.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut least = [u32::MAX; PLACES];
        shingles(texts).into_iter().for_each(|shingle| lower(&mut least, shingle));
        // The highest bits of a minimum are nearly always zero; the lowest
        // eight are as good as random.
        Self(least.map(|hash| hash.to_le_bytes()[0]))
    }

    pub fn from_bytes(bytes: [u8; PLACES]) -> Self {
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8; PLACES] {
        &self.0
    }

    /// The estimate of the Jaccard similarity; its standard error is at most
    /// 0.065.
    pub fn similarity(&self, other: &Self) -> f64 {
        let agree = self.0.iter().zip(&other.0).filter(|(a, b)| a == b).count();
        let by_chance = 1.0 / 256.0;
        ((agree as f64 / PLACES as f64 - by_chance) / (1.0 - by_chance)).max(0.0)
    }

    /// The places of one band, as a number below 2^40.
    pub fn band(&self, band: usize) -> u64 {
        let rows = &self.0[band * ROWS..(band + 1) * ROWS];
        rows.iter().fold(0, |number, &row| number << 8 | u64::from(row))
    }
}

/// The hashes of a text's words, in order.
pub fn words(text: &str) -> impl Iterator<Item = u32> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(word_hash)
}

/// The hashes of all 3-word shingles, in order; of fewer words the one of all.
pub fn shingles<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<u32> {
    let words: Vec<u32> = texts.into_iter().flat_map(words).collect();
    match words.len() {
        0 => Vec::new(),
        1 | 2 => vec![shingle_hash(&words)],
        _ => words.windows(3).map(shingle_hash).collect(),
    }
}

fn lower(least: &mut [u32; PLACES], shingle: u32) {
    for (place, &(mask, factor)) in least.iter_mut().zip(&FAMILY) {
        let mut hash = (shingle ^ mask).wrapping_mul(factor);
        hash ^= hash >> 15;
        *place = (*place).min(hash.wrapping_mul(0x2c1b_3c6d));
    }
}

/// FNV-1a over the lower-cased letters.
fn word_hash(word: &str) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let mut buffer = [0; 4];
    word.chars()
        .flat_map(char::to_lowercase)
        .fold(0x811c_9dc5, |hash, letter| letter.encode_utf8(&mut buffer).bytes().fold(hash, step))
}

fn shingle_hash(words: &[u32]) -> u32 {
    words.iter().fold(0x9e37_79b9, |hash: u32, &word| {
        let mut hash = (hash.rotate_left(11) ^ word).wrapping_mul(0x85eb_ca6b);
        hash ^= hash >> 13;
        hash.wrapping_mul(0xc2b2_ae35)
    })
}

/// The masks and odd factors of the sixty hash functions, from one fixed
/// splitmix sequence.
const FAMILY: [(u32, u32); PLACES] = {
    let mut family = [(0, 0); PLACES];
    let mut state: u64 = 0x6d61_676e_6574;
    let mut place = 0;
    while place < PLACES {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        family[place] = (mixed as u32, (mixed >> 32) as u32 | 1);
        place += 1;
    }
    family
};

impl Serialize for Sketch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sketch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Sketch;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "a sketch of {PLACES} bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Sketch, E> {
                let places = bytes.try_into();
                places.map(Sketch).map_err(|_| E::invalid_length(bytes.len(), &self))
            }
        }
        deserializer.deserialize_bytes(Bytes).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of `total` words of which `shared` are the same.
    fn pair(shared: usize, total: usize, salt: usize) -> (String, String) {
        let text = |own: &str| -> String {
            (0..total)
                .map(|n| match n < shared {
                    true => format!("shared{salt}x{n} "),
                    false => format!("{own}{salt}x{n} "),
                })
                .collect()
        };
        (text("left"), text("right"))
    }

    #[test]
    fn the_estimate_is_close_to_the_jaccard_similarity() {
        for shared in [30, 60, 120, 180, 240, 290] {
            let total = 300;
            let common = (shared - 2) as f64;
            let jaccard = common / (2.0 * (total - 2) as f64 - common);
            let estimates = (0..60).map(|salt| {
                let (left, right) = pair(shared, total, salt);
                Sketch::of([left.as_str()]).similarity(&Sketch::of([right.as_str()]))
            });
            let mean = estimates.sum::<f64>() / 60.0;
            assert!((mean - jaccard).abs() < 0.03, "{jaccard:.3} was estimated as {mean:.3}");
        }
    }

    #[test]
    fn case_punctuation_and_message_borders_do_not_count() {
        let one = Sketch::of(["Book a table, please.", "For two?"]);
        let other = Sketch::of(["book a TABLE please for two"]);
        assert_eq!(one, other);
    }

    #[test]
    fn texts_too_short_for_a_shingle_still_differ() {
        assert_eq!(Sketch::of(["yes"]), Sketch::of(["Yes!"]));
        assert!(Sketch::of(["yes"]).similarity(&Sketch::of(["no"])) < 0.2);
        assert_eq!(Sketch::of([""]), Sketch::of([]));
    }
}
