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

/// A refusal with its status. `words` are what it says, without any key.
pub(super) fn classify(status: StatusCode, headers: &HeaderMap, body: &str, words: &str) -> Error {
    let code = status.as_u16();
    let told = format!("HTTP {code}: {words}");
    let transient = |cause| Error::Transient {
        cause,
        reason: told.clone(),
        retry_after: retry_after(headers, body),
    };
    match code {
        402 => Error::Permanent(told),
        403 | 429 if is_out_of_money(body) => Error::Permanent(told),
        401 | 403 | 404 => Error::Permanent(told),
        400 | 422 if is_too_long(body) => Error::TooLong(told),
        413 => Error::TooLong(told),
        429 => transient(Trouble::RateLimited),
        408 | 409 | 425 => transient(Trouble::Server),
        500..=599 if says(body, &["image", "not supported", "unsupported"]) => {
            Error::Unanswerable(told)
        }
        500..=599 => transient(Trouble::Server),
        300..=399 => Error::Permanent(format!("{told} (a redirect: check base_url)")),
        _ => Error::Unanswerable(told),
    }
}

/// Whether the request is longer than the model's context.
pub(super) fn is_too_long(body: &str) -> bool {
    says(body, &TOO_LONG)
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
    Some(object.get("error").unwrap_or(object).clone())
}

/// The words of a refusal: `error.message` where there is one, other bodies as
/// text, shortened.
pub(super) fn words(body: &str) -> String {
    let message = error(body).and_then(|error| {
        let text = error.get("message").unwrap_or(&error).as_str()?;
        Some(match error.get("code").or_else(|| error.get("type")).and_then(Value::as_str) {
            Some(code) if !text.contains(code) => format!("{text} ({code})"),
            _ => text.to_owned(),
        })
    });
    let text = message.unwrap_or_else(|| body.split_whitespace().collect::<Vec<_>>().join(" "));
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
        match classify(status, &HeaderMap::new(), body, &words(body)) {
            Error::Permanent(_) => "permanent".into(),
            Error::TooLong(_) => "too long".into(),
            Error::Unanswerable(_) => "unanswerable".into(),
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
        assert_eq!(sorted(404, "no such model"), "permanent");
    }
}
