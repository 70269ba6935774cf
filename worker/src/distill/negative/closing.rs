//! Closing prose of a wrong turn: the positive's, made to fit other outputs.
//!
//! A mistaken agent reports what *its* calls returned. So values that changed
//! are exchanged, and a sentence that says what the wrong turn cannot know is
//! left out.

use std::collections::{BTreeMap, BTreeSet};

use magnet_proto::library::{Function, Library};
use magnet_proto::sample::Message;
use magnet_proto::shape::words;
use serde_json::Value;

use super::positive::heard;
use crate::execute::Output;
use crate::vet::prose::Grounds;

/// Texts of the positive's values and what stands in their place.
#[derive(Debug, Default)]
pub(super) struct Swaps {
    by_old: BTreeMap<String, String>,
}

/// How much of an output a plain report tells.
const REPORTED: usize = 2;

impl Swaps {
    /// Learns from two versions of a value; of structures, place by place.
    pub(super) fn learn(&mut self, old: &Value, new: &Value) {
        if old == new {
            return;
        }
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => {
                for (name, old) in old {
                    if let Some(new) = new.get(name) {
                        self.learn(old, new);
                    }
                }
            }
            (Value::Array(old), Value::Array(new)) => {
                old.iter().zip(new).for_each(|(old, new)| self.learn(old, new));
            }
            (Value::String(_) | Value::Number(_), Value::String(_) | Value::Number(_)) => {
                for (old, new) in texts(old).into_iter().zip(texts(new)) {
                    // Single letters stand for too many things.
                    let is_telling = old.chars().count() > 1 || old.parse::<u8>().is_ok();
                    if old != new && is_telling {
                        self.by_old.entry(old).or_insert(new);
                    }
                }
            }
            _ => {}
        }
    }

    /// The text with every old value exchanged at once, on word borders. A new
    /// one that it has already changes places with the old one: nobody lists
    /// the same twice.
    pub(super) fn exchange(&self, text: &str) -> String {
        let mut both = self.by_old.clone();
        for (old, new) in &self.by_old {
            if text.contains(old.as_str()) && has_word(text, new) {
                both.entry(new.clone()).or_insert_with(|| old.clone());
            }
        }
        Self { by_old: both }.exchanged(text)
    }

    fn exchanged(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut inside = false;
        while let Some(next) = rest.chars().next() {
            let swap = if inside { None } else { self.longest_at(text, rest) };
            if let Some((old, new)) = swap {
                out.push_str(new);
                rest = &rest[old.len()..];
                inside = old.ends_with(char::is_alphanumeric);
            } else {
                out.push(next);
                rest = &rest[next.len_utf8()..];
                inside = next.is_alphanumeric();
            }
        }
        out
    }

    /// The longest old value that begins here in the whole text.
    fn longest_at(&self, whole: &str, text: &str) -> Option<(&str, &str)> {
        let ends_word = |old: &str| {
            let mut after = text[old.len()..].chars();
            let (next, beyond) = (after.next(), after.next());
            let fraction = matches!(next, Some('.' | ',' | ':'))
                && old.ends_with(|c: char| c.is_ascii_digit())
                && beyond.is_some_and(|c| c.is_ascii_digit());
            !next.is_some_and(char::is_alphanumeric) && !fraction
        };
        let here = self.by_old.iter().filter(|(old, _)| text.starts_with(old.as_str()));
        let here = here.filter(|(old, _)| old.len() > 1 || is_said_once(whole, old));
        here.filter(|(old, _)| ends_word(old))
            .max_by_key(|(old, _)| old.len())
            .map(|(old, new)| (old.as_str(), new.as_str()))
    }
}

/// Whether a value of more than a digit stands in a text, on word borders.
fn has_word(text: &str, value: &str) -> bool {
    let is_apart = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    let ends = |(at, _): (usize, &str)| {
        let (before, after) = (&text[..at], &text[at + value.len()..]);
        is_apart(before.chars().next_back()) && is_apart(after.chars().next())
    };
    value.chars().count() > 1 && text.match_indices(value).any(ends)
}

/// Whether a digit stands in a text once: else it may be another thing's.
fn is_said_once(text: &str, digit: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| *word == digit).count() == 1
}

/// How prose writes a scalar: as it is, and money with two decimals.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone(), text.clone()],
        Value::Number(number) => {
            let money = number.as_f64().map_or_else(String::new, |n| format!("{n:.2}"));
            vec![number.to_string(), money]
        }
        _ => Vec::new(),
    }
}

/// What a wrong turn does not know because a call was left out.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    /// Words that only its output says.
    told: BTreeSet<String>,
    /// Words of its name that neither a request nor a call made has.
    named: BTreeSet<String>,
}

impl Hidden {
    /// Hides a call's function and what it returned.
    pub(super) fn hide(&mut self, function: &Function, output: Option<&Output>) {
        self.named.extend(words(&function.name).skip(1).filter(|word| word.len() > 2));
        self.told.extend(output.map(telling_words).unwrap_or_default());
    }

