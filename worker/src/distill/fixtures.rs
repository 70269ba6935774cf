//! One conversation, written by hand, with a place for every type of error:
//! a nested call, both dependencies, a missing parameter, an irrelevant request.

use std::num::NonZeroU32;

use async_trait::async_trait;
use magnet_proto::brief::Brief;
use magnet_proto::config::Asked;
use magnet_proto::library::{Document, Function, Library};
use magnet_proto::pack::Pack;
use magnet_proto::path::{
    Feed, InsertKind, Kind, NodeOp, Path, Purpose, SplitKind, Step, StepRef, Turn,
};
use magnet_proto::rng::Rng;
use magnet_proto::sample::{Arguments, Call, Message};
use magnet_proto::shape::{Field, Type};
use magnet_proto::{FunctionId, WalkIndex, graph::Flow};
use rand::RngExt;
use serde_json::{Value, json};

use crate::conversation::{Conversation, Exchange, Executed, Request, Scene};
use crate::distill::distiller::{Distiller, Negatives};
use crate::distill::offer::Offer;
use crate::distill::positive::Trajectory;
use crate::execute::{self, Executor, Nature, Output, Plan, Session, Start};
use crate::lexicon::Lexicon;
use crate::persona::{Persona, Voices};
use crate::teacher::{self, Act, Action, FillCall, Teacher, WriteRequest};
use crate::translate::Translated;
use crate::vet::calls::Validators;
use crate::vet::mentions::Text;
use crate::vet::provenance::{Ledger, Shown};

pub(super) struct World {
    pub(super) library: Library,
    pub(super) path: Path,
    pub(super) trajectory: Trajectory,
    validators: Validators,
    translated: Translated,
    offer: Offer,
    brief: Brief,
    pack: Pack,
    persona: Persona,
    seed: u64,
}

/// What is said and called in one turn.
struct Script {
    request: &'static str,
    purpose: Purpose,
    calls: Vec<(&'static str, Value)>,
    reply: &'static str,
}

const PLATFORM: &str = "get_platform";

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let library = library();
        let scripts = scripts(&library);
        let mut world = Self {
            path: path(&library, &scripts),
            trajectory: Trajectory::default(),
            validators: Validators::new(&library),
            translated: Translated::default(),
            offer: offer(&library),
            brief: Brief::default(),
            pack: Pack::default(),
            persona: Persona::draw(seed, WalkIndex(0), &Voices::default()),
            seed,
            library,
        };
        world.play(&scripts);
        world
    }

    pub(super) fn id(&self, name: &str) -> FunctionId {
        self.library.find(name).unwrap()
    }

    pub(super) fn distiller(&self) -> Distiller<'_> {
        Distiller {
            scene: Scene {
                library: &self.library,
                path: &self.path,
                persona: &self.persona,
                seed: self.seed,
                walk: WalkIndex(0),
            },
            brief: &self.brief,
            pack: &self.pack,
            teacher: &Silent,
            executor: &Station,
            lexicon: &Station,
            validators: &self.validators,
            translated: &self.translated,
            offer: &self.offer,
            system_prompt: "You are a helpful assistant.".into(),
            asked: Asked::Open,
            max_steps: 8,
            tries: NonZeroU32::MIN,
            negatives: Negatives::Mechanical,
        }
    }

    fn play(&mut self, scripts: &[Script]) {
        let mut ledger = Ledger::default();
        let mut conversation = Conversation::default();
        let mut messages = vec![Message::System("You are a helpful assistant.".into())];
        for (turn, script) in scripts.iter().enumerate() {
            ledger.requests.push(Text::new(script.request));
            messages.push(Message::User(script.request.into()));
            let mut exchange = Exchange {
                request: Request { text: script.request.into() },
                calls: Vec::new(),
                reply: script.reply.into(),
            };
            for (step, (name, arguments)) in script.calls.iter().enumerate() {
                let count = conversation.executed().count() + step + 1;
                let (function, arguments) = (self.id(name), arguments.as_object().unwrap().clone());
                let call = Call { id: format!("call_{count}"), function, arguments };
                let source = self.library.get(function);
                let traced = ledger.trace(source, &call.id, &call.arguments, &[]);
                self.trajectory.provenance.extend(traced);
                let output = answer(name, &call.arguments);
                let (id, content) = (call.id.clone(), output.to_string());
                ledger.outputs.push(Shown {
                    turn: turn as u16,
                    call: id.clone(),
                    output: output.clone(),
                });
                messages.push(Message::Assistant { content: None, calls: vec![call.clone()] });
                messages.push(Message::Tool { call_id: id, content });
                let step = StepRef { turn: turn as u16, step: step as u16 };
                exchange.calls.push(Executed { step, copy: 0, call, output: Output::of(output) });
            }
            messages.push(Message::Assistant { content: Some(script.reply.into()), calls: vec![] });
            conversation.turns.push(exchange);
        }
        self.translated.conversation = conversation;
        self.translated.provenance = self.trajectory.provenance.clone();
        self.trajectory.messages = messages;
    }
}

