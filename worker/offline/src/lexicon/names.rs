//! What a place's name says: its head noun, what qualifies it, and the function
//! around it where the name alone is ambiguous.

use magnet_proto::shape::words;

use super::place::{Place, Side};
use super::said::{category_has, contains_any, speaks_of};
use super::topic::Topic;

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
    Topic::of_noun(head).or_else(|| qualifiers.iter().rev().find_map(|word| Topic::of_noun(word)))
}

/// `number_of_stops`, `total_ratings`: how many there are of something.
fn of_counted(words: &[&str]) -> Option<Topic> {
    let (first, rest) = words.split_first()?;
    let last = rest.last().and_then(|word| Topic::of_noun(word));
    let measured =
        matches!(last, Some(Topic::Price | Topic::Duration | Topic::Distance | Topic::Weight));
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
        "new", "old", "my", "your", "the", "user", "input", "target", "current", "default",
        "original", "preferred", "selected", "existing",
    ];
    while let [rest @ .., last] = words {
        let numeral = last.bytes().all(|byte| byte.is_ascii_digit());
        if rest.is_empty() || of_phrase(words).is_some() || !(numeral || AFTER.contains(last)) {
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
pub(super) fn of_phrase(words: &[&str]) -> Option<Topic> {
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
        "name" | "names" => Some(match qualifiers {
            [] => of_bare_name(place),
            _ => of_named(qualifiers),
        }),
        "id" | "ids" if qualifier.is_none() || place.shape.noun.is_some() => {
            Some(Topic::Identifier)
        }
        "at" if qualifier.is_some() => Some(match qualifier? {
            "expires" | "starts" | "ends" | "due" | "scheduled" | "reset" => Topic::DateTime,
            _ => Topic::PastDateTime,
        }),
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
        Some((_, Topic::Handle)) => Topic::FullName,
        Some((noun, Topic::Email | Topic::Phone | Topic::Username)) if noun != "user" => {
            Topic::FullName
        }
        None if qualifiers.last().is_some_and(|word| is_somebody(word)) => Topic::FullName,
        Some((
            _,
            Topic::CountryCode
            | Topic::Identifier
            | Topic::Page
            | Topic::Limit
            | Topic::Price
            | Topic::Count
            | Topic::Message,
        ))
        | None => Topic::Title,
        Some((_, topic)) => topic,
    }
}

/// Whether a noun has the form of one for people: recruiter, agent, tutor.
fn is_somebody(noun: &str) -> bool {
    const ENDINGS: &[&str] = &["er", "or", "ist", "ant", "ent", "ee", "man", "lord"];
    noun.len() > 4 && ENDINGS.iter().any(|ending| noun.ends_with(ending))
}

/// `name` alone: the thing it belongs to is the parent, or the function's noun.
fn of_bare_name(place: &Place<'_>) -> Topic {
    if speaks_of(place, &["full name", "name of the user", "person", "patient", "customer"]) {
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
            topic @ (Topic::Specialty
            | Topic::Cuisine
            | Topic::Vehicle
            | Topic::RoomType
            | Topic::City
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
pub(super) fn of_described_thing(place: &Place<'_>) -> Option<Topic> {
    let said = words(&place.shape.description).take(9).collect::<Vec<_>>();
    let function = words(&place.function.name).skip(1).take(2);
    let other = |word: &String| word != place.name;
    said.into_iter().chain(function).filter(other).find_map(|word| match nameable(word)? {
        Topic::Event
        | Topic::Task
        | Topic::Project
        | Topic::FullName
        | Topic::Product
        | Topic::Category
        | Topic::Tag
        | Topic::Label
        | Topic::Company => None,
        topic => Some(topic),
    })
}

/// `from`, `to`, `source`, `target`: currencies, languages, people, dates or
/// places, as the function says.
fn of_direction(place: &Place<'_>) -> Option<Topic> {
    let function = [place.function.name.as_str(), &place.function.category, &place.function.class];
    let about = |cues: &[&str]| {
        speaks_of(place, cues) || function.iter().any(|text| contains_any(text, cues))
    };
    match () {
        () if speaks_of(place, &["date", "yyyy"]) => Some(Topic::Date),
        () if about(&["currenc", "exchange", "forex"]) => Some(Topic::Currency),
        () if speaks_of(place, &["unit "]) => Some(Topic::Unit),
        () if about(&["translat", "languag"]) => Some(Topic::LanguageCode),
        () if about(&["mail"]) => Some(Topic::Email),
        () if about(&["sms", "phone", "whatsapp", "message"]) => Some(Topic::Phone),
        () if about(&["airport", "flight"]) => Some(Topic::Airport),
        () if about(&[
            "rout", "travel", "train", "bus", "city", "location", "distance", "direction", "map",
        ]) =>
        {
            Some(Topic::City)
        }
        () if about(&["unit", "conver"]) => Some(Topic::Unit),
        () => None,
    }
}

fn of_sports(place: &Place<'_>) -> bool {
    const CUES: &[&str] = &[
        "sport", "match", "league", "game", "player", "football", "soccer", "nba", "cricket",
        "score",
    ];
    category_has(place, CUES) || contains_any(&place.function.name, CUES)
}
