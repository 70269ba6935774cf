//! How an argument is attached to a clause: "in Lyon", "on 14 March 2026",
//! "called Budget", or in a sentence of its own.

use magnet_proto::shape::{Type, words};

use super::ends;
use crate::lexicon::Topic;
use crate::teacher::intention::Slot;
use crate::teacher::noun;
use crate::teacher::phrase::Voice;

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

/// An argument on its way into a clause.
pub(super) struct Argument<'s, 'a> {
    pub slot: &'s Slot<'a>,
    pub text: &'s str,
    /// The words of its name.
    pub names: Vec<String>,
    pub noun: String,
    /// It points at something instead of stating it.
    pub points: bool,
}

impl Argument<'_, '_> {
    pub(super) fn has(&self, any: &[&str]) -> bool {
        self.names.iter().any(|word| any.contains(&word.as_str()))
    }

    pub(super) fn phrase(
        &self,
        order: u8,
        forms: &[&str],
        voice: &mut Voice<'_>,
    ) -> Option<Attached> {
        Some(Phrase(order, voice.pick(forms).replacen("{}", self.text, 1)))
    }

    fn is_number(&self) -> bool {
        matches!(self.slot.field.shape.ty, Type::Integer { .. } | Type::Number { .. })
            && !self.points
    }

    fn quoted(&self) -> String {
        let stated = self.points || self.text.starts_with('"');
        let is_text = self.slot.value().is_some_and(serde_json::Value::is_string);
        if stated || !is_text { self.text.to_owned() } else { format!("\"{}\"", self.text) }
    }
}

/// Attaches one argument, whose text is given, to a clause of that verb.
pub(super) fn attach(slot: &Slot<'_>, text: &str, verb: &str, voice: &mut Voice<'_>) -> Attached {
    let argument = Argument {
        slot,
        text,
        names: words(&slot.field.name).collect(),
        noun: noun::of(&slot.field.name, &slot.field.shape),
        points: slot.points(),
    };
    flag(&argument)
        .or_else(|| ends::attach(&argument, voice))
        .or_else(|| name_or_list(&argument, voice))
        .or_else(|| prose(&argument, verb, voice))
        .or_else(|| by_topic(&argument, voice))
        .or_else(|| measure(&argument, voice))
        .unwrap_or_else(|| plain(&argument, voice))
}

