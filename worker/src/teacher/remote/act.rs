//! One step of the agent as a question: with the right hint, a misleading one,
//! or none.

use magnet_proto::FunctionId;
use magnet_proto::brief::Brief;
use magnet_proto::path::Purpose as TurnPurpose;
use magnet_proto::sample::{Call, Message};
use serde_json::{Map, Value, json};

use super::{Question, Remote, catalog, transcript, unreadable};
use crate::execute::Output;
use crate::teacher::chat::Purpose;
use crate::teacher::{Act, Action, Error, Hint, Misleading, Proposed, read};

/// The step, and what was thought before it.
pub(super) async fn act(remote: &Remote, ask: &Act<'_>) -> Result<(Action, Option<String>), Error> {
    let (purpose, hint) = match ask.hint {
        Hint::Wrong(misleading) => (Purpose::Mislead, Some(wrong_hint(ask, misleading))),
        Hint::None => (Purpose::RollOut, None),
        _ => (Purpose::Act, Some(right_hint(ask))),
    };
    let library = ask.scene.library;
    let hinted = hinted(ask);
    let speaks =
        purpose == Purpose::Act && hint.as_ref().is_some_and(|hint| hint.get("speak").is_some());
    let question = Question {
        purpose,
        context: &|room| {
            // Who only speaks need not know what the tools take.
            let tools = match speaks {
                true => catalog::names(library, ask.tools),
                false => catalog::tools(library, ask.tools, &hinted, room),
            };
            let conversation = transcript::messages(library, ask.messages, room);
            format!("Tools on offer:\n{tools}\nConversation:\n{conversation}")
        },
        task: hint.map_or(Value::Null, |hint| json!({ "hint": hint })),
        problem: ask.problem,
        salt: format!("{} {} {} act {}", ask.scene.seed, ask.scene.walk, ask.turn, ask.draw),
    };
    let schema = schema(ask, &hinted);
    let reply = remote.ask(question, Some(schema)).await?;
    let step = read::step(&reply.text).map_err(|why| unreadable(&why, &reply))?;
    let thought = reply.reasoning;
    if step.calls.is_empty() {
        return Ok((Action::Say(step.say), thought));
    }
    let calls = step.calls.into_iter().map(|call| known(ask, call)).collect::<Result<_, _>>()?;
    Ok((Action::Call(calls), thought))
}

fn schema(ask: &Act<'_>, hinted: &[FunctionId]) -> Value {
    let library = ask.scene.library;
    let callable = if hinted.is_empty() { ask.tools } else { hinted };
    let names: Vec<&str> = callable.iter().map(|id| library.get(*id).name.as_str()).collect();
    let arguments = match callable {
        [one] => catalog::whole(library.get(*one))["parameters"].clone(),
        _ => json!({ "type": "object" }),
    };
    let call = json!({
        "type": "object",
        "properties": { "name": { "enum": names }, "arguments": arguments },
        "required": ["name", "arguments"],
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "properties": {
            "calls": { "type": "array", "items": call },
            "say": { "type": "string" },
        },
        "required": ["calls", "say"],
        "additionalProperties": false,
    })
}

/// The functions that the hint calls.
fn hinted(ask: &Act<'_>) -> Vec<FunctionId> {
    let calls = match ask.hint {
        Hint::Calls(calls) => calls,
        Hint::Wrong(misleading) => misleading.calls,
        _ => &[],
    };
    let mut functions: Vec<FunctionId> = calls.iter().map(|call| call.function).collect();
    functions.sort_unstable();
    functions.dedup();
    functions
}

