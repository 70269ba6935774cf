//! Type 4: the closing prose contradicts the outputs, as models get it wrong.
//!
//! Two facts are exchanged, one is taken from another thing, one is left out, a
//! failure is told as a success, or a fact is added that nobody returned. But
//! for the last, all ways to misstate a closing follow from the record alone,
//! so that a checker finds the same ones.

use std::ops::Range;

use magnet_proto::rng::Rng;
use magnet_proto::sample::{Call, Message};
use magnet_proto::shape::words;
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use serde_json::Value;

use super::closing::{Swaps, sentences};
use super::positive::Positive;
use super::tail::Tail;
use super::{Material, Wrong, near};
use crate::execute::Output;
use crate::failure::Failure;

/// Closing prose that says otherwise, and why it is wrong.
pub(super) struct Draft {
    pub(super) text: String,
    way: Way,
    reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Succeed,
    Exchange,
    Confuse,
    LeaveOut,
    Add,
}

/// Said of a call that failed.
const SUCCESSES: [&str; 4] = [
    "That's done.", "All done, that went through.", "Done, it's taken care of.",
    "It's all set now.",
];
/// How many values at most are taken for one.
const CONFUSED: usize = 12;

pub(super) async fn summary<'a>(
    material: Material<'a>,
    rng: &mut Rng,
) -> Result<Option<Wrong<'a>>, Failure> {
    let positive = material.positive;
    let mut all: Vec<(usize, usize, Draft)> = Vec::new();
    for (turn, range) in positive.turns().into_iter().enumerate() {
        let Some((at, said)) = positive.closing(&range) else {
            continue;
        };
        if positive.calls(range.clone()).next().is_none()
            || positive.grounds(at).first_ungrounded(said).is_some()
        {
            continue;
        }
        let drafts = drafts(positive, &range, at, said);
        let drafts = drafts.into_iter().chain(added(material, turn, at, said, rng));
        all.extend(drafts.map(|draft| (turn, at, draft)));
    }
    let mut ways = [Way::Succeed, Way::Exchange, Way::Confuse, Way::LeaveOut, Way::Add];
    // A failure told as a success is the worst that can be said of it; what is
    // added is made up, and so the last resort.
    ways[1..4].shuffle(rng);
    let of = |way| all.iter().filter(|(.., draft)| draft.way == way).collect::<Vec<_>>();
    let chosen = ways.into_iter().find_map(|way| of(way).choose(rng).copied());
    let Some((turn, at, Draft { text, reason, .. })) = chosen else {
        return Ok(None);
    };
    let mut tail = Tail::start(material, *turn, *at).await?;
    tail.say(text.clone());
    Ok(Some(Wrong { tail, step: None, reason: reason.clone() }))
}

/// All ways to misstate a turn's closing, but for additions.
pub(super) fn drafts(
    positive: &Positive<'_>,
    turn: &Range<usize>,
    at: usize,
    said: &str,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    if last_failed(positive, turn) {
        drafts.extend(SUCCESSES.map(|text| Draft {
            text: text.into(),
            way: Way::Succeed,
            reason: "Claims success although the last call failed.".into(),
        }));
    }
    drafts.extend(exchanged(said));
    drafts.extend(confused(positive, turn, at, said));
    drafts.extend(shortened(positive, turn, said));
    drafts.retain(|draft| draft.text != said);
    drafts
}

fn last_failed(positive: &Positive<'_>, turn: &Range<usize>) -> bool {
    let outputs = positive.messages[turn.clone()].iter().rev();
    let mut contents = outputs.filter_map(|message| match message {
        Message::Tool { content, .. } => Some(content),
        _ => None,
    });
    contents.next().is_some_and(|content| Output::parse(content).is_error)
}

/// Two facts of one form, each told of the other's thing.
fn exchanged(said: &str) -> Vec<Draft> {
    let facts: Vec<Fact<'_>> = facts(said).collect();
    let mut drafts = Vec::new();
    for (at, first) in facts.iter().enumerate() {
        for second in &facts[at + 1..] {
            if first.form == second.form && first.text != second.text {
                let text = format!(
                    "{}{}{}{}{}",
                    &said[..first.start],
                    second.text,
                    &said[first.end()..second.start],
                    first.text,
                    &said[second.end()..],
                );
                let reason =
                    format!("Takes \"{}\" and \"{}\" for each other.", first.text, second.text);
                drafts.push(Draft { text, way: Way::Exchange, reason });
            }
        }
    }
    drafts
}

/// A stretch of prose that tells a value.
struct Fact<'t> {
    start: usize,
    text: &'t str,
    /// Facts of one form can stand in each other's place.
    form: String,
}

impl Fact<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// What stands in quotes, and words with digits in them.
fn facts(text: &str) -> impl Iterator<Item = Fact<'_>> {
    let quoted = text.split('"').scan(0, |from, piece| {
        let start = *from;
        *from += piece.len() + 1;
        Some((start, piece))
    });
    let quoted = quoted
        .skip(1)
        .step_by(2)
        .filter(|(_, piece)| !piece.is_empty())
        .map(|(start, piece)| Fact { start, text: piece, form: "quoted".into() });
    let written = text.split_whitespace().filter(|word| !word.contains('"')).filter_map(|word| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let start = bare.as_ptr() as usize - text.as_ptr() as usize;
        let is_fact = bare.contains(|c: char| c.is_ascii_digit());
        is_fact.then(|| Fact { start, text: bare, form: form(text, start, bare) })
    });
    quoted.chain(written)
}

