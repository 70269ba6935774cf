//! The values a mock's people speak of, and where its calls take theirs from.

use serde_json::{Map, Value, json};

use super::behaviour::Draws;

const FIRST: &[&str] = &[
    "Orrin", "Maelle", "Tobias", "Yumi", "Idris", "Freya", "Anselm", "Noor", "Caspian", "Liesl",
    "Bram", "Ottilie", "Kofi", "Signe", "Dario", "Wren", "Hakon", "Petra", "Ravi", "Elodie",
];
const LAST: &[&str] = &[
    "Valewood", "Ashdown", "Quimby", "Thorne", "Lindqvist", "Marlowe", "Okafor", "Brandt",
    "Castellan", "Dunmore", "Ferreira", "Halvorsen", "Ivanek", "Jessop", "Kestrel", "Lombard",
];
const OPENERS: &[&str] = &[
    "My neighbour left me with a small mess and I would like it sorted today.",
    "We talked about it over lunch and everyone agreed somebody has to do it.",
    "Before the weekend starts I want this off my desk for good.",
    "It came up again this morning, so let us settle it properly.",
    "I promised my sister an answer by tonight and have done nothing yet.",
    "The team keeps asking, and I would rather show them than explain.",
    "Nothing fancy, just what we spoke of, done with care.",
    "I have put this off for a month and my patience is gone.",
    "Someone at the front desk will want to see this in an hour.",
    "Think of it as a favour between old friends.",
];
const MIDDLES: &[&str] = &[
    "Start wherever it makes sense and tell me how it went.",
    "I trust you with the order in which it happens.", "Keep it short when you come back to me.",
    "Whatever comes first should come first.", "There is no hurry, but there is no second chance.",
    "If it looks odd, it is meant to be that way.", "My own notes are below, word for word.",
    "Everything I know about it follows.",
];

pub(super) fn sentence(draws: &mut Draws) -> String {
    format!("{} {}", draws.pick(OPENERS), draws.pick(MIDDLES))
}

/// Values of every kind that schemas ask for.
pub(super) fn details(draws: &mut Draws) -> String {
    let mut values = Vec::new();
    for _ in 0..3 {
        let person = (draws.pick(FIRST), draws.pick(LAST), draws.below(9_000) + 1_000);
        let (first, last, number) = person;
        values.push(format!("{first} {last}"));
        values.push(format!("{last}-{number}"));
        values.push(format!("{}.{number}@example.com", first.to_lowercase()));
        values.push(format!("https://example.com/{}/{number}", last.to_lowercase()));
        let (month, day) = (draws.below(12) + 1, draws.below(28) + 1);
        values.push(format!("2026-{month:02}-{day:02}"));
        values.push(format!("{:02}:{:02}", draws.below(12) + 8, draws.below(4) * 15));
        values.push(format!("2026-{month:02}-{day:02}T{:02}:30:00Z", draws.below(12) + 8));
        values.push(format!("+49{}", 1_500_000_000 + draws.below(400_000_000)));
        values.push(format!("{}", draws.below(8) + 2));
        values.push(format!("{}", draws.below(79) + 13));
        values.push(format!("{}", draws.below(899) + 101));
        values.push(format!("{number}"));
        values.push(format!("{}.{}", draws.below(70) + 10, draws.below(89) + 11));
        values.push((*draws.pick(&["EUR", "USD", "CHF", "GBP", "NOK", "JPY"])).to_owned());
        values.push((*draws.pick(&["OSL", "CDG", "VIE", "LIS", "ZRH", "HND"])).to_owned());
    }
    format!(" Details: {}", values.join("; "))
}

/// Where the values of one call come from.
pub(super) struct Sources {
    /// What the person's requests list, the latest request first.
    said: Vec<String>,
    /// Parameters the last request leaves to an output, with its path.
    fed: Vec<(String, String)>,
    /// Oldest first.
    outputs: Vec<Value>,
    prefers_outputs: bool,
    /// Which of several parallel calls: each takes other values.
    copy: usize,
    used: Vec<String>,
}

impl Sources {
    pub(super) fn new(
        requests: &[&str],
        outputs: Vec<Value>,
        prefers_outputs: bool,
        copy: usize,
    ) -> Self {
        let listed = |request: &&str| {
            let list = request.split_once("Details: ").map_or("", |(_, list)| list).to_owned();
            list.split("; ").map(|value| value.trim().to_owned()).collect::<Vec<_>>()
        };
        let said = requests.iter().rev().flat_map(listed).filter(|v| !v.is_empty()).collect();
        let last = requests.last().copied().unwrap_or_default();
        let fed = last.split(" Use <").skip(1).filter_map(|part| {
            let (parameter, path) = part.split_once('>')?.0.split_once('=')?;
            Some((parameter.to_owned(), path.to_owned()))
        });
        Self { said, fed: fed.collect(), outputs, prefers_outputs, copy, used: Vec::new() }
    }

