//! `magnet export`: what trainers get of a dataset. Loaders and chat templates
//! read the same files in `tests/exports-check`.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Magnet, Ran, folder, read, records};

/// A small dataset in `out`.
fn dataset(folder: &Path) {
    Magnet::new(folder).args("run --samples 120").run().expect(0);
}

fn export(folder: &Path, line: &str) -> Ran {
    Magnet::new(folder).args(&format!("export out --out made {line}")).run()
}

fn rows(folder: &Path, file: &str) -> Vec<Value> {
    records(&folder.join("made").join(file))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("no list {key} in {value}"))
}

fn calls(messages: &[Value]) -> Vec<&Value> {
    messages.iter().filter_map(|m| m["tool_calls"].as_array()).flatten().collect()
}

/// Function and arguments of every call, arguments parsed.
fn called(messages: &[Value]) -> Vec<(String, Value)> {
    let call = |call: &&Value| {
        let arguments = match &call["function"]["arguments"] {
            Value::String(text) => serde_json::from_str(text).expect("arguments are JSON"),
            object => object.clone(),
        };
        (call["function"]["name"].as_str().expect("a call has a name").to_owned(), arguments)
    };
    calls(messages).iter().map(call).collect()
}

fn outputs(messages: &[Value]) -> Vec<&str> {
    let tools = messages.iter().filter(|message| message["role"] == "tool");
    tools.filter_map(|message| message["content"].as_str()).collect()
}

fn arrivals(row: &Value) -> Vec<&Value> {
    let added = list(&row["metadata"], "tools_added");
    added.iter().flat_map(|added| list(added, "tools")).collect()
}

fn names<'a>(tools: impl IntoIterator<Item = &'a Value>) -> BTreeSet<&'a str> {
    tools.into_iter().filter_map(|tool| tool["function"]["name"].as_str()).collect()
}

#[test]
fn every_format_holds_every_conversation_and_says_how_to_train_on_it() {
    let folder = folder();
    dataset(folder.path());
    let raw = records(&folder.path().join("out/sft.jsonl"));
    for format in ["trl", "llama-factory", "ms-swift", "axolotl", "openai", "hermes"] {
        let ran = export(folder.path(), &format!("--format {format}")).expect(0);
        assert_eq!(ran.stdout.trim(), "made");
        assert!(ran.stderr.contains("sft.jsonl: 120 rows"), "{}", ran.stderr);
        assert_eq!(rows(folder.path(), "sft.jsonl").len(), raw.len(), "{format}");
        assert!(!rows(folder.path(), "preference.jsonl").is_empty(), "{format}");
        let guide = read(&folder.path().join("made/README.md"));
        assert!(guide.contains("## To train on it") && guide.contains("| 120 |"), "{guide}");
    }
    for format in ["verl", "parquet"] {
        export(folder.path(), &format!("--format {format}")).expect(0);
        let table = std::fs::read(folder.path().join("made/sft.parquet")).unwrap();
        assert!(table.starts_with(b"PAR1") && table.ends_with(b"PAR1"), "{format}");
        // The files of the export before are gone.
        assert!(!folder.path().join("made/sft.jsonl").exists());
    }
}