/// A word with its runs of digits told by their place alone; a mere number also
/// by what it counts.
fn form(text: &str, start: usize, word: &str) -> String {
    let mut form = String::new();
    for c in word.chars() {
        match c {
            c if !c.is_ascii_digit() => form.push(c),
            _ if form.ends_with('0') => {}
            _ => form.push('0'),
        }
    }
    let before = text[..start].chars().next_back().filter(|c| !c.is_whitespace());
    let after = text[start + word.len()..].trim_start().split(' ').next().unwrap_or_default();
    let counts = words(after).next().unwrap_or_default();
    match form.contains(char::is_alphabetic) || word.contains(':') {
        true => form,
        false => format!("{before:?}{form}{counts}"),
    }
}

/// A value that another element, or another call of the function, returned.
fn confused(positive: &Positive<'_>, turn: &Range<usize>, at: usize, said: &str) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let all = told_in(positive, 0..at);
    for (function, name, right) in told_in(positive, turn.clone()) {
        if !is_said(&text_of(&right), said) {
            continue;
        }
        let alike = all.iter().filter(|(other, other_name, wrong)| {
            let text = text_of(wrong);
            name == *other_name
                && (function == *other || name.contains('_'))
                && right != *wrong
                && !text.is_empty()
                && !is_said(&text, said)
        });
        for (.., wrong) in alike.take(CONFUSED) {
            let mut swaps = Swaps::default();
            swaps.learn(&right, wrong);
            let reason = format!("Says {wrong} where the output says {right}.");
            drafts.push(Draft { text: swaps.exchange(said), way: Way::Confuse, reason });
        }
    }
    drafts
}

/// The texts and numbers that calls among these messages returned, each with
/// the function and the name it stands under.
fn told_in(
    positive: &Positive<'_>,
    messages: Range<usize>,
) -> Vec<(magnet_proto::FunctionId, String, Value)> {
    let mut told = Vec::new();
    for (_, Call { id, function, .. }) in positive.calls(messages) {
        let output = positive.output(id);
        let Some(output) = output.as_ref().and_then(Output::ok) else {
            continue;
        };
        near::leaves(output, "", &mut |name: &str, value: &Value| {
            if matches!(value, Value::String(_) | Value::Number(_)) {
                told.push((*function, name.to_owned(), value.clone()));
            }
        });
    }
    told
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a text says a value, as a word or words of its own.
fn is_said(value: &str, text: &str) -> bool {
    value.chars().count() > 1
        && text.match_indices(value).any(|(at, _)| {
            let is_inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            !is_inside(text[..at].chars().next_back())
                && !is_inside(text[at + value.len()..].chars().next())
        })
}

/// A sentence less, of those that tell what an output of the turn says and no
/// other sentence does.
fn shortened(positive: &Positive<'_>, turn: &Range<usize>, said: &str) -> Vec<Draft> {
    let told = told_in(positive, turn.clone());
    let all: Vec<&str> = sentences(said).collect();
    if all.len() < 2 {
        return Vec::new();
    }
    let mut drafts = Vec::new();
    for at in 0..all.len() {
        let rest: String = [&all[..at], &all[at + 1..]].concat().concat();
        let lost = told
            .iter()
            .map(|(.., value)| text_of(value))
            .find(|value| is_said(value, all[at]) && !is_said(value, &rest));
        if let Some(lost) = lost {
            let reason = format!("Does not say \"{lost}\", which was asked for.");
            drafts.push(Draft { text: rest.trim().to_owned(), way: Way::LeaveOut, reason });
        }
    }
    drafts
}

/// The closing with what models like to add to something done, and no output
/// says: how long it takes.
fn added(
    material: Material<'_>,
    turn: usize,
    at: usize,
    said: &str,
    rng: &mut Rng,
) -> Option<Draft> {
    let positive = material.positive;
    let range = positive.turns().into_iter().nth(turn)?;
    let is_done = |(_, call): (usize, &Call)| positive.library.get(call.function).changes_state();
    if !positive.calls(range).any(is_done) {
        return None;
    }
    let days = rng.random_range(2..15);
    let fact = format!("It can take up to {days} working days to show.");
    positive.grounds(at).first_ungrounded(&fact)?;
    Some(Draft {
        text: format!("{} {fact}", said.trim_end()),
        way: Way::Add,
        reason: "Adds a delay that no output has.".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(drafts: Vec<Draft>) -> Vec<String> {
        drafts.into_iter().map(|draft| draft.text).collect()
    }

    #[test]
    fn facts_of_one_form_change_places() {
        let said = "The 06:35 (TER-96508) reaches Lyon at 08:31, the other is TER-96512.";
        assert_eq!(
            texts(exchanged(said)),
            [
                "The 08:31 (TER-96508) reaches Lyon at 06:35, the other is TER-96512.",
                "The 06:35 (TER-96512) reaches Lyon at 08:31, the other is TER-96508.",
            ]
        );
    }

    #[test]
    fn numbers_that_count_different_things_do_not() {
        assert!(exchanged("100% comes back within 5 working days, for order OR-12.").is_empty());
        assert_eq!(exchanged("\"Price list\" is older than \"Insurance papers\".").len(), 1);
    }
}
