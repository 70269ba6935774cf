//! Weaving arguments into an object: "a campaign for an organization" with a
//! number and a name is "campaign 42 for octo-org".

use magnet_proto::shape::words;

use super::clean::{is_determiner, is_preposition};
use crate::lexicon::Topic;
use crate::teacher::intention::Slot;
use crate::teacher::noun;

/// Puts the argument in the place of the noun phrase that stands for it;
/// false if there is none.
pub(super) fn into_object(object: &mut Vec<String>, slot: &Slot<'_>, text: &str) -> bool {
    if slot.value().is_some_and(|value| value.is_boolean() || value.is_object()) {
        return false;
    }
    if text.split(' ').count() > 6
        || matches!(slot.topic, Topic::Message | Topic::Token | Topic::Password)
    {
        return false;
    }
    variants(slot).iter().any(|noun| substitute(object, noun, slot, text))
}

/// The same for an owner and repository together.
pub(super) fn repository(object: &mut Vec<String>, text: &str, points: bool) -> bool {
    for noun in ["repository", "repo"] {
        if let Some(found) = find(object, &[noun.to_owned()], false)
            && found.modifiers(object).is_empty()
        {
            let said = if points { text.to_owned() } else { format!("the {text} {noun}") };
            found.replace(object, &said);
            return true;
        }
    }
    false
}

/// The nouns by which a description may call the parameter.
fn variants(slot: &Slot<'_>) -> Vec<Vec<String>> {
    use Topic as T;
    let name = slot.field.name.as_str();
    let mut found: Vec<Vec<String>> = Vec::new();
    let mut add = |phrase: &str| {
        let words: Vec<String> = phrase.split(' ').map(str::to_lowercase).collect();
        if !words.is_empty() && !phrase.is_empty() && !found.contains(&words) {
            found.push(words);
        }
    };
    if !noun::is_bare(name) {
        add(&noun::of(name, &slot.field.shape));
        let raw: Vec<String> = words(name)
            .filter(|w| {
                !["id", "ids", "name", "number", "slug", "code", "key"].contains(&w.as_str())
            })
            .collect();
        add(&raw.join(" "));
        if raw.len() > 1 {
            add(&raw[raw.len() - 1]);
        }
    }
    let synonyms: &[&str] = match slot.topic {
        T::City => &["city", "location", "place"],
        T::Location | T::Address => &["location", "place", "address"],
        T::CountryCode | T::Country => &["country"],
        T::Ticker => &["stock company", "stock", "company", "ticker", "symbol"],
        T::Phone => &["phone number", "number", "phone"],
        T::Email => &["email address", "email"],
        T::Username => &["user", "username", "account", "profile"],
        T::Url => &["website", "webpage", "page", "url", "link"],
        T::Domain => &["domain name", "domain", "website"],
        T::IpAddress => &["ip address", "ip"],
        T::Handle => &["organization", "owner"],
        T::Date => &["date", "day"],
        T::PostalCode => &["zip code", "postal code"],
        T::CryptoCoin => &["coin", "cryptocurrency"],
        T::Identifier | T::Code => &["order", "item", "product"],
        _ => &[],
    };
    let plain = !matches!(slot.topic, T::Identifier | T::Code) || name.contains("number");
    if plain {
        synonyms.iter().for_each(|synonym| add(synonym));
    }
    if name == "id" || name == "ids" {
        found.push(Vec::new());
    }
    found
}

/// A noun phrase in an object: from its determiner, or its first word, to its
/// end.
#[derive(Clone, Copy, Debug)]
struct Found {
    start: usize,
    noun: usize,
    end: usize,
}

impl Found {
    fn modifiers<'o>(&self, object: &'o [String]) -> &'o [String] {
        let first = if is_determiner(&object[self.start]) { self.start + 1 } else { self.start };
        &object[first.min(self.noun)..self.noun]
    }

    fn replace(&self, object: &mut Vec<String>, text: &str) {
        object.splice(self.start..self.end, [text.to_owned()]);
    }
}

