//! Outputs made again by the executors that made them.

use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::bundle::Bundle;
use magnet_proto::config::{Campaign, EndpointKind, ExecutorKind};
use magnet_proto::library::Function;
use magnet_proto::path::NodeOp;
use magnet_proto::sample::{Call, Message, Sample};
use magnet_proto::state::embedded::EmbeddedState;
use magnet_worker::execute::metered;
use magnet_worker::execute::planned::Planned;
use magnet_worker::execute::router::Router;
use magnet_worker::execute::volatile;
use magnet_worker::execute::{self, Executor, Nature, Plan, Start};
use magnet_worker::teacher::{self, Machine, Simulate};
use prometheus::Registry;
use serde_json::Value;

use super::line::Record;
use crate::{execute as executors, servers};

/// Makes a campaign's outputs again.
pub struct Replayer {
    bundle: Bundle,
    executor: Router,
}

/// Whether servers that a dataset names may be started or asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Programs {
    Allowed,
    Forbidden,
}

/// How an attempt to make outputs again ended.
pub(super) enum Again {
    /// All came out as they stand.
    Same(Made),
    /// Some cannot be made again here, and why.
    Unavailable(String),
}

/// Calls whose outputs were made again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Made {
    pub(super) calls: u64,
    /// Values in them that come out otherwise each time.
    pub(super) volatile: u64,
}

impl Replayer {
    /// # Errors
    /// If an executor of the campaign cannot be made here, or may not: a
    /// dataset that came from elsewhere names programs and secrets, too.
    pub fn new(bundle: Bundle, programs: Programs) -> anyhow::Result<Self> {
        if let (Programs::Forbidden, Some(server)) =
            (programs, bundle.servers.servers.values().next())
        {
            anyhow::bail!(
                "outputs come from servers that the dataset names, such as `{}`\nhint: let them \
                 be started and asked with --start-servers",
                server.told()
            );
        }
        let secretive = bundle.campaign.executor.iter().find_map(|(section, execution)| {
            let variable = execution.variables().next()?;
            Some((section, &execution.url, variable))
        });
        if let (Programs::Forbidden, Some((section, url, variable))) = (programs, secretive) {
            anyhow::bail!(
                "outputs come from {url}, which would be sent what {variable} holds \
                 (executor.{section})\nhint: let it be asked with --start-servers"
            );
        }
        let simulator = bundle.campaign.endpoint(&bundle.campaign.roles.simulator);
        let is_played = simulator.is_some_and(|endpoint| endpoint.kind == EndpointKind::Openai);
        let executor = executors::router(executors::Means {
            campaign: &every_call(&bundle.campaign),
            library: &bundle.library,
            pack: &bundle.pack,
            servers: &bundle.servers,
            variable: &servers::variable,
            metrics: &metered::Metrics::register(&Registry::new())?,
            machine: is_played.then(|| Arc::new(NoModel) as Arc<dyn Machine>),
            cache: Arc::new(EmbeddedState::new()),
        })?;
        Ok(Self { bundle, executor })
    }

    /// Makes the outputs of a conversation again, the sample's own or one that
    /// starts as it does; an error if one came out otherwise.
    pub(super) async fn replay(
        &self,
        record: &Record,
        messages: &[Message],
    ) -> Result<Again, String> {
        let (sample, library) = (&record.sample, &self.bundle.library);
        let here = self.executor.name();
        if sample.executor != here {
            let made = &sample.executor;
            let why = format!("\"{made}\" made the outputs, and \"{here}\" would make them here");
            return Ok(Again::Unavailable(why));
        }
        let own = |id| {
            let name = &record.library.get(id).name;
            let found = library.find(name).map(|id| library.get(id));
            found.ok_or_else(|| format!("\"{name}\" is not in the campaign's library"))
        };
        let mut calls = Vec::new();
        for (turn, call, content) in answered(messages) {
            let function = own(call.function)?;
            if self.executor.nature(function) == Nature::Played {
                return Ok(Again::Unavailable("outputs of a model are not made again".into()));
            }
            let plan = plan(sample, turn, call);
            let places = self.executor.volatile(function);
            calls.push(Answered { function, call, content, plan, places });
        }
        let functions = sample.signature_path.iter().flatten().map(|id| own(*id));
        let functions = functions.collect::<Result<Vec<_>, _>>()?;
        let start = Start {
            seed: self.bundle.campaign.campaign.seed,
            walk: sample.walk,
            functions: &functions,
            initial_config: sample.initial_config.as_ref(),
        };
        let mut session = match Planned::open(&self.executor, &start).await {
            Ok(session) => session,
            Err(error) => return without(error),
        };
        let again = call_again(&mut session, &calls).await;
        // What cannot be let go now is let go with the process.
        session.close().await.ok();
        again
    }
}

