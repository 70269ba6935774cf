//! Whole conversations through the offline teacher: what it promises of every
//! request, call and reply, over drawn libraries and paths.

use magnet_proto::graph::Flow;
use magnet_proto::library::{Document, Function, Library, Phrasing};
use magnet_proto::path::{Feed, Kind, Path, Purpose, Step, StepRef, Turn};
use magnet_proto::sample::{Call, Message, Source};
use magnet_proto::{FunctionId, WalkIndex};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{act, fill, request};
use crate::lexicon::Persona;
use crate::simulator::Simulation;
use magnet_worker::conversation::{Conversation, Exchange, Executed, Scene};
use magnet_worker::execute::{Output, Plan};
use magnet_worker::teacher::{Act, Action, FillCall, Hint, WriteRequest};
use magnet_worker::vet::mentions::Text;
use magnet_worker::vet::prose::{self, Grounds};
use magnet_worker::vet::provenance::{Ledger, Shown};

fn function(name: &str, description: &str, parameters: Value, response: Value) -> Function {
    let required: Vec<String> = parameters
        .as_object()
        .map(|fields| fields.keys().filter(|name| !name.starts_with("opt")).cloned().collect())
        .unwrap_or_default();
    Function::from(Document {
        name: name.into(),
        description: description.into(),
        category: "travel".into(),
        class: "trains".into(),
        parameters: json!({"type": "object", "properties": parameters, "required": required}),
        response: Some(json!({"type": "object", "properties": response})),
        phrasing: Phrasing::default(),
    })
}

const TEXT: fn() -> Value = || json!({"type": "string"});

fn library() -> Library {
    let trains = json!({"type": "array", "minItems": 2, "maxItems": 4, "items": {"type": "object", "properties": {
        "train_id": {"type": "string"}, "departs": {"type": "string", "format": "time"}, "fare": {"type": "number"}
    }, "required": ["train_id", "departs", "fare"]}});
    let mut search = function(
        "search_trains",
        "Find trains between two cities.",
        json!({"origin": TEXT(), "destination": TEXT(), "date": {"type": "string", "format": "date"}}),
        json!({"trains": trains}),
    );
    search.phrasing = Phrasing {
        requests: vec![
            "find me a train from {origin} to {destination} on {date}".into(),
            "is there a train to {destination} from {origin} on {date}?".into(),
        ],
        reasons: vec!["I'm meeting a client in {destination}.".into()],
        replies: vec![
            "{/trains/0/train_id} leaves at {/trains/0/departs} and costs {/trains/0/fare}.".into(),
        ],
    };
    let number = || json!({"type": "integer", "minimum": 1, "maximum": 900});
    Library::from(vec![
        search,
        function(
            "hold_seat",
            "Hold a seat on a train.",
            json!({"train_id": TEXT(), "position": {"type": "string", "enum": ["window", "aisle"]}}),
            json!({"hold_id": TEXT(), "seat": TEXT()}),
        ),
        function(
            "getForecast",
            "This endpoint returns the forecast for a given city.",
            json!({"city": TEXT(), "opt_days": number()}),
            json!({"city": TEXT(), "condition": TEXT(), "high": number()}),
        ),
        function(
            "messages/send-text",
            "Send a text message to a phone number.",
            json!({"phone": TEXT(), "body": TEXT()}),
            json!({"id": TEXT(), "status": TEXT()}),
        ),
        function(
            "list_branches_for_repohub",
            "",
            json!({"owner": TEXT(), "repo": TEXT(), "opt_protected": {"type": "boolean"}}),
            json!({"branches": {"type": "array", "items": {"type": "object", "properties": {"name": TEXT(), "sha": TEXT()}}}}),
        ),
        function(
            "calc",
            "Calculates the monthly rate",
            json!({"loan_amount": {"type": "number"}, "interest_rate": {"type": "number"}, "loan_term": number(), "tags": {"type": "array", "items": TEXT()}}),
            json!({"monthly_rate": {"type": "number"}}),
        ),
        function("delete_pet_by_id", "«TODO»", json!({"petId": number()}), json!({})),
    ])
}

