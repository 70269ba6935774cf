//! How an argument is attached to a clause: "in Lyon", "on 14 March 2026",
//! "called Budget", or in a sentence of its own.

use magnet_proto::shape::{Type, words};

use crate::lexicon::Topic;
use crate::teacher::offline::intention::{Slot, Source};
use crate::teacher::offline::noun;
use crate::teacher::offline::phrase::Voice;

/// An argument's words with where they go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Attached {
    /// After the clause, in the order of the number.
    Phrase(u8, String),
    /// A sentence after the request: "The text is: …".
    Sentence(String),
    /// A fact for a sentence that gathers several: "the rate is 3.5".
    Fact { noun: String, value: String },
}

use Attached::{Fact, Phrase, Sentence};

/// Where phrases go among each other.
pub(super) mod order {
    pub(in super::super) const NAMED: u8 = 0;
    pub(in super::super) const OF: u8 = 1;
    pub(in super::super) const FROM: u8 = 2;
    pub(in super::super) const TO: u8 = 3;
    pub(in super::super) const IN: u8 = 4;
    pub(in super::super) const DAY: u8 = 5;
    pub(in super::super) const HOUR: u8 = 6;
    pub(in super::super) const WITH: u8 = 7;
    pub(in super::super) const LAST: u8 = 8;
}

/// Attaches one argument, whose text is given.
pub(super) fn attach(
    slot: &Slot<'_>,
    text: &str,
    changes: bool,
    voice: &mut Voice<'_>,
) -> Attached {
    if let Some(attached) = flag(slot) {
        return attached;
    }
    by_end(slot, text, voice)
        .or_else(|| by_topic(slot, text, changes, voice))
        .or_else(|| by_name(slot, text, voice))
        .unwrap_or_else(|| plain(slot, text, voice))
}

fn name_words(slot: &Slot<'_>) -> Vec<String> {
    words(&slot.field.name).collect()
}

fn has(words: &[String], any: &[&str]) -> bool {
    words.iter().any(|word| any.contains(&word.as_str()))
}

/// Which end of a journey, span or exchange an argument is.
fn by_end(slot: &Slot<'_>, text: &str, voice: &mut Voice<'_>) -> Option<Attached> {
    use Topic as T;
    let names = name_words(slot);
    let from = has(
        &names,
        &[
            "origin", "from", "departure", "source", "orig", "src", "pickup", "start", "starting",
            "old", "original", "begin", "since", "min",
        ],
    );
    let to = has(
        &names,
        &[
            "destination", "to", "arrival", "dest", "target", "dropoff", "end", "ending", "until",
            "new", "max", "dst", "where",
        ],
    );
    let check_in = has(&names, &["checkin", "in"]) && has(&names, &["check", "checkin"]);
    let check_out = has(&names, &["checkout", "out"]) && has(&names, &["check", "checkout"]);
    let say = |order, forms: &[&str], voice: &mut Voice<'_>| {
        Some(Phrase(order, format!("{} {text}", voice.pick(forms))))
    };
    let dated = matches!(
        slot.topic,
        T::Date | T::DateTime | T::PastDate | T::PastDateTime | T::Time | T::Year | T::Timestamp
    );
    if check_in || (check_out && dated) {
        let forms: &[&str] = if check_in {
            &["from", "checking in on", "arriving on"]
        } else {
            &["until", "to", "checking out on"]
        };
        return say(if check_in { order::DAY } else { order::HOUR }, forms, voice);
    }
    if has(&names, &["due", "deadline"]) && dated {
        return say(order::DAY, &["due", "due on", "by"], voice);
    }
    if has(&names, &["return"]) && dated {
        return say(order::DAY + 1, &["coming back on", "returning on"], voice);
    }
    if has(&names, &["departure", "depart"]) && dated {
        return say(order::DAY, &["leaving on", "on", "departing on"], voice);
    }
    if dated && from {
        let forms: &[&str] = if slot.topic == T::Time {
            &["from", "starting at"]
        } else {
            &["from", "starting", "since"]
        };
        return say(order::DAY, &forms[..2], voice);
    }
    if dated && to && !has(&names, &["new"]) {
        return say(order::HOUR, &["to", "until"], voice);
    }
    let place = matches!(
        slot.topic,
        T::City
            | T::Location
            | T::Airport
            | T::Station
            | T::Country
            | T::CountryCode
            | T::Address
            | T::Currency
            | T::CryptoCoin
            | T::Language
            | T::LanguageCode
            | T::Unit
            | T::Landmark
            | T::Coordinates
            | T::AccountNumber
    );
    if place && has(&names, &["new"]) {
        return None;
    }
    match (place, from, to) {
        (true, true, _) => say(order::FROM, &["from"], voice),
        (true, _, true) => say(order::TO, &["to"], voice),
        _ => None,
    }
}

