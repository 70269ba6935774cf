//! A state store whose operations are counted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry,
    exponential_buckets,
};
use tokio::time::Instant;

use super::hands::{Hand, Leaving, Taking, Whereabouts};
use super::{Control, Ending, Error, Lease, Lookup, RateLimit, Refusal, Spending, State, Stores};
use crate::WalkIndex;
use crate::ids::Digest;
use crate::process::{Pulse, register_sampled};
use crate::shard::Shard;

/// What a process's operations on its stores come to.
#[derive(Clone)]
pub struct Metrics {
    errors: IntCounterVec,
    duration: HistogramVec,
    claims: IntCounterVec,
    outputs: IntCounterVec,
    memo: IntCounterVec,
    watched: Arc<Mutex<Option<Stores>>>,
    pulse: Pulse,
}

impl Metrics {
    /// Registers them. What work asks of a store is a sign of life, whatever
    /// came of it; what is asked by the clock is none.
    pub fn register(registry: &Registry, pulse: &Pulse) -> Result<Self, prometheus::Error> {
        let counters = |name: &str, help: &str, label: &str, values: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), &[label])?;
            values.iter().for_each(|value| drop(counters.with_label_values(&[value])));
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, prometheus::Error>(counters)
        };
        let degraded = Opts::new(
            "magnet_state_degraded",
            "1 while the store is away and the process goes on without it.",
        );
        let degraded = IntGaugeVec::new(degraded, &["store"])?;
        let watched = Arc::new(Mutex::new(None::<Stores>));
        let all: Vec<Box<dyn Collector>> = vec![Box::new(degraded.clone())];
        let looked = Arc::clone(&watched);
        register_sampled(registry, all, move || {
            let stores = looked.lock().unwrap_or_else(PoisonError::into_inner);
            let is_away = |store: Option<&Arc<dyn State>>| store.is_some_and(|s| s.is_away());
            let (state, cache) = (stores.as_ref().map(|s| &s.state), stores.as_ref());
            degraded.with_label_values(&["state"]).set(i64::from(is_away(state)));
            let cache = cache.map(|stores| &stores.cache);
            degraded.with_label_values(&["cache"]).set(i64::from(is_away(cache)));
        })?;
        let duration = HistogramOpts::new(
            "magnet_state_operation_duration_seconds",
            "Time of an operation, but for waiting for another worker's output.",
        );
        let duration = duration.buckets(exponential_buckets(0.000_1, 4.0, 8)?);
        let duration = HistogramVec::new(duration, &["store"])?;
        registry.register(Box::new(duration.clone()))?;
        Ok(Self {
            errors: counters(
                "magnet_state_errors_total",
                "Operations that failed.",
                "store",
                &["state", "cache"],
            )?,
            claims: counters(
                "magnet_claims_total",
                "Claims for a path: won, lost to a lower walk, or unknown while the store was away.",
                "outcome",
                &["won", "lost", "unknown"],
            )?,
            outputs: counters(
                "magnet_output_lookups_total",
                "Function outputs looked up in the cache.",
                "outcome",
                &["hit", "compute", "unknown"],
            )?,
            memo: counters(
                "magnet_memo_lookups_total",
                "Paid answers looked up.",
                "outcome",
                &["hit", "miss", "unknown"],
            )?,
            duration,
            watched,
            pulse: pulse.clone(),
        })
    }

    /// The same stores, counted.
    pub fn meter(&self, stores: &Stores) -> Stores {
        let metered = |inner: &Arc<dyn State>, store: &str| -> Arc<dyn State> {
            Arc::new(Metered {
                inner: Arc::clone(inner),
                errors: self.errors.with_label_values(&[store]),
                duration: self.duration.with_label_values(&[store]),
                to: self.clone(),
            })
        };
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        *watched = Some(stores.clone());
        Stores { state: metered(&stores.state, "state"), cache: metered(&stores.cache, "cache") }
    }
}

struct Metered {
    inner: Arc<dyn State>,
    errors: IntCounter,
    duration: Histogram,
    to: Metrics,
}

