//! The graph on one screen of a terminal.

use std::fmt::Write as _;

use magnet_proto::config::Walks;
use magnet_proto::graph::{Edge, EdgeKind, Graph};
use magnet_proto::library::Library;
use magnet_proto::{FunctionId, rng};
use rand::seq::IndexedRandom;

use super::{Statistics, kind_name};

/// Numbers, the out-degrees as a picture, and a few edges to judge by.
pub fn summary(library: &Library, graph: &Graph, walks: &Walks, seed: u64) -> String {
    let numbers = Statistics::of(graph, walks, seed);
    let mut text = String::new();
    // Writing into a string cannot fail.
    write_numbers(&mut text, &numbers).ok();
    write_degrees(&mut text, &numbers.out_degrees).ok();
    write_sample(&mut text, library, graph, seed).ok();
    text
}

fn write_numbers(text: &mut String, numbers: &Statistics) -> std::fmt::Result {
    let per_function = numbers.edges as f64 / numbers.functions.max(1) as f64;
    let share = |part: u64, all: u64| 100.0 * part as f64 / all.max(1) as f64;
    let list = |counts: &std::collections::BTreeMap<&str, usize>| {
        let items: Vec<String> = counts.iter().map(|(name, n)| format!("{n} {name}")).collect();
        items.join(", ")
    };
    writeln!(text, "functions      {}", numbers.functions)?;
    writeln!(text, "edges          {} ({per_function:.1} a function)", numbers.edges)?;
    if numbers.edges > 0 {
        writeln!(text, "  by kind      {}", list(&numbers.kinds))?;
        writeln!(text, "  by source    {}", list(&numbers.sources))?;
    }
    writeln!(
        text,
        "ends           {} lead nowhere, nothing leads to {}, {} stand alone",
        numbers.dead_ends, numbers.unreached, numbers.isolated
    )?;
    writeln!(
        text,
        "parts          {}; the largest set in which each reaches each has {}",
        numbers.components, numbers.largest_cycle
    )?;
    let walks = &numbers.walks;
    writeln!(
        text,
        "walks          {:.1} % of {} have {} nodes or more; {:.1} on average; \
         {:.1} % of steps pass a value on",
        share(walks.long_enough, walks.sampled),
        walks.sampled,
        walks.min_nodes,
        walks.mean_nodes,
        100.0 * walks.steps_with_flow
    )
}

fn write_degrees(text: &mut String, degrees: &[usize]) -> std::fmt::Result {
    const WIDTH: usize = 40;
    let most = degrees.iter().copied().max().unwrap_or(0).max(1);
    writeln!(text, "\nout-edges  functions")?;
    for (degree, &count) in degrees.iter().enumerate() {
        let bar = "█".repeat((count * WIDTH).div_ceil(most));
        writeln!(text, "{degree:>9}  {count:>6} {bar}")?;
    }
    Ok(())
}

/// A few edges that pass values on, drawn by seed: one is enough to see, a
/// dozen to judge.
fn write_sample(
    text: &mut String,
    library: &Library,
    graph: &Graph,
    seed: u64,
) -> std::fmt::Result {
    const SHOWN: usize = 12;
    let flowing: Vec<(FunctionId, &Edge)> = graph
        .nodes()
        .flat_map(|(from, node)| node.edges.iter().map(move |edge| (from, edge)))
        .filter(|(_, edge)| edge.kind != EdgeKind::Precondition && !edge.flows.is_empty())
        .collect();
    let mut rng = rng::campaign_stream(seed, "graph summary", &[]);
    let mut shown: Vec<_> = flowing.sample(&mut rng, SHOWN).collect();
    shown.sort_by_key(|(from, edge)| (*from, edge.to));
    if !shown.is_empty() {
        writeln!(text, "\nsome edges")?;
    }
    for (from, edge) in shown {
        let (from, to) = (&library.get(*from).name, &library.get(edge.to).name);
        writeln!(text, "  {from} → {to} ({})", kind_name(edge.kind))?;
        for flow in &edge.flows {
            writeln!(text, "      {} → {}", plain(&flow.output), plain(&flow.input))?;
        }
    }
    Ok(())
}

/// Without the control characters that a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
