//! One conversation of the dataset compared with the benchmark.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::{PoisonError, RwLock};

use anyhow::Result;
use magnet_proto::late;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::benchmark::{Benchmark, runs};
use super::functions::{Same, SharedFunction, Signature};
use crate::dataset::Line;

/// Why a conversation counts as contaminated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Ground {
    /// It calls a function of the benchmark
    Function,
    /// Its calls are, for a while, those of the benchmark
    Path,
    /// A request is nearly one of the benchmark's
    Request,
}

/// What a conversation shares with the benchmark: a line of the list.
#[derive(Debug, Serialize)]
pub struct Finding {
    pub(super) id: String,
    /// Its functions that are called, and those that are only on offer.
    pub(super) functions: BTreeSet<String>,
    #[serde(skip)]
    pub(super) offered: BTreeSet<String>,
    /// Calls in a row, by the benchmark's names.
    pub(super) paths: BTreeSet<Vec<String>>,
    pub(super) requests: Vec<SharedRequest>,
}

#[derive(Debug, Serialize)]
pub(super) struct SharedRequest {
    turn: usize,
    similarity: f64,
    /// Where the benchmark has it.
    benchmark: String,
}

impl Finding {
    pub(super) fn has(&self, ground: Ground) -> bool {
        match ground {
            Ground::Function => !self.functions.is_empty(),
            Ground::Path => !self.paths.is_empty(),
            Ground::Request => !self.requests.is_empty(),
        }
    }
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
    #[serde(borrow, default)]
    tools: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
}

#[derive(Default, Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    tools_added: Vec<Added<'a>>,
}

#[derive(Deserialize)]
struct Added<'a> {
    #[serde(borrow, default)]
    tools: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow, default)]
    content: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    tool_calls: Vec<Call<'a>>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    function: Called<'a>,
}

#[derive(Deserialize)]
struct Called<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

/// A tool of the dataset that is one of the benchmark's, or not.
type Known = Option<(String, Same)>;

pub(super) struct Finder<'a> {
    benchmark: &'a Benchmark,
    path_length: usize,
    /// Every tool document that was met, by its digest.
    met: RwLock<HashMap<u64, Known>>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(benchmark: &'a Benchmark, path_length: usize) -> Self {
        Self { benchmark, path_length, met: RwLock::default() }
    }

    pub(super) fn look(&self, line: &Line) -> Result<Finding> {
        let record: Record<'_> = line.parse()?;
        let late = record.metadata.tools_added.iter().flat_map(|added| &added.tools);
        let known = record.tools.iter().chain(late).filter_map(|tool| self.known(tool.get()));
        let shared: HashMap<String, Same> = known.collect();
        let calls = record.messages.iter().flat_map(|message| &message.tool_calls);
        let names: Vec<&str> = calls.map(|call| &*call.function.name).collect();
        let (called, offered): (BTreeSet<_>, BTreeSet<_>) =
            shared.keys().cloned().partition(|name| names.contains(&name.as_str()));
        let rows = runs(names.iter().map(|name| Some(shared.get(*name)?.at)), self.path_length);
        let by_name = |path: Vec<usize>| -> Vec<String> {
            path.into_iter().map(|at| self.benchmark.functions.name(at).to_owned()).collect()
        };
        Ok(Finding {
            id: record.id.into_owned(),
            paths: rows.filter(|row| self.benchmark.paths.contains(row)).map(by_name).collect(),
            functions: called,
            offered,
            requests: self.requests(&record.messages),
        })
    }

    fn requests(&self, messages: &[Message<'_>]) -> Vec<SharedRequest> {
        let users = messages.iter().filter(|message| message.role == "user").enumerate();
        let shared = users.filter_map(|(turn, message)| {
            let said = late::spoken(message.content.as_deref().unwrap_or_default());
            let (at, similarity) = self.benchmark.requests.nearest(said, self.benchmark.alike)?;
            let benchmark = self.benchmark.origins[at].clone();
            Some(SharedRequest { turn, similarity: round(similarity), benchmark })
        });
        shared.collect()
    }

    /// The name of a tool that is one of the benchmark's, and which.
    fn known(&self, document: &str) -> Known {
        let digest = BuildHasherDefault::<DefaultHasher>::default().hash_one(document);
        let met = self.met.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = met.get(&digest) {
            return known.clone();
        }
        drop(met);
        let tool = serde_json::from_str(document).unwrap_or_default();
        let known = Signature::of(&tool).and_then(|signature| {
            let same = self.benchmark.functions.same_as(&signature, self.benchmark.alike)?;
            Some((signature.name, same))
        });
        let mut met = self.met.write().unwrap_or_else(PoisonError::into_inner);
        met.insert(digest, known.clone());
        known
    }

    /// The dataset's functions that are the benchmark's, by name; of several
    /// documents of one function the most similar.
    pub(super) fn shared(self) -> BTreeMap<String, SharedFunction> {
        let met = self.met.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut shared: BTreeMap<String, SharedFunction> = BTreeMap::new();
        let mut known: Vec<(String, Same)> = met.into_values().flatten().collect();
        known.sort_by(|(_, a), (_, b)| a.similarity.total_cmp(&b.similarity).then(a.at.cmp(&b.at)));
        for (name, same) in known {
            let function = SharedFunction {
                function: name.clone(),
                benchmark: self.benchmark.functions.name(same.at).to_owned(),
                same_name: same.same_name,
                similarity: round(same.similarity),
                called: 0,
                offered: 0,
            };
            shared.insert(name, function);
        }
        shared
    }
}

/// To three places: what is shown says no more.
fn round(similarity: f64) -> f64 {
    (similarity * 1_000.0).round() / 1_000.0
}