impl Metered {
    /// An operation that work asks for.
    async fn worked<T>(
        &self,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let done = self.timed(operation).await;
        self.to.pulse.beat();
        done
    }

    async fn timed<T>(
        &self,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let start = Instant::now();
        let done = self.counted(operation).await;
        self.duration.observe(start.elapsed().as_secs_f64());
        done
    }

    async fn counted<T>(
        &self,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let done = operation.await;
        if done.is_err() {
            self.errors.inc();
        }
        done
    }
}

#[async_trait]
impl State for Metered {
    async fn claim(&self, key: Digest, walk: WalkIndex) -> Result<WalkIndex, Error> {
        let holder = self.worked(self.inner.claim(key, walk)).await;
        let outcome = match &holder {
            Ok(holder) if *holder < walk => "lost",
            Ok(_) => "won",
            Err(_) => "unknown",
        };
        self.to.claims.with_label_values(&[outcome]).inc();
        holder
    }

    async fn output(&self, key: Digest, term: Duration) -> Result<Lookup, Error> {
        let found = self.counted(self.inner.output(key, term)).await;
        self.to.pulse.beat();
        let outcome = match &found {
            Ok(Lookup::Hit(_)) => "hit",
            Ok(Lookup::Compute) => "compute",
            Err(_) => "unknown",
        };
        self.to.outputs.with_label_values(&[outcome]).inc();
        found
    }

    async fn renew_output(&self, key: Digest, term: Duration) -> Result<(), Error> {
        self.worked(self.inner.renew_output(key, term)).await
    }

    async fn release_output(&self, key: Digest) -> Result<(), Error> {
        self.worked(self.inner.release_output(key)).await
    }

    async fn put_output(&self, key: Digest, value: Bytes) -> Result<(), Error> {
        self.worked(self.inner.put_output(key, value)).await
    }

    async fn memo(&self, key: Digest) -> Result<Option<Bytes>, Error> {
        let found = self.worked(self.inner.memo(key)).await;
        let outcome = match &found {
            Ok(Some(_)) => "hit",
            Ok(None) => "miss",
            Err(_) => "unknown",
        };
        self.to.memo.with_label_values(&[outcome]).inc();
        found
    }

    async fn put_memo(&self, key: Digest, value: Bytes, ttl: Duration) -> Result<(), Error> {
        self.worked(self.inner.put_memo(key, value, ttl)).await
    }

    async fn forget_memo(&self, keys: &[Digest]) -> Result<(), Error> {
        self.worked(self.inner.forget_memo(keys)).await
    }

    async fn lease(&self, limit: &RateLimit, want: u32) -> Result<Lease, Error> {
        self.worked(self.inner.lease(limit, want)).await
    }

    async fn hold(&self, limit: &RateLimit, pause: Duration) -> Result<(), Error> {
        self.worked(self.inner.hold(limit, pause)).await
    }

    async fn spend(&self, spent: Spending) -> Result<Spending, Error> {
        match spent == Spending::default() {
            true => self.timed(self.inner.spend(spent)).await,
            false => self.worked(self.inner.spend(spent)).await,
        }
    }

    async fn note_refusal(&self, refusal: &Refusal) -> Result<(), Error> {
        self.timed(self.inner.note_refusal(refusal)).await
    }

    async fn refusals(&self) -> Result<Vec<Refusal>, Error> {
        self.timed(self.inner.refusals()).await
    }

    async fn control(&self) -> Result<Control, Error> {
        let wish = self.timed(self.inner.control()).await;
        // Work that the operator holds does not rest by its own fault.
        if matches!(wish, Ok(Control::Pause)) {
            self.to.pulse.beat();
        }
        wish
    }

    async fn set_control(&self, control: Control) -> Result<(), Error> {
        self.timed(self.inner.set_control(control)).await
    }

    async fn end(&self, ending: &Ending) -> Result<(), Error> {
        self.timed(self.inner.end(ending)).await
    }

