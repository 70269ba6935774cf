use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use magnet_proto::FunctionId;
use magnet_proto::config::{Campaign, GraphSettings};
use magnet_proto::graph::{Edge, EdgeKind, EdgeSource, Flow, Graph};
use magnet_proto::library::{Function, Library};
use magnet_worker::teacher::Judged;
use proptest::prelude::*;
use serde_json::json;

use super::fixture::{described, function, library, moved};
use super::{Draft, build};

/// The edge from the first of two functions to the second.
fn edge(v: Function, u: Function) -> Option<Edge> {
    let library = library(vec![v, u]);
    let graph = build(&library, &GraphSettings::default(), 7);
    graph.edge(FunctionId(0), FunctionId(1)).cloned()
}

/// The flows of that edge as "output → input".
fn flows(v: Function, u: Function) -> Vec<String> {
    let flows = edge(v, u).map(|edge| edge.flows).unwrap_or_default();
    flows.iter().map(|Flow { output, input }| format!("{output} → {input}")).collect()
}

#[test]
fn an_id_found_feeds_the_function_that_asks_for_it() {
    let output = json!({"trains": {"type": "array", "items": {"type": "object", "properties": {
        "id": {"type": "string"}, "status": {"type": "string"}}}}});
    let found = edge(
        function("search_trains", &["origin"], Some(output)),
        function("hold_seat", &["train_id"], None),
    );
    let found = found.unwrap();
    assert_eq!(found.kind, EdgeKind::FullInput);
    assert_eq!(found.source, EdgeSource::Schema);
    assert_eq!(found.flows[0].output, "/trains/*/id");
}

#[test]
fn spelling_does_not_matter() {
    let check = |output: &str, input: &str| {
        let properties = json!({output: {"type": "string"}});
        let found =
            flows(function("get_it", &[], Some(properties)), function("use", &[input], None));
        assert_eq!(found, [format!("/{output} → {input}")]);
    };
    check("trainId", "train_id");
    check("lat", "latitude");
    check("user_name", "username");
    check("repo_name", "repository_name");
    check("departure_city", "city");
}

#[test]
fn an_outcome_is_no_value() {
    let check = |output: &str, input: &str| {
        let properties = json!({output: {"type": "string"}});
        let found =
            flows(function("get_it", &[], Some(properties)), function("use", &[input], None));
        assert_eq!(found, Vec::<String>::new(), "{output} → {input}");
    };
    check("status", "city");
    check("status", "status");
    check("message", "text");
    check("train_name", "train_id");
    check("hotel_id", "train_id");
    check("created_at", "date");
}

#[test]
fn types_and_formats_may_refuse() {
    let typed = |output, input| {
        let parameters = json!({"type": "object", "properties": {"train_id": input},
            "required": ["train_id"]});
        flows(
            function("get_train", &[], Some(json!({"train_id": output}))),
            described("use", parameters, None),
        )
    };
    let (text, whole) = (json!({"type": "string"}), json!({"type": "integer"}));
    assert_eq!(typed(whole.clone(), text.clone()).len(), 1, "a number can be written");
    assert!(typed(text.clone(), whole).is_empty(), "a text is no number");
    assert!(typed(json!({"type": "boolean"}), text.clone()).is_empty());
    assert!(typed(text, json!({"type": "string", "enum": ["a", "b"]})).is_empty());
    let dated = |format| json!({"type": "string", "format": format});
    assert!(typed(dated("date"), dated("date-time")).is_empty());
    assert_eq!(typed(dated("uuid"), dated("uuid")).len(), 1);
}