fn by_topic(slot: &Slot<'_>, text: &str, changes: bool, voice: &mut Voice<'_>) -> Option<Attached> {
    use Topic as T;
    let names = name_words(slot);
    let refers = slot.reference().is_some();
    let say = |order, forms: &[&str], voice: &mut Voice<'_>| {
        Some(Phrase(order, voice.pick(forms).replace("{}", text)))
    };
    let quoted = || {
        if text.starts_with('"') || refers { text.to_owned() } else { format!("\"{text}\"") }
    };
    match slot.topic {
        T::City | T::Region | T::RegionCode => say(order::IN, &["in {}", "in {}", "for {}"], voice),
        T::Country | T::CountryCode | T::Continent => say(order::IN, &["in {}", "for {}"], voice),
        T::Location | T::Landmark => say(order::IN, &["in {}", "around {}", "near {}"], voice),
        T::Address => say(order::IN, &["for {}", "at {}"], voice),
        T::PostalCode if refers => say(order::IN, &["around {}"], voice),
        T::PostalCode => say(order::IN, &["around zip code {}", "for zip code {}"], voice),
        T::Coordinates => say(order::IN, &["around {}", "at {}"], voice),
        T::Airport | T::Station => say(order::IN, &["for {}", "at {}"], voice),
        T::Date | T::PastDate => say(
            order::DAY,
            if changes { &["on {}", "for {}"] } else { &["on {}", "for {}", "for {}"] },
            voice,
        ),
        T::BirthDate => say(order::DAY, &["born on {}"], voice),
        T::Time => say(order::HOUR, &["at {}"], voice),
        T::DateTime => say(order::DAY, &["for {}", "on {}"], voice),
        T::Year => say(order::DAY, &["for {}", "in {}", "from {}"], voice),
        T::Weekday => say(order::DAY, &["on {}", "for {}"], voice),
        T::Season => say(order::DAY, &["for the {} season", "in season {}"], voice),
        T::Query | T::Keyword | T::Topic | T::Hashtag => {
            let forms = [
                format!("for {}", quoted()),
                format!("about {text}"),
                format!("matching {}", quoted()),
                format!("related to {text}"),
                format!("about {text}"),
            ];
            Some(Phrase(order::NAMED, voice.pick(&forms)))
        }
        T::Title | T::FileName | T::Folder | T::Label if !refers => {
            let forms = [
                format!("called {}", quoted()),
                format!("titled {}", quoted()),
                format!("with the title {}", quoted()),
            ];
            let shown = if names.iter().any(|w| w == "title") { 3 } else { 1 };
            Some(Phrase(order::NAMED, voice.pick(&forms[..shown])))
        }
        T::Message | T::Comment | T::Note if !refers => {
            let forms = [format!("saying {}", quoted()), format!("with the text {}", quoted())];
            let form = if changes {
                Phrase(order::LAST, voice.pick(&forms))
            } else {
                Sentence(format!("Here's the text: {}", quoted()))
            };
            Some(form)
        }
        T::SomeText | T::Description if long(text) => {
            let noun = named(slot);
            Some(Sentence(voice.pick(&[
                format!("The {noun} is {}", quoted()),
                format!("Here's the {noun}: {}", quoted()),
            ])))
        }
        T::Question => Some(Sentence(format!("My question is: {}", quoted()))),
        T::Description => Some(Phrase(order::WITH, format!("with the description {}", quoted()))),
        T::Reason => say(order::LAST, &["because of {}", "the reason being {}"], voice),
        T::FullName | T::FirstName if has(&names, &["recipient", "recipients", "to"]) => {
            say(order::TO, &["to {}"], voice)
        }
        T::FullName if has(&names, &["participants", "attendees", "participant", "with"]) => {
            say(order::WITH, &["with {}"], voice)
        }
        T::FullName | T::Author | T::Artist | T::Player
            if has(&names, &["author", "artist", "by", "director"]) =>
        {
            say(order::OF, &["by {}"], voice)
        }
        T::FullName => say(order::OF, &["for {}", "for {}", "under the name {}"], voice),
        T::Email | T::Phone if has(&names, &["recipient", "recipients", "to"]) => {
            say(order::TO, &["to {}"], voice)
        }
        T::Email
        | T::Phone
        | T::Company
        | T::Ticker
        | T::CryptoCoin
        | T::Domain
        | T::IpAddress
        | T::Team
        | T::SportsTeam
        | T::Player
        | T::Isin => say(order::OF, &["for {}"], voice),
        T::Username if refers => say(order::OF, &["for {}"], voice),
        T::Username => say(order::OF, &["for {}", "for the user {}", "for user {}"], voice),
        T::Handle | T::Organization if !refers && matches!(slot.source, Source::Said { .. }) => {
            let noun = named(slot);
            let forms =
                [format!("for {text}"), format!("in {text}"), format!("for the {text} {noun}")];
            let forms = if text.starts_with("the ") || text.starts_with("that ") {
                &forms[..2]
            } else {
                &forms[..]
            };
            Some(Phrase(order::IN, voice.pick(forms)))
        }
        T::Handle | T::Organization => say(order::IN, &["for {}", "in {}"], voice),
        T::Repository => say(order::IN, &["in {}", "for {}"], voice),
        T::Branch => say(
            order::IN,
            if points(text) { &["on {}"] } else { &["on the {} branch", "on {}"] },
            voice,
        ),
        T::Url | T::ImageUrl => say(order::OF, &["for {}", "at {}"], voice),
        T::Currency => say(order::IN, &["in {}"], voice),
        T::Language | T::LanguageCode | T::Locale => say(order::IN, &["in {}"], voice),
        T::Genre | T::Cuisine | T::Diet if points(text) => say(order::NAMED, &["from {}"], voice),
        T::Limit | T::Count
            if has(
                &names,
                &[
                    "limit", "max", "count", "size", "num", "amount", "top", "results",
                    "maxresults", "take",
                ],
            ) =>
        {
            say(
                order::LAST,
                &["just the first {}", "{} of them will do", "no more than {}", "{} at most"],
                voice,
            )
            .map(comma)
        }
        T::Page => say(order::LAST, &["page {}", "on page {}"], voice),
        T::SortField => say(order::LAST, &["sorted by {}", "ordered by {}"], voice),
        T::Direction => direction(text),
        T::Priority | T::Severity => {
            say(order::WITH, if points(text) { &["with {}"] } else { &["with {} priority"] }, voice)
        }
        T::Token if points(text) => say(order::LAST, &["with {}", "using {}"], voice),
        T::Token => {
            let noun = named(slot);
            Some(Sentence(voice.pick(&[
                format!("My {noun} is {text}"),
                format!("You'll need my {noun}: {text}"),
                format!("The {noun} is {text}"),
            ])))
        }
        T::Password if points(text) => say(order::LAST, &["with {}"], voice),
        T::Password => {
            let noun = named(slot);
            let owner = if has(&names, &["new"]) { "the" } else { "my" };
            Some(Sentence(format!("{} {noun} is {text}", super::capitalized(owner))))
        }
        _ => None,
    }
}

