//! Reading a dataset back: the files a run left in its output folder.
//!
//! Streams record by record, whatever the files' number and compression.
//! Lenient on purpose: a key that a record does not have reads as empty, so
//! that datasets of other versions can still be looked at. Judging whether a
//! record is right is not here.

mod brief;
pub(crate) mod lanes;
mod record;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use magnet_proto::process::Failure;
use memchr::memmem;

use crate::finalize::Manifest;
pub use brief::Brief;
pub use record::{
    Asked, Attempt, Call, Conversation, Message, Metadata, PairMetadata, PairRecord, Played,
    Rejected, ToolCall,
};

/// The longest line that is read; beyond it a file is no dataset.
const MAX_LINE_BYTES: u64 = 256 << 20;

/// The files of one dataset.
#[derive(Clone, Debug)]
pub struct Dataset {
    dir: PathBuf,
    sft: Vec<PathBuf>,
    preference: Vec<PathBuf>,
    rejected: Vec<PathBuf>,
}

impl Dataset {
    /// Finds a dataset's files.
    ///
    /// # Errors
    /// If the folder cannot be read, or holds no `sft.jsonl` of any form.
    pub fn open(dir: &Path) -> Result<Self> {
        let list = || -> std::io::Result<Vec<PathBuf>> {
            std::fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect()
        };
        let mut files = list().map_err(|error| {
            Failure::usage(format!("cannot read the folder \"{}\"", dir.display()))
                .hint("name the output folder of a finished run")
                .caused_by(error)
        })?;
        files.sort_unstable();
        let kind = |name: &str| files.iter().filter(|file| is_of(file, name)).cloned().collect();
        let [sft, preference, rejected]: [Vec<PathBuf>; 3] =
            ["sft", "preference", "rejected"].map(kind);
        if sft.is_empty() {
            let message = format!("\"{}\" holds no dataset: no sft.jsonl is in it", dir.display());
            let hint = "make one with `magnet run --out DIR`, or finish it with the same command";
            return Err(Failure::usage(message).hint(hint).into());
        }
        Ok(Self { dir: dir.to_owned(), sft, preference, rejected })
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The lines of the conversations, in order.
    pub fn sft(&self) -> Lines<'_> {
        Lines::new(&self.sft)
    }

    /// The lines of the preference pairs, in order; none if none were made.
    pub fn preference(&self) -> Lines<'_> {
        Lines::new(&self.preference)
    }

    /// The lines of rejected walks, in order: some of each reason.
    pub fn rejected(&self) -> Lines<'_> {
        Lines::new(&self.rejected)
    }

    /// What the run said about itself.
    pub fn manifest(&self) -> Result<Manifest> {
        let path = self.dir.join("manifest.json");
        let bytes = std::fs::read(&path).map_err(|error| {
            Failure::usage(format!("cannot read \"{}\"", path.display()))
                .hint("it is written when a run finishes: run the same command again")
                .caused_by(error)
        })?;
        let parsed = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::usage(format!("\"{}\" is not a manifest of this version", path.display()))
                .hint("run the same command again: it is written anew")
                .caused_by(error)
        });
        Ok(parsed?)
    }
}

/// `sft.jsonl`, `sft-00001.jsonl`, `sft.jsonl.zst` and the like.
fn is_of(file: &Path, kind: &str) -> bool {
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let name = name.strip_suffix(".zst").unwrap_or(name);
    let Some(number) = name.strip_suffix(".jsonl").and_then(|stem| stem.strip_prefix(kind)) else {
        return false;
    };
    number.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'.')
}

/// The lines of several files as one stream.
pub struct Lines<'a> {
    files: std::slice::Iter<'a, PathBuf>,
    open: Option<(&'a Path, usize, Box<dyn BufRead>)>,
    /// Whether the states that executors began in are left out.
    lean: bool,
}

/// One record's text and where it stands.
#[derive(Clone, Debug)]
pub struct Line {
    pub text: String,
    pub file: PathBuf,
    /// From 1.
    pub number: usize,
}

impl Line {
    /// Where it stands, for a message.
    pub fn place(&self) -> String {
        format!("\"{}\", line {}", self.file.display(), self.number)
    }

    /// The record on this line.
    ///
    /// # Errors
    /// If it is not one, naming file and line.
    pub fn parse<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T> {
        serde_json::from_str(&self.text).with_context(|| {
            format!("\"{}\", line {}, is not a record", self.file.display(), self.number)
        })
    }
}

impl<'a> Lines<'a> {
    fn new(files: &'a [PathBuf]) -> Self {
        Self { files: files.iter(), open: None, lean: false }
    }

    /// Without the states that executors began in: most of a line, and only
    /// who plays a record again needs them.
    #[must_use]
    pub fn lean(self) -> Self {
        Self { lean: true, ..self }
    }

