//! Every call called for: what a record's brief promises, checked from the
//! record alone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Magnet, folder, records, write};

const SAMPLES: usize = 200;

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("no list {key} in {value}"))
}

fn number(value: &Value) -> usize {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count")) as usize
}

/// The messages of each user turn, its request first.
fn turns(messages: &[Value]) -> Vec<&[Value]> {
    let starts: Vec<usize> =
        (0..messages.len()).filter(|at| messages[*at]["role"] == "user").collect();
    let ends = starts.iter().skip(1).copied().chain([messages.len()]);
    starts.iter().zip(ends).map(|(start, end)| &messages[*start..end]).collect()
}

/// The outputs of a message list, by the function that was called; of one that
/// failed and was made again, the last.
fn outputs(messages: &[Value]) -> BTreeMap<&str, Value> {
    let calls = messages.iter().filter_map(|message| message["tool_calls"].as_array()).flatten();
    let answer =
        |call: &Value| messages.iter().find(|message| message["tool_call_id"] == call["id"]);
    calls
        .filter_map(|call| {
            let content = answer(call)?["content"].as_str()?;
            Some((call["function"]["name"].as_str()?, serde_json::from_str(content).ok()?))
        })
        .collect()
}

/// Whether an output says a value under a name.
fn tells(output: &Value, name: &str, value: &Value) -> bool {
    match output {
        Value::Object(members) => members
            .iter()
            .any(|(key, inner)| (key == name && inner == value) || tells(inner, name, value)),
        Value::Array(items) => items.iter().any(|item| tells(item, name, value)),
        _ => false,
    }
}

fn inserted(row: &Value) -> Vec<(&str, usize)> {
    let short = |op: &&Value| op["op"] == "insert" && op["kind"] == "short";
    let ops = list(&row["metadata"], "node_ops").iter().filter(short);
    ops.map(|op| (op["new_fn"].as_str().expect("a name"), number(&op["dst_turn"]))).collect()
}

/// The place that an inserted call's want is for, and what stands there.
fn wanted(row: &Value, function: &str, turn: usize) -> (String, Value) {
    let path = list(&row["metadata"], "signature_path")[turn].as_array().expect("a list");
    let step = path.iter().rposition(|name| name == function).expect("it is called there");
    let told = &list(&row["metadata"]["brief"], "turns")[turn];
    let want = list(told, "wants").iter().find(|want| number(&want["step"]) == step);
    let want = want.unwrap_or_else(|| panic!("nothing is wanted of \"{function}\": {told}"));
    let place = want["place"].as_str().expect("a pointer").to_owned();
    let messages = list(row, "messages");
    let output = outputs(turns(messages)[turn])[function].clone();
    let value = output.pointer(&place).unwrap_or_else(|| panic!("no {place} in {output}"));
    assert!(!place.is_empty(), "all of \"{function}\" is wanted, and not one fact");
    (place, value.clone())
}

