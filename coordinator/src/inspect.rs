//! Trajectories as text to read: turns, calls with where each argument came
//! from, outputs, and the pairs with the place where they part.
//!
//! Pure: records in, lines out. What strangers wrote is shown without control
//! characters, so that a tool's text cannot steer a terminal.

use magnet_proto::sample::{Provenance, Readings, SchemaKey, Source};
use serde_json::Value;

use crate::dataset::{Conversation, Message, PairRecord, Played, Rejected, ToolCall};
use crate::terminal::Paint;

/// How many characters of an output are shown.
const OUTPUT_CHARS: usize = 400;

/// Renders a rejected walk, as far as it came.
pub(crate) fn render_rejected(rejected: &Rejected, paint: Paint) -> String {
    let mut page = Page { text: String::new(), paint };
    page.rejected(rejected);
    page.text
}

/// Renders one conversation with its pairs.
pub(crate) fn render(conversation: &Conversation, pairs: &[PairRecord], paint: Paint) -> String {
    let mut page = Page { text: String::new(), paint };
    page.header(conversation);
    for (turn, messages) in conversation.turns().enumerate() {
        page.turn(conversation, turn, messages);
    }
    for pair in pairs {
        page.pair(pair);
    }
    page.text
}

struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn header(&mut self, conversation: &Conversation) {
        let metadata = &conversation.metadata;
        let title = format!("{}  walk {}", clean(&conversation.id), metadata.walk);
        self.line(&self.paint.bold(&title));
        self.fact("path", &path(&metadata.signature_path));
        self.fact("aim", &clean(&metadata.brief.aim));
        self.fact("challenges", &clean(&metadata.challenges.join(", ")));
        let ops: Vec<String> = metadata.node_ops.iter().map(operation).collect();
        self.fact("node ops", &ops.join("; "));
        self.fact("domains", &clean(&metadata.domains.join(", ")));
        let names: Vec<String> = conversation.tool_names().map(clean).collect();
        self.fact("tools", &format!("{}: {}", names.len(), names.join(", ")));
        let played = metadata.difficulty.as_ref();
        self.fact("difficulty", &clean(&played.map(Played::told).unwrap_or_default()));
        let doubted = metadata.readings.filter(|readings| readings.doubted > 0);
        let doubted = doubted.map(|Readings { read, doubted }| {
            format!("{doubted} of {read} requests did not show a judge at once what they need")
        });
        self.fact("doubted", &doubted.unwrap_or_default());
        self.fact("made by", &clean(&[&*metadata.teacher, &metadata.executor].join(", ")));
    }

    fn fact(&mut self, label: &str, text: &str) {
        if !text.is_empty() {
            let label = self.paint.dim(&format!("{label:>12}"));
            self.line(&format!("{label}  {text}"));
        }
    }

    fn turn(&mut self, conversation: &Conversation, turn: usize, messages: &[Message]) {
        self.line("");
        self.fact("tools added", &clean(&conversation.arrivals(turn).join(", ")));
        for (label, told) in conversation.metadata.brief.told(turn) {
            self.fact(label, &clean(&told));
        }
        for message in messages {
            match message.role.as_str() {
                "user" => {
                    let label = self.paint.cyan(&format!("{:>12}", format!("user {turn}")));
                    self.line(&format!("{label}  {}", block(text_of(message))));
                }
                "tool" => {
                    let output = shorten(&clean(text_of(message)), OUTPUT_CHARS);
                    self.line(&format!("{:>12}  {}", "→", self.paint.dim(&output)));
                }
                _ => self.agent(message, Some(conversation)),
            }
        }
    }

    fn agent(&mut self, message: &Message, conversation: Option<&Conversation>) {
        if let Some(text) = message.content.as_deref().filter(|text| !text.is_empty()) {
            let label = self.paint.green(&format!("{:>12}", "agent"));
            self.line(&format!("{label}  {}", block(text)));
        }
        for call in &message.tool_calls {
            self.call(call, conversation);
        }
    }

    fn call(&mut self, call: &ToolCall, conversation: Option<&Conversation>) {
        let name = self.paint.bold(&clean(&call.function.name));
        let id = self.paint.dim(&clean(&call.id));
        self.line(&format!("{:>12}  {name} {id}", "call"));
        let Ok(Value::Object(arguments)) = serde_json::from_str(&call.function.arguments) else {
            self.line(&format!("{:14}{}", "", clean(&call.function.arguments)));
            return;
        };
        for (parameter, value) in &arguments {
            let value = shorten(&clean(&value.to_string()), 100);
            let origins: Vec<String> = conversation
                .into_iter()
                .flat_map(|conversation| conversation.provenance_of(&call.id))
                .filter(|entry| top_level(&entry.argument) == *parameter)
                .map(origin)
                .collect();
            let origins = self.paint.dim(&clean(&origins.join(", ")));
            let line = format!("{:14}{} = {value}  {origins}", "", clean(parameter));
            self.line(line.trim_end());
        }
    }

    fn rejected(&mut self, rejected: &Rejected) {
        let title = format!("walk {}: {}", rejected.walk, rejected.reason.replace('_', " "));
        self.line(&self.paint.red(&clean(&title)));
        self.fact("why", &clean(&rejected.detail));
        self.fact("path", &path(&rejected.signature_path));
        if let Some(brief) = &rejected.brief {
            self.fact("aim", &clean(&brief.aim));
            for turn in 0..brief.turns.len() {
                for (label, told) in brief.told(turn) {
                    self.fact(&format!("{label} {turn}"), &clean(&told));
                }
            }
        }
        let Some(asked) = &rejected.asked else { return };
        for message in &asked.prompt {
            self.line("");
            self.fact(&clean(&message.role), &block(text_of(message)));
        }
        self.line("");
        self.fact(&format!("{}: answer", clean(&asked.ask)), &block(&asked.answer));
    }

    fn pair(&mut self, pair: &PairRecord) {
        let metadata = &pair.metadata;
        self.line("");
        let title = format!(
            "rejected: {}, parts in turn {} after message {} ({})",
            metadata.error_type, metadata.turn, pair.prompt_len, metadata.source
        );
        self.line(&self.paint.red(&clean(&title)));
        self.fact("why", &clean(&metadata.reason));
        self.line(&self.paint.dim("  instead of"));
        self.continuation(&pair.chosen, pair.prompt_len);
        self.line(&self.paint.dim("  it went"));
        self.continuation(&pair.rejected, pair.prompt_len);
    }

    /// What follows the shared part: the first message, and how many more.
    fn continuation(&mut self, messages: &[Message], from: usize) {
        let Some((first, rest)) = messages.get(from..).and_then(<[Message]>::split_first) else {
            self.line("              (nothing)");
            return;
        };
        self.agent(first, None);
        if !rest.is_empty() {
            self.line(&self.paint.dim(&format!("              … {} more messages", rest.len())));
        }
    }
}

