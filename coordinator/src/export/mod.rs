//! `magnet export`: a dataset in the form that a trainer reads.
//!
//! ```text
//! lines ─► rows ─► select ─► late tools ─► one call a message ─► layout ─► files, README.md
//! ```
//!
//! What all formats have in common happens before a layout sees a row; a
//! layout, one file a format, only writes it down. Batches of lines are worked
//! side by side and written in order: memory does not grow with the dataset,
//! and the same dataset gives the same bytes. What was changed, left out or
//! cannot be said is counted on the way.

mod axolotl;
mod chat;
mod format;
mod guide;
mod hermes;
mod late;
mod layout;
mod llama_factory;
mod ms_swift;
mod notes;
mod openai;
mod plain;
mod row;
mod select;
mod single;
mod sink;
mod table;
mod tokens;
mod trl;
mod verl;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use magnet_proto::config::Compression;
use magnet_proto::process::Failure;

use crate::dataset::{Dataset, Line, Lines, lanes};
use crate::finalize::FileEntry;
pub use format::Format;
pub use late::LateTools;
use layout::{Layout, Out};
pub use notes::{Kind, Note, Notes};
use row::{Conversation, Pair};
use select::{Part, Selector};
pub use select::{Selection, Split};
use sink::Sinks;
pub use tokens::Counter;

/// What to write, and how.
pub struct Settings {
    pub format: Format,
    pub out: PathBuf,
    pub parquet: bool,
    pub one_call_per_message: bool,
    pub late_tools: LateTools,
    /// Whole trajectories with a `loss` flag a message, not pairs cut to the
    /// message where they part.
    pub mdpo: bool,
    pub selection: Selection,
    pub compression: Compression,
    pub rows_per_file: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct Exported {
    pub files: Vec<FileEntry>,
    pub notes: Notes,
}

/// Writes the export and its README.
///
/// # Errors
/// If the settings do not go together, a line is no record, or the folder
/// cannot be written.
pub fn export(dataset: &Dataset, settings: &Settings) -> Result<Exported> {
    let layout = settings.format.layout();
    refuse_contradictions(layout, settings)?;
    let cannot = || format!("writing the export into \"{}\"", settings.out.display());
    prepare(dataset, &settings.out)?;
    let mut sinks = Sinks::new(layout, settings);
    let mut notes = Notes::default();
    let worker = Worker { layout, settings, selector: Selector::new(&settings.selection) };
    worker.each(worker.lines(dataset.sft()), Worker::conversation, &mut sinks, &mut notes)?;
    if layout.has_pairs() {
        worker.each(worker.lines(dataset.preference()), Worker::pair, &mut sinks, &mut notes)?;
    }
    let files = sinks.finish().with_context(cannot)?;
    for (name, text) in layout.beside(&files) {
        std::fs::write(settings.out.join(name), text).with_context(cannot)?;
    }
    let text = guide::render(dataset, settings, &files, &notes);
    std::fs::write(settings.out.join("README.md"), text).with_context(cannot)?;
    Ok(Exported { files, notes })
}

fn refuse_contradictions(layout: &dyn Layout, settings: &Settings) -> Result<()> {
    let name = settings.format.name();
    let refuse = |what: String, hint: &str| Err(Failure::usage(what).hint(hint).into());
    if layout.is_verbatim() && settings.compression != Compression::None {
        return refuse("Parquet is compressed in itself".into(), "leave --compression out");
    }
    if settings.parquet && !layout.takes_parquet() {
        let what = format!("what reads \"{name}\" does not read text columns of Parquet");
        return refuse(what, "leave --parquet out");
    }
    let as_it_is = settings.late_tools == LateTools::Message
        && !settings.one_call_per_message
        && !settings.mdpo;
    if layout.is_verbatim() && !as_it_is {
        let what = format!("\"{name}\" holds the dataset as it is");
        return refuse(what, "name a trainer's format, with --parquet");
    }
    if settings.mdpo && !layout.takes_trajectories() {
        let what = format!("\"{name}\" has no place for whole trajectories with masks");
        return refuse(what, "use --mdpo with trl or hermes");
    }
    let packed = settings.compression != Compression::None || settings.rows_per_file > 0;
    if packed && !layout.takes_series() {
        let what = format!("\"{name}\" is read from one plain file");
        return refuse(what, "leave --compression and --rows-per-file out");
    }
    Ok(())
}

/// Makes the folder, and takes an earlier export's files out of it.
fn prepare(dataset: &Dataset, out: &Path) -> Result<()> {
    let cannot = || format!("writing the export into \"{}\"", out.display());
    if out.join("manifest.json").exists() || same_folder(dataset.dir(), out) {
        let message = format!("\"{}\" holds a dataset of its own", out.display());
        return Err(Failure::usage(message).hint("name another folder with --out").into());
    }
    std::fs::create_dir_all(out).with_context(cannot)?;
    for entry in std::fs::read_dir(out).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        if sink::is_of_export(&path) {
            std::fs::remove_file(&path).with_context(cannot)?;
        }
    }
    Ok(())
}

