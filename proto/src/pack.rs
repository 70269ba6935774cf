//! A pack: what depends on a function rather than on a walk. How people ask
//! for it and are answered, values they bring along, and a world that
//! remembers what its calls did.
//!
//! Bound to one library: functions are ids here. Reading the files that people
//! write is the coordinator's `pack`; running the modules is the executor's. A
//! function without an entry is served by plain rules.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Digest, FunctionId};

/// Everything a library's pack holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pack {
    /// Who wrote it: "hand", or a model's name.
    pub made_by: String,
    pub phrases: BTreeMap<FunctionId, Phrases>,
    /// By function and parameter.
    pub values: BTreeMap<FunctionId, BTreeMap<String, Vec<Value>>>,
    /// Sorted by name.
    pub world: Vec<Module>,
}

/// One Starlark module of the world: the functions of a domain and the part of
/// a conversation's state that is theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// The file's name without its ending; the key of its part of the state.
    pub name: String,
    pub text: String,
}

impl Module {
    /// The file in the pack's folder, for messages.
    pub fn file(&self) -> String {
        format!("world/{}.star", self.name)
    }
}

/// The wording that goes with one function. Texts hold slots: `{parameter}`
/// stands for an argument, said or pointed at; `[…]` encloses what is left out
/// unless all its slots have values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Phrases {
    /// Imperative clauses or questions that ask for the operation itself.
    pub asks: Vec<String>,
    /// First-person sentences of motive that fit any values.
    pub reasons: Vec<String>,
    /// The things its output identifies.
    pub items: Vec<Item>,
    /// The facts in its output that people want without naming the operation.
    pub wants: Vec<WantPhrases>,
    /// Templates (Jinja over `out` and `args`) of the closing reply.
    pub reports: Vec<String>,
}

/// Things in an output and how people refer to them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Item {
    /// Pointer pattern, `*` for the elements of a list; "" is the whole output.
    pub at: String,
    /// A singular noun: "ticket".
    pub noun: String,
    /// Noun phrases without article, with slots for the function's arguments:
    /// "ticket from {email}".
    #[serde(rename = "as")]
    pub as_: Vec<String>,
    /// How one of several is singled out, by a field's pointer within the
    /// item, in the pack's order.
    pub pick: IndexMap<String, Pick>,
}

/// How a field singles out one item of several.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pick {
    /// "oldest", "cheapest"; what begins with "with", "that" or "who" stands
    /// behind the noun phrase, the rest before it.
    pub least: Vec<String>,
    pub most: Vec<String>,
    /// Stands behind the noun phrase; `{value}` is the field's value.
    pub is: Vec<String>,
}

/// A fact and how people ask for it and are told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WantPhrases {
    /// Pointer pattern of a scalar or a short list in the output.
    pub at: String,
    /// Questions; `{item}` stands for the list element that is asked about.
    pub ask: Vec<String>,
    /// Sentence templates (Jinja over `out`, `args` and the item `it`), without
    /// capital and full stop.
    pub tell: Vec<String>,
}

impl Pack {
    /// The wording of a function, where the pack has any.
    pub fn phrases(&self, function: FunctionId) -> Option<&Phrases> {
        self.phrases.get(&function)
    }

    /// The values people bring along for a parameter; empty where the pack has
    /// none.
    pub fn values(&self, function: FunctionId, parameter: &str) -> &[Value] {
        let values = self.values.get(&function).and_then(|values| values.get(parameter));
        values.map(Vec::as_slice).unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty() && self.values.is_empty() && self.world.is_empty()
    }

    /// Of all it holds: a campaign's identity covers it.
    pub fn digest(&self) -> Digest {
        let bytes = rmp_serde::to_vec_named(self);
        Digest::of(&bytes.expect("writing texts and JSON values into memory cannot fail"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pack() -> Pack {
        let phrases = json!({
            "asks": ["list the tickets of {email}"],
            "items": [{"at": "/tickets/*", "noun": "ticket", "as": ["ticket from {email}"],
                       "pick": {"/opened": {"least": ["oldest"]}, "/age": {"most": ["newest"]}}}],
        });
        let phrases = serde_json::from_value(phrases).unwrap();
        let values = BTreeMap::from([("email".to_owned(), vec![json!("anna@example.com")])]);
        Pack {
            made_by: "hand".into(),
            phrases: BTreeMap::from([(FunctionId(3), phrases)]),
            values: BTreeMap::from([(FunctionId(3), values)]),
            world: vec![Module { name: "tickets".into(), text: "def start(): pass".into() }],
        }
    }

    #[test]
    fn a_function_without_an_entry_has_no_wording_and_no_values() {
        let pack = pack();
        assert_eq!(pack.phrases(FunctionId(3)).unwrap().items[0].as_, ["ticket from {email}"]);
        assert_eq!(pack.values(FunctionId(3), "email"), ["anna@example.com"]);
        assert_eq!(pack.phrases(FunctionId(4)), None);
        assert!(pack.values(FunctionId(3), "id").is_empty());
    }

    #[test]
    fn it_travels_whole_and_its_order_with_it() {
        let bytes = rmp_serde::to_vec_named(&pack()).unwrap();
        let read: Pack = rmp_serde::from_slice(&bytes).unwrap();
        assert_eq!(read, pack());
        assert_eq!(read.digest(), pack().digest());
        let fields: Vec<&String> = read.phrases[&FunctionId(3)].items[0].pick.keys().collect();
        assert_eq!(fields, ["/opened", "/age"]);
    }

    #[test]
    fn whatever_it_holds_is_part_of_its_digest() {
        let mut other = pack();
        other.world[0].text.push(' ');
        assert_ne!(other.digest(), pack().digest());
    }
}
