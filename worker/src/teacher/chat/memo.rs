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

use super::metrics::EndpointMetrics;
use super::{Chat, Error, Reply, Request, tally};

/// Answers whose shard never finishes are dropped after this long.
const KEEP: Duration = Duration::from_secs(7 * 24 * 3_600);

pub struct Memo<C> {
    inner: C,
    state: Arc<dyn State>,
    /// Endpoint and model.
    scope: String,
    metrics: EndpointMetrics,
}

impl<C> Memo<C> {
    pub fn new(
        inner: C,
        state: Arc<dyn State>,
        endpoint: &str,
        model: &str,
        metrics: EndpointMetrics,
    ) -> Self {
        Self { inner, state, scope: format!("{endpoint}\n{model}"), metrics }
    }

    fn key(&self, request: &Request) -> Result<Digest, Error> {
        let bytes = serde_json::to_vec(request)
            .map_err(|error| Error::Unanswerable(format!("the request is no JSON: {error}")))?;
        Ok(Digest::of_fields([self.scope.as_bytes(), &bytes]))
    }

    async fn kept(&self, key: Digest) -> Option<Reply> {
        let kept = self.state.memo(key).await.ok()??;
        rmp_serde::from_slice(&kept).ok()
    }

    async fn keep(&self, key: Digest, reply: &Reply) {
        match rmp_serde::to_vec_named(reply) {
            Ok(bytes) => {
                if let Err(error) = self.state.put_memo(key, bytes.into(), KEEP).await {
                    tracing::debug!(%error, "an answer could not be kept in the memo");
                }
            }
            Err(error) => tracing::warn!(%error, "an answer could not be encoded for the memo"),
        }
    }
}

#[async_trait]
impl<C: Chat> Chat for Memo<C> {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        let key = self.key(request)?;
        let reply = match self.kept(key).await {
            Some(reply) => {
                self.metrics.memo_hit(request.purpose);
                reply
            }
            None => {
                let reply = self.inner.complete(request).await?;
                self.keep(key, &reply).await;
                reply
            }
        };
        tally::add(request, key, &reply);
        Ok(reply)
    }
}
