//! A rehearsal: rules play every role, and each ask is rendered as a model
//! would get it, and counted.
//!
//! So an estimate has the prompts, tools and conversations that a run will
//! have, and grows with them when they change. What a model costs beyond that,
//! answers that are asked for again, is not rehearsed. Assumed of the roles:
//! a teacher follows every hint, a misleading one too; a student forgets the
//! last call of some turns, which the judge sees; a judge of the graph finds
//! the edges that the rules find, and one more a function; a reader of requests sees
//! the need of every call at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use magnet_offline::lexicon::Tables;
use magnet_offline::simulator::Simulator;
use magnet_offline::teacher::Offline;
use magnet_proto::brief::{Argument, How};
use magnet_proto::config::{Asked, Campaign};
use magnet_proto::graph::{EdgeKind, Graph};
use magnet_proto::library::Library;
use magnet_proto::pack::Pack;
use magnet_proto::sample::{Arguments, Call, Message};
use magnet_proto::state::Spending;
use magnet_proto::usage::Usage;
use magnet_proto::{FunctionId, WalkIndex};
use magnet_worker::brief::{Ask, Briefer, Outcome};
use magnet_worker::conversation;
use magnet_worker::dry_walk::{self, DryWalk, Log};
use magnet_worker::execute::{Executor, Plan, Start};
use magnet_worker::failure::Failure;
use magnet_worker::lexicon::Lexicon;
use magnet_worker::teacher::chat::{Chat, Error as ChatError, Purpose, Reply, Request};
use magnet_worker::teacher::remote::Remote;
use magnet_worker::teacher::{
    Act, Action, Categorize, Conclude, Error, FillCall, Hint, Judge, JudgeEdges, JudgeNested,
    JudgeTurn, Judged, Label, Machine, Misleading, Needs, Nested, Proposed, Reader, Simulate,
    Teacher, Verdict, WriteRequest,
};
use magnet_worker::vet::calls::Validators;
use rand::RngExt;

use crate::prepare::Prepared;
use serde_json::{Value, json};

/// Typical of English and JSON.
const CHARS_PER_TOKEN: usize = 4;
/// The share of turns with calls that a student gets wrong, assumed.
pub const STUDENT_ERRORS: f64 = 0.3;

pub(super) struct Rehearsal {
    remote: Remote,
    offline: Offline,
    pack: Arc<Pack>,
    library: Arc<Library>,
    validators: Validators,
    simulator: Simulator,
    counted: Arc<Counted>,
    /// What the rules find.
    graph: Arc<Graph>,
    /// Whether a conversation's replies are one ask.
    concludes: bool,
}

/// Takes requests and answers none.
#[derive(Default)]
struct Counted {
    usage: Mutex<Usage>,
    /// The last question of each kind: what the next one begins alike, a
    /// server has in its cache.
    last: Mutex<HashMap<Purpose, String>>,
}

impl Counted {
    fn lock(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many bytes a question shares with the last one of its kind.
    fn alike(&self, request: &Request) -> usize {
        let text: String = request.messages.iter().map(|m| m.content.as_str()).collect();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let before = last.entry(request.purpose).or_default();
        let alike = text.bytes().zip(before.bytes()).take_while(|(one, other)| one == other);
        let alike = alike.count();
        *before = text;
        alike
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
        let cached_input_tokens = (self.alike(request) / CHARS_PER_TOKEN) as u64;
        let spent =
            Spending { requests: 1, input_tokens, cached_input_tokens, ..Spending::default() };
        self.lock().add(request.purpose.label(), spent);
        Err(ChatError::Cancelled)
    }
}

impl Rehearsal {
    pub(super) fn new(campaign: &Campaign, prepared: &Prepared) -> Self {
        let teacher = campaign.endpoint(&campaign.roles.teacher);
        let is_aloud = teacher.is_some_and(|teacher| teacher.keep_reasoning);
        let counted = Arc::new(Counted::default());
        let chat: Arc<dyn Chat> = counted.clone();
        Self {
            remote: Remote::new("rehearsal", chat, 0.0, 0),
            offline: Offline::new(Arc::clone(&prepared.pack)),
            pack: Arc::clone(&prepared.pack),
            library: Arc::clone(&prepared.library),
            validators: Validators::new(&prepared.library),
            simulator: Simulator::default(),
            counted,
            graph: Arc::clone(&prepared.graph),
            concludes: campaign.trajectory.asked == Asked::Open && !is_aloud,
        }
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
        let request = self.offline.write_request(ask).await?;
        self.counted.answered(Purpose::Back, &json!({ "request": request.text }));
        Ok(request)
    }

