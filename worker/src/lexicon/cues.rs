//! What names, formats and descriptions say about a place's topic.

use std::collections::HashMap;
use std::sync::LazyLock;

use magnet_proto::shape::{Type, words};

use super::place::{Place, Side};
use super::topic::Topic;

/// What single words and underscored phrases stand for, from `nouns.txt`.
static NOUNS: LazyLock<HashMap<&'static str, Topic>> = LazyLock::new(|| {
    let lines = include_str!("tables/nouns.txt")
        .lines()
        .filter_map(|line| line.split_once(": "));
    lines
        .filter_map(|(name, nouns)| Some((Topic::named(name)?, nouns)))
        .flat_map(|(topic, nouns)| nouns.split(' ').map(move |noun| (noun, topic)))
        .collect()
});

impl Topic {
    /// The topic a single word or an underscored phrase stands for.
    fn of_noun(noun: &str) -> Option<Self> {
        let known = |noun: &str| NOUNS.get(noun).copied();
        known(noun).or_else(|| known(noun.strip_suffix('s')?)).or_else(|| known(&singular(noun)?))
    }
}

/// The singular of a plural noun.
pub(crate) fn singular(word: &str) -> Option<String> {
    const SAME: &[&str] = &[
        "news", "status", "address", "series", "gps", "bus", "class", "details",
    ];
    if SAME.contains(&word) || word.len() < 3 {
        return None;
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| !["mov", "ser", "cook"].contains(stem)) {
        return Some(format!("{stem}y"));
    }
    for ending in ["sses", "shes", "ches", "xes"] {
        if word.ends_with(ending) {
            return Some(word[..word.len() - 2].to_owned());
        }
    }
    let stem = word.strip_suffix('s')?;
    (!stem.ends_with('s')).then(|| stem.to_owned())
}

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
        "success",
        "successful",
        "succeeded",
        "ok",
        "valid",
        "confirmed",
        "sent",
        "deleted",
        "created",
        "updated",
        "saved",
        "completed",
        "done",
        "result",
        "found",
        "available",
        "verified",
    ];
    words.last().is_some_and(|last| SAYING.contains(last))
}

/// Whether an untyped place is a yes or no.
pub(super) fn is_flag(words: &[&str], place: &Place<'_>) -> bool {
    let asks = matches!(words.first(), Some(&("is" | "has" | "can" | "should" | "include" | "are")));
    asks || speaks_of(place, &["boolean", "true or false", "whether"])
}

/// The topic of a name: first what depends on its surroundings, then the
/// longest known phrase at its end, then its other words from the back.
pub(super) fn of_name(words: &[&str], place: &Place<'_>) -> Option<Topic> {
    let words = without_affixes(words);
    if let Some(topic) = of_phrase(words).or_else(|| of_counted(words)) {
        return Some(topic);
    }
    // "city of event" is a city.
    let of = words.iter().position(|word| *word == "of").filter(|at| *at > 0);
    let words = of.map_or(words, |at| &words[..at]);
    let (&head, qualifiers) = words.split_last()?;
    if let Some(topic) = of_head(head, qualifiers, place) {
        return Some(topic);
    }
    Topic::of_noun(head).or_else(|| {
        qualifiers
            .iter()
            .rev()
            .find_map(|word| Topic::of_noun(word))
    })
}

/// `number_of_stops`, `total_ratings`: how many there are of something.
fn of_counted(words: &[&str]) -> Option<Topic> {
    let (first, rest) = words.split_first()?;
    let last = rest.last().and_then(|word| Topic::of_noun(word));
    let measured = matches!(last, Some(Topic::Price | Topic::Duration | Topic::Distance | Topic::Weight));
    let counts = match *first {
        "number" | "num" | "count" => !rest.is_empty(),
        "total" => rest.len() == 1 && !measured,
        _ => false,
    };
    counts.then_some(Topic::Count)
}

