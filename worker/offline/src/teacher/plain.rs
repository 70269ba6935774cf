//! Plain English for a function of which no pack speaks: what its description
//! says it does, then its arguments one by one. Stiff, and never wrong about
//! what is asked for.

use magnet_proto::library::Function;
use magnet_proto::shape::words;

use super::frame::{Clause, Mood};
use super::mention::series;
use super::noun;
use super::refer::Seat;
use super::sentence::small;
use super::slot::Spoken;
use super::words::Voice;
use magnet_worker::vet::prose;

/// Verbs of a name that say something is changed, paid or done away with.
const CHANGES: &[&str] = &[
    "add", "apply", "approve", "archive", "assign", "book", "buy", "cancel", "change", "charge",
    "clear", "close", "create", "delete", "deploy", "disable", "edit", "enable", "insert",
    "install", "lock", "merge", "modify", "move", "order", "patch", "pay", "place", "post",
    "purchase", "put", "refund", "reject", "remove", "rename", "replace", "reserve", "reset",
    "revoke", "schedule", "send", "set", "start", "stop", "submit", "subscribe", "transfer",
    "unlock", "unsubscribe", "update", "upload", "withdraw", "write",
];
/// Verbs of a description that ask for no more than a look.
const LOOKS: &[&str] = &[
    "check", "display", "fetch", "find", "get", "give", "list", "look", "provide", "query", "read",
    "retrieve", "return", "search", "show", "view",
];

/// A description longer than this is told by the function's name instead.
const MAX_WORDS: usize = 18;

/// The clause for a step.
pub(super) fn clause<'a>(spoken: &Spoken<'a>, voice: &mut Voice<'a>) -> Clause {
    let mut said: Vec<(String, String)> = Vec::new();
    let mut copies: Vec<String> = Vec::new();
    for slot in &spoken.slots {
        if let Some(words) = voice.words(spoken, slot, Seat::Slot) {
            let noun = noun::of(&slot.field.name, &slot.field.shape);
            match slot.hows.len() {
                // One a copy of the call.
                2.. => copies.push(format!("do it once for each {noun}: {words}")),
                _ => said.push((noun, words)),
            }
        }
    }
    let mut extra = match said.as_slice() {
        [] => Vec::new(),
        [(noun, words)] => vec![voice.pick(&[
            told(noun, words),
            format!("use {words} as the {noun}"),
            format!("for the {noun}, take {words}"),
        ])],
        all => {
            let each: Vec<String> = all.iter().map(|(noun, words)| told(noun, words)).collect();
            vec![series(&each, "and")]
        }
    };
    extra.extend(copies);
    Clause { text: infinitive(spoken.function), mood: Mood::Imperative, extra }
}

/// "the seat is 4A", "the seats are 4A and 4B"; what is that seat needs no saying.
fn told(noun: &str, words: &str) -> String {
    if ["that ", "this "].iter().any(|the| words.strip_prefix(the) == Some(noun)) {
        return format!("take {words}");
    }
    let verb = if noun::is_plural(noun) { "are" } else { "is" };
    format!("the {noun} {verb} {words}")
}

/// What a function does, as "cancel an order".
pub(super) fn infinitive(function: &Function) -> String {
    let sentence = first_sentence(&function.description);
    let sentence = without_asides(purpose(sentence));
    let mut parts = sentence.split(' ');
    let first = parts.next().unwrap_or_default().to_lowercase();
    let rest = parts.collect::<Vec<_>>().join(" ");
    let named = words(&function.name).next().unwrap_or_default();
    // "Returns the deleted order" asks for a look at it.
    let mut named_verbs = words(&function.name).take(2).filter(|word| is_either(word));
    let is_change = named_verbs.next().is_some_and(|verb| CHANGES.contains(&verb.as_str()));
    let verb = base(&first, &named).filter(|verb| !is_change || !LOOKS.contains(&verb.as_str()));
    let brief = sentence.split(' ').count() <= MAX_WORDS;
    let is_plain = brief && !rest.is_empty() && !rest.contains(['{', '<', '`']);
    let is_plain = is_plain && !prose::names_function(&rest, function);
    match verb.filter(|_| is_plain) {
        Some(verb) => format!("{verb} {}", articled(&rest)),
        None => looked_up(sentence.as_str(), &named).unwrap_or_else(|| by_name(function)),
    }
}

/// "look up the state of a ticket", where that is what a description tells.
fn looked_up(sentence: &str, named: &str) -> Option<String> {
    let (head, _) = sentence.split_once(" of ")?;
    let is_told = head.split(' ').count() <= 3 && sentence.split(' ').count() <= MAX_WORDS;
    (is_told && LOOKS.contains(&named)).then(|| format!("look up the {}", small(sentence)))
}

/// "cancel order", and where the name has no verb to begin with, "run "ticket
/// search"".
fn by_name(function: &Function) -> String {
    let parts: Vec<String> = words(&function.name).collect();
    let text = parts.join(" ");
    let begins = parts.first().is_some_and(|word| is_either(word) || base(word, "").is_some());
    match begins || parts.iter().take(2).any(|word| CHANGES.contains(&word.as_str())) {
        true => match text.split_once(' ') {
            Some((verb, thing)) => format!("{verb} {}", articled(thing)),
            None => text,
        },
        false => format!("run \"{text}\""),
    }
}

