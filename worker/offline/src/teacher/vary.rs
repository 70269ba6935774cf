//! Keeping calls apart: parallel copies from each other, a function's call from
//! its earlier ones.
//!
//! In this order: another value of the user's own, another element of the same
//! output, a value in place of a reference, an optional argument more.

use magnet_proto::shape::Type;
use serde_json::Value;

use super::coerce::coerce;
use super::intention::{Intention, Manner, Slot, Source};
use super::optional;
use super::plan::{DRAWS, Planner, is_sayable};
use super::refer::{Reference, When};
use super::select::Route;
use super::template;
use crate::lexicon::{Place, Setting, Topic};
use magnet_worker::conversation::Select;

/// One earlier call's arguments, as far as they are known.
type Arguments = Vec<(String, Value)>;

impl<'a> Planner<'a> {
    /// Makes the calls of an intention differ from each other and from earlier
    /// ones of the same function.
    pub(super) fn diversify(&mut self, intention: &mut Intention<'a>, copies: usize) {
        let earlier = self.earlier_calls(intention);
        let is_new = earlier.iter().all(|call| self.differs(intention, call));
        if copies == 1 && is_new {
            return;
        }
        let fresh = self.vary_values(intention, &earlier, copies)
            || self.vary_selection(intention, &earlier, copies)
            || self.vary_by_saying(intention, &earlier, copies)
            || self.vary_by_adding(intention, copies);
        // What could not be kept apart is the caller's to refuse.
        if !fresh && copies > 1 {
            self.vary_values(intention, &[], copies);
        }
    }

    fn earlier_calls(&self, intention: &Intention<'_>) -> Vec<Arguments> {
        let executed = self
            .conversation
            .executed()
            .filter(|(_, executed)| executed.call.function == intention.id)
            .map(|(_, executed)| executed.call.arguments.clone().into_iter().collect());
        let planned = self.planned.iter().filter(|(id, _)| *id == intention.id);
        executed.chain(planned.map(|(_, values)| values.clone())).collect()
    }

    /// Whether a call is certain to come out different from an earlier one.
    fn differs(&self, intention: &Intention<'_>, earlier: &Arguments) -> bool {
        let value_then = |name: &str| earlier.iter().find(|(n, _)| n == name).map(|(_, v)| v);
        intention.slots.iter().any(|slot| match &slot.source {
            Source::Said { values, .. } => value_then(&slot.field.name) != values.first(),
            Source::Output(reference) => {
                let now = self.referred(reference, &reference.selects[0]);
                now.is_some_and(|value| {
                    coerce(value, &slot.field.shape).as_ref() != value_then(&slot.field.name)
                })
            }
            Source::Missing => true,
        })
    }