/// Leading and trailing words that leave the topic as it is: `new_date`,
/// `time_min`, `price1`.
fn without_affixes<'a, 'b>(mut words: &'b [&'a str]) -> &'b [&'a str] {
    const AFTER: &[&str] = &[
        "min", "max", "from", "to", "start", "end", "value", "val", "str", "string", "param",
        "input", "filter", "list", "array", "lte", "gte", "after", "before", "in", "text",
    ];
    const BEFORE: &[&str] = &[
        "new",
        "old",
        "my",
        "your",
        "the",
        "user",
        "input",
        "target",
        "current",
        "default",
        "original",
        "preferred",
        "selected",
        "existing",
    ];
    while let [rest @ .., last] = words {
        let numeral = last.bytes().all(|byte| byte.is_ascii_digit());
        if rest.is_empty() || !(numeral || AFTER.contains(last)) {
            break;
        }
        words = rest;
    }
    while let [first, rest @ ..] = words {
        let known = of_phrase(words).is_some();
        if rest.is_empty() || known || !BEFORE.contains(first) || rest == ["id"] || rest == ["name"]
        {
            break;
        }
        words = rest;
    }
    words
}

/// A phrase of two or three words at the end of a name.
fn of_phrase(words: &[&str]) -> Option<Topic> {
    let longest = words.len().min(4);
    (2..=longest).rev().find_map(|length| {
        let phrase = words[words.len() - length..].join("_");
        Topic::of_noun(&phrase)
    })
}

/// Heads whose meaning their qualifiers and the function decide.
fn of_head(head: &str, qualifiers: &[&str], place: &Place<'_>) -> Option<Topic> {
    let qualifier = qualifiers.last().copied();
    match head {
        "name" | "names" => {
            Some(match qualifiers {
                [] => of_bare_name(place),
                _ => of_named(qualifiers),
            })
        }
        "id" | "ids" if qualifier.is_none() || place.shape.noun.is_some() => {
            Some(Topic::Identifier)
        }
        "id" if qualifier == Some("tz") => Some(Topic::TimeZone),
        "team" | "teams" | "club" => {
            Some(if of_sports(place) { Topic::SportsTeam } else { Topic::Team })
        }
        "number" if qualifier.is_some() => Some(match qualifier? {
            "page" => Topic::Page,
            "episode" | "season" | "line" | "version" | "chapter" => Topic::Index,
            _ => Topic::Identifier,
        }),
        "number" if speaks_of(place, &["unique", "identif", "number that"]) => {
            Some(Topic::Identifier)
        }
        "code" | "codes" => Some(match qualifier {
            Some("status" | "http" | "response") => Topic::Code,
            Some("country") => Topic::CountryCode,
            Some("html" | "source") => Topic::Html,
            _ => Topic::Code,
        }),
        "from" | "to" | "source" | "base" | "target" => of_direction(place),
        "state" | "states" => Some(match () {
            () if speaks_of(
                place,
                &["u.s.", "us state", "state code", "abbreviation", "province"],
            ) =>
            {
                Topic::RegionCode
            }
            () if place.parent.contains("address")
                || speaks_of(place, &["located", "residence", "geograph"]) =>
            {
                Topic::Region
            }
            () => Topic::Status,
        }),
        "type" | "kind" => match qualifier.and_then(Topic::of_noun) {
            Some(
                topic @ (Topic::Currency
                | Topic::Vehicle
                | Topic::CarModel
                | Topic::Cuisine
                | Topic::RoomType
                | Topic::Sport
                | Topic::Event
                | Topic::Exercise),
            ) => Some(topic),
            _ => Some(Topic::Kind),
        },
        "start" | "end" | "since" | "until" | "before" | "after" | "begin" | "ending"
        | "starting"
            if speaks_of(place, &["date", "time", "day", "yyyy", "iso 8601"]) =>
        {
            Some(Topic::Date)
        }
        "before" | "after" if speaks_of(place, &["cursor"]) => Some(Topic::Cursor),
        "size"
            if place.side == Side::Argument
                && category_has(place, &["cloth", "shop", "commerce", "fashion"]) =>
        {
            Some(Topic::ClothingSize)
        }
        "size" if speaks_of(place, &["number of", "per page", "results"]) => Some(Topic::Limit),
        "symbol" | "symbols"
            if speaks_of(place, &["crypto", "coin"]) || category_has(place, &["crypto"]) =>
        {
            Some(Topic::CryptoCoin)
        }
        "order" if speaks_of(place, &["asc"]) => Some(Topic::Direction),
        _ => None,
    }
}

