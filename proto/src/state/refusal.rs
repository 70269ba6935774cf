//! What teachers say when they refuse: kept so that whoever looks at a
//! campaign sees why it does not get on.

use serde::{Deserialize, Serialize};

/// What one teacher said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refusal {
    /// The name under `[teacher.*]`.
    pub teacher: String,
    /// The server's own words, without any key.
    pub words: String,
}

impl Refusal {
    /// What refusals have in common that differ only in numbers, dates and ids.
    pub fn gist(&self) -> String {
        let plain = |word: &str| match word.contains(|c: char| c.is_ascii_digit()) {
            true => "#".to_owned(),
            false => word.to_lowercase(),
        };
        let words = self.words.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
        let words: Vec<String> = words.map(plain).collect();
        // The status tells more than any other number.
        let status = self.words.strip_prefix("HTTP ").and_then(|rest| rest.get(..3));
        format!("{} {} {}", self.teacher, status.unwrap_or_default(), words.join(" "))
    }
}

pub(super) fn in_order(mut refusals: Vec<Refusal>) -> Vec<Refusal> {
    refusals.sort();
    refusals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gist(words: &str) -> String {
        Refusal { teacher: "big".into(), words: words.into() }.gist()
    }

    #[test]
    fn refusals_that_differ_in_numbers_and_ids_alone_are_one() {
        let one = gist("HTTP 400: 2048 tokens are too many (request req_9f3a)");
        assert_eq!(one, gist("HTTP 400: 911 tokens are too many (request req_b07c)"));
        assert_ne!(one, gist("HTTP 422: 911 tokens are too many (request req_b07c)"));
        assert_ne!(one, gist("HTTP 400: 911 images are too many (request req_b07c)"));
    }
}
