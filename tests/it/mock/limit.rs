//! The mock's own rate limit, and whether its clients keep to what it says.

use std::time::{Duration, Instant};

use super::behaviour::Limit;

/// Requests that were on their way when the refusal was sent are no one's
/// fault.
const ON_THE_WAY: Duration = Duration::from_millis(150);

pub(super) struct Bucket {
    tokens: f64,
    filled: Instant,
    /// The first and the last moment at which no request should come.
    quiet: Option<(Instant, Instant)>,
}

/// What the limit says to a request.
pub(super) struct Verdict {
    /// How long to wait, if refused.
    pub(super) refused: Option<Duration>,
    /// It came before the time the server had told.
    pub(super) is_early: bool,
}

impl Bucket {
    pub(super) fn new(limit: &Limit) -> Self {
        Self { tokens: capacity(limit), filled: Instant::now(), quiet: None }
    }

    /// `granularity` is what the told time is rounded up to.
    pub(super) fn take(&mut self, limit: &Limit, granularity: Duration) -> Verdict {
        let now = Instant::now();
        let per_second = limit.requests_per_minute / 60.0;
        let dripped = (now - self.filled).as_secs_f64() * per_second;
        self.tokens = (self.tokens + dripped).min(capacity(limit));
        self.filled = now;
        let is_early = self.quiet.is_some_and(|(from, until)| from < now && now < until);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Verdict { refused: None, is_early };
        }
        let wait = Duration::from_secs_f64((1.0 - self.tokens) / per_second);
        let wait = match granularity {
            Duration::ZERO => wait,
            unit => unit * (wait.as_secs_f64() / unit.as_secs_f64()).ceil().max(1.0) as u32,
        };
        if !granularity.is_zero() {
            let (from, until) = self.quiet.unwrap_or((now + ON_THE_WAY, now));
            let from = if until < now { now + ON_THE_WAY } else { from };
            self.quiet = Some((from, until.max(now + wait)));
        }
        Verdict { refused: Some(wait), is_early }
    }
}

fn capacity(limit: &Limit) -> f64 {
    (limit.requests_per_minute / 60.0 * limit.burst_seconds).max(1.0)
}
