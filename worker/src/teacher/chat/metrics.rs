//! The metrics of all teachers of a process: `magnet_teacher_*`.

use std::time::Duration;

use prometheus::{
    CounterVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry,
    exponential_buckets,
};

use super::{Error, Purpose, Reply, Trouble};

/// Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    requests: IntCounterVec,
    tokens: IntCounterVec,
    cached_tokens: IntCounterVec,
    dollars: CounterVec,
    limit: IntGaugeVec,
    duration: HistogramVec,
    limiter_wait: HistogramVec,
    in_flight: IntGaugeVec,
    retries: IntCounterVec,
    memo_hits: IntCounterVec,
    circuit_open: IntGaugeVec,
}

impl Metrics {
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGaugeVec::new(Opts::new(name, help), &["endpoint"])?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let seconds = |name: &str, help: &str, least: f64| {
            let buckets = exponential_buckets(least, 2.0, 14)?;
            let options = HistogramOpts::new(name, help).buckets(buckets);
            let histogram = HistogramVec::new(options, &["endpoint"])?;
            registry.register(Box::new(histogram.clone()))?;
            Ok::<_, prometheus::Error>(histogram)
        };
        let options = Opts::new("magnet_teacher_spend_dollars_total", "Money spent on answers.");
        let dollars = CounterVec::new(options, &["endpoint"])?;
        registry.register(Box::new(dollars.clone()))?;
        let help = "The endpoint's limits, across the fleet.";
        let options = Opts::new("magnet_teacher_limit_per_minute", help);
        let limit = IntGaugeVec::new(options, &["endpoint", "unit"])?;
        registry.register(Box::new(limit.clone()))?;
        Ok(Self {
            requests: counter(
                "magnet_teacher_requests_total",
                "Requests sent to a teacher, by kind of ask and outcome.",
                &["endpoint", "purpose", "outcome"],
            )?,
            tokens: counter(
                "magnet_teacher_tokens_total",
                "Tokens that answered requests took, by direction.",
                &["endpoint", "direction"],
            )?,
            cached_tokens: counter(
                "magnet_teacher_cached_input_tokens_total",
                "Input tokens that the server had in its cache.",
                &["endpoint"],
            )?,
            dollars,
            limit,
            duration: seconds(
                "magnet_teacher_request_duration_seconds",
                "Time from sending a request to the whole answer, or to giving it up.",
                0.0125,
            )?,
            limiter_wait: seconds(
                "magnet_teacher_limiter_wait_seconds",
                "Time a request waited for permission to be sent.", 0.001,
            )?,
            in_flight: gauge(
                "magnet_teacher_requests_in_flight", "Requests sent and not answered yet.",
            )?,
            retries: counter(
                "magnet_teacher_retries_total",
                "Requests tried again, by what went wrong before.",
                &["endpoint", "cause"],
            )?,
            memo_hits: counter(
                "magnet_teacher_memo_hits_total",
                "Answers that had been paid for before.",
                &["endpoint", "purpose"],
            )?,
            circuit_open: gauge(
                "magnet_teacher_circuit_open",
                "Whether requests are refused after repeated failures (1) or not (0).",
            )?,
        })
    }

    /// The metrics of one endpoint.
    pub fn of(&self, endpoint: &str) -> EndpointMetrics {
        EndpointMetrics { all: self.clone(), endpoint: endpoint.to_owned() }
    }
}

/// The metrics as one endpoint's layers move them.
#[derive(Clone, Debug)]
pub struct EndpointMetrics {
    all: Metrics,
    endpoint: String,
}

/// A request that is under way.
pub(super) struct InFlight<'a>(&'a EndpointMetrics);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.all.in_flight.with_label_values(&[&self.0.endpoint]).dec();
    }
}

impl EndpointMetrics {
    pub(super) fn sent(&self) -> InFlight<'_> {
        self.all.in_flight.with_label_values(&[&self.endpoint]).inc();
        InFlight(self)
    }

    pub(super) fn done(&self, purpose: Purpose, done: &Result<Reply, Error>, took: Duration) {
        let labels = [self.endpoint.as_str(), purpose.label(), outcome(done)];
        self.all.requests.with_label_values(&labels).inc();
        let duration = self.all.duration.with_label_values(&[&self.endpoint]);
        duration.observe(took.as_secs_f64());
        if let Ok(reply) = done {
            let tokens =
                |direction| self.all.tokens.with_label_values(&[self.endpoint.as_str(), direction]);
            tokens("input").inc_by(reply.usage.input);
            tokens("output").inc_by(reply.usage.output);
            let cached = self.all.cached_tokens.with_label_values(&[&self.endpoint]);
            cached.inc_by(reply.usage.cached);
            let dollars = self.all.dollars.with_label_values(&[&self.endpoint]);
            dollars.inc_by(reply.micro_usd as f64 / 1e6);
        }
    }

    pub(super) fn waited(&self, time: Duration) {
        let wait = self.all.limiter_wait.with_label_values(&[&self.endpoint]);
        wait.observe(time.as_secs_f64());
    }

    pub(super) fn retried(&self, cause: Trouble) {
        self.all.retries.with_label_values(&[self.endpoint.as_str(), cause.label()]).inc();
    }

    pub(super) fn memo_hit(&self, purpose: Purpose) {
        self.all.memo_hits.with_label_values(&[self.endpoint.as_str(), purpose.label()]).inc();
    }

    pub(super) fn limited(&self, unit: &str, per_minute: u64) {
        let limit = self.all.limit.with_label_values(&[self.endpoint.as_str(), unit]);
        limit.set(i64::try_from(per_minute).unwrap_or(i64::MAX));
    }

    pub(super) fn circuit(&self, is_open: bool) {
        self.all.circuit_open.with_label_values(&[&self.endpoint]).set(i64::from(is_open));
    }
}

fn outcome(done: &Result<Reply, Error>) -> &'static str {
    match done {
        Ok(_) => "ok",
        Err(Error::Transient { cause, .. }) => cause.label(),
        Err(Error::TooLong(_)) => "too_long",
        Err(Error::Unanswerable(_)) => "unanswerable",
        Err(Error::Unusable(_)) => "unusable",
        Err(Error::Permanent(_)) => "refused",
        Err(Error::Budget(_)) => "budget",
        Err(Error::Cancelled) => "cancelled",
    }
}
