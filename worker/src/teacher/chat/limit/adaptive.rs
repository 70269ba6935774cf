//! A limit that nobody told: found from the server's refusals.
//!
//! Until the first refusal requests go unpaced. After it the pace begins at
//! the rate at which requests were taken and grows by doubling up to the next
//! refusal. From there on it stays near the rate that was refused: a little
//! below, flat around it, and rising ever faster beyond, so that refusals are
//! rare and a limit that was raised is found. A server that lets nothing
//! through is sought anew. One storm of refusals counts once.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// The slowest pace to begin with.
const FIRST_PER_SECOND: f64 = 5.0;
/// The slowest pace: a limit lower than this must be told.
const SLOWEST_PER_SECOND: f64 = 0.2;
/// How far below the ceiling the pace goes after a refusal.
const STEP_BACK: f64 = 0.04;
/// The ceiling after a storm that came at once: the pace was too high. Twice
/// as much after a second one, and so on.
const QUICK_BACK_OFF: f64 = 0.95;
const MOST_QUICK: i32 = 3;
const QUICK: Duration = Duration::from_secs(1);
/// While nothing gets through, the pace falls to this share of the ceiling.
const SHUT_SHARE: f64 = 0.125;
/// The time back to the ceiling: pauses the server asks for are to be a small
/// part of it.
const PAUSES_TO_CEILING: u32 = 20;
const SHORTEST_TO_CEILING: Duration = Duration::from_secs(10);
const LONGEST_TO_CEILING: Duration = Duration::from_secs(60);
/// Refusals this close together are one storm.
const SHORTEST_STORM: Duration = Duration::from_millis(500);
/// Timers fire late; so much lateness is made up for.
const SLACK: Duration = Duration::from_millis(100);

pub(super) struct Adaptive {
    is_wanted: bool,
    found: Mutex<Found>,
    /// One request waits for its moment, the others behind it: so a new pace
    /// holds for all that wait. An async lock, since its holder sleeps.
    turn: tokio::sync::Mutex<()>,
}

struct Found {
    pace: Pace,
    /// When the next request may go.
    next: Instant,
    /// The end of the last pause; the beginning before the first one.
    since: Instant,
    /// Requests since then, answers since the storm before it.
    sent: u32,
    answered: u32,
    /// Storms in a row that came at once.
    quick: i32,
    /// Refusals before this moment belong to the storm already counted.
    storm_until: Instant,
}

/// Requests a second, as they follow from the time.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// No refusal was seen.
    Free,
    /// Refused for the first time: to be set when the pause is over, by what
    /// was taken since the beginning.
    Surprised { began: Instant, taken: u32 },
    /// Doubles within two seconds and then ever faster, up to a ceiling that
    /// is known.
    Seeking { from: f64, ceiling: Option<f64> },
    /// Around the rate that was refused.
    Settled { ceiling: f64, to_ceiling: Duration },
}

impl Adaptive {
    pub(super) fn new(is_wanted: bool) -> Self {
        let found = Mutex::new(Found::new(Instant::now()));
        Self { is_wanted, found, turn: tokio::sync::Mutex::default() }
    }

    /// Waits for this request's place in the pace.
    pub(super) async fn pass(&self) {
        if !self.is_wanted {
            return;
        }
        if self.lock().is_free() {
            self.lock().send(Instant::now());
            return;
        }
        let _turn = self.turn.lock().await;
        // A refusal may put the moment off while it is waited for.
        loop {
            let next = self.lock().next;
            if next <= Instant::now() {
                break;
            }
            tokio::time::sleep_until(next).await;
        }
        self.lock().send(Instant::now());
    }

    pub(super) fn succeeded(&self) {
        self.lock().succeeded();
    }

