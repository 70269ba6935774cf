//! `magnet contamination`: what a dataset shares with a benchmark, and how it
//! is kept out.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Magnet, folder, read, records, write};

/// A dataset in `out`, and a benchmark made of one of its conversations: its
/// functions, one of them under another name, and one that the dataset lacks.
struct Case {
    folder: tempfile::TempDir,
    raw: Vec<Value>,
    /// The conversation.
    taken: Value,
    kept_name: String,
    renamed: String,
}

impl Case {
    fn new() -> Self {
        let folder = folder();
        Magnet::new(folder.path()).args("run --samples 120").run().expect(0);
        let raw = records(&folder.path().join("out/sft.jsonl"));
        let is_rich = |row: &&Value| {
            let all: BTreeSet<String> = called(row).into_iter().collect();
            all.len() >= 3 && requests(row)[0].split_whitespace().count() >= 12
        };
        let taken = raw.iter().filter(|row| row["metadata"]["tools_added"] == json!([]));
        let taken = { taken }.find(is_rich).expect("a conversation of several functions").clone();
        let first = called(&taken);
        let distinct: BTreeSet<&String> = first.iter().collect();
        let kept_name = first[0].clone();
        let renamed = first.iter().find(|name| **name != kept_name).expect("another").clone();
        let mut tools: Vec<Value> = distinct.iter().map(|name| tool(&raw, name)).collect();
        for tool in &mut tools {
            if tool["function"]["name"] == *renamed {
                tool["function"]["name"] = "carried_out_elsewhere".into();
            }
        }
        let sheet = json!({"type": "object", "properties": {"sheet": {"type": "string"}}});
        tools.push(json!({"name": "fold_paper_crane", "description": "Fold a crane from a sheet.",
                          "parameters": sheet}));
        write(folder.path(), "tools.json", &Value::from(tools).to_string());
        let there = |name: &String| match *name == renamed {
            true => "Api.carried_out_elsewhere".to_owned(),
            false => name.clone(),
        };
        let path: Vec<String> = first.iter().map(there).collect();
        let mut opening = requests(&taken)[0].clone();
        opening.push_str(" Thanks!");
        let asked = json!({"id": "asked_7", "path": path,
                           "question": [[{"role": "user", "content": opening}]]});
        write(folder.path(), "asked.jsonl", &format!("{asked}\n"));
        Self { folder, raw, taken, kept_name, renamed }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn compare(&self, line: &str) -> Value {
        let line = format!("contamination out --against tools.json {line}");
        let ran = Magnet::new(self.path()).args(&line).run().expect(0);
        assert!(ran.stdout.contains("of its functions are in the dataset"), "{}", ran.stdout);
        serde_json::from_str(&read(&self.path().join("out/contamination.json"))).expect("JSON")
    }

    fn listed(&self) -> Vec<Value> {
        records(&self.path().join("out/contaminated.jsonl"))
    }
}

fn called(row: &Value) -> Vec<String> {
    let messages = row["messages"].as_array().expect("a list");
    let calls = messages.iter().filter_map(|m| m["tool_calls"].as_array()).flatten();
    calls.map(|call| call["function"]["name"].as_str().expect("a text").to_owned()).collect()
}

fn requests(row: &Value) -> Vec<String> {
    let users = row["messages"].as_array().expect("a list").iter().filter(|m| m["role"] == "user");
    users.map(|message| message["content"].as_str().expect("a text").to_owned()).collect()
}

fn tool(raw: &[Value], name: &str) -> Value {
    let tools = raw.iter().flat_map(|row| row["tools"].as_array().expect("a list"));
    tools.into_iter().find(|tool| tool["function"]["name"] == name).expect("a tool").clone()
}

fn ids<'a>(rows: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    rows.into_iter().map(|row| row["id"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn shared_functions_paths_and_requests_are_found_and_left_out() {
    let case = Case::new();
    let account = case.compare("--conversations asked.jsonl");
    let shared = account["functions"].as_array().expect("a list");
    let of = |name: &str| shared.iter().find(|f| f["function"] == name).expect("it is shared");
    assert_eq!(of(&case.kept_name)["same_name"], true);
    assert_eq!(of(&case.kept_name)["similarity"], 1.0);
    let renamed = of(&case.renamed);
    assert_eq!(
        (&renamed["same_name"], &renamed["benchmark"]),
        (&json!(false), &json!("carried_out_elsewhere"))
    );
    // Who calls one of them is listed, and nobody else.
    let names: BTreeSet<&str> = shared.iter().filter_map(|f| f["function"].as_str()).collect();
    let calls = |row: &&Value| called(row).iter().any(|name| names.contains(name.as_str()));
    let expected = ids(case.raw.iter().filter(calls));
    let listed = case.listed();
    assert_eq!(ids(&listed), expected);
    assert!(expected.len() < case.raw.len(), "everything is listed: nothing is tested");
    assert_eq!(account["listed"], expected.len());
    let first = listed.iter().find(|entry| entry["id"] == case.taken["id"]).unwrap();
    assert!(!first["paths"].as_array().expect("a list").is_empty(), "{first}");
    assert_eq!(first["requests"][0]["benchmark"], "asked_7, turn 1");
    assert_eq!(first["requests"][0]["turn"], 0);

