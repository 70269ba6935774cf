//! The calls of a path as a dry walk made them: what later stages and teachers
//! read of it.

use std::collections::BTreeMap;

use magnet_proto::brief::How;
use magnet_proto::path::{Step, StepRef};
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