/// Plays a path without its agent's side; panics where a promise is broken.
fn play(library: &Library, path: &Path, seed: u64) -> Conversation {
    let persona = Persona::draw(seed, WalkIndex(seed), &[], &[]);
    let scene = Scene { library, path, persona: &persona, seed, walk: WalkIndex(seed) };
    let mut world = Simulation::new(seed, WalkIndex(seed));
    let mut conversation = Conversation::default();
    let mut ledger = Ledger::default();
    let mut grounds = Grounds::default();
    for turn in 0..path.turns.len() {
        let ask = WriteRequest { scene, turn, conversation: &conversation, problem: None };
        let request = request::write(&ask).unwrap();
        names_no_function(&request.text, library, path, turn);
        ledger.requests.push(Text::new(&request.text));
        grounds.add(&request.text);
        conversation.turns.push(Exchange { request, calls: vec![], reply: String::new() });
        for (step, planned) in path.turns[turn].steps.iter().enumerate() {
            let at = StepRef { turn: turn as u16, step: step as u16 };
            for copy in 0..planned.copies {
                let ask = FillCall { scene, conversation: &conversation, at, copy, problem: None };
                let arguments = fill::fill(&ask).unwrap();
                let id = format!("call_{}", conversation.executed().count() + 1);
                let call = Call { id: id.clone(), function: planned.function, arguments };
                let function = library.get(planned.function);
                for claim in ledger.trace(function, &id, &call.arguments, &[]) {
                    assert_ne!(
                        claim.source,
                        Source::None,
                        "{}: {claim:?} in {call:?} of {:?}",
                        function.name,
                        conversation.turns
                    );
                }
                let output = world.run(function, &call, &Plan::default());
                let Output::Value(value) = &output else { panic!("no fault was planned") };
                grounds.add(&value.to_string());
                grounds.add(&Value::Object(call.arguments.clone()).to_string());
                ledger.outputs.push(Shown { turn: turn as u16, call: id, output: value.clone() });
                conversation.turns[turn].calls.push(Executed { step: at, copy, call, output });
            }
        }
        replies_truthfully(scene, turn, &conversation, &grounds);
    }
    conversation
}

fn names_no_function(text: &str, library: &Library, path: &Path, turn: usize) {
    let announces = turn > 0
        && matches!(path.turns[turn - 1].purpose, Purpose::MissingFunction { resolved: true, .. });
    if !announces {
        for (_, function) in library.iter() {
            assert!(!prose::names_function(text, function), "{text:?} names {}", function.name);
        }
    }
    assert!(!text.contains("  ") && !text.contains('{') && !text.contains('['), "{text:?}");
}

fn replies_truthfully(
    scene: Scene<'_>,
    turn: usize,
    conversation: &Conversation,
    grounds: &Grounds,
) {
    let calls: Vec<Call> = conversation.turns[turn].calls.iter().map(|e| e.call.clone()).collect();
    let mut messages = vec![Message::User(conversation.turns[turn].request.text.clone())];
    for executed in &conversation.turns[turn].calls {
        messages.push(Message::Assistant { content: None, calls: vec![executed.call.clone()] });
        messages.push(Message::Tool {
            call_id: executed.call.id.clone(),
            content: executed.output.content(),
        });
    }
    let hint = match scene.path.turns[turn].purpose {
        Purpose::Calls => Hint::Calls(&calls),
        Purpose::MissingFunction { .. } => Hint::MissFunction,
        Purpose::MissingParameter { .. } => Hint::MissedParams,
        Purpose::Irrelevant { .. } => Hint::Irrelevant,
    };
    let ask = Act {
        scene,
        turn,
        messages: &messages,
        tools: &[],
        hint,
        conversation,
        draw: 0,
        problem: None,
    };
    let Action::Say(text) = act::act(&ask) else { panic!("all calls are made") };
    if matches!(hint, Hint::Calls(_)) {
        assert_eq!(grounds.first_ungrounded(&text), None, "{text:?}");
        assert_eq!(prose::failure_words(&text), None, "{text:?}");
    }
}

fn feed(turn: u16, step: u16, output: &str, input: &str) -> Feed {
    let flow = Flow { output: output.into(), input: input.into() };
    Feed { from: StepRef { turn, step }, flow }
}

fn calls(steps: Vec<Step>) -> Turn {
    Turn { purpose: Purpose::Calls, steps }
}

fn path(turns: Vec<Turn>) -> Path {
    Path { kind: Kind::MultiTurn, turns, ops: vec![] }
}

