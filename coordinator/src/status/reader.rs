//! Reads finished conversations out of the parts, a page at a time.
//!
//! A part is fetched and unpacked whole and kept for a while: the samples next
//! to the one that is read are read next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use magnet_proto::CampaignDigest;
use magnet_proto::library::Library;
use magnet_proto::part::{self, Damaged, Part};
use magnet_proto::parts::{self, Parts};
use magnet_proto::sample::{Message, Sample};
use serde::Serialize;
use serde_json::{Map, Value};

use super::shelf::Place;
use crate::finalize::{RenderError, Renderer};

/// Parts kept unpacked.
const KEPT: usize = 4;
/// Characters of an opening request in a list.
const OPENING: usize = 240;

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Parts(#[from] parts::Error),
    #[error(transparent)]
    Damaged(#[from] Damaged),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error("walk {0} is not in its part")]
    Gone(u64),
    #[error("unpacking ended without a result")]
    Lost,
}

/// A line of the list.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    number: u64,
    walk: u64,
    id: String,
    kind: &'static str,
    opening: String,
    turns: usize,
    calls: usize,
    pairs: usize,
    challenges: Vec<&'static str>,
    operations: Vec<&'static str>,
    domains: Vec<String>,
}

/// One conversation, as its line in the dataset, and its pairs without what
/// that line says already.
#[derive(Debug, Serialize)]
pub(super) struct Whole {
    number: u64,
    record: Value,
    pairs: Vec<Value>,
}

pub(super) struct Reader {
    campaign: CampaignDigest,
    parts: Parts,
    renderer: Arc<Renderer>,
    kept: Mutex<VecDeque<(String, Arc<Part>)>>,
}

impl Reader {
    pub(super) fn new(campaign: CampaignDigest, parts: Parts, library: Arc<Library>) -> Self {
        let renderer = Arc::new(Renderer::new(library));
        Self { campaign, parts, renderer, kept: Mutex::default() }
    }

    /// The list's lines for samples that stand there, in the order of places.
    pub(super) async fn list(&self, places: &[Place]) -> Result<Vec<Summary>, Error> {
        let mut lines = Vec::new();
        for of_part in places.chunk_by(|one, next| one.part == next.part) {
            let Some(first) = of_part.first() else { continue };
            let part = self.part(&first.part).await?;
            for (place, sample) in samples(&part, of_part) {
                lines.push(summary(place.number, &sample?));
            }
        }
        Ok(lines)
    }

    pub(super) async fn read(&self, place: &Place) -> Result<Whole, Error> {
        let part = self.part(&place.part).await?;
        let sample = samples(&part, std::slice::from_ref(place)).next();
        let (_, sample) = sample.ok_or(Error::Gone(place.walk))?;
        let sample = sample?;
        let (mut line, mut pairs) = (Vec::new(), Vec::new());
        self.renderer.sft(&sample, &mut line)?;
        for (position, pair) in sample.pairs.iter().enumerate() {
            let mut text = Vec::new();
            self.renderer.preference(&sample, position, pair, &mut text)?;
            let mut record: Map<String, Value> =
                serde_json::from_slice(&text).map_err(RenderError::from)?;
            record.retain(|key, _| !matches!(key.as_str(), "tools" | "chosen"));
            pairs.push(Value::Object(record));
        }
        let record = serde_json::from_slice(&line).map_err(RenderError::from)?;
        Ok(Whole { number: place.number, record, pairs })
    }

    async fn part(&self, name: &str) -> Result<Arc<Part>, Error> {
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().iter().find(|(known, _)| known == name).map(|(_, part)| part.clone());
        if let Some(part) = known {
            return Ok(part);
        }
        let bytes = self.parts.get(&part::object_name(&self.campaign, name)).await?;
        let unpacked = tokio::task::spawn_blocking(move || Part::read(&bytes)).await;
        let part = Arc::new(unpacked.map_err(|_| Error::Lost)??);
        let mut kept = lock();
        kept.push_front((name.to_owned(), Arc::clone(&part)));
        kept.truncate(KEPT);
        Ok(part)
    }
}

/// The samples of these places, all of that part and in walk order.
fn samples<'a>(
    part: &'a Part,
    places: &'a [Place],
) -> impl Iterator<Item = (&'a Place, Result<Sample, Damaged>)> {
    part.samples().filter_map(|(entry, lazy)| {
        let place = places.iter().find(|place| place.walk == entry.walk.0)?;
        Some((place, lazy.read()))
    })
}

fn summary(number: u64, sample: &Sample) -> Summary {
    let users = sample.messages.iter().filter_map(|message| match message {
        Message::User(text) => Some(text),
        Message::System(_) | Message::Assistant { .. } | Message::Tool { .. } => None,
    });
    let calls = sample.messages.iter().map(|message| match message {
        Message::Assistant { calls, .. } => calls.len(),
        Message::System(_) | Message::User(_) | Message::Tool { .. } => 0,
    });
    let opening = users.clone().next().map(|text| text.chars().take(OPENING).collect());
    Summary {
        number,
        walk: sample.walk.0,
        id: sample.id.to_string(),
        kind: sample.kind.label(),
        opening: opening.unwrap_or_default(),
        turns: users.count(),
        calls: calls.sum(),
        pairs: sample.pairs.len(),
        challenges: sample.challenges.iter().map(|challenge| challenge.label()).collect(),
        operations: sample.node_ops.iter().map(|op| op.label()).collect(),
        domains: sample.domains.clone(),
    }
}