/// A call of a record, and what it returned.
struct Answered<'a> {
    function: &'a Function,
    call: &'a Call,
    content: &'a str,
    plan: Plan,
    /// Where its output comes out otherwise each time.
    places: Vec<String>,
}

/// Makes calls again, with the values of now in place of those that differ each
/// time.
async fn call_again(session: &mut Planned, calls: &[Answered<'_>]) -> Result<Again, String> {
    let mut made = Made::default();
    for Answered { function, call, content, plan, places } in calls {
        let again = match session.call(function, call, plan).await {
            Ok(output) => output.content,
            Err(error) => return without(error),
        };
        let Some(differing) = volatile::differing_at(places, content, &again) else {
            let (id, name) = (&call.id, &function.name);
            return Err(format!("the output of \"{id}\" ({name}) came out otherwise"));
        };
        made.calls += 1;
        made.volatile += differing.len() as u64;
        session.bind(differing);
    }
    Ok(Again::Same(made))
}

/// What a call without an output tells of the one that stands there.
fn without(error: execute::Error) -> Result<Again, String> {
    match error {
        execute::Error::Transient(why) | execute::Error::Unrecorded(why) => {
            Ok(Again::Unavailable(why))
        }
        error => Err(error.to_string()),
    }
}

/// The campaign whose executors make every call, and keep none.
fn every_call(campaign: &Campaign) -> Campaign {
    let mut campaign = campaign.clone();
    for execution in campaign.executor.values_mut() {
        if execution.kind != ExecutorKind::Recorded {
            execution.pure.clear();
            execution.recording = None;
        }
    }
    campaign
}

/// Stands where a model was: it is not asked again.
struct NoModel;

#[async_trait]
impl Machine for NoModel {
    async fn simulate(&self, _: &Simulate<'_>) -> Result<Value, teacher::Error> {
        Err(teacher::Error::Permanent("outputs of a model are not made again".into()))
    }
}

/// Every call with its user turn and the content that answered it.
fn answered(messages: &[Message]) -> Vec<(u16, &Call, &str)> {
    let mut turn = 0;
    let mut found: Vec<(u16, &Call, &str)> = Vec::new();
    for message in messages {
        match message {
            Message::User(_) => turn += 1,
            Message::Assistant { calls, .. } => {
                found.extend(calls.iter().map(|call| (turn - 1, call, "")));
            }
            Message::Tool { call_id, content } => {
                if let Some(call) = found.iter_mut().find(|(_, call, _)| call.id == *call_id) {
                    call.2 = content;
                }
            }
            Message::System(_) => {}
        }
    }
    found
}

/// What the log of operations planned for a call beside the call itself: for
/// one of the sample's own, and nothing for an agent's that went astray.
fn plan(sample: &Sample, turn: u16, call: &Call) -> Plan {
    let mut own = answered(&sample.messages).into_iter();
    let is_twin = |(at, twin, _): (u16, &Call, &str)| {
        at == turn && twin.function == call.function && twin.arguments == call.arguments
    };
    if !own.any(is_twin) {
        return Plan::default();
    }
    let mut plan = Plan::default();
    for op in &sample.node_ops {
        match op {
            NodeOp::Fault { turn: at, function, fault }
                if (*at, *function) == (turn, call.function) =>
            {
                plan.fault = Some(*fault);
            }
            NodeOp::Pad { turn: at, function } if (*at, *function) == (turn, call.function) => {
                plan.bulky = true;
            }
            NodeOp::Conflict { turn: at, function, path, .. }
                if (*at, *function) == (turn, call.function) =>
            {
                plan.contradicts = Some(path.clone());
            }
            _ => {}
        }
    }
    plan
}
