//! Objects whose schema declares no members: what a person would put in one.

use std::sync::LazyLock;

use magnet_proto::rng::Rng;
use magnet_proto::shape::{Shape, Type, words};
use serde_json::{Map, Value};

use super::place::{Place, Side};
use super::setting::Setting;
use super::topic::Topic;

static TEXT: LazyLock<Shape> = LazyLock::new(|| Shape {
    ty: Type::String { min_length: 0, max_length: None },
    ..Shape::default()
});

/// The members of an object, by name.
type Members = &'static [(&'static str, Topic)];

/// Words of an object's name, and the members it then has.
const MEMBERS: &[(&[&str], Members)] = &[
    (
        &["range", "period", "interval", "dates", "window", "between"],
        &[("start_date", Topic::Date), ("end_date", Topic::Date)],
    ),
    (
        &[
            "file", "audio", "video", "image", "photo", "picture", "voice", "attachment",
            "document", "recording", "media", "files", "upload",
        ],
        &[("file_name", Topic::FileName)],
    ),
    (
        &["auth", "credentials", "login", "authentication"],
        &[("username", Topic::Username), ("password", Topic::Password)],
    ),
    (
        &["location", "place", "origin", "destination", "address", "position"],
        &[("city", Topic::City)],
    ),
    (
        &["user", "person", "contact", "customer", "author", "owner", "recipient", "member"],
        &[("name", Topic::FullName), ("email", Topic::Email)],
    ),
    (&["date", "time", "schedule", "day"], &[("date", Topic::Date)]),
];

/// What an object of any other name has.
const USUAL: Members = &[("name", Topic::Title)];

impl Setting<'_> {
    /// A small object for a place that leaves its members open. An output
    /// stays empty: it promises nothing.
    pub(super) fn freeform(&mut self, place: &Place<'_>, rng: &mut Rng) -> Value {
        if place.side == Side::Output {
            return Value::Object(Map::new());
        }
        let named: Vec<String> = words(place.name).chain(words(&place.shape.description)).collect();
        let known =
            MEMBERS.iter().find(|(cues, _)| named.iter().any(|word| cues.contains(&word.as_str())));
        let mut object = Map::new();
        for (name, topic) in known.map_or(USUAL, |(_, members)| members) {
            let member = Place { name, parent: place.name, shape: &TEXT, ..*place };
            object.insert((*name).to_owned(), self.value_about(*topic, &member, rng));
        }
        Value::Object(object)
    }
}