fn same_folder(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// What every lane works with.
struct Worker<'a> {
    layout: &'static dyn Layout,
    settings: &'a Settings,
    selector: Selector<'a>,
}

/// What a batch of lines became: for training, and held out.
#[derive(Default)]
struct Worked {
    training: Out,
    held_out: Out,
    notes: Notes,
}

impl Worked {
    fn part(&mut self, part: Part) -> (&mut Out, &mut Notes) {
        match part {
            Part::Training => (&mut self.training, &mut self.notes),
            Part::HeldOut => (&mut self.held_out, &mut self.notes),
        }
    }
}

type Work<'a> = fn(&Worker<'a>, &Line, &mut Worked) -> Result<()>;

impl<'a> Worker<'a> {
    /// What no layout writes down need not be read, either.
    fn lines<'b>(&self, lines: Lines<'b>) -> Lines<'b> {
        if self.layout.is_verbatim() { lines } else { lines.lean() }
    }

    /// Works all lines and writes what they became, in order.
    fn each(
        &self,
        lines: Lines<'_>,
        work: Work<'a>,
        sinks: &mut Sinks,
        notes: &mut Notes,
    ) -> Result<()> {
        let batch = |lines: Vec<Line>| {
            let mut worked = Worked::default();
            for line in &lines {
                work(self, line, &mut worked).with_context(|| line.place())?;
            }
            Ok(worked)
        };
        lanes::in_order(lanes::batches(lines), batch, |worked: Result<Worked>| {
            let worked = worked?;
            *notes += worked.notes;
            sinks.write(&worked.training, &worked.held_out).with_context(|| {
                format!("writing the export into \"{}\"", self.settings.out.display())
            })
        })
    }

    fn conversation(&self, line: &Line, worked: &mut Worked) -> Result<()> {
        let conversation: Conversation<'_> = line.parse()?;
        worked.notes.count(Note::Read);
        let Some(part) = self.selector.conversation(&conversation, &mut worked.notes) else {
            return Ok(());
        };
        if self.layout.is_verbatim() {
            let Conversation { tools, messages, .. } = &conversation;
            let (out, notes) = worked.part(part);
            out.first.push_if(self.selector.fits(tools, messages, [&[]; 2], notes)?, &line.text);
            return Ok(());
        }
        for mut row in late::rows(conversation, self.settings.late_tools, &mut worked.notes) {
            let (out, notes) = worked.part(part);
            if self.settings.one_call_per_message {
                single::split(&mut row.messages, notes);
            }
            if !self.selector.fits(&row.tools, &row.messages, [&[]; 2], notes)? {
                continue;
            }
            let several = row.messages.iter().filter(|message| message.tool_calls.len() > 1);
            notes.add(Note::SeveralCalls, several.count() as u64);
            row.renumber();
            self.layout.conversation(&row, out, notes)?;
        }
        Ok(())
    }

    fn pair(&self, line: &Line, worked: &mut Worked) -> Result<()> {
        let mut pair: Pair<'_> = line.parse()?;
        worked.notes.count(Note::PairsRead);
        let Some(part) = self.selector.pair(&pair, &mut worked.notes) else {
            return Ok(());
        };
        let (out, notes) = worked.part(part);
        if self.layout.is_verbatim() {
            let (shared, chosen) = pair.chosen.split_at(pair.prompt_len.min(pair.chosen.len()));
            let rejected = pair.rejected.get(pair.prompt_len..).unwrap_or_default();
            let fits = self.selector.fits(&pair.tools, shared, [chosen, rejected], notes)?;
            out.second.push_if(fits, &line.text);
            return Ok(());
        }
        late::pair(&mut pair, self.settings.late_tools, self.settings.mdpo, notes);
        if self.settings.one_call_per_message {
            single::split(&mut pair.chosen, notes);
            single::split(&mut pair.rejected, notes);
        }
        let Some(parted) = pair.part(self.settings.mdpo, notes) else {
            return Ok(());
        };
        let sides = [parted.chosen.as_slice(), &parted.rejected];
        match self.selector.fits(&parted.tools, &parted.prompt, sides, notes)? {
            true => self.layout.pair(&parted, out, notes),
            false => Ok(()),
        }
    }
}