    /// What the messages say all the same is not hidden.
    fn without<'m>(
        mut self,
        library: &Library,
        known: impl IntoIterator<Item = &'m Message>,
    ) -> Self {
        if self.told.is_empty() && self.named.is_empty() {
            return self;
        }
        for message in known {
            for text in heard(message) {
                words(&text).for_each(|word| {
                    self.told.remove(&word);
                });
            }
            let asked = match message {
                Message::User(text) => words(text).collect(),
                _ => message
                    .calls()
                    .iter()
                    .flat_map(|call| words(&library.get(call.function).name))
                    .collect::<Vec<_>>(),
            };
            asked.iter().for_each(|word| {
                self.named.remove(word);
            });
        }
        self
    }

    fn is_told_by(&self, sentence: &str) -> bool {
        words(sentence).any(|word| self.told.contains(&word) || self.named.contains(&word))
    }
}

/// The positive's closing prose for a turn that went otherwise: values
/// exchanged, and without sentences that tell what the `known` messages, whose
/// `grounds` these are, do not say or what is hidden. None if nothing is left.
pub(super) fn adapt<'m>(
    said: &str,
    swaps: &Swaps,
    library: &Library,
    known: impl IntoIterator<Item = &'m Message>,
    grounds: &Grounds<'_>,
    hidden: Hidden,
) -> Option<String> {
    let exchanged = swaps.exchange(said);
    let hidden = hidden.without(library, known);
    let kept: Vec<&str> = sentences(&exchanged)
        .filter(|sentence| grounds.first_ungrounded(sentence).is_none())
        .filter(|sentence| !hidden.is_told_by(sentence))
        .collect();
    let text = kept.concat().trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The words of an output's names and values.
fn telling_words(output: &Output) -> BTreeSet<String> {
    fn collect(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => found.extend(words(text).filter(|word| word.len() > 2)),
            Value::Number(number) => found.extend(words(&number.to_string())),
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            Value::Object(members) => members.iter().for_each(|(name, item)| {
                found.extend(words(name).filter(|word| word.len() > 2));
                collect(item, found);
            }),
            Value::Bool(_) | Value::Null => {}
        }
    }
    let mut found = BTreeSet::new();
    match output.answer() {
        Ok(value) => collect(value, &mut found),
        Err(text) => found.extend(words(text)),
    }
    found
}

/// A text's sentences, each with the space that follows it.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = |at: usize| {
        let before = text[..at].trim_end_matches(['"', ')', '”']);
        before.ends_with(['.', '!', '?', '\n'])
    };
    let mut borders: Vec<usize> = text
        .match_indices([' ', '\n'])
        .filter(|(at, _)| ends(*at))
        .map(|(at, space)| at + space.len())
        .collect();
    borders.push(text.len());
    borders.into_iter().scan(0, move |start, end| {
        let sentence = &text[*start..end];
        *start = end;
        Some(sentence)
    })
}

/// Says plainly what a call returned.
pub(super) fn report(output: &Output) -> String {
    let value = match output.answer() {
        Ok(value) => value,
        Err(text) => return format!("That did not go through: {text}"),
    };
    let mut facts = Vec::new();
    gather(value, "", &mut facts);
    if facts.is_empty() {
        "That's all done.".into()
    } else {
        format!("Here's what came back: {}.", facts.join(", "))
    }
}

/// The first scalars of a value, with their names as words.
fn gather(value: &Value, name: &str, facts: &mut Vec<String>) {
    // Nobody reads links and keys out.
    let last = words(name).last().unwrap_or_default();
    if facts.len() >= REPORTED || ["url", "uri", "id", "hash", "token"].contains(&last.as_str()) {
        return;
    }
    let named = |text: &str| {
        let name: Vec<String> = words(name).collect();
        format!("{} {text}", name.join(" ")).trim().to_owned()
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, v)| gather(v, name, facts)),
        Value::Array(items) => items.iter().take(1).for_each(|item| gather(item, name, facts)),
        Value::String(text) if !text.is_empty() && text.len() <= 60 => facts.push(named(text)),
        Value::Number(number) => facts.push(named(&number.to_string())),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(old: Value, new: Value, text: &str, expected: &str) {
        let mut swaps = Swaps::default();
        swaps.learn(&old, &new);
        assert_eq!(swaps.exchange(text), expected);
    }

    #[test]
    fn values_are_exchanged_on_word_borders_and_all_at_once() {
        let (old, new) = (json!({"id": "A-1", "next": "A-2"}), json!({"id": "A-2", "next": "A-3"}));
        check(old, new, "A-1, then A-2; not A-12.", "A-2, then A-3; not A-12.");
        check(json!(31.5), json!(33.8), "31.5 is 31.50, not 131.5", "33.8 is 33.80, not 131.5");
        check(json!("08:31"), json!("10:37"), "at 08:31.", "at 10:37.");
    }

    #[test]
    fn a_value_that_is_there_already_changes_places_with_the_other() {
        let text = "There are Elsa, Henrik and Oskar; the first is Elsa.";
        let expected = "There are Henrik, Elsa and Oskar; the first is Henrik.";
        check(json!("Elsa"), json!("Henrik"), text, expected);
    }

    #[test]
    fn sentences_keep_their_words_and_order() {
        let text = "It costs 31.50. Fine (really!) \"Yes.\" And so\non.";
        assert_eq!(sentences(text).collect::<String>(), text);
        assert_eq!(sentences(text).count(), 4);
    }

    #[test]
    fn a_report_names_the_first_facts_that_people_speak_of() {
        let output = Output::of(json!({"hold_id": "H-1", "seats": [{"seat_no": 4}], "ok": true}));
        assert_eq!(report(&output), "Here's what came back: seat no 4.");
        assert_eq!(report(&Output::of(json!({}))), "That's all done.");
    }
}
