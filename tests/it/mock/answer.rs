//! What a good model answers: a function of the request alone.
//!
//! The kind of ask is read off the schema of the wanted answer, wherever the
//! request carries it. A request that the mock writes lists its values after
//! "Details:"; when it fills a call, it takes them from there or from an
//! output.

use serde_json::{Map, Value, json};

use super::behaviour::Draws;
use super::values::{self, Sources};

/// A request, as far as a model looks at it.
pub(super) struct Ask {
    pub(super) purpose: Purpose,
    /// The last message.
    pub(super) text: String,
    schema: Value,
    draws: Draws,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Back,
    Forth,
    Act,
    JudgeEdges,
    JudgeNested,
    JudgeTurn,
    Categorize,
    /// Anything else with a schema: a value that follows it.
    Schema,
    Text,
}

impl Purpose {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Back => "back",
            Self::Forth => "forth",
            Self::Act => "act",
            Self::JudgeEdges => "judge_edges",
            Self::JudgeNested => "judge_nested",
            Self::JudgeTurn => "judge_turn",
            Self::Categorize => "categorize",
            Self::Schema => "schema",
            Self::Text => "text",
        }
    }

    fn of(schema: &Value) -> Self {
        let has = |name: &str| schema.pointer(&format!("/properties/{name}")).is_some();
        let kinds = [
            ("request", Self::Back),
            ("calls", Self::Act),
            ("arguments", Self::Forth),
            ("next", Self::JudgeEdges),
            ("nested", Self::JudgeNested),
            ("right", Self::JudgeTurn),
            ("labels", Self::Categorize),
        ];
        let known = kinds.into_iter().find(|(name, _)| has(name)).map(|(_, kind)| kind);
        match known {
            Some(kind) => kind,
            None if schema.is_object() => Self::Schema,
            None => Self::Text,
        }
    }
}

impl Ask {
    pub(super) fn read(body: &Value) -> Self {
        let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let text = messages.last().and_then(|last| last["content"].as_str()).unwrap_or_default();
        let told = body.pointer("/response_format/json_schema/schema").cloned();
        let (text, schema) = match (told, text.rsplit_once("JSON Schema:\n")) {
            (Some(schema), _) => (text, schema),
            (None, Some((text, schema))) => {
                (text, serde_json::from_str(schema.trim()).unwrap_or(Value::Null))
            }
            (None, None) => (text, Value::Null),
        };
        // The dialect must not matter: what was asked does.
        let seed = body["seed"].to_string();
        let draws = Draws::of(&[text.as_bytes(), schema.to_string().as_bytes(), seed.as_bytes()]);
        Self { purpose: Purpose::of(&schema), text: text.to_owned(), schema, draws }
    }

    pub(super) fn answer(&self) -> String {
        let mut draws = self.draws.clone();
        let value = match self.purpose {
            Purpose::Back => json!({ "request": self.back(&mut draws) }),
            Purpose::Forth => json!({ "arguments": self.forth(&mut draws) }),
            Purpose::Act => self.act(),
            Purpose::JudgeEdges => json!({ "next": [] }),
            Purpose::JudgeNested => json!({ "nested": false }),
            Purpose::JudgeTurn => json!({ "right": true }),
            Purpose::Categorize => self.categorize(),
            Purpose::Schema => values::following(&self.schema, &mut draws),
            Purpose::Text => return "All right.".into(),
        };
        value.to_string()
    }

    fn back(&self, draws: &mut Draws) -> String {
        let turn = self.text.rsplit_once("This turn:").map_or("", |(_, turn)| turn);
        let mut text = String::new();
        if let Some((_, after)) = turn.split_once("Say now that ") {
            let name = after.split_whitespace().next().unwrap_or_default();
            return format!("I have added {name} for you. {}", values::sentence(draws));
        }
        text.push_str(&values::sentence(draws));
        for line in turn.lines() {
            let fed = line.trim().strip_prefix("comes from an output: ");
            if let Some((parameter, path)) = fed.and_then(|fed| fed.split_once(" (from ")) {
                let path = path.trim_end_matches(')').rsplit(", ").next().unwrap_or_default();
                text.push_str(&format!(" Use <{parameter}={path}> as you found it."));
            }
        }
        text.push_str(&values::details(draws));
        text
    }

