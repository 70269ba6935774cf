//! The lines of a dataset as an export works on them: borrowed from the text,
//! tool documents and arguments left unparsed.

use std::borrow::Cow;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::notes::{Note, Notes};

/// A line of `sft.jsonl`.
#[derive(Deserialize)]
pub(super) struct Conversation<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) messages: Vec<Message<'a>>,
    #[serde(borrow)]
    pub(super) tools: Vec<&'a RawValue>,
    #[serde(borrow)]
    pub(super) metadata: Metadata<'a>,
}

/// A line of `preference.jsonl`.
#[derive(Deserialize)]
pub(super) struct Pair<'a> {
    #[serde(borrow)]
    pub(super) chosen: Vec<Message<'a>>,
    #[serde(borrow)]
    pub(super) rejected: Vec<Message<'a>>,
    /// How many leading messages both share.
    pub(super) prompt_len: usize,
    #[serde(borrow)]
    pub(super) tools: Vec<&'a RawValue>,
    #[serde(borrow)]
    pub(super) metadata: Metadata<'a>,
}

/// What an export needs of a record's proof.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata<'a> {
    /// A pair's conversation.
    #[serde(borrow)]
    pub(super) sample: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) challenges: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) tools_added: Vec<Added<'a>>,
}

/// Tools that arrive with a user turn.
#[derive(Clone, Deserialize)]
pub(super) struct Added<'a> {
    pub(super) turn: usize,
    #[serde(borrow)]
    pub(super) tools: Vec<&'a RawValue>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    System,
    User,
    Assistant,
    Tool,
}

impl Role {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Message<'a> {
    pub(super) role: Role,
    #[serde(borrow, default)]
    pub(super) content: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) tool_calls: Vec<Call<'a>>,
    #[serde(borrow, default)]
    pub(super) tool_call_id: Cow<'a, str>,
    /// Stands in an earlier row of the same conversation, and was trained on
    /// there.
    #[serde(skip)]
    pub(super) again: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Call<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) function: CalledFunction<'a>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct CalledFunction<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    /// A JSON object, as text.
    #[serde(borrow)]
    pub(super) arguments: Cow<'a, str>,
}

impl CalledFunction<'_> {
    /// The arguments as they are, an object.
    pub(super) fn object(&self) -> Result<&RawValue> {
        let text = self.arguments.trim();
        let is_object = text.starts_with('{');
        ensure!(is_object, "the arguments of \"{}\" are no JSON object", self.name);
        serde_json::from_str(text)
            .with_context(|| format!("the arguments of \"{}\" are no JSON object", self.name))
    }
}

impl Message<'_> {
    pub(super) fn text(&self) -> &str {
        self.content.as_deref().unwrap_or_default()
    }

    pub(super) fn is_assistant(&self) -> bool {
        self.role == Role::Assistant
    }

    /// Whether both say the same, whatever the ids of their calls.
    fn says_as(&self, other: &Self) -> bool {
        self.role == other.role
            && self.text() == other.text()
            && self.tool_calls.len() == other.tool_calls.len()
            && self.tool_calls.iter().zip(&other.tool_calls).all(|(a, b)| a.function == b.function)
    }
}

/// One conversation as a layout writes it.
pub(super) struct Row<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) messages: Vec<Message<'a>>,
    pub(super) tools: Vec<&'a RawValue>,
}

impl Row<'_> {
    /// Gives the calls ids that every template takes.
    pub(super) fn renumber(&mut self) {
        renumber(&mut self.messages);
    }
}

/// One pair as a layout writes it.
pub(super) struct Parted<'a> {
    /// What both share.
    pub(super) prompt: Vec<Message<'a>>,
    /// From there on: one assistant message, or the whole rest.
    pub(super) chosen: Vec<Message<'a>>,
    pub(super) rejected: Vec<Message<'a>>,
    pub(super) tools: Vec<&'a RawValue>,
    /// Whether the sides are whole.
    pub(super) whole: bool,
}

impl<'a> Pair<'a> {
    /// Cuts both sides where they part, which must be an assistant's message.
    pub(super) fn part(mut self, whole: bool, notes: &mut Notes) -> Option<Parted<'a>> {
        let both = self.chosen.iter().zip(&self.rejected);
        let shared = both.take_while(|(chosen, rejected)| chosen.says_as(rejected)).count();
        let parts_right =
            |side: &[Message<'_>]| side.get(shared).is_some_and(Message::is_assistant);
        if !parts_right(&self.chosen) || !parts_right(&self.rejected) {
            notes.count(Note::PartElsewhere);
            return None;
        }
        if !whole {
            let rest = self.chosen.len().max(self.rejected.len()) - shared;
            notes.add(Note::PairsCut, u64::from(rest > 1));
            self.chosen.truncate(shared + 1);
            self.rejected.truncate(shared + 1);
        }
        renumber(&mut self.chosen);
        renumber(&mut self.rejected);
        let chosen = self.chosen.split_off(shared);
        let rejected = self.rejected.split_off(shared);
        Some(Parted { prompt: self.chosen, chosen, rejected, tools: self.tools, whole })
    }
}

/// Numbers the calls as `call00001` and so on: Mistral's templates refuse ids
/// that are not nine letters and digits, the others take any.
fn renumber(messages: &mut [Message<'_>]) {
    let mut known: Vec<String> = Vec::new();
    for message in messages {
        for call in &mut message.tool_calls {
            known.push(std::mem::take(&mut call.id).into_owned());
            call.id = id(known.len()).into();
        }
        if message.role == Role::Tool
            && let Some(at) = known.iter().rposition(|known| *known == message.tool_call_id)
        {
            message.tool_call_id = id(at + 1).into();
        }
    }
}

fn id(number: usize) -> String {
    format!("call{number:05}")
}

/// The user messages' places, turn by turn.
pub(super) fn requests(messages: &[Message<'_>]) -> Vec<usize> {
    let users = messages.iter().enumerate().filter(|(_, message)| message.role == Role::User);
    users.map(|(at, _)| at).collect()
}
