//! What fails a whole load, said so that the reader can mend it.
//!
//! Every message names the file; the last line is the way out, `hint: …`.
//! A single bad entry is no error but a [`Refusal`](super::Refusal).

use super::report::{Refusal, Refused};
use super::text;

/// A load that cannot give a library.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "no tool library at \"{path}\"\nhint: check the path; relative paths start from \"{base}\""
    )]
    Missing { path: String, base: String },

    #[error(
        "library.exclude_functions leaves no function\n\
         hint: `magnet graph` shows the names of all"
    )]
    AllExcluded,

    #[error(
        "no file matches \"{pattern}\"\nhint: check the pattern; relative ones start from \"{base}\""
    )]
    NoMatch { pattern: String, base: String },

    #[error(
        "\"{pattern}\" is not a pattern: {why}\n\
         hint: use * and ? for parts of names, or [[] for a literal ["
    )]
    BadPattern { pattern: String, why: String },

    #[error(
        "directory \"{path}\" holds no tool files\n\
         hint: put .json, .jsonl, .yaml or .yml files there, or name the file itself"
    )]
    NoToolFiles { path: String },

    #[error(
        "more than {limit} files under \"{path}\"\n\
         hint: name the tool files, or a narrower directory or pattern"
    )]
    TooManyFiles { path: String, limit: usize },

    #[error(
        "reading tool library \"{path}\"\nhint: make it a regular file that this user may read"
    )]
    Unreadable { path: String, source: std::io::Error },

    #[error(
        "tool library \"{path}\" is too large: {size_bytes} bytes, the limit is {limit_bytes}\n\
         hint: split it into several files, or keep only the functions you need"
    )]
    TooLarge { path: String, size_bytes: u64, limit_bytes: u64 },

    #[error("tool library \"{path}\" is not text: byte {at} is not UTF-8\nhint: {hint}")]
    NotText { path: String, at: usize, hint: &'static str },

    #[error(
        "tool library \"{path}\" is empty\n\
         hint: give a JSON array of tools, JSONL, an MCP tools/list answer or an OpenAPI document"
    )]
    Empty { path: String },

    #[error(
        "tool library \"{path}\", line {line}, column {column}: not {format}: {why}\nhint: {hint}"
    )]
    Syntax {
        path: String,
        format: &'static str,
        line: usize,
        column: usize,
        why: String,
        hint: String,
    },

    #[error("\"{path}\", server \"{server}\": {problem}\nhint: {hint}")]
    BadServer { path: String, server: String, problem: String, hint: String },

    /// In the words of who asked the server.
    #[error("\"{path}\", {told}")]
    NoTools { path: String, told: String },

    #[error("\"{path}\" is not a tool library: {found}\nhint: {hint}")]
    NotALibrary { path: String, found: String, hint: String },

    #[error("tool library \"{path}\" holds no functions: {found}\nhint: {hint}")]
    NoFunctions { path: String, found: String, hint: &'static str },

    #[error(
        "tool library \"{path}\": none of its {count} entries is usable; entry {entry}{name}: {why}\n\
         hint: {hint}"
    )]
    AllRefused {
        path: String,
        count: usize,
        entry: usize,
        /// Empty, or the first refused entry's name in brackets.
        name: String,
        why: String,
        hint: String,
    },

    #[error(
        "none of the {files} files found holds a tool library\nhint: name the tool files themselves"
    )]
    Nothing { files: usize },

    #[error("more than {limit} functions\nhint: give fewer files, or only the functions you need")]
    TooMany { limit: usize },
}

impl Error {
    pub(super) fn all_refused(path: &str, refused: &[Refusal]) -> Self {
        let first = refused.first();
        let name = first.and_then(|refusal| refusal.name.as_ref());
        Self::AllRefused {
            path: path.to_owned(),
            count: refused.len(),
            entry: first.map_or(0, |refusal| refusal.entry),
            name: name.map(|name| format!(" (\"{name}\")")).unwrap_or_default(),
            why: first.map(|refusal| refusal.why.clone()).unwrap_or_default(),
            hint: first.map(|refusal| refusal.hint.clone()).unwrap_or_default(),
        }
    }

    /// The same as a refusal of an entry that is a document of its own.
    pub(super) fn as_refused(&self) -> Refused {
        match self {
            Self::NotALibrary { found, hint, .. } => Refused::new(found.as_str(), hint.as_str()),
            Self::NoFunctions { found, hint, .. } => Refused::new(found.as_str(), *hint),
            other => {
                let Refusal { why, hint, .. } = other.as_refusal();
                Refused::new(why, hint)
            }
        }
    }

    /// The same as a refusal of the whole file, which a directory may hold
    /// beside its libraries. Entry 0 stands for the file.
    pub(super) fn as_refusal(&self) -> Refusal {
        let message = self.to_string();
        let (why, hint) = message.split_once("\nhint: ").unwrap_or((&message, ""));
        let file = match self {
            Self::NotALibrary { path, .. } | Self::NoFunctions { path, .. } => path.as_str(),
            _ => "",
        };
        Refusal {
            file: text::one_line(file).into(),
            entry: 0,
            name: None,
            why: why.to_owned(),
            hint: hint.to_owned(),
        }
    }
}
