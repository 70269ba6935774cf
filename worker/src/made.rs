//! The calls of a path as a dry walk made them: what later stages and teachers
//! read of it.

use std::collections::BTreeMap;

use magnet_proto::brief::How;
use magnet_proto::path::{Step, StepRef};
use magnet_proto::sample::Call;
use serde_json::Value;

use crate::conversation::Executed;

/// A path's calls with what they returned.
#[derive(Debug, Default)]
pub struct Log {
    /// In the path's order.
    pub calls: Vec<Made>,
    /// Those of the steps that were proposed and could be made, by turn.
    pub proposed: BTreeMap<u16, Vec<Proposal>>,
    /// The arguments of functions that turns ask for in vain, by turn.
    pub asked_for: BTreeMap<u16, Vec<(String, How)>>,
    /// The state the session started from.
    pub initial_config: Option<Value>,
    /// Steps made in the session, also of proposals that were dropped.
    pub made: usize,
}

impl Log {
    /// Nobody needs what another step is going to find out anyway.
    pub fn without_repeats(&mut self) {
        let mut calls: Vec<Call> = self.calls.iter().filter_map(Made::call).cloned().collect();
        for proposals in self.proposed.values_mut() {
            proposals.retain(|proposal| {
                let Some(call) = proposal.made.call() else {
                    return false;
                };
                let is_new = !calls
                    .iter()
                    .any(|c| c.function == call.function && c.arguments == call.arguments);
                calls.push(call.clone());
                is_new
            });
        }
        self.proposed.retain(|_, proposals| !proposals.is_empty());
    }
}

impl Made {
    /// Whether it was made with a value.
    pub fn is_given(&self, value: Option<&Value>) -> bool {
        value.is_some() && self.arguments.iter().any(|(_, how)| how.value() == value)
    }

    fn call(&self) -> Option<&Call> {
        self.executed.first().map(|executed| &executed.call)
    }
}

/// A step's call as it was made; twice after a passing error.
#[derive(Clone, Debug)]
pub struct Made {
    pub at: StepRef,
    pub copy: u8,
    pub arguments: Vec<(String, How)>,
    pub executed: Vec<Executed>,
}

/// A proposed step that could be made.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub step: Step,
    pub made: Made,
}
