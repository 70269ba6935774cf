//! Parquet: rows of JSON as columns of text.
//!
//! What is not text is JSON as text, and the file says nothing about its types
//! to any one loader: columns that hold tools of many shapes have no type that
//! all versions of the loaders agree on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use indexmap::IndexMap;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::layout::Form;
use crate::finalize::{Digesting, FileEntry};

/// A row group is written when it holds about this much.
const GROUP_BYTES: usize = 16 << 20;
const ZSTD_LEVEL: i32 = 3;

/// One table as a file or a numbered series.
pub(super) struct Table {
    folder: PathBuf,
    stem: &'static str,
    form: Form,
    /// 0 = one file.
    rows_per_file: u64,
    open: Option<Open>,
    done: Vec<FileEntry>,
}

struct Open {
    name: String,
    writer: SerializedFileWriter<Digesting>,
    columns: Vec<(String, Column)>,
    size: usize,
    rows: u64,
}

/// The values of a column since the last row group.
enum Column {
    Text(Vec<ByteArray>),
    /// Messages: their roles and contents, and how many each row has.
    Chat {
        roles: Vec<ByteArray>,
        contents: Vec<ByteArray>,
        lengths: Vec<usize>,
    },
}

#[derive(Deserialize)]
struct ChatMessage {
    role: String,
    content: String,
}

type Row<'a> = IndexMap<String, &'a RawValue>;

impl Table {
    pub(super) fn new(folder: &Path, stem: &'static str, form: Form, rows_per_file: u64) -> Self {
        let folder = folder.to_owned();
        Self { folder, stem, form, rows_per_file, open: None, done: Vec::new() }
    }

    /// Adds a row, a JSON object. All rows have the keys of the first one.
    pub(super) fn push(&mut self, row: &[u8]) -> Result<()> {
        let row: Row<'_> = serde_json::from_slice(row)?;
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.next_file(&row)?,
        };
        open.push(&row)?;
        if open.size >= GROUP_BYTES {
            open.write_group()?;
        }
        let is_full = self.rows_per_file > 0 && open.rows >= self.rows_per_file;
        match is_full {
            true => self.done.push(open.finish()?),
            false => self.open = Some(open),
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Vec<FileEntry>> {
        if let Some(open) = self.open.take() {
            self.done.push(open.finish()?);
        }
        Ok(self.done)
    }

    fn next_file(&self, row: &Row<'_>) -> Result<Open> {
        let number = match self.rows_per_file {
            0 => String::new(),
            _ => format!("-{:05}", self.done.len()),
        };
        let name = format!("{}{number}.parquet", self.stem);
        let columns = row.iter().map(|(key, value)| {
            let is_chat = self.form == Form::Chat && value.get().starts_with('[');
            let column = match is_chat {
                true => Column::Chat { roles: vec![], contents: vec![], lengths: vec![] },
                false => Column::Text(vec![]),
            };
            (key.clone(), column)
        });
        let columns: Vec<(String, Column)> = columns.collect();
        let fields: String = columns.iter().map(|(name, column)| column.field(name)).collect();
        let schema = parse_message_type(&format!("message rows {{ {fields} }}"))?;
        let zstd = Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?);
        let properties = WriterProperties::builder().set_compression(zstd).build();
        let file = Digesting::create(&self.folder.join(&name))?;
        let writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?;
        Ok(Open { name, writer, columns, size: 0, rows: 0 })
    }
}

impl Open {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        if row.len() != self.columns.len() {
            bail!("a row of \"{}\" has other columns than the first one", self.name);
        }
        for (name, column) in &mut self.columns {
            let value = row.get(name).with_context(|| format!("a row without \"{name}\""))?;
            self.size += value.get().len();
            column.push(value)?;
        }
        self.rows += 1;
        Ok(())
    }

    fn write_group(&mut self) -> Result<()> {
        let mut group = self.writer.next_row_group()?;
        for (_, column) in &mut self.columns {
            column.write(&mut group)?;
        }
        group.close()?;
        self.size = 0;
        Ok(())
    }

    fn finish(mut self) -> Result<FileEntry> {
        if self.size > 0 {
            self.write_group()?;
        }
        Ok(self.writer.into_inner()?.entry(self.name, self.rows)?)
    }
}

impl Column {
    /// The column in the schema's own language.
    fn field(&self, name: &str) -> String {
        match self {
            Self::Text(_) => format!("required binary {name} (UTF8);"),
            Self::Chat { .. } => format!(
                "required group {name} (LIST) {{ repeated group list {{ required group element {{ \
                 required binary role (UTF8); required binary content (UTF8); }} }} }}"
            ),
        }
    }

    fn push(&mut self, value: &RawValue) -> Result<()> {
        match self {
            Self::Text(values) => {
                let json = value.get();
                let text: Vec<u8> = match json.starts_with('"') {
                    true => serde_json::from_str::<String>(json)?.into_bytes(),
                    false => json.into(),
                };
                values.push(text.into());
            }
            Self::Chat { roles, contents, lengths } => {
                let messages: Vec<ChatMessage> = serde_json::from_str(value.get())?;
                lengths.push(messages.len());
                for message in messages {
                    roles.push(message.role.into_bytes().into());
                    contents.push(message.content.into_bytes().into());
                }
            }
        }
        Ok(())
    }

    /// Writes the values down and forgets them.
    fn write(&mut self, group: &mut SerializedRowGroupWriter<'_, Digesting>) -> Result<()> {
        match self {
            Self::Text(values) => write(group, &std::mem::take(values), None),
            Self::Chat { roles, contents, lengths } => {
                let levels = Levels::of(lengths);
                lengths.clear();
                write(group, &std::mem::take(roles), Some(&levels))?;
                write(group, &std::mem::take(contents), Some(&levels))
            }
        }
    }
}

/// How Parquet tells lists: for every value whether there is one, and whether
/// it goes on with the list of the value before.
struct Levels {
    definition: Vec<i16>,
    repetition: Vec<i16>,
}

impl Levels {
    fn of(lengths: &[usize]) -> Self {
        let mut levels = Self { definition: Vec::new(), repetition: Vec::new() };
        for &length in lengths {
            // An empty list is told by one entry without a value.
            for at in 0..length.max(1) {
                levels.definition.push((length > 0).into());
                levels.repetition.push((at > 0).into());
            }
        }
        levels
    }
}

fn write(
    group: &mut SerializedRowGroupWriter<'_, Digesting>,
    values: &[ByteArray],
    levels: Option<&Levels>,
) -> Result<()> {
    let mut column = group.next_column()?.context("the schema has fewer columns")?;
    let definition = levels.map(|levels| levels.definition.as_slice());
    let repetition = levels.map(|levels| levels.repetition.as_slice());
    column.typed::<ByteArrayType>().write_batch(values, definition, repetition)?;
    Ok(column.close()?)
}
