//! Dataset files: written aside, digested on the way, moved into place whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use magnet_proto::Digest;
use magnet_proto::config::Compression;
use serde::{Deserialize, Serialize};

const ZSTD_LEVEL: i32 = 3;
const BUFFER_BYTES: usize = 1 << 20;

/// One finished file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    pub name: String,
    pub rows: u64,
    pub size_bytes: u64,
    /// BLAKE3 of the bytes on disk.
    pub blake3: Digest,
}

/// Lines for one dataset, cut into rows.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pub(crate) bytes: Vec<u8>,
    /// Where each row ends.
    pub(crate) ends: Vec<usize>,
}

impl Lines {
    pub(crate) fn end_row(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// Takes a whole line up, if it is wanted.
    pub(crate) fn push_if(&mut self, wanted: bool, line: &str) {
        if wanted {
            self.bytes.extend_from_slice(line.trim_end().as_bytes());
            self.bytes.push(b'\n');
            self.end_row();
        }
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end])
    }
}

/// Writes the rows of one dataset into one file or a numbered series.
pub(crate) struct Series {
    folder: PathBuf,
    stem: &'static str,
    compression: Compression,
    /// 0 = one file.
    rows_per_file: u64,
    open: Option<OpenFile>,
    done: Vec<FileEntry>,
}

struct OpenFile {
    name: String,
    rows: u64,
    sink: Sink,
}

enum Sink {
    Plain(Digesting),
    Zstd(zstd::Encoder<'static, Digesting>),
}

/// A file that counts and digests what goes into it.
pub(crate) struct Digesting {
    file: BufWriter<File>,
    hasher: blake3::Hasher,
    size_bytes: u64,
}

impl Digesting {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let file = BufWriter::with_capacity(BUFFER_BYTES, File::create(path)?);
        Ok(Self { file, hasher: blake3::Hasher::new(), size_bytes: 0 })
    }

    /// The finished file, of so many rows.
    pub(crate) fn entry(mut self, name: String, rows: u64) -> io::Result<FileEntry> {
        self.flush()?;
        let blake3 = Digest::from_bytes(*self.hasher.finalize().as_bytes());
        Ok(FileEntry { name, rows, size_bytes: self.size_bytes, blake3 })
    }
}

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.size_bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.write_all(bytes),
            Self::Zstd(sink) => sink.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<Digesting> {
        match self {
            Self::Plain(sink) => Ok(sink),
            Self::Zstd(sink) => sink.finish(),
        }
    }
}

impl Series {
    pub(crate) fn new(
        folder: &Path,
        stem: &'static str,
        compression: Compression,
        rows_per_file: u64,
    ) -> Self {
        let folder = folder.to_owned();
        Self { folder, stem, compression, rows_per_file, open: None, done: Vec::new() }
    }

    pub(crate) fn write(&mut self, lines: &Lines) -> io::Result<()> {
        if self.rows_per_file == 0 {
            let file = self.file()?;
            file.rows += lines.ends.len() as u64;
            return file.sink.write(&lines.bytes);
        }
        for row in lines.rows() {
            let file = self.file()?;
            file.rows += 1;
            file.sink.write(row)?;
            if file.rows >= self.rows_per_file {
                self.end_file()?;
            }
        }
        Ok(())
    }

    /// Ends the last file; a series without rows has one empty file.
    pub(crate) fn finish(mut self) -> io::Result<Vec<FileEntry>> {
        if self.done.is_empty() {
            self.file()?;
        }
        self.end_file()?;
        Ok(self.done)
    }

    /// The file under way; opens the next one if there is none.
    fn file(&mut self) -> io::Result<&mut OpenFile> {
        let file = match self.open.take() {
            Some(file) => file,
            None => self.next_file()?,
        };
        Ok(self.open.insert(file))
    }

