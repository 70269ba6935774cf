//! Packs made by a model: paid once a library, not once a sample.
//!
//! ```text
//! library, graph ─► groups ─► world, an ask a group ─► tried on seeded states ─► words, an ask a function ─► sifted
//!                                └────── refused: again with the reason, then left out ──────┘                └─► folder
//! ```
//!
//! Promises: what is in the folder is kept as it is and not bought again, be it
//! a person's or an earlier run's; whatever is added has passed the check of
//! packs; what passes after no reason is left out, and plain rules serve it. A
//! making that was stopped goes on with the same questions, whose answers are
//! kept.

mod folder;
mod groups;
#[cfg(all(test, feature = "world"))]
mod tests;
mod words;
#[cfg(feature = "world")]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use magnet_proto::FunctionId;
use magnet_proto::library::Library;
use magnet_proto::state::State;
use magnet_proto::usage::Usage;
use magnet_worker::teacher::chat::tally;
use magnet_worker::teacher::{self, Author};
use serde::Serialize;
use tokio::sync::Semaphore;

use super::load::{FORMAT, Loaded};
use super::problem::Problems;
pub use folder::{Error, Folder};
pub use groups::{Group, groups};

/// A pack to be made.
pub struct Making<'a> {
    pub author: &'a dyn Author,
    pub library: &'a Arc<Library>,
    pub groups: &'a [Group],
    /// Functions that others execute: they need no world.
    pub elsewhere: &'a BTreeSet<FunctionId>,
    pub folder: &'a Folder,
    /// What the folder holds so far.
    pub there: &'a Loaded,
    /// Holds the memo, which may forget what the folder keeps.
    pub state: &'a dyn State,
    /// Asks at once.
    pub in_flight: usize,
    /// Told a line of every part that is settled.
    pub tell: &'a (dyn Fn(&str) + Sync),
}

/// What a function got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Got {
    pub world: Part,
    pub words: Part,
    /// The parameters that have values.
    pub values: Vec<String>,
}

/// What became of a part of the pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// It was there before.
    There,
    /// Made, after so many answers.
    Made(u32),
    /// Nothing that was answered passed; the last reason.
    LeftOut(String),
    /// Somebody else executes the function, or nobody can.
    NotDue,
    /// The budget was used up before.
    Unreached(String),
}

/// What was made.
#[derive(Debug)]
pub struct Made {
    pub functions: BTreeMap<FunctionId, Got>,
    /// What the answers cost, kept ones too, when they were asked for.
    pub usage: Usage,
}

/// The making stops: the model cannot answer, or nothing can be written.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    #[error("asking for a pack")]
    Author(#[from] teacher::Error),
    #[error("the folder's pack")]
    There(#[from] Problems),
    #[error(transparent)]
    Folder(#[from] Error),
}

/// `pack.json`.
#[derive(Serialize)]
struct About<'a> {
    format: u64,
    made_by: String,
    functions: usize,
    /// By name, with what is missing and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    left_out: BTreeMap<&'a str, BTreeMap<&'a str, &'a str>>,
}

/// Makes what the folder lacks.
///
/// # Errors
/// If it has to stop; what is done stays.
pub async fn make(making: &Making<'_>) -> Result<Made, Stop> {
    let shared = Shared {
        #[cfg(feature = "world")]
        modules: crate::execute::modules(&making.there.pack)?.unwrap_or_default(),
        gate: Semaphore::new(making.in_flight.clamp(1, Semaphore::MAX_PERMITS)),
        usage: Mutex::default(),
    };
    making.sign(&BTreeMap::new())?;
    let groups = making.groups.iter().map(|group| making.group(group, &shared));
    let groups = futures::future::try_join_all(groups).await?;
    let functions: BTreeMap<FunctionId, Got> = groups.into_iter().flatten().collect();
    making.sign(&functions)?;
    let usage = shared.usage.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Made { functions, usage })
}

/// What all groups under way share.
struct Shared {
    /// The worlds that the folder has.
    #[cfg(feature = "world")]
    modules: magnet_world::Modules,
    /// Never closed.
    gate: Semaphore,
    usage: Mutex<Usage>,
}

impl Made {
    /// Whether every function has all that is due.
    pub fn is_whole(&self) -> bool {
        let is_settled = |part: &Part| !matches!(part, Part::LeftOut(_) | Part::Unreached(_));
        self.functions.values().all(|got| is_settled(&got.world) && is_settled(&got.words))
    }

