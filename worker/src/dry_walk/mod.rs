//! The dry walk: a path's calls, chosen and made before any teacher is asked.
//!
//! ```text
//! step ─► choose arguments ─► call ─► refused? another set, at most five ─► the log
//! ```
//!
//! Values that are invented first are refused by anything that keeps a state;
//! so they are chosen while executing: from what exists, from earlier outputs,
//! from the pack, from the lexicon. What is refused is undone and not recorded.
//! Translation and the positive read the log, and open a session again only
//! where an agent departs from it.
//!
//! What no request can ask for ends here, too, before anything is paid: see
//! [`sense`].
//!
//! Where a model makes outputs up there is no dry walk: each would be a paid
//! answer. Then the outline gives the values.

mod choose;
mod memory;
mod optional;
mod sense;

use magnet_proto::FunctionId;
use magnet_proto::brief::How;
use magnet_proto::outcome::Reason;
use magnet_proto::pack::Pack;
use magnet_proto::path::{Fault, Purpose, Step, StepRef};
use magnet_proto::sample::{Arguments, Call};

use self::choose::Choice;
use self::memory::Memory;
use crate::conversation::{Executed, Scene};
use crate::execute::planned::Planned;
use crate::execute::{Executor, Nature, Plan, Start, volatile};
use crate::failure::Failure;
use crate::lexicon::Lexicon;
pub use crate::made::{Log, Made, Proposal};
use crate::vet::calls::Validators;

/// Sets of values that may be refused before a step is given up.
const REFUSALS: usize = 5;
/// Refusals after which only what is known to exist is passed on.
const HOPEFUL: usize = 1;
/// Sets that are drawn before a step is given up: some break a schema or only
/// repeat an earlier call.
const DRAWS: usize = 12;
/// Of the steps that an Insert proposes, so many are made.
const PROPOSED: usize = 3;

/// What a dry walk works with.
#[derive(Clone, Copy)]
pub struct DryWalk<'a> {
    pub scene: Scene<'a>,
    pub executor: &'a dyn Executor,
    pub pack: &'a Pack,
    pub lexicon: &'a dyn Lexicon,
    pub validators: &'a Validators,
}

/// Whether the functions of a path are called beforehand: nobody has to play
/// their outputs, and where rules make them up, no better source of values is
/// there than those rules.
pub fn is_due(scene: &Scene<'_>, executor: &dyn Executor, has_source: bool) -> bool {
    let is_free = |id: FunctionId| match executor.nature(scene.library.get(id)) {
        Nature::Real => true,
        Nature::Simulated => !has_source,
        Nature::Played => false,
    };
    let proposed = scene.path.turns.iter().flat_map(|turn| &turn.proposed);
    scene.path.functions().chain(proposed.map(|step| step.function)).all(is_free)
}

/// Makes the calls of a path.
///
/// # Errors
/// Rejects a path with a call for which no set of values was accepted, or that
/// nobody would ask for.
pub async fn walk(dry: DryWalk<'_>) -> Result<Log, Failure> {
    let session = open(&dry).await?;
    let mut done = Log::default();
    let mut walking = Walking { dry, session, memory: Memory::default(), calls: 0 };
    for (turn, plan) in dry.scene.path.turns.iter().enumerate() {
        if let Some(arguments) = walking.in_vain(turn, &plan.purpose).await? {
            done.asked_for.insert(turn as u16, arguments);
        }
        for (step, planned) in plan.steps.iter().enumerate() {
            let at = StepRef { turn: turn as u16, step: step as u16 };
            for copy in 0..planned.copies.max(1) {
                match walking.step(at, planned, copy).await? {
                    Ok(made) => done.calls.push(made),
                    Err(why) => return Err(Failure::rejected(why.reason, why.detail)),
                }
            }
        }
        let at = StepRef { turn: turn as u16, step: plan.steps.len() as u16 };
        let mut proposals = Vec::new();
        for planned in &plan.proposed {
            if proposals.len() == PROPOSED {
                break;
            }
            if let Ok(made) = walking.step(at, planned, 0).await? {
                walking.memory.forget_last();
                proposals.push(Proposal { step: planned.clone(), made });
            }
        }
        if !proposals.is_empty() {
            done.proposed.insert(turn as u16, proposals);
        }
    }
    done.made = done.calls.len() + done.proposed.values().map(Vec::len).sum::<usize>();
    done.without_repeats();
    let (library, path) = (dry.scene.library, dry.scene.path);
    if let Some(why) = sense::against(library, path, &done) {
        return Err(Failure::rejected(Reason::NoPurpose, why));
    }
    let mut proposed = std::mem::take(&mut done.proposed);
    for proposals in proposed.values_mut() {
        proposals.retain(|it| sense::against_call(library, path, &done, &it.made).is_none());
    }
    proposed.retain(|_, proposals| !proposals.is_empty());
    done.proposed = proposed;
    // The parts of a session that is made of several are opened as they are
    // called.
    done.initial_config = walking.session.initial_config();
    Ok(done)
}