    pub(super) fn value(&mut self, name: &str, schema: &Value, draws: &mut Draws) -> Value {
        let fed = self.fed.iter().find(|(parameter, _)| parameter == name);
        let key = fed.map(|(_, path)| last_key(path).to_owned());
        if (key.is_some() || self.prefers_outputs)
            && let Some(value) = self.returned(name, key.as_deref(), schema)
        {
            return value;
        }
        self.made(name, schema, draws)
    }

    /// The latest output's value of that name, if it fits.
    fn returned(&self, name: &str, key: Option<&str>, schema: &Value) -> Option<Value> {
        let keys: Vec<&str> = key.into_iter().chain([name]).collect();
        let found = self.outputs.iter().rev().find_map(|output| {
            keys.iter().find_map(|key| search(output, key, "", &|value| fits(value, schema)))
        })?;
        match (&found, kind(schema)) {
            (_, "array") if !found.is_array() => Some(json!([found])),
            _ => Some(found),
        }
    }

    fn made(&mut self, name: &str, schema: &Value, draws: &mut Draws) -> Value {
        if let Some(choices) = schema["enum"].as_array().filter(|choices| !choices.is_empty()) {
            return choices[(draws.below(choices.len()) + self.copy) % choices.len()].clone();
        }
        if let Some(only) = schema.get("const") {
            return only.clone();
        }
        match kind(schema) {
            "boolean" => json!(draws.below(2) == 0),
            "null" => Value::Null,
            "array" => {
                let least = schema["minItems"].as_u64().unwrap_or(1).clamp(1, 3);
                (0..least).map(|_| self.made(name, &schema["items"], draws)).collect()
            }
            "object" => {
                let mut members = Map::new();
                let required = schema["required"].as_array().cloned().unwrap_or_default();
                for name in required.iter().filter_map(Value::as_str) {
                    let inner = self.made(name, &schema["properties"][name], draws);
                    members.insert(name.to_owned(), inner);
                }
                Value::Object(members)
            }
            kind => self.said(name, kind, schema),
        }
    }

    /// Something the person said that fits, unused in this call if possible.
    fn said(&mut self, name: &str, kind: &str, schema: &Value) -> Value {
        let read = |text: &String| -> Option<Value> {
            let value = match kind {
                "integer" => json!(text.parse::<i64>().ok()?),
                "number" => serde_json::from_str(text).ok().filter(Value::is_number)?,
                _ => json!(text),
            };
            fits(&value, schema).then_some(value)
        };
        let wanted = looks(name, schema);
        let suits = |text: &&String| wanted.is_none_or(|wanted| look(text) == wanted);
        let mut candidates: Vec<&String> = self.said.iter().filter(suits).collect();
        candidates.retain(|text| read(text).is_some());
        if candidates.is_empty() {
            candidates = self.said.iter().filter(|text| read(text).is_some()).collect();
        }
        let fresh: Vec<&&String> =
            candidates.iter().filter(|text| !self.used.contains(text)).collect();
        let chosen = match fresh.get(self.copy % fresh.len().max(1)) {
            Some(text) => (**text).clone(),
            None => candidates.first().map_or_else(|| "unknown".to_owned(), |t| (*t).clone()),
        };
        let value = read(&chosen).unwrap_or_else(|| json!(chosen));
        self.used.push(chosen);
        value
    }
}

/// What a string is, at a glance.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Name,
    Code,
    Email,
    Url,
    Date,
    Time,
    Moment,
    Phone,
    Number,
    Short,
}

fn look(text: &str) -> Look {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    match text {
        _ if text.contains('@') => Look::Email,
        _ if text.starts_with("http") => Look::Url,
        _ if text.contains('T') && text.ends_with('Z') => Look::Moment,
        _ if text.starts_with("2026-") => Look::Date,
        _ if text.len() == 5 && text.contains(':') => Look::Time,
        _ if text.starts_with('+') => Look::Phone,
        _ if text.parse::<f64>().is_ok() => Look::Number,
        _ if text.len() == 3 => Look::Short,
        _ if digits > 0 => Look::Code,
        _ => Look::Name,
    }
}

