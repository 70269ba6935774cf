//! A limit that nobody told: found from the server's refusals.
//!
//! Until the first refusal requests go unpaced. A refusal sets the pace a
//! little below the rate at which answers came; without refusals it rises, the
//! longer the faster: a pace that was set too low is soon left. One storm of
//! refusals counts once.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// Answers of the last seconds, by which the rate is measured.
const WINDOW: Duration = Duration::from_secs(5);
const BACK_OFF: f64 = 0.92;
/// The share by which the pace rises in the first second without a refusal;
/// twice that in the second one, and so on.
const RISE_PER_SECOND: f64 = 0.01;
const FASTEST_RISE: f64 = 0.2;
/// The slowest pace to begin with.
const FIRST_PER_SECOND: f64 = 5.0;
/// The slowest pace: a limit lower than this must be told.
const SLOWEST_PER_SECOND: f64 = 0.2;

pub(super) struct Adaptive {
    is_wanted: bool,
    found: Mutex<Found>,
    /// One request waits for its moment, the others behind it: so a new pace
    /// holds for all that wait. An async lock, since its holder sleeps.
    turn: tokio::sync::Mutex<()>,
}

struct Found {
    /// Requests a second; none while no refusal was seen.
    rate: Option<f64>,
    /// When the next request may go.
    next: Instant,
    raised: Instant,
    /// The last refusal that counted.
    refused: Instant,
    /// Refusals before this moment belong to the storm already counted.
    storm_until: Instant,
    window_start: Instant,
    answers: u32,
    /// The rate of the last full window.
    measured: Option<f64>,
}

impl Adaptive {
    pub(super) fn new(is_wanted: bool) -> Self {
        let now = Instant::now();
        let found = Found {
            rate: None,
            next: now,
            raised: now,
            refused: now,
            storm_until: now,
            window_start: now,
            answers: 0,
            measured: None,
        };
        Self { is_wanted, found: Mutex::new(found), turn: tokio::sync::Mutex::default() }
    }

    /// Waits for this request's place in the pace.
    pub(super) async fn pass(&self) {
        if !self.is_wanted || self.lock().rate.is_none() {
            return;
        }
        let _turn = self.turn.lock().await;
        let next = self.lock().next;
        tokio::time::sleep_until(next).await;
        let mut found = self.lock();
        let now = Instant::now();
        if let Some(rate) = found.rate {
            let rate = found.risen(rate, now);
            found.next = found.next.max(now) + Duration::from_secs_f64(1.0 / rate);
        }
    }

    pub(super) fn succeeded(&self) {
        let mut found = self.lock();
        let now = Instant::now();
        found.answers += 1;
        let elapsed = now - found.window_start;
        if elapsed >= WINDOW {
            found.measured = Some(f64::from(found.answers) / elapsed.as_secs_f64());
            found.window_start = now;
            found.answers = 0;
        }
    }

    pub(super) fn refused(&self, pause: Duration) {
        let mut found = self.lock();
        let now = Instant::now();
        if now < found.storm_until {
            return;
        }
        found.storm_until = now + pause.max(Duration::from_secs(1));
        let elapsed = (now - found.window_start).as_secs_f64().max(0.2);
        let current = f64::from(found.answers) / elapsed;
        let rate = match found.rate {
            // The first storm may come before the first answers.
            None => found.measured.unwrap_or(current).max(current).max(FIRST_PER_SECOND),
            Some(rate) => rate * BACK_OFF,
        };
        found.rate = Some(rate.max(SLOWEST_PER_SECOND));
        found.raised = now;
        found.refused = now + pause;
        found.next = found.next.max(now + pause);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Found {
    /// The pace after rising for the time since it last did.
    fn risen(&mut self, rate: f64, now: Instant) -> f64 {
        let seconds = now.saturating_duration_since(self.raised).as_secs_f64();
        if seconds < 0.25 {
            return rate;
        }
        self.raised = now;
        let calm = now.saturating_duration_since(self.refused).as_secs_f64();
        let rise = (RISE_PER_SECOND * (1.0 + calm)).min(FASTEST_RISE);
        let risen = rate * (1.0 + rise * seconds.min(5.0));
        self.rate = Some(risen);
        risen
    }
}
