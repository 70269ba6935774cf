//! What a process's connection to the queue looks like, as metrics.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus::core::Collector;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use super::{Link, Queue};
use crate::process::register_sampled;

/// Metrics of the queue this process has connected to last.
#[derive(Clone, Default)]
pub struct Metrics {
    watched: Arc<Mutex<Option<Arc<dyn Queue>>>>,
}

struct Series {
    connected: IntGauge,
    blocked: IntGauge,
    reconnects: IntCounter,
    publishes: IntCounterVec,
    redelivered: IntCounter,
    unreadable: IntCounter,
    parked: IntCounter,
}

impl Metrics {
    /// Registers them; all are zero until a queue is watched.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let series = Series::new()?;
        let metrics = Self::default();
        let watched = Arc::clone(&metrics.watched);
        register_sampled(registry, series.all(), move || {
            let queue = watched.lock().unwrap_or_else(PoisonError::into_inner);
            match &*queue {
                Some(queue) => series.show(&queue.link()),
                None => series.connected.set(0),
            }
        })?;
        Ok(metrics)
    }

    /// Shows this queue from now on.
    pub fn watch(&self, queue: &Arc<dyn Queue>) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        *watched = Some(Arc::clone(queue));
    }
}

impl Series {
    fn new() -> Result<Self, prometheus::Error> {
        let publishes = Opts::new(
            "magnet_queue_publishes_total",
            "Messages published, reports and letters included, by whether they were confirmed.",
        );
        Ok(Self {
            connected: IntGauge::new(
                "magnet_queue_connected", "1 while the connections to the broker stand.",
            )?,
            blocked: IntGauge::new(
                "magnet_queue_blocked",
                "1 while the broker takes no messages: it is short of memory or disk.",
            )?,
            reconnects: IntCounter::new(
                "magnet_queue_reconnects_total", "Connections or channels made again.",
            )?,
            publishes: IntCounterVec::new(publishes, &["outcome"])?,
            redelivered: IntCounter::new(
                "magnet_shards_redelivered_total",
                "Shards taken from the queue that had been delivered before.",
            )?,
            unreadable: IntCounter::new(
                "magnet_queue_unreadable_messages_total",
                "Messages nobody can read, moved to the dead letters.",
            )?,
            parked: IntCounter::new(
                "magnet_queue_parked_messages_total",
                "Messages of a newer wire version, set aside.",
            )?,
        })
    }

    fn all(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.connected.clone()),
            Box::new(self.blocked.clone()),
            Box::new(self.reconnects.clone()),
            Box::new(self.publishes.clone()),
            Box::new(self.redelivered.clone()),
            Box::new(self.unreadable.clone()),
            Box::new(self.parked.clone()),
        ]
    }

    fn show(&self, link: &Link) {
        self.connected.set(i64::from(link.connected));
        self.blocked.set(i64::from(link.blocked));
        // A queue that is opened anew begins at zero: the counters rest until
        // it has caught up, and never fall.
        let raise = |counter: &IntCounter, to: u64| {
            counter.inc_by(to.saturating_sub(counter.get()));
        };
        raise(&self.reconnects, link.reconnects);
        raise(&self.publishes.with_label_values(&["confirmed"]), link.confirmed);
        raise(&self.publishes.with_label_values(&["unconfirmed"]), link.unconfirmed);
        raise(&self.redelivered, link.redelivered);
        raise(&self.unreadable, link.unreadable);
        raise(&self.parked, link.parked);
    }
}
