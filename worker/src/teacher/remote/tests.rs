//! What is asked, as it goes over the wire, and how answers are taken.

use std::sync::Mutex;

use magnet_proto::graph::Flow;
use magnet_proto::library::{Document, Function, Library};
use magnet_proto::path::{Feed, Kind, Path, Purpose as Due, Step, StepRef, Turn};
use magnet_proto::sample::{Call, Message as Chatted};
use magnet_proto::{Digest, FunctionId, WalkIndex};
use serde_json::json;

use super::*;
use crate::conversation::{Conversation, Exchange, Executed, Given, Pick, Scene, Select};
use crate::execute::Output;
use crate::persona::Persona;
use crate::teacher::chat::Tokens;
use crate::teacher::{Hint, Misleading, Seen};

/// Answers everything alike and remembers what it was asked.
struct Parrot {
    answer: String,
    asked: Mutex<Vec<Request>>,
}

#[async_trait]
impl Chat for Parrot {
    async fn complete(&self, request: &Request) -> Result<Reply, ChatError> {
        self.asked.lock().unwrap().push(request.clone());
        Ok(Reply {
            text: self.answer.clone(),
            reasoning: Some("It wants a seat.".into()),
            is_truncated: false,
            usage: Tokens::default(),
            micro_usd: 0,
        })
    }
}

/// Plans nothing.
struct Silent;

#[async_trait]
impl Teacher for Silent {
    fn name(&self) -> &str {
        "silent"
    }

    async fn write_request(&self, _: &WriteRequest<'_>) -> Result<UserRequest, Error> {
        Err(Error::Cancelled)
    }

    async fn fill_call(&self, _: &FillCall<'_>) -> Result<Arguments, Error> {
        Err(Error::Cancelled)
    }

    async fn act(&self, _: &Act<'_>) -> Result<Action, Error> {
        Err(Error::Cancelled)
    }
}

fn remote(answer: &str) -> (Remote, Arc<Parrot>) {
    let parrot = Arc::new(Parrot { answer: answer.into(), asked: Mutex::default() });
    (Remote::new("parrot", parrot.clone(), Arc::new(Silent), 0.7, 512), parrot)
}

impl Parrot {
    /// The part after the system message.
    fn told(&self) -> String {
        let asked = self.asked.lock().unwrap();
        let request = asked.last().unwrap();
        assert_eq!(request.messages[0].content, prompts::system(request.purpose));
        request.messages[1].content.clone()
    }

    fn task(&self) -> Value {
        let told = self.told();
        let line = told.lines().find_map(|line| line.strip_prefix("Task: ")).unwrap();
        serde_json::from_str(line).unwrap()
    }
}

/// A person looks for a train, holds a seat, and texts a client.
struct World {
    library: Library,
    path: Path,
    persona: Persona,
    conversation: Conversation,
}

const SEARCH: FunctionId = FunctionId(0);
const HOLD: FunctionId = FunctionId(1);
const TEXT: FunctionId = FunctionId(2);

fn at(turn: u16, step: u16) -> StepRef {
    StepRef { turn, step }
}

impl World {
    fn new() -> Self {
        let calls = |steps| Turn { purpose: Due::Calls, steps };
        let mut hold = Step::new(HOLD);
        let flow = Flow { output: "/trains/*/train_id".into(), input: "train_id".into() };
        hold.feeds.push(Feed { from: at(0, 0), flow });
        let missing =
            Due::MissingParameter { function: TEXT, parameter: "to".into(), resolved: true };
        let turns = vec![
            calls(vec![Step::new(SEARCH), hold]),
            Turn { purpose: missing, steps: vec![] },
            calls(vec![Step::new(TEXT)]),
        ];
        let persona = Persona::draw(1, WalkIndex(0), &[], &[]);
        let path = Path { kind: Kind::MultiTurn, turns, ops: vec![] };
        let mut world =
            Self { library: library(), path, persona, conversation: Conversation::default() };
        world.begin();
        world
    }

