//! The closing prose of a turn: what the calls returned, and nothing else.
//!
//! Every number and name in it stands in an output, an argument or a request,
//! and every fact that the person wanted is in it. The pack's reports come
//! first, then [`report`] reads the output.

use magnet_proto::brief::Want;
use magnet_proto::library::Function;
use magnet_proto::pack::Pack;
use magnet_proto::path::StepRef;
use magnet_proto::rng::Rng;
use magnet_proto::sample::{Call, Message};
use magnet_worker::conversation::Executed;
use magnet_worker::execute::Output;
use magnet_worker::teacher::Act;
use magnet_worker::vet::mentions::Text;
use rand::RngExt;
use serde_json::Value;

use super::mention::{STYLE, mention, series};
use super::sentence::{capital, closed};
use super::{noun, plain, report};
use crate::templates::Templates;

/// How often a refused report is worded anew.
const WORDINGS: usize = 4;

/// A call of this turn with its answer.
struct Made<'a> {
    call: &'a Call,
    output: Output,
}

pub(super) fn write(templates: &Templates, pack: &Pack, ask: &Act<'_>) -> String {
    let made = made(ask.messages);
    let Some(problem) = ask.problem.map(|problem| problem.why) else {
        return told(templates, pack, ask, &made, &mut ask.scene.stream("report", ask.turn));
    };
    // The refusal quotes the word that stands nowhere: say it without.
    let refused = problem.split('"').nth(1).unwrap_or_default();
    for wording in 0..WORDINGS {
        let mut rng = ask.scene.stream(&format!("report {wording} {problem}"), ask.turn);
        let text = told(templates, pack, ask, &made, &mut rng);
        if !text.contains(refused) {
            return text;
        }
    }
    unworded(ask, &made)
}

/// The calls since the last request, with their answers.
fn made(messages: &[Message]) -> Vec<Made<'_>> {
    let start = messages.iter().rposition(|m| matches!(m, Message::User(_))).map_or(0, |at| at + 1);
    let turn = &messages[start..];
    let calls = turn.iter().filter_map(|message| match message {
        Message::Assistant { calls, .. } => Some(calls),
        _ => None,
    });
    let answer = |call: &Call| {
        turn.iter().find_map(|message| match message {
            Message::Tool { call_id, content } if *call_id == call.id => {
                Some(Output::parse(content))
            }
            _ => None,
        })
    };
    calls.flatten().filter_map(|call| Some(Made { call, output: answer(call)? })).collect()
}

fn told(
    templates: &Templates,
    pack: &Pack,
    ask: &Act<'_>,
    made: &[Made<'_>],
    rng: &mut Rng,
) -> String {
    let last_try = |at: usize, made: &[Made<'_>]| {
        !made[at + 1..].iter().any(|later| {
            later.call.function == made[at].call.function
                && later.call.arguments == made[at].call.arguments
        })
    };
    let last: Vec<&Made<'_>> =
        (0..made.len()).filter(|at| last_try(*at, made)).map(|at| &made[at]).collect();
    let mut sentences: Vec<String> = Vec::new();
    for made in &last {
        let function = ask.scene.library.get(made.call.function);
        let Some(output) = made.output.ok() else {
            let error = made.output.answer().err().unwrap_or(&made.output.content);
            sentences.push(failure(function, error, rng));
            continue;
        };
        let twin = twin(ask, made.call);
        if twin.is_some_and(|twin| is_unmentioned(ask, twin.step)) && last.len() > 1 {
            continue;
        }
        let said = success(templates, pack, ask, made, output, rng);
        let parallel = last.iter().filter(|m| m.call.function == made.call.function).count() > 1;
        let led = if parallel { for_argument(&said, made, &last) } else { said };
        match changed(ask, twin, output) {
            Some(note) => sentences.push(format!("{led} {note}")),
            None => sentences.push(led),
        }
    }
    sentences.dedup();
    sentences.join(" ")
}

/// Whether a step only found what another one needed.
fn is_unmentioned(ask: &Act<'_>, at: StepRef) -> bool {
    let implicit = ask.scene.path.step(at).is_some_and(|step| step.implicit);
    let told = ask.brief.turn(usize::from(at.turn));
    implicit && told.is_some_and(|turn| turn.wants_of(at.step).next().is_none())
}

/// What one call brought: the wanted facts, where single ones were wanted, else
/// a report of all of it.
fn success(
    templates: &Templates,
    pack: &Pack,
    ask: &Act<'_>,
    made: &Made<'_>,
    output: &Value,
    rng: &mut Rng,
) -> String {
    let (id, arguments) = (made.call.function, &made.call.arguments);
    let at = twin(ask, made.call).map(|twin| twin.step);
    let told = at.and_then(|at| ask.brief.turn(usize::from(at.turn)));
    let wants = at.zip(told).into_iter().flat_map(|(at, turn)| turn.wants_of(at.step));
    let places: Vec<&str> = wants
        .filter_map(|want| match want {
            Want::Fact { place, .. } if !place.is_empty() => Some(place.as_str()),
            _ => None,
        })
        .collect();
    let mut sentences = Vec::new();
    for place in &places {
        let phrases = pack.phrases(id).map_or(&[][..], |phrases| &phrases.wants);
        let found = phrases.iter().enumerate().find(|(_, phrases)| phrases.at == *place);
        let text = found.and_then(|(want, phrases)| {
            let at = rng.random_range(0..phrases.tell.len().max(1));
            templates.tell(id, (want, at), arguments, output)
        });
        sentences.extend(text.map(|text| closed(&capital(&text))));
    }
    if !sentences.is_empty() && sentences.len() == places.len() {
        return sentences.join(" ");
    }
    let reports = templates.reports(id);
    let first = rng.random_range(0..reports.max(1));
    let mut reports = (0..reports).map(|at| (first + at) % reports);
    let report = reports.find_map(|at| templates.report(id, at, arguments, output));
    let text = report.unwrap_or_else(|| report::report(ask.scene.library.get(id), output, rng));
    let lacking = places.iter().filter_map(|place| Some((*place, output.pointer(place)?)));
    let lacking = lacking.filter(|(_, value)| Text::new(&text).find(value).is_none());
    let told: Vec<String> = lacking.map(|(place, value)| stated(place, value, rng)).collect();
    [vec![text], told].concat().join(" ")
}

/// "The priority is high."
fn stated(place: &str, value: &Value, rng: &mut Rng) -> String {
    let name = place.rsplit('/').next().unwrap_or_default();
    format!("The {} is {}.", noun::of_name(name).to_lowercase(), mention(value, STYLE, rng))
}

/// The translated conversation's record of a call of this turn.
fn twin<'a>(ask: &Act<'a>, call: &Call) -> Option<&'a Executed> {
    let exchange = ask.conversation.turns.get(ask.turn)?;
    let same = |made: &Call| made.function == call.function && made.arguments == call.arguments;
    exchange.calls.iter().find(|executed| same(&executed.call))
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
    if Text::new(said).find(value).is_some() || text.split(' ').count() > 6 {
        return said.to_owned();
    }
    format!("{text}: {said}")
}

