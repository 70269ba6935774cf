//! `magnet dlq`: the shards that nobody could work.

use std::io::{self, Write as _};

use anyhow::Result;
use magnet_proto::process::Exit;
use magnet_proto::queue::{self, DeadLetter, Queue};

use super::campaign::CampaignArgs;
use super::operate;

/// Letters shown at most.
const LIMIT: usize = 10_000;

/// Look at a campaign's dead letters, drive them again, or drop them
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  magnet dlq list campaign.toml\n  magnet dlq redrive campaign.toml"
)]
pub(super) struct Args {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(clap::Subcommand)]
enum Deed {
    /// One line a letter: its walks, its attempts, its reason
    List(CampaignArgs),
    /// One JSON object a letter
    Show(CampaignArgs),
    /// Put them back to work, their attempts reset
    Redrive(CampaignArgs),
    /// Drop them
    Purge(CampaignArgs),
}

pub(super) fn run(args: &Args, environment: &[(String, String)]) -> Result<Exit> {
    let (Deed::List(campaign)
    | Deed::Show(campaign)
    | Deed::Redrive(campaign)
    | Deed::Purge(campaign)) = &args.deed;
    operate::on(campaign, environment, async |campaign, digest| {
        let queue = queue::connect(&campaign.fleet, Some(*digest), 1).await?;
        let mut out = io::stdout().lock();
        match &args.deed {
            Deed::List(_) => {
                for letter in letters(&*queue).await? {
                    let part = letter.shard.map(|shard| shard.part_name());
                    let part = part.unwrap_or_else(|| "unreadable".into());
                    let reason = letter.reason.escape_debug();
                    writeln!(out, "{part}  {} attempts  {reason}", letter.attempts)?;
                }
            }
            Deed::Show(_) => {
                for letter in letters(&*queue).await? {
                    writeln!(out, "{}", serde_json::to_string(&letter)?)?;
                }
            }
            Deed::Redrive(_) => writeln!(out, "{} driven again", queue.redrive().await?)?,
            Deed::Purge(_) => writeln!(out, "{} dropped", queue.purge().await?)?,
        }
        queue.close().await;
        Ok(())
    })
}

async fn letters(queue: &dyn Queue) -> Result<Vec<DeadLetter>, queue::Error> {
    let letters = queue.dead_letters(LIMIT).await?;
    if letters.is_empty() {
        eprintln!("no dead letters");
    }
    Ok(letters)
}
