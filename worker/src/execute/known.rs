//! What exists in a conversation: read off outputs and files, for choosing the
//! values of calls.
//!
//! A parameter is meant by a member of its name, by a member of a thing whose
//! name precedes it (`account_id` by `/accounts/*/id`), and one that says which
//! of several it is by what they all are (`from_account_id` by `account_id`).
//! What stands together in an output goes together in a call.

use std::collections::{BTreeMap, BTreeSet};

use magnet_proto::library::Function;
use magnet_proto::sample::Arguments;
use magnet_proto::shape::{Field, Type, words};
use serde_json::Value;

use super::Known;

/// Values kept of one parameter, and sets of one function.
pub(super) const MOST: usize = 200;
/// Members whose values are of the thing they stand in and are not told again
/// to make or find another.
const OWN: [&str; 11] = [
    "name", "title", "content", "text", "description", "message", "value", "data", "result",
    "type", "body",
];
/// What the names of parameters end with that name a thing which is there.
const NAMING: [&str; 9] =
    ["id", "ids", "code", "sku", "number", "ref", "reference", "slug", "iban"];
/// What a name begins with that is given to a thing which is not there yet.
const COMING: [&str; 3] = ["new", "other", "next"];

/// Whether a parameter names a thing which is there already: a value for it
/// that nobody has told is of no use.
pub fn names_a_thing(parameter: &str) -> bool {
    let words: Vec<String> = words(parameter).collect();
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return false };
    NAMING.contains(&last.as_str()) && !COMING.contains(&first.as_str())
}

/// The required parameters of a function that name things.
pub fn naming(function: &Function) -> impl Iterator<Item = &String> {
    function.required().map(|field| &field.name).filter(|name| names_a_thing(name))
}

/// Whether two parameters name things of one kind, such as `from_account_id`
/// and `to_account_id`: then two things are meant.
pub fn are_of_one_kind(one: &str, other: &str) -> bool {
    let kind = |name: &str| {
        let words: Vec<String> = words(name).collect();
        words.len().checked_sub(2).map(|from| words[from..].to_vec())
    };
    let kinds = (kind(one), kind(other));
    names_a_thing(one) && names_a_thing(other) && kinds.0.is_some() && kinds.0 == kinds.1
}

/// What an element of a list is called.
pub fn singular(word: &str) -> String {
    match word.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => word.strip_suffix('s').unwrap_or(word).to_owned(),
    }
}

/// The parameters whose values are looked for.
#[derive(Clone, Debug, Default)]
pub struct Takers {
    parameters: BTreeSet<String>,
    /// Those that say which of several they name, by what all of these are.
    of_kind: BTreeMap<String, BTreeSet<String>>,
    /// By function, the required parameters that name things, where there are
    /// several: they must go together.
    together: BTreeMap<String, Vec<String>>,
}

impl Takers {
    pub fn add(&mut self, function: &Function) {
        for Field { name, shape, .. } in function.params() {
            self.parameters.insert(name.clone());
            if matches!(shape.ty, Type::Array { .. }) {
                self.parameters.insert(singular(name));
            }
            let words: Vec<String> = words(name).collect();
            if names_a_thing(name) {
                for from in 1..words.len().saturating_sub(1) {
                    let kind = words[from..].join("_");
                    self.of_kind.entry(kind).or_default().insert(name.clone());
                }
            }
        }
        let naming: Vec<String> = naming(function).cloned().collect();
        // A bare `id` may be of anything.
        if naming.len() > 1 && naming.iter().all(|name| words(name).count() > 1) {
            self.together.insert(function.name.clone(), naming);
        }
    }

    /// The names of parameters.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.parameters.iter()
    }
}

/// Adds what a call's output tells.
pub fn learn(output: &Value, arguments: &Arguments, takers: &Takers, known: &mut Known) {
    let mut around = Vec::new();
    for (name, value) in arguments {
        add_member(name, value, &mut around);
    }
    below(output, "", takers, &mut around, known);
}

/// Scalars by their names, the nearest last.
type Around = Vec<(String, Value)>;

fn below(value: &Value, thing: &str, takers: &Takers, around: &mut Around, known: &mut Known) {
    match value {
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Object(_) | Value::Array(_) => below(item, thing, takers, around, known),
                    scalar => tell(thing, scalar, takers, known),
                }
            }
        }
        Value::Object(members) => {
            let outside = around.len();
            for (key, value) in members.iter().filter(|(_, value)| !is_nested(value)) {
                if !OWN.contains(&key.as_str()) {
                    tell(key, value, takers, known);
                    add_member(key, value, around);
                }
                if !thing.is_empty() {
                    let key = format!("{thing}_{key}");
                    tell(&key, value, takers, known);
                    add_member(&key, value, around);
                }
            }
            if around.len() > outside {
                tell_sets(around, outside, takers, known);
            }
            for (key, value) in members.iter().filter(|(_, value)| is_nested(value)) {
                below(value, &singular(key), takers, around, known);
            }
            around.truncate(outside);
        }
        _ => {}
    }
}

