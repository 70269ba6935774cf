//! What an operation gives when it succeeds.
//!
//! The first 2xx answer with a schema. `default` is what comes otherwise, an
//! error, unless the description knows no success beside it and no error that
//! looks the same.

use serde_json::Value;

use super::{Object, body_schema, found};
use crate::library::report::RepairKind;
use crate::library::signature::Remark;

pub(super) fn schema<'a>(
    document: &'a Value,
    operation: &'a Object,
    remarks: &mut Vec<Remark>,
) -> Option<&'a Value> {
    let responses = operation.get("responses")?.as_object()?;
    let mut of = |code: &str| match found(document, responses.get(code)?) {
        Ok(answer) => of_answer(answer.as_object()?),
        Err(lost) => {
            remarks.push(Remark {
                kind: RepairKind::Reference,
                pointer: format!("/responses/{code}"),
                what: format!("dropped: {}", lost.why),
            });
            None
        }
    };
    let mut successes: Vec<&String> =
        responses.keys().filter(|code| code.starts_with(['2', '3'])).collect();
    if !successes.is_empty() {
        successes.sort();
        return successes
            .into_iter()
            .filter(|code| code.starts_with('2'))
            .find_map(|code| of(code));
    }
    let otherwise = of("default")?;
    let is_error = responses
        .keys()
        .filter(|code| *code != "default")
        .any(|code| of(code).is_some_and(|error| error == otherwise));
    (!is_error).then_some(otherwise)
}

fn of_answer(answer: &Object) -> Option<&Value> {
    match answer.get("content").and_then(Value::as_object) {
        Some(content) => body_schema(content),
        None => answer.get("schema"),
    }
}
