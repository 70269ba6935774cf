//! Which element of an output a value is taken from: "the cheapest one".
//!
//! Shared by all who point at an output: those who choose a value, those who
//! word the reference to it, and the call that follows it, so that all mean
//! the same element.

use std::cmp::Ordering;

use magnet_proto::brief::Select;
use serde_json::Value;

/// A flow's output path, cut at its first list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route<'a> {
    /// The pointer to the list, or the whole path if there is none on it.
    pub head: &'a str,
    /// From an element on; none without a list.
    pub tail: Option<&'a str>,
}

impl<'a> Route<'a> {
    pub fn of(path: &'a str) -> Self {
        match path.find("/*") {
            Some(star) => Self { head: &path[..star], tail: Some(&path[star + 2..]) },
            None => Self { head: path, tail: None },
        }
    }

    /// The value the route leads to in an output, if it is there and not null;
    /// of several, for [`Select::All`], nothing.
    pub fn follow<'v>(&self, output: &'v Value, select: &Select) -> Option<&'v Value> {
        let place = output.pointer(self.head)?;
        match self.tail {
            None => present(place),
            Some(tail) => descend(element(place.as_array()?, select)?, tail),
        }
    }

    /// Every element's value, in order, each once.
    pub fn all<'v>(&self, output: &'v Value) -> Vec<&'v Value> {
        let mut found: Vec<&Value> = Vec::new();
        let items = match (self.tail, output.pointer(self.head)) {
            (Some(tail), Some(Value::Array(items))) => {
                items.iter().filter_map(|item| descend(item, tail)).collect()
            }
            (None, Some(place)) => present(place).into_iter().collect(),
            _ => Vec::new(),
        };
        for value in items {
            if !found.contains(&value) {
                found.push(value);
            }
        }
        found
    }

    /// The list's elements in an output; none without a list.
    pub fn items<'v>(&self, output: &'v Value) -> Option<&'v [Value]> {
        self.tail?;
        output.pointer(self.head)?.as_array().map(Vec::as_slice)
    }
}

/// A value below an element; of inner lists the first element counts.
fn descend<'v>(item: &'v Value, tail: &str) -> Option<&'v Value> {
    let route = Route::of(tail);
    let place = item.pointer(route.head)?;
    match route.tail {
        None => present(place),
        Some(rest) => place.as_array()?.iter().find_map(|inner| descend(inner, rest)),
    }
}

fn present(value: &Value) -> Option<&Value> {
    (!value.is_null()).then_some(value)
}

/// The element that is meant.
pub fn element<'v>(items: &'v [Value], select: &Select) -> Option<&'v Value> {
    items.get(position(items, select)?)
}

/// The index of the element that is meant.
pub fn position(items: &[Value], select: &Select) -> Option<usize> {
    let by = |field: &str, wanted: Ordering| {
        let mut best: Option<(usize, &Value)> = None;
        for (at, item) in items.iter().enumerate() {
            let Some(key) = item.pointer(field).and_then(present) else {
                continue;
            };
            if best.is_none_or(|(_, so_far)| order(key, so_far) == wanted) {
                best = Some((at, key));
            }
        }
        best.map(|(at, _)| at)
    };
    match select {
        Select::First => (!items.is_empty()).then_some(0),
        Select::Last => items.len().checked_sub(1),
        Select::Nth(at) => Some(usize::from(*at)).filter(|at| *at < items.len()),
        Select::Least(field) => by(field, Ordering::Less),
        Select::Most(field) => by(field, Ordering::Greater),
        Select::All => None,
    }
}

fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal),
    }
}

/// Whether one element alone is the one selected: no tie, no field missing.
pub fn is_decisive(items: &[Value], select: &Select) -> bool {
    let (Select::Least(field) | Select::Most(field)) = select else {
        return true;
    };
    let chosen = element(items, select).and_then(|item| item.pointer(field));
    let same = |item: &&Value| item.pointer(field) == chosen;
    chosen.is_some()
        && items.iter().all(|item| item.pointer(field).and_then(present).is_some())
        && items.iter().filter(same).count() == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn trains() -> Value {
        json!({"trains": [
            {"id": "A", "fare": 30.5, "departs": "08:10"},
            {"id": "B", "fare": 12, "departs": "06:35"},
            {"id": null, "fare": 99, "departs": "21:00"},
        ]})
    }

    fn check(path: &str, select: Select, expected: Option<Value>) {
        let output = trains();
        assert_eq!(Route::of(path).follow(&output, &select).cloned(), expected, "{path}");
    }

    #[test]
    fn the_selected_element_supplies_the_value() {
        check("/trains/*/id", Select::First, Some(json!("A")));
        check("/trains/*/id", Select::Nth(1), Some(json!("B")));
        check("/trains/*/id", Select::Least("/fare".into()), Some(json!("B")));
        check("/trains/*/id", Select::Least("/departs".into()), Some(json!("B")));
        check("/trains/*/fare", Select::Most("/departs".into()), Some(json!(99)));
    }

    #[test]
    fn an_element_without_the_value_has_none() {
        check("/trains/*/id", Select::Last, None);
        check("/trains/*/none", Select::First, None);
        check("/trains/*/id", Select::Nth(3), None);
        check("/buses/*/id", Select::First, None);
    }

    #[test]
    fn a_tie_decides_nothing() {
        let items =
            [json!({"fare": 1, "on": "2026-01-01"}), json!({"fare": 1, "on": "2026-01-02"})];
        assert!(!is_decisive(&items, &Select::Least("/fare".into())));
        assert!(is_decisive(&items, &Select::Least("/on".into())));
    }
}
