//! Composing a clause: verb, object and attached phrases, and sentences for
//! what would make it too long.

use super::attach::{Attached, order};
use super::intent::Intent;
use super::verbs::{self, Action};
use crate::teacher::offline::clause::Clause;
use crate::teacher::offline::frame::capital;
use crate::teacher::offline::intention::Slot;
use crate::teacher::offline::mention::series;
use crate::teacher::offline::noun;
use crate::teacher::offline::phrase::Voice;

/// Inline phrases beyond this number go to a sentence of their own.
const MAX_PHRASES: usize = 3;

/// An attached argument with what is needed to say it elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    attached: Attached,
    /// Noun and value, for a sentence of facts.
    fact: Option<(String, String)>,
}

impl Piece {
    pub(super) fn of(attached: Attached) -> Self {
        Self { attached, fact: None }
    }

    pub(super) fn new(slot: &Slot<'_>, text: String, attached: Attached) -> Self {
        let is_flag = slot.value().is_some_and(serde_json::Value::is_boolean);
        let noun = noun::of(&slot.field.name, &slot.field.shape);
        let fact = (!is_flag).then_some((noun, text));
        Self { attached, fact }
    }
}

/// The clause for an intent with its arguments.
pub(super) fn clause(intent: &Intent, pieces: Vec<Piece>, voice: &mut Voice<'_>) -> Clause {
    let mut phrases: Vec<(u8, String, Option<(String, String)>)> = Vec::new();
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut extra: Vec<String> = Vec::new();
    for piece in pieces {
        match piece.attached {
            Attached::Phrase(order, text) => phrases.push((order, text, piece.fact)),
            Attached::Sentence(text) => extra.push(text),
            Attached::Fact { noun, value } => facts.push((noun, value)),
        }
    }
    if facts.len() == 1 && phrases.len() < MAX_PHRASES && facts[0].1.split(' ').count() < 5 {
        let (noun, value) = facts.remove(0);
        phrases.push((order::WITH, with(&noun, &value, voice), None));
    }
    phrases.sort_by_key(|(order, ..)| *order);
    spill(&mut phrases, &mut facts);
    let mut text = said(intent, voice);
    for (_, phrase, _) in &phrases {
        if !phrase.starts_with(',') {
            text.push(' ');
        }
        text.push_str(phrase);
    }
    extra.extend(facts.chunks(4).filter_map(|facts| sentence(facts, voice)));
    Clause { question: false, text, extra }
}

/// Of too many phrases the later ones become facts.
fn spill(
    phrases: &mut Vec<(u8, String, Option<(String, String)>)>,
    facts: &mut Vec<(String, String)>,
) {
    if phrases.len() <= MAX_PHRASES + 1 {
        return;
    }
    let spare = phrases.split_off(MAX_PHRASES);
    for (order, text, fact) in spare {
        match fact {
            Some(fact) => facts.push(fact),
            None => phrases.push((order, text, None)),
        }
    }
}

/// "with a length of 16", "with X as the mode".
fn with(noun: &str, value: &str, voice: &mut Voice<'_>) -> String {
    let number = value.chars().all(|c| c.is_ascii_digit() || ".-,".contains(c));
    if number {
        let forms = [
            format!("with {} {noun} of {value}", noun::article(noun)),
            format!("with {noun} {value}"),
        ];
        return voice.pick(&forms);
    }
    let forms = [
        format!("with {value} as the {noun}"),
        format!("using {value} as the {noun}"),
        format!("with {noun} {value}"),
    ];
    voice.pick(&forms)
}

/// "The principal is 5000, the rate is 3.5 and the term is 10."
fn sentence(facts: &[(String, String)], voice: &mut Voice<'_>) -> Option<String> {
    let is = |noun: &str| if noun::is_plural(noun) { "are" } else { "is" };
    let (noun, value) = facts.first()?;
    if facts.len() == 1 {
        let forms = [
            format!("The {noun} {} {value}", is(noun)),
            format!("The {noun} should be {value}"),
            format!("Take {value} as the {noun}"),
            format!("I'd like {value} as the {noun}"),
            format!("Please use {value} for the {noun}"),
        ];
        return Some(voice.pick(&forms));
    }
    let stated = |(noun, value): &(String, String)| format!("the {noun} {} {value}", is(noun));
    let taken = |(noun, value): &(String, String)| format!("{value} for the {noun}");
    if voice.chance(60) {
        let items: Vec<String> = facts.iter().map(stated).collect();
        return Some(capital(&series(&items, "and")));
    }
    let items: Vec<String> = facts.iter().map(taken).collect();
    let start = voice.pick(&["Take", "Use", "I have", "Go with", "Let's say"]);
    Some(format!("{start} {}", series(&items, "and")))
}

/// Verb and object as a person says them.
fn said(intent: &Intent, voice: &mut Voice<'_>) -> String {
    let mut forms = verbs::spoken(intent.action, &intent.verb);
    let joined = intent.object.join(" ");
    let first = intent.object.first().map(String::as_str).unwrap_or_default();
    let listed = ["a list", "list of", "the list"].iter().any(|start| joined.starts_with(start));
    let clausal = matches!(first, "if" | "whether" | "that" | "how" | "what" | "why" | "where");
    forms.retain(|form| match form.as_str() {
        "list" | "find" | "find me" => !listed && !clausal && first != "a" && first != "an",
        "look up" | "pull up" => !listed && !joined.contains("random") && first != "a" && !clausal,
        "search for" | "look for" => !matches!(first, "by" | "through" | "in"),
        "tell me" => matches!(first, "the" | "whether" | "how" | "which" | "what"),
        "see" | "find out" if intent.verb == "check" => clausal,
        "give me" | "get me" | "get" => !clausal,
        _ => true,
    });
    let verb = if forms.is_empty() { intent.verb.clone() } else { voice.pick(&forms) };
    let bare_list = intent.action == Action::Read && first == "list";
    let text = if bare_list { format!("{verb} a {joined}") } else { format!("{verb} {joined}") };
    text.trim().to_owned()
}
