//! A clause: what a user says of one step, before it is worded as a request.

use super::generic;
use super::intention::{Intention, Slot};
use super::noun;
use super::phrase::Voice;
use super::refer::Seat;
use super::template::{self, Before, Fill};
use crate::lexicon::Topic;
use magnet_proto::shape::Type;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    /// An imperative without capital and full stop, or a question.
    pub text: String,
    pub question: bool,
    /// Sentences to follow, without their full stop.
    pub extra: Vec<String>,
}

/// The clause for an intention, by the library's phrasing or without.
pub(super) fn clause(intention: &Intention<'_>, voice: &mut Voice<'_>) -> Clause {
    let phrased = intention.template.and_then(|template| phrased(template, intention, voice));
    let mut clause = match phrased {
        Some(text) => Clause { question: text.ends_with('?'), text, extra: Vec::new() },
        None => generic::clause(intention, voice),
    };
    if intention.recheck {
        again(&mut clause, voice);
    }
    clause
}

fn phrased(template: &str, intention: &Intention<'_>, voice: &mut Voice<'_>) -> Option<String> {
    let mut referred = false;
    template::render(template, |name, here| {
        let Some(slot) = intention.slot(name) else {
            return Fill::Absent;
        };
        if slot.is_missing() {
            return Fill::Missing(indefinite(slot));
        }
        if merges(intention, slot, here.before) {
            return Fill::Merged;
        }
        if let Some(coordinates) = coordinates(intention, slot) {
            return Fill::Text(coordinates);
        }
        let seat = if referred { Seat::Slot } else { template::seat(here) };
        referred |= slot.reference().is_some();
        voice.words(intention, slot, seat).map_or(Fill::Absent, Fill::Text)
    })
}

/// Whether the slot before, next to this one, already refers to both.
fn merges(intention: &Intention<'_>, slot: &Slot<'_>, before: Option<Before<'_>>) -> bool {
    let Some(before) = before.filter(|b| [", ", " and ", "/", " ", " / "].contains(&b.between))
    else {
        return false;
    };
    let other = intention.slot(before.slot).and_then(Slot::reference);
    match (other, slot.reference()) {
        (Some(other), Some(this)) => other.same_object(this),
        _ => false,
    }
}

/// "those coordinates", where latitude and longitude come from one output.
fn coordinates(intention: &Intention<'_>, slot: &Slot<'_>) -> Option<String> {
    let reference = slot.reference().filter(|_| slot.topic == Topic::Latitude)?;
    let longitude = intention.slots.iter().find(|s| s.topic == Topic::Longitude)?.reference()?;
    longitude.same_object(reference).then(|| "those coordinates".to_owned())
}

/// What stands where a value is held back: nobody in particular, no thing in
/// particular.
fn indefinite(slot: &Slot<'_>) -> String {
    let numeric = matches!(slot.field.shape.ty, Type::Integer { .. } | Type::Number { .. });
    match slot.topic {
        Topic::Email | Topic::Phone | Topic::FullName => "my colleague".into(),
        Topic::City | Topic::Location | Topic::Address => "the place I'm thinking of".into(),
        Topic::Price => "some money".into(),
        _ if numeric => "some".into(),
        _ => {
            let noun = noun::of(&slot.field.name, &slot.field.shape);
            if noun::is_bare(&slot.field.name) {
                return "one of them".into();
            }
            format!("{} {noun}", noun::article(&noun))
        }
    }
}

/// "… again", for a second look.
fn again(clause: &mut Clause, voice: &mut Voice<'_>) {
    let word = voice.pick(&["again", "once more", "one more time"]);
    let end = if clause.question { clause.text.len() - 1 } else { clause.text.len() };
    clause.text.insert_str(end, &format!(" {word}"));
}
