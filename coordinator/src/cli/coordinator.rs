//! `magnet coordinator`: a fleet's planner. Issues shards, watches, finalizes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use magnet_proto::config::Campaign;
use magnet_proto::process::{self, Exit, Failure};
use magnet_proto::state::{self, State};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::campaign::CampaignArgs;
use super::listen::Address;
use super::run;
use crate::embedded::Labour;
pub(super) use crate::holder::holder;
use crate::prepare::{self, Prepared};
use crate::status::{Token, Watch};

/// Where it listens if nobody says so.
const DEFAULT_ADDRESS: &str = "127.0.0.1:9464";
/// How long a coordinator that says nothing still leads.
const LEASE_TIME: Duration = Duration::from_secs(15);

/// Plan a campaign for a fleet of workers, and make the dataset of their parts
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  magnet coordinator campaign.toml\n  \
                        magnet coordinator campaign.toml --stay --listen 0.0.0.0:9464")]
pub(super) struct Args {
    #[command(flatten)]
    campaign: CampaignArgs,
    /// Stay when the dataset is made, until told to stop
    #[arg(long)]
    stay: bool,
    /// Where status page and metrics listen; 127.0.0.1:9464 if that is free
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
}

pub(super) fn run(args: &Args, environment: &[(String, String)]) -> Result<Exit> {
    let effective = args.campaign.load(environment)?;
    let campaign = &effective.campaign;
    require_a_fleet(campaign)?;
    let prepared = prepare(campaign)?;
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    let stop = {
        let _inside = runtime.enter();
        process::stop_on_signals().context("listening for signals")?
    };
    let watch = Watch::new(campaign, prepared.digest)?;
    let token = Token::find(campaign.run.token_file.as_deref(), environment)?;
    let address = Address::of(args.listen.as_deref(), &campaign.run.listen, DEFAULT_ADDRESS);
    // It goes on showing the campaign while the process winds up.
    let over = CancellationToken::new();
    runtime.block_on(address.serve(watch.routes(token), &over))?;
    let Some(lease) = runtime.block_on(lead(campaign, &prepared, &watch, &stop))? else {
        return Ok(Exit::Short);
    };
    let labour = Labour::Fleet;
    let settled = run::settled(campaign, prepared, environment, &runtime, labour, &stop)?;
    let Some(prepared) = settled else {
        return Ok(Exit::Short);
    };
    watch.board.settle(prepared.digest);
    let made = run::to_the_end(campaign, &prepared, environment, &runtime, labour, &watch, &stop);
    run::stay(args.stay, &made, &runtime, &stop);
    runtime.block_on(lease.resign());
    made
}

/// What says that this process leads its campaign.
struct Lease {
    holder: String,
    state: Arc<dyn State>,
    renewing: JoinHandle<()>,
}

impl Lease {
    /// Gives it back, so that a coordinator that waits takes over at once.
    async fn resign(self) {
        self.renewing.abort();
        // A renewal under way would take it again.
        self.renewing.await.ok();
        if let Err(problem) = self.state.resign(&self.holder).await {
            warn!("the lease ends by itself: {problem}");
        }
    }
}

/// Waits until this process is the campaign's one active coordinator, and
/// stays it; nothing if it is told to stop before. While the state store is
/// away it acts all the same: two that act make the same dataset.
async fn lead(
    campaign: &Campaign,
    prepared: &Prepared,
    watch: &Watch,
    stop: &CancellationToken,
) -> Result<Option<Lease>> {
    let holder = holder();
    let stores = state::connect(&campaign.fleet, &prepared.digest, &holder).await?;
    let state: Arc<dyn State> = watch.opened_stores(&stores).state;
    let mut is_told = false;
    loop {
        match state.lead(&holder, LEASE_TIME).await {
            Ok(true) => break,
            Ok(false) if !is_told => {
                eprintln!("another coordinator leads this campaign; waiting to take over");
                is_told = true;
            }
            Ok(false) => {}
            Err(problem) => {
                warn!("leading without the lease: {problem}");
                break;
            }
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(None),
            () = tokio::time::sleep(LEASE_TIME / 5) => {}
        }
    }
    watch.board.lead(true);
    let board = watch.board.clone();
    let (leading, name) = (Arc::clone(&state), holder.clone());
    let renewing = tokio::spawn(async move {
        loop {
            tokio::time::sleep(LEASE_TIME / 3).await;
            let leads = leading.lead(&name, LEASE_TIME).await;
            board.lead(!matches!(leads, Ok(false)));
            if let Ok(false) = leads {
                info!("another coordinator leads, too: the dataset does not suffer");
            }
        }
    });
    Ok(Some(Lease { holder, state, renewing }))
}

pub(super) fn prepare(campaign: &Campaign) -> Result<Prepared> {
    prepare::prepare(campaign, Path::new("."))
}

/// A queue inside one process has no fleet around it.
pub(super) fn require_a_fleet(campaign: &Campaign) -> Result<()> {
    if campaign.fleet.queue.starts_with("amqp") {
        return Ok(());
    }
    let message = "fleet.queue names no broker that other processes could reach";
    let hint = "set fleet.queue = \"amqp://user:password@host:5672/vhost\", or use `magnet run`";
    Err(Failure::usage(message).hint(hint).into())
}
