//! Composing a clause: verb, object and attached phrases, and sentences for
//! what would make it too long.

use super::attach::{Attached, order};
use super::intent::Intent;
use super::verbs::{self, Action};
use crate::teacher::clause::Clause;
use crate::teacher::frame::capital;
use crate::teacher::intention::Slot;
use crate::teacher::mention::series;
use crate::teacher::noun;
use crate::teacher::phrase::Voice;

/// Inline phrases beyond this number go to a sentence of their own.
const MAX_PHRASES: usize = 3;

/// An attached argument with what is needed to say it elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    attached: Attached,
    /// What a sentence of facts would say of it.
    fact: Option<Fact>,
}

#[derive(Clone, Debug)]
struct Fact {
    noun: String,
    value: String,
}

/// What follows the object, the lower orders first.
struct Phrase {
    order: u8,
    text: String,
    fact: Option<Fact>,
}

impl Piece {
    pub(super) fn of(attached: Attached) -> Self {
        Self { attached, fact: None }
    }

    pub(super) fn new(slot: &Slot<'_>, text: String, attached: Attached) -> Self {
        let is_flag = slot.value().is_some_and(serde_json::Value::is_boolean);
        let noun = noun::of(&slot.field.name, &slot.field.shape);
        Self { attached, fact: (!is_flag).then_some(Fact { noun, value: text }) }
    }
}

/// The clause for an intent with its arguments.
pub(super) fn clause(intent: &Intent, pieces: Vec<Piece>, voice: &mut Voice<'_>) -> Clause {
    let mut phrases: Vec<Phrase> = Vec::new();
    let mut facts: Vec<Fact> = Vec::new();
    let mut extra: Vec<String> = Vec::new();
    for Piece { attached, fact } in pieces {
        match attached {
            Attached::Phrase(order, text) => phrases.push(Phrase { order, text, fact }),
            Attached::Sentence(text) => extra.push(text),
            Attached::Fact { noun, value } => facts.push(Fact { noun, value }),
        }
    }
    if let [fact] = facts.as_slice()
        && phrases.len() < MAX_PHRASES
        && fact.value.split(' ').count() < 5
    {
        let text = with(fact, voice);
        phrases.push(Phrase { order: order::WITH, text, fact: None });
        facts.clear();
    }
    phrases.sort_by_key(|phrase| phrase.order);
    spill(&mut phrases, &mut facts);
    let mut text = said(intent, voice);
    for phrase in &phrases {
        if !phrase.text.starts_with(',') {
            text.push(' ');
        }
        text.push_str(&phrase.text);
    }
    extra.extend(facts.chunks(4).filter_map(|facts| sentence(facts, voice)));
    Clause { question: false, text, extra }
}

/// Of too many phrases the later ones become facts.
fn spill(phrases: &mut Vec<Phrase>, facts: &mut Vec<Fact>) {
    if phrases.len() <= MAX_PHRASES + 1 {
        return;
    }
    for phrase in phrases.split_off(MAX_PHRASES) {
        match phrase.fact {
            Some(fact) => facts.push(fact),
            None => phrases.push(phrase),
        }
    }
}

/// "with a length of 16", "with X as the mode".
fn with(Fact { noun, value }: &Fact, voice: &mut Voice<'_>) -> String {
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
fn sentence(facts: &[Fact], voice: &mut Voice<'_>) -> Option<String> {
    let is = |noun: &str| if noun::is_plural(noun) { "are" } else { "is" };
    let Fact { noun, value } = facts.first()?;
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
    let stated = |Fact { noun, value }: &Fact| format!("the {noun} {} {value}", is(noun));
    let taken = |Fact { noun, value }: &Fact| format!("{value} for the {noun}");
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
