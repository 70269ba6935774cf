//! Referring to an earlier output: "the cheapest one", "that address".
//!
//! Its words depend on what the place is (the thing itself or one of
//! its properties), on whether there were several, and on how long ago it was.

use magnet_proto::brief::Select;
use magnet_proto::library::Function;
use magnet_proto::path::StepRef;
use magnet_proto::rng::Rng;
use magnet_proto::shape::{Field, words};
use magnet_worker::select::Route;
use rand::RngExt;

use super::contact;
use super::noun;
use super::target::{Being, Target, target};
use crate::lexicon::Topic;

/// An argument that an earlier output supplies.
#[derive(Clone, Debug)]
pub(super) struct Reference<'a> {
    pub from: StepRef,
    /// The place in the output.
    pub place: &'a str,
    /// The function whose output it is.
    pub source: &'a Function,
    /// How one of several elements is singled out.
    pub which: Which,
    pub when: When,
    /// The request singles the element out; false if an earlier one did.
    pub fresh: bool,
    /// Every element's value, for a list.
    pub all: bool,
    /// Whether the list is known to have only this one.
    pub alone: bool,
    /// Whether it is what was spoken of last: then it can be "it".
    pub is_topic: bool,
    /// Whether the same message asks for it.
    pub is_asked_for: bool,
    /// Whether its source was called with that very value.
    pub is_echo: bool,
}

/// What singles out one of several things: words before the noun ("oldest") or
/// behind it ("with the fewest open tickets").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Before(String),
    Behind(String),
}

impl Which {
    /// The place in the list: "first", "second", "last".
    pub(super) fn in_order(select: &Select) -> Self {
        const ORDINALS: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "sixth"];
        Self::Before(match select {
            Select::Last => "last".to_owned(),
            Select::Nth(at) => match ORDINALS.get(usize::from(*at)) {
                Some(ordinal) => (*ordinal).to_owned(),
                None => format!("{}th", at + 1),
            },
            _ => "first".to_owned(),
        })
    }

    /// "the oldest ticket", "the agent with the fewest tickets".
    pub(super) fn of(&self, noun: &str) -> String {
        match self {
            Self::Before(words) => format!("the {words} {noun}"),
            Self::Behind(words) => format!("the {noun} {words}"),
        }
    }

    fn is_first(&self) -> bool {
        matches!(self, Self::Before(words) if words == "first")
    }
}

/// How far back the output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// In the same turn: the user has not seen it.
    Now,
    /// In the turn before.
    JustBefore,
    Earlier,
}

/// Where the words of a reference stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seat {
    /// A slot of a phrasing that "it" or "them" can fill.
    Object,
    /// One where a person would be "they": "it" can fill it.
    Subject,
    /// One behind a preposition: "them" can fill it, and "it" reads badly.
    Behind,
    /// Another slot of a phrasing: the sentence says what "the first one" is.
    Slot,
    /// Attached to a clause: the noun must be there.
    Attached,
}

