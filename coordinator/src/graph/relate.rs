//! The edge between two functions, if there is one: the schema matcher.
//!
//! Values first (`full_input`, `partial_input`); where none pass, a verb that
//! decides about another verb's call on the same thing (`precondition`).

use magnet_proto::FunctionId;
use magnet_proto::graph::{Edge, EdgeKind, EdgeSource, Flow};

use super::affinity::{Pair, USABLE, WELCOME, affinity, is_refuted};
use super::kind::Kind;
use super::profile::{Input, Output, Profile};
use super::profiles::Profiles;
use super::sense::{Designator, Sense};
use super::verb::Verb;

/// An edge with its rank among its node's: what the cap keeps.
#[derive(Clone, Debug)]
pub(super) struct Ranked {
    pub(super) rank: f64,
    pub(super) edge: Edge,
}

/// An output found for an input.
struct Found<'a> {
    input: &'a Input,
    output: &'a Output,
    score: f64,
}

/// The edge from `from` to `to` that their schemas and names give.
pub(super) fn relate(profiles: &Profiles, from: FunctionId, to: FunctionId) -> Option<Ranked> {
    let (v, u) = (profiles.get(from), profiles.get(to));
    flows(&Pair { profiles, v, u })
        .or_else(|| {
            let rank = precondition(profiles, v, u);
            (rank >= MIN_PRECONDITION).then(|| (EdgeKind::Precondition, rank, Vec::new()))
        })
        .map(|(kind, rank, flows)| Ranked {
            rank,
            edge: Edge { to, kind, source: EdgeSource::Schema, flows },
        })
}

/// The edge to `to` by the words both speak of, for a function that would
/// lead nowhere else.
pub(super) fn relate_loosely(profiles: &Profiles, from: FunctionId, to: FunctionId) -> Ranked {
    let (v, u) = (profiles.get(from), profiles.get(to));
    let near = if v.category == u.category { nearness(v, u) } else { 0.3 };
    let rank = near * (0.1 + likeness(profiles, v, u)) * 0.3;
    let edge =
        Edge { to, kind: EdgeKind::Precondition, source: EdgeSource::Schema, flows: Vec::new() };
    Ranked { rank, edge }
}

/// Whether a flow that somebody names cannot be: see [`is_refuted`].
pub(super) fn refutes(profiles: &Profiles, from: FunctionId, to: FunctionId, flow: &Flow) -> bool {
    let (v, u) = (profiles.get(from), profiles.get(to));
    let output = v.outputs.iter().find(|output| output.path == flow.output);
    let input = u.inputs.iter().find(|input| input.name == flow.input);
    match (output, input) {
        (Some(output), Some(input)) => is_refuted(&Pair { profiles, v, u }, output, input),
        // Of alike outputs one is known here.
        _ => false,
    }
}

const MIN_PRECONDITION: f64 = 0.2;

/// 1 in the same class, less in the same category, least elsewhere.
fn nearness(v: &Profile, u: &Profile) -> f64 {
    match () {
        _ if is_close(v, u) => 1.0,
        _ if v.category == u.category => 0.9,
        _ => 0.75,
    }
}

/// Whether they belong together more than their category says: one class, and
/// where that is "misc", one subject.
fn is_close(v: &Profile, u: &Profile) -> bool {
    v.class == u.class && (v.classed || v.nouns.iter().any(|noun| u.nouns.contains(noun)))
}

fn flows(pair: &Pair<'_>) -> Option<(EdgeKind, f64, Vec<Flow>)> {
    let (profiles, v, u) = (pair.profiles, pair.v, pair.u);
    let mut found: Vec<Found<'_>> =
        u.inputs.iter().filter_map(|input| best_output(pair, input)).collect();
    found.sort_by(|a, b| {
        b.input.important.cmp(&a.input.important).then(b.score.total_cmp(&a.score))
    });
    // One value goes one way: a trip does not start where it ends.
    let mut used: Vec<&str> = Vec::new();
    found.retain(|flow| {
        let path = flow.output.path.as_str();
        let fresh = !used.contains(&path);
        used.push(path);
        fresh
    });
    // A change to what the thing is already would change nothing.
    let names = |flow: &Found<'_>| matches!(flow.input.concept.sense, Sense::Designator(sense) if sense.is_opaque());
    if u.verb == Verb::Update && found.iter().any(names) {
        found.retain(names);
    }
    if !found.iter().any(|flow| flow.input.important) || !convinces(profiles, v, u, &found) {
        return None;
    }
    let mut required = u.inputs.iter().filter(|input| input.required).peekable();
    let full = required.peek().is_some()
        && required.all(|input| found.iter().any(|flow| flow.input.name == input.name));
    let kind = if full { EdgeKind::FullInput } else { EdgeKind::PartialInput };
    let worth: f64 = found.iter().map(|flow| worth(profiles, flow)).sum();
    let rank = nearness(v, u) * (worth + if full { 0.4 } else { 0.0 });
    let flows = found
        .iter()
        .map(|flow| Flow { output: flow.output.path.clone(), input: flow.input.name.clone() })
        .collect();
    Some((kind, rank, flows))
}

