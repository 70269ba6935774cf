//! Two arguments that are the ends of one thing: from and to, source and
//! target, start and end. They differ, and the end does not come first.

use std::cmp::Ordering;

use magnet_proto::shape::{Field, words};
use serde_json::Value;

use super::coerce::coerce;
use super::intention::{Intention, Manner, Slot, Source};
use super::plan::{Planner, is_sayable};
use crate::lexicon::{Place, Setting, Topic};
use magnet_worker::persona::calendar::{Date, Minute};

const BEGINS: &[&str] = &[
    "from", "source", "src", "origin", "orig", "departure", "start", "begin", "since", "old",
    "sender", "base", "pickup", "min", "checkin",
];

const ENDS: &[&str] = &[
    "to", "target", "destination", "dest", "dst", "arrival", "end", "until", "new", "recipient",
    "quote", "dropoff", "max", "return", "checkout",
];

/// How often a value is drawn again for one that fits the other end.
const DRAWS: usize = 24;

/// Whether the first name is the beginning of what the second one ends.
pub(super) fn are_ends(begin: &str, end: &str) -> bool {
    let split = |name: &str, marks: &[&str]| {
        let all: Vec<String> = words(name).collect();
        let (marked, rest): (Vec<String>, Vec<String>) =
            all.into_iter().partition(|word| marks.contains(&word.as_str()));
        (!marked.is_empty(), rest)
    };
    let ((begins, first), (ends, second)) = (split(begin, BEGINS), split(end, ENDS));
    let unmarked = |name: &str| !split(name, BEGINS).0 && !split(name, ENDS).0;
    match (begins, ends) {
        (true, true) => first == second || first.is_empty() || second.is_empty(),
        (true, false) => unmarked(end) && first == second,
        (false, true) => unmarked(begin) && first == second,
        (false, false) => false,
    }
}

/// Whether two ends are one and the same, or the wrong way round.
pub(super) fn clash(topic: Topic, begin: &Value, end: &Value) -> bool {
    use Topic as T;
    if begin.is_boolean() || begin.is_null() {
        return false;
    }
    let timed =
        matches!(topic, T::Date | T::PastDate | T::Time | T::DateTime | T::PastDateTime | T::Year);
    let order = match (begin, end) {
        (Value::String(a), Value::String(b)) if timed && a.len() == b.len() => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Less)
        }
        (begin, end) if begin == end => Ordering::Equal,
        _ => Ordering::Less,
    };
    order != Ordering::Less && (order == Ordering::Equal || timed || begin.is_number())
}

/// Whether a value clashes with another argument of the same call.
pub(super) fn clashes(
    field: &Field,
    topic: Topic,
    value: &Value,
    others: &[(&Field, Topic, Value)],
) -> bool {
    others.iter().filter(|(_, other, _)| *other == topic).any(|(other, _, known)| {
        are_ends(&field.name, &other.name) && clash(topic, value, known)
            || are_ends(&other.name, &field.name) && clash(topic, known, value)
    })
}

impl<'a> Planner<'a> {
    /// Draws one end anew where both are known and clash; the end rather than
    /// the beginning, the user's own value rather than a reference.
    pub(super) fn part_ends(&mut self, intention: &mut Intention<'a>) {
        for begin in 0..intention.slots.len() {
            for end in 0..intention.slots.len() {
                let (one, other) = (&intention.slots[begin], &intention.slots[end]);
                let ends = one.topic == other.topic && are_ends(&one.field.name, &other.field.name);
                if ends && begin != end {
                    self.part(intention, begin, end);
                }
            }
        }
    }

    fn part(&mut self, intention: &mut Intention<'a>, begin: usize, end: usize) {
        let (first, last) = (&intention.slots[begin], &intention.slots[end]);
        let topic = first.topic;
        let (Some(from), Some(to)) = (self.known(first), self.known(last)) else { return };
        if !clash(topic, &from, &to) {
            return;
        }
        let at =
            if last.reference().is_some() && first.reference().is_none() { begin } else { end };
        let function = intention.function;
        let field: &'a Field = intention.slots[at].field;
        let place = Place::argument(function, field);
        for _ in 0..DRAWS {
            let mut setting = Setting::new(self.scene.persona);
            if let Some(date) = from.as_str().and_then(Date::parse).filter(|_| at == end) {
                setting.after(date, Minute::new(9, 0));
            }
            let value = setting.value(&place, &mut self.rng);
            let fits = match at == end {
                true => !clash(topic, &from, &value),
                false => !clash(topic, &value, &to),
            };
            if fits && is_sayable(&value) {
                let values = vec![value; intention.slots[at].copies()];
                intention.slots[at].source = Source::Said { values, manner: Manner::Literal };
                return;
            }
        }
    }

    /// The value of a slot for the first copy, as far as it is known by now.
    pub(super) fn known(&self, slot: &Slot<'_>) -> Option<Value> {
        match &slot.source {
            Source::Said { values, .. } => values.first().cloned(),
            Source::Output(reference) => {
                let value = self.referred(reference, &reference.selects[0])?;
                coerce(value, &slot.field.shape)
            }
            Source::Missing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn opposing_names_are_ends_of_one_thing() {
        let pairs = [
            ("currency", "to_currency"),
            ("from", "to"),
            ("origin", "destination"),
            ("source_language", "target_language"),
            ("start_date", "end_date"),
            ("base", "target"),
            ("from_unit", "unit"),
        ];
        for (begin, end) in pairs {
            assert!(are_ends(begin, end), "{begin} {end}");
            assert!(!are_ends(end, begin), "{end} {begin}");
        }
        assert!(!are_ends("from_city", "to_date"));
        assert!(!are_ends("city", "to_currency"));
        assert!(!are_ends("amount", "amount"));
    }

    #[test]
    fn ends_clash_if_they_are_one_or_the_wrong_way_round() {
        let check = |topic: Topic, begin: Value, end: Value, expected: bool| {
            assert_eq!(clash(topic, &begin, &end), expected, "{begin} {end}");
        };
        check(Topic::Currency, json!("CAD"), json!("CAD"), true);
        check(Topic::Currency, json!("USD"), json!("CAD"), false);
        check(Topic::Date, json!("2026-03-14"), json!("2026-03-13"), true);
        check(Topic::Time, json!("09:00"), json!("10:30"), false);
        check(Topic::Price, json!(200), json!(50.5), true);
    }
}
