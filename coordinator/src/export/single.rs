//! One call a message: templates that take no more lose or refuse the others.

use std::borrow::Cow;

use super::notes::{Note, Notes};
use super::row::{Message, Role};

/// Splits messages of several calls, each call with its own outputs behind it.
pub(super) fn split(messages: &mut Vec<Message<'_>>, notes: &mut Notes) {
    if messages.iter().all(|message| message.tool_calls.len() < 2) {
        return;
    }
    let mut rest = std::mem::take(messages).into_iter().peekable();
    while let Some(mut message) = rest.next() {
        if message.tool_calls.len() < 2 {
            messages.push(message);
            continue;
        }
        notes.count(Note::CallsSplit);
        let mut outputs: Vec<Message<'_>> = Vec::new();
        while let Some(output) = rest.next_if(|next| next.role == Role::Tool) {
            outputs.push(output);
        }
        let mut content = message.content.take();
        for call in std::mem::take(&mut message.tool_calls) {
            let own = outputs.extract_if(.., |output| output.tool_call_id == call.id);
            let own: Vec<Message<'_>> = own.collect();
            messages.push(Message {
                role: Role::Assistant,
                content: content.take(),
                tool_calls: vec![call],
                tool_call_id: Cow::default(),
                again: message.again,
            });
            messages.extend(own);
        }
        messages.extend(outputs);
    }
}