/// A signature path, turn by turn.
fn path(turns: &[Vec<String>]) -> String {
    let turns = turns
        .iter()
        .map(|turn| if turn.is_empty() { "(asks)".into() } else { clean(&turn.join(" + ")) });
    turns.collect::<Vec<String>>().join(" → ")
}

/// Where an argument came from, in a few words.
pub(crate) fn origin(entry: &Provenance) -> String {
    match &entry.source {
        Source::User { turn, .. } => format!("← user {turn}"),
        Source::Output { call, path, .. } => format!("← {call} {path}"),
        Source::Schema { key: SchemaKey::Default } => "← the schema's default".into(),
        Source::Schema { key: SchemaKey::Enum } => "← the schema's choices".into(),
        Source::Composed => "← composed".into(),
        Source::None => "← nowhere".into(),
    }
}

/// A node operation in a few words.
pub(crate) fn operation(op: &Value) -> String {
    let text = |key: &str| op.get(key).and_then(Value::as_str).unwrap_or("?").replace('_', " ");
    let name = |key: &str| op.get(key).and_then(Value::as_str).unwrap_or("?");
    let turn = |key: &str| op.get(key).and_then(Value::as_u64).unwrap_or_default();
    let (function, at) = (name("function"), turn("turn"));
    let told = match name("op") {
        "merge" => {
            let functions = op.get("functions").and_then(Value::as_array);
            let names: Vec<&str> =
                functions.into_iter().flatten().filter_map(Value::as_str).collect();
            format!("merge into turn {at}: {}", names.join(" + "))
        }
        "insert" => format!(
            "insert ({}) {} into turn {}, fed by {} of turn {}",
            text("kind"),
            name("new_fn"),
            turn("dst_turn"),
            name("src_fn"),
            turn("src_turn"),
        ),
        "split" => {
            let what = op.get("parameter").and_then(Value::as_str).unwrap_or(function);
            let resolved = op.get("resolved") == Some(&Value::Bool(true));
            let ending = if resolved { "" } else { ", for good" };
            format!("split at turn {at}: {} {what}{ending}", text("kind"))
        }
        "parallel" => format!("parallel in turn {at}: {} × {function}", turn("copies")),
        "fault" => format!("fault in turn {at}: {function}, {}", text("fault")),
        "conflict" => {
            let earlier = turn("earlier_turn");
            format!("conflict in turn {at}: {function} at {}, against turn {earlier}", name("path"))
        }
        other => format!("{other} in turn {at}: {function}"),
    };
    clean(&told)
}

