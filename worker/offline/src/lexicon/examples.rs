//! Examples in descriptions ("e.g. TSLA", "Allowed values: xml, json"), and
//! which defaults look like data rather than placeholders.

use serde_json::Value;

use super::topic::Topic;

/// Words that announce examples or allowed values.
const CUES: &[&str] = &[
    "e.g.", "eg.", "e.g", "i.e:", "i.e.", "example:", "examples:", "for example", "for instance",
    "such as", "ex:", "ex.", "allowed values:", "possible values:", "valid values:", "options are",
    "options:", "one of:", "can be one of", "one of", "[enum]:", "values:", "example value",
    "like", "can be",
];

/// The example values a description names, as they stand there.
pub(super) fn described(description: &str) -> Vec<&str> {
    let lower = description.to_ascii_lowercase();
    // The earliest cue, the longest of those that start there.
    let found = CUES.iter().filter_map(|cue| Some((word_start(&lower, cue)?, cue.len())));
    let earliest = found.min_by_key(|&(at, length)| (at, std::cmp::Reverse(length)));
    let Some(start) = earliest.map(|(at, length)| at + length) else {
        return alternatives(description).unwrap_or_default();
    };
    let rest = description[start..].trim_start_matches([' ', ':', '(', ',', '-', '\n', '"']);
    let quoted = quoted(&description[start..]);
    if !quoted.is_empty() {
        return quoted;
    }
    let end = rest.find([';', '\n', ')', '(']).unwrap_or(rest.len());
    let sentence = rest.find(". ").unwrap_or(rest.len());
    let listed = &rest[..end.min(sentence)];
    let parts = listed.split([',', '|']).flat_map(|part| part.split(" or "));
    let trim: &[char] = &[' ', '.', '"', '\'', '`', '*', '…', '\r'];
    let tokens: Vec<&str> = parts
        .map(|part| part.trim_matches(trim))
        .map(|part| part.strip_prefix("and ").unwrap_or(part))
        .map(|part| part.split(" - ").next().unwrap_or(part))
        .map(|part| part.split("**").next().unwrap_or(part))
        .filter(|part| is_token(part))
        .collect();
    // A clause that goes on in prose is no list of values.
    let words = |part: &&str| part.split(' ').count() > 3 || part.starts_with("used ");
    if tokens.iter().any(words) { Vec::new() } else { tokens }
}

/// What a description lists in parentheses: "(mainnet/testnet)". Names of
/// what to give, as in "(username/email)", are no values.
fn alternatives(description: &str) -> Option<Vec<&str>> {
    let (_, rest) = description.split_once('(')?;
    let (listed, _) = rest.split_once(')')?;
    let is_value = |part: &&str| {
        let is_word = part.len() > 2 && part.chars().all(|c| c.is_ascii_lowercase());
        is_word && is_token(part) && Topic::of_noun(part).is_none()
    };
    let parts: Vec<&str> = listed.split('/').map(str::trim).collect();
    (parts.len() >= 2 && parts.iter().all(is_value)).then_some(parts)
}

/// Where a cue stands as a word of its own.
fn word_start(text: &str, cue: &str) -> Option<usize> {
    let starts_word = |at: &usize| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric())
    };
    text.match_indices(cue).map(|(at, _)| at).find(starts_word)
}

/// What stands between backticks or straight quotes.
fn quoted(text: &str) -> Vec<&str> {
    let mark = match (text.find('`'), text.find('"'), text.find('\'')) {
        (Some(_), _, _) => '`',
        (_, Some(_), _) => '"',
        (_, _, Some(at)) if at < 12 => '\'',
        _ => return Vec::new(),
    };
    let inside = text.split(mark).skip(1).step_by(2);
    inside.take(12).filter(|part| is_token(part)).collect()
}

fn is_token(text: &str) -> bool {
    const PROSE: &[&str] = &[
        "etc", "and", "or", "the", "this", "it", "see", "true", "false", "null", "none", "default",
    ];
    (1..=40).contains(&text.len())
        && !PROSE.contains(&text.to_ascii_lowercase().as_str())
        && text.chars().all(|c| !c.is_control() && !"<>{}[]=\\".contains(c))
        && text.chars().any(char::is_alphanumeric)
        && !is_form(text)
        && !is_placeholder(text)
}

/// A format rather than a value: `YYYY-MM-DD`, `%H:%M`.
fn is_form(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    text.contains('%')
        || ["YYYY", "HH:MM", "MM/DD", "DD/MM"].iter().any(|form| upper.contains(form))
}

/// Whether a default looks like data: not "string", "None", "your-api-key".
pub(super) fn looks_real(value: &Value, name: &str) -> bool {
    match value {
        Value::String(text) => {
            let text = text.trim();
            !text.is_empty()
                && text.len() <= 60
                && !text.eq_ignore_ascii_case(name)
                && !is_form(text)
                && !is_placeholder(text)
        }
        Value::Number(_) | Value::Bool(_) => true,
        _ => false,
    }
}

fn is_placeholder(text: &str) -> bool {
    const EXACT: &[&str] = &[
        "string", "none", "null", "undefined", "test", "value", "text", "number", "integer", "any",
        "foo", "bar", "n/a", "tbd", "id", "name", "int", "float", "boolean", "required",
        "optional", "object", "array", "default", "xxx", "example",
    ];
    const PARTS: &[&str] = &[
        "your", "set-", "insert", "<", "placeholder", "api key", "apikey", "enter ", "replace",
        "{", "lorem", "the ", "xxxx", "please", "example.com", "change me", "api_key",
    ];
    let lower = text.to_ascii_lowercase();
    EXACT.contains(&lower.as_str()) || PARTS.iter().any(|part| lower.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(description: &str, expected: &[&str]) {
        assert_eq!(described(description), expected, "{description}");
    }

    #[test]
    fn examples_are_found_after_their_cue() {
        check("i.e: TSLA", &["TSLA"]);
        check("The format, e.g. pdf, docx or txt.", &["pdf", "docx", "txt"]);
        check("Can be one of: `open`, `closed`, `all`.", &["open", "closed", "all"]);
        check("The name of the person.", &[]);
        check("The network to use (mainnet/testnet)", &["mainnet", "testnet"]);
        check("Who it is (username/email)", &[]);
        check("How fast (km/h)", &[]);
        check("One of: desktop or **mobile** default: empty", &["desktop", "mobile"]);
        check("A name or an id can be used as UserId", &[]);
        check("A date, for example YYYY-MM-DD", &[]);
    }

    #[test]
    fn placeholders_are_not_data() {
        for text in ["string", "None", "Stormglass API Key", "set-your-image-URL-here", ""] {
            assert!(!looks_real(&Value::from(text), "id"), "{text}");
        }
        assert!(looks_real(&Value::from("CA107308006SI"), "id"));
    }
}
