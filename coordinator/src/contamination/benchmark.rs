//! A benchmark as it is compared with: its functions, its requests, its paths.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use magnet_proto::process::Failure;
use serde_json::Value;

use super::functions::{Functions, Signature};
use super::requests::Requests;
use super::spoken::Spoken;
use crate::library;

pub struct Benchmark {
    pub(super) functions: Functions,
    pub(super) requests: Requests,
    /// Where each of them stands.
    pub(super) origins: Vec<String>,
    /// Calls in a row, as functions of the benchmark.
    pub(super) paths: HashSet<Vec<usize>>,
    pub(super) conversations: u64,
    pub(super) alike: f64,
}

impl Benchmark {
    /// Reads tools, in any form that a library may have, and conversations.
    ///
    /// # Errors
    /// If a file cannot be read or holds nothing of the kind.
    pub fn read(
        tools: &[String],
        conversations: &[PathBuf],
        settings: &super::Settings,
    ) -> Result<Self> {
        let library = library::load(tools, Path::new("."))?.library;
        let signatures = library.iter().filter_map(|(_, function)| Signature::of(&function.tool()));
        let mut benchmark = Self {
            functions: Functions::new(signatures.collect()),
            requests: Requests::default(),
            origins: Vec::new(),
            paths: HashSet::new(),
            conversations: 0,
            alike: settings.alike,
        };
        for path in conversations {
            benchmark.add_file(path, settings.path_length)?;
        }
        Ok(benchmark)
    }

    fn add_file(&mut self, path: &Path, path_length: usize) -> Result<()> {
        let before = self.conversations;
        let rows = super::rows(path)
            .with_context(|| format!("reading conversations from \"{}\"", path.display()))?;
        for (number, row) in rows.iter().enumerate() {
            let Some(spoken) = Spoken::of(row) else { continue };
            self.conversations += 1;
            let id = row.get("id").and_then(Value::as_str).map(str::to_owned);
            let id = id.unwrap_or_else(|| format!("{}, row {}", path.display(), number + 1));
            self.add(&spoken, &id, path_length);
        }
        if self.conversations == before {
            let message = format!("\"{}\" holds no conversations", path.display());
            let hint = "rows have `messages`, `conversations`, or a `question` of messages";
            return Err(Failure::usage(message).hint(hint).into());
        }
        Ok(())
    }

    fn add(&mut self, spoken: &Spoken, id: &str, path_length: usize) {
        for (turn, request) in spoken.requests.iter().enumerate() {
            if self.requests.add(request).is_some() {
                self.origins.push(format!("{id}, turn {}", turn + 1));
            }
        }
        let called = spoken.calls.iter().map(|name| self.functions.named(name));
        self.paths.extend(runs(called, path_length));
    }
}

/// All rows of so many functions in the calls of a conversation. Copies of a
/// call beside each other are one; a call of another function ends a row.
pub(super) fn runs(
    calls: impl Iterator<Item = Option<usize>>,
    length: usize,
) -> impl Iterator<Item = Vec<usize>> {
    let mut called: Vec<Option<usize>> = calls.collect();
    called.dedup();
    let windows: Vec<Vec<usize>> = called
        .windows(length.max(1))
        .filter_map(|window| window.iter().copied().collect::<Option<Vec<usize>>>())
        .collect();
    windows.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_where_another_function_is_called() {
        let calls = [Some(1), Some(1), Some(2), Some(3), None, Some(4), Some(5)];
        let found: Vec<_> = runs(calls.into_iter(), 3).collect();
        assert_eq!(found, [vec![1, 2, 3]]);
        assert_eq!(runs(calls.into_iter(), 2).count(), 3);
    }
}
