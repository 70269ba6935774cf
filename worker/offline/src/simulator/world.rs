//! What a conversation has established: facts about things, keyed by their ids.

use std::collections::{HashMap, HashSet};
use std::mem::discriminant;

use magnet_proto::library::Function;
use magnet_proto::sample::Arguments;
use magnet_proto::shape::words;
use serde_json::{Map, Value};

use super::facts::{Fact, Facts};
use super::verb::{changes, ends};

/// Facts about identified things.
#[derive(Debug, Default)]
pub(super) struct World {
    facts: HashMap<String, Facts>,
    /// Fields that a call changed, so that earlier outputs are out of date.
    changed: HashSet<(String, String)>,
    /// Things made by a call: what they are, their id.
    created: Vec<(String, Value)>,
    /// Things that something is known of, in the order they were told of.
    met: Vec<(String, Value)>,
    deleted: HashSet<String>,
    calls: usize,
}

/// Names too general to carry from one thing to another that mentions it.
const GENERAL: &[&str] = &[
    "id", "name", "title", "status", "type", "message", "success", "ok", "error", "description",
    "created_at", "updated_at", "url", "html_url", "node_id", "state", "count", "total", "date",
    "time", "text", "body", "content", "results", "items", "data", "result", "key", "value",
];

/// Whether a field tells something of a thing that outlasts the call.
fn is_lasting(name: &str) -> bool {
    const PASSING: &[&str] =
        &["status", "state", "message", "success", "ok", "error", "url", "count", "total"];
    !PASSING.iter().any(|word| words(name).any(|own| own == *word)) && !name.ends_with("_at")
}

/// Whether a value reports on the call rather than on the thing.
fn says_it_went_well(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        ["success", "successful", "succeeded", "ok", "done"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
    })
}

/// Whether a field's name says that it identifies something.
pub(super) fn is_id(name: &str) -> bool {
    let bytes = name.as_bytes();
    let ends = |ending: &str| {
        bytes.len() >= ending.len()
            && bytes[bytes.len() - ending.len()..].eq_ignore_ascii_case(ending.as_bytes())
    };
    name.eq_ignore_ascii_case("id")
        || ends("_id")
        || name.ends_with("Id")
        || name.ends_with("ID")
        || ends("uuid")
        || ends("_number") && !ends("phone_number") && !ends("page_number")
        || ends("_ref")
        || ends("reference")
}

/// The key of a thing: its id alone where that is unlikely to mean two things,
/// else with what it is.
fn key(noun: &str, id: &Value) -> Option<String> {
    match id {
        Value::String(text) if text.len() >= 5 && text.bytes().any(|b| b.is_ascii_digit()) => {
            Some(text.clone())
        }
        Value::String(text) if !text.is_empty() => Some(format!("{noun} {text}")),
        Value::Number(number) if number.as_f64().is_some_and(|n| n >= 10_000.0) => {
            Some(number.to_string())
        }
        Value::Number(number) => Some(format!("{noun} {number}")),
        _ => None,
    }
}

/// What an id field identifies: the words before "id", else its holder, else
/// the function's noun.
pub(super) fn noun_of(name: &str, holder: &str, function: &Function) -> String {
    let own: Vec<String> = words(name).collect();
    let before = own
        .iter()
        .rev()
        .find(|w| !["id", "ids", "uuid", "number", "ref", "reference"].contains(&w.as_str()));
    let noun =
        before.cloned().or_else(|| words(holder).last()).unwrap_or_else(|| function_noun(function));
    crate::lexicon::singular(&noun).unwrap_or(noun)
}

/// The thing a function is about: the first word of its name that is no verb.
pub(super) fn function_noun(function: &Function) -> String {
    let mut parts = words(&function.name).skip(1);
    parts.next().or_else(|| words(&function.name).next()).unwrap_or_else(|| "item".into())
}

/// A known field of a thing; an object that merely mentions the thing (`own` is
/// false) shares only its particular fields.
pub(super) fn known<'a>(facts: &'a Facts, field: &str, own: bool) -> Option<&'a Value> {
    if !own && GENERAL.contains(&field) {
        return None;
    }
    Some(facts.get(field)?.value())
}

