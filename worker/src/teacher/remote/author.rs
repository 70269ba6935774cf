//! Packs as questions: the world of some functions, the wording of one.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use magnet_proto::library::Function;
use magnet_proto::pack::{Item, Phrases, Pick, WantPhrases};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Question, Remote, catalog};
use crate::teacher::chat::Purpose;
use crate::teacher::{Error, Words, WriteWords, WriteWorld, read};

/// Calls shown of a function, and what is told of each output.
const SHOWN_CALLS: usize = 3;
const OUTPUT_CHARS: usize = 1_200;

/// The module, as text: code in JSON is escaped wrongly by small models.
pub(super) async fn world(remote: &Remote, ask: &WriteWorld<'_>) -> Result<String, Error> {
    let names: Vec<&str> =
        ask.functions.iter().map(|id| ask.library.get(*id).name.as_str()).collect();
    let question = Question {
        purpose: Purpose::PackWorld,
        context: &|_| {
            let functions =
                ask.functions.iter().map(|id| format!("{}\n", document(ask.library.get(*id))));
            let mut text = format!("Functions:\n{}", functions.collect::<String>());
            if let Some(draft) = ask.draft {
                text.push_str(&format!("\nThe module so far:\n```python\n{}\n```\n", draft.trim()));
            }
            text
        },
        task: json!({ "module": ask.module, "functions": names, "defined_as": ask.defined_as }),
        problem: ask.problem,
        // The same question has the same answer whoever asks.
        salt: String::new(),
    };
    let reply = remote.ask(question, None).await?;
    let module = read::code(&reply.text);
    match reply.is_truncated {
        false if module.contains("def start(") => Ok(format!("{}\n", module.trim())),
        false => Err(Error::Unusable("there is no module with \"def start(\" in it".into())),
        true => Err(Error::Unusable("it was cut at the token limit: write less".into())),
    }
}

/// A function with the schemas of both sides.
fn document(function: &Function) -> Value {
    let mut document = catalog::whole(function);
    if let Some(response) = &function.response {
        document["response"] = response.clone();
    }
    document
}

pub(super) async fn words(remote: &Remote, ask: &WriteWords<'_>) -> Result<Words, Error> {
    let function = ask.function;
    let question = Question {
        purpose: Purpose::PackWords,
        context: &|_| {
            let mut text = format!("Function:\n{}\n", document(function));
            if !ask.calls.is_empty() {
                text.push_str("\nCalls of it:\n");
            }
            for (arguments, output) in ask.calls.iter().take(SHOWN_CALLS) {
                let output: String = output.to_string().chars().take(OUTPUT_CHARS).collect();
                text.push_str(&format!("{}\nOutput: {output}\n", json!(arguments)));
            }
            text
        },
        task: json!({ "wording_of": function.name, "values_for": ask.values_for }),
        problem: ask.problem,
        salt: String::new(),
    };
    let answer = remote.ask_json(question, schema(ask)).await?;
    let answer = Answer::deserialize(answer);
    answer.map(Words::from).map_err(|error| Error::Unusable(error.to_string()))
}

fn schema(ask: &WriteWords<'_>) -> Value {
    let text = json!({ "type": "string" });
    let texts = list(text.clone());
    let pick = object(json!({ "field": text, "least": texts, "most": texts, "is": texts }));
    let item = object(json!({ "at": text, "noun": text, "as": texts, "pick": list(pick) }));
    let want = object(json!({ "at": text, "ask": texts, "tell": texts }));
    let mut parts = json!({
        "asks": texts, "reasons": texts, "items": list(item), "wants": list(want), "reports": texts,
    });
    if !ask.values_for.is_empty() {
        let parameter = json!({ "enum": ask.values_for });
        let values = object(json!({ "parameter": parameter, "values": list(json!({})) }));
        parts["values"] = list(values);
    }
    object(parts)
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn object(properties: Value) -> Value {
    let names: Vec<String> =
        properties.as_object().map(Map::keys).into_iter().flatten().cloned().collect();
    json!({
        "type": "object", "properties": properties, "required": names, "additionalProperties": false,
    })
}

/// The answer as it is asked for: without keys that only the function decides.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    asks: Vec<String>,
    reasons: Vec<String>,
    items: Vec<Thing>,
    wants: Vec<WantPhrases>,
    reports: Vec<String>,
    values: Vec<Bank>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Thing {
    at: String,
    noun: String,
    #[serde(rename = "as")]
    as_: Vec<String>,
    pick: Vec<Singled>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Singled {
    field: String,
    least: Vec<String>,
    most: Vec<String>,
    is: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Bank {
    parameter: String,
    values: Vec<Value>,
}

impl From<Answer> for Words {
    fn from(answer: Answer) -> Self {
        let picks = |singled: Vec<Singled>| -> IndexMap<String, Pick> {
            let pick = |Singled { field, least, most, is }| (field, Pick { least, most, is });
            singled.into_iter().map(pick).collect()
        };
        let item = |Thing { at, noun, as_, pick }| Item { at, noun, as_, pick: picks(pick) };
        let Answer { asks, reasons, items, wants, reports, values } = answer;
        let items = items.into_iter().map(item).collect();
        let values: BTreeMap<_, _> =
            values.into_iter().map(|bank| (bank.parameter, bank.values)).collect();
        Self { phrases: Phrases { asks, reasons, items, wants, reports }, values }
    }
}
