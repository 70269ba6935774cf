//! What becomes of outputs: pure ones are made once, others recorded, and what
//! was recorded is given again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use magnet_proto::Digest;
use magnet_proto::config::{Campaign, ExecutorKind};
use magnet_worker::execute::Executor;
use magnet_worker::execute::cached::Cached;
use magnet_worker::execute::recorded::{Recorded, Recorder, Unreadable};

use super::claims::Claims;
use super::means::Means;
use super::refusal::refusal;
use super::servers::execution;

/// An executor with what its section wants of its outputs: pure ones made
/// once, all of them recorded. `served` is one of its functions.
pub(super) fn kept(
    mut executor: Arc<dyn Executor>,
    kind: ExecutorKind,
    section: &str,
    served: Option<&str>,
    means: &Means<'_>,
    pure: &Pure<'_>,
) -> Result<Arc<dyn Executor>> {
    let pure = pure.get(section).cloned().unwrap_or_default();
    if kind != ExecutorKind::Recorded && !pure.is_empty() {
        executor = Arc::new(Cached::new(executor, Arc::clone(&means.cache), pure.clone()));
    }
    let recording = means.campaign.executor.get(section).and_then(|own| own.recording.as_deref());
    let served = served.and_then(|name| means.library.find(name));
    if let (Some(path), Some(id)) = (recording.filter(|_| kind != ExecutorKind::Recorded), served) {
        let nature = executor.nature(means.library.get(id));
        let recorder = Recorder::new(executor, nature, path, pure);
        executor = Arc::new(recorder.map_err(|error| unreadable(section, &error))?);
    }
    Ok(executor)
}

/// The executor of a section of kind `recorded`.
pub(super) fn recorded(
    section: &str,
    means: &Means<'_>,
    pure: &Pure<'_>,
) -> Result<Arc<dyn Executor>> {
    let path = execution(section, means.campaign)?.recording.as_deref().unwrap_or(Path::new(""));
    let pure = pure.get(section).cloned().unwrap_or_default();
    Ok(Arc::new(Recorded::open(path, pure).map_err(|error| unreadable(section, &error))?))
}

fn unreadable(section: &str, error: &Unreadable) -> anyhow::Error {
    refusal(format!("executor.{section}.recording: {error}"))
}

/// The functions of each section that are pure.
pub(super) type Pure<'a> = BTreeMap<&'a str, BTreeSet<String>>;

pub(super) fn pure<'a>(campaign: &'a Campaign, claims: &Claims<'_>) -> Result<Pure<'a>> {
    let mut pure = Pure::new();
    for (section, execution) in &campaign.executor {
        for wanted in &execution.pure {
            let pattern = glob::Pattern::new(wanted).map_err(|error| {
                refusal(format!("executor.{section}.pure: \"{wanted}\" is no pattern: {error}"))
            })?;
            let own = claims.iter().filter(|(_, (of, _))| of == section);
            let names = own.map(|(name, _)| name).filter(|name| pattern.matches(name));
            let names: Vec<String> = names.cloned().collect();
            if names.is_empty() {
                return Err(refusal(format!(
                    "executor.{section}.pure: it executes nothing that \"{wanted}\" names\nhint: \
                     `magnet graph` shows the functions"
                )));
            }
            pure.entry(section.as_str()).or_default().extend(names);
        }
    }
    Ok(pure)
}

/// What of a campaign's recordings decides its data: their contents.
pub fn recordings(campaign: &Campaign) -> Result<Option<Digest>> {
    let mut contents = Vec::new();
    for (section, execution) in &campaign.executor {
        if let (ExecutorKind::Recorded, Some(path)) = (execution.kind, &execution.recording) {
            let text = std::fs::read(path).map_err(|error| {
                refusal(format!("executor.{section}.recording: \"{}\": {error}", path.display()))
            })?;
            contents.push(Digest::of(&text));
        }
    }
    let all = contents.iter().map(|digest| &digest.as_bytes()[..]);
    Ok((!contents.is_empty()).then(|| Digest::of_fields(all)))
}
