//! What to call things: the noun of a parameter, of an output's place, of what
//! an identifier identifies.

use magnet_proto::library::Function;
use magnet_proto::shape::{Shape, words};

/// Abbreviations that people write out, or at least differently.
const SPELLED: &[(&str, &str)] = &[
    ("org", "organization"),
    ("repo", "repository"),
    ("lat", "latitude"),
    ("lon", "longitude"),
    ("lng", "longitude"),
    ("long", "longitude"),
    ("num", "number"),
    ("no", "number"),
    ("addr", "address"),
    ("src", "source"),
    ("dst", "destination"),
    ("dest", "destination"),
    ("qty", "quantity"),
    ("amt", "amount"),
    ("desc", "description"),
    ("msg", "message"),
    ("dob", "date of birth"),
    ("tz", "time zone"),
    ("lang", "language"),
    ("temp", "temperature"),
    ("max", "maximum"),
    ("min", "minimum"),
    ("username", "user"),
    ("pwd", "password"),
    ("orig", "origin"),
    ("img", "image"),
    ("pic", "picture"),
    ("cat", "category"),
    ("q", "search term"),
    ("s", "search term"),
    ("cc", "country code"),
    ("auth", "token"),
    ("zip", "zip code"),
    ("zipcode", "zip code"),
    ("timezone", "time zone"),
    ("config", "configuration"),
    ("info", "details"),
    ("env", "environment"),
    ("param", "value"),
    ("params", "values"),
    ("ids", "ids"),
    ("id", "id"),
    ("url", "URL"),
    ("ip", "IP address"),
    ("uuid", "UUID"),
    ("isbn", "ISBN"),
    ("iban", "IBAN"),
    ("sku", "SKU"),
    ("vin", "VIN"),
    ("api", "API"),
    ("imdb", "IMDb"),
    ("sha", "SHA"),
    ("icao", "ICAO code"),
    ("iata", "IATA code"),
    ("keyword", "keyword"),
    ("symbol", "symbol"),
    ("lt", "before"),
    ("gte", "after"),
];

/// Last words of a name that say "identifies", not what.
const IDENTIFIERS: &[&str] = &[
    "id", "ids", "uuid", "guid", "slug", "key", "ref", "reference", "pk", "no", "handle", "login",
    "hash",
];

/// The last words by which a person also knows a thing.
const NAMING: &[&str] =
    &["name", "number", "code", "title", "symbol", "ticker", "username", "url", "sku"];

/// The noun of a name: `destination_city` is "destination city", `org` is
/// "organization", `train_id` is "train", a bare `id` is "id".
pub(super) fn of_name(name: &str) -> String {
    let mut parts: Vec<String> = words(name).collect();
    let trailing = parts.len() > 1
        && parts.last().is_some_and(|last| IDENTIFIERS.contains(&last.as_str()) || last == "name");
    if trailing {
        parts.pop();
    }
    let spelled = parts.iter().map(|word| spell(word)).collect::<Vec<_>>().join(" ");
    if trailing { singular(&spelled) } else { spelled }
}

/// The noun of a property that is told of a thing: "warranty end date" for
/// `warranty_until`.
pub(super) fn of_property(name: &str) -> String {
    const MOMENTS: &[(&str, &str)] = &[
        (" until", " end date"),
        (" since", " start date"),
        ("created at", "creation date"),
        ("updated at", "date of the last change"),
        ("published at", "publication date"),
        ("pushed at", "date of the last push"),
    ];
    let noun = singular(&of_name(name));
    // "its to currency" is said by nobody.
    let noun = ["to ", "from "].iter().find_map(|of| noun.strip_prefix(of)).unwrap_or(&noun);
    let moment = MOMENTS.iter().find(|(end, _)| noun.ends_with(end));
    moment.map_or_else(|| noun.to_owned(), |(end, said)| noun.replace(end, said))
}

/// The noun of a parameter or property, `x-noun` before its name.
pub(super) fn of(name: &str, shape: &Shape) -> String {
    shape.noun.clone().unwrap_or_else(|| of_name(name))
}

/// An abbreviation written out.
pub(super) fn spell(word: &str) -> &str {
    SPELLED.iter().find(|(short, _)| *short == word).map_or(word, |(_, full)| full)
}

/// Whether a place's value stands for the thing that holds it: an id, a name,
/// a code; not one of the thing's properties.
pub(super) fn identifies(name: &str, shape: &Shape) -> bool {
    shape.noun.is_some()
        || words(name).last().is_some_and(|last| {
            IDENTIFIERS.contains(&last.as_str()) || NAMING.contains(&last.as_str())
        })
}

/// Whether a name says nothing but that it identifies.
pub(super) fn is_bare(name: &str) -> bool {
    words(name).all(|word| IDENTIFIERS.contains(&word.as_str()) || NAMING.contains(&word.as_str()))
}

