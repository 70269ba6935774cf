//! Forward translation: a request becomes executable calls, one by one, each
//! with all outputs so far in view.

use magnet_proto::config::Asked;
use magnet_proto::outcome::{Reason, Rejection};
use magnet_proto::path::{Fault, Step, StepRef};
use magnet_proto::sample::{Arguments, Call, Provenance, Source};

use super::{Translated, Translator, determine};
use crate::conversation::Executed;
use crate::execute::Plan;
use crate::execute::planned::Planned;
use crate::failure::{Failure, Tries};
use crate::made::Made;
use crate::teacher::FillCall;
use crate::vet::provenance::{Expected, Shown};

/// Takes a call of the dry walk's log into the conversation.
pub(super) fn take(
    translator: &Translator<'_>,
    done: &mut Translated,
    made: &Made,
) -> Result<(), Failure> {
    let Some(step) = translator.scene.path.step(made.at) else {
        return Ok(());
    };
    for executed in &made.executed {
        let call = Call { id: next_id(done), ..executed.call.clone() };
        let provenance = grounded(translator, done, step, &call).map_err(Failure::Rejected)?;
        record(done, Executed { call, ..executed.clone() }, provenance);
    }
    Ok(())
}

/// Fills, checks and executes one call of the turn under way.
pub(super) async fn call(
    translator: &Translator<'_>,
    done: &mut Translated,
    session: &mut Option<Planned>,
    at: StepRef,
    copy: u8,
) -> Result<(), Failure> {
    let step = &translator.scene.path.turns[at.turn as usize].steps[at.step as usize];
    let determined = determine::arguments(translator, done, at, copy);
    let mut tries = Tries::new(translator.tries);
    loop {
        let arguments = if determined.is_open || translator.asked == Asked::All {
            let ask = FillCall {
                scene: translator.scene,
                conversation: &done.conversation,
                brief: translator.brief,
                at,
                copy,
                determined: &determined.arguments,
                problem: tries.problem(),
            };
            let answer = translator.teacher.fill_call(&ask).await;
            let Some(arguments) = tries.usable(answer)? else {
                continue;
            };
            arguments
        } else {
            determined.arguments.clone()
        };
        let call = Call { id: next_id(done), function: step.function, arguments };
        let provenance = match check(translator, done, step, &call) {
            Ok(provenance) => provenance,
            Err(rejection) => {
                tries.refuse(rejection)?;
                continue;
            }
        };
        let ready = Ready { at, copy, call, provenance };
        let session = match session {
            Some(session) => session,
            None => session.insert(open(translator, done).await?),
        };
        match execute(translator, done, session, ready).await? {
            None => return Ok(()),
            Some(error) => tries.refuse(Rejection::new(Reason::ExecutorFailed, error))?,
        }
    }
}

/// A fresh session; it has seen nothing, for without a dry walk no call was
/// made before the first one here.
async fn open(translator: &Translator<'_>, done: &mut Translated) -> Result<Planned, Failure> {
    let scene = translator.scene;
    let session = Planned::open(translator.executor, &scene.start(&scene.functions())).await?;
    done.initial_config = session.initial_config();
    Ok(session)
}

/// A call that passed its checks.
struct Ready {
    at: StepRef,
    copy: u8,
    call: Call,
    provenance: Vec<Provenance>,
}

