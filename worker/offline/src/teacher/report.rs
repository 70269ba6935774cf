//! Reading an arbitrary output aloud: the items of a list, the telling fields
//! of an object, the id of what was made.

use magnet_proto::library::Function;
use magnet_proto::rng::Rng;
use magnet_proto::shape::words;
use rand::RngExt;
use serde_json::{Map, Value};

use super::mention::{STYLE, mention, series};
use super::noun;
use super::sentence::{capital, closed};

/// One or two sentences on an output.
pub(super) fn report(function: &Function, output: &Value, rng: &mut Rng) -> String {
    let (name, value) = unwrapped("", output);
    let changes = function.changes_state();
    match value {
        Value::Array(items) => list(function, name, items, rng),
        Value::Object(members) => object(function, members, changes, rng),
        Value::Null => done(rng).to_owned(),
        scalar => {
            let text = text_of(scalar, rng);
            let forms = [
                format!("Here's what came back: {text}"),
                format!("The result is {text}"),
                format!("I got {text}"),
            ];
            closed(&forms[rng.random_range(0..forms.len())])
        }
    }
}

/// Through wrappers like `{"data": {"result": …}}` to what matters.
fn unwrapped<'v>(name: &'v str, value: &'v Value) -> (&'v str, &'v Value) {
    const WRAPPERS: &[&str] =
        &["data", "result", "results", "response", "output", "body", "payload", "items"];
    let Value::Object(members) = value else {
        return (name, value);
    };
    let nested = members.iter().filter(|(_, v)| v.is_object() || v.is_array());
    match nested.collect::<Vec<_>>().as_slice() {
        [(inner, held)]
            if members.len() == 1 || (WRAPPERS.contains(&inner.as_str()) && members.len() < 4) =>
        {
            unwrapped(inner, held)
        }
        _ => (name, value),
    }
}

fn list(function: &Function, name: &str, items: &[Value], rng: &mut Rng) -> String {
    let things = things(function, name, items.len());
    let labels: Vec<String> = items.iter().filter_map(|item| label(item, rng)).collect();
    let mut distinct = labels;
    distinct.dedup();
    if items.is_empty() {
        return format!("There are no {things}.");
    }
    let shown: Vec<String> = distinct.iter().take(3).cloned().collect();
    let count = if items.len() <= 12 { items.len().to_string() } else { "quite a few".into() };
    if shown.is_empty() {
        return format!("I have {count} {things} for you.");
    }
    let all = shown.len() == items.len();
    let shown = series(&shown, "and");
    let lone = items.len() == 1;
    let forms = match (lone, all) {
        (true, _) => vec![
            format!("There is one: {shown}"),
            format!("I found {shown}"),
            format!("Just one {}: {shown}", noun::singular(&things)),
        ],
        (false, true) => vec![
            format!("There are {count} {things}: {shown}"),
            format!("I found {count} {things}: {shown}"),
            format!("These came up: {shown}"),
            format!("Here you go: {shown}"),
        ],
        (false, false) => vec![
            format!("I found {count} {things}, among them {shown}"),
            format!("There are {count} {things}; the first ones are {shown}"),
            format!("Here are the first few: {shown}"),
            format!("{} {things} came up, such as {shown}", capital(&count)),
        ],
    };
    closed(&forms[rng.random_range(0..forms.len())])
}

/// What a list is of.
fn things(function: &Function, name: &str, count: usize) -> String {
    let thing = noun::of_container(name)
        .or_else(|| noun::of_lookup(function))
        .unwrap_or_else(|| "result".into())
        .to_lowercase();
    if count == 1 { thing } else { noun::plural(&thing) }
}

/// Fields that name a thing, most telling first.
const LABELS: &[&str] = &[
    "name", "title", "full_name", "fullname", "display_name", "displayname", "login", "username",
    "label", "subject", "headline", "question", "word", "text", "quote", "city", "symbol",
    "ticker", "domain", "email", "filename", "file_name", "slug", "key", "message", "description",
    "code",
];

/// Fields worth a word beside the name.
const DETAILS: &[&str] = &[
    "price", "amount", "rating", "score", "status", "state", "date", "departs", "start_time",
    "year", "number", "value", "rate", "id", "type", "role", "temperature", "count", "percentage",
    "rank",
];

