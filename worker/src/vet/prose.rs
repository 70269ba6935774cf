//! What prose may not do: name functions, show the hint, admit a failure that
//! did not happen, or state numbers and names nobody gave.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use magnet_proto::library::Function;
use magnet_proto::shape::words;
use regex::Regex;
use serde_json::Value;

static HINT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\[\s*hints?\s*\]|\bhints?\s*:|\b(?:the|your|this|provided|given|per the) hints?\b|reference calls?|\bmiss(?:ed)? (?:function|params)\b")
        .expect("the pattern is fixed and valid")
});

static FAILURE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:as an ai|i(?:'m| am) (?:unable|not able)|i (?:cannot|can't|could not|couldn't)|i apologi[sz]e|an error occurred|failed to)\b")
        .expect("the pattern is fixed and valid")
});

/// The trace of a hint in a text that will be stored, if there is one.
pub fn hint_trace(text: &str) -> Option<&str> {
    HINT.find(text).map(|found| found.as_str())
}

/// The same in any text inside a value: an argument's, an output's.
pub fn hint_in(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => hint_trace(text),
        Value::Array(items) => items.iter().find_map(hint_in),
        Value::Object(members) => members.values().find_map(hint_in),
        Value::Bool(_) | Value::Number(_) | Value::Null => None,
    }
}

/// Words that admit a failure: a reason to reject where no tool failed.
pub fn failure_words(text: &str) -> Option<&str> {
    FAILURE.find(text).map(|found| found.as_str())
}

/// Whether a text names a function the way a program would: its identifier,
/// where that differs from plain words.
pub fn names_function(text: &str, function: &Function) -> bool {
    let name = function.name.as_str();
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut from = 0;
    while let Some(found) = text[from..].find(name) {
        let (start, end) = (from + found, from + found + name.len());
        let before = text[..start].chars().next_back();
        let after = text[end..].chars().next();
        if !before.is_some_and(is_word) && !after.is_some_and(is_word) && looks_coded(name) {
            return true;
        }
        from = end;
    }
    false
}

/// An identifier no one would type in a sentence: it has a `_`, a digit or a
/// capital inside.
fn looks_coded(name: &str) -> bool {
    name.contains('_') || name.chars().skip(1).any(|c| c.is_uppercase())
}

/// Whether a request gives away an implicit call: it has the function's verb
/// and every other word of its name.
pub fn mentions_action(text: &str, function: &Function) -> bool {
    let said: HashSet<String> = words(text).collect();
    let mut named = words(&function.name).filter(|word| word.len() > 2).peekable();
    named.peek().is_some() && named.all(|word| said.contains(&word))
}

/// What a conversation's messages bring in, each by the first that does.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Tokens as they stand: what follows from one is in the other tables.
    tokens: HashMap<String, usize>,
    /// Numbers without sign, leading zeros or thousands separators.
    numbers: HashMap<String, usize>,
    /// Lower-case words.
    words: HashMap<String, usize>,
}

impl Heard {
    /// Takes up a text of message `at`, which is not before those of other
    /// texts.
    pub fn add(&mut self, text: &str, at: usize) {
        tokens(text).for_each(|token| self.add_token(token.text, at));
    }

    fn add_token(&mut self, token: &str, at: usize) {
        if self.tokens.contains_key(token) {
            return;
        }
        self.tokens.insert(token.to_owned(), at);
        if token.starts_with(|c: char| c.is_ascii_digit()) {
            self.add_number(token, at);
        }
        self.add_words(token, at);
    }

    fn add_words(&mut self, token: &str, at: usize) {
        for word in words(token).chain([token.to_lowercase()]) {
            self.words.entry(word).or_insert(at);
        }
    }

    fn add_number(&mut self, token: &str, at: usize) {
        let mut add = |number: &str| _ = self.numbers.entry(canonical(number)).or_insert(at);
        add(token);
        for part in token.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()) {
            add(part);
            // 14:05 may be told as 2:05 pm.
            if let Ok(hour @ 13..=23) = part.parse::<u32>() {
                add(&(hour - 12).to_string());
            }
            if part == "00" {
                add("12");
            }
        }
        // A share may be told in percent, a number rounded.
        if token.bytes().all(|byte| byte.is_ascii_digit()) {
            add(&format!("{token}00"));
        } else if let Ok(value) = token.replace(',', "").parse::<f64>() {
            for digits in 0..=2 {
                add(&format!("{value:.digits$}"));
            }
            add(&format!("{:.0}", value * 100.0));
        }
    }
}

