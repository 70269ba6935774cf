//! Forward translation of one call as a question.
//!
//! Where a request was planned, its values are known, and an answer that has
//! others is refused: a schema-valid call with the wrong value is the damage
//! that no other check finds.

use magnet_proto::library::Function;
use magnet_proto::path::Step;
use magnet_proto::sample::Arguments;
use serde_json::{Map, Value, json};

use super::{Question, Remote, catalog, transcript};
use crate::teacher::chat::Purpose;
use crate::teacher::{Error, FillCall, read};
use crate::vet::provenance::{is_free_text, same};

pub(super) async fn fill(remote: &Remote, ask: &FillCall<'_>) -> Result<Arguments, Error> {
    let scene = &ask.scene;
    let step = scene.path.step(ask.at).ok_or_else(|| Error::GaveUp("no such step".into()))?;
    let function = scene.library.get(step.function);
    let schema = json!({
        "type": "object",
        "properties": {
            "give_up": { "type": "string" },
            "arguments": catalog::whole(function)["parameters"],
        },
        "required": ["arguments"],
        "additionalProperties": false,
    });
    let planned = remote.rules.fill_call(ask).await.unwrap_or_default();
    let question = Question {
        purpose: Purpose::Forth,
        context: &|room| {
            let told = transcript::conversation(scene.library, ask.conversation, room);
            format!("Conversation so far:\n{told}")
        },
        task: task(ask, step, function, &planned),
        problem: ask.problem,
        salt: format!("{} {} {:?} {}", scene.seed, scene.walk, ask.at, ask.copy),
    };
    let answer = remote.ask_json(question, schema).await?;
    let arguments = read_arguments(answer, &function.name)?;
    match differing(ask, step, function, &planned, &arguments) {
        None => Ok(arguments),
        Some((parameter, value)) => Err(Error::Unusable(format!(
            "{parameter} must be {value}, which is what the person means"
        ))),
    }
}

/// The machine-readable part: `function`, `said`, `from_outputs`.
fn task(ask: &FillCall<'_>, step: &Step, function: &Function, planned: &Arguments) -> Value {
    let given = |name: &str| ask.conversation.given(ask.at, ask.copy, name);
    let said: Map<String, Value> = function
        .params()
        .iter()
        .filter_map(|field| Some((field.name.clone(), given(&field.name)?.clone())))
        .collect();
    let mut from_outputs = Vec::new();
    for feed in &step.feeds {
        let input = &feed.flow.input;
        let source = ask.conversation.executed().find(|(_, e)| e.step == feed.from);
        let Some((_, source)) = source.filter(|_| !said.contains_key(input)) else {
            continue;
        };
        if let Some(value) = planned.get(input) {
            let at = &feed.flow.output;
            from_outputs.push(
                json!({ "parameter": input, "call": source.call.id, "at": at, "value": value }),
            );
        }
    }
    let mut task = Map::new();
    task.insert("function".into(), catalog::whole(function));
    if step.copies > 1 {
        task.insert("call".into(), (ask.copy + 1).into());
        task.insert("of".into(), step.copies.into());
    }
    if step.implicit {
        task.insert("asked_for".into(), false.into());
    }
    task.insert("said".into(), said.into());
    task.insert("from_outputs".into(), from_outputs.into());
    task.into()
}

/// The first planned value that the answer does not have.
fn differing<'p>(
    ask: &FillCall<'_>,
    step: &Step,
    function: &Function,
    planned: &'p Arguments,
    arguments: &Arguments,
) -> Option<(&'p String, &'p Value)> {
    let is_known = |name: &str| {
        ask.conversation.given(ask.at, ask.copy, name).is_some()
            || step.feeds.iter().any(|feed| feed.flow.input == name)
    };
    let is_text = |name: &str| function.param(name).is_none_or(is_free_text);
    planned
        .iter()
        .filter(|(name, _)| is_known(name) && !is_text(name))
        .find(|(name, value)| arguments.get(*name).is_none_or(|there| !same(there, value)))
}

/// Accepts the wanted form, a bare call, and bare arguments.
fn read_arguments(answer: Value, name: &str) -> Result<Arguments, Error> {
    let Value::Object(mut members) = answer else {
        return Err(Error::Unusable("the answer is a list, not one call".into()));
    };
    if let Some(why) = members.get("give_up").and_then(Value::as_str).filter(|why| !why.is_empty())
    {
        return Err(Error::GaveUp(why.to_owned()));
    }
    if let Some(call) = read::call(&Value::Object(members.clone())).transpose() {
        let call = call.map_err(Error::Unusable)?;
        return match call.name == name {
            true => Ok(call.arguments),
            false => {
                Err(Error::Unusable(format!("the call is of \"{}\", not of \"{name}\"", call.name)))
            }
        };
    }
    match members.remove("arguments").or_else(|| members.remove("parameters")) {
        Some(arguments) => read::arguments(&arguments).map_err(Error::Unusable),
        None => {
            members.remove("give_up");
            Ok(members)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: Value, expected: Result<Value, &str>) {
        match (read_arguments(answer, "hold_seat"), expected) {
            (Ok(arguments), Ok(expected)) => assert_eq!(Value::Object(arguments), expected),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (read, expected) => panic!("{read:?} in place of {expected:?}"),
        }
    }

    #[test]
    fn arguments_are_found_in_every_form_a_model_gives_them() {
        let arguments = json!({"seat": 4});
        check(json!({"give_up": "", "arguments": {"seat": 4}}), Ok(arguments.clone()));
        check(json!({"name": "hold_seat", "arguments": "{\"seat\": 4}"}), Ok(arguments.clone()));
        check(json!({"seat": 4}), Ok(arguments));
        check(json!({"arguments": ""}), Ok(json!({})));
    }

    #[test]
    fn another_function_and_a_list_are_refused() {
        check(json!({"name": "book", "arguments": {}}), Err("not of \"hold_seat\""));
        check(json!([{"seat": 4}]), Err("a list"));
        check(json!({"give_up": "no seat", "arguments": {}}), Err("no seat"));
    }
}
