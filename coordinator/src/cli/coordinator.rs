//! `magnet coordinator`: a fleet's planner. Issues shards, watches, finalizes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use magnet_proto::config::Campaign;
use magnet_proto::process::{self, Exit, Failure};
use magnet_proto::state::{self, State};
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
const LEASE: Duration = Duration::from_secs(15);

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
    if !runtime.block_on(lead(campaign, &prepared, &watch, &stop))? {
        return Ok(Exit::Short);
    }
    let Some(prepared) = run::settled(campaign, prepared, environment, &runtime, &stop)? else {
        return Ok(Exit::Short);
    };
    watch.board.settle(prepared.digest);
    let labour = Labour::Fleet;
    let exit = run::to_the_end(campaign, &prepared, environment, &runtime, labour, &watch, &stop)?;
    run::stay(args.stay, &runtime, &stop);
    Ok(exit)
}

/// Waits until this process is the campaign's one active coordinator, and
/// stays it; false if it is told to stop before. While the state store is away
/// it acts all the same: two that act make the same dataset.
async fn lead(
    campaign: &Campaign,
    prepared: &Prepared,
    watch: &Watch,
    stop: &CancellationToken,
) -> Result<bool> {
    let holder = holder();
    let stores = state::connect(&campaign.fleet, &prepared.digest, &holder).await?;
    let state: Arc<dyn State> = watch.opened_stores(&stores).state;
    let mut is_told = false;
    loop {
        match state.lead(&holder, LEASE).await {
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
            () = stop.cancelled() => return Ok(false),
            () = tokio::time::sleep(LEASE / 5) => {}
        }
    }
    watch.board.lead(true);
    let (stop, board) = (stop.clone(), watch.board.clone());
    tokio::spawn(async move {
        while !stop.is_cancelled() {
            tokio::time::sleep(LEASE / 3).await;
            let leading = state.lead(&holder, LEASE).await;
            board.lead(!matches!(leading, Ok(false)));
            if let Ok(false) = leading {
                info!("another coordinator leads, too: the dataset does not suffer");
            }
        }
    });
    Ok(true)
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
