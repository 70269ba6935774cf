//! Which element of an output a value is taken from: "the cheapest one".
//!
//! Shared by the two sides of a reference: the request that makes it and the
//! call that follows it, so that both mean the same element.

use std::cmp::Ordering;

use magnet_proto::shape::{Shape, Type, words};
use serde_json::Value;

use magnet_worker::conversation::Select;

/// A flow's output path, cut at its first array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route<'a> {
    /// The pointer to the array, or the whole path if there is none on it.
    pub head: &'a str,
    /// From an element on; none without an array.
    pub tail: Option<&'a str>,
}

impl<'a> Route<'a> {
    pub(super) fn of(path: &'a str) -> Self {
        match path.find("/*") {
            Some(star) => Self { head: &path[..star], tail: Some(&path[star + 2..]) },
            None => Self { head: path, tail: None },
        }
    }

    /// The value the route leads to in an output, if it is there and not null.
    pub(super) fn follow<'v>(&self, output: &'v Value, select: &Select) -> Option<&'v Value> {
        let place = output.pointer(self.head)?;
        let Some(tail) = self.tail else {
            return present(place);
        };
        let items = place.as_array()?;
        let chosen = element(items, select).and_then(|item| descend(item, tail));
        chosen.or_else(|| items.iter().find_map(|item| descend(item, tail)))
    }

    /// Every element's value, in order, each once.
    pub(super) fn all<'v>(&self, output: &'v Value) -> Vec<&'v Value> {
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
}

/// A value below an element; of inner arrays the first element counts.
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

/// The element a request means.
pub(super) fn element<'v>(items: &'v [Value], select: &Select) -> Option<&'v Value> {
    let by = |field: &str, wanted: Ordering| {
        let mut best: Option<(&Value, &Value)> = None;
        for item in items {
            let Some(key) = item.get(field).and_then(present) else {
                continue;
            };
            if best.is_none_or(|(_, so_far)| order(key, so_far) == wanted) {
                best = Some((item, key));
            }
        }
        best.map(|(item, _)| item)
    };
    match select {
        Select::First => items.first(),
        Select::Last => items.last(),
        Select::Least(field) => by(field, Ordering::Less),
        Select::Most(field) => by(field, Ordering::Greater),
    }
}

fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => left.as_f64().partial_cmp(&right.as_f64()).unwrap_or(Ordering::Equal),
    }
}

/// Whether one element alone is the one selected: no tie, no field missing.
pub(super) fn is_decisive(items: &[Value], select: &Select) -> bool {
    let (Select::Least(field) | Select::Most(field)) = select else {
        return true;
    };
    let chosen = element(items, select).and_then(|item| item.get(field));
    let same = |item: &&Value| item.get(field) == chosen;
    chosen.is_some()
        && items.iter().all(|item| item.get(field).and_then(present).is_some())
        && items.iter().filter(same).count() == 1
}

/// A way to single out an element by one of its fields.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ranking {
    pub select: Select,
    /// "cheapest", "best rated".
    pub superlative: &'static str,
}

/// Field words, whether the least or the most of it is wanted, and the
/// superlative for that.
const RANKINGS: &[(&[&str], bool, &str)] = &[
    (
        &["price", "fare", "cost", "amount", "fee", "price_per_night", "nightly_rate", "total"],
        true,
        "cheapest",
    ),
    (&["rating", "stars", "review_score"], false, "best rated"),
    (&["score"], false, "highest scoring"),
    (
        &[
            "departs", "departure", "departure_time", "depart_time", "start", "starts",
            "start_time", "starts_at",
        ],
        true,
        "earliest",
    ),
    (
        &[
            "date", "created_at", "updated_at", "published", "published_at", "sent_at",
            "received_at", "modified",
        ],
        false,
        "most recent",
    ),
    (&["due", "due_date", "due_at"], true, "most urgent"),
    (&["distance", "distance_km", "distance_m", "distance_miles"], true, "nearest"),
    (&["duration", "duration_minutes", "minutes"], true, "shortest"),
    (&["size", "size_bytes", "bytes"], false, "largest"),
    (
        &["views", "likes", "followers", "popularity", "downloads", "plays", "stargazers_count"],
        false,
        "most popular",
    ),
];

/// The rankings that an array's elements allow, by their shape.
pub(super) fn rankings(items: &Shape) -> Vec<Ranking> {
    let comparable = |shape: &Shape| {
        matches!(shape.ty, Type::Number { .. } | Type::Integer { .. } | Type::String { .. })
            && shape.choices.is_empty()
    };
    let fields = items.fields().iter().filter(|field| comparable(&field.shape));
    fields
        .filter_map(|field| {
            let plain = words(&field.name).collect::<Vec<_>>().join("_");
            let known = RANKINGS.iter().find(|(names, ..)| names.contains(&plain.as_str()))?;
            let numeric = !matches!(field.shape.ty, Type::String { .. });
            let timely = matches!(known.2, "earliest" | "most recent" | "most urgent");
            // Text compares as it should only if it is a moment, numbers only
            // if they are none.
            if numeric == timely {
                return None;
            }
            let name = field.name.clone();
            let select = if known.1 { Select::Least(name) } else { Select::Most(name) };
            Some(Ranking { select, superlative: known.2 })
        })
        .collect()
}

/// The superlative for a selection made earlier.
pub(super) fn superlative(select: &Select) -> &'static str {
    let (Select::Least(field) | Select::Most(field)) = select else {
        return if *select == Select::Last { "last" } else { "first" };
    };
    let plain = words(field).collect::<Vec<_>>().join("_");
    let known = RANKINGS.iter().find(|(names, ..)| names.contains(&plain.as_str()));
    known.map_or("first", |(.., superlative)| superlative)
}

/// The shape of an array's elements, by the array's pointer.
pub(super) fn items_at<'s>(shape: &'s Shape, head: &str) -> Option<&'s Shape> {
    let mut here = shape;
    for step in head.split('/').skip(1) {
        here = here
            .fields()
            .iter()
            .find(|f| magnet_proto::shape::escape(&f.name) == step)
            .map(|f| &f.shape)?;
    }
    match &here.ty {
        Type::Array { items, .. } => Some(items),
        _ => None,
    }
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
        check("/trains/*/id", Select::Least("fare".into()), Some(json!("B")));
        check("/trains/*/id", Select::Least("departs".into()), Some(json!("B")));
        check("/trains/*/fare", Select::Most("departs".into()), Some(json!(99)));
    }

    #[test]
    fn another_element_stands_in_for_one_without_the_value() {
        check("/trains/*/id", Select::Last, Some(json!("A")));
        check("/trains/*/none", Select::First, None);
        check("/buses/*/id", Select::First, None);
    }

    #[test]
    fn only_fields_that_order_well_rank() {
        let shape = Shape::of(&json!({"type": "object", "properties": {
            "fare": {"type": "number"}, "departs": {"type": "string"}, "price": {"type": "string"}
        }}));
        let found: Vec<&str> = rankings(&shape).iter().map(|r| r.superlative).collect();
        assert_eq!(found, ["cheapest", "earliest"]);
    }
}
