//! The memo of paid answers: no answer is bought twice.
//!
//! Key: digest of (endpoint, model, request with its draw number). An answer
//! is kept before it is returned, and until its shard's part is in place. What
//! is bought while the store is away is kept here, and there once it is back. A
//! memo that is away costs a repeated call, never a wrong answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use magnet_proto::Digest;
use magnet_proto::state::State;

use super::metrics::EndpointMetrics;
use super::{Chat, Error, Reply, Request, tally};

/// Answers whose shard never finishes are dropped after this long.
const KEEP: Duration = Duration::from_secs(7 * 24 * 3_600);

/// So much waits here for a store that is away; what is more is not kept.
const UNKEPT_BYTES: usize = 8 << 20;

pub struct Memo<C> {
    inner: C,
    state: Arc<dyn State>,
    /// Endpoint and model.
    scope: String,
    metrics: EndpointMetrics,
    unkept: Mutex<Unkept>,
}

/// Answers that the store did not take.
#[derive(Default)]
struct Unkept {
    answers: HashMap<Digest, Bytes>,
    bytes: usize,
}

impl Unkept {
    fn push(&mut self, key: Digest, answer: Bytes) {
        if self.bytes + answer.len() <= UNKEPT_BYTES {
            self.bytes += answer.len();
            let before = self.answers.insert(key, answer);
            self.bytes -= before.map_or(0, |answer| answer.len());
        }
    }

    fn pop(&mut self) -> Option<(Digest, Bytes)> {
        let key = *self.answers.keys().next()?;
        let (key, answer) = self.answers.remove_entry(&key)?;
        self.bytes -= answer.len();
        Some((key, answer))
    }
}

impl<C> Memo<C> {
    pub fn new(
        inner: C,
        state: Arc<dyn State>,
        endpoint: &str,
        model: &str,
        metrics: EndpointMetrics,
    ) -> Self {
        let scope = format!("{endpoint}\n{model}");
        Self { inner, state, scope, metrics, unkept: Mutex::default() }
    }

    fn key(&self, request: &Request) -> Result<Digest, Error> {
        let bytes = serde_json::to_vec(request)
            .map_err(|error| Error::Unanswerable(format!("the request is no JSON: {error}")))?;
        Ok(Digest::of_fields([self.scope.as_bytes(), &bytes]))
    }

    async fn kept(&self, key: Digest) -> Option<Reply> {
        let kept = self.state.memo(key).await.ok().flatten();
        let kept = kept.or_else(|| self.unkept().answers.get(&key).cloned())?;
        rmp_serde::from_slice(&kept).ok()
    }

    fn unkept(&self) -> MutexGuard<'_, Unkept> {
        self.unkept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn keep(&self, key: Digest, reply: &Reply) {
        match rmp_serde::to_vec_named(reply) {
            Ok(bytes) => {
                if self.put(key, bytes.into()).await {
                    self.keep_the_rest().await;
                }
            }
            Err(error) => tracing::warn!(%error, "an answer could not be encoded for the memo"),
        }
    }

    /// Whether the store has taken it; else it waits here.
    async fn put(&self, key: Digest, answer: Bytes) -> bool {
        let put = self.state.put_memo(key, answer.clone(), KEEP).await;
        if let Err(error) = &put {
            tracing::debug!(%error, "an answer cannot be kept in the memo now");
            self.unkept().push(key, answer);
        }
        put.is_ok()
    }

    async fn keep_the_rest(&self) {
        loop {
            let Some((key, answer)) = self.unkept().pop() else { return };
            if !self.put(key, answer).await {
                return;
            }
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
