//! How each register asks, follows on and greets: tables, and the draws from
//! them. No frame carries more than a few hundredths of all messages.

use super::sentence::{capital, small};
use super::words::Voice;
use crate::lexicon::Register;

/// Frames that open a conversation or follow on; `{}` is an imperative.
const POLITE: &[&str] = &[
    "could you {}?", "could you please {}?", "can you {}, please?", "please {}.",
    "would you {}, please?", "would you be able to {}?", "I'd appreciate it if you could {}.",
    "could I ask you to {}?", "it would be great if you could {}.", "would you please {}?",
    "may I ask you to {}?", "can you please {}?", "I'd like you to {}, please.",
    "you'd help me a lot if you could {}.",
];
const CASUAL: &[&str] = &[
    "can you {}?", "could you {}?", "I need you to {}.", "can you quickly {}?", "just {}.",
    "any chance you can {}?", "could you just {}?", "{} for me.", "I want you to {}.",
    "go ahead and {}.", "{}, will you?", "{} pls.", "need you to {}.", "can you maybe {}?",
];
const TERSE: &[&str] = &["please {}.", "need you to {}.", "{}, please.", "can you {}?"];
const CHATTY: &[&str] = &[
    "I was hoping you could {}.", "could you do me a favour and {}?", "do you think you could {}?",
    "any chance you could {}?", "I was wondering if you could {}.", "I'd love it if you could {}.",
    "what I need is for you to {}.", "would it be possible for you to {}?",
    "I'd really like you to {}.", "could you be so kind as to {}?",
    "it'd be lovely if you could {}.", "can I get you to {}?",
];
const FORMAL: &[&str] = &[
    "I would like you to {}.", "please {}.", "kindly {}.", "I would be grateful if you could {}.",
    "I need you to {}.", "would you please {}?", "I would appreciate it if you would {}.",
];

/// Frames that may stand behind "Now," or "One more thing:".
const AFTER_LEAD: &[&str] = &[
    "{}.", "{}.", "could you {}?", "can you {}?", "please {}.", "I'd like you to {}.",
    "I need you to {}.",
];

/// Where in a conversation a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    Opening,
    Later,
    /// After an answer that could not be what was wanted.
    AfterLetdown,
}

/// How a message takes up the thread.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lead {
    None,
    /// Its own sentence: "Good."
    Apart(&'static str),
    /// Before the request: "Now", "Next,".
    Before(&'static str),
}

/// An imperative as a request.
pub(super) fn framed(text: &str, lead: Lead, register: Register, voice: &mut Voice<'_>) -> String {
    let (frames, bare): (&[&str], u32) = match register {
        Register::Polite => (POLITE, 14),
        Register::Casual => (CASUAL, 42),
        Register::Terse => (TERSE, 80),
        Register::Chatty => (CHATTY, 14),
        Register::Formal => (FORMAL, 22),
    };
    let frames = match (lead, register) {
        (Lead::Before(_), Register::Terse) => &AFTER_LEAD[..1],
        (Lead::Before(_), _) => AFTER_LEAD,
        _ => frames,
    };
    if voice.chance(bare) {
        return format!("{text}.");
    }
    let words = text.split(' ').count();
    let simple = !text.contains([':', '"', ',']) && !text.contains(" and ");
    let fits = |frame: &&str| match frame.split_once("{}") {
        Some((_, " for me.")) => simple && words < 10 && !text.contains(" me "),
        Some((_, tail)) if tail.len() > 1 => simple && words < 16,
        _ => true,
    };
    let usable: Vec<&str> = frames.iter().copied().filter(fits).collect();
    let frame = if usable.is_empty() { "{}." } else { voice.pick(&usable) };
    frame.replacen("{}", text, 1)
}

/// An imperative that follows another sentence of the same message.
pub(super) fn following(
    link: &str,
    text: &str,
    register: Register,
    voice: &mut Voice<'_>,
) -> String {
    let bare = link.trim_end_matches(',');
    let forms: Vec<String> = match register {
        Register::Terse => vec![format!("{link} {text}.")],
        Register::Casual => vec![
            format!("{link} {text}."),
            format!("{bare} can you {text}?"),
            format!("and {text}."),
            format!("{bare} just {text}."),
        ],
        Register::Formal => vec![
            format!("{link} please {text}."),
            format!("{link} {text}."),
            format!("I would also like you to {text}."),
            format!("and please {text}."),
        ],
        _ => vec![
            format!("{link} please {text}."),
            format!("{link} {text}."),
            format!("{bare} could you {text}?"),
            format!("I'd also like you to {text}."),
            format!("I also need you to {text}."),
        ],
    };
    voice.pick(&forms)
}

pub(super) fn lead(position: Position, register: Register, voice: &mut Voice<'_>) -> Lead {
    let (apart, before) = match position {
        Position::Opening => return Lead::None,
        Position::Later => thread(register),
        Position::AfterLetdown => letdown(register),
    };
    match () {
        () if voice.chance(50) => Lead::None,
        () if voice.chance(40) => Lead::Apart(voice.pick(apart)),
        () => Lead::Before(voice.pick(before)),
    }
}

type Leads = (&'static [&'static str], &'static [&'static str]);

