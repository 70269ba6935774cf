//! The executor `http`: a server that speaks a small contract in JSON.
//!
//! ```text
//! POST   /sessions             {seed, walk, functions, initial_config}
//!                              ─► {session, known?, initial_config?, clean_refusals?}
//! POST   /sessions/ID/calls    {function, arguments}
//!                              ─► {output} or {error: "text"}, with {known?}
//! DELETE /sessions/ID
//! ```
//!
//! A session is one conversation; what it starts from is the server's to
//! decide, from seed and walk or from the `initial_config` that an earlier
//! session told. An `error` is an output. A status of 429 or 5xx, and whatever
//! the network does, is trouble that passes; another status is a refusal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use magnet_proto::WalkIndex;
use magnet_proto::library::{Function, Library};
use magnet_proto::sample::{Arguments, Call};
use reqwest::{Client, Method, StatusCode, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::wire::{self, CONNECTIONS, MAX_OUTPUT_BYTES};
use super::{Error, Executor, Known, Nature, Output, Plan, Session, Start};
use crate::teacher::chat::http::{Http, Secret, SetupError};

/// Opens sessions on a server.
pub struct HttpExecutor {
    name: String,
    server: Arc<Server>,
    functions: Arc<BTreeSet<String>>,
}

struct Server {
    client: Client,
    base: Url,
    token: Secret,
    timeout: Duration,
}

impl HttpExecutor {
    /// `section` is the name under `[executor.*]`, `url` where `/sessions` is.
    ///
    /// # Errors
    /// If `url` is none.
    pub fn new(
        section: &str,
        url: &str,
        token: Secret,
        timeout: Duration,
        library: &Library,
    ) -> Result<Self, SetupError> {
        // A path is joined to the last segment that ends in a slash.
        let base = Url::parse(&format!("{}/", url.trim_end_matches('/')));
        let base = base.map_err(|_| SetupError::BadUrl { url: url.to_owned() })?;
        let client = Http::client(CONNECTIONS, timeout)?;
        let functions = library.iter().map(|(_, function)| function.name.clone()).collect();
        Ok(Self {
            name: format!("http:{section}"),
            server: Arc::new(Server { client, base, token, timeout }),
            functions: Arc::new(functions),
        })
    }
}

#[async_trait]
impl Executor for HttpExecutor {
    /// "http:" and the section's name: several stand side by side.
    fn name(&self) -> &str {
        &self.name
    }

    fn nature(&self, _: &Function) -> Nature {
        Nature::Real
    }

    async fn open(&self, start: &Start<'_>) -> Result<Box<dyn Session>, Error> {
        let functions = start.functions.iter().map(|function| function.name.clone()).collect();
        let (seed, walk) = (start.seed, start.walk);
        let begin = Begin { seed, walk, functions, given: start.initial_config.cloned() };
        let opened = self.server.open(&begin).await?;
        let (server, functions) = (Arc::clone(&self.server), Arc::clone(&self.functions));
        Ok(Box::new(Remote { server, functions, begin, opened }))
    }
}

/// What a session is opened with, and opened with again.
struct Begin {
    seed: u64,
    walk: WalkIndex,
    functions: Vec<String>,
    given: Option<Value>,
}

#[derive(Deserialize)]
struct Opened {
    session: String,
    #[serde(default)]
    known: BTreeMap<String, Vec<Value>>,
    #[serde(default)]
    initial_config: Option<Value>,
    /// A refused call changes nothing.
    #[serde(default)]
    clean_refusals: bool,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    output: Option<Value>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    known: Option<BTreeMap<String, Vec<Value>>>,
}

impl Server {
    async fn open(&self, begin: &Begin) -> Result<Opened, Error> {
        let body = json!({
            "seed": begin.seed,
            "walk": begin.walk.0,
            "functions": begin.functions,
            "initial_config": begin.given,
        });
        let opened = self.ask(Method::POST, &["sessions"], Some(&body)).await?;
        serde_json::from_slice(&opened)
            .map_err(|error| Error::Permanent(format!("{}: opening a session: {error}", self.base)))
    }

    /// The body of a successful answer.
    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<Vec<u8>, Error> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let mut request = self.client.request(method, url).timeout(self.timeout);
        if let Some(body) = body {
            request = request.json(body);
        }
        if let Some(token) = self.token.reveal() {
            request = request.bearer_auth(token);
        }
        let away = |error| Error::Transient(format!("{}: {}", self.base, wire::cause(&error)));
        let answer = request.send().await.map_err(away)?;
        let status = answer.status();
        let Some(read) = wire::bounded(answer).await.map_err(away)? else {
            let most = wire::MAX_ANSWER_BYTES;
            let why = format!("{}: its answer has more than {most} bytes", self.base);
            return Err(Error::Unusable(why));
        };
        if status.is_success() {
            return Ok(read);
        }
        let why = format!("{}: {status}: {}", self.base, wire::told(&read));
        match status {
            StatusCode::TOO_MANY_REQUESTS => Err(Error::Transient(why)),
            status if status.is_server_error() => Err(Error::Transient(why)),
            _ => Err(Error::Permanent(why)),
        }
    }
}