/// The first step of a JSON pointer: the parameter.
pub(crate) fn top_level(pointer: &str) -> String {
    let first = pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
    first.replace("~1", "/").replace("~0", "~")
}

fn text_of(message: &Message) -> &str {
    message.content.as_deref().unwrap_or_default()
}

/// A text of several lines, indented under its label.
fn block(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n              ")
}

/// With what steers a terminal, or turns the order of what is read around,
/// escaped: whoever looks at it sees that it is there.
fn clean(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => shown.push(' '),
            c if c.is_control() || is_unseen(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// Characters that change the direction of a text, or hide in it.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// The text, or its beginning and how much is left out.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((at, _)) => {
            let left_out = text[at..].chars().count();
            format!("{} … {left_out} more characters", &text[..at])
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn operations_read_as_sentences() {
        let insert = json!({"op": "insert", "kind": "short", "src_turn": 1, "src_fn": "find",
                            "new_fn": "convert", "dst_turn": 1});
        assert_eq!(operation(&insert), "insert (short) convert into turn 1, fed by find of turn 1");
        let split = json!({"op": "split", "kind": "missing_parameter", "turn": 2,
                           "function": "send", "parameter": "to", "resolved": false});
        assert_eq!(operation(&split), "split at turn 2: missing parameter to, for good");
        let pad = json!({"op": "pad", "turn": 0, "function": "list\u{1b}[31m"});
        assert_eq!(operation(&pad), r"pad in turn 0: list\u{1b}[31m");
    }

    #[test]
    fn what_steers_a_terminal_or_turns_a_text_around_is_seen() {
        assert_eq!(clean("a\tcafé 東京 🙂"), "a café 東京 🙂");
        assert_eq!(clean("pay \u{202e}01\u{200b}\u{7}"), r"pay \u{202e}01\u{200b}\u{7}");
    }

    #[test]
    fn pointers_name_their_parameter() {
        assert_eq!(top_level("/guests/0/name"), "guests");
        assert_eq!(top_level("/a~1b"), "a/b");
    }

    #[test]
    fn long_texts_say_how_much_is_left_out() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äöü … 1 more characters");
    }
}