/// "trains" → "train". Good enough for the plurals of field names.
pub(super) fn singular(word: &str) -> String {
    const UNCHANGED: &[&str] = &[
        "news", "series", "status", "address", "sms", "gps", "bus", "class", "access", "analysis",
        "chess", "tennis",
    ];
    let last = word.rsplit(' ').next().unwrap_or(word);
    if UNCHANGED.contains(&last) || !last.ends_with('s') || last.ends_with("ss") || last.len() < 4 {
        return word.to_owned();
    }
    let cut = |n: usize| &word[..word.len() - n];
    match last {
        _ if last == "movies" || last == "cookies" => cut(1).to_owned(),
        _ if last.ends_with("ies") => format!("{}y", cut(3)),
        _ if ["sses", "shes", "ches", "xes", "uses"].iter().any(|end| last.ends_with(end))
            && last != "caches" =>
        {
            cut(2).to_owned()
        }
        _ => cut(1).to_owned(),
    }
}

/// "train" → "trains".
pub(super) fn plural(noun: &str) -> String {
    if noun.ends_with('s') && singular(noun) != noun
        || noun.ends_with("data")
        || noun.ends_with("news")
        || noun.ends_with("series")
        || noun.ends_with("information")
        || noun.ends_with("details")
        || noun.ends_with("history")
        || noun.ends_with("people")
    {
        return noun.to_owned();
    }
    let vowel_y = ["ay", "ey", "oy", "uy"].iter().any(|end| noun.ends_with(end));
    if noun.ends_with('y') && !vowel_y {
        return format!("{}ies", &noun[..noun.len() - 1]);
    }
    let sibilant = ["s", "sh", "ch", "x", "z"].iter().any(|end| noun.ends_with(end));
    format!("{noun}{}", if sibilant { "es" } else { "s" })
}

/// Whether a noun phrase is a plural one, judged by its last word.
pub(super) fn is_plural(noun: &str) -> bool {
    singular(noun) != noun || noun.ends_with("people") || noun.ends_with("media")
}

/// "a" or "an".
pub(super) fn article(noun: &str) -> &'static str {
    let lower = noun.to_lowercase();
    let vowel = lower.starts_with(['a', 'e', 'i', 'o', 'u']);
    let hard = ["user", "uni", "one", "uti", "usa", "url", "uuid", "euro"]
        .iter()
        .any(|start| lower.starts_with(start));
    let spelled = ["sku", "isbn", "sms", "hour", "svg", "xml", "html", "mp3", "rss"]
        .iter()
        .any(|start| lower.starts_with(start));
    let number = lower.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
    let eight = number.starts_with('8') || ["11", "18"].contains(&number);
    if (vowel && !hard) || spelled || eight { "an" } else { "a" }
}

/// Names of arrays and objects that say nothing about what they hold.
const VAGUE: &[&str] = &[
    "results", "result", "items", "item", "data", "list", "response", "entries", "entry",
    "records", "record", "rows", "values", "objects", "object", "content", "output", "body",
    "payload", "info", "details", "hits", "matches", "elements", "", "all", "documents", "docs",
    "array", "response data",
];

/// The thing an array or object called so holds, if the name says it.
pub(super) fn of_container(name: &str) -> Option<String> {
    let noun = singular(&of_name(name));
    let vague = VAGUE.contains(&name.to_lowercase().as_str()) || VAGUE.contains(&noun.as_str());
    (!vague && noun.chars().all(|c| c.is_alphabetic() || c == ' ')).then_some(noun)
}

/// The thing a function looks up, where it names or numbers it: "author" of
/// `find_author`.
pub(super) fn of_lookup(function: &Function) -> Option<String> {
    let parts: Vec<String> = words(&function.name).collect();
    let [verb, .., thing] = parts.as_slice() else {
        return None;
    };
    let looks = ["get", "find", "show", "read", "lookup", "fetch"].contains(&verb.as_str());
    let handles = [format!("{thing}_id"), format!("{thing}_name")];
    let named = function.params().iter().any(|field| handles.contains(&field.name));
    (looks && named).then(|| thing.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_nouns() {
        let nouns = [
            ("train_id", "train"),
            ("org", "organization"),
            ("destination_city", "destination city"),
            ("id", "id"),
            ("userId", "user"),
            ("secret_name", "secret"),
            ("tracking_number", "tracking number"),
        ];
        for (name, noun) in nouns {
            assert_eq!(of_name(name), noun);
        }
    }

    #[test]
    fn properties_are_told_as_nouns() {
        assert_eq!(of_property("warranty_until"), "warranty end date");
        assert_eq!(of_property("created_at"), "creation date");
        assert_eq!(of_property("fares"), "fare");
        assert_eq!(of_property("to_currency"), "currency");
    }

    #[test]
    fn plurals_lose_and_gain_their_ending() {
        for (many, one) in [
            ("trains", "train"),
            ("cities", "city"),
            ("boxes", "box"),
            ("classes", "class"),
            ("movies", "movie"),
            ("addresses", "address"),
        ] {
            assert_eq!(singular(many), one);
            assert_eq!(plural(one), many);
        }
        assert_eq!(singular("status"), "status");
    }

    #[test]
    fn vague_containers_name_nothing() {
        assert_eq!(of_container("results"), None);
        assert_eq!(of_container("search_results"), Some("search result".into()));
        assert_eq!(of_container("trains"), Some("train".into()));
    }
}
