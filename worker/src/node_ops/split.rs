//! Split: φ gets an empty turn and becomes φ̂.
//!
//! The empty turn asks for what the next turn does, but a function is not on
//! offer, or a parameter that only the user knows is not said; the next turn
//! brings it. *Unresolved*, it never comes: then the request is for a function
//! the path does not call, and the empty turn may also end the conversation.

use magnet_proto::FunctionId;
use magnet_proto::path::{Fault, NodeOp, Path, Purpose, SplitKind, Step, Turn};
use magnet_proto::rng::Rng;

use super::{Input, coin, edit, params, pick};

/// What is missing: the function, or one of its parameters.
type Missing = (FunctionId, Option<String>);

pub(super) fn apply(path: &mut Path, input: &Input<'_>, rng: &mut Rng) {
    if !coin(rng, input.ops.split) {
        return;
    }
    let resolved = !coin(rng, input.ops.unresolved);
    let kinds = if coin(rng, input.ops.split_function) {
        [SplitKind::MissingFunction, SplitKind::MissingParameter]
    } else {
        [SplitKind::MissingParameter, SplitKind::MissingFunction]
    };
    // Where the drawn kind fits nowhere, the other one keeps the share.
    for kind in kinds {
        let places =
            if resolved { resolvable(path, kind, input) } else { unresolvable(path, kind, input) };
        if let Some((turn, missing)) = pick_turn(places, rng) {
            return put(path, turn, kind, missing, resolved);
        }
    }
}

/// Puts the empty turn in at that index.
fn put(path: &mut Path, at: usize, kind: SplitKind, missing: Missing, resolved: bool) {
    let (function, parameter) = missing;
    let purpose = match &parameter {
        None => Purpose::MissingFunction { function, resolved },
        Some(name) => Purpose::MissingParameter { function, parameter: name.clone(), resolved },
    };
    edit::insert_turn(path, at, Turn::new(purpose, Vec::new()));
    path.ops.push(NodeOp::Split { kind, turn: at as u16, function, parameter, resolved });
}

/// Draws the turn first, then what it misses: turns with many parameters are
/// not preferred.
fn pick_turn(places: Vec<(usize, Vec<Missing>)>, rng: &mut Rng) -> Option<(usize, Missing)> {
    let (turn, missing) = pick(places, rng)?;
    Some((turn, pick(missing, rng)?))
}

/// The turns before which an empty one fits, with what it can miss. The first
/// turn is a place only if there is no other: the paper puts the empty turn
/// after a turn.
fn resolvable(path: &Path, kind: SplitKind, input: &Input<'_>) -> Vec<(usize, Vec<Missing>)> {
    let mut places = Vec::new();
    for (turn, Turn { steps, .. }) in path.turns.iter().enumerate() {
        let Some(head) = steps.first() else { continue };
        if !hangs_on_its_head(path, turn) || head.copies > 1 || failed(steps) {
            continue;
        }
        let missing = match kind {
            SplitKind::MissingFunction if first_called_in(path, head.function, turn) => {
                vec![(head.function, None)]
            }
            SplitKind::MissingFunction => Vec::new(),
            SplitKind::MissingParameter => askable(path, turn, head, input),
        };
        if !missing.is_empty() {
            places.push((turn, missing));
        }
    }
    if places.len() > 1 {
        places.retain(|(turn, _)| *turn > 0);
    }
    places
}

/// The places for a request whose missing thing never comes.
fn unresolvable(path: &Path, kind: SplitKind, input: &Input<'_>) -> Vec<(usize, Vec<Missing>)> {
    let mut places = Vec::new();
    for turn in 1..=path.turns.len() {
        let Some(last) = path.turns[turn - 1].steps.last() else {
            continue;
        };
        let edges = input.graph.edges(last.function).iter().map(|edge| edge.to);
        let related = edges.filter(|&to| !edit::calls_function(path, to));
        let missing: Vec<Missing> = match kind {
            SplitKind::MissingFunction => related.map(|to| (to, None)).collect(),
            SplitKind::MissingParameter => {
                related.flat_map(|to| askable(path, turn, &Step::new(to), input)).collect()
            }
        };
        if !missing.is_empty() {
            places.push((turn, missing));
        }
    }
    places
}

/// The parameters of a step whose value nothing before that turn tells.
fn askable(path: &Path, turn: usize, step: &Step, input: &Input<'_>) -> Vec<Missing> {
    let (library, graph) = (input.library, input.graph);
    params::from_user(library.get(step.function), step)
        .filter(|field| params::worth_asking(field))
        .filter(|f| !params::is_derivable(path, turn, library, graph, step.function, &f.name))
        .map(|field| (step.function, Some(field.name.clone())))
        .collect()
}

/// Whether nothing of the turn can be done before its first step is.
fn hangs_on_its_head(path: &Path, turn: usize) -> bool {
    let mut reached = vec![edit::position(turn, 0)];
    for (at, step) in path.turns[turn].steps.iter().enumerate().skip(1) {
        if !step.feeds.iter().any(|feed| reached.contains(&feed.from)) {
            return false;
        }
        reached.push(edit::position(turn, at));
    }
    true
}

fn failed(steps: &[Step]) -> bool {
    steps.iter().any(|step| step.fault == Some(Fault::Permanent) || step.conflict.is_some())
}

/// Whether the function is called in no earlier turn, where it is withheld.
fn first_called_in(path: &Path, function: FunctionId, turn: usize) -> bool {
    let mut earlier = path.turns[..turn].iter().flat_map(|turn| &turn.steps);
    earlier.all(|step| step.function != function)
}
