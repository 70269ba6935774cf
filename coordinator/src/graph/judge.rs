//! The judge's part of the graph: labels, edges, nested pairs (paper §3.1, §3.2).
//!
//! ```text
//! library ─► labels for what is "misc" ─► draft ─► E(v), one question a node
//!                                              ─► nested pairs that no flow is known for ─► graph
//! ```
//!
//! Promises: the graph is determined by the library, the settings, the seed and
//! the answers; every answer is kept by content (see [`kept`]), so that a rerun
//! buys none twice; an answer that stays unusable costs its node the judged
//! edges, never the campaign.

mod kept;
mod labels;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use magnet_proto::config::GraphSettings;
use magnet_proto::graph::{EdgeKind, Graph};
use magnet_proto::library::Library;
use magnet_proto::state::State;
use magnet_proto::usage::Usage;
use magnet_proto::{Digest, FunctionId};
use magnet_worker::teacher::{Error, Judge, JudgeEdges, JudgeNested, Judged, Nested, Problem};

use super::Draft;
pub use kept::Kept;

/// Who is asked, and how.
pub struct Asking<'a> {
    pub judge: &'a dyn Judge,
    /// Names model and prompts: answers of others are not taken for theirs.
    pub identity: String,
    pub tries: NonZeroU32,
    /// Questions at once.
    pub in_flight: usize,
    pub kept: Kept,
    /// Holds the memo, which may forget an answer that is kept.
    pub state: Arc<dyn State>,
    /// Told of every question that is answered.
    pub progress: &'a (dyn Fn(&Standing) + Sync),
    pub standing: Mutex<Standing>,
    /// What the answers cost, kept ones too, when they were asked for.
    pub cost: Mutex<Usage>,
}

/// How far the judging has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Questions known so far, of which some may be answered already.
    pub questions: usize,
    pub answered: usize,
    /// Answered by what was kept.
    pub kept: usize,
    /// Questions without a usable answer.
    pub unusable: usize,
}

/// Judging stops: the judge cannot answer, or answers cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    #[error("judging the graph")]
    Judge(#[from] Error),
    #[error("keeping the judge's answers")]
    Kept(#[from] magnet_proto::parts::Error),
}

/// The labelled library and its judged graph.
pub async fn judged(
    asking: &Asking<'_>,
    library: Library,
    settings: &GraphSettings,
    seed: u64,
) -> Result<(Library, Graph), Stop> {
    let library = labels::labelled(asking, library).await?;
    let mut draft = Draft::new(&library, settings, seed);
    let nodes: Vec<Node> = library
        .iter()
        .map(|(function, _)| Node { function, others: draft.candidates(function).to_vec() })
        .filter(|node| !node.others.is_empty())
        .collect();
    let answers = edges(asking, &library, &nodes).await?;
    let mut open = Vec::new();
    for (node, judged) in nodes.iter().zip(&answers) {
        draft.judge(node.function, judged);
        open.extend(unfed(&library, &draft, node.function, judged));
    }
    for (node, pairs) in open.iter().zip(nested(asking, &library, &open).await?) {
        draft.feed(node.function, &pairs);
    }
    let graph = draft.finish();
    Ok((library, graph))
}

/// A function and those it is compared with: one question.
struct Node {
    function: FunctionId,
    others: Vec<FunctionId>,
}

impl Node {
    /// Names the question by all that it shows.
    fn key(&self, asking: &Asking<'_>, library: &Library, kind: &str) -> Digest {
        let told = |id: &FunctionId| {
            let function = library.get(*id);
            let response = function.response.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{} {}\n{response}", id.0, function.tool())
        };
        let own = told(&self.function);
        let others: Vec<String> = self.others.iter().map(told).collect();
        let fields = [kind, &asking.identity, &own].into_iter();
        Digest::of_fields(fields.chain(others.iter().map(String::as_str)).map(str::as_bytes))
    }
}

/// The judged edges between which a value passes that nobody has named yet.
fn unfed(library: &Library, draft: &Draft<'_>, v: FunctionId, judged: &[Judged]) -> Option<Node> {
    // What returns nothing feeds nobody.
    library.get(v).output()?;
    let is_open =
        |judged: &&Judged| judged.kind != EdgeKind::Precondition && !draft.has_flow(v, judged.to);
    let mut others: Vec<FunctionId> = judged.iter().filter(is_open).map(|j| j.to).collect();
    others.sort_unstable();
    others.dedup();
    (!others.is_empty()).then_some(Node { function: v, others })
}

async fn edges(
    asking: &Asking<'_>,
    library: &Library,
    nodes: &[Node],
) -> Result<Vec<Vec<Judged>>, Stop> {
    let key = |node: &Node| node.key(asking, library, "edges");
    let ask = async |node: &Node, problem: Option<Problem<'_>>| {
        let (function, candidates) = (node.function, node.others.as_slice());
        asking.judge.edges(&JudgeEdges { library, function, candidates, problem }).await
    };
    kept::answered(asking, nodes, key, ask).await
}

async fn nested(
    asking: &Asking<'_>,
    library: &Library,
    nodes: &[Node],
) -> Result<Vec<Vec<Nested>>, Stop> {
    let key = |node: &Node| node.key(asking, library, "nested");
    let ask = async |node: &Node, problem: Option<Problem<'_>>| {
        let (function, candidates) = (node.function, node.others.as_slice());
        asking.judge.nested(&JudgeNested { library, function, candidates, problem }).await
    };
    kept::answered(asking, nodes, key, ask).await
}

#[cfg(test)]
mod tests;
