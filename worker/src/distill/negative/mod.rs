//! Mechanical negatives: a positive, corrupted in one chosen way (paper §4.2).
//!
//! ```text
//! positive ─► places an error type fits ─► wrong step ─► rest of the conversation ─► shows its type? ─► pair
//! ```
//!
//! A rejected trajectory parts from the positive at the wrong step, finishes
//! that turn as the mistaken agent would, and hears every request that follows:
//! what can still be called is called, and where a value was never found, the
//! agent asks. Calls after the wrong step are really executed, in a session
//! that has seen all calls before them; so outputs agree with what was asked.
//! Promises: legal as a chat, and [`shows`] holds, which reads the record
//! alone. Not here: negatives by a teacher's wrong hint or a student.

mod closing;

mod misjudge;
mod misstate;
mod misuse;
mod near;
mod omit;
mod positive;
mod shows;
mod tail;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

use magnet_proto::path::StepRef;
use magnet_proto::rng::{self, Rng};
use magnet_proto::sample::{Call, ErrorType, NegativeSource, Pair};
use rand::seq::SliceRandom;

use super::positive::{Distiller, Trajectory};
use crate::failure::Failure;
use crate::vet::record;

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

/// What a corruption needs: the positive and the means to play on from it.
#[derive(Clone, Copy)]
struct Material<'a> {
    distiller: &'a Distiller<'a>,
    positive: Positive<'a>,
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
    let positive = Positive {
        library: scene.library,
        messages: &trajectory.messages,
        provenance: &trajectory.provenance,
        node_ops: &scene.path.ops,
    };
    let material = Material { distiller, positive };
    let mut rng = rng::stream(scene.seed, scene.walk, "negatives");
    let mut types = TYPES;
    types.shuffle(&mut rng);
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
    let mut wrong = match error {
        ErrorType::Nested => omit::nested(material, rng).await?,
        ErrorType::ShortDependency => misuse::short(material, rng).await?,
        ErrorType::LongDependency => misuse::long(material, rng).await?,
        ErrorType::Summary => misstate::summary(material, rng).await?,
        ErrorType::Missing => misjudge::missing(material, rng).await?,
    };
    if let Some(wrong) = &mut wrong {
        wrong.tail.play_on(rng).await?;
    }
    let pair = wrong.map(|wrong| Pair {
        error,
        turn: wrong.tail.parted as u16,
        source: NegativeSource::Mechanical,
        prompt_len: wrong.tail.prompt_len as u32,
        rejected: wrong.tail.messages,
        step: wrong.step,
        reason: wrong.reason,
    });
    Ok(pair.filter(|pair| is_sound(material, pair)))
}

/// Whether a pair is legal and wrong in the way its type says.
fn is_sound(material: Material<'_>, pair: &Pair) -> bool {
    let Material { distiller, positive } = material;
    let offer = record::Offer { tools: &distiller.offer.tools, added: &distiller.offer.added };
    let shared = &positive.messages[..pair.prompt_len as usize];
    let rejected: Vec<_> = shared.iter().chain(&pair.rejected).cloned().collect();
    record::legal(distiller.scene.library, distiller.validators, offer, &rejected).is_ok()
        && shows(&positive, pair).is_ok()
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