fn direction(text: &str) -> Option<Attached> {
    let words = match text.to_lowercase().as_str() {
        "asc" | "ascending" => "in ascending order",
        "desc" | "descending" => "in descending order",
        _ => return None,
    };
    Some(Phrase(order::LAST, words.into()))
}

fn comma(attached: Attached) -> Attached {
    match attached {
        Phrase(order, text) => Phrase(order, format!(", {text}")),
        other => other,
    }
}

/// Counts, measures and kinds that show in the name.
fn by_name(slot: &Slot<'_>, text: &str, voice: &mut Voice<'_>) -> Option<Attached> {
    let names = name_words(slot);
    let numeric = matches!(slot.field.shape.ty, Type::Integer { .. } | Type::Number { .. })
        && slot.reference().is_none();
    let last = names.last().map(String::as_str).unwrap_or_default();
    let first = names.first().map(String::as_str).unwrap_or_default();
    if numeric && !points(text) {
        if (matches!(last, "count" | "num") && names.len() == 2)
            || matches!(first, "num" | "number" | "total") && names.len() > 1
        {
            let thing: Vec<&str> = names
                .iter()
                .map(String::as_str)
                .filter(|w| !["count", "num", "number", "of", "total"].contains(w))
                .collect();
            let thing = thing.join(" ");
            if !thing.is_empty() {
                let thing = if text == "1" {
                    noun::singular(&thing)
                } else {
                    noun::plural(&noun::singular(&thing))
                };
                return Some(Phrase(order::WITH, format!("for {text} {thing}")));
            }
        }
        if matches!(
            last,
            "adults"
                | "children"
                | "people"
                | "guests"
                | "passengers"
                | "nights"
                | "days"
                | "seats"
                | "rooms"
                | "tickets"
                | "persons"
                | "hours"
                | "minutes"
                | "weeks"
                | "months"
                | "years"
        ) {
            let unit = if text == "1" { noun::singular(last) } else { last.to_owned() };
            return Some(Phrase(order::WITH, format!("for {text} {unit}")));
        }
        if last == "radius" || first == "radius" || first == "within" {
            return Some(Phrase(order::IN, format!("within a radius of {text}")));
        }
    }
    if matches!(last, "status" | "state") && !points(text) && !slot.field.shape.choices.is_empty() {
        return Some(Phrase(order::WITH, format!("with {last} {text}")));
    }
    if matches!(last, "type" | "kind" | "category" | "genre" | "style")
        && slot.reference().is_none()
        && !points(text)
    {
        let noun = named(slot);
        let forms = [format!("with {text} as the {noun}"), format!("of the {noun} {text}")];
        return Some(Phrase(order::WITH, voice.pick(&forms)));
    }
    None
}

