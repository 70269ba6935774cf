//! The positive trajectory: the teacher plays the agent with the right hint at
//! every turn (paper §4.1).
//!
//! Stored without the hints and with a general system prompt: that is the
//! context distillation. Promises: every reference call is made, and no other;
//! each turn ends in prose that the outputs support. A step that breaks this is
//! asked for again with the reason.

use std::collections::BTreeMap;

use magnet_proto::FunctionId;
use magnet_proto::config::Asked;
use magnet_proto::outcome::Reason;
use magnet_proto::path::Purpose;
use magnet_proto::sample::{Arguments, Call, Message, Provenance};

use super::distiller::Distiller;
use super::due;
use super::replay::Replay;
use crate::execute::Output;
use crate::failure::{Failure, Tries};
use crate::teacher::{self, Act, Action, Conclude, Hint, Proposed};
use crate::vet::prose::{self, Grounds};
use crate::vet::record;

/// A played conversation.
#[derive(Clone, Debug, Default)]
pub struct Trajectory {
    pub messages: Vec<Message>,
    pub provenance: Vec<Provenance>,
    pub initial_config: Option<serde_json::Value>,
    /// What was thought before a message, by its index, where that is kept.
    pub reasoning: BTreeMap<u32, String>,
}

/// Plays all turns.
pub async fn play(distiller: &Distiller<'_>) -> Result<Trajectory, Failure> {
    let mut play = Play {
        distiller,
        drafts: drafts(distiller).await?,
        messages: vec![Message::System(distiller.system_prompt.clone())],
        replay: Replay::new(distiller),
        grounds: Grounds::default(),
        calls: 0,
        reasoning: BTreeMap::new(),
    };
    for turn in 0..distiller.scene.path.turns.len() {
        play.turn(turn).await?;
    }
    let initial_config = play.replay.initial_config();
    let provenance = play.replay.provenance();
    let (messages, reasoning) = (play.messages, play.reasoning);
    Ok(Trajectory { messages, provenance, initial_config, reasoning })
}

/// The replies of all turns, where they are all that is open; what is unusable
/// of them is asked for by itself.
async fn drafts(distiller: &Distiller<'_>) -> Result<Vec<String>, Failure> {
    let conversation = &distiller.translated.conversation;
    if distiller.asked != Asked::Open || conversation.turns.len() < 2 {
        return Ok(Vec::new());
    }
    let offer = record::Offer { tools: &distiller.offer.tools, added: &distiller.offer.added };
    let tools = offer.at(conversation.turns.len());
    let ask =
        Conclude { scene: distiller.scene, conversation, brief: distiller.brief, tools: &tools };
    match distiller.teacher.conclude(&ask).await {
        Ok(replies) => Ok(replies),
        Err(teacher::Error::Unusable(why) | teacher::Error::TooLong(why)) => {
            tracing::trace!(why, "the replies are asked for one by one");
            Ok(Vec::new())
        }
        Err(error) => Err(error.into()),
    }
}

struct Play<'a> {
    distiller: &'a Distiller<'a>,
    /// What was written for each turn beforehand; none where nothing was.
    drafts: Vec<String>,
    messages: Vec<Message>,
    replay: Replay<'a>,
    grounds: Grounds<'static>,
    calls: usize,
    reasoning: BTreeMap<u32, String>,
}