#[test]
fn trl_gets_objects_and_pairs_that_part_at_one_message() {
    let folder = folder();
    dataset(folder.path());
    export(folder.path(), "--format trl").expect(0);
    let raw = records(&folder.path().join("out/sft.jsonl"));
    for (row, raw) in rows(folder.path(), "sft.jsonl").iter().zip(&raw) {
        let messages = list(row, "messages");
        assert_eq!(called(messages), called(list(raw, "messages")));
        assert_eq!(outputs(messages), outputs(list(raw, "messages")));
        for call in calls(messages) {
            assert!(call["function"]["arguments"].is_object(), "{call}");
            let id = call["id"].as_str().unwrap();
            assert!(id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
            assert!(messages.iter().any(|m| m["tool_call_id"] == id), "no answer to {id}");
        }
        let tools: Value = serde_json::from_str(row["tools"].as_str().unwrap()).unwrap();
        assert_eq!(tools, raw["tools"]);
    }
    let raw = records(&folder.path().join("out/preference.jsonl"));
    for (row, raw) in rows(folder.path(), "preference.jsonl").iter().zip(&raw) {
        let shared = list(row, "prompt").len();
        assert!(shared >= raw["prompt_len"].as_u64().unwrap() as usize);
        for side in ["chosen", "rejected"] {
            let [message] = list(row, side).as_slice() else { panic!("{row}") };
            assert_eq!(message["role"], "assistant");
            let whole = list(raw, side);
            assert_eq!(called(std::slice::from_ref(message)), called(&whole[shared..=shared]));
        }
        assert_ne!(row["chosen"], row["rejected"]);
    }
}

#[test]
fn one_call_a_message_keeps_every_call_and_output() {
    let folder = folder();
    dataset(folder.path());
    let ran = export(folder.path(), "--format trl --one-call-per-message").expect(0);
    let raw = records(&folder.path().join("out/sft.jsonl"));
    let several = raw.iter().flat_map(|row| list(row, "messages"));
    let several = several.filter(|m| m["tool_calls"].as_array().is_some_and(|c| c.len() > 1));
    assert!(several.count() > 0, "no message of several calls: nothing is tested");
    assert!(ran.stderr.contains("split into one call a message"), "{}", ran.stderr);
    for (row, raw) in rows(folder.path(), "sft.jsonl").iter().zip(&raw) {
        let messages = list(row, "messages");
        assert!(messages.iter().all(|m| m["tool_calls"].as_array().is_none_or(|c| c.len() == 1)));
        let mut kept = called(messages);
        let mut made = called(list(raw, "messages"));
        kept.sort_by_key(|(name, arguments)| format!("{name} {arguments}"));
        made.sort_by_key(|(name, arguments)| format!("{name} {arguments}"));
        assert_eq!(kept, made);
        for pair in messages.windows(2) {
            let call = &pair[0]["tool_calls"][0]["id"];
            assert!(call.is_null() || pair[1]["tool_call_id"] == *call, "{} {}", pair[0], pair[1]);
        }
    }
    for row in rows(folder.path(), "preference.jsonl") {
        assert_ne!(row["chosen"], row["rejected"]);
    }
}

#[test]
fn late_tools_are_shown_split_off_or_offered_from_the_start() {
    let folder = folder();
    dataset(folder.path());
    let raw = records(&folder.path().join("out/sft.jsonl"));
    let late: Vec<&Value> = raw.iter().filter(|row| !arrivals(row).is_empty()).collect();
    assert!(!late.is_empty(), "no tool arrives late: nothing is tested");

    export(folder.path(), "--format openai").expect(0);
    for (row, raw) in rows(folder.path(), "sft.jsonl").iter().zip(&raw) {
        let text = row["messages"].to_string();
        for tool in arrivals(raw) {
            let document = Value::String(tool.to_string()).to_string();
            assert!(text.contains(document.trim_matches('"')), "{document} in {text}");
        }
    }

    let ran = export(folder.path(), "--format openai --late-tools split").expect(0);
    assert!(ran.stderr.contains("the conversation became two"), "{}", ran.stderr);
    let split = rows(folder.path(), "sft.jsonl");
    assert!(split.len() > raw.len());
    for row in split.iter().chain(&rows(folder.path(), "preference.jsonl")) {
        let chat = if row["input"].is_null() { row } else { &row["input"] };
        let listed = names(list(chat, "tools"));
        let sides = ["preferred_output", "messages"].map(|key| row[key].as_array().cloned());
        let mut messages = list(chat, "messages").clone();
        messages.extend(sides.into_iter().flatten().flatten());
        for (name, _) in called(&messages) {
            assert!(listed.contains(name.as_str()), "{name} is not in {listed:?}");
        }
        let alternate =
            messages.windows(2).all(|m| m[0]["role"] != "user" || m[1]["role"] != "user");
        assert!(alternate, "{messages:?}");
    }
    let masked = split.iter().flat_map(|row| list(row, "messages")).filter(|m| m["weight"] == 0);
    assert!(masked.count() > 0, "what stands in two rows is trained on twice");

    export(folder.path(), "--format openai --late-tools start").expect(0);
    for (row, raw) in rows(folder.path(), "sft.jsonl").iter().zip(&raw) {
        let listed = names(list(row, "tools"));
        assert!(names(arrivals(raw)).is_subset(&listed));
        assert!(!row["messages"].to_string().contains("Here is its definition"));
    }
}

#[test]
fn llama_factory_turns_alternate_and_are_described() {
    let folder = folder();
    dataset(folder.path());
    export(folder.path(), "--format llama-factory --split 0.8/0.2").expect(0);
    let info: Value =
        serde_json::from_str(&read(&folder.path().join("made/dataset_info.json"))).unwrap();
    assert_eq!(info["magnet_sft"]["file_name"], "sft.jsonl");
    assert_eq!(info["magnet_preference_eval"]["ranking"], true);
    for (file, remainder) in [("sft.jsonl", 0), ("preference.jsonl", 1)] {
        for row in rows(folder.path(), file) {
            let turns = list(&row, "conversations");
            assert_eq!(turns.len() % 2, remainder, "{row}");
            for (at, turn) in turns.iter().enumerate() {
                let agents = ["gpt", "function_call"].contains(&turn["from"].as_str().unwrap());
                assert_eq!(agents, at % 2 == 1, "{row}");
                if turn["from"] == "function_call" {
                    let value: Value =
                        serde_json::from_str(turn["value"].as_str().unwrap()).unwrap();
                    let first = value.get(0).unwrap_or(&value);
                    assert!(first["arguments"].is_object(), "{value}");
                }
            }
        }
    }
}

#[test]
fn a_conversation_and_its_pairs_are_held_out_together() {
    let folder = folder();
    dataset(folder.path());
    export(folder.path(), "--format ms-swift --split 0.7/0.3").expect(0);
    let opening = |row: &Value| row["messages"][1]["content"].as_str().unwrap().to_owned();
    let openings = |file| rows(folder.path(), file).iter().map(opening).collect::<BTreeSet<_>>();
    let (training, held_out) = (openings("sft.jsonl"), openings("sft-eval.jsonl"));
    assert_eq!(training.len() + held_out.len(), 120);
    assert!((10..70).contains(&held_out.len()), "{}", held_out.len());
    assert!(openings("preference.jsonl").is_subset(&training));
    assert!(openings("preference-eval.jsonl").is_subset(&held_out));
}

#[test]
fn packed_and_numbered_files_hold_the_same_rows() {
    let folder = folder();
    dataset(folder.path());
    export(folder.path(), "--format axolotl").expect(0);
    let plain = read(&folder.path().join("made/sft.jsonl"));
    let again = "run --samples 120 --set output.rows_per_file=50 --set output.compression=zstd";
    Magnet::new(folder.path()).args(again).run().expect(0);
    export(folder.path(), "--format axolotl --compression zstd --rows-per-file 70").expect(0);
    let unpack = |name: &str| {
        let file = std::fs::File::open(folder.path().join("made").join(name)).unwrap();
        String::from_utf8(zstd::decode_all(file).unwrap()).unwrap()
    };
    let numbered = [unpack("sft-00000.jsonl.zst"), unpack("sft-00001.jsonl.zst")];
    assert_eq!(numbered.concat(), plain);
    assert_eq!(numbered[0].lines().count(), 70);
}

#[test]
fn only_what_is_asked_for_is_exported_and_the_rest_is_counted() {
    let folder = folder();
    dataset(folder.path());
    let raw = records(&folder.path().join("out/sft.jsonl"));
    let posed = |row: &&Value| list(&row["metadata"], "challenges").contains(&"irrelevant".into());
    let posed = raw.iter().filter(posed).count();
    let ran = export(folder.path(), "--format trl --only challenge=irrelevant").expect(0);
    assert_eq!(rows(folder.path(), "sft.jsonl").len(), posed);
    let told = format!("left out: {} conversations not selected", raw.len() - posed);
    assert!(ran.stderr.contains(&told), "{}", ran.stderr);

    let ran = export(folder.path(), "--format trl --max-tokens 2500").expect(0);
    let kept = rows(folder.path(), "sft.jsonl");
    assert!((1..120).contains(&kept.len()), "{}", kept.len());
    assert!(kept.iter().all(|row| row.to_string().len() < 2_500 * 4));
    assert!(ran.stderr.contains("rows longer than --max-tokens"), "{}", ran.stderr);
    export(folder.path(), "--format trl --max-tokens 10").expect(1);
}

#[test]
fn whole_trajectories_carry_a_flag_a_message() {
    let folder = folder();
    dataset(folder.path());
    export(folder.path(), "--format trl --mdpo").expect(0);
    let raw = records(&folder.path().join("out/preference.jsonl"));
    let made = rows(folder.path(), "preference.jsonl");
    assert_eq!(made.len(), raw.len());
    for (row, raw) in made.iter().zip(&raw) {
        assert_eq!(row["prompt_len"], raw["prompt_len"]);
        for side in ["chosen", "rejected"] {
            let flags = |row: &Value| -> Vec<Value> {
                list(row, side).iter().map(|message| message["loss"].clone()).collect()
            };
            assert_eq!(flags(row), flags(raw));
        }
    }
}

#[test]
fn what_does_not_go_together_is_refused_with_the_way_out() {
    let folder = folder();
    dataset(folder.path());
    for line in [
        "--format openai --mdpo", "--format llama-factory --parquet",
        "--format llama-factory --compression zstd", "--format parquet --one-call-per-message",
    ] {
        let ran = export(folder.path(), line).expect(2);
        assert!(ran.stderr.contains("hint: "), "{line}: {}", ran.stderr);
    }
    let ran = Magnet::new(folder.path()).args("export out --format trl --out out").run().expect(2);
    assert!(ran.stderr.contains("holds a dataset of its own"), "{}", ran.stderr);
    export(folder.path(), "--format trl --only challenge=easy").expect(2);
    export(folder.path(), "--format trl --split 0.9").expect(2);
    assert!(!folder.path().join("made").exists());
}

#[test]
fn arguments_that_are_no_object_are_named_with_their_place() {
    let folder = folder();
    dataset(folder.path());
    let file = folder.path().join("out/sft.jsonl");
    let damaged = read(&file).replacen("\"arguments\":\"{", "\"arguments\":\"[", 1);
    std::fs::write(&file, damaged).unwrap();
    let ran = export(folder.path(), "--format trl");
    assert_ne!(ran.exit, 0);
    assert!(ran.stderr.contains("sft.jsonl") && ran.stderr.contains("no JSON object"), "{ran:?}");
}

#[test]
fn a_late_tool_is_shown_before_it_is_called() {
    let folder = folder();
    dataset(folder.path());
    Magnet::new(folder.path()).args("verify out").run().expect(0);
    let file = folder.path().join("out/sft.jsonl");
    let text = read(&file);
    let lead = "\\n\\nHere is its definition:\\n";
    let at = text.find(lead).expect("a tool arrives late");
    // The message without the document it carried.
    let hidden = format!("{}{}", &text[..at], &text[at + end_of_content(&text[at..])..]);
    std::fs::write(&file, hidden).unwrap();
    let ran = Magnet::new(folder.path()).args("verify out").run().expect(1);
    assert!(ran.stderr.contains("its document was not shown"), "{}", ran.stderr);
}

/// Where the JSON string ends that begins before the text does.
fn end_of_content(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return at,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    panic!("the text does not end")
}
