//! A change that changes something: an event is not moved to the day it is on.

use magnet_proto::shape::words;
use serde_json::Value;

use super::intention::{Intention, Manner, Slot, Source};
use super::plan::{Planner, is_sayable};
use super::refer::When;
use crate::lexicon::{Place, Setting, Topic};
use magnet_worker::execute::Output;

const CHANGING: &[&str] = &[
    "move", "change", "update", "reschedule", "rename", "set", "edit", "modify", "adjust",
    "reprioritize", "replace", "reassign", "shift", "postpone",
];

const DRAWS: usize = 12;

impl<'a> Planner<'a> {
    /// Draws new values where a change would leave its thing as it is known to
    /// be, unless the reference to the old value is the only one.
    pub(super) fn change_something(&mut self, intention: &mut Intention<'a>) {
        let verb = words(&intention.function.name).next().unwrap_or_default();
        let links = intention.slots.iter().filter(|slot| slot.reference().is_some()).count();
        if !CHANGING.contains(&verb.as_str()) {
            return;
        }
        let new: Vec<usize> = (0..intention.slots.len())
            .filter(|at| !identifies(&intention.slots[*at]))
            .filter(|at| !intention.slots[*at].is_missing())
            .collect();
        let changes = new.iter().any(|at| !self.is_stale(intention, *at));
        let is_only_link = links == 1 && new.iter().any(|at| intention.slots[*at].points());
        if new.is_empty() || changes || is_only_link {
            return;
        }
        for at in new {
            self.renew(intention, at);
        }
    }

    fn renew(&mut self, intention: &mut Intention<'a>, at: usize) {
        let old = self.known(&intention.slots[at]);
        let place = Place::argument(intention.function, intention.slots[at].field);
        for _ in 0..DRAWS {
            let value = Setting::new(self.scene.persona).value(&place, &mut self.rng);
            if is_sayable(&value) && Some(&value) != old.as_ref() {
                let values = vec![value; intention.slots[at].copies()];
                intention.slots[at].source = Source::Said { values, manner: Manner::Literal };
                return;
            }
        }
    }

    /// Whether the thing that is changed has the slot's value already.
    fn is_stale(&self, intention: &Intention<'_>, at: usize) -> bool {
        let slot = &intention.slots[at];
        let things = || intention.slots.iter().filter(|other| identifies(other));
        if let Some(reference) = slot.reference().filter(|r| r.when == When::Now) {
            let leaf = reference.feed.flow.output.rsplit('/').next().unwrap_or_default();
            let twin =
                |thing: &Slot<'_>| thing.reference().is_some_and(|t| t.same_object(reference));
            return leaf == slot.field.name && things().any(twin);
        }
        let Some(value) = self.known(slot) else { return false };
        let has = |thing: &Slot<'_>| {
            let id = self.known(thing)?;
            let outputs = self.conversation.executed().rev();
            let mut told = outputs.filter_map(|(_, executed)| match &executed.output {
                Output::Value(output) => property_of(output, &id, &slot.field.name),
                Output::Error(_) => None,
            });
            told.next().map(|told| *told == value)
        };
        things().any(|thing| has(thing) == Some(true))
    }
}

fn identifies(slot: &Slot<'_>) -> bool {
    match slot.reference() {
        Some(reference) => reference.target(slot.field, slot.topic).property.is_none(),
        None => matches!(slot.topic, Topic::Identifier | Topic::Uuid | Topic::Code),
    }
}

/// What an output says of the thing with that id.
fn property_of<'v>(output: &'v Value, id: &Value, name: &str) -> Option<&'v Value> {
    match output {
        Value::Object(members) if members.values().any(|member| member == id) => members.get(name),
        Value::Object(members) => members.values().find_map(|m| property_of(m, id, name)),
        Value::Array(items) => items.iter().find_map(|item| property_of(item, id, name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_property_belongs_to_the_thing_beside_it() {
        let output = json!({"events": [
            {"event_id": "EV-1", "date": "2026-03-14"}, {"event_id": "EV-2", "date": "2026-03-15"}
        ]});
        let date = |id: &str| property_of(&output, &json!(id), "date");
        assert_eq!(date("EV-2"), Some(&json!("2026-03-15")));
        assert_eq!(date("EV-3"), None);
    }
}