/// What to do now, what later. Which calls wait for which is known from the
/// path, so it need not be guessed.
fn right_hint(ask: &Act<'_>) -> Value {
    let library = ask.scene.library;
    let purpose = ask.scene.path.turns.get(ask.turn).map(|turn| &turn.purpose);
    let calls = match (ask.hint, purpose) {
        (Hint::MissFunction, _) => return json!({ "speak": "miss function" }),
        (Hint::MissedParams, Some(TurnPurpose::MissingParameter { parameter, .. })) => {
            return json!({ "speak": "missed params", "missing": parameter });
        }
        (Hint::MissedParams, _) => return json!({ "speak": "missed params" }),
        (Hint::Irrelevant, _) => return json!({ "speak": "irrelevant" }),
        (Hint::Calls(calls), _) => calls,
        (Hint::Wrong(_) | Hint::None, _) => return Value::Null,
    };
    if ask.due.is_empty() {
        return report(has_failed_for_good(ask.messages), ask.brief, ask.turn);
    }
    let is_later = |call: &&Call| {
        !is_made(ask.messages, call)
            && !ask.due.iter().any(|n| n.function == call.function && n.arguments == call.arguments)
    };
    let later: Vec<&str> = calls
        .iter()
        .filter(is_later)
        .map(|call| library.get(call.function).name.as_str())
        .collect();
    let now = ask.due.iter();
    let now: Vec<Value> =
        now.map(|call| written(ask, call.function, call.arguments.clone())).collect();
    json!({ "now": now, "later": later })
}

/// What closes a turn whose calls are made.
pub(super) fn report(has_failed: bool, brief: &Brief, turn: usize) -> Value {
    let speak = if has_failed { "failed" } else { "report" };
    let wants = brief.turn(turn).map_or(&[][..], |turn| &turn.wants);
    let wanted: Vec<&str> = wants.iter().map(|want| want.words()).collect();
    json!({ "speak": speak, "wanted": wanted })
}

fn wrong_hint(ask: &Act<'_>, misleading: &Misleading<'_>) -> Value {
    let made = calls_of_turn(ask.messages);
    let open: Vec<&Call> =
        misleading.calls.iter().filter(|call| !made.iter().any(|m| same(m, call))).collect();
    let mut hint = Map::new();
    hint.insert("mistake".into(), misleading.mistake.into());
    let Some((first, rest)) = open.split_first() else {
        hint.insert("speak".into(), true.into());
        hint.insert("like".into(), misleading.like.into());
        return hint.into();
    };
    let now = written(ask, first.function, first.arguments.clone());
    let later = rest.iter().map(|call| ask.scene.library.get(call.function).name.as_str());
    hint.insert("now".into(), json!([now]));
    hint.insert("later".into(), later.collect::<Vec<&str>>().into());
    hint.into()
}

fn written(ask: &Act<'_>, function: FunctionId, arguments: Map<String, Value>) -> Value {
    json!({ "name": ask.scene.library.get(function).name, "arguments": arguments })
}

fn same(left: &Call, right: &Call) -> bool {
    left.function == right.function && left.arguments == right.arguments
}

/// The messages after the last request.
fn turn_of(messages: &[Message]) -> &[Message] {
    let request = messages.iter().rposition(|message| matches!(message, Message::User(_)));
    &messages[request.map_or(0, |at| at + 1)..]
}

fn calls_of_turn(messages: &[Message]) -> Vec<&Call> {
    let calls = turn_of(messages).iter().filter_map(|message| match message {
        Message::Assistant { calls, .. } => Some(calls),
        _ => None,
    });
    calls.flatten().collect()
}

fn is_made(messages: &[Message], call: &Call) -> bool {
    calls_of_turn(messages).into_iter().any(|made| same(made, call))
}

/// Whether the turn's last output is an error.
fn has_failed_for_good(messages: &[Message]) -> bool {
    let last = turn_of(messages).iter().rev().find_map(|message| match message {
        Message::Tool { content, .. } => Some(Output::parse(content)),
        _ => None,
    });
    last.is_some_and(|output| output.is_error)
}

/// A call of a function on offer.
fn known(ask: &Act<'_>, call: read::RawCall) -> Result<Proposed, Error> {
    let named = |id: &&FunctionId| ask.scene.library.get(**id).name == call.name;
    match ask.tools.iter().find(named) {
        Some(function) => Ok(Proposed { function: *function, arguments: call.arguments }),
        None => Err(Error::Unusable(format!("\"{}\" is not on offer", call.name))),
    }
}