/// The output that serves an input best, if one serves well enough.
fn best_output<'a>(pair: &Pair<'a>, input: &'a Input) -> Option<Found<'a>> {
    let v = pair.v;
    let bar = if input.important { USABLE } else { WELCOME };
    let mut best: Option<Found<'a>> = None;
    let mut consider = |output: &'a Output| {
        let gone = is_gone(v, pair.u, output);
        let score = if gone { 0.0 } else { affinity(pair, output, input) };
        if score >= bar && best.as_ref().is_none_or(|best| score > best.score) {
            best = Some(Found { input, output, score });
        }
    };
    if input.concept.sense == Sense::Query {
        v.outputs.iter().for_each(&mut consider);
    }
    for term in input.wants(&pair.profiles.kinds) {
        let start = v.offers.partition_point(|(offered, _)| *offered < term);
        let offers = v.offers[start..].iter().take_while(|(offered, _)| *offered == term);
        offers.for_each(|&(_, at)| consider(&v.outputs[at as usize]));
    }
    best
}

/// Whether the output names what v has just ended, so that u cannot act on it:
/// what was deleted is not there, what was closed is only looked at.
fn is_gone(v: &Profile, u: &Profile, output: &Output) -> bool {
    let names = matches!(output.concept.sense, Sense::Designator(sense) if sense.is_opaque());
    let looks = matches!(u.verb, Verb::Search | Verb::Read | Verb::Check | Verb::Compute);
    let ended = v.verb == Verb::Delete || v.verb == Verb::Close && !looks;
    ended && names && output.concept.entity.last() == v.nouns.last()
}

/// What a flow adds to its edge's rank: specific and new values count most.
fn worth(profiles: &Profiles, flow: &Found<'_>) -> f64 {
    let telling = match flow.output.concept.sense {
        Sense::Value(kind) if kind.is_common() => 0.2,
        Sense::Value(_) => 0.5,
        _ => flow.output.concept.entity.last().map_or(0.2, |&thing| profiles.weight(thing)),
    };
    let new = if flow.output.echo { 0.45 } else { 1.0 };
    let needed = if flow.input.required { 1.0 } else { 0.3 };
    flow.score * (0.4 + telling) * new * needed
}

/// Whether the flows together make a chain one would believe: in one class any
/// usable value does; the further apart, the more it takes.
fn convinces(profiles: &Profiles, v: &Profile, u: &Profile, found: &[Found<'_>]) -> bool {
    let important: Vec<&Found<'_>> = found.iter().filter(|flow| flow.input.important).collect();
    let weigh = |flow: &&Found<'_>| {
        let common = if is_common(profiles, u, flow) { 0.55 } else { 1.0 };
        flow.score * common
    };
    let strength: f64 = important.iter().map(weigh).sum();
    if is_close(v, u) {
        return strength >= 0.3;
    }
    if v.category == u.category {
        return strength >= 0.5;
    }
    // Across categories one value of many asked is no reason to go there, and
    // somebody's address is not anybody's.
    let asked = u.inputs.iter().filter(|input| input.required).count().max(1);
    let covered = important.len().min(asked) as f64 / asked as f64;
    let strength: f64 = important.iter().map(|flow| weigh(flow) * ownness(flow)).sum();
    strength * (0.5 + 0.5 * covered) >= 0.72
}

/// Less for a personal value that the output qualifies and the input does not:
/// a support desk's e-mail where just an e-mail is asked.
fn ownness(flow: &Found<'_>) -> f64 {
    let (given, wanted) = (&flow.output.concept, &flow.input.concept);
    let personal = matches!(given.sense, Sense::Value(Kind::Email | Kind::Phone | Kind::Login));
    let narrowed = !given.qualifiers.is_empty() && given.qualifiers != wanted.qualifiers;
    if personal && narrowed { 0.7 } else { 1.0 }
}

fn is_common(profiles: &Profiles, u: &Profile, flow: &Found<'_>) -> bool {
    let concept = &flow.output.concept;
    match concept.sense {
        // Any text may be translated, summed up or sent.
        Sense::Value(Kind::Text | Kind::Remark) => {
            !matches!(u.verb, Verb::Compute | Verb::Act | Verb::Close)
        }
        Sense::Value(kind) => kind.is_common(),
        Sense::Measure | Sense::Role => true,
        Sense::Designator(Designator::Name | Designator::Title) => {
            flow.input.concept.sense == Sense::Query
        }
        _ => concept.entity.last().is_some_and(|&thing| profiles.weight(thing) < 0.1),
    }
}

/// How much v's outcome decides about u: by their verbs, on the same thing.
fn precondition(profiles: &Profiles, v: &Profile, u: &Profile) -> f64 {
    if v.verb == Verb::Enter && v.class == u.class && u.verb != Verb::Enter {
        return 0.6;
    }
    let (Some(&thing), Some(&other)) = (v.nouns.last(), u.nouns.last()) else {
        return 0.0;
    };
    let same = match () {
        _ if thing == other && v.nouns == u.nouns => 1.0,
        _ if thing == other => 0.85,
        _ if u.nouns.contains(&thing) => 0.6,
        _ => return 0.0,
    };
    if v.category != u.category && profiles.weight(thing) < 0.35 {
        return 0.0;
    }
    let distance = nearness(v, u) * if v.category == u.category { 1.0 } else { 0.5 };
    0.7 * v.verb.enables(u.verb) * same * distance * (0.5 + 0.5 * profiles.weight(thing))
}

/// The weight of the terms both speak of, against those of the lesser one.
fn likeness(profiles: &Profiles, v: &Profile, u: &Profile) -> f64 {
    let weigh = |terms: &[_]| terms.iter().map(|&term| profiles.weight(term)).sum::<f64>();
    let shared: Vec<_> =
        v.topics.iter().filter(|term| u.topics.binary_search(term).is_ok()).copied().collect();
    let lesser = weigh(&v.topics).min(weigh(&u.topics)).max(1.0);
    weigh(&shared) / lesser
}
