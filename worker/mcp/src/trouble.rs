//! What can come between a question and its answer.

/// Why a question has no answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server says no, and goes on.
    Refused(String),
    /// It cannot be talked to any more.
    Gone(String),
    /// Nor that, and it may be for want of a way to it.
    Away(String),
    /// It says no to whoever asks as we do.
    Denied(String),
}
