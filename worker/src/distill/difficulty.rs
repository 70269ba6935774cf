//! Difficulty: a student plays the accepted conversation without hints.
//!
//! ```text
//! request ─► student, no hint ─► its calls, executed ─► beside the reference ─► next turn, or what went wrong
//! ```
//!
//! The student goes on from its own replies and outputs, each attempt in a
//! session of its own. A turn is right if every reference call is made, in
//! whatever order, and nothing else is changed; where prose is due, if nothing
//! is called. Looking something up is no error. What its prose says is not
//! judged: no rule tells a good answer from another good one.

use magnet_proto::difficulty::{Attempt, Difficulty, Outcome};
use magnet_proto::library::Function;
use magnet_proto::path::Purpose;
use magnet_proto::sample::{Arguments, Call, Message, Source};
use serde_json::Value;

use super::distiller::Distiller;
use super::replay::Replay;
use crate::execute::Output;
use crate::failure::{Failure, Tries};
use crate::teacher::{Act, Action, Hint, Proposed, Teacher};
use crate::vet::record;

/// What the student makes of the conversation in so many attempts.
///
/// # Errors
/// Only what stops the walk: a student or an executor that is away. An answer
/// that cannot be used is an attempt that went wrong.
pub async fn measure(
    distiller: &Distiller<'_>,
    student: &dyn Teacher,
    attempts: u32,
) -> Result<Difficulty, Failure> {
    let mut made = Vec::new();
    for draw in 1..=attempts {
        let play = Play {
            distiller,
            student,
            draw,
            messages: vec![Message::System(distiller.system_prompt.clone())],
            replay: Replay::new(distiller),
            calls: 0,
        };
        made.push(play.attempt().await?);
    }
    Ok(Difficulty { student: student.name().to_owned(), attempts: made })
}

/// An attempt under way.
struct Play<'a> {
    distiller: &'a Distiller<'a>,
    student: &'a dyn Teacher,
    /// Tells the attempts apart.
    draw: u32,
    messages: Vec<Message>,
    replay: Replay<'a>,
    calls: usize,
}

impl Play<'_> {
    async fn attempt(mut self) -> Result<Attempt, Failure> {
        let turns = self.distiller.scene.path.turns.len();
        for turn in 0..turns {
            let outcome = match self.turn(turn).await {
                Ok(outcome) => outcome,
                Err(Failure::Rejected(_)) => Outcome::NoAnswer,
                Err(failure) => return Err(failure),
            };
            if outcome != Outcome::Passed {
                return Ok(Attempt { outcome, turns: turn as u16 });
            }
        }
        Ok(Attempt { outcome: Outcome::Passed, turns: turns as u16 })
    }

    async fn turn(&mut self, turn: usize) -> Result<Outcome, Failure> {
        let Distiller { scene, offer, translated, .. } = self.distiller;
        let request = &translated.conversation.turns[turn].request.text;
        self.messages.push(offer.message(scene.library, turn, request));
        let tools = record::Offer { tools: &offer.tools, added: &offer.added }.at(turn);
        let mut due = Due::of(self.distiller, turn);
        for _ in 0..self.distiller.max_steps {
            match self.step(turn, &tools).await? {
                Action::Say(text) => {
                    self.messages.push(Message::Assistant { content: Some(text), calls: vec![] });
                    return Ok(due.outcome());
                }
                Action::Call(calls) => {
                    if let Some(wrong) = self.call(turn, calls, &mut due).await? {
                        return Ok(wrong);
                    }
                }
            }
        }
        Ok(Outcome::NoEnd)
    }

    async fn step(
        &self,
        turn: usize,
        tools: &[magnet_proto::FunctionId],
    ) -> Result<Action, Failure> {
        let mut tries = Tries::new(self.distiller.tries);
        loop {
            let ask = Act {
                scene: self.distiller.scene,
                turn,
                messages: &self.messages,
                tools,
                hint: Hint::None,
                due: &[],
                brief: self.distiller.brief,
                conversation: &self.distiller.translated.conversation,
                draw: self.draw,
                problem: tries.problem(),
            };
            if let Some(action) = tries.usable(self.student.act(&ask).await)? {
                return Ok(action);
            }
        }
    }

    /// Executes a message's calls, as far as none of them is wrong.
    async fn call(
        &mut self,
        turn: usize,
        proposed: Vec<Proposed>,
        due: &mut Due<'_>,
    ) -> Result<Option<Outcome>, Failure> {
        let mut calls = Vec::with_capacity(proposed.len());
        let mut answers = Vec::with_capacity(proposed.len());
        for Proposed { function, arguments } in proposed {
            self.calls += 1;
            let call = Call { id: format!("call_{}", self.calls), function, arguments };
            let wanted = match due.accept(&call) {
                Ok(wanted) => wanted,
                Err(outcome) => return Ok(Some(outcome)),
            };
            let content = self.replay.call(turn, &call).await?;
            if let Some(at) = wanted {
                due.wanted[at].answered(Output::parse(&content).is_error);
            }
            answers.push(Message::Tool { call_id: call.id.clone(), content });
            calls.push(call);
        }
        self.messages.push(Message::Assistant { content: None, calls });
        self.messages.extend(answers);
        Ok(None)
    }
}

