//! Writes the dataset: the chosen walks' samples, in walk order.
//!
//! ```text
//! segments ─► part ─► samples ─► lines ─┐
//!             part ─► samples ─► lines ─┴► in order ─► sft, preference ─► in place
//! ```
//!
//! Beside it lies `rejected.jsonl`, no part of the dataset: for each reason
//! some walks as far as they came.
//!
//! Parts are unpacked and rendered side by side, a few at a time, and written
//! one after the other: memory does not grow with the dataset. Files are
//! written aside and moved into place whole; the manifest comes last, so a
//! folder with a manifest is a finished one.

mod brief;
mod files;
mod manifest;
mod names;
mod ops;
mod render;
mod tally;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use magnet_proto::config::{Compression, Output};
use magnet_proto::library::Library;
use magnet_proto::part::{self, Damaged, Part};
use magnet_proto::parts::{self, Parts};
use magnet_proto::sample::Message;
use magnet_proto::{CampaignDigest, FunctionId};
use tokio::sync::mpsc;

use crate::dispatch::{Segment, Selection};
use crate::ledger::Chosen;
pub use files::FileEntry;
pub(crate) use files::{Digesting, Lines, Series, is_of_dataset};
pub use manifest::{Calls, Manifest, Origin, QuotaKept, Stage, Uncalled, write as write_manifest};
pub(crate) use names::Error as RenderError;
pub(crate) use render::Renderer;
pub use tally::{Played, Tally};

/// Lines are handed to the writer in pieces of about this size.
const CHUNK_BYTES: usize = 1 << 20;
/// Pieces of one part that wait for their turn at most.
const CHUNKS_AHEAD: usize = 2;
/// Where files are written before they are moved into place.
const ASIDE: &str = ".unfinished";
/// The file of rejected walks, without its ending.
const REJECTED: &str = "rejected";

/// What to write, and where.
pub struct Finalizer<'a> {
    pub campaign: CampaignDigest,
    pub parts: &'a Parts,
    pub library: Arc<Library>,
    pub output: &'a Output,
    /// The output folder.
    pub folder: &'a Path,
    /// Parts rendered at once.
    pub width: usize,
}

/// The dataset in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub files: Vec<FileEntry>,
    pub tally: Tally,
    /// The functions that a conversation calls.
    pub called: BTreeSet<FunctionId>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// These parts must be made again: all of them that are wanted.
    #[error("{}", list(.0))]
    Damaged(Vec<LostPart>),
    #[error("reading part \"{part}\"")]
    Parts {
        part: String,
        #[source]
        source: parts::Error,
    },
    #[error("rendering a sample of part \"{part}\"")]
    Render {
        part: String,
        #[source]
        source: names::Error,
    },
    #[error("writing the dataset into \"{}\"", folder.display())]
    Write {
        folder: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("a rendering task ended without a result")]
    Lost,
}

/// A part that is damaged or gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostPart {
    pub part: String,
    pub why: String,
}

fn list(lost: &[LostPart]) -> String {
    let told = lost.iter().map(|LostPart { part, why }| format!("part \"{part}\": {why}"));
    told.collect::<Vec<_>>().join("; ")
}

/// A piece of a part's lines.
#[derive(Debug, Default)]
struct Chunk {
    sft: Lines,
    preference: Lines,
    rejected: Lines,
    tally: Tally,
    called: BTreeSet<FunctionId>,
}

impl Chunk {
    fn is_big(&self) -> bool {
        self.sft.bytes.len() + self.preference.bytes.len() >= CHUNK_BYTES
    }
}

type Rendered = mpsc::Receiver<Result<Chunk, Error>>;

/// Writes the dataset and moves it into place.
pub async fn write(to: &Finalizer<'_>, selection: &Selection) -> Result<Written, Error> {
    let refuse = |source| Error::Write { folder: to.folder.to_owned(), source };
    let aside = to.folder.join(ASIDE);
    fs::create_dir_all(&aside).map_err(refuse)?;
    let (turns, in_order) = mpsc::channel::<Rendered>(to.width.max(1));
    let series = |stem| Series::new(&aside, stem, to.output.compression, to.output.rows_per_file);
    let files = Files {
        sft: series("sft"),
        preference: series("preference"),
        rejected: Series::new(&aside, REJECTED, Compression::None, 0),
    };
    let folder = to.folder.to_owned();
    let writer = tokio::task::spawn_blocking(move || {
        let refuse = |source| Error::Write { folder: folder.clone(), source };
        write_in_order(in_order, files, &refuse)
    });
    let renderer = Arc::new(Renderer::new(Arc::clone(&to.library)));
    let choice = Arc::new((selection.chosen.clone(), selection.shown.clone()));
    for segment in &selection.segments {
        let (chunks, rendered) = mpsc::channel(CHUNKS_AHEAD);
        // The writer is gone only after an error, which it returns.
        if turns.send(rendered).await.is_err() {
            break;
        }
        let name = part::object_name(&to.campaign, &segment.part);
        let (parts, segment) = (to.parts.clone(), segment.clone());
        let (renderer, choice) = (Arc::clone(&renderer), Arc::clone(&choice));
        tokio::spawn(async move {
            match parts.get(&name).await {
                Ok(bytes) => {
                    let render = move || {
                        let (chosen, shown) = &*choice;
                        let rendered =
                            render(&segment, &bytes, (chosen, shown), &renderer, &chunks);
                        if let Err(error) = rendered {
                            // The writer is gone only after an error of its own.
                            chunks.blocking_send(Err(error)).ok();
                        }
                    };
                    // Its end, whatever it is, closes the channel.
                    tokio::task::spawn_blocking(render).await.ok();
                }
                Err(source) => {
                    let problem = match (segment.part, source) {
                        (part, parts::Error::Missing(_)) => lost(part, "it is gone"),
                        (part, source) => Error::Parts { part, source },
                    };
                    chunks.send(Err(problem)).await.ok();
                }
            }
        });
    }
    drop(turns);
    let written = writer.await.map_err(|_| Error::Lost)??;
    fs::remove_file(manifest::path(to.folder)).or_else(absent).map_err(refuse)?;
    let rejected = format!("{REJECTED}.jsonl");
    fs::rename(aside.join(&rejected), to.folder.join(&rejected)).map_err(refuse)?;
    files::move_into_place(&aside, to.folder, &written.files).map_err(refuse)?;
    Ok(written)
}