    async fn fill_call(&self, ask: &FillCall<'_>) -> Result<Arguments, Error> {
        self.remote.fill_call(ask).await.ok();
        let mut arguments = ask.determined.clone();
        if let Some(step) = ask.scene.path.step(ask.at) {
            let function = self.library.get(step.function);
            let mut rng = ask.scene.stream("open", usize::from(ask.at.turn));
            let open = function.required().filter(|f| !ask.determined.contains_key(&f.name));
            for field in open {
                let value = Tables.value(function, field, ask.scene.persona, &mut rng);
                arguments.insert(field.name.clone(), value);
            }
        }
        let answer = json!({ "give_up": "", "arguments": arguments });
        self.counted.answered(Purpose::Forth, &answer);
        Ok(arguments)
    }

    async fn conclude(&self, ask: &Conclude<'_>) -> Result<Vec<String>, Error> {
        if self.concludes {
            self.remote.conclude(ask).await.ok();
        }
        Ok(Vec::new())
    }

    async fn act(&self, ask: &Act<'_>) -> Result<Action, Error> {
        let is_hinted = !matches!(ask.hint, Hint::Wrong(_) | Hint::None);
        // The reply was asked for with all others of its conversation.
        let is_one_of_several = ask.scene.path.turns.len() > 1;
        let is_drafted = self.concludes && is_hinted && is_one_of_several && ask.due.is_empty();
        if !is_drafted {
            self.remote.act(ask).await.ok();
        }
        let (purpose, action) = match ask.hint {
            Hint::Wrong(misleading) => (Purpose::Mislead, misled(ask.messages, misleading)),
            Hint::None => (Purpose::RollOut, self.unhinted(ask)),
            _ if is_drafted => (Purpose::Conclude, self.offline.act(ask).await?),
            _ => (Purpose::Act, self.offline.act(ask).await?),
        };
        let answer = match &action {
            Action::Call(calls) => {
                let name = |id| ask.scene.library.get(id).name.as_str();
                let call = |call: &Proposed| json!({ "name": name(call.function), "arguments": call.arguments });
                json!({ "calls": calls.iter().map(call).collect::<Vec<_>>(), "say": "" })
            }
            Action::Say(text) if is_drafted => json!(text),
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

impl Rehearsal {
    /// A student's step: the right one, unless this is a turn that it gets wrong.
    fn unhinted(&self, ask: &Act<'_>) -> Action {
        let roll_out = format!("roll-out {}", ask.draw);
        let errs = ask.scene.stream(&roll_out, ask.turn).random_bool(STUDENT_ERRORS);
        self.offline.unhinted(ask, errs)
    }

    /// The same walk as a dry one, for the rules to make a brief of.
    async fn walked(&self, ask: &Ask<'_>) -> Result<Log, Error> {
        let dry = DryWalk {
            scene: ask.scene,
            executor: &self.simulator,
            pack: &self.pack,
            lexicon: &Tables,
            validators: &self.validators,
        };
        dry_walk::walk(dry).await.map_err(|failure| match failure {
            Failure::Rejected(why) => Error::Unusable(why.to_string()),
            Failure::Teacher(error) => error,
            Failure::Executor(error) => Error::Permanent(error.to_string()),
        })
    }
}

#[async_trait]
impl Briefer for Rehearsal {
    fn gives_values(&self) -> bool {
        true
    }

    async fn brief(&self, ask: &Ask<'_>) -> Result<Outcome, Error> {
        self.remote.brief(ask).await.ok();
        if ask.walked.is_some() {
            let outcome = self.offline.brief(ask).await?;
            self.counted.answered(Purpose::Outline, &outlined(&outcome, false));
            return Ok(outcome);
        }
        let walked = self.walked(ask).await?;
        let mut outcome = self.offline.brief(&Ask { walked: Some(&walked), ..*ask }).await?;
        self.counted.answered(Purpose::Outline, &outlined(&outcome, true));
        if let Outcome::Wanted(draft) = &mut outcome {
            let taken = std::mem::take(&mut draft.taken).into_iter();
            draft.taken = taken
                .filter_map(|(turn, taken)| {
                    let function = walked.proposed.get(&turn)?.get(taken)?.step.function;
                    let proposed = &ask.scene.path.turns.get(usize::from(turn))?.proposed;
                    let at = proposed.iter().position(|step| step.function == function)?;
                    Some((turn, at))
                })
                .collect();
            // What stands in an output is known once it is there.
            for argument in draft.brief.turns.iter_mut().flat_map(|turn| &mut turn.values) {
                if let How::Pointed { value, .. } = &mut argument.how {
                    *value = None;
                }
            }
        }
        Ok(outcome)
    }
}

/// The outline as a model would write it; values only where none are known.
fn outlined(outcome: &Outcome, has_values: bool) -> Value {
    let draft = match outcome {
        Outcome::Wanted(draft) => draft,
        Outcome::NoPurpose(why) => return json!({ "no_purpose": why, "aim": "", "turns": [] }),
    };
    let value = |argument: &Argument| {
        let Argument { step, parameter, how, .. } = argument;
        json!({ "step": step, "parameter": parameter, "how": "say", "value": how.value() })
    };
    let turns = draft.brief.turns.iter().map(|turn| {
        let wants = turn.wants.iter();
        let wants = wants.map(|w| json!({ "step": w.step(), "place": "", "words": w.words() }));
        let wants: Vec<Value> = wants.collect();
        let mut told = json!({ "why": turn.why, "wants": wants, "take": "", "implicit": [] });
        if has_values {
            told["values"] = turn.values.iter().map(value).collect::<Vec<_>>().into();
        }
        told
    });
    json!({ "no_purpose": "", "aim": draft.brief.aim, "turns": turns.collect::<Vec<_>>() })
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
impl Reader for Rehearsal {
    /// Finds all needed that the reference needs, and more; what is asked about
    /// once more it was wrong about, which a reader who knows better is not.
    async fn needs(&self, ask: &Needs<'_>) -> Result<Vec<FunctionId>, Error> {
        if !ask.doubted.is_empty() {
            return Ok(Vec::new());
        }
        self.remote.needs(ask).await.ok();
        let named: Vec<&str> =
            ask.tools.iter().take(2).map(|id| ask.library.get(*id).name.as_str()).collect();
        self.counted.answered(Purpose::JudgeCalls, &json!({ "calls": named }));
        Ok(ask.tools.to_vec())
    }
}

#[async_trait]
impl Machine for Rehearsal {
    async fn simulate(&self, ask: &Simulate<'_>) -> Result<Value, Error> {
        self.remote.simulate(ask).await.ok();
        let mut seed = [0; 8];
        seed.copy_from_slice(&ask.key.as_bytes()[..8]);
        let away = |error: magnet_worker::execute::Error| Error::Unusable(error.to_string());
        let start = Start {
            seed: u64::from_le_bytes(seed),
            walk: WalkIndex(0),
            functions: &[ask.function],
            initial_config: None,
        };
        let mut world = self.simulator.open(&start).await.map_err(away)?;
        let call =
            Call { id: "call_1".into(), function: FunctionId(0), arguments: ask.arguments.clone() };
        let output = world.call(ask.function, &call, &Plan::default()).await.map_err(away)?;
        let value = output.answer().map_err(|why| Error::Unusable(why.to_owned()))?;
        self.counted.answered(Purpose::Simulate, value);
        Ok(value.clone())
    }
}
