//! The coordinator's own page: how a campaign is doing, and its finished
//! conversations to read; the JSON API under it; the metrics beside it.
//!
//! ```text
//! dispatch, services ─► board, shelf ─► metrics        /metrics
//!                                    └► api ─► page    /api/v1/…, /
//! ```
//!
//! Nothing here decides anything: a campaign runs the same with nobody
//! looking. All of the page is in the binary, and it asks nobody but this
//! server.

mod api;
mod board;
mod gauges;
mod page;
mod reader;
mod shelf;
mod token;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use magnet_proto::CampaignDigest;
use magnet_proto::config::Campaign;
use magnet_proto::library::Library;
use magnet_proto::parts::Parts;
use magnet_proto::process::{self, Health};
use magnet_proto::queue::{self, Queue};
use magnet_proto::state::{self, Spending, State, Stores};
use prometheus::Registry;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use reader::Reader;

pub use board::{Board, Phase, View};
pub use token::Token;

/// How often queue and state store are asked how they are.
const LOOK: Duration = Duration::from_secs(2);
/// Who does not answer in this time is shown as away.
const PATIENCE: Duration = Duration::from_secs(3);

/// Everything a process shows of its campaign; clones are the same one.
#[derive(Clone)]
pub struct Watch {
    pub registry: Registry,
    pub health: Health,
    pub board: Board,
    queue_metrics: queue::Metrics,
    state_metrics: state::Metrics,
    open: Arc<Mutex<Open>>,
}

/// The services, as far as they are opened.
#[derive(Clone, Default)]
struct Open {
    queue: Option<Arc<dyn Queue>>,
    state: Option<Arc<dyn State>>,
    reader: Option<Arc<Reader>>,
}

impl Watch {
    /// Registers all that the process itself exports.
    pub fn new(campaign: &Campaign, digest: CampaignDigest) -> Result<Self, prometheus::Error> {
        let (registry, health) = (Registry::new(), Health::default());
        process::register_vitals(&registry)?;
        health.register(&registry)?;
        let board = Board::new(campaign, digest);
        gauges::show(&registry, &board)?;
        Ok(Self {
            queue_metrics: queue::Metrics::register(&registry)?,
            state_metrics: state::Metrics::register(&registry, health.pulse())?,
            registry,
            health,
            board,
            open: Arc::default(),
        })
    }

    /// The routes of metrics, health, page and API.
    pub fn routes(&self, token: Option<Token>) -> Router {
        process::routes(&self.registry, &self.health)
            .merge(api::routes(self.clone(), token))
            .merge(page::routes())
    }

    /// Shows the part store, and reads samples from it.
    pub(crate) fn opened_parts(
        &self,
        parts: &Parts,
        library: &Arc<Library>,
        stop: &CancellationToken,
    ) {
        self.health.watch_parts(parts, stop);
        let reader = Reader::new(self.board.digest(), parts.clone(), Arc::clone(library));
        self.lock().reader = Some(Arc::new(reader));
    }

    /// Shows the stores; those returned are the same ones, counted.
    pub(crate) fn opened_stores(&self, stores: &Stores) -> Stores {
        self.health.watch_stores(stores);
        let metered = self.state_metrics.meter(stores);
        // What the page asks for is not the campaign's work.
        self.lock().state = Some(Arc::clone(&stores.state));
        metered
    }

    /// Shows the queue, until `stop`.
    pub(crate) fn opened_queue(&self, queue: &Arc<dyn Queue>, stop: &CancellationToken) {
        self.health.watch_queue(queue);
        self.queue_metrics.watch(queue);
        self.lock().queue = Some(Arc::clone(queue));
        let (watch, stop) = (self.clone(), stop.clone());
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                watch.look().await;
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
        });
    }

    /// Asks queue and state store how they are.
    async fn look(&self) {
        let Open { queue, state, .. } = self.open();
        if let Some(queue) = queue {
            let asked = async {
                let (depth, consumers) = (queue.depth().await?, queue.consumers().await?);
                Ok::<_, queue::Error>(board::Queue { depth, consumers })
            };
            let answer = tokio::time::timeout(PATIENCE, asked).await;
            self.board.see_queue(answer.ok().and_then(Result::ok));
        }
        let Some(state) = state else { return };
        if let Ok(spent) = state.spend(Spending::default()).await {
            self.board.see_spending(spent);
        }
        if let Ok(refusals) = state.refusals().await {
            self.board.see_refusals(refusals);
        }
        if let Ok(trouble) = state.trouble().await
            && self.board.see_trouble(trouble.clone())
            && let Some(trouble) = trouble
        {
            warn!("shards are handed back: {trouble}");
        }
    }

    fn open(&self) -> Open {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Each change is one assignment: whole after a panic too.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod fixture {
    use magnet_proto::{CampaignDigest, Digest};

    pub(super) fn digest() -> CampaignDigest {
        CampaignDigest(Digest::of(b"campaign"))
    }
}

#[cfg(test)]
mod tests;
