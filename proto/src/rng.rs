//! The only source of randomness: streams derived from the campaign's seed.
//!
//! A stream is named by (seed, walk, purpose). Two purposes never share a
//! stream, so adding a draw to one stage leaves every other stage as it was.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::WalkIndex;

/// A seeded, portable generator: the same draws on every machine.
pub type Rng = ChaCha8Rng;

/// The stream of one walk for one purpose.
pub fn stream(seed: u64, walk: WalkIndex, purpose: &str) -> Rng {
    derive(&[b"walk", &seed.to_le_bytes(), &walk.0.to_le_bytes(), purpose.as_bytes()])
}

/// The stream of a whole campaign for one purpose and one item of it, such as
/// a node whose candidates are drawn.
pub fn campaign_stream(seed: u64, purpose: &str, item: &[u8]) -> Rng {
    derive(&[b"campaign", &seed.to_le_bytes(), purpose.as_bytes(), item])
}

fn derive(fields: &[&[u8]]) -> Rng {
    let digest = crate::Digest::of_fields(fields.iter().copied());
    ChaCha8Rng::from_seed(*digest.as_bytes())
}