/// A flag says what its name says.
fn flag(argument: &Argument<'_, '_>) -> Option<Attached> {
    const VERBS: &[&str] = &[
        "is", "has", "with", "enable", "enabled", "include", "includes", "show", "allow",
        "exclude", "only", "use", "return", "get",
    ];
    let on = argument.slot.value()?.as_bool()?;
    let mut names = argument.names.clone();
    if names.len() > 1 && VERBS.contains(&names[0].as_str()) {
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
    let thing = &argument.noun;
    let phrase = match on {
        true => format!("with {thing} switched on"),
        false => format!("with {thing} switched off"),
    };
    Some(Phrase(order::LAST, phrase))
}

/// What a thing is to be called, and lists of labels.
fn name_or_list(argument: &Argument<'_, '_>, voice: &mut Voice<'_>) -> Option<Attached> {
    use Topic as T;
    let last = argument.names.last().map(String::as_str).unwrap_or_default();
    let person = matches!(
        argument.slot.topic,
        T::FullName | T::FirstName | T::LastName | T::Username | T::Artist | T::Author
    );
    let named = matches!(last, "name" | "title") && argument.names.len() == 1 && !person;
    let titled =
        matches!(argument.slot.topic, T::Title | T::FileName | T::Folder) && !argument.points;
    let single = !argument.slot.value().is_some_and(serde_json::Value::is_array);
    if (named || titled) && single {
        if argument.points {
            return argument.phrase(order::NAMED, &["called {}"], voice);
        }
        let quoted = argument.quoted();
        let forms = [
            format!("called {quoted}"),
            format!("named {quoted}"),
            format!("with the title {quoted}"),
        ];
        let usable = if last == "title" { &forms[..] } else { &forms[..2] };
        return Some(Phrase(order::NAMED, voice.pick(usable)));
    }
    None
}

/// Texts: messages, descriptions, what to look for.
fn prose(argument: &Argument<'_, '_>, verb: &str, voice: &mut Voice<'_>) -> Option<Attached> {
    use Topic as T;
    let (quoted, noun) = (argument.quoted(), &argument.noun);
    let text = argument.text;
    let is_text = argument.slot.value().is_some_and(serde_json::Value::is_string);
    let is_numeric =
        matches!(argument.slot.field.shape.ty, Type::Integer { .. } | Type::Number { .. });
    match argument.slot.topic {
        // The term of a loan is nothing to look for.
        T::Query | T::Keyword | T::Topic | T::Hashtag if is_numeric => None,
        T::Query | T::Keyword | T::Topic | T::Hashtag if argument.points => {
            argument.phrase(order::NAMED, &["for {}", "about {}"], voice)
        }
        T::Query | T::Keyword | T::Topic | T::Hashtag => {
            let forms = [
                format!("for {quoted}"),
                format!("about {text}"),
                format!("matching {quoted}"),
                format!("related to {text}"),
                format!("on {text}"),
            ];
            Some(Phrase(order::NAMED, voice.pick(&forms)))
        }
        T::Message | T::Comment | T::Note | T::Description if argument.points => {
            argument.phrase(order::LAST, &["with {}", "using {}"], voice)
        }
        T::Message | T::Comment | T::Note => {
            const SAYING: &[&str] = &[
                "send", "post", "reply", "comment", "write", "publish", "forward", "submit",
                "review",
            ];
            let noun =
                if matches!(noun.as_str(), "body" | "content" | "message") { "text" } else { noun };
            let forms = match SAYING.contains(&verb) {
                true => vec![format!("saying {quoted}"), format!("with the text {quoted}")],
                false => vec![
                    format!("with the {noun} {quoted}"),
                    format!("with {quoted} as the {noun}"),
                ],
            };
            if verb == "translate" || verb == "analyze" || verb == "detect" {
                return Some(Sentence(format!("Here's the text: {quoted}")));
            }
            Some(Phrase(order::LAST, voice.pick(&forms)))
        }
        T::Question => Some(Sentence(format!("My question is: {quoted}"))),
        T::Description => Some(Phrase(order::WITH, format!("with the {noun} {quoted}"))),
        T::SomeText if is_text && text.split(' ').count() > 5 => {
            let forms = [format!("The {noun} is {quoted}"), format!("Here's the {noun}: {quoted}")];
            Some(Sentence(voice.pick(&forms)))
        }
        T::Reason => argument.phrase(order::LAST, &["because of {}", "the reason being {}"], voice),
        T::Token | T::Password if argument.points => {
            argument.phrase(order::LAST, &["with {}", "using {}"], voice)
        }
        T::Token | T::Password if argument.slot.field.shape.choices.is_empty() => {
            let mine = if argument.has(&["new"]) { "The" } else { "My" };
            let forms = [
                format!("{mine} {noun} is {text}"),
                format!("The {noun} is {text}"),
                format!("You'll need the {noun}: {text}"),
            ];
            Some(Sentence(voice.pick(&forms)))
        }
        _ => None,
    }
}

/// What has a preposition of its own.
fn by_topic(argument: &Argument<'_, '_>, voice: &mut Voice<'_>) -> Option<Attached> {
    use Topic as T;
    let points = argument.points;
    let recipient = argument.has(&["recipient", "recipients", "to"]);
    let (order, forms): (u8, &[&str]) = match argument.slot.topic {
        T::City | T::Region | T::RegionCode => (order::IN, &["in {}", "in {}", "for {}"]),
        T::Country | T::CountryCode | T::Continent => (order::IN, &["in {}", "for {}"]),
        T::Location | T::Landmark => (order::IN, &["in {}", "around {}", "near {}"]),
        T::Address => (order::IN, &["for {}", "at {}"]),
        T::PostalCode if points => (order::IN, &["around {}"]),
        T::PostalCode => (order::IN, &["around zip code {}", "for zip code {}"]),
        T::Coordinates => (order::IN, &["around {}", "at {}"]),
        T::Airport | T::Station => (order::IN, &["for {}", "at {}"]),
        T::Date | T::PastDate | T::Weekday => (order::DAY, &["on {}", "for {}"]),
        T::BirthDate => (order::DAY, &["born on {}"]),
        T::Time if !argument.is_number() => (order::HOUR, &["at {}"]),
        T::DateTime => (order::DAY, &["for {}", "on {}"]),
        T::Year => (order::DAY, &["for {}", "in {}", "from {}"]),
        T::Season if points => (order::DAY, &["for {}"]),
        T::Season => (order::DAY, &["for the {} season", "in season {}"]),
        T::FullName | T::FirstName | T::Email | T::Phone if recipient => (order::TO, &["to {}"]),
        T::FullName if argument.has(&["participants", "attendees", "participant", "with"]) => {
            (order::WITH, &["with {}"])
        }
        T::FullName | T::Author | T::Artist
            if argument.has(&["author", "artist", "by", "director"]) =>
        {
            (order::OF, &["by {}"])
        }
        T::FullName if points => (order::OF, &["for {}"]),
        T::FullName => (order::OF, &["for {}", "for {}", "under the name {}"]),
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
        | T::Isin
            if !argument.is_number() =>
        {
            (order::OF, &["for {}"])
        }
        T::Username if points => (order::OF, &["for {}"]),
        T::Username => (order::OF, &["for {}", "for the user {}", "for user {}"]),
        T::Handle | T::Organization if points => (order::IN, &["for {}", "in {}"]),
        T::Handle | T::Organization => {
            let noun = &argument.noun;
            let text = argument.text;
            let forms =
                [format!("for {text}"), format!("in {text}"), format!("for the {text} {noun}")];
            return Some(Phrase(order::IN, voice.pick(&forms)));
        }
        T::Repository if points => (order::IN, &["in {}", "for {}"]),
        T::Repository => {
            (order::IN, &["in {}", "for {}", "in the {} repo", "for the {} repository"])
        }
        T::Branch if points => (order::IN, &["on {}"]),
        T::Branch => (order::IN, &["on the {} branch", "on {}"]),
        T::Url | T::ImageUrl => (order::OF, &["for {}", "at {}"]),
        T::Currency | T::Language | T::LanguageCode | T::Locale => (order::IN, &["in {}"]),
        T::Limit | T::Count if !points && limits(argument) => (
            order::LAST,
            &[", just the first {}", ", {} of them will do", ", no more than {}", ", {} at most"],
        ),
        T::Page if !points => (order::LAST, &[", page {}", "on page {}"]),
        T::SortField => (order::LAST, &["sorted by {}", "ordered by {}"]),
        T::Direction => return direction(argument.text),
        T::Priority | T::Severity if points => (order::WITH, &["with {}"]),
        T::Priority | T::Severity => (order::WITH, &["with {} priority"]),
        _ => return None,
    };
    argument.phrase(order, forms, voice)
}

fn limits(argument: &Argument<'_, '_>) -> bool {
    argument.has(&["limit", "max", "count", "size", "num", "top", "results", "maxresults", "take"])
}

fn direction(text: &str) -> Option<Attached> {
    let words = match text.to_lowercase().as_str() {
        "asc" | "ascending" => "in ascending order",
        "desc" | "descending" => "in descending order",
        _ => return None,
    };
    Some(Phrase(order::LAST, words.into()))
}

/// Counts, measures and kinds that show in the name.
fn measure(argument: &Argument<'_, '_>, voice: &mut Voice<'_>) -> Option<Attached> {
    const UNITS: &[&str] = &[
        "adults", "children", "people", "guests", "passengers", "nights", "days", "seats", "rooms",
        "tickets", "persons", "hours", "minutes", "weeks", "months", "years",
    ];
    let (text, names) = (argument.text, &argument.names);
    let last = names.last().map(String::as_str).unwrap_or_default();
    let first = names.first().map(String::as_str).unwrap_or_default();
    if argument.is_number() {
        let counted = (matches!(last, "count" | "num") && names.len() == 2)
            || (matches!(first, "num" | "number") && names.len() > 1);
        let thing: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|w| {
                !["count", "num", "number", "of"].contains(w) && w.chars().all(char::is_alphabetic)
            })
            .collect();
        let unit = if UNITS.contains(&last) { Some(last.to_owned()) } else { None };
        let unit = unit.or_else(|| (counted && !thing.is_empty()).then(|| thing.join(" ")));
        if let Some(unit) = unit {
            let one = noun::singular(&unit);
            let unit = if text == "1" { one } else { noun::plural(&one) };
            return Some(Phrase(order::WITH, format!("for {text} {unit}")));
        }
        if last == "radius" || first == "radius" || first == "within" {
            return Some(Phrase(order::IN, format!("within a radius of {text}")));
        }
    }
    let kind = matches!(
        last,
        "type" | "kind" | "category" | "genre" | "style" | "status" | "state" | "mode" | "level"
    );
    if kind && !argument.points && text.split(' ').count() < 4 {
        let noun = &argument.noun;
        let forms = [
            format!("with {noun} {text}"),
            format!("with {text} as the {noun}"),
            format!("and {noun} {text}"),
        ];
        let most = if last == "status" || last == "state" { 1 } else { 2 };
        return Some(Phrase(order::WITH, voice.pick(&forms[..most])));
    }
    None
}

