//! Errors mined from a student's roll-outs (paper §4.2).
//!
//! ```text
//! student, no hint ─► its turn beside the positive's ─► type by rule ─► judge agrees? ─► mistake
//! ```
//!
//! Every turn is rolled out on the right history, so that an error is the
//! student's own and not the consequence of one before. A turn whose difference
//! from the positive shows no type is no error.

use std::ops::Range;

use magnet_proto::path::StepRef;
use magnet_proto::rng::Rng;
use magnet_proto::sample::{Call, ErrorType, Message, NegativeSource, Pair};

use super::played::{self, Mistake};
use super::tail::Tail;
use super::{Material, TYPES, Wrong, check};
use crate::distill::distiller::Mined;
use crate::failure::{Failure, Tries};
use crate::teacher::{Hint, JudgeTurn, Verdict};
use crate::vet::prose;

/// At most `max_pairs` pairs, one a type, of errors that the student makes.
pub(super) async fn make(
    material: Material<'_>,
    mined: Mined<'_>,
    max_pairs: usize,
    rng: &mut Rng,
) -> Result<Vec<Pair>, Failure> {
    let mut pairs: Vec<Pair> = Vec::with_capacity(max_pairs);
    for draw in 1..=mined.rollouts {
        for (turn, range) in material.positive.turns().into_iter().enumerate() {
            if pairs.len() >= max_pairs {
                return Ok(pairs);
            }
            let known: Vec<ErrorType> = pairs.iter().map(|pair| pair.error).collect();
            let roll_out = RollOut { material, mined, turn, range, draw };
            pairs.extend(roll_out.pair(&known, rng).await?);
        }
    }
    Ok(pairs)
}

/// One turn, played once by the student.
struct RollOut<'a> {
    material: Material<'a>,
    mined: Mined<'a>,
    turn: usize,
    range: Range<usize>,
    draw: u32,
}

impl<'a> RollOut<'a> {
    /// The pair of the error it makes, if that is of a type not known yet.
    async fn pair(&self, known: &[ErrorType], rng: &mut Rng) -> Result<Option<Pair>, Failure> {
        let Some(tail) = self.play().await? else {
            return Ok(None);
        };
        let shown = self.shown(&tail);
        if shown.iter().all(|error| known.contains(error)) {
            return Ok(None);
        }
        let Some((error, why)) = self.confirmed(&shown, &tail).await? else {
            return Ok(None);
        };
        if known.contains(&error) {
            return Ok(None);
        }
        let wrong = Wrong { step: self.step_of(&tail), tail, reason: why };
        let mistake = Mistake::of(error, &wrong);
        let (student, source) = (self.mined.student, NegativeSource::Student);
        // Played once more on the hint, as the paper has it; the roll-out
        // itself is a negative, too.
        match played::play(self.material, student, source, &mistake, rng).await? {
            Some(pair) => Ok(Some(pair)),
            None => {
                let pair = played::finish(&mistake, source, wrong.tail, rng).await?;
                Ok(check(self.material, &pair).is_ok().then_some(pair))
            }
        }
    }