fn scripts(library: &Library) -> Vec<Script> {
    let id = |name| library.find(name).unwrap();
    let script = |request, purpose, calls, reply| Script { request, purpose, calls, reply };
    let text = (id("send_text"), "to".to_owned());
    vec![
        script(
            "I'm meeting a client in Lyon on 2024-03-14. Could you find me a train from Geneva \
             and hold a window seat on the one that gets there before ten?",
            Purpose::Calls,
            vec![
                (
                    "search_trains",
                    json!({"origin": "Geneva", "destination": "Lyon", "date": "2024-03-14"}),
                ),
                ("hold_seat", json!({"train_id": "TER-96508", "position": "window"})),
                (PLATFORM, json!({"train_id": "TER-96508"})),
            ],
            "The TER-96508 reaches Lyon at 08:31 and costs CHF 31.50. Seat 12F is held under \
             H-80569. It leaves from platform 17B in the Cornavin hall.",
        ),
        script(
            "What's that fare in euros? My expense form takes nothing else.",
            Purpose::Calls,
            vec![("convert_currency", json!({"amount": 31.5, "from": "CHF", "to": "EUR"}))],
            "At a rate of 1.0483 that is EUR 33.02.",
        ),
        script(
            "Good. Text the client when I'll be there.",
            Purpose::MissingParameter { function: text.0, parameter: text.1, resolved: true },
            vec![],
            "Which number should I text?",
        ),
        script(
            "Sorry, it's +33 6 12 34 56 78.",
            Purpose::Calls,
            vec![(
                "send_text",
                json!({"to": "+33612345678", "body": "I arrive in Lyon at 08:31."}),
            )],
            "Sent, as SM-5678.",
        ),
        script(
            "And a table for two at a bistro near the station, please.",
            Purpose::Irrelevant { function: id("book_table") },
            vec![],
            "Booking tables is nothing that my tools can do.",
        ),
    ]
}

fn path(library: &Library, scripts: &[Script]) -> Path {
    let id = |name: &str| library.find(name).unwrap();
    let turn = |script: &Script| {
        let steps = script.calls.iter().map(|(name, _)| Step::new(id(name))).collect();
        Turn::new(script.purpose.clone(), steps)
    };
    let mut turns: Vec<Turn> = scripts.iter().map(turn).collect();
    let from = StepRef { turn: 0, step: 0 };
    let flow = Flow { output: "/trains/*/train_id".into(), input: "train_id".into() };
    turns[0].steps[1].feeds.push(Feed { from, flow: flow.clone() });
    turns[0].steps[2].feeds.push(Feed { from, flow });
    turns[0].steps[2].implicit = true;
    let insert = NodeOp::Insert {
        kind: InsertKind::Short,
        src_turn: 0,
        src_fn: id("hold_seat"),
        new_fn: id(PLATFORM),
        dst_turn: 0,
    };
    let split = NodeOp::Split {
        kind: SplitKind::MissingParameter,
        turn: 2,
        function: id("send_text"),
        parameter: Some("to".into()),
        resolved: true,
    };
    let irrelevant = NodeOp::Irrelevant { turn: 4, function: id("book_table") };
    Path { kind: Kind::MultiTurn, turns, ops: vec![insert, split, irrelevant] }
}

fn offer(library: &Library) -> Offer {
    let all = library.iter().filter(|(_, function)| function.name != "book_table");
    Offer { tools: all.map(|(id, _)| id).collect(), ..Offer::default() }
}

