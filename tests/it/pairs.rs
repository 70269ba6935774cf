//! Pairs teach where their negatives err as models do: what was taken wrongly
//! stands nearby, and no kind of error crowds out the others. Read from the
//! record alone.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::{Magnet, folder, records};

const SAMPLES: usize = 300;

fn kind(pair: &Value) -> &str {
    pair["metadata"]["error_type"].as_str().expect("a pair names its error")
}

/// The messages of one side after the parting, up to the next request.
fn tail<'a>(pair: &'a Value, side: &str) -> &'a [Value] {
    let messages = pair[side].as_array().expect("a list");
    let after = &messages[pair["prompt_len"].as_u64().expect("a count") as usize..];
    let end = after.iter().position(|message| message["role"] == "user");
    &after[..end.unwrap_or(after.len())]
}

/// Names and arguments of the calls among messages.
fn calls(messages: &[Value]) -> Vec<(&str, Value)> {
    let calls = messages.iter().filter_map(|message| message["tool_calls"].as_array()).flatten();
    let read = |call: &'_ Value| {
        let text = call["function"]["arguments"].as_str().expect("arguments are text");
        serde_json::from_str(text).expect("arguments are JSON")
    };
    calls.map(|call| (call["function"]["name"].as_str().expect("a name"), read(call))).collect()
}

fn leaves(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(members) => members.values().for_each(|inner| leaves(inner, found)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        leaf => found.push(leaf.clone()),
    }
}

/// The first value of the negative's first wrong call that the right call does
/// not have; none where it asks instead of calling.
fn taken_wrongly(pair: &Value) -> Option<Value> {
    let (right, wrong) = (calls(tail(pair, "chosen")), calls(tail(pair, "rejected")));
    let (name, arguments) = wrong.into_iter().find(|call| !right.contains(call))?;
    let mut known = Vec::new();
    let twins = right.iter().filter(|(twin, _)| *twin == name);
    twins.for_each(|(_, arguments)| leaves(arguments, &mut known));
    let mut values = Vec::new();
    leaves(&arguments, &mut values);
    values.into_iter().find(|value| !known.contains(value))
}

/// Whether the conversation has a value: in a message, an output, a call.
fn stands_in(pair: &Value, value: &Value) -> bool {
    let messages = pair["chosen"].as_array().expect("a list");
    let mut known = Vec::new();
    calls(messages).iter().for_each(|(_, arguments)| leaves(arguments, &mut known));
    let texts = messages.iter().filter_map(|message| message["content"].as_str());
    let said = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut is_said = false;
    for text in texts {
        is_said |= text.contains(&said);
        if let Ok(output) = serde_json::from_str(text) {
            leaves(&output, &mut known);
        }
    }
    is_said || known.contains(value)
}

#[test]
fn wrong_values_stand_nearby_and_no_error_crowds_out_the_others() {
    let folder = folder();
    Magnet::new(folder.path()).args(&format!("run --samples {SAMPLES} --seed 11")).run().expect(0);
    let pairs = records(&folder.path().join("out/preference.jsonl"));
    let mut shares: BTreeMap<&str, f64> = BTreeMap::new();
    for pair in &pairs {
        *shares.entry(kind(pair)).or_default() += 1.0 / pairs.len() as f64;
    }
    eprintln!("{} pairs: {shares:.3?}", pairs.len());
    assert_eq!(shares.len(), 5, "{shares:?}");
    assert!(shares.values().all(|share| (0.1..=0.35).contains(share)), "{shares:?}");

    let misused = pairs.iter().filter(|pair| kind(pair).ends_with("_dependency"));
    let taken: Vec<bool> = misused
        .filter_map(|pair| taken_wrongly(pair).map(|value| stands_in(pair, &value)))
        .collect();
    let nearby = taken.iter().filter(|is_there| **is_there).count();
    eprintln!("{nearby} of {} wrong values stand nearby", taken.len());
    assert!(taken.len() > pairs.len() / 6, "{} of {}", taken.len(), pairs.len());
    assert!(nearby * 100 >= taken.len() * 85, "{nearby} of {}", taken.len());
}

#[test]
fn a_wrong_closing_has_no_number_from_nowhere_unless_it_adds_a_fact() {
    let folder = folder();
    Magnet::new(folder.path()).args("run --samples 80 --seed 12").run().expect(0);
    let pairs = records(&folder.path().join("out/preference.jsonl"));
    let mut seen = 0;
    for pair in pairs.iter().filter(|pair| kind(pair) == "summary") {
        let say = |side| tail(pair, side)[0]["content"].as_str().expect("prose");
        let (right, wrong) = (say("chosen"), say("rejected"));
        assert_ne!(right, wrong);
        seen += 1;
        if wrong.starts_with(right) {
            continue;
        }
        for word in wrong.split_whitespace().filter(|word| word.contains(char::is_numeric)) {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            let value = Value::from(bare);
            assert!(stands_in(pair, &value), "\"{bare}\" is from nowhere: {right} / {wrong}");
        }
    }
    assert!(seen >= 10, "{seen} wrong closings");
}

/// A number with its digits taken away: what numbers of its kind look like.
fn form(text: &str) -> Option<String> {
    let is_number = text.contains(|c: char| c.is_ascii_digit())
        && text.contains(|c: char| c.is_ascii_uppercase())
        && !text.contains([' ', '@', '/', '.']);
    is_number.then(|| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect())
}

/// A number of a form that no other number has is no mistake that a model makes.
#[test]
fn numbers_of_calls_that_should_not_be_made_look_like_those_of_the_conversation() {
    let folder = folder();
    Magnet::new(folder.path()).args("run --samples 300 --seed 12").run().expect(0);
    let pairs = records(&folder.path().join("out/preference.jsonl"));
    let (mut numbers, mut odd) = (0, Vec::new());
    for pair in pairs.iter().filter(|pair| kind(pair) == "missing") {
        let mut known = Vec::new();
        let right = calls(pair["chosen"].as_array().expect("a list"));
        right.iter().for_each(|(_, arguments)| leaves(arguments, &mut known));
        let known: Vec<String> = known.iter().filter_map(|value| form(value.as_str()?)).collect();
        if !calls(tail(pair, "chosen")).is_empty() {
            continue;
        }
        for (name, arguments) in calls(tail(pair, "rejected")) {
            let mut values = Vec::new();
            leaves(&arguments, &mut values);
            for form in values.iter().filter_map(|value| form(value.as_str()?)) {
                numbers += 1;
                if !known.contains(&form) {
                    odd.push(format!("{name} {arguments}"));
                }
            }
        }
    }
    assert!(numbers > 10, "{numbers}");
    assert!(odd.len() * 10 <= numbers, "{} of {numbers}: {odd:#?}", odd.len());
}
