//! The file of a recording: a line of JSON for each thing that is kept, each
//! once, under its digest. The first says whose outputs they are.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use magnet_proto::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::execute::{Known, Nature};

/// A file is no recording that can be used here.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("\"{}\": {source}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "\"{}\" is no recording\nhint: make one with executor.NAME.recording of another kind than \
         \"recorded\"", .0.display()
    )]
    Foreign(PathBuf),
    #[error(
        "\"{}\" is a recording of \"{there}\", not of \"{here}\"\nhint: record into another file",
        path.display()
    )]
    AnotherExecutor { path: PathBuf, there: String, here: String },
}

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Head {
        executor: String,
        nature: Nature,
    },
    Kept {
        at: Digest,
        #[serde(flatten)]
        entry: Entry,
    },
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    /// What a conversation started from.
    Start(Option<Value>),
    Output {
        content: String,
        is_error: bool,
        is_clean: bool,
    },
    /// What existed.
    Known(Known),
}

/// A recording that is read.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) executor: String,
    pub(super) nature: Nature,
    entries: HashMap<Digest, Entry>,
}

impl Recording {
    pub(super) fn read(path: &Path) -> Result<Self, Unreadable> {
        let failed = |source| Unreadable::Io { path: path.to_owned(), source };
        let mut lines = BufReader::new(File::open(path).map_err(failed)?).split(b'\n');
        let head = lines.next().transpose().map_err(failed)?.unwrap_or_default();
        let Ok(Line::Head { executor, nature }) = serde_json::from_slice(&head) else {
            return Err(Unreadable::Foreign(path.to_owned()));
        };
        let mut entries = HashMap::new();
        for line in lines {
            // A line that a killed process left is not whole: it is not there.
            if let Ok(Line::Kept { at, entry }) = serde_json::from_slice(&line.map_err(failed)?) {
                entries.entry(at).or_insert(entry);
            }
        }
        Ok(Self { executor, nature, entries })
    }

    pub(super) fn get(&self, at: Digest) -> Option<&Entry> {
        self.entries.get(&at)
    }
}

/// A recording that grows. Others of this process may write into the same
/// file: lines are whole.
#[derive(Debug)]
pub(super) struct Tape {
    path: PathBuf,
    inside: Mutex<Inside>,
}

#[derive(Debug)]
struct Inside {
    file: File,
    there: HashSet<Digest>,
}

impl Tape {
    /// Goes on with a file, or begins it.
    pub(super) fn open(path: &Path, executor: &str, nature: Nature) -> Result<Self, Unreadable> {
        let failed = |source| Unreadable::Io { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).read(true).open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() == 0 {
            let head = Line::Head { executor: executor.to_owned(), nature };
            write(&mut file, &head).map_err(failed)?;
        }
        let recording = Recording::read(path)?;
        if recording.executor != executor {
            let (there, here) = (recording.executor, executor.to_owned());
            return Err(Unreadable::AnotherExecutor { path: path.to_owned(), there, here });
        }
        end_last_line(&mut file).map_err(failed)?;
        let there = recording.entries.into_keys().collect();
        Ok(Self { path: path.to_owned(), inside: Mutex::new(Inside { file, there }) })
    }

    /// Keeps what is not there yet.
    pub(super) fn keep(&self, at: Digest, entry: impl FnOnce() -> Entry) -> Result<(), Unreadable> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if !inside.there.insert(at) {
            return Ok(());
        }
        let failed = |source| Unreadable::Io { path: self.path.clone(), source };
        write(&mut inside.file, &Line::Kept { at, entry: entry() }).map_err(failed)
    }
}

/// Whole, so that lines of several writers do not mix.
fn write(file: &mut File, line: &Line) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    file.write_all(&bytes)
}

/// What a killed process left half of stays alone on its line.
fn end_last_line(file: &mut File) -> io::Result<()> {
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    if last != *b"\n" { file.write_all(b"\n") } else { Ok(()) }
}
