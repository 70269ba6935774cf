//! One step of the agent as a question.

use magnet_proto::sample::Call;
use serde_json::{Value, json};

use super::{Remote, transcript};
use crate::teacher::chat::Purpose;
use crate::teacher::{Act, Action, Error, Hint, Proposed, read};

pub(super) async fn act(remote: &Remote, ask: &Act<'_>) -> Result<Action, Error> {
    let names: Vec<&str> =
        ask.tools.iter().map(|id| ask.scene.library.get(*id).name.as_str()).collect();
    let call = json!({
        "type": "object",
        "properties": { "name": { "enum": names }, "arguments": { "type": "object" } },
        "required": ["name", "arguments"],
        "additionalProperties": false,
    });
    let schema = json!({
        "type": "object",
        "properties": {
            "calls": { "type": "array", "items": call },
            "say": { "type": "string" },
        },
        "additionalProperties": false,
    });
    let facts = format!(
        "Tools on offer:\n{}\nConversation:\n{}[Hint]: {}\n",
        transcript::tools(ask.scene.library, ask.tools),
        transcript::messages(ask.scene.library, ask.messages),
        hint(ask),
    );
    let salt = format!("{} {} {} act", ask.scene.seed, ask.scene.walk, ask.turn);
    let answer = super::Answer::Json { name: Purpose::Act.label(), schema };
    let reply = remote.ask(Purpose::Act, facts, answer, ask.problem, &salt).await?;
    match read::json(&reply.text) {
        Ok(answer) => read_action(ask, answer),
        // A reply without any JSON is what the person would have been told.
        Err(_) if !reply.text.contains('{') => Ok(Action::Say(read::prose(&reply.text))),
        Err(why) => Err(Error::Unusable(why)),
    }
}

fn hint(ask: &Act<'_>) -> String {
    let library = ask.scene.library;
    match ask.hint {
        Hint::Calls(calls) => {
            let written = |call: &Call| {
                let arguments = Value::Object(call.arguments.clone());
                format!("{} {arguments}", library.get(call.function).name)
            };
            calls.iter().map(written).collect::<Vec<_>>().join("; then ")
        }
        Hint::MissFunction => "miss function".into(),
        Hint::MissedParams => "missed params".into(),
        Hint::Irrelevant => "no function on offer is relevant: say so".into(),
    }
}

fn read_action(ask: &Act<'_>, answer: Value) -> Result<Action, Error> {
    let calls = match &answer {
        Value::Array(calls) => calls.clone(),
        Value::Object(members) => {
            match members.get("calls").or_else(|| members.get("tool_calls")) {
                Some(Value::Array(calls)) => calls.clone(),
                _ if members.contains_key("name") => vec![answer.clone()],
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    };
    if !calls.is_empty() {
        let proposed: Result<Vec<_>, _> = calls.iter().map(|call| read_call(ask, call)).collect();
        return proposed.map(Action::Call);
    }
    let said = ["say", "content", "reply", "message"];
    match said.iter().find_map(|key| answer.get(*key)?.as_str()) {
        Some(text) => Ok(Action::Say(read::prose(text))),
        None => Err(Error::Unusable("the answer has neither \"calls\" nor \"say\"".into())),
    }
}

fn read_call(ask: &Act<'_>, call: &Value) -> Result<Proposed, Error> {
    let call = call.get("function").filter(|inner| inner.is_object()).unwrap_or(call);
    let name = call.get("name").and_then(Value::as_str);
    let name = name.ok_or_else(|| Error::Unusable("a call has no \"name\"".into()))?;
    let function = ask.tools.iter().find(|id| ask.scene.library.get(**id).name == name).copied();
    let function =
        function.ok_or_else(|| Error::Unusable(format!("\"{name}\" is not on offer")))?;
    let arguments = match call.get("arguments").or_else(|| call.get("parameters")) {
        Some(Value::Object(arguments)) => arguments.clone(),
        Some(Value::String(text)) if text.trim().is_empty() => Default::default(),
        Some(Value::String(text)) => match read::json(text) {
            Ok(Value::Object(arguments)) => arguments,
            _ => {
                return Err(Error::Unusable(format!("the arguments of \"{name}\" are no object")));
            }
        },
        None => Default::default(),
        Some(_) => {
            return Err(Error::Unusable(format!("the arguments of \"{name}\" are no object")));
        }
    };
    Ok(Proposed { function, arguments })
}
