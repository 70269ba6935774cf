//! Which output fields repeat an argument.

use magnet_proto::library::Function;
use magnet_proto::sample::Arguments;
use magnet_proto::shape::words;
use serde_json::Value;

use super::facet::{Facet, key};
use crate::lexicon::{Place, Topic, coerced, singular, topic};

/// The arguments of a call, ready to be found under other names.
pub(super) struct Echoes<'a> {
    arguments: Vec<Argument<'a>>,
    /// The words of the function's name, in the singular.
    subjects: Vec<String>,
    /// The call makes a new thing, whose id no argument can be.
    creates: bool,
}

struct Argument<'a> {
    name: &'a str,
    key: String,
    topic: Topic,
    value: &'a Value,
}

/// Topics whose value an output repeats even under another name.
const TELLING: &[Topic] = &[
    Topic::City,
    Topic::Country,
    Topic::CountryCode,
    Topic::Email,
    Topic::Username,
    Topic::Ticker,
    Topic::Domain,
    Topic::IpAddress,
    Topic::Repository,
    Topic::Handle,
    Topic::PostalCode,
    Topic::TrackingNumber,
    Topic::Phone,
    Topic::Latitude,
    Topic::Longitude,
    Topic::Isbn,
];

/// Names that each element of a list has for itself.
const OWN_OF_ELEMENTS: &[&str] = &[
    "id", "name", "title", "description", "text", "content", "body", "message", "url", "summary",
    "label",
];

impl<'a> Echoes<'a> {
    pub(super) fn of(function: &'a Function, arguments: &'a Arguments) -> Self {
        let known = |(name, value): (&'a String, &'a Value)| {
            let field = function.param(name);
            let topic =
                field.map_or(Topic::SomeText, |field| topic(&Place::argument(function, field)));
            Argument { name, key: key(name), topic, value }
        };
        let subjects = words(&function.name).map(|word| singular(&word).unwrap_or(word)).collect();
        let creates = words(&function.name)
            .take(5)
            .any(|word| ["create", "add", "book", "new"].contains(&word.as_str()));
        Self { arguments: arguments.iter().map(known).collect(), subjects, creates }
    }

    /// The argument that a field repeats. Deeper down only its own name counts.
    pub(super) fn find(
        &self,
        place: &Place<'_>,
        facet: &Facet,
        in_list: bool,
        depth: usize,
    ) -> Option<Value> {
        if self.arguments.is_empty() {
            return None;
        }
        let key = facet.key.as_str();
        if in_list && OWN_OF_ELEMENTS.contains(&key) {
            return None;
        }
        let fits = |argument: &Argument<'_>| coerced(argument.value, place.shape);
        let exact = self.arguments.iter().find(|argument| argument.key == key);
        if let Some(value) = exact.and_then(fits) {
            let nested_id = depth > 1 && key == "id";
            return (!nested_id).then_some(value);
        }
        if depth == 1 && !in_list && !self.creates && (key == "id" || key == "number") {
            return self.own_id(key).and_then(fits);
        }
        if ["login", "slug", "name"].contains(&key) && !place.parent.is_empty() {
            let holder = self::key(place.parent);
            let named = self.arguments.iter().find(|argument| argument.key == holder);
            if let Some(value) = named.and_then(fits).filter(Value::is_string) {
                return Some(value);
            }
        }
        if depth > 2 || facet.noun.is_some() || !TELLING.contains(&facet.topic) {
            return None;
        }
        let topic = facet.topic;
        let mut alike = self
            .arguments
            .iter()
            .filter(|argument| argument.topic == topic && end(argument.name) == end(place.name));
        match (alike.next(), alike.next()) {
            (Some(only), None) => fits(only),
            _ => None,
        }
    }

    /// The argument that names the thing the function is about: `task_id` of
    /// `get_task`, else the only id there is.
    fn own_id(&self, kind: &str) -> Option<&Argument<'a>> {
        let ids = || {
            let ends = self.arguments.iter().filter(|argument| argument.key.ends_with(kind));
            ends.filter(|argument| !argument.value.is_array() && !argument.value.is_object())
        };
        let mut about = ids().filter(|argument| {
            let noun = argument.key.strip_suffix(kind).unwrap_or_default();
            !noun.is_empty() && self.subjects.iter().any(|subject| subject == noun)
        });
        about.next_back().or_else(|| Some(ids().next()?).filter(|_| ids().count() == 1))
    }

    /// The bounds that arguments such as `max_price` put on a field.
    pub(super) fn bounds(&self, own: &str) -> (Option<f64>, Option<f64>) {
        let bound = |prefixes: [&str; 2]| {
            let argument = self.arguments.iter().find(|argument| {
                prefixes.iter().any(|prefix| {
                    let rest =
                        argument.key.strip_prefix(prefix).or(argument.key.strip_suffix(prefix));
                    rest == Some(own)
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
