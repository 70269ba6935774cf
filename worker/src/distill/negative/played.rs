//! A wrong turn played by a model on a misleading hint (paper §4.2).
//!
//! The hint tells the mistake and the calls that make it; the model plays the
//! agent that makes it and does not notice. What comes of it is checked like
//! any negative: legal, without a trace of the hint, and really wrong in the
//! way its type says. Else it is played once more with the reason, then given
//! up.

use magnet_proto::path::StepRef;
use magnet_proto::rng::Rng;
use magnet_proto::sample::{Call, ErrorType, Message, NegativeSource, Pair};

use super::tail::Tail;
use super::{Material, Wrong, check};
use crate::failure::{Failure, Tries};
use crate::teacher::{Act, Action, Hint, Misleading, Problem, Proposed, Teacher};
use crate::vet::{prose, record};
use magnet_proto::outcome::{Reason, Rejection};

/// A mistake to be made: where, and how.
pub(super) struct Mistake {
    pub(super) error: ErrorType,
    pub(super) turn: usize,
    pub(super) prompt_len: usize,
    /// What goes wrong, in one sentence.
    pub(super) reason: String,
    /// The wrong turn's calls, and a draft of its closing prose.
    pub(super) calls: Vec<Call>,
    pub(super) like: String,
    pub(super) step: Option<StepRef>,
}

impl Mistake {
    /// The mistake that a wrong turn makes.
    pub(super) fn of(error: ErrorType, wrong: &Wrong<'_>) -> Self {
        let calls = wrong.tail.messages.iter().filter_map(|message| match message {
            Message::Assistant { calls, .. } => Some(calls),
            _ => None,
        });
        let like = match wrong.tail.messages.last() {
            Some(Message::Assistant { content: Some(text), .. }) => text.clone(),
            _ => String::new(),
        };
        Self {
            error,
            turn: wrong.tail.parted,
            prompt_len: wrong.tail.prompt_len,
            reason: wrong.reason.clone(),
            calls: calls.flatten().cloned().collect(),
            like,
            step: wrong.step,
        }
    }
}

/// Has the mistake made by an agent. `None` if it cannot be brought to it.
pub(super) async fn play(
    material: Material<'_>,
    agent: &dyn Teacher,
    source: NegativeSource,
    mistake: &Mistake,
    rng: &mut Rng,
) -> Result<Option<Pair>, Failure> {
    let mut problem: Option<String> = None;
    for tried in 0..material.distiller.tries.get() {
        let hint =
            Misleading { mistake: &mistake.reason, calls: &mistake.calls, like: &mistake.like };
        let mut tail = Tail::start(material, mistake.turn, mistake.prompt_len).await?;
        let before = Problem::after(tried, problem.as_deref());
        let played = turn(material, agent, &mut tail, Hint::Wrong(&hint), 0, before);
        match played.await {
            Ok(()) => {}
            Err(Failure::Rejected(_)) => return Ok(None),
            Err(failure) => return Err(failure),
        }
        let pair = finish(mistake, source, tail, rng).await?;
        match check(material, &pair) {
            Ok(()) => return Ok(Some(pair)),
            Err(why) => {
                tracing::trace!(why, "a played negative is refused");
                problem = Some(why);
            }
        }
    }
    Ok(None)
}

/// The pair of a wrong turn: the rest of the conversation follows from it.
pub(super) async fn finish(
    mistake: &Mistake,
    source: NegativeSource,
    mut tail: Tail<'_>,
    rng: &mut Rng,
) -> Result<Pair, Failure> {
    tail.settle();
    tail.play_on(rng).await?;
    Ok(Pair {
        error: mistake.error,
        turn: mistake.turn as u16,
        source,
        prompt_len: tail.prompt_len as u32,
        rejected: tail.messages,
        step: mistake.step,
        reason: mistake.reason.clone(),
    })
}

/// Plays one turn from where the tail stands until it ends in prose. Calls
/// must be valid, but need not be right.
pub(super) async fn turn(
    material: Material<'_>,
    agent: &dyn Teacher,
    tail: &mut Tail<'_>,
    hint: Hint<'_>,
    draw: u32,
    problem: Option<Problem<'_>>,
) -> Result<(), Failure> {
    let distiller = material.distiller;
    let offer = record::Offer { tools: &distiller.offer.tools, added: &distiller.offer.added };
    let tools = offer.at(tail.parted);
    let shared = &material.positive.messages[..tail.prompt_len];
    let mut problem = problem;
    for _ in 0..distiller.max_steps {
        let messages: Vec<Message> = shared.iter().chain(&tail.messages).cloned().collect();
        let mut tries = Tries::new(distiller.tries);
        let action = loop {
            let ask = Act {
                scene: distiller.scene,
                turn: tail.parted,
                messages: &messages,
                tools: &tools,
                hint,
                due: &[],
                brief: distiller.brief,
                conversation: &distiller.translated.conversation,
                draw,
                problem: tries.problem().or(problem),
            };
            let answer = agent.act(&ask).await;
            let Some(action) = tries.usable(answer)? else {
                continue;
            };
            match allowed(material, &action) {
                Ok(()) => break action,
                Err(rejection) => tries.refuse(rejection)?,
            }
        };
        problem = None;
        match action {
            Action::Call(calls) => {
                tail.call(calls).await?;
            }
            Action::Say(text) => {
                tail.say(text);
                return Ok(());
            }
        }
    }
    Err(Failure::rejected(Reason::TooManySteps, "a wrong turn does not end"))
}

fn allowed(material: Material<'_>, action: &Action) -> Result<(), Rejection> {
    match action {
        Action::Say(text) => match prose::hint_trace(text) {
            Some(trace) => {
                Err(Rejection::new(Reason::HintLeaked, format!("the reply says \"{trace}\"")))
            }
            None => Ok(()),
        },
        Action::Call(calls) => calls.iter().try_for_each(|Proposed { function, arguments }| {
            let distiller = material.distiller;
            let valid = distiller.validators.check(distiller.scene.library, *function, arguments);
            valid.map_err(|why| Rejection::new(Reason::InvalidArguments, why))
        }),
    }
}
