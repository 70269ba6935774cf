//! What an endpoint can do, found out by asking it: for `magnet check --probe`.
//!
//! One question with a structured answer, in whatever dialect the endpoint
//! takes, then the same with a tool on offer. No retries: what it says is news.

use std::time::Duration;

use magnet_proto::config::{Campaign, Endpoint};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::chat::abilities::{self, Known};
use super::chat::heard::Heard;
use super::chat::http::Http;
use super::chat::{Answer, Chat, Error as ChatError, Message, Purpose, Reply, Request, Role};
use super::read;
use super::stack::{self, Error as SetupError, Variable};
use crate::prompts;

/// What a probe found.
#[derive(Clone, Debug)]
pub struct Found {
    pub known: Known,
    /// Whether the answer had the form that was asked for.
    pub follows_schema: bool,
    pub tools: Tools,
    pub took: Duration,
    pub reply: Reply,
}

/// Native tool calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tools {
    Called,
    /// Taken, but not called.
    Ignored,
    Refused(String),
}

/// Why an endpoint could not be probed, and what to look at.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("[teacher.{name}] at {url}: {source}\nhint: {hint}")]
    Chat { name: String, url: String, hint: &'static str, source: ChatError },
}

/// Asks one endpoint.
pub async fn probe(
    campaign: &Campaign,
    name: &str,
    variable: Variable<'_>,
) -> Result<Found, Error> {
    let endpoint = campaign.endpoint(name).ok_or_else(|| SetupError::Unknown(name.to_owned()))?;
    let http = stack::http(name, endpoint, variable, Heard::new(name, None))?;
    let request = question(endpoint);
    let start = Instant::now();
    let reply = http.complete(&request).await.map_err(|source| Error::Chat {
        name: name.to_owned(),
        url: endpoint.base_url.clone(),
        hint: hint(&source),
        source,
    })?;
    let took = start.elapsed();
    let known = http.abilities.known();
    let follows_schema = read::json(&reply.text).is_ok_and(|answer| answer["ok"].is_boolean());
    let key = stack::key(name, endpoint, variable)?;
    let tools = tools(endpoint, known, &request, &key).await;
    Ok(Found { known, follows_schema, tools, took, reply })
}

fn question(endpoint: &Endpoint) -> Request {
    let message = |role, content: &str| Message { role, content: content.into() };
    let schema = json!({
        "type": "object",
        "properties": { "ok": { "type": "boolean" } },
        "required": ["ok"],
        "additionalProperties": false,
    });
    Request {
        purpose: Purpose::Probe,
        messages: vec![
            message(Role::System, prompts::system(Purpose::Probe)),
            message(Role::User, "Is the connection working?"),
        ],
        answer: Answer::Json { name: Purpose::Probe.label(), schema },
        temperature: endpoint.temperature,
        // Models that think first need room for it.
        max_output_tokens: endpoint.max_output_tokens.get().min(1_024),
        // Sends a seed.
        draw: 1,
    }
}

fn hint(error: &ChatError) -> &'static str {
    let told = error.to_string();
    match error {
        _ if told.contains("HTTP 401") || told.contains("HTTP 403") => {
            "the key is wrong or may not use this model: see the variable that api_key_env names"
        }
        _ if told.contains("HTTP 404") => {
            "see whether base_url ends as the server has it (mostly \"/v1\") and the model is named \
             as the server lists it"
        }
        ChatError::Transient { cause: super::chat::Trouble::Network, .. } => {
            "see whether the server runs and base_url is right"
        }
        ChatError::Transient { cause: super::chat::Trouble::Timeout, .. } => {
            "raise timeout, or see whether the server is still loading its model"
        }
        ChatError::Transient { .. } => "try again later",
        _ => "see the server's own words above",
    }
}

/// Whether the endpoint makes native tool calls.
async fn tools(endpoint: &Endpoint, known: Known, request: &Request, key: &str) -> Tools {
    let request = Request { answer: Answer::Text, ..request.clone() };
    let mut body = abilities::body(known, &endpoint.model, &request);
    body["messages"] = json!([{
        "role": "user",
        "content": "Call the tool report_status with ok = true.",
    }]);
    body["tools"] = json!([{ "type": "function", "function": {
        "name": "report_status",
        "description": "Reports whether the connection works.",
        "parameters": {
            "type": "object",
            "properties": { "ok": { "type": "boolean" } },
            "required": ["ok"],
        },
    }}]);
    match post(endpoint, &body, key).await {
        Ok(answer) => match answer.pointer("/choices/0/message/tool_calls") {
            Some(Value::Array(calls)) if !calls.is_empty() => Tools::Called,
            _ => Tools::Ignored,
        },
        Err(why) => Tools::Refused(if key.is_empty() { why } else { why.replace(key, "***") }),
    }
}

async fn post(endpoint: &Endpoint, body: &Value, key: &str) -> Result<Value, String> {
    let url = format!("{}/chat/completions", endpoint.base_url.trim_end_matches('/'));
    let client = Http::client(1, endpoint.timeout).map_err(|error| error.to_string())?;
    let mut post = client.post(url).timeout(endpoint.timeout).json(body);
    if !key.is_empty() {
        post = post.bearer_auth(key);
    }
    let answer = post.send().await.map_err(|error| error.without_url().to_string())?;
    let status = answer.status();
    match status.is_success() {
        true => answer.json().await.map_err(|error| error.without_url().to_string()),
        false => Err(format!("HTTP {}", status.as_u16())),
    }
}
