//! Forward translation of one call as a question.

use magnet_proto::sample::Arguments;
use serde_json::{Value, json};

use super::{Remote, transcript};
use crate::teacher::chat::Purpose;
use crate::teacher::{Error, FillCall};

pub(super) async fn fill(remote: &Remote, ask: &FillCall<'_>) -> Result<Arguments, Error> {
    let scene = &ask.scene;
    let step = scene.path.step(ask.at).ok_or_else(|| Error::GaveUp("no such step".into()))?;
    let function = scene.library.get(step.function);
    let schema = json!({
        "type": "object",
        "properties": {
            "arguments": function.parameters,
            "give_up": { "type": "string" },
        },
        "additionalProperties": false,
    });
    let mut facts = format!(
        "Conversation so far:\n{}\nFunction:\n{}",
        transcript::conversation(scene.library, ask.conversation),
        transcript::tools(scene.library, &[step.function]),
    );
    if step.implicit {
        facts.push_str(
            "\nThe person did not ask for this call; it is needed on the way. Take its values \
             from the outputs.",
        );
    }
    if step.copies > 1 {
        let number = ask.copy + 1;
        facts.push_str(&format!("\nThis is call {number} of {} wanted.", step.copies));
    }
    let salt = format!("{} {} {:?} {}", scene.seed, scene.walk, ask.at, ask.copy);
    let answer = remote.ask_json(Purpose::Forth, facts, schema, ask.problem, &salt).await?;
    read_arguments(answer, &function.name)
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
    if let Some(called) = members.get("name").and_then(Value::as_str)
        && called != name
        && members.contains_key("arguments")
    {
        return Err(Error::Unusable(format!("the call is of \"{called}\", not of \"{name}\"")));
    }
    match members.remove("arguments").or_else(|| members.remove("parameters")) {
        Some(Value::Object(arguments)) => Ok(arguments),
        Some(Value::String(text)) => match crate::teacher::read::json(&text) {
            Ok(Value::Object(arguments)) => Ok(arguments),
            _ => Err(Error::Unusable("the arguments are not a JSON object".into())),
        },
        Some(_) => Err(Error::Unusable("the arguments are not a JSON object".into())),
        None => Ok(members),
    }
}
