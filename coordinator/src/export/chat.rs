//! Chat messages in OpenAI's form, as the layouts vary it.

use anyhow::Result;
use serde::Serialize;
use serde_json::value::RawValue;

use super::row::{Call, Message, Role};

/// How arguments are written. Templates print an object as it is; of a text
/// many make a text within the text.
#[derive(Clone, Copy)]
pub(super) enum Arguments {
    Object,
    Text,
}

#[derive(Serialize)]
pub(super) struct ChatMessage<'a> {
    role: &'static str,
    /// Empty rather than null: every template takes that.
    content: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ChatCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) loss: Option<Loss>,
    /// OpenAI's word for `loss`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) weight: Option<u8>,
}

/// Whether a message is trained on.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Loss {
    /// ms-swift's.
    Flag(bool),
    /// As in the dataset: 0 or 1.
    Factor(u8),
}

#[derive(Serialize)]
struct ChatCall<'a> {
    id: &'a str,
    r#type: &'static str,
    function: ChatFunction<'a>,
}

#[derive(Serialize)]
struct ChatFunction<'a> {
    name: &'a str,
    arguments: ChatArguments<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ChatArguments<'a> {
    Object(&'a RawValue),
    Text(&'a str),
}

/// The messages of a conversation, without flags.
pub(super) fn messages<'a>(
    messages: &'a [Message<'_>],
    arguments: Arguments,
) -> Result<Vec<ChatMessage<'a>>> {
    let message = |message: &'a Message<'_>| {
        let calls = message.tool_calls.iter().map(|one| call(one, arguments));
        Ok(ChatMessage {
            role: message.role.name(),
            content: message.text(),
            tool_calls: calls.collect::<Result<_>>()?,
            tool_call_id: (message.role == Role::Tool).then_some(&*message.tool_call_id),
            loss: None,
            weight: None,
        })
    };
    messages.iter().map(message).collect()
}

/// A trajectory for training on whole ones: every assistant message counts.
pub(super) fn masked<'a>(
    messages: &'a [Message<'_>],
    arguments: Arguments,
) -> Result<Vec<ChatMessage<'a>>> {
    let mut masked = self::messages(messages, arguments)?;
    for message in &mut masked {
        message.loss = Some(Loss::Factor((message.role == Role::Assistant.name()).into()));
    }
    Ok(masked)
}

fn call<'a>(call: &'a Call<'_>, arguments: Arguments) -> Result<ChatCall<'a>> {
    let arguments = match arguments {
        Arguments::Object => ChatArguments::Object(call.function.object()?),
        Arguments::Text => ChatArguments::Text(&call.function.arguments),
    };
    let function = ChatFunction { name: &call.function.name, arguments };
    Ok(ChatCall { id: &call.id, r#type: "function", function })
}

/// The tool documents as one JSON text. A column of documents would give each
/// tool the parameters of all.
pub(super) fn tools_text(tools: &[&RawValue]) -> String {
    let documents: Vec<&str> = tools.iter().map(|tool| tool.get()).collect();
    format!("[{}]", documents.join(","))
}
