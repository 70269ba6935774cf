//! Insert: a function that the last one of a turn can feed is added.
//!
//! *Short*: it joins the turn as an implicit step, which the request must not
//! mention; so all it requires comes from outputs, and it may only read.
//! *Long*: it becomes a turn of its own after a later turn, and reaches back.
//! Candidates are the out-edges with a typed flow; an inserted function is new
//! to the path, so that no call repeats another.

use magnet_proto::FunctionId;
use magnet_proto::graph::Flow;
use magnet_proto::path::{Feed, InsertKind, NodeOp, Path, Purpose, Step, StepRef, Turn};
use magnet_proto::rng::Rng;
use rand::RngExt;

use super::{Input, MAX_FUNCTIONS, coin, edit, feeds, params, pick};

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

fn short(path: &mut Path, turn: usize, input: &Input<'_>, rng: &mut Rng) {
    if path.turns[turn].steps.len() >= MAX_FUNCTIONS {
        return;
    }
    let source = last_step(path, turn);
    let nested = candidates(path, source, input)
        .filter(|(to, _)| !input.library.get(*to).changes_state())
        .filter(|(to, _)| all_supplied(path, source, *to, input))
        .map(|(to, flow)| (to, flow.clone()))
        .collect();
    let Some((new_fn, flow)) = pick(nested, rng) else {
        return;
    };
    log(path, InsertKind::Short, source, new_fn, turn);
    let mut step = Step::new(new_fn);
    step.implicit = true;
    step.feeds.push(Feed { from: source, flow });
    path.turns[turn].steps.push(step);
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
    edit::insert_turn(path, at, Turn { purpose: Purpose::Calls, steps: vec![step] });
    log(path, InsertKind::Long, source, new_fn, at);
}

fn log(path: &mut Path, kind: InsertKind, source: StepRef, new_fn: FunctionId, dst: usize) {
    let Some(src_fn) = path.step(source).map(|step| step.function) else {
        return;
    };
    path.ops.push(NodeOp::Insert {
        kind,
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

/// Whether outputs up to the source, or the schema, supply all it requires.
fn all_supplied(path: &Path, source: StepRef, to: FunctionId, input: &Input<'_>) -> bool {
    let next = StepRef { step: source.step + 1, ..source };
    let supplied = |name: &str| {
        feeds::sources(path, next).into_iter().filter_map(|from| path.step(from)).any(|step| {
            let output = input.library.get(step.function).output();
            feeds::flows(input.graph, step.function, to)
                .iter()
                .any(|flow| flow.input == name && params::has_place(output, &flow.output))
        })
    };
    let mut required = input.library.get(to).required();
    required.all(|field| params::has_default(field) || supplied(&field.name))
}
