//! One attempt over the wire: send, read within bounds, classify.
//!
//! Not here: waiting, trying again, counting. What the endpoint refuses as
//! unknown to it (a response format, a token key) is learned and sent again in
//! the other dialect at once: that is no retry, the request was never taken.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, StatusCode, Url};
use serde_json::Value;

use super::abilities::{self, Abilities, Known};
use super::heard::Heard;
use super::refusal::{Refusal, words};
use super::{Answer, Chat, Error, Reply, Request, Trouble, stream, tokens};

/// Larger answers are cut off and refused: hundreds may come at once, and one
/// of 64,000 tokens in the longest spelling has half of it.
const MAX_BODY_BYTES: usize = 2 << 20;
/// Dialects that one request is put in at most: each part that may be refused,
/// some in several steps.
const DIALECTS: usize = 12;
/// Whoever does not take a connection for so long is away.
const CONNECT: Duration = Duration::from_secs(10);

/// A key that never shows.
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Its text, for the wire; none where it is empty.
    pub(crate) fn reveal(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(&self.0)
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
    heard: Heard,
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
        heard: Heard,
    ) -> Result<Self, SetupError> {
        let url = format!("{}/chat/completions", base_url.trim_end_matches('/'));
        let url = Url::parse(&url).map_err(|_| SetupError::BadUrl { url: base_url.to_owned() })?;
        let abilities = Abilities::default();
        Ok(Self { client, url, model: model.to_owned(), key, timeout, abilities, heard })
    }

    /// A client that keeps as many connections as requests may be in flight.
    pub fn client(max_in_flight: usize, timeout: Duration) -> Result<Client, SetupError> {
        // An error says that another part of the process was first: as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        Client::builder()
            .pool_max_idle_per_host(max_in_flight)
            .connect_timeout(CONNECT.min(timeout / 2))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .map_err(SetupError::Client)
    }

    async fn attempt(&self, request: &Request, then: Known) -> Result<Reply, Attempt> {
        let body = abilities::body(then, &self.model, request).to_string();
        let sent_bytes = body.len();
        let mut post = self.client.post(self.url.clone()).body(body);
        post = post.header(CONTENT_TYPE, "application/json");
        if let Some(key) = self.key.reveal() {
            post = post.bearer_auth(key);
        }
        let answer = post.send().await.map_err(|error| Attempt::Failed(network(&error)))?;
        let status = answer.status();
        let headers = answer.headers().clone();
        let bytes = self.read(answer).await.map_err(Attempt::Failed)?;
        let text = String::from_utf8_lossy(&bytes);
        let status =
            if status.is_success() { told_status(&text).unwrap_or(status) } else { status };
        if !status.is_success() {
            // A key cut in two by shortening would slip through.
            let refusal = Refusal::read(status, &text, &self.redact(&text));
            return Err(self.refused(&refusal, &headers, then, request).await);
        }
        let read = |text: &str| read_reply(text, sent_bytes, &request.answer);
        let reply = read(&text).map_err(|error| match error {
            // Its words hold the beginning of the body.
            Error::Transient { .. } => {
                Attempt::Failed(read(&self.redact(&text)).err().unwrap_or(error))
            }
            error => Attempt::Failed(error),
        })?;
        self.abilities.answered(then, request);
        Ok(reply)
    }

    async fn refused(
        &self,
        refusal: &Refusal<'_>,
        headers: &HeaderMap,
        then: Known,
        request: &Request,
    ) -> Attempt {
        let error = refusal.error(headers);
        self.heard.refusal(&refusal.told()).await;
        if !refusal.is_of_form() {
            return Attempt::Failed(error);
        }
        match (self.abilities.learn(refusal, then, request), &error) {
            (Some(next), _) => Attempt::Learned(next, error),
            (None, Error::Unanswerable(_)) => Attempt::Unexplained(error),
            (None, _) => Attempt::Failed(error),
        }
    }

    async fn within_time(&self, request: &Request, then: Known) -> Result<Reply, Attempt> {
        let attempt = tokio::time::timeout(self.timeout, self.attempt(request, then));
        attempt.await.unwrap_or_else(|_| {
            let reason = format!("no answer within {:?}", self.timeout);
            Err(Attempt::Failed(transient(Trouble::Timeout, reason, None)))
        })
    }

    async fn read(&self, mut answer: reqwest::Response) -> Result<Vec<u8>, Error> {
        let too_large =
            || Err(garbage(format!("the answer is larger than {} MiB", MAX_BODY_BYTES >> 20)));
        if answer.content_length().is_some_and(|length| length > MAX_BODY_BYTES as u64) {
            return too_large();
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| network(&error))? {
            if bytes.len() + chunk.len() > MAX_BODY_BYTES {
                return too_large();
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
    /// The endpoint's dialect is known better now: ask again in this one.
    Learned(Known, Error),
    /// A refusal that names nothing.
    Unexplained(Error),
    Failed(Error),
}

#[async_trait]
impl Chat for Http {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        let mut then = self.abilities.known();
        let mut dialects = 1;
        loop {
            let (next, error) = match self.within_time(request, then).await {
                Ok(reply) => return Ok(reply),
                Err(Attempt::Learned(next, error)) => (Some(next), error),
                Err(Attempt::Failed(error)) => (None, error),
                Err(Attempt::Unexplained(error)) => (self.abilities.guess(then, request), error),
            };
            match next {
                Some(next) if dialects < DIALECTS => then = next,
                _ => return Err(error),
            }
            dialects += 1;
        }
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
    let has_taken_it = error.is_timeout() && !error.is_connect();
    let cause = if has_taken_it { Trouble::Timeout } else { Trouble::Network };
    transient(cause, source.to_string(), None)
}

/// What a server that passes on another's answers says of it under status 200.
fn told_status(body: &str) -> Option<StatusCode> {
    // Most answers have no such key, and are not read twice.
    let parsed: Value =
        serde_json::from_str(Some(body).filter(|it| it.contains("\"error\""))?).ok()?;
    let code =
        parsed.pointer("/error/code")?.as_u64().filter(|_| parsed.get("choices").is_none())?;
    let status = StatusCode::from_u16(u16::try_from(code).ok()?).ok()?;
    (status.is_client_error() || status.is_server_error()).then_some(status)
}

fn read_reply(body: &str, sent_bytes: usize, wanted: &Answer) -> Result<Reply, Error> {
    let parsed: Value = match serde_json::from_str(body) {
        Ok(parsed) => parsed,
        Err(error) => stream::joined(body)
            .ok_or_else(|| garbage(format!("the answer is not JSON ({error}): {}", words(body))))?,
    };
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
    // Told apart wrongly, an answer may stand whole among the thoughts.
    let text = match &reasoning {
        Some(thought) if text.is_empty() && *wanted != Answer::Text => thought.clone(),
        _ => text,
    };
    let answered_bytes = text.len() + reasoning.as_ref().map_or(0, String::len);
    Ok(Reply {
        is_truncated: choice.get("finish_reason").and_then(Value::as_str) == Some("length"),
        usage: tokens::of(&parsed, sent_bytes, answered_bytes),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Reply {
        let wanted = Answer::Json { name: "back", schema: Value::Null };
        read_reply(&body.to_string(), 600, &wanted).unwrap()
    }

    #[test]
    fn an_error_that_is_passed_on_has_the_status_it_tells() {
        let body = json!({ "error": { "message": "Rate limit exceeded", "code": 429 } });
        assert_eq!(told_status(&body.to_string()), Some(StatusCode::TOO_MANY_REQUESTS));
        for body in [
            json!({ "error": { "message": "Failed", "code": "upstream" } }),
            json!({ "error": { "message": "Failed", "code": 12 } }),
            json!({ "choices": [], "error": { "code": 429 } }),
            json!({ "choices": [{ "message": { "content": "\"error\": {\"code\": 500}" } }] }),
        ] {
            assert_eq!(told_status(&body.to_string()), None, "{body}");
        }
    }

    #[test]
    fn an_answer_among_the_thoughts_is_read_where_there_is_no_other() {
        let message = |content: Value| {
            json!({ "usage": null, "choices": [{ "finish_reason": "stop",
                "message": { "content": content, "reasoning_content": "{\"a\": 1}" } }] })
        };
        assert_eq!(read(&message(Value::Null)).text, "{\"a\": 1}");
        assert_eq!(read(&message(json!("{\"b\": 2}"))).text, "{\"b\": 2}");
        let prose = read_reply(&message(Value::Null).to_string(), 600, &Answer::Text).unwrap();
        assert_eq!(prose.text, "");
    }
}
