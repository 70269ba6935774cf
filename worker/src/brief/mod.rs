//! The brief: what the person of a conversation is after, between the node
//! operations and the words (method §5).
//!
//! ```text
//! path · dry walk · pack ─► Briefer (outline | rules) ─► checked ─► path · brief · calls
//! ```
//!
//! Who makes it is a port; asking again, checking and applying what it decides
//! is done here. Promises: every step of the path that comes out serves a want
//! of its turn or feeds a step that does; places exist; what a short Insert
//! proposed and nobody needs is gone. A path that nobody would have an aim for
//! is rejected as [`Reason::NoPurpose`].

mod apply;
pub mod arrange;
mod check;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use async_trait::async_trait;
use magnet_proto::brief::Brief;
use magnet_proto::outcome::{Reason, Rejection};
use magnet_proto::path::{Path, StepRef};

use crate::conversation::Scene;
use crate::failure::{Failure, Tries};
use crate::made::{Log, Made};
use crate::teacher::{Error, Problem};

/// What a brief is made from.
pub struct Ask<'a> {
    pub scene: Scene<'a>,
    /// The calls with their outputs, where they could be made beforehand.
    pub walked: Option<&'a Log>,
    /// Why the last draft was refused.
    pub problem: Option<Problem<'a>>,
}

/// What a briefer makes of a path.
#[derive(Clone, Debug)]
pub enum Outcome {
    Wanted(Draft),
    /// Nobody would want this, and why.
    NoPurpose(String),
}

/// A brief with what it decides about the path.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub brief: Brief,
    /// By turn, which of the proposed steps the aim needs: an index into the
    /// dry walk's proposals, or else into the path's.
    pub taken: BTreeMap<u16, usize>,
    /// Steps that only feed another one of their turn: the request does not
    /// mention them.
    pub implicit: Vec<StepRef>,
}

/// Makes briefs. Pure of time and state: the same ask gets the same answer.
#[async_trait]
pub trait Briefer: Send + Sync {
    async fn brief(&self, ask: &Ask<'_>) -> Result<Outcome, Error>;

    /// Whether it gives a path's values itself where nothing real decides them.
    fn gives_values(&self) -> bool {
        false
    }
}

/// A path with what it is for.
#[derive(Clone, Debug)]
pub struct Briefed {
    pub path: Path,
    pub brief: Brief,
    /// The calls of the dry walk, in the path's order; none without one.
    pub calls: Vec<Made>,
}

/// The brief of a path, checked and applied.
pub async fn make(
    briefer: &dyn Briefer,
    scene: Scene<'_>,
    walked: Option<&Log>,
    tries: NonZeroU32,
) -> Result<Briefed, Failure> {
    let mut tries = Tries::new(tries);
    loop {
        let ask = Ask { scene, walked, problem: tries.problem() };
        let answer = briefer.brief(&ask).await;
        let Some(outcome) = tries.usable(answer)? else {
            continue;
        };
        let draft = match outcome {
            Outcome::Wanted(draft) => draft,
            Outcome::NoPurpose(why) => return Err(Failure::rejected(Reason::NoPurpose, why)),
        };
        match apply::apply(scene.path, walked, draft) {
            Ok(briefed) => match check::check(scene.library, &briefed) {
                Ok(()) => return Ok(briefed),
                Err(why) => tries.refuse(Rejection::new(Reason::AnswerUnusable, why))?,
            },
            Err(why) => tries.refuse(Rejection::new(Reason::AnswerUnusable, why))?,
        }
    }
}
