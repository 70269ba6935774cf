//! From paths, directories and globs to the texts of files.
//!
//! Files come in a fixed order: as the paths are given, inside a directory or
//! a glob by name. A file reached twice is read once.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use super::error::Error;

/// The largest file read, and the most files of one directory or pattern.
const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;
const MAX_FILES: usize = 10_000;
/// How deep a directory is searched.
const MAX_DEPTH: usize = 8;

const EXTENSIONS: &[&str] = &["json", "jsonl", "ndjson", "yaml", "yml"];

/// A file to read.
pub(super) struct Source {
    /// As the user would write it: for messages and the report.
    pub(super) label: String,
    pub(super) path: PathBuf,
    /// The folder named by the user that it was found under, if it was.
    pub(super) root: Option<PathBuf>,
    /// Named by the user, rather than found in a directory or by a pattern.
    pub(super) named: bool,
}

/// The files that the paths mean.
pub(super) fn find(paths: &[String], base: &Path) -> Result<Vec<Source>, Error> {
    let mut sources = Vec::new();
    for path in paths {
        sources.extend(resolve(path, base)?);
    }
    let mut seen = BTreeSet::new();
    sources.retain(|source| {
        seen.insert(fs::canonicalize(&source.path).unwrap_or_else(|_| source.path.clone()))
    });
    Ok(sources)
}

fn resolve(given: &str, base: &Path) -> Result<Vec<Source>, Error> {
    let path = base.join(given);
    if path.is_dir() {
        return directory(given, &path);
    }
    if path.exists() {
        return Ok(vec![Source { label: given.to_owned(), path, root: None, named: true }]);
    }
    if given.contains(['*', '?', '[']) {
        return pattern(given, &path, base);
    }
    Err(Error::Missing { path: given.to_owned(), base: base.display().to_string() })
}

fn directory(given: &str, root: &Path) -> Result<Vec<Source>, Error> {
    let mut files = Vec::new();
    collect(given, root, 0, &mut files)?;
    if files.is_empty() {
        return Err(Error::NoToolFiles { path: given.to_owned() });
    }
    let label = |path: &Path| match path.strip_prefix(root) {
        Ok(inside) => Path::new(given).join(inside).display().to_string(),
        Err(_) => path.display().to_string(),
    };
    let root = Some(root.to_owned());
    let source =
        |path: PathBuf| Source { label: label(&path), path, root: root.clone(), named: false };
    Ok(files.into_iter().map(source).collect())
}

fn collect(
    given: &str,
    folder: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
) -> Result<(), Error> {
    let unreadable = |source| Error::Unreadable { path: folder.display().to_string(), source };
    let mut inside: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(unreadable)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| !hidden(path))
        .collect();
    inside.sort();
    for path in inside {
        if path.is_dir() {
            if depth < MAX_DEPTH {
                collect(given, &path, depth + 1, files)?;
            }
        } else if is_tool_file(&path) {
            if files.len() == MAX_FILES {
                return Err(Error::TooManyFiles { path: given.to_owned(), limit: MAX_FILES });
            }
            files.push(path);
        }
    }
    Ok(())
}

fn hidden(path: &Path) -> bool {
    path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'))
}

fn is_tool_file(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

fn pattern(given: &str, full: &Path, base: &Path) -> Result<Vec<Source>, Error> {
    let bad = |why: String| Error::BadPattern { pattern: given.to_owned(), why };
    let pattern = full.to_str().ok_or_else(|| bad("it is not UTF-8".to_owned()))?;
    let matches = glob::glob(pattern).map_err(|error| bad(error.msg.to_owned()))?;
    let mut files: Vec<PathBuf> =
        matches.filter_map(Result::ok).filter(|path| path.is_file()).take(MAX_FILES + 1).collect();
    files.sort();
    match files.len() {
        0 => Err(Error::NoMatch { pattern: given.to_owned(), base: base.display().to_string() }),
        n if n > MAX_FILES => Err(Error::TooManyFiles { path: given.to_owned(), limit: MAX_FILES }),
        _ => Ok(files.into_iter().map(|path| matched(path, full, base)).collect()),
    }
}

fn matched(path: PathBuf, pattern: &Path, base: &Path) -> Source {
    let label = path.strip_prefix(base).unwrap_or(&path).display().to_string();
    // What stands before the first wildcard was named.
    let is_name =
        |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    let root = pattern.components().take_while(is_name).collect();
    Source { label, path, root: Some(root), named: false }
}

/// The file's text, its byte order mark removed.
pub(super) fn read(source: &Source) -> Result<String, Error> {
    let unreadable = |error| Error::Unreadable { path: source.label.clone(), source: error };
    let metadata = fs::metadata(&source.path).map_err(unreadable)?;
    if !metadata.is_file() {
        let error = std::io::Error::other("it is not a regular file");
        return Err(unreadable(error));
    }
    let too_large = |size_bytes| Error::TooLarge {
        path: source.label.clone(),
        size_bytes,
        limit_bytes: MAX_FILE_BYTES,
    };
    if metadata.len() > MAX_FILE_BYTES {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize + 1);
    let file = File::open(&source.path).map_err(unreadable)?;
    // The file may grow while it is read.
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(too_large(bytes.len() as u64));
    }
    decode(&source.label, bytes)
}

/// UTF-8, or UTF-16 that says so with its first bytes.
fn decode(label: &str, bytes: Vec<u8>) -> Result<String, Error> {
    if let Some(text) = utf16(&bytes) {
        return Ok(text);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        }),
        Err(error) => Err(Error::NotText {
            path: label.to_owned(),
            at: error.utf8_error().valid_up_to(),
            hint: encoding_hint(error.as_bytes()),
        }),
    }
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let (is_little, rest) = match bytes {
        [0xff, 0xfe, rest @ ..] => (true, rest),
        [0xfe, 0xff, rest @ ..] => (false, rest),
        _ => return None,
    };
    let read = |pair: &[u8; 2]| match is_little {
        true => u16::from_le_bytes(*pair),
        false => u16::from_be_bytes(*pair),
    };
    let (pairs, odd) = rest.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(read).collect();
    String::from_utf16(&units).ok().filter(|_| odd.is_empty())
}

fn encoding_hint(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "it looks like UTF-16: save it as UTF-8",
        [0x1f, 0x8b, ..] => "it looks like gzip: unpack it first",
        [b'P', b'K', 3, 4, ..] => "it looks like a zip archive: unpack it first",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "it looks like zstd: unpack it first",
        [b'P', b'A', b'R', b'1', ..] => "it looks like Parquet: convert it to JSONL first",
        _ => "save it as UTF-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        assert_eq!(decode("a", b"\xef\xbb\xbf[]".to_vec()).unwrap(), "[]");
    }

    #[test]
    fn utf16_is_read_and_a_broken_one_named_as_such() {
        assert_eq!(decode("a", b"\xff\xfe[\0]\0".to_vec()).unwrap(), "[]");
        assert_eq!(decode("a", b"\xfe\xff\0[\0]".to_vec()).unwrap(), "[]");
        let error = decode("a.json", b"\xff\xfe[\0]".to_vec()).unwrap_err().to_string();
        assert_eq!(
            error,
            "tool library \"a.json\" is not text: byte 0 is not UTF-8\n\
             hint: it looks like UTF-16: save it as UTF-8"
        );
    }
}
