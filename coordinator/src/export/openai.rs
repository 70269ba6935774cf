//! OpenAI's fine-tuning files, which others take as well: no column but
//! theirs.

use anyhow::Result;
use magnet_proto::late;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::chat::{self, Arguments, ChatMessage};
use super::layout::{Layout, Out};
use super::notes::{Note, Notes};
use super::row::{Message, Parted, Role, Row};

pub(super) struct Openai;

#[derive(Serialize)]
struct Chat<'a> {
    messages: Vec<ChatMessage<'a>>,
    tools: &'a [&'a RawValue],
    parallel_tool_calls: bool,
}

#[derive(Serialize)]
struct PairRow<'a> {
    input: Chat<'a>,
    preferred_output: Vec<ChatMessage<'a>>,
    non_preferred_output: Vec<ChatMessage<'a>>,
}

/// As much of a tool as tells its name.
#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow)]
    function: Named<'a>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: std::borrow::Cow<'a, str>,
}

impl Layout for Openai {
    fn conversation(&self, row: &Row<'_>, out: &mut Out, notes: &mut Notes) -> Result<()> {
        notes.add(Note::CalledNotListed, not_listed(&row.tools, &row.messages)?);
        let mut messages = chat::messages(&row.messages, Arguments::Text)?;
        for (chat, message) in messages.iter_mut().zip(&row.messages) {
            chat.weight = message.again.then_some(0);
        }
        out.first(&Chat { messages, tools: &row.tools, parallel_tool_calls: true })
    }

    fn pair(&self, pair: &Parted<'_>, out: &mut Out, _: &mut Notes) -> Result<()> {
        let messages = |messages| chat::messages(messages, Arguments::Text);
        let tools = pair.tools.as_slice();
        out.second(&PairRow {
            input: Chat { messages: messages(&pair.prompt)?, tools, parallel_tool_calls: true },
            preferred_output: messages(&pair.chosen)?,
            non_preferred_output: messages(&pair.rejected)?,
        })
    }

    fn guide(&self) -> &'static str {
        r#"`sft`: `messages`, `tools`, `parallel_tool_calls`; arguments are text. `preference`: `input` (the same three),
`preferred_output` and `non_preferred_output`, one assistant message each. Nothing else, for the service refuses
unknown columns. Loss falls on the assistant's messages; those with `weight` 0 are left out.

```sh
openai api files.create -f sft.jsonl -p fine-tune
openai api fine_tuning.jobs.create -m MODEL -t FILE_ID
```

- A function that arrives in mid-conversation is called without standing in `tools`, which is one list for the whole
  row. Export with `--late-tools split` to have none of these.
"#
    }
}

/// Calls of functions that only a user's message shows.
fn not_listed(tools: &[&RawValue], messages: &[Message<'_>]) -> Result<u64> {
    let brings = |message: &Message<'_>| {
        message.role == Role::User && late::spoken(message.text()).len() < message.text().len()
    };
    if !messages.iter().any(brings) {
        return Ok(0);
    }
    let names =
        tools.iter().map(|tool| Ok(serde_json::from_str::<Tool<'_>>(tool.get())?.function.name));
    let names = names.collect::<Result<Vec<_>>>()?;
    let calls = messages.iter().flat_map(|message| &message.tool_calls);
    Ok(calls.filter(|call| !names.contains(&call.function.name)).count() as u64)
}