#[test]
fn an_inserted_call_tells_a_fact_that_nothing_before_it_tells() {
    let folder = folder();
    Magnet::new(folder.path()).args(&format!("run --samples {SAMPLES}")).run().expect(0);
    let rows = records(&folder.path().join("out/sft.jsonl"));
    let mut nested = 0;
    for row in &rows {
        let messages = list(row, "messages");
        for (function, turn) in inserted(row) {
            nested += 1;
            let (place, value) = wanted(row, function, turn);
            let name = place.rsplit('/').next().unwrap();
            let before = messages.iter().take_while(|message| {
                let calls = message["tool_calls"].as_array();
                let own = |call: &Value| call["function"]["name"] == function;
                !calls.is_some_and(|calls| calls.iter().any(own))
            });
            for message in before.filter(|message| message["role"] == "tool") {
                let content = message["content"].as_str().unwrap();
                let output: Value = serde_json::from_str(content).unwrap_or_default();
                assert!(!tells(&output, name, &value), "{}: {name} is told before", row["id"]);
            }
            let closing = turns(messages)[turn].last().unwrap()["content"].as_str().unwrap();
            assert!(!closing.is_empty());
        }
    }
    assert!(nested * 2 > rows.len(), "{nested} nested calls in {} conversations", rows.len());

    let pairs = records(&folder.path().join("out/preference.jsonl"));
    let by_id: BTreeMap<&str, &Value> =
        rows.iter().map(|row| (row["id"].as_str().unwrap(), row)).collect();
    let nested = pairs.iter().filter(|pair| pair["metadata"]["error_type"] == "nested");
    let mut checked = 0;
    for pair in nested {
        let row = by_id[pair["metadata"]["sample"].as_str().unwrap()];
        let turn = number(&pair["metadata"]["turn"]);
        let rejected = turns(list(pair, "rejected"))[turn];
        let left_out = inserted(row)
            .into_iter()
            .find(|(function, at)| *at == turn && !outputs(rejected).contains_key(function));
        let (function, _) = left_out.expect("an inserted call is left out");
        wanted(row, function, turn);
        checked += 1;
    }
    assert!(checked > 0, "no pair of type 1");
}

#[test]
fn every_step_is_wanted_or_feeds_one_that_is() {
    let folder = folder();
    Magnet::new(folder.path()).args("run --samples 60 --seed 3").run().expect(0);
    for row in records(&folder.path().join("out/sft.jsonl")) {
        let told = list(&row["metadata"]["brief"], "turns");
        let path = list(&row["metadata"], "signature_path");
        assert!(!row["metadata"]["brief"]["aim"].as_str().unwrap().is_empty());
        for (turn, functions) in path.iter().enumerate() {
            let functions = functions.as_array().unwrap();
            let wanted: Vec<usize> =
                list(&told[turn], "wants").iter().map(|want| number(&want["step"])).collect();
            for step in 0..functions.len() {
                let feeds = list(&told[turn], "values")
                    .iter()
                    .any(|value| value["from"]["turn"] == turn && value["from"]["step"] == step);
                assert!(wanted.contains(&step) || feeds, "{}: turn {turn}, step {step}", row["id"]);
            }
        }
    }
}

#[test]
fn several_calls_at_once_differ_in_what_is_asked_about() {
    let tool = |name: &&str| {
        let number = json!({"type": "integer", "description": "Number of the issue"});
        let parameters = json!({"type": "object", "required": ["owner", "repo", "issue_number"],
            "properties": {"owner": {"type": "string"}, "repo": {"type": "string"},
                "issue_number": number}});
        json!({"name": name, "description": "Show part of an issue.", "x-group": "issues",
            "parameters": parameters})
    };
    let names = ["get_issue", "get_labels", "get_lock", "get_milestone", "get_votes", "get_links"];
    let tools: Vec<Value> = names.iter().map(tool).collect();
    let folder = folder();
    write(folder.path(), "tools.json", &Value::from(tools).to_string());
    let line = "run --tools tools.json --samples 20 --set mix.multi_turn=0 --set mix.single_turn=1";
    Magnet::new(folder.path()).args(line).run();
    let mut compared = 0;
    for row in records(&folder.path().join("out/sft.jsonl")) {
        let calls = list(&row["metadata"], "reference")[0].as_array().expect("calls").clone();
        for pair in calls.windows(2).filter(|pair| pair[0]["name"] == pair[1]["name"]) {
            compared += 1;
            let arguments = |call: &Value| -> Value {
                let text = call["arguments"].as_str().expect("a text");
                serde_json::from_str(text).expect("it is JSON")
            };
            let (one, other) = (arguments(&pair[0]), arguments(&pair[1]));
            assert_eq!((&one["owner"], &one["repo"]), (&other["owner"], &other["repo"]));
            assert_ne!(one["issue_number"], other["issue_number"]);
        }
    }
    assert!(compared > 0, "nothing was called twice");
}
