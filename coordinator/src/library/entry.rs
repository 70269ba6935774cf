//! What a file holds one or many of.

use super::report::Refused;
use super::signature::Signature;

/// One entry of a file.
pub(super) struct Entry<'a> {
    /// Counted from 1; in JSONL the line.
    pub(super) index: usize,
    /// One of several in its item or line: what rows of a dataset offer comes
    /// again in other rows.
    pub(super) is_shared: bool,
    pub(super) signature: Result<Signature<'a>, Refused>,
}
