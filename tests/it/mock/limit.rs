//! The mock's own rate limit, and whether its clients keep to what it says.

use std::time::{Duration, Instant};

use super::behaviour::Limit;

/// Requests that were on their way when the refusal was sent are no one's
/// fault.
const ON_THE_WAY: Duration = Duration::from_millis(150);

pub(super) struct Bucket {
    requests: Level,
    tokens: Level,
    filled: Instant,
    /// The first and the last moment at which no request should come.
    quiet: Option<(Instant, Instant)>,
}

/// What is left of one limit.
struct Level {
    left: f64,
    capacity: f64,
    /// 0 = no limit.
    per_second: f64,
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
        Self {
            requests: Level::new(limit.requests_per_minute, limit.burst_seconds),
            tokens: Level::new(limit.tokens_per_minute, limit.burst_seconds),
            filled: Instant::now(),
            quiet: None,
        }
    }

    /// A request of so many tokens. `granularity` is what the told time is
    /// rounded up to.
    pub(super) fn take(&mut self, tokens: u64, granularity: Duration) -> Verdict {
        let now = Instant::now();
        let passed = (now - self.filled).as_secs_f64();
        self.filled = now;
        self.requests.drip(passed);
        self.tokens.drip(passed);
        let is_early = self.quiet.is_some_and(|(from, until)| from < now && now < until);
        let wait = self.requests.wait(1.0).max(self.tokens.wait(tokens as f64));
        if wait.is_zero() {
            self.requests.left -= 1.0;
            self.tokens.left -= tokens as f64;
            return Verdict { refused: None, is_early };
        }
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

    /// An answer of so many tokens was given.
    pub(super) fn answered(&mut self, tokens: u64) {
        self.tokens.left -= tokens as f64;
    }
}

impl Level {
    fn new(per_minute: f64, burst_seconds: f64) -> Self {
        let per_second = per_minute / 60.0;
        let capacity = (per_second * burst_seconds).max(1.0);
        Self { left: capacity, capacity, per_second }
    }

    fn drip(&mut self, seconds: f64) {
        self.left = (self.left + seconds * self.per_second).min(self.capacity);
    }

    /// How long until there is so much; what is more than the bucket holds is
    /// let through when it is full.
    fn wait(&self, amount: f64) -> Duration {
        let lacking = amount.min(self.capacity) - self.left;
        match self.per_second > 0.0 && lacking > 0.0 {
            true => Duration::from_secs_f64(lacking / self.per_second),
            false => Duration::ZERO,
        }
    }
}