/// One conversation's session. Closed when dropped.
struct Remote {
    server: Arc<Server>,
    functions: Arc<BTreeSet<String>>,
    begin: Begin,
    opened: Opened,
}

#[async_trait]
impl Session for Remote {
    fn initial_config(&self) -> Option<Value> {
        self.opened.initial_config.clone()
    }

    async fn known(&mut self) -> Result<Known, Error> {
        let mut known = Known::default();
        for (name, values) in &self.opened.known {
            if !self.functions.contains(name) {
                known.by_parameter.insert(name.clone(), values.clone());
                continue;
            }
            let sets = values.iter().filter_map(|set| set.as_object().cloned());
            known.by_function.insert(name.clone(), sets.collect::<Vec<Arguments>>());
        }
        Ok(known)
    }

    async fn call(&mut self, function: &Function, call: &Call, _: &Plan) -> Result<Output, Error> {
        let body = json!({ "function": function.name, "arguments": call.arguments });
        let path = ["sessions", self.opened.session.as_str(), "calls"];
        let answer = self.server.ask(Method::POST, &path, Some(&body)).await?;
        let unusable = |why: String| Error::Unusable(format!("\"{}\": {why}", function.name));
        let answer: Answer =
            serde_json::from_slice(&answer).map_err(|error| unusable(error.to_string()))?;
        if let Some(known) = answer.known {
            self.opened.known = known;
        }
        let output = match (answer.error, answer.output) {
            (Some(text), _) => Output::refused(text),
            (None, Some(Value::String(text))) => Output::parse(&text),
            (None, Some(value)) => Output::of(value),
            (None, None) => return Err(unusable("neither \"output\" nor \"error\"".into())),
        };
        match output.content.len() > MAX_OUTPUT_BYTES {
            true => Err(unusable(format!("its output has more than {MAX_OUTPUT_BYTES} bytes"))),
            false => Ok(output),
        }
    }

    fn refusals_are_clean(&self) -> bool {
        self.opened.clean_refusals
    }

    async fn restart(&mut self) -> Result<bool, Error> {
        let opened = self.server.open(&self.begin).await?;
        let before = std::mem::replace(&mut self.opened, opened);
        end(Arc::clone(&self.server), before.session).await;
        Ok(true)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let session = std::mem::take(&mut self.opened.session);
        // Without a runtime the server has to end it by itself.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(end(Arc::clone(&self.server), session));
        }
    }
}

/// Ends a session. One that cannot be ended costs its server memory, not us.
async fn end(server: Arc<Server>, session: String) {
    if let Err(error) = server.ask(Method::DELETE, &["sessions", &session], None).await {
        tracing::debug!(%error, "a session was not ended");
    }
}
