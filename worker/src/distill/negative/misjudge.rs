//! Type 5: a missing function or parameter is misjudged.
//!
//! Where the agent should ask, it calls with a guessed value; where it
//! should decline, it calls another function on offer; and where all is there,
//! it asks or declines.

use magnet_proto::path::{Purpose, StepRef};
use magnet_proto::rng::Rng;
use magnet_proto::sample::{Arguments, Source};
use magnet_proto::shape::Field;
use magnet_proto::{FunctionId, library::Function};
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use serde_json::Value;

use super::positive::turn_of;
use super::tail::Tail;
use super::{Material, Wrong, closing, near, question};
use crate::distill::distiller::Distiller;
use crate::distill::offer::share_a_thing;
use crate::execute::Output;
use crate::failure::Failure;
use crate::teacher::Proposed;
use crate::vet::record;

/// How many functions on offer are tried for a call that should not be.
const TRIES: usize = 6;

pub(super) async fn missing<'a>(
    material: Material<'a>,
    rng: &mut Rng,
) -> Result<Option<Wrong<'a>>, Failure> {
    let turns = material.distiller.scene.path.turns.iter().enumerate();
    let empty: Vec<usize> =
        turns.filter(|(_, turn)| turn.purpose != Purpose::Calls).map(|(at, _)| at).collect();
    if let Some(&turn) = empty.choose(rng)
        && let Some(call) = uncalled_for(material, turn, rng)
    {
        return rash(material, turn, call).await.map(Some);
    }
    timid(material, rng).await
}

/// A call where prose is due: the call, and why it is wrong.
struct Rash {
    proposed: Proposed,
    reason: String,
}

fn uncalled_for(material: Material<'_>, turn: usize, rng: &mut Rng) -> Option<Rash> {
    match &material.distiller.scene.path.turns.get(turn)?.purpose {
        Purpose::MissingParameter { function, parameter, .. } => {
            guessed(material, turn, *function, parameter, rng)
        }
        Purpose::MissingFunction { .. } | Purpose::Irrelevant { .. } => {
            another(material, turn, rng)
        }
        Purpose::Calls => None,
    }
}

/// The call that lacks a parameter, with a value that nobody gave for it.
fn guessed(
    material: Material<'_>,
    turn: usize,
    function: FunctionId,
    parameter: &str,
    rng: &mut Rng,
) -> Option<Rash> {
    let called = material.positive.library.get(function);
    let field = called.param(parameter)?;
    let right = right_arguments(material, turn, function);
    let truth = right.as_ref().and_then(|arguments| arguments.get(parameter));
    let mut guess = |field: &Field, like: Option<&Value>| {
        let guessed = near::guessed(material, turn, (function, field), like, rng);
        guessed.unwrap_or_else(|| {
            let Distiller { lexicon, scene, .. } = material.distiller;
            lexicon.value(called, field, scene.persona, rng)
        })
    };
    let wrong = (0..4).map(|_| guess(field, truth)).find(|value| Some(value) != truth)?;
    let mut arguments = Arguments::new();
    for other in called.params() {
        let value = if other.name == parameter {
            Some(wrong.clone())
        } else {
            let said = given(material, turn, &other.name);
            said.or_else(|| right.as_ref()?.get(&other.name).cloned())
        };
        match value {
            Some(value) => {
                arguments.insert(other.name.clone(), value);
            }
            None if other.required => {
                arguments.insert(other.name.clone(), guess(other, None));
            }
            None => {}
        }
    }
    let reason =
        format!("Calls \"{}\" with a guessed {parameter} instead of asking for it.", called.name);
    valid(material, function, arguments).map(|proposed| Rash { proposed, reason })
}

/// What the next turn calls the function with.
fn right_arguments(material: Material<'_>, turn: usize, function: FunctionId) -> Option<Arguments> {
    let next = material.positive.turns().get(turn + 1)?.clone();
    let mut calls = material.positive.calls(next);
    let (_, call) = calls.find(|(_, call)| call.function == function)?;
    Some(call.arguments.clone())
}

/// What the turn's brief gives for a parameter.
fn given(material: Material<'_>, turn: usize, parameter: &str) -> Option<Value> {
    let told = material.distiller.brief.turn(turn)?;
    let mut given = told.values.iter().filter(|argument| argument.parameter == parameter);
    given.find_map(|argument| argument.how.value().cloned())
}