fn substitute(object: &mut Vec<String>, noun: &[String], slot: &Slot<'_>, text: &str) -> bool {
    let found = match noun {
        [] => head(object),
        noun => find(object, noun, slot.value().is_some_and(serde_json::Value::is_array)),
    };
    let Some(found) = found else { return false };
    let modifiers = found.modifiers(object).join(" ");
    let noun = object[found.noun..found.end].join(" ");
    let said = realized(slot, &modifiers, &noun, text);
    found.replace(object, &said);
    true
}

/// The singular noun phrase with an article that an object begins with.
fn head(object: &[String]) -> Option<Found> {
    let end = object.iter().position(|w| is_preposition(w)).unwrap_or(object.len());
    let article = object.first().filter(|w| matches!(w.as_str(), "a" | "an" | "the"))?;
    let last = object.get(end.checked_sub(1)?)?;
    let abstract_noun =
        ["list", "information", "info", "details", "data", "number", "detail", "status", "history"]
            .contains(&last.as_str());
    (end > 1 && end <= 4 && !noun::is_plural(last) && !abstract_noun && !article.is_empty())
        .then_some(Found { start: 0, noun: end - 1, end })
}

/// The noun phrase of that noun. One without an article counts behind a
/// preposition, or, for a list of values, as the whole object's head.
fn find(object: &[String], noun: &[String], listed: bool) -> Option<Found> {
    let lower: Vec<String> = object.iter().map(|w| w.to_lowercase()).collect();
    for at in 0..lower.len().saturating_sub(noun.len() - 1) {
        let end = at + noun.len();
        if lower[at..end] != *noun {
            continue;
        }
        let closes = lower.get(end).is_none_or(|next| is_preposition(next));
        // Back to the determiner or the preposition before.
        let mut start = at;
        while start > 0
            && !is_preposition(&lower[start - 1])
            && !is_determiner(&lower[start])
            && at - start < 3
        {
            start -= 1;
        }
        let article = matches!(
            lower[start].as_str(),
            "a" | "an" | "any" | "the" | "one" | "each" | "another"
        );
        let after_preposition = start > 0 && is_preposition(&lower[start - 1]);
        let heads = listed && at == 0;
        if closes && (article || heads || (after_preposition && start == at)) {
            return Some(Found { start, noun: at, end });
        }
    }
    None
}

/// The noun phrase with its value: a proper name alone, a number or code
/// behind its noun.
fn realized(slot: &Slot<'_>, modifiers: &str, noun: &str, text: &str) -> String {
    use Topic as T;
    let by_itself = matches!(
        slot.topic,
        T::City
            | T::Country
            | T::CountryCode
            | T::Location
            | T::Address
            | T::Region
            | T::Company
            | T::FullName
            | T::FirstName
            | T::Ticker
            | T::Email
            | T::Phone
            | T::Url
            | T::Domain
            | T::IpAddress
            | T::Date
            | T::Artist
            | T::Movie
            | T::Book
            | T::SportsTeam
            | T::Player
            | T::Language
            | T::Airport
            | T::CryptoCoin
            | T::Currency
            | T::Year
            | T::Song
            | T::Album
            | T::Hotel
            | T::Restaurant
            | T::Landmark
            | T::Station
    );
    let is_number = slot.value().is_some_and(serde_json::Value::is_number) && slot.topic != T::Year;
    if slot.points() || (by_itself && !is_number) {
        return text.to_owned();
    }
    let several = text.contains(" and ");
    let one = noun::singular(noun);
    let noun = if several { noun::plural(&one) } else { one };
    let listed = slot.value().is_some_and(serde_json::Value::is_array);
    match (slot.topic, modifiers) {
        (T::Handle | T::Organization | T::Team | T::Branch, "") => format!("the {text} {noun}"),
        (_, "") if noun == "user" || listed => format!("the {noun} {text}"),
        (_, "") => format!("{noun} {text}"),
        _ => format!("the {modifiers} {noun} {text}"),
    }
}
