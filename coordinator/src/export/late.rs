//! Tools that arrive in mid-conversation, which no trainer has a place for.
//!
//! A dataset's own messages carry the documents of what they bring, which
//! works everywhere. The other ways rewrite the conversation.

use std::borrow::Cow;

use magnet_proto::late;

use super::notes::{Note, Notes};
use super::row::{Added, Conversation, Message, Pair, Role, Row, requests};

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LateTools {
    /// Their document stands in the user's message that brings them
    Message,
    /// Two conversations: one ends before they are there, one has them from the start
    Split,
    /// Offered from the start; the reply that there is no such tool becomes false
    Start,
}

/// The rows of a conversation.
pub(super) fn rows<'a>(
    conversation: Conversation<'a>,
    how: LateTools,
    notes: &mut Notes,
) -> Vec<Row<'a>> {
    let Conversation { id, mut messages, mut tools, metadata } = conversation;
    let mut rows = Vec::new();
    let mut removed_turns = 0;
    for added in metadata.tools_added {
        let Some(&at) = requests(&messages).get(added.turn - removed_turns.min(added.turn)) else {
            continue;
        };
        match how {
            LateTools::Message => {
                notes.count(Note::LateInMessage);
                show(&mut messages, Some(at), &added);
            }
            LateTools::Start => {
                notes.count(Note::LateAtStart);
                withdraw(&mut messages, Some(at));
                tools.extend(added.tools);
            }
            LateTools::Split if !is_refused_before(&messages, at) => {
                notes.count(Note::LateUnsplit);
                show(&mut messages, Some(at), &added);
            }
            LateTools::Split => {
                notes.count(Note::LateSplit);
                let before = Row {
                    id: Cow::Owned(format!("{id}.{}", rows.len() + 1)),
                    messages: messages[..at].to_vec(),
                    tools: tools.clone(),
                };
                rows.push(before);
                // The request stands; the refusal and the message that brings
                // the tools go.
                messages.drain(at - 1..=at);
                removed_turns += 1;
                tools.extend(added.tools);
                for message in messages[..at - 1].iter_mut().filter(|m| m.is_assistant()) {
                    message.again = true;
                }
            }
        }
    }
    let again = messages.iter().filter(|message| message.again).count();
    notes.add(Note::SharedMessagesAgain, again as u64);
    let id = if rows.is_empty() { id } else { format!("{id}.{}", rows.len() + 1).into() };
    rows.push(Row { id, messages, tools });
    rows
}

/// The same for a pair. What arrives after the place where it parts matters
/// only where the sides are `whole`. Split, it is whichever of the two
/// conversations holds that place.
pub(super) fn pair(pair: &mut Pair<'_>, how: LateTools, whole: bool, notes: &mut Notes) {
    let mut removed_turns = 0;
    for added in std::mem::take(&mut pair.metadata.tools_added) {
        let turn = added.turn - removed_turns.min(added.turn);
        let place = |messages: &[Message<'_>]| requests(messages).get(turn).copied();
        let (chosen, rejected) = (place(&pair.chosen), place(&pair.rejected));
        let shared = chosen.filter(|at| *at < pair.prompt_len);
        if shared.is_none() && !whole {
            return;
        }
        match (how, shared) {
            (LateTools::Split, Some(at)) if is_refused_before(&pair.chosen, at) => {
                notes.count(Note::LateSplit);
                pair.chosen.drain(at - 1..=at);
                pair.rejected.drain(at - 1..=at);
                pair.prompt_len -= 2;
                removed_turns += 1;
                pair.tools.extend(added.tools);
            }
            (LateTools::Split, None) => {
                notes.add(Note::PairsEndAtArrival, u64::from(chosen.or(rejected).is_some()));
                pair.chosen.truncate(chosen.unwrap_or(pair.chosen.len()));
                pair.rejected.truncate(rejected.unwrap_or(pair.rejected.len()));
                return;
            }
            (LateTools::Start, _) => {
                notes.count(Note::LateAtStart);
                pair.tools.extend(&added.tools);
                withdraw(&mut pair.chosen, chosen);
                withdraw(&mut pair.rejected, rejected);
            }
            _ => {
                notes.count(Note::LateInMessage);
                show(&mut pair.chosen, chosen, &added);
                show(&mut pair.rejected, rejected, &added);
            }
        }
    }
}

/// Sees to it that the message carries the documents; a dataset's own does.
fn show(messages: &mut [Message<'_>], at: Option<usize>, added: &Added<'_>) {
    let Some(message) = at.and_then(|at| messages.get_mut(at)) else {
        return;
    };
    let missing = |document: &&str| !late::carries(message.text(), document);
    let missing: Vec<&str> = added.tools.iter().map(|tool| tool.get()).filter(missing).collect();
    if !missing.is_empty() {
        message.content = Some(late::carrying(message.text(), &missing).into());
    }
}

/// Takes the documents out of the message that carries them.
fn withdraw(messages: &mut [Message<'_>], at: Option<usize>) {
    if let Some(message) = at.and_then(|at| messages.get_mut(at)) {
        message.content = Some(late::spoken(message.text()).to_owned().into());
    }
}

/// Whether the message before says in prose that it cannot be done, so that
/// the request before it still asks for it.
fn is_refused_before(messages: &[Message<'_>], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|place| messages.get(place));
    before(1).is_some_and(|message| message.is_assistant() && message.tool_calls.is_empty())
        && before(2).is_some_and(|message| message.role == Role::User)
}
