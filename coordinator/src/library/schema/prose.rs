//! Allowed values and examples that stand only in a description.
//!
//! `[Enum]: a, b`, "Options: First class, Second class", "one of: …", bullet
//! lists after "Allowed values:" become choices when every item reads as a
//! value; "e.g. `entry-level`", "Examples: 'driving', 'walking'" become
//! examples. In doubt nothing is found: a wrong list of choices forbids right
//! values, while a missing one only leaves them free.

use std::sync::LazyLock;

use regex::Regex;

/// What a description lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// All there is to choose from.
    Choices(Vec<String>),
    /// Values worth using, among others.
    Examples(Vec<String>),
}

const LONGEST_LIST: usize = 40;
const LONGEST_ITEM: usize = 40;
/// How much text after a marker is read as its list.
const LONGEST_TAIL: usize = 600;

/// Words after which a list of all values follows.
static CHOICES: LazyLock<Regex> = LazyLock::new(|| {
    fixed(
        r"(?i)(?:\[enum\]|\benum(?:eration)?(?: values?)?(?: are)?|\b(?:possible|allowed|valid|accepted|acceptable|supported|available|permitted|enum) (?:values?|options?|choices?|types?|units?)(?: for [a-z_`]{1,30})?(?: are| is| include|:)|\b(?:options|choices|allowed|allowed values|possible values|values can be|values are|choices are|options are)(?: are)?:|\b(?:options|choices) are|\b(?:must|should|can|may) be (?:either|one of)(?: the following)?(?: values)?|\b(?:is|are|either)? ?one of(?: the following)?(?: values| options)?|\beither)\s*[:=]?\s*",
    )
});

/// Words after which examples follow.
static EXAMPLES: LazyLock<Regex> = LazyLock::new(|| {
    fixed(
        r"(?i)(?:\be\.\s?g\.?|\bfor example|\bfor instance|\bexamples?(?: values?)?(?: are| is)?\s*:|\bsuch as)\s*[:,=]?\s*",
    )
});

/// Where a list ends: a sentence's end, a blank line, a closing bracket.
static END: LazyLock<Regex> = LazyLock::new(|| {
    fixed(r"\.(?:\s|$)|\n\s*\n|\)|\]|;|\s\(default|\b(?i:defaults? (?:to|is|value)|by default)\b")
});

static JOINED: LazyLock<Regex> =
    LazyLock::new(|| fixed(r"(?i)comma|multiple (?:values|options)|one or more|delimited"));

static BULLET: LazyLock<Regex> = LazyLock::new(|| fixed(r"(?:^|\s)[-*•]\s+"));
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    fixed(r#"`([^`\n]{1,40})`|"([^"\n]{1,40})"|'([^'\n]{1,40})'|\*\*([^*\n]{1,40})\*\*"#)
});
static BRACKETED: LazyLock<Regex> = LazyLock::new(|| fixed(r"\s*\([^)]{0,60}\)"));

fn fixed(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that compiles")
}

/// The values a description lists, if it clearly does.
pub(super) fn read(description: &str) -> Option<Found> {
    if description.contains("&#95;") {
        return read(&description.replace("&#95;", "_"));
    }
    for marker in CHOICES.find_iter(description).take(4) {
        let tail = tail(description, marker.end());
        match choices(tail, marker.as_str()) {
            // Several of them may be joined into one value.
            Some(Found::Choices(items)) if JOINED.is_match(description) => {
                return Some(Found::Examples(items));
            }
            None => {}
            found => return found,
        }
    }
    EXAMPLES
        .find_iter(description)
        .take(2)
        .find_map(|marker| examples(tail(description, marker.end())))
        .map(Found::Examples)
}

fn tail(description: &str, from: usize) -> &str {
    let tail = &description[from..];
    let end = tail.char_indices().nth(LONGEST_TAIL).map_or(tail.len(), |(at, _)| at);
    &tail[..end]
}

fn choices(tail: &str, marker: &str) -> Option<Found> {
    // "one of", "either": ordinary prose unless the values are marked as such.
    let marker = marker.trim_end().to_lowercase();
    let weak = !marker.ends_with([':', '=', ']'])
        && !marker.contains("value")
        && ["one of", "either"].iter().any(|words| marker.contains(words));
    let items = bullets(tail).or_else(|| separated(tail, weak)).or_else(|| spaced(tail, weak))?;
    let open = items.iter().any(|item| is_open_end(item));
    let items: Vec<String> = items.into_iter().filter(|item| !is_open_end(item)).collect();
    let items = values(items)?;
    (items.len() >= 2).then_some(if open { Found::Examples(items) } else { Found::Choices(items) })
}

