//! Insert: a function that the last one of a turn can feed is added.
//!
//! *Short*: it would join the turn as an implicit step, which the request does
//! not mention; so it may only read. Which one of the proposed functions joins,
//! if any, is the brief's choice.
//! *Long*: it becomes a turn of its own after a later turn, and reaches back.
//! Candidates are the out-edges with a typed flow; an inserted function is new
//! to the path, so that no call repeats another.

use magnet_proto::FunctionId;
use magnet_proto::graph::Flow;
use magnet_proto::path::{Feed, InsertKind, NodeOp, Path, Purpose, Step, StepRef, Turn};
use magnet_proto::rng::Rng;
use rand::RngExt;
use rand::seq::SliceRandom;

use super::{Input, MAX_FUNCTIONS, coin, edit, feeds, params, pick};

/// How many functions a short Insert proposes.
const PROPOSED: usize = 5;

/// Inserts at each path position with probability `insert`, short or long.
pub(super) fn apply(path: &mut Path, input: &Input<'_>, rng: &mut Rng) {
    // From the end, so that a turn put in moves no position yet to be drawn.
    for turn in (0..path.turns.len()).rev() {
        if !coin(rng, input.ops.insert) {
            continue;
        }
        if coin(rng, input.ops.insert_short) {
            short(path, turn, input, rng);
        } else {
            long(path, turn, input, rng);
        }
    }
}

/// Proposes up to [`PROPOSED`] functions: the brief takes the one that the
/// person's aim needs, or none.
fn short(path: &mut Path, turn: usize, input: &Input<'_>, rng: &mut Rng) {
    if path.turns[turn].steps.len() >= MAX_FUNCTIONS {
        return;
    }
    let source = last_step(path, turn);
    let mut nested: Vec<(FunctionId, Flow)> = candidates(path, source, input)
        .filter(|(to, _)| !input.library.get(*to).changes_state())
        .map(|(to, flow)| (to, flow.clone()))
        .collect();
    nested.shuffle(rng);
    let propose = |(function, flow)| {
        let mut step = Step::new(function);
        step.implicit = true;
        step.feeds.push(Feed { from: source, flow });
        step
    };
    path.turns[turn].proposed = nested.into_iter().take(PROPOSED).map(propose).collect();
}

fn long(path: &mut Path, turn: usize, input: &Input<'_>, rng: &mut Rng) {
    if turn + 1 >= path.turns.len() {
        return;
    }
    let source = last_step(path, turn);
    let nested = candidates(path, source, input).map(|(to, flow)| (to, flow.clone())).collect();
    let Some((new_fn, flow)) = pick(nested, rng) else {
        return;
    };
    let at = rng.random_range(turn + 2..=path.turns.len());
    let mut step = Step::new(new_fn);
    step.feeds.push(Feed { from: source, flow });
    edit::insert_turn(path, at, Turn::new(Purpose::Calls, vec![step]));
    log_long(path, source, new_fn, at);
}

fn log_long(path: &mut Path, source: StepRef, new_fn: FunctionId, dst: usize) {
    let Some(src_fn) = path.step(source).map(|step| step.function) else {
        return;
    };
    path.ops.push(NodeOp::Insert {
        kind: InsertKind::Long,
        src_turn: source.turn,
        src_fn,
        new_fn,
        dst_turn: dst as u16,
    });
}

fn last_step(path: &Path, turn: usize) -> StepRef {
    edit::position(turn, path.turns[turn].steps.len().saturating_sub(1))
}

/// The functions whose argument can be had from the source's output, each with
/// its best flow.
fn candidates<'a>(
    path: &'a Path,
    source: StepRef,
    input: &Input<'a>,
) -> impl Iterator<Item = (FunctionId, &'a Flow)> {
    let library = input.library;
    let from = path.step(source).map(|step| step.function);
    let output = from.and_then(|from| library.get(from).output());
    let edges = from.map_or(&[][..], |from| input.graph.edges(from));
    edges.iter().filter(|edge| !edit::calls_function(path, edge.to)).filter_map(move |edge| {
        let function = library.get(edge.to);
        let requires = |flow: &&Flow| function.param(&flow.input).is_some_and(|f| f.required);
        let known = || edge.flows.iter().filter(|f| params::has_place(output, &f.output));
        let strong = |flow: &&Flow| feeds::is_strong(flow) && function.param(&flow.input).is_some();
        let flow = known().find(requires).or_else(|| known().find(strong))?;
        Some((edge.to, flow))
    })
}
