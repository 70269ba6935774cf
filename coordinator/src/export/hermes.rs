//! Text: the tools in the system prompt, calls and outputs between tags, in
//! the form that Hermes and Qwen2.5 were trained on. For trainers and
//! templates that know no tools.
//!
//! With Qwen2.5's template it is, character for character, what that template
//! makes of messages and tools (`tests/exports`).

use std::borrow::Cow;

use anyhow::Result;
use serde::Serialize;
use serde_json::value::RawValue;

use super::layout::{Layout, Out};
use super::notes::Notes;
use super::row::{Message, Parted, Role, Row};

pub(super) struct Hermes;

const TOOLS: &str = "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n\
                     You are provided with function signatures within <tools></tools> XML tags:\n<tools>";
const CALLS: &str = "\n</tools>\n\nFor each function call, return a json object with function name and \
                     arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": \
                     <function-name>, \"arguments\": <args-json-object>}\n</tool_call>";

#[derive(Serialize)]
pub(super) struct TextMessage<'a> {
    pub(super) role: &'static str,
    pub(super) content: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    loss: Option<u8>,
}

#[derive(Serialize)]
struct SftRow<'a> {
    messages: Vec<TextMessage<'a>>,
}

#[derive(Serialize)]
struct PairRow<'a> {
    prompt: Vec<TextMessage<'a>>,
    chosen: Vec<TextMessage<'a>>,
    rejected: Vec<TextMessage<'a>>,
}

impl Layout for Hermes {
    fn conversation(&self, row: &Row<'_>, out: &mut Out, _: &mut Notes) -> Result<()> {
        out.first(&SftRow { messages: messages(&row.tools, &row.messages)? })
    }

    fn pair(&self, pair: &Parted<'_>, out: &mut Out, _: &mut Notes) -> Result<()> {
        let mut row = PairRow {
            prompt: messages(&pair.tools, &pair.prompt)?,
            chosen: messages(&[], &pair.chosen)?,
            rejected: messages(&[], &pair.rejected)?,
        };
        if pair.whole {
            for side in [&mut row.prompt, &mut row.chosen, &mut row.rejected] {
                side.iter_mut().for_each(|m| m.loss = Some((m.role == "assistant").into()));
            }
        }
        out.second(&row)
    }

    fn takes_parquet(&self) -> bool {
        true
    }

    fn takes_trajectories(&self) -> bool {
        true
    }

    fn guide(&self) -> &'static str {
        r#"`sft`: `messages`; `preference`: `prompt`, `chosen`, `rejected`. All of `role` (system, user, assistant) and
`content`: any trainer and any chat template take them. The tools stand in the system prompt, a call as
`<tool_call>` JSON in the assistant's message, an output as `<tool_response>` in a user message.

```sh
# OpenRLHF, whose trainers pass no tools to the template
deepspeed --module openrlhf.cli.train_sft --dataset sft.jsonl --input_key messages \
  --apply_chat_template --multiturn --max_len 8192 --pretrain MODEL
deepspeed --module openrlhf.cli.train_dpo --dataset preference.jsonl --prompt_key prompt \
  --chosen_key chosen --rejected_key rejected --apply_chat_template --max_len 8192 --pretrain MODEL
```

- Serve the trained model with a parser for that form (vLLM: `--tool-call-parser hermes`).
- Call ids are lost: outputs stand in the order of their calls.
"#
    }
}

/// The messages as text.
pub(super) fn messages<'a>(
    tools: &[&RawValue],
    messages: &'a [Message<'_>],
) -> Result<Vec<TextMessage<'a>>> {
    let mut texts: Vec<TextMessage<'a>> = Vec::new();
    let text = |role: Role, content| TextMessage { role: role.name(), content, loss: None };
    if messages.first().is_none_or(|first| first.role != Role::System) && !tools.is_empty() {
        texts.push(text(Role::System, offered("", tools)));
    }
    let mut after_output = false;
    for message in messages {
        let content = Cow::Borrowed(message.text());
        match message.role {
            Role::System if !tools.is_empty() => {
                texts.push(text(Role::System, offered(&content, tools)));
            }
            Role::Tool => {
                let output = format!("<tool_response>\n{content}\n</tool_response>");
                match texts.last_mut().filter(|_| after_output) {
                    Some(last) => {
                        let last = last.content.to_mut();
                        last.push('\n');
                        last.push_str(&output);
                    }
                    None => texts.push(text(Role::User, output.into())),
                }
            }
            role if message.tool_calls.is_empty() => texts.push(text(role, content)),
            role => texts.push(text(role, called(message)?.into())),
        }
        after_output = message.role == Role::Tool;
    }
    Ok(texts)
}

fn offered<'a>(system: &str, tools: &[&RawValue]) -> Cow<'a, str> {
    let mut text = String::from(system);
    if !system.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(TOOLS);
    for tool in tools {
        text.push('\n');
        space(tool.get(), &mut text);
    }
    text.push_str(CALLS);
    text.into()
}

fn called(message: &Message<'_>) -> Result<String> {
    let mut text = String::from(message.text());
    for call in &message.tool_calls {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str("<tool_call>\n{\"name\": \"");
        text.push_str(&call.function.name);
        text.push_str("\", \"arguments\": ");
        space(call.function.object()?.get(), &mut text);
        text.push_str("}\n</tool_call>");
    }
    Ok(text)
}

/// JSON with a space after every comma and colon, as Python writes it and
/// models have seen it.
fn space(json: &str, out: &mut String) {
    let (mut in_string, mut escaped) = (false, false);
    for c in json.chars() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            ',' | ':' => out.extend([c, ' ']),
            c if c.is_ascii_whitespace() => {}
            c => {
                in_string = c == '"';
                out.push(c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_spaced_outside_of_its_strings() {
        let mut text = String::new();
        space(r#"{"a":[1, 2],"b:,":"x,\"y\\","c":{}}"#, &mut text);
        assert_eq!(text, r#"{"a": [1, 2], "b:,": "x,\"y\\", "c": {}}"#);
    }
}