/// An item in a few words: its name and one detail.
fn label(item: &Value, rng: &mut Rng) -> Option<String> {
    let members = match item {
        Value::Object(members) => members,
        Value::Array(_) | Value::Null => return None,
        scalar => return Some(text_of(scalar, rng)).filter(|text| text.len() <= 70),
    };
    let named = member(members, LABELS, rng);
    let detail = member(members, DETAILS, rng).or_else(|| identifier(members, rng));
    match (named, detail) {
        (Some((_, name)), Some((_, detail))) if name != detail => {
            Some(format!("{name} ({detail})"))
        }
        (Some((_, name)), _) => Some(name),
        (None, Some((field, detail))) => Some(format!("{} {detail}", noun::of_name(&field))),
        (None, None) => None,
    }
}

/// The first short scalar member whose name ends in one of the words.
fn member(
    members: &Map<String, Value>,
    wanted: &[&str],
    rng: &mut Rng,
) -> Option<(String, String)> {
    wanted.iter().find_map(|wanted| {
        let hit = members.iter().find(|(name, value)| {
            let plain = name.to_lowercase();
            let ends = plain == *wanted || plain.ends_with(&format!("_{wanted}"));
            ends && is_short(value)
        });
        hit.map(|(name, value)| (name.clone(), text_of(value, rng)))
    })
}

fn identifier(members: &Map<String, Value>, rng: &mut Rng) -> Option<(String, String)> {
    let is_id = |name: &String| {
        words(name)
            .last()
            .is_some_and(|w| matches!(w.as_str(), "id" | "number" | "reference" | "code"))
            && name != "node_id"
    };
    let hit = members.iter().find(|(name, value)| is_id(name) && is_short(value));
    hit.map(|(name, value)| (name.clone(), text_of(value, rng)))
}

fn is_short(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            !text.is_empty() && text.len() <= 60 && !text.contains('\n') && !text.contains("://")
        }
        Value::Number(_) => true,
        _ => false,
    }
}

fn object(
    function: &Function,
    members: &Map<String, Value>,
    changes: bool,
    rng: &mut Rng,
) -> String {
    let biggest = members
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_array()?)))
        .filter(|(_, items)| items.iter().any(|item| label(item, &mut rng.clone()).is_some()))
        .max_by_key(|(_, items)| items.iter().filter(|i| i.is_object()).count());
    let lists_first =
        biggest.is_some_and(|(_, items)| items.first().is_some_and(Value::is_object)) && !changes;
    if let (Some((name, items)), true) = (biggest, lists_first) {
        return list(function, name, items, rng);
    }
    let facts = facts(members, rng);
    if facts.is_empty() {
        return match biggest {
            Some((name, items)) => list(function, name, items, rng),
            None => inner(function, members, changes, rng),
        };
    }
    let told: Vec<String> = facts.iter().map(|(name, value)| stated(name, value)).collect();
    let told = series(&told, "and");
    let forms = if changes {
        vec![
            format!("Done. {}", capital(&told)),
            format!("That's done: {told}"),
            format!("All set; {told}"),
            format!("It went through: {told}"),
            format!("Done: {told}"),
        ]
    } else {
        vec![
            capital(&told),
            format!("Here's what I found: {told}"),
            format!("According to the result, {told}"),
            capital(&told),
            format!("I looked it up: {told}"),
        ]
    };
    closed(&forms[rng.random_range(0..forms.len())])
}

/// An object that only holds objects: the first one that says something.
fn inner(
    function: &Function,
    members: &Map<String, Value>,
    changes: bool,
    rng: &mut Rng,
) -> String {
    let held = members
        .values()
        .filter_map(Value::as_object)
        .find(|inner| !facts(inner, &mut rng.clone()).is_empty());
    match held {
        Some(inner) => object(function, inner, changes, rng),
        None => done(rng).to_owned(),
    }
}

fn done(rng: &mut Rng) -> &'static str {
    let forms =
        ["Done.", "That's done.", "All done.", "It's done.", "That went through.", "All set."];
    forms[rng.random_range(0..forms.len())]
}

