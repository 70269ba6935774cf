//! Outputs made again by the executor that made them.

use magnet_offline::simulator::Simulator;
use magnet_proto::bundle::Bundle;
use magnet_proto::path::NodeOp;
use magnet_proto::sample::{Call, Message, Sample};
use magnet_worker::execute::planned::Planned;
use magnet_worker::execute::{Executor, Plan};

use super::line::Record;

/// Replays a campaign's calls.
pub struct Replayer {
    bundle: Bundle,
}

impl Replayer {
    pub fn new(bundle: Bundle) -> Self {
        Self { bundle }
    }

    /// Whether the outputs could be made again; an error if they came out
    /// otherwise.
    pub(super) async fn replay(&self, record: &Record) -> Result<bool, String> {
        let sample = &record.sample;
        if sample.executor != Simulator.name() {
            return Ok(false);
        }
        let seed = self.bundle.campaign.campaign.seed;
        let mut session = Planned::open(&Simulator, seed, sample.walk)
            .await
            .map_err(|error| error.to_string())?;
        for (turn, call, content) in answered(&sample.messages) {
            let name = &record.library.get(call.function).name;
            let library = &self.bundle.library;
            let Some(id) = library.find(name) else {
                return Err(format!("\"{name}\" is not in the campaign's library"));
            };
            let plan = plan(sample, turn, call);
            let output = session.call(library.get(id), call, &plan).await;
            let again = output.map_err(|error| error.to_string())?.content();
            if again != content {
                return Err(format!("the output of \"{}\" ({name}) came out otherwise", call.id));
            }
        }
        Ok(true)
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

/// What the log of operations planned for a call beside the call itself.
fn plan(sample: &Sample, turn: u16, call: &Call) -> Plan {
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
