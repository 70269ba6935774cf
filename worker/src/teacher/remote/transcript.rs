//! A conversation and its functions as text for a model.

use std::borrow::Cow;

use magnet_proto::library::Library;
use magnet_proto::sample::Message;
use serde_json::Value;

use super::Room;
use crate::conversation::Conversation;

/// Outputs longer than this are shortened.
const MAX_OUTPUT_CHARS: usize = 4_000;
/// The same in a model of a short context: of the turn under way, of earlier
/// ones.
const SCARCE_CHARS: [usize; 2] = [1_200, 300];

/// The turns so far: requests, calls, outputs.
pub(super) fn conversation(library: &Library, conversation: &Conversation, room: Room) -> String {
    let mut text = String::new();
    let last = conversation.turns.len().saturating_sub(1);
    for (turn, exchange) in conversation.turns.iter().enumerate() {
        let chars = output_chars(room, turn == last);
        line(&mut text, "Person", &exchange.request.text);
        for executed in &exchange.calls {
            let name = &library.get(executed.call.function).name;
            let arguments = serde_json::Value::Object(executed.call.arguments.clone());
            line(&mut text, "Call", &format!("{name} {arguments}"));
            line(&mut text, "Output", &shortened(&executed.output.content, chars));
        }
    }
    if text.is_empty() { "(none yet)\n".into() } else { text }
}

/// A whole conversation of which the agent's replies are missing.
pub(super) fn unspoken(library: &Library, conversation: &Conversation, room: Room) -> String {
    let mut text = String::new();
    let chars = output_chars(room, false);
    for (turn, exchange) in (1..).zip(&conversation.turns) {
        line(&mut text, &format!("Person {turn}"), &exchange.request.text);
        for executed in &exchange.calls {
            let name = &library.get(executed.call.function).name;
            let arguments = serde_json::Value::Object(executed.call.arguments.clone());
            line(&mut text, "You call", &format!("{name} {arguments}"));
            line(&mut text, "Output", &shortened(&executed.output.content, chars));
        }
        text.push_str(&format!("(reply {turn})\n"));
    }
    text
}

/// A trajectory as it was played.
pub(super) fn messages(library: &Library, messages: &[Message], room: Room) -> String {
    let mut text = String::new();
    let last = messages.iter().rposition(|message| matches!(message, Message::User(_)));
    for (at, message) in messages.iter().enumerate() {
        match message {
            Message::System(_) => {}
            Message::User(request) => line(&mut text, "Person", request),
            Message::Assistant { content, calls } => {
                for call in calls {
                    let name = &library.get(call.function).name;
                    let arguments = serde_json::Value::Object(call.arguments.clone());
                    line(&mut text, "You call", &format!("{name} {arguments}"));
                }
                if let Some(content) = content {
                    line(&mut text, "You say", content);
                }
            }
            Message::Tool { content, .. } => {
                let chars = output_chars(room, last.is_none_or(|last| at > last));
                line(&mut text, "Output", &shortened(content, chars));
            }
        }
    }
    text
}

fn line(text: &mut String, who: &str, what: &str) {
    text.push_str(&format!("{who}: {}\n", what.trim()));
}

fn output_chars(room: Room, is_under_way: bool) -> usize {
    match room {
        Room::Ample => MAX_OUTPUT_CHARS,
        Room::Scarce => SCARCE_CHARS[usize::from(!is_under_way)],
    }
}

/// An output as far as there is room: first without links, keys and empty
/// places, then without what stands behind the first elements of its lists. A
/// cut is marked.
fn shortened(content: &str, chars: usize) -> Cow<'_, str> {
    if content.chars().nth(chars).is_none() {
        return content.into();
    }
    if let Ok(mut value) = serde_json::from_str::<Value>(content) {
        tidy(&mut value);
        let mut text = value.to_string();
        for kept in [12, 6, 3] {
            if text.chars().nth(chars).is_none() {
                break;
            }
            let mut shorter = value.clone();
            cut_lists(&mut shorter, kept);
            text = shorter.to_string();
        }
        if text.chars().nth(chars).is_none() {
            return text.into();
        }
        let cut: String = text.chars().take(chars).collect();
        return format!("{cut}… (cut)").into();
    }
    let cut: String = content.chars().take(chars).collect();
    format!("{cut}… (cut)").into()
}

/// Takes away what nobody speaks of.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, member| {
                let is_empty = member.is_null()
                    || member.as_array().is_some_and(Vec::is_empty)
                    || member.as_object().is_some_and(serde_json::Map::is_empty);
                !is_empty && !name.ends_with("_url") && name != "node_id"
            });
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Keeps the first elements of each list, and says how many follow.
fn cut_lists(value: &mut Value, kept: usize) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| cut_lists(member, kept)),
        Value::Array(items) => {
            if items.len() > kept + 1 {
                let more = items.len() - kept;
                items.truncate(kept);
                items.push(format!("… and {more} more").into());
            }
            items.iter_mut().for_each(|item| cut_lists(item, kept));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_too_long_loses_links_then_the_ends_of_lists_and_says_how_much() {
        let items = |n: usize| -> Vec<Value> {
            let item = |at| json!({"id": at, "text": "twenty characters of it", "web_url": "x"});
            (0..n).map(item).collect()
        };
        let check = |given: &Value, chars: usize, expected: &Value| {
            assert_eq!(shortened(&given.to_string(), chars), expected.to_string());
        };
        let bare = |n: usize| -> Vec<Value> {
            let mut bare = Value::Array(items(n));
            tidy(&mut bare);
            bare.as_array().cloned().unwrap_or_default()
        };
        check(&json!(items(2)), 4_000, &json!(items(2)));
        check(&json!(items(4)), 200, &json!(bare(4)));
        let some: Vec<Value> = bare(6).into_iter().chain([json!("… and 24 more")]).collect();
        check(&json!(items(30)), 400, &json!(some));
        assert!(shortened(&json!(items(30)).to_string(), 100).ends_with("… (cut)"));
    }
}
