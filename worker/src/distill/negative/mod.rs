//! Negatives: a positive, gone wrong in one chosen way (paper §4.2).
//!
//! ```text
//! positive ─► places an error type fits ─► wrong step ─► rest of the conversation ─► shows its type? ─► pair
//!                  mechanical: as it is ─┘     └─ teacher: played anew on a misleading hint
//!                                                 student: mined from roll-outs, then the same
//! ```
//!
//! A rejected trajectory parts from the positive at the wrong step, finishes
//! that turn as the mistaken agent would, and hears every request that follows:
//! what can still be called is called, and where a value was never found, the
//! agent asks. Calls after the wrong step are really executed, in a session
//! that has seen all calls before them; so outputs agree with what was asked.
//! Promises: legal as a chat, and [`shows`] holds, which reads the record
//! alone.

mod closing;

mod mined;
mod misjudge;
mod misstate;
mod misuse;
mod near;
mod omit;
mod played;
mod positive;
mod question;
mod shows;
mod tail;

#[cfg(test)]
mod models;
#[cfg(test)]
mod tests;

use magnet_proto::path::{Purpose, StepRef, Turn};
use magnet_proto::rng::{self, Rng};
use magnet_proto::sample::{Call, ErrorType, NegativeSource, Pair};
use rand::RngExt;
use rand::seq::SliceRandom;

use super::distiller::{Distiller, Negatives};
use super::positive::Trajectory;
use crate::failure::Failure;
use crate::vet::record;

use played::Mistake;
pub use positive::Positive;
pub use shows::shows;
use tail::Tail;

const TYPES: [ErrorType; 5] = [
    ErrorType::Nested,
    ErrorType::ShortDependency,
    ErrorType::LongDependency,
    ErrorType::Summary,
    ErrorType::Missing,
];

/// How often a short dependency is misused before anything else goes wrong.
const RARE_FIRST: f64 = 0.5;

/// What a corruption needs: the positive and the means to play on from it.
#[derive(Clone, Copy)]
struct Material<'a> {
    distiller: &'a Distiller<'a>,
    positive: &'a Positive<'a>,
}

/// A wrong turn, not yet checked.
struct Wrong<'a> {
    tail: Tail<'a>,
    step: Option<StepRef>,
    reason: String,
}

/// Makes at most `max_pairs` pairs, one a type, of types drawn by seed among
/// those that the positive lends itself to.
///
/// # Errors
/// Only what stops the walk: an executor that is away. A type that does not
/// fit gives no pair.
pub async fn make(
    distiller: &Distiller<'_>,
    trajectory: &Trajectory,
    max_pairs: usize,
) -> Result<Vec<Pair>, Failure> {
    let scene = distiller.scene;
    let positive =
        Positive::new(scene.library, &trajectory.messages, &trajectory.provenance, &scene.path.ops);
    let material = Material { distiller, positive: &positive };
    let mut rng = rng::stream(scene.seed, scene.walk, "negatives");
    if let Negatives::Student(mined) = distiller.negatives {
        let mut pairs = mined::make(material, mined, max_pairs, &mut rng).await?;
        pairs.sort_by_key(|pair| (pair.prompt_len, pair.turn));
        return Ok(pairs);
    }
    let mut types = TYPES;
    types.shuffle(&mut rng);
    // Places for it are the rarest.
    if rng.random_bool(RARE_FIRST) {
        types.sort_by_key(|error| *error != ErrorType::ShortDependency);
    }
    // Where nothing was missing, nobody asks or declines but a straw man.
    let lacks = |turn: &Turn| turn.purpose != Purpose::Calls;
    if !scene.path.turns.iter().any(lacks) {
        types.sort_by_key(|error| *error == ErrorType::Missing);
    }
    let mut pairs = Vec::with_capacity(max_pairs);
    for error in types {
        if pairs.len() >= max_pairs {
            break;
        }
        match corrupt(material, error, &mut rng).await {
            Ok(pair) => pairs.extend(pair),
            Err(Failure::Rejected(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    pairs.sort_by_key(|pair| (pair.prompt_len, pair.turn));
    Ok(pairs)
}

/// One pair of that type, where the positive has a place for it.
async fn corrupt(
    material: Material<'_>,
    error: ErrorType,
    rng: &mut Rng,
) -> Result<Option<Pair>, Failure> {
    let Some(mut wrong) = wrong_turn(material, error, rng).await? else {
        return Ok(None);
    };
    if let Negatives::Teacher = material.distiller.negatives {
        let mistake = Mistake::of(error, &wrong);
        let teacher = material.distiller.teacher;
        return played::play(material, teacher, NegativeSource::Teacher, &mistake, rng).await;
    }
    wrong.tail.play_on(rng).await?;
    let pair = Pair {
        error,
        turn: wrong.tail.parted as u16,
        source: NegativeSource::Mechanical,
        prompt_len: wrong.tail.prompt_len as u32,
        rejected: wrong.tail.messages,
        step: wrong.step,
        reason: wrong.reason,
    };
    Ok(check(material, &pair).is_ok().then_some(pair))
}

/// A turn that goes wrong in that way, where the positive has a place for it.
async fn wrong_turn<'a>(
    material: Material<'a>,
    error: ErrorType,
    rng: &mut Rng,
) -> Result<Option<Wrong<'a>>, Failure> {
    match error {
        ErrorType::Nested => omit::nested(material, rng).await,
        ErrorType::ShortDependency => misuse::short(material, rng).await,
        ErrorType::LongDependency => misuse::long(material, rng).await,
        ErrorType::Summary => misstate::summary(material, rng).await,
        ErrorType::Missing => misjudge::missing(material, rng).await,
    }
}

/// Whether a pair is legal and wrong in the way its type says; if not, why.
fn check(material: Material<'_>, pair: &Pair) -> Result<(), String> {
    let Material { distiller, positive } = material;
    let offer = record::Offer { tools: &distiller.offer.tools, added: &distiller.offer.added };
    let shared = &positive.messages[..pair.prompt_len as usize];
    let rejected: Vec<_> = shared.iter().chain(&pair.rejected).cloned().collect();
    record::legal(distiller.scene.library, distiller.validators, offer, &rejected)?;
    shows(positive, pair)
}

impl Material<'_> {
    /// The step of the path that a call of the positive realises.
    fn step_of(&self, turn: usize, call: &Call) -> Option<StepRef> {
        let mut executed = self.distiller.translated.conversation.executed();
        let same = |made: &Call| made.function == call.function && made.arguments == call.arguments;
        executed
            .find(|(at, executed)| *at == turn && same(&executed.call))
            .map(|(_, executed)| executed.step)
    }

    fn name(&self, call: &Call) -> &str {
        &self.distiller.scene.library.get(call.function).name
    }
}