/// Executes a call, and once more after a passing error that was planned.
/// Returns an error that was not: the caller may fill the call differently.
async fn execute(
    translator: &Translator<'_>,
    done: &mut Translated,
    session: &mut Planned,
    ready: Ready,
) -> Result<Option<String>, Failure> {
    let Ready { at, copy, call, provenance } = ready;
    let step = &translator.scene.path.turns[at.turn as usize].steps[at.step as usize];
    let function = translator.scene.library.get(step.function);
    let mut plan = Plan {
        fault: step.fault,
        contradicts: step.conflict.as_ref().map(|conflict| conflict.path.clone()),
        bulky: step.bulky,
    };
    let output = session.call(function, &call, &plan).await?;
    let planned_error = step.fault.is_some();
    if let (Err(text), false) = (output.answer(), planned_error) {
        return Ok(Some(text.to_owned()));
    }
    let again = output.is_error && step.fault == Some(Fault::Transient);
    let arguments = call.arguments.clone();
    record(done, Executed { step: at, copy, call, output }, provenance.clone());
    if again {
        plan.fault = None;
        let call = Call { id: next_id(done), function: step.function, arguments };
        let provenance =
            provenance.into_iter().map(|p| Provenance { call: call.id.clone(), ..p }).collect();
        let output = session.call(function, &call, &plan).await?;
        if let Err(text) = output.answer() {
            return Err(Failure::rejected(Reason::ExecutorFailed, text));
        }
        record(done, Executed { step: at, copy, call, output }, provenance);
    }
    Ok(None)
}

fn record(done: &mut Translated, executed: Executed, provenance: Vec<Provenance>) {
    if let Some(output) = executed.output.ok() {
        done.ledger.outputs.push(Shown {
            turn: executed.step.turn,
            call: executed.call.id.clone(),
            output: output.clone(),
        });
    }
    done.provenance.extend(provenance);
    if let Some(exchange) = done.conversation.turns.last_mut() {
        exchange.calls.push(executed);
    }
}

fn next_id(done: &Translated) -> String {
    format!("call_{}", done.conversation.executed().count() + 1)
}

/// Schema, repetition and provenance of a filled call.
fn check(
    translator: &Translator<'_>,
    done: &Translated,
    step: &Step,
    call: &Call,
) -> Result<Vec<Provenance>, Rejection> {
    let library = translator.scene.library;
    translator
        .validators
        .check(library, call.function, &call.arguments)
        .map_err(|why| Rejection::new(Reason::InvalidArguments, why))?;
    let function = library.get(call.function);
    if step.conflict.is_none() && is_repeated(done, call) {
        let detail = format!("\"{}\" was called with the same arguments before", function.name);
        return Err(Rejection::new(Reason::RepeatedCall, detail));
    }
    grounded(translator, done, step, call)
}

/// Where a call's values come from; a required one has to come from somewhere.
fn grounded(
    translator: &Translator<'_>,
    done: &Translated,
    step: &Step,
    call: &Call,
) -> Result<Vec<Provenance>, Rejection> {
    let function = translator.scene.library.get(call.function);
    let expected = expected_sources(done, step);
    let provenance = done.ledger.trace(function, &call.id, &call.arguments, &expected);
    let ungrounded = provenance.iter().find(|claim| {
        claim.source == Source::None && is_required(function, &call.arguments, &claim.argument)
    });
    match ungrounded {
        None => Ok(provenance),
        Some(claim) => Err(Rejection::new(
            Reason::UngroundedArgument,
            format!("\"{}\": the value of {} comes from nowhere", function.name, claim.argument),
        )),
    }
}

fn is_repeated(done: &Translated, call: &Call) -> bool {
    done.conversation.executed().any(|(_, earlier)| {
        earlier.call.function == call.function && earlier.call.arguments == call.arguments
    })
}

/// The calls that the step's feeds point at.
fn expected_sources<'a>(done: &'a Translated, step: &'a Step) -> Vec<Expected<'a>> {
    let source = |feed: &'a magnet_proto::path::Feed| {
        let mut calls = done.conversation.executed().filter(|(_, e)| e.step == feed.from);
        let call = calls.find(|(_, e)| !e.output.is_error)?;
        Some(Expected { parameter: &feed.flow.input, call: &call.1.call.id })
    };
    step.feeds.iter().filter_map(source).collect()
}

fn is_required(
    function: &magnet_proto::library::Function,
    arguments: &Arguments,
    pointer: &str,
) -> bool {
    let mut required = function.required().filter(|field| arguments.contains_key(&field.name));
    required.any(|field| {
        let at = format!("/{}", magnet_proto::shape::escape(&field.name));
        pointer == at || pointer.starts_with(&format!("{at}/"))
    })
}
