//! The probe: what keeps a server's conversations apart, and which of its
//! outputs differ each time, found out by trying.
//!
//! ```text
//! one     read · · · · · write · read · · · · · restored · read · write · ended
//! another  ·  read · read  ·  ·  ·  read · write  ·   ·   ·   ·   ·   ·   ended
//! a third  ·   ·    ·   ·   ·  ·  ·  ·   ·   ·   ·   ·   ·   ·   ·   ·   ·  read · write
//! ```
//!
//! Outputs of the same calls are compared: before anything is written they
//! differ in what differs each time; whatever else differs later has come from
//! another conversation. What only writes is seen by no read: of a server
//! without reads nothing can be told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use magnet_proto::sample::Arguments;
use magnet_proto::servers::{Isolation, Server};
use magnet_worker::execute::{Output, volatile};
use serde_json::Value;
use tokio::time::timeout;

use crate::launch::Launch;
use crate::live::{Failed, Live, NotStarted};
use crate::output;

/// Calls of each kind that are made; each several times.
const MAX_READS: usize = 8;
const MAX_WRITES: usize = 8;
/// Calls that may end the server before it is given up.
const MAX_BREAKS: usize = 3;
/// A server is probed no longer.
const PATIENCE: Duration = Duration::from_secs(120);
/// Clocks that tell seconds tell another one after this.
const CLOCK: Duration = Duration::from_millis(1_100);
/// Of no server, so that calls with it are refused.
const NONSENSE: &str = "no-such-thing-7q4x";

/// A call to try a server with.
#[derive(Clone, Debug)]
pub struct Trial {
    /// As the server names it.
    pub tool: String,
    pub arguments: Arguments,
    /// Whether it is to change something.
    pub writes: bool,
    /// What it returned in an earlier conversation; of a read, before that one
    /// wrote anything.
    pub output: Output,
}

/// What was seen of a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    pub reads: usize,
    pub writes: usize,
    /// What is enough to keep conversations apart.
    pub isolation: Isolation,
    /// A read that came out otherwise after another conversation's writes.
    pub leak: Option<Leak>,
    /// Some read told of what was written: else no leak would be seen.
    pub is_telling: bool,
    /// Every tool was tried.
    pub is_whole: bool,
    /// By tool, the places of outputs that differ each time.
    pub volatile: BTreeMap<String, BTreeSet<String>>,
    /// By tool, the beginning of an answer that looks like a refusal and does
    /// not say so.
    pub refusals: BTreeMap<String, String>,
    /// Tools whose call ends the server, with what became of it.
    pub breaks: BTreeMap<String, String>,
}

/// One conversation's writes in another's outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    pub tool: String,
    /// The other conversation was over.
    pub outlives: bool,
}

/// Tries a server of so many tools with these calls.
///
/// # Errors
/// Why it cannot be tried, in one text.
pub async fn probe(
    name: &str,
    server: &Server,
    tools: usize,
    trials: &[Trial],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Seen, String> {
    let launch = Launch::new(name, server, variable).map_err(|error| error.to_string())?;
    // Whatever its file says, each conversation here is to be on its own.
    let isolation = if server.is_remote() { Isolation::Session } else { Isolation::Restore };
    let server = Server { isolation, ..server.clone() };
    let of = |writes: bool, most: usize| {
        trials.iter().filter(move |trial| trial.writes == writes).take(most).collect::<Vec<_>>()
    };
    let (reads, writes) = (of(false, MAX_READS), of(true, MAX_WRITES));
    let tried: BTreeSet<&str> = reads.iter().chain(&writes).map(|trial| &*trial.tool).collect();
    let is_whole = tried.len() >= tools;
    let bench = Bench { launch: &launch, server: &server, reads, writes };
    match timeout(PATIENCE, bench.run()).await {
        Ok(seen) => seen
            .map(|seen| Seen { is_whole: is_whole && seen.breaks.is_empty(), ..seen })
            .map_err(|why| format!("server \"{name}\": {why}")),
        Err(_) => {
            Err(format!("server \"{name}\": it was not probed within {} s", PATIENCE.as_secs()))
        }
    }
}

struct Bench<'a> {
    launch: &'a Launch,
    server: &'a Server,
    reads: Vec<&'a Trial>,
    writes: Vec<&'a Trial>,
}

