//! What a good model answers: a function of the request alone.
//!
//! Everything it needs stands in the machine-readable line of the request,
//! `Task: {…}` or `[Hint]: {…}`; which kind of ask it is, too. So the dialect
//! of an endpoint changes nothing. Only a student, whom nobody hints, knows
//! what it heard before: the right step of a conversation, when it was hinted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::behaviour::{Behaviour, Draws};
use super::{packs, values};

/// A request, as far as a model looks at it.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) purpose: Purpose,
    text: String,
    task: Value,
    draws: Draws,
}

/// The right steps that were hinted, by the conversation before them, and what
/// requests are to lead to, by their text.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<HashMap<String, String>>, Mutex<HashMap<String, Vec<Value>>>);

impl Heard {
    fn step(&self, ask: &Ask) -> Option<String> {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.get(ask.conversation()).cloned()
    }

    /// The functions that a request of ours was written for.
    fn needs(&self, request: &Value) -> Option<Vec<Value>> {
        let written = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        written.get(request.as_str()?).cloned()
    }

    fn written(&self, request: &str, task: &Value) {
        let leads_to = task["leads_to"].as_array().into_iter().flatten();
        let name = |told: &Value| Some(Value::from(told.as_str()?.split(':').next()?));
        let names: Vec<Value> = leads_to.filter_map(name).collect();
        if !names.is_empty() {
            let mut written = self.1.lock().unwrap_or_else(PoisonError::into_inner);
            written.insert(request.to_owned(), names);
        }
    }

    /// The first is the right one: who is misled has been led before.
    fn keep(&self, ask: &Ask, step: &str) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.entry(ask.conversation().to_owned()).or_insert_with(|| step.to_owned());
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Outline,
    Back,
    Forth,
    Act,
    Conclude,
    RollOut,
    Simulate,
    JudgeEdges,
    JudgeNested,
    JudgeTurn,
    JudgeCalls,
    JudgeDoubt,
    Categorize,
    PackWorld,
    PackWords,
    Other,
}

impl Purpose {
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Outline => "outline",
            Self::Back => "back",
            Self::Forth => "forth",
            Self::Act => "act",
            Self::Conclude => "conclude",
            Self::RollOut => "roll_out",
            Self::Simulate => "simulate",
            Self::JudgeEdges => "judge_edges",
            Self::JudgeNested => "judge_nested",
            Self::JudgeTurn => "judge_turn",
            Self::JudgeCalls => "judge_calls",
            Self::JudgeDoubt => "judge_doubt",
            Self::Categorize => "categorize",
            Self::PackWorld => "pack_world",
            Self::PackWords => "pack_words",
            Self::Other => "other",
        }
    }

    fn of(task: &Value, text: &str, system: &str) -> Self {
        let has = |key: &str| task.get(key).is_some();
        match () {
            () if has("replies") => Self::Conclude,
            () if has("module") => Self::PackWorld,
            () if has("wording_of") => Self::PackWords,
            () if has("now") || has("speak") => Self::Act,
            () if has("turns") => Self::Outline,
            () if has("kind") => Self::Back,
            () if has("doubted") => Self::JudgeDoubt,
            () if has("request") => Self::JudgeCalls,
            () if has("determined") => Self::Forth,
            () if has("schema") => Self::Simulate,
            () if has("categories") => Self::Categorize,
            () if has("candidates") && system.contains("nested") => Self::JudgeNested,
            () if has("candidates") => Self::JudgeEdges,
            () if has("expected") => Self::JudgeTurn,
            () if text.contains("Tools on offer:") => Self::RollOut,
            () => Self::Other,
        }
    }
}

