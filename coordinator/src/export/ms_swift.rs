//! ms-swift: OpenAI's messages as they are; pairs as two whole message lists,
//! each with its tools.

use anyhow::Result;
use serde::Serialize;

use super::chat::{self, Arguments, ChatMessage, Loss};
use super::layout::{Layout, Out};
use super::notes::Notes;
use super::row::{Parted, Row};

pub(super) struct MsSwift;

#[derive(Serialize)]
struct SftRow<'a> {
    messages: Vec<ChatMessage<'a>>,
    tools: String,
}

#[derive(Serialize)]
struct PairRow<'a> {
    messages: Vec<ChatMessage<'a>>,
    rejected_messages: Vec<ChatMessage<'a>>,
    tools: &'a str,
    /// Without it the rejected side is shown no tools.
    rejected_tools: &'a str,
}

impl Layout for MsSwift {
    fn conversation(&self, row: &Row<'_>, out: &mut Out, _: &mut Notes) -> Result<()> {
        let mut messages = chat::messages(&row.messages, Arguments::Text)?;
        for (chat, message) in messages.iter_mut().zip(&row.messages) {
            chat.loss = message.is_assistant().then_some(Loss::Flag(!message.again));
        }
        out.first(&SftRow { messages, tools: chat::tools_text(&row.tools) })
    }

    fn pair(&self, pair: &Parted<'_>, out: &mut Out, _: &mut Notes) -> Result<()> {
        let tools = chat::tools_text(&pair.tools);
        let side = |rest| -> Result<Vec<ChatMessage<'_>>> {
            let mut side = chat::messages(&pair.prompt, Arguments::Text)?;
            side.extend(chat::messages(rest, Arguments::Text)?);
            Ok(side)
        };
        out.second(&PairRow {
            messages: side(&pair.chosen)?,
            rejected_messages: side(&pair.rejected)?,
            tools: &tools,
            rejected_tools: &tools,
        })
    }

    fn guide(&self) -> &'static str {
        r#"`sft`: `messages` in OpenAI's form with `loss` on the assistant's, `tools` as JSON text. `preference`:
`messages` and `rejected_messages` up to the message where they part, `tools` and `rejected_tools`; DPO trains on that
last message alone. Needs a release that reads `tool_calls` (4.6 does).

```sh
swift sft --model Qwen/Qwen2.5-7B-Instruct --dataset sft.jsonl \
  --agent_template hermes --max_length 8192 --truncation_strategy delete --packing false
swift rlhf --rlhf_type dpo --model sft-output --dataset preference.jsonl \
  --agent_template hermes --max_length 8192 --truncation_strategy delete
```
"#
    }
}
