//! How bad models spoil a good answer. Each way is one that real ones were
//! seen to have.

use serde_json::{Value, json};

use super::answer::{Ask, Purpose};
use super::behaviour::Draws;

pub(super) struct Damaged {
    pub(super) kind: &'static str,
    pub(super) text: String,
    /// The answer ends at the token limit.
    pub(super) is_cut: bool,
}

const KINDS: &[&str] = &[
    "wrong_function", "invented_arguments", "prose", "fences", "half_json", "leaked_hint",
    "duplicate_keys", "trailing_junk", "invented_value",
];

pub(super) fn spoil(ask: &Ask, good: &str, draws: &mut Draws) -> Damaged {
    let kind = draws.pick(KINDS);
    let damaged = |text: String| Damaged { kind, text, is_cut: false };
    match kind {
        "wrong_function" => damaged(good.replacen(r#""name":""#, r#""name":"super_"#, 1)),
        "invented_arguments" => damaged(with_argument(good, "made_up_by_me", json!("yes"))),
        "invented_value" => damaged(with_invented_value(good)),
        "prose" => damaged("Sure! I would be happy to help you with that. What else?".into()),
        "fences" => damaged(format!("Here you go:\n```json\n{good}\n```\nI hope it helps.")),
        "half_json" => {
            let half = good.char_indices().nth(good.chars().count() / 2).map_or(0, |(at, _)| at);
            Damaged { kind, text: good[..half].to_owned(), is_cut: true }
        }
        "leaked_hint" => damaged(with_hint(ask, good)),
        "duplicate_keys" => damaged(doubled(good)),
        _ => damaged(format!("{good}{}", ".0000000000".repeat(draws.below(30) + 1))),
    }
}

/// The objects of arguments in an answer.
fn arguments(answer: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    match answer.pointer("/calls/0/arguments").is_some() {
        true => answer.pointer_mut("/calls/0/arguments")?.as_object_mut(),
        false => answer.pointer_mut("/arguments")?.as_object_mut(),
    }
}

fn with_argument(good: &str, name: &str, value: Value) -> String {
    let mut answer: Value = serde_json::from_str(good).unwrap_or_default();
    match arguments(&mut answer) {
        Some(arguments) => {
            arguments.insert(name.to_owned(), value);
        }
        None => answer[name] = value,
    }
    answer.to_string()
}

/// A sentence that nothing supports.
const UNGROUNDED: &str = " The total is 987654 at Atlantis Towers.";

/// A value of the right type that nobody gave.
fn with_invented_value(good: &str) -> String {
    let mut answer: Value = serde_json::from_str(good).unwrap_or_default();
    if let Some(arguments) = arguments(&mut answer)
        && let Some(value) = arguments.values_mut().next()
    {
        match value {
            Value::String(text) => *text = format!("{text} of Atlantis"),
            Value::Number(_) => *value = json!(987_654),
            _ => {}
        }
    }
    for key in ["request", "say"] {
        if let Some(Value::String(text)) = answer.get_mut(key) {
            text.push_str(UNGROUNDED);
        }
    }
    for reply in answer["replies"].as_array_mut().into_iter().flatten() {
        if let Value::String(text) = reply {
            text.push_str(UNGROUNDED);
        }
    }
    answer.to_string()
}

fn with_hint(ask: &Ask, good: &str) -> String {
    let mut answer: Value = serde_json::from_str(good).unwrap_or_default();
    let leak = "As the hint says, [Hint]: follow the reference call.";
    match ask.purpose {
        Purpose::Back => answer["request"] = leak.into(),
        Purpose::Act => return json!({ "say": leak }).to_string(),
        Purpose::Conclude => answer["replies"][0] = leak.into(),
        _ => answer["note"] = leak.into(),
    }
    answer.to_string()
}

/// Two objects squeezed into one: the first member stands twice.
fn doubled(good: &str) -> String {
    let answer: Value = serde_json::from_str(good).unwrap_or_default();
    match answer.as_object().and_then(|members| members.iter().next()) {
        Some((name, value)) => {
            let rest = good.trim_start_matches('{');
            format!("{{{}:{value},{rest}", json!(name))
        }
        None => good.to_owned(),
    }
}
