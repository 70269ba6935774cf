//! A connection that is made again whenever it is lost.
//!
//! Each link has one task of its own, so that a caller who gives up does not
//! interrupt the connecting, and callers share what it brings about.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::Error;
use super::broker::Broker;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often a session that nobody uses is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// What a process has met, since its start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Connections or channels made again.
    pub reconnects: AtomicU64,
    /// Publishes that were confirmed.
    pub confirmed: AtomicU64,
    /// Publishes that were refused, returned or not confirmed in time.
    pub unconfirmed: AtomicU64,
    /// Deliveries of messages that had been delivered before.
    pub redelivered: AtomicU64,
    /// Messages that nobody can read.
    pub unreadable: AtomicU64,
    /// Messages of a newer wire version.
    pub parked: AtomicU64,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// What a link keeps: a connection and its channels.
#[async_trait]
pub(super) trait Session: Send + Sync + Sized + 'static {
    const PURPOSE: &'static str;

    /// `is_again`: there was one before it in this process.
    async fn open(broker: &Arc<Broker>, is_again: bool) -> Result<Self, Error>;

    fn is_alive(&self) -> bool;

    /// What the broker said when it ended a channel of it, if nobody has heard
    /// that yet.
    fn why_ended(&self) -> Option<String> {
        None
    }

    /// Whether it was ended by us, for good.
    fn is_over(&self) -> bool {
        false
    }
}

pub(super) struct Link<S> {
    current: watch::Receiver<Option<Arc<S>>>,
    broken: Arc<Notify>,
    closed: CancellationToken,
}

impl<S> Clone for Link<S> {
    fn clone(&self) -> Self {
        let (current, broken) = (self.current.clone(), Arc::clone(&self.broken));
        Self { current, broken, closed: self.closed.clone() }
    }
}

impl<S: Session> Link<S> {
    /// Connects within the configured time, then keeps connected.
    pub(super) async fn connect(
        broker: &Arc<Broker>,
        closed: &CancellationToken,
    ) -> Result<Self, Error> {
        let first = connect_in_time::<S>(broker).await?;
        let (sender, current) = watch::channel(Some(Arc::new(first)));
        let broken = Arc::new(Notify::new());
        let keeper = Keeper { broker: Arc::clone(broker), sender, broken: Arc::clone(&broken) };
        tokio::spawn(keeper.keep());
        Ok(Self { current, broken, closed: closed.clone() })
    }

    pub(super) fn current(&self) -> Option<Arc<S>> {
        self.current.borrow().clone().filter(|session| session.is_alive())
    }

    pub(super) fn is_connected(&self) -> bool {
        self.current().is_some()
    }

    /// Waits for a session; `None` once closed.
    pub(super) async fn session_or_closed(&self) -> Option<Arc<S>> {
        tokio::select! {
            biased;
            () = self.closed.cancelled() => None,
            session = self.session() => session,
        }
    }

    /// Waits for a session. `None` only while the process ends.
    pub(super) async fn session(&self) -> Option<Arc<S>> {
        let mut current = self.current.clone();
        let found = current.wait_for(|session| session.as_ref().is_some_and(|s| s.is_alive()));
        found.await.ok().and_then(|session| session.clone())
    }

    /// Says that a session does not work, so that nobody waits for the next
    /// look at it.
    pub(super) fn broken(&self, session: &Arc<S>) {
        if !session.is_alive() {
            self.broken.notify_one();
        }
    }
}

struct Keeper<S> {
    broker: Arc<Broker>,
    sender: watch::Sender<Option<Arc<S>>>,
    broken: Arc<Notify>,
}

impl<S: Session> Keeper<S> {
    /// Ends when nobody holds the link any more.
    async fn keep(self) {
        let mut pauses = Pauses::default();
        loop {
            tokio::select! {
                () = self.sender.closed() => return,
                () = tokio::time::sleep(LOOK) => {}
                () = self.broken.notified() => {}
            }
            if self.sender.borrow().as_ref().is_some_and(|session| session.is_alive()) {
                pauses = Pauses::default();
                continue;
            }
            let lost = self.sender.send_replace(None);
            if lost.as_ref().is_some_and(|session| session.is_over()) {
                return;
            }
            tokio::select! {
                () = self.sender.closed() => return,
                () = tokio::time::sleep(pauses.next()) => {}
            }
            // By now the reason has come as well.
            if let Some(lost) = lost {
                if let Some(why) = lost.why_ended() {
                    self.broker.note(Some(why));
                }
                let why = self.broker.trouble().unwrap_or_else(|| "no reason is given".into());
                warn!(
                    "the connection for {} to {} is lost: {why}",
                    S::PURPOSE,
                    self.broker.place()
                );
            }
            match S::open(&self.broker, true).await {
                Ok(session) => {
                    count(&self.broker.counters.reconnects);
                    info!("the connection for {} stands again", S::PURPOSE);
                    self.broker.note(None);
                    self.sender.send_replace(Some(Arc::new(session)));
                }
                Err(problem) => {
                    let problem = problem.to_string().replace("\nhint: ", "; ");
                    match self.broker.note(Some(problem.clone())) {
                        true => warn!("{problem}"),
                        false => debug!("{problem}"),
                    }
                    self.broken.notify_one();
                }
            }
        }
    }
}

async fn connect_in_time<S: Session>(broker: &Arc<Broker>) -> Result<S, Error> {
    let deadline = Instant::now() + broker.access.connect_timeout;
    let mut is_told = false;
    let mut pauses = Pauses::default();
    loop {
        match S::open(broker, false).await {
            Err(Error::Transient(problem)) => {
                let pause = pauses.next();
                if Instant::now() + pause >= deadline {
                    return Err(Error::Transient(problem));
                }
                match is_told {
                    true => info!("waiting for the broker: {problem}"),
                    false => warn!("waiting for the broker: {problem}"),
                }
                is_told = true;
                tokio::time::sleep(pause).await;
            }
            decided => return decided,
        }
    }
}

/// Pauses that double up to a bound, each drawn from its upper half so that a
/// fleet does not come back all at once.
#[derive(Debug)]
pub(super) struct Pauses {
    longest: Duration,
    drawn: u64,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { longest: FIRST_PAUSE, drawn: u64::from(std::process::id()) }
    }
}

impl Pauses {
    pub(super) fn next(&mut self) -> Duration {
        // Neither data nor secrets hang on this: the process's id will do as
        // a seed.
        self.drawn = self.drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let share = 0.5 + (self.drawn >> 33) as f64 / (1u64 << 32) as f64;
        let pause = self.longest.mul_f64(share.min(1.0));
        self.longest = (self.longest * 2).min(LONGEST_PAUSE);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound_and_differ() {
        let mut pauses = Pauses::default();
        let drawn: Vec<Duration> = (0..20).map(|_| pauses.next()).collect();
        assert!(drawn[0] <= FIRST_PAUSE);
        assert!(drawn.iter().all(|pause| *pause <= LONGEST_PAUSE));
        assert!(drawn[10..].iter().all(|pause| *pause >= LONGEST_PAUSE / 2));
        assert!(drawn[10] != drawn[11]);
    }
}