/// `- asc - desc`, one item after each dash.
fn bullets(tail: &str) -> Option<Vec<String>> {
    if BULLET.find(tail).is_none_or(|bullet| bullet.start() > 0) {
        return None;
    }
    let items = BULLET.split(tail).map(str::trim).filter(|item| !item.is_empty());
    Some(items.map(|item| leading(item).to_owned()).collect())
}

/// What an explained item lists: its quoted head, or what stands before a
/// colon or a bracket.
fn leading(item: &str) -> &str {
    if let Some(quoted) = QUOTED.find(item).filter(|quoted| quoted.start() == 0) {
        return &item[..quoted.end()];
    }
    let line = item.lines().next().unwrap_or("");
    line.split([':', '(', '=']).next().unwrap_or("").trim().trim_end_matches(['.', ',', ';'])
}

/// Items between commas, bars, slashes, "or" and "and".
fn separated(tail: &str, quoted_only: bool) -> Option<Vec<String>> {
    let bare = BRACKETED.replace_all(tail.trim_start_matches(['[', '(', '{', ' ']), "");
    let list = &bare[..END.find(&bare).map_or(bare.len(), |end| end.start())];
    let list = list.trim().trim_end_matches(['.', ',', '}']);
    let comma = if list.contains('|') {
        '|'
    } else if list.contains(',') {
        ','
    } else {
        '/'
    };
    let mut items: Vec<String> = Vec::new();
    for part in list.split(comma) {
        let joined = part.trim().trim_start_matches("or ").trim_start_matches("and ");
        let halves = joined.split(" or ").flat_map(|half| half.split(" and "));
        items.extend(halves.map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()));
    }
    let enough = items.len() >= 2 && (!quoted_only || items.iter().all(|item| is_quoted(item)));
    enough.then_some(items)
}

/// Items with only spaces between them, up to the text's end.
fn spaced(tail: &str, weak: bool) -> Option<Vec<String>> {
    let tail = tail.trim().trim_end_matches('.');
    let items: Vec<String> = tail.split_whitespace().map(str::to_owned).collect();
    let plain = |item: &String| {
        !is_prose(item)
            && item
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '`' | '"' | '\''))
    };
    let fits = !weak && (2..=16).contains(&items.len()) && items.iter().all(plain);
    fits.then_some(items)
}

fn examples(tail: &str) -> Option<Vec<String>> {
    let list = &tail[..END.find(tail).map_or(tail.len(), |end| end.start())];
    if let Some(quoted) = quoted_run(list) {
        return values(quoted);
    }
    // Without a space after it a comma is rather a part of the value.
    let items: Vec<String> = list
        .split(", ")
        .map(|item| item.trim().trim_start_matches("or ").trim().to_owned())
        .filter(|item| !item.is_empty())
        .collect();
    let telling = |item: &String| {
        !item.contains(char::is_whitespace)
            && (items.len() > 1 || item.contains(|c: char| c.is_uppercase() || c.is_numeric()))
    };
    if items.iter().any(|item| is_open_end(item)) || !items.iter().all(telling) {
        return None;
    }
    values(items)
}

/// The quoted items at the start of a text, with nothing but commas, "or" and
/// "and" between them.
fn quoted_run(list: &str) -> Option<Vec<String>> {
    let mut end = 0;
    let mut items = Vec::new();
    for found in QUOTED.captures_iter(list) {
        let (whole, item) = (found.get(0)?, found.iter().skip(1).flatten().next()?);
        let between = list[end..whole.start()].trim_matches([' ', ',', '|', '/']);
        if !["", "or", "and"].contains(&between) {
            break;
        }
        end = whole.end();
        items.push(format!("`{}`", item.as_str()));
    }
    (!items.is_empty()).then_some(items)
}

fn is_quoted(item: &str) -> bool {
    QUOTED.find(item).is_some_and(|quoted| quoted.len() == item.len())
}

fn is_open_end(item: &str) -> bool {
    let item = item.trim().trim_matches('.').to_lowercase();
    item.is_empty()
        || ["etc", "and so on", "others", "more", "and more", "…"].contains(&item.as_str())
}

