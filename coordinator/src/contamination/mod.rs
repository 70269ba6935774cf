//! `magnet contamination`: what a dataset shares with a benchmark.
//!
//! ```text
//! benchmark's tools, conversations ─► Benchmark ─┐
//!                             the dataset's lines ┴─► findings ─► account (numbers), list
//! ```
//!
//! Three grounds. *Function*: a called function bears the name of one of the
//! benchmark's, or is one under another name: signature and description nearly
//! equal. *Path*: so many calls in a row are a row of calls of the benchmark.
//! *Request*: a user's message is nearly one of the benchmark's.
//!
//! The dataset streams through, in batches worked side by side; what is kept
//! grows with the benchmark and with the tools of the library, not with the
//! dataset. Not here: leaving out what was found, which `export` does by the
//! list and a campaign by `library.exclude_functions`.

mod account;
mod benchmark;
mod find;
mod functions;
mod list;
mod requests;
mod spoken;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use account::Account;
pub use benchmark::Benchmark;
pub use find::{Finding, Ground};
pub use functions::SharedFunction;
pub use list::Contaminated;

use crate::dataset::{Dataset, Line, lanes};
use account::Counts;
use find::Finder;

/// The numbers, and the list of conversations, in a dataset's folder.
const ACCOUNT: &str = "contamination.json";
const LIST: &str = "contaminated.jsonl";

/// What counts as the same.
pub struct Settings {
    /// The similarity from which on functions and requests are alike.
    pub alike: f64,
    /// Calls in a row that make a shared path.
    pub path_length: usize,
    /// Grounds on which a conversation comes into the list.
    pub grounds: Vec<Ground>,
}

/// What came of it, and where it stands.
pub struct Compared {
    pub account: Account,
    pub account_file: PathBuf,
    pub list_file: PathBuf,
}

/// Compares every conversation with the benchmark; writes account and list
/// into the dataset's folder.
///
/// # Errors
/// If a line is no record, or the folder cannot be written.
pub fn compare(dataset: &Dataset, benchmark: &Benchmark, settings: &Settings) -> Result<Compared> {
    let finder = Finder::new(benchmark, settings.path_length);
    let list_file = dataset.dir().join(LIST);
    let cannot = || format!("writing \"{}\"", list_file.display());
    let aside = list_file.with_extension("part");
    let mut list = BufWriter::new(File::create(&aside).with_context(cannot)?);
    let mut counts = Counts::default();
    let work = |lines: Vec<Line>| -> Result<Vec<Finding>> {
        lines.iter().map(|line| finder.look(line).with_context(|| line.place())).collect()
    };
    lanes::in_order(lanes::batches(dataset.sft().lean()), work, |found: Result<Vec<Finding>>| {
        for finding in found? {
            let is_listed = settings.grounds.iter().any(|ground| finding.has(*ground));
            counts.add(&finding, is_listed);
            if is_listed {
                serde_json::to_writer(&mut list, &finding)?;
                list.write_all(b"\n").with_context(cannot)?;
            }
        }
        Ok(())
    })?;
    list.flush().with_context(cannot)?;
    drop(list);
    std::fs::rename(&aside, &list_file).with_context(cannot)?;
    let account = Account::new(benchmark, settings, counts, finder.shared(), files_of(dataset));
    let account_file = dataset.dir().join(ACCOUNT);
    account.write(&account_file)?;
    Ok(Compared { account, account_file, list_file })
}

/// The account of a dataset, if there is one and it is of these very files.
pub fn account_of(dataset: &Dataset) -> Option<Account> {
    let account = Account::read(&dataset.dir().join(ACCOUNT))?;
    (account.files == files_of(dataset)).then_some(account)
}

/// The digests of the conversations' files; none where there is no manifest.
fn files_of(dataset: &Dataset) -> Vec<String> {
    let files = dataset.manifest().map(|manifest| manifest.files).unwrap_or_default();
    let conversations = files.iter().filter(|file| file.name.starts_with("sft"));
    conversations.map(|file| file.blake3.to_string()).collect()
}

/// Reads a JSON file's rows, be it lines or one list.
fn rows(path: &Path) -> Result<Vec<serde_json::Value>> {
    let text = std::fs::read_to_string(path)?;
    if text.trim_start().starts_with('[') {
        return Ok(serde_json::from_str(&text)?);
    }
    let stream = serde_json::Deserializer::from_str(&text).into_iter();
    Ok(stream.collect::<Result<_, _>>()?)
}