/// What closing prose may draw on: the conversation so far.
#[derive(Clone, Debug, Default)]
pub struct Grounds<'a> {
    /// A conversation, as far as the messages before one.
    shared: Option<(&'a Heard, usize)>,
    own: Heard,
}

impl<'a> Grounds<'a> {
    /// The first `len` messages of a conversation.
    pub fn after(conversation: &'a Heard, len: usize) -> Self {
        Self { shared: Some((conversation, len)), own: Heard::default() }
    }

    pub fn add(&mut self, text: &str) {
        for token in tokens(text) {
            if !self.knows(|heard| &heard.tokens, token.text) {
                self.own.add_token(token.text, 0);
            }
        }
    }

    /// Adds what is plain speech about a subject: its words, not its numbers.
    pub fn add_words(&mut self, text: &str) {
        tokens(text).for_each(|token| self.own.add_words(token.text, 0));
    }

    fn knows(&self, table: fn(&Heard) -> &HashMap<String, usize>, key: &str) -> bool {
        let shared = self.shared.and_then(|(heard, len)| Some(*table(heard).get(key)? < len));
        shared == Some(true) || table(&self.own).contains_key(key)
    }

    fn has_number(&self, number: &str) -> bool {
        self.knows(|heard| &heard.numbers, &canonical(number))
    }

    fn has_word(&self, word: &str) -> bool {
        self.knows(|heard| &heard.words, word)
    }

    /// The first number or name in the prose that comes from nowhere. Counts
    /// up to twelve are not questioned: they count what is listed.
    pub fn first_ungrounded(&self, prose: &str) -> Option<String> {
        let tokens: Vec<Token<'_>> = tokens(prose).collect();
        let mut sentence_start = true;
        for (at, token) in tokens.iter().enumerate() {
            let starts = std::mem::replace(&mut sentence_start, token.ends_sentence);
            let trimmed = token.text.trim_matches(|c: char| !c.is_alphanumeric());
            if trimmed.is_empty() {
                continue;
            }
            if is_number(trimmed) {
                if !self.knows_number(trimmed) && !self.knows_run(&tokens, at) {
                    return Some(trimmed.to_owned());
                }
            } else if !starts && is_name(trimmed) && !self.knows_name(trimmed) {
                return Some(trimmed.to_owned());
            }
        }
        None
    }

    /// Whether the number is a group of one that stands in several: a
    /// telephone number's.
    fn knows_run(&self, tokens: &[Token<'_>], at: usize) -> bool {
        let is_group = |token: &Token<'_>| token.text.bytes().all(|b| b.is_ascii_digit());
        let first = tokens[..at].iter().rposition(|token| !is_group(token)).map_or(0, |at| at + 1);
        let groups = tokens[first..].iter().take_while(|token| is_group(token));
        let run: String = groups.map(|token| token.text).collect();
        run.len() >= 7 && self.has_number(&run)
    }

    fn knows_number(&self, token: &str) -> bool {
        let known =
            |part: &str| self.has_number(part) || part.parse::<u32>().is_ok_and(|n| n <= 12);
        known(token)
            || (token.contains(':') && token.split(':').all(known))
            || (token.contains('.') && !token.contains(',') && token.split('.').count() > 2)
    }

    fn knows_name(&self, token: &str) -> bool {
        self.has_word(&token.to_lowercase())
            || words(token).all(|word| {
                self.has_word(&word)
                    || CALENDAR.contains(&word.as_str())
                    || self.has_number(&word)
                    || word.len() <= 2
            })
    }
}

const CALENDAR: &[&str] = &[
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december", "monday", "tuesday", "wednesday", "thursday", "friday",
    "saturday", "sunday", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct",
    "nov", "dec", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "i'm", "i've", "i'd", "i'll",
    "ve", "ll",
];

/// A capital or a digit inside: a proper name, an id, a code.
fn is_name(token: &str) -> bool {
    let starts_upper = token.starts_with(char::is_uppercase);
    let coded = token.chars().any(|c| c.is_ascii_digit()) && token.chars().any(char::is_alphabetic);
    (starts_upper && token.chars().count() > 1 && !token.starts_with("I'")) || coded
}

fn is_number(token: &str) -> bool {
    token.chars().all(|c| c.is_ascii_digit() || ".,:".contains(c))
}

/// A word or number of a text, bare of what stands around it.
#[derive(Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    ends_sentence: bool,
}

fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let breaks = |c: char| {
        let is_mark = matches!(
            c,
            '"' | '{' | '}' | '[' | ']' | '(' | ')' | '<' | '>' | '/' | '|' | '=' | ';' | '“' | '”'
        );
        is_mark || c.is_whitespace()
    };
    text.split(breaks).filter_map(|raw| {
        let bare = raw.trim_start_matches(['\'', '*', '`', '_', ':', ',']);
        let ends_sentence = bare
            .trim_end_matches(['\'', '*', '`', '_', ')', '’'])
            .ends_with(['.', '!', '?', ':', '-', '•', '–', '—']);
        let bare = bare.trim_end_matches(['\'', '*', '`', '_']);
        // Money, percents and the like hold their number bare.
        let number = bare.trim_start_matches(['$', '€', '£', '¥', '~', '+', '-', '#']);
        let text = match number.starts_with(|c: char| c.is_ascii_digit()) {
            true => number.trim_end_matches(|c: char| "%,.!?:°$€£".contains(c)),
            false => bare.trim_end_matches(','),
        };
        (!text.is_empty()).then_some(Token { text, ends_sentence })
    })
}

/// A number without thousands separators, leading zeros or trailing decimals.
fn canonical(token: &str) -> String {
    let plain: String = token.chars().filter(|c| *c != ',').collect();
    let plain = plain.trim_start_matches('0');
    let plain = match plain.contains('.') {
        true => plain.trim_end_matches('0').trim_end_matches('.'),
        false => plain,
    };
    match plain {
        "" => "0".into(),
        text if text.starts_with('.') => format!("0{text}"),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grounds() -> Grounds<'static> {
        let mut grounds = Grounds::default();
        grounds.add(r#"{"train_id":"TER-96508","departs":"18:35","fare":31.5,"total":1250,"date":"2026-03-14","phone":"+33612345678","city":"Lyon"}"#);
        grounds
    }

    fn check(prose: &str, expected: Option<&str>) {
        assert_eq!(grounds().first_ungrounded(prose).as_deref(), expected, "{prose}");
    }

    #[test]
    fn prose_may_repeat_what_outputs_say() {
        check("TER-96508 reaches Lyon at 18:35 and costs 31.50, in all 1,250.", None);
        check("It leaves at 6:35 pm on 14 March 2026.", None);
        check("I found 3 trains to Lyon. The fare is 31.5. They leave soon.", None);
        check("Call +33 6 12 34 56 78.", None);
    }

    #[test]
    fn a_number_or_name_from_nowhere_is_found() {
        check("It costs 33.5.", Some("33.5"));
        check("The train goes to Paris.", Some("Paris"));
        check("Take TER-96512 instead.", Some("TER-96512"));
        check("It gets there at 18:53.", Some("18:53"));
    }

    #[test]
    fn what_a_later_message_brings_in_is_no_ground_before_it() {
        let mut heard = Heard::default();
        for (at, text) in
            ["to Lyon", r#"{"fare":31}"#, "to Paris and Lyon for 12.50"].iter().enumerate()
        {
            heard.add(text, at);
        }
        let ungrounded =
            |len| Grounds::after(&heard, len).first_ungrounded("In Lyon 31, in Paris 12.5.");
        assert_eq!(
            [0, 1, 2, 3].map(ungrounded),
            [Some("Lyon"), Some("31"), Some("Paris"), None].map(|token| token.map(str::to_owned))
        );
        let mut more = Grounds::after(&heard, 1);
        more.add("31 in Paris, 12.5");
        assert_eq!(more.first_ungrounded("In Lyon 31, in Paris 12.5."), None);
    }

    #[test]
    fn hints_and_failures_leave_traces() {
        assert!(hint_trace("As the [Hint] says").is_some());
        assert!(hint_trace("According to the hint, I call").is_some());
        assert!(hint_trace("A hint of lemon").is_none());
        let arguments = serde_json::json!({"to": ["a"], "body": {"text": "[Hint]: call it"}});
        assert_eq!(hint_in(&arguments), Some("[Hint]"));
        assert!(failure_words("I apologize, something broke").is_some());
    }
}
