//! The executor `openapi`: an API, called as its description says.
//!
//! ```text
//! call ─► request: operation and arguments ─► answer ─► output
//!                                                └─► things: what exists
//! ```
//!
//! Whatever the API answers is an output, and no success an error; a limit or
//! a gateway's trouble (429, 502, 503, 504) and whatever the network does is
//! trouble that passes; no answer in time is none. Redirects are not followed:
//! requests carry credentials. A request may begin each conversation, whose
//! answer names what later ones are sent with; without it conversations share
//! what there is, and nothing can be undone.

mod answer;
mod request;
mod things;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use magnet_proto::WalkIndex;
use magnet_proto::library::{Function, Library};
use magnet_proto::operation::Operation;
use magnet_proto::sample::{Arguments, Call};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Method, StatusCode, Url};
use serde_json::Value;
use tokio::sync::OnceCell;

use self::request::Parts;
use self::things::Operations;
use super::known::Takers;
use super::wire::{self, CONNECTIONS, MAX_OUTPUT_BYTES};
use super::{Error, Executor, Known, Nature, Output, Plan, Session, Start, known};
use crate::teacher::chat::http::{Http, Secret, SetupError};

/// Reads that are made to see what exists.
const MAX_READS: usize = 8;
/// Shorter values are not looked for in answers: they would be found anywhere.
const SHORTEST_SECRET: usize = 6;

/// How an API is spoken to.
#[derive(Default)]
pub struct Access {
    pub url: String,
    pub token: Secret,
    /// With the values of variables in them.
    pub headers: Vec<String>,
    pub query: Vec<String>,
    /// Values of variables: never to be seen in an output.
    pub secrets: Vec<String>,
    /// The requests that begin and end a conversation, and where the answer to
    /// the first names it; empty = none.
    pub open: String,
    pub session: String,
    pub close: String,
    pub timeout: Duration,
}

/// Calls an API.
pub struct OpenApi {
    api: Arc<Api>,
}

struct Api {
    name: String,
    section: String,
    client: Client,
    base: Url,
    access: Access,
    operations: Operations,
    takers: Takers,
    /// Functions that only read and need no arguments.
    reads: Vec<String>,
    /// What exists, where conversations share it.
    shared: OnceCell<Known>,
    /// It has given a success: its address and its credentials are right.
    has_served: AtomicBool,
}

impl OpenApi {
    /// `section` is the name under `[executor.*]`; `serves` says which
    /// functions are called here.
    ///
    /// # Errors
    /// If the address is none.
    pub fn new(
        section: &str,
        access: Access,
        library: &Library,
        serves: impl Fn(&Function) -> bool,
    ) -> Result<Self, SetupError> {
        let base = Url::parse(access.url.trim_end_matches('/'));
        let base = base.map_err(|_| SetupError::BadUrl { url: access.url.clone() })?;
        let mut operations = Operations::new();
        let (mut takers, mut reads) = (Takers::default(), Vec::new());
        for (_, function) in library.iter().filter(|(_, function)| serves(function)) {
            let Some(operation) = &function.operation else { continue };
            takers.add(function);
            if operation.is_safe() && function.required().next().is_none() {
                reads.push(function.name.clone());
            }
            operations.insert(function.name.clone(), Arc::clone(operation));
        }
        reads.truncate(MAX_READS);
        let api = Api {
            name: format!("openapi:{section}"),
            section: section.to_owned(),
            client: Http::client(CONNECTIONS, access.timeout)?,
            base,
            access,
            operations,
            takers,
            reads,
            shared: OnceCell::new(),
            has_served: AtomicBool::new(false),
        };
        Ok(Self { api: Arc::new(api) })
    }
}

#[async_trait]
impl Executor for OpenApi {
    /// "openapi:" and the section's name: several stand side by side.
    fn name(&self) -> &str {
        &self.api.name
    }

    fn nature(&self, _: &Function) -> Nature {
        Nature::Real
    }

    async fn open(&self, start: &Start<'_>) -> Result<Box<dyn Session>, Error> {
        let (seed, walk) = (start.seed, start.walk);
        let id = self.api.begin(seed, walk).await?;
        let api = Arc::clone(&self.api);
        let (at_start, learnt) = (None, Known::default());
        Ok(Box::new(Conversation { api, seed, walk, id, at_start, learnt, is_clean: true }))
    }
}

/// An answer that is none of the network's troubles.
struct Answer {
    status: StatusCode,
    body: String,
}

impl Api {
    fn is_shared(&self) -> bool {
        self.access.open.is_empty()
    }