/// After an answer that brought something.
fn thread(register: Register) -> Leads {
    match register {
        Register::Polite => (
            &["Good.", "That helps.", "Very good.", "All right.", "That's helpful.", "Wonderful."],
            &["one more thing:", "and another thing:", "now,"],
        ),
        Register::Casual => (
            &["Cool.", "OK cool.", "Nice.", "Got it.", "Perfect.", "Sweet.", "Good stuff."],
            &["ok,", "now", "alright,", "oh, and", "next up:"],
        ),
        Register::Terse => {
            (&["Good.", "OK.", "Right.", "Noted.", "Fine."], &["now", "next:", "one more:"])
        }
        Register::Chatty => (
            &[
                "Oh, that's good to know.", "Lovely.", "Okay, that makes sense.",
                "Great, that's what I was after.", "Brilliant.", "Ah, interesting.",
                "That was quick!",
            ],
            &[
                "oh, and", "now that I think of it,", "and one more thing:", "right, so",
                "okay, next:",
            ],
        ),
        Register::Formal => (
            &["Understood.", "Very well.", "That is helpful.", "That is clear.", "Excellent."],
            &["one further request:", "now,", "another matter:"],
        ),
    }
}

/// After an answer that could not be what was wanted.
fn letdown(register: Register) -> Leads {
    match register {
        Register::Terse => {
            (&["Fine.", "Never mind.", "OK, skip that."], &["something else:", "next:"])
        }
        Register::Casual => (
            &["No worries.", "Ah well.", "OK, forget that.", "Too bad."],
            &["ok, something else:", "ok, next:"],
        ),
        Register::Formal => (
            &["Understood.", "Very well, we shall leave that aside.", "That is a pity."],
            &["something else, then:", "another matter, then:"],
        ),
        _ => (
            &[
                "Never mind then.", "That's all right.", "OK, let's leave that for now.",
                "Ah, too bad.",
            ],
            &["something else, then:", "then something else:"],
        ),
    }
}

/// A request with its lead.
pub(super) fn led(lead: Lead, text: &str) -> String {
    match lead {
        Lead::None => text.to_owned(),
        Lead::Apart(word) => format!("{word} {}", capital(text)),
        Lead::Before(word) => format!("{word} {text}"),
    }
}

/// Puts a greeting before an opening message, now and then.
pub(super) fn greeted(first: &mut String, register: Register, voice: &mut Voice<'_>) {
    let greetings: &[&str] = match register {
        Register::Terse => return,
        Register::Polite => &["Hello,", "Hi,", "Good morning,", "Hi there,"],
        Register::Casual => &["Hey,", "hey", "Hi,", "Hey there,"],
        Register::Chatty => &["Hi!", "Hey there!", "Hello!", "Hi there!"],
        Register::Formal => &["Good day.", "Good morning.", "Hello."],
    };
    if voice.chance(16) {
        let greeting = voice.pick(greetings);
        let rest = if greeting.ends_with(['.', '!']) { first.clone() } else { small(first) };
        *first = format!("{greeting} {rest}");
    }
}
