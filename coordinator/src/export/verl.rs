//! verl: conversations as text for fine-tuning, and a prompt a step for
//! reinforcement, with the calls that are right there as ground truth.
//!
//! verl takes tool schemas from one configuration file for all rows; ours
//! differ row by row, so they stand in the system prompt as text.

use anyhow::Result;
use magnet_proto::Digest;
use serde::Serialize;
use serde_json::value::RawValue;

use super::hermes::{self, TextMessage};
use super::layout::{Form, Layout, Out};
use super::notes::Notes;
use super::row::{Parted, Row};

pub(super) struct Verl;

#[derive(Serialize)]
struct SftRow<'a> {
    messages: Vec<TextMessage<'a>>,
}

#[derive(Serialize)]
struct StepRow<'a> {
    data_source: &'static str,
    prompt: Vec<TextMessage<'a>>,
    ability: &'static str,
    reward_model: Reward,
    extra_info: Extra<'a>,
}

#[derive(Serialize)]
struct Reward {
    style: &'static str,
    /// JSON text: the calls that are right here, none where prose is.
    ground_truth: String,
}

#[derive(Serialize)]
struct Extra<'a> {
    index: u64,
    id: &'a str,
    step: usize,
}

#[derive(Serialize)]
struct Due<'a> {
    name: &'a str,
    arguments: &'a RawValue,
}

impl Layout for Verl {
    fn conversation(&self, row: &Row<'_>, out: &mut Out, _: &mut Notes) -> Result<()> {
        out.first(&SftRow { messages: hermes::messages(&row.tools, &row.messages)? })?;
        let steps = row.messages.iter().enumerate().filter(|(_, message)| message.is_assistant());
        for (step, (at, message)) in steps.enumerate().filter(|(_, (_, message))| !message.again) {
            let due = message.tool_calls.iter().map(|call| {
                Ok(Due { name: &call.function.name, arguments: call.function.object()? })
            });
            let due = due.collect::<Result<Vec<_>>>()?;
            let ground_truth = serde_json::to_string(&due)?;
            out.second(&StepRow {
                data_source: "magnet",
                prompt: hermes::messages(&row.tools, &row.messages[..at])?,
                ability: "tool_use",
                reward_model: Reward { style: "rule", ground_truth },
                extra_info: Extra { index: index(&row.id, step), id: &row.id, step },
            })?;
        }
        Ok(())
    }

    fn pair(&self, _: &Parted<'_>, _: &mut Out, _: &mut Notes) -> Result<()> {
        Ok(())
    }

    fn files(&self) -> [(&'static str, Form); 2] {
        [("sft", Form::Chat), ("rl", Form::Jsonl)]
    }

    fn has_pairs(&self) -> bool {
        false
    }

    fn takes_series(&self) -> bool {
        false
    }

    fn guide(&self) -> &'static str {
        r#"`sft.parquet`: `messages` of `role` and `content`. `rl.jsonl`: a row for every message of the assistant, with
`prompt`, and in `reward_model.ground_truth` the calls that are right there as JSON text, `[]` where prose is. verl has
no place for preference pairs. It takes tool schemas from one file for all rows; here they differ row by row, so they
stand in the system prompt, with calls and outputs as text (the form of Hermes and Qwen2.5).

```sh
torchrun -m verl.trainer.sft_trainer data.train_files=sft.parquet data.messages_key=messages data.max_length=8192
python -m verl.trainer.main_ppo algorithm.adv_estimator=grpo data.train_files=rl.jsonl \
  data.prompt_key=prompt data.max_prompt_length=8192 \
  reward.custom_reward_function.path=reward.py reward.custom_reward_function.name=score
```

`reward.py`:

```python
import json, re

def score(data_source, solution_str, ground_truth, extra_info=None):
    due = sorted(json.dumps(call, sort_keys=True) for call in json.loads(ground_truth))
    try:
        made = [json.loads(text) for text in re.findall(r"<tool_call>\n(.*?)\n</tool_call>", solution_str, re.S)]
    except ValueError:
        return 0.0
    return float(due == sorted(json.dumps(call, sort_keys=True) for call in made))
```
"#
    }
}

/// A number of its own for every step.
fn index(id: &str, step: usize) -> u64 {
    let digest = Digest::of(format!("{id} {step}").as_bytes());
    digest.as_bytes().iter().take(6).fold(0, |all, byte| all << 8 | u64::from(*byte))
}
