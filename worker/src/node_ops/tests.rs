//! What every operation keeps and changes, and how often it happens.

use std::collections::HashSet;

use magnet_proto::config::{Campaign, Mix, NodeOps};
use magnet_proto::outcome::Reason;
use magnet_proto::path::{Fault, InsertKind, Kind, NodeOp, Path, Purpose, SplitKind, Turn};
use proptest::prelude::*;

use super::fixtures::{World, no_ops};
use super::{MAX_COPIES, MAX_FUNCTIONS, edit, params};

/// Settings under which everything happens often.
fn busy() -> impl Strategy<Value = NodeOps> {
    (prop::array::uniform8(0.0..=1.0f64), prop::array::uniform3(0.0..=1.0f64), any::<bool>())
        .prop_map(
            |([merge, insert, split, parallel, pad, fault, conflict, irrelevant], rest, keep)| {
                let [insert_short, split_function, unresolved] = rest;
                NodeOps {
                    merge,
                    insert,
                    insert_short,
                    split,
                    split_function,
                    unresolved,
                    keep_unsplit: keep,
                    parallel,
                    pad,
                    fault,
                    conflict,
                    irrelevant,
                }
            },
        )
}

/// Every promise of the module's header, on one path.
fn check_promises(world: &World, path: &Path) {
    for turn in &path.turns {
        let calls = turn.purpose == Purpose::Calls;
        assert_eq!(calls, !turn.steps.is_empty(), "only turns of calls have steps: {turn:?}");
        assert!(turn.steps.len() <= MAX_FUNCTIONS);
    }
    for (at, step) in edit::steps(path) {
        let function = world.function(step.function);
        assert!((1..=MAX_COPIES).contains(&step.copies));
        let mut fed = HashSet::new();
        for feed in &step.feeds {
            assert!(feed.from < at, "{feed:?} of {at:?} does not point backwards");
            let source = path.step(feed.from).expect("a feed comes from a step of the path");
            assert_ne!(source.fault, Some(Fault::Permanent), "fed by a call that fails");
            assert_eq!(source.copies, 1, "fed by one of several calls");
            assert!(params::has_place(world.function(source.function).output(), &feed.flow.output));
            assert!(function.param(&feed.flow.input).is_some());
            assert!(fed.insert(&feed.flow.input), "{} is fed twice", feed.flow.input);
        }
        if let Some(conflict) = &step.conflict {
            let first = path.step(conflict.earlier).expect("a conflict is with a step of the path");
            assert!(conflict.earlier.turn < at.turn);
            assert_eq!((first.function, &first.feeds), (step.function, &step.feeds));
            assert!(!function.changes_state());
        }
        if step.implicit {
            assert_eq!(
                params::from_user(function, step).count(),
                0,
                "the request would have to say it"
            );
            assert!(!function.changes_state());
        }
    }
    path.ops.iter().for_each(|op| check_log(path, op));
    check_nothing_unlogged(path);
}

/// That an entry of the log tells the truth about the final path.
fn check_log(path: &Path, op: &NodeOp) {
    let turn = |at: &u16| &path.turns[*at as usize];
    let calls = |at: &u16, function| turn(at).steps.iter().filter(move |s| s.function == function);
    match op {
        NodeOp::Merge { turn: at, functions } => {
            let called = turn(at).steps.iter().filter(|step| !step.implicit).map(|s| s.function);
            assert!(called.eq(functions.iter().copied()));
        }
        NodeOp::Insert { kind, src_turn, src_fn, new_fn, dst_turn } => {
            let short = *kind == InsertKind::Short;
            assert!(if short { src_turn == dst_turn } else { src_turn + 1 < *dst_turn });
            let step = calls(dst_turn, *new_fn).next().expect("the inserted step is there");
            assert_eq!(step.implicit, short);
            let from_source = |at| path.step(at).is_some_and(|source| source.function == *src_fn);
            assert!(step.feeds.iter().any(|f| f.from.turn == *src_turn && from_source(f.from)));
        }
        NodeOp::Split { turn: at, function, parameter, resolved, kind } => {
            let purpose = match (kind, parameter) {
                (SplitKind::MissingFunction, None) => {
                    Purpose::MissingFunction { function: *function, resolved: *resolved }
                }
                (SplitKind::MissingParameter, Some(name)) => Purpose::MissingParameter {
                    function: *function,
                    parameter: name.clone(),
                    resolved: *resolved,
                },
                other => panic!("{other:?}"),
            };
            assert_eq!(turn(at).purpose, purpose);
            check_split(path, *at, op);
        }
        NodeOp::Parallel { turn: at, function, copies } => {
            assert!(calls(at, *function).any(|step| step.copies == *copies && *copies > 1));
        }
        NodeOp::Pad { turn: at, function } => {
            assert!(calls(at, *function).any(|step| step.bulky));
        }
        NodeOp::Fault { turn: at, function, fault } => {
            assert!(calls(at, *function).any(|step| step.fault == Some(*fault)));
            let last = turn(at).steps.last().expect("a turn with a fault has steps");
            assert!(*fault == Fault::Transient || last.fault == Some(*fault));
        }
        NodeOp::Conflict { turn: at, function, earlier_turn, path: place } => {
            let named = |conflict: &magnet_proto::path::Conflict| {
                conflict.earlier.turn == *earlier_turn && conflict.path == *place
            };
            assert!(calls(at, *function).any(|step| step.conflict.as_ref().is_some_and(named)));
        }
        NodeOp::Irrelevant { turn: at, function } => {
            assert_eq!(turn(at).purpose, Purpose::Irrelevant { function: *function });
        }
    }
}