fn lost(part: String, why: impl Into<String>) -> Error {
    Error::Damaged(vec![LostPart { part, why: why.into() }])
}

fn absent(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

/// Renders the chosen samples of a segment, and the rejected walks to be
/// shown, and sends them piece by piece.
fn render(
    segment: &Segment,
    bytes: &[u8],
    (chosen, shown): (&Chosen, &BTreeSet<u64>),
    renderer: &Renderer,
    chunks: &mpsc::Sender<Result<Chunk, Error>>,
) -> Result<(), Error> {
    let part = || segment.part.clone();
    let damaged = |source: Damaged| lost(part(), source.to_string());
    let mut chunk = Chunk::default();
    let body = Part::read(bytes).map_err(damaged)?;
    for (entry, rejection, lazy) in body.remains() {
        if segment.walks.contains(&entry.walk.0) && shown.contains(&entry.walk.0) {
            let remains = lazy.read().map_err(damaged)?;
            let added =
                renderer.rejected(entry.walk, rejection, &remains, &mut chunk.rejected.bytes);
            added.map_err(|source| Error::Render { part: part(), source })?;
            chunk.rejected.end_row();
        }
    }
    for (entry, lazy) in body.samples() {
        let walk = entry.walk.0;
        if !segment.walks.contains(&walk) || !chosen.contains(walk) {
            continue;
        }
        let sample = lazy.read().map_err(damaged)?;
        let added = chunk.add(&sample, renderer);
        added.map_err(|source| Error::Render { part: part(), source })?;
        if chunk.is_big() && chunks.blocking_send(Ok(std::mem::take(&mut chunk))).is_err() {
            return Ok(());
        }
    }
    // A segment is always answered, so that the writer can tell an empty one
    // from a task that is lost.
    chunks.blocking_send(Ok(chunk)).ok();
    Ok(())
}

impl Chunk {
    fn add(
        &mut self,
        sample: &magnet_proto::sample::Sample,
        renderer: &Renderer,
    ) -> Result<(), names::Error> {
        self.tally.add(sample);
        for message in &sample.messages {
            if let Message::Assistant { calls, .. } = message {
                self.called.extend(calls.iter().map(|call| call.function));
            }
        }
        renderer.sft(sample, &mut self.sft.bytes)?;
        self.sft.end_row();
        for (position, pair) in sample.pairs.iter().enumerate() {
            renderer.preference(sample, position, pair, &mut self.preference.bytes)?;
            self.preference.end_row();
        }
        Ok(())
    }
}

struct Files {
    sft: Series,
    preference: Series,
    rejected: Series,
}

/// Writes the pieces of all parts, part after part. Once one is lost nothing
/// is written any more, and the rest is looked through for others.
fn write_in_order(
    mut in_order: mpsc::Receiver<Rendered>,
    mut to: Files,
    refuse: &dyn Fn(io::Error) -> Error,
) -> Result<Written, Error> {
    let (mut tally, mut damaged) = (Tally::default(), Vec::new());
    let mut called = BTreeSet::new();
    while let Some(mut rendered) = in_order.blocking_recv() {
        let mut answered = false;
        while let Some(chunk) = rendered.blocking_recv() {
            answered = true;
            match chunk {
                Err(Error::Damaged(lost)) => damaged.extend(lost),
                chunk if damaged.is_empty() => {
                    let chunk = chunk?;
                    to.sft.write(&chunk.sft).map_err(refuse)?;
                    to.preference.write(&chunk.preference).map_err(refuse)?;
                    to.rejected.write(&chunk.rejected).map_err(refuse)?;
                    tally += chunk.tally;
                    called.extend(chunk.called);
                }
                chunk => drop(chunk?),
            }
        }
        if !answered {
            return Err(Error::Lost);
        }
    }
    if !damaged.is_empty() {
        return Err(Error::Damaged(damaged));
    }
    let mut files = to.sft.finish().map_err(refuse)?;
    files.extend(to.preference.finish().map_err(refuse)?);
    to.rejected.finish().map_err(refuse)?;
    Ok(Written { files, tally, called })
}
