//! What is wrong with a pack, in the terms of who wrote it.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// In the pack's folder: "phrases/tickets.jsonl".
    pub file: String,
    pub line: Option<usize>,
    pub function: Option<String>,
    pub message: String,
    /// The way to mend it.
    pub hint: Option<String>,
}

impl Problem {
    pub(super) fn new(file: &str, message: impl Into<String>) -> Self {
        let (file, message) = (file.to_owned(), message.into());
        Self { file, line: None, function: None, message, hint: None }
    }

    pub(super) fn at(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }

    pub(super) fn of(self, function: &str) -> Self {
        Self { function: Some(function.to_owned()), ..self }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

#[cfg(feature = "world")]
impl From<magnet_world::Problem> for Problem {
    fn from(problem: magnet_world::Problem) -> Self {
        let magnet_world::Problem { file, line, function, problem } = problem;
        Self { file, line, function, message: problem, hint: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(function) = &self.function {
            write!(f, ": {function}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a pack.
#[derive(Debug)]
pub struct Problems {
    /// The pack's folder.
    pub pack: String,
    pub problems: Vec<Problem>,
}

/// How many are told when a pack cannot be used; its check tells all.
const MAX_TOLD: usize = 20;

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the pack \"{}\" cannot be used", self.pack)?;
        for problem in self.problems.iter().take(MAX_TOLD) {
            write!(f, "\n{problem}")?;
        }
        match self.problems.len().saturating_sub(MAX_TOLD) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more: `magnet pack --check DIR` tells all"),
        }
    }
}

impl std::error::Error for Problems {}
