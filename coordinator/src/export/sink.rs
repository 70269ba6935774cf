//! The files of an export: two of each part, as lines or as Parquet.

use std::path::Path;

use anyhow::Result;

use super::Settings;
use super::layout::{Form, Layout, Out};
use super::table::Table;
use crate::finalize::{FileEntry, Lines, Series};

/// Where the rows go: for training and, if asked for, held out.
pub(super) struct Sinks {
    training: [Sink; 2],
    held_out: Option<[Sink; 2]>,
}

enum Sink {
    Lines(Box<Series>),
    Table(Box<Table>),
}

const HELD_OUT: [(&str, &str); 3] =
    [("sft", "sft-eval"), ("preference", "preference-eval"), ("rl", "rl-eval")];

impl Sinks {
    pub(super) fn new(layout: &dyn Layout, settings: &Settings) -> Self {
        let files = |rename: fn(&'static str) -> &'static str| {
            layout.files().map(|(stem, form)| Sink::new(rename(stem), form, settings))
        };
        let held_out = |stem| HELD_OUT.iter().find(|(name, _)| *name == stem).map_or(stem, |h| h.1);
        Self {
            training: files(|stem| stem),
            held_out: settings.selection.split.map(|_| files(held_out)),
        }
    }

    pub(super) fn write(&mut self, training: &Out, held_out: &Out) -> Result<()> {
        write(&mut self.training, training)?;
        match &mut self.held_out {
            Some(sinks) => write(sinks, held_out),
            None => Ok(()),
        }
    }

    /// The finished files.
    pub(super) fn finish(self) -> Result<Vec<FileEntry>> {
        let sinks = self.training.into_iter().chain(self.held_out.into_iter().flatten());
        let files = sinks.map(Sink::finish).collect::<Result<Vec<_>>>()?;
        Ok(files.into_iter().flatten().collect())
    }
}

fn write(sinks: &mut [Sink; 2], out: &Out) -> Result<()> {
    let [first, second] = sinks;
    first.write(&out.first)?;
    second.write(&out.second)
}

impl Sink {
    fn new(stem: &'static str, form: Form, settings: &Settings) -> Self {
        let (folder, rows) = (&settings.out, settings.rows_per_file);
        match form {
            Form::Jsonl if !settings.parquet => {
                Self::Lines(Box::new(Series::new(folder, stem, settings.compression, rows)))
            }
            Form::Jsonl => Self::Table(Box::new(Table::new(folder, stem, Form::Text, rows))),
            form => Self::Table(Box::new(Table::new(folder, stem, form, rows))),
        }
    }

    fn write(&mut self, lines: &Lines) -> Result<()> {
        match self {
            Self::Lines(series) => Ok(series.write(lines)?),
            Self::Table(table) => lines.rows().try_for_each(|row| table.push(row)),
        }
    }

    fn finish(self) -> Result<Vec<FileEntry>> {
        match self {
            Self::Lines(series) => Ok(series.finish()?),
            Self::Table(table) => table.finish(),
        }
    }
}

/// Whether an earlier export may have written that file.
pub(super) fn is_of_export(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let name = name.strip_suffix(".zst").unwrap_or(name);
    let Some(stem) = name.strip_suffix(".jsonl").or_else(|| name.strip_suffix(".parquet")) else {
        return name == "dataset_info.json";
    };
    let (stem, number) = match stem.rsplit_once('-') {
        Some((stem, number)) if number.bytes().all(|b| b.is_ascii_digit()) => (stem, number),
        _ => (stem, ""),
    };
    number.len() <= 9 && HELD_OUT.iter().any(|(name, held_out)| stem == *name || stem == *held_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_an_earlier_export_are_known_by_their_names() {
        for name in ["sft.jsonl", "sft-00001.jsonl.zst", "preference-eval.parquet", "rl.jsonl"] {
            assert!(is_of_export(Path::new(name)), "{name}");
        }
        for name in ["sft-mine.jsonl", "notes.jsonl", "README.md", "sft.json", "-.parquet"] {
            assert!(!is_of_export(Path::new(name)), "{name}");
        }
    }
}
