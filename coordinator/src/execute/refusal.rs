//! Why a campaign's executors cannot be made.

/// The campaign's executors cannot be made: what to change.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

pub(crate) fn refusal(text: String) -> anyhow::Error {
    Refusal(text).into()
}
