//! Back-translation by rules: the user's message for a turn.
//!
//! ```text
//! plan (which arguments, which values) ─► clause per step ─► message in the register
//! ```

use magnet_proto::FunctionId;
use magnet_proto::path::{Fault, Purpose, StepRef};

use super::clause::clause;
use super::context::context;
use super::frame::{self, Part, Position};
use super::intention::Intention;
use super::mention::Style;
use super::motive::motive;
use super::phrase::Voice;
use super::plan::{Omitted, Planner};
use super::refer::When;
use super::supply;
use magnet_worker::conversation::{Conversation, Request, Scene};
use magnet_worker::teacher::{Error, WriteRequest};
use magnet_worker::vet::prose;

/// How often a message that gives something away is worded anew.
const WORDINGS: usize = 5;

pub(super) fn write(ask: &WriteRequest<'_>) -> Result<Request, Error> {
    let scene = ask.scene;
    let writer = Writer { scene, turn: ask.turn, conversation: ask.conversation };
    let mut last = None;
    for wording in 0..WORDINGS {
        let purpose = match (wording, ask.problem) {
            (0, None) => "request".to_owned(),
            (n, problem) => format!("request {n} {}", problem.unwrap_or_default()),
        };
        let request = writer.write(&purpose)?;
        if !writer.gives_away(&request.text) {
            return Ok(request);
        }
        last = Some(request);
    }
    last.ok_or_else(|| Error::Unusable("no request could be worded".into()))
}

/// One message to write.
struct Writer<'a> {
    scene: Scene<'a>,
    turn: usize,
    conversation: &'a Conversation,
}

impl<'a> Writer<'a> {
    fn write(&self, purpose: &str) -> Result<Request, Error> {
        let turns = &self.scene.path.turns;
        let turn = turns
            .get(self.turn)
            .ok_or_else(|| Error::Unusable(format!("the path has no turn {}", self.turn)))?;
        let next = (self.turn + 1 < turns.len()).then_some(self.turn + 1);
        match (&turn.purpose, next) {
            (Purpose::Calls, _) => Ok(self.calls(purpose)),
            (Purpose::MissingFunction { resolved: true, .. }, Some(next)) => {
                Ok(self.ask(purpose, next, None))
            }
            (Purpose::MissingFunction { function, .. } | Purpose::Irrelevant { function }, _) => {
                Ok(self.ask_alone(purpose, *function, None))
            }
            (Purpose::MissingParameter { function, parameter, resolved }, next) => {
                let omitted = Omitted { function: *function, parameter };
                match next.filter(|_| *resolved) {
                    Some(next) => Ok(self.ask(purpose, next, Some(omitted))),
                    None => Ok(self.ask_alone(purpose, *function, Some(omitted))),
                }
            }
        }
    }

    /// A turn with calls: it follows up on what was missing, or asks.
    fn calls(&self, purpose: &str) -> Request {
        let before = self.turn.checked_sub(1).and_then(|before| self.scene.path.turns.get(before));
        match before.map(|turn| &turn.purpose) {
            Some(Purpose::MissingFunction { function, resolved: true }) => supply::function(
                self.scene.library.get(*function),
                self.scene.persona.register,
                &mut self.voice(purpose),
            ),
            Some(Purpose::MissingParameter { function, parameter, resolved: true }) => {
                let omitted = Omitted { function: *function, parameter };
                let mut planner = self.planner(purpose, None);
                let supplied = planner.supply(self.turn, omitted);
                supply::parameter(&supplied, self.scene.persona.register, &mut self.voice(purpose))
            }
            _ => self.ask(purpose, self.turn, None),
        }
    }

    /// Asks for what a turn's steps do.
    fn ask(&self, purpose: &str, target: usize, omitted: Option<Omitted<'a>>) -> Request {
        let intentions = self.planner(purpose, omitted).turn(target);
        self.compose(purpose, &intentions)
    }