/// What calls returned, by their order; none of one without a usable output.
type Outputs = Vec<Option<Output>>;
type Places = BTreeMap<String, BTreeSet<String>>;

/// A call that ended the server.
struct Ended {
    tool: String,
    why: String,
}

impl Ended {
    fn told(self) -> String {
        format!("\"{}\": {}", self.tool, self.why)
    }
}

impl Bench<'_> {
    async fn run(mut self) -> Result<Seen, String> {
        let mut seen = Seen::default();
        let first = self.tame(&mut seen).await?;
        (seen.reads, seen.writes) = (self.reads.len(), self.writes.len());
        let (mut one, mut another) = (self.start().await?, self.start().await?);
        let fresh = self.read(&mut one).await?;
        let beside = self.read(&mut another).await?;
        tokio::time::sleep(CLOCK).await;
        let again = self.read(&mut another).await?;
        let mut places = Places::new();
        note(&self.reads, &fresh, &beside, &mut places);
        note(&self.reads, &beside, &again, &mut places);
        let leak = |tool: Option<String>, outlives| tool.map(|tool| Leak { tool, outlives });
        // Whoever chose the calls has written, and what was tamed.
        let chosen: Outputs = self.reads.iter().map(|trial| Some(trial.output.clone())).collect();
        let earlier = changed(&self.reads, &chosen, &fresh, &places);
        let earlier = earlier.or_else(|| changed(&self.reads, &first, &fresh, &places));
        seen.leak = leak(earlier, true);
        let written = self.write(&mut one).await?;
        let after = self.read(&mut one).await?;
        seen.is_telling = changed(&self.reads, &fresh, &after, &places).is_some();
        let beside = self.read(&mut another).await?;
        let leaked = changed(&self.reads, &fresh, &beside, &places);
        seen.leak = seen.leak.or(leak(leaked, false));
        let beside = self.write(&mut another).await?;
        note(&self.writes, &written, &beside, &mut places);
        let is_reset = match self.server.is_remote() {
            true => false,
            false => {
                one = self.again(one).await?;
                let reset = self.read(&mut one).await?;
                let rewritten = self.write(&mut one).await?;
                changed(&self.reads, &fresh, &reset, &places).is_none()
                    && changed(&self.writes, &written, &rewritten, &places).is_none()
            }
        };
        one.end().await;
        another.end().await;
        let mut third = self.start().await?;
        let later = self.read(&mut third).await?;
        let written_later = self.write(&mut third).await?;
        let outlived = changed(&self.reads, &fresh, &later, &places)
            .or_else(|| changed(&self.writes, &written, &written_later, &places));
        seen.leak = seen.leak.or(leak(outlived, true));
        seen.refusals = self.refusals(&mut third).await;
        third.end().await;
        // Where nothing was written, nothing leaks: it tells something else each
        // time.
        seen.leak = seen.leak.filter(|_| !self.writes.is_empty());
        seen.isolation = match &seen.leak {
            Some(_) => Isolation::None,
            None if self.server.is_remote() => Isolation::Session,
            None if is_reset && seen.is_telling => Isolation::Restore,
            None => Isolation::Process,
        };
        seen.volatile = places;
        Ok(seen)
    }

    /// Leaves out calls that end the server; what the others return that read.
    async fn tame(&mut self, seen: &mut Seen) -> Result<Outputs, String> {
        loop {
            let mut live = self.start().await?;
            let made = match self.make(&self.reads, &mut live).await {
                Ok(read) => self.make(&self.writes, &mut live).await.map(|_| read),
                Err(ended) => Err(ended),
            };
            live.end().await;
            let (tool, why) = match made {
                Ok(read) => return Ok(read),
                Err(Ended { tool, why }) => (tool, why),
            };
            self.reads.retain(|trial| trial.tool != tool);
            self.writes.retain(|trial| trial.tool != tool);
            if seen.breaks.len() == MAX_BREAKS {
                return Err(format!("\"{tool}\": {why}, as do others"));
            }
            seen.breaks.insert(tool, why);
        }
    }

    async fn start(&self) -> Result<Live, String> {
        let live = Live::start(self.launch, self.server, &self.server.start).await;
        live.map_err(not_started)
    }

    async fn again(&self, live: Live) -> Result<Live, String> {
        let live = live.again(self.launch, self.server, &self.server.start).await;
        live.map_err(not_started)
    }

    async fn read(&self, live: &mut Live) -> Result<Outputs, String> {
        self.make(&self.reads, live).await.map_err(Ended::told)
    }

    async fn write(&self, live: &mut Live) -> Result<Outputs, String> {
        self.make(&self.writes, live).await.map_err(Ended::told)
    }

    async fn make(&self, trials: &[&Trial], live: &mut Live) -> Result<Outputs, Ended> {
        let mut outputs = Outputs::new();
        for Trial { tool, arguments, .. } in trials.iter().copied() {
            outputs.push(match live.call(self.launch, self.server, tool, arguments).await {
                Ok(output) => Some(output),
                Err(Failed::Unusable(_)) => None,
                Err(Failed::Gone(why) | Failed::Away(why) | Failed::Denied(why)) => {
                    return Err(Ended { tool: tool.clone(), why });
                }
            });
        }
        Ok(outputs)
    }

    /// What successes begin with that answer calls about nothing there is.
    async fn refusals(&self, live: &mut Live) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for Trial { tool, arguments, .. } in self.reads.iter().chain(&self.writes) {
            let nonsense: Arguments = arguments
                .iter()
                .map(|(name, value)| match value {
                    Value::String(_) => (name.clone(), NONSENSE.into()),
                    other => (name.clone(), other.clone()),
                })
                .collect();
            if nonsense == *arguments {
                continue;
            }
            match live.call(self.launch, self.server, tool, &nonsense).await {
                Ok(output) if !output.is_error => {
                    if let Some(beginning) = output::like_a_refusal(&output.content) {
                        found.insert(tool.clone(), beginning);
                    }
                }
                Ok(_) | Err(Failed::Unusable(_)) => {}
                // What it does then is not asked of it in earnest.
                Err(_) => return found,
            }
        }
        found
    }
}

