//! Types 2 and 3: a value that the conversation gives is not used properly.
//!
//! Short dependency: an argument from an output of the same turn is replaced by
//! another element of that output, or by a value of its kind that stands
//! elsewhere in the conversation: what a model takes one for the other. Long
//! dependency: the same with a value from an earlier turn, or the agent asks
//! for what it has been told.

use magnet_proto::brief::How;
use magnet_proto::library::Function;
use magnet_proto::rng::Rng;
use magnet_proto::sample::{Arguments, Call, Source};
use magnet_proto::shape::Field;
use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use serde_json::Value;

use super::positive::turn_of;
use super::question::{parameter, question, unescape};
use super::tail::Tail;
use super::{Material, Wrong, near};
use crate::execute::Output;
use crate::failure::Failure;

/// One argument value of the positive, with where it came from.
#[derive(Clone, Copy)]
struct Use<'a> {
    turn: usize,
    /// The index of the call's message.
    message: usize,
    call: &'a Call,
    pointer: &'a str,
    source: &'a Source,
}

/// The share of long dependencies that are asked for.
const ASKED: f64 = 0.3;
/// How many uses are tried before the positive is found unfit.
const TRIES: usize = 6;

pub(super) async fn short<'a>(
    material: Material<'a>,
    rng: &mut Rng,
) -> Result<Option<Wrong<'a>>, Failure> {
    let mut uses = uses(material);
    uses.retain(|used| is_short(used.turn, used.source));
    misuse(material, uses, rng).await
}

pub(super) async fn long<'a>(
    material: Material<'a>,
    rng: &mut Rng,
) -> Result<Option<Wrong<'a>>, Failure> {
    let mut uses = uses(material);
    uses.retain(|used| is_long(used.turn, used.source));
    let asked = rng.random_bool(ASKED);
    match uses.choose(rng) {
        Some(&used) if asked => ask(material, used, rng).await.map(Some),
        _ => misuse(material, uses, rng).await,
    }
}

/// Whether a source lies in an output of the call's own turn.
pub(super) fn is_short(turn: usize, source: &Source) -> bool {
    matches!(source, Source::Output { .. }) && turn_of(source) == Some(turn)
}

/// Whether a source lies before the call's turn.
pub(super) fn is_long(turn: usize, source: &Source) -> bool {
    turn_of(source).is_some_and(|from| from < turn)
}

/// Every argument value of the turns without errors: where a call is tried
/// twice, a wrong try would be followed by the right one.
fn uses<'a>(material: Material<'a>) -> Vec<Use<'a>> {
    let positive = material.positive;
    let turns = positive.turns().into_iter().enumerate();
    let calls = turns
        .filter(|(_, range)| !positive.has_errors(range))
        .flat_map(|(turn, range)| positive.calls(range).map(move |(at, call)| (turn, at, call)));
    calls
        .flat_map(|(turn, message, call)| {
            let composed = composed(material, turn, call);
            // What is composed has no source, even where an output says the same.
            let sources = positive.sources(&call.id).filter(move |(pointer, _)| {
                !composed.iter().any(|parameter| pointer.split('/').nth(1) == Some(*parameter))
            });
            sources.map(move |(pointer, source)| Use { turn, message, call, pointer, source })
        })
        .collect()
}

/// The parameters of a call whose values the agent makes up as it calls.
fn composed<'a>(material: Material<'a>, turn: usize, call: &Call) -> Vec<&'a str> {
    let step = material.step_of(turn, call).map(|step| step.step);
    let told = material.distiller.brief.turn(turn).into_iter().flat_map(|told| &told.values);
    let open =
        told.filter(|argument| Some(argument.step) == step && matches!(argument.how, How::Open));
    open.map(|argument| argument.parameter.as_str()).collect()
}

async fn misuse<'a>(
    material: Material<'a>,
    mut uses: Vec<Use<'a>>,
    rng: &mut Rng,
) -> Result<Option<Wrong<'a>>, Failure> {
    uses.shuffle(rng);
    for used in uses.into_iter().take(TRIES) {
        let Some((arguments, swaps)) = wrong_arguments(material, &used, rng) else {
            continue;
        };
        let mut tail = Tail::start(material, used.turn, used.message).await?;
        for (old, new) in &swaps {
            tail.swap(old, new);
        }
        if let Some((_, taken)) = swaps.first() {
            tail.mistake(used.source, taken.clone());
        }
        let (name, parameter) = (material.name(used.call), parameter(used.pointer));
        let values = swaps.first().map(|(right, wrong)| (right.to_string(), wrong.to_string()));
        let (right, wrong) = values.unwrap_or_default();
        let origin = match used.source {
            Source::User { .. } => "the user said",
            _ => "an earlier call returned",
        };
        let reason =
            format!("\"{name}\" is called with {parameter} {wrong}, but {origin} {right}.");
        if !tail.repeat(used.message, &[(&used.call.id, arguments)], &[]).await? {
            continue;
        }
        tail.finish(used.message, &[]).await?;
        let step = material.step_of(used.turn, used.call);
        return Ok(Some(Wrong { tail, step, reason }));
    }
    Ok(None)
}

