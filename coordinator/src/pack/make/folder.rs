//! The folder a pack is made in: one process's at a time, and a pack that can
//! be read whenever the making stops.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

const ABOUT: &str = "pack.json";
const LOCK: &str = ".lock";
/// Where paid answers are kept until what they say is in the pack.
const ANSWERS: &str = "answers.log";

/// A folder that is ours until it is dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "\"{}\" holds \"{file}\" and no pack\nhint: choose another folder with --out DIR",
        path.display()
    )]
    Other { path: PathBuf, file: String },
    #[error(
        "another process makes a pack in \"{}\"\nhint: wait for it, or choose another folder with \
         --out DIR", path.display()
    )]
    Busy { path: PathBuf },
    #[error("writing the pack: \"{}\"", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl Folder {
    /// Opens a pack's folder, or makes one.
    ///
    /// # Errors
    /// If somebody else's things lie there, or another process is at work.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let refuse = |source| Error::Io { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(refuse)?;
        if !path.join(ABOUT).is_file() {
            let mut names = Vec::new();
            for entry in fs::read_dir(path).map_err(refuse)? {
                names.push(entry.map_err(refuse)?.file_name().to_string_lossy().into_owned());
            }
            names.sort_unstable();
            let is_other = |name: &String| !name.starts_with('.') && name != ANSWERS;
            if let Some(file) = names.into_iter().find(is_other) {
                return Err(Error::Other { path: path.to_owned(), file });
            }
        }
        let lock = File::create(path.join(LOCK)).map_err(refuse)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::Busy { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(refuse(source)),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn answers(&self) -> PathBuf {
        self.path.join(ANSWERS)
    }

    /// Whether a file of that name is there.
    pub fn has(&self, name: &str) -> bool {
        self.path.join(name).is_file()
    }

    /// Puts a file there as a whole.
    pub fn put(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.path.join(name);
        let refuse = |source| Error::Io { path: path.clone(), source };
        let folder = path.parent().unwrap_or(&self.path);
        fs::create_dir_all(folder).map_err(refuse)?;
        let aside = folder.join(".unfinished");
        fs::write(&aside, text).and_then(|()| fs::rename(&aside, &path)).map_err(refuse)
    }

    /// Says whose pack it is.
    pub fn put_about(&self, about: &impl Serialize) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(about).map_err(io::Error::other);
        let path = self.path.join(ABOUT);
        self.put(ABOUT, &(text.map_err(|source| Error::Io { path, source })? + "\n"))
    }

    /// Adds an entry at the end of a file, whose other lines stay as their
    /// author left them.
    pub fn add(&self, name: &str, entry: &Value) -> Result<(), Error> {
        let path = self.path.join(name);
        let mut text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(Error::Io { path, source }),
        };
        if !text.is_empty() {
            text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
        }
        self.put(name, &format!("{text}{entry:#}\n"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn entries_are_added_behind_what_a_person_wrote() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("pack.json"), "{\"format\": 1}").unwrap();
        fs::create_dir(folder.path().join("phrases")).unwrap();
        fs::write(folder.path().join("phrases/a.jsonl"), "{\"mine\":  1}").unwrap();
        let pack = Folder::open(folder.path()).unwrap();
        pack.add("phrases/a.jsonl", &json!({"theirs": 2})).unwrap();
        let text = fs::read_to_string(folder.path().join("phrases/a.jsonl")).unwrap();
        assert_eq!(text, "{\"mine\":  1}\n\n{\n  \"theirs\": 2\n}\n");
    }

    #[test]
    fn a_folder_with_other_things_and_one_in_use_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        let error = Folder::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("notes.txt") && error.contains("hint: "), "{error}");
        let new = folder.path().join("new/pack");
        let first = Folder::open(&new).unwrap();
        assert!(matches!(Folder::open(&new), Err(Error::Busy { .. })));
        drop(first);
        assert!(Folder::open(&new).is_ok());
    }
}