/// The items without their quotes; `None` unless all of them read as values.
fn values(items: Vec<String>) -> Option<Vec<String>> {
    let mut values: Vec<String> = Vec::new();
    for item in items {
        let quoted = is_quoted(&item);
        let value = item.trim_matches(['`', '"', '\'', '*', ' ', '[', ']', '{', '}']).to_owned();
        let literal = !value.is_empty() && !value.contains(['<', '>', '=', '{', '}']);
        if !(if quoted { literal } else { reads_as_value(&value) }) {
            return None;
        }
        if !values.contains(&value) {
            values.push(value);
        }
    }
    (1..=LONGEST_LIST).contains(&values.len()).then_some(values)
}

/// Words that only sentences have.
const PROSE: &[&str] = &[
    "the", "a", "an", "of", "to", "is", "are", "for", "be", "any", "if", "when", "you", "your",
    "this", "these", "those", "that", "by", "with", "which", "from", "not", "will", "can", "it",
    "as", "in", "on", "at", "use", "used", "see", "only", "must", "has", "have", "was", "please",
    "following", "above", "below", "list", "value", "values",
];

fn reads_as_value(item: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || "_-+./# &:%@,".contains(c);
    let words: Vec<&str> = item.split(' ').collect();
    let lone = words.len() == 1;
    !item.is_empty()
        && item.chars().count() <= LONGEST_ITEM
        && item.chars().all(allowed)
        && item.contains(char::is_alphanumeric)
        && words.len() <= 3
        && (lone || !words.iter().any(|word| is_prose(word)))
}

fn is_prose(word: &str) -> bool {
    PROSE.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(text: &str, expected: &[&str]) {
        let expected = expected.iter().map(|item| (*item).to_owned()).collect();
        assert_eq!(read(text), Some(Found::Choices(expected)), "{text}");
    }

    fn examples(text: &str, expected: &[&str]) {
        let expected = expected.iter().map(|item| (*item).to_owned()).collect();
        assert_eq!(read(text), Some(Found::Examples(expected)), "{text}");
    }

    #[test]
    fn enumerations_in_prose_become_choices() {
        choices("[Enum]: celsius, fahrenheit", &["celsius", "fahrenheit"]);
        choices(
            "The seat type. Options: First class, Second class.",
            &["First class", "Second class"],
        );
        choices("Options are small, medium and large.", &["small", "medium", "large"]);
        choices("Must be one of: 'a', 'b' or 'c'", &["a", "b", "c"]);
        choices("Possible values: \"conflict\" or \"no conflict\"", &["conflict", "no conflict"]);
        choices(
            "Allowed values: - dns - url - oid - x500 - nil",
            &["dns", "url", "oid", "x500", "nil"],
        );
        choices("Allowed: asc, desc", &["asc", "desc"]);
        choices(
            "Possible values are: beginner intermediate expert",
            &["beginner", "intermediate", "expert"],
        );
        choices("Select the quality. Allowed values are: 320 192 256", &["320", "192", "256"]);
        choices("valid values are `standard` and `stickers`", &["standard", "stickers"]);
        choices(
            "valid options are **km** (default), **mi**, **ft**, and **yd**.",
            &["km", "mi", "ft", "yd"],
        );
        choices("Possible Values: - `asc` - `desc` sortBy must be present", &["asc", "desc"]);
        choices("Enum: [LOW, HIGH]", &["LOW", "HIGH"]);
    }

    #[test]
    fn examples_in_prose_stay_examples() {
        examples(
            "The mode. Examples: 'driving', 'walking', 'transit'",
            &["driving", "walking", "transit"],
        );
        examples("Type of form (e.g., 10-K, 10-Q).", &["10-K", "10-Q"]);
        examples("Folder path e.g. '/folder'", &["/folder"]);
        examples("Options: red, green, etc.", &["red", "green"]);
        examples("Countries. Example: GB,US,PL", &["GB,US,PL"]);
        examples("For example: **duett** - **NOTE:** faster", &["duett"]);
        examples("A comma-separated list. Valid options are `on` and `off`.", &["on", "off"]);
        examples("Example: 2022-10-17T18:41:34.306Z", &["2022-10-17T18:41:34.306Z"]);
    }

    #[test]
    fn ordinary_prose_lists_nothing() {
        for text in [
            "The originSkyId code can be extracted from the Search Airport API.",
            "Boolean indicating if a Facebook group link can be added to the profile.",
            "Insert a username, or one of the user's devices, and the name.",
            "Either the id or the name of the repository.",
            "Possible Values: Any field on the document",
            "Other dynamic filters (e.g., by Size, Color) separated by commas.",
            "Name of the parent location (e.g., city name).",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
