//! TRL: chat messages with arguments as objects, tools as JSON text.

use anyhow::Result;
use serde::Serialize;

use super::chat::{self, Arguments, ChatMessage};
use super::layout::{Layout, Out};
use super::notes::{Note, Notes};
use super::row::{Parted, Row};

pub(super) struct Trl;

#[derive(Serialize)]
struct SftRow<'a> {
    messages: Vec<ChatMessage<'a>>,
    tools: String,
}

#[derive(Serialize)]
struct PairRow<'a> {
    prompt: Vec<ChatMessage<'a>>,
    chosen: Vec<ChatMessage<'a>>,
    rejected: Vec<ChatMessage<'a>>,
    tools: String,
}

/// Whole trajectories, for a loss of one's own.
#[derive(Serialize)]
struct TrajectoriesRow<'a> {
    chosen: Vec<ChatMessage<'a>>,
    rejected: Vec<ChatMessage<'a>>,
    prompt_len: usize,
    tools: String,
}

impl Layout for Trl {
    fn conversation(&self, row: &Row<'_>, out: &mut Out, notes: &mut Notes) -> Result<()> {
        let calls = row.messages.iter().flat_map(|message| &message.tool_calls);
        let fractions = calls.filter(|call| has_fraction(&call.function.arguments));
        notes.add(Note::Fractions, fractions.count() as u64);
        let messages = chat::messages(&row.messages, Arguments::Object)?;
        out.first(&SftRow { messages, tools: chat::tools_text(&row.tools) })
    }

    fn pair(&self, pair: &Parted<'_>, out: &mut Out, _: &mut Notes) -> Result<()> {
        let tools = chat::tools_text(&pair.tools);
        if pair.whole {
            let side = |rest| -> Result<Vec<ChatMessage<'_>>> {
                let mut side = chat::masked(&pair.prompt, Arguments::Object)?;
                side.extend(chat::masked(rest, Arguments::Object)?);
                Ok(side)
            };
            let (chosen, rejected) = (side(&pair.chosen)?, side(&pair.rejected)?);
            let prompt_len = pair.prompt.len();
            return out.second(&TrajectoriesRow { chosen, rejected, prompt_len, tools });
        }
        let messages = |messages| chat::messages(messages, Arguments::Object);
        out.second(&PairRow {
            prompt: messages(&pair.prompt)?,
            chosen: messages(&pair.chosen)?,
            rejected: messages(&pair.rejected)?,
            tools,
        })
    }

    fn takes_parquet(&self) -> bool {
        true
    }

    fn takes_trajectories(&self) -> bool {
        true
    }

    fn guide(&self) -> &'static str {
        r#"`sft`: `messages` with the arguments of calls as objects, `tools` as JSON text. `preference`: `prompt`,
`chosen` and `rejected` (one assistant message each) and `tools`. The loader needs `datasets` 4.7 or newer: older ones
give every call the arguments of all. With `--mdpo` the pairs are whole: `chosen`, `rejected` with `loss` (0 or 1) a
message, `prompt_len`; TRL's own trainers do not read those flags.

```python
from datasets import load_dataset
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

sft = load_dataset("json", data_files="sft.jsonl", split="train")
SFTTrainer(model="Qwen/Qwen2.5-7B-Instruct", train_dataset=sft,
           args=SFTConfig(assistant_only_loss=True, max_length=8192, packing=False)).train()

pairs = load_dataset("json", data_files="preference.jsonl", split="train")
DPOTrainer(model="sft-output", train_dataset=pairs, args=DPOConfig(max_length=8192)).train()
```

- `assistant_only_loss` needs a template with `{% generation %}`; TRL brings one for Qwen2.5, Qwen3, gpt-oss, GLM and
  others. For Llama 3.1 and Mistral it has none and refuses: leave it out, and the loss falls on every token.
- `max_length` cuts from the end. Leave long rows out instead: `--max-tokens`.
- Llama 3.1's template refuses several calls a message, that of gpt-oss renders only the first: export with
  `--one-call-per-message` for them.
- Columns of objects lose the last digit of some numbers. Where that matters, read the lines themselves:
  `IterableDataset.from_generator(lambda: map(json.loads, open("sft.jsonl")))`.
- KTO takes `preference.jsonl` as it is: TRL makes two rows of a pair.
- With `--parquet` the columns are text; parse them first:
  `ds.map(lambda row: {"messages": json.loads(row["messages"])})`.
"#
    }
}

/// Whether a number that is no integer stands in the JSON text.
fn has_fraction(json: &str) -> bool {
    // Without what is escaped, every second piece between quotes is no string.
    let bare = json.replace(r"\\", "").replace(r#"\""#, "");
    let outside = bare.split('"').step_by(2);
    outside.flat_map(|text| text.as_bytes().windows(2)).any(|pair| {
        let [before, after] = pair else { return false };
        before.is_ascii_digit() && matches!(after, b'.' | b'e' | b'E')
    })
}

#[cfg(test)]
mod tests {
    use super::has_fraction;

    #[test]
    fn fractions_are_found_outside_of_strings() {
        assert!(has_fraction(r#"{"a":[1,0.6]}"#));
        assert!(!has_fraction(r#"{"a":"0.6","b":6,"c":"\\","d":"\" 0.6"}"#));
    }
}
