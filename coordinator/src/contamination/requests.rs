//! Requests compared by their 3-word shingles.
//!
//! The shingles are those by which a campaign drops near-duplicates, so that
//! "alike" means the same; but a benchmark is small enough to be held whole, so
//! the similarity here is exact, and nothing that is alike is missed.

use std::collections::HashMap;

use magnet_proto::sketch;

use super::functions::{jaccard, set};

/// A request of fewer shingles is too common to say anything.
const LEAST: usize = 5;

/// A benchmark's requests.
#[derive(Debug, Default)]
pub(super) struct Requests {
    sets: Vec<Vec<u32>>,
    /// The requests that hold a shingle.
    holding: HashMap<u32, Vec<u32>>,
}

impl Requests {
    /// Takes a request up; where it stands, if it is long enough.
    pub(super) fn add(&mut self, text: &str) -> Option<usize> {
        let shingles = shingles(text)?;
        let at = self.sets.len();
        for shingle in &shingles {
            self.holding.entry(*shingle).or_default().push(at as u32);
        }
        self.sets.push(shingles);
        Some(at)
    }

    /// The most similar one from `alike` on.
    pub(super) fn nearest(&self, text: &str, alike: f64) -> Option<(usize, f64)> {
        if self.sets.is_empty() {
            return None;
        }
        let shingles = shingles(text)?;
        // At least `alike` of the shingles must be shared, so that one of the
        // others and one more is; the rarest lead to the fewest requests.
        let mut holders: Vec<&[u32]> =
            shingles.iter().map(|s| self.holding.get(s).map_or(&[][..], Vec::as_slice)).collect();
        holders.sort_unstable_by_key(|holders| holders.len());
        let shared = (alike * shingles.len() as f64).ceil() as usize;
        let looked_at = &holders[..holders.len() + 1 - shared.clamp(1, holders.len())];
        let candidates =
            set(looked_at.iter().flat_map(|holders| holders.iter().copied()).collect());
        let compared = candidates.into_iter().map(|at| at as usize);
        let compared = compared.map(|at| (at, jaccard(&self.sets[at], &shingles)));
        let alike = compared.filter(|(_, similarity)| *similarity >= alike);
        // Of several that are equally near the first.
        alike.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
    }
}

fn shingles(text: &str) -> Option<Vec<u32>> {
    let shingles = set(sketch::shingles([text]));
    (shingles.len() >= LEAST).then_some(shingles)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(from: usize, to: usize) -> String {
        (from..to).map(|n| format!("word{n} ")).collect()
    }

    #[test]
    fn the_nearest_is_found_among_many_that_share_words() {
        let mut requests = Requests::default();
        for n in 0..500 {
            let text = words(0, 10) + &words(n * 100 + 50, n * 100 + 70);
            assert_eq!(requests.add(&text), Some(n));
        }
        let asked = words(0, 10) + &words(7 * 100 + 50, 7 * 100 + 68) + "and more";
        let (at, similarity) = requests.nearest(&asked, 0.7).unwrap();
        assert_eq!(at, 7);
        assert!((0.8..0.95).contains(&similarity), "{similarity}");
        assert_eq!(requests.nearest(&(words(0, 10) + &words(1, 21)), 0.7), None);
    }

    #[test]
    fn every_similarity_is_found_from_the_threshold_on() {
        let mut requests = Requests::default();
        requests.add(&words(0, 42));
        for kept in 6..=42 {
            let asked = words(0, kept) + &words(1_000, 1_000 + 42 - kept);
            let shared = (kept - 2) as f64;
            let exact = shared / (80.0 - shared);
            let found = requests.nearest(&asked, 0.5).map(|(_, similarity)| similarity);
            assert_eq!(found, (exact >= 0.5).then_some(exact), "{kept}");
        }
    }

    #[test]
    fn what_everybody_says_is_nobodys_request() {
        let mut requests = Requests::default();
        assert_eq!(requests.add("Yes, please do that."), None);
        assert_eq!(requests.nearest("Yes, please do that.", 0.7), None);
    }
}
