//! What a finished dataset looks like: `report.html`, to look at, and the
//! dataset card `README.md`.
//!
//! ```text
//! sft, preference ─► profile (numbers)        ─► page ─► report.html
//!                  └► gallery (conversations) ─►      manifest ─► card ─► README.md
//! ```
//!
//! Reads the dataset once, in bounded memory. Everything shown is escaped:
//! libraries and teachers are strangers. The same dataset gives the same bytes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

mod card;
mod chart;
mod gallery;
mod human;
mod page;
mod profile;
mod story;

pub use profile::Profile;

use crate::contamination;
use crate::dataset::{Dataset, PairRecord};
use gallery::Gallery;

/// Writes `report.html` and `README.md` beside a dataset; returns the report's
/// path.
pub fn write(dataset: &Dataset) -> Result<PathBuf> {
    let manifest = dataset.manifest()?;
    let (profile, gallery) = read(dataset)?;
    let page = dataset.dir().join("report.html");
    let shared = contamination::account_of(dataset);
    put(&page, &page::render(&manifest, &profile, &gallery, shared.as_ref()))?;
    let card = card::render(&manifest, &profile, shared.as_ref());
    put(&dataset.dir().join("README.md"), &card)?;
    Ok(page)
}

/// One pass over the conversations, and over as many pairs as are shown.
fn read(dataset: &Dataset) -> Result<(Profile, Gallery)> {
    let mut profile = Profile::default();
    let mut gallery = Gallery::default();
    for line in dataset.sft().lean() {
        let line = line?;
        let conversation = line.parse()?;
        profile.add(&conversation);
        if gallery.wants(&conversation.metadata) {
            gallery.hang(line.parse()?);
        }
    }
    gallery.settle();
    for line in dataset.preference().lean() {
        let pair: PairRecord = line?.parse()?;
        // Pairs stand in walk order, and how many there are the manifest says.
        if pair.metadata.walk > gallery.last_walk() {
            break;
        }
        gallery.hang_pair(pair);
    }
    Ok((profile, gallery))
}

/// A file is there whole or not at all.
fn put(path: &Path, text: &str) -> Result<()> {
    let part = path.with_extension("part");
    let write = || std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, path));
    write().with_context(|| format!("writing \"{}\"", path.display()))
}

/// Text as it stands in HTML: nothing in it can be markup.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() && c != '\n' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
