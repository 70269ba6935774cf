//! `magnet man`: the manual pages of the command line.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Command;
use clap_mangen::Man;
use magnet_proto::process::Exit;

/// Print the manual page, or write one for each subcommand
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  magnet man | man -l -\n  \
                        magnet man --out ~/.local/share/man/man1")]
pub(super) struct Args {
    /// Write magnet.1 and a page a subcommand into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, command: Command) -> Result<Exit> {
    match &args.out {
        None => {
            let mut page = Vec::new();
            Man::new(command).render(&mut page)?;
            io::stdout().write_all(&page)?;
        }
        Some(folder) => {
            let cannot = || format!("writing manual pages into \"{}\"", folder.display());
            std::fs::create_dir_all(folder).with_context(cannot)?;
            clap_mangen::generate_to(command, folder).with_context(cannot)?;
            writeln!(io::stdout(), "{}", folder.display())?;
        }
    }
    Ok(Exit::Done)
}
