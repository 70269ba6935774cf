//! Wording clauses as a message: joining, register, connectives.

use super::register::{self, Lead, Position};
use super::sentence::{capital, closed, small};
use super::words::Voice;
use crate::lexicon::Register;

/// What is said of one step, before it is worded as a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clause {
    /// Without capital and full stop, but with a question mark.
    pub text: String,
    pub mood: Mood,
    /// Sentences to follow, without their full stop.
    pub extra: Vec<String>,
}

/// What kind of sentence a clause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// "find me a train": it can be framed ("could you …?") and joined.
    Imperative,
    Question,
    /// "I'd like a window seat": a sentence of its own.
    Statement,
}

impl Mood {
    /// The mood of a pack's phrase, by how it begins and ends.
    pub(super) fn of(phrase: &str) -> Self {
        const BEGINNINGS: &[&str] = &[
            "a", "an", "don", "he", "her", "his", "i", "into", "it", "my", "no", "on", "our",
            "please", "she", "somebody", "someone", "that", "the", "their", "there", "they",
            "this", "we", "you", "from", "how", "could",
        ];
        let first = phrase.split([' ', ',']).next().unwrap_or_default();
        let plain = first.split('\'').next().unwrap_or_default().to_lowercase();
        match () {
            () if phrase.ends_with('?') => Self::Question,
            () if first.starts_with('{') || phrase.contains("please") => Self::Statement,
            () if BEGINNINGS.contains(&plain.as_str()) || first == "let's" => Self::Statement,
            () => Self::Imperative,
        }
    }
}

/// A clause with its relation to the one before it in the same message.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub clause: Clause,
    /// It uses what the clause before leads to.
    pub depends: bool,
}

/// The message for the clauses of one turn.
pub(super) fn message(
    parts: Vec<Part>,
    motive: Option<String>,
    position: Position,
    register: Register,
    voice: &mut Voice<'_>,
) -> String {
    let mut sentences: Vec<String> = Vec::new();
    let relaxed = register == Register::Casual && voice.chance(45);
    for (index, sentence) in joined(parts, voice).into_iter().enumerate() {
        let Sentence { text, mood, link, extra } = sentence;
        let lead = if index == 0 { register::lead(position, register, voice) } else { Lead::None };
        let spoken = match link {
            _ if mood == Mood::Question => register::led(lead, &linked_question(link, &text)),
            _ if mood == Mood::Statement => stated(&text),
            Some(link) => register::following(link, &text, register, voice),
            None => {
                let framed = register::framed(&text, lead, register, voice);
                register::led(lead, &framed)
            }
        };
        sentences.push(capital(&spoken));
        sentences.extend(extra.into_iter().map(|s| closed(&capital(&s))));
    }
    if let Some(motive) = motive.filter(|motive| !says(&sentences, motive)) {
        let first = position == Position::Opening && !looks_back(&motive) && voice.chance(80);
        // It is the first thing's reason, not that of what is asked for beside.
        let at = if first { 0 } else { 1.min(sentences.len()) };
        sentences.insert(at, closed(&motive));
    }
    if let Some(first) = sentences.first_mut().filter(|_| position == Position::Opening) {
        register::greeted(first, register, voice);
    }
    let text = sentences.join(" ");
    if relaxed { relax(&text) } else { text }
}

/// Whether one of the sentences gives the motive already.
fn says(sentences: &[String], motive: &str) -> bool {
    let motive = motive.trim_end_matches('.').to_lowercase();
    sentences.iter().any(|sentence| sentence.to_lowercase().contains(&motive))
}

/// A motive that says "it" needs the request before it.
fn looks_back(motive: &str) -> bool {
    let mut words = motive.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words
        .any(|word| ["it", "its", "they", "them", "that", "there", "this"].contains(&word.as_str()))
}

/// A sentence's worth of clauses.
struct Sentence {
    text: String,
    mood: Mood,
    link: Option<&'static str>,
    extra: Vec<String>,
}

/// Joins clauses that go well in one sentence.
fn joined(parts: Vec<Part>, voice: &mut Voice<'_>) -> Vec<Sentence> {
    let mut sentences: Vec<Sentence> = Vec::new();
    for part in parts {
        let Clause { text, mood, extra } = part.clause;
        let tight = sentences.last().is_some_and(|last| {
            last.mood == Mood::Imperative
                && mood == Mood::Imperative
                && last.extra.is_empty()
                && last.text.split(' ').count() < 22
                && !last.text.contains(" and ")
                && !last.text.contains(": ")
        });
        let join = tight && voice.chance(if part.depends { 65 } else { 40 });
        match sentences.last_mut().filter(|_| join) {
            Some(last) => {
                let words: &[&str] = if part.depends {
                    &[" and ", " and then ", ", then ", " and "]
                } else {
                    &[" and ", " and also ", " and "]
                };
                last.text.push_str(voice.pick(words));
                last.text.push_str(&text);
                last.extra = extra;
            }
            None => {
                let links: &[&str] = if sentences.is_empty() {
                    &[]
                } else if part.depends {
                    &["then", "after that,", "then", "once you have that,"]
                } else {
                    &["also,", "and", "while you're at it,", "also", "and"]
                };
                let link = if links.is_empty() { None } else { Some(voice.pick(links)) };
                sentences.push(Sentence { text, mood, link, extra });
            }
        }
    }
    sentences
}

/// A statement stands as it is.
fn stated(text: &str) -> String {
    closed(text)
}

fn linked_question(link: Option<&'static str>, text: &str) -> String {
    match link {
        Some("also" | "also,") => format!("also, {text}"),
        Some(_) => format!("and {text}"),
        None => text.to_owned(),
    }
}

/// Lower-case start, no full stop at the end.
fn relax(text: &str) -> String {
    let text = text.strip_suffix('.').filter(|t| !t.ends_with('.')).unwrap_or(text);
    small(text)
}