/// The last resort: "for order 4711" for what identifies, else a fact.
fn plain(slot: &Slot<'_>, text: &str, voice: &mut Voice<'_>) -> Attached {
    if slot.reference().is_some() || points(text) {
        let forms = if noun::identifies(&slot.field.name, &slot.field.shape) {
            ["for", "for", "for"]
        } else {
            ["with", "using", "with"]
        };
        return Phrase(order::OF, format!("{} {text}", voice.pick(&forms)));
    }
    let noun = named(slot);
    let is_object =
        matches!(slot.field.shape.ty, Type::Object { .. } | Type::Any) || text.contains(", ");
    if noun::identifies(&slot.field.name, &slot.field.shape) && !is_object {
        let bare = noun::is_bare(&slot.field.name);
        let forms = match bare {
            true => vec![format!("for {noun} {text}"), format!("with {noun} {text}")],
            false => vec![format!("for {noun} {text}"), format!("for the {noun} {text}")],
        };
        return Phrase(order::OF, voice.pick(&forms));
    }
    Fact { noun, value: text.to_owned() }
}

/// A flag says what its name says.
fn flag(slot: &Slot<'_>) -> Option<Attached> {
    let on = slot.value()?.as_bool()?;
    let mut names = name_words(slot);
    if has(
        &names[..1],
        &[
            "is", "has", "with", "enable", "enabled", "include", "includes", "show", "allow",
            "exclude", "only", "use", "return", "get",
        ],
    ) && names.len() > 1
    {
        let verb = names.remove(0);
        let thing = names.iter().map(|w| noun::spell(w)).collect::<Vec<_>>().join(" ");
        let without = (verb == "exclude") == on;
        let phrase = match (verb.as_str(), without) {
            ("only", false) => format!(", {thing} only"),
            ("is" | "has", false) => format!("with {thing} set to true"),
            ("is" | "has", true) => format!("with {thing} set to false"),
            (_, false) => format!("including {thing}"),
            (_, true) => format!("without {thing}"),
        };
        return Some(Phrase(order::LAST, phrase));
    }
    let thing = named(slot);
    let phrase =
        if on { format!("with {thing} switched on") } else { format!("with {thing} switched off") };
    Some(Phrase(order::LAST, phrase))
}

fn named(slot: &Slot<'_>) -> String {
    noun::of(&slot.field.name, &slot.field.shape)
}

/// Whether a text points at a value rather than stating it.
pub(super) fn points(text: &str) -> bool {
    ["the same ", "that ", "those ", "its ", "my token from", "the token I", "all of "]
        .iter()
        .any(|start| text.starts_with(start))
        || text == "it"
}

fn long(text: &str) -> bool {
    text.split(' ').count() > 5
}
