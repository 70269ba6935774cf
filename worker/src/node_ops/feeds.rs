//! The argument flow of a path: which arguments earlier outputs supply.
//!
//! A required parameter is fed wherever an edge of the graph says how; an
//! optional one only with an identity. A step of the same turn comes first,
//! then the most recent turn. The parameters of one step come from one source
//! element where they can, so that a train's id and its date belong together.

use magnet_proto::graph::{Flow, Graph};
use magnet_proto::library::Library;
use magnet_proto::path::{Fault, Feed, Path, Step, StepRef};
use magnet_proto::shape::Field;

use super::{edit, params};

/// Plans the feeds of every step; those that Insert planned stay.
pub(super) fn plan(path: &mut Path, library: &Library, graph: &Graph) {
    let positions: Vec<StepRef> = edit::steps(path).map(|(at, _)| at).collect();
    for at in positions {
        let Some(step) = path.step(at) else {
            continue;
        };
        let feeds = of_step(path, at, step, library, graph);
        edit::change(path, at, |step| step.feeds = feeds);
    }
    for turn in 0..path.turns.len() {
        let at = edit::position(turn, path.turns[turn].steps.len());
        let proposed = path.turns[turn].proposed.iter();
        let feeds: Vec<Vec<Feed>> =
            proposed.map(|step| of_step(path, at, step, library, graph)).collect();
        for (step, feeds) in path.turns[turn].proposed.iter_mut().zip(feeds) {
            step.feeds = feeds;
        }
    }
}

/// The feeds of one step, all earlier steps being planned.
fn of_step(path: &Path, at: StepRef, step: &Step, library: &Library, graph: &Graph) -> Vec<Feed> {
    let function = library.get(step.function);
    let sources = sources(path, at);
    // A second visit fed like the first would only repeat its call.
    let visits =
        edit::steps(path).filter(|(other, visit)| *other < at && visit.function == step.function);
    let spent: Vec<&Feed> = visits.flat_map(|(_, visit)| &visit.feeds).collect();
    let mut feeds = step.feeds.clone();
    let (required, optional): (Vec<&Field>, _) = function.params().iter().partition(|f| f.required);
    for field in required.into_iter().chain(optional) {
        if feeds.iter().any(|feed| feed.flow.input == field.name) {
            continue;
        }
        let offers = sources.iter().flat_map(|&from| {
            let source = path.step(from).map(|source| source.function);
            let flows = source.map_or(&[][..], |source| flows(graph, source, step.function));
            let output = source.and_then(|source| library.get(source).output());
            flows
                .iter()
                .filter(|flow| flow.input == field.name && (field.required || is_strong(flow)))
                .filter(move |flow| params::has_place(output, &flow.output))
                .map(move |flow| Feed { from, flow: flow.clone() })
        });
        let is_spent = |feed: &Feed| spent.iter().any(|s| s.flow.input == feed.flow.input);
        let fresh = offers.filter(|feed| !is_spent(feed));
        // `min_by_key` keeps the first of equals: the nearest source.
        feeds.extend(fresh.min_by_key(|feed| discord(feed, &feeds)));
    }
    feeds
}

/// The steps that may feed the one at `at`, nearest first: its own turn from
/// the last step on, then the turns before it.
pub(super) fn sources(path: &Path, at: StepRef) -> Vec<StepRef> {
    let earlier = edit::steps(path).filter(|(from, step)| {
        *from < at && step.copies == 1 && step.fault != Some(Fault::Permanent)
    });
    earlier.map(|(from, _)| from).rev().collect()
}

/// The flows of an edge, best first.
pub(super) fn flows(
    graph: &Graph,
    from: magnet_proto::FunctionId,
    to: magnet_proto::FunctionId,
) -> &[Flow] {
    graph.edge(from, to).map_or(&[], |edge| &edge.flows)
}

/// Whether a flow is sure enough for a parameter that could be left out.
pub(super) fn is_strong(flow: &Flow) -> bool {
    let place = flow.output.trim_end_matches("/*").rsplit('/').next().unwrap_or_default();
    params::is_identity(&flow.input) && params::is_identity(place)
}

/// How badly a feed fits those the step already has: 0 the same element, 1
/// another source, 2 another element of the same source.
fn discord(feed: &Feed, feeds: &[Feed]) -> u8 {
    let together = feeds.iter().filter(|other| other.from == feed.from);
    let fits = |other: &Feed| {
        let (one, two) = (element(&feed.flow.output), element(&other.flow.output));
        one.starts_with(two) || two.starts_with(one)
    };
    together.map(|other| if fits(other) { 0 } else { 2 }).max().unwrap_or(1)
}

/// The array element a place belongs to: the path up to its last `*`.
fn element(place: &str) -> &str {
    place.rfind("/*").map_or("", |at| &place[..at + 2])
}
