//! Conversations as HTML to read: requests with what calls took from them
//! marked, calls with each argument's origin, outputs, replies, and pairs.

use std::fmt::Write;

use magnet_proto::sample::Source;
use serde_json::Value;

use super::chart::percent;
use super::escape;
use super::gallery::{self, Exhibit, Gallery};
use crate::dataset::{Conversation, Message, PairRecord, Played, ToolCall};
use crate::inspect;

/// The kind of conversations that a judge has doubted.
const DOUBTED: &str = "doubted";

/// How many characters of an output stand in the page.
const OUTPUT_CHARS: usize = 3_000;

pub(super) fn all(gallery: &Gallery) -> String {
    gallery.exhibits().iter().map(exhibit).collect()
}

/// Buttons that leave only the conversations of a kind, or put those first that
/// a judge agreed with least.
pub(super) fn choice(gallery: &Gallery) -> String {
    let button = |name: &str, label: &str, pressed: bool| {
        let (name, label) = (escape(name), escape(label));
        format!(
            "<button type='button' data-kind='{name}' aria-pressed='{pressed}'>{label}</button>"
        )
    };
    let each = gallery.kinds().into_iter();
    let each: String = each.map(|name| button(&name, &name.replace('_', " "), false)).collect();
    let doubted = match gallery.has_doubted() {
        true => button(DOUBTED, "lowest agreement", false),
        false => String::new(),
    };
    format!("<p class='choice'>{}{each}{doubted}</p>", button("", "all", true))
}

fn exhibit(exhibit: &Exhibit) -> String {
    let conversation = &exhibit.conversation;
    let metadata = &conversation.metadata;
    let first = conversation.turns().next().and_then(|turn| turn.first());
    let opening = first.and_then(|message| message.content.as_deref()).unwrap_or_default();
    let mut kinds = gallery::kinds(metadata);
    let tag = |name: &str| format!("<span class='tag'>{}</span>", escape(&name.replace('_', " ")));
    let mut labels: String = kinds.iter().map(|name| tag(name)).collect();
    let agreement = exhibit.agreement().unwrap_or(1.0);
    if agreement < 1.0 {
        kinds.push(DOUBTED.to_owned());
        labels += &tag(&format!("agreement {}", percent(agreement)));
    }
    let mut html = format!(
        "<details class='story' data-kinds='{}' data-agreement='{agreement:.3}'><summary><span class='opening'>{}</span> {labels}</summary>{}",
        escape(&kinds.join(" ")),
        escape(&beginning(opening, 120)),
        facts(conversation),
    );
    for (turn, messages) in conversation.turns().enumerate() {
        self::turn(&mut html, conversation, turn, messages);
    }
    exhibit.pairs.iter().for_each(|pair| self::pair(&mut html, pair));
    html.push_str("</details>");
    html
}

/// How a text begins.
fn beginning(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

fn facts(conversation: &Conversation) -> String {
    let metadata = &conversation.metadata;
    let ops: Vec<String> = metadata.node_ops.iter().map(inspect::operation).collect();
    let names: Vec<&str> = conversation.tool_names().collect();
    let rows = [
        ("aim", metadata.brief.aim.clone()),
        ("id", format!("{} (walk {})", conversation.id, metadata.walk)),
        ("domains", metadata.domains.join(", ")),
        ("node operations", ops.join("; ")),
        ("on offer", format!("{} functions: {}", names.len(), names.join(", "))),
        ("persona", metadata.persona.clone()),
        ("difficulty", metadata.difficulty.as_ref().map(Played::told).unwrap_or_default()),
    ];
    let rows: String = rows
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(label, text)| format!("<dt>{label}</dt><dd>{}</dd>", escape(text)))
        .collect();
    format!("<dl>{rows}</dl>")
}

fn turn(html: &mut String, conversation: &Conversation, turn: usize, messages: &[Message]) {
    let names = conversation.arrivals(turn);
    if !names.is_empty() {
        put(html, "note", &format!("now also on offer: {}", escape(&names.join(", "))));
    }
    let told = conversation.metadata.brief.told(turn);
    let told: Vec<String> = told.iter().map(|(label, text)| format!("{label}: {text}")).collect();
    if !told.is_empty() {
        put(html, "note", &escape(&told.join(" · ")));
    }
    for message in messages {
        let text = message.content.as_deref().unwrap_or_default();
        match message.role.as_str() {
            "user" => put(html, "user", &marked(text, &spans(conversation, turn))),
            "tool" => output(html, text),
            _ => agent(html, message, Some(conversation)),
        }
    }
}