impl Ask {
    pub(super) fn read(body: &Value) -> Self {
        let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let content = |message: Option<&Value>| {
            message.and_then(|m| m["content"].as_str()).unwrap_or_default().to_owned()
        };
        let (system, text) = (content(messages.first()), content(messages.last()));
        let line = text
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("Task: ").or_else(|| line.strip_prefix("[Hint]: ")));
        let task: Value = line.and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        let problem = text.rsplit_once("Your last answer was refused").map_or("", |(_, why)| why);
        // Without the schema that some dialects append.
        let problem = problem.lines().next().unwrap_or_default();
        let seed = body["seed"].to_string();
        let told = task.to_string();
        let draws = Draws::of(&[told.as_bytes(), problem.as_bytes(), seed.as_bytes()]);
        Self { purpose: Purpose::of(&task, &text, &system), text, task, draws }
    }

    /// Decided by what is asked and how it is sampled, whatever is said beside.
    pub(super) fn draws_of_sampling(&self, body: &Value, seed: &[u8]) -> Draws {
        let sampling = format!("{} {}", body["seed"], body["temperature"]);
        Draws::of(&[seed, b"stubborn", self.task.to_string().as_bytes(), sampling.as_bytes()])
    }

    pub(super) fn answer(&self, behaviour: &Behaviour, heard: &Heard) -> String {
        let Behaviour { student_rights, doubts, .. } = *behaviour;
        let mut draws = self.draws.clone();
        if self.purpose == Purpose::PackWorld {
            return packs::world(&self.text, &self.task, behaviour.worlds, &mut draws);
        }
        if self.purpose == Purpose::RollOut
            && draws.share() < student_rights
            && let Some(step) = heard.step(self)
        {
            return step;
        }
        let value = match self.purpose {
            Purpose::Outline => self.outline(&mut draws),
            Purpose::Back => {
                let request = self.back(&mut draws);
                heard.written(&request, &self.task);
                json!({ "request": request })
            }
            Purpose::Forth => json!({ "give_up": "", "arguments": self.forth(&mut draws) }),
            Purpose::Act => self.act(),
            Purpose::Conclude => self.conclude(),
            Purpose::RollOut => json!({ "calls": [], "say": values::summary(&self.outputs()) }),
            Purpose::Simulate => values::following(&self.task["schema"], &mut draws),
            Purpose::JudgeEdges => self.edges(&mut draws),
            Purpose::JudgeNested => json!({ "answers": [] }),
            Purpose::JudgeTurn => json!({ "why": "It does not do what was asked.", "error": 5 }),
            Purpose::JudgeCalls | Purpose::JudgeDoubt => {
                let sees = draws.share() >= doubts;
                let needed =
                    || heard.needs(&self.task["request"]).unwrap_or_else(|| self.offered());
                json!({ "calls": if sees { needed() } else { Vec::new() } })
            }
            Purpose::Categorize => self.categorize(),
            Purpose::PackWords => packs::words(&self.text, &self.task, behaviour.words, &mut draws),
            Purpose::PackWorld | Purpose::Other => json!({ "ok": true }),
        };
        let answer = value.to_string();
        if self.purpose == Purpose::Act && student_rights > 0.0 {
            heard.keep(self, &answer);
        }
        answer
    }

    /// What was said and done so far.
    fn conversation(&self) -> &str {
        let after = self.text.split_once("\nConversation:\n").map_or("", |(_, after)| after);
        let ends = ["\n\n[Hint]: ", "\n\nYour last answer was refused"];
        ends.into_iter().fold(after, |text, end| text.split(end).next().unwrap_or(text)).trim_end()
    }

    /// What the person of the path is after: each step for its own sake, and
    /// the first step that could be needed.
    fn outline(&self, draws: &mut Draws) -> Value {
        let turns = self.task["turns"].as_array().map(Vec::as_slice).unwrap_or_default();
        let has_values = self.task["values"] == true;
        let told = turns.iter().map(|turn| {
            let steps = turn["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
            let proposed = turn.pointer("/could_be_needed/0").filter(|_| steps.len() < 3);
            let mut wants: Vec<Value> = (0..steps.len())
                .map(|step| json!({ "step": step, "place": "", "words": format!("step {step} done") }))
                .collect();
            if let Some(step) = proposed {
                let document = self.document(&step["function"]);
                let place = document["returns"][0].as_str().unwrap_or("");
                let place = place.split(": ").next().unwrap_or_default();
                wants.push(json!({ "step": steps.len(), "place": place, "words": "what it says" }));
            }
            let mut entry = json!({
                "why": "it comes next",
                "wants": wants,
                "take": proposed.map_or(&Value::Null, |step| &step["function"]).as_str().unwrap_or(""),
                "implicit": [],
            });
            if has_values {
                let mut values = Vec::new();
                for (at, step) in steps.iter().chain(proposed).enumerate() {
                    self.values(step, at, &mut values, draws);
                }
                let alone = turn.get("asks_in_vain_for").or_else(|| turn.get("asks_for"));
                if let Some(function) = alone.filter(|_| steps.is_empty()) {
                    let step = json!({ "function": function });
                    self.values(&step, 0, &mut values, draws);
                }
                entry["values"] = values.into();
            }
            entry
        });
        json!({ "no_purpose": "", "aim": "to get it all done", "turns": told.collect::<Vec<_>>() })
    }

    /// The required values of a step that nothing feeds.
    fn values(&self, step: &Value, at: usize, values: &mut Vec<Value>, draws: &mut Draws) {
        let schema = &self.document(&step["function"])["parameters"];
        let fed = |name: &str| {
            step["fed"].as_array().into_iter().flatten().any(|feed| feed["parameter"] == name)
        };
        for copy in 0..step["times"].as_u64().unwrap_or(1) {
            let required = schema["required"].as_array().into_iter().flatten();
            for name in required.filter_map(Value::as_str).filter(|name| !fed(name)) {
                let value = values::following(&schema["properties"][name], draws);
                values.push(json!({ "step": at, "copy": copy, "parameter": name, "how": "say",
                    "value": value }));
            }
        }
    }

    /// The document of a function, as the request tells it.
    fn document(&self, name: &Value) -> Value {
        let documents = self.text.lines().filter_map(|line| serde_json::from_str(line).ok());
        let mut named = documents.filter(|document: &Value| document["name"] == *name);
        named.next().unwrap_or_default()
    }

    fn back(&self, draws: &mut Draws) -> String {
        if self.task["kind"] == "announce" {
            let name = self.task["name"].as_str().unwrap_or_default();
            return format!("You have {name} now, so please go on.");
        }
        let mut said = Vec::new();
        values::scalars(&self.task["say"], &mut said);
        values::scalars(&self.task["already_said"], &mut said);
        let opening = match self.task["kind"] == "supply" {
            true => "Sorry, I forgot that.".to_owned(),
            false => values::sentences(draws),
        };
        match said.is_empty() {
            true => opening,
            false => format!("{opening} It is about {}.", said.join(" ; ")),
        }
    }

    fn forth(&self, draws: &mut Draws) -> Value {
        let mut arguments = self.task["determined"].as_object().cloned().unwrap_or_default();
        let schema = &self.task["function"]["parameters"];
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !arguments.contains_key(name) {
                let value = values::following(&schema["properties"][name], draws);
                arguments.insert(name.to_owned(), value);
            }
        }
        Value::Object(arguments)
    }

    fn act(&self) -> Value {
        let hint = &self.task;
        if let Some(now) = hint.get("now") {
            return json!({ "calls": now, "say": "" });
        }
        let say = match hint["speak"].as_str() {
            Some("report" | "failed") => values::summary(&self.outputs()),
            Some("missed params") => {
                let missing = hint["missing"].as_str().unwrap_or("value").replace('_', " ");
                format!("Gladly. Which {missing} should it be?")
            }
            Some("miss function") => {
                "None of the tools at hand does that, so it has to wait until one does.".into()
            }
            Some(_) => "That has nothing to do with what is at hand here.".into(),
            None => hint["like"].as_str().unwrap_or("That is done.").to_owned(),
        };
        json!({ "calls": [], "say": say })
    }

    /// Each reply as it would be by itself.
    fn conclude(&self) -> Value {
        let due = self.task["replies"].as_array().into_iter().flatten();
        let replies = due.map(|hint| {
            let end = format!("\n(reply {})", hint["message"]);
            let text =
                self.text.split(&end).next().unwrap_or_default().replace("\nPerson ", "\nPerson: ");
            let one = Self { text, task: hint.clone(), ..self.clone() };
            one.act()["say"].clone()
        });
        json!({ "replies": replies.collect::<Vec<Value>>() })
    }

    /// The names of the functions on offer.
    fn offered(&self) -> Vec<Value> {
        let tools = self.text.split_once("Tools on offer:\n").map_or("", |(_, tools)| tools);
        let tools = tools.lines().take_while(|line| !line.is_empty());
        tools.filter_map(|line| Some(line.split_once('(')?.0.into())).collect()
    }

    /// Outputs of the turn under way.
    fn outputs(&self) -> Vec<&str> {
        let turn = self.text.rsplit_once("\nPerson: ").map_or("", |(_, turn)| turn);
        turn.lines().filter_map(|line| line.strip_prefix("Output: ")).collect()
    }

    fn edges(&self, draws: &mut Draws) -> Value {
        let candidates = self.task["candidates"].as_array().into_iter().flatten();
        let mut next: Vec<Value> = Vec::new();
        for candidate in candidates {
            if draws.share() < 0.3 {
                next.push(json!({ "name": candidate["name"], "kind": "precondition",
                    "output": null, "input": null }));
            }
        }
        json!({ "next": next })
    }

    fn categorize(&self) -> Value {
        let label = |function: &Value| {
            let mut entry = Map::new();
            entry.insert("name".into(), function["name"].clone());
            entry.insert("category".into(), "misc".into());
            entry.insert("class".into(), "misc".into());
            Value::Object(entry)
        };
        let functions = self.task["functions"].as_array().into_iter().flatten();
        json!({ "labels": functions.map(label).collect::<Vec<_>>() })
    }
}
