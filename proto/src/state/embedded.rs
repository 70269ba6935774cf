//! The state inside one process: the backend of `magnet run`.
//!
//! Bounded: what was not used lately is forgotten, which the contract allows.
//! Answers that were paid for, and what was spent, can be kept in a file, so
//! that they outlive the process. Waiting is on tokio's clock.

mod hands;
mod log;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::hands::{Hand, Leaving, Taking, Whereabouts};
use super::recent::Recent;
use super::{
    COMPLAINT, Control, Ending, Error, Lease, Lookup, RateLimit, Refusal, Spending, State, refusal,
};
use crate::WalkIndex;
use crate::ids::Digest;
use crate::shard::Shard;
use hands::Hands;
use log::Log;

/// Claims kept, about 60 bytes each.
const CLAIMS: usize = 400_000;
const OUTPUT_BYTES: usize = 48 << 20;
const MEMO_BYTES: usize = 128 << 20;
/// What an entry takes beside its value.
const OVERHEAD_BYTES: usize = 96;
/// A limit lets through at once what it lets through in this part of a minute.
const BURSTS_PER_MINUTE: u64 = 60;

/// Cheap to clone; clones are one state.
#[derive(Clone, Debug, Default)]
pub struct EmbeddedState {
    inside: Arc<Mutex<Inside>>,
    /// Takes the place of `memo` inside.
    log: Option<Arc<Mutex<Log>>>,
}

#[derive(Debug)]
struct Inside {
    claims: Recent<Digest, WalkIndex>,
    outputs: Recent<Digest, Bytes>,
    computing: HashMap<Digest, Duty>,
    memo: Recent<Digest, (Instant, Bytes)>,
    limits: HashMap<String, Bucket>,
    spent: Spending,
    /// By their gist.
    refusals: HashMap<String, Refusal>,
    control: Control,
    ending: Option<Ending>,
    trouble: Option<(String, Instant)>,
    leader: Option<(String, Instant)>,
    hands: Hands,
}

impl Default for Inside {
    fn default() -> Self {
        Self {
            claims: Recent::new(CLAIMS),
            outputs: Recent::new(OUTPUT_BYTES),
            computing: HashMap::new(),
            memo: Recent::new(MEMO_BYTES),
            limits: HashMap::new(),
            spent: Spending::default(),
            refusals: HashMap::new(),
            control: Control::default(),
            ending: None,
            trouble: None,
            leader: None,
            hands: Hands::default(),
        }
    }
}

/// Someone computes an output.
#[derive(Clone, Debug)]
struct Duty {
    until: Instant,
    /// Whom to wake.
    waiting: Arc<Notify>,
}

/// A bucket that permits drip into at the limit's rate.
#[derive(Debug)]
struct Bucket {
    permits: f64,
    filled: Instant,
    held_until: Option<Instant>,
}

impl Bucket {
    fn full(limit: &RateLimit, now: Instant) -> Self {
        Self { permits: burst(limit), filled: now, held_until: None }
    }

    fn lease(&mut self, limit: &RateLimit, want: u32, now: Instant) -> Lease {
        if let Some(until) = self.held_until.filter(|&until| until > now) {
            return Lease { granted: 0, retry_after: until - now, holders: 1 };
        }
        let per_second = limit.per_minute as f64 / 60.0;
        let dripped = (now - self.filled).as_secs_f64() * per_second;
        self.permits = (self.permits + dripped).min(burst(limit));
        self.filled = now;
        let granted = f64::from(want).min(self.permits.floor());
        self.permits -= granted;
        let retry_after = match granted >= 1.0 || per_second <= 0.0 {
            true => Duration::ZERO,
            false => Duration::from_secs_f64((1.0 - self.permits) / per_second),
        };
        Lease { granted: granted as u32, retry_after, holders: 1 }
    }
}

fn burst(limit: &RateLimit) -> f64 {
    (limit.per_minute / BURSTS_PER_MINUTE).max(1) as f64
}

impl EmbeddedState {
    pub fn new() -> Self {
        Self::default()
    }

    /// A state that keeps paid answers and spending in this file.
    pub fn kept_in(path: &Path) -> io::Result<Self> {
        let log = Log::open(path)?;
        let state = Self::default();
        state.lock().spent = log.spent();
        Ok(Self { log: Some(Arc::new(Mutex::new(log))), ..state })
    }

