//! What a record of some dataset or benchmark says: its requests and calls.
//!
//! Read are messages (`role`/`content`, or `from`/`value`), a benchmark's
//! `question` of messages in turns, and where no message calls anything the
//! calls of `path`, `ground_truth` or a signature path.

use serde_json::Value;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Spoken {
    pub(super) requests: Vec<String>,
    /// The names of the functions called, in order.
    pub(super) calls: Vec<String>,
}

impl Spoken {
    /// None if the row says nothing that is understood.
    pub(super) fn of(row: &Value) -> Option<Self> {
        let mut spoken = Self::default();
        for key in ["messages", "conversations", "conversation", "question"] {
            spoken.messages(row.get(key).unwrap_or(&Value::Null));
        }
        for place in ["/path", "/ground_truth", "/metadata/signature_path"] {
            if spoken.calls.is_empty() {
                calls(row.pointer(place).unwrap_or(&Value::Null), &mut spoken.calls);
            }
        }
        (spoken != Self::default()).then_some(spoken)
    }

    fn messages(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.messages(item)),
            Value::Object(message) => {
                let either = |a, b| message.get(a).or_else(|| message.get(b));
                let role = either("role", "from").and_then(Value::as_str).unwrap_or_default();
                let content = either("content", "value").map(text).unwrap_or_default();
                match role {
                    "user" | "human" => self.requests.push(content),
                    "function_call" | "tool_call" => {
                        let called = serde_json::from_str(&content).unwrap_or_default();
                        calls(&called, &mut self.calls);
                    }
                    _ => calls(message.get("tool_calls").unwrap_or(&Value::Null), &mut self.calls),
                }
            }
            _ => {}
        }
    }
}

/// A content, be it a text or parts of which some are.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str));
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// Names of called functions, however they are written: `name(…)`, an object
/// with a name, or one whose only key it is.
fn calls(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| calls(item, names)),
        Value::String(call) => {
            let name = call.split('(').next().unwrap_or_default().trim();
            let is_name = |c: char| c.is_alphanumeric() || "_.-".contains(c);
            if !name.is_empty() && name.chars().all(is_name) {
                names.push(name.to_owned());
            }
        }
        Value::Object(call) => {
            let function = call.get("function").and_then(Value::as_object).unwrap_or(call);
            let only = || function.keys().next().filter(|_| function.len() == 1);
            let name = function.get("name").and_then(Value::as_str);
            names.extend(name.or_else(|| only().map(String::as_str)).map(str::to_owned));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(row: Value, requests: &[&str], calls: &[&str]) {
        let spoken = Spoken::of(&row).unwrap();
        assert_eq!(
            (spoken.requests, spoken.calls),
            (
                requests.iter().map(ToString::to_string).collect(),
                calls.iter().map(ToString::to_string).collect(),
            )
        );
    }

    #[test]
    fn messages_of_every_kind_are_read() {
        let called = json!([{"id": "1", "function": {"name": "f", "arguments": "{}"}}]);
        check(
            json!({"messages": [
                {"role": "system", "content": "s"},
                {"role": "user", "content": [{"type": "text", "text": "hello"}]},
                {"role": "assistant", "content": null, "tool_calls": called},
            ], "metadata": {"signature_path": [["g"]]}}),
            &["hello"],
            &["f"],
        );
        check(
            json!({"conversations": [
                {"from": "human", "value": "hello"},
                {"from": "function_call", "value": "[{\"name\": \"f\"}, {\"name\": \"g\"}]"},
            ]}),
            &["hello"],
            &["f", "g"],
        );
    }

    #[test]
    fn a_benchmarks_question_and_truth_are_read() {
        check(
            json!({"question": [[{"role": "user", "content": "one"}], [{"role": "user", "content": "two"}]],
                   "path": ["Files.cd", "Files.ls"]}),
            &["one", "two"],
            &["Files.cd", "Files.ls"],
        );
        check(json!({"ground_truth": [["cd(folder='a(b')"], ["ls()"]]}), &[], &["cd", "ls"]);
        check(json!({"ground_truth": [{"area": {"base": [10]}}]}), &[], &["area"]);
        assert_eq!(Spoken::of(&json!({"name": "f", "description": "A tool."})), None);
    }
}
