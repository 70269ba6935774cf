//! Which output fields repeat an argument.

use magnet_proto::library::Function;
use magnet_proto::sample::Arguments;
use magnet_proto::shape::words;
use serde_json::Value;

use super::world::is_id;
use crate::lexicon::{Place, Topic, coerced, topic};

/// The arguments of a call, ready to be found under other names.
pub(super) struct Echoes<'a> {
    arguments: Vec<Argument<'a>>,
}

struct Argument<'a> {
    name: &'a str,
    key: String,
    topic: Topic,
    value: &'a Value,
}

/// Topics whose value an output repeats even under another name.
const TELLING: &[Topic] = &[
    Topic::City, Topic::Country, Topic::CountryCode, Topic::Email, Topic::Username, Topic::Ticker,
    Topic::Domain, Topic::IpAddress, Topic::Repository, Topic::Handle, Topic::PostalCode,
    Topic::TrackingNumber, Topic::Phone, Topic::Latitude, Topic::Longitude, Topic::Isbn,
];

/// Names that each element of a list has for itself.
const OWN_OF_ELEMENTS: &[&str] =
    &["id", "name", "title", "description", "text", "content", "body", "message", "url", "summary", "label"];

impl<'a> Echoes<'a> {
    pub(super) fn of(function: &'a Function, arguments: &'a Arguments) -> Self {
        let known = |(name, value): (&'a String, &'a Value)| {
            let field = function.param(name);
            let topic = field.map_or(Topic::SomeText, |field| topic(&Place::argument(function, field)));
            Argument { name, key: key(name), topic, value }
        };
        Self { arguments: arguments.iter().map(known).collect() }
    }

    /// The argument that a field repeats. Deeper down only its own name counts.
    pub(super) fn find(&self, place: &Place<'_>, in_list: bool, depth: usize) -> Option<Value> {
        if self.arguments.is_empty() {
            return None;
        }
        let key = key(place.name);
        if in_list && OWN_OF_ELEMENTS.contains(&key.as_str()) {
            return None;
        }
        let fits = |argument: &Argument<'_>| coerced(argument.value, place.shape);
        let exact = self.arguments.iter().find(|argument| argument.key == key);
        if let Some(value) = exact.and_then(fits) {
            let nested_id = depth > 1 && key == "id";
            return (!nested_id).then_some(value);
        }
        if depth > 2 || is_id(place.name) {
            return None;
        }
        let topic = topic(place);
        let mut alike = self.arguments.iter().filter(|argument| {
            argument.topic == topic && TELLING.contains(&topic) && end(argument.name) == end(place.name)
        });
        match (alike.next(), alike.next()) {
            (Some(only), None) => fits(only),
            _ => None,
        }
    }

    /// The bounds that arguments such as `max_price` put on a field.
    pub(super) fn bounds(&self, name: &str) -> (Option<f64>, Option<f64>) {
        let own = key(name);
        let bound = |prefixes: [&str; 2]| {
            let argument = self.arguments.iter().find(|argument| {
                prefixes.iter().any(|prefix| {
                    let rest = argument.key.strip_prefix(prefix).or(argument.key.strip_suffix(prefix));
                    rest == Some(own.as_str())
                })
            })?;
            argument.value.as_f64()
        };
        (bound(["min", "minimum"]), bound(["max", "maximum"]))
    }

    /// How many elements the call asks for at most.
    pub(super) fn limit(&self) -> Option<usize> {
        let limits = self.arguments.iter().filter(|argument| {
            argument.topic == Topic::Limit || argument.key == "count" || argument.key == "num"
        });
        limits.filter_map(|argument| argument.value.as_u64()).map(|n| n as usize).find(|&n| n > 0)
    }
}

/// A name without case, separators and "name": `cityName` and `city` are one.
fn key(name: &str) -> String {
    let mut parts: Vec<String> = words(name).collect();
    if parts.len() > 1 && parts.last().is_some_and(|last| last == "name") {
        parts.pop();
    }
    if parts.len() > 1 && parts.first().is_some_and(|first| first == "new") {
        parts.remove(0);
    }
    parts.concat()
}

/// Which end of a journey or transfer a name is about.
fn end(name: &str) -> u8 {
    let name = name.to_ascii_lowercase();
    let has = |cues: &[&str]| cues.iter().any(|cue| name.contains(cue));
    if has(&["dest", "arriv", "target"]) || name.starts_with("to") {
        2
    } else if has(&["origin", "depart", "source"]) || name.starts_with("from") {
        1
    } else {
        0
    }
}
