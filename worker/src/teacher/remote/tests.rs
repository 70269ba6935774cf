//! What is asked, as it goes over the wire, and how answers are taken.

use std::sync::Mutex;

use magnet_proto::brief::{Argument, Brief, How, Select, Turn as BriefTurn, Want};
use magnet_proto::graph::Flow;
use magnet_proto::library::{Document, Function, Library};
use magnet_proto::path::{Feed, Kind, Path, Purpose as Due, Step, StepRef, Turn};
use magnet_proto::sample::{Call, Message as Chatted};
use magnet_proto::{Digest, FunctionId, WalkIndex};
use serde_json::json;

use super::*;
use crate::conversation::{Conversation, Exchange, Executed, Scene};
use crate::execute::Output;
use crate::persona::{Persona, Voices};
use crate::teacher::chat::Tokens;
use crate::teacher::{Hint, Misleading, Proposed, Seen};

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

fn remote(answer: &str) -> (Remote, Arc<Parrot>) {
    let parrot = Arc::new(Parrot { answer: answer.into(), asked: Mutex::default() });
    (Remote::new("parrot", parrot.clone(), 0.7, 512), parrot)
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
    brief: Brief,
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
        let calls = |steps| Turn::new(Due::Calls, steps);
        let mut hold = Step::new(HOLD);
        let flow = Flow { output: "/trains/*/train_id".into(), input: "train_id".into() };
        hold.feeds.push(Feed { from: at(0, 0), flow });
        let missing =
            Due::MissingParameter { function: TEXT, parameter: "to".into(), resolved: true };
        let turns = vec![
            calls(vec![Step::new(SEARCH), hold]),
            Turn::new(missing, vec![]),
            calls(vec![Step::new(TEXT)]),
        ];
        let persona = Persona::draw(1, WalkIndex(0), &Voices::default());
        let path = Path { kind: Kind::MultiTurn, turns, ops: vec![] };
        let (library, conversation) = (library(), Conversation::default());
        let mut world = Self { library, path, brief: brief(), persona, conversation };
        world.begin();
        world
    }

    /// The first request, and the search's output.
    fn begin(&mut self) {
        let request = UserRequest {
            text: "Find me a train from Geneva to Lyon and hold a window seat on the first one."
                .into(),
        };
        let output = json!({"trains": [{"train_id": "TER-96508"}, {"train_id": "TER-96512"}]});
        let searched = Executed {
            step: at(0, 0),
            copy: 0,
            call: call("call_1", SEARCH, json!({"origin": "Geneva", "destination": "Lyon"})),
            output: Output::of(output),
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
            Chatted::Tool { call_id: "call_1".into(), content: searched.output.content.clone() },
        ]
    }
}

