//! One attempt over the wire: send, read within bounds, classify.
//!
//! Not here: waiting, trying again, counting. What the endpoint refuses as
//! unknown to it (a response format, a token key) is learned and sent again in
//! the other dialect at once: that is no retry, the request was never taken.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use reqwest::header::HeaderMap;
use reqwest::{Client, StatusCode, Url};
use serde_json::Value;

use super::abilities::{self, Abilities};
use super::{Chat, Error, Reply, Request, Tokens, Trouble, reset};

/// Larger answers are cut off and refused.
const MAX_BODY_BYTES: usize = 8 << 20;

/// A key that never shows.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// An OpenAI-compatible endpoint.
#[derive(Debug)]
pub struct Http {
    client: Client,
    url: Url,
    model: String,
    key: Secret,
    timeout: Duration,
    pub abilities: Abilities,
}

/// An endpoint that cannot be spoken to at all.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("base_url \"{url}\" is not a URL")]
    BadUrl { url: String },
    #[error("building the HTTP client")]
    Client(#[source] reqwest::Error),
}

impl Http {
    pub fn new(
        client: Client,
        base_url: &str,
        model: &str,
        key: Secret,
        timeout: Duration,
    ) -> Result<Self, SetupError> {
        let url = format!("{}/chat/completions", base_url.trim_end_matches('/'));
        let url = Url::parse(&url).map_err(|_| SetupError::BadUrl { url: base_url.to_owned() })?;
        let abilities = Abilities::default();
        Ok(Self { client, url, model: model.to_owned(), key, timeout, abilities })
    }

    /// A client that keeps as many connections as requests may be in flight.
    pub fn client(max_in_flight: usize) -> Result<Client, SetupError> {
        // An error says that another part of the process was first: as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        Client::builder()
            .pool_max_idle_per_host(max_in_flight)
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .map_err(SetupError::Client)
    }

    async fn attempt(&self, request: &Request) -> Result<Reply, Attempt> {
        let then = self.abilities.known();
        let body = abilities::body(then, &self.model, request);
        let mut post = self.client.post(self.url.clone()).json(&body);
        if !self.key.0.is_empty() {
            post = post.bearer_auth(&self.key.0);
        }
        let answer = post.send().await.map_err(|error| Attempt::Failed(network(&error)))?;
        let status = answer.status();
        let headers = answer.headers().clone();
        let bytes = self.read(answer).await.map_err(Attempt::Failed)?;
        let text = String::from_utf8_lossy(&bytes);
        if !status.is_success() {
            // A key cut in two by shortening would slip through.
            let refusal = words(&self.redact(&text));
            if status == StatusCode::BAD_REQUEST && self.abilities.learn(&refusal, then) {
                return Err(Attempt::Learned);
            }
            return Err(Attempt::Failed(classify(status, &headers, &text, refusal)));
        }
        read_reply(&text, request).map_err(|error| match error {
            // Its words hold the beginning of the body.
            Error::Transient { .. } => {
                Attempt::Failed(read_reply(&self.redact(&text), request).err().unwrap_or(error))
            }
            error => Attempt::Failed(error),
        })
    }