    fn next_file(&self) -> io::Result<OpenFile> {
        let number = match self.rows_per_file {
            0 => String::new(),
            _ => format!("-{:05}", self.done.len()),
        };
        let ending = match self.compression {
            Compression::None => "jsonl",
            Compression::Zstd => "jsonl.zst",
        };
        let name = format!("{}{number}.{ending}", self.stem);
        let sink = Digesting::create(&self.folder.join(&name))?;
        let sink = match self.compression {
            Compression::None => Sink::Plain(sink),
            Compression::Zstd => Sink::Zstd(zstd::Encoder::new(sink, ZSTD_LEVEL)?),
        };
        Ok(OpenFile { name, rows: 0, sink })
    }

    fn end_file(&mut self) -> io::Result<()> {
        let Some(OpenFile { name, rows, sink }) = self.open.take() else {
            return Ok(());
        };
        self.done.push(sink.finish()?.entry(name, rows)?);
        Ok(())
    }
}

/// Whether a file is of a dataset's series, of this run or an earlier one.
pub(crate) fn is_of_dataset(name: &str) -> bool {
    let stem = name.strip_suffix(".zst").unwrap_or(name);
    let Some(stem) = stem.strip_suffix(".jsonl") else {
        return false;
    };
    ["sft", "preference"].iter().any(|series| match stem.strip_prefix(series) {
        Some("") => true,
        Some(number) => number.strip_prefix('-').is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
        }),
        None => false,
    })
}

/// Moves finished files from `aside` into `folder` and removes those of an
/// earlier run that are not among them.
pub(super) fn move_into_place(aside: &Path, folder: &Path, files: &[FileEntry]) -> io::Result<()> {
    for file in files {
        fs::rename(aside.join(&file.name), folder.join(&file.name))?;
    }
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if is_of_dataset(&name) && files.iter().all(|file| file.name != name) {
            fs::remove_file(folder.join(name))?;
        }
    }
    fs::remove_dir_all(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Lines {
        let mut lines = Lines::default();
        for text in texts {
            lines.bytes.extend_from_slice(text.as_bytes());
            lines.end_row();
        }
        lines
    }

    #[test]
    fn rows_are_split_into_numbered_files() {
        let folder = tempfile::tempdir().unwrap();
        let mut series = Series::new(folder.path(), "sft", Compression::None, 2);
        series.write(&lines(&["a\n", "b\n", "c\n"])).unwrap();
        series.write(&lines(&["d\n", "e\n"])).unwrap();
        let files = series.finish().unwrap();
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["sft-00000.jsonl", "sft-00001.jsonl", "sft-00002.jsonl"]);
        let last = fs::read(folder.path().join(names[1])).unwrap();
        assert_eq!(last, b"c\nd\n");
        assert_eq!((files[1].rows, files[1].blake3), (2, Digest::of(b"c\nd\n")));
    }

    #[test]
    fn compressed_files_hold_the_same_rows() {
        let folder = tempfile::tempdir().unwrap();
        let mut series = Series::new(folder.path(), "sft", Compression::Zstd, 0);
        series.write(&lines(&["a\n", "b\n"])).unwrap();
        let files = series.finish().unwrap();
        let bytes = fs::read(folder.path().join("sft.jsonl.zst")).unwrap();
        assert_eq!(zstd::decode_all(bytes.as_slice()).unwrap(), b"a\nb\n");
        assert_eq!(files[0].blake3, Digest::of(&bytes));
    }

    #[test]
    fn a_series_without_rows_has_one_empty_file() {
        let folder = tempfile::tempdir().unwrap();
        let series = Series::new(folder.path(), "preference", Compression::None, 0);
        assert_eq!(series.finish().unwrap()[0].rows, 0);
        assert_eq!(fs::read(folder.path().join("preference.jsonl")).unwrap(), b"");
    }

    #[test]
    fn files_of_an_earlier_run_are_known_by_their_names() {
        for name in ["sft.jsonl", "sft-00012.jsonl.zst", "preference-00000.jsonl"] {
            assert!(is_of_dataset(name), "{name}");
        }
        for name in ["sft-mine.jsonl", "sft.json", "sft-.jsonl", "notes.jsonl", "sft.jsonl.bak"] {
            assert!(!is_of_dataset(name), "{name}");
        }
    }
}
