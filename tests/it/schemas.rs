//! Schemas that say more than a type: functions with such parameters are called
//! like any other, and what is written is valid against what the user gave.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::harness::{Magnet, Ran, folder, read, records, write};

fn tool(name: &str, parameters: &Value, response: &Value) -> Value {
    json!({ "name": name, "description": name.replace('_', " "), "parameters": parameters,
            "response": response })
}

/// An object with these properties, all of them required.
fn object(properties: Value) -> Value {
    let names: Vec<&String> = properties.as_object().expect("an object").keys().collect();
    let required = json!(names);
    json!({ "type": "object", "properties": properties, "required": required })
}

/// A garden's tools, each with something that a type alone does not say.
fn garden() -> Vec<Value> {
    let text = json!({ "type": "string" });
    let bed = json!({ "type": "string", "pattern": "^BED#\\d{3}$" });
    let either = |first: &str, second: &str| {
        let way = |name: &str| {
            json!({ "properties": { name: { "type": "string", "minLength": 4 } },
                    "required": [name] })
        };
        let mut both = object(json!({ "litres": { "type": "integer", "minimum": 1 } }));
        both["oneOf"] = json!([way(first), way(second)]);
        both
    };
    let mut vine = object(json!({ "vine": { "$ref": "#/$defs/shoot" } }));
    vine["$defs"] = json!({ "shoot": { "type": "object", "required": ["name", "shoots"],
        "properties": { "name": { "type": "string" }, "shoots": { "type": "array",
            "items": { "$ref": "#/$defs/shoot" } } } } });
    let done = object(json!({ "is_done": { "type": "boolean" } }));
    vec![
        tool(
            "list_beds",
            &object(json!({ "part_of_garden": { "enum": ["north", "south", "terrace"] } })),
            &object(json!({ "beds": { "type": "array", "items": object(json!({
                "bed_id": text, "plant": text, "planted": { "type": "string", "format": "date" } })) } })),
        ),
        tool(
            "get_bed",
            &object(json!({ "bed_id": bed })),
            &object(json!({ "bed_id": text, "counts": { "type": "object", "minProperties": 2,
                "additionalProperties": { "type": "integer" } } })),
        ),
        tool("water_bed", &either("hose", "can"), &done),
        tool(
            "set_prices",
            &object(json!({ "prices": { "type": "object",
                "additionalProperties": { "type": "number" }, "minProperties": 1 } })),
            &done,
        ),
        tool(
            "plan_beds",
            &object(json!({ "plan": { "type": "object",
                "additionalProperties": { "type": "array", "items": { "type": "string" } } } })),
            &done,
        ),
        tool(
            "note_frost",
            &object(json!({ "noticed": { "oneOf": [{ "type": "string", "format": "date" },
                { "type": "string", "format": "date-time" }] } })),
            &done,
        ),
        tool(
            "weigh_harvest",
            &object(json!({ "weight": { "oneOf": [{ "type": "number" }, { "type": "integer" }] },
                "sack": { "type": "integer", "multipleOf": 25, "minimum": 26, "maximum": 74 } })),
            &done,
        ),
        tool(
            "mark_row",
            &object(json!({ "kind": { "const": "row" }, "until": { "const": null },
                "stakes": { "oneOf": [{ "type": "integer" }, { "type": "number" },
                    { "type": "string" }] },
                "depth": { "enum": ["deep", 1, true] } })),
            &done,
        ),
        tool(
            "name_gate",
            &object(
                json!({ "gate_code": { "type": "string", "pattern": "^(?!none)(?i)[a-z]{4,7}$" },
                "sign": { "type": "string", "pattern": "^$|^\\p{Lu}\\p{Ll}{3,8}$" } }),
            ),
            &done,
        ),
        tool(
            "measure_path",
            &object(json!({ "length": { "type": "array", "prefixItems": [{ "type": "number" },
                { "enum": ["m", "ft"] }], "items": false, "minItems": 2 } })),
            &done,
        ),
        tool("train_vine", &vine, &done),
        tool(
            "set_timer",
            &object(json!({ "begin": { "type": "string", "format": "time" },
                "lasts": { "type": "string", "format": "duration" },
                "address": { "type": "string", "format": "ipv6" } })),
            &object(json!({ "lasts": { "type": "string", "format": "duration" } })),
        ),
    ]
}

fn run(folder: &Path, tools: &[Value], samples: usize) -> Ran {
    write(folder, "tools.json", &json!(tools).to_string());
    let settings = "--set walk.min_nodes=1 --set walk.min_steps=1 --set dedup.near_duplicate=1";
    let line = format!("run --tools tools.json --samples {samples} {settings}");
    Magnet::new(folder).args(&line).run()
}

/// The calls of a dataset with their outputs, by the function's name.
fn calls_made(out: &Path) -> Vec<(String, Value, Value)> {
    let mut made = Vec::new();
    for record in records(&out.join("sft.jsonl")) {
        let messages = record["messages"].as_array().expect("a list");
        let outputs: Map<String, Value> = messages
            .iter()
            .filter(|message| message["role"] == "tool")
            .map(|message| {
                let text = |key: &str| message[key].as_str().expect("a text").to_owned();
                (text("tool_call_id"), json!(text("content")))
            })
            .collect();
        let calls =
            messages.iter().filter_map(|message| message["tool_calls"].as_array()).flatten();
        for call in calls {
            let text = |key: &str| call["function"][key].as_str().expect("a text").to_owned();
            let arguments =
                serde_json::from_str(&text("arguments")).expect("it is as the program writes it");
            let output = outputs[call["id"].as_str().expect("a text")].as_str().expect("a text");
            let output = serde_json::from_str(output).unwrap_or(Value::Null);
            made.push((text("name"), arguments, output));
        }
    }
    made
}

