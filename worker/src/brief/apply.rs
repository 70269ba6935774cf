//! What a brief decides about its path.

use magnet_proto::brief::How;
use magnet_proto::path::{Feed, InsertKind, NodeOp, Path, StepRef};

use super::{Briefed, Draft};
use crate::made::{Log, Made};

/// The path with the proposed steps that were taken, and the calls in its
/// order.
pub(super) fn apply(path: &Path, walked: Option<&Log>, draft: Draft) -> Result<Briefed, String> {
    let mut path = path.clone();
    let mut calls: Vec<Made> = walked.map_or_else(Vec::new, |walked| walked.calls.clone());
    for (turn, taken) in &draft.taken {
        let at = path.turns.get_mut(usize::from(*turn)).ok_or("there is no such turn")?;
        let mut step = match walked {
            Some(walked) => {
                let proposals = walked.proposed.get(turn).map_or(&[][..], Vec::as_slice);
                let proposal = proposals.get(*taken).ok_or("there is no such proposal")?;
                calls.push(proposal.made.clone());
                proposal.step.clone()
            }
            None => at.proposed.get(*taken).ok_or("there is no such proposal")?.clone(),
        };
        step.implicit = true;
        let (new_fn, source) = (step.function, step.feeds.first().map(|feed| feed.from));
        at.steps.push(step);
        let source = source.and_then(|source| Some((source, path.step(source)?.function)));
        let (source, src_fn) = source.ok_or("the proposed step has no source")?;
        path.ops.push(NodeOp::Insert {
            kind: InsertKind::Short,
            src_turn: source.turn,
            src_fn,
            new_fn,
            dst_turn: *turn,
        });
    }
    for at in &draft.implicit {
        step_mut(&mut path, *at).ok_or("there is no such step")?.implicit = true;
    }
    for turn in &mut path.turns {
        turn.proposed.clear();
    }
    for made in &calls {
        let is_used = |feed: &Feed| {
            made.arguments.iter().any(|(name, how)| {
                *name == feed.flow.input
                    && matches!(how, How::Pointed { from, .. } if *from == feed.from)
            })
        };
        if let Some(step) = step_mut(&mut path, made.at) {
            step.feeds.retain(is_used);
        }
    }
    calls.sort_by_key(|made| (made.at, made.copy));
    Ok(Briefed { path, brief: draft.brief, calls })
}

fn step_mut(path: &mut Path, at: StepRef) -> Option<&mut magnet_proto::path::Step> {
    path.turns.get_mut(usize::from(at.turn))?.steps.get_mut(usize::from(at.step))
}