/// `user_name`, `city_name`, `repository_name`: what the nouns before say.
fn of_named(qualifiers: &[&str]) -> Topic {
    let found = qualifiers.iter().rev().find_map(|word| Some((*word, Topic::of_noun(word)?)));
    match found {
        Some((_, Topic::CountryCode | Topic::Identifier)) | None => Topic::Title,
        Some((noun, Topic::Email | Topic::Phone | Topic::Username)) if noun != "user" => {
            Topic::FullName
        }
        Some((_, Topic::Page | Topic::Limit | Topic::Price | Topic::Count | Topic::Message)) => {
            Topic::Title
        }
        Some((_, topic)) => topic,
    }
}

/// `name` alone: the thing it belongs to is the parent, or the function's noun.
fn of_bare_name(place: &Place<'_>) -> Topic {
    if speaks_of(
        place,
        &[
            "full name",
            "name of the user",
            "person",
            "patient",
            "customer",
        ],
    ) {
        return Topic::FullName;
    }
    words(place.parent)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .find_map(nameable)
        .or_else(|| words(&place.shape.description).take(12).find_map(nameable))
        .or_else(|| {
            let nouns: Vec<String> = words(&place.function.name).take(8).collect();
            nouns.into_iter().rev().find_map(nameable)
        })
        .unwrap_or(Topic::Title)
}

/// The topic of a noun for something that has a name of its own.
fn nameable(word: String) -> Option<Topic> {
    match Topic::of_noun(&word) {
        Some(Topic::Username) => Some(Topic::FullName),
        Some(
            topic @ (Topic::City
            | Topic::Country
            | Topic::Region
            | Topic::Landmark
            | Topic::FullName
            | Topic::Company
            | Topic::Organization
            | Topic::School
            | Topic::University
            | Topic::Hospital
            | Topic::Bank
            | Topic::Store
            | Topic::Repository
            | Topic::Branch
            | Topic::Label
            | Topic::License
            | Topic::Airport
            | Topic::Airline
            | Topic::Station
            | Topic::Product
            | Topic::Brand
            | Topic::Category
            | Topic::Movie
            | Topic::Show
            | Topic::Song
            | Topic::Artist
            | Topic::Album
            | Topic::Book
            | Topic::Author
            | Topic::Game
            | Topic::Genre
            | Topic::Sport
            | Topic::League
            | Topic::SportsTeam
            | Topic::Player
            | Topic::Dish
            | Topic::Ingredient
            | Topic::Restaurant
            | Topic::Hotel
            | Topic::Course
            | Topic::Medicine
            | Topic::Disease
            | Topic::Doctor
            | Topic::Event
            | Topic::Project
            | Topic::Task
            | Topic::Device
            | Topic::Animal
            | Topic::Plant
            | Topic::Recipe
            | Topic::Exercise
            | Topic::Holiday
            | Topic::Channel
            | Topic::Language
            | Topic::Currency
            | Topic::FileName
            | Topic::Folder
            | Topic::Tag
            | Topic::SecretName
            | Topic::Color
            | Topic::Amenity),
        ) => Some(topic),
        _ => None,
    }
}

/// What a title or type is of, if the description starts by saying so: "title
/// of the song", "speciality of the doctor".
fn of_described_thing(place: &Place<'_>) -> Option<Topic> {
    let said = words(&place.shape.description).take(9).collect::<Vec<_>>();
    let function = words(&place.function.name).skip(1).take(2);
    let other = |word: &String| word != place.name;
    said.into_iter().chain(function).filter(other).find_map(|word| match nameable(word)? {
        Topic::Event | Topic::Task | Topic::Project | Topic::FullName | Topic::Product
        | Topic::Category | Topic::Tag | Topic::Label | Topic::Company => None,
        topic => Some(topic),
    })
}