fn step(function: u32, feeds: Vec<Feed>) -> Step {
    Step { feeds, ..Step::new(FunctionId(function)) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_has_a_source_and_no_function_is_named(
        functions in prop::collection::vec(prop::collection::vec((0u32..7, 1u8..3), 1..3), 1..5), seed in 0u64..5_000,
    ) {
        let library = library();
        let turns = functions.into_iter().map(|turn| {
            let step = |(id, copies)| Step { copies, ..Step::new(FunctionId(id)) };
            calls(turn.into_iter().map(step).collect())
        });
        play(&library, &path(turns.collect()), seed);
    }

    #[test]
    fn what_is_missing_comes_with_the_next_message(seed in 0u64..5_000, id in 0u32..7, by_function in any::<bool>()) {
        let library = library();
        let function = FunctionId(id);
        let parameter = library.get(function).required().next().map(|field| field.name.clone()).unwrap_or_default();
        let purpose = match by_function {
            true => Purpose::MissingFunction { function, resolved: true },
            false => Purpose::MissingParameter { function, parameter: parameter.clone(), resolved: true },
        };
        let empty = Turn { purpose, steps: vec![] };
        let played = play(&library, &path(vec![empty, calls(vec![step(id, vec![])])]), seed);
        let (first, second) = (&played.turns[0].request, &played.turns[1].request);
        if by_function {
            prop_assert!(second.text.contains(&library.get(function).name) && second.given.is_empty());
        } else {
            let value = &played.turns[1].calls[0].call.arguments[&parameter];
            let spoken = value.is_string() || value.is_number();
            prop_assert!(!spoken || Text::new(&second.text).find(value).is_some(), "{value} in {:?}", second.text);
            prop_assert!(first.given.iter().all(|given| given.parameter != parameter));
        }
    }
}

#[test]
fn a_reference_and_its_call_mean_the_same_element() {
    let library = library();
    for seed in 0..40 {
        let hold = step(1, vec![feed(0, 0, "/trains/*/train_id", "train_id")]);
        let played =
            play(&library, &path(vec![calls(vec![step(0, vec![])]), calls(vec![hold])]), seed);
        let Output::Value(trains) = &played.turns[0].calls[0].output else { unreachable!() };
        let held = &played.turns[1].calls[0].call.arguments["train_id"];
        let text = &played.turns[1].request.text;
        let fares = trains["trains"].as_array().unwrap();
        if text.contains("cheapest") {
            let least = fares
                .iter()
                .min_by(|a, b| a["fare"].as_f64().partial_cmp(&b["fare"].as_f64()).unwrap());
            assert_eq!(&least.unwrap()["train_id"], held, "{text}");
        } else if text.contains("first") {
            assert_eq!(&fares[0]["train_id"], held, "{text}");
        }
        assert!(!text.contains(held.as_str().unwrap()), "{text}");
    }
}

#[test]
fn the_same_ask_gets_the_same_answer() {
    let library = library();
    let path = path(vec![calls(vec![step(0, vec![]), step(2, vec![])])]);
    let texts = || play(&library, &path, 11).turns[0].request.text.clone();
    assert_eq!(texts(), texts());
}

#[test]
fn an_implicit_step_goes_unmentioned() {
    let library = library();
    for seed in 0..60 {
        let implicit =
            Step { implicit: true, ..step(1, vec![feed(0, 0, "/trains/*/train_id", "train_id")]) };
        let played = play(&library, &path(vec![calls(vec![step(0, vec![]), implicit])]), seed);
        let text = played.turns[0].request.text.to_lowercase();
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        assert!(!words.any(|word| matches!(word, "seat" | "hold")), "{text}");
    }
}

#[test]
fn what_is_fed_and_what_is_said_of_one_call_differ() {
    let currency = || json!({"type": "string", "enum": ["EUR", "USD", "CHF"]});
    let library = Library::from(vec![
        function(
            "get_balance",
            "The balance of an account.",
            json!({"account": TEXT()}),
            json!({"amount": {"type": "number"}, "currency": currency()}),
        ),
        function(
            "convert",
            "Convert an amount of money.",
            json!({"amount": {"type": "number"}, "currency": currency(), "to_currency": currency()}),
            json!({"converted": {"type": "number"}}),
        ),
    ]);
    for seed in 0..60 {
        let fed = vec![feed(0, 0, "/amount", "amount"), feed(0, 0, "/currency", "currency")];
        let turns = vec![calls(vec![step(0, vec![])]), calls(vec![step(1, fed)])];
        let played = play(&library, &path(turns), seed);
        let arguments = &played.turns[1].calls[0].call.arguments;
        assert_ne!(arguments["currency"], arguments["to_currency"], "{arguments:?}");
    }
}

#[test]
fn of_two_values_of_a_kind_the_one_that_is_meant_is_told_apart() {
    let city = || json!({"city": TEXT()});
    let library = Library::from(vec![
        function("list_papers", "Local newspapers.", city(), city()),
        function("find_author", "An author.", json!({"author_name": TEXT()}), city()),
        function("get_uv_index", "How strong the sun is.", city(), json!({"index": TEXT()})),
    ]);
    for seed in 0..40 {
        let first = calls(vec![step(0, vec![]), step(1, vec![])]);
        let then = calls(vec![step(2, vec![feed(0, 1, "/city", "city")])]);
        let played = play(&library, &path(vec![first, then]), seed);
        let [papers, author] = [0, 1].map(|call| match &played.turns[0].calls[call].output {
            Output::Value(output) => output["city"].clone(),
            Output::Error(text) => panic!("no fault was planned: {text}"),
        });
        let text = &played.turns[1].request.text;
        let told = text.contains(author.as_str().unwrap()) || text.contains("of that author");
        assert!(papers == author || told, "{papers} or {author}: {text}");
    }
}

/// A library of two functions, the second fed by the first.
fn pair(first: Function, second: Function) -> Library {
    Library::from(vec![first, second])
}

fn phrased(mut function: Function, requests: &[&str]) -> Function {
    function.phrasing.requests = requests.iter().map(|text| (*text).to_owned()).collect();
    function
}

#[test]
fn a_person_is_never_it() {
    let invite = function(
        "subscribe",
        "Sign somebody up.",
        json!({"email": {"type": "string", "format": "email"}}),
        json!({"email": {"type": "string", "format": "email"}}),
    );
    let email = json!({"email": {"type": "string", "format": "email"}, "body": TEXT()});
    let send = phrased(
        function("send_mail", "Send a mail.", email, json!({"id": TEXT()})),
        &["send {email} a short mail: {body}", "write to {email} and say {body}"],
    );
    let library = pair(invite, send);
    let mut them = 0;
    for seed in 0..60 {
        let mail = step(1, vec![feed(0, 0, "/email", "email")]);
        let played =
            play(&library, &path(vec![calls(vec![step(0, vec![])]), calls(vec![mail])]), seed);
        let text = &played.turns[1].request.text;
        assert!(!text.contains(" it ") && !text.contains(" it:"), "{text}");
        them += usize::from(text.contains("them"));
    }
    assert!(them > 0);
}

#[test]
fn a_shop_with_a_number_is_no_person() {
    let shops = json!({"pharmacies": {"type": "array", "minItems": 2, "items": {"type": "object", "properties": {
        "name": TEXT(), "phone": TEXT()
    }}}});
    let find = function("find_pharmacies", "Find pharmacies.", json!({"city": TEXT()}), shops);
    let text = function(
        "send_text",
        "Send a text message.",
        json!({"phone": TEXT(), "body": TEXT()}),
        json!({"id": TEXT()}),
    );
    let library = pair(find, text);
    for seed in 0..40 {
        let send = step(1, vec![feed(0, 0, "/pharmacies/*/phone", "phone")]);
        let played =
            play(&library, &path(vec![calls(vec![step(0, vec![])]), calls(vec![send])]), seed);
        let text = &played.turns[1].request.text;
        assert!(!text.contains("that person") && text.contains("pharmac"), "{text}");
    }
}

#[test]
fn a_thing_is_not_it_behind_a_preposition() {
    let find = function(
        "get_doctor",
        "Get a doctor.",
        json!({"doctor_id": TEXT()}),
        json!({"doctor_id": TEXT(), "room": TEXT()}),
    );
    let slots = phrased(
        function("list_slots", "List free times.", json!({"doctor_id": TEXT()}), json!({})),
        &["look up the free times of {doctor_id}"],
    );
    let library = pair(find, slots);
    for seed in 0..40 {
        let list = step(1, vec![feed(0, 0, "/doctor_id", "doctor_id")]);
        let played =
            play(&library, &path(vec![calls(vec![step(0, vec![])]), calls(vec![list])]), seed);
        let text = &played.turns[1].request.text;
        assert!(!text.contains("of it"), "{text}");
    }
}

#[test]
fn an_amount_is_converted_to_another_currency() {
    let currency = || json!({"type": "string", "enum": ["EUR", "USD", "CAD"]});
    let pay = function(
        "get_payment",
        "Get a payment.",
        json!({"payment_id": TEXT()}),
        json!({"currency": currency()}),
    );
    let convert = function(
        "convert",
        "Convert an amount.",
        json!({"amount": {"type": "number"}, "currency": currency(), "to_currency": currency()}),
        json!({"amount": {"type": "number"}}),
    );
    let library = pair(pay, convert);
    for seed in 0..60 {
        let fed = step(1, vec![feed(0, 0, "/currency", "currency")]);
        let turns =
            vec![calls(vec![step(0, vec![])]), calls(vec![fed]), calls(vec![step(1, vec![])])];
        let played = play(&library, &path(turns), seed);
        for executed in played.turns[1..].iter().flat_map(|turn| &turn.calls) {
            let arguments = &executed.call.arguments;
            assert_ne!(arguments["currency"], arguments["to_currency"], "{arguments:?}");
        }
    }
}

#[test]
fn an_event_moves_to_another_day() {
    let date = || json!({"type": "string", "format": "date"});
    let get = function(
        "get_event",
        "Get an event.",
        json!({"event_id": TEXT()}),
        json!({"event_id": TEXT(), "date": date()}),
    );
    let shift = function(
        "move_event",
        "Move an event to another day.",
        json!({"event_id": TEXT(), "date": date()}),
        json!({"event_id": TEXT()}),
    );
    let library = pair(get, shift);
    for seed in 0..40 {
        let feeds =
            |turn| vec![feed(turn, 0, "/event_id", "event_id"), feed(turn, 0, "/date", "date")];
        let apart = path(vec![calls(vec![step(0, vec![])]), calls(vec![step(1, feeds(0))])]);
        let together = path(vec![calls(vec![step(0, vec![]), step(1, feeds(0))])]);
        for path in [apart, together] {
            let played = play(&library, &path, seed);
            let all: Vec<&Executed> = played.turns.iter().flat_map(|turn| &turn.calls).collect();
            let Output::Value(event) = &all[0].output else { unreachable!() };
            assert_ne!(event["date"], all[1].call.arguments["date"]);
            assert_eq!(event["event_id"], all[1].call.arguments["event_id"]);
        }
    }
}

#[test]
fn what_is_created_gets_a_name() {
    let name = || json!({"playlist_name": TEXT()});
    let share = function("share_playlist", "Share a playlist.", json!({"email": TEXT()}), name());
    let make = phrased(
        function("create_playlist", "Create a playlist.", name(), json!({"id": TEXT()})),
        &["make a playlist called {playlist_name}"],
    );
    let library = pair(share, make);
    for seed in 0..30 {
        let made = step(1, vec![feed(0, 0, "/playlist_name", "playlist_name")]);
        let played =
            play(&library, &path(vec![calls(vec![step(0, vec![])]), calls(vec![made])]), seed);
        let text = &played.turns[1].request.text;
        let pointed =
            ["called this", "called that", "called the playlist", "called the new", "called it"];
        assert!(!pointed.iter().any(|words| text.contains(words)), "{text}");
    }
}

/// The opening messages for one function, over many conversations.
fn openings(function: Function) -> Vec<String> {
    let library = Library::from(vec![function]);
    let alone = path(vec![calls(vec![step(0, vec![])])]);
    (0..40).map(|seed| play(&library, &alone, seed).turns[0].request.text.clone()).collect()
}

#[test]
fn one_stays_in_a_place_and_pays_for_a_term() {
    let hotel = function(
        "search_hotel",
        "Search for a hotel.",
        json!({"destination": TEXT()}),
        json!({"hotel": TEXT()}),
    );
    for text in openings(hotel) {
        assert!(text.contains(" in ") && !text.contains("hotel to "), "{text}");
    }
    let loan = function(
        "calculate_payment",
        "Calculate the monthly payment.",
        json!({"loan_amount": {"type": "number"}, "loan_term": {"type": "integer"}}),
        json!({"rate": {"type": "number"}}),
    );
    for text in openings(loan) {
        let searched = ["payment about", "payment on", "payment matching", "payment related"];
        assert!(!searched.iter().any(|words| text.contains(words)), "{text}");
    }
}

#[test]
fn a_file_is_called_by_its_name() {
    let file =
        json!({"type": "object", "properties": {"file_name": TEXT()}, "required": ["file_name"]});
    let recognize = function(
        "recognize_song",
        "Recognize a song in an audio file.",
        json!({"audio_file": file}),
        json!({"song": TEXT()}),
    );
    for text in openings(recognize) {
        assert!(!text.contains("file name "), "{text}");
    }
}
