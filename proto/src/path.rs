//! The signature path (FSP): the plan of a conversation, turn by turn.
//!
//! A walk becomes φ by Merge and Insert and φ̂ by Split (`worker::node_ops`);
//! translation reads it turn by turn. Turn indices here are user turns of the
//! final path, from 0.

use serde::{Deserialize, Serialize};

use crate::FunctionId;
use crate::graph::Flow;

/// What a conversation is made to exercise. The shares are set in `[mix]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    MultiTurn,
    SingleTurn,
    Irrelevance,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::MultiTurn, Self::SingleTurn, Self::Irrelevance];

    /// The name in metrics and metadata.
    pub fn label(self) -> &'static str {
        match self {
            Self::MultiTurn => "multi_turn",
            Self::SingleTurn => "single_turn",
            Self::Irrelevance => "irrelevance",
        }
    }
}

/// A signature path with the log of the operations that made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Path {
    pub kind: Kind,
    pub turns: Vec<Turn>,
    pub ops: Vec<NodeOp>,
}

/// One user turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    pub purpose: Purpose,
    /// The calls to make, in order; empty for every purpose but
    /// [`Purpose::Calls`].
    pub steps: Vec<Step>,
    /// Steps that a short Insert proposes as the turn's last, best first: the
    /// brief takes the one that its aim needs, or none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposed: Vec<Step>,
}

/// What the agent should do in a turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Purpose {
    /// Make the turn's calls and report.
    Calls,
    /// Say that no function on offer can do it. `function` is withheld from
    /// the tools; if `resolved`, it is added with the next turn, which does
    /// what this one asked for.
    MissingFunction { function: FunctionId, resolved: bool },
    /// Ask for the value of `parameter`, a required one that only the user can
    /// know; if `resolved`, the next turn gives it and makes the call.
    MissingParameter { function: FunctionId, parameter: String, resolved: bool },
    /// Say that no function on offer serves a request written for `function`,
    /// whose whole class is withheld.
    Irrelevant { function: FunctionId },
}

/// One planned call, or two to three parallel ones of the same function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub function: FunctionId,
    /// Inserted with kind `short`: the request must not mention it.
    pub implicit: bool,
    /// How many argument sets (Parallel); 1 for an ordinary call.
    pub copies: u8,
    /// Which arguments come from which earlier outputs.
    pub feeds: Vec<Feed>,
    /// The first try fails with this error (Fault).
    pub fault: Option<Fault>,
    /// This output contradicts an earlier one (Conflict).
    pub conflict: Option<Conflict>,
    /// The output is bulky (Pad).
    pub bulky: bool,
}

impl Step {
    /// An ordinary call, with nothing planned for its arguments yet.
    pub fn new(function: FunctionId) -> Self {
        Self {
            function,
            implicit: false,
            copies: 1,
            feeds: Vec::new(),
            fault: None,
            conflict: None,
            bulky: false,
        }
    }
}

/// The position of a step: user turn, then step inside the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StepRef {
    pub turn: u16,
    pub step: u16,
}

/// An argument that an earlier step's output supplies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    pub from: StepRef,
    pub flow: Flow,
}

/// How a call fails before it succeeds, or for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A passing error (rate limit, timeout): the same call again succeeds.
    Transient,
    /// The service is down: the agent tells the user, the turn ends there.
    Permanent,
}

/// An output that contradicts the same function's earlier one: the fresh one
/// wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The earlier step whose output is contradicted.
    pub earlier: StepRef,
    /// The scalar place that changes, in both outputs.
    pub path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InsertKind {
    Short,
    Long,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitKind {
    MissingFunction,
    MissingParameter,
}

/// The log of one node operation. Turns are those of the *final* path, so the
/// log can be checked against the conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum NodeOp {
    /// Two neighbouring turns became this one.
    Merge {
        turn: u16,
        functions: Vec<FunctionId>,
    },
    /// `new_fn` was added because `src_fn`'s output can feed it.
    Insert {
        kind: InsertKind,
        src_turn: u16,
        src_fn: FunctionId,
        new_fn: FunctionId,
        dst_turn: u16,
    },
    /// `turn` is the empty turn that was put in.
    Split {
        kind: SplitKind,
        turn: u16,
        function: FunctionId,
        parameter: Option<String>,
        resolved: bool,
    },
    Parallel {
        turn: u16,
        function: FunctionId,
        copies: u8,
    },
    Pad {
        turn: u16,
        function: FunctionId,
    },
    Fault {
        turn: u16,
        function: FunctionId,
        fault: Fault,
    },
    Conflict {
        turn: u16,
        function: FunctionId,
        earlier_turn: u16,
        path: String,
    },
    Irrelevant {
        turn: u16,
        function: FunctionId,
    },
}

impl NodeOp {
    /// The names in metrics, with the kinds that the paper tells apart.
    pub const LABELS: [&str; 10] = [
        "merge", "insert_short", "insert_long", "split_missing_function",
        "split_missing_parameter", "parallel", "pad", "fault", "conflict", "irrelevant",
    ];

    /// One of [`Self::LABELS`].
    pub fn label(&self) -> &'static str {
        match self {
            Self::Merge { .. } => "merge",
            Self::Insert { kind: InsertKind::Short, .. } => "insert_short",
            Self::Insert { kind: InsertKind::Long, .. } => "insert_long",
            Self::Split { kind: SplitKind::MissingFunction, .. } => "split_missing_function",
            Self::Split { kind: SplitKind::MissingParameter, .. } => "split_missing_parameter",
            Self::Parallel { .. } => "parallel",
            Self::Pad { .. } => "pad",
            Self::Fault { .. } => "fault",
            Self::Conflict { .. } => "conflict",
            Self::Irrelevant { .. } => "irrelevant",
        }
    }
}

impl Turn {
    /// A turn of these steps, with nothing proposed.
    pub fn new(purpose: Purpose, steps: Vec<Step>) -> Self {
        Self { purpose, steps, proposed: Vec::new() }
    }
}

impl Path {
    /// The step at that position.
    pub fn step(&self, at: StepRef) -> Option<&Step> {
        self.turns.get(at.turn as usize)?.steps.get(at.step as usize)
    }

    /// The functions of every turn: the signature path proper.
    pub fn signature(&self) -> Vec<Vec<FunctionId>> {
        let functions = |turn: &Turn| turn.steps.iter().map(|step| step.function).collect();
        self.turns.iter().map(functions).collect()
    }

    /// Every function that is called.
    pub fn functions(&self) -> impl Iterator<Item = FunctionId> {
        self.turns.iter().flat_map(|turn| &turn.steps).map(|step| step.function)
    }
}
