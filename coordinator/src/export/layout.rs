//! What a layout is: how it writes a row down, and what its readers take.

use anyhow::Result;
use serde::Serialize;

use super::notes::Notes;
use super::row::{Parted, Row};
use crate::finalize::{FileEntry, Lines};

/// How the rows of a file are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Jsonl,
    /// Parquet; what is not text is JSON as text, so that the columns' types
    /// are the same whatever the tools.
    Text,
    /// Parquet; a list of messages of `role` and `content` stays one.
    Chat,
}

/// One format.
pub(super) trait Layout: Sync {
    /// Writes a conversation down.
    fn conversation(&self, row: &Row<'_>, out: &mut Out, notes: &mut Notes) -> Result<()>;

    /// Writes a pair down.
    fn pair(&self, pair: &Parted<'_>, out: &mut Out, notes: &mut Notes) -> Result<()>;

    /// What a person puts into the trainer's configuration, as Markdown.
    fn guide(&self) -> &'static str;

    /// The names of its two files, and how they are stored.
    fn files(&self) -> [(&'static str, Form); 2] {
        [("sft", Form::Jsonl), ("preference", Form::Jsonl)]
    }

    /// Whether it has a place for pairs.
    fn has_pairs(&self) -> bool {
        true
    }

    /// Whether it holds the lines as they are.
    fn is_verbatim(&self) -> bool {
        false
    }

    /// Whether its readers take Parquet with JSON in text columns.
    fn takes_parquet(&self) -> bool {
        false
    }

    /// Whether it has a place for whole trajectories with a flag a message.
    fn takes_trajectories(&self) -> bool {
        false
    }

    /// Whether its readers take numbered and compressed files.
    fn takes_series(&self) -> bool {
        true
    }

    /// Further files, by name.
    fn beside(&self, _: &[FileEntry]) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Rows for the two files of a layout.
#[derive(Debug, Default)]
pub(super) struct Out {
    pub(super) first: Lines,
    pub(super) second: Lines,
}

impl Out {
    pub(super) fn first(&mut self, row: &impl Serialize) -> Result<()> {
        write(&mut self.first, row)
    }

    pub(super) fn second(&mut self, row: &impl Serialize) -> Result<()> {
        write(&mut self.second, row)
    }
}

fn write(lines: &mut Lines, row: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut lines.bytes, row)?;
    lines.bytes.push(b'\n');
    lines.end_row();
    Ok(())
}
