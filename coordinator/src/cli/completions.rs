//! `magnet completions`: what a shell needs to complete the command line.

use std::io::{self, Write};

use anyhow::Result;
use clap::Command;
use clap_complete::Shell;
use magnet_proto::process::Exit;

/// Print the completions of the command line for a shell
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    magnet completions bash > ~/.local/share/bash-completion/completions/magnet\n  \
    magnet completions zsh > \"${fpath[1]}/_magnet\"\n  \
    magnet completions fish > ~/.config/fish/completions/magnet.fish")]
pub(super) struct Args {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn run(args: &Args, command: &mut Command) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "magnet", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Exit::Done)
}