/// "the registration": a thing that is named by one word alone.
fn articled(thing: &str) -> String {
    let is_word = thing.len() > 2 && thing.bytes().all(|b| b.is_ascii_alphabetic());
    let is_name = thing.bytes().skip(1).any(|b| b.is_ascii_uppercase());
    match is_word && !is_name && !noun::is_plural(thing) {
        true => format!("the {}", small(thing)),
        false => thing.to_owned(),
    }
}

fn is_either(word: &str) -> bool {
    CHANGES.contains(&word) || LOOKS.contains(&word)
}

/// What a sentence says a thing is for: "An API to list seats" is "list seats".
fn purpose(sentence: &str) -> &str {
    const CUES: &[&str] =
        &["API to ", "api to ", "tool to ", "function to ", "used to ", "you to ", "users to "];
    let after = |cue: &&str| sentence.split_once(*cue).map(|(_, after)| after);
    let purpose = CUES.iter().find_map(after).unwrap_or(sentence);
    // "Cancel a ticket API that takes two parameters" is about the ticket.
    purpose.split_once(" API that ").map_or(purpose, |(before, _)| before)
}

/// The text without what stands in brackets.
fn without_asides(text: &str) -> String {
    let mut kept = text.to_owned();
    while let Some(start) = kept.find(" (")
        && let Some(length) = kept[start..].find(')')
    {
        kept.replace_range(start..=start + length, "");
    }
    kept
}

fn first_sentence(description: &str) -> &str {
    let line = description.trim().lines().next().unwrap_or_default();
    let end = line.find(". ").unwrap_or(line.len());
    // What is listed behind a colon is the detail.
    let end = line[..end].find(": ").filter(|at| line[..*at].contains(' ')).unwrap_or(end);
    line[..end].trim_end_matches(['.', ':', ';'])
}

/// The base form of a verb, where a word is one: it stands in the function's
/// name, or is among those that descriptions begin with.
fn base(word: &str, named: &str) -> Option<String> {
    const VERBS: &[&str] = &[
        "add", "analyze", "apply", "approve", "archive", "assign", "book", "calculate", "call",
        "cancel", "change", "check", "clear", "close", "compare", "compute", "confirm", "convert",
        "copy", "count", "create", "delete", "disable", "display", "download", "edit", "enable",
        "estimate", "export", "extract", "fetch", "filter", "find", "generate", "get", "give",
        "import", "insert", "install", "list", "lock", "look", "make", "mark", "merge", "modify",
        "move", "open", "order", "pay", "place", "play", "post", "provide", "query", "read",
        "record", "register", "remove", "rename", "replace", "request", "reserve", "reset",
        "resolve", "retrieve", "return", "run", "save", "schedule", "search", "select", "send",
        "set", "share", "show", "sort", "start", "stop", "submit", "subscribe", "switch",
        "transfer", "translate", "turn", "unlock", "update", "upload", "use", "validate", "verify",
        "view", "withdraw", "write",
    ];
    let known = |verb: &str| verb == named || VERBS.contains(&verb);
    let stems = [
        Some(word.to_owned()),
        word.strip_suffix('s').map(str::to_owned),
        word.strip_suffix("es").map(str::to_owned),
        word.strip_suffix("ies").map(|stem| format!("{stem}y")),
    ];
    stems.into_iter().flatten().find(|stem| known(stem))
}

#[cfg(test)]
mod tests {
    use magnet_proto::library::Document;
    use serde_json::json;

    use super::*;

    fn check(name: &str, description: &str, expected: &str) {
        let function = Function::from(Document {
            name: name.into(),
            description: description.into(),
            category: "misc".into(),
            class: "misc".into(),
            parameters: json!({"type": "object", "properties": {}}),
            response: None,
        });
        assert_eq!(infinitive(&function), expected);
    }

    #[test]
    fn the_description_says_what_is_asked_for() {
        check("cancel_order", "Cancels an order. Fees may apply.", "cancel an order");
        check("pay_bill", "Pay a bill.", "pay a bill");
        check("apply_fee", "Applies a fee to an account", "apply a fee to an account");
    }

    #[test]
    fn what_is_told_is_looked_up() {
        check(
            "get_ticket", "Details and state of a ticket: its fee.",
            "look up the details and state of a ticket",
        );
        check("close_ticket", "State of a ticket", "close the ticket");
    }

    #[test]
    fn what_is_no_action_is_asked_for_by_name() {
        check("get_user_by_id", "User lookup endpoint", "get user by id");
        check("SymptomSearch", "", "run \"symptom search\"");
        check("delete_pet", "", "delete the pet");
    }

    #[test]
    fn what_a_tool_is_for_is_what_is_asked_for() {
        check("SeatQA", "Seat answers (SeatQA) API to provide answers.", "provide answers");
        check("cancel", "Cancel a seat API that takes one parameter - 'id'.", "cancel a seat");
        check("find_seat", "A tool that allows you to find a seat (or two).", "find a seat");
        check("SeatInfo", "Get the SeatInfo object", "run \"seat info\"");
    }

    #[test]
    fn what_changes_something_is_never_asked_for_as_a_look() {
        check("cancel_order", "Returns the cancelled order.", "cancel the order");
        check("admin_delete_user", "Gets rid of a user", "admin delete user");
        check("get_order", "Returns an order.", "return an order");
    }
}
