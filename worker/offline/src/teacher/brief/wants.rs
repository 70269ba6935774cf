//! The facts of an output that a person may want, by the pack.

use magnet_proto::FunctionId;
use magnet_proto::pack::Pack;
use serde_json::Value;

use super::super::slot::Spoken;
use super::super::template::{self, Fill};

/// A fact to want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub place: String,
    pub words: String,
}

/// The facts of an output that can be asked for by what is said and pointed at
/// of its call, and that no earlier output tells.
pub(super) fn of(
    pack: &Pack,
    function: FunctionId,
    spoken: &Spoken<'_>,
    output: &Value,
    earlier: &[&Value],
) -> Vec<Wanted> {
    let phrases = pack.phrases(function).map_or(&[][..], |phrases| &phrases.wants);
    let mut found = Vec::new();
    for phrases in phrases {
        // A question about one of several would have to single it out.
        if phrases.at.contains('*') {
            continue;
        }
        let Some(value) = output.pointer(&phrases.at).filter(|value| is_tellable(value)) else {
            continue;
        };
        let name = phrases.at.rsplit('/').next().unwrap_or_default();
        let is_told = earlier.iter().any(|output| tells(output, name, value));
        let is_said =
            spoken.slots.iter().flat_map(|s| &s.hows).any(|how| how.value() == Some(value));
        let askable = phrases.ask.iter().find(|ask| fits(ask, spoken));
        if let (Some(ask), false, false) = (askable, is_told, is_said) {
            found.push(Wanted { place: phrases.at.clone(), words: filled(ask, spoken) });
        }
    }
    found
}

fn is_tellable(value: &Value) -> bool {
    match value {
        Value::Null | Value::Object(_) => false,
        Value::Array(items) => !items.is_empty() && items.len() <= 4,
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

/// Whether an output says the same under the same name.
fn tells(output: &Value, name: &str, value: &Value) -> bool {
    match output {
        Value::Object(members) => members
            .iter()
            .any(|(member, inner)| (member == name && inner == value) || tells(inner, name, value)),
        Value::Array(items) => items.iter().any(|item| tells(item, name, value)),
        _ => false,
    }
}

/// Whether a question has a slot for all that is said and pointed at, and
/// needs no other.
fn fits(ask: &str, spoken: &Spoken<'_>) -> bool {
    let slots: Vec<(&str, bool)> = template::slots(ask).collect();
    let told: Vec<&str> = spoken
        .slots
        .iter()
        .filter(|slot| !slot.is_unsaid())
        .map(|slot| slot.field.name.as_str())
        .collect();
    told.iter().all(|name| slots.iter().any(|(slot, _)| slot == name))
        && slots.iter().filter(|(_, needed)| *needed).all(|(slot, _)| told.contains(slot))
}

/// The question with the values themselves, for whoever reads the brief.
fn filled(ask: &str, spoken: &Spoken<'_>) -> String {
    let value = |name: &str| {
        let slot = spoken.slots.iter().find(|slot| slot.field.name == name);
        slot.and_then(|slot| slot.hows.iter().find_map(|how| how.value()))
    };
    let text = template::render(ask, |name, _| match value(name) {
        Some(Value::String(text)) => Fill::Text(text.clone()),
        Some(value) => Fill::Text(value.to_string()),
        None => Fill::Absent,
    });
    text.unwrap_or_else(|| ask.replace(['[', ']'], ""))
}