/// The last resort: "for order 4711" for what identifies, else a fact.
fn plain(argument: &Argument<'_, '_>, voice: &mut Voice<'_>) -> Attached {
    let (slot, text) = (argument.slot, argument.text);
    let identifies = noun::identifies(&slot.field.name, &slot.field.shape);
    if argument.points {
        let preposition = if identifies { "for" } else { voice.pick(&["with", "using"]) };
        return Phrase(order::OF, format!("{preposition} {text}"));
    }
    let value = slot.value();
    let structured = value.is_some_and(|v| {
        v.is_object()
            || v.as_array()
                .is_some_and(|items| items.iter().any(|i| !i.is_string() && !i.is_number()))
    });
    let several = text.contains(" and ") && value.is_none_or(|v| v.is_array());
    let noun =
        if several { noun::plural(&noun::singular(&argument.noun)) } else { argument.noun.clone() };
    if identifies && !structured && text.split(' ').count() < 6 {
        let forms = match noun::is_bare(&slot.field.name) {
            true => [format!("for {noun} {text}"), format!("with {noun} {text}")],
            false => [format!("for {noun} {text}"), format!("for the {noun} {text}")],
        };
        return Phrase(order::OF, voice.pick(&forms));
    }
    Fact { noun, value: text.to_owned() }
}