    /// Does something with the log, if there is one. It is short: the file is
    /// in the system's cache.
    fn logged<T>(&self, work: impl FnOnce(&mut Log) -> io::Result<T>) -> Result<Option<T>, Error> {
        let Some(log) = &self.log else {
            return Ok(None);
        };
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut log)
            .map(Some)
            .map_err(|error| Error::Away(format!("the file of answers: {error}")))
    }

    /// The data is whole between any two statements, so a panic elsewhere
    /// while it was locked does no harm.
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The output, or whose duty it is; `None` makes it the caller's.
    fn look(&self, key: Digest, term: Duration) -> Result<Bytes, Option<Duty>> {
        let (mut inside, now) = (self.lock(), Instant::now());
        if let Some(output) = inside.outputs.get(&key) {
            return Ok(output.clone());
        }
        let held = inside.computing.get(&key);
        if let Some(duty) = held.filter(|duty| duty.until > now) {
            return Err(Some(duty.clone()));
        }
        // Those who waited for the last one wait for this one.
        let waiting = held.map(|duty| Arc::clone(&duty.waiting)).unwrap_or_default();
        inside.computing.insert(key, Duty { until: now + term, waiting });
        Err(None)
    }

    /// Frees a duty, whether there is an output now or not.
    fn wake(inside: &mut Inside, key: &Digest) {
        if let Some(duty) = inside.computing.remove(key) {
            duty.waiting.notify_waiters();
        }
    }
}

#[async_trait]
impl State for EmbeddedState {
    async fn claim(&self, key: Digest, walk: WalkIndex) -> Result<WalkIndex, Error> {
        let mut inside = self.lock();
        match inside.claims.get(&key) {
            Some(&holder) if holder <= walk => Ok(holder),
            _ => {
                inside.claims.put(key, walk, 1);
                Ok(walk)
            }
        }
    }

    async fn output(&self, key: Digest, term: Duration) -> Result<Lookup, Error> {
        loop {
            let duty = match self.look(key, term) {
                Ok(output) => return Ok(Lookup::Hit(output)),
                Err(None) => return Ok(Lookup::Compute),
                Err(Some(duty)) => duty,
            };
            let mut done = std::pin::pin!(duty.waiting.notified());
            done.as_mut().enable();
            // It may have been freed between the look and the wait.
            let is_held = self.lock().computing.contains_key(&key);
            if is_held {
                // Or be held longer by then.
                tokio::time::timeout_at(duty.until, done).await.ok();
            }
        }
    }

    async fn renew_output(&self, key: Digest, term: Duration) -> Result<(), Error> {
        if let Some(duty) = self.lock().computing.get_mut(&key) {
            duty.until = Instant::now() + term;
        }
        Ok(())
    }

    async fn release_output(&self, key: Digest) -> Result<(), Error> {
        Self::wake(&mut self.lock(), &key);
        Ok(())
    }

    async fn put_output(&self, key: Digest, value: Bytes) -> Result<(), Error> {
        let mut inside = self.lock();
        let weight = value.len() + OVERHEAD_BYTES;
        inside.outputs.put(key, value, weight);
        Self::wake(&mut inside, &key);
        Ok(())
    }

    async fn memo(&self, key: Digest) -> Result<Option<Bytes>, Error> {
        if let Some(kept) = self.logged(|log| log.get(&key))? {
            return Ok(kept.map(Bytes::from));
        }
        let inside = self.lock();
        let kept = inside.memo.get(&key).filter(|(until, _)| *until > Instant::now());
        Ok(kept.map(|(_, answer)| answer.clone()))
    }

    async fn put_memo(&self, key: Digest, value: Bytes, ttl: Duration) -> Result<(), Error> {
        self.lock().hands.keep_one();
        if self.logged(|log| log.put(key, &value))?.is_some() {
            return Ok(());
        }
        let weight = value.len() + OVERHEAD_BYTES;
        self.lock().memo.put(key, (Instant::now() + ttl, value), weight);
        Ok(())
    }