    /// The student's turn from where it parts from the positive; none where it
    /// does not, or cannot be used.
    async fn play(&self) -> Result<Option<Tail<'a>>, Failure> {
        let start = self.range.start + 1;
        let mut tail = Tail::start(self.material, self.turn, start).await?;
        let student = self.mined.student;
        match played::turn(self.material, student, &mut tail, Hint::None, self.draw, None).await {
            Ok(()) => {}
            Err(Failure::Rejected(_)) => return Ok(None),
            Err(failure) => return Err(failure),
        }
        let right = &self.material.positive.messages[start..self.range.end];
        let shared = tail.messages.iter().zip(right).take_while(|(a, b)| a == b).count();
        // A request cannot be parted from before it is answered.
        if shared == tail.messages.len() || shared == right.len() {
            return Ok(None);
        }
        tail.messages.drain(..shared);
        tail.prompt_len += shared;
        Ok(Some(tail))
    }

    /// The types that the record alone shows, the likeliest first.
    fn shown(&self, tail: &Tail<'_>) -> Vec<ErrorType> {
        let shows = |error: &ErrorType| {
            let pair = Pair {
                error: *error,
                turn: self.turn as u16,
                source: NegativeSource::Student,
                prompt_len: tail.prompt_len as u32,
                rejected: tail.messages.clone(),
                step: None,
                reason: String::new(),
            };
            super::shows(self.material.positive, &pair).is_ok()
        };
        LIKELIEST.into_iter().filter(shows).collect()
    }

    /// The error's type and what is wrong, unless the judge finds the turn
    /// right. Of several types that show, the judge's word decides.
    async fn confirmed(
        &self,
        shown: &[ErrorType],
        tail: &Tail<'_>,
    ) -> Result<Option<(ErrorType, String)>, Failure> {
        let plain = shown.first().map(|error| (*error, sentence(*error).to_owned()));
        let Some(judge) = self.mined.judge else {
            return Ok(plain);
        };
        let distiller = self.material.distiller;
        let messages = self.material.positive.messages;
        let shared = &messages[self.range.start..tail.prompt_len];
        let turn: Vec<Message> = shared.iter().chain(&tail.messages).cloned().collect();
        let expected = distiller.translated.reference(self.turn);
        let mut tries = Tries::new(distiller.tries);
        loop {
            let ask = JudgeTurn {
                scene: distiller.scene,
                before: &messages[..self.range.start],
                turn: &turn,
                expected: &expected,
                problem: tries.problem(),
            };
            match tries.usable(judge.turn(&ask).await) {
                Ok(Some(Verdict::Right)) => return Ok(None),
                Ok(Some(Verdict::Wrong { number, why })) => {
                    let judged = TYPES.get(usize::from(number).wrapping_sub(1));
                    let agreed = judged.filter(|error| shown.contains(error));
                    let is_told = !why.trim().is_empty() && prose::hint_trace(&why).is_none();
                    return Ok(plain.map(|(likeliest, plain)| {
                        let error = agreed.copied().unwrap_or(likeliest);
                        (error, if is_told { why } else { plain })
                    }));
                }
                Ok(None) => {}
                // A judge without a verdict leaves the rule's.
                Err(Failure::Rejected(_)) => return Ok(plain),
                Err(failure) => return Err(failure),
            }
        }
    }

    /// The step of the positive's first call that the student does not make.
    fn step_of(&self, tail: &Tail<'_>) -> Option<StepRef> {
        let made: Vec<&Call> = tail.messages.iter().flat_map(Message::calls).collect();
        let is_made = |call: &Call| {
            made.iter().any(|m| m.function == call.function && m.arguments == call.arguments)
        };
        let mut right = self.material.positive.calls(tail.prompt_len..self.range.end);
        let (_, call) = right.find(|(_, call)| !is_made(call))?;
        self.material.step_of(self.turn, call)
    }
}

/// Types by how much they explain: who calls nothing at all has not merely
/// forgotten a nested call.
const LIKELIEST: [ErrorType; 5] = [
    ErrorType::Missing,
    ErrorType::ShortDependency,
    ErrorType::LongDependency,
    ErrorType::Nested,
    ErrorType::Summary,
];

/// What an error of a type is, where nobody says it better.
fn sentence(error: ErrorType) -> &'static str {
    match error {
        ErrorType::Nested => "A call that is needed on the way is not made.",
        ErrorType::ShortDependency => "A call does not use what an output of this turn says.",
        ErrorType::LongDependency => "What the conversation gave earlier is not used.",
        ErrorType::Summary => "The reply says what no output says.",
        ErrorType::Missing => "Calls where it should ask or decline, or the reverse.",
    }
}
