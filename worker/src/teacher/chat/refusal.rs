//! What an endpoint says when it refuses: sorted by what helps.
//!
//! Servers word the same refusal in many ways, and one word may mean two
//! things: a rate limit, too, is told with a link to the billing page. So a
//! code is believed before a sentence, and a time to come again before both.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::{Error, Trouble, reset};

/// Codes of a 429 that no waiting mends.
const OUT_OF_MONEY_CODES: [&str; 5] = [
    "insufficient_quota", "billing_hard_limit_reached", "billing_not_active",
    "insufficient_balance", "insufficient_credits",
];
/// The same in words, where there is no code.
const OUT_OF_MONEY: [&str; 8] = [
    "insufficient_quota", "spending cap", "spend cap", "spend limit", "spending limit",
    "credit balance", "insufficient balance", "hard limit",
];
const TOO_LONG: [&str; 11] = [
    "context_length", "context length", "exceed_context_size", "context size", "context window",
    "contextwindow", "maximum context", "prompt is too long", "input token count",
    "`inputs` tokens", "`inputs` must have less",
];

/// Of a 4xx or 5xx: the model's answer was no JSON, which the server checks.
const BAD_ANSWER: [&str; 8] = [
    "json_validate_failed", "failed_generation", "failed to generate json",
    "failed to validate json", "generated json", "generated invalid json", "generate valid json",
    "produced invalid json",
];
/// What a 5xx may have against a request's content, in the words of its JSON.
const CONTENT: [&str; 16] = [
    "image input", "input image", "image_url", "image content", "audio input", "input audio",
    "content filter", "content_filter", "content policy", "content_policy", "content management",
    "message content", "content part", "content type", "unsupported content", "invalid content",
];

/// What a server says instead of an answer.
#[derive(Clone, Debug)]
pub(super) struct Refusal<'a> {
    pub(super) status: StatusCode,
    body: &'a str,
    /// For people: shortened, and without any key.
    pub(super) words: String,
    /// The fields of the request that it is about, where they are told apart.
    pub(super) fields: String,
    /// The error's sentence, code and type, or the whole body.
    text: String,
    pub(super) is_json: bool,
    /// The request is longer than the model's context.
    pub(super) is_too_long: bool,
}

impl<'a> Refusal<'a> {
    /// `redacted` is the body without any key.
    pub(super) fn read(status: StatusCode, body: &'a str, redacted: &str) -> Self {
        let error = error(body);
        let text = match &error {
            Some(error) => told(error),
            None => body.to_owned(),
        };
        Self {
            status,
            body,
            words: words(redacted),
            fields: error.as_ref().map(fields).unwrap_or_default(),
            is_json: error.is_some(),
            is_too_long: status == StatusCode::PAYLOAD_TOO_LARGE || says(&text, &TOO_LONG),
            text,
        }
    }

    /// Whether it may be about the way in which the request was put. A chat
    /// template that fails is told as the server's own error.
    pub(super) fn is_of_form(&self) -> bool {
        let is_fault_of_request =
            matches!(self.status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY);
        let is_told = self.status.is_server_error() && self.is_json;
        (is_fault_of_request || is_told) && !self.is_bad_answer()
    }

    fn is_bad_answer(&self) -> bool {
        self.is_json && says(&self.text, &BAD_ANSWER)
    }

    /// What to do about it.
    pub(super) fn error(&self, headers: &HeaderMap) -> Error {
        let code = self.status.as_u16();
        let told = self.told();
        let transient = |cause| Error::Transient {
            cause,
            reason: told.clone(),
            retry_after: retry_after(headers, self.body),
        };
        match code {
            402 => Error::Permanent(told),
            403 | 429 if is_out_of_money(self.body) => Error::Permanent(told),
            401 | 403 | 404 => Error::Permanent(told),
            429 => transient(Trouble::RateLimited),
            400..=599 if self.is_bad_answer() => Error::Unusable(told),
            400 | 413 | 422 if self.is_too_long => Error::TooLong(told),
            408 | 409 | 425 => transient(Trouble::Server),
            // A page of HTML may hold any word.
            500..=599 if self.is_json && self.is_too_long => Error::TooLong(told),
            500..=599 if self.is_json && says(&self.text, &CONTENT) => Error::Unanswerable(told),
            500..=599 => transient(Trouble::Server),
            300..=399 => Error::Permanent(format!("{told} (a redirect: check base_url)")),
            _ => Error::Unanswerable(told),
        }
    }

    /// Status and words.
    pub(super) fn told(&self) -> String {
        format!("HTTP {}: {}", self.status.as_u16(), self.words)
    }
}

fn is_out_of_money(body: &str) -> bool {
    let told = error(body);
    let code = |key: &str| told.as_ref().and_then(|error| error.get(key)?.as_str());
    if ["code", "type"].into_iter().filter_map(code).any(|it| OUT_OF_MONEY_CODES.contains(&it)) {
        return true;
    }
    let is_rate = ["code", "type"].into_iter().filter_map(code).any(|it| it.contains("rate_limit"));
    !is_rate && in_words(body, SystemTime::UNIX_EPOCH).is_none() && says(body, &OUT_OF_MONEY)
}