fn library() -> Library {
    let text = || json!({"type": "string"});
    let currency = || json!({"type": "string", "enum": ["CHF", "EUR", "USD"]});
    let function = |name: &str, properties: Value| {
        let required: Vec<String> = properties.as_object().unwrap().keys().cloned().collect();
        Function::from(Document {
            name: name.into(),
            description: format!("Does {name}."),
            category: "travel".into(),
            class: name.into(),
            parameters: json!({"type": "object", "properties": properties, "required": required}),
            response: None,
        })
    };
    Library::from(vec![
        function("search_trains", json!({"origin": text(), "destination": text(), "date": text()})),
        function("hold_seat", json!({"train_id": text(), "position": text()})),
        function(PLATFORM, json!({"train_id": text()})),
        function(
            "convert_currency",
            json!({"amount": {"type": "number"}, "from": currency(), "to": currency()}),
        ),
        function("send_text", json!({"to": text(), "body": text()})),
        function("get_weather", json!({"city": text()})),
        function("book_table", json!({"city": text(), "people": {"type": "integer"}})),
    ])
}

/// What the functions return: nothing but their arguments decides.
fn answer(name: &str, arguments: &Arguments) -> Value {
    let text = |name: &str| arguments[name].as_str().unwrap_or_default();
    let train = |id: &str, departs: &str, arrives: &str, fare: f64| json!({"train_id": id, "departs": departs, "arrives": arrives, "fare": fare, "currency": "CHF"});
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    match name {
        "search_trains" => json!({"trains": [
            train("TER-96508", "06:35", "08:31", 31.5), train("TER-96512", "08:35", "10:37", 34.8)
        ]}),
        "hold_seat" => {
            let reversed: String = digits(text("train_id")).chars().rev().collect();
            json!({"hold_id": format!("H-{reversed}"), "seat": "12F"})
        }
        PLATFORM if text("train_id") == "TER-96508" => {
            json!({"platform": "17B", "hall": "Cornavin"})
        }
        PLATFORM => json!({"platform": "23A", "hall": "Eaux-Vives"}),
        "convert_currency" => {
            let amount = arguments["amount"].as_f64().unwrap_or_default() * 1.0483;
            json!({"amount": (amount * 100.0).round() / 100.0, "currency": text("to"), "rate": 1.0483})
        }
        "send_text" => {
            let number = digits(text("to"));
            json!({"message_id": format!("SM-{}", &number[number.len().saturating_sub(4)..])})
        }
        _ => json!({"sky": "clear", "degrees": 21}),
    }
}

/// Executes the library.
struct Station;

#[async_trait]
impl Executor for Station {
    fn name(&self) -> &str {
        "station"
    }

    fn nature(&self, _: &Function) -> Nature {
        Nature::Simulated
    }

    async fn open(&self, _: &Start<'_>) -> Result<Box<dyn Session>, execute::Error> {
        Ok(Box::new(Station))
    }
}

impl Lexicon for Station {
    fn value(&self, _: &Function, field: &Field, _: &Persona, rng: &mut Rng) -> Value {
        match field.shape.ty {
            Type::Integer { .. } | Type::Number { .. } => rng.random_range(1..9).into(),
            _ => format!("V-{}", rng.random_range(100..999)).into(),
        }
    }

    fn fitted(&self, _: &Function, _: &Arguments, _: &Persona, _: &mut Rng) -> Option<Arguments> {
        None
    }
}

#[async_trait]
impl Session for Station {
    fn initial_config(&self) -> Option<Value> {
        None
    }

    async fn call(
        &mut self,
        function: &Function,
        call: &Call,
        _: &Plan,
    ) -> Result<Output, execute::Error> {
        Ok(Output::of(answer(&function.name, &call.arguments)))
    }
}

/// Mechanical negatives ask no teacher.
struct Silent;

#[async_trait]
impl Teacher for Silent {
    fn name(&self) -> &str {
        "silent"
    }

    async fn write_request(&self, _: &WriteRequest<'_>) -> Result<Request, teacher::Error> {
        Err(teacher::Error::Cancelled)
    }

    async fn fill_call(&self, _: &FillCall<'_>) -> Result<Arguments, teacher::Error> {
        Err(teacher::Error::Cancelled)
    }

    async fn act(&self, _: &Act<'_>) -> Result<Action, teacher::Error> {
        Err(teacher::Error::Cancelled)
    }
}