    /// Why the making stopped before its end, if it did.
    pub fn unreached(&self) -> Option<&str> {
        let parts = self.functions.values().flat_map(|got| [&got.world, &got.words]);
        let mut reasons = parts.filter_map(|part| match part {
            Part::Unreached(why) => Some(why.as_str()),
            _ => None,
        });
        reasons.next()
    }
}

impl Making<'_> {
    async fn group(&self, group: &Group, shared: &Shared) -> Result<Vec<(FunctionId, Got)>, Stop> {
        let world = self.world(group, shared).await?;
        let words = group.functions.iter().map(|id| self.words(group, *id, &world.shown, shared));
        let words = futures::future::try_join_all(words).await?;
        let got = group.functions.iter().zip(words).map(|(id, words)| {
            let world = world.parts.get(id).cloned().unwrap_or(Part::NotDue);
            (*id, Got { world, words: words.part, values: words.values })
        });
        Ok(got.collect())
    }

    #[cfg(not(feature = "world"))]
    async fn world(&self, _: &Group, _: &Shared) -> Result<GroupWorld, Stop> {
        Ok(GroupWorld::default())
    }

    /// One part's asks: counted, and forgotten by the memo once what they say
    /// is in the folder.
    async fn settled<T>(
        &self,
        shared: &Shared,
        work: impl Future<Output = Result<(Part, T), Stop>>,
    ) -> Result<(Part, T), Stop> {
        let (done, tally) = tally::of(work).await;
        *shared.usage.lock().unwrap_or_else(PoisonError::into_inner) += &tally.usage;
        let done = done?;
        if matches!(done.0, Part::Made(_))
            && let Err(error) = self.state.forget_memo(&tally.keys).await
        {
            tracing::debug!(%error, "answers that are in the pack stay in the memo");
        }
        Ok(done)
    }

    /// Writes `pack.json`.
    fn sign(&self, functions: &BTreeMap<FunctionId, Got>) -> Result<(), Error> {
        let (there, name) = (self.there.pack.made_by.as_str(), self.author.name());
        let is_named = there.split(", ").any(|maker| maker == name);
        let made_by = match there {
            "" => name.to_owned(),
            there if is_named => there.to_owned(),
            there => format!("{there}, {name}"),
        };
        let mut left_out: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
        for (id, got) in functions {
            for (what, part) in [("world", &got.world), ("phrases", &got.words)] {
                if let Part::LeftOut(why) | Part::Unreached(why) = part {
                    let function = self.library.get(*id).name.as_str();
                    left_out.entry(function).or_default().insert(what, why);
                }
            }
        }
        self.folder.put_about(&About {
            format: FORMAT,
            made_by,
            functions: self.library.len(),
            left_out,
        })
    }
}

/// A group's world: what became of it, and what it showed when it was tried.
#[derive(Default)]
struct GroupWorld {
    parts: BTreeMap<FunctionId, Part>,
    shown: Shown,
}

/// What the writer of words can see of a world.
#[derive(Default)]
struct Shown {
    seen: super::check::Seen,
    known: serde_json::Map<String, serde_json::Value>,
}

/// How an ask that brought nothing goes on.
enum Refused {
    /// Again, with the reason.
    Again(String),
    /// Not again.
    Never(String),
    Unreached(String),
}

/// Sorts what an author may answer instead of an answer.
fn refused(error: teacher::Error) -> Result<Refused, Stop> {
    match error {
        teacher::Error::Unusable(why) | teacher::Error::GaveUp(why) => Ok(Refused::Again(why)),
        teacher::Error::TooLong(why) => Ok(Refused::Never(why)),
        teacher::Error::Budget(why) => Ok(Refused::Unreached(why)),
        error => Err(error.into()),
    }
}

/// The reasons that one more ask can tell.
const MAX_REASONS: usize = 12;
const MAX_REASON_CHARS: usize = 400;

/// Reasons as a list for a model, each once.
fn listed(reasons: impl IntoIterator<Item = String>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for reason in reasons {
        let line: String = format!("\n- {reason}").chars().take(MAX_REASON_CHARS).collect();
        if lines.len() < MAX_REASONS && !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.concat()
}