/// Whether the calls that a brief keeps return the same without those it does
/// not: what only reads may yet be made up when it is first looked at.
///
/// # Errors
/// Rejects a path where they do not.
pub async fn confirm(dry: DryWalk<'_>, log: &Log, calls: &[Made]) -> Result<(), Failure> {
    if calls.len() == log.made {
        return Ok(());
    }
    let scene = dry.scene;
    let functions = scene.functions();
    let initial_config = log.initial_config.as_ref();
    let start = Start { initial_config, ..scene.start(&functions) };
    let mut session = Planned::open(dry.executor, &start).await?;
    for made in calls {
        let plan = scene.path.step(made.at).map(plan_of).unwrap_or_default();
        for executed in &made.executed {
            let function = scene.library.get(executed.call.function);
            let output = session.call(function, &executed.call, &plan).await?;
            let places = dry.executor.volatile(function);
            let (before, now) = (&executed.output.content, &output.content);
            // The time may go on meanwhile.
            if let Some(differing) = volatile::differing_at(&places, before, now) {
                session.bind(differing);
            } else {
                let detail = format!("\"{}\" returns something else by itself", function.name);
                return Err(Failure::rejected(Reason::CallRefused, detail));
            }
        }
    }
    Ok(())
}

/// What the path plans for a step's calls.
fn plan_of(step: &Step) -> Plan {
    Plan {
        fault: step.fault,
        contradicts: step.conflict.as_ref().map(|conflict| conflict.path.clone()),
        bulky: step.bulky,
    }
}

async fn open(dry: &DryWalk<'_>) -> Result<Planned, Failure> {
    let mut functions = dry.scene.functions();
    let turns = &dry.scene.path.turns;
    let proposed = turns.iter().flat_map(|turn| &turn.proposed).map(|step| step.function);
    // What is asked for in vain is asked about things that are there.
    let in_vain = turns.iter().filter_map(|turn| match turn.purpose {
        Purpose::MissingFunction { function, .. } | Purpose::Irrelevant { function } => {
            Some(function)
        }
        Purpose::MissingParameter { .. } | Purpose::Calls => None,
    });
    functions.extend(proposed.chain(in_vain).map(|id| dry.scene.library.get(id)));
    Ok(Planned::open(dry.executor, &dry.scene.start(&functions)).await?)
}

/// Why a step was given up.
struct GivenUp {
    reason: Reason,
    detail: String,
}

struct Walking<'a> {
    dry: DryWalk<'a>,
    session: Planned,
    memory: Memory,
    /// Calls made, refused ones included: their ids must differ.
    calls: usize,
}