impl Reference<'_> {
    /// Whether two references are to the same object of the same output.
    pub(super) fn same_object(&self, other: &Reference<'_>) -> bool {
        self.from == other.from && holder(self.place) == holder(other.place)
    }

    pub(super) fn target(&self, field: &Field, topic: Topic) -> Target {
        let path = self.place;
        let leaves = self.source.output_leaves();
        let leaf = leaves.iter().find(|leaf| leaf.path == path);
        if matches!(topic, Topic::Email | Topic::Phone | Topic::FullName) {
            let named = leaf.and_then(|leaf| leaf.shape.noun.as_deref());
            return contact::target(path, named, self.source, topic);
        }
        target(path, leaf, field)
    }

    pub(super) fn words(&self, field: &Field, topic: Topic, seat: Seat, rng: &mut Rng) -> String {
        let target = self.target(field, topic);
        let among_several = target.among_several && !self.alone;
        let forms = match (&target.property, self.all) {
            (_, true) => everything(&target),
            (Some(_), _) if topic == Topic::Date && !(among_several && self.fresh) => {
                vec!["that day".into(), "the same day".into()]
            }
            (Some(property), _) => self.property(property, &target),
            (None, _) if among_several => self.element(&target, seat),
            (None, _) if target.being == Being::Thing => self.single(target.thing.as_deref(), seat),
            (None, _) => self.somebody(&target, seat),
        };
        forms[rng.random_range(0..forms.len())].clone()
    }

    /// One of several: "the cheapest one", "the first of those trains".
    fn element(&self, target: &Target, seat: Seat) -> Vec<String> {
        let noun = target.thing.as_deref();
        let named = noun.map_or_else(Vec::new, |noun| self.named_element(noun));
        // "the cheapest one" leaves open of what; "that one" was spoken of last.
        let must_be_named = self.fresh || seat == Seat::Attached || target.being != Being::Thing;
        if must_be_named && !named.is_empty() {
            return named;
        }
        let one = self.which.of("one");
        let unnamed = match (self.fresh, self.when) {
            (false, _) => vec!["that one".to_owned()],
            (true, When::Now) if self.which.is_first() => {
                vec![one, "the first one that comes up".to_owned()]
            }
            (true, When::Now) => vec![one.clone(), one],
            (true, When::JustBefore | When::Earlier) => vec![one],
        };
        named.into_iter().chain(unnamed).collect()
    }

    fn named_element(&self, noun: &str) -> Vec<String> {
        if !self.fresh {
            return vec![format!("that {noun}")];
        }
        let one = self.which.of(noun);
        match (self.when, &self.which) {
            (When::Earlier, Which::Before(which)) => {
                vec![format!("the {which} of those {}", noun::plural(noun))]
            }
            (_, Which::Before(which)) => {
                vec![one, format!("the {which} of those {}", noun::plural(noun))]
            }
            (_, Which::Behind(_)) => vec![one],
        }
    }

    fn single(&self, noun: Option<&str>, seat: Seat) -> Vec<String> {
        let Some(noun) = noun else {
            return match self.when {
                When::Now => vec!["the result".into(), "that".into()],
                When::JustBefore | When::Earlier => vec!["that one".into()],
            };
        };
        let mut forms = vec![format!("that {noun}")];
        match self.when {
            // Nobody has spoken of the file that comes with a booking.
            When::Now => {
                let apart =
                    !self.is_topic && !self.is_echo && !["distance", "weight"].contains(&noun);
                if let Some(of) = self.subject().filter(|of| of != noun && apart) {
                    forms = vec![format!("the {noun} {} that {of}", belonging(noun))];
                }
            }
            When::JustBefore => forms.push(format!("this {noun}")),
            When::Earlier => {}
        }
        let pronoun = match (seat, contact::is_person(noun)) {
            (Seat::Object | Seat::Behind, true) => Some("them"),
            (Seat::Object | Seat::Subject, false) => Some("it"),
            _ => None,
        };
        let pronoun = pronoun.filter(|_| self.when != When::Earlier && self.is_topic);
        forms.extend(pronoun.map(str::to_owned));
        forms
    }

    /// Somebody with an address: a person, a desk, a shop.
    fn somebody(&self, target: &Target, seat: Seat) -> Vec<String> {
        let noun = target.thing.as_deref().unwrap_or("person");
        let mut forms = vec![format!("that {noun}")];
        match (target.being, self.when) {
            (Being::Person, When::Now | When::JustBefore) => {
                forms.push(format!("this {noun}"));
                if matches!(seat, Seat::Object | Seat::Behind) {
                    forms.push("them".into());
                }
            }
            (_, When::Now | When::JustBefore) => forms.push(format!("the {noun}")),
            (_, When::Earlier) => {}
        }
        forms
    }

    /// What the output is about: what its source looks up, or brings about.
    fn subject(&self) -> Option<String> {
        let leaves = self.source.output_leaves();
        let made = leaves.iter().find_map(|leaf| {
            let name = leaf.path.strip_prefix('/').filter(|name| !name.contains('/'))?;
            let is_new = self.source.changes_state() && self.source.param(name).is_none();
            leaf.shape.noun.clone().filter(|_| is_new)
        });
        made.or_else(|| noun::of_lookup(self.source))
    }

    fn property(&self, property: &str, target: &Target) -> Vec<String> {
        let thing = target.thing.as_deref();
        let those = if noun::is_plural(property) { "those" } else { "that" };
        if target.among_several && self.fresh && !self.alone {
            let of = |thing: &str| format!("the {property} of {}", self.which.of(thing));
            return match thing {
                Some(thing) => vec![of(thing)],
                None => vec![of("one")],
            };
        }
        let mut forms = vec![format!("{those} {property}"), format!("{those} {property}")];
        // Whoever asks the way to the station's address asks the way there.
        if let Some(place) = property.strip_suffix(" address") {
            forms = vec![format!("{those} {place}")];
        }
        match self.when {
            When::Now if self.is_echo => forms.extend(again(property)),
            When::Now => forms = vec![self.to_come(property, those)],
            When::JustBefore => {
                forms.extend(again(property));
                forms.extend(thing.map(|thing| format!("the {property} of that {thing}")));
            }
            When::Earlier => {
                forms.extend(thing.map(|thing| format!("the {property} of that {thing}")))
            }
        }
        forms
    }

    /// A property of what the same message asks for.
    fn to_come(&self, property: &str, those: &str) -> String {
        let computes = ["calculate", "convert", "estimate"]
            .contains(&words(&self.source.name).next().unwrap_or_default().as_str());
        let last = property.rsplit(' ').next().unwrap_or(property);
        match last {
            "amount" | "price" | "cost" | "fare" | "fee" | "total"
                if self.is_asked_for || computes =>
            {
                "that".into()
            }
            _ if self.is_asked_for => format!("{those} {property}"),
            "currency" => "the same currency".into(),
            "date" | "day" | "city" | "address" | "time" => match property.strip_suffix(" address")
            {
                Some(place) => format!("{those} {place}"),
                None => format!("{those} {last}"),
            },
            // What is booked has its fare: everybody knows which.
            _ => format!("the {property}"),
        }
    }
}