    async fn ending(&self) -> Result<Option<Ending>, Error> {
        self.timed(self.inner.ending()).await
    }

    async fn lead(&self, holder: &str, ttl: Duration) -> Result<bool, Error> {
        self.timed(self.inner.lead(holder, ttl)).await
    }

    async fn complain(&self, trouble: &str) -> Result<(), Error> {
        self.timed(self.inner.complain(trouble)).await
    }

    async fn trouble(&self) -> Result<Option<String>, Error> {
        self.timed(self.inner.trouble()).await
    }

    async fn resign(&self, holder: &str) -> Result<(), Error> {
        self.timed(self.inner.resign(holder)).await
    }

    async fn take_shard(&self, shard: &Shard, is_alone: bool) -> Result<Taking, Error> {
        self.worked(self.inner.take_shard(shard, is_alone)).await
    }

    async fn beat_shard(&self, shard: &Shard, hand: &Hand, is_alone: bool) -> Result<bool, Error> {
        self.timed(self.inner.beat_shard(shard, hand, is_alone)).await
    }

    async fn leave_shard(&self, shard: &Shard, hand: &Hand, how: Leaving) -> Result<(), Error> {
        self.worked(self.inner.leave_shard(shard, hand, how)).await
    }

    async fn expect_shard(&self, shard: &Shard, within: Duration) -> Result<(), Error> {
        self.timed(self.inner.expect_shard(shard, within)).await
    }

    async fn whereabouts(&self) -> Result<Vec<Whereabouts>, Error> {
        self.timed(self.inner.whereabouts()).await
    }

    fn is_shared(&self) -> bool {
        self.inner.is_shared()
    }

    fn is_away(&self) -> bool {
        self.inner.is_away()
    }

    fn trouble_here(&self) -> Option<String> {
        self.inner.trouble_here()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lookups_are_counted_by_what_came_of_them() {
        let registry = Registry::new();
        let metrics = Metrics::register(&registry, &Pulse::default()).unwrap();
        let embedded = super::super::open("embedded:").unwrap();
        let plain = Stores { state: Arc::clone(&embedded), cache: embedded };
        let state = metrics.meter(&plain).state;
        let key = Digest::of(b"key");
        state.claim(key, WalkIndex(1)).await.unwrap();
        state.claim(key, WalkIndex(2)).await.unwrap();
        state.memo(key).await.unwrap();
        let count =
            |counters: &IntCounterVec, outcome| counters.with_label_values(&[outcome]).get();
        assert_eq!((count(&metrics.claims, "won"), count(&metrics.claims, "lost")), (1, 1));
        assert_eq!((count(&metrics.memo, "hit"), count(&metrics.memo, "miss")), (0, 1));
        assert_eq!(metrics.duration.with_label_values(&["state"]).get_sample_count(), 3);
    }

    #[tokio::test]
    async fn asking_for_the_operators_wish_is_no_progress_and_a_pause_is_no_stall() {
        const REST: Duration = Duration::from_millis(500);
        let pulse = Pulse::default();
        let metrics = Metrics::register(&Registry::new(), &pulse).unwrap();
        let embedded = super::super::open("embedded:").unwrap();
        let stores = Stores { state: Arc::clone(&embedded), cache: embedded };
        let state = metrics.meter(&stores).state;
        let _work = pulse.hold();
        tokio::time::sleep(REST).await;
        state.control().await.unwrap();
        state.lead("somebody", Duration::from_secs(15)).await.unwrap();
        state.spend(Spending::default()).await.unwrap();
        assert!(pulse.age() >= REST, "{:?}", pulse.age());
        state.spend(Spending { requests: 1, ..Spending::default() }).await.unwrap();
        assert!(pulse.age() < REST, "{:?}", pulse.age());
        tokio::time::sleep(REST).await;
        state.set_control(Control::Pause).await.unwrap();
        state.control().await.unwrap();
        assert!(pulse.age() < REST, "{:?}", pulse.age());
    }
}