    /// Begins a conversation; its id, if there is any.
    async fn begin(&self, seed: u64, walk: WalkIndex) -> Result<String, Error> {
        let open = &self.access.open;
        if self.is_shared() {
            return Ok(String::new());
        }
        let open = open.replace("{seed}", &seed.to_string());
        let answer = self.send_line(&open.replace("{walk}", &walk.0.to_string()), "").await?;
        let no_session = |why: &str| {
            Error::Permanent(format!(
                "{}: `{open}` begins no conversation: {why}\nhint: see executor.{section}.open and \
                 executor.{section}.session",
                self.name,
                section = self.section
            ))
        };
        if !answer.status.is_success() {
            let told = wire::told(answer.body.as_bytes());
            return Err(no_session(&format!("{}: {told}", answer.status)));
        }
        let told: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        match told.pointer(&self.access.session) {
            Some(Value::String(id)) if !id.is_empty() => Ok(id.clone()),
            Some(Value::Number(id)) => Ok(id.to_string()),
            _ => Err(no_session(&format!("its answer has nothing at {}", self.access.session))),
        }
    }

    /// Ends one. What cannot be ended costs the API memory, not us.
    async fn end(&self, id: &str) {
        if self.access.close.is_empty() || id.is_empty() {
            return;
        }
        let close = self.access.close.replace("{session}", id);
        if let Err(error) = self.send_line(&close, id).await {
            tracing::debug!(%error, "a conversation was not ended");
        }
    }

    /// Sends a request without arguments, `METHOD /path`.
    async fn send_line(&self, line: &str, id: &str) -> Result<Answer, Error> {
        let (method, path) = line.split_once(' ').unwrap_or(("GET", line));
        let url = Url::parse(&format!("{}{path}", self.base.as_str().trim_end_matches('/')));
        let url = url.map_err(|_| Error::Permanent(format!("{}: `{line}`", self.name)))?;
        self.send(method, url, HeaderMap::new(), None, id, line).await
    }

    async fn send_call(
        &self,
        operation: &Operation,
        arguments: &Arguments,
        id: &str,
    ) -> Result<Answer, Error> {
        let parts = request::of(operation, arguments).map_err(Error::Unusable)?;
        let Parts { segments, query, mut headers, body } = parts;
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        if let (Some(_), Ok(media)) = (&body, HeaderValue::from_str(&operation.body)) {
            headers.insert(CONTENT_TYPE, media);
        }
        let line = format!("{} {}", operation.method, operation.path);
        self.send(&operation.method, url, headers, body, id, &line).await
    }