/// `from`, `to`, `source`, `target`: currencies, languages, people, dates or
/// places, as the function says.
fn of_direction(place: &Place<'_>) -> Option<Topic> {
    let function = [
        place.function.name.as_str(),
        &place.function.category,
        &place.function.class,
    ];
    let about = |cues: &[&str]| {
        speaks_of(place, cues) || function.iter().any(|text| contains_any(text, cues))
    };
    match () {
        () if speaks_of(place, &["date", "yyyy"]) => Some(Topic::Date),
        () if about(&["currenc", "exchange", "forex"]) => Some(Topic::Currency),
        () if about(&["translat", "languag"]) => Some(Topic::LanguageCode),
        () if about(&["mail"]) => Some(Topic::Email),
        () if about(&["sms", "phone", "whatsapp", "message"]) => Some(Topic::Phone),
        () if about(&["airport", "flight"]) => Some(Topic::Airport),
        () if about(&[
            "rout",
            "travel",
            "train",
            "bus",
            "city",
            "location",
            "distance",
            "direction",
            "map",
        ]) =>
        {
            Some(Topic::City)
        }
        () if about(&["unit", "conver"]) => Some(Topic::Unit),
        () => None,
    }
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
    CUES.iter()
        .find(|(cue, _)| text.contains(cue))
        .map(|(_, topic)| *topic)
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

/// Settles what a topic means for a place's type and side.
pub(super) fn refine(topic: Topic, words: &[&str], place: &Place<'_>) -> Topic {
    let numeric = matches!(place.shape.ty, Type::Integer { .. } | Type::Number { .. });
    match topic {
        Topic::Date if words.contains(&"birth") => Topic::BirthDate,
        Topic::Date if words.last() == Some(&"day") && numeric => Topic::Day,
        Topic::Date
            if speaks_of(
                place,
                &["%h:%m", "hh:mm", "date and time", "date-time", "8601"],
            ) =>
        {
            Topic::DateTime
        }
        Topic::Time
            if speaks_of(
                place,
                &[
                    "%y-%m-%d",
                    "yyyy-mm-dd hh",
                    "8601",
                    "timestamp",
                    "date and time",
                ],
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
        Topic::Title | Topic::Kind => of_described_thing(place).unwrap_or(topic),
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
        "created",
        "updated",
        "modified",
        "published",
        "posted",
        "pushed",
        "closed",
        "joined",
        "last",
        "issued",
        "released",
        "registered",
        "founded",
        "submitted",
        "placed",
        "sent",
        "received",
    ];
    words.iter().any(|word| PAST.contains(word))
}

/// Whether the description has one of the cues, in any case.
pub(super) fn speaks_of(place: &Place<'_>, cues: &[&str]) -> bool {
    contains_any(&place.shape.description, cues)
}

fn of_sports(place: &Place<'_>) -> bool {
    const CUES: &[&str] = &[
        "sport", "match", "league", "game", "player", "football", "soccer", "nba", "cricket",
        "score",
    ];
    category_has(place, CUES) || contains_any(&place.function.name, CUES)
}

fn category_has(place: &Place<'_>, cues: &[&str]) -> bool {
    contains_any(&place.function.category, cues) || contains_any(&place.function.class, cues)
}

/// How much of a description is read for cues.
const READ_BYTES: usize = 300;

fn contains_any(text: &str, cues: &[&str]) -> bool {
    if text.is_empty() {
        return false;
    }
    let text = lower(text);
    cues.iter().any(|cue| text.contains(cue))
}

fn lower(text: &str) -> String {
    let end = text.floor_char_boundary(READ_BYTES.min(text.len()));
    text[..end].to_ascii_lowercase()
}
