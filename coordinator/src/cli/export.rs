//! `magnet export`: a dataset in the form that a trainer reads.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::Result;
use magnet_proto::config::Compression;
use magnet_proto::process::{Exit, Failure};
use magnet_proto::sample::Challenge;

use crate::contamination::Contaminated;
use crate::dataset::Dataset;
use crate::export::{self, Counter, Exported, Format, Kind, LateTools, Selection, Settings, Split};

/// Write a dataset in the form that a trainer reads
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  magnet export out --format trl --out out-trl\n  \
                        magnet export out --format llama-factory --out out-lf --one-call-per-message\n  \
                        magnet export out --format parquet --out out-parquet")]
pub(super) struct Args {
    /// A run's output folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Whom it is for
    #[arg(long, value_name = "FORMAT")]
    format: Format,
    /// The folder to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// As Parquet with text columns, not as JSON lines
    #[arg(long)]
    parquet: bool,
    /// Split messages of several calls, for templates that take one
    #[arg(long)]
    one_call_per_message: bool,
    /// What becomes of tools that arrive in mid-conversation
    #[arg(long, value_name = "HOW", default_value = "message")]
    late_tools: LateTools,
    /// Whole trajectories with a loss flag a message, not pairs cut where they part
    #[arg(long)]
    mdpo: bool,
    /// Hold a share of the conversations out, such as 0.98/0.02
    #[arg(long, value_name = "SHARES")]
    split: Option<Split>,
    /// Leave out rows of more tokens
    #[arg(long, value_name = "N")]
    max_tokens: Option<NonZeroUsize>,
    /// Count tokens with this tokenizer.json, not by an estimate
    #[arg(long, value_name = "FILE", requires = "max_tokens")]
    tokenizer: Option<PathBuf>,
    /// Only conversations that pose this challenge; may be given several times
    #[arg(long, value_name = "challenge=NAME", value_parser = challenge)]
    only: Vec<Challenge>,
    /// Leave out the conversations of this list, as `magnet contamination` writes it
    #[arg(long, value_name = "LIST")]
    drop_contaminated: Option<PathBuf>,
    /// How files are packed: none or zstd
    #[arg(long, value_name = "HOW", default_value = "none", value_parser = compression)]
    compression: Compression,
    /// Split files after so many rows; 0 = one file
    #[arg(long, value_name = "N", default_value_t = 0)]
    rows_per_file: u64,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let dataset = Dataset::open(&args.dir)?;
    let max_tokens =
        args.max_tokens.map(|most| Ok::<_, anyhow::Error>((most.get(), counter(args)?)));
    let contaminated = args.drop_contaminated.as_deref().map(Contaminated::read).transpose()?;
    let settings = Settings {
        format: args.format,
        out: args.out.clone(),
        parquet: args.parquet,
        one_call_per_message: args.one_call_per_message,
        late_tools: args.late_tools,
        mdpo: args.mdpo,
        selection: Selection {
            challenges: args.only.clone(),
            contaminated: contaminated.unwrap_or_default(),
            split: args.split,
            max_tokens: max_tokens.transpose()?,
        },
        compression: args.compression,
        rows_per_file: args.rows_per_file,
    };
    let exported = export::export(&dataset, &settings)?;
    tell(&exported, args.format);
    writeln!(io::stdout(), "{}", args.out.display())?;
    Ok(if exported.files.iter().all(|file| file.rows == 0) { Exit::Short } else { Exit::Done })
}

fn tell(exported: &Exported, format: Format) {
    for file in &exported.files {
        eprintln!("{}: {} rows", file.name, file.rows);
    }
    for (kind, what) in
        [(Kind::Changed, "changed"), (Kind::LeftOut, "left out"), (Kind::Unsaid, "note")]
    {
        for (note, count) in exported.notes.of_kind(kind, format) {
            eprintln!("{what}: {count} {}", note.text());
        }
    }
}

fn counter(args: &Args) -> Result<Counter> {
    match &args.tokenizer {
        None => Ok(Counter::Estimate),
        Some(file) => tokenizer(file),
    }
}

#[cfg(feature = "tokenizer")]
fn tokenizer(file: &Path) -> Result<Counter> {
    Counter::open(file).map_err(|error| {
        let message = format!("\"{}\" is no tokenizer.json", file.display());
        Failure::usage(message)
            .hint("take the one beside the model's weights")
            .caused_by(error)
            .into()
    })
}

#[cfg(not(feature = "tokenizer"))]
fn tokenizer(_: &Path) -> Result<Counter> {
    let message = "this program was built without tokenizers";
    let hint = "leave --tokenizer out for an estimate, or build it with `--features tokenizer`";
    Err(Failure::usage(message).hint(hint).into())
}

fn challenge(text: &str) -> Result<Challenge, String> {
    let name = text.strip_prefix("challenge=").ok_or("write it as challenge=NAME")?;
    let names = Challenge::ALL.map(Challenge::label).join(", ");
    let known = Challenge::ALL.into_iter().find(|challenge| challenge.label() == name);
    known.ok_or_else(|| format!("no challenge is named \"{name}\"; there are {names}"))
}

fn compression(text: &str) -> Result<Compression, String> {
    match text {
        "none" => Ok(Compression::None),
        "zstd" => Ok(Compression::Zstd),
        _ => Err("it is none or zstd".into()),
    }
}
