//! What the simulator promises, stated as behaviour.

use magnet_proto::FunctionId;
use magnet_proto::library::Document;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn function(name: &str, parameters: Value, response: Value) -> Function {
    Function::from(Document {
        name: name.into(),
        description: String::new(),
        category: "travel".into(),
        class: "trains".into(),
        parameters: json!({ "type": "object", "properties": parameters }),
        response: (!response.is_null()).then_some(response),
    })
}

fn object(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties })
}

/// A session with numbered calls.
struct Story {
    simulation: Simulation,
    calls: usize,
}

impl Story {
    fn of_walk(walk: u64) -> Self {
        Self { simulation: Simulation::new(7, WalkIndex(walk)), calls: 0 }
    }

    fn plan(&mut self, function: &Function, arguments: Value, plan: &Plan) -> Output {
        self.calls += 1;
        let call = Call {
            id: format!("call_{}", self.calls),
            function: FunctionId(0),
            arguments: arguments.as_object().unwrap().clone(),
        };
        self.simulation.run(function, &call, plan)
    }

    fn call(&mut self, function: &Function, arguments: Value) -> Value {
        self.plan(function, arguments, &Plan::default()).value
    }
}

fn search_trains() -> Function {
    function(
        "search_trains",
        json!({"origin": {"type": "string"}, "destination": {"type": "string"}, "date": {"type": "string"}}),
        object(json!({
            "count": {"type": "integer"},
            "trains": {"type": "array", "items": object(json!({
                "train_id": {"type": "string", "x-noun": "train"},
                "origin": {"type": "string"},
                "departs": {"type": "string", "description": "HH:MM"},
                "arrives": {"type": "string", "format": "time"},
                "fare": {"type": "number", "minimum": 5, "maximum": 90},
            }))}
        })),
    )
}

fn get_train() -> Function {
    function(
        "get_train",
        json!({"train_id": {"type": "string"}}),
        object(json!({
            "train_id": {"type": "string"},
            "departs": {"type": "string"},
            "fare": {"type": "number"},
            "platform": {"type": "integer"},
        })),
    )
}

fn journey() -> Value {
    json!({"origin": "Geneva", "destination": "Lyon", "date": "2026-03-14"})
}

#[test]
fn the_same_calls_give_the_same_outputs() {
    let (search, get) = (search_trains(), get_train());
    let tell = || {
        let mut story = Story::of_walk(3);
        let found = story.call(&search, journey());
        let train = story.call(&get, json!({"train_id": found["trains"][0]["train_id"]}));
        (found, train)
    };
    assert_eq!(tell(), tell());
    assert_ne!(Story::of_walk(4).call(&search, journey()), tell().0);
}

#[test]
fn what_was_returned_once_stays_true() {
    let (search, get) = (search_trains(), get_train());
    let mut story = Story::of_walk(1);
    let found = story.call(&search, journey());
    story.call(&get, json!({"train_id": found["trains"][0]["train_id"]}));
    let again = json!({"date": "2026-03-14", "destination": "Lyon", "origin": "Geneva"});
    assert_eq!(story.call(&search, again), found);
}

#[test]
fn an_id_brings_its_facts_back() {
    let mut story = Story::of_walk(2);
    let found = story.call(&search_trains(), journey());
    let last = found["trains"].as_array().unwrap().last().unwrap();
    let train = story.call(&get_train(), json!({"train_id": last["train_id"]}));
    for field in ["train_id", "departs", "fare"] {
        assert_eq!(train[field], last[field], "{field}");
    }
}

#[test]
fn lists_are_short_distinct_counted_and_in_order() {
    for walk in 0..40 {
        let found = Story::of_walk(walk).call(&search_trains(), journey());
        let trains = found["trains"].as_array().unwrap();
        assert!((2..=4).contains(&trains.len()));
        assert_eq!(found["count"], trains.len());
        assert!(trains.iter().all(|train| train["origin"] == "Geneva"));
        assert!(trains.is_sorted_by_key(|train| train["departs"].as_str().unwrap().to_owned()));
        let ids: std::collections::BTreeSet<_> =
            trains.iter().map(|t| t["train_id"].to_string()).collect();
        assert_eq!(ids.len(), trains.len());
    }
}

