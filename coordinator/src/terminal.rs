//! Writing to people: colour only on a terminal, and quiet when the reader of
//! a pipe has left.

use std::io::{self, IsTerminal};

/// Colours for stdout, or none.
#[derive(Clone, Copy)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// Colours if stdout is a terminal.
    pub(crate) fn stdout() -> Self {
        Self { on: io::stdout().is_terminal() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    pub(crate) fn cyan(self, text: &str) -> String {
        self.wrap("36", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Whether an error only says that nobody reads stdout any more.
pub(crate) fn reader_left(error: &anyhow::Error) -> bool {
    let io = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    io.map(io::Error::kind).any(|kind| kind == io::ErrorKind::BrokenPipe)
}