#[test]
fn one_value_does_not_go_two_ways() {
    let found = flows(
        function("get_place", &[], Some(json!({"city": {"type": "string"}}))),
        function("plan_trip", &["origin_city", "destination_city"], None),
    );
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn what_is_deleted_is_not_passed_on() {
    let output = || Some(json!({"train_id": {"type": "string"}}));
    let found = edge(
        function("delete_train", &["train_id"], output()),
        function("update_train", &["train_id"], None),
    );
    assert!(found.is_none_or(|edge| edge.flows.is_empty()));
}

#[test]
fn what_is_closed_is_only_looked_at() {
    let flows_to = |name| {
        let output = Some(json!({"ticket_id": {"type": "string"}}));
        let closed = function("close_ticket", &["ticket_id"], output);
        flows(closed, function(name, &["ticket_id"], None)).len()
    };
    assert_eq!(flows_to("get_ticket"), 1);
    assert_eq!(flows_to("assign_ticket"), 0);
}

#[test]
fn kin_that_a_library_tells_apart_are_two_things() {
    let give = || function("get_it", &[], Some(json!({"booking_id": {"type": "string"}})));
    let take = || function("change_table", &["reservation_id"], None);
    assert_eq!(flows(give(), take()).len(), 1);
    let both = library(vec![give(), take(), function("change_room", &["booking_id"], None)]);
    let graph = build(&both, &GraphSettings::default(), 7);
    let edge = graph.edge(FunctionId(0), FunctionId(1));
    assert!(edge.is_none_or(|edge| edge.flows.is_empty()));
}

#[test]
fn a_thing_is_not_changed_to_what_it_is() {
    let event = || Some(json!({"event_id": {"type": "string"}, "date": {"type": "string"}}));
    let flows_to = |name| {
        flows(function("get_event", &[], event()), function(name, &["event_id", "date"], None))
    };
    assert_eq!(flows_to("move_event"), ["/event_id → event_id"]);
    assert_eq!(flows_to("remind").len(), 2);
}

#[test]
fn one_writes_to_a_desk_but_does_not_pay_it() {
    let flows_to = |output: &str, name: &str| {
        let output = Some(json!({output: {"type": "string", "format": "email"}}));
        flows(function("get_refund", &[], output), function(name, &["email"], None)).len()
    };
    assert_eq!(flows_to("support_email", "send_money"), 0);
    assert_eq!(flows_to("support_email", "send_email"), 1);
    assert_eq!(flows_to("seller_email", "send_money"), 1);
}

#[test]
fn a_verb_that_decides_about_another_makes_a_precondition() {
    let found =
        edge(function("create_album", &[], None), function("delete_album", &["title"], None));
    assert_eq!(found.unwrap().kind, EdgeKind::Precondition);
}

#[test]
fn a_part_of_the_inputs_is_a_partial_input() {
    let output = json!({"train_id": {"type": "string"}});
    let found = edge(
        function("get_train", &[], Some(output)),
        function("hold_seat", &["train_id", "seat_class"], None),
    );
    assert_eq!(found.unwrap().kind, EdgeKind::PartialInput);
}

/// Many functions whose ids feed each other, in three categories.
fn chain(length: usize) -> Library {
    let link = |at: usize| {
        let output = json!({format!("thing{}_id", letter(at + 1)): {"type": "string"}});
        let input = format!("thing{}_id", letter(at));
        let made = function(&format!("get_thing{}", letter(at)), &[&input], Some(output));
        moved(made, ["a", "b", "c"][at % 3], "misc")
    };
    library((0..length).map(link).collect())
}

fn letter(at: usize) -> String {
    at.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

#[test]
fn the_best_matches_are_among_the_candidates_by_default() {
    let library = chain(300);
    let graph = build(&library, &GraphSettings::default(), 7);
    let linked = (0..299).filter(|&at| {
        graph.edge(FunctionId(at), FunctionId(at + 1)).is_some_and(|edge| !edge.flows.is_empty())
    });
    assert!(linked.count() >= 290);
}

#[test]
fn the_paper_draws_candidates_at_random_from_the_category_only() {
    let library = chain(300);
    let graph = build(&library, &Campaign::paper().graph, 7);
    for (v, node) in graph.nodes() {
        assert_eq!(node.candidates.len(), 30);
        assert!(
            node.candidates.iter().all(|&u| library.get(u).category == library.get(v).category)
        );
    }
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let library = chain(60);
    let settings = GraphSettings::default();
    assert_eq!(build(&library, &settings, 7), build(&library, &settings, 7));
    assert_ne!(build(&library, &settings, 7), build(&library, &settings, 8));
}

#[test]
fn candidates_of_a_function_do_not_depend_on_its_place_in_the_library() {
    let names = |library: &Library| -> BTreeSet<String> {
        let graph = build(library, &Campaign::paper().graph, 7);
        let v = library.find("get_thinga").unwrap();
        graph.candidates(v).iter().map(|&u| library.get(u).name.clone()).collect()
    };
    let one = chain(300);
    assert_eq!(names(&one), names(&chain(300)));
    assert_eq!(names(&one).len(), 30);
}

#[test]
fn a_judge_may_only_name_candidates() {
    let library = chain(40);
    let mut draft = Draft::new(&library, &GraphSettings::default(), 7);
    let v = FunctionId(0);
    let named = draft.candidates(v)[0];
    let judged = |to| Judged { to, kind: EdgeKind::Precondition, flow: None };
    draft.judge(v, &[judged(named), judged(v)]);
    let graph = draft.finish();
    assert!(graph.edge(v, named).is_some() && graph.edge(v, v).is_none());
}

#[test]
fn a_judge_cannot_feed_one_things_id_to_another() {
    let output = || Some(json!({"hotel_id": {"type": "string"}, "rooms": {"type": "integer"}}));
    let find = function("find_hotels", &["city"], output());
    let hold = function("hold_seat", &["train_id"], None);
    let library = library(vec![find, hold, function("book", &["reference"], None)]);
    let mut draft = Draft::new(&library, &GraphSettings::default(), 7);
    let judged = |to, output: &str, input: &str| Judged {
        to: FunctionId(to),
        kind: EdgeKind::PartialInput,
        flow: Some(Flow { output: output.into(), input: input.into() }),
    };
    draft.judge(FunctionId(0), &[judged(1, "/hotel_id", "train_id")]);
    assert!(!draft.has_flow(FunctionId(0), FunctionId(1)));
    draft.judge(FunctionId(0), &[judged(2, "/hotel_id", "reference")]);
    assert!(draft.has_flow(FunctionId(0), FunctionId(2)), "an opaque name may take it");
}

#[test]
fn a_function_without_an_output_still_leads_somewhere() {
    let silent = |name| function(name, &["keyword"], None);
    let library = library(vec![silent("alpha"), silent("beta"), silent("gamma"), silent("delta")]);
    let graph = build(&library, &GraphSettings::default(), 7);
    assert!(graph.nodes().all(|(_, node)| !node.edges.is_empty()));
}

/// What holds of every graph of that library.
fn check_sound(library: &Library, graph: &Graph, settings: &GraphSettings) {
    assert_eq!(graph.len(), library.len());
    for (v, node) in graph.nodes() {
        assert!(node.candidates.len() <= settings.candidates.get());
        assert!(node.candidates.is_sorted() && !node.candidates.contains(&v));
        assert!(node.edges.len() <= settings.max_out_degree.get());
        assert!(node.edges.is_sorted_by(|a, b| a.to < b.to));
        for edge in &node.edges {
            assert!(node.candidates.contains(&edge.to), "E(v) lies in N(v)");
            let (from, to) = (library.get(v), library.get(edge.to));
            let outputs: Vec<_> = from.output_leaves().into_iter().map(|leaf| leaf.path).collect();
            assert!(edge.flows.iter().all(|flow| outputs.contains(&flow.output)));
            assert!(edge.flows.iter().all(|flow| to.param(&flow.input).is_some()));
            let fed = |name: &str| edge.flows.iter().any(|flow| flow.input == name);
            match edge.kind {
                EdgeKind::FullInput => assert!(to.required().all(|field| fed(&field.name))),
                EdgeKind::PartialInput => assert!(!edge.flows.is_empty()),
                EdgeKind::Precondition => assert!(edge.flows.is_empty()),
            }
        }
    }
}

fn any_function() -> impl Strategy<Value = Function> {
    let word = "(get|list|create|delete|train|seat|user|id|name|city|date|token|q|status|état){1}";
    let name = prop::collection::vec(word, 1..4).prop_map(|words| words.join("_"));
    let fields = prop::collection::vec(
        (
            name.clone(),
            prop::sample::select(vec!["string", "integer", "number", "boolean", "array"]),
        ),
        0..5,
    );
    let category = prop::sample::select(vec!["a", "b", "misc"]);
    let class = prop::sample::select(vec!["x", "misc"]);
    (name, fields.clone(), prop::option::of(fields), category, class).prop_map(
        |(name, inputs, outputs, category, class)| {
            let object = |fields: Vec<(String, &str)>| {
                fields.into_iter().map(|(name, ty)| (name, json!({"type": ty}))).collect()
            };
            let required: Vec<String> =
                inputs.iter().map(|(name, _)| name.clone()).take(2).collect();
            let inputs: serde_json::Value = serde_json::Value::Object(object(inputs));
            let parameters = json!({"type": "object", "properties": inputs, "required": required});
            let outputs = outputs.map(|fields| serde_json::Value::Object(object(fields)));
            moved(described(&name, parameters, outputs), category, class)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_graph_is_sound(
        functions in prop::collection::vec(any_function(), 0..40),
        candidates in 1_usize..20,
        degree in 1_usize..6,
        cross_category in 0.0..1.0,
        matched in 0.0..1.0,
    ) {
        let library = library(functions);
        let settings = GraphSettings {
            candidates: NonZeroUsize::new(candidates).unwrap(),
            max_out_degree: NonZeroUsize::new(degree).unwrap(),
            cross_category,
            matched,
            ..GraphSettings::default()
        };
        check_sound(&library, &build(&library, &settings, 7), &settings);
    }
}