/// The two to four most telling scalar members, in the output's order.
fn facts<'v>(members: &'v Map<String, Value>, rng: &mut Rng) -> Vec<(&'v str, String)> {
    const DULL: &[&str] = &[
        "node", "url", "urls", "gravatar", "etag", "hash", "sha", "uuid", "cursor", "page",
        "offset", "limit", "timestamp", "avatar", "href", "html", "copyright", "credits", "guid",
        "success", "ok", "fbid",
    ];
    let dull = |name: &str| words(name).any(|word| DULL.contains(&word.as_str()));
    let rank = |name: &str| {
        let plain = name.to_lowercase();
        let among = |table: &[&str]| {
            table.iter().position(|w| plain == *w || plain.ends_with(&format!("_{w}")))
        };
        among(LABELS).map(|at| at / 4).or_else(|| among(DETAILS).map(|at| 3 + at / 3)).unwrap_or(12)
    };
    let mut ranked: Vec<(usize, usize, &'v str, &'v Value)> = members
        .iter()
        .enumerate()
        .filter(|(_, (name, value))| {
            !dull(name)
                && !says_it_went_well(value)
                && (is_short(value) || value.is_boolean())
                && name.len() <= 32
                && name.chars().any(char::is_alphabetic)
        })
        .map(|(at, (name, value))| {
            (rank(name) + usize::from(value.is_boolean()) * 6, at, name.as_str(), value)
        })
        .collect();
    ranked.sort_by_key(|(rank, at, ..)| (*rank, *at));
    ranked.truncate(3);
    ranked.sort_by_key(|(_, at, ..)| *at);
    ranked.into_iter().map(|(_, _, name, value)| (name, text_of(value, rng))).collect()
}

/// "success" is what "done" says already.
fn says_it_went_well(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default().to_lowercase();
    matches!(text.as_str(), "success" | "succeeded" | "successful" | "ok" | "okay" | "done")
}

/// "the price is 12.5".
fn stated(name: &str, value: &str) -> String {
    let parts: Vec<String> = words(name)
        .map(|w| match w.as_str() {
            "num" => "number".into(),
            _ => w,
        })
        .collect();
    if parts.len() > 1 && matches!(parts[0].as_str(), "is" | "has") {
        let rest = parts[1..].join(" ");
        let not = if value == "no" || value == "0" { "not " } else { "" };
        return match parts[0].as_str() {
            "is" => format!("it is {not}{rest}"),
            _ if not.is_empty() => format!("it has {rest}"),
            _ => format!("it has no {rest}"),
        };
    }
    let noun = parts.join(" ");
    let noun =
        noun.strip_suffix(" name").filter(|rest| !rest.is_empty()).unwrap_or(&noun).to_owned();
    let counted = parts.len() > 1 && matches!(parts[parts.len() - 1].as_str(), "count" | "total");
    let verb = if noun::is_plural(&noun) && !counted { "are" } else { "is" };
    format!("the {noun} {verb} {value}")
}

fn text_of(value: &Value, rng: &mut Rng) -> String {
    match value {
        Value::String(text) if text.contains('_') || text.split(' ').count() > 4 => {
            text.trim_end_matches('.').to_owned()
        }
        Value::String(text) if text.starts_with('+') => text.clone(),
        other => mention(other, STYLE, rng),
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::library::Document;
    use magnet_proto::{WalkIndex, rng};
    use serde_json::json;

    use super::*;

    fn reported(name: &str, output: &Value) -> String {
        let function = Function::from(Document {
            name: name.into(),
            description: String::new(),
            category: "things".into(),
            class: "things".into(),
            parameters: json!({"type": "object", "properties": {}}),
            response: None,
        });
        report(&function, output, &mut rng::stream(7, WalkIndex(0), "report")).to_lowercase()
    }

    #[test]
    fn success_is_not_told_as_a_fact() {
        let told = reported("update_agenda", &json!({"status": "success", "message": "OK"}));
        assert!(!told.contains("status") && !told.contains("message"), "{told}");
    }

    #[test]
    fn what_a_thing_has_and_what_it_lacks_are_told_apart() {
        assert!(reported("get_repo", &json!({"has_wiki": true})).contains("it has wiki"));
        assert!(reported("get_repo", &json!({"has_wiki": false})).contains("it has no wiki"));
    }
}
