//! The metrics of all executors of a process, `magnet_executor_*`, and the
//! decorator that moves them.

use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::library::Function;
use magnet_proto::sample::Call;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, exponential_buckets,
};
use tokio::time::Instant;

use super::over::{Over, over};
use super::{Error, Executor, Nature, Output, Plan, Session, Start};

const OUTCOMES: [&str; 4] = ["answered", "refused", "unusable", "away"];

/// Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    calls: IntCounterVec,
    duration: HistogramVec,
    opened: IntCounterVec,
    restarts: IntCounterVec,
    open: IntGaugeVec,
}

impl Metrics {
    /// # Errors
    /// If the registry has them already.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let help = "Time that a call took, or until it was given up.";
        let options = HistogramOpts::new("magnet_executor_call_duration_seconds", help);
        let options = options.buckets(exponential_buckets(0.0001, 4.0, 10)?);
        let duration = HistogramVec::new(options, &["executor"])?;
        registry.register(Box::new(duration.clone()))?;
        let options = Opts::new("magnet_executor_sessions", "Sessions that are open.");
        let open = IntGaugeVec::new(options, &["executor"])?;
        registry.register(Box::new(open.clone()))?;
        Ok(Self {
            calls: counter(
                "magnet_executor_calls_total",
                "Calls made, by what came of them.",
                &["executor", "outcome"],
            )?,
            duration,
            opened: counter(
                "magnet_executor_sessions_opened_total",
                "Sessions opened.",
                &["executor"],
            )?,
            restarts: counter(
                "magnet_executor_restarts_total",
                "Sessions taken back to their start, after a call that left something behind.",
                &["executor"],
            )?,
            open,
        })
    }

    /// An executor whose sessions and calls are counted under its name.
    pub fn meter(&self, executor: Arc<dyn Executor>) -> Arc<dyn Executor> {
        let name = [executor.name()];
        for outcome in OUTCOMES {
            self.calls.with_label_values(&[name[0], outcome]);
        }
        self.duration.with_label_values(&name);
        self.opened.with_label_values(&name);
        self.restarts.with_label_values(&name);
        self.open.with_label_values(&name);
        Arc::new(Metered { executor, metrics: self.clone() })
    }
}

struct Metered {
    executor: Arc<dyn Executor>,
    metrics: Metrics,
}

#[async_trait]
impl Executor for Metered {
    fn name(&self) -> &str {
        self.executor.name()
    }

    fn nature(&self, function: &Function) -> Nature {
        self.executor.nature(function)
    }

    fn volatile(&self, function: &Function) -> Vec<String> {
        self.executor.volatile(function)
    }

    async fn open(&self, start: &Start<'_>) -> Result<Box<dyn Session>, Error> {
        let session = self.executor.open(start).await?;
        let name = self.name().to_owned();
        self.metrics.opened.with_label_values(&[&name]).inc();
        self.metrics.open.with_label_values(&[&name]).inc();
        Ok(over(session, Open { name, metrics: self.metrics.clone() }))
    }
}

/// Counts a session as open until it is dropped.
struct Open {
    name: String,
    metrics: Metrics,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.metrics.open.with_label_values(&[&self.name]).dec();
    }
}

#[async_trait]
impl Over for Open {
    async fn call(
        &mut self,
        session: &mut dyn Session,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Result<Output, Error> {
        let Self { name, metrics } = self;
        let begun = Instant::now();
        let output = session.call(function, call, plan).await;
        metrics.duration.with_label_values(&[name.as_str()]).observe(begun.elapsed().as_secs_f64());
        let outcome = match &output {
            Ok(output) if output.is_error => "refused",
            Ok(_) => "answered",
            Err(Error::Unusable(_) | Error::Unrecorded(_)) => "unusable",
            Err(_) => "away",
        };
        metrics.calls.with_label_values(&[name.as_str(), outcome]).inc();
        output
    }

    async fn restart(&mut self, session: &mut dyn Session) -> Result<bool, Error> {
        let is_done = session.restart().await?;
        if is_done {
            self.metrics.restarts.with_label_values(&[&self.name]).inc();
        }
        Ok(is_done)
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::library::Document;
    use magnet_proto::{FunctionId, WalkIndex};
    use prometheus::TextEncoder;
    use serde_json::{Value, json};

    use super::*;

    /// Answers, refuses, and gives no output, in turn.
    struct Moody(usize);

    #[async_trait]
    impl Executor for Moody {
        fn name(&self) -> &str {
            "moody"
        }

        fn nature(&self, _: &Function) -> Nature {
            Nature::Real
        }

        async fn open(&self, _: &Start<'_>) -> Result<Box<dyn Session>, Error> {
            Ok(Box::new(Self(0)))
        }
    }

    #[async_trait]
    impl Session for Moody {
        fn initial_config(&self) -> Option<Value> {
            None
        }

        async fn call(&mut self, _: &Function, _: &Call, _: &Plan) -> Result<Output, Error> {
            self.0 += 1;
            match self.0 {
                1 => Ok(Output::of(json!({}))),
                2 => Ok(Output::refused("no")),
                _ => Err(Error::Unusable("nothing".into())),
            }
        }
    }

    #[tokio::test]
    async fn calls_and_sessions_are_counted_by_what_came_of_them() {
        let registry = Registry::new();
        let executor = Metrics::register(&registry).unwrap().meter(Arc::new(Moody(0)));
        let function = Function::from(Document {
            name: "f".into(),
            description: String::new(),
            category: "c".into(),
            class: "c".into(),
            parameters: json!({"type": "object", "properties": {}}),
            response: None,
        });
        let call = Call { id: "1".into(), function: FunctionId(0), arguments: Default::default() };
        let start = Start { seed: 1, walk: WalkIndex(0), functions: &[], initial_config: None };
        let mut session = executor.open(&start).await.unwrap();
        for _ in 0..3 {
            session.call(&function, &call, &Plan::default()).await.ok();
        }
        let told = || TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        for line in [
            "magnet_executor_calls_total{executor=\"moody\",outcome=\"answered\"} 1",
            "magnet_executor_calls_total{executor=\"moody\",outcome=\"refused\"} 1",
            "magnet_executor_calls_total{executor=\"moody\",outcome=\"unusable\"} 1",
            "magnet_executor_calls_total{executor=\"moody\",outcome=\"away\"} 0",
            "magnet_executor_call_duration_seconds_count{executor=\"moody\"} 3",
            "magnet_executor_sessions{executor=\"moody\"} 1",
        ] {
            assert!(told().contains(line), "{line} in\n{}", told());
        }
        drop(session);
        assert!(told().contains("magnet_executor_sessions{executor=\"moody\"} 0"));
    }
}
