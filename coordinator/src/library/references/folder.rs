//! The files that may be read beside a document.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::library::parse::{self, Parsed};
use crate::library::source::{self, Source};

/// The most files of one document, and what they may weigh together.
const MAX_FILES: usize = 2_000;
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// A document's path and the folder around it that it may refer into.
pub(in crate::library) struct Folder {
    document: PathBuf,
    root: PathBuf,
}

impl Folder {
    /// The folder a source may refer into; none if it is gone by now.
    pub(in crate::library) fn of(source: &Source) -> Option<Self> {
        let document = fs::canonicalize(&source.path).ok()?;
        let root = match &source.root {
            Some(root) => fs::canonicalize(root).ok()?,
            None => document.parent()?.to_owned(),
        };
        Some(Self { document, root })
    }

    pub(in crate::library) fn document(&self) -> &Path {
        &self.document
    }

    /// The file that `from` means, or why it may not be read.
    pub(super) fn find(&self, from: &Path, file: &str) -> Result<PathBuf, String> {
        let folder = from.parent().unwrap_or(&self.root);
        let there = |name: &str| fs::canonicalize(folder.join(name)).ok();
        let path = there(file).or_else(|| there(&file.replace("%20", " ")));
        let path = path.ok_or("which is not there")?;
        if !path.starts_with(&self.root) {
            return Err(format!(
                "which is outside of the folder \"{}\"",
                self.root.file_name().unwrap_or_default().to_string_lossy()
            ));
        }
        Ok(path)
    }

    /// The file's one value; `count` files of `size_bytes` were read before.
    pub(super) fn read(
        &self,
        path: &Path,
        count: usize,
        size_bytes: &mut u64,
    ) -> Result<Value, String> {
        let label = path.strip_prefix(&self.root).unwrap_or(path).display().to_string();
        let source = Source { label, path: path.to_owned(), root: None, named: false };
        let size = fs::metadata(path).map_or(0, |metadata| metadata.len());
        *size_bytes = size_bytes.saturating_add(size);
        if count > MAX_FILES || *size_bytes > MAX_BYTES {
            return Err("which is one file too many".to_owned());
        }
        let unusable = |error: crate::library::Error| {
            let message = error.to_string();
            format!("which is no use: {}", message.lines().next().unwrap_or_default())
        };
        let text = source::read(&source).map_err(unusable)?;
        match parse::parse(&source.label, &text).map_err(unusable)? {
            Parsed::Json(value) => Ok(value),
            Parsed::Yaml(mut values) if values.len() == 1 => Ok(values.swap_remove(0)),
            _ => Err("which is no use: it holds several values".to_owned()),
        }
    }
}