    let line = "export out --format ms-swift --out made --drop-contaminated out/contaminated.jsonl";
    let ran = Magnet::new(case.path()).args(line).run().expect(0);
    let told = format!("left out: {} conversations of the list", expected.len());
    assert!(ran.stderr.contains(&told), "{}", ran.stderr);
    let kept = records(&case.path().join("made/sft.jsonl"));
    assert_eq!(kept.len(), case.raw.len() - expected.len());
    let pairs = records(&case.path().join("out/preference.jsonl"));
    let pairs = pairs
        .iter()
        .filter(|pair| !expected.contains(pair["metadata"]["sample"].as_str().expect("a text")));
    assert_eq!(records(&case.path().join("made/preference.jsonl")).len(), pairs.count());

    // By the request alone it is that conversation, and who asks nearly the same.
    case.compare("--conversations asked.jsonl --by request");
    let listed = case.listed();
    assert!(ids(&listed).is_superset(&ids([&case.taken])) && listed.len() < expected.len());
    for entry in &listed {
        assert!(entry["requests"][0]["similarity"].as_f64().unwrap() >= 0.7, "{entry}");
    }

    // The report and the card tell it, of these very files.
    Magnet::new(case.path()).args("report out").run().expect(0);
    for file in ["out/report.html", "out/README.md"] {
        assert!(read(&case.path().join(file)).contains("functions of a benchmark"), "{file}");
    }
}

#[test]
fn a_campaign_leaves_functions_out_by_name_and_pattern() {
    let folder = folder();
    let line = "run --samples 30 --set library.exclude_functions=get_*,search_*";
    let ran = Magnet::new(folder.path()).args(line).run().expect(0);
    assert!(!ran.stdout.is_empty());
    for row in records(&folder.path().join("out/sft.jsonl")) {
        for tool in row["tools"].as_array().expect("a list") {
            let name = tool["function"]["name"].as_str().expect("a text");
            assert!(!name.starts_with("get_") && !name.starts_with("search_"), "{name}");
        }
    }
    let ran = Magnet::new(folder.path()).args("graph --set library.exclude_functions=*").run();
    assert!(ran.expect(2).stderr.contains("leaves no function"));
}

#[test]
fn what_cannot_be_compared_is_named_with_the_way_out() {
    let folder = folder();
    Magnet::new(folder.path()).args("run --samples 5").run().expect(0);
    write(folder.path(), "tools.json", "[{\"name\": \"f\", \"description\": \"Does it.\"}]");
    write(folder.path(), "none.jsonl", "{\"text\": \"nothing of the kind\"}\n");
    for (line, told) in [
        ("contamination out", "--against"),
        ("contamination out --against nowhere.json", "nowhere.json"),
        (
            "contamination out --against tools.json --conversations none.jsonl",
            "holds no conversations",
        ),
        ("contamination out --against tools.json --alike 1.5", "--alike"),
        (
            "export out --format trl --out made --drop-contaminated none.jsonl",
            "has no id in line 1",
        ),
    ] {
        let ran = Magnet::new(folder.path()).args(line).run().expect(2);
        assert!(ran.stderr.contains(told), "{line}: {}", ran.stderr);
    }
}
