//! `contamination.json`: what a dataset shares with a benchmark, in numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::find::{Finding, Ground};
use super::functions::SharedFunction;
use super::{Benchmark, Settings};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Digests of the files that were looked through.
    pub(super) files: Vec<String>,
    pub benchmark: Against,
    /// From which similarity on two are alike, and how many calls in a row
    /// make a path.
    pub alike: f64,
    pub path_length: usize,
    /// Conversations looked through, and those that are listed.
    pub conversations: u64,
    pub listed: u64,
    pub calling_a_function: u64,
    pub sharing_a_path: u64,
    pub sharing_a_request: u64,
    /// Of the benchmark's functions, those that the dataset has.
    pub functions_shared: u64,
    pub functions: Vec<SharedFunction>,
}

/// How much there was to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Against {
    pub functions: u64,
    pub conversations: u64,
    /// Those that are long enough to say anything.
    pub requests: u64,
}

/// What is counted, conversation by conversation.
#[derive(Debug, Default)]
pub(super) struct Counts {
    conversations: u64,
    listed: u64,
    by_ground: [u64; 3],
    called: BTreeMap<String, u64>,
    offered: BTreeMap<String, u64>,
}

const GROUNDS: [Ground; 3] = [Ground::Function, Ground::Path, Ground::Request];

impl Counts {
    pub(super) fn add(&mut self, finding: &Finding, is_listed: bool) {
        self.conversations += 1;
        self.listed += u64::from(is_listed);
        for (count, ground) in self.by_ground.iter_mut().zip(GROUNDS) {
            *count += u64::from(finding.has(ground));
        }
        let of = |counts: &mut BTreeMap<String, u64>, names: &BTreeSet<String>| {
            for name in names {
                *counts.entry(name.clone()).or_default() += 1;
            }
        };
        of(&mut self.called, &finding.functions);
        of(&mut self.offered, &finding.offered);
    }
}

impl Account {
    pub(super) fn new(
        benchmark: &Benchmark,
        settings: &Settings,
        counts: Counts,
        shared: BTreeMap<String, SharedFunction>,
        files: Vec<String>,
    ) -> Self {
        let number = |counts: &BTreeMap<String, u64>, name: &str| {
            counts.get(name).copied().unwrap_or_default()
        };
        let mut functions: Vec<SharedFunction> = shared
            .into_values()
            .map(|function| SharedFunction {
                called: number(&counts.called, &function.function),
                offered: number(&counts.offered, &function.function),
                ..function
            })
            .collect();
        functions.sort_by_key(|function| std::cmp::Reverse(function.called));
        let distinct: BTreeSet<&str> = functions.iter().map(|f| f.benchmark.as_str()).collect();
        let [calling_a_function, sharing_a_path, sharing_a_request] = counts.by_ground;
        Self {
            files,
            benchmark: Against {
                functions: benchmark.functions.len() as u64,
                conversations: benchmark.conversations,
                requests: benchmark.origins.len() as u64,
            },
            alike: settings.alike,
            path_length: settings.path_length,
            conversations: counts.conversations,
            listed: counts.listed,
            calling_a_function,
            sharing_a_path,
            sharing_a_request,
            functions_shared: distinct.len() as u64,
            functions,
        }
    }

    /// All of it in one sentence.
    pub fn sentence(&self) -> String {
        let Against { functions, conversations, requests } = self.benchmark;
        let of = |count: u64| {
            let percent = 100.0 * count as f64 / self.conversations.max(1) as f64;
            format!("{count} ({percent:.1} %)")
        };
        let functions = format!(
            "{} of the {functions} functions of a benchmark are in this dataset: {} of {} \
             conversations call one",
            self.functions_shared,
            of(self.calling_a_function),
            self.conversations,
        );
        if conversations == 0 {
            return format!("{functions}. Its conversations were not compared.");
        }
        format!(
            "{functions}, {} share {} calls in a row with one of its {conversations} \
             conversations, {} have a request like one of its {requests}.",
            of(self.sharing_a_path),
            self.path_length,
            of(self.sharing_a_request),
        )
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let cannot = || format!("writing \"{}\"", path.display());
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        let aside = path.with_extension("part");
        std::fs::write(&aside, text).with_context(cannot)?;
        std::fs::rename(&aside, path).with_context(cannot)
    }

    pub(super) fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Against { functions, conversations, requests } = self.benchmark;
        writeln!(
            f,
            "against {functions} functions, {requests} requests of {conversations} conversations"
        )?;
        writeln!(f, "{} of its functions are in the dataset", self.functions_shared)?;
        for shared in &self.functions {
            let SharedFunction { function, benchmark, similarity, called, offered, .. } = shared;
            let name = match shared.same_name {
                true => function.clone(),
                false => format!("{function}, like {benchmark}"),
            };
            writeln!(
                f,
                "  {name}: similarity {similarity:.2}, called in {called}, only offered in {offered}"
            )?;
        }
        let whole = self.conversations;
        for (count, what) in [
            (self.calling_a_function, "call one of its functions".to_owned()),
            (self.sharing_a_path, format!("share {} calls in a row", self.path_length)),
            (self.sharing_a_request, "have a request like one of its own".to_owned()),
        ] {
            let percent = 100.0 * count as f64 / whole.max(1) as f64;
            writeln!(f, "{count} of {whole} conversations {what} ({percent:.1} %)")?;
        }
        write!(f, "{} listed", self.listed)
    }
}
