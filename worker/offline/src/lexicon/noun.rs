//! What to call a place in plain English: "repository name" for `repo`.

use magnet_proto::shape::words;

use super::nouns::singular;
use super::place::Place;

/// A noun phrase for a parameter or output field, without an article.
pub fn describe(place: &Place<'_>) -> String {
    let mut parts: Vec<String> = words(place.name).map(|word| expanded(&word).to_owned()).collect();
    if let Some("id" | "ids" | "uuid" | "guid") = parts.last().map(String::as_str) {
        return match identified(place).as_str() {
            "id" => "ID".into(),
            noun => format!("{noun} ID"),
        };
    }
    if let Some(noun) = &place.shape.noun {
        return noun.clone();
    }
    if let [only] = parts.as_slice()
        && let Some(phrase) = alone(only, place)
    {
        return phrase;
    }
    for word in &mut parts {
        if let Some(shown) = capitalized(word) {
            *word = shown.to_owned();
        }
    }
    let phrase = parts.join(" ");
    if phrase.is_empty() { "value".into() } else { phrase }
}

/// What an id-like place identifies: its `x-noun`, the word before "id", its
/// holder, or the function's noun.
pub(super) fn identified(place: &Place<'_>) -> String {
    if let Some(noun) = &place.shape.noun {
        return noun.clone();
    }
    let own: Vec<String> = words(place.name).collect();
    let before =
        own.iter().rev().find(|word| !is_id(word) && !word.bytes().all(|b| b.is_ascii_digit()));
    if let Some(word) = before {
        return expanded(&singular(word).unwrap_or_else(|| word.clone())).to_owned();
    }
    let holder = words(place.parent).last().filter(|word| !GENERIC.contains(&word.as_str()));
    if let Some(word) = holder {
        return singular(&word).unwrap_or(word);
    }
    let noun =
        words(&place.function.name).filter(|word| !is_verb(word)).find(|word| word.len() > 2);
    noun.map_or_else(|| "id".into(), |word| singular(&word).unwrap_or(word))
}

const GENERIC: &[&str] =
    &["data", "result", "results", "items", "list", "response", "output", "value", "values"];

fn is_id(word: &str) -> bool {
    ["id", "ids", "identifier", "uuid", "guid", "number", "key", "ref", "reference", "no", "code"]
        .contains(&word)
}

fn is_verb(word: &str) -> bool {
    const VERBS: &[&str] = &[
        "get", "list", "search", "find", "create", "add", "update", "delete", "remove", "set",
        "check", "fetch", "query", "modify", "cancel", "book", "send", "post", "put", "patch",
        "show", "the", "for", "from", "and", "all", "github", "api", "by", "with", "of",
    ];
    VERBS.contains(&word)
}

/// Abbreviations as words.
fn expanded(word: &str) -> &str {
    match word {
        "repo" | "repos" => "repository",
        "org" => "organization",
        "lat" => "latitude",
        "lon" | "lng" => "longitude",
        "qty" => "quantity",
        "num" => "number",
        "lang" => "language",
        "desc" => "description",
        "addr" => "address",
        "img" => "image",
        "dob" => "date of birth",
        "msg" => "message",
        "tz" => "time zone",
        "timezone" => "time zone",
        "zipcode" => "zip code",
        "pw" | "passwd" | "pwd" => "password",
        "config" => "configuration",
        "env" => "environment",
        "temp" => "temperature",
        "max" => "maximum",
        "min" => "minimum",
        "dest" => "destination",
        "dept" => "department",
        "acct" => "account",
        "username" => "user name",
        "cat" => "category",
        other => other,
    }
}

fn capitalized(word: &str) -> Option<&'static str> {
    Some(match word {
        "url" => "URL",
        "ip" => "IP",
        "isbn" => "ISBN",
        "sku" => "SKU",
        "vin" => "VIN",
        "iban" => "IBAN",
        "json" => "JSON",
        "html" => "HTML",
        "pdf" => "PDF",
        "sms" => "SMS",
        "api" => "API",
        "bmi" => "BMI",
        "iata" => "IATA",
        "sha" => "commit SHA",
        "id" | "ids" => "ID",
        _ => return None,
    })
}

/// Names of one word that say too little alone.
fn alone(word: &str, place: &Place<'_>) -> Option<String> {
    Some(match word {
        "repository" => "repository name".into(),
        "q" | "s" | "query" | "search" => "search term".into(),
        "name" => match identified(place).as_str() {
            "id" | "name" => "name".into(),
            noun => format!("{noun} name"),
        },
        "to" => "recipient".into(),
        "lat" => "latitude".into(),
        "symbol" => "ticker symbol".into(),
        "page" => "page number".into(),
        "sort" => "sort order".into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use magnet_proto::library::{Document, Function};
    use serde_json::json;

    use super::*;

    fn check(name: &str, schema: serde_json::Value, expected: &str) {
        let function = Function::from(Document {
            name: "get_booking".into(),
            description: String::new(),
            category: "misc".into(),
            class: "misc".into(),
            parameters: json!({"type": "object", "properties": {name: schema}}),
            response: None,
        });
        assert_eq!(describe(&Place::argument(&function, &function.params()[0])), expected);
    }

    #[test]
    fn parameters_have_plain_names() {
        check("repo", json!({"type": "string"}), "repository name");
        check("departure_date", json!({"type": "string"}), "departure date");
        check("hotelId", json!({"type": "string"}), "hotel ID");
        check("id", json!({"type": "string"}), "booking ID");
        check("ref", json!({"type": "string", "x-noun": "train"}), "train");
        check("imageUrl", json!({"type": "string"}), "image URL");
    }
}