fn check_split(path: &Path, at: u16, op: &NodeOp) {
    let NodeOp::Split { function, parameter, resolved, .. } = op else {
        return;
    };
    if !resolved {
        assert!(!edit::calls_function(path, *function), "what never comes is never called");
        return;
    }
    let next = &path.turns[at as usize + 1];
    assert_eq!(next.steps[0].function, *function, "the next turn does what this one asked for");
    if let Some(parameter) = parameter {
        assert!(next.steps[0].feeds.iter().all(|feed| feed.flow.input != *parameter));
    } else {
        let earlier = path.turns[..at as usize].iter().flat_map(|turn| &turn.steps);
        assert!(earlier.into_iter().all(|step| step.function != *function));
    }
}

fn check_nothing_unlogged(path: &Path) {
    let logged = |is: fn(&NodeOp) -> bool| path.ops.iter().filter(|op| is(op)).count();
    let count = |is: fn(&Turn) -> bool| path.turns.iter().filter(|turn| is(turn)).count();
    assert_eq!(
        logged(|op| matches!(op, NodeOp::Split { .. } | NodeOp::Irrelevant { .. })),
        count(|turn| turn.purpose != Purpose::Calls),
    );
    let steps = |is: fn(&magnet_proto::path::Step) -> bool| {
        path.turns.iter().flat_map(|turn| &turn.steps).filter(|step| is(step)).count()
    };
    assert_eq!(logged(|op| matches!(op, NodeOp::Parallel { .. })), steps(|step| step.copies > 1));
    assert_eq!(logged(|op| matches!(op, NodeOp::Fault { .. })), steps(|step| step.fault.is_some()));
    assert_eq!(logged(|op| matches!(op, NodeOp::Conflict { .. })), steps(|s| s.conflict.is_some()));
    assert_eq!(logged(|op| matches!(op, NodeOp::Pad { .. })), steps(|step| step.bulky));
    let short = |op: &NodeOp| matches!(op, NodeOp::Insert { kind: InsertKind::Short, .. });
    assert_eq!(logged(short), steps(|step| step.implicit));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_path_keeps_every_promise(ops in busy(), functions in 1usize..40, seed: u64) {
        let mut world = World::drawn(functions, ops, seed);
        world.mix = Mix { multi_turn: 6.0, single_turn: 2.0, irrelevance: 1.0, ..Mix::default() };
        world.paths(40).iter().for_each(|path| check_promises(&world, path));
    }

    #[test]
    fn without_operations_the_path_is_the_walk(functions in 1usize..40, seed: u64, index in 0u64..500) {
        let world = World::drawn(functions, no_ops(), seed);
        let walker = world.walker();
        let mut walk = walker.walk(&world.graph, magnet_proto::WalkIndex(index)).nodes;
        let mut seen = HashSet::new();
        walk.retain(|id| seen.insert(*id) || world.function(*id).required().next().is_some());
        match world.path(&walker, index) {
            Ok(path) => {
                let expected: Vec<_> = walk.into_iter().map(|id| vec![id]).collect();
                prop_assert_eq!(path.signature(), expected);
                prop_assert!(path.ops.is_empty());
            }
            Err(rejection) => {
                prop_assert_eq!(rejection.reason, Reason::ShortWalk);
                prop_assert!(walk.len() < world.walks.min_nodes.get());
            }
        }
    }

    #[test]
    fn insert_adds_and_never_moves_what_was_there(seed: u64, short in 0.0..=1.0f64) {
        let before = World::drawn(30, no_ops(), seed);
        let ops = NodeOps { insert: 1.0, insert_short: short, ..no_ops() };
        let after = World::drawn(30, ops, seed);
        for (before, after) in before.paths(20).iter().zip(after.paths(20)) {
            let inserted: HashSet<_> = after.ops.iter().map(|op| match op {
                NodeOp::Insert { new_fn, .. } => *new_fn,
                other => panic!("insert logged {other:?}"),
            }).collect();
            prop_assert_eq!(inserted.len(), after.ops.len());
            let kept = after.functions().filter(|function| !inserted.contains(function));
            prop_assert!(kept.eq(before.functions()));
        }
    }

    #[test]
    fn split_only_puts_one_empty_turn_in(seed: u64, unresolved in 0.0..=1.0f64) {
        let ops = NodeOps { merge: 0.3, insert: 0.5, ..no_ops() };
        let before = World::drawn(30, ops.clone(), seed);
        let after = World::drawn(30, NodeOps { split: 1.0, unresolved, ..ops }, seed);
        for (before, after) in before.paths(20).iter().zip(after.paths(20)) {
            let mut signature = after.signature();
            signature.retain(|turn| !turn.is_empty());
            prop_assert_eq!(signature, before.signature());
            prop_assert!(after.turns.len() - before.turns.len() <= 1);
        }
    }

    #[test]
    fn with_both_kept_the_odd_walk_is_the_split_of_the_even_one(seed: u64) {
        let ops = NodeOps { split: 1.0, keep_unsplit: true, ..NodeOps::default() };
        let world = World::drawn(30, ops, seed);
        let walker = world.walker();
        for k in 0..10 {
            let (phi, split) = (world.path(&walker, 2 * k), world.path(&walker, 2 * k + 1));
            let (Ok(phi), Ok(split)) = (phi, split) else { continue };
            let split_phi = phi.ops.iter().any(|op| matches!(op, NodeOp::Split { .. }));
            prop_assert!(!split_phi);
            let mut signature = split.signature();
            let splits = split.ops.iter().filter_map(|op| match op {
                NodeOp::Split { turn, .. } => Some(*turn as usize),
                _ => None,
            });
            splits.for_each(|turn| { signature.remove(turn); });
            prop_assert_eq!(signature, phi.signature());
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_paths() {
    let paths = |seed| World::drawn(40, NodeOps::default(), seed).paths(50);
    assert_eq!(paths(3), paths(3));
    assert_ne!(paths(3), paths(4));
}

#[test]
fn turning_one_operation_off_leaves_the_draws_of_the_others() {
    let on = World::drawn(40, NodeOps::default(), 5);
    let off = World::drawn(40, NodeOps { pad: 0.0, ..NodeOps::default() }, 5);
    for (on, off) in on.paths(200).iter().zip(off.paths(200)) {
        if on.ops.iter().all(|op| !matches!(op, NodeOp::Pad { .. })) {
            assert_eq!(*on, off);
        }
    }
}

#[test]
fn the_paper_preset_does_nothing_of_ours() {
    let campaign = Campaign::paper();
    let mut world = World::drawn(60, campaign.node_ops, 11);
    (world.walks, world.mix) = (campaign.walk, campaign.mix);
    for path in world.paths(600).iter().filter(|path| path.kind == Kind::MultiTurn) {
        let ours = |op: &NodeOp| {
            !matches!(
                op,
                NodeOp::Merge { .. } | NodeOp::Insert { .. } | NodeOp::Split { resolved: true, .. }
            )
        };
        assert!(!path.ops.iter().any(ours), "{:?}", path.ops);
    }
}

/// The share of paths (or of something counted in them) for which it holds.
fn share<T>(of: impl IntoIterator<Item = T>, holds: impl Fn(&T) -> bool) -> f64 {
    let (mut all, mut held) = (0u32, 0u32);
    for item in of {
        all += 1;
        held += u32::from(holds(&item));
    }
    f64::from(held) / f64::from(all.max(1))
}

fn assert_near(what: &str, measured: f64, expected: std::ops::RangeInclusive<f64>) {
    assert!(expected.contains(&measured), "{what}: {measured:.3} is not in {expected:?}");
}

#[test]
fn the_kinds_come_in_the_shares_of_the_mix() {
    let mut world = World::drawn(60, NodeOps::default(), 2);
    world.mix = Mix { multi_turn: 1.0, single_turn: 2.0, irrelevance: 1.0, ..Mix::default() };
    let paths = world.paths(2_000);
    let of = |kind| share(&paths, |path| path.kind == kind);
    assert_near("single turn", of(Kind::SingleTurn), 0.46..=0.58);
    assert_near("irrelevance", of(Kind::Irrelevance), 0.21..=0.30);
    let single = || paths.iter().filter(|path| path.kind == Kind::SingleTurn);
    assert!(single().all(|path| path.turns.len() == 1));
    let calls = |path: &Path| -> u32 {
        path.turns[0].steps.iter().map(|step| u32::from(step.copies)).sum()
    };
    let mean = f64::from(single().map(calls).sum::<u32>()) / single().count() as f64;
    assert_near("calls of a single turn", mean, 1.5..=2.0);
}

#[test]
fn merges_and_inserts_happen_at_their_rates() {
    let nodes = |paths: &[Path]| paths.iter().map(|path| path.functions().count()).sum::<usize>();
    let plain = World::drawn(60, no_ops(), 9).paths(1_000);
    let pairs = nodes(&plain) - plain.len();
    let merged = World::drawn(60, NodeOps { merge: 0.3, ..no_ops() }, 9).paths(1_000);
    let merges: usize = merged.iter().map(|path| path.ops.len()).sum();
    // Each merge takes the next pair from being drawn: p / (1 + p) at length.
    assert_near("merges a pair", merges as f64 / pairs as f64, 0.2..=0.3);

    let inserted = World::drawn(60, NodeOps { insert: 0.5, ..no_ops() }, 9).paths(1_000);
    let proposed = |path: &Path| path.turns.iter().filter(|t| !t.proposed.is_empty()).count();
    let inserts: usize = inserted.iter().map(|path| path.ops.len() + proposed(path)).sum();
    assert_near("inserts a position", inserts as f64 / nodes(&plain) as f64, 0.15..=0.5);
}

#[test]
fn each_of_our_operations_happens_at_its_rate() {
    let rate = |ops: NodeOps, is: fn(&NodeOp) -> bool| {
        let paths = World::drawn(60, ops, 21).paths(1_500);
        share(&paths, |path| path.ops.iter().any(is))
    };
    let parallel =
        rate(NodeOps { parallel: 0.4, ..no_ops() }, |op| matches!(op, NodeOp::Parallel { .. }));
    // What only sets something is not asked for twice.
    assert_near("parallel", parallel, 0.15..=0.44);
    let pad = rate(NodeOps { pad: 0.4, ..no_ops() }, |op| matches!(op, NodeOp::Pad { .. }));
    assert_near("pad", pad, 0.25..=0.44);
    let fault = rate(NodeOps { fault: 0.4, ..no_ops() }, |op| matches!(op, NodeOp::Fault { .. }));
    assert_near("fault", fault, 0.33..=0.44);
    let conflict =
        rate(NodeOps { conflict: 0.4, ..no_ops() }, |op| matches!(op, NodeOp::Conflict { .. }));
    assert_near("conflict", conflict, 0.25..=0.44);
    let irrelevant =
        rate(NodeOps { irrelevant: 0.4, ..no_ops() }, |op| matches!(op, NodeOp::Irrelevant { .. }));
    assert_near("irrelevant", irrelevant, 0.33..=0.44);
}

#[test]
fn splits_come_in_their_shares() {
    let ops = NodeOps { split: 0.5, unresolved: 0.2, ..NodeOps::default() };
    let paths = World::drawn(60, ops, 4).paths(2_000);
    let splits: Vec<&NodeOp> =
        paths.iter().flat_map(|p| &p.ops).filter(|op| matches!(op, NodeOp::Split { .. })).collect();
    assert_near("split", splits.len() as f64 / paths.len() as f64, 0.42..=0.54);
    let function =
        share(&splits, |op| matches!(op, NodeOp::Split { kind: SplitKind::MissingFunction, .. }));
    assert_near("missing function", function, 0.4..=0.75);
    let unresolved = share(&splits, |op| matches!(op, NodeOp::Split { resolved: false, .. }));
    assert_near("unresolved", unresolved, 0.12..=0.28);
}
