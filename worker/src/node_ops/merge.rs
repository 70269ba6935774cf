//! Merge: two consecutive turns become one request with several intents.
//!
//! Pairs do not overlap, so a turn has at most two functions afterwards and
//! Insert still fits. The functions and their order stay as they were.

use magnet_proto::path::{NodeOp, Path, Turn};
use magnet_proto::rng::Rng;

use super::coin;

/// Merges each pair of neighbours with that probability.
pub(super) fn apply(path: &mut Path, probability: f64, rng: &mut Rng) {
    let mut merged: Vec<Turn> = Vec::with_capacity(path.turns.len());
    let mut turns = std::mem::take(&mut path.turns).into_iter().peekable();
    while let Some(mut turn) = turns.next() {
        if turns.peek().is_some() && coin(rng, probability) {
            turn.steps.extend(turns.next().into_iter().flat_map(|next| next.steps));
            let functions = turn.steps.iter().map(|step| step.function).collect();
            path.ops.push(NodeOp::Merge { turn: merged.len() as u16, functions });
        }
        merged.push(turn);
    }
    path.turns = merged;
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{path_of, rng};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn merge_keeps_every_function_and_its_order(
            functions in prop::collection::vec(0u32..9, 0..12), p in 0.0..=1.0f64, seed: u64,
        ) {
            let before = path_of(&functions);
            let mut path = before.clone();
            apply(&mut path, p, &mut rng(seed));
            prop_assert!(path.functions().eq(before.functions()));
            prop_assert!(path.turns.iter().all(|turn| (1..=2).contains(&turn.steps.len())));
            let logged: Vec<usize> = path.ops.iter().map(|op| match op {
                NodeOp::Merge { turn, .. } => *turn as usize,
                other => panic!("merge logged {other:?}"),
            }).collect();
            let joined: Vec<usize> =
                (0..path.turns.len()).filter(|&at| path.turns[at].steps.len() == 2).collect();
            prop_assert_eq!(logged, joined);
        }
    }

    #[test]
    fn merge_never_happens_at_zero_and_always_at_one() {
        let mut path = path_of(&[1, 2, 3, 4, 5]);
        apply(&mut path, 0.0, &mut rng(1));
        assert_eq!((path.turns.len(), path.ops.len()), (5, 0));
        apply(&mut path, 1.0, &mut rng(1));
        assert_eq!((path.turns.len(), path.ops.len()), (3, 2));
    }
}
