//! The replies of a whole conversation as one question.

use magnet_proto::path::Purpose as TurnPurpose;
use serde_json::{Value, json};

use super::{Question, Remote, catalog, transcript};
use crate::teacher::chat::Purpose;
use crate::teacher::{Conclude, Error};

pub(super) async fn conclude(remote: &Remote, ask: &Conclude<'_>) -> Result<Vec<String>, Error> {
    let library = ask.scene.library;
    let due: Vec<Value> = (0..ask.conversation.turns.len()).map(|turn| reply(ask, turn)).collect();
    let count = due.len();
    let question = Question {
        purpose: Purpose::Conclude,
        context: &|room| {
            let tools = catalog::names(library, ask.tools);
            let conversation = transcript::unspoken(library, ask.conversation, room);
            format!("Tools on offer:\n{tools}\nConversation:\n{conversation}")
        },
        task: json!({ "hint": { "replies": due } }),
        problem: None,
        salt: format!("{} {} conclude", ask.scene.seed, ask.scene.walk),
    };
    let schema = json!({
        "type": "object",
        "properties": { "replies": {
            "type": "array",
            "items": { "type": "string" },
            "minItems": count,
            "maxItems": count,
        } },
        "required": ["replies"],
        "additionalProperties": false,
    });
    let answer = remote.ask_json(question, schema).await?;
    let replies = answer.get("replies").and_then(Value::as_array);
    let replies: Option<Vec<String>> =
        replies.and_then(|said| said.iter().map(|one| one.as_str().map(str::to_owned)).collect());
    replies
        .filter(|replies| replies.len() == count)
        .ok_or_else(|| Error::Unusable(format!("there are not {count} texts under \"replies\"")))
}

/// What the reply to a turn does.
fn reply(ask: &Conclude<'_>, turn: usize) -> Value {
    let purpose = ask.scene.path.turns.get(turn).map(|turn| &turn.purpose);
    let mut hint = match purpose {
        Some(TurnPurpose::MissingFunction { .. }) => json!({ "speak": "miss function" }),
        Some(TurnPurpose::MissingParameter { parameter, .. }) => {
            json!({ "speak": "missed params", "missing": parameter })
        }
        Some(TurnPurpose::Irrelevant { .. }) => json!({ "speak": "irrelevant" }),
        Some(TurnPurpose::Calls) | None => {
            let calls = &ask.conversation.turns[turn].calls;
            let has_failed = calls.last().is_some_and(|executed| executed.output.is_error);
            super::act::report(has_failed, ask.brief, turn)
        }
    };
    hint["message"] = (turn + 1).into();
    hint
}
