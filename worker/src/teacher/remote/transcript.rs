//! A conversation and its functions as text for a model.

use magnet_proto::library::Library;
use magnet_proto::sample::Message;

use crate::conversation::Conversation;

/// Outputs longer than this are cut: what matters of them is near the front.
const MAX_OUTPUT_CHARS: usize = 4_000;

/// The turns so far: requests, calls, outputs.
pub(super) fn conversation(library: &Library, conversation: &Conversation) -> String {
    let mut text = String::new();
    for exchange in &conversation.turns {
        line(&mut text, "Person", &exchange.request.text);
        for executed in &exchange.calls {
            let name = &library.get(executed.call.function).name;
            let arguments = serde_json::Value::Object(executed.call.arguments.clone());
            line(&mut text, "Call", &format!("{} {name} {arguments}", executed.call.id));
            line(&mut text, "Output", shortened(&executed.output.content()));
        }
    }
    if text.is_empty() { "(none yet)\n".into() } else { text }
}

/// A trajectory as it was played.
pub(super) fn messages(library: &Library, messages: &[Message]) -> String {
    let mut text = String::new();
    for message in messages {
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
            Message::Tool { content, .. } => line(&mut text, "Output", shortened(content)),
        }
    }
    text
}

fn line(text: &mut String, who: &str, what: &str) {
    text.push_str(&format!("{who}: {}\n", what.trim()));
}

fn shortened(content: &str) -> &str {
    match content.char_indices().nth(MAX_OUTPUT_CHARS) {
        Some((end, _)) => &content[..end],
        None => content,
    }
}
