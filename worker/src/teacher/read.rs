//! Reading a model's answer: tolerant of form, strict about meaning.
//!
//! Fences, prose around, junk after the JSON, and the forms in which servers
//! and small models write calls are passed over. What could mean two things is
//! refused with a sentence for the model: a key that stands twice (most
//! parsers silently keep the last one), JSON that breaks off, an object whose
//! inside alone could be read.

mod step;
mod strict;

pub use step::{RawCall, Step, arguments, call, step};

use serde_json::Value;

use strict::Strict;

/// The first JSON object in an answer, or a list of objects. The error is a
/// sentence for the model: what is wrong with its answer.
pub fn json(answer: &str) -> Result<Value, String> {
    let found = texts(without_thought(answer)).next();
    found.unwrap_or_else(|| Err("there is no JSON object in the answer".to_owned()))
}

/// The JSON texts of an answer, one after the other, up to the first that
/// cannot be read.
fn texts(answer: &str) -> impl Iterator<Item = Result<Value, String>> {
    let mut rest = answer;
    let mut is_over = false;
    std::iter::from_fn(move || {
        while !is_over {
            let start = rest.find(['{', '['])?;
            rest = &rest[start..];
            if !begins_json(rest) {
                rest = &rest[1..];
                continue;
            }
            let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Strict>();
            let read = stream.next()?;
            let end = stream.byte_offset();
            return Some(match read {
                Ok(Strict(value)) => {
                    rest = &rest[end..];
                    Ok(value)
                }
                Err(error) => {
                    is_over = true;
                    Err(problem(&error))
                }
            });
        }
        None
    })
}

/// Whether a bracket opens an object or a list of objects, not a remark.
fn begins_json(text: &str) -> bool {
    let mut after = text.chars().filter(|c| !c.is_whitespace());
    match (after.next(), after.next()) {
        (Some('{'), Some(next)) => next == '"' || next == '}',
        (Some('['), Some(next)) => next == '{',
        (Some('{' | '['), None) => true,
        _ => false,
    }
}

fn problem(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof => "the JSON breaks off half-way".into(),
        serde_json::error::Category::Data => {
            let text = error.to_string();
            text.split(" at line ").next().unwrap_or_default().to_owned()
        }
        _ => format!("the JSON cannot be read: {error}"),
    }
}

/// An answer without `<think>…</think>` before it. A thought that never ends
/// is all there is.
fn without_thought(answer: &str) -> &str {
    if let Some((_, rest)) = answer.rsplit_once("</think>") {
        return rest;
    }
    match answer.trim_start().strip_prefix("<think>") {
        Some(_) => "",
        None => answer,
    }
}

/// Prose without what models wrap it in: quotes, fences, a label before it.
pub fn prose(answer: &str) -> String {
    let mut text = without_thought(answer).trim();
    if let Some(inner) = text.strip_prefix("```") {
        let inner = inner.split_once('\n').map_or(inner, |(_, rest)| rest);
        text = inner.trim_end_matches('`').trim();
    }
    for label in ["user:", "request:", "query:", "message:", "assistant:", "user request:"] {
        if text.get(..label.len()).is_some_and(|head| head.eq_ignore_ascii_case(label)) {
            text = text[label.len()..].trim_start();
        }
    }
    for (open, close) in [('"', '"'), ('“', '”'), ('\'', '\'')] {
        let inner = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        if let Some(inner) = inner.filter(|inner| !inner.contains([open, close])) {
            text = inner.trim();
        }
    }
    text.to_owned()
}

/// The program in an answer: its longest fenced block, or all of it where
/// nothing is fenced. A block that breaks off goes to the end.
pub fn code(answer: &str) -> &str {
    let text = without_thought(answer);
    // Every other piece between fences is a block, its first line a label.
    let pieces = text.split("```").skip(1).step_by(2);
    let blocks = pieces.map(|block| block.split_once('\n').map_or("", |(_, code)| code));
    blocks.max_by_key(|block| block.len()).unwrap_or(text)
}

#[cfg(test)]
mod tests;
