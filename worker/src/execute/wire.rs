//! What executors over HTTP have in common: bounds, and words for what failed.

use reqwest::Response;

/// Larger answers are cut off and refused.
pub(super) const MAX_ANSWER_BYTES: usize = 1 << 20;
/// Larger outputs would fill a conversation alone.
pub(super) const MAX_OUTPUT_BYTES: usize = 64 << 10;
pub(super) const CONNECTIONS: usize = 64;
/// So much of a refusal's text is told.
const TOLD_CHARS: usize = 300;

/// The body of an answer; none of one that is too large.
pub(super) async fn bounded(mut answer: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut read = Vec::new();
    while let Some(part) = answer.chunk().await? {
        if read.len() + part.len() > MAX_ANSWER_BYTES {
            return Ok(None);
        }
        read.extend_from_slice(&part);
    }
    Ok(Some(read))
}

/// Why a request got no answer, without its address: that may hold a secret.
pub(super) fn cause(error: &reqwest::Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    source.unwrap_or_else(|| error.to_string())
}

/// The beginning of a body, for people.
pub(super) fn told(body: &[u8]) -> String {
    let told: String = String::from_utf8_lossy(body).chars().take(TOLD_CHARS).collect();
    told.trim().to_owned()
}