impl Walking<'_> {
    /// Makes one call of a step with the first set of values that is accepted.
    async fn step(
        &mut self,
        at: StepRef,
        step: &Step,
        copy: u8,
    ) -> Result<Result<Made, GivenUp>, Failure> {
        let function = self.dry.scene.library.get(step.function);
        let known = self.session.known().await?;
        let (mut refused, mut why) = (Vec::new(), None);
        for attempt in 0..DRAWS {
            let choice = Choice {
                dry: &self.dry,
                memory: &self.memory,
                known: &known,
                at,
                step,
                only_known: refused.len() >= HOPEFUL || attempt >= DRAWS / 2,
                refused: &refused,
            };
            let Some((arguments, picks)) = choice.draw(copy, attempt) else {
                continue;
            };
            let arguments = match choice.checked(arguments, copy, attempt) {
                Ok(arguments) => arguments,
                Err(problem) => {
                    why = why.or(Some((Reason::InvalidArguments, problem)));
                    continue;
                }
            };
            let call = values(&arguments);
            // It would be refused again.
            if refused.contains(&call) {
                continue;
            }
            if step.conflict.is_none() && self.memory.has_made(step.function, &call) {
                let problem = format!("\"{}\" would only be called again", function.name);
                why = why.or(Some((Reason::RepeatedCall, problem)));
                continue;
            }
            let executed = match self.make(at, step, copy, call.clone()).await {
                Ok(executed) => executed,
                // It may have ended whoever executes: that costs one try.
                Err(Failure::Rejected(rejection)) => {
                    why = Some((rejection.reason, rejection.detail));
                    self.start_over().await?;
                    refused.push(call);
                    if refused.len() == REFUSALS {
                        break;
                    }
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            let last = executed.last().filter(|last| last.output.is_error);
            if let (Some(last), false) = (last, step.fault == Some(Fault::Permanent)) {
                let text = &last.output.content;
                why = Some((Reason::CallRefused, format!("\"{}\": {text}", function.name)));
                self.undo().await?;
                refused.push(call);
                if refused.len() == REFUSALS {
                    break;
                }
                continue;
            }
            let made = Made { at, copy, arguments, executed };
            self.memory.learn(step.function, &made, picks);
            return Ok(Ok(made));
        }
        let (reason, detail) = why.unwrap_or_else(|| {
            (Reason::NoValue, format!("\"{}\" has a parameter without any value", function.name))
        });
        Ok(Err(GivenUp { reason, detail }))
    }

    /// Executes a call, and once more after a passing error that was planned.
    async fn make(
        &mut self,
        at: StepRef,
        step: &Step,
        copy: u8,
        arguments: Arguments,
    ) -> Result<Vec<Executed>, Failure> {
        let function = self.dry.scene.library.get(step.function);
        let plan = plan_of(step);
        let mut executed = Vec::new();
        loop {
            self.calls += 1;
            let id = format!("call_{}", self.calls);
            let call = Call { id, function: step.function, arguments: arguments.clone() };
            let output = self.session.call(function, &call, &plan).await?;
            let again = output.is_error && step.fault == Some(Fault::Transient);
            executed.push(Executed { step: at, copy, call, output });
            if !again || executed.len() == 2 {
                return Ok(executed);
            }
        }
    }

    /// Takes a refused call back, where it may have left something behind.
    async fn undo(&mut self) -> Result<(), Failure> {
        match self.session.refusals_are_clean() {
            true => Ok(()),
            false => self.start_over().await,
        }
    }

    /// Makes the calls that were accepted so far again, from the start.
    async fn start_over(&mut self) -> Result<(), Failure> {
        if !self.session.restart().await? {
            self.session = open(&self.dry).await?;
        }
        for (step, executed) in self.memory.log(self.dry.scene.path) {
            let plan = step.map(plan_of).unwrap_or_default();
            let function = self.dry.scene.library.get(executed.call.function);
            self.session.call_again(function, &executed.call, &plan, &executed.output).await?;
        }
        Ok(())
    }

    /// The arguments of a function that a turn asks for and no turn calls.
    async fn in_vain(
        &mut self,
        turn: usize,
        purpose: &Purpose,
    ) -> Result<Option<Vec<(String, How)>>, Failure> {
        let (function, left_out) = match purpose {
            Purpose::Calls
            | Purpose::MissingFunction { resolved: true, .. }
            | Purpose::MissingParameter { resolved: true, .. } => return Ok(None),
            Purpose::MissingFunction { function, .. } | Purpose::Irrelevant { function } => {
                (*function, None)
            }
            Purpose::MissingParameter { function, parameter, .. } => {
                (*function, Some(parameter.as_str()))
            }
        };
        let known = self.session.known().await?;
        let step = Step::new(function);
        let at = StepRef { turn: turn as u16, step: 0 };
        let choice = Choice {
            dry: &self.dry,
            memory: &self.memory,
            known: &known,
            at,
            step: &step,
            only_known: false,
            refused: &[],
        };
        let drawn = (0..DRAWS).find_map(|attempt| choice.draw(0, attempt));
        let (mut arguments, _) = drawn.ok_or_else(|| {
            let name = &self.dry.scene.library.get(function).name;
            let detail = format!("\"{name}\" has a parameter without any value");
            Failure::rejected(Reason::NoValue, detail)
        })?;
        for (parameter, how) in &mut arguments {
            if left_out == Some(parameter.as_str()) {
                *how = How::LeftOut;
            }
        }
        Ok(Some(arguments))
    }
}

/// The arguments of a call, all of which are known.
fn values(arguments: &[(String, How)]) -> Arguments {
    let known = |(name, how): &(String, How)| Some((name.clone(), how.value()?.clone()));
    arguments.iter().filter_map(known).collect()
}
