//! Wording clauses as a message: joining, register, connectives.

use super::clause::Clause;
use super::phrase::Voice;
use crate::lexicon::Register;

/// Where in a conversation a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    Opening,
    Later,
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
    context: &[String],
    motive: Option<String>,
    position: Position,
    register: Register,
    voice: &mut Voice<'_>,
) -> String {
    let mut sentences: Vec<String> = Vec::new();
    let relaxed = register == Register::Casual && voice.chance(45);
    for (index, sentence) in joined(parts, voice).into_iter().enumerate() {
        let lead = match (index, position) {
            (0, Position::Later) => lead(register, voice),
            _ => Lead::None,
        };
        let Sentence { text, question, link, extra } = sentence;
        let spoken = if question {
            led(&lead, &linked_question(&link, &text))
        } else if index == 0 {
            led(&lead, &framed(&text, register, voice))
        } else {
            following(&link, &text, register, voice)
        };
        sentences.push(capital(&spoken));
        sentences.extend(extra.into_iter().map(|s| closed(&capital(&s))));
    }
    sentences.extend(context.iter().map(|s| closed(&capital(s))));
    if let Some(motive) = motive {
        let at = if voice.chance(80) { 0 } else { sentences.len() };
        sentences.insert(at, closed(&motive));
    }
    greeted(&mut sentences, position, register, voice);
    let text = sentences.join(" ");
    if relaxed { relax(&text) } else { text }
}

/// A sentence's worth of clauses.
struct Sentence {
    text: String,
    question: bool,
    link: Option<&'static str>,
    extra: Vec<String>,
}

/// Joins clauses that go well in one sentence.
fn joined(parts: Vec<Part>, voice: &mut Voice<'_>) -> Vec<Sentence> {
    let mut sentences: Vec<Sentence> = Vec::new();
    for part in parts {
        let Clause { text, question, extra } = part.clause;
        let tight = sentences.last().is_some_and(|last| {
            !last.question
                && !question
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
                    &[
                        "then", "after that,", "once you have that,", "then", "with that,",
                        "when that's done,",
                    ]
                } else {
                    &[
                        "also,", "and", "while you're at it,", "on top of that,", "separately,",
                        "also", "in addition,", "and",
                    ]
                };
                let link = if links.is_empty() { None } else { Some(voice.pick(links)) };
                sentences.push(Sentence { text, question, link, extra });
            }
        }
    }
    sentences
}

fn linked_question(link: &Option<&'static str>, text: &str) -> String {
    match link {
        Some("then") => format!("and then, {text}"),
        Some(_) => format!("and {text}"),
        None => text.to_owned(),
    }
}

/// An imperative that follows another sentence.
fn following(
    link: &Option<&'static str>,
    text: &str,
    register: Register,
    voice: &mut Voice<'_>,
) -> String {
    let link = link.unwrap_or("also,");
    let bare = link.trim_end_matches(',');
    let forms: Vec<String> = match register {
        Register::Terse => vec![format!("{link} {text}.")],
        Register::Casual => vec![
            format!("{link} {text}."),
            format!("{bare} can you {text}?"),
            format!("and {text}."),
        ],
        Register::Formal => vec![
            format!("{link} please {text}."),
            format!("{link} {text}."),
            format!("I would also like you to {text}."),
        ],
        _ => vec![
            format!("{link} please {text}."),
            format!("{link} {text}."),
            format!("{bare} could you {text}?"),
            format!("I'd also like you to {text}."),
        ],
    };
    voice.pick(&forms)
}

/// An imperative as a request in the register.
fn framed(text: &str, register: Register, voice: &mut Voice<'_>) -> String {
    const POLITE: &[&str] = &[
        "could you {}?", "could you please {}?", "can you {}, please?", "please {}.",
        "would you be able to {}?", "I'd appreciate it if you could {}.", "could I ask you to {}?",
        "it would be great if you could {}.", "would you please {}?",
        "I'd be glad if you could {}.", "may I ask you to {}?", "can you please {}?",
    ];
    const CASUAL: &[&str] = &[
        "can you {}?", "could you {}?", "I need you to {}.", "can you quickly {}?", "just {}.",
        "gotta ask you to {}.", "any chance you can {}?", "could you just {}?", "{} for me.",
        "I want you to {}.",
    ];
    const TERSE: &[&str] = &["please {}.", "need you to {}.", "to do: {}.", "first thing: {}."];
    const CHATTY: &[&str] = &[
        "I was hoping you could {}.", "so, I'd like you to {}.",
        "could you do me a favour and {}?", "do you think you could {}?",
        "any chance you could {}?", "I was wondering if you could {}.",
        "I'd love it if you could {}.", "what I need is for you to {}.",
        "maybe you can help me: {}.", "would it be possible for you to {}?",
        "I could use your help here: {}.",
    ];
    const FORMAL: &[&str] = &[
        "I would like you to {}.", "please {}.", "kindly {}.",
        "I would be grateful if you could {}.", "I need you to {}.", "I would ask you to {}.",
        "would you please {}?", "it is important that you {}.", "my request is that you {}.",
    ];
    let (frames, bare): (&[&str], u32) = match register {
        Register::Polite => (POLITE, 15),
        Register::Casual => (CASUAL, 45),
        Register::Terse => (TERSE, 80),
        Register::Chatty => (CHATTY, 15),
        Register::Formal => (FORMAL, 20),
    };
    if voice.chance(bare) {
        return format!("{text}.");
    }
    let for_me = |frame: &&str| {
        !frame.ends_with("for me.")
            || !(text.contains(" me ") || text.contains('"') || text.split(' ').count() > 9)
    };
    let asks = |frame: &&str| !(frame.contains(": ") && text.contains(": "));
    let usable: Vec<&str> = frames.iter().copied().filter(|f| for_me(f) && asks(f)).collect();
    voice.pick(&usable).replacen("{}", text, 1)
}