/// Whether a thing is of or for what it comes with.
fn belonging(noun: &str) -> &'static str {
    const FOR: &[&str] = &[
        "appointment", "booking", "event", "interview", "invoice", "label", "order", "payment",
        "refund", "route", "ticket",
    ];
    if FOR.contains(&noun) { "for" } else { "of" }
}

/// How people point at some kinds of value.
fn again(property: &str) -> Vec<String> {
    let last = property.rsplit(' ').next().unwrap_or(property);
    let forms: &[&str] = match last {
        "date" | "day" => &["that day", "the same day"],
        "email" | "mail" => &["that address", "the same address"],
        "address" => &["that address", "the same address"],
        "city" | "town" => &["that city", "the same city"],
        "amount" | "price" | "cost" | "fare" | "fee" | "total" => &["that amount"],
        "currency" => &["the same currency"],
        "time" => &["the same time"],
        "phone" | "number" => &["that number", "the same number"],
        _ => return Vec::new(),
    };
    forms.iter().map(|form| (*form).to_owned()).collect()
}

/// The list on the way to a place, or the object that holds it.
fn holder(place: &str) -> &str {
    let route = Route::of(place);
    match route.tail {
        Some(_) => route.head,
        None => route.head.rsplit_once('/').map_or("", |(parent, _)| parent),
    }
}

fn everything(target: &Target) -> Vec<String> {
    let noun = target.property.as_deref().or(target.thing.as_deref());
    let mut forms = vec!["all of them".to_owned(), "all of those".to_owned()];
    forms.extend(noun.map(|noun| format!("those {}", noun::plural(noun))));
    forms
}
