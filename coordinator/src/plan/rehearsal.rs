//! A rehearsal: rules play every role, and each ask is rendered as a model
//! would get it, and counted.
//!
//! So an estimate has the prompts, tools and conversations that a run will
//! have, and grows with them when they change. What a model costs beyond that,
//! answers that are asked for again, is not rehearsed. Assumed of the roles:
//! a teacher follows every hint, a misleading one too; a student forgets the
//! last call of some turns, which the judge sees; a judge of the graph finds
//! the edges that the rules find, and one more a function.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use magnet_offline::simulator::Simulator;
use magnet_offline::teacher::Offline;
use magnet_proto::graph::{EdgeKind, Graph};
use magnet_proto::path::Purpose as TurnPurpose;
use magnet_proto::sample::{Arguments, Call, Message};
use magnet_proto::state::Spending;
use magnet_proto::usage::Usage;
use magnet_proto::{FunctionId, WalkIndex};
use magnet_worker::conversation;
use magnet_worker::execute::{Executor, Output, Plan};
use magnet_worker::teacher::chat::{Chat, Error as ChatError, Purpose, Reply, Request};
use magnet_worker::teacher::remote::Remote;
use magnet_worker::teacher::{
    Act, Action, Categorize, Error, FillCall, Hint, Judge, JudgeEdges, JudgeNested, JudgeTurn,
    Judged, Label, Machine, Misleading, Nested, Proposed, Simulate, Teacher, Verdict, WriteRequest,
};
use rand::RngExt;
use serde_json::{Value, json};

/// Typical of English and JSON.
const CHARS_PER_TOKEN: usize = 4;
/// The share of turns with calls that a student gets wrong, assumed.
pub const STUDENT_ERRORS: f64 = 0.3;

pub(super) struct Rehearsal {
    remote: Remote,
    counted: Arc<Counted>,
    /// What the rules find.
    graph: Arc<Graph>,
}

/// Takes requests and answers none.
#[derive(Default)]
struct Counted {
    usage: Mutex<Usage>,
}

impl Counted {
    fn lock(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answered(&self, purpose: Purpose, answer: &Value) {
        let output_tokens = answer.to_string().len().div_ceil(CHARS_PER_TOKEN) as u64;
        self.lock().add(purpose.label(), Spending { output_tokens, ..Spending::default() });
    }
}

#[async_trait]
impl Chat for Counted {
    async fn complete(&self, request: &Request) -> Result<Reply, ChatError> {
        let input_tokens = request.estimated_tokens().input;
        let spent = Spending { requests: 1, input_tokens, ..Spending::default() };
        self.lock().add(request.purpose.label(), spent);
        Err(ChatError::Cancelled)
    }
}

impl Rehearsal {
    pub(super) fn new(graph: Arc<Graph>) -> Self {
        let counted = Arc::new(Counted::default());
        let chat: Arc<dyn Chat> = counted.clone();
        Self { remote: Remote::new("rehearsal", chat, Arc::new(Offline), 0.0, 0), counted, graph }
    }

    /// What was asked so far.
    pub(super) fn usage(&self) -> Usage {
        self.counted.lock().clone()
    }
}

#[async_trait]
impl Teacher for Rehearsal {
    fn name(&self) -> &str {
        "rehearsal"
    }

    async fn write_request(&self, ask: &WriteRequest<'_>) -> Result<conversation::Request, Error> {
        self.remote.write_request(ask).await.ok();
        let request = Offline.write_request(ask).await?;
        self.counted.answered(Purpose::Back, &json!({ "request": request.text }));
        Ok(request)
    }

    async fn fill_call(&self, ask: &FillCall<'_>) -> Result<Arguments, Error> {
        self.remote.fill_call(ask).await.ok();
        let arguments = Offline.fill_call(ask).await?;
        let answer = json!({ "give_up": "", "arguments": arguments });
        self.counted.answered(Purpose::Forth, &answer);
        Ok(arguments)
    }