/// What a parameter asks for.
fn looks(name: &str, schema: &Value) -> Option<Look> {
    if matches!(kind(schema), "integer" | "number") {
        return Some(Look::Number);
    }
    let name = name.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    Some(match schema["format"].as_str() {
        Some("date") => Look::Date,
        Some("time") => Look::Time,
        Some("date-time") => Look::Moment,
        Some("email" | "idn-email") => Look::Email,
        Some("uri" | "url" | "iri" | "uri-reference") => Look::Url,
        Some("phone") => Look::Phone,
        _ if schema.get("pattern").is_some() => return None,
        _ if says(&["email"]) => Look::Email,
        _ if says(&["url", "link"]) => Look::Url,
        _ if says(&["phone"]) => Look::Phone,
        _ if says(&["date", "day"]) => Look::Date,
        _ if says(&["time"]) => Look::Time,
        _ if says(&["currency", "airport"]) => Look::Short,
        _ if says(&["id", "code", "number"]) => Look::Code,
        _ => Look::Name,
    })
}

fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("string")
        }
        _ if schema.get("properties").is_some() => "object",
        _ => "string",
    }
}

/// Whether a value follows the schema, as far as that decides between values.
fn fits(value: &Value, schema: &Value) -> bool {
    if let Some(choices) = schema["enum"].as_array() {
        return choices.contains(value);
    }
    let bound = |key: &str| schema[key].as_f64();
    match (kind(schema), value) {
        ("integer", Value::Number(n)) if !n.is_i64() && !n.is_u64() => false,
        ("integer" | "number", Value::Number(number)) => {
            let number = number.as_f64().unwrap_or_default();
            bound("minimum").is_none_or(|least| number >= least)
                && bound("maximum").is_none_or(|most| number <= most)
                && bound("exclusiveMinimum").is_none_or(|least| number > least)
                && bound("exclusiveMaximum").is_none_or(|most| number < most)
        }
        ("string", Value::String(text)) => {
            let length = text.chars().count() as f64;
            let pattern = schema["pattern"].as_str().and_then(|p| regex::Regex::new(p).ok());
            bound("minLength").is_none_or(|least| length >= least)
                && bound("maxLength").is_none_or(|most| length <= most)
                && pattern.is_none_or(|pattern| pattern.is_match(text))
        }
        ("array", Value::Array(items)) => items.iter().all(|item| fits(item, &schema["items"])),
        ("array", scalar) => !scalar.is_object() && fits(scalar, &schema["items"]),
        ("object", Value::Object(_)) => true,
        _ => false,
    }
}

fn last_key(path: &str) -> &str {
    let names = |part: &&str| !matches!(*part, "" | "*" | "0" | "[]");
    path.split(['/', '.']).rfind(names).unwrap_or(path)
}

/// The first member of that name, or whose container and name make it up.
fn search(value: &Value, key: &str, within: &str, fits: &dyn Fn(&Value) -> bool) -> Option<Value> {
    match value {
        Value::Object(members) => {
            let is_key = |name: &str| {
                name == key || format!("{}_{name}", within.trim_end_matches('s')) == key
            };
            let here = members.iter().find(|(name, value)| is_key(name) && fits(value));
            here.map(|(_, value)| value.clone())
                .or_else(|| members.iter().find_map(|(name, value)| search(value, key, name, fits)))
        }
        Value::Array(items) => items.iter().find_map(|item| search(item, key, within, fits)),
        _ => None,
    }
}

/// Whether an output is an error.
pub(super) fn is_error(output: &str) -> bool {
    serde_json::from_str::<Value>(output).is_ok_and(|output| output.get("error").is_some())
}

/// Prose that says what the outputs say and nothing else.
pub(super) fn summary(outputs: &[&str]) -> String {
    let mut said = Vec::new();
    for output in outputs {
        match serde_json::from_str::<Value>(output) {
            Ok(output) if output.get("error").is_some() => {
                said.push(format!("one step did not work: {}", output["error"]));
            }
            Ok(output) => leaves(&output, "result", &mut said),
            Err(_) => {}
        }
    }
    said.truncate(6);
    match said.is_empty() {
        true => "That is done.".into(),
        false => format!("That is done; {}.", said.join("; ")),
    }
}

fn leaves(value: &Value, name: &str, said: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, v)| leaves(v, key, said)),
        Value::Array(items) => items.iter().take(1).for_each(|item| leaves(item, name, said)),
        Value::String(text) if text.len() > 60 => {}
        Value::String(text) => said.push(format!("{} {text}", name.replace('_', " "))),
        Value::Number(number) => said.push(format!("{} {number}", name.replace('_', " "))),
        Value::Bool(_) | Value::Null => {}
    }
}

/// Some value that follows a schema.
pub(super) fn following(schema: &Value, draws: &mut Draws) -> Value {
    let list = details(draws);
    let mut sources = Sources::new(&[&list], Vec::new(), false, 0);
    match kind(schema) {
        "object" => {
            let members = schema["properties"].as_object().cloned().unwrap_or_default();
            let made = |(name, schema): (String, Value)| {
                let value = sources.made(&name, &schema, draws);
                (name, value)
            };
            Value::Object(members.into_iter().map(made).collect())
        }
        _ => sources.made("value", schema, draws),
    }
}
