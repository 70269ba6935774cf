//! A model: a chat endpoint behind its stack of decorators, put together here
//! and nowhere else. Which role it plays is told in [`super::cast`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use magnet_proto::config::{Campaign, Endpoint, EndpointKind};
use magnet_proto::state::State;

use super::Teacher;
use super::chat::Chat;
use super::chat::circuit::Circuit;
use super::chat::failover::Failover;
use super::chat::first::First;
use super::chat::http::{Http, Secret, SetupError};
use super::chat::limit::Limit;
use super::chat::memo::Memo;
use super::chat::retry::{Policy, Retry};
use super::chat::usage::{Metrics, Prices, Usage};
use super::remote::Remote;

/// What a stack is wired to.
#[derive(Clone)]
pub struct Wiring<'a> {
    pub state: Arc<dyn State>,
    pub metrics: Metrics,
    /// The stand-in for a model.
    pub offline: Arc<dyn Teacher>,
    /// Reads the variable that holds a key.
    pub variable: Variable<'a>,
    pub patience: Patience,
}

/// How long an endpoint may leave everybody without a first answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// `connect_patience`: somebody waits for this run.
    Bounded,
    /// A fleet is there before and after its endpoints.
    Endless,
}

/// Reads a variable of the environment.
pub type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A teacher that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("[teacher.{name}]: {source}")]
    Endpoint { name: String, source: SetupError },
    #[error(
        "[teacher.{name}]: the variable \"{variable}\" named by api_key_env is not set\nhint: export {variable}=…"
    )]
    NoKey { name: String, variable: String },
    #[error("there is no [teacher.{0}]")]
    Unknown(String),
}

/// The stacks of a campaign's endpoints. What stands before an endpoint is set
/// up once, whatever it plays and whoever it stands in for: its limits are one.
pub struct Stacks<'a> {
    campaign: &'a Campaign,
    wiring: &'a Wiring<'a>,
    remotes: BTreeMap<String, Arc<Remote>>,
    direct: BTreeMap<String, Arc<dyn Chat>>,
}

impl<'a> Stacks<'a> {
    pub fn new(campaign: &'a Campaign, wiring: &'a Wiring<'a>) -> Self {
        Self { campaign, wiring, remotes: BTreeMap::new(), direct: BTreeMap::new() }
    }

    /// The model behind an endpoint's name; none for the offline teacher.
    pub fn remote(&mut self, name: &str) -> Result<Option<Arc<Remote>>, Error> {
        let endpoint = self.endpoint(name)?;
        if endpoint.kind == EndpointKind::Offline {
            return Ok(None);
        }
        if let Some(known) = self.remotes.get(name) {
            return Ok(Some(known.clone()));
        }
        let chat = self.chat(name)?;
        let tokens = endpoint.max_output_tokens.get();
        let remote = Remote::new(
            endpoint.model.clone(),
            chat,
            self.wiring.offline.clone(),
            endpoint.temperature,
            tokens,
        );
        let remote = Arc::new(remote.keeping_reasoning(endpoint.keep_reasoning));
        self.remotes.insert(name.to_owned(), remote.clone());
        Ok(Some(remote))
    }

    /// An endpoint's stack:
    /// `memo( failover( retry( first( circuit( limit( usage( http )))))))`.
    pub fn chat(&mut self, name: &str) -> Result<Arc<dyn Chat>, Error> {
        let endpoint = self.endpoint(name)?;
        let mut chat = self.direct(name)?;
        if let Some(other) = &endpoint.failover {
            chat = Arc::new(Failover::new((chat, name), (self.direct(other)?, other)));
        }
        let (state, metrics) = (self.wiring.state.clone(), self.wiring.metrics.of(name));
        Ok(Arc::new(Memo::new(chat, state, name, &endpoint.model, metrics)))
    }

    /// The endpoint itself, without memo and stand-in.
    fn direct(&mut self, name: &str) -> Result<Arc<dyn Chat>, Error> {
        if let Some(known) = self.direct.get(name) {
            return Ok(known.clone());
        }
        let chat = direct(self.campaign, name, self.endpoint(name)?, self.wiring)?;
        self.direct.insert(name.to_owned(), chat.clone());
        Ok(chat)
    }

    fn endpoint(&self, name: &str) -> Result<&'a Endpoint, Error> {
        self.campaign.endpoint(name).ok_or_else(|| Error::Unknown(name.to_owned()))
    }
}

fn direct(
    campaign: &Campaign,
    name: &str,
    endpoint: &Endpoint,
    wiring: &Wiring<'_>,
) -> Result<Arc<dyn Chat>, Error> {
    let http = http(name, endpoint, wiring.variable)?;
    let prices = Prices {
        input: endpoint.usd_per_million_input_tokens,
        output: endpoint.usd_per_million_output_tokens,
    };
    let (budget, state) = (campaign.budget.clone(), wiring.state.clone());
    let metrics = wiring.metrics.of(name);
    let metered = Usage::new(http, prices, budget, state.clone(), metrics.clone());
    let limited = Limit::new(metered, name, endpoint, state, metrics.clone());
    let policy = Policy {
        deadline: endpoint.deadline,
        base: Duration::from_millis(500),
        cap: Duration::from_secs(30),
        has_stand_in: endpoint.failover.is_some(),
    };
    let circuit = Circuit::new(limited, metrics.clone());
    // One whose stand-in answers meanwhile is waited for, too.
    let gives_up = wiring.patience == Patience::Bounded && endpoint.failover.is_none();
    let patience = gives_up.then_some(endpoint.connect_patience);
    let first = First::new(circuit, name, &endpoint.base_url, patience);
    Ok(Arc::new(Retry::new(first, policy, campaign.campaign.seed, metrics)))
}

/// Where an endpoint is, as whoever connects to it sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Lower case.
    pub host: String,
    pub port: u16,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The host and port behind a `base_url`; `None` if it is no URL of any.
pub fn place(base_url: &str) -> Option<Place> {
    let url = reqwest::Url::parse(base_url).ok()?;
    Some(Place { host: url.host_str()?.to_lowercase(), port: url.port_or_known_default()? })
}

/// The wire to an endpoint, without any layer around it.
pub(super) fn http(name: &str, endpoint: &Endpoint, variable: Variable<'_>) -> Result<Http, Error> {
    let fail = |source| Error::Endpoint { name: name.to_owned(), source };
    let client = Http::client(endpoint.max_in_flight.get()).map_err(fail)?;
    let key = Secret::new(key(name, endpoint, variable)?);
    Http::new(client, &endpoint.base_url, &endpoint.model, key, endpoint.timeout).map_err(fail)
}

/// The endpoint's key; empty if it has none.
pub(super) fn key(
    name: &str,
    endpoint: &Endpoint,
    variable: Variable<'_>,
) -> Result<String, Error> {
    if endpoint.api_key_env.is_empty() {
        return Ok(String::new());
    }
    let found = variable(&endpoint.api_key_env).filter(|key| !key.trim().is_empty());
    found.map(|key| key.trim().to_owned()).ok_or_else(|| Error::NoKey {
        name: name.to_owned(),
        variable: endpoint.api_key_env.clone(),
    })
}