#[test]
fn what_was_created_is_found_again() {
    let create = function(
        "create_reminder",
        json!({"title": {"type": "string"}, "due": {"type": "string"}}),
        object(json!({"reminder_id": {"type": "string"}, "status": {"type": "string"}})),
    );
    let reminder = object(json!({
        "reminder_id": {"type": "string"}, "title": {"type": "string"}, "due": {"type": "string"}
    }));
    let get =
        function("get_reminder", json!({"reminder_id": {"type": "string"}}), reminder.clone());
    let list = function(
        "list_reminders",
        json!({}),
        object(json!({"reminders": {"type": "array", "items": reminder}})),
    );
    let mut story = Story::of_walk(5);
    let made = story.call(&create, json!({"title": "renew passport", "due": "2026-05-02"}));
    let read = story.call(&get, json!({"reminder_id": made["reminder_id"]}));
    assert_eq!((&read["title"], &read["due"]), (&json!("renew passport"), &json!("2026-05-02")));
    let listed = story.call(&list, json!({}));
    let titles: Vec<&Value> =
        listed["reminders"].as_array().unwrap().iter().map(|r| &r["title"]).collect();
    assert!(titles.contains(&&json!("renew passport")), "{listed}");
}

#[test]
fn a_list_holds_what_is_known_to_be_all_that_was_asked() {
    let event = object(json!({
        "event_id": {"type": "string"}, "title": {"type": "string"}, "date": {"type": "string"}
    }));
    let get = function("get_event", json!({"event_id": {"type": "string"}}), event);
    let list = function(
        "list_events",
        json!({"date": {"type": "string"}}),
        object(json!({
            "date": {"type": "string"},
            "events": {"type": "array", "items": object(json!({
                "event_id": {"type": "string"}, "title": {"type": "string"}
            }))}
        })),
    );
    for walk in 0..20 {
        let mut story = Story::of_walk(walk);
        let read = story.call(&get, json!({"event_id": "EV-40871"}));
        let same = json!({"event_id": read["event_id"], "title": read["title"]});
        let on_its_day = story.call(&list, json!({"date": read["date"]}));
        assert!(on_its_day["events"].as_array().unwrap().contains(&same), "{on_its_day}");
        let on_another = story.call(&list, json!({"date": "2019-01-02"}));
        assert!(!on_another["events"].as_array().unwrap().contains(&same), "{on_another}");
    }
}

#[test]
fn a_change_shows_in_what_is_read_again() {
    let fields = json!({"task_id": {"type": "string"}, "title": {"type": "string"}, "owner": {"type": "string"}});
    let get = function("get_task", json!({"task_id": {"type": "string"}}), object(fields.clone()));
    let update = function("update_task", fields, object(json!({"status": {"type": "string"}})));
    let mut story = Story::of_walk(6);
    let before = story.call(&get, json!({"task_id": "TS-40871"}));
    story.call(&update, json!({"task_id": "TS-40871", "title": "call the bank"}));
    let after = story.call(&get, json!({"task_id": "TS-40871"}));
    assert_eq!(after["title"], "call the bank");
    assert_eq!(after["owner"], before["owner"]);
}

#[test]
fn a_bulky_output_is_long_and_true() {
    let search = search_trains();
    let mut story = Story::of_walk(9);
    let bulky = Plan { bulky: true, ..Plan::default() };
    let found = story.plan(&search, journey(), &bulky).value;
    let trains = found["trains"].as_array().unwrap();
    assert!((30..=60).contains(&trains.len()));
    assert_eq!(found["count"], trains.len());
    let train = story.call(&get_train(), json!({"train_id": trains[20]["train_id"]}));
    assert_eq!(train["fare"], trains[20]["fare"]);
}

