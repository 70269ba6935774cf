//! Type 1: a necessary call that the request does not mention is left out, and
//! the agent answers without it.

use magnet_proto::path::{InsertKind, NodeOp};
use magnet_proto::rng::Rng;
use rand::seq::IndexedRandom;

use super::tail::Tail;
use super::{Material, Wrong};
use crate::failure::Failure;

pub(super) async fn nested<'a>(
    material: Material<'a>,
    rng: &mut Rng,
) -> Result<Option<Wrong<'a>>, Failure> {
    let positive = material.positive;
    let turns = positive.turns();
    let nested = positive.node_ops.iter().filter_map(|op| match op {
        NodeOp::Insert { kind: InsertKind::Short, new_fn, dst_turn, .. } => {
            Some((*dst_turn as usize, *new_fn))
        }
        _ => None,
    });
    let open: Vec<_> = nested
        .filter(|(turn, _)| turns.get(*turn).is_some_and(|range| !positive.has_errors(range)))
        .collect();
    let Some(&(turn, function)) = open.choose(rng) else {
        return Ok(None);
    };
    let mut calls = positive.calls(turns[turn].clone());
    let Some((at, call)) = calls.find(|(_, call)| call.function == function) else {
        return Ok(None);
    };
    let left_out = [call.id.as_str()];
    let mut tail = Tail::start(material, turn, at).await?;
    tail.repeat(at, &[], &left_out).await?;
    tail.finish(at, &left_out).await?;
    let reason = format!("\"{}\" is needed but not called.", material.name(call));
    Ok(Some(Wrong { tail, step: material.step_of(turn, call), reason }))
}
