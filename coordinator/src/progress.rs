//! Progress for people: one live line on a terminal, plain lines elsewhere.
//!
//! Goes to standard error; standard output is for data.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::ledger::Counts;

/// A live line is drawn anew this often.
const LIVE: Duration = Duration::from_millis(200);
/// A plain line is written this often.
const PLAIN: Duration = Duration::from_secs(10);
/// Reasons of rejection named in a line.
const REASONS: usize = 3;

/// Where a run stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    pub wanted: u64,
    pub counts: Counts,
    /// Shards issued and not done.
    pub outstanding: usize,
}

impl Progress {
    /// One line: kept, dropped and why, rate and time left. `pace` is what was
    /// kept in which time, this run alone.
    pub fn line(&self, pace: Pace) -> String {
        let Counts { accepted, rejected, duplicates, near_duplicates, spent, .. } = &self.counts;
        let mut line = format!("{accepted} of {} samples", self.wanted);
        if *rejected > 0 {
            line += &format!(", {rejected} rejected ({})", self.reasons());
        }
        if duplicates + near_duplicates > 0 {
            line += &format!(", {} duplicates", duplicates + near_duplicates);
        }
        if spent.requests > 0 {
            line += &format!(", {} calls", spent.requests);
        }
        if spent.micro_usd > 0 {
            let usd = spent.micro_usd as f64 / 1e6;
            line += &format!(", ${usd:.2}");
            if *accepted > 0 {
                line += &format!(" (${:.4} a sample)", usd / *accepted as f64);
            }
        }
        if let Some(rate) = pace.per_second() {
            let left = self.wanted.saturating_sub(*accepted) as f64 / rate;
            line += &format!(", {}/s, {} left", rounded(rate), time(left));
        }
        line
    }

    /// The most frequent reasons.
    fn reasons(&self) -> String {
        let mut reasons: Vec<_> = self.counts.rejected_by_reason.iter().collect();
        reasons.sort_by_key(|&(reason, count)| (std::cmp::Reverse(*count), *reason));
        let named: Vec<String> = reasons
            .iter()
            .take(REASONS)
            .map(|(reason, count)| format!("{} {count}", reason.label()))
            .collect();
        match reasons.len() > REASONS {
            true => named.join(", ") + ", …",
            false => named.join(", "),
        }
    }
}

/// How fast samples are kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    pub kept: u64,
    pub time: Duration,
}

impl Pace {
    fn per_second(self) -> Option<f64> {
        let seconds = self.time.as_secs_f64();
        (self.kept > 0 && seconds > 0.1).then(|| self.kept as f64 / seconds)
    }
}

fn rounded(rate: f64) -> String {
    match rate {
        rate if rate < 10.0 => format!("{rate:.1}"),
        rate => format!("{rate:.0}"),
    }
}

fn time(seconds: f64) -> String {
    match seconds.ceil() as u64 {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// Shows the progress until `stop`; the live line is wiped at the end.
pub async fn show(progress: watch::Receiver<Progress>, stop: CancellationToken) {
    let live = std::io::stderr().is_terminal();
    let mut ticks = tokio::time::interval(if live { LIVE } else { PLAIN });
    ticks.tick().await;
    let start = Instant::now();
    // What an earlier run has left is not this run's pace.
    let mut before: Option<u64> = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => {
                let now = progress.borrow().clone();
                if now.wanted == 0 {
                    continue;
                }
                let accepted = now.counts.accepted;
                let kept = accepted.saturating_sub(*before.get_or_insert(match live {
                    true => accepted,
                    false => 0,
                }));
                let line = now.line(Pace { kept, time: start.elapsed() });
                write(&match live {
                    true => format!("\r\x1b[2K{line}"),
                    false => format!("{line}\n"),
                });
            }
        }
    }
    if live {
        write("\r\x1b[2K");
    }
}

/// Progress that nobody can see is no reason to stop.
fn write(text: &str) {
    let mut out = std::io::stderr().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}

#[cfg(test)]
mod tests {
    use magnet_proto::outcome::Reason;

    use super::*;

    #[test]
    fn a_line_tells_what_is_kept_what_is_dropped_and_when_it_ends() {
        let mut progress = Progress { wanted: 1_000, ..Progress::default() };
        progress.counts.accepted = 400;
        progress.counts.rejected = 7;
        progress.counts.near_duplicates = 2;
        progress.counts.rejected_by_reason =
            [(Reason::ShortWalk, 2), (Reason::NoValue, 5)].into_iter().collect();
        let pace = Pace { kept: 400, time: Duration::from_secs(40) };
        let line = "400 of 1000 samples, 7 rejected (no_value 5, short_walk 2), 2 duplicates, \
                    10/s, 1 min 0 s left";
        assert_eq!(progress.line(pace), line);
    }

    #[test]
    fn a_line_tells_what_it_costs() {
        let mut progress = Progress { wanted: 10, ..Progress::default() };
        progress.counts.accepted = 5;
        progress.counts.spent.requests = 200;
        progress.counts.spent.micro_usd = 1_234_000;
        let line = "5 of 10 samples, 200 calls, $1.23 ($0.2468 a sample)";
        assert_eq!(progress.line(Pace::default()), line);
    }

    #[test]
    fn a_line_without_a_pace_promises_nothing() {
        let progress = Progress { wanted: 5, ..Progress::default() };
        assert_eq!(progress.line(Pace::default()), "0 of 5 samples");
    }
}
