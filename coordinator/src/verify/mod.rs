//! `magnet verify`: every record of a dataset checked again from its own
//! proof, without a model.
//!
//! ```text
//! line ─► record ─► legal · hints · provenance · challenges ─► outputs replayed ─► pairs ─► verdict
//! ```
//!
//! What a record claims is decided from the record alone. Outputs are made
//! again by the executors that made them, where they can be had: they need the
//! campaign's bundle, which stays beside the dataset. Streams; memory does not
//! grow with the dataset.

mod digests;
mod line;
mod replay;

use anyhow::Result;
use magnet_worker::distill::negative;
use magnet_worker::vet::calls::Validators;
use magnet_worker::vet::record;
use serde_json::Value;

use crate::dataset::{Dataset, Line};
use line::{PairLine, Record};
use replay::{Again, Made};
pub use replay::{Programs, Replayer};

/// What came of checking a dataset.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Records that hold, their outputs made again.
    pub reproduced: u64,
    /// Records that hold, but whose outputs cannot be made again here.
    pub unavailable: u64,
    pub mismatches: u64,
    pub pairs: u64,
    /// Calls whose outputs were made again.
    pub calls: u64,
    /// Values in them that come out otherwise each time, and were bound.
    pub volatile: u64,
    /// The first mismatches, each with its place and what is wrong.
    pub problems: Vec<String>,
    /// Why outputs could not be made again, if so.
    pub unavailable_because: Option<String>,
}

/// How many mismatches are told in full.
const MAX_PROBLEMS: usize = 20;

impl Verdict {
    fn made(&mut self, made: Made) {
        self.calls += made.calls;
        self.volatile += made.volatile;
    }

    /// The first reason stands for the others.
    fn without(&mut self, why: String) {
        self.unavailable_because.get_or_insert(why);
    }

    fn mismatch(&mut self, place: &str, why: impl std::fmt::Display) {
        self.mismatches += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(format!("{place}: {why}"));
        }
    }
}

/// Whose outputs are made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of the samples.
    Samples,
    /// Those of the pairs' rejected sides, too.
    EveryCall,
}

/// Checks a dataset. `replayer` makes outputs again; without one, records that
/// hold count as unavailable.
///
/// # Errors
/// If a file cannot be read. A line that is no record is a mismatch.
pub async fn verify(
    dataset: &Dataset,
    replayer: Result<Replayer, String>,
    scope: Scope,
) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let replayer = match replayer {
        Ok(replayer) => Some(replayer),
        Err(why) => {
            verdict.unavailable_because = Some(why);
            None
        }
    };
    digests::check(dataset.dir(), &mut verdict)?;
    let mut pairs = dataset.preference().map(|line| line.map(|line| placed(&line)));
    let mut next_pair = pairs.next().transpose()?;
    for line in dataset.sft() {
        let (place, value) = placed(&line?);
        let Some((record, validators)) = checked(&place, &value, &mut verdict) else {
            continue;
        };
        while let Some((at, value)) = next_pair.take_if(|(_, value)| belongs(value, &record)) {
            let line = check_pair(&at, &value, &record, &validators, &mut verdict);
            if let (Some(replayer), Some(line), Scope::EveryCall) = (&replayer, line, scope) {
                match replayer.replay(&record, &line.rejected).await {
                    Ok(Again::Same(made)) => verdict.made(made),
                    Ok(Again::Unavailable(why)) => verdict.without(why),
                    Err(why) => verdict.mismatch(&at, why),
                }
            }
            next_pair = pairs.next().transpose()?;
        }
        match &replayer {
            None => verdict.unavailable += 1,
            Some(replayer) => match replayer.replay(&record, &record.sample.messages).await {
                Ok(Again::Same(made)) => {
                    verdict.reproduced += 1;
                    verdict.made(made);
                }
                Ok(Again::Unavailable(why)) => {
                    verdict.unavailable += 1;
                    verdict.without(why);
                }
                Err(why) => verdict.mismatch(&place, why),
            },
        }
    }
    while let Some((at, _)) = next_pair {
        verdict.mismatch(&at, "the pair's sample is not in the dataset, or not in its place");
        next_pair = pairs.next().transpose()?;
    }
    Ok(verdict)
}

/// A line's place, `sft.jsonl:12`, and what it holds: null if it is no JSON,
/// which no check accepts.
fn placed(line: &Line) -> (String, Value) {
    let name = line.file.file_name().unwrap_or_default().to_string_lossy();
    (format!("{name}:{}", line.number), line.parse().unwrap_or_default())
}

/// The record of a line, if all it claims holds.
fn checked(place: &str, line: &Value, verdict: &mut Verdict) -> Option<(Record, Validators)> {
    let record = match line::record(line) {
        Ok(record) => record,
        Err(why) => {
            verdict.mismatch(place, why);
            return None;
        }
    };
    let validators = Validators::new(&record.library);
    match record::check(&record.library, &validators, &record.sample, record.tools_chars) {
        Ok(()) => Some((record, validators)),
        Err(why) => {
            verdict.mismatch(place, why);
            None
        }
    }
}

fn belongs(pair: &Value, record: &Record) -> bool {
    pair.pointer("/metadata/sample").and_then(Value::as_str) == Some(record.sample.id.as_str())
}

/// The pair of a line, if all it claims holds.
fn check_pair(
    place: &str,
    line: &Value,
    record: &Record,
    validators: &Validators,
    verdict: &mut Verdict,
) -> Option<PairLine> {
    verdict.pairs += 1;
    let checked = line::pair(line, &record.library)
        .and_then(|pair| pair_holds(&pair, record, validators).map(|()| pair));
    checked.map_err(|why| verdict.mismatch(place, why)).ok()
}

/// The pair is its sample's, legal on both sides, and wrong as it says.
fn pair_holds(line: &PairLine, record: &Record, validators: &Validators) -> Result<(), String> {
    let sample = &record.sample;
    if line.chosen != sample.messages {
        return Err(format!("{}: \"chosen\" is not the sample's conversation", line.id));
    }
    let shared = line.prompt_len.min(sample.messages.len());
    if line.rejected.get(..shared) != Some(&sample.messages[..shared]) {
        return Err(format!("{}: the first {shared} messages are not shared", line.id));
    }
    let offer = record::Offer { tools: &sample.tools, added: &sample.tools_added };
    record::legal(&record.library, validators, offer, &line.rejected)
        .map_err(|why| format!("{}: rejected: {why}", line.id))?;
    let positive = negative::Positive::of(&record.library, sample);
    negative::shows(&positive, &line.pair(shared)?).map_err(|why| format!("{}: {why}", line.id))
}
