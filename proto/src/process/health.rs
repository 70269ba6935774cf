//! Whether a process is well: that it makes progress, and which services it
//! reaches.
//!
//! Liveness is progress: a process that holds work and has done none of it for
//! [`STALLED`] is stuck and should be started anew. It never asks a service,
//! since restarting a worker mends no broker. Readiness is the services, each
//! as its own connection sees it at that moment.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{Gauge, IntGaugeVec, Opts, Registry};
use tokio::time::Instant;

use super::sampled::register_sampled;

/// Held work that rests for so long is stuck. Longer than any wait that is in
/// order: an answer with all its retries, a publish while the broker restarts.
pub const STALLED: Duration = Duration::from_secs(20 * 60);

/// A service that a process needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    Queue,
    State,
    Cache,
    Parts,
}

impl Service {
    pub const ALL: [Self; 4] = [Self::Queue, Self::State, Self::Cache, Self::Parts];

    pub fn label(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::State => "state",
            Self::Cache => "cache",
            Self::Parts => "parts",
        }
    }
}

/// Says whether a service answers, and if not, why.
pub type Probe = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

/// A process's health; clones are the same one.
#[derive(Clone, Default)]
pub struct Health {
    probes: Arc<Mutex<BTreeMap<Service, Probe>>>,
    pulse: Pulse,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("services", &self.services()).finish()
    }
}

impl Health {
    /// Registers what `/healthz` and `/readyz` tell as metrics, too.
    pub fn register(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        let up = Opts::new("magnet_service_up", "1 while the service answers, by service.");
        let up = IntGaugeVec::new(up, &["service"])?;
        let age = Gauge::new(
            "magnet_progress_age_seconds",
            "Time since this process last made progress or had nothing to do.",
        )?;
        let all: Vec<Box<dyn Collector>> = vec![Box::new(up.clone()), Box::new(age.clone())];
        let health = self.clone();
        register_sampled(registry, all, move || {
            for (service, answer) in health.services() {
                up.with_label_values(&[service.label()]).set(i64::from(answer.is_ok()));
            }
            age.set(health.pulse.age().as_secs_f64());
        })
    }

    /// Looks at a service through this probe from now on.
    pub fn watch(&self, service: Service, probe: Probe) {
        self.lock().insert(service, probe);
    }

    /// Every service, as it is now.
    pub fn services(&self) -> Vec<(Service, Result<(), String>)> {
        let probes = self.lock();
        let ask = |service| match probes.get(&service) {
            Some(probe) => probe(),
            None => Err("not reached yet".to_owned()),
        };
        Service::ALL.map(|service| (service, ask(service))).into()
    }

    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Service, Probe>> {
        // Probes do not panic, and an insert is whole or not there.
        self.probes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a process last made progress with what it holds. Clones beat together.
#[derive(Clone, Debug)]
pub struct Pulse(Arc<Beats>);

#[derive(Debug)]
struct Beats {
    start: Instant,
    /// Milliseconds after `start`.
    last_ms: AtomicU64,
    held: AtomicUsize,
}

impl Default for Pulse {
    fn default() -> Self {
        let (last_ms, held) = (AtomicU64::new(0), AtomicUsize::new(0));
        Self(Arc::new(Beats { start: Instant::now(), last_ms, held }))
    }
}

impl Pulse {
    /// Something was done.
    pub fn beat(&self) {
        let now = self.0.start.elapsed().as_millis() as u64;
        self.0.last_ms.store(now, Ordering::Relaxed);
    }

    /// There is work to do until the guard is dropped.
    #[must_use]
    pub fn hold(&self) -> Held {
        self.beat();
        self.0.held.fetch_add(1, Ordering::Relaxed);
        Held(self.clone())
    }

    /// How long held work has rested.
    pub fn age(&self) -> Duration {
        self.age_at(Instant::now())
    }

    fn age_at(&self, now: Instant) -> Duration {
        if self.0.held.load(Ordering::Relaxed) == 0 {
            return Duration::ZERO;
        }
        let last = Duration::from_millis(self.0.last_ms.load(Ordering::Relaxed));
        now.duration_since(self.0.start).saturating_sub(last)
    }
}

/// Work that a process holds.
#[derive(Debug)]
pub struct Held(Pulse);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.beat();
        self.0.0.held.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_held_work_that_rests_is_stuck() {
        let pulse = Pulse::default();
        let later = Instant::now() + STALLED * 2;
        assert_eq!(pulse.age_at(later), Duration::ZERO);
        let held = pulse.hold();
        assert!(pulse.age_at(later) > STALLED);
        pulse.beat();
        assert!(pulse.age() < STALLED);
        drop(held);
        assert_eq!(pulse.age_at(later), Duration::ZERO);
    }

    #[test]
    fn a_service_that_nobody_has_reached_is_not_up() {
        let health = Health::default();
        health.watch(Service::Queue, Box::new(|| Ok(())));
        let up: Vec<Service> = health
            .services()
            .into_iter()
            .filter_map(|(service, answer)| answer.ok().map(|()| service))
            .collect();
        assert_eq!(up, [Service::Queue]);
    }
}