/// A lasting error, told plainly, with a way on.
fn failure(function: &Function, error: &str, rng: &mut Rng) -> String {
    let action = plain::infinitive(function);
    let error = error.trim_end_matches('.');
    let told = match rng.random_range(0..4) {
        0 => format!("I tried to {action}, but the service answered with an error: {error}."),
        1 => format!("That part did not work: \"{error}\"."),
        2 => format!("I could not {action} because the service is having trouble ({error})."),
        _ => format!("The attempt to {action} was met with an error: {error}."),
    };
    let ways_on = [
        "I can try again later if you like.",
        "Shall I give it another go in a while?",
        "If it's urgent, you may want to do this part by hand for now.",
        "Let me know if I should retry, or if you'd rather do something else in the meantime.",
        "Nothing was changed, so we can simply retry later.",
    ];
    format!("{told} {}", ways_on[rng.random_range(0..ways_on.len())])
}

/// What an output says differently from the earlier one it contradicts.
fn changed(ask: &Act<'_>, twin: Option<&Executed>, output: &Value) -> Option<String> {
    let step = ask.scene.path.step(twin?.step)?;
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
    let (noun, unit) = measured(&noun);
    let mut rng = ask.scene.stream("changed", ask.turn);
    let mut said = |value: &Value| format!("{}{unit}", mention(value, STYLE, &mut rng));
    let (old, new) = (said(old), said(new));
    let forms = [
        format!("Note that this has changed: the {noun} is {new} now, it was {old} before."),
        format!("That's different from last time, when the {noun} was {old}; now it's {new}."),
        format!(
            "The {noun} went from {old} to {new} since I last looked, so please go by the new value."
        ),
    ];
    Some(forms[rng.random_range(0..forms.len())].clone())
}

/// A name without the unit at its end, and the unit as it stands behind a number.
fn measured(noun: &str) -> (&str, &'static str) {
    const UNITS: &[(&str, &str)] = &[
        (" mb", " MB"),
        (" km", " km"),
        (" kmh", " km/h"),
        (" kg", " kg"),
        (" kwh", " kWh"),
        (" celsius", " °C"),
        (" percent", " percent"),
        (" minutes", " minutes"),
        (" hours", " hours"),
        (" days", " days"),
        (" seconds", " seconds"),
        (" watts", " W"),
        (" metres", " metres"),
    ];
    let unit = UNITS.iter().find_map(|(end, unit)| Some((noun.strip_suffix(end)?, *unit)));
    unit.unwrap_or((noun, ""))
}

/// Prose that cannot say anything wrong, for when the better one was refused.
fn unworded(ask: &Act<'_>, made: &[Made<'_>]) -> String {
    let failed = made.iter().any(|m| m.output.is_error);
    let done: Vec<String> = made
        .iter()
        .filter(|m| !m.output.is_error)
        .map(|m| noun::of_lookup(ask.scene.library.get(m.call.function)))
        .filter_map(|noun| noun.map(|noun| format!("the {noun}")))
        .collect();
    match (done.as_slice(), failed) {
        (_, true) => "One of the calls came back with an error, so that part is still open; the rest is done.".into(),
        ([], false) => "That's done.".into(),
        (done, false) => format!("That's done: you now have {}.", series(done, "and")),
    }
}