    fn ask_alone(
        &self,
        purpose: &str,
        function: FunctionId,
        omitted: Option<Omitted<'a>>,
    ) -> Request {
        let intention = self.planner(purpose, omitted).alone(function);
        self.compose(purpose, &[intention])
    }

    fn compose(&self, purpose: &str, intentions: &[Intention<'a>]) -> Request {
        let mut voice = self.voice(purpose);
        let mut request = Request::default();
        let mut parts: Vec<Part> = Vec::new();
        let mut facts: Vec<String> = Vec::new();
        for intention in intentions {
            intention.note(&mut request);
            if intention.implicit {
                facts.extend(context(intention, &mut voice));
            } else {
                parts.push(Part {
                    clause: clause(intention, &mut voice),
                    depends: depends(intention),
                });
            }
        }
        let position = self.position();
        let persona = self.scene.persona;
        let reason = match (position, intentions.first()) {
            (Position::Opening, Some(first)) => motive(first, persona, &mut voice),
            (_, Some(first)) if !first.function.phrasing.reasons.is_empty() && voice.chance(8) => {
                motive(first, persona, &mut voice)
            }
            _ => None,
        };
        request.text =
            frame::message(parts, &facts, reason, position, persona.register, &mut voice);
        request
    }

    /// Where the message stands, and whether the last answer was a letdown.
    fn position(&self) -> Position {
        let Some(before) = self.turn.checked_sub(1).and_then(|at| self.scene.path.turns.get(at))
        else {
            return Position::Opening;
        };
        let failed = before.steps.iter().any(|step| step.fault == Some(Fault::Permanent));
        if before.purpose != Purpose::Calls || failed {
            return Position::AfterLetdown;
        }
        Position::Later
    }

    fn planner(&self, purpose: &str, omitted: Option<Omitted<'a>>) -> Planner<'a> {
        let rng = self.scene.stream(&format!("{purpose} plan"), self.turn);
        Planner::new(self.scene, self.conversation, omitted, rng)
    }

    fn voice(&self, purpose: &str) -> Voice<'a> {
        let rng = self.scene.stream(purpose, self.turn);
        Voice { conversation: self.conversation, style: Style::of(&self.scene), rng }
    }

    /// Whether a text names a function, or an implicit step's action.
    fn gives_away(&self, text: &str) -> bool {
        let path = self.scene.path;
        let library = self.scene.library;
        let announces = self.turn.checked_sub(1).is_some_and(|before| {
            matches!(path.turns[before].purpose, Purpose::MissingFunction { resolved: true, .. })
        });
        let withheld = match &path.turns[self.turn].purpose {
            Purpose::Calls => None,
            Purpose::MissingFunction { function, .. }
            | Purpose::MissingParameter { function, .. }
            | Purpose::Irrelevant { function } => Some(*function),
        };
        let mut functions = path.functions().chain(withheld);
        let names = !announces && functions.any(|id| prose::names_function(text, library.get(id)));
        let mut implicit = path.turns[self.turn].steps.iter().filter(|step| step.implicit);
        names
            || prose::hint_trace(text).is_some()
            || implicit.any(|step| prose::mentions_action(text, library.get(step.function)))
    }
}

/// Whether a step uses what an earlier one of the same message leads to.
fn depends(intention: &Intention<'_>) -> bool {
    intention.slots.iter().filter_map(|slot| slot.reference()).any(|r| r.when == When::Now)
}

/// The missing parameter's slots of one turn, with the values that come late.
pub(super) struct Supplied<'a> {
    pub intentions: Vec<Intention<'a>>,
}

impl<'a> Planner<'a> {
    /// What the user gives after having been asked for it.
    pub(super) fn supply(&mut self, turn: usize, omitted: Omitted<'a>) -> Supplied<'a> {
        let steps = self.steps_of(turn, omitted.function);
        let intentions = steps
            .into_iter()
            .filter_map(|(at, step): (StepRef, _)| self.supplied(at, step, omitted.parameter))
            .collect();
        Supplied { intentions }
    }
}
