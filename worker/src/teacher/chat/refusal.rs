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

/// Codes of a refusal that no waiting mends.
const OUT_OF_MONEY_CODES: [&str; 6] = [
    "insufficient_quota", "billing_hard_limit_reached", "billing_not_active",
    "insufficient_balance", "insufficient_credits", "exceeded_current_quota_error",
];
/// The same in words, where there is no code.
const OUT_OF_MONEY: [&str; 11] = [
    "insufficient_quota", "spending cap", "spend cap", "spend limit", "spending limit",
    "credit balance", "insufficient balance", "insufficient credit", "out of credits",
    "hard limit", "calls / month",
];
/// Of a 400: no key or no model of that name, whatever is asked.
const NOBODY: [&str; 12] = [
    "api key not valid", "api_key_invalid", "incorrect api key", "invalid api key",
    "model_not_found", "invalid_model", "model_not_available", "model not exist",
    "model not found", "model does not exist", "not a valid model", "has been decommissioned",
];
const TOO_LONG: [&str; 15] = [
    "context_length", "context length", "exceed_context_size", "context size", "context window",
    "contextwindow", "context limit", "maximum context", "maximum prompt length",
    "prompt is too long", "tokens in the prompt", "input length", "input token count",
    "`inputs` tokens", "`inputs` must have less",
];
/// Of a 429: the request alone is above the limit, whenever it comes.
const ABOVE_LIMIT: &str = "request too large";

/// Of a 4xx or 5xx: the model's answer was no JSON, which the server checks, or
/// was none within its tokens.
const BAD_ANSWER: [&str; 9] = [
    "json_validate_failed", "failed_generation", "failed to generate json",
    "failed to validate json", "generated json", "generated invalid json", "generate valid json",
    "produced invalid json", "could not finish the message",
];
/// What a 5xx may have against a request's content, in the words of its JSON.
const CONTENT: [&str; 16] = [
    "image input", "input image", "image_url", "image content", "audio input", "input audio",
    "content filter", "content_filter", "content policy", "content_policy", "content management",
    "message content", "content part", "content type", "unsupported content", "invalid content",
];
/// What a filter says of a request: about no part of its form.
const FLAGGED: [&str; 13] = [
    "content filter", "content_filter", "content policy", "content_policy", "content management",
    "flagged", "moderation", "usage policy", "usage policies", "safety system", "safety reasons",
    "inappropriate content", "content exists risk",
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
        let is_settled = self.is_bad_answer() || self.is_flagged() || self.is_for_good();
        (is_fault_of_request || is_told) && !is_settled
    }

    fn is_bad_answer(&self) -> bool {
        self.is_json && says(&self.text, &BAD_ANSWER)
    }

    fn is_flagged(&self) -> bool {
        self.is_json && says(&self.text, &FLAGGED)
    }

    /// No request can be answered.
    fn is_for_good(&self) -> bool {
        match self.status.as_u16() {
            401 | 402 | 404 => true,
            403 => !self.is_flagged(),
            400 | 422 if says(&self.text, &NOBODY) => true,
            400 | 412 | 429 => self.is_out_of_money(),
            _ => false,
        }
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
            _ if self.is_for_good() => Error::Permanent(told),
            403 => Error::Unanswerable(told),
            429 if says(&self.text, &[ABOVE_LIMIT]) => Error::TooLong(told),
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

    fn is_out_of_money(&self) -> bool {
        let told = error(self.body);
        let code = |key: &str| told.as_ref().and_then(|error| error.get(key)?.as_str());
        let codes = || ["code", "type"].into_iter().filter_map(code);
        if codes().any(|it| OUT_OF_MONEY_CODES.contains(&it)) {
            return true;
        }
        let is_rate = codes().any(|it| it.contains("rate_limit"));
        let comes_again = in_words(self.body, SystemTime::UNIX_EPOCH).is_some();
        !is_rate && !comes_again && says(&self.text, &OUT_OF_MONEY)
    }

    /// Status and words.
    pub(super) fn told(&self) -> String {
        format!("HTTP {}: {}", self.status.as_u16(), self.words)
    }
}

fn says(body: &str, needles: &[&str]) -> bool {
    let text = body.to_lowercase();
    needles.iter().any(|needle| text.contains(needle))
}

fn retry_after(headers: &HeaderMap, body: &str) -> Option<Duration> {
    #[expect(clippy::disallowed_methods, reason = "absolute reset times need the wall clock")]
    let now = SystemTime::now();
    let texts =
        headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let texts: Vec<(&str, &str)> = texts.collect();
    reset::wait(&texts, now).or_else(|| in_words(body, now))
}

/// A waiting time inside the body: Gemini's `"retryDelay": "17s"`, at times
/// JSON within JSON, headers of the server behind, and sentences as "Please try
/// again in 1.5s."
fn in_words(body: &str, now: SystemTime) -> Option<Duration> {
    const MARKS: [&str; 8] = [
        "retrydelay", "x-ratelimit-reset", "try again in ", "retry in ", "retry after ",
        "retrying in ", "please wait ", "available in ",
    ];
    let body = body.to_lowercase();
    MARKS.iter().find_map(|mark| {
        let (_, after) = body.split_once(mark)?;
        let after = after.trim_start_matches(['"', '\\', ':', ' ']);
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
        let (time, rest) = after.split_at(end.unwrap_or(after.len()));
        let time = time.trim_end_matches('.');
        if !time.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let is_bare = time.chars().all(|c| c.is_ascii_digit() || c == '.');
        let unit = if is_bare { unit(rest.trim_start()) } else { "" };
        reset::parse(&format!("{time}{unit}"), now)
    })
}

/// The unit that a word after a number means: seconds where it is none.
fn unit(words: &str) -> &'static str {
    let units = [("ms", "ms"), ("milli", "ms"), ("min", "m"), ("hour", "h"), ("day", "d")];
    units.iter().find(|(word, _)| words.starts_with(word)).map_or("", |(_, unit)| unit)
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
mod tests;
