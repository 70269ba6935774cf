//! Back-translation: a turn's signature becomes the user's request.

use magnet_proto::brief::How;
use magnet_proto::outcome::{Reason, Rejection};
use magnet_proto::path::{Purpose, StepRef};
use serde_json::Value;

use super::{Translator, called_for};
use crate::conversation::{Conversation, Request};
use crate::failure::{Failure, Tries};
use crate::persona::calendar::Date;
use crate::teacher::WriteRequest;
use crate::vet::mentions::Text;
use crate::vet::prose;
use crate::vet::provenance::is_free_text;

/// The request of one turn.
pub(super) struct Written {
    pub(super) request: Request,
    /// Whether a reader doubted a call of it at first; none where nobody read it.
    pub(super) doubted: Option<bool>,
}

/// The request of one turn, checked.
pub(super) async fn write(
    translator: &Translator<'_>,
    turn: usize,
    conversation: &Conversation,
) -> Result<Written, Failure> {
    let mut tries = Tries::new(translator.tries);
    loop {
        let ask = WriteRequest {
            scene: translator.scene,
            turn,
            conversation,
            brief: translator.brief,
            log: translator.log,
            problem: tries.problem(),
        };
        let answer = translator.teacher.write_request(&ask).await;
        let Some(request) = tries.usable(answer)? else {
            continue;
        };
        match check(translator, turn, conversation, &request.text) {
            Ok(()) => {}
            Err(rejection) => {
                tries.refuse(rejection)?;
                continue;
            }
        }
        match called_for::check(translator, turn, conversation, &request.text).await? {
            Ok(doubted) => return Ok(Written { request, doubted }),
            Err(rejection) => tries.refuse(rejection)?,
        }
    }
}

fn check(
    translator: &Translator<'_>,
    turn: usize,
    conversation: &Conversation,
    text: &str,
) -> Result<(), Rejection> {
    let refuse = |reason, detail: String| Err(Rejection::new(reason, detail));
    if text.trim().is_empty() {
        return refuse(Reason::AnswerUnusable, "the request is empty".into());
    }
    if let Some(trace) = prose::hint_trace(text) {
        return refuse(Reason::HintLeaked, format!("the request says \"{trace}\""));
    }
    let path = translator.scene.path;
    if !announces_functions(path, turn) {
        let functions = path.functions().chain(withheld(&path.turns[turn].purpose));
        for id in functions {
            let function = translator.scene.library.get(id);
            if prose::names_function(text, function) {
                let detail = format!("the request names the function \"{}\"", function.name);
                return refuse(Reason::RequestNamesFunction, detail);
            }
        }
    }
    for step in path.turns[turn].steps.iter().filter(|step| step.implicit) {
        let function = translator.scene.library.get(step.function);
        if prose::mentions_action(text, function) {
            let detail = format!("the request mentions \"{}\", which is implicit", function.name);
            return refuse(Reason::RequestNamesFunction, detail);
        }
    }
    match unsaid(translator, turn, conversation, text) {
        None => Ok(()),
        Some((parameter, value)) => {
            let detail = format!("the request \"{text}\" does not say {value}, the {parameter}");
            refuse(Reason::RequestLacksValue, detail)
        }
    }
}

/// The first value that the brief has said in this turn and neither the text
/// nor an earlier message says.
fn unsaid<'a>(
    translator: &'a Translator<'_>,
    turn: usize,
    conversation: &Conversation,
    text: &str,
) -> Option<(&'a str, &'a Value)> {
    let told = translator.brief.turn(turn)?;
    let text = Text::new(text);
    let today = translator.scene.persona.today;
    let earlier = conversation.turns.iter().map(|exchange| Text::new(&exchange.request.text));
    let earlier: Vec<Text> = earlier.collect();
    let says_in = |text: &Text, value: &Value| {
        text.find(value).is_some()
            && value.as_str().is_none_or(|day| text.says_year_of(day) || is_next(day, today))
    };
    told.values.iter().find_map(|argument| {
        let How::Said { value } = &argument.how else {
            return None;
        };
        let says = |scalar: &&Value| {
            says_in(&text, scalar) || earlier.iter().any(|text| says_in(text, scalar))
        };
        let lacks = must_be_said(translator, turn, argument.step, &argument.parameter, value)
            && !scalars(value).iter().all(says);
        lacks.then_some((argument.parameter.as_str(), value))
    })
}

/// Whether a day that is said without its year is taken for this one: it lies
/// in this year, or comes next.
fn is_next(day: &str, today: Date) -> bool {
    Date::parse(day).is_none_or(|day| {
        day.civil().0 == today.civil().0 || (0..366).contains(&day.days_since(today))
    })
}

/// Texts may be worded otherwise, and flags have no literal form.
fn must_be_said(
    translator: &Translator<'_>,
    turn: usize,
    step: u16,
    parameter: &str,
    value: &Value,
) -> bool {
    let path = translator.scene.path;
    let function = match &path.turns[turn].purpose {
        Purpose::Irrelevant { function }
        | Purpose::MissingFunction { function, resolved: false }
        | Purpose::MissingParameter { function, resolved: false, .. } => Some(*function),
        purpose => {
            let target = if *purpose == Purpose::Calls { turn } else { turn + 1 };
            let at = StepRef { turn: target as u16, step };
            path.step(at).map(|step| step.function)
        }
    };
    let field = function.and_then(|id| translator.scene.library.get(id).param(parameter));
    field.is_some_and(|field| {
        let has_default = field.shape.default.as_ref() == Some(value);
        !is_free_text(field) && field.shape.choices.is_empty() && !has_default
    })
}

/// The strings and numbers of a value.
fn scalars(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(scalars).collect(),
        Value::Object(members) => members.values().flat_map(scalars).collect(),
        Value::String(_) | Value::Number(_) => vec![value],
        Value::Bool(_) | Value::Null => Vec::new(),
    }
}

/// After a turn that missed a function the user says which were added: there
/// the name belongs.
fn announces_functions(path: &magnet_proto::path::Path, turn: usize) -> bool {
    let before = turn.checked_sub(1).and_then(|before| path.turns.get(before));
    before.is_some_and(|before| {
        matches!(before.purpose, Purpose::MissingFunction { resolved: true, .. })
    })
}

fn withheld(purpose: &Purpose) -> Option<magnet_proto::FunctionId> {
    match purpose {
        Purpose::Calls => None,
        Purpose::MissingFunction { function, .. }
        | Purpose::MissingParameter { function, .. }
        | Purpose::Irrelevant { function } => Some(*function),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_without_its_year_is_one_of_this_year_or_the_next_to_come() {
        let today = Date::new(2025, 11, 20);
        let check = |day: &str, expected: bool| assert_eq!(is_next(day, today), expected, "{day}");
        check("2025-08-08", true);
        check("2026-02-03", true);
        check("2026-12-24", false);
        check("2024-08-08", false);
        check("no day at all", true);
    }
}
