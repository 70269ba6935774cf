//! Judging with a judge whose answers are known.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use magnet_proto::graph::{EdgeSource, Flow};
use magnet_proto::parts::Parts;
use magnet_proto::state::embedded::EmbeddedState;
use magnet_worker::teacher::{Categorize, JudgeTurn, Label, Verdict};
use serde_json::json;

use super::super::fixture::{function, library, moved};
use super::*;

/// Finds that everything leads to `send_text`, whose `body` can be had from
/// any `fact`; every third answer is unusable at first.
#[derive(Default)]
struct Oracle {
    asked: AtomicUsize,
    refuses_all: bool,
}

impl Oracle {
    fn count(&self, problem: Option<Problem<'_>>) -> Result<(), Error> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        match self.refuses_all || (asked.is_multiple_of(3) && problem.is_none()) {
            true => Err(Error::Unusable("no JSON".into())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Judge for Oracle {
    async fn edges(&self, ask: &JudgeEdges<'_>) -> Result<Vec<Judged>, Error> {
        self.count(ask.problem)?;
        let to = ask.library.find("send_text").filter(|to| ask.candidates.contains(to));
        Ok(to
            .map(|to| Judged { to, kind: EdgeKind::PartialInput, flow: None })
            .into_iter()
            .collect())
    }

    async fn nested(&self, ask: &JudgeNested<'_>) -> Result<Vec<Nested>, Error> {
        self.count(ask.problem)?;
        let flow = || Flow { output: "/fact".into(), input: "body".into() };
        Ok(ask.candidates.iter().map(|to| Nested { to: *to, flow: flow() }).collect())
    }

    async fn categorize(&self, ask: &Categorize<'_>) -> Result<Vec<Label>, Error> {
        self.count(ask.problem)?;
        let label = |function: &FunctionId| Label {
            function: *function,
            category: "weather".into(),
            class: "storms".into(),
        };
        Ok(ask.functions.iter().map(label).collect())
    }

    async fn turn(&self, _: &JudgeTurn<'_>) -> Result<Verdict, Error> {
        Err(Error::Unusable("no turns here".into()))
    }
}

/// Forty functions that tell a fact, of which the last five have no category.
fn desk() -> Library {
    let fact = || Some(json!({"fact": {"type": "string"}}));
    let tell = |at: usize| {
        let function = function(&format!("tell_{at}"), &["key"], fact());
        if at < 35 { function } else { moved(function, "misc", "misc") }
    };
    let text = function("send_text", &["body", "to"], None);
    library((0..40).map(tell).chain([text]).collect())
}

async fn judge(oracle: &Oracle, parts: &Parts, library: Library) -> (Library, Graph, Standing) {
    let asking = Asking {
        judge: oracle,
        identity: "oracle".into(),
        tries: NonZeroU32::new(2).unwrap(),
        in_flight: 7,
        kept: Kept::new(parts.clone()),
        progress: &|_| {},
        standing: Mutex::default(),
        state: Arc::new(EmbeddedState::new()),
        cost: Mutex::default(),
    };
    let settings = GraphSettings::default();
    let (library, graph) = judged(&asking, library, &settings, 7).await.unwrap();
    (library, graph, asking.standing.into_inner().unwrap())
}

fn memory() -> Parts {
    Parts::open("memory:", ".".as_ref()).unwrap()
}

#[tokio::test]
async fn judged_edges_get_their_flows_from_nested_pairs() {
    let (library, graph, standing) = judge(&Oracle::default(), &memory(), desk()).await;
    let text = library.find("send_text").unwrap();
    let judged = graph.nodes().filter_map(|(v, _)| graph.edge(v, text));
    let judged: Vec<_> = judged.filter(|edge| edge.source == EdgeSource::Judge).collect();
    assert!(judged.len() > 10, "{}", judged.len());
    let flow = Flow { output: "/fact".into(), input: "body".into() };
    for edge in judged {
        assert_eq!((edge.kind, &edge.flows[..]), (EdgeKind::PartialInput, &[flow.clone()][..]));
    }
    assert_eq!((standing.answered, standing.unusable), (standing.questions, 0));
}

#[tokio::test]
async fn functions_without_a_category_are_labelled_and_the_others_left() {
    let (library, _, _) = judge(&Oracle::default(), &memory(), desk()).await;
    let of = |name: &str| library.get(library.find(name).unwrap());
    assert_eq!(
        (of("tell_38").category.as_str(), of("tell_38").class.as_str()),
        ("weather", "storms")
    );
    assert_eq!(of("tell_3").category, "travel");
}

#[tokio::test]
async fn a_second_judging_asks_nothing_and_finds_the_same() {
    let (oracle, parts) = (Oracle::default(), memory());
    let (_, first, _) = judge(&oracle, &parts, desk()).await;
    let asked = oracle.asked.load(Ordering::Relaxed);
    let (_, second, standing) = judge(&oracle, &parts, desk()).await;
    assert_eq!(oracle.asked.load(Ordering::Relaxed), asked);
    assert_eq!(first, second);
    assert_eq!(standing.kept, standing.questions);
}

#[tokio::test]
async fn a_judge_without_any_usable_answer_leaves_the_schemas_graph() {
    let oracle = Oracle { refuses_all: true, ..Oracle::default() };
    let (library, graph, standing) = judge(&oracle, &memory(), desk()).await;
    assert_eq!(graph, super::super::build(&library, &GraphSettings::default(), 7));
    assert_eq!(standing.unusable, standing.questions);
}