    /// `line` names the request to people.
    async fn send(
        &self,
        method: &str,
        mut url: Url,
        mut headers: HeaderMap,
        body: Option<String>,
        id: &str,
        line: &str,
    ) -> Result<Answer, Error> {
        let Access { headers: fixed, query, token, timeout, .. } = &self.access;
        let is_begun = |text: &&String| !id.is_empty() || !text.contains("{session}");
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, */*;q=0.5"));
        for header in fixed.iter().filter(is_begun) {
            let header = header.replace("{session}", id);
            let (name, value) = header.split_once(':').unwrap_or_default();
            let name = HeaderName::from_bytes(name.trim().as_bytes()).ok();
            if let Some((name, value)) = name.zip(HeaderValue::from_str(value.trim()).ok()) {
                headers.insert(name, value);
            }
        }
        for pair in query.iter().filter(is_begun) {
            let pair = pair.replace("{session}", id);
            let (name, value) = pair.split_once('=').unwrap_or_default();
            url.query_pairs_mut().append_pair(name, value);
        }
        let method = Method::from_bytes(method.as_bytes());
        let method = method.map_err(|error| self.unusable(line, &error.to_string()))?;
        let mut request = self.client.request(method, url).timeout(*timeout).headers(headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        if let Some(token) = token.reveal() {
            request = request.bearer_auth(token);
        }
        let away = |error: reqwest::Error| match error.is_timeout() && !error.is_connect() {
            true => self.unusable(line, &format!("no answer within {timeout:?}")),
            false => Error::Transient(format!("{}: {line}: {}", self.name, wire::cause(&error))),
        };
        let answer = request.send().await.map_err(away)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let Some(body) = wire::bounded(answer).await.map_err(away)? else {
            let most = wire::MAX_ANSWER_BYTES;
            return Err(self.unusable(line, &format!("its answer has more than {most} bytes")));
        };
        let body = String::from_utf8(body);
        let body = body.map_err(|_| self.unusable(line, "its answer is no text"))?;
        self.judge(status, &headers, Answer { status, body: self.without_secrets(body) }, line)
    }

    /// Tells the API's own answers from what stands between it and us.
    fn judge(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        answer: Answer,
        line: &str,
    ) -> Result<Answer, Error> {
        let (name, section) = (&self.name, &self.section);
        let told = wire::told(answer.body.as_bytes());
        let has_served = self.has_served.load(Ordering::Relaxed);
        match status.as_u16() {
            200..=299 => self.has_served.store(true, Ordering::Relaxed),
            429 | 502..=504 => {
                return Err(Error::Transient(format!("{name}: {line}: {status}: {told}")));
            }
            401 if !has_served => {
                return Err(Error::Permanent(format!(
                    "{name}: {line}: {status}: {told}\nhint: name the variable with its key in \
                     executor.{section}.token_env or executor.{section}.headers"
                )));
            }
            300..=399 if !has_served => {
                let place = headers.get(LOCATION).and_then(|place| place.to_str().ok());
                return Err(Error::Permanent(format!(
                    "{name}: {line}: {status}, to \"{}\"\nhint: requests carry credentials and \
                     are not sent on: set executor.{section}.url to where the API is",
                    self.without_secrets(place.unwrap_or_default().to_owned())
                )));
            }
            _ => {}
        }
        Ok(answer)
    }

    fn unusable(&self, line: &str, why: &str) -> Error {
        Error::Unusable(format!("{}: {line}: {why}", self.name))
    }

    /// Some servers repeat the key in what they say.
    fn without_secrets(&self, mut text: String) -> String {
        for secret in self.access.secrets.iter().filter(|text| text.len() >= SHORTEST_SECRET) {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), "***");
            }
        }
        text
    }

    /// What its reads tell.
    async fn look_around(&self, id: &str) -> Result<Known, Error> {
        let mut known = Known::default();
        for name in &self.reads {
            let Some(operation) = self.operations.get(name) else { continue };
            let arguments = Arguments::new();
            match self.send_call(operation, &arguments, id).await {
                Ok(answer) if answer.status.is_success() => {
                    let output = answer::output(answer.status, &answer.body);
                    self.learn(operation, &arguments, &output, &mut known);
                }
                Ok(_) | Err(Error::Unusable(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(known)
    }

    fn learn(
        &self,
        operation: &Operation,
        arguments: &Arguments,
        output: &Output,
        known: &mut Known,
    ) {
        if let Some(value) = output.ok() {
            known::learn(value, arguments, &self.takers, known);
            things::learn(operation, arguments, value, &self.operations, known);
        }
    }
}

/// One conversation. Ended when dropped.
struct Conversation {
    api: Arc<Api>,
    seed: u64,
    walk: WalkIndex,
    /// Empty where conversations share what there is.
    id: String,
    /// What existed at its own start, once somebody has asked.
    at_start: Option<Known>,
    learnt: Known,
    /// The last refused call changed nothing.
    is_clean: bool,
}

#[async_trait]
impl Session for Conversation {
    fn initial_config(&self) -> Option<Value> {
        None
    }

    async fn known(&mut self) -> Result<Known, Error> {
        let mut known = match (&self.at_start, self.api.is_shared()) {
            (Some(known), _) => known.clone(),
            (None, true) => {
                self.api.shared.get_or_try_init(|| self.api.look_around("")).await?.clone()
            }
            (None, false) => {
                let known = self.api.look_around(&self.id).await?;
                self.at_start.insert(known).clone()
            }
        };
        known.learn(&self.learnt);
        Ok(known)
    }

    async fn call(&mut self, function: &Function, call: &Call, _: &Plan) -> Result<Output, Error> {
        let name = &function.name;
        let no_operation = || Error::Permanent(format!("no API has \"{name}\""));
        let operation = self.api.operations.get(name).ok_or_else(no_operation)?;
        self.is_clean = self.api.is_shared();
        let answer = self.api.send_call(operation, &call.arguments, &self.id).await?;
        let output = answer::output(answer.status, &answer.body);
        if output.content.len() > MAX_OUTPUT_BYTES {
            let why = format!("\"{name}\": its output has more than {MAX_OUTPUT_BYTES} bytes");
            return Err(Error::Unusable(why));
        }
        // Whoever made a mistake has changed nothing; a server's own error may.
        self.is_clean |= !answer.status.is_server_error();
        self.api.learn(operation, &call.arguments, &output, &mut self.learnt);
        Ok(output)
    }

    fn saw(&mut self, function: &Function, call: &Call, output: &Output) {
        if let Some(operation) = self.api.operations.get(&function.name) {
            self.api.learn(operation, &call.arguments, output, &mut self.learnt);
        }
    }

    fn refusals_are_clean(&self) -> bool {
        self.is_clean
    }

    /// Where conversations share what there is, nothing is undone.
    async fn restart(&mut self) -> Result<bool, Error> {
        let id = self.api.begin(self.seed, self.walk).await?;
        let before = std::mem::replace(&mut self.id, id);
        self.api.end(&before).await;
        self.learnt = Known::default();
        Ok(true)
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        let (api, id) = (Arc::clone(&self.api), std::mem::take(&mut self.id));
        // Without a runtime the API has to end it by itself.
        if let (false, Ok(runtime)) = (id.is_empty(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { api.end(&id).await });
        }
    }
}
