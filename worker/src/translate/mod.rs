//! Back-and-forth translation: a briefed path becomes requests and executable
//! calls, turn by turn (paper §3.3).
//!
//! ```text
//! for each turn:  back ─► request ─► (forth ─► call ─► execute) per call
//! ```
//!
//! What a dry walk has made already is read from its log; elsewhere only what
//! brief, outputs and schema leave open is asked for. Promises: the calls made
//! are the calls planned; every argument is valid against its schema; every
//! required value has a provenance. A path for which that cannot be had is
//! rejected with the reason.

mod back;
mod called_for;
mod determine;
mod forth;

use std::num::NonZeroU32;

use magnet_proto::brief::Brief;
use magnet_proto::config::Asked;
use magnet_proto::path::StepRef;
use magnet_proto::sample::{Call, Provenance, Readings};
use serde_json::Value;

pub use called_for::Reading;

use self::back::Written;
use crate::conversation::{Conversation, Exchange, Scene};
use crate::execute::Executor;
use crate::execute::planned::Planned;
use crate::failure::Failure;
use crate::made::Made;
use crate::teacher::Teacher;
use crate::vet::calls::Validators;
use crate::vet::mentions::Text;
use crate::vet::provenance::Ledger;

/// What translation works with.
pub struct Translator<'a> {
    pub scene: Scene<'a>,
    pub brief: &'a Brief,
    /// The calls of the dry walk; none without one.
    pub log: &'a [Made],
    pub teacher: &'a dyn Teacher,
    pub executor: &'a dyn Executor,
    pub validators: &'a Validators,
    pub asked: Asked,
    pub tries: NonZeroU32,
    /// Where a model judges whether the calls are called for.
    pub reading: Option<Reading<'a>>,
}

/// A translated path: requests, reference calls and what they returned.
#[derive(Debug, Default)]
pub struct Translated {
    pub conversation: Conversation,
    pub provenance: Vec<Provenance>,
    /// The state the session started from.
    pub initial_config: Option<Value>,
    /// How a reader took the requests, where there is one.
    pub readings: Option<Readings>,
    ledger: Ledger,
}

impl Translated {
    /// The conversation's first request.
    pub fn opening(&self) -> Option<&str> {
        self.conversation.turns.first().map(|exchange| exchange.request.text.as_str())
    }

    /// The reference calls of a turn, each once: a repeat after a passing
    /// error is left out.
    pub fn reference(&self, turn: usize) -> Vec<Call> {
        let calls = &self.conversation.turns[turn].calls;
        let is_retry = |at: usize| {
            at > 0 && (calls[at - 1].step, calls[at - 1].copy) == (calls[at].step, calls[at].copy)
        };
        let first_tries = (0..calls.len()).filter(|at| !is_retry(*at));
        first_tries.map(|at| calls[at].call.clone()).collect()
    }
}

/// Translates the whole path; `initial_config` is that of the dry walk.
pub async fn translate(
    translator: &Translator<'_>,
    initial_config: Option<Value>,
) -> Result<Translated, Failure> {
    let readings = translator.reading.map(|_| Readings::default());
    let mut done = Translated { initial_config, readings, ..Translated::default() };
    let mut session: Option<Planned> = None;
    for (turn, plan) in translator.scene.path.turns.iter().enumerate() {
        let Written { request, doubted } =
            back::write(translator, turn, &done.conversation).await?;
        if let (Some(readings), Some(doubted)) = (&mut done.readings, doubted) {
            readings.read += 1;
            readings.doubted += u16::from(doubted);
        }
        done.ledger.requests.push(Text::new(&request.text));
        done.conversation.turns.push(Exchange { request, calls: Vec::new(), reply: String::new() });
        for (step, planned) in plan.steps.iter().enumerate() {
            let at = StepRef { turn: turn as u16, step: step as u16 };
            for copy in 0..planned.copies {
                let made = translator.log.iter().find(|made| (made.at, made.copy) == (at, copy));
                match made {
                    Some(made) => forth::take(translator, &mut done, made)?,
                    None => forth::call(translator, &mut done, &mut session, at, copy).await?,
                }
            }
        }
    }
    Ok(done)
}
