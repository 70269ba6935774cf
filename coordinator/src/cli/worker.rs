//! `magnet worker`: a fleet worker.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use magnet_proto::config::Campaign;
use magnet_proto::parts::Parts;
use magnet_proto::process::{self, Exit, Failure, Health};
use magnet_proto::state::{self, Ending};
use magnet_proto::{CampaignDigest, queue};
use magnet_worker::serve::{self, Company, Metrics, Shutdown, Worker};
use prometheus::Registry;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::campaign::CampaignArgs;
use super::listen::Address;
use crate::fleet::{Allowed, Campaigns};
use crate::{control, embedded, prepare};

/// Where it listens if nobody says so.
const DEFAULT_ADDRESS: &str = "127.0.0.1:9465";
/// Shards of slow teachers that a worker of a fleet holds at once: what it
/// loses with its life.
const SHARDS_HELD: usize = 2;
/// A part store may be away for so long: a fleet outlives its outages, and
/// `/readyz` tells of them meanwhile.
const PUT_PATIENCE: Duration = Duration::from_secs(3_600);

/// Work shards of a fleet's campaigns until told to stop
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  magnet worker fleet.toml\n  magnet worker campaign.toml --once\n  \
                        magnet worker --set fleet.queue=amqp://user:password@host/vhost"
)]
pub(super) struct Args {
    #[command(flatten)]
    campaign: CampaignArgs,
    /// End when the campaign of the file is done
    #[arg(long)]
    once: bool,
    /// Where metrics listen; 127.0.0.1:9465 if that is free
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
}

pub(super) fn run(args: &Args, environment: &[(String, String)]) -> Result<Exit> {
    let effective = args.campaign.load(environment)?;
    let campaign = &effective.campaign;
    super::coordinator::require_a_fleet(campaign)?;
    let awaited = match args.once {
        true => Some(super::coordinator::prepare(campaign)?.digest),
        false => None,
    };
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    let address = Address::of(args.listen.as_deref(), &campaign.run.listen, DEFAULT_ADDRESS);
    runtime.block_on(work(campaign, awaited, environment, address))
}

async fn work(
    campaign: &Campaign,
    awaited: Option<CampaignDigest>,
    environment: &[(String, String)],
    address: Address,
) -> Result<Exit> {
    let stop = process::stop_on_signals().context("listening for signals")?;
    let (registry, health) = (Registry::new(), Health::default());
    process::register_vitals(&registry)?;
    health.register(&registry)?;
    let metrics = Metrics::new(&registry, health.pulse())?;
    let queue_metrics = queue::Metrics::register(&registry)?;
    let over = CancellationToken::new();
    address.serve(process::routes(&registry, &health), &over).await?;
    let fleet = &campaign.fleet;
    let parts = Parts::open(&fleet.parts, &campaign.output.dir)?;
    parts.reach().await.context("opening the part store")?;
    let holder = super::coordinator::holder();
    state::reach(fleet, &holder).await.context("reaching the state store")?;
    health.watch_parts(&parts, &over);
    let (loops, mut limits) = embedded::crew(campaign, SHARDS_HELD);
    limits.put_patience = PUT_PATIENCE;
    let queue = queue::connect(fleet, None, loops * limits.shards).await?;
    health.watch_queue(&queue);
    queue_metrics.watch(&queue);
    health.watch_no_stores_yet();
    metrics.set_slots(loops * limits.in_flight);
    let shutdown = Shutdown::default();
    let environment = environment.to_vec();
    let campaigns = Arc::new(Campaigns {
        fleet: fleet.clone(),
        allowed: Allowed::by(campaign),
        parts: parts.clone(),
        metrics: prepare::Metrics::register(&registry)?,
        state_metrics: state::Metrics::register(&registry, health.pulse())?,
        health,
        variable: Box::new(move |name| {
            let found = environment.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        }),
        holder: holder.clone(),
        stop: shutdown.abort.clone(),
        open: tokio::sync::Mutex::default(),
    });
    let (mut workers, company) = (JoinSet::new(), Company::default());
    for _ in 0..loops {
        let worker = Worker {
            queue: Arc::clone(&queue),
            parts: parts.clone(),
            runners: campaigns.clone(),
            limits,
            metrics: metrics.clone(),
            shutdown: shutdown.clone(),
            company: company.clone(),
        };
        workers.spawn(async move { serve::serve(&worker).await });
    }
    info!(loops, "taking shards");
    let ended = tokio::select! {
        failed = ended(&mut workers) => failed.map(|()| Exit::Done),
        () = stop.cancelled() => Ok(Exit::Done),
        over = until_over(fleet, awaited, &holder, &shutdown.abort) => over,
    };
    // Nothing more comes before what is held is settled.
    queue.close().await;
    shutdown.drain.cancel();
    let rest = async { while workers.join_next().await.is_some() {} };
    if tokio::time::timeout(campaign.fleet.grace, rest).await.is_err() {
        shutdown.abort.cancel();
        while workers.join_next().await.is_some() {}
    }
    queue.close().await;
    let (walks, accepted) = metrics.finished();
    eprintln!("{walks} walks, {accepted} conversations");
    ended
}

/// The first loop that ends by itself, which is a failure.
async fn ended(workers: &mut JoinSet<Result<(), serve::Error>>) -> Result<()> {
    match workers.join_next().await {
        Some(Ok(Err(error))) => Err(error.into()),
        Some(Err(panic)) => Err(Failure::new(Exit::Short, format!("a panic: {panic}")).into()),
        Some(Ok(Ok(()))) | None => Ok(()),
    }
}

/// Waits until the campaign is over, well or not; for ever if none is awaited.
async fn until_over(
    fleet: &magnet_proto::config::Fleet,
    awaited: Option<CampaignDigest>,
    holder: &str,
    stop: &CancellationToken,
) -> Result<Exit> {
    let Some(digest) = awaited else {
        return std::future::pending().await;
    };
    let stores = state::connect(fleet, &digest, holder).await?;
    let mut control = control::follow(&stores.state, stop).await;
    control::over(&mut control).await;
    match stores.state.ending().await.ok().flatten() {
        None => Ok(Exit::Done),
        Some(ending @ Ending::Budget(_)) => {
            eprintln!("short: {ending}");
            Ok(Exit::Short)
        }
        Some(Ending::Refused(reason)) => {
            let message = format!("the campaign cannot go on: {reason}");
            Err(Failure::new(Exit::Unreachable, message).into())
        }
    }
}
