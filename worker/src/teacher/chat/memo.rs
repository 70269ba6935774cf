//! The memo of paid answers: no answer is bought twice.
//!
//! Key: digest of (endpoint, model, request with its draw number). An answer
//! is kept before it is returned, and until its shard's part is in place. A
//! memo that is away costs a repeated call, never a wrong answer.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use magnet_proto::Digest;
use magnet_proto::state::State;

use super::{Chat, Error, Reply, Request};

/// Answers whose shard never finishes are dropped after this long.
const KEEP: Duration = Duration::from_secs(7 * 24 * 3_600);

pub struct Memo<C> {
    inner: C,
    state: Arc<dyn State>,
    /// Endpoint and model.
    scope: String,
}

impl<C> Memo<C> {
    pub fn new(inner: C, state: Arc<dyn State>, endpoint: &str, model: &str) -> Self {
        Self { inner, state, scope: format!("{endpoint}\n{model}") }
    }

    fn key(&self, request: &Request) -> Result<Digest, Error> {
        let bytes = serde_json::to_vec(request)
            .map_err(|error| Error::Unanswerable(format!("the request is no JSON: {error}")))?;
        Ok(Digest::of_fields([self.scope.as_bytes(), &bytes]))
    }
}

#[async_trait]
impl<C: Chat> Chat for Memo<C> {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        let key = self.key(request)?;
        if let Ok(Some(kept)) = self.state.memo(key).await
            && let Ok(reply) = rmp_serde::from_slice(&kept)
        {
            return Ok(reply);
        }
        let reply = self.inner.complete(request).await?;
        match rmp_serde::to_vec_named(&reply) {
            Ok(bytes) => {
                if let Err(error) = self.state.put_memo(key, bytes.into(), KEEP).await {
                    tracing::debug!(%error, "an answer could not be kept in the memo");
                }
            }
            Err(error) => tracing::warn!(%error, "an answer could not be encoded for the memo"),
        }
        Ok(reply)
    }
}
