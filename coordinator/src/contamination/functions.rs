//! Functions compared: by name, or by signature and description together.

use std::collections::HashMap;

use magnet_proto::sketch;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What two functions are compared by.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) name: String,
    /// Names and types of the parameters, and the description's words, hashed:
    /// sorted sets.
    params: Vec<u32>,
    words: Vec<u32>,
}

/// Which of the benchmark's functions one is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Same {
    pub(super) at: usize,
    pub(super) same_name: bool,
    /// Of signature and description, from 0 to 1.
    pub(super) similarity: f64,
}

/// A function of the dataset that is one of the benchmark's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SharedFunction {
    pub function: String,
    pub benchmark: String,
    pub same_name: bool,
    /// Of signature and description.
    pub similarity: f64,
    /// Conversations that call it, and those that only offer it.
    pub called: u64,
    pub offered: u64,
}

/// A benchmark's functions.
#[derive(Debug, Default)]
pub(super) struct Functions {
    signatures: Vec<Signature>,
    by_letters: HashMap<String, usize>,
}

impl Signature {
    /// Of an OpenAI tool, or of the bare function.
    pub(super) fn of(tool: &Value) -> Option<Self> {
        let function = tool.get("function").unwrap_or(tool);
        let text = |key: &str| function.get(key).and_then(Value::as_str);
        let properties = function.pointer("/parameters/properties").and_then(Value::as_object);
        Some(Self {
            name: text("name")?.to_owned(),
            params: properties.map(params).unwrap_or_default(),
            words: set(sketch::words(text("description").unwrap_or_default()).collect()),
        })
    }

    /// The mean of the similarities of parameters and description; without
    /// parameters on both sides that of the descriptions alone. A function
    /// without a description is known by its name only.
    fn similarity(&self, other: &Self) -> f64 {
        let words = jaccard(&self.words, &other.words);
        match self.params.is_empty() && other.params.is_empty() {
            _ if self.words.is_empty() || other.words.is_empty() => 0.0,
            true => words,
            false => (words + jaccard(&self.params, &other.params)) / 2.0,
        }
    }
}

impl Functions {
    pub(super) fn new(signatures: Vec<Signature>) -> Self {
        let names = signatures.iter().enumerate();
        let by_letters = names.map(|(at, signature)| (letters(&signature.name), at)).collect();
        Self { signatures, by_letters }
    }

    pub(super) fn len(&self) -> usize {
        self.signatures.len()
    }

    pub(super) fn name(&self, at: usize) -> &str {
        &self.signatures[at].name
    }

    /// The function of that name; `Class.method` is also known as `method`.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        let method = name.rsplit('.').next().unwrap_or(name);
        let by = |name| self.by_letters.get(&letters(name)).copied();
        by(name).or_else(|| by(method))
    }

    /// The one that bears the same name, else the most similar from `alike` on.
    pub(super) fn same_as(&self, signature: &Signature, alike: f64) -> Option<Same> {
        let with = |at: usize| (at, self.signatures[at].similarity(signature));
        if let Some((at, similarity)) =
            self.by_letters.get(&letters(&signature.name)).map(|at| with(*at))
        {
            return Some(Same { at, same_name: true, similarity });
        }
        let all =
            (0..self.signatures.len()).map(with).filter(|(_, similarity)| *similarity >= alike);
        let (at, similarity) = all.max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(Same { at, same_name: false, similarity })
    }
}

/// A name without case and separators: `getWeather` is `get_weather`.
fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn params(properties: &Map<String, Value>) -> Vec<u32> {
    let kind = |schema: &Value| match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => {
            let mut named = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            named.next().unwrap_or("any").to_owned()
        }
        _ => "any".to_owned(),
    };
    let param = |(name, schema): (&String, &Value)| {
        let kind = kind(schema);
        let kind = if kind == "integer" { "number" } else { &kind };
        sketch::words(&format!("{}of{kind}", letters(name))).next()
    };
    set(properties.iter().filter_map(param).collect())
}

pub(super) fn set(mut hashes: Vec<u32>) -> Vec<u32> {
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// The Jaccard similarity of two sorted sets; 0 of nothing.
pub(super) fn jaccard(a: &[u32], b: &[u32]) -> f64 {
    let (mut left, mut right, mut shared) = (a, b, 0);
    while let ([x, xs @ ..], [y, ys @ ..]) = (left, right) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => left = xs,
            std::cmp::Ordering::Greater => right = ys,
            std::cmp::Ordering::Equal => (left, right, shared) = (xs, ys, shared + 1),
        }
    }
    let all = a.len() + b.len() - shared;
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tool(name: &str, description: &str, params: &[&str]) -> Signature {
        let properties: Map<String, Value> =
            params.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
        let function = json!({"name": name, "description": description,
                              "parameters": {"type": "object", "properties": properties}});
        Signature::of(&json!({"type": "function", "function": function})).unwrap()
    }

    fn benchmark() -> Functions {
        Functions::new(vec![
            tool(
                "book_flight",
                "Book a flight for a traveler with a card.",
                &["from", "to", "date"],
            ),
            tool("TicketAPI.close", "Close a ticket.", &["id"]),
        ])
    }

    #[test]
    fn a_name_is_the_same_whatever_its_case_and_separators() {
        let same = benchmark().same_as(&tool("bookFlight", "Something else.", &[]), 0.7).unwrap();
        assert!(same.same_name && same.similarity < 0.2, "{same:?}");
        assert_eq!(benchmark().named("TicketAPI.close"), Some(1));
        assert_eq!(benchmark().named("Travel.book_flight"), Some(0));
        assert_eq!(benchmark().named("close"), None);
    }

    #[test]
    fn a_renamed_function_is_found_by_what_it_does_and_takes() {
        let renamed = tool(
            "reserve_seat",
            "Book a flight for the traveler with a card",
            &["from", "to", "date"],
        );
        let same = benchmark().same_as(&renamed, 0.7).unwrap();
        assert!((same.at, same.same_name) == (0, false) && same.similarity > 0.9, "{same:?}");
    }

    #[test]
    fn common_parameters_alone_are_not_enough() {
        let other = tool("read_ticket", "Everything that is known about one ticket.", &["id"]);
        assert_eq!(benchmark().same_as(&other, 0.7), None);
        assert_eq!(benchmark().same_as(&tool("shut", "", &["id"]), 0.7), None);
    }
}
