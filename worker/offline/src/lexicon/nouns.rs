//! Nouns and the topics they stand for.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::topic::Topic;

/// What single words and underscored phrases stand for, from `nouns.txt`.
static NOUNS: LazyLock<HashMap<&'static str, Topic>> = LazyLock::new(|| {
    let lines = include_str!("tables/nouns.txt").lines().filter_map(|line| line.split_once(": "));
    lines
        .filter_map(|(name, nouns)| Some((Topic::named(name)?, nouns)))
        .flat_map(|(topic, nouns)| nouns.split(' ').map(move |noun| (noun, topic)))
        .collect()
});

impl Topic {
    /// The topic a single word or an underscored phrase stands for.
    pub(super) fn of_noun(noun: &str) -> Option<Self> {
        let known = |noun: &str| NOUNS.get(noun).copied();
        known(noun)
            .or_else(|| known(noun.strip_suffix('s').filter(|stem| stem.len() > 2)?))
            .or_else(|| known(&singular(noun)?))
    }
}

/// The singular of a plural noun.
pub(crate) fn singular(word: &str) -> Option<String> {
    const SAME: &[&str] =
        &["news", "status", "address", "series", "gps", "bus", "class", "details"];
    if SAME.contains(&word) || word.len() < 3 {
        return None;
    }
    if let Some(stem) =
        word.strip_suffix("ies").filter(|stem| !["mov", "ser", "cook"].contains(stem))
    {
        return Some(format!("{stem}y"));
    }
    for ending in ["sses", "shes", "ches", "xes"] {
        if word.ends_with(ending) {
            return Some(word[..word.len() - 2].to_owned());
        }
    }
    let stem = word.strip_suffix('s')?;
    (!stem.ends_with('s')).then(|| stem.to_owned())
}
