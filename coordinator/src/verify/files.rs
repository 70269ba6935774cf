//! The files of a dataset, read line by line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Error, Verdict};

/// The lines of one kind of file (`sft`, `preference`), in order over all its
/// numbered files.
pub(super) struct Lines {
    files: std::vec::IntoIter<PathBuf>,
    open: Option<(PathBuf, Box<dyn BufRead + Send>, usize)>,
}

impl Lines {
    pub(super) fn open(dir: &Path, kind: &str) -> Result<Self, Error> {
        let mut files: Vec<PathBuf> = names(dir, kind)?;
        files.sort();
        if files.is_empty() && kind == "sft" {
            return Err(Error::NoDataset(dir.to_owned()));
        }
        Ok(Self { files: files.into_iter(), open: None })
    }

    /// The next line with its place, `sft.jsonl:12`. A line that is no JSON
    /// comes as null, which no check accepts.
    pub(super) fn next(&mut self) -> Result<Option<(String, Value)>, Error> {
        loop {
            if self.open.is_none() {
                let Some(path) = self.files.next() else {
                    return Ok(None);
                };
                let reader = reader(&path).map_err(|source| read_error(&path, source))?;
                self.open = Some((path, reader, 0));
            }
            let Some((path, reader, number)) = &mut self.open else {
                continue;
            };
            let mut line = String::new();
            let read = reader.read_line(&mut line).map_err(|source| read_error(path, source))?;
            if read == 0 {
                self.open = None;
                continue;
            }
            *number += 1;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let place = format!("{name}:{number}");
            return Ok(Some((place, serde_json::from_str(&line).unwrap_or_default())));
        }
    }
}

fn read_error(path: &Path, source: std::io::Error) -> Error {
    Error::Read { path: path.to_owned(), source }
}

fn names(dir: &Path, kind: &str) -> Result<Vec<PathBuf>, Error> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(_) => return Err(Error::NoDataset(dir.to_owned())),
    };
    let is_one = |name: &str| {
        let stem = name.strip_suffix(".zst").unwrap_or(name).strip_suffix(".jsonl");
        let rest = stem.and_then(|stem| stem.strip_prefix(kind));
        rest.is_some_and(|rest| {
            rest.is_empty() || rest.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit())
        })
    };
    let names = entries.flatten().map(|entry| entry.path());
    Ok(names
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_one))
        .collect())
}

fn reader(path: &Path) -> std::io::Result<Box<dyn BufRead + Send>> {
    let file = File::open(path)?;
    Ok(match path.extension().is_some_and(|extension| extension == "zst") {
        true => Box::new(BufReader::new(zstd::Decoder::new(file)?)),
        false => Box::new(BufReader::new(file)),
    })
}

/// Compares each file with the digest that the manifest has of it.
pub(super) fn check_digests(dir: &Path, verdict: &mut Verdict) -> Result<(), Error> {
    let Ok(text) = std::fs::read_to_string(dir.join("manifest.json")) else {
        return Ok(());
    };
    let manifest: Value = serde_json::from_str(&text).unwrap_or_default();
    for file in manifest.get("files").and_then(Value::as_array).into_iter().flatten() {
        let name = file.get("name").and_then(Value::as_str).unwrap_or_default();
        let told = file.get("blake3").or_else(|| file.get("digest")).and_then(Value::as_str);
        let path = dir.join(name);
        if !path.exists() {
            verdict.mismatch(name, "the manifest lists the file, but it is not there");
            continue;
        }
        let found = digest(&path).map_err(|source| read_error(&path, source))?;
        if told.is_some_and(|told| told != found) {
            verdict.mismatch(name, "the file is not the one the manifest describes");
        }
    }
    Ok(())
}

fn digest(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().to_hex().to_string()),
            read => hasher.update(&buffer[..read]),
        };
    }
}
