//! English for an arbitrary function: an intent clause with its arguments
//! attached, "list the open issues in octo/hello".
//!
//! ```text
//! intent (verb, object) ─► arguments woven into the object ─► the rest attached
//! ```

mod attach;
mod clean;
mod compose;
mod ends;
mod glued;
mod intent;
mod joint;
mod verbs;
mod weave;

use magnet_proto::library::Function;
use magnet_proto::shape::words;

use super::clause::Clause;
use super::intention::{Intention, Slot};
use super::phrase::Voice;
use super::refer::Seat;
use attach::{Attached, order};
use compose::Piece;
use intent::Intent;
use verbs::Action;

/// The clause for an intention without phrasing of its own.
pub(super) fn clause(intention: &Intention<'_>, voice: &mut Voice<'_>) -> Clause {
    let mut intent = intent::of(intention.function);
    let is_stay = is_stay(&intent);
    let mut pieces: Vec<Piece> = Vec::new();
    let said = joint::say(intention, &mut intent, &mut pieces, voice);
    let open: Vec<&Slot<'_>> = intention
        .slots
        .iter()
        .filter(|s| !s.is_missing() && !said.contains(&s.field.name.as_str()))
        .collect();
    for slot in open {
        let Some(text) = voice.words(intention, slot, Seat::Attached) else { continue };
        if !weave::into_object(&mut intent.object, slot, &text) {
            let attached = match is_stay && is_destination(slot) {
                true => Attached::Phrase(order::IN, format!("in {text}")),
                false => attach::attach(slot, &text, &intent.verb, voice),
            };
            pieces.push(Piece::new(slot, text, attached));
        }
    }
    intent::Parameters::of(intention.function).drop_bare(&mut intent.object);
    compose::clause(&intent, pieces, voice)
}

/// One stays in a destination where one travels to it otherwise.
fn is_stay(intent: &Intent) -> bool {
    const STAYS: &[&str] =
        &["hotel", "hotels", "house", "houses", "apartment", "apartments", "room", "rooms"];
    intent.object.iter().any(|word| STAYS.contains(&word.to_lowercase().as_str()))
}

fn is_destination(slot: &Slot<'_>) -> bool {
    words(&slot.field.name).any(|word| matches!(word.as_str(), "destination" | "where"))
}

/// The thing a function's output is about, for its summary: the object's head
/// noun with what stands before it.
pub(super) fn subject(function: &Function) -> Option<String> {
    const STARTS: &[&[&str]] = &[
        &["a", "list", "of"],
        &["the", "list", "of"],
        &["list", "of"],
        &["information", "about"],
        &["information", "on"],
        &["details", "about"],
        &["details", "of"],
        &["info", "about"],
        &["info", "of"],
        &["all", "of"],
        &["all"],
        &["the"],
        &["a"],
        &["an"],
        &["any"],
        &["every"],
        &["either"],
        &["available"],
        &["latest"],
    ];
    let intent = intent::of(function);
    let mut words: Vec<&str> = intent.object.iter().map(String::as_str).collect();
    while let Some(start) = STARTS.iter().find(|start| words.starts_with(start)) {
        words.drain(..start.len());
    }
    let ends = |word: &&str| clean::is_preposition(word) || word.ends_with(',');
    let end = words.iter().position(ends).unwrap_or(words.len());
    words.truncate(end);
    let plain = words.iter().all(|w| !matches!(*w, "what" | "data" | "mine" | "if" | "whether"));
    ((1..=4).contains(&words.len()) && plain).then(|| words.join(" "))
}

/// What a function does, to follow "to": "create a campaign".
pub(super) fn infinitive(function: &Function) -> String {
    let Intent { action, verb, object } = intent::of(function);
    let verb = match action {
        Action::Read => "get",
        Action::Search => "search for",
        _ => &verb,
    };
    format!("{verb} {}", object.join(" ")).trim().to_owned()
}