fn is_nested(value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_))
}

fn add_member(name: &str, value: &Value, around: &mut Around) {
    if is_telling(value) && names_a_thing(name) {
        around.push((name.to_owned(), value.clone()));
    }
}

/// Adds the sets that what stands here makes with what stands around it.
fn tell_sets(around: &Around, outside: usize, takers: &Takers, known: &mut Known) {
    for (function, parameters) in &takers.together {
        let mut set = Arguments::new();
        let mut is_of_here = false;
        for parameter in parameters {
            let Some(at) = around.iter().rposition(|(name, _)| name == parameter) else {
                break;
            };
            is_of_here |= at >= outside;
            set.insert(parameter.clone(), around[at].1.clone());
        }
        if set.len() < parameters.len() || !is_of_here {
            continue;
        }
        let sets = known.by_function.entry(function.clone()).or_default();
        if sets.len() < MOST && !sets.contains(&set) {
            sets.push(set);
        }
    }
}

/// Adds a value of a parameter, once.
pub fn tell(name: &str, value: &Value, takers: &Takers, known: &mut Known) {
    if !is_telling(value) {
        return;
    }
    let kind = words(name).collect::<Vec<_>>().join("_");
    let of_kind = takers.of_kind.get(&kind).into_iter().flatten();
    let own = takers.parameters.get(name);
    for parameter in own.into_iter().chain(of_kind) {
        let values = known.by_parameter.entry(parameter.clone()).or_default();
        if values.len() < MOST && !values.contains(value) {
            values.push(value.clone());
        }
    }
}

fn is_telling(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => !number.is_f64(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::library::Document;
    use serde_json::json;

    use super::*;

    fn takers(functions: &[(&str, &[&str])]) -> Takers {
        let mut takers = Takers::default();
        for (name, parameters) in functions {
            let text = |name: &&str| ((*name).to_owned(), json!({"type": "string"}));
            let properties: serde_json::Map<String, Value> = parameters.iter().map(text).collect();
            takers.add(&Function::from(Document {
                name: (*name).into(),
                description: String::new(),
                category: "c".into(),
                class: "c".into(),
                parameters: json!({"type": "object", "properties": properties,
                                   "required": parameters}),
                response: None,
            }));
        }
        takers
    }

    fn learnt(output: &Value, takers: &Takers) -> Known {
        let mut known = Known::default();
        learn(output, &Arguments::new(), takers, &mut known);
        learn(output, &Arguments::new(), takers, &mut known);
        known
    }

    fn by_parameter(known: &Known) -> Value {
        json!(known.by_parameter)
    }

    #[test]
    fn members_and_things_tell_of_parameters() {
        let parameters: &[&str] = &["account_id", "city_code", "status", "name", "tag"];
        let output = json!({
            "accounts": [{"id": "A-1", "name": "Ann", "status": "open", "balance": 4.5},
                         {"id": "A-2", "name": "Bob", "status": "open"}],
            "cities": [{"code": "LIS"}], "tags": ["a", "b"],
        });
        let known = learnt(&output, &takers(&[("f", parameters)]));
        let expected = json!({"account_id": ["A-1", "A-2"], "city_code": ["LIS"],
                              "status": ["open"], "tag": ["a", "b"]});
        assert_eq!(by_parameter(&known), expected);
    }

    #[test]
    fn a_parameter_that_says_which_is_meant_by_what_all_of_them_are() {
        let parameters: &[&str] = &["from_account_id", "toAccountId", "new_account_id", "order_id"];
        let output = json!({"accounts": [{"account_id": "A-1"}, {"account_id": "A-2"}]});
        let known = learnt(&output, &takers(&[("transfer", parameters)]));
        let both = ["A-1", "A-2"];
        assert_eq!(by_parameter(&known), json!({"from_account_id": both, "toAccountId": both}));
        assert!(are_of_one_kind("from_account_id", "toAccountId"));
        assert!(!are_of_one_kind("account_id", "order_id"));
        assert!(!are_of_one_kind("from_account_id", "new_account_id"));
    }

    #[test]
    fn what_stands_together_goes_together() {
        let takers = takers(&[("pay", &["account_id", "payee_id", "amount"])]);
        let output = json!({"payees": [{"payee_id": "P-1", "account_id": "A-1"},
                                       {"payee_id": "P-2", "account_id": "A-2"}]});
        let known = learnt(&output, &takers);
        let set = |account: &str, payee: &str| json!({"account_id": account, "payee_id": payee});
        let expected = json!({"pay": [set("A-1", "P-1"), set("A-2", "P-2")]});
        assert_eq!(json!(known.by_function), expected);

        let mut known = Known::default();
        let arguments = json!({"account_id": "A-3"}).as_object().unwrap().clone();
        let output = json!({"payees": [{"id": "P-3"}, {"id": "P-4"}]});
        learn(&output, &arguments, &takers, &mut known);
        let expected = json!({"pay": [set("A-3", "P-3"), set("A-3", "P-4")]});
        assert_eq!(json!(known.by_function), expected, "and with what was asked for");
    }
}