    async fn forget_memo(&self, keys: &[Digest]) -> Result<(), Error> {
        if self.logged(|log| log.forget(keys))?.is_some() {
            return Ok(());
        }
        let mut inside = self.lock();
        keys.iter().for_each(|key| inside.memo.remove(key));
        Ok(())
    }

    async fn lease(&self, limit: &RateLimit, want: u32) -> Result<Lease, Error> {
        let now = Instant::now();
        let mut inside = self.lock();
        let bucket = inside.limits.entry(limit.name.clone());
        Ok(bucket.or_insert_with(|| Bucket::full(limit, now)).lease(limit, want, now))
    }

    async fn hold(&self, limit: &RateLimit, pause: Duration) -> Result<(), Error> {
        let now = Instant::now();
        let mut inside = self.lock();
        let bucket = inside.limits.entry(limit.name.clone());
        let bucket = bucket.or_insert_with(|| Bucket::full(limit, now));
        bucket.held_until = bucket.held_until.max(Some(now + pause));
        Ok(())
    }

    async fn spend(&self, spent: Spending) -> Result<Spending, Error> {
        if spent != Spending::default() {
            self.logged(|log| log.spend(spent))?;
        }
        let mut inside = self.lock();
        inside.spent += spent;
        Ok(inside.spent)
    }

    async fn note_refusal(&self, refusal: &Refusal) -> Result<(), Error> {
        let kept = &mut self.lock().refusals;
        kept.entry(refusal.gist()).or_insert_with(|| refusal.clone());
        Ok(())
    }

    async fn refusals(&self) -> Result<Vec<Refusal>, Error> {
        Ok(refusal::in_order(self.lock().refusals.values().cloned().collect()))
    }

    async fn control(&self) -> Result<Control, Error> {
        Ok(self.lock().control)
    }

    async fn set_control(&self, control: Control) -> Result<(), Error> {
        let mut inside = self.lock();
        inside.control = control;
        if control.goes_on() {
            inside.ending = None;
        }
        Ok(())
    }

    async fn end(&self, ending: &Ending) -> Result<(), Error> {
        let mut inside = self.lock();
        (inside.control, inside.ending) = (Control::Cancel, Some(ending.clone()));
        Ok(())
    }

    async fn ending(&self) -> Result<Option<Ending>, Error> {
        Ok(self.lock().ending.clone())
    }

    async fn complain(&self, trouble: &str) -> Result<(), Error> {
        self.lock().trouble = Some((trouble.to_owned(), Instant::now() + COMPLAINT));
        Ok(())
    }

    async fn trouble(&self) -> Result<Option<String>, Error> {
        let inside = self.lock();
        let trouble = inside.trouble.as_ref().filter(|(_, until)| *until > Instant::now());
        Ok(trouble.map(|(text, _)| text.clone()))
    }

    async fn lead(&self, holder: &str, ttl: Duration) -> Result<bool, Error> {
        let now = Instant::now();
        let mut inside = self.lock();
        let free = match &inside.leader {
            Some((leader, until)) => leader == holder || *until <= now,
            None => true,
        };
        if free {
            inside.leader = Some((holder.to_owned(), now + ttl));
        }
        Ok(free)
    }

    async fn resign(&self, holder: &str) -> Result<(), Error> {
        let mut inside = self.lock();
        inside.leader = inside.leader.take().filter(|(leader, _)| leader != holder);
        Ok(())
    }

    async fn take_shard(&self, shard: &Shard, is_alone: bool) -> Result<Taking, Error> {
        Ok(self.lock().hands.take(shard, is_alone))
    }

    async fn beat_shard(&self, shard: &Shard, hand: &Hand, is_alone: bool) -> Result<bool, Error> {
        Ok(self.lock().hands.beat(shard, hand, is_alone))
    }

    async fn leave_shard(&self, shard: &Shard, hand: &Hand, how: Leaving) -> Result<(), Error> {
        self.lock().hands.leave(shard, hand, how);
        Ok(())
    }

    async fn expect_shard(&self, shard: &Shard, within: Duration) -> Result<(), Error> {
        self.lock().hands.expect(shard, within);
        Ok(())
    }

    async fn whereabouts(&self) -> Result<Vec<Whereabouts>, Error> {
        Ok(self.lock().hands.whereabouts())
    }
}