fn says(body: &str, needles: &[&str]) -> bool {
    let text = body.to_lowercase();
    needles.iter().any(|needle| text.contains(needle))
}

fn retry_after(headers: &HeaderMap, body: &str) -> Option<Duration> {
    #[expect(clippy::disallowed_methods, reason = "absolute reset times need the wall clock")]
    let now = SystemTime::now();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    reset::wait(header, now).or_else(|| in_words(body, now))
}

/// A waiting time inside the body: Gemini's `"retryDelay": "17s"`, at times
/// JSON within JSON, and sentences as "Please try again in 1.5s."
fn in_words(body: &str, now: SystemTime) -> Option<Duration> {
    let marks = ["retryDelay", "try again in ", "retry in ", "retry after "];
    marks.into_iter().find_map(|mark| {
        let (_, after) = body.split_once(mark)?;
        let after = after.trim_start_matches(['"', '\\', ':', ' ']);
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
        let time = after[..end.unwrap_or(after.len())].trim_end_matches('.');
        time.starts_with(|c: char| c.is_ascii_digit()).then(|| reset::parse(time, now))?
    })
}

/// The error's object, also out of an array.
fn error(body: &str) -> Option<Value> {
    let parsed: Value = serde_json::from_str(body).ok()?;
    let object = parsed.get(0).unwrap_or(&parsed);
    Some(object.get("error").filter(|error| !error.is_null()).unwrap_or(object).clone())
}

/// What validators found, one fault each: a place in the request, a sentence.
fn faults(error: &Value) -> impl Iterator<Item = (String, &str)> {
    let places = ["/detail", "/message/detail", "/details", "/errors"];
    let list = places.iter().find_map(|place| error.pointer(place)?.as_array());
    list.into_iter().flatten().filter_map(|fault| {
        let step = |step: &Value| step.as_str().map_or(step.to_string(), str::to_owned);
        let place: Vec<String> = fault.get("loc")?.as_array()?.iter().map(step).collect();
        Some((place.join("."), fault.get("msg").and_then(Value::as_str).unwrap_or_default()))
    })
}

/// The fields of the request that an error names apart from its words.
fn fields(error: &Value) -> String {
    let param = error.get("param").and_then(Value::as_str).map(str::to_owned);
    param.into_iter().chain(faults(error).map(|(place, _)| place)).collect::<Vec<_>>().join(" ")
}

/// All that an error says, without what it repeats of the request.
fn told(error: &Value) -> String {
    let said = ["message", "code", "type", "detail"].iter().filter_map(|key| error.get(*key));
    let mut said: Vec<String> =
        said.filter_map(|value| value.as_str().map(str::to_owned)).collect();
    said.extend(faults(error).map(|(place, sentence)| format!("{place}: {sentence}")));
    said.extend(error.as_str().map(str::to_owned));
    said.extend(error.get("failed_generation").map(|_| "failed_generation".to_owned()));
    match said.is_empty() {
        true => error.to_string(),
        false => said.join(" "),
    }
}

