//! The words and values of a mock's people.

use serde_json::{Map, Value, json};

use super::behaviour::Draws;

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
    "Everything that matters about it follows.",
];
const WORDS: &[&str] = &[
    "amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "hazel", "inlet", "jasper",
    "kelp", "larch", "maple", "north", "opal", "pine", "quartz", "ridge", "slate", "thyme",
    "umber", "velvet", "willow", "yarrow", "zephyr", "acorn", "brook", "cliff", "dune", "elm",
];

/// Two sentences and a few words that no other request has.
pub(super) fn sentences(draws: &mut Draws) -> String {
    let mut words = || draws.pick(WORDS);
    let marker = [words(), words(), words(), words(), words()].join(" ");
    let (opener, middle) = (draws.pick(OPENERS), draws.pick(MIDDLES));
    format!("{opener} {middle} I call it {marker}.")
}

/// Every value as it is said.
pub(super) fn scalars(value: &Value, said: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| scalars(item, said)),
        Value::Object(members) => members.values().for_each(|member| scalars(member, said)),
        Value::String(text) => said.push(text.clone()),
        Value::Number(number) => said.push(number.to_string()),
        Value::Bool(_) | Value::Null => {}
    }
}

/// Some value that follows a schema.
pub(super) fn following(schema: &Value, draws: &mut Draws) -> Value {
    if let Some(choices) = schema["enum"].as_array().filter(|choices| !choices.is_empty()) {
        return choices[draws.below(choices.len())].clone();
    }
    if let Some(only) = schema.get("const") {
        return only.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    let least = schema["minimum"].as_f64();
    let most = schema["maximum"].as_f64();
    let least = least.unwrap_or_else(|| most.map_or(1.0, |most| most.min(1.0)));
    let span = most.map_or(50.0, |most| (most - least).clamp(0.0, 50.0));
    match kind {
        Some("boolean") => json!(draws.below(2) == 0),
        Some("null") => Value::Null,
        Some("integer") => json!(least as i64 + draws.below(span as usize + 1) as i64),
        Some("number") => json!(least + draws.below((span * 4.0) as usize + 1) as f64 / 4.0),
        Some("array") => {
            let most = schema["maxItems"].as_u64().unwrap_or(2);
            let items = schema["minItems"].as_u64().unwrap_or(most.min(2));
            (0..items).map(|_| following(&schema["items"], draws)).collect()
        }
        Some("object") => {
            let mut members = Map::new();
            for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                members.insert(name.clone(), following(schema, draws));
            }
            Value::Object(members)
        }
        _ => json!(match schema["format"].as_str() {
            Some("date") => format!("2026-05-{:02}", draws.below(28) + 1),
            Some("time") => format!("{:02}:30", draws.below(12) + 8),
            Some("date-time") => format!("2026-05-{:02}T09:30:00Z", draws.below(28) + 1),
            Some("email") => format!("{}@example.com", draws.pick(WORDS)),
            Some("uri" | "url") => format!("https://example.com/{}", draws.pick(WORDS)),
            _ => format!("{} {}", draws.pick(WORDS), draws.pick(WORDS)),
        }),
    }
}

/// Prose that says what the outputs say and nothing else.
pub(super) fn summary(outputs: &[&str]) -> String {
    let mut facts = Vec::new();
    for output in outputs {
        match serde_json::from_str::<Value>(output) {
            Ok(output) if output.get("error").is_some() => {}
            Ok(output) => leaves(&output, "result", &mut facts),
            Err(_) => {}
        }
    }
    facts.truncate(6);
    match facts.is_empty() {
        true => "That did not work out, and there is nothing to tell.".into(),
        false => format!("That is done; {}.", facts.join("; ")),
    }
}

fn leaves(value: &Value, name: &str, facts: &mut Vec<String>) {
    let name = name.replace('_', " ").to_lowercase();
    match value {
        Value::Object(members) => members.iter().for_each(|(key, v)| leaves(v, key, facts)),
        Value::Array(items) => items.iter().take(1).for_each(|item| leaves(item, &name, facts)),
        Value::String(text) if text.len() > 60 => {}
        Value::String(text) => facts.push(format!("{name} {text}")),
        Value::Number(number) => facts.push(format!("{name} {number}")),
        Value::Bool(_) | Value::Null => {}
    }
}
