//! From a file's text to JSON values: JSON, JSON lines, YAML, told apart by
//! what the text looks like.
//!
//! Depth is bounded before anything recurses: serde_json stops at 128 levels,
//! the YAML budget below at as many, and bounds what aliases expand to.

use serde_json::Value;

use super::error::Error;
use super::text::one_line;

const MAX_YAML_DEPTH: usize = 128;
/// After alias expansion. GitHub's whole REST description has about a million.
const MAX_YAML_NODES: usize = 4_000_000;

/// A file's content.
pub(super) enum Parsed {
    Json(Value),
    Yaml(Vec<Value>),
    /// One value a line; a broken line is told with its reason.
    Lines(Vec<Line>),
}

pub(super) struct Line {
    /// Counted from 1, blank ones too.
    pub(super) number: usize,
    pub(super) value: Result<Value, String>,
}

impl Parsed {
    pub(super) fn format(&self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            Self::Yaml(_) => "yaml",
            Self::Lines(_) => "jsonl",
        }
    }
}

/// Reads a text; `label` is the file's name, for messages and as a hint at
/// its format.
pub(super) fn parse(label: &str, text: &str) -> Result<Parsed, Error> {
    let text = text.trim_end();
    if text.trim_start().is_empty() {
        return Err(Error::Empty { path: label.to_owned() });
    }
    let lower = label.to_lowercase();
    let is_yaml = lower.ends_with(".yaml") || lower.ends_with(".yml");
    let is_json =
        [".json", ".jsonl", ".jsonc", ".json5"].iter().any(|ending| lower.ends_with(ending));
    let opens = text.trim_start().starts_with(['{', '[', '"']);
    if !is_yaml && (is_json || opens) { json(label, text) } else { yaml(label, text) }
}

fn json(label: &str, text: &str) -> Result<Parsed, Error> {
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(Parsed::Json(value)),
        Err(error) => error,
    };
    if let Some(lines) = lines(text) {
        return Ok(Parsed::Lines(lines));
    }
    if let Some(values) = concatenated(text) {
        return Ok(Parsed::Lines(values));
    }
    let (line, column) = (error.line(), error.column());
    Err(Error::Syntax {
        path: label.to_owned(),
        format: "JSON",
        line,
        column,
        why: reason(&error),
        hint: hint(text, &error),
    })
}

/// JSON lines: several lines, and the first or the second is an object by
/// itself (one of them may be broken).
fn lines(text: &str) -> Option<Vec<Line>> {
    let mut filled = text.lines().filter(|line| !line.trim().is_empty());
    let whole = |line: &str| {
        line.trim_start().starts_with(['{', '['])
            && serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok()
    };
    let (first, second) = (filled.next()?, filled.next()?);
    if !(first.trim_start().starts_with('{') && (whole(first) || whole(second))) {
        return None;
    }
    let read = |line: &str| {
        serde_json::from_str(line)
            .map_err(|error| format!("column {}: {}", error.column(), reason(&error)))
    };
    let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    Some(numbered.map(|(at, line)| Line { number: at + 1, value: read(line) }).collect())
}

/// Values one after another, each over several lines.
fn concatenated(text: &str) -> Option<Vec<Line>> {
    let values: Result<Vec<Value>, _> =
        serde_json::Deserializer::from_str(text).into_iter::<Value>().collect();
    let numbered = values.ok()?.into_iter().zip(1..);
    Some(numbered.map(|(value, number)| Line { number, value: Ok(value) }).collect())
}

/// The error's own words, without its position.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let words = message.rsplit_once(" at line ").map_or(message.as_str(), |(words, _)| words);
    one_line(words)
}

/// The likeliest way out, from what stands at the place of the error.
fn hint(text: &str, error: &serde_json::Error) -> String {
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or("");
    // Columns count bytes, the offending one included.
    let from = (0..=error.column().saturating_sub(1).min(line.len()))
        .rev()
        .find(|&at| line.is_char_boundary(at))
        .unwrap_or(0);
    let (before, here) = line.split_at(from);
    let starts =
        |words: &[&str]| words.iter().any(|word| here.starts_with(word) || before.ends_with(word));
    if error.is_eof() {
        "the text ends too early: was the file cut off? write it again".to_owned()
    } else if error.to_string().contains("recursion limit") {
        "flatten it: nothing may be nested deeper than 128 levels".to_owned()
    } else if starts(&["'", "True", "False", "None", "T", "F"]) {
        "it looks like Python: write the file with json.dump".to_owned()
    } else if starts(&["//", "/*", "/"]) {
        "JSON has no comments: remove it".to_owned()
    } else if starts(&["#"]) {
        "JSON has no comments: remove it, or name the file .yaml".to_owned()
    } else if error.to_string().contains("key must be a string") {
        "JSON has its keys in double quotes: write them so, or name the file .yaml".to_owned()
    } else if starts(&["NaN", "N", "Infinity", "I", "-I"]) {
        "JSON has no NaN and no Infinity: use null or leave the key out".to_owned()
    } else if error.to_string().contains("trailing comma") {
        "remove the comma before the closing bracket".to_owned()
    } else {
        "mend the text at that place".to_owned()
    }
}

fn yaml(label: &str, text: &str) -> Result<Parsed, Error> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_YAML_DEPTH,
            max_nodes: MAX_YAML_NODES,
            max_events: 2 * MAX_YAML_NODES,
        },
        // YAML 1.2, as OpenAPI demands: NO is Norway, and 007 has its noughts.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    };
    match serde_saphyr::from_multiple_with_options::<Value>(text, options) {
        Ok(documents) if documents.is_empty() => Err(Error::Empty { path: label.to_owned() }),
        Ok(documents) => Ok(Parsed::Yaml(documents)),
        Err(error) => {
            let place = error.location();
            let why = error.without_snippet().to_string();
            let (why, hint) = yaml_reason(&why);
            Err(Error::Syntax {
                path: label.to_owned(),
                format: "YAML",
                line: place.map_or(0, |place| place.line() as usize),
                column: place.map_or(0, |place| place.column() as usize),
                why,
                hint: hint.to_owned(),
            })
        }
    }
}

fn yaml_reason(message: &str) -> (String, &'static str) {
    let words = message.rsplit_once(" at line ").map_or(message, |(words, _)| words);
    if words.contains("budget") || words.contains("recursion") {
        let why = "it expands beyond the limits on size or depth".to_owned();
        return (why, "write anchors and aliases out, and nest less deeply");
    }
    let words = words.split(", set ").next().unwrap_or(words);
    (one_line(words), "mend the text at that place; strings with : or # need quotes")
}
