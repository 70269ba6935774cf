//! The untold limit against simulated servers, in steps of one millisecond.

use std::collections::{BinaryHeap, VecDeque};

use super::*;
use crate::teacher::chat::limit::UNTOLD_HOLD;
use std::cmp::Reverse;

/// What a server allows; times in milliseconds.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// A bucket that is refilled evenly.
    Bucket { capacity: f64 },
    /// So much in each window of that length.
    Fixed { window: u64 },
    /// So much in the last milliseconds.
    Sliding { window: u64 },
}

struct Server {
    rule: Rule,
    per_ms: f64,
    taken: VecDeque<u64>,
    tokens: f64,
    filled: u64,
}

impl Server {
    fn new(rule: Rule, per_minute: f64) -> Self {
        let tokens = if let Rule::Bucket { capacity } = rule { capacity } else { 0.0 };
        Self { rule, per_ms: per_minute / 60e3, taken: VecDeque::new(), tokens, filled: 0 }
    }

    /// Takes a request or tells how long to wait.
    fn ask(&mut self, now: u64) -> Result<(), u64> {
        let window = match self.rule {
            Rule::Bucket { capacity } => {
                let dripped = (now - self.filled) as f64 * self.per_ms;
                (self.tokens, self.filled) = ((self.tokens + dripped).min(capacity), now);
                if self.tokens < 1.0 {
                    return Err(((1.0 - self.tokens) / self.per_ms).ceil() as u64);
                }
                self.tokens -= 1.0;
                return Ok(());
            }
            Rule::Fixed { window } | Rule::Sliding { window } => window,
        };
        let begin = match self.rule {
            Rule::Fixed { .. } => now - now % window,
            _ => (now + 1).saturating_sub(window),
        };
        while self.taken.front().is_some_and(|taken| *taken < begin) {
            self.taken.pop_front();
        }
        if (self.taken.len() as f64) < self.per_ms * window as f64 {
            self.taken.push_back(now);
            return Ok(());
        }
        let opens = match self.rule {
            Rule::Fixed { .. } => begin + window,
            _ => self.taken[0] + window,
        };
        Err(opens - now)
    }
}

#[derive(Clone, Copy, Debug)]
struct Case {
    rule: Rule,
    per_minute: f64,
    is_told: bool,
    latency_ms: u64,
}

/// The share of the permitted answers that was got, refusals an answer.
fn run(case: Case, seconds: u64) -> (f64, f64) {
    let mut server = Server::new(case.rule, case.per_minute);
    let origin = Instant::now();
    let mut found = Found::new(origin);
    let (mut waiting, mut answers, mut refusals) = (256_u32, 0_u32, 0_u32);
    // When an answer or a refusal arrives, when a refused one comes again.
    let mut arriving: BinaryHeap<Reverse<(u64, bool, u64)>> = BinaryHeap::new();
    let mut again: BinaryHeap<Reverse<u64>> = BinaryHeap::new();
    let mut closed_until = 0;
    for ms in 0..seconds * 1_000 {
        let now = origin + Duration::from_millis(ms);
        while arriving.peek().is_some_and(|next| next.0.0 <= ms) {
            let Some(Reverse((_, is_good, pause))) = arriving.pop() else { break };
            if is_good {
                found.succeeded();
                (answers, waiting) = (answers + 1, waiting + 1);
            } else {
                found.refused(Duration::from_millis(pause), now);
                closed_until = closed_until.max(ms + pause);
                again.push(Reverse(ms + pause + u64::from(refusals) * 37 % 500));
                refusals += 1;
            }
        }
        while again.peek().is_some_and(|next| next.0 <= ms) {
            again.pop();
            waiting += 1;
        }
        while waiting > 0 && ms >= closed_until && (found.next <= now || found.is_free()) {
            found.send(now);
            waiting -= 1;
            let spread = u64::from(answers + waiting) * 13 % 50;
            match server.ask(ms) {
                Ok(()) => arriving.push(Reverse((ms + case.latency_ms + spread, true, 0))),
                Err(wait) => {
                    let untold = UNTOLD_HOLD.as_millis() as u64;
                    let pause = if case.is_told { wait.div_ceil(1_000) * 1_000 } else { untold };
                    arriving.push(Reverse((ms + 2 + spread / 10, false, pause)));
                }
            }
        }
    }
    let permitted = case.per_minute / 60.0 * seconds as f64;
    (f64::from(answers) / permitted, f64::from(refusals) / f64::from(answers.max(1)))
}

/// With and without Retry-After, near and far, low and high limits.
fn check(rule: Rule, seconds: u64) {
    let mut failed = Vec::new();
    for per_minute in [1_800.0, 6_000.0, 12_000.0] {
        for (is_told, latency_ms) in [(false, 30), (true, 30), (false, 600), (true, 600)] {
            let case = Case { rule, per_minute, is_told, latency_ms };
            let (share, refusals) = run(case, seconds);
            println!("{case:?}: {share:.3} of the permitted, {refusals:.3} refusals an answer");
            if share < 0.88 || refusals > 0.25 {
                failed.push(case);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn a_dripping_limit_is_used_up() {
    check(Rule::Bucket { capacity: 100.0 }, 120);
}

#[test]
fn a_limit_a_second_in_fixed_windows_is_used_up() {
    check(Rule::Fixed { window: 1_000 }, 120);
}

#[test]
fn a_limit_a_minute_in_fixed_windows_is_used_up() {
    check(Rule::Fixed { window: 60_000 }, 180);
}

#[test]
fn a_limit_over_a_sliding_second_is_used_up() {
    check(Rule::Sliding { window: 1_000 }, 120);
}

#[test]
fn a_limit_over_a_sliding_minute_is_used_up() {
    check(Rule::Sliding { window: 60_000 }, 180);
}

#[test]
fn nobody_goes_before_the_time_the_server_told() {
    let now = Instant::now();
    let mut found = Found::new(now);
    for pause in [7, 3] {
        found.refused(Duration::from_secs(pause), now);
    }
    assert_eq!(found.next, now + Duration::from_secs(7));
}
