//! A conversation's folder: what its server may write to, under a name that is
//! the same for every conversation.
//!
//! Servers put absolute paths into outputs. So the folder's real place is
//! replaced by its name in what comes out, and the name by the place in what
//! goes in.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path};

use magnet_proto::Digest;
use serde_json::Value;
use tempfile::TempDir;

/// Deeper and larger folders are not looked through.
const MAX_DEPTH: usize = 16;
const MAX_BYTES: u64 = 64 << 20;

/// Removed when dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    _root: TempDir,
    /// What calls and outputs call it.
    name: String,
    dir: String,
    /// The server's home, its working folder, and what it takes for temporary.
    home: String,
}

impl Folder {
    /// An empty one, outputs naming it so.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let root = tempfile::Builder::new().prefix("magnet-").tempdir()?;
        let real = root.path().canonicalize()?;
        let made = |inner: &str| {
            let path = real.join(inner);
            fs::create_dir(&path)?;
            let utf8 = path.into_os_string().into_string();
            utf8.map_err(|_| io::Error::other("the folder for temporary files is not UTF-8"))
        };
        Ok(Self { dir: made("dir")?, home: made("home")?, name: name.to_owned(), _root: root })
    }

    pub(crate) fn dir(&self) -> &str {
        &self.dir
    }

    pub(crate) fn home(&self) -> &str {
        &self.home
    }

    /// Makes it hold these files and nothing else.
    pub(crate) fn restore(&self, files: &BTreeMap<String, String>) -> io::Result<()> {
        for folder in [&self.dir, &self.home] {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                match entry.file_type()?.is_dir() {
                    true => fs::remove_dir_all(entry.path())?,
                    false => fs::remove_file(entry.path())?,
                }
            }
        }
        for (path, text) in files {
            let path = Path::new(path);
            if !path.components().all(|part| matches!(part, Component::Normal(_))) {
                return Err(io::Error::other(format!("{path:?} leads out of the folder")));
            }
            let path = Path::new(&self.dir).join(path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, text)?;
        }
        Ok(())
    }

    /// Of all that it holds; none where that is too much to look through.
    pub(crate) fn digest(&self) -> Option<Digest> {
        let mut held = Vec::new();
        let mut left = MAX_BYTES;
        for folder in [&self.dir, &self.home] {
            hold(Path::new(folder), 0, &mut left, &mut held)?;
        }
        Some(Digest::of_fields(held.iter().map(Vec::as_slice)))
    }

    /// A call's arguments, with the folder's real place in them.
    pub(crate) fn inward(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.placed(text).into(),
            Value::Array(items) => items.iter().map(|item| self.inward(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(key, value)| (key.clone(), self.inward(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// The name replaced wherever it stands as a path of its own.
    fn placed(&self, text: &str) -> String {
        let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
        let mut placed = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(&self.name) {
            let (before, after) = (&rest[..at], &rest[at + self.name.len()..]);
            let before_it = before.chars().next_back().or_else(|| placed.chars().next_back());
            let ends = after.chars().next().is_none_or(|c| c == '/' || !in_word(c));
            placed.push_str(before);
            placed.push_str(match ends && !before_it.is_some_and(in_word) {
                true => &self.dir,
                false => &self.name,
            });
            rest = after;
        }
        placed.push_str(rest);
        placed
    }

    /// An output's text, without the folder's real place.
    pub(crate) fn outward(&self, text: &str) -> String {
        text.replace(&self.dir, &self.name).replace(&self.home, "/home/user")
    }
}

/// Adds the names and contents below a folder; none if there is too much.
fn hold(folder: &Path, depth: usize, left: &mut u64, held: &mut Vec<Vec<u8>>) -> Option<()> {
    let mut entries: Vec<fs::DirEntry> =
        fs::read_dir(folder).ok()?.collect::<Result<_, _>>().ok()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().ok()?;
        held.push(entry.file_name().into_encoded_bytes());
        if kind.is_dir() && depth < MAX_DEPTH {
            held.push(vec![b'/']);
            hold(&entry.path(), depth + 1, left, held)?;
            held.push(vec![b'.']);
        } else if kind.is_file() {
            *left = left.checked_sub(entry.metadata().ok()?.len())?;
            held.push(fs::read(entry.path()).ok()?);
        } else if kind.is_symlink() {
            held.push(fs::read_link(entry.path()).ok()?.into_os_string().into_encoded_bytes());
        } else {
            return None;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn files() -> BTreeMap<String, String> {
        [("a.txt", "one"), ("deep/b.txt", "two")].map(|(k, v)| (k.into(), v.into())).into()
    }

    #[test]
    fn it_is_called_the_same_wherever_it_lies() {
        let folder = Folder::new("/workspace").unwrap();
        let given = json!({"path": "/workspace/a.txt", "all": ["/workspace", "/workspaces/x"],
                           "text": "see /workspace, not /my/workspace or $/workspace"});
        let inward = folder.inward(&given);
        let dir = folder.dir();
        assert_eq!(inward["path"], format!("{dir}/a.txt"));
        assert_eq!(inward["all"], json!([dir, "/workspaces/x"]));
        let text = format!("see {dir}, not /my/workspace or ${dir}");
        assert_eq!(inward["text"], text);
        assert_eq!(folder.outward(&inward.to_string()), given.to_string());
    }

    #[test]
    fn restored_it_holds_what_it_held_and_nothing_else() {
        let folder = Folder::new("/workspace").unwrap();
        folder.restore(&files()).unwrap();
        let before = folder.digest().unwrap();
        fs::write(format!("{}/deep/b.txt", folder.dir()), "three").unwrap();
        fs::create_dir(format!("{}/more", folder.home())).unwrap();
        assert_ne!(folder.digest().unwrap(), before);
        folder.restore(&files()).unwrap();
        assert_eq!(folder.digest().unwrap(), before);
    }

    #[test]
    fn no_file_leads_out_of_it() {
        let folder = Folder::new("/workspace").unwrap();
        for path in ["../a", "/etc/a", "b/../../c"] {
            let files = [(path.to_owned(), String::new())].into();
            assert!(folder.restore(&files).is_err(), "{path}");
        }
    }
}