    fn forth(&self, draws: &mut Draws) -> Value {
        let schema = &self.schema["properties"]["arguments"];
        let copy = self.text.split_once("This is call ").map_or(0, |(_, rest)| {
            rest.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(1) - 1
        });
        let requests: Vec<&str> =
            self.text.lines().filter_map(|line| line.strip_prefix("Person: ")).collect();
        let outputs = self.text.lines().filter_map(|line| line.strip_prefix("Output: "));
        let outputs = outputs.filter_map(|text| serde_json::from_str(text).ok()).collect();
        let prefers_outputs = self.text.contains("The person did not ask for this call");
        let mut sources = Sources::new(&requests, outputs, prefers_outputs, copy);
        let mut arguments = Map::new();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for name in required.iter().filter_map(Value::as_str) {
            let value = sources.value(name, &schema["properties"][name], draws);
            arguments.insert(name.to_owned(), value);
        }
        Value::Object(arguments)
    }

    /// Follows the hint one call at a time, then says what came of it.
    fn act(&self) -> Value {
        let (conversation, hint) = self.text.rsplit_once("[Hint]: ").unwrap_or((&self.text, ""));
        let hint = hint.lines().next().unwrap_or_default();
        let calls = hinted(hint);
        if calls.is_empty() {
            return json!({ "say": decline(hint) });
        }
        let turn = conversation.rsplit_once("\nPerson: ").map_or(conversation, |(_, turn)| turn);
        let steps: Vec<(&str, &str)> = turn
            .lines()
            .filter_map(|line| Some(("call", line.strip_prefix("You call: ")?)).or_else(|| None))
            .chain(turn.lines().filter_map(|line| Some(("output", line.strip_prefix("Output: ")?))))
            .collect();
        let made: Vec<&str> =
            steps.iter().filter(|(kind, _)| *kind == "call").map(|(_, text)| *text).collect();
        let outputs: Vec<&str> =
            steps.iter().filter(|(kind, _)| *kind == "output").map(|(_, text)| *text).collect();
        let is_made = |call: &&(String, Value)| {
            let (name, arguments) = call;
            let same = |made: &&&str| {
                made.split_once(' ').is_some_and(|(made, with)| {
                    made == name
                        && serde_json::from_str::<Value>(with).is_ok_and(|w| w == *arguments)
                })
            };
            made.iter().filter(same).count() > 0
        };
        let failed_once = outputs.last().is_some_and(|last| values::is_error(last))
            && outputs.iter().filter(|output| values::is_error(output)).count() == 1;
        if failed_once && let Some((name, with)) = made.last().and_then(|m| m.split_once(' ')) {
            let arguments: Value = serde_json::from_str(with).unwrap_or_default();
            return json!({ "calls": [{ "name": name, "arguments": arguments }] });
        }
        match calls.iter().find(|call| !is_made(call)) {
            Some((name, arguments)) => {
                json!({ "calls": [{ "name": name, "arguments": arguments }] })
            }
            None => json!({ "say": values::summary(&outputs) }),
        }
    }

    fn categorize(&self) -> Value {
        let names = self.text.lines().filter_map(|line| {
            let function: Value =
                serde_json::from_str(line.trim().trim_start_matches("- ")).ok()?;
            Some(function.get("name")?.as_str()?.to_owned())
        });
        let label = |name: String| json!({ "name": name, "category": "misc", "class": "misc" });
        json!({ "labels": names.map(label).collect::<Vec<_>>() })
    }
}

/// The calls of a hint: `name {…}; then name {…}`.
pub(super) fn hinted(hint: &str) -> Vec<(String, Value)> {
    let mut calls = Vec::new();
    let mut rest = hint;
    while let Some((name, after)) = rest.split_once(" {") {
        let with = format!("{{{after}");
        let mut values = serde_json::Deserializer::from_str(&with).into_iter::<Value>();
        let Some(Ok(arguments)) = values.next() else {
            break;
        };
        let end = values.byte_offset();
        calls.push((name.trim().to_owned(), arguments));
        rest = &after[end - 1..];
        rest = rest.strip_prefix("; then ").unwrap_or(rest);
    }
    calls
}

fn decline(hint: &str) -> &'static str {
    match hint.trim() {
        "missed params" => "One thing is missing before I start: which value should I use for it?",
        "miss function" => {
            "None of the tools on offer does that. If you add one that does, I will go on."
        }
        _ => "None of the tools on offer fits that, so there is nothing here for me to call.",
    }
}
