//! An agent's step in whatever form it comes: our own, a server's native
//! `tool_calls`, `<tool_call>` texts, bare calls, fenced ones, or prose.

use serde_json::{Map, Value};

use super::{json, prose, texts, without_thought};

/// A step as it was written: calls, or prose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub calls: Vec<RawCall>,
    /// Empty where there are calls alone.
    pub say: String,
}

/// A call whose function may not exist.
#[derive(Clone, Debug, PartialEq)]
pub struct RawCall {
    pub name: String,
    pub arguments: Map<String, Value>,
}

/// Reads an agent's step.
pub fn step(answer: &str) -> Result<Step, String> {
    let answer = without_thought(answer);
    let mut found = Vec::new();
    for text in texts(answer) {
        match text {
            Ok(value) => found.push(value),
            // Junk after a whole answer is junk; a broken answer is refused.
            Err(_) if found.iter().any(is_step) => break,
            Err(why) => return Err(why),
        }
    }
    let Some(first) = found.iter().position(is_step) else {
        return match found.is_empty() && !answer.contains("<tool_call>") {
            true => said(answer),
            false => Err("the answer has neither \"calls\" nor \"say\"".into()),
        };
    };
    let mut read = one(&found[first])?;
    // Bare calls come one after the other; anything else is told once.
    if is_call(&found[first]) {
        for value in found[first + 1..].iter().filter(|value| is_call(value)) {
            read.calls.extend(call(value)?.filter(|call| !read.calls.contains(call)));
        }
    }
    Ok(read)
}

/// A reply without any JSON is what the person would have been told.
fn said(answer: &str) -> Result<Step, String> {
    let say = prose(answer);
    match say.is_empty() {
        true => Err("the answer is empty".into()),
        false => Ok(Step { calls: Vec::new(), say }),
    }
}

const CALLS: [&str; 3] = ["calls", "tool_calls", "function_calls"];
const SAY: [&str; 4] = ["say", "content", "reply", "message"];

fn is_step(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty() && items.iter().all(is_call),
        Value::Object(members) => {
            is_call(value) || CALLS.iter().chain(&SAY).any(|key| members.contains_key(*key))
        }
        _ => false,
    }
}

/// Whether an object names a function and its arguments.
fn is_call(value: &Value) -> bool {
    let inner = inner(value);
    inner.get("name").is_some_and(Value::is_string)
        && ["arguments", "parameters"].iter().any(|key| inner.get(*key).is_some())
}

fn inner(value: &Value) -> &Value {
    let wrapped = ["function", "function_call"].iter().find_map(|key| value.get(*key));
    wrapped.filter(|inner| inner.is_object()).unwrap_or(value)
}

fn one(value: &Value) -> Result<Step, String> {
    let list = match value {
        Value::Array(items) => items.as_slice(),
        _ if is_call(value) => std::slice::from_ref(value),
        _ => match CALLS.iter().find_map(|key| value.get(*key)) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(Value::Object(_)) => return Err("\"calls\" is no list".into()),
            _ => &[],
        },
    };
    let mut calls = Vec::with_capacity(list.len());
    for item in list {
        let read = call(item)?.ok_or("a call has no \"name\" or no \"arguments\"")?;
        calls.push(read);
    }
    let say = SAY.iter().find_map(|key| value.get(*key)?.as_str()).map(prose).unwrap_or_default();
    match calls.is_empty() && say.is_empty() {
        true => Err("the answer has neither calls nor anything to say".into()),
        false => Ok(Step { calls, say }),
    }
}

/// The call in an object, if it is one.
pub fn call(value: &Value) -> Result<Option<RawCall>, String> {
    let inner = inner(value);
    let Some(name) = inner.get("name").and_then(Value::as_str) else {
        return Ok(None);
    };
    let Some(given) = inner.get("arguments").or_else(|| inner.get("parameters")) else {
        return Ok(None);
    };
    let arguments =
        arguments(given).map_err(|why| format!("the arguments of \"{name}\": {why}"))?;
    Ok(Some(RawCall { name: name.trim().to_owned(), arguments }))
}

/// A call's arguments: an object, its JSON text, or nothing.
pub fn arguments(given: &Value) -> Result<Map<String, Value>, String> {
    match given {
        Value::Object(arguments) => Ok(arguments.clone()),
        Value::Null => Ok(Map::new()),
        Value::String(text) if text.trim().is_empty() => Ok(Map::new()),
        Value::String(text) => match json(text)? {
            Value::Object(arguments) => Ok(arguments),
            _ => Err("they are no JSON object".into()),
        },
        _ => Err("they are no JSON object".into()),
    }
}