    /// The first request, and the search's output.
    fn begin(&mut self) {
        let given = |step, parameter: &str, value: &str| Given {
            step: at(0, step),
            copy: 0,
            parameter: parameter.into(),
            value: value.into(),
        };
        let request = UserRequest {
            text: "Find me a train from Geneva to Lyon and hold a window seat on the first one."
                .into(),
            given: vec![
                given(0, "origin", "Geneva"),
                given(0, "destination", "Lyon"),
                given(1, "position", "window"),
            ],
            picks: vec![Pick {
                step: at(0, 1),
                copy: 0,
                parameter: "train_id".into(),
                select: Select::First,
            }],
        };
        let output = json!({"trains": [{"train_id": "TER-96508"}, {"train_id": "TER-96512"}]});
        let searched = Executed {
            step: at(0, 0),
            copy: 0,
            call: call("call_1", SEARCH, json!({"origin": "Geneva", "destination": "Lyon"})),
            output: Output::Value(output),
        };
        let exchange = Exchange { request, calls: vec![searched], reply: String::new() };
        self.conversation.turns.push(exchange);
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            library: &self.library,
            path: &self.path,
            persona: &self.persona,
            seed: 1,
            walk: WalkIndex(0),
        }
    }

    fn messages(&self) -> Vec<Chatted> {
        let exchange = &self.conversation.turns[0];
        let searched = &exchange.calls[0];
        vec![
            Chatted::System("You are a helpful assistant.".into()),
            Chatted::User(exchange.request.text.clone()),
            Chatted::Assistant { content: None, calls: vec![searched.call.clone()] },
            Chatted::Tool { call_id: "call_1".into(), content: searched.output.content() },
        ]
    }
}

fn call(id: &str, function: FunctionId, arguments: Value) -> Call {
    let arguments = arguments.as_object().unwrap().clone();
    Call { id: id.into(), function, arguments }
}

fn library() -> Library {
    let function = |name: &str, description: &str, params: Value, response: Value| {
        let required: Vec<&String> = params.as_object().unwrap().keys().collect();
        let parameters = json!({"type": "object", "properties": params, "required": required});
        Function::from(Document {
            name: name.into(),
            description: description.into(),
            category: "travel".into(),
            class: "trains".into(),
            parameters,
            response: Some(response),
            phrasing: Default::default(),
        })
    };
    let text = || json!({"type": "string"});
    let object = |properties: Value| json!({"type": "object", "properties": properties});
    vec![
        function(
            "search_trains",
            "Finds trains between two cities.",
            json!({"origin": text(), "destination": text()}),
            object(
                json!({"trains": {"type": "array", "items": object(json!({"train_id": text()}))}}),
            ),
        ),
        function(
            "hold_seat",
            "Holds a seat on a train.",
            json!({"train_id": text(), "position": {"enum": ["window", "aisle"]}}),
            object(json!({"hold_id": text()})),
        ),
        function(
            "send_text",
            "Sends a text message.",
            json!({"to": {"type": "string", "description": "Telephone number"}, "body": text()}),
            object(json!({"sms_id": text()})),
        ),
    ]
    .into()
}

