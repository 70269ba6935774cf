//! Whether a brief calls for every step of its path.

use magnet_proto::brief::{How, Turn, Want};
use magnet_proto::library::{Function, Library};
use magnet_proto::path::{Path, Purpose, StepRef};
use serde_json::Value;

use super::Briefed;
use crate::coerce::coerce;
use crate::vet::calls;

/// If it does not, why not.
pub(super) fn check(library: &Library, briefed: &Briefed) -> Result<(), String> {
    let Briefed { path, brief, .. } = briefed;
    if brief.turns.len() != path.turns.len() {
        return Err(format!("{} turns are told of {}", brief.turns.len(), path.turns.len()));
    }
    for (at, (turn, told)) in path.turns.iter().zip(&brief.turns).enumerate() {
        let resolved = matches!(
            turn.purpose,
            Purpose::MissingFunction { resolved: true, .. }
                | Purpose::MissingParameter { resolved: true, .. }
        );
        let target = if resolved { at + 1 } else { at };
        let wants = if turn.purpose == Purpose::Calls { Some(target) } else { None };
        if let Some(target) = wants {
            is_called_for(path, target, told).map_err(|why| format!("turn {at}: {why}"))?;
        }
        if turn.purpose == Purpose::Calls || resolved {
            values_fit(library, path, target, told).map_err(|why| format!("turn {at}: {why}"))?;
        }
    }
    Ok(())
}

/// Every step of a turn serves a want of it or feeds one that does, in this
/// turn or a later one.
fn is_called_for(path: &Path, turn: usize, told: &Turn) -> Result<(), String> {
    let steps = &path.turns[turn].steps;
    let mut served = vec![false; steps.len()];
    for want in &told.wants {
        let step = usize::from(want.step());
        *served.get_mut(step).ok_or_else(|| format!("there is no step {step}"))? = true;
    }
    for at in (0..steps.len()).rev() {
        let from = StepRef { turn: turn as u16, step: at as u16 };
        let feeds = |step: &magnet_proto::path::Step| step.feeds.iter().any(|f| f.from == from);
        let later = steps.iter().enumerate().skip(at + 1);
        if later.into_iter().any(|(other, step)| served[other] && feeds(step)) {
            served[at] = true;
        }
    }
    match served.iter().position(|served| !served) {
        None => Ok(()),
        Some(step) => Err(format!("nothing that is wanted needs step {step}")),
    }
}

/// Whether the parameter's own schema takes the value: a shape knows one of
/// several alternatives, and no null.
fn is_valid(function: &Function, name: &str, value: &Value) -> bool {
    let parts =
        ["anyOf", "oneOf"].iter().filter_map(|key| function.parameters.get(key)?.as_array());
    let mut schemas = [&function.parameters]
        .into_iter()
        .chain(parts.flatten())
        .filter_map(|part| part.get("properties")?.get(name));
    schemas.any(|schema| calls::judge(schema).is_ok_and(|judge| judge.is_valid(value)))
}

/// Values are valid for their parameter, places are there.
fn values_fit(library: &Library, path: &Path, turn: usize, told: &Turn) -> Result<(), String> {
    let Some(turn) = path.turns.get(turn) else {
        return Err("no turn makes up for what is missing".into());
    };
    for argument in &told.values {
        let Some(step) = turn.steps.get(usize::from(argument.step)) else {
            return Err(format!("there is no step {}", argument.step));
        };
        let function = library.get(step.function);
        let name = &argument.parameter;
        let Some(field) = function.param(name) else {
            return Err(format!("\"{}\" has no parameter \"{name}\"", function.name));
        };
        if let How::Said { value } | How::Again { value } | How::Unsaid { value } = &argument.how
            && coerce(value, &field.shape).is_none()
            && !is_valid(function, name, value)
        {
            return Err(format!("{value} cannot be the {name} of \"{}\"", function.name));
        }
        if let How::Pointed { from, .. } = &argument.how
            && path.step(*from).is_none()
        {
            return Err(format!("the {name} of \"{}\" is from no step", function.name));
        }
    }
    for want in &told.wants {
        if let Want::Fact { step, place, .. } = want {
            let step = turn.steps.get(usize::from(*step));
            let output = step.and_then(|step| library.get(step.function).output());
            let leaves = output.map(|output| output.leaves()).unwrap_or_default();
            let within = |leaf: &str| leaf == place || leaf.starts_with(&format!("{place}/"));
            if !place.is_empty()
                && !leaves.is_empty()
                && !leaves.iter().any(|leaf| within(&leaf.path))
            {
                return Err(format!("there is no place {place} in the output"));
            }
        }
    }
    Ok(())
}
