//! The list read back: which conversations to leave out.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::Result;
use magnet_proto::process::Failure;
use serde::Deserialize;

/// The ids of the conversations of a list.
#[derive(Debug, Default)]
pub struct Contaminated(HashSet<String>);

#[derive(Deserialize)]
struct Entry {
    id: String,
}

impl Contaminated {
    /// Reads a list, or any JSON lines with an `id`.
    ///
    /// # Errors
    /// If the file cannot be read or a line has no id.
    pub fn read(path: &Path) -> Result<Self> {
        let refuse = |what: String, cause: Box<dyn std::error::Error + Send + Sync>| {
            Failure::usage(format!("the list \"{}\" {what}", path.display()))
                .hint("`magnet contamination` writes one")
                .caused_by(cause)
        };
        let unread = |error: io::Error| refuse("cannot be read".into(), error.into());
        let file = File::open(path).map_err(unread)?;
        let mut ids = HashSet::new();
        for (number, line) in BufReader::new(file).lines().enumerate() {
            let line = line.map_err(unread)?;
            let entry: Entry = serde_json::from_str(&line).map_err(|error| {
                refuse(format!("has no id in line {}", number + 1), error.into())
            })?;
            ids.insert(entry.id);
        }
        Ok(Self(ids))
    }

    pub fn holds(&self, conversation: &str) -> bool {
        self.0.contains(conversation)
    }
}