#[test]
fn a_function_without_a_schema_says_what_it_did() {
    let send = function("send_note", json!({"to": {"type": "string"}}), Value::Null);
    let sent = Story::of_walk(10).call(&send, json!({"to": "Ana"}));
    assert_eq!((&sent["status"], &sent["to"]), (&json!("success"), &json!("Ana")));
    let delete = function("delete_note", json!({"note_id": {"type": "string"}}), Value::Null);
    assert_eq!(
        Story::of_walk(10).call(&delete, json!({"note_id": "N-1"})),
        json!({"status": "ok"})
    );
}

/// Schemas as libraries have them, nested and with bounds.
fn schema() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "id", "name", "count", "total", "price", "city", "email", "created_at", "status", "error",
        "min_price", "max_price", "rank", "items", "url", "order_id", "quantity", "zz_9",
    ]);
    let scalar = prop_oneof![
        (0usize..9, 0usize..30).prop_map(|(least, more)| {
            json!({"type": "string", "minLength": least, "maxLength": least + more})
        }),
        Just(json!({"type": "string", "format": "date-time"})),
        Just(json!({"type": "string", "pattern": "^[A-Z]{2}-\\d{3,5}$"})),
        Just(json!({"type": "string", "enum": ["open", "closed", "failed"]})),
        (-50i64..50, 0i64..1_000).prop_map(|(least, more)| {
            json!({"type": "integer", "minimum": least, "maximum": least + more})
        }),
        (-5.0f64..5.0, 0.0f64..9.0).prop_map(|(least, more)| {
            json!({"type": "number", "minimum": least, "maximum": least + more})
        }),
        Just(json!({"type": "boolean"})),
        Just(json!({"type": ["null", "string"]})),
        Just(json!({})),
    ];
    scalar.prop_recursive(3, 24, 5, move |inner| {
        let field = (inner.clone(), any::<bool>());
        let fields = prop::collection::btree_map(name.clone(), field, 1..5);
        prop_oneof![
            (inner, 0usize..4).prop_map(|(items, least)| {
                json!({"type": "array", "items": items, "minItems": least, "maxItems": least + 2})
            }),
            fields.prop_map(|fields| {
                let required: Vec<&str> =
                    fields.iter().filter(|(_, field)| field.1).map(|(name, _)| *name).collect();
                let properties: serde_json::Map<String, Value> = fields
                    .iter()
                    .map(|(name, field)| ((*name).to_owned(), field.0.clone()))
                    .collect();
                json!({"type": "object", "properties": properties, "required": required})
            }),
        ]
    })
}

proptest! {
    #[test]
    fn outputs_are_valid_against_their_schema(
        schema in schema(), id in "[A-Z]{2}-[0-9]{1,5}", price in -9.0f64..900.0, bulky: bool, walk in 0u64..1_000
    ) {
        let get = function(
            "get_order",
            json!({"order_id": {"type": "string"}, "max_price": {"type": "number"}, "name": {"type": "string"}}),
            schema.clone(),
        );
        let validator = jsonschema::validator_for(&schema).unwrap();
        let arguments = json!({"order_id": id, "max_price": price, "name": "Ana Silva"});
        let mut story = Story::of_walk(walk);
        let plan = Plan { bulky, ..Plan::default() };
        let first = story.plan(&get, arguments.clone(), &plan);
        let value = first.ok().unwrap();
        prop_assert!(validator.is_valid(value), "{value} against {schema}");
        prop_assert_eq!(&story.plan(&get, arguments, &Plan::default()), &first);
    }
}

/// A calendar: events are made, listed by day and looked up.
fn create_event() -> Function {
    function(
        "create_event",
        json!({"title": {"type": "string"}, "date": {"type": "string"}, "start_time": {"type": "string"}}),
        object(json!({"event_id": {"type": "string"}, "end_time": ends()})),
    )
}

fn list_events() -> Function {
    let event = json!({
        "event_id": {"type": "string"}, "start_time": {"type": "string", "format": "time"},
        "end_time": ends()
    });
    function(
        "list_events",
        json!({"date": {"type": "string"}}),
        object(json!({
            "date": {"type": "string"}, "events": {"type": "array", "items": object(event)}
        })),
    )
}