impl Play<'_> {
    async fn turn(&mut self, turn: usize) -> Result<(), Failure> {
        let exchange = &self.distiller.translated.conversation.turns[turn];
        self.grounds.add(&exchange.request.text);
        let library = self.distiller.scene.library;
        self.messages.push(self.distiller.offer.message(library, turn, &exchange.request.text));
        let reference = self.distiller.translated.reference(turn);
        let hint = hint(&self.distiller.scene.path.turns[turn].purpose, &reference);
        let offer = record::Offer {
            tools: &self.distiller.offer.tools,
            added: &self.distiller.offer.added,
        };
        let tools = offer.at(turn);
        for _ in 0..self.distiller.max_steps {
            let due = self.due(turn, hint);
            // Its calls are the reference calls: there is nothing to ask.
            if !due.is_empty() && self.distiller.asked == Asked::Open {
                self.call(turn, due).await?;
                continue;
            }
            let (action, thought) = self.step(turn, &tools, hint, &due).await?;
            // A thought may dwell on the hint, which is never stored.
            if let Some(thought) = thought.filter(|text| prose::hint_trace(text).is_none()) {
                self.reasoning.insert(self.messages.len() as u32, thought);
            }
            match action {
                Action::Call(calls) => self.call(turn, calls).await?,
                Action::Say(text) => {
                    self.messages.push(Message::Assistant { content: Some(text), calls: vec![] });
                    return Ok(());
                }
            }
        }
        let detail = format!("turn {turn} took more than {} steps", self.distiller.max_steps);
        Err(Failure::rejected(Reason::TooManySteps, detail))
    }

    /// The hinted calls to make next.
    fn due(&self, turn: usize, hint: Hint<'_>) -> Vec<Proposed> {
        let Hint::Calls(reference) = hint else {
            return Vec::new();
        };
        due::next(&due::Turn {
            scene: self.distiller.scene,
            turn,
            conversation: &self.distiller.translated.conversation,
            reference,
            messages: self.turn_so_far(),
        })
    }

    /// Asks for one step until it passes its checks.
    async fn step(
        &self,
        turn: usize,
        tools: &[magnet_proto::FunctionId],
        hint: Hint<'_>,
        due: &[Proposed],
    ) -> Result<(Action, Option<String>), Failure> {
        let mut tries = Tries::new(self.distiller.tries);
        if let Some(draft) = self.drafts.get(turn).filter(|_| due.is_empty()) {
            let action = Action::Say(draft.clone());
            match self.check(turn, tools, hint, &action) {
                Ok(()) => return Ok((action, None)),
                Err(rejection) => tries.refuse(rejection)?,
            }
        }
        loop {
            let ask = Act {
                scene: self.distiller.scene,
                turn,
                messages: &self.messages,
                tools,
                hint,
                due,
                brief: self.distiller.brief,
                conversation: &self.distiller.translated.conversation,
                draw: 0,
                problem: tries.problem(),
            };
            let answer = self.distiller.teacher.act_aloud(&ask).await;
            let Some((action, thought)) = tries.usable(answer)? else {
                continue;
            };
            match self.check(turn, tools, hint, &action) {
                Ok(()) => return Ok((action, thought)),
                Err(rejection) => tries.refuse(rejection)?,
            }
        }
    }

    fn check(
        &self,
        turn: usize,
        tools: &[magnet_proto::FunctionId],
        hint: Hint<'_>,
        action: &Action,
    ) -> Result<(), magnet_proto::outcome::Rejection> {
        match action {
            Action::Call(calls) => self.check_calls(tools, hint, calls),
            Action::Say(text) => {
                self.all_made(hint).and_then(|()| self.check_prose(turn, hint, text))
            }
        }
        .map_err(|(reason, detail)| magnet_proto::outcome::Rejection::new(reason, detail))
    }

    fn check_calls(
        &self,
        tools: &[magnet_proto::FunctionId],
        hint: Hint<'_>,
        calls: &[Proposed],
    ) -> Result<(), (Reason, String)> {
        let Hint::Calls(reference) = hint else {
            return Err((Reason::WrongTurnKind, "a call where prose is due".into()));
        };
        let library = self.distiller.scene.library;
        for call in calls {
            let name = &library.get(call.function).name;
            if !tools.contains(&call.function) {
                return Err((Reason::CallsDiffer, format!("\"{name}\" is not on offer")));
            }
            self.distiller
                .validators
                .check(library, call.function, &call.arguments)
                .map_err(|why| (Reason::InvalidArguments, why))?;
            if !reference.iter().any(|due| same(due, &call.function, &call.arguments)) {
                return Err((Reason::CallsDiffer, format!("this call of \"{name}\" is not due")));
            }
            if self.has_succeeded(call) {
                return Err((Reason::RepeatedCall, format!("\"{name}\" was called already")));
            }
        }
        match calls {
            [] => Err((Reason::AnswerUnusable, "no call in a calling step".into())),
            _ => Ok(()),
        }
    }

    /// The turn under way, its request first.
    fn turn_so_far(&self) -> &[Message] {
        let request = self.messages.iter().rposition(|m| matches!(m, Message::User(_)));
        &self.messages[request.unwrap_or(0)..]
    }

    /// Whether this turn made the call and got an output; what failed may be
    /// tried again.
    fn has_succeeded(&self, call: &Proposed) -> bool {
        let turn = self.turn_so_far();
        let answer = |id: &str| {
            turn.iter().find_map(|message| match message {
                Message::Tool { call_id, content } if call_id == id => Some(Output::parse(content)),
                _ => None,
            })
        };
        let mut made = turn.iter().flat_map(Message::calls);
        made.any(|made| {
            same(made, &call.function, &call.arguments)
                && answer(&made.id).is_some_and(|output| !output.is_error)
        })
    }

    /// Nobody speaks before the turn's calls are made.
    fn all_made(&self, hint: Hint<'_>) -> Result<(), (Reason, String)> {
        let Hint::Calls(reference) = hint else {
            return Ok(());
        };
        let turn = self.turn_so_far();
        let is_made = |due: &&Call| {
            turn.iter()
                .flat_map(Message::calls)
                .any(|made| same(made, &due.function, &due.arguments))
        };
        match reference.iter().find(|due| !is_made(due)) {
            None => Ok(()),
            Some(absent) => {
                let name = &self.distiller.scene.library.get(absent.function).name;
                Err((Reason::CallsDiffer, format!("\"{name}\" has not been called yet")))
            }
        }
    }

    fn check_prose(&self, turn: usize, hint: Hint<'_>, text: &str) -> Result<(), (Reason, String)> {
        if text.trim().is_empty() {
            return Err((Reason::AnswerUnusable, "the reply is empty".into()));
        }
        if let Some(trace) = prose::hint_trace(text) {
            return Err((Reason::HintLeaked, format!("the reply says \"{trace}\"")));
        }
        if !matches!(hint, Hint::Calls(_)) {
            return Ok(());
        }
        let has_error = self.replay.turn_has_error(turn);
        if let Some(words) = prose::failure_words(text).filter(|_| !has_error) {
            return Err((Reason::FailureWords, format!("the reply says \"{words}\"")));
        }
        match self.grounds.first_ungrounded(text) {
            None => Ok(()),
            Some(token) => {
                Err((Reason::UngroundedSummary, format!("\"{token}\" is in no output: \"{text}\"")))
            }
        }
    }

    /// Executes a step's calls and shows their outputs.
    async fn call(&mut self, turn: usize, proposed: Vec<Proposed>) -> Result<(), Failure> {
        let calls: Vec<Call> = proposed
            .into_iter()
            .zip(self.calls + 1..)
            .map(|(proposed, number)| Call {
                id: format!("call_{number}"),
                function: proposed.function,
                arguments: proposed.arguments,
            })
            .collect();
        self.calls += calls.len();
        let mut answers = Vec::with_capacity(calls.len());
        for call in &calls {
            let content = self.replay.call(turn, call).await?;
            let function = self.distiller.scene.library.get(call.function);
            self.grounds.add_words(&function.description);
            if let Some(phrases) = self.distiller.pack.phrases(call.function) {
                let told = phrases.wants.iter().flat_map(|want| &want.tell);
                phrases.reports.iter().chain(told).for_each(|text| self.grounds.add_words(text));
            }
            self.grounds.add(&content);
            self.grounds.add(&serde_json::Value::Object(call.arguments.clone()).to_string());
            answers.push(Message::Tool { call_id: call.id.clone(), content });
        }
        self.messages.push(Message::Assistant { content: None, calls });
        self.messages.extend(answers);
        Ok(())
    }
}

fn hint<'a>(purpose: &Purpose, reference: &'a [Call]) -> Hint<'a> {
    match purpose {
        Purpose::Calls => Hint::Calls(reference),
        Purpose::MissingFunction { .. } => Hint::MissFunction,
        Purpose::MissingParameter { .. } => Hint::MissedParams,
        Purpose::Irrelevant { .. } => Hint::Irrelevant,
    }
}

fn same(call: &Call, function: &FunctionId, arguments: &Arguments) -> bool {
    call.function == *function && call.arguments == *arguments
}
