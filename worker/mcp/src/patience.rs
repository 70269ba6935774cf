//! Patience with a server that does not start, or is not reached: one that has
//! never been there is given up after a while, with its words; one that has
//! may be away for long, as a teacher may.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use magnet_worker::execute::Error;
use tokio::time::Instant;

#[derive(Debug)]
pub(crate) struct Patience {
    /// How long one waits for a server that has never been there.
    most: Duration,
    seen: Mutex<Seen>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Seen {
    #[default]
    Nothing,
    /// Since when.
    Failures(Instant),
    Started,
}

impl Patience {
    pub(crate) fn new(most: Duration) -> Self {
        Self { most, seen: Mutex::default() }
    }

    pub(crate) fn started(&self, who: &str) {
        if let Seen::Failures(_) = std::mem::replace(&mut *self.seen(), Seen::Started) {
            tracing::info!("{who} is there now");
        }
    }

    /// What a failed start amounts to.
    pub(crate) fn failed(&self, who: &str, why: &str) -> Error {
        let mut seen = self.seen();
        let told = format!("{who}: {why}");
        match *seen {
            Seen::Started => Error::Transient(told),
            Seen::Nothing => {
                *seen = Seen::Failures(Instant::now());
                tracing::warn!("{told}");
                Error::Transient(told)
            }
            Seen::Failures(since) if since.elapsed() < self.most => Error::Transient(told),
            Seen::Failures(_) => Error::Permanent(format!(
                "{who} has not been there once in {:?}: {why}\nhint: raise its \
                 \"connect_patience\" if it only needs longer",
                self.most
            )),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_that_never_starts_is_given_up_with_its_words() {
        let patience = Patience::new(Duration::from_secs(60));
        for _ in 0..50 {
            let error = patience.failed("server \"shop\"", "no module shop");
            assert!(matches!(error, Error::Transient(_)), "{error}");
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        tokio::time::advance(Duration::from_secs(11)).await;
        let Error::Permanent(told) = patience.failed("server \"shop\"", "no module shop") else {
            panic!("it is still waited for")
        };
        let expected = "server \"shop\" has not been there once in 60s: no module shop\nhint: ";
        assert!(told.starts_with(expected), "{told}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_was_there_may_be_away_for_long() {
        let patience = Patience::new(Duration::from_secs(60));
        patience.started("server \"shop\"");
        for _ in 0..20 {
            tokio::time::advance(Duration::from_secs(60)).await;
            let error = patience.failed("server \"shop\"", "refused");
            assert!(matches!(error, Error::Transient(_)), "{error}");
        }
    }
}
