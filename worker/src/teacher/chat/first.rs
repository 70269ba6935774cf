//! The first answer of an endpoint: until it has come, nobody knows whether
//! address, key and model are right.
//!
//! The first failure before it is told at once, with the endpoint's name, its
//! address and the server's own words. A run that somebody waits for gives up
//! after a while; a fleet waits. A refusal for good always says who refuses.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use tracing::{info, warn};

use super::{Chat, Error, Reply, Request, Trouble};

pub struct First<C> {
    inner: C,
    /// The endpoint's name and address.
    who: String,
    /// `None` = for ever.
    patience: Option<Duration>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
enum Seen {
    #[default]
    Nothing,
    Failures {
        since: Instant,
        /// The server's own words, or those about the way to it.
        words: String,
    },
    Answer,
}

impl<C> First<C> {
    /// Around an endpoint with that name and address.
    pub fn new(inner: C, name: &str, url: &str, patience: Option<Duration>) -> Self {
        let who = format!("[teacher.{name}] at {}", without_secrets(url));
        Self { inner, who, patience, seen: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answered(&self) {
        if let Seen::Failures { .. } = std::mem::replace(&mut *self.lock(), Seen::Answer) {
            info!("{} answers now", self.who);
        }
    }

    /// What to say of another failure, if nothing else came before.
    fn failed(&self, cause: Trouble, reason: &str) -> Option<Error> {
        let mut seen = self.lock();
        match &mut *seen {
            Seen::Answer => return None,
            Seen::Nothing => {
                warn!("{} has not answered yet: {reason}", self.who);
                *seen = Seen::Failures { since: Instant::now(), words: reason.to_owned() };
                return None;
            }
            // Refused by the circuit: nobody was asked.
            Seen::Failures { .. } if cause == Trouble::Open => {}
            Seen::Failures { words, .. } => reason.clone_into(words),
        }
        let (Seen::Failures { since, words }, Some(patience)) = (&*seen, self.patience) else {
            return None;
        };
        (since.elapsed() >= patience).then(|| {
            Error::Permanent(format!(
                "{} has not answered once in {patience:?}: {words}\nhint: see whether the server \
                 runs and base_url is right; raise teacher.NAME.connect_patience if it only needs \
                 longer to start",
                self.who
            ))
        })
    }
}

/// An address as it may be shown: a password or a key in it is nobody's
/// business.
fn without_secrets(url: &str) -> String {
    let Ok(mut url) = reqwest::Url::parse(url) else {
        return "an address that is none".to_owned();
    };
    // An address without a host has neither, and takes none.
    if url.set_password(None).is_err() || url.set_username("").is_err() {
        return "an address without a host".to_owned();
    }
    url.set_query(None);
    url.to_string()
}

#[async_trait]
impl<C: Chat> Chat for First<C> {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        let done = self.inner.complete(request).await;
        match done {
            Err(Error::Transient { cause, ref reason, .. }) if cause != Trouble::RateLimited => {
                self.failed(cause, reason).map_or(done, Err)
            }
            Err(Error::Permanent(reason)) => {
                Err(Error::Permanent(format!("{}: {reason}", self.who)))
            }
            Err(Error::Budget(_) | Error::Cancelled) => done,
            // A server that says so is there.
            Ok(_) | Err(Error::Transient { .. } | Error::TooLong(_) | Error::Unanswerable(_)) => {
                self.answered();
                done
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::super::{Answer, Purpose};
    use super::*;

    /// Answers what it is told, one after the other.
    struct Scripted(Mutex<VecDeque<Result<Reply, Error>>>);

    #[async_trait]
    impl Chat for Scripted {
        async fn complete(&self, _: &Request) -> Result<Reply, Error> {
            self.0.lock().unwrap().pop_front().expect("it is asked no more often")
        }
    }

    fn away(cause: Trouble, words: &str) -> Result<Reply, Error> {
        Err(Error::Transient { cause, reason: words.to_owned(), retry_after: None })
    }

    /// What came of each ask, a second apart, with a patience of two.
    async fn asked(script: Vec<Result<Reply, Error>>) -> Vec<Result<Reply, Error>> {
        let (count, script) = (script.len(), Scripted(Mutex::new(script.into())));
        let url = "http://user:s3cret@models.test:8000/v1?key=s3cret";
        let first = First::new(script, "big", url, Some(Duration::from_secs(2)));
        let request = Request {
            purpose: Purpose::Back,
            messages: Vec::new(),
            answer: Answer::Text,
            temperature: 0.0,
            max_output_tokens: 1,
            draw: 0,
        };
        let mut done = Vec::new();
        for _ in 0..count {
            done.push(first.complete(&request).await);
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        done
    }

    #[tokio::test(start_paused = true)]
    async fn an_endpoint_that_never_answers_is_given_up_with_its_own_words() {
        let refused = || away(Trouble::Network, "Connection refused");
        let open = away(Trouble::Open, "the teacher fails again and again");
        let done = asked(vec![refused(), refused(), open]).await;
        assert!(matches!(&done[..2], [Err(Error::Transient { .. }), Err(Error::Transient { .. })]));
        let Err(Error::Permanent(told)) = &done[2] else { panic!("{done:?}") };
        let expected = "[teacher.big] at http://models.test:8000/v1 has not answered once in 2s: \
                        Connection refused\n";
        assert!(told.starts_with(expected), "{told}");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_has_answered_may_be_away_for_long() {
        let refused = || away(Trouble::Server, "HTTP 503: loading");
        let limited = away(Trouble::RateLimited, "slow down");
        let done = asked(vec![refused(), limited, refused(), refused(), refused()]).await;
        assert!(done.iter().all(|done| matches!(done, Err(Error::Transient { .. }))), "{done:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_for_good_names_who_refuses() {
        let done = asked(vec![Err(Error::Permanent("HTTP 401: no such key".into()))]).await;
        let Err(Error::Permanent(told)) = &done[0] else { panic!("{done:?}") };
        assert_eq!(told, "[teacher.big] at http://models.test:8000/v1: HTTP 401: no such key");
    }
}
