//! The texts of a pack, from a folder or from the program itself.

use std::fs;
use std::path::Path;

use super::problem::{Problem, Problems};

/// Larger files are refused rather than left to fill the memory.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// The files of a pack, by their paths in its folder, in order.
pub struct Files {
    /// For messages: the folder.
    pub(super) pack: String,
    pub(super) texts: Vec<(String, String)>,
}

impl Files {
    /// The built-in library's own pack.
    pub fn builtin() -> Self {
        let texts = crate::library::BUILTIN_PACK;
        let texts = texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self { pack: "built-in".into(), texts: texts.collect() }
    }

    /// A folder's files: `pack.json`, and what lies in or stands for the
    /// folders `phrases`, `values` and `world`.
    ///
    /// # Errors
    /// If the folder is none, holds no pack, or a file cannot be read.
    pub fn read(folder: &Path) -> Result<Self, Problems> {
        let pack = folder.display().to_string();
        let refuse = |problem| Problems { pack: pack.clone(), problems: vec![problem] };
        if !folder.join("pack.json").is_file() {
            let problem = Problem::new("pack.json", "there is no such file in the folder")
                .hint("name the folder of a pack: it holds pack.json, phrases, values and world");
            return Err(refuse(problem));
        }
        let mut texts = vec![text(folder, "pack.json").map_err(refuse)?];
        for (kind, ending) in [("phrases", "jsonl"), ("values", "jsonl"), ("world", "star")] {
            let single = format!("{kind}.{ending}");
            if kind != "world" && folder.join(&single).is_file() {
                texts.push(text(folder, &single).map_err(refuse)?);
            }
            for name in
                names(&folder.join(kind), ending).map_err(|why| refuse(Problem::new(kind, why)))?
            {
                texts.push(text(folder, &format!("{kind}/{name}")).map_err(refuse)?);
            }
        }
        Ok(Self { pack, texts })
    }

    /// The text of one of the files.
    #[cfg(feature = "world")]
    pub(super) fn text(&self, file: &str) -> Option<&str> {
        self.texts.iter().find(|(path, _)| path == file).map(|(_, text)| text.as_str())
    }

    pub(super) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let is_kind = move |path: &str| {
            path.strip_prefix(kind).is_some_and(|rest| rest.starts_with(['/', '.']))
        };
        let texts = self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        texts.filter(move |(path, _)| is_kind(path))
    }
}

/// The names of a folder's files with that ending, ascending; none where
/// there is no folder.
fn names(folder: &Path, ending: &str) -> Result<Vec<String>, String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| format!("cannot be listed: {error}"))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let has_ending = Path::new(&name).extension().is_some_and(|is| is == ending);
        if has_ending && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn text(folder: &Path, name: &str) -> Result<(String, String), Problem> {
    let path = folder.join(name);
    let size = fs::metadata(&path).map(|metadata| metadata.len()).unwrap_or_default();
    if size > MAX_FILE_BYTES {
        return Err(Problem::new(name, format!("it has more than {} MiB", MAX_FILE_BYTES >> 20)));
    }
    match fs::read_to_string(&path) {
        Ok(text) => Ok((name.to_owned(), text)),
        Err(error) => Err(Problem::new(name, format!("cannot be read: {error}"))),
    }
}