fn agent(html: &mut String, message: &Message, conversation: Option<&Conversation>) {
    for call in &message.tool_calls {
        self::call(html, call, conversation);
    }
    if let Some(text) = message.content.as_deref().filter(|text| !text.is_empty()) {
        put(html, "agent", &escape(text));
    }
}

fn call(html: &mut String, call: &ToolCall, conversation: Option<&Conversation>) {
    let arguments = serde_json::from_str(&call.function.arguments).unwrap_or(Value::Null);
    let mut rows = String::new();
    for (parameter, value) in arguments.as_object().into_iter().flatten() {
        let origins: Vec<String> = conversation
            .into_iter()
            .flat_map(|conversation| conversation.provenance_of(&call.id))
            .filter(|entry| inspect::top_level(&entry.argument) == *parameter)
            .map(inspect::origin)
            .collect();
        write!(
            rows,
            "<tr><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
            escape(parameter),
            escape(&inspect::shorten(&value.to_string(), 200)),
            escape(&origins.join(", ")),
        )
        .expect("writing to a string cannot fail");
    }
    let head =
        format!("<b>{}</b> <small>{}</small>", escape(&call.function.name), escape(&call.id));
    put(html, "call", &format!("{head}<div class='scroll'><table>{rows}</table></div>"));
}

/// An output: its beginning, and all of it on demand.
fn output(html: &mut String, text: &str) {
    let whole = serde_json::from_str::<Value>(text)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| text.to_owned());
    let body = format!(
        "<details><summary><code>{}</code></summary><pre>{}</pre></details>",
        escape(&beginning(text, 200)),
        escape(&inspect::shorten(&whole, OUTPUT_CHARS)),
    );
    put(html, "output", &body);
}

fn pair(html: &mut String, pair: &PairRecord) {
    let metadata = &pair.metadata;
    let side = |label: &str, messages: &[Message]| {
        let mut side = format!("<div><h4>{label}</h4>");
        let rest = messages.get(pair.prompt_len..).unwrap_or_default();
        if let Some(first) = rest.first() {
            agent(&mut side, first, None);
        }
        if rest.len() > 1 {
            put(&mut side, "note", &format!("… and {} more messages", rest.len() - 1));
        }
        side + "</div>"
    };
    write!(
        html,
        "<div class='pair'><h3>{} <small>{} negative, parts in turn {}</small></h3>\
         <p>{}</p><div class='sides'>{}{}</div></div>",
        escape(&metadata.error_type.replace('_', " ")),
        escape(&metadata.source),
        metadata.turn,
        escape(&metadata.reason),
        side("chosen", &pair.chosen),
        side("rejected", &pair.rejected),
    )
    .expect("writing to a string cannot fail");
}

/// The spans of a user's message that arguments were taken from, in characters,
/// ascending and apart.
fn spans(conversation: &Conversation, turn: usize) -> Vec<(usize, usize)> {
    let of_turn = conversation.metadata.provenance.iter().filter_map(|entry| match entry.source {
        Source::User { turn: said, start, end } if said as usize == turn && start < end => {
            Some((start as usize, end as usize))
        }
        _ => None,
    });
    let mut spans: Vec<(usize, usize)> = of_turn.collect();
    spans.sort_unstable();
    spans.dedup_by(|next, kept| {
        let overlaps = next.0 < kept.1;
        if overlaps {
            kept.1 = kept.1.max(next.1);
        }
        overlaps
    });
    spans
}

fn marked(text: &str, spans: &[(usize, usize)]) -> String {
    let byte = |char_at: usize| text.char_indices().nth(char_at).map_or(text.len(), |(at, _)| at);
    let (mut html, mut done) = (String::new(), 0);
    for &(start, end) in spans {
        let (start, end) = (byte(start), byte(end));
        html.push_str(&escape(&text[done..start]));
        write!(html, "<mark>{}</mark>", escape(&text[start..end]))
            .expect("writing to a string cannot fail");
        done = end;
    }
    html + &escape(&text[done..])
}

fn put(html: &mut String, class: &str, body: &str) {
    let label = match class {
        "note" => "",
        "output" => "→",
        class => class,
    };
    write!(
        html,
        "<div class='msg {class}'><span class='who'>{label}</span><div>{body}</div></div>"
    )
    .expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_calls_took_is_marked_and_all_else_escaped() {
        assert_eq!(
            marked("from <Genève> to Lyon", &[(6, 12), (17, 21)]),
            "from &lt;<mark>Genève</mark>&gt; to <mark>Lyon</mark>"
        );
        assert_eq!(marked("short", &[(2, 99)]), "sh<mark>ort</mark>");
    }
}
