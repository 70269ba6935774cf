//! Text from other people, made safe to keep, to show and to offer a model.
//!
//! Descriptions keep their words and line breaks; what goes is what no reader
//! sees: control characters, direction overrides, invisible tag characters.

use std::borrow::Cow;

/// Whether a character has no place in a description.
fn hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text without hidden characters, its ends trimmed; borrowed if clean.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(hidden) {
        return Cow::Borrowed(text.trim());
    }
    let unified = text.replace("\r\n", "\n");
    let kept: String = unified.chars().filter(|&c| !hidden(c)).collect();
    Cow::Owned(kept.trim().to_owned())
}

/// At most `limit` characters, cut after a word where one ends nearby and
/// marked with an ellipsis; `None` if it is short enough already.
pub(super) fn shortened(text: &str, limit: usize) -> Option<String> {
    let (end, _) = text.char_indices().nth(limit)?;
    let head = &text[..end];
    let word = head.rfind(char::is_whitespace).filter(|at| end - at < 80).unwrap_or(end);
    Some(format!("{}…", head[..word].trim_end()))
}

/// For messages: on one line, harmless in a terminal, at most 80 characters.
pub(super) fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .take(400)
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|&c| !hidden(c))
        .collect();
    shortened(&spaced, 80).unwrap_or(spaced)
}

/// A value for messages, compact and short.
pub(super) fn brief(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::String(text) => {
            format!("\"{}\"", shortened(&one_line(text), 40).unwrap_or_else(|| one_line(text)))
        }
        Value::Array(values) => format!("a list of {}", values.len()),
        Value::Object(_) => "an object".to_owned(),
        other => other.to_string(),
    }
}

/// What kind of JSON value this is, with its article.
pub(super) fn kind(value: &serde_json::Value) -> &'static str {
    use serde_json::Value;
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A count with thousands separated: 12,345.
pub(super) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_go_and_line_breaks_stay() {
        assert_eq!(clean(" a\u{0}b\u{202e}c\r\nd\t\u{1b}[31m "), "abc\nd\t[31m");
        assert!(matches!(clean("plain\ntext"), Cow::Borrowed("plain\ntext")));
    }

    #[test]
    fn long_text_is_cut_after_a_word() {
        assert_eq!(shortened("one two three", 9).as_deref(), Some("one two…"));
        assert_eq!(shortened("ééééé", 3).as_deref(), Some("ééé…"));
        assert_eq!(shortened("short", 5), None);
    }

    #[test]
    fn counts_are_readable() {
        assert_eq!([0, 999, 1000, 1234567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }
}