#[tokio::test]
async fn back_says_what_to_ask_for_what_to_say_and_what_to_refer_to() {
    let world = World::new();
    let (remote, parrot) = remote(r#"{"request": "Anything"}"#);
    let empty = Conversation::default();
    let ask =
        WriteRequest { scene: world.scene(), turn: 0, conversation: &empty, problem: Some("no") };
    let refused = remote.write_request(&ask).await.unwrap_err().to_string();
    let task = parrot.task();
    assert_eq!(task["kind"], "ask");
    let [search, hold] = [&task["functions"][0], &task["functions"][1]];
    assert_eq!((&search["name"], &search["mention"]), (&json!("search_trains"), &json!("ask")));
    assert_eq!(hold["refer"][0]["parameter"], "train_id");
    assert_eq!(hold["refer"][0]["from"], "search_trains");
    let told = parrot.told();
    assert!(told.starts_with("Voice: ") && told.contains("Conversation so far:\n(none yet)"));
    assert!(told.contains("Your last answer was refused: no"), "{told}");
    // An answer without the values is refused with the first one named.
    let origin = search["say"][0]["origin"].to_string();
    assert!(refused.contains(&format!("does not say {origin}, the origin")), "{refused}");
}

#[tokio::test]
async fn back_leaves_out_what_is_missing_and_gives_it_in_the_next_turn() {
    let world = World::new();
    let (remote, parrot) = remote(r#"{"request": "Text the client."}"#);
    let mut ask = WriteRequest {
        scene: world.scene(),
        turn: 1,
        conversation: &world.conversation,
        problem: None,
    };
    remote.write_request(&ask).await.ok();
    let task = parrot.task();
    assert_eq!(task["functions"][0]["leave_out"], json!(["to"]));
    assert!(task["functions"][0]["say"][0].get("to").is_none(), "{task}");
    ask.turn = 2;
    remote.write_request(&ask).await.ok();
    let task = parrot.task();
    assert_eq!(task["kind"], "supply");
    assert!(task["functions"][0]["say"][0]["to"].is_string(), "{task}");
}

#[tokio::test]
async fn a_request_that_says_all_is_taken_with_what_it_gives() {
    let world = World::new();
    let (curious, parrot) = remote("{}");
    let empty = Conversation::default();
    let ask = WriteRequest { scene: world.scene(), turn: 0, conversation: &empty, problem: None };
    curious.write_request(&ask).await.unwrap_err();
    let task = parrot.task();
    let values = |at: usize| {
        let say = task["functions"][at]["say"][0].as_object().cloned().unwrap_or_default();
        say.values().map(|value| value.as_str().unwrap().to_owned()).collect::<Vec<_>>().join(", ")
    };
    let text = format!("Please: {}, {}.", values(0), values(1));
    let (willing, _) = remote(&json!({ "request": text }).to_string());
    let request = willing.write_request(&ask).await.unwrap();
    assert_eq!(request.text, text);
    assert!(request.given.len() >= 3 && request.picks.len() == 1, "{request:?}");
}

fn fill(world: &World) -> FillCall<'_> {
    FillCall {
        scene: world.scene(),
        conversation: &world.conversation,
        at: at(0, 1),
        copy: 0,
        problem: None,
    }
}

#[tokio::test]
async fn forth_knows_what_was_said_and_what_outputs_hold() {
    let world = World::new();
    let right = r#"{"give_up":"","arguments":{"train_id":"TER-96508","position":"window"}}"#;
    let (remote, parrot) = remote(right);
    let arguments = remote.fill_call(&fill(&world)).await.unwrap();
    assert_eq!(arguments["train_id"], "TER-96508");
    insta::assert_snapshot!("forth", parrot.told());
}

#[tokio::test]
async fn forth_refuses_another_value_than_the_person_means() {
    let world = World::new();
    let wrong = r#"{"arguments":{"train_id":"TER-96512","position":"window"}}"#;
    let (remote, _) = remote(wrong);
    let refused = remote.fill_call(&fill(&world)).await.unwrap_err().to_string();
    assert!(refused.contains("train_id must be \"TER-96508\""), "{refused}");
}

fn act<'a>(world: &'a World, messages: &'a [Chatted], hint: Hint<'a>) -> Act<'a> {
    Act {
        scene: world.scene(),
        turn: 0,
        messages,
        tools: &[TEXT, SEARCH, HOLD],
        hint,
        conversation: &world.conversation,
        draw: 0,
        problem: None,
    }
}