#[test]
fn every_function_is_called_as_its_user_wrote_it() {
    let (folder, tools) = (folder(), garden());
    let ran = run(folder.path(), &tools, 120).expect(0);
    assert!(!ran.stderr.contains("no conversation"), "{}", ran.stderr);
    let made = calls_made(&folder.path().join("out"));
    let mut called = BTreeSet::new();
    for tool in &tools {
        let judge = |key: &str| {
            jsonschema::options()
                .should_validate_formats(true)
                .build(&tool[key])
                .expect("it is as the program writes it")
        };
        let (arguments, response) = (judge("parameters"), judge("response"));
        for (_, given, output) in made.iter().filter(|(name, ..)| tool["name"] == **name) {
            assert!(arguments.is_valid(given), "{given} for {tool}");
            // An error that a path plans is told in words of its own.
            let is_error = output.is_null() || output.get("error").is_some();
            assert!(is_error || response.is_valid(output), "{output} of {tool}");
            called.insert(tool["name"].as_str().expect("a text"));
        }
    }
    assert_eq!(called.len(), tools.len(), "{called:?}");
    let manifest: Value = serde_json::from_str(&read(&folder.path().join("out/manifest.json")))
        .expect("it is as the program writes it");
    assert_eq!(manifest["uncalled"], json!({ "functions": 0, "names": [], "uncallable": [] }));
    // What one call lists, another takes.
    let listed = made.iter().filter(|(name, ..)| name == "list_beds");
    let ids = listed.flat_map(|(.., output)| output["beds"].as_array().into_iter().flatten());
    assert!(ids.clone().count() > 0);
    ids.for_each(|bed| {
        assert!(bed["bed_id"].as_str().expect("a text").starts_with("BED#"), "{bed}")
    });
}

#[test]
fn a_function_that_cannot_be_called_is_named_with_the_reason() {
    let (folder, mut tools) = (folder(), garden());
    let never = json!({ "type": "integer", "minimum": 3, "maximum": 3, "not": { "const": 3 } });
    tools.push(tool("dig_pond", &object(json!({ "depth": never })), &object(json!({}))));
    let ran = run(folder.path(), &tools, 40);
    let told = "1 function no conversation can call:\n  dig_pond: ";
    assert!(ran.stderr.contains(told) && ran.stderr.contains("/depth"), "{}", ran.stderr);
    let manifest: Value = serde_json::from_str(&read(&folder.path().join("out/manifest.json")))
        .expect("it is as the program writes it");
    assert_eq!(manifest["uncalled"]["uncallable"][0]["function"], "dig_pond");
    assert!(read(&folder.path().join("out/report.html")).contains("<th scope='row'>dig_pond</th>"));
    let check = Magnet::new(folder.path()).args("check --tools tools.json").run().expect(0);
    assert!(check.stderr.contains(told), "{}", check.stderr);
    assert!(!check.stderr.contains("no problems found"), "{}", check.stderr);
}

#[test]
fn things_that_point_at_one_another_come_out_short() {
    let folder = folder();
    let link = |to: &str| json!({ "type": "array", "items": { "$ref": format!("#/$defs/{to}") } });
    let thing = |to: [&str; 3]| {
        let text = json!({ "type": "string" });
        json!({ "type": "object", "required": ["id"], "properties": { "id": text, "name": text,
            "about": text, "made": text, "changed": text, "colour": text, to[0]: link(to[0]),
            to[1]: link(to[1]), to[2]: link(to[2]) } })
    };
    let defs = json!({ "plants": thing(["beds", "tools", "people"]),
        "beds": thing(["plants", "tools", "people"]), "tools": thing(["plants", "beds", "people"]),
        "people": thing(["plants", "beds", "tools"]) });
    let get = |name: &str, of: &str| {
        let mut response = defs[of].clone();
        response["$defs"] = defs.clone();
        tool(name, &object(json!({ "id": { "type": "string" } })), &response)
    };
    let tools = [get("get_plant", "plants"), get("get_bed", "beds"), get("get_tool", "tools")];
    run(folder.path(), &tools, 40).expect(0);
    let made = calls_made(&folder.path().join("out"));
    let bulky = records(&folder.path().join("out/sft.jsonl"));
    let is_bulky =
        bulky.iter().any(|record| record["metadata"]["node_ops"].to_string().contains("pad"));
    let mut lengths: Vec<usize> =
        made.iter().map(|(.., output)| output.to_string().len()).collect();
    lengths.sort_unstable();
    let nine_in_ten = lengths[lengths.len() * 9 / 10];
    assert!(nine_in_ten < 5_000, "{lengths:?}");
    assert!(is_bulky || lengths[lengths.len() - 1] < 6_000, "{lengths:?}");
    // Short is not empty: what is near is told.
    assert!(lengths[lengths.len() / 2] > 500, "{lengths:?}");
}
