//! Patience with an endpoint that answers, but refuses: after a run of
//! refusals without an answer between, the campaign ends with the server's
//! words. Else every walk would be rejected for them, up to the last.
//!
//! Not here: an endpoint that is away or sick, which may come back
//! ([`super::circuit`]), and one refusal that is for good by itself.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Chat, Error, Reply, Request};

/// Refusals in a row that end a campaign.
pub const REFUSALS: u32 = 20;

pub struct Patience<C> {
    inner: C,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Since the last answer.
    refusals: u32,
    has_answered: bool,
}

impl<C> Patience<C> {
    pub fn new(inner: C) -> Self {
        Self { inner, seen: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn answered(&mut self) {
        *self = Self { refusals: 0, has_answered: true };
    }

    /// Whether it was one too many.
    fn refused(&mut self, error: &Error) -> bool {
        let counts = match error {
            Error::Unanswerable(_) => true,
            // A model whose context no prompt fits; one that has answered has
            // met a long one.
            Error::TooLong(_) => !self.has_answered,
            _ => false,
        };
        self.refusals += u32::from(counts);
        counts && self.refusals >= REFUSALS
    }
}

#[async_trait]
impl<C: Chat> Chat for Patience<C> {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        let done = self.inner.complete(request).await;
        let mut seen = self.lock();
        match done {
            Ok(reply) => {
                seen.answered();
                Ok(reply)
            }
            Err(error) if seen.refused(&error) => Err(Error::Permanent(format!(
                "{error} ({REFUSALS} refusals in a row: see `magnet check --probe`)"
            ))),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(refusals: &[Error], answers_first: bool, ends: bool) {
        let mut seen = Seen::default();
        if answers_first {
            seen.answered();
        }
        let all = refusals.iter().cycle().take(REFUSALS as usize);
        let ended = all.filter(|error| seen.refused(error)).count();
        assert_eq!(ended > 0, ends, "{refusals:?}, answers first: {answers_first}");
    }

    #[test]
    fn refusals_in_a_row_end_it_and_what_is_no_refusal_does_not() {
        let refused = || Error::Unanswerable("no".into());
        let too_long = || Error::TooLong("too long".into());
        check(&[refused()], false, true);
        check(&[refused()], true, true);
        check(&[too_long()], false, true);
        check(&[too_long()], true, false);
        check(&[refused(), too_long()], false, true);
        check(&[Error::Unusable("no JSON".into())], false, false);
        check(&[refused(), Error::Budget("used up".into())], false, false);
    }

    #[test]
    fn an_answer_between_begins_the_count_anew() {
        let mut seen = Seen::default();
        for _ in 0..100 {
            let refused = Error::Unanswerable("no".into());
            assert!((1..REFUSALS).all(|_| !seen.refused(&refused)));
            seen.answered();
        }
    }
}
