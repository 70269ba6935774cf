//! Outputs for a trajectory: those of the translation for as long as the agent
//! makes the same calls, a session of its own from where it departs.
//!
//! A session's outputs depend on the calls before them, so a prefix equal to
//! the translation's needs no second execution. What a model made up is not
//! asked for again either while nothing else has been changed before.

use magnet_proto::FunctionId;
use magnet_proto::path::{Fault, StepRef};
use magnet_proto::sample::{Arguments, Call, Provenance};
use serde_json::Value;

use super::distiller::Distiller;
use crate::conversation::Executed;
use crate::execute::planned::Planned;
use crate::execute::{Nature, Output, Plan, Start};
use crate::failure::Failure;
use crate::vet::mentions::Text;
use crate::vet::provenance::{Expected, Ledger, Shown};

pub(super) struct Replay<'a> {
    distiller: &'a Distiller<'a>,
    reference: Vec<(usize, &'a Executed)>,
    /// How many calls were made, all like the reference while no session is.
    made: Vec<(usize, Call, Output)>,
    session: Option<Planned>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(distiller: &'a Distiller<'a>) -> Self {
        let reference = distiller.translated.conversation.executed().collect();
        Self { distiller, reference, made: Vec::new(), session: None }
    }

    /// The content of the tool message that answers a call.
    pub(super) async fn call(&mut self, turn: usize, call: &Call) -> Result<String, Failure> {
        let output = match (self.expected(turn, call), self.made_up(turn, call)) {
            (Some(executed), _) => executed.output.clone(),
            (None, Some(executed)) => {
                let function = self.distiller.scene.library.get(call.function);
                if let Some(session) = &mut self.session {
                    session.saw(function, call, &executed.output);
                }
                executed.output.clone()
            }
            (None, None) => self.execute(turn, call).await?,
        };
        let content = output.content.clone();
        self.made.push((turn, call.clone(), output));
        Ok(content)
    }

    /// The reference call this one equals, while all before it did.
    fn expected(&self, turn: usize, call: &Call) -> Option<&'a Executed> {
        if self.session.is_some() {
            return None;
        }
        let (at, executed) = self.reference.get(self.made.len())?;
        let same = *at == turn
            && executed.call.function == call.function
            && executed.call.arguments == call.arguments;
        same.then_some(*executed)
    }

    /// What a model made up for this very call in the translation, if the calls
    /// before have changed the same: made up anew, it would be paid for twice
    /// and might say something else.
    fn made_up(&self, turn: usize, call: &Call) -> Option<&'a Executed> {
        let plan = self.plan(turn, call);
        if !self.is_played(call) || plan.fault.is_some() || plan.contradicts.is_some() {
            return None;
        }
        let same = |executed: &Executed| {
            (executed.call.function, &executed.call.arguments) == (call.function, &call.arguments)
                && !executed.output.is_error
        };
        let at = self.reference.iter().position(|(_, executed)| same(executed))?;
        let library = self.distiller.scene.library;
        let changes = |call: &&Call| library.get(call.function).changes_state();
        let what = |call: &'_ Call| (call.function, Value::Object(call.arguments.clone()));
        let then = self.reference[..at].iter().map(|(_, executed)| &executed.call);
        let now = self.made.iter().map(|(_, made, _)| made);
        let is_same = then.filter(changes).map(what).eq(now.filter(changes).map(what));
        is_same.then_some(self.reference[at].1)
    }

    /// Whether a model makes up what a call returns.
    fn is_played(&self, call: &Call) -> bool {
        let function = self.distiller.scene.library.get(call.function);
        self.distiller.executor.nature(function) == Nature::Played
    }

    async fn execute(&mut self, turn: usize, call: &Call) -> Result<Output, Failure> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.caught_up().await?,
        };
        let plan = self.plan(turn, call);
        let output =
            session.call(self.distiller.scene.library.get(call.function), call, &plan).await;
        self.session = Some(session);
        Ok(output?)
    }

    /// A fresh session that has seen the calls made so far.
    async fn caught_up(&self) -> Result<Planned, Failure> {
        let scene = self.distiller.scene;
        let functions = scene.functions();
        let initial_config = self.distiller.translated.initial_config.as_ref();
        let start = Start { initial_config, ..scene.start(&functions) };
        let mut session = Planned::open(self.distiller.executor, &start).await?;
        for (at, (turn, call, output)) in self.made.iter().enumerate() {
            let plan = self.plan_among(&self.made[..at], *turn, call);
            let function = scene.library.get(call.function);
            match self.is_played(call) && !output.is_error {
                true => session.saw(function, call, output),
                false => session.call_again(function, call, &plan, output).await?,
            }
        }
        Ok(session)
    }

    fn plan(&self, turn: usize, call: &Call) -> Plan {
        self.plan_among(&self.made, turn, call)
    }

    /// What the path planned for the call, if it is one of the path's.
    fn plan_among(&self, made: &[(usize, Call, Output)], turn: usize, call: &Call) -> Plan {
        let twin = self.reference.iter().find(|(at, executed)| {
            *at == turn
                && executed.call.function == call.function
                && executed.call.arguments == call.arguments
        });
        let Some(step) = twin.and_then(|(_, e)| self.distiller.scene.path.step(e.step)) else {
            return Plan::default();
        };
        let tried = made.iter().any(|(at, earlier, _)| {
            *at == turn && earlier.function == call.function && earlier.arguments == call.arguments
        });
        Plan {
            fault: step.fault.filter(|fault| *fault == Fault::Permanent || !tried),
            contradicts: step.conflict.as_ref().map(|conflict| conflict.path.clone()),
            bulky: step.bulky,
        }
    }

    /// The id under which this trajectory made a step's call.
    fn id_of(&self, made: &[(usize, Call, Output)], step: StepRef) -> Option<String> {
        let (turn, executed) = self.reference.iter().find(|(_, e)| e.step == step)?;
        let same = made.iter().find(|(at, call, _)| {
            at == turn
                && call.function == executed.call.function
                && call.arguments == executed.call.arguments
        });
        same.map(|(_, call, _)| call.id.clone())
    }

    pub(super) fn turn_has_error(&self, turn: usize) -> bool {
        self.made.iter().any(|(at, _, output)| *at == turn && output.is_error)
    }

    /// What this very call has returned in the turn, if it went well.
    pub(super) fn succeeded(
        &self,
        turn: usize,
        function: FunctionId,
        arguments: &Arguments,
    ) -> Option<&Output> {
        let same = |at: usize, call: &Call| {
            at == turn && call.function == function && call.arguments == *arguments
        };
        let mut made = self.made.iter();
        let found = made.find(|(at, call, output)| same(*at, call) && !output.is_error);
        found.map(|(_, _, output)| output)
    }

    pub(super) fn initial_config(&self) -> Option<Value> {
        match &self.session {
            Some(session) => session.initial_config(),
            None => self.distiller.translated.initial_config.clone(),
        }
    }

    /// Where the argument values of the calls made came from.
    pub(super) fn provenance(&self) -> Vec<Provenance> {
        if self.session.is_none() && self.made.len() == self.reference.len() {
            return self.distiller.translated.provenance.clone();
        }
        let turns = &self.distiller.translated.conversation.turns;
        let texts: Vec<Text> = turns.iter().map(|e| Text::new(&e.request.text)).collect();
        let mut ledger = Ledger::default();
        let mut found = Vec::new();
        for (turn, call, output) in &self.made {
            while ledger.requests.len() <= *turn {
                ledger.requests.push(texts[ledger.requests.len()].clone());
            }
            let function = self.distiller.scene.library.get(call.function);
            let expected = self.expected_sources(*turn, call);
            let expected: Vec<Expected<'_>> =
                expected.iter().map(|(parameter, call)| Expected { parameter, call }).collect();
            found.extend(ledger.trace(function, &call.id, &call.arguments, &expected));
            if let Some(output) = output.ok() {
                ledger.outputs.push(Shown {
                    turn: *turn as u16,
                    call: call.id.clone(),
                    output: output.clone(),
                });
            }
        }
        found
    }

    fn expected_sources(&self, turn: usize, call: &Call) -> Vec<(String, String)> {
        let twin = self.reference.iter().find(|(at, executed)| {
            *at == turn
                && executed.call.function == call.function
                && executed.call.arguments == call.arguments
        });
        let Some(step) = twin.and_then(|(_, e)| self.distiller.scene.path.step(e.step)) else {
            return Vec::new();
        };
        let feeds = step.feeds.iter();
        feeds
            .filter_map(|f| Some((f.flow.input.clone(), self.id_of(&self.made, f.from)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;
    use magnet_proto::library::Function;
    use serde_json::json;

    use super::*;
    use crate::distill::fixtures::World;
    use crate::execute::{Error, Executor, Session};

    /// Makes outputs up, and counts them.
    #[derive(Clone, Default)]
    struct Player(Arc<AtomicU32>);

    #[async_trait]
    impl Executor for Player {
        fn name(&self) -> &str {
            "player"
        }

        fn nature(&self, _: &Function) -> Nature {
            Nature::Played
        }

        async fn open(&self, _: &Start<'_>) -> Result<Box<dyn Session>, Error> {
            Ok(Box::new(self.clone()))
        }
    }

    #[async_trait]
    impl Session for Player {
        fn initial_config(&self) -> Option<Value> {
            None
        }

        async fn call(&mut self, _: &Function, _: &Call, _: &Plan) -> Result<Output, Error> {
            Ok(Output::of(json!({ "made_up": self.0.fetch_add(1, Ordering::Relaxed) })))
        }
    }

    #[tokio::test]
    async fn what_a_model_made_up_is_asked_for_again_only_after_another_change() {
        let world = World::new(1);
        let player = Player::default();
        let distiller = Distiller { executor: &player, ..world.distiller() };
        let mut replay = Replay::new(&distiller);
        let mut made_up = async |name: &str, arguments: Value, expected: u32| {
            let arguments = arguments.as_object().unwrap().clone();
            let call = Call { id: "call_1".into(), function: world.id(name), arguments };
            let content = replay.call(0, &call).await.unwrap();
            assert_eq!(player.0.load(Ordering::Relaxed), expected, "{name}: {content}");
            content
        };
        made_up("get_platform", json!({"train_id": "TER-96512"}), 1).await;
        let search = json!({"origin": "Geneva", "destination": "Lyon", "date": "2024-03-14"});
        assert!(made_up("search_trains", search, 1).await.contains("TER-96508"));
        made_up("send_text", json!({"to": "+33600000000", "body": "Late."}), 2).await;
        made_up("get_platform", json!({"train_id": "TER-96508"}), 3).await;
    }
}