fn get_event() -> Function {
    function(
        "get_event",
        json!({"event_id": {"type": "string"}}),
        object(json!({
            "event_id": {"type": "string"}, "date": {"type": "string", "format": "date"},
            "start_time": {"type": "string"}, "end_time": ends(),
            "status": {"type": "string", "enum": ["planned", "cancelled"], "examples": ["planned"]}
        })),
    )
}

fn ends() -> Value {
    json!({"type": "string", "format": "time"})
}

#[test]
fn how_long_a_thing_lasts_is_told_once() {
    for walk in 0..20 {
        let mut story = Story::of_walk(walk);
        let day = json!({"title": "yoga", "date": "2026-10-29", "start_time": "09:00"});
        let made = story.call(&create_event(), day);
        let id = json!({"event_id": made["event_id"]});
        assert_eq!(story.call(&get_event(), id)["end_time"], made["end_time"]);
        let listed = story.call(&list_events(), json!({"date": "2026-10-29"}));
        let events = listed["events"].as_array().unwrap();
        let same = events.iter().find(|event| event["event_id"] == made["event_id"]).unwrap();
        assert_eq!(same["end_time"], made["end_time"]);
    }
}

#[test]
fn what_was_cancelled_says_so_from_then_on() {
    let cancel = function(
        "cancel_event",
        json!({"event_id": {"type": "string"}}),
        object(json!({
            "event_id": {"type": "string"},
            "status": {"type": "string", "const": "cancelled"}
        })),
    );
    let mut story = Story::of_walk(5);
    let id = json!({"event_id": "EV-19926"});
    assert_eq!(story.call(&get_event(), id.clone())["status"], "planned");
    story.call(&cancel, id.clone());
    assert_eq!(story.call(&get_event(), id)["status"], "cancelled");
}

#[test]
fn what_a_list_was_asked_by_holds_for_each_of_its_elements() {
    let mut story = Story::of_walk(6);
    let found = story.call(&list_events(), json!({"date": "2026-02-02"}));
    let event = story.call(&get_event(), json!({"event_id": found["events"][1]["event_id"]}));
    assert_eq!(event["date"], "2026-02-02");
}

#[test]
fn a_thing_made_for_one_day_is_not_listed_for_another() {
    let mut story = Story::of_walk(6);
    let day = json!({"title": "yoga", "date": "2026-10-29", "start_time": "09:00"});
    let made = story.call(&create_event(), day);
    let found = story.call(&list_events(), json!({"date": "2026-02-02"}));
    let ids = found["events"].as_array().unwrap().iter().map(|event| &event["event_id"]);
    assert!(ids.clone().all(|id| *id != made["event_id"]), "{found}");
}

#[test]
fn a_thing_lends_its_facts_to_what_names_it_through_another() {
    let doctor = function(
        "get_doctor",
        json!({"doctor_id": {"type": "string"}}),
        object(json!({"doctor_id": {"type": "string"}, "doctor_name": {"type": "string"}})),
    );
    let slots = function(
        "list_slots",
        json!({"doctor_id": {"type": "string"}}),
        object(json!({
            "doctor_id": {"type": "string"},
            "slots": {"type": "array", "items": object(json!({"slot_id": {"type": "string"}}))}
        })),
    );
    let book = function(
        "book_appointment",
        json!({"slot_id": {"type": "string"}}),
        object(json!({
            "appointment_id": {"type": "string"}, "doctor_id": {"type": "string"},
            "doctor_name": {"type": "string"}
        })),
    );
    let mut story = Story::of_walk(9);
    let known = story.call(&doctor, json!({"doctor_id": "DC-31366"}));
    let free = story.call(&slots, json!({"doctor_id": "DC-31366"}));
    let booked = story.call(&book, json!({"slot_id": free["slots"][0]["slot_id"]}));
    assert_eq!(booked["doctor_name"], known["doctor_name"]);
}
