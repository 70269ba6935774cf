//! Axolotl: OpenAI's messages for fine-tuning. Its pairs are of role and
//! content alone, so theirs are rendered as text beforehand.

use anyhow::{Context, Result};
use serde::Serialize;

use super::chat::{self, Arguments, ChatMessage};
use super::hermes::{self, TextMessage};
use super::layout::{Layout, Out};
use super::notes::Notes;
use super::row::{Parted, Row};

pub(super) struct Axolotl;

#[derive(Serialize)]
struct SftRow<'a> {
    messages: Vec<ChatMessage<'a>>,
    tools: String,
}

#[derive(Serialize)]
struct PairRow<'a> {
    messages: Vec<TextMessage<'a>>,
    chosen: TextMessage<'a>,
    rejected: TextMessage<'a>,
}

impl Layout for Axolotl {
    fn conversation(&self, row: &Row<'_>, out: &mut Out, _: &mut Notes) -> Result<()> {
        let messages = chat::messages(&row.messages, Arguments::Text)?;
        out.first(&SftRow { messages, tools: chat::tools_text(&row.tools) })
    }

    fn pair(&self, pair: &Parted<'_>, out: &mut Out, _: &mut Notes) -> Result<()> {
        let side = |messages| -> Result<TextMessage<'_>> {
            hermes::messages(&[], messages)?.into_iter().next().context("a side says nothing")
        };
        out.second(&PairRow {
            messages: hermes::messages(&pair.tools, &pair.prompt)?,
            chosen: side(&pair.chosen)?,
            rejected: side(&pair.rejected)?,
        })
    }

    fn takes_parquet(&self) -> bool {
        true
    }

    fn guide(&self) -> &'static str {
        r#"`sft`: `messages` in OpenAI's form, `tools` as JSON text. `preference`: `messages`, `chosen` and `rejected` of
role and content alone, for Axolotl's pairs drop tools and calls; so the tools stand in the system prompt, calls and
outputs as text (the form of Hermes and Qwen2.5), outputs in user messages.

```yaml
# axolotl train sft.yaml
datasets:
  - path: sft.jsonl
    ds_type: json
    type: chat_template
    field_messages: messages
    field_tools: tools
    roles_to_train: [assistant]
    train_on_eos: turn
chat_template: tokenizer_default
sequence_len: 8192
sample_packing: false
```

```yaml
# axolotl train dpo.yaml
rl: dpo
datasets:
  - path: preference.jsonl
    ds_type: json
    type: chat_template.default
    field_messages: messages
    field_chosen: chosen
    field_rejected: rejected
chat_template: tokenizer_default
```

- Llama 3.1's template refuses several calls a message: export with `--one-call-per-message`.
- With the template of gpt-oss, Axolotl 0.21 stops at the first output ("Message has tool role, but there was no
  previous assistant message with a tool call!"); export as `hermes` for it.
"#
    }
}