impl World {
    /// What is known about the thing with that id.
    pub(super) fn about(&self, noun: &str, id: &Value) -> Option<&Facts> {
        self.facts.get(&key(noun, id)?)
    }

    /// What is known about the things that a thing's own fields name.
    pub(super) fn behind<'a>(
        &'a self,
        facts: &'a Facts,
        function: &'a Function,
    ) -> impl Iterator<Item = &'a Facts> {
        let mut named: Vec<_> = facts.iter().filter(|(name, _)| is_id(name)).collect();
        named.sort_by_key(|(name, fact)| (fact.call, *name));
        named
            .into_iter()
            .filter_map(|(name, fact)| self.about(&noun_of(name, "", function), &fact.value))
    }

    /// Ids of the things of that kind that calls have made, oldest first.
    pub(super) fn created<'a>(&'a self, noun: &'a str) -> impl Iterator<Item = &'a Value> {
        self.standing(&self.created, noun)
    }

    /// Ids of the other things of that kind that were told of, oldest first.
    pub(super) fn met<'a>(&'a self, noun: &'a str) -> impl Iterator<Item = &'a Value> {
        let is_made = |id: &Value| self.created.iter().any(|(_, made)| made == id);
        self.standing(&self.met, noun).filter(move |id| !is_made(id))
    }

    fn standing<'a>(
        &'a self,
        things: &'a [(String, Value)],
        noun: &'a str,
    ) -> impl Iterator<Item = &'a Value> {
        let gone = |id: &Value| key(noun, id).is_some_and(|key| self.deleted.contains(&key));
        things.iter().filter(move |(kind, id)| kind == noun && !gone(id)).map(|(_, id)| id)
    }

    /// Takes in a call and its output.
    pub(super) fn record(&mut self, function: &Function, arguments: &Arguments, output: &Value) {
        self.calls += 1;
        let changes = changes(function);
        let given: Vec<(String, &Value)> = arguments
            .iter()
            .filter(|(name, value)| is_id(name) && !value.is_object() && !value.is_array())
            .map(|(name, value)| (noun_of(name, "", function), value))
            .collect();
        if changes && ends(function) {
            self.deleted.extend(given.iter().filter_map(|(noun, id)| key(noun, id)));
        }
        let root = output.as_object();
        let own = root.and_then(|root| own_id(root, "", function));
        let fresh = |id: &Value| !arguments.values().any(|value| value == id);
        match &own {
            // A new thing came out of a change: it is what the arguments say.
            Some((noun, id)) if changes && fresh(id) => {
                self.created.push((noun.clone(), id.clone()));
                self.learn(noun, id, arguments.iter(), true);
            }
            _ => {
                if let (true, Some((noun, id))) = (changes, given.first()) {
                    self.learn(noun, id, arguments.iter(), true);
                }
            }
        }
        if let (Some(root), [(noun, id)]) = (root, given.as_slice()) {
            match &own {
                None => self.learn(noun, id, root.iter(), changes),
                // What the output of another thing says beyond the arguments is
                // about the thing that was named.
                Some((_, own)) if own != *id => {
                    let told = |(name, _): &(&String, &Value)| {
                        !arguments.contains_key(*name) && !is_id(name) && is_lasting(name)
                    };
                    self.learn(noun, id, root.iter().filter(told), false);
                }
                Some(_) => {}
            }
        }
        self.read(output, "", function, changes);
        self.found(function, arguments, output);
    }

    /// What a list was asked by holds for each thing on it: the events of a
    /// day are on that day.
    fn found(&mut self, function: &Function, arguments: &Arguments, output: &Value) {
        let Some(root) = output.as_object() else { return };
        let asked: Map<String, Value> = root
            .iter()
            .filter(|(name, value)| value.is_string() && arguments.get(*name) == Some(value))
            .filter(|(name, _)| *name == "date" || !GENERAL.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if asked.is_empty() {
            return;
        }
        for (name, list) in root {
            for item in list.as_array().into_iter().flatten().filter_map(Value::as_object) {
                if let Some((noun, id)) = own_id(item, name, function) {
                    self.learn(&noun, &id, asked.iter(), false);
                }
            }
        }
    }

    /// Takes in every identified object of an output.
    fn read(&mut self, value: &Value, holder: &str, function: &Function, changes: bool) {
        match value {
            Value::Object(object) => {
                if let Some((noun, id)) = own_id(object, holder, function) {
                    self.learn(&noun, &id, object.iter(), changes);
                }
                for (name, member) in object {
                    if member.is_object() || member.is_array() {
                        self.read(member, name, function, changes);
                    }
                }
            }
            Value::Array(items) => {
                items.iter().for_each(|item| self.read(item, holder, function, changes))
            }
            _ => {}
        }
    }

    fn learn<'a>(
        &mut self,
        noun: &str,
        id: &Value,
        fields: impl Iterator<Item = (&'a String, &'a Value)>,
        overrides: bool,
    ) {
        let Some(key) = key(noun, id) else { return };
        if !self.facts.contains_key(&key) {
            self.met.push((noun.to_owned(), id.clone()));
        }
        let facts = self.facts.entry(key.clone()).or_default();
        for (name, value) in fields {
            let tells = !value.is_object() && !value.is_array() && !value.is_null();
            if !tells || value == id || says_it_went_well(value) {
                continue;
            }
            let field = name.strip_prefix("new_").unwrap_or(name);
            let before = facts.get(field).filter(|fact| fact.value != *value).map(|fact| fact.call);
            if before.is_none() || overrides {
                let fact = Fact { value: value.clone(), call: self.calls };
                facts.insert(field.to_owned(), fact);
            }
            if overrides && before.is_some_and(|call| call < self.calls) {
                self.changed.insert((key.clone(), field.to_owned()));
            }
        }
    }

    /// An earlier output as a repeated call returns it now: fields that calls
    /// have changed since are up to date, deleted elements are gone.
    pub(super) fn refreshed(&self, seen: &Value, function: &Function) -> Value {
        let mut value = seen.clone();
        if !self.changed.is_empty() || !self.deleted.is_empty() {
            self.refresh(&mut value, "", function);
        }
        value
    }

    fn refresh(&self, value: &mut Value, holder: &str, function: &Function) {
        match value {
            Value::Object(object) => {
                if let Some(key) =
                    own_id(object, holder, function).and_then(|(noun, id)| key(&noun, &id))
                {
                    for (name, member) in object.iter_mut() {
                        let place = (key.clone(), name.clone());
                        let fact = self.facts.get(&key).and_then(|facts| facts.get(name));
                        let fact = fact.filter(|_| self.changed.contains(&place));
                        let same_type =
                            |fact: &&Fact| discriminant(&fact.value) == discriminant(member);
                        if let Some(fact) = fact.filter(same_type) {
                            *member = fact.value.clone();
                        }
                    }
                }
                for (name, member) in object.iter_mut() {
                    if member.is_object() || member.is_array() {
                        self.refresh(member, name, function);
                    }
                }
            }
            Value::Array(items) => {
                let gone = |item: &Value| {
                    let own = item.as_object().and_then(|object| own_id(object, holder, function));
                    own.and_then(|(noun, id)| key(&noun, &id))
                        .is_some_and(|key| self.deleted.contains(&key))
                };
                items.retain(|item| !gone(item));
                items.iter_mut().for_each(|item| self.refresh(item, holder, function));
            }
            _ => {}
        }
    }
}

/// The field that identifies an object itself: `id`, or its first id field.
fn own_id(
    object: &Map<String, Value>,
    holder: &str,
    function: &Function,
) -> Option<(String, Value)> {
    let named = |(name, value): (&String, &Value)| {
        let noun = noun_of(name, holder, function);
        (!value.is_null() && !value.is_object() && !value.is_array()).then(|| (noun, value.clone()))
    };
    let id = object.get_key_value("id");
    id.and_then(named).or_else(|| object.iter().find(|(name, _)| is_id(name)).and_then(named))
}
