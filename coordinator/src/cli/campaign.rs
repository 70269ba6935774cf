//! The arguments of every subcommand that works on a campaign.

use std::path::PathBuf;

use magnet_proto::config::{self, Effective, Overrides, Problems};

/// A campaign: a file, and what the command line sets above it.
#[derive(clap::Args)]
pub(super) struct CampaignArgs {
    /// The campaign file; without one the defaults hold
    #[arg(value_name = "CAMPAIGN.toml")]
    file: Option<PathBuf>,
    /// A tool library: a file, folder or glob; may be given several times
    #[arg(long, value_name = "PATH")]
    tools: Vec<String>,
    /// How many accepted conversations to make
    #[arg(long, value_name = "N")]
    samples: Option<u64>,
    /// What all randomness derives from
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Where the dataset goes
    #[arg(long, value_name = "DIR")]
    out: Option<String>,
    /// Which defaults hold: "default" or "paper"
    #[arg(long, value_name = "PRESET")]
    preset: Option<String>,
    /// Set any key: --set run.workers=4; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    assignments: Vec<String>,
}

impl CampaignArgs {
    pub(super) fn load(&self, environment: &[(String, String)]) -> Result<Effective, Problems> {
        config::load(self.file.as_deref(), &self.overrides(), environment)
    }

    fn overrides(&self) -> Overrides {
        let mut overrides = Overrides::default();
        self.assignments.iter().for_each(|assignment| overrides.set(assignment));
        if !self.tools.is_empty() {
            overrides.flag("--tools", "library.paths", self.tools.clone());
        }
        if let Some(samples) = self.samples {
            overrides.flag("--samples", "campaign.samples", samples);
        }
        if let Some(seed) = self.seed {
            overrides.flag("--seed", "campaign.seed", seed);
        }
        if let Some(out) = &self.out {
            overrides.flag("--out", "output.dir", out.as_str());
        }
        if let Some(preset) = &self.preset {
            overrides.flag("--preset", "campaign.preset", preset.as_str());
        }
        overrides
    }
}
