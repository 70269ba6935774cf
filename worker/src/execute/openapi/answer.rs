//! From an answer to an output. Pure.
//!
//! A body is the output, verbatim. What is no success is an error, in the form
//! in which errors are read back: a body that has not this form stands in it.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::execute::Output;

pub(super) fn output(status: StatusCode, body: &str) -> Output {
    let body = body.trim();
    match (status.is_success(), body) {
        (true, "") => Output::of(json!({})),
        (true, body) => Output::parse(body),
        (false, "") => Output::refused(status.to_string()),
        (false, body) => {
            let told = Output::parse(body);
            match &told.value {
                _ if told.is_error => told,
                // Text is no JSON value: it has to be written as one.
                Value::String(text) => Output::refused(text.as_str()),
                _ => Output::parse(&format!("{{\"error\":{body}}}")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_the_output_and_what_is_no_success_reads_back_as_an_error() {
        let check = |status: StatusCode, body: &str, content: &str| {
            let output = output(status, body);
            assert_eq!(output.content, content);
            assert_eq!(output.is_error, !status.is_success());
            assert_eq!(Output::parse(content), output, "it reads back as one");
        };
        let (ok, missing) = (StatusCode::OK, StatusCode::NOT_FOUND);
        check(ok, r#"{ "a": 1.0 }"#, r#"{ "a": 1.0 }"#);
        check(ok, "plain words\n", "plain words");
        check(StatusCode::NO_CONTENT, "", "{}");
        check(missing, "", r#"{"error":"404 Not Found"}"#);
        check(missing, "no such pet", r#"{"error":"no such pet"}"#);
        check(missing, r#"{"error":"none"}"#, r#"{"error":"none"}"#);
        check(missing, r#"{"detail":"none"}"#, r#"{"error":{"detail":"none"}}"#);
    }
}
