//! What a call returned.

use serde_json::Value;

/// The answer to a call, as the agent reads it and as later stages use it.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The content of the `tool` message, verbatim.
    pub content: String,
    /// The content read as JSON, a text where it is none. An error's text.
    pub value: Value,
    /// The call failed or was refused.
    pub is_error: bool,
}

impl Output {
    /// The success that compact JSON tells.
    pub fn of(value: Value) -> Self {
        Self { content: value.to_string(), value, is_error: false }
    }

    /// The error of that text, `{"error": …}`.
    pub fn refused(text: impl Into<String>) -> Self {
        let text = text.into();
        let content = serde_json::json!({ "error": text }).to_string();
        Self { content, value: text.into(), is_error: true }
    }

    /// Reads back the content of a `tool` message.
    pub fn parse(content: &str) -> Self {
        let (value, is_error) = match serde_json::from_str::<Value>(content) {
            Ok(Value::Object(mut object)) if object.len() == 1 && object.contains_key("error") => {
                match object.remove("error").unwrap_or_default() {
                    text @ Value::String(_) => (text, true),
                    other => (other.to_string().into(), true),
                }
            }
            Ok(value) => (value, false),
            Err(_) => (content.into(), false),
        };
        Self { content: content.to_owned(), value, is_error }
    }

    /// The output whose content was kept, and whether it was an error.
    pub fn restored(content: String, is_error: bool) -> Self {
        let read = Self::parse(&content);
        if read.is_error == is_error {
            return read;
        }
        let value = serde_json::from_str(&content).unwrap_or_else(|_| content.as_str().into());
        Self { content, value, is_error }
    }

    /// The value of a success, or an error's text.
    pub fn answer(&self) -> Result<&Value, &str> {
        match self.is_error {
            false => Ok(&self.value),
            true => Err(self.value.as_str().unwrap_or(&self.content)),
        }
    }

    /// The value of a success.
    pub fn ok(&self) -> Option<&Value> {
        self.answer().ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        for output in [
            Output::of(json!({"fare": 31.5})),
            Output::of(json!({"error": "late", "fare": 1})),
            Output::refused("no train \"TER-1\""),
        ] {
            assert_eq!(Output::parse(&output.content), output);
            let Output { content, is_error, .. } = output.clone();
            assert_eq!(Output::restored(content, is_error), output);
        }
    }

    #[test]
    fn an_answer_is_a_value_or_the_text_of_an_error() {
        assert_eq!(Output::of(json!([1])).answer(), Ok(&json!([1])));
        assert_eq!(Output::refused("no seat left").answer(), Err("no seat left"));
        assert_eq!(Output::parse("plain words").answer(), Ok(&json!("plain words")));
        assert_eq!(Output::parse(r#"{"error": {"code": 5}}"#).answer(), Err(r#"{"code":5}"#));
    }
}
