//! What remains of a rejected walk, for a person to see why it failed.
//!
//! Kept of few walks: all of the first ones, then more and more rarely, by the
//! walk's index alone. So the same walks are kept whoever works them, and what
//! is kept grows with the logarithm of a campaign's walks.

use serde::{Deserialize, Serialize};

use crate::brief::Brief;
use crate::{FunctionId, WalkIndex};

/// How far a rejected walk came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Remains {
    /// The path, turn by turn, as the last stage left it.
    pub signature_path: Vec<Vec<FunctionId>>,
    /// None where it was rejected before it had one.
    pub brief: Option<Brief>,
    /// What a model was asked last, where one was asked at all.
    pub asked: Option<Asked>,
}

/// A question and its answer, both cut to [`MAX_CHARS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The kind of ask, as metrics name it.
    pub ask: String,
    /// Who speaks, and what.
    pub prompt: Vec<(String, String)>,
    pub answer: String,
}

/// Characters of a text that are kept.
const MAX_CHARS: usize = 16_000;

/// So many walks are looked at for each one that is shown of a reason.
const LOOKED_AT: u64 = 50;

impl Remains {
    /// Whether to keep what remains of a walk, where `shown` of a reason are to
    /// be shown.
    pub fn are_kept(walk: WalkIndex, shown: u64) -> bool {
        let first = shown.saturating_mul(LOOKED_AT);
        first > 0 && walk.0.is_multiple_of(walk.0 / first + 1)
    }
}

impl Asked {
    pub fn new<'a>(
        ask: &str,
        prompt: impl IntoIterator<Item = (&'a str, &'a str)>,
        answer: &str,
    ) -> Self {
        let prompt = prompt.into_iter().map(|(role, text)| (role.to_owned(), beginning(text)));
        Self { ask: ask.to_owned(), prompt: prompt.collect(), answer: beginning(answer) }
    }
}

fn beginning(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        None => text.to_owned(),
        Some((at, _)) => format!("{} … cut here", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_walks_are_kept_and_later_ones_ever_more_rarely() {
        let kept = |walks: std::ops::Range<u64>| {
            walks.filter(|&walk| Remains::are_kept(WalkIndex(walk), 2)).count()
        };
        assert_eq!(kept(0..100), 100);
        assert_eq!(kept(100..200), 50);
        assert!(kept(100_000..200_000) < 110);
        assert!(!Remains::are_kept(WalkIndex(0), 0));
    }

    #[test]
    fn long_texts_are_cut() {
        let long = "ä".repeat(MAX_CHARS + 1);
        let asked = Asked::new("back", [("user", long.as_str())], "short");
        assert!(asked.prompt[0].1.ends_with("ä … cut here"));
        assert_eq!(asked.answer, "short");
    }
}
