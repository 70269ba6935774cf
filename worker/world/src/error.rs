//! What is wrong with a module, in its author's terms.

use std::fmt;

use starlark::ErrorKind;

/// A module does what it may not, at a place that its author can open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In the pack's folder: "world/tickets.star".
    pub file: String,
    pub line: Option<usize>,
    /// The function that was called.
    pub function: Option<String>,
    pub problem: String,
}

impl Problem {
    pub(crate) fn in_file(file: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, function: None, problem: problem.into() }
    }

    pub(crate) fn in_function(file: &str, function: &str, problem: impl Into<String>) -> Self {
        Self { function: Some(function.to_owned()), ..Self::in_file(file, problem) }
    }

    /// What the interpreter complained about; `file` where it names none.
    pub(crate) fn of(file: &str, function: Option<&str>, error: &starlark::Error) -> Self {
        // The author's line is that of the module, not of what it called.
        let frames = error.call_stack().frames.iter().rev();
        let called = frames.filter_map(|frame| frame.location.as_ref());
        let mut places = error.span().into_iter().chain(called);
        let own = places.clone().find(|place| place.filename() == file);
        let place = own.or_else(|| places.next());
        Self {
            file: place.map_or(file, |place| place.filename()).to_owned(),
            line: place.map(|place| place.resolve_span().begin.line + 1),
            function: function.map(str::to_owned),
            problem: told(error.kind()),
        }
    }
}

/// The kind's own text: the place is told apart.
fn told(kind: &ErrorKind) -> String {
    let (ErrorKind::Fail(error)
    | ErrorKind::StackOverflow(error)
    | ErrorKind::Value(error)
    | ErrorKind::Function(error)
    | ErrorKind::Scope(error)
    | ErrorKind::Parser(error)
    | ErrorKind::Freeze(error)
    | ErrorKind::Internal(error)
    | ErrorKind::Native(error)
    | ErrorKind::Other(error)) = kind
    else {
        return kind.to_string();
    };
    error.to_string().trim().to_owned()
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
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for Problem {}