    fn read(&mut self) -> Result<Option<Line>> {
        loop {
            if self.open.is_none() {
                let Some(file) = self.files.next() else {
                    return Ok(None);
                };
                self.open = Some((file, 0, reader(file)?));
            }
            let Some((file, number, reader)) = &mut self.open else {
                continue;
            };
            let mut text = String::new();
            let mut bounded = reader.take(MAX_LINE_BYTES);
            let read = bounded
                .read_line(&mut text)
                .with_context(|| format!("reading \"{}\", line {}", file.display(), *number + 1))?;
            if read == 0 {
                self.open = None;
                continue;
            }
            *number += 1;
            if self.lean {
                cut_state(&mut text);
            }
            if !text.trim().is_empty() {
                return Ok(Some(Line { text, file: file.to_path_buf(), number: *number }));
            }
        }
    }
}

impl Iterator for Lines<'_> {
    type Item = Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Cuts the state out of a record's line. A quote within a JSON text stands
/// behind a backslash, so neither the key nor the end of an object's text can
/// be anything else. A line that is written otherwise stays as it is.
fn cut_state(line: &mut String) {
    const METADATA: &[u8] = b"],\"metadata\":{\"walk\":";
    const KEY: &[u8] = b",\"initial_config\":\"{";
    const END: &[u8] = b"}\"";
    let bytes = line.as_bytes();
    let after = |from: usize, mark: &[u8]| memmem::find(&bytes[from..], mark).map(|at| from + at);
    let place = || {
        let metadata = memmem::find_iter(bytes, METADATA).last()?;
        let from = after(metadata, KEY)?;
        Some(from..after(from + KEY.len(), END)? + END.len())
    };
    if let Some(place) = place() {
        line.drain(place);
    }
}

fn reader(path: &Path) -> Result<Box<dyn BufRead>> {
    let file = File::open(path).with_context(|| format!("opening \"{}\"", path.display()))?;
    if path.extension().is_some_and(|extension| extension == "zst") {
        let decoder = zstd::stream::read::Decoder::new(file)
            .with_context(|| format!("opening \"{}\"", path.display()))?;
        return Ok(Box::new(BufReader::new(decoder)));
    }
    Ok(Box::new(BufReader::with_capacity(1 << 17, file)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn split_and_compressed_files_read_as_one_stream() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("sft-00001.jsonl"), "{\"id\":1}\n{\"id\":2}\n").unwrap();
        let packed = zstd::encode_all(&b"{\"id\":3}\n"[..], 1).unwrap();
        std::fs::write(dir.path().join("sft-00002.jsonl.zst"), packed).unwrap();
        std::fs::write(dir.path().join("sft-notes.jsonl"), "no record").unwrap();
        let dataset = Dataset::open(dir.path()).unwrap();
        let ids: Vec<u64> = dataset
            .sft()
            .map(|line| line.unwrap().parse::<Value>().unwrap()["id"].as_u64().unwrap())
            .collect();
        assert_eq!(ids, [1, 2, 3]);
        assert_eq!(dataset.preference().count(), 0);
    }

    #[test]
    fn lean_lines_lack_nothing_but_the_state() {
        let dir = tempfile::tempdir().unwrap();
        let open = |state: &str, said: &str| {
            let line = format!(
                r#"{{"id":"a","messages":[{{"content":{said:?}}}],"tools":[{{"initial_config":"{{}}"}}],"metadata":{{"walk":1,"executor":"world","initial_config":{state},"persona":"brief"}}}}"#
            );
            std::fs::write(dir.path().join("sft.jsonl"), line + "\n").unwrap();
            let dataset = Dataset::open(dir.path()).unwrap();
            let read = |mut lines: Lines<'_>| lines.next().unwrap().unwrap().parse::<Value>();
            (read(dataset.sft()).unwrap(), read(dataset.sft().lean()).unwrap())
        };
        let state = r#""{\"a\":\"}\",\"b\":[{\"c\":\"\\\"}\\\\\"}]}""#;
        for said in ["yes", r#"x],"metadata":{"walk":1,"initial_config":"{}""#] {
            let (mut whole, lean) = open(state, said);
            let state = whole["metadata"].as_object_mut().unwrap().remove("initial_config");
            assert!(state.is_some());
            assert_eq!(whole, lean);
        }
        let (whole, lean) = open("null", "yes");
        assert_eq!(whole, lean);
    }

    #[test]
    fn a_line_that_is_no_record_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("sft.jsonl"), "{}\nnope\n").unwrap();
        let dataset = Dataset::open(dir.path()).unwrap();
        let line = dataset.sft().nth(1).unwrap().unwrap();
        let error = line.parse::<Value>().unwrap_err().to_string();
        assert!(error.contains("sft.jsonl") && error.contains("line 2"), "{error}");
    }

    #[test]
    fn a_folder_without_a_dataset_says_what_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Dataset::open(dir.path()).unwrap_err().to_string().contains("no sft.jsonl"));
        assert!(Dataset::open(Path::new("/nowhere/at/all")).is_err());
    }
}
