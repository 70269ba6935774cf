//! A function's output as a question.

use serde_json::{Value, json};

use super::{Question, Remote, unreadable};
use crate::teacher::chat::Purpose;
use crate::teacher::{Error, Simulate, read};

/// The last outputs of a conversation that an answer has to agree with.
const REMEMBERED: usize = 8;
/// What is told of one of them.
const REMEMBERED_CHARS: usize = 1_500;

pub(super) async fn simulate(remote: &Remote, ask: &Simulate<'_>) -> Result<Value, Error> {
    let question = Question {
        purpose: Purpose::Simulate,
        context: &super::nothing,
        task: task(ask),
        problem: ask.problem,
        // What the answer is kept under: no walk's own.
        salt: ask.key.to_string(),
    };
    let schema = ask.function.response.clone().filter(is_object);
    let reply = remote.ask(question, schema).await?;
    match read::json(&reply.text) {
        Ok(value) => Ok(value),
        // A list of scalars, a text or a number may be all there is.
        Err(why) => serde_json::from_str(reply.text.trim()).map_err(|_| unreadable(&why, &reply)),
    }
}

/// Structured answers are objects everywhere; other roots are asked for in words.
fn is_object(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("object")
}

fn task(ask: &Simulate<'_>) -> Value {
    let first = ask.before.len().saturating_sub(REMEMBERED);
    let before: Vec<Value> = ask.before[first..]
        .iter()
        .map(|seen| {
            let output: String = seen.output.to_string().chars().take(REMEMBERED_CHARS).collect();
            json!({ "function": seen.function, "arguments": seen.arguments, "output": output })
        })
        .collect();
    json!({
        "function": {
            "name": ask.function.name,
            "description": ask.function.description,
        },
        "schema": ask.function.response,
        "arguments": ask.arguments,
        "before": before,
    })
}