/// The words of a refusal: the error's sentence where there is one, other
/// bodies as text, shortened.
pub(super) fn words(body: &str) -> String {
    let sentence = error(body).and_then(|error| {
        let sentence = error.get("message").unwrap_or(&error).as_str();
        let Some(text) = sentence else {
            let faults = faults(&error).map(|(place, sentence)| format!("{place}: {sentence}"));
            return Some(faults.collect::<Vec<_>>().join("; ")).filter(|text| !text.is_empty());
        };
        Some(match error.get("code").or_else(|| error.get("type")).and_then(Value::as_str) {
            Some(code) if !text.contains(code) => format!("{text} ({code})"),
            _ => text.to_owned(),
        })
    });
    let text = sentence.unwrap_or_else(|| body.split_whitespace().collect::<Vec<_>>().join(" "));
    match text.char_indices().nth(400) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// "permanent", "too long", "unanswerable", or the waiting time told.
    fn sorted(status: u16, body: &str) -> String {
        let status = StatusCode::from_u16(status).unwrap();
        match Refusal::read(status, body, body).error(&HeaderMap::new()) {
            Error::Permanent(_) => "permanent".into(),
            Error::TooLong(_) => "too long".into(),
            Error::Unanswerable(_) => "unanswerable".into(),
            Error::Unusable(_) => "unusable".into(),
            Error::Transient { cause, retry_after, .. } => match retry_after {
                Some(wait) => format!("{} {wait:?}", cause.label()),
                None => cause.label().into(),
            },
            other => other.to_string(),
        }
    }

    fn told(status: u16, code: &str, message: &str) -> String {
        sorted(status, &json!({"error": {"message": message, "code": code}}).to_string())
    }

    #[test]
    fn a_rate_limit_that_links_to_the_billing_page_passes() {
        let openai = "Rate limit reached for gpt on requests per min. Limit: 3 / min. Please try \
            again in 20s. Please add a payment method to your account to increase your rate \
            limit. Visit https://example.com/account/billing to add a payment method.";
        assert_eq!(told(429, "rate_limit_exceeded", openai), "rate_limited 20s");
        assert_eq!(told(429, "requests", openai), "rate_limited 20s");
        let gemini = "You exceeded your current quota, please check your plan and billing details.";
        let details = json!([{"@type": "RetryInfo", "retryDelay": "26s"}]);
        let body = json!([{"error": {"code": 429, "message": gemini, "details": details}}]);
        assert_eq!(sorted(429, &body.to_string()), "rate_limited 26s");
        let within = json!({"error": {"message": body.to_string(), "code": 429}});
        assert_eq!(sorted(429, &within.to_string()), "rate_limited 26s");
        let seconds = "Quota exceeded. Please retry in 15.5s.";
        assert_eq!(told(429, "", seconds), "rate_limited 15.5s");
    }

    #[test]
    fn a_429_that_no_waiting_mends_is_for_good() {
        let openai = "You exceeded your current quota, please check your plan and billing details.";
        assert_eq!(told(429, "insufficient_quota", openai), "permanent");
        assert_eq!(told(429, "billing_hard_limit_reached", "Hard limit."), "permanent");
        let credit = "Your credit balance is too low to access the API.";
        assert_eq!(told(403, "invalid_request_error", credit), "permanent");
        assert_eq!(told(429, "", "Your project has exceeded its spending cap."), "permanent");
        assert_eq!(told(402, "", "Payment required"), "permanent");
    }

    #[test]
    fn a_context_that_overflows_is_told_from_other_bad_requests() {
        let openai = "This model's maximum context length is 8192 tokens. However, your messages \
            resulted in 9000 tokens.";
        assert_eq!(told(400, "context_length_exceeded", openai), "too long");
        let vllm = "'max_tokens' or 'max_completion_tokens' is too large: 2048. This model's \
            maximum context length is 4096 tokens and your request has 3000 input tokens.";
        assert_eq!(told(400, "BadRequestError", vllm), "too long");
        let llama = "the request exceeds the available context size, try increasing it";
        assert_eq!(told(400, "exceed_context_size_error", llama), "too long");
        assert_eq!(told(400, "", "prompt is too long: 210000 tokens > 200000"), "too long");
        let tgi = "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096.";
        assert_eq!(told(422, "validation", tgi), "too long");
        let gemini =
            "The input token count (1200000) exceeds the maximum number of tokens allowed.";
        assert_eq!(told(400, "", gemini), "too long");
        assert_eq!(sorted(413, "<h1>413 Request Entity Too Large</h1>"), "too long");
        assert_eq!(told(400, "", "The moon is in the wrong house."), "unanswerable");
    }

    #[test]
    fn the_servers_trouble_passes_and_a_request_it_cannot_serve_does_not() {
        assert_eq!(told(503, "", "Overloaded"), "server_error");
        assert_eq!(told(529, "", "Overloaded"), "server_error");
        assert_eq!(told(500, "", "image input is not supported"), "unanswerable");
        assert_eq!(sorted(502, "<html><h1>Bad gateway</h1></html>"), "server_error");
        let page = "<style>body { background-image: url(x) } .unsupported {}</style> content type";
        assert_eq!(sorted(500, page), "server_error");
        assert_eq!(told(500, "", "bfloat16 is not supported on this device"), "server_error");
        assert_eq!(told(503, "", "the image of the container is pulled"), "server_error");
        assert_eq!(
            told(500, "", "the response was filtered by our content policy"),
            "unanswerable"
        );
        assert_eq!(told(500, "", "input exceeds the maximum context length"), "too long");
        assert_eq!(sorted(404, "no such model"), "permanent");
    }

    #[test]
    fn an_answer_that_the_server_finds_to_be_no_json_is_a_bad_answer() {
        let groq = json!({"error": {
            "message": "Failed to generate JSON. Please adjust your prompt.",
            "type": "invalid_request_error", "code": "json_validate_failed",
            "failed_generation": "{\"calls\": [",
        }});
        assert_eq!(sorted(400, &groq.to_string()), "unusable");
        let schema = "Generated JSON does not match the expected schema in response_format.";
        assert_eq!(told(400, "", schema), "unusable");
        assert_eq!(
            told(400, "", "We could not parse the JSON body of your request"),
            "unanswerable"
        );
    }

    #[test]
    fn the_words_of_validators_are_told_without_the_request_that_they_repeat() {
        let input = json!({"messages": "a long context window, insufficient_quota"});
        let fault = json!({"type": "extra_forbidden", "loc": ["body", "seed"],
            "msg": "Extra inputs are not permitted", "input": input});
        for body in [json!({"detail": [fault]}), json!({"message": {"detail": [fault]}})] {
            let body = body.to_string();
            assert_eq!(words(&body), "body.seed: Extra inputs are not permitted");
            let refusal = Refusal::read(StatusCode::UNPROCESSABLE_ENTITY, &body, &body);
            assert!(refusal.fields == "body.seed" && !refusal.is_too_long, "{refusal:?}");
        }
    }
}
