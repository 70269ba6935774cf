//! Metrics that are read off their source when they are asked for.

use prometheus::Registry;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

/// Registers metrics that `refresh` brings up to date before every reading.
pub fn register_sampled(
    registry: &Registry,
    metrics: Vec<Box<dyn Collector>>,
    refresh: impl Fn() + Send + Sync + 'static,
) -> Result<(), prometheus::Error> {
    registry.register(Box::new(Sampled { metrics, refresh }))
}

struct Sampled<F> {
    metrics: Vec<Box<dyn Collector>>,
    refresh: F,
}

impl<F: Fn() + Send + Sync> Collector for Sampled<F> {
    fn desc(&self) -> Vec<&Desc> {
        self.metrics.iter().flat_map(|metric| metric.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        (self.refresh)();
        self.metrics.iter().flat_map(|metric| metric.collect()).collect()
    }
}
