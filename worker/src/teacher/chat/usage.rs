//! Accounting: requests, tokens and money, and the budget as a hard stop.

use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::config::{Budget, Endpoint};
use magnet_proto::state::{Spending, State};
use tokio::time::Instant;

use super::metrics::EndpointMetrics;
pub use super::metrics::Metrics;
use super::{Chat, Error, Reply, Request, Tokens, Trouble, tokens};

/// What an endpoint costs, in dollars a million tokens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prices {
    pub input: f64,
    /// Of input that the server had in its cache.
    pub cached_input: f64,
    pub output: f64,
}

impl Prices {
    pub fn of(endpoint: &Endpoint) -> Self {
        let input = endpoint.usd_per_million_input_tokens;
        let cached_input = match endpoint.usd_per_million_cached_input_tokens {
            0.0 => input,
            price => price,
        };
        Self { input, cached_input, output: endpoint.usd_per_million_output_tokens }
    }

    /// What so many tokens cost, in millionths of a dollar.
    pub fn micro_usd(&self, input: f64, cached: f64, output: f64) -> f64 {
        (input - cached) * self.input + cached * self.cached_input + output * self.output
    }
}

pub struct Usage<C> {
    inner: C,
    prices: Prices,
    budget: Budget,
    state: Arc<dyn State>,
    metrics: EndpointMetrics,
}

impl<C> Usage<C> {
    pub fn new(
        inner: C,
        prices: Prices,
        budget: Budget,
        state: Arc<dyn State>,
        metrics: EndpointMetrics,
    ) -> Self {
        Self { inner, prices, budget, state, metrics }
    }

    /// Refuses once a bound of the budget is reached. What is in flight then
    /// may still come in above it.
    async fn admit(&self) -> Result<(), Error> {
        let budget = &self.budget;
        if budget.max_usd == 0.0 && budget.max_requests == 0 && budget.max_tokens == 0 {
            return Ok(());
        }
        // A store that is away tells an estimate that the budget holds by.
        let Ok(spent) = self.state.spend(Spending::default()).await else {
            return Ok(());
        };
        used_up(budget, &spent).map_or(Ok(()), |reason| Err(Error::Budget(reason)))
    }

    /// In millionths of a dollar.
    fn price(&self, used: Tokens) -> u64 {
        let Tokens { input, output, cached } = used;
        self.prices.micro_usd(input as f64, cached as f64, output as f64).round() as u64
    }

    async fn spend(&self, request: &Request, done: &Result<Reply, Error>) {
        let used = match done {
            Ok(reply) => reply.usage,
            Err(error) if is_charged(error) => tokens::untold(request),
            Err(_) => Tokens::default(),
        };
        let spent = Spending {
            requests: 1,
            input_tokens: used.input,
            output_tokens: used.output,
            micro_usd: self.price(used),
            cached_input_tokens: used.cached,
        };
        if let Err(error) = self.state.spend(spent).await {
            tracing::debug!(%error, "spending could not be shared");
        }
    }
}

/// Whether the server worked on what came to nothing, and will want its money.
fn is_charged(error: &Error) -> bool {
    let garbage = [Trouble::Garbage, Trouble::Timeout];
    match error {
        Error::Transient { cause, .. } => garbage.contains(cause),
        Error::Unusable(_) => true,
        _ => false,
    }
}

/// The bound of the budget that was reached, if one was.
pub fn used_up(budget: &Budget, spent: &Spending) -> Option<String> {
    let usd = spent.micro_usd as f64 / 1e6;
    let tokens = spent.input_tokens + spent.output_tokens;
    if budget.max_usd > 0.0 && usd >= budget.max_usd {
        return Some(format!("{usd:.2} of max_usd = {} are spent", budget.max_usd));
    }
    if budget.max_requests > 0 && spent.requests >= budget.max_requests {
        return Some(format!("max_requests = {} are made", budget.max_requests));
    }
    if budget.max_tokens > 0 && tokens >= budget.max_tokens {
        return Some(format!("{tokens} of max_tokens = {} are used", budget.max_tokens));
    }
    None
}

#[async_trait]
impl<C: Chat> Chat for Usage<C> {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        self.admit().await?;
        let since = Instant::now();
        let _in_flight = self.metrics.sent();
        let mut done = self.inner.complete(request).await;
        if let Ok(reply) = &mut done {
            reply.micro_usd = self.price(reply.usage);
        }
        self.metrics.done(request.purpose, &done, since.elapsed());
        self.spend(request, &done).await;
        done
    }
}
