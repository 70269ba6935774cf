//! The closing prose of a turn: what the calls returned, and nothing else.
//!
//! Every number and name in it stands in an output, an argument or a request.
//! A library's own replies come first, then [`report`] reads the output.

use magnet_proto::library::Function;
use magnet_proto::rng::Rng;
use magnet_proto::sample::Arguments;
use rand::RngExt;
use serde_json::Value;

use super::act::{Made, twin};
use super::frame::{capital, closed};
use super::mention::{Dates, Style, mention, series};
use super::template::{self, Fill};
use super::{generic, noun, report};
use magnet_worker::execute::Output;
use magnet_worker::teacher::Act;

/// How the agent writes dates and times.
pub(super) const STYLE: Style = Style { dates: Dates::DayFirst, twelve_hours: false };

pub(super) fn write(ask: &Act<'_>, made: &[Made<'_>]) -> String {
    let Some(problem) = ask.problem else {
        return told(ask, made, &mut ask.scene.stream("summary", ask.turn));
    };
    // The refusal quotes the word that stands nowhere: say it without.
    let refused = problem.split('"').nth(1).unwrap_or_default();
    for wording in 0..WORDINGS {
        let mut rng = ask.scene.stream(&format!("summary {wording} {problem}"), ask.turn);
        let text = told(ask, made, &mut rng);
        if !text.contains(refused) {
            return text;
        }
    }
    plain(ask, made)
}

/// How often a refused summary is worded anew.
const WORDINGS: usize = 4;

fn told(ask: &Act<'_>, made: &[Made<'_>], rng: &mut Rng) -> String {
    let mut sentences: Vec<String> = Vec::new();
    let last_tries: Vec<&Made<'_>> = made
        .iter()
        .enumerate()
        .filter(|(at, m)| {
            !made[at + 1..].iter().any(|later| {
                later.call.function == m.call.function && later.call.arguments == m.call.arguments
            })
        })
        .map(|(_, m)| m)
        .collect();
    for made in &last_tries {
        let function = ask.scene.library.get(made.call.function);
        let told = match &made.output {
            Output::Error(error) => failure(function, error, rng),
            Output::Value(output) => {
                let said = success(function, &made.call.arguments, output, rng);
                let parallel =
                    last_tries.iter().filter(|m| m.call.function == made.call.function).count() > 1;
                let led = if parallel { for_argument(&said, made, &last_tries) } else { said };
                match changed(ask, made, output) {
                    Some(note) => format!("{led} {note}"),
                    None => led,
                }
            }
        };
        sentences.push(told);
    }
    let retried = last_tries.len() < made.len();
    if retried && rng.random_range(0..3) == 0 {
        sentences.insert(
            0,
            pick(
                &[
                    "It took a second try, but it worked.",
                    "The first attempt didn't go through; the second one did.",
                ],
                rng,
            )
            .to_owned(),
        );
    }
    sentences.dedup();
    sentences.join(" ")
}

fn pick<'t>(forms: &[&'t str], rng: &mut Rng) -> &'t str {
    forms[rng.random_range(0..forms.len())]
}

/// A report of one output by the library's replies, else by its shape.
fn success(function: &Function, arguments: &Arguments, output: &Value, rng: &mut Rng) -> String {
    let replies = &function.phrasing.replies;
    if !replies.is_empty() {
        let start = rng.random_range(0..replies.len());
        let rotated = replies.iter().cycle().skip(start).take(replies.len());
        if let Some(text) =
            rotated.into_iter().find_map(|reply| phrased(reply, arguments, output, rng))
        {
            return closed(&capital(&text));
        }
    }
    report::report(function, output, rng)
}

fn phrased(reply: &str, arguments: &Arguments, output: &Value, rng: &mut Rng) -> Option<String> {
    template::render(reply, |slot, _| {
        let value = match slot.starts_with('/') {
            true => output.pointer(slot),
            false => arguments.get(slot),
        };
        match value {
            None | Some(Value::Null | Value::Object(_)) => Fill::Absent,
            Some(Value::Array(items)) if items.is_empty() => Fill::Absent,
            Some(Value::String(text)) if text.contains('_') || text.split(' ').count() > 4 => {
                Fill::Text(text.clone())
            }
            Some(value) => Fill::Text(mention(value, STYLE, rng)),
        }
    })
}

