//! From a tool's answer to an output.

use magnet_worker::execute::Output;
use serde_json::Value;

/// Larger outputs would fill a conversation alone.
const MAX_OUTPUT_BYTES: usize = 64 << 10;

/// Reads an answer; `tidy` takes out of its texts what is of this machine.
///
/// Its content comes verbatim. Where it is structured as well, that is what
/// its schema speaks of: the content unless the text says the same.
///
/// # Errors
/// Why it cannot stand in a conversation.
pub(crate) fn read(
    answer: &Value,
    refusals: &[String],
    tidy: impl Fn(&str) -> String,
) -> Result<Output, String> {
    let mut texts = Vec::new();
    for block in answer.get("content").and_then(Value::as_array).into_iter().flatten() {
        let resource = block.get("resource").and_then(|resource| resource.get("text"));
        match block.get("text").or(resource).and_then(Value::as_str) {
            Some(text) => texts.push(text),
            None => {
                let kind = block.get("type").and_then(Value::as_str).unwrap_or("something");
                return Err(format!("its answer holds {kind}, which is no text"));
            }
        }
    }
    let text = tidy(&texts.join("\n"));
    let structured = answer.get("structuredContent").filter(|value| !value.is_null());
    if text.len() > MAX_OUTPUT_BYTES {
        return Err(format!("its answer has more than {MAX_OUTPUT_BYTES} bytes"));
    }
    let told: Option<Value> = serde_json::from_str(&text).ok();
    if answer.get("isError") == Some(&Value::Bool(true))
        || is_refusal(&text, told.as_ref(), refusals)
    {
        return Ok(Output::refused(text));
    }
    if let Some(structured) = structured {
        let structured = tidy(&structured.to_string());
        if structured.len() > MAX_OUTPUT_BYTES {
            return Err(format!("its answer has more than {MAX_OUTPUT_BYTES} bytes"));
        }
        let value: Value = serde_json::from_str(&structured).unwrap_or_default();
        if told.as_ref() != Some(&value) {
            return Ok(Output { content: structured, value, is_error: false });
        }
    }
    if answer.get("content").is_none() && structured.is_none() {
        return Err("its answer is no tool's result".into());
    }
    let value = told.unwrap_or_else(|| text.clone().into());
    Ok(Output { content: text, value, is_error: false })
}

/// Whether a success says that it is none: not all servers mark a refusal.
fn is_refusal(text: &str, told: Option<&Value>, refusals: &[String]) -> bool {
    let starts = |beginning: &String| !beginning.is_empty() && text.starts_with(beginning.as_str());
    if refusals.iter().any(starts) {
        return true;
    }
    let Some(Value::Object(told)) = told else {
        return text.starts_with("Error:") || text.starts_with("error:");
    };
    let is_false = |key: &str| told.get(key) == Some(&Value::Bool(false));
    let error = told.get("error").is_some_and(|error| match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        _ => true,
    });
    is_false("success") || is_false("ok") || error
}

/// What an answer begins with that is to be a success and reads like a refusal;
/// so much of it as the next one may begin with, too.
pub(crate) fn like_a_refusal(content: &str) -> Option<String> {
    const SIGNS: [&str; 12] = [
        "error", "fail", "invalid", "not found", "no such", "cannot", "could not", "unable",
        "does not exist", "denied", "unknown", "not a valid",
    ];
    let line = content.lines().next()?.trim();
    let lower = line.to_lowercase();
    let sign = SIGNS.iter().filter_map(|sign| lower.find(sign)).min()?;
    // Further on it speaks of something else.
    if sign > 40 || line.starts_with(['{', '[']) {
        return None;
    }
    let words: Vec<&str> = line.split(':').next()?.split_whitespace().take(3).collect();
    Some(words.join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(answer: Value) -> Result<Output, String> {
        super::read(&answer, &["Database error".to_owned()], str::to_owned)
    }

    fn text(text: &str) -> Value {
        json!({"content": [{"type": "text", "text": text}]})
    }

    #[test]
    fn content_comes_verbatim_and_structured_where_it_says_something_else() {
        let plain = read(text("[FILE] a.txt\n[DIR] b")).unwrap();
        assert_eq!((plain.content.as_str(), plain.is_error), ("[FILE] a.txt\n[DIR] b", false));
        let spaced = json!({"content": [{"type": "text", "text": "{ \"a\": 1 }"}],
                            "structuredContent": {"a": 1}});
        let spaced = read(spaced).unwrap();
        assert_eq!((spaced.content.as_str(), &spaced.value), ("{ \"a\": 1 }", &json!({"a": 1})));
        let other = json!({"content": [{"type": "text", "text": "done"}],
                           "structuredContent": {"result": "done"}});
        assert_eq!(read(other).unwrap().content, r#"{"result":"done"}"#);
        assert_eq!(read(json!({"content": []})).unwrap().content, "");
    }

    #[test]
    fn refusals_come_in_several_forms() {
        let marked =
            json!({"content": [{"type": "text", "text": "no such file"}], "isError": true});
        let unmarked = [
            "Database error: no table", "{\"success\": false}", "Error: x",
            "{\"error\": {\"code\": 5}}",
        ];
        for answer in std::iter::once(marked).chain(unmarked.map(text)) {
            let output = read(answer.clone()).unwrap();
            assert!(output.is_error, "{answer}");
            assert_eq!(Output::parse(&output.content), output, "it reads back as one");
        }
        for answer in ["{\"success\": true, \"error\": null}", "Errors: none", "{\"error\": \"\"}"]
        {
            assert!(!read(text(answer)).unwrap().is_error, "{answer}");
        }
    }

    #[test]
    fn a_success_may_read_like_a_refusal() {
        for (answer, expected) in [
            ("Database error: no such table", Some("Database error")),
            ("Entity x not found", Some("Entity x not")),
            ("Moved a to b", None),
            ("{\"error_rate\": 5}", None),
        ] {
            assert_eq!(like_a_refusal(answer).as_deref(), expected, "{answer}");
        }
    }

    #[test]
    fn what_cannot_stand_in_a_conversation_is_told() {
        let image = json!({"content": [{"type": "image", "data": "…", "mimeType": "image/png"}]});
        assert!(read(image).unwrap_err().contains("image"));
        assert!(read(text(&"x".repeat(MAX_OUTPUT_BYTES + 1))).unwrap_err().contains("more than"));
        assert!(read(json!({"tools": []})).unwrap_err().contains("no tool's result"));
    }
}
