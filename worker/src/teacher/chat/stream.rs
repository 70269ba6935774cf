//! An answer that comes as a stream of events though none was asked for, as
//! some proxies send it whatever the request says.

use serde_json::{Map, Value, json};

/// The answer that the events of a whole stream make up; none where they are no
/// such stream.
pub(super) fn joined(body: &str) -> Option<Value> {
    let events = body.lines().filter_map(|line| line.trim().strip_prefix("data:"));
    let mut chunks =
        events.filter_map(|data| serde_json::from_str::<Value>(data.trim()).ok()).peekable();
    chunks.peek()?;
    let mut message = Map::new();
    let mut calls: Vec<Value> = Vec::new();
    let (mut finish, mut usage) = (Value::Null, Value::Null);
    for mut chunk in chunks {
        if let Some(error) = chunk.get("error").filter(|error| !error.is_null()) {
            return Some(json!({ "error": error }));
        }
        if let Some(told) = chunk.get_mut("usage").filter(|told| !told.is_null()) {
            usage = told.take();
        }
        let Some(choice) = chunk.pointer_mut("/choices/0") else { continue };
        if let Some(told) = choice.get_mut("finish_reason").filter(|told| !told.is_null()) {
            finish = told.take();
        }
        let Some(Value::Object(delta)) = choice.get_mut("delta").map(Value::take) else { continue };
        for (key, value) in delta {
            match value {
                Value::String(piece) if key != "role" => append(&mut message, &key, &piece),
                Value::Array(pieces) if key == "tool_calls" => {
                    pieces.into_iter().for_each(|piece| add_call(&mut calls, piece));
                }
                _ => {}
            }
        }
    }
    if !calls.is_empty() {
        message.insert("tool_calls".into(), calls.into());
    }
    let choice = json!({ "message": message, "finish_reason": finish });
    Some(json!({ "choices": [choice], "usage": usage }))
}

fn append(object: &mut Map<String, Value>, key: &str, piece: &str) {
    match object.entry(key).or_insert_with(|| Value::from("")) {
        Value::String(text) => text.push_str(piece),
        other => *other = piece.into(),
    }
}

/// A call begins with its name; the pieces of its arguments follow.
fn add_call(calls: &mut Vec<Value>, piece: Value) {
    let at = piece.get("index").and_then(Value::as_u64);
    let known = at.and_then(|at| calls.iter_mut().find(|call| call["index"] == at));
    let Some(Value::Object(function)) = known.and_then(|call| call.get_mut("function")) else {
        calls.push(piece);
        return;
    };
    if let Some(more) = piece.pointer("/function/arguments").and_then(Value::as_str) {
        append(function, "arguments", more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(delta: Value) -> String {
        format!("data: {}\n\n", json!({ "choices": [{ "index": 0, "delta": delta }] }))
    }

    #[test]
    fn the_pieces_of_a_stream_make_one_answer() {
        let body = [
            ": comment\n\n".to_owned(),
            chunk(json!({ "role": "assistant", "content": "" })),
            chunk(json!({ "content": "Good " })),
            chunk(json!({ "content": "day", "reasoning_content": "Polite." })),
            format!(
                "data: {}\n\n",
                json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] })
            ),
            format!("data: {}\n\n", json!({ "choices": [], "usage": { "prompt_tokens": 7 } })),
            "data: [DONE]\n\n".to_owned(),
        ];
        let expected = json!({ "choices": [{ "finish_reason": "stop",
            "message": { "content": "Good day", "reasoning_content": "Polite." } }],
            "usage": { "prompt_tokens": 7 } });
        assert_eq!(joined(&body.concat()), Some(expected));
        assert_eq!(joined("<html></html>"), None);
        assert_eq!(joined("data: soon"), None);
    }

    #[test]
    fn calls_come_in_pieces_too() {
        let call = |name: &str, arguments: &str| json!({ "tool_calls": [{ "index": 0, "function": { "name": name, "arguments": arguments } }] });
        let piece =
            json!({ "tool_calls": [{ "index": 0, "function": { "arguments": "\"Oslo\"}" } }] });
        let body = [chunk(call("go", "{\"to\":")), chunk(piece)].concat();
        let answer = joined(&body).unwrap();
        let told = answer.pointer("/choices/0/message/tool_calls/0/function").unwrap();
        assert_eq!(*told, json!({ "name": "go", "arguments": "{\"to\":\"Oslo\"}" }));
    }

    #[test]
    fn an_error_in_a_stream_is_one() {
        let body = format!("data: {}\n\n", json!({ "error": { "message": "overloaded" } }));
        assert_eq!(joined(&body), Some(json!({ "error": { "message": "overloaded" } })));
    }
}