    async fn read(&self, mut answer: reqwest::Response) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| network(&error))? {
            if bytes.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(garbage(format!("the answer is larger than {MAX_BODY_BYTES} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// Some servers repeat the key in their refusal.
    fn redact(&self, text: &str) -> String {
        match self.key.0.as_str() {
            "" => text.to_owned(),
            key => text.replace(key, "***"),
        }
    }
}

enum Attempt {
    /// The endpoint's dialect is known better now: ask again in it.
    Learned,
    Failed(Error),
}

#[async_trait]
impl Chat for Http {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        // Four abilities can be learned, one of them in two steps.
        for _ in 0..6 {
            let attempt = tokio::time::timeout(self.timeout, self.attempt(request)).await;
            match attempt {
                Ok(Ok(reply)) => return Ok(reply),
                Ok(Err(Attempt::Learned)) => {}
                Ok(Err(Attempt::Failed(error))) => return Err(error),
                Err(_) => {
                    let reason = format!("no answer within {:?}", self.timeout);
                    return Err(transient(Trouble::Timeout, reason, None));
                }
            }
        }
        Err(Error::Permanent("the endpoint refuses every dialect of the request".into()))
    }
}

fn transient(cause: Trouble, reason: String, retry_after: Option<Duration>) -> Error {
    Error::Transient { cause, reason, retry_after }
}

fn garbage(reason: String) -> Error {
    transient(Trouble::Garbage, reason, None)
}

/// The innermost reason of a transport error, without the URL.
fn network(error: &reqwest::Error) -> Error {
    let mut source: &dyn std::error::Error = error;
    while let Some(inner) = source.source() {
        source = inner;
    }
    let cause = if error.is_timeout() { Trouble::Timeout } else { Trouble::Network };
    transient(cause, source.to_string(), None)
}

/// Sorts a refusal by what helps.
fn classify(status: StatusCode, headers: &HeaderMap, body: &str, refusal: String) -> Error {
    let code = status.as_u16();
    let says = |needles: &[&str]| {
        let text = body.to_lowercase();
        needles.iter().any(|needle| text.contains(needle))
    };
    let told = format!("HTTP {code}: {refusal}");
    let out_of_money = ["insufficient_quota", "billing", "spend", "credit balance", "hard limit"];
    let too_long = ["context_length", "exceed_context_size", "context window", "maximum context"];
    match code {
        429 | 403 | 402 if says(&out_of_money) => Error::Permanent(told),
        401..=404 => Error::Permanent(told),
        400 | 413 | 422 if says(&too_long) => Error::Unanswerable(told),
        429 => transient(Trouble::RateLimited, told, retry_after(headers, body)),
        408 | 409 | 425 | 529 => transient(Trouble::Server, told, retry_after(headers, body)),
        500..=599 if says(&["image", "not supported", "unsupported"]) => Error::Unanswerable(told),
        500..=599 => transient(Trouble::Server, told, retry_after(headers, body)),
        300..=399 => Error::Permanent(format!("{told} (a redirect: check base_url)")),
        _ => Error::Unanswerable(told),
    }
}

fn retry_after(headers: &HeaderMap, body: &str) -> Option<Duration> {
    #[expect(clippy::disallowed_methods, reason = "absolute reset times need the wall clock")]
    let now = SystemTime::now();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    reset::wait(header, now).or_else(|| {
        // Gemini tells it in the body: {"details": [{"retryDelay": "17s"}]}.
        let after = body.split("\"retryDelay\"").nth(1)?;
        reset::parse(after.split('"').nth(1)?, now)
    })
}

/// The words of a refusal: `error.message` where there is one, an array's
/// first element looked into, other bodies as text, shortened.
fn words(body: &str) -> String {
    let parsed: Option<Value> = serde_json::from_str(body).ok();
    let object = parsed.as_ref().map(|value| value.get(0).unwrap_or(value));
    let message = object.and_then(|value| {
        let error = value.get("error").unwrap_or(value);
        let text = error.get("message").unwrap_or(error).as_str()?;
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

fn read_reply(body: &str, request: &Request) -> Result<Reply, Error> {
    let parsed: Value = serde_json::from_str(body)
        .map_err(|error| garbage(format!("the answer is not JSON ({error}): {}", words(body))))?;
    let Some(choice) = parsed.pointer("/choices/0") else {
        if parsed.get("error").is_some() {
            return Err(garbage(format!("status 200 with an error: {}", words(body))));
        }
        return Err(garbage("the answer has no choices".into()));
    };
    let message = choice.get("message").unwrap_or(choice);
    let (thought, text) = split_thought(&content(message));
    let told =
        ["reasoning_content", "reasoning"].iter().find_map(|key| message.get(*key)?.as_str());
    let reasoning = told.map(str::to_owned).or(thought).filter(|text| !text.is_empty());
    let count = |key: &str| parsed.pointer(&format!("/usage/{key}")).and_then(Value::as_u64);
    let guess = request.estimated_tokens();
    let length = (text.len() + reasoning.as_ref().map_or(0, String::len)).div_ceil(4) as u64;
    Ok(Reply {
        is_truncated: choice.get("finish_reason").and_then(Value::as_str) == Some("length"),
        usage: Tokens {
            input: count("prompt_tokens").unwrap_or(guess.input),
            output: count("completion_tokens").unwrap_or(length),
        },
        text,
        reasoning,
        micro_usd: 0,
    })
}

/// The message's text; a native tool call is brought into the form the reader
/// knows.
fn content(message: &Value) -> String {
    let text = match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text")?.as_str()).collect()
        }
        _ => String::new(),
    };
    match message.get("tool_calls") {
        Some(calls @ Value::Array(list)) if text.trim().is_empty() && !list.is_empty() => {
            serde_json::json!({ "tool_calls": calls }).to_string()
        }
        _ => text,
    }
}

/// `<think>…</think>` apart from what follows it.
fn split_thought(text: &str) -> (Option<String>, String) {
    let trimmed = text.trim_start();
    let Some(rest) = trimmed.strip_prefix("<think>") else {
        return match trimmed.split_once("</think>") {
            Some((thought, rest)) => (Some(thought.trim().into()), rest.trim().into()),
            None => (None, text.trim().to_owned()),
        };
    };
    match rest.split_once("</think>") {
        Some((thought, rest)) => (Some(thought.trim().into()), rest.trim().into()),
        None => (Some(rest.trim().into()), String::new()),
    }
}