/// What a turn asks for, and how much of it is done.
struct Due<'a> {
    distiller: &'a Distiller<'a>,
    /// Whether the turn is to be answered in prose alone.
    is_prose: bool,
    wanted: Vec<Wanted<'a>>,
    /// Calls made that are not of the reference.
    others: Vec<Call>,
}

/// A reference call.
struct Wanted<'a> {
    call: Call,
    /// Parameters whose values are composed: any text will do.
    composed: Vec<&'a str>,
    /// Whether it succeeds in the end; else it was made once it has failed.
    succeeds: bool,
    progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Open,
    /// Nothing was changed: it may be tried again.
    Failed,
    Done,
}

impl<'a> Due<'a> {
    fn of(distiller: &'a Distiller<'a>, turn: usize) -> Self {
        let made = &distiller.translated.conversation.turns[turn].calls;
        let wanted = distiller.translated.reference(turn).into_iter().map(|call| {
            let tries = || {
                let same = |other: &Call| {
                    other.function == call.function && other.arguments == call.arguments
                };
                made.iter().filter(move |executed| same(&executed.call))
            };
            let of_a_try = |id: &str| tries().any(|executed| executed.call.id == id);
            let provenance = distiller.translated.provenance.iter();
            let composed = provenance
                .filter(|from| from.source == Source::Composed && of_a_try(&from.call))
                .filter_map(|from| from.argument.split('/').nth(1));
            Wanted {
                composed: composed.collect(),
                succeeds: tries().next_back().is_some_and(|executed| !executed.output.is_error),
                progress: Progress::Open,
                call: call.clone(),
            }
        });
        let is_prose = distiller.scene.path.turns[turn].purpose != Purpose::Calls;
        Self { distiller, is_prose, wanted: wanted.collect(), others: Vec::new() }
    }

    /// Which reference call this is, if it is one; an error if it may not be
    /// made here.
    fn accept(&mut self, call: &Call) -> Result<Option<usize>, Outcome> {
        let Distiller { scene, validators, .. } = self.distiller;
        if self.is_prose {
            return Err(Outcome::CallsInstead);
        }
        if validators.check(scene.library, call.function, &call.arguments).is_err() {
            return Err(Outcome::WrongArgument);
        }
        let function = scene.library.get(call.function);
        let is_it = |wanted: &Wanted<'_>| {
            wanted.progress != Progress::Done && wanted.is_made_by(call, function)
        };
        if let Some(at) = self.wanted.iter().position(is_it) {
            return Ok(Some(at));
        }
        if function.changes_state() {
            return Err(match self.is_open(call) {
                true => Outcome::WrongArgument,
                false => Outcome::ExtraCall,
            });
        }
        self.others.push(call.clone());
        Ok(None)
    }

    /// Whether the call's function is still to be called.
    fn is_open(&self, call: &Call) -> bool {
        self.wanted.iter().any(|wanted| !wanted.is_made() && wanted.call.function == call.function)
    }

    /// What the turn has come to once the student speaks.
    fn outcome(&self) -> Outcome {
        if self.wanted.iter().all(Wanted::is_made) {
            return Outcome::Passed;
        }
        let untouched = self.wanted.iter().all(|wanted| wanted.progress == Progress::Open);
        match untouched && self.others.is_empty() {
            true => Outcome::AsksInstead,
            false if self.others.iter().any(|call| self.is_open(call)) => Outcome::WrongArgument,
            false => Outcome::MissingCall,
        }
    }
}

impl Wanted<'_> {
    fn is_made(&self) -> bool {
        match self.progress {
            Progress::Open => false,
            Progress::Failed => !self.succeeds,
            Progress::Done => true,
        }
    }

    fn answered(&mut self, is_error: bool) {
        self.progress = if is_error { Progress::Failed } else { Progress::Done };
    }

    /// The same call: values may be written otherwise, and what the schema
    /// says anyway may be left out or added.
    fn is_made_by(&self, call: &Call, function: &Function) -> bool {
        let is_default = |name: &String, value: &Value| {
            let default = function.param(name).and_then(|field| field.shape.default.as_ref());
            default.is_some_and(|default| alike(default, value))
        };
        let (right, made): (&Arguments, &Arguments) = (&self.call.arguments, &call.arguments);
        let is_right = |(name, value): (&String, &Value)| match made.get(name) {
            Some(_) if self.composed.contains(&name.as_str()) => true,
            Some(other) => alike(value, other),
            None => is_default(name, value),
        };
        self.call.function == call.function
            && right.iter().all(is_right)
            && made
                .iter()
                .filter(|(name, _)| !right.contains_key(*name))
                .all(|(name, value)| value.is_null() || is_default(name, value))
    }
}

/// Whether two values are one: `8` and `8.0`, a text with blanks around it.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::String(one), Value::String(other)) => one.trim() == other.trim(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same = |(name, value)| other.get(name).is_some_and(|other| alike(value, other));
            one.len() == other.len() && one.iter().all(same)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests;