/// How a later message takes up the thread.
enum Lead {
    None,
    /// Its own sentence: "Good."
    Apart(&'static str),
    /// Before the request: "Now", "Next,".
    Before(&'static str),
}

fn lead(register: Register, voice: &mut Voice<'_>) -> Lead {
    let (apart, before): (&[&'static str], &[&'static str]) = match register {
        Register::Polite => (
            &["Good.", "That helps.", "Very good.", "All right."],
            &["now,", "next,", "then", "one more thing:", "as a next step,"],
        ),
        Register::Casual => (
            &["Cool.", "OK cool.", "Nice.", "Got it.", "Perfect."],
            &["ok,", "now", "so", "and", "alright,", "next up,"],
        ),
        Register::Terse => {
            (&["Good.", "OK.", "Right.", "Noted."], &["now", "next:", "then", "also,"])
        }
        Register::Chatty => (
            &[
                "Oh, that's good to know.", "Lovely.", "Okay, that makes sense.",
                "Great, that's what I was after.",
            ],
            &[
                "oh, and", "now that I think of it,", "while we're at it,", "by the way,",
                "and one more thing:",
            ],
        ),
        Register::Formal => (
            &["Understood.", "Very well.", "That is helpful."],
            &["next,", "further,", "in addition,", "as a further step,", "now,"],
        ),
    };
    match () {
        () if voice.chance(52) => Lead::None,
        () if voice.chance(40) => Lead::Apart(voice.pick(apart)),
        () => Lead::Before(voice.pick(before)),
    }
}

fn led(lead: &Lead, text: &str) -> String {
    match lead {
        Lead::None => text.to_owned(),
        Lead::Apart(word) => format!("{word} {}", capital(text)),
        Lead::Before(word) => format!("{word} {text}"),
    }
}

fn greeted(
    sentences: &mut [String],
    position: Position,
    register: Register,
    voice: &mut Voice<'_>,
) {
    let greetings: &[&str] = match (position, register) {
        (Position::Later, _) | (_, Register::Terse) => return,
        (_, Register::Polite) => &["Hello,", "Hi,", "Good morning,", "Hi there,"],
        (_, Register::Casual) => &["Hey,", "hey", "Hi,", "Yo,"],
        (_, Register::Chatty) => &["Hi!", "Hey there!", "Hello!", "Hi there!"],
        (_, Register::Formal) => &["Good day.", "Good morning.", "Hello."],
    };
    if let Some(first) = sentences.first_mut().filter(|_| voice.chance(16)) {
        let greeting = voice.pick(greetings);
        let rest = if greeting.ends_with(['.', '!']) { first.clone() } else { small(first) };
        *first = format!("{greeting} {rest}");
    }
}

/// Lower-case start, no full stop at the end.
fn relax(text: &str) -> String {
    let text = text.strip_suffix('.').filter(|t| !t.ends_with('.')).unwrap_or(text);
    small(text)
}

/// With a small first letter, unless the first word is "I" or a name.
pub(super) fn small(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    let ordinary = first.chars().skip(1).all(|c| c.is_lowercase() || c == ',' || c == '\'')
        && first.len() > 1
        && !first.starts_with("I'");
    let mut chars = text.chars();
    match chars.next() {
        Some(start) if ordinary => start.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// With a capital first letter.
pub(super) fn capital(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let is_value = first.contains(['@', '_', '/']) || first.chars().any(|c| c.is_ascii_digit());
    if is_value {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// With a full stop, unless it has an end already.
pub(super) fn closed(text: &str) -> String {
    let ended = text.ends_with(['.', '!', '?'])
        || text.ends_with(".\"")
        || text.ends_with("!\"")
        || text.ends_with("?\"");
    if ended { text.to_owned() } else { format!("{text}.") }
}
