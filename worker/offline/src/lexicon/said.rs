//! Which words stand in the texts around a place.

use super::place::Place;

/// Whether the description has one of the cues, in any case.
pub(super) fn speaks_of(place: &Place<'_>, cues: &[&str]) -> bool {
    contains_any(&place.shape.description, cues)
}

pub(super) fn category_has(place: &Place<'_>, cues: &[&str]) -> bool {
    contains_any(&place.function.category, cues) || contains_any(&place.function.class, cues)
}

pub(super) fn contains_any(text: &str, cues: &[&str]) -> bool {
    if text.is_empty() {
        return false;
    }
    let text = lower(text);
    cues.iter().any(|cue| text.contains(cue))
}

/// How much of a description is read for cues.
const READ_BYTES: usize = 300;

pub(super) fn lower(text: &str) -> String {
    let limit = READ_BYTES.min(text.len());
    let end = (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    text[..end].to_ascii_lowercase()
}
