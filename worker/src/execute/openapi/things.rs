//! What exists, by an API's paths: what `/orders` tells of is what
//! `/orders/{id}` takes, whatever either calls it.

use std::collections::BTreeMap;
use std::sync::Arc;

use magnet_proto::operation::{Operation, Place};
use magnet_proto::sample::Arguments;
use serde_json::Value;

use crate::execute::Known;
use crate::execute::known::{MOST, singular};

/// By the function's name.
pub(super) type Operations = BTreeMap<String, Arc<Operation>>;

/// Adds what a call's output tells of the things below its path.
pub(super) fn learn(
    called: &Operation,
    arguments: &Arguments,
    output: &Value,
    operations: &Operations,
    known: &mut Known,
) {
    let path = called.path.trim_end_matches('/');
    for (function, other) in operations {
        let Some(rest) = other.path.strip_prefix(path).and_then(|rest| rest.strip_prefix("/{"))
        else {
            continue;
        };
        let wire = rest.split('}').next().unwrap_or_default();
        let Some(name) = parameter(other, wire) else {
            continue;
        };
        let mut set = Arguments::new();
        for (own, sent) in called.sent.iter().filter(|(_, sent)| sent.place == Place::Path) {
            let shared = parameter(other, sent.name(own)).zip(arguments.get(own));
            set.extend(shared.map(|(name, value)| (name.to_owned(), value.clone())));
        }
        let sets = known.by_function.entry(function.clone()).or_default();
        for id in ids(output, wire, path) {
            let mut set = set.clone();
            set.insert(name.to_owned(), id.clone());
            if sets.len() < MOST && !sets.contains(&set) {
                sets.push(set);
            }
        }
    }
    known.by_function.retain(|_, sets| !sets.is_empty());
}

/// The parameter that stands in the path under that name.
fn parameter<'a>(operation: &'a Operation, wire: &str) -> Option<&'a str> {
    let mut all = operation.sent.iter().filter(|(_, sent)| sent.place == Place::Path);
    all.find(|(name, sent)| sent.name(name) == wire).map(|(name, _)| name.as_str())
}

/// What names the things of an output: of a list, alone or as a member, each
/// element; else the output itself.
fn ids<'a>(output: &'a Value, wire: &str, path: &str) -> Vec<&'a Value> {
    let thing = singular(path.rsplit('/').next().unwrap_or_default());
    let keys = [wire.to_owned(), "id".into(), format!("{thing}_id"), format!("{thing}Id")];
    let id = |item: &'a Value| {
        let found = keys.iter().find_map(|key| item.get(key));
        found.filter(|value| value.is_string() || value.is_i64() || value.is_u64())
    };
    let lists = match output {
        Value::Array(items) => vec![items],
        Value::Object(members) => members.values().filter_map(Value::as_array).collect(),
        _ => Vec::new(),
    };
    let of_items: Vec<&Value> = lists.into_iter().flatten().filter_map(id).collect();
    match of_items.is_empty() {
        true => id(output).into_iter().collect(),
        false => of_items,
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::operation::Sent;
    use serde_json::json;

    use super::*;

    fn operation(path: &str, parameters: &[&str]) -> Arc<Operation> {
        let sent = Sent { place: Place::Path, ..Sent::default() };
        let sent = parameters.iter().map(|name| ((*name).to_owned(), sent.clone())).collect();
        Arc::new(Operation { path: path.into(), sent, ..Operation::default() })
    }

    #[test]
    fn a_collection_tells_what_is_below_it() {
        let operations: Operations = [
            ("list_orders", operation("/shops/{shop}/orders", &["shop"])),
            ("get_order", operation("/shops/{shop}/orders/{id}", &["shop", "id"])),
            ("pay_order", operation("/shops/{shop}/orders/{order_id}/pay", &["shop", "order_id"])),
            ("get_client", operation("/clients/{id}", &["id"])),
        ]
        .map(|(name, operation)| (name.to_owned(), operation))
        .into();
        let mut known = Known::default();
        let shop = json!({"shop": "S"}).as_object().unwrap().clone();
        let listed = json!({"orders": [{"id": 4, "client": {"id": 9}}], "total": 1});
        learn(&operations["list_orders"], &shop, &listed, &operations, &mut known);
        learn(&operations["list_orders"], &shop, &json!({"id": 5}), &operations, &mut known);
        let set = |value: Value| value.as_object().unwrap().clone();
        let expected = [("get_order", ["id", "id"]), ("pay_order", ["order_id", "order_id"])].map(
            |(name, [a, b])| {
                let sets = vec![set(json!({"shop": "S", a: 4})), set(json!({"shop": "S", b: 5}))];
                (name.to_owned(), sets)
            },
        );
        assert_eq!(known.by_function, expected.into());
    }
}
