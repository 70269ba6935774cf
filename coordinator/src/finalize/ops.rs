//! The log of a node operation, with functions by name.

use magnet_proto::path::{Fault, InsertKind, NodeOp, SplitKind};
use serde::Serialize;

use super::names::{Error, Names};

#[derive(Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(super) enum OpLine<'a> {
    Merge {
        turn: u16,
        functions: Vec<&'a str>,
    },
    Insert {
        kind: InsertKind,
        src_turn: u16,
        src_fn: &'a str,
        new_fn: &'a str,
        dst_turn: u16,
    },
    Split {
        kind: SplitKind,
        turn: u16,
        function: &'a str,
        parameter: Option<&'a str>,
        resolved: bool,
    },
    Parallel {
        turn: u16,
        function: &'a str,
        copies: u8,
    },
    Pad {
        turn: u16,
        function: &'a str,
    },
    Fault {
        turn: u16,
        function: &'a str,
        fault: Fault,
    },
    Conflict {
        turn: u16,
        function: &'a str,
        earlier_turn: u16,
        path: &'a str,
    },
    Irrelevant {
        turn: u16,
        function: &'a str,
    },
}

impl<'a> OpLine<'a> {
    pub(super) fn new(names: &'a Names, op: &'a NodeOp) -> Result<Self, Error> {
        Ok(match *op {
            NodeOp::Merge { turn, ref functions } => {
                Self::Merge { turn, functions: names.all(functions)? }
            }
            NodeOp::Insert { kind, src_turn, src_fn, new_fn, dst_turn } => Self::Insert {
                kind,
                src_turn,
                src_fn: names.of(src_fn)?,
                new_fn: names.of(new_fn)?,
                dst_turn,
            },
            NodeOp::Split { kind, turn, function, ref parameter, resolved } => Self::Split {
                kind,
                turn,
                function: names.of(function)?,
                parameter: parameter.as_deref(),
                resolved,
            },
            NodeOp::Parallel { turn, function, copies } => {
                Self::Parallel { turn, function: names.of(function)?, copies }
            }
            NodeOp::Pad { turn, function } => Self::Pad { turn, function: names.of(function)? },
            NodeOp::Fault { turn, function, fault } => {
                Self::Fault { turn, function: names.of(function)?, fault }
            }
            NodeOp::Conflict { turn, function, earlier_turn, ref path } => {
                Self::Conflict { turn, function: names.of(function)?, earlier_turn, path }
            }
            NodeOp::Irrelevant { turn, function } => {
                Self::Irrelevant { turn, function: names.of(function)? }
            }
        })
    }
}
