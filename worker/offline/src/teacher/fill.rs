//! Forward translation by rules: the arguments of one call.
//!
//! What the user gave is taken as given; what an output supplies is looked up
//! where the request points; what is left has a default. Never a value from
//! nowhere: then it gives up and says which parameter it was.

use magnet_proto::library::Function;
use magnet_proto::path::{Feed, Step};
use magnet_proto::sample::Arguments;
use magnet_proto::shape::{Field, Type, words};
use serde_json::Value;

use super::coerce::coerce;
use super::noun;
use super::optional::is_sensible;
use super::select::Route;
use magnet_worker::conversation::Select;
use magnet_worker::execute::Output;
use magnet_worker::teacher::{Error, FillCall};
use magnet_worker::vet::provenance::is_free_text;

pub(super) fn fill(ask: &FillCall<'_>) -> Result<Arguments, Error> {
    let step = ask.scene.path.step(ask.at).ok_or_else(|| {
        Error::GaveUp(format!("the path has no step {} in turn {}", ask.at.step, ask.at.turn))
    })?;
    let function = ask.scene.library.get(step.function);
    let first = arguments(ask, step, function, 0)?;
    if step.conflict.is_some() || (ask.problem.is_none() && !is_repeated(ask, step, &first)) {
        return Ok(first);
    }
    // Another element of the same output may do where this one does not.
    for shift in 1..6 {
        let other = arguments(ask, step, function, shift)?;
        if other != first && !is_repeated(ask, step, &other) {
            return Ok(other);
        }
    }
    Ok(first)
}

fn is_repeated(ask: &FillCall<'_>, step: &Step, arguments: &Arguments) -> bool {
    let mut calls = ask.conversation.executed();
    calls.any(|(_, e)| e.call.function == step.function && e.call.arguments == *arguments)
}

fn arguments(
    ask: &FillCall<'_>,
    step: &Step,
    function: &Function,
    shift: usize,
) -> Result<Arguments, Error> {
    let mut arguments = Arguments::new();
    for field in function.params() {
        let given = ask.conversation.given(ask.at, ask.copy, &field.name).cloned();
        let fed = || {
            step.feeds
                .iter()
                .filter(|f| f.flow.input == field.name)
                .find_map(|f| fed(ask, f, field, shift))
        };
        let value =
            given.or_else(fed).or_else(|| if field.required { fallback(ask, field) } else { None });
        match value {
            Some(value) => {
                arguments.insert(field.name.clone(), value);
            }
            None if field.required => {
                let why = format!("nothing supplies \"{}\" of \"{}\"", field.name, function.name);
                return Err(Error::GaveUp(why));
            }
            None => {}
        }
    }
    Ok(arguments)
}

/// The value a feed supplies: the element the request means, else another.
fn fed(ask: &FillCall<'_>, feed: &Feed, field: &Field, shift: usize) -> Option<Value> {
    let output = ask.conversation.output_of(feed.from)?;
    let route = Route::of(&feed.flow.output);
    let pick = ask.conversation.pick(ask.at, ask.copy, &field.name);
    if pick.is_none() && !field.required {
        return None;
    }
    let select = pick.map(|pick| pick.select.clone()).unwrap_or_default();
    let all = route.all(output);
    if matches!(field.shape.ty, Type::Array { .. }) && route.tail.is_some() {
        let few: Vec<Value> = all.iter().take(5).map(|value| (*value).clone()).collect();
        return coerce(&Value::Array(few), &field.shape);
    }
    if let Some(chosen) = route.follow(output, &select).filter(|_| shift == 0) {
        if let Some(text) = composed(chosen, feed, field) {
            return Some(text);
        }
        if let Some(value) = coerce(chosen, &field.shape) {
            return Some(value);
        }
    }
    let fitting: Vec<Value> = all.iter().filter_map(|value| coerce(value, &field.shape)).collect();
    let at = match select {
        Select::Last => fitting.len().checked_sub(1 + shift % fitting.len().max(1))?,
        _ => shift % fitting.len().max(1),
    };
    fitting.get(at).cloned()
}

/// A message about a bare value says what the value is.
fn composed(value: &Value, feed: &Feed, field: &Field) -> Option<Value> {
    const PROSE: &[&str] = &[
        "body", "message", "text", "content", "comment", "note", "notes", "description", "details",
        "summary", "memo",
    ];
    let prose = words(&field.name).last().is_some_and(|word| PROSE.contains(&word.as_str()));
    let fluent = value.as_str().is_some_and(|text| text.split(' ').count() > 3);
    if !prose || !is_free_text(field) || fluent {
        return None;
    }
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let last = feed.flow.output.rsplit('/').find(|part| *part != "*" && !part.is_empty())?;
    let noun = noun::of_name(last);
    let verb = if noun::is_plural(&noun) { "are" } else { "is" };
    coerce(&Value::String(format!("The {noun} {verb} {text}.")), &field.shape)
}

/// A required value that nobody spoke of: the default, an enumerated value, or
/// what an output calls by the same name.
fn fallback(ask: &FillCall<'_>, field: &Field) -> Option<Value> {
    let shape = &field.shape;
    if let Some(default) = shape.default.as_ref().filter(|default| is_sensible(default))
        && let Some(value) = coerce(default, shape)
    {
        return Some(value);
    }
    if let Some(value) = shape.choices.iter().find(|choice| is_sensible(choice)) {
        return Some(value.clone());
    }
    if shape.ty == Type::Boolean {
        return Some(Value::Bool(false));
    }
    if noun::is_bare(&field.name) && words(&field.name).count() < 2 {
        return None;
    }
    ask.conversation.executed().rev().find_map(|(_, executed)| match &executed.output {
        Output::Value(output) => named(output, &field.name).and_then(|value| coerce(value, shape)),
        Output::Error(_) => None,
    })
}

/// The first member of that name anywhere in an output.
fn named<'v>(output: &'v Value, name: &str) -> Option<&'v Value> {
    match output {
        Value::Object(members) => members
            .get(name)
            .filter(|value| !value.is_null() && !value.is_object())
            .or_else(|| members.values().find_map(|member| named(member, name))),
        Value::Array(items) => items.iter().find_map(|item| named(item, name)),
        _ => None,
    }
}