/// What the person of [`World`] is after.
fn brief() -> Brief {
    let argument =
        |step, parameter: &str, how| Argument { step, copy: 0, parameter: parameter.into(), how };
    let said = |value: &str| How::Said { value: value.into() };
    let train = How::Pointed {
        from: at(0, 0),
        place: "/trains/*/train_id".into(),
        select: Select::First,
        value: None,
    };
    let effect = |step, words: &str| Want::Effect { step, words: words.into() };
    let trip = BriefTurn {
        why: "a client expects them".into(),
        wants: vec![effect(1, "a window seat held on the first train")],
        values: vec![
            argument(0, "origin", said("Geneva")),
            argument(0, "destination", said("Lyon")),
            argument(1, "train_id", train),
            argument(1, "position", said("window")),
        ],
    };
    let text = |how| BriefTurn {
        why: "the client should know".into(),
        wants: vec![effect(0, "a text to the client")],
        values: vec![argument(0, "to", how), argument(0, "body", How::Open)],
    };
    let turns = vec![trip, text(How::LeftOut), text(said("+33612345678"))];
    Brief { aim: "to be in Lyon in time".into(), turns }
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

fn write<'a>(world: &'a World, turn: usize, conversation: &'a Conversation) -> WriteRequest<'a> {
    let (brief, scene) = (&world.brief, world.scene());
    WriteRequest { scene, turn, conversation, brief, log: &[], problem: None }
}

#[tokio::test]
async fn back_tells_what_is_wanted_what_to_say_and_what_to_refer_to() {
    let world = World::new();
    let (remote, parrot) = remote(r#"{"request": "Anything"}"#);
    let empty = Conversation::default();
    let ask = WriteRequest { problem: Problem::after(1, Some("no")), ..write(&world, 0, &empty) };
    assert_eq!(remote.write_request(&ask).await.unwrap().text, "Anything");
    let task = parrot.task();
    assert_eq!(task["kind"], "ask");
    assert_eq!(task["wants"], json!(["a window seat held on the first train"]));
    assert_eq!(task["say"][0], json!({"origin": "Geneva"}));
    assert_eq!(task["refer"][0]["from"], "search_trains");
    assert_eq!(task["refer"][0]["which"], "the first one, or the only one");
    let told = parrot.told();
    assert!(told.starts_with("Voice: ") && told.contains("Conversation so far:\n(none yet)"));
    assert!(told.contains("to be in Lyon in time"), "{told}");
    assert!(told.contains("Your last answer was refused: no"), "{told}");
}

#[tokio::test]
async fn back_leaves_out_what_is_missing_and_gives_it_in_the_next_turn() {
    let world = World::new();
    let (remote, parrot) = remote(r#"{"request": "Text the client."}"#);
    remote.write_request(&write(&world, 1, &world.conversation)).await.unwrap();
    let task = parrot.task();
    assert_eq!(task["leave_out"], json!(["to"]));
    assert!(task.get("say").is_none(), "{task}");
    remote.write_request(&write(&world, 2, &world.conversation)).await.unwrap();
    let task = parrot.task();
    assert_eq!((&task["kind"], &task["say"]), (&json!("supply"), &json!([{"to": "+33612345678"}])));
}

/// The arguments that are determined of the seat to hold.
fn determined() -> Arguments {
    json!({"train_id": "TER-96508"}).as_object().unwrap().clone()
}

fn fill<'a>(world: &'a World, determined: &'a Arguments) -> FillCall<'a> {
    FillCall {
        scene: world.scene(),
        conversation: &world.conversation,
        brief: &world.brief,
        at: at(0, 1),
        copy: 0,
        determined,
        problem: None,
    }
}

#[tokio::test]
async fn forth_is_told_what_is_determined_and_asked_for_what_is_open() {
    let world = World::new();
    let right = r#"{"give_up":"","arguments":{"train_id":"TER-96508","position":"window"}}"#;
    let (remote, parrot) = remote(right);
    let arguments = remote.fill_call(&fill(&world, &determined())).await.unwrap();
    assert_eq!(arguments["train_id"], "TER-96508");
    let task = parrot.task();
    assert_eq!(task["determined"], json!({"train_id": "TER-96508"}));
    assert_eq!(task["open"], json!(["position"]));
}

#[tokio::test]
async fn forth_refuses_another_value_than_the_person_means() {
    let world = World::new();
    let wrong = r#"{"arguments":{"train_id":"TER-96512","position":"window"}}"#;
    let (remote, _) = remote(wrong);
    let refused = remote.fill_call(&fill(&world, &determined())).await.unwrap_err().to_string();
    assert!(refused.contains("train_id must be \"TER-96508\""), "{refused}");
}

fn outlined(turns: Value) -> String {
    json!({ "no_purpose": "", "aim": "to be in Lyon in time", "turns": turns }).to_string()
}

async fn outline(answer: &str) -> (Result<Outcome, Error>, String) {
    let world = World::new();
    let (remote, parrot) = remote(answer);
    let ask = Ask { scene: world.scene(), walked: None, problem: None };
    let outcome = remote.brief(&ask).await;
    (outcome, parrot.told())
}

#[tokio::test]
async fn the_outline_gives_aim_wants_and_values_and_places_them_by_turn() {
    let say = |step: u16, parameter: &str, value: &str| json!({"step": step, "parameter": parameter, "how": "say", "value": value});
    let want = |words: &str, step: u16| json!({"step": step, "place": "", "words": words});
    let turn = |wants: Value, values: Value, implicit: Value| json!({"why": "so", "wants": wants, "take": "", "implicit": implicit, "values": values});
    let values = json!([
        say(0, "origin", "Geneva"), say(0, "destination", "Lyon"), say(1, "position", "window"),
        {"step": 1, "parameter": "train_id", "how": "point", "which": "last"},
    ]);
    let text = json!([say(0, "to", "+336"), {"step": 0, "parameter": "body", "how": "compose"}]);
    let (outcome, told) = outline(&outlined(json!([
        turn(json!([want("a seat held", 1)]), values, json!([0])),
        turn(json!([want("a text sent", 0)]), json!([]), json!([])),
        turn(json!([want("a text sent", 0)]), text, json!([])),
    ])))
    .await;
    let Ok(Outcome::Wanted(draft)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(draft.brief.aim, "to be in Lyon in time");
    assert_eq!(draft.implicit, [at(0, 0)]);
    let how = |turn: usize, parameter: &str| {
        let values = &draft.brief.turns[turn].values;
        values.iter().find(|a| a.parameter == parameter).map(|a| a.how.clone())
    };
    let place = "/trains/*/train_id".to_owned();
    let last = How::Pointed { from: at(0, 0), place, select: Select::Last, value: None };
    assert_eq!(how(0, "train_id"), Some(last));
    assert_eq!(how(1, "to"), Some(How::LeftOut));
    assert_eq!(how(2, "to"), Some(How::Said { value: "+336".into() }));
    assert_eq!(how(2, "body"), Some(How::Open));
    assert!(told.contains("/trains/*/train_id") && told.contains("To draw on"), "{told}");
}

#[tokio::test]
async fn an_outline_without_a_value_that_is_needed_is_refused_by_its_name() {
    let turn = json!({"why": "", "wants": [], "take": "", "implicit": [], "values": []});
    let (outcome, _) = outline(&outlined(json!([turn, turn, turn]))).await;
    let refused = outcome.unwrap_err().to_string();
    assert!(refused.contains("turn 0, step 0: the origin has no value"), "{refused}");
}

#[tokio::test]
async fn an_outline_may_say_that_nobody_would_want_this() {
    let answer = json!({"no_purpose": "it was deleted", "aim": "", "turns": []}).to_string();
    let (outcome, _) = outline(&answer).await;
    assert!(matches!(&outcome, Ok(Outcome::NoPurpose(why)) if why == "it was deleted"));
}

fn act<'a>(world: &'a World, messages: &'a [Chatted], hint: Hint<'a>) -> Act<'a> {
    Act {
        scene: world.scene(),
        turn: 0,
        messages,
        tools: &[TEXT, SEARCH, HOLD],
        hint,
        due: &[],
        brief: &world.brief,
        conversation: &world.conversation,
        draw: 0,
        problem: None,
    }
}

#[tokio::test]
async fn the_right_hint_tells_what_is_due_now_and_in_the_end_what_is_wanted() {
    let world = World::new();
    let search = call("call_1", SEARCH, json!({"origin": "Geneva", "destination": "Lyon"}));
    let hold = call("call_2", HOLD, json!({"train_id": "TER-96508", "position": "window"}));
    let reference = [search, hold.clone()];
    let messages = world.messages();
    let answer = r#"{"calls":[{"name":"hold_seat","arguments":{"position":"aisle"}}],"say":""}"#;
    let (remote, parrot) = remote(answer);
    let due = [Proposed { function: HOLD, arguments: hold.arguments }];
    let ask = Act { due: &due, ..act(&world, &messages, Hint::Calls(&reference)) };
    let Action::Call(calls) = remote.act(&ask).await.unwrap() else { panic!("a call is made") };
    assert_eq!((calls[0].function, &calls[0].arguments["position"]), (HOLD, &json!("aisle")));
    insta::assert_snapshot!("act", parrot.told());
    remote.act(&act(&world, &messages, Hint::Calls(&reference))).await.unwrap();
    let told = parrot.told();
    let wanted = r#"{"speak":"report","wanted":["a window seat held on the first train"]}"#;
    assert!(told.contains(wanted), "{told}");
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
    remote.fill_call(&fill(&world, &determined())).await.ok();
    remote.act(&act(&world, &world.messages(), Hint::None)).await.ok();
    let asked = parrot.asked.lock().unwrap();
    assert_eq!((asked[0].temperature, asked[1].temperature), (0.0, 0.7));
}

#[tokio::test]
async fn the_same_ask_is_the_same_request_and_another_walk_draws_anew() {
    let world = World::new();
    let (remote, parrot) = remote(r#"{"arguments":{}}"#);
    let determined = determined();
    for walk in [0, 0, 1] {
        let mut ask = fill(&world, &determined);
        ask.scene.walk = WalkIndex(walk);
        remote.fill_call(&ask).await.ok();
    }
    let asked = parrot.asked.lock().unwrap();
    assert_eq!(asked[0], asked[1]);
    assert_ne!(asked[0].draw, asked[2].draw);
}

#[tokio::test]
async fn each_try_is_sampled_in_another_way() {
    let world = World::new();
    let (remote, parrot) = remote("no JSON");
    let empty = Conversation::default();
    for refused in 0..4 {
        let problem = Problem::after(refused, (refused > 0).then_some("no JSON"));
        let ask = WriteRequest { problem, ..write(&world, 0, &empty) };
        remote.write_request(&ask).await.ok();
    }
    let asked = parrot.asked.lock().unwrap();
    let temperatures: Vec<f64> = asked.iter().map(|request| request.temperature).collect();
    assert_eq!(temperatures, [0.7, 1.0, 1.0, 1.0]);
    let draws: std::collections::BTreeSet<u32> = asked.iter().map(|request| request.draw).collect();
    assert_eq!(draws.len(), 4, "{draws:?}");
}

#[test]
fn a_temperature_rises_from_none_and_never_above_what_the_user_set() {
    let (cold, _) = remote("");
    let hot = Remote { temperature: 1.6, ..remote("").0 };
    let of =
        |remote: &Remote, purpose| [0, 1, 5].map(|refused| remote.temperature(purpose, refused));
    assert_eq!(of(&cold, Purpose::Forth), [0.0, 0.3, 1.0]);
    assert_eq!(of(&hot, Purpose::Back), [1.6, 1.6, 1.6]);
}

/// Breaks off any answer that may not take a thousand tokens.
struct Narrow;

#[async_trait]
impl Chat for Narrow {
    async fn complete(&self, request: &Request) -> Result<Reply, ChatError> {
        let whole = r#"{"fare": 31.5}"#;
        let is_truncated = request.max_output_tokens < 1_000;
        let text = if is_truncated { &whole[..7] } else { whole };
        let (usage, micro_usd) = (Tokens::default(), 0);
        Ok(Reply { text: text.into(), reasoning: None, is_truncated, usage, micro_usd })
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again_with_more_room() {
    let library = library();
    let arguments = Arguments::new();
    let ask = Simulate {
        function: library.get(SEARCH),
        arguments: &arguments,
        before: &[],
        key: Digest::of(b"key"),
        problem: None,
    };
    let asked = async |tokens: u32| {
        Remote::new("narrow", Arc::new(Narrow), 0.7, tokens).simulate(&ask).await
    };
    assert_eq!(asked(512).await.unwrap(), json!({"fare": 31.5}));
    let told = asked(256).await.unwrap_err().to_string();
    assert!(told.contains("cut at the limit of max_output_tokens"), "{told}");
}