    /// The value a reference is to, if its output is there.
    pub(super) fn referred(&self, reference: &Reference<'_>, select: &Select) -> Option<&'a Value> {
        let conversation = self.conversation;
        let output = conversation.output_of(reference.feed.from)?;
        Route::of(&reference.feed.flow.output).follow(output, select)
    }

    /// New values for the most telling of the user's own arguments.
    fn vary_values(
        &mut self,
        intention: &mut Intention<'a>,
        earlier: &[Arguments],
        copies: usize,
    ) -> bool {
        let mut order: Vec<(u32, usize)> = intention
            .slots
            .iter()
            .enumerate()
            .map(|(at, slot)| (weight(slot), at))
            .filter(|(weight, _)| *weight > 0)
            .collect();
        order.sort_by_key(|(weight, at)| (std::cmp::Reverse(*weight), *at));
        order.into_iter().any(|(_, at)| {
            let Some(values) = self.distinct(intention, at, earlier, copies) else { return false };
            intention.slots[at].source = Source::Said { values, manner: Manner::Literal };
            true
        })
    }

    /// That many values for a slot, none of them used before.
    fn distinct(
        &mut self,
        intention: &Intention<'a>,
        at: usize,
        earlier: &[Arguments],
        copies: usize,
    ) -> Option<Vec<Value>> {
        let field = intention.slots[at].field;
        let place = Place::argument(intention.function, field);
        let seen =
            |value: &Value| earlier.iter().flatten().any(|(n, v)| *n == field.name && v == value);
        let mut values: Vec<Value> =
            intention.slots[at].value().cloned().filter(|value| !seen(value)).into_iter().collect();
        for _ in 0..DRAWS * copies {
            if values.len() >= copies {
                break;
            }
            // A fresh setting: the agreed city would only come back.
            let value = Setting::new(self.scene.persona).value(&place, &mut self.rng);
            if is_sayable(&value) && !values.contains(&value) && !seen(&value) {
                values.push(value);
            }
        }
        (values.len() == copies).then_some(values)
    }

    /// Other elements of the same output.
    fn vary_selection(
        &mut self,
        intention: &mut Intention<'a>,
        earlier: &[Arguments],
        copies: usize,
    ) -> bool {
        for at in 0..intention.slots.len() {
            let slot = &intention.slots[at];
            let Some(reference) = slot.reference().filter(|r| !r.all) else { continue };
            if Route::of(&reference.feed.flow.output).tail.is_none() {
                continue;
            }
            let then = |value: &Value| {
                earlier.iter().flatten().any(|(n, v)| *n == slot.field.name && v == value)
            };
            let mut found: Vec<(Select, Option<Value>)> = Vec::new();
            for select in [reference.selects[0].clone(), Select::First, Select::Last] {
                let value =
                    self.referred(reference, &select).and_then(|v| coerce(v, &slot.field.shape));
                let known = reference.when != When::Now;
                let taken = found.iter().any(|(s, v)| *s == select || (known && *v == value));
                let usable = if known {
                    value.as_ref().is_some_and(|v| !then(v))
                } else {
                    earlier.is_empty() || copies == 1
                };
                if usable && !taken {
                    found.push((select, value));
                }
            }
            if found.len() >= copies {
                let selects: Vec<Select> =
                    found.into_iter().take(copies).map(|(select, _)| select).collect();
                if let Source::Output(reference) = &mut intention.slots[at].source {
                    reference.selects = selects;
                    reference.fresh = true;
                }
                return true;
            }
        }
        false
    }

    /// Values of the user's own in place of a reference.
    fn vary_by_saying(
        &mut self,
        intention: &mut Intention<'a>,
        earlier: &[Arguments],
        copies: usize,
    ) -> bool {
        for at in 0..intention.slots.len() {
            if intention.slots[at].reference().is_none() {
                continue;
            }
            if let Some(values) = self.distinct(intention, at, earlier, copies) {
                intention.slots[at].source = Source::Said { values, manner: Manner::Literal };
                return true;
            }
        }
        false
    }

    /// An optional argument that was not given before.
    fn vary_by_adding(&mut self, intention: &mut Intention<'a>, copies: usize) -> bool {
        let function = intention.function;
        let slots: Option<Vec<&str>> =
            intention.template.map(|text| template::slots(text).map(|(name, _)| name).collect());
        for field in function.params() {
            let free = !field.required
                && intention.slot(&field.name).is_none()
                && !matches!(field.shape.ty, Type::Object { .. } | Type::Any | Type::Null)
                && !optional::is_noise(field)
                && slots.as_ref().is_none_or(|names| names.contains(&field.name.as_str()));
            if !free {
                continue;
            }
            let place = Place::argument(function, field);
            let mut setting = Setting::new(self.scene.persona);
            if let Some(value) = self.draw(&place, &mut setting, &[]) {
                let source = Source::Said { values: vec![value; copies], manner: Manner::Literal };
                intention.slots.push(Slot::new(function, field, source));
                return true;
            }
        }
        false
    }
}

/// How telling a slot's value is; 0 for what cannot vary.
fn weight(slot: &Slot<'_>) -> u32 {
    use Topic as T;
    let Source::Said { values, .. } = &slot.source else { return 0 };
    match (slot.topic, values.first()) {
        (_, Some(Value::Bool(_) | Value::Object(_)) | None) => 0,
        (T::Token | T::Password | T::Page | T::Limit | T::Offset | T::Flag, _) => 1,
        (T::Handle | T::Repository | T::Latitude | T::Longitude, _) => 2,
        (_, Some(Value::Array(_))) => 2,
        _ if !slot.field.shape.choices.is_empty() => 3,
        (_, Some(Value::Number(_))) => 4,
        (T::Message | T::Description | T::Comment | T::Note, _) => 5,
        (T::Query | T::Keyword | T::City | T::Location | T::Country | T::Title, _) => 8,
        _ => 6,
    }
}
