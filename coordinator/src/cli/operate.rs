//! `magnet status`, `pause`, `resume`, `cancel`: a fleet's campaign, looked at
//! and steered from any machine that reaches its services.

use std::io::{self, Write as _};

use anyhow::{Context, Result};
use magnet_proto::config::Campaign;
use magnet_proto::parts::Parts;
use magnet_proto::process::Exit;
use magnet_proto::state::{self, Control, Refusal, Spending};
use magnet_proto::{CampaignDigest, part, queue};

use super::campaign::CampaignArgs;
use super::coordinator;

/// Show how far a campaign is
#[derive(clap::Args)]
#[command(after_help = "Example:\n  magnet status campaign.toml")]
pub(super) struct StatusArgs {
    #[command(flatten)]
    campaign: CampaignArgs,
}

/// Stop new work on a campaign for a while
#[derive(clap::Args)]
#[command(after_help = "Example:\n  magnet pause campaign.toml")]
pub(super) struct PauseArgs {
    #[command(flatten)]
    campaign: CampaignArgs,
}

/// Go on with a paused campaign
#[derive(clap::Args)]
#[command(after_help = "Example:\n  magnet resume campaign.toml")]
pub(super) struct ResumeArgs {
    #[command(flatten)]
    campaign: CampaignArgs,
}

/// End a campaign with the samples it has
#[derive(clap::Args)]
#[command(after_help = "Example:\n  magnet cancel campaign.toml")]
pub(super) struct CancelArgs {
    #[command(flatten)]
    campaign: CampaignArgs,
}

pub(super) fn pause(args: &PauseArgs, environment: &[(String, String)]) -> Result<Exit> {
    wish(&args.campaign, environment, Control::Pause, "pausing: no new walk begins")
}

pub(super) fn resume(args: &ResumeArgs, environment: &[(String, String)]) -> Result<Exit> {
    wish(&args.campaign, environment, Control::Run, "going on")
}

pub(super) fn cancel(args: &CancelArgs, environment: &[(String, String)]) -> Result<Exit> {
    let told = "cancelled: the coordinator makes a dataset of what is there";
    wish(&args.campaign, environment, Control::Cancel, told)
}

pub(super) fn status(args: &StatusArgs, environment: &[(String, String)]) -> Result<Exit> {
    on(&args.campaign, environment, async |campaign, digest| {
        let stores = state::connect(&campaign.fleet, digest, &coordinator::holder()).await?;
        let control = stores.state.control().await?;
        let ending = stores.state.ending().await?;
        let trouble = stores.state.trouble().await?;
        let spent = stores.state.spend(Spending::default()).await?;
        let parts = Parts::open(&campaign.fleet.parts, &campaign.output.dir)?;
        let there = parts.list(&part::folder(digest)).await?;
        let walks: u64 = there
            .iter()
            .filter_map(|object| part::range_of(&object.name))
            .map(|r| r.end - r.start)
            .sum();
        let queue = queue::connect(&campaign.fleet, Some(*digest), 1).await?;
        let depth = queue.depth().await?;
        let mut out = io::stdout().lock();
        writeln!(out, "campaign     {} ({})", campaign.campaign.name, digest.0.short())?;
        writeln!(out, "wish         {}", format!("{control:?}").to_lowercase())?;
        if let Some(ending) = ending {
            writeln!(out, "ended        {ending}")?;
        }
        if let Some(trouble) = trouble {
            writeln!(out, "trouble      {trouble}")?;
        }
        writeln!(out, "walks        {walks} done in {} parts", there.len())?;
        writeln!(
            out,
            "shards       {} waiting, {} delayed, {} dead",
            depth.ready, depth.delayed, depth.dead
        )?;
        writeln!(
            out,
            "spent        {} requests, {} tokens, ${:.2}",
            spent.requests,
            spent.input_tokens + spent.output_tokens,
            spent.micro_usd as f64 / 1e6
        )?;
        for Refusal { teacher, words } in stores.state.refusals().await? {
            writeln!(out, "refused      [teacher.{teacher}] {words}")?;
        }
        Ok(())
    })
}

fn wish(
    args: &CampaignArgs,
    environment: &[(String, String)],
    control: Control,
    told: &str,
) -> Result<Exit> {
    on(args, environment, async |campaign, digest| {
        let stores = state::connect(&campaign.fleet, digest, &coordinator::holder()).await?;
        stores.state.set_control(control).await?;
        eprintln!("{told}");
        Ok(())
    })
}

/// Does something with a campaign that a fleet works.
pub(super) fn on(
    args: &CampaignArgs,
    environment: &[(String, String)],
    deed: impl AsyncFnOnce(&Campaign, &CampaignDigest) -> Result<()>,
) -> Result<Exit> {
    let effective = args.load(environment)?;
    let campaign = &effective.campaign;
    coordinator::require_a_fleet(campaign)?;
    let digest = coordinator::prepare(campaign)?.digest;
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    runtime.block_on(deed(campaign, &digest))?;
    Ok(Exit::Done)
}
