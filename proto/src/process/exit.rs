//! Exit codes, and how an error is told to a person.

use std::error::Error as StdError;
use std::fmt::Write as _;

use crate::config::Problems;
use crate::{parts, queue, state};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for is done.
    Done = 0,
    /// It ended, but short of what was asked for.
    Short = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// A service could not be reached, or refused.
    Unreachable = 3,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that ends the process: its exit code, and the way out for the
/// person who meets it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Failure {
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None, source: None }
    }

    /// The user can mend it: a wrong argument, folder or file.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The way out, one sentence.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

/// Tells which exit code an error of some crate's own calls for; `None` for
/// errors it does not know.
pub type Classify = fn(&(dyn StdError + 'static)) -> Option<Exit>;

/// An error as it is told at the top: the whole chain once, then the hints.
/// And the exit code it calls for, by `classify` or by what is known here.
pub fn tell(error: &(dyn StdError + 'static), classify: Classify) -> (String, Exit) {
    let chain = || std::iter::successors(Some(error), |&error| error.source());
    let (mut text, mut hints, mut last) = (String::new(), Vec::new(), String::new());
    for cause in chain() {
        let told = cause.to_string();
        let mut parts = told.split("\nhint: ");
        let message = parts.next().unwrap_or_default();
        // Wrappers that show their source in full would say it twice.
        if text.is_empty() {
            text = format!("error: {message}");
        } else if !last.ends_with(message) {
            write!(text, "\n  because: {message}").expect("writing to a string cannot fail");
        }
        last = message.to_owned();
        hints.extend(parts.map(str::to_owned));
        hints.extend(cause.downcast_ref::<Failure>().and_then(|failure| failure.hint.clone()));
    }
    hints.dedup();
    for hint in hints {
        write!(text, "\nhint: {hint}").expect("writing to a string cannot fail");
    }
    let exit = chain().find_map(|cause| classify(cause).or_else(|| exit_of(cause)));
    (text, exit.unwrap_or(Exit::Short))
}

/// An error with its causes, on one line: for logs.
pub fn in_one_line(error: &(dyn StdError + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
        .replace("\nhint: ", "; ")
}

fn exit_of(error: &(dyn StdError + 'static)) -> Option<Exit> {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return Some(failure.exit);
    }
    if error.is::<Problems>() {
        return Some(Exit::Usage);
    }
    let is_service = error.is::<queue::Error>() || error.is::<state::Error>();
    match error.downcast_ref::<parts::Error>() {
        Some(parts::Error::BadUrl(_)) => Some(Exit::Usage),
        Some(_) => Some(Exit::Unreachable),
        None => is_service.then_some(Exit::Unreachable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_is_told_once_with_its_hints_last() {
        let inner = Failure::usage("\"out\" belongs to another campaign").hint("choose --out DIR");
        let outer = Failure::new(Exit::Short, "cannot start").caused_by(inner);
        let (text, exit) = tell(&outer, |_| None);
        assert_eq!(
            text,
            "error: cannot start\n  because: \"out\" belongs to another campaign\n\
             hint: choose --out DIR"
        );
        assert_eq!(exit, Exit::Short);
    }

    #[test]
    fn hints_inside_messages_move_to_the_end() {
        let inner = std::io::Error::other("no file matches \"x\"\nhint: check the pattern");
        let outer = Failure::usage("cannot load the tools").caused_by(inner);
        assert_eq!(
            tell(&outer, |_| None).0,
            "error: cannot load the tools\n  because: no file matches \"x\"\nhint: check the pattern"
        );
    }

    #[test]
    fn services_that_are_away_have_their_own_exit_code() {
        let away = queue::Error::Transient("connection refused".into());
        let (text, exit) =
            tell(&Failure::new(Exit::Unreachable, "cannot start").caused_by(away), |_| None);
        assert!(text.contains("connection refused"));
        assert_eq!(exit, Exit::Unreachable);
        assert_eq!(tell(&queue::Error::Permanent("no".into()), |_| None).1, Exit::Unreachable);
    }
}
