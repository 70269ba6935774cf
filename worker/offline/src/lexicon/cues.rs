//! What formats and descriptions say about a place's topic, and what a topic
//! comes to mean for its place.

use magnet_proto::shape::{Type, words};

use super::names::{of_described_thing, of_phrase};
use super::place::{Place, Side};
use super::said::{lower, speaks_of};
use super::topic::Topic;

/// The topic of a schema's `format`.
pub(super) fn of_format(format: &str) -> Option<Topic> {
    Some(match format {
        "date" => Topic::Date,
        "date-time" => Topic::DateTime,
        "time" => Topic::Time,
        "email" | "idn-email" => Topic::Email,
        "uri" | "url" | "uri-reference" | "iri" => Topic::Url,
        "uuid" => Topic::Uuid,
        "ipv4" | "ipv6" | "ip" => Topic::IpAddress,
        "hostname" | "idn-hostname" => Topic::Domain,
        "password" => Topic::Password,
        "phone" => Topic::Phone,
        "duration" => Topic::Duration,
        _ => return None,
    })
}

/// Whether a field says that a call went well.
pub(super) fn says_success(words: &[&str]) -> bool {
    const SAYING: &[&str] = &[
        "success", "successful", "succeeded", "ok", "valid", "confirmed", "sent", "opened",
        "ordered", "taken", "filed", "added", "started", "paid", "deleted", "created", "updated",
        "saved", "completed", "done", "result", "found", "available", "verified",
    ];
    words.last().is_some_and(|last| SAYING.contains(last))
}

/// Whether an untyped place is a yes or no.
pub(super) fn is_flag(words: &[&str], place: &Place<'_>) -> bool {
    let asks =
        matches!(words.first(), Some(&("is" | "has" | "can" | "should" | "include" | "are")));
    asks || speaks_of(place, &["boolean", "true or false", "whether"])
}

/// The topic a description gives away, for names that say nothing.
pub(super) fn of_description(place: &Place<'_>) -> Option<Topic> {
    const CUES: &[(&str, Topic)] = &[
        ("yyyy-mm-dd", Topic::Date),
        ("%y-%m-%d", Topic::Date),
        ("email", Topic::Email),
        ("e-mail", Topic::Email),
        ("phone number", Topic::Phone),
        ("url", Topic::Url),
        ("ip address", Topic::IpAddress),
        ("uuid", Topic::Uuid),
        ("timestamp", Topic::DateTime),
        ("country code", Topic::CountryCode),
        ("language code", Topic::LanguageCode),
        ("currency", Topic::Currency),
        ("latitude", Topic::Latitude),
        ("longitude", Topic::Longitude),
        ("ticker", Topic::Ticker),
        ("zip code", Topic::PostalCode),
        ("unique identifier", Topic::Identifier),
        ("the id of", Topic::Identifier),
        ("file name", Topic::FileName),
        ("path to", Topic::FilePath),
        ("base64", Topic::Token),
        ("city", Topic::City),
        ("country", Topic::Country),
        ("number of", Topic::Quantity),
        ("percentage", Topic::Percentage),
        ("search", Topic::Query),
        ("keyword", Topic::Keyword),
        ("date", Topic::Date),
        ("price", Topic::Price),
        ("amount", Topic::Price),
        ("username", Topic::Username),
        ("identifier", Topic::Identifier),
        (" id ", Topic::Identifier),
        ("title", Topic::Title),
        ("name of", Topic::Title),
        ("color", Topic::Color),
    ];
    let text = lower(&place.shape.description);
    CUES.iter().find(|(cue, _)| text.contains(cue)).map(|(_, topic)| *topic)
}

/// An element or member of something known: `{"cities": [{"value": …}]}`.
pub(super) fn of_parent(place: &Place<'_>) -> Option<Topic> {
    const OPEN: &[&str] = &[
        "", "value", "values", "name", "item", "items", "raw", "text", "label", "display",
        "formatted", "current",
    ];
    if !OPEN.contains(&place.name) {
        return None;
    }
    let parent: Vec<String> = words(place.parent).collect();
    let parent: Vec<&str> = parent.iter().map(String::as_str).collect();
    of_phrase(&parent).or_else(|| parent.last().and_then(|word| Topic::of_noun(word)))
}

/// What a "type" may be a type of.
const KINDS: &[Topic] = &[
    Topic::Specialty,
    Topic::Genre,
    Topic::Cuisine,
    Topic::RoomType,
    Topic::Vehicle,
    Topic::Language,
    Topic::Sport,
    Topic::Category,
    Topic::Currency,
];

/// Settles what a topic means for a place's type and side.
pub(super) fn refine(topic: Topic, words: &[&str], place: &Place<'_>) -> Topic {
    let numeric = matches!(place.shape.ty, Type::Integer { .. } | Type::Number { .. });
    match topic {
        Topic::Date
            if ["birth", "birthday", "dob", "born"].iter().any(|word| words.contains(word)) =>
        {
            Topic::BirthDate
        }
        Topic::Date if words.last() == Some(&"day") && numeric => Topic::Day,
        Topic::Date
            if speaks_of(place, &["%h:%m", "hh:mm", "date and time", "date-time", "8601"]) =>
        {
            Topic::DateTime
        }
        Topic::Time
            if speaks_of(
                place,
                &["%y-%m-%d", "yyyy-mm-dd hh", "8601", "timestamp", "date and time"],
            ) =>
        {
            if speaks_of(place, &["%h", "hh", "8601", "timestamp", "and time"]) {
                Topic::DateTime
            } else {
                Topic::Date
            }
        }
        Topic::DateTime if place.side == Side::Output && is_past(words) => Topic::PastDateTime,
        Topic::Date if place.side == Side::Output && is_past(words) => Topic::PastDate,
        Topic::FullName | Topic::City | Topic::Location
            if speaks_of(place, &["email address", "e-mail address"]) =>
        {
            Topic::Email
        }
        Topic::FullName | Topic::City | Topic::Location if speaks_of(place, &["phone number"]) => {
            Topic::Phone
        }
        Topic::Area | Topic::Region if !numeric && speaks_of(place, &["city"]) => Topic::City,
        Topic::Title => of_described_thing(place).unwrap_or(topic),
        Topic::Kind => {
            of_described_thing(place).filter(|topic| KINDS.contains(topic)).unwrap_or(topic)
        }
        Topic::Country if speaks_of(place, &["code", "alpha", "iso", "two-letter", "2-letter"]) => {
            Topic::CountryCode
        }
        Topic::Language if speaks_of(place, &["code", "iso"]) => Topic::LanguageCode,
        Topic::City | Topic::Location if speaks_of(place, &["airport code", "iata"]) => {
            Topic::Airport
        }
        Topic::Color if speaks_of(place, &["hex"]) => Topic::HexColor,
        Topic::Movie | Topic::Song | Topic::Book if numeric => Topic::Identifier,
        topic => topic,
    }
}

fn is_past(words: &[&str]) -> bool {
    const PAST: &[&str] = &[
        "created", "updated", "modified", "published", "posted", "pushed", "closed", "joined",
        "last", "issued", "released", "registered", "founded", "submitted", "placed", "sent",
        "received",
    ];
    words.iter().any(|word| PAST.contains(word))
}