#[tokio::test]
async fn the_right_hint_tells_what_is_due_now() {
    let mut world = World::new();
    let hold = call("call_2", HOLD, json!({"train_id": "TER-96508", "position": "window"}));
    let held = Executed {
        step: at(0, 1),
        copy: 0,
        call: hold,
        output: Output::Value(json!({"hold_id": "H"})),
    };
    world.conversation.turns[0].calls.push(held);
    let reference: Vec<Call> =
        world.conversation.turns[0].calls.iter().map(|made| made.call.clone()).collect();
    let messages = world.messages();
    let answer = r#"{"calls":[{"name":"hold_seat","arguments":{"position":"aisle"}}],"say":""}"#;
    let (remote, parrot) = remote(answer);
    let ask = act(&world, &messages, Hint::Calls(&reference));
    let Action::Call(calls) = remote.act(&ask).await.unwrap() else { panic!("a call is made") };
    assert_eq!((calls[0].function, &calls[0].arguments["position"]), (HOLD, &json!("aisle")));
    insta::assert_snapshot!("act", parrot.told());
    // At the turn's start the search comes first, since the seat waits for it.
    remote.act(&act(&world, &messages[..2], Hint::Calls(&reference))).await.unwrap();
    let told = parrot.told();
    let hint = told.lines().last().unwrap();
    assert!(hint.starts_with(r#"[Hint]: {"now":[{"name":"search_trains""#), "{hint}");
    assert!(hint.ends_with(r#""later":["hold_seat"]}"#), "{hint}");
}

#[tokio::test]
async fn the_misleading_hint_tells_the_mistake_and_its_calls() {
    let world = World::new();
    let messages = world.messages();
    let calls = [call("x", HOLD, json!({"train_id": "TER-96512", "position": "window"}))];
    let misleading =
        Misleading { mistake: "The second train is held.", calls: &calls, like: "It is held." };
    let (remote, parrot) = remote(r#"{"calls":[],"say":"Done."}"#);
    remote.act(&act(&world, &messages, Hint::Wrong(&misleading))).await.unwrap();
    insta::assert_snapshot!("mislead", parrot.told());
}

#[tokio::test]
async fn a_roll_out_has_no_hint() {
    let world = World::new();
    let messages = world.messages();
    let (remote, parrot) = remote("Your seat is held.");
    let action = remote.act(&act(&world, &messages, Hint::None)).await.unwrap();
    assert_eq!(action, Action::Say("Your seat is held.".into()));
    assert!(!parrot.told().contains("Hint"), "{}", parrot.told());
}

#[tokio::test]
async fn what_was_thought_is_handed_on_only_where_it_is_kept() {
    let world = World::new();
    let messages = world.messages();
    let ask = act(&world, &messages, Hint::None);
    for keep in [true, false] {
        let (remote, _) = remote("Your seat is held.");
        let (action, thought) = remote.keeping_reasoning(keep).act_aloud(&ask).await.unwrap();
        assert_eq!(action, Action::Say("Your seat is held.".into()));
        assert_eq!(thought.as_deref(), keep.then_some("It wants a seat."));
    }
}

#[tokio::test]
async fn a_call_that_is_not_on_offer_is_refused_by_name() {
    let world = World::new();
    let messages = world.messages();
    let (remote, _) = remote(r#"{"calls":[{"name":"book_train","arguments":{}}],"say":""}"#);
    let refused = remote.act(&act(&world, &messages, Hint::None)).await.unwrap_err();
    assert_eq!(refused.to_string(), "unusable answer: \"book_train\" is not on offer");
}

#[tokio::test]
async fn judged_edges_have_only_candidates_and_places_that_exist() {
    let library = library();
    let answer = json!({"next": [
        {"name": "hold_seat", "kind": "partial_input", "output": "/trains/*/train_id", "input": "train_id"},
        {"name": "send_text", "kind": "precondition", "output": "", "input": ""},
        {"name": "send_text", "kind": "partial_input", "output": "/nowhere", "input": "body"},
        {"name": "invented", "kind": "full_input", "output": "", "input": ""},
    ]});
    let (remote, parrot) = remote(&answer.to_string());
    let (function, candidates) = (SEARCH, [HOLD, TEXT]);
    let ask = JudgeEdges { library: &library, function, candidates: &candidates, problem: None };
    let judged = Judge::edges(&remote, &ask).await.unwrap();
    let to: Vec<FunctionId> = judged.iter().map(|edge| edge.to).collect();
    assert_eq!(to, [HOLD, TEXT, TEXT]);
    let flow = Flow { output: "/trains/*/train_id".into(), input: "train_id".into() };
    assert_eq!(judged[0].flow, Some(flow));
    assert!(judged[1..].iter().all(|edge| edge.flow.is_none()));
    insta::assert_snapshot!("judge_edges", parrot.told());
}

#[tokio::test]
async fn labels_are_of_the_categories_on_offer_and_plain() {
    let library = library();
    let answer = json!({"labels": [
        {"name": "search_trains", "category": "Travel", "class": "Train_Search!"},
        {"name": "hold_seat", "category": "spaceflight", "class": "seats"},
    ]});
    let (remote, parrot) = remote(&answer.to_string());
    let (functions, categories) = ([SEARCH, HOLD], ["travel", "misc"]);
    let ask = Categorize {
        library: &library,
        functions: &functions,
        categories: &categories,
        problem: None,
    };
    let labels = remote.categorize(&ask).await.unwrap();
    let expected =
        Label { function: SEARCH, category: "travel".into(), class: "train search".into() };
    assert_eq!(labels, [expected]);
    insta::assert_snapshot!("categorize", parrot.told());
}

#[tokio::test]
async fn a_verdict_is_a_number_with_a_reason() {
    let world = World::new();
    let messages = world.messages();
    let expected = [call("x", HOLD, json!({"train_id": "TER-96508"}))];
    let ask = JudgeTurn {
        scene: world.scene(),
        before: &messages[..1],
        turn: &messages[1..],
        expected: &expected,
        problem: None,
    };
    let (judge, parrot) = remote(r#"{"why":"No seat is held.","error":"1"}"#);
    let wrong = Verdict::Wrong { number: 1, why: "No seat is held.".into() };
    assert_eq!(judge.turn(&ask).await.unwrap(), wrong);
    insta::assert_snapshot!("judge_turn", parrot.told());
    let (judge, _) = remote(r#"{"why":"","error":0}"#);
    assert_eq!(judge.turn(&ask).await.unwrap(), Verdict::Right);
    let (judge, _) = remote(r#"{"right":true}"#);
    assert!(judge.turn(&ask).await.is_err());
}

#[tokio::test]
async fn a_machine_knows_schema_arguments_and_what_was_returned_before() {
    let library = library();
    let before = [Seen {
        function: "search_trains".into(),
        arguments: Arguments::new(),
        output: json!({"trains": []}),
    }];
    let arguments = json!({"train_id": "TER-96508"}).as_object().unwrap().clone();
    let ask = Simulate {
        function: library.get(HOLD),
        arguments: &arguments,
        before: &before,
        key: Digest::of(b"key"),
        problem: None,
    };
    let (remote, parrot) = remote("```json\n{\"hold_id\": \"H-1\"}\n```");
    assert_eq!(remote.simulate(&ask).await.unwrap(), json!({"hold_id": "H-1"}));
    insta::assert_snapshot!("simulate", parrot.told());
}

#[tokio::test]
async fn what_has_one_right_answer_is_asked_without_chance() {
    let world = World::new();
    let (remote, parrot) = remote("{}");
    remote.fill_call(&fill(&world)).await.ok();
    remote.act(&act(&world, &world.messages(), Hint::None)).await.ok();
    let asked = parrot.asked.lock().unwrap();
    assert_eq!((asked[0].temperature, asked[1].temperature), (0.0, 0.7));
}

#[tokio::test]
async fn the_same_ask_is_the_same_request_and_another_walk_draws_anew() {
    let world = World::new();
    let (remote, parrot) = remote(r#"{"arguments":{}}"#);
    for walk in [0, 0, 1] {
        let mut ask = fill(&world);
        ask.scene.walk = WalkIndex(walk);
        remote.fill_call(&ask).await.ok();
    }
    let asked = parrot.asked.lock().unwrap();
    assert_eq!(asked[0], asked[1]);
    assert_ne!(asked[0].draw, asked[2].draw);
}
