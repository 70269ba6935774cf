//! Packs as people write them: read, checked, run.

use std::fs;
use std::path::Path;

use crate::harness::{Magnet, Ran, folder, records, write};

const TOOLS: &str = r#"[
 {"name": "get_meter", "description": "Reads a meter.", "category": "meters",
  "parameters": {"type": "object", "properties": {"meter_id": {"type": "string"}}, "required": ["meter_id"]},
  "response": {"type": "object", "required": ["meter_id", "reading"],
   "properties": {"meter_id": {"type": "string"}, "reading": {"type": "integer"}}}},
 {"name": "reset_meter", "description": "Sets a meter back to nought.", "category": "meters",
  "parameters": {"type": "object", "properties": {"meter_id": {"type": "string"}}, "required": ["meter_id"]},
  "response": {"type": "object", "required": ["meter_id", "was"],
   "properties": {"meter_id": {"type": "string"}, "was": {"type": "integer"}}}}
]"#;

const WORLD: &str = r#"
def start(rng, size, world):
    return {"meters": {rng.id("M-", 4): rng.int(100, 999) for _ in range(size)}}

def known(world):
    meters = world["meters"]["meters"]
    return {"meter_id": list(meters.keys()), "reset_meter": [{"meter_id": m} for m in meters if meters[m] > 0]}

def _reading(world, args):
    if args["meter_id"] not in world["meters"]["meters"]:
        fail("no meter %s" % args["meter_id"])
    return world["meters"]["meters"][args["meter_id"]]

def get_meter(world, args):
    return {"meter_id": args["meter_id"], "reading": _reading(world, args)}

def reset_meter(world, args):
    was = _reading(world, args)
    if was == 0:
        fail("meter %s stands at nought" % args["meter_id"])
    world["meters"]["meters"][args["meter_id"]] = 0
    return {"meter_id": args["meter_id"], "was": was}
"#;

/// A library and its pack, which has only a world.
fn pack(folder: &Path, world: &str) {
    write(folder, "tools.json", TOOLS);
    fs::create_dir_all(folder.join("pack/world")).expect("a folder can be made");
    write(folder, "pack/pack.json", r#"{"format": 1, "made_by": "hand"}"#);
    write(folder, "pack/world/meters.star", world);
}

fn check(folder: &Path) -> Ran {
    Magnet::new(folder).args("pack --check pack --tools tools.json").run()
}

#[test]
fn a_sound_world_passes_its_check() {
    let folder = folder();
    pack(folder.path(), WORLD);
    let told = check(folder.path()).expect(0).stdout;
    assert!(told.contains("0 of 2 functions have phrases, 2 a world; 0 problems"), "{told}");
    assert!(told.contains("meter M-"), "what was refused is shown: {told}");
}

#[test]
fn a_wrong_world_is_told_with_file_and_function() {
    let folder = folder();
    pack(folder.path(), &WORLD.replace("\"was\": was}", "\"was\": \"much\"}"));
    let told = check(folder.path()).expect(1);
    let expected = "world/meters.star: reset_meter: its output does not fit its schema: /was";
    assert!(told.stderr.contains(expected), "{}", told.stderr);
}

#[test]
fn a_campaign_with_a_broken_module_is_told_where() {
    let folder = folder();
    pack(
        folder.path(),
        &WORLD.replace("was = _reading(world, args)", "was = _redaing(world, args)"),
    );
    let line = "run --tools tools.json --set library.pack=pack --samples 2";
    let told = Magnet::new(folder.path()).args(line).run().expect(2).stderr;
    assert!(told.contains("world/meters.star:18: "), "{told}");
}

#[test]
fn every_call_of_a_dataset_is_executed_again() {
    let folder = folder();
    Magnet::new(folder.path()).args("run --samples 20 --out out").run().expect(0);
    let told = Magnet::new(folder.path()).args("verify out --execute").run().expect(0).stdout;
    assert!(told.starts_with("20 reproduced, 0 mismatch, 0 unavailable;"), "{told}");
    assert!(told.trim_end().ends_with("calls executed again"), "{told}");
}

/// The example that people learn from.
fn example(path: &str) -> String {
    format!("{}/../deploy/examples/pack/{path}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_example_passes_its_check_and_its_runs_are_executed_again() {
    let folder = folder();
    let line = format!("pack --check {} --tools {}", example("workshop"), example("tools.json"));
    let told = Magnet::new(folder.path()).args(&line).run().expect(0).stdout;
    assert!(told.contains("8 of 8 functions have phrases, 8 a world; 0 problems"), "{told}");
    let line = format!("run {} --samples 30 --out out", example("campaign.toml"));
    Magnet::new(folder.path()).args(&line).run().expect(0);
    let told = Magnet::new(folder.path()).args("verify out --execute").run().expect(0).stdout;
    assert!(told.starts_with("30 reproduced, 0 mismatch, 0 unavailable;"), "{told}");
    let called: std::collections::BTreeSet<String> = records(&folder.path().join("out/sft.jsonl"))
        .iter()
        .flat_map(|record| {
            record["metadata"]["signature_path"].as_array().cloned().unwrap_or_default()
        })
        .flat_map(|turn| turn.as_array().cloned().unwrap_or_default())
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    assert_eq!(called.len(), 8, "{called:?}");
}