    async fn act(&self, ask: &Act<'_>) -> Result<Action, Error> {
        self.remote.act(ask).await.ok();
        let (purpose, action) = match ask.hint {
            Hint::Wrong(misleading) => (Purpose::Mislead, misled(ask.messages, misleading)),
            Hint::None => (Purpose::RollOut, unhinted(ask).await?),
            _ => (Purpose::Act, Offline.act(ask).await?),
        };
        let answer = match &action {
            Action::Call(calls) => {
                let name = |id| ask.scene.library.get(id).name.as_str();
                let call = |call: &Proposed| json!({ "name": name(call.function), "arguments": call.arguments });
                json!({ "calls": calls.iter().map(call).collect::<Vec<_>>(), "say": "" })
            }
            Action::Say(text) => json!({ "calls": [], "say": text }),
        };
        self.counted.answered(purpose, &answer);
        Ok(action)
    }
}

/// The next step of the mistake that the hint asks for.
fn misled(messages: &[Message], misleading: &Misleading<'_>) -> Action {
    let request = messages.iter().rposition(|message| matches!(message, Message::User(_)));
    let turn = &messages[request.map_or(0, |at| at + 1)..];
    let is_made = |call: &Call| {
        turn.iter().any(|message| match message {
            Message::Assistant { calls, .. } => {
                calls.iter().any(|m| m.function == call.function && m.arguments == call.arguments)
            }
            _ => false,
        })
    };
    match misleading.calls.iter().find(|call| !is_made(call)) {
        Some(Call { function, arguments, .. }) => {
            let arguments = arguments.clone();
            Action::Call(vec![Proposed { function: *function, arguments }])
        }
        None => Action::Say(misleading.like.to_owned()),
    }
}

/// A student's step: the right one, unless this is a turn that it gets wrong.
async fn unhinted(ask: &Act<'_>) -> Result<Action, Error> {
    let exchange = ask.conversation.turns.get(ask.turn);
    let executed = exchange.map(|exchange| exchange.calls.as_slice()).unwrap_or_default();
    let mut reference: Vec<Call> = executed.iter().map(|executed| executed.call.clone()).collect();
    let roll_out = format!("roll-out {}", ask.draw);
    if ask.scene.stream(&roll_out, ask.turn).random_bool(STUDENT_ERRORS) {
        reference.pop();
    }
    let hint = match ask.scene.path.turns.get(ask.turn).map(|turn| &turn.purpose) {
        Some(TurnPurpose::MissingFunction { .. }) => Hint::MissFunction,
        Some(TurnPurpose::MissingParameter { .. }) => Hint::MissedParams,
        Some(TurnPurpose::Irrelevant { .. }) => Hint::Irrelevant,
        Some(TurnPurpose::Calls) | None => Hint::Calls(&reference),
    };
    Offline.act(&Act { hint, ..*ask }).await
}

#[async_trait]
impl Judge for Rehearsal {
    async fn edges(&self, ask: &JudgeEdges<'_>) -> Result<Vec<Judged>, Error> {
        self.remote.edges(ask).await.ok();
        let found = |to: &&FunctionId| self.graph.edge(ask.function, **to).is_some();
        let known = ask.candidates.iter().filter(found).filter_map(|to| {
            let edge = self.graph.edge(ask.function, *to)?;
            Some(Judged { to: *to, kind: edge.kind, flow: edge.flows.first().cloned() })
        });
        let mut judged: Vec<Judged> = known.collect();
        let one_more = ask.candidates.iter().find(|to| !found(to));
        judged.extend(one_more.map(|to| Judged {
            to: *to,
            kind: EdgeKind::PartialInput,
            flow: None,
        }));
        let place = |text: Option<&String>| text.cloned().unwrap_or_default();
        let written = |edge: &Judged| {
            let flow = edge.flow.as_ref();
            json!({
                "name": ask.library.get(edge.to).name,
                "kind": edge.kind,
                "output": place(flow.map(|flow| &flow.output)),
                "input": place(flow.map(|flow| &flow.input)),
            })
        };
        let answer = json!({ "next": judged.iter().map(written).collect::<Vec<_>>() });
        self.counted.answered(Purpose::JudgeEdges, &answer);
        Ok(judged)
    }

    async fn nested(&self, ask: &JudgeNested<'_>) -> Result<Vec<Nested>, Error> {
        self.remote.nested(ask).await.ok();
        let no = |to: &FunctionId| {
            let name = &ask.library.get(*to).name;
            json!({ "name": name, "nested": false, "output": "", "input": "" })
        };
        let answer = json!({ "answers": ask.candidates.iter().map(no).collect::<Vec<_>>() });
        self.counted.answered(Purpose::JudgeNested, &answer);
        Ok(Vec::new())
    }

    async fn categorize(&self, ask: &Categorize<'_>) -> Result<Vec<Label>, Error> {
        self.remote.categorize(ask).await.ok();
        let written = |id: &FunctionId| {
            let function = ask.library.get(*id);
            json!({ "name": function.name, "category": function.category, "class": function.class })
        };
        let answer = json!({ "labels": ask.functions.iter().map(written).collect::<Vec<_>>() });
        self.counted.answered(Purpose::Categorize, &answer);
        Ok(Vec::new())
    }

    async fn turn(&self, ask: &JudgeTurn<'_>) -> Result<Verdict, Error> {
        Judge::turn(&self.remote, ask).await.ok();
        let why = "A call that the request needs is not made.".to_owned();
        self.counted.answered(Purpose::JudgeTurn, &json!({ "why": why, "error": 1 }));
        Ok(Verdict::Wrong { number: 1, why })
    }
}

#[async_trait]
impl Machine for Rehearsal {
    async fn simulate(&self, ask: &Simulate<'_>) -> Result<Value, Error> {
        self.remote.simulate(ask).await.ok();
        let mut seed = [0; 8];
        seed.copy_from_slice(&ask.key.as_bytes()[..8]);
        let away = |error: magnet_worker::execute::Error| Error::Unusable(error.to_string());
        let mut world =
            Simulator.open(u64::from_le_bytes(seed), WalkIndex(0)).await.map_err(away)?;
        let call =
            Call { id: "call_1".into(), function: FunctionId(0), arguments: ask.arguments.clone() };
        match world.call(ask.function, &call, &Plan::default()).await.map_err(away)? {
            Output::Value(value) => {
                self.counted.answered(Purpose::Simulate, &value);
                Ok(value)
            }
            Output::Error(why) => Err(Error::Unusable(why)),
        }
    }
}