/// "For Lyon: …", unless the sentence says it anyway.
fn for_argument(said: &str, made: &Made<'_>, all: &[&Made<'_>]) -> String {
    let differs = |name: &String, value: &Value| {
        all.iter().any(|other| {
            other.call.function == made.call.function
                && other.call.arguments.get(name) != Some(value)
        })
    };
    let varying = made
        .call
        .arguments
        .iter()
        .find(|(name, value)| differs(name, value) && (value.is_string() || value.is_number()));
    let Some((_, value)) = varying else {
        return said.to_owned();
    };
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if said.contains(&text) || text.split(' ').count() > 6 {
        return said.to_owned();
    }
    format!("{text}: {said}")
}

/// A permanent error, told plainly, with a way on.
fn failure(function: &Function, error: &str, rng: &mut Rng) -> String {
    let action = generic::infinitive(function);
    let error = error.trim_end_matches('.');
    let told = match rng.random_range(0..4) {
        0 => format!("I tried to {action}, but the service answered with an error: {error}."),
        1 => format!("That part did not work: \"{error}\"."),
        2 => format!("I could not {action} because the service is having trouble ({error})."),
        _ => format!("The attempt to {action} was met with an error: {error}."),
    };
    let way_on = pick(
        &[
            "I can try again later if you like.",
            "Shall I give it another go in a while?",
            "If it's urgent, you may want to do this part by hand for now.",
            "Let me know if I should retry, or if you'd rather do something else in the meantime.",
            "Nothing was changed, so we can simply retry later.",
        ],
        rng,
    );
    format!("{told} {way_on}")
}

/// What an output says differently from the earlier one it contradicts.
fn changed(ask: &Act<'_>, made: &Made<'_>, output: &Value) -> Option<String> {
    let step = ask.scene.path.step(twin(ask, made.call)?.step)?;
    let conflict = step.conflict.as_ref()?;
    let earlier = ask.conversation.output_of(conflict.earlier)?;
    let pointer = conflict.path.replace("/*", "/0");
    let (old, new) = (earlier.pointer(&pointer)?, output.pointer(&pointer)?);
    if old == new || old.is_object() || old.is_array() {
        return None;
    }
    let name =
        conflict.path.rsplit('/').find(|part| *part != "*" && !part.is_empty()).unwrap_or("value");
    let noun = noun::of_name(name).to_lowercase();
    let mut rng = ask.scene.stream("changed", ask.turn);
    let (old, new) = (mention(old, STYLE, &mut rng), mention(new, STYLE, &mut rng));
    let forms = [
        format!("Note that this has changed: the {noun} is {new} now, it was {old} before."),
        format!("That's different from last time, when the {noun} was {old}; now it's {new}."),
        format!(
            "The {noun} went from {old} to {new} since I last looked, so please go by the new value."
        ),
    ];
    Some(forms[rng.random_range(0..forms.len())].clone())
}

/// Prose that cannot say anything wrong, for when the better one was refused.
fn plain(ask: &Act<'_>, made: &[Made<'_>]) -> String {
    let failed = made.iter().any(|m| matches!(m.output, Output::Error(_)));
    let mut done: Vec<String> = made
        .iter()
        .filter(|m| matches!(m.output, Output::Value(_)))
        .filter_map(|m| generic::subject(ask.scene.library.get(m.call.function)))
        .map(|subject| format!("the {}", subject.to_lowercase()))
        .collect();
    done.dedup();
    match (done.as_slice(), failed) {
        (_, true) => "One of the calls came back with an error, so that part is still open; the rest is done.".into(),
        ([], false) => "That's done.".into(),
        (done, false) => format!("That's done: you now have {}.", series(done, "and")),
    }
}
