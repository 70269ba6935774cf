//! Names whose values everybody knows: a sentiment is positive, negative or
//! neutral.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::nouns::singular;

/// The usual values by name, from `terms.txt`.
static TERMS: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let lines = include_str!("tables/terms.txt").lines().filter_map(|line| line.split_once(": "));
    lines
        .flat_map(|(names, values)| {
            names.split(' ').map(move |name| (name, values.split('|').collect()))
        })
        .collect()
});

/// The usual values of a place with such a name: of the whole name, else of the
/// longest phrase at its end.
pub(super) fn of_name(words: &[&str]) -> Option<&'static [&'static str]> {
    (0..words.len()).find_map(|start| {
        let phrase = words[start..].join("_");
        let found = TERMS.get(phrase.as_str()).or_else(|| TERMS.get(singular(&phrase)?.as_str()));
        found.map(Vec::as_slice)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_phrase_at_the_end_of_a_name_decides() {
        assert_eq!(of_name(&["overall", "sentiment"]), of_name(&["sentiment"]));
        assert_ne!(of_name(&["show", "type"]), of_name(&["fare", "type"]));
        assert_eq!(of_name(&["city"]), None);
    }
}