    pub(super) fn refused(&self, pause: Duration) {
        self.lock().refused(pause, Instant::now());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Found {
    fn new(now: Instant) -> Self {
        let (pace, next, since, storm_until) = (Pace::Free, now, now, now);
        Self { pace, next, since, sent: 0, answered: 0, quick: 0, storm_until }
    }

    fn is_free(&self) -> bool {
        matches!(self.pace, Pace::Free)
    }

    fn succeeded(&mut self) {
        self.answered += 1;
    }

    fn refused(&mut self, pause: Duration, now: Instant) {
        if now >= self.storm_until {
            self.pace = self.stepped_back(pause, now);
            self.storm_until = now + pause.max(SHORTEST_STORM);
            self.since = now;
            (self.sent, self.answered) = (0, 0);
        }
        if let Pace::Surprised { taken, .. } = &mut self.pace {
            *taken = taken.saturating_sub(1);
        }
        self.since = self.since.max(now + pause);
        self.next = self.next.max(now + pause);
    }

    /// One request goes now: when may the next one?
    fn send(&mut self, now: Instant) {
        if let Pace::Surprised { began, taken } = self.pace {
            let measured = f64::from(taken) / (now - began).as_secs_f64().max(SLACK.as_secs_f64());
            self.pace = Pace::Seeking { from: measured.max(FIRST_PER_SECOND), ceiling: None };
            self.since = now;
        }
        self.sent += 1;
        if let Some(rate) = self.rate(now) {
            let floor = now.checked_sub(SLACK).unwrap_or(now);
            self.next = self.next.max(floor) + Duration::from_secs_f64(1.0 / rate);
        }
    }

    /// The pace of this moment; none while there is none.
    fn rate(&mut self, now: Instant) -> Option<f64> {
        let elapsed = now.saturating_duration_since(self.since);
        let rate = match self.pace {
            Pace::Free | Pace::Surprised { .. } => return None,
            Pace::Seeking { from, ceiling } => {
                let seconds = elapsed.as_secs_f64();
                let rate = from * (seconds * seconds / 4.0).min(32.0).exp2();
                match ceiling {
                    Some(ceiling) if rate >= ceiling => {
                        self.pace = Pace::Settled { ceiling, to_ceiling: SHORTEST_TO_CEILING };
                        self.since = now;
                        (self.sent, self.answered) = (0, 0);
                        return self.rate(now);
                    }
                    _ => rate,
                }
            }
            // A cubic curve, as in TCP's congestion control of that name.
            Pace::Settled { ceiling, to_ceiling } => {
                let below = 1.0 - elapsed.as_secs_f64() / to_ceiling.as_secs_f64();
                ceiling * (1.0 - STEP_BACK * below.powi(3))
            }
        };
        Some(rate.max(SLOWEST_PER_SECOND))
    }

    /// The pace after a refusal that begins a storm.
    fn stepped_back(&mut self, pause: Duration, now: Instant) -> Pace {
        let Some(rate) = self.rate(now) else {
            return match self.pace {
                Pace::Free => Pace::Surprised { began: self.since, taken: self.sent },
                pace => pace,
            };
        };
        let sending = now.saturating_duration_since(self.since);
        if self.answered == 0 && sending < QUICK {
            let ceiling = match self.pace {
                Pace::Settled { ceiling, .. } => Some(ceiling),
                Pace::Seeking { ceiling, .. } => ceiling,
                Pace::Free | Pace::Surprised { .. } => None,
            };
            let least = ceiling.map_or(FIRST_PER_SECOND, |ceiling| ceiling * SHUT_SHARE);
            return Pace::Seeking { from: (rate / 2.0).max(least), ceiling };
        }
        let ceiling = if sending < QUICK {
            self.quick = (self.quick + 1).min(MOST_QUICK);
            rate * QUICK_BACK_OFF.powi(self.quick)
        } else {
            self.quick = 0;
            // A pace that was never used up says nothing of the limit.
            let used = 2.0 * f64::from(self.sent) / sending.as_secs_f64();
            rate.min(used.max(FIRST_PER_SECOND))
        };
        let to_ceiling = pause.saturating_mul(PAUSES_TO_CEILING);
        Pace::Settled {
            ceiling,
            to_ceiling: to_ceiling.clamp(SHORTEST_TO_CEILING, LONGEST_TO_CEILING),
        }
    }
}

#[cfg(test)]
mod tests;
