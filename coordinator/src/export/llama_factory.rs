//! LLaMA-Factory: sharegpt turns that alternate strictly, system and tools as
//! columns of their own, and the `dataset_info.json` that names them.

use std::borrow::Cow;

use anyhow::Result;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::chat;
use super::layout::{Layout, Out};
use super::notes::{Note, Notes};
use super::row::{Message, Parted, Role, Row};
use crate::finalize::FileEntry;

pub(super) struct LlamaFactory;

/// Between the outputs of parallel calls; what the trainer itself puts there.
const BETWEEN_OUTPUTS: &str = "\n</tool_response>\n<tool_response>\n";

#[derive(Serialize)]
struct Turn<'a> {
    from: &'static str,
    value: Cow<'a, str>,
}

impl Turn<'_> {
    fn is_agents(&self) -> bool {
        matches!(self.from, "gpt" | "function_call")
    }
}

#[derive(Serialize)]
struct SftRow<'a> {
    conversations: Vec<Turn<'a>>,
    system: &'a str,
    tools: String,
}

#[derive(Serialize)]
struct PairRow<'a> {
    conversations: Vec<Turn<'a>>,
    chosen: Turn<'a>,
    rejected: Turn<'a>,
    system: &'a str,
    tools: String,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: &'a RawValue,
}

impl Layout for LlamaFactory {
    fn conversation(&self, row: &Row<'_>, out: &mut Out, notes: &mut Notes) -> Result<()> {
        let conversations = turns(&row.messages, notes)?;
        if !alternates(&conversations) || conversations.len() % 2 == 1 {
            notes.count(Note::AlternationBroken);
            return Ok(());
        }
        let (system, tools) = (system(&row.messages), chat::tools_text(&row.tools));
        out.first(&SftRow { conversations, system, tools })
    }

    fn pair(&self, pair: &Parted<'_>, out: &mut Out, notes: &mut Notes) -> Result<()> {
        let conversations = turns(&pair.prompt, notes)?;
        let mut side =
            |messages| Ok::<_, anyhow::Error>(turns(messages, notes)?.into_iter().next());
        let (Some(chosen), Some(rejected)) = (side(&pair.chosen)?, side(&pair.rejected)?) else {
            notes.count(Note::PartElsewhere);
            return Ok(());
        };
        if !alternates(&conversations) || conversations.len() % 2 == 0 {
            notes.count(Note::AlternationBroken);
            return Ok(());
        }
        let (system, tools) = (system(&pair.prompt), chat::tools_text(&pair.tools));
        out.second(&PairRow { conversations, chosen, rejected, system, tools })
    }

    fn takes_series(&self) -> bool {
        false
    }

    fn beside(&self, files: &[FileEntry]) -> Vec<(&'static str, String)> {
        let mut info = serde_json::Map::new();
        for file in files {
            let stem = file.name.trim_end_matches(".jsonl");
            let mut columns =
                json!({ "messages": "conversations", "system": "system", "tools": "tools" });
            let mut entry = json!({ "file_name": file.name, "formatting": "sharegpt" });
            if stem.starts_with("preference") {
                columns["chosen"] = "chosen".into();
                columns["rejected"] = "rejected".into();
                entry["ranking"] = true.into();
            }
            entry["columns"] = columns;
            info.insert(format!("magnet_{}", stem.replace('-', "_")), entry);
        }
        vec![("dataset_info.json", format!("{:#}\n", serde_json::Value::Object(info)))]
    }

    fn guide(&self) -> &'static str {
        r#"`dataset_info.json` describes the files: `conversations` of `human`, `gpt`, `function_call` and `observation`
turns, strictly alternating, with `system` and `tools` (JSON text) as columns. A `function_call` is JSON text, a list
where calls are parallel. Loss falls on `gpt` and `function_call` turns.

```yaml
# llamafactory-cli train sft.yaml
stage: sft
dataset_dir: .
dataset: magnet_sft
template: qwen
cutoff_len: 8192
train_on_prompt: false
packing: false
```

```yaml
# llamafactory-cli train dpo.yaml
stage: dpo
dataset_dir: .
dataset: magnet_preference
template: qwen
cutoff_len: 8192
pref_loss: sigmoid
```

- The outputs of parallel calls stand in one observation, with the tags of Qwen-like templates between them. For
  `llama3`, `mistral`, `glm4` and `gpt`, export with `--one-call-per-message`.
- The format has no call ids: an output belongs to the call before it, in order.
- The template `qwen3` puts an empty thought before each message of the assistant and trains on it; `qwen3_nothink`
  puts none.
"#
    }
}

fn system<'a>(messages: &'a [Message<'_>]) -> &'a str {
    messages.first().filter(|message| message.role == Role::System).map_or("", Message::text)
}

fn turns<'a>(messages: &'a [Message<'_>], notes: &mut Notes) -> Result<Vec<Turn<'a>>> {
    let mut turns: Vec<Turn<'a>> = Vec::new();
    for message in messages {
        let text = Cow::Borrowed(message.text());
        match message.role {
            Role::System => {}
            Role::User => turns.push(Turn { from: "human", value: text }),
            Role::Tool => match turns.last_mut().filter(|turn| turn.from == "observation") {
                None => turns.push(Turn { from: "observation", value: text }),
                Some(turn) => {
                    notes.count(Note::OutputsJoined);
                    let value = turn.value.to_mut();
                    value.push_str(BETWEEN_OUTPUTS);
                    value.push_str(&text);
                }
            },
            Role::Assistant if message.tool_calls.is_empty() => {
                turns.push(Turn { from: "gpt", value: text });
            }
            Role::Assistant => {
                notes.add(Note::ProseDropped, u64::from(!text.is_empty()));
                turns.push(Turn { from: "function_call", value: called(message)?.into() });
            }
        }
    }
    Ok(turns)
}

fn called(message: &Message<'_>) -> Result<String> {
    let calls = message.tool_calls.iter().map(|call| {
        let function = &call.function;
        Ok(Called { name: &function.name, arguments: function.object()? })
    });
    let calls = calls.collect::<Result<Vec<_>>>()?;
    Ok(match calls.as_slice() {
        [one] => serde_json::to_string(one)?,
        several => serde_json::to_string(several)?,
    })
}

/// Whether the person or an observation speaks first, and the agent always
/// second.
fn alternates(turns: &[Turn<'_>]) -> bool {
    turns.iter().enumerate().all(|(at, turn)| turn.is_agents() == (at % 2 == 1))
}
