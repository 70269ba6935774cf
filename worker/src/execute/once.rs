//! One computation at a time for the whole fleet: what is kept is found, what
//! is not is one worker's duty, and the others wait for it.
//!
//! However long the work takes, the duty is held; it falls back to whoever
//! waits when the work fails, is dropped, or its process is gone. A store that
//! is away keeps nobody waiting: then work may be done twice.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use magnet_proto::Digest;
use magnet_proto::state::{Lookup, State};

/// How long a worker that is gone is waited for.
const TERM: Duration = Duration::from_secs(30);
/// How often one that works says so.
const BEAT: Duration = Duration::from_secs(8);

/// What became of looking for an output.
pub(super) enum Found {
    Kept(Bytes),
    Due(Duty),
}

/// Looks for an output, waiting for whoever computes it.
pub(super) async fn find(cache: &Arc<dyn State>, key: Digest) -> Found {
    match cache.output(key, TERM).await {
        Ok(Lookup::Hit(bytes)) => Found::Kept(bytes),
        Ok(Lookup::Compute) => Found::Due(Duty::of(cache, key, true)),
        Err(_) => Found::Due(Duty::of(cache, key, false)),
    }
}

/// To compute an output. Dropped, it is another's.
pub(super) struct Duty {
    cache: Arc<dyn State>,
    key: Digest,
    /// The store knows of it, and of no output yet.
    is_held: bool,
}

impl Duty {
    /// The duty to replace an output that is of no use.
    pub(super) fn anew(cache: &Arc<dyn State>, key: Digest) -> Self {
        Self::of(cache, key, false)
    }

    fn of(cache: &Arc<dyn State>, key: Digest, is_held: bool) -> Self {
        Self { cache: Arc::clone(cache), key, is_held }
    }

    /// Does the work, holding the duty meanwhile.
    pub(super) async fn hold<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            done = work => done,
            never = self.beat() => match never {},
        }
    }

    async fn beat(&self) -> Infallible {
        loop {
            tokio::time::sleep(BEAT).await;
            if self.is_held {
                self.cache.renew_output(self.key, TERM).await.ok();
            }
        }
    }

    /// Keeps the output.
    pub(super) async fn done(mut self, output: Vec<u8>) {
        match self.cache.put_output(self.key, output.into()).await {
            Ok(()) => self.is_held = false,
            Err(error) => tracing::debug!(%error, "an output could not be kept"),
        }
    }
}

impl Drop for Duty {
    fn drop(&mut self) {
        if !self.is_held {
            return;
        }
        // Without a runtime its term ends.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (cache, key) = (Arc::clone(&self.cache), self.key);
            runtime.spawn(async move {
                cache.release_output(key).await.ok();
            });
        }
    }
}