fn not_started(error: NotStarted) -> String {
    match error {
        NotStarted::Failed(why) | NotStarted::Refused(why) => why,
    }
}

/// Adds where outputs of the same calls differ in values alone.
fn note(trials: &[&Trial], one: &Outputs, other: &Outputs, places: &mut Places) {
    for ((trial, one), other) in trials.iter().zip(one).zip(other) {
        let (Some(one), Some(other)) = (one, other) else { continue };
        for value in volatile::differing(&one.content, &other.content).into_iter().flatten() {
            places.entry(trial.tool.clone()).or_default().insert(value.place);
        }
    }
}

/// The first tool whose outputs differ in more than these places.
fn changed(trials: &[&Trial], one: &Outputs, other: &Outputs, places: &Places) -> Option<String> {
    let mut pairs = trials.iter().zip(one.iter().zip(other));
    let changed = pairs.find(|(trial, (one, other))| {
        let (Some(one), Some(other)) = (one, other) else {
            return one.is_some() != other.is_some();
        };
        let known = places.get(&trial.tool);
        let is_known = |place: &String| known.is_some_and(|known| known.contains(place));
        let differing = volatile::differing(&one.content, &other.content);
        differing.is_none_or(|found| !found.iter().all(|value| is_known(&value.place)))
    });
    changed.map(|(trial, _)| trial.tool.clone())
}