/// A call of some other function on offer that could be taken for it.
fn another(material: Material<'_>, turn: usize, rng: &mut Rng) -> Option<Rash> {
    let (distiller, library) = (material.distiller, material.positive.library);
    let offer = record::Offer { tools: &distiller.offer.tools, added: &distiller.offer.added };
    let wanted = match distiller.scene.path.turns.get(turn)?.purpose {
        Purpose::MissingFunction { function, .. } | Purpose::Irrelevant { function } => function,
        _ => return None,
    };
    let mut tools = offer.at(turn);
    tools.retain(|tool| *tool != wanted);
    tools.shuffle(rng);
    // Nobody takes a search for songs for a loan's rate.
    tools.retain(|tool| is_near(library.get(*tool), library.get(wanted)));
    let right = right_arguments(material, turn, wanted).unwrap_or_default();
    let said = |name: &str| {
        let asked_for = given(material, turn, name).or_else(|| right.get(name).cloned());
        asked_for.or_else(|| known(material, turn, name))
    };
    // Nor does anybody make a number up where the request gives one.
    tools.sort_by_key(|tool| {
        library.get(*tool).required().filter(|field| said(&field.name).is_none()).count()
    });
    tools.into_iter().take(TRIES).find_map(|tool| {
        let function = library.get(tool);
        let arguments = function.required().map(|field| {
            let value = said(&field.name);
            let guess = || near::guessed(material, turn, (tool, field), None, rng);
            Some((field.name.clone(), value.or_else(guess)?))
        });
        let arguments = arguments.collect::<Option<Arguments>>()?;
        let proposed = valid(material, tool, arguments)?;
        let reason = format!(
            "Calls \"{}\", which does not do what was asked; nothing on offer does.",
            function.name
        );
        Some(Rash { proposed, reason })
    })
}

/// Whether one function could be taken for another: they are of one tool class
/// of several, or named after the same thing.
fn is_near(one: &Function, other: &Function) -> bool {
    let is_of_class = one.category == other.category && one.class == other.class;
    is_of_class && one.class != one.category || share_a_thing(one, other)
}

/// The latest argument of that name in the turns before.
fn known(material: Material<'_>, turn: usize, parameter: &str) -> Option<Value> {
    let positive = material.positive;
    let start = positive.turns().get(turn)?.start;
    let calls: Vec<_> = positive.calls(0..start).collect();
    calls.into_iter().rev().find_map(|(_, call)| call.arguments.get(parameter).cloned())
}

fn valid(material: Material<'_>, function: FunctionId, arguments: Arguments) -> Option<Proposed> {
    let validators = material.distiller.validators;
    let check = validators.check(material.positive.library, function, &arguments);
    check.ok().map(|()| Proposed { function, arguments })
}

/// Calls, and reports as if that were what was asked for.
async fn rash<'a>(material: Material<'a>, turn: usize, call: Rash) -> Result<Wrong<'a>, Failure> {
    let start = material.positive.turns().get(turn).map_or(0, |range| range.start);
    let mut tail = Tail::start(material, turn, start + 1).await?;
    let outputs = tail.call(vec![call.proposed]).await?;
    let output = outputs.into_iter().next();
    tail.say(closing::report(&output.unwrap_or_else(|| Output::of(Value::Null))));
    Ok(Wrong { tail, step: None, reason: call.reason })
}

/// Asks for a value that was just given, or declines what could be done.
async fn timid<'a>(material: Material<'a>, rng: &mut Rng) -> Result<Option<Wrong<'a>>, Failure> {
    let positive = material.positive;
    let turns = positive.turns();
    let with_calls = turns.iter().cloned().enumerate().filter_map(|(turn, range)| {
        let (at, call) = positive.calls(range.clone()).next()?;
        (at == range.start + 1).then_some((turn, at, call))
    });
    let open: Vec<_> = with_calls.collect();
    let Some(&(turn, at, call)) = open.choose(rng) else {
        return Ok(None);
    };
    let mut tail = Tail::start(material, turn, at).await?;
    let name = material.name(call);
    let said =
        |source: &Source| matches!(source, Source::User { .. }) && turn_of(source) == Some(turn);
    let mut sources = positive.sources(&call.id);
    let asked = sources.find(|(_, source)| said(source)).filter(|_| rng.random_bool(0.5));
    let reason = if let Some((pointer, _)) = asked {
        let parameter = question::parameter(pointer);
        tail.say(question::question(&parameter, rng));
        format!("Asks for the {parameter} that the request gives, instead of calling \"{name}\".")
    } else {
        tail.say(refusal(rng).to_owned());
        format!("Declines although \"{name}\" is on offer.")
    };
    let step: Option<StepRef> = material.step_of(turn, call);
    Ok(Some(Wrong { tail, step, reason }))
}

fn refusal(rng: &mut Rng) -> &'static str {
    const REFUSALS: &[&str] = &[
        "Sorry, none of the tools I have can do that.",
        "That's not something I have a function for, I'm afraid.",
        "I don't have a tool for that, so I'd suggest doing it yourself this time.",
        "Unfortunately there is nothing on offer here that would do this.",
        "I'm sorry, that is outside of what my tools allow.",
    ];
    REFUSALS[rng.random_range(0..REFUSALS.len())]
}