/// The call's arguments with a wrong value, and what prose has to exchange:
/// first the value itself, then what stands beside it in its element.
fn wrong_arguments(
    material: Material<'_>,
    used: &Use<'_>,
    rng: &mut Rng,
) -> Option<(Arguments, Vec<(Value, Value)>)> {
    let right = Value::Object(used.call.arguments.clone()).pointer(used.pointer)?.clone();
    let mut offers = elements(material, used, &right);
    offers.shuffle(rng);
    let function = material.positive.library.get(used.call.function);
    if let Some(field) = scalar_parameter(function, used.pointer) {
        let mut alike =
            near::alike(material.positive, used.message, field, Some(used.source), &right);
        // A report's title is not taken for a company.
        alike.retain(|value| near::look(value) == near::look(&right));
        alike.shuffle(rng);
        // What nobody has spoken of is taken only where nothing else is there.
        let mut others: Vec<Value> =
            field.shape.choices.iter().filter(|choice| **choice != right).cloned().collect();
        others.shuffle(rng);
        alike.extend(others);
        offers.extend(alike.into_iter().map(|wrong| vec![(right.clone(), wrong)]));
    }
    offers.into_iter().find_map(|swaps| {
        let mut arguments = Value::Object(used.call.arguments.clone());
        *arguments.pointer_mut(used.pointer)? = swaps.first()?.1.clone();
        let Value::Object(arguments) = arguments else {
            return None;
        };
        may_call(material, used, &arguments).then_some((arguments, swaps))
    })
}

/// Whether the schema allows the call and no other call of the positive is it.
fn may_call(material: Material<'_>, used: &Use<'_>, arguments: &Arguments) -> bool {
    let (positive, function) = (material.positive, used.call.function);
    let mut all = positive.calls(0..positive.messages.len());
    let validators = material.distiller.validators;
    validators.check(positive.library, function, arguments).is_ok()
        && !all.any(|(_, call)| call.function == function && call.arguments == *arguments)
}

/// The same place in the other elements of the arrays it lies in: for each,
/// the two values and then the two elements.
fn elements(material: Material<'_>, used: &Use<'_>, right: &Value) -> Vec<Vec<(Value, Value)>> {
    let Source::Output { call, path, .. } = used.source else {
        return Vec::new();
    };
    let found = material.positive.output(call);
    let Some(output) = found.as_ref().and_then(Output::ok) else {
        return Vec::new();
    };
    let steps: Vec<&str> = path.split('/').collect();
    let mut found = Vec::new();
    for (at, index) in steps.iter().enumerate().skip(1) {
        let (array, below) = (steps[..at].join("/"), &steps[at + 1..]);
        let Some(Value::Array(items)) = output.pointer(&array) else {
            continue;
        };
        let below: String = below.iter().map(|step| format!("/{step}")).collect();
        let own = index.parse::<usize>().ok().and_then(|index| items.get(index));
        for item in items {
            if let (Some(wrong), Some(own)) = (item.pointer(&below), own)
                && wrong != right
                && !wrong.is_null()
            {
                found.push(vec![(right.clone(), wrong.clone()), (own.clone(), item.clone())]);
            }
        }
    }
    found
}

/// The parameter that a pointer names, unless it leads into a structure.
fn scalar_parameter<'f>(function: &'f Function, pointer: &str) -> Option<&'f Field> {
    let name = pointer.strip_prefix('/').filter(|name| !name.contains('/'))?;
    function.param(&unescape(name))
}

/// Asks for a value that the conversation already has, and waits.
async fn ask<'a>(
    material: Material<'a>,
    used: Use<'a>,
    rng: &mut Rng,
) -> Result<Wrong<'a>, Failure> {
    let mut tail = Tail::start(material, used.turn, used.message).await?;
    let parameter = parameter(used.pointer);
    tail.say(question(&parameter, rng));
    let name = material.name(used.call);
    let reason = format!("Asks for the {parameter} of \"{name}\", which is already known.");
    let step = material.step_of(used.turn, used.call);
    Ok(Wrong { tail, step, reason })
}
