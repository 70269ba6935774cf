//! Packs that a model writes: asked for, tried, mended, left out, gone on with.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Magnet, Ran, folder, read, records, write};
use crate::mock::{Address, Behaviour, Craft, Mock};

/// Accounts that are opened, looked at and closed, and lamps.
fn tools() -> String {
    let text = json!({"type": "string"});
    let tool = |name: &str, category: &str, takes: Value, gives: Value| {
        let required: Vec<&String> = takes.as_object().expect("they are by name").keys().collect();
        json!({
            "name": name, "description": format!("Does {name}."), "category": category,
            "parameters": {"type": "object", "properties": takes, "required": required},
            "response": {"type": "object", "properties": gives},
        })
    };
    let account = json!({"account_id": text, "balance": {"type": "integer"}, "branch": text});
    let lamp = json!({"type": "object", "properties": {"lamp_id": text, "colour": text}});
    let tools = [
        tool("open_account", "accounts", json!({"owner": text}), account.clone()),
        tool("get_account", "accounts", json!({"account_id": text}), account),
        tool(
            "close-account",
            "accounts",
            json!({"account_id": text}),
            json!({"account_id": text, "status": text}),
        ),
        tool(
            "list_lamps",
            "lamps",
            json!({"room": text}),
            json!({"room": text, "lamps": {"type": "array", "items": lamp}}),
        ),
        tool(
            "dim_lamp",
            "lamps",
            json!({"lamp_id": text, "note": text}),
            json!({"lamp_id": text, "level": text}),
        ),
    ];
    json!(tools).to_string()
}

fn campaign(folder: &Path, mock: Address, rest: &str) {
    write(folder, "tools.json", &tools());
    let url = mock.base_url();
    let text = format!(
        "[library]\npaths = [\"tools.json\"]\n\n[teacher.mock]\nkind = \"openai\"\nmodel = \"mock\"\n\
         base_url = \"{url}\"\nmax_in_flight = 1\nusd_per_million_output_tokens = 2.0\n\n{rest}\n"
    );
    write(folder, "campaign.toml", &text);
}

fn make(folder: &Path) -> Ran {
    Magnet::new(folder).args("pack campaign.toml --out pack").run()
}

fn check(folder: &Path) -> String {
    let line = "pack --check pack --tools tools.json";
    Magnet::new(folder).args(line).run().expect(0).stdout
}

fn asked(mock: &Mock, purpose: &str) -> u64 {
    mock.stats().by_purpose.get(purpose).copied().unwrap_or_default()
}

#[test]
fn a_pack_is_made_and_its_world_executes_a_run() {
    let mock = Mock::start(Behaviour::default());
    let folder = folder();
    campaign(folder.path(), mock.address(), "");
    let made = make(folder.path()).expect(0);
    assert_eq!(made.stdout, "pack\n");
    let line = |name: &str| {
        let mut lines = made.stderr.lines().filter(|line| line.starts_with(name));
        lines.next_back().unwrap_or_default().split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(line("dim_lamp"), ["dim_lamp", "made", "made", "note"], "{}", made.stderr);
    assert_eq!(line("close-account"), ["close-account", "made", "made"], "{}", made.stderr);
    assert_eq!((asked(&mock, "pack_world"), asked(&mock, "pack_words")), (2, 5));
    assert!(made.stderr.contains("2  answers: pack_world"), "{}", made.stderr);
    assert!(check(folder.path()).contains("5 of 5 functions have phrases, 5 a world; 0 problems"));

    // What is there is not asked for again.
    make(folder.path()).expect(0);
    assert_eq!(mock.stats().requests, 7);

    let line = "run --tools tools.json --samples 6 --out out --set library.pack=pack";
    Magnet::new(folder.path()).args(line).run().expect(0);
    for record in records(&folder.path().join("out/sft.jsonl")) {
        assert_eq!(record["metadata"]["executor"], "world", "{record}");
        let start = record["metadata"]["initial_config"].as_str().expect("a state");
        assert!(start.contains("\"things\""), "{start}");
    }
    let told = Magnet::new(folder.path()).args("verify out --execute").run().expect(0).stdout;
    assert!(told.starts_with("6 reproduced, 0 mismatch, 0 unavailable;"), "{told}");
}

#[test]
fn what_fails_its_trial_is_asked_for_again_with_the_reason() {
    let behaviour =
        Behaviour { worlds: Craft::Mended, words: Craft::Mended, ..Behaviour::default() };
    let mock = Mock::start(behaviour);
    let folder = folder();
    campaign(folder.path(), mock.address(), "");
    let made = make(folder.path()).expect(0);
    assert!(made.stderr.contains("made (2)"), "{}", made.stderr);
    assert_eq!((asked(&mock, "pack_world"), asked(&mock, "pack_words")), (4, 10));
    check(folder.path());
    let world = read(&folder.path().join("pack/world/accounts.star"));
    assert!(!world.contains("nobody_declared_this"), "{world}");
}

#[test]
fn what_never_passes_is_left_out_alone_and_not_bought_again() {
    let behaviour =
        Behaviour { worlds: Craft::Partly, words: Craft::Broken, ..Behaviour::default() };
    let mock = Mock::start(behaviour);
    let folder = folder();
    campaign(folder.path(), mock.address(), "");
    let made = make(folder.path()).expect(1);
    assert!(made.stderr.contains("world: its output has an undeclared"), "{}", made.stderr);
    assert!(made.stderr.contains("phrases: asks: 0 of at least 8"), "{}", made.stderr);
    assert!(made.stderr.contains("hint: write it by hand"), "{}", made.stderr);
    let told = check(folder.path());
    assert!(told.contains("0 of 5 functions have phrases, 3 a world; 0 problems"), "{told}");
    let about: Value = serde_json::from_str(&read(&folder.path().join("pack/pack.json"))).unwrap();
    assert!(about["left_out"]["dim_lamp"]["world"].is_string(), "{about}");
    let before = mock.stats().requests;
    make(folder.path()).expect(1);
    assert_eq!(mock.stats().requests, before);
}

#[test]
fn a_world_that_cannot_be_read_leaves_nothing_behind() {
    let mock = Mock::start(Behaviour { worlds: Craft::Broken, ..Behaviour::default() });
    let folder = folder();
    campaign(folder.path(), mock.address(), "");
    let made = make(folder.path()).expect(1);
    assert!(made.stderr.contains("world: line 2, `return accounts(]`"), "{}", made.stderr);
    assert!(check(folder.path()).contains("5 of 5 functions have phrases, 0 a world; 0 problems"));
}

#[test]
fn a_making_that_was_killed_buys_nothing_twice() {
    let behaviour = Behaviour { latency_ms: 150, words: Craft::Mended, ..Behaviour::default() };
    let mock = Mock::start(behaviour);
    let folder = folder();
    campaign(folder.path(), mock.address(), "");
    for answered in [3, 7] {
        let mut child = Magnet::new(folder.path()).args("pack campaign.toml --out pack").start();
        let deadline = Instant::now() + Duration::from_secs(60);
        while mock.stats().answered < answered {
            assert!(Instant::now() < deadline, "{:?}", mock.stats());
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill().expect("it runs");
        child.wait().expect("it was ours");
    }
    make(folder.path()).expect(0);
    check(folder.path());
    let stats = mock.stats();
    // What was in flight came home to nobody: one at each kill.
    assert!(stats.repeats <= 2, "{stats:?}");
}

#[test]
fn a_budget_stops_the_making_and_a_larger_one_goes_on() {
    let mock = Mock::start(Behaviour::default());
    let folder = folder();
    campaign(folder.path(), mock.address(), "");
    let line = "pack campaign.toml --out pack --set budget.max_requests=3";
    let made = Magnet::new(folder.path()).args(line).run().expect(1);
    assert!(made.stderr.contains("max_requests = 3 are made"), "{}", made.stderr);
    assert!(made.stderr.contains("hint: the same command with a larger budget"), "{}", made.stderr);
    assert_eq!(mock.stats().requests, 3);
    check(folder.path());
    make(folder.path()).expect(0);
    assert_eq!(mock.stats().requests, 7);
}

#[test]
fn what_a_person_wrote_stays_as_it_is() {
    let mock = Mock::start(Behaviour::default());
    let folder = folder();
    campaign(folder.path(), mock.address(), "");
    make(folder.path()).expect(0);
    let world = folder.path().join("pack/world/accounts.star");
    let mine = format!("# Mine.\n{}", read(&world));
    std::fs::write(&world, &mine).expect("it can be written");
    std::fs::remove_file(folder.path().join("pack/world/lamps.star")).expect("it is there");
    make(folder.path()).expect(0);
    assert_eq!(read(&world), mine);
    // The removed world was made again, nothing else.
    assert_eq!((asked(&mock, "pack_world"), asked(&mock, "pack_words")), (3, 5));
}

#[test]
fn without_a_model_it_says_how_to_get_a_pack() {
    let folder = folder();
    write(folder.path(), "tools.json", &tools());
    let line = "pack --tools tools.json --out pack";
    let told = Magnet::new(folder.path()).args(line).run().expect(2).stderr;
    assert!(told.contains("a pack is written by a model") && told.contains("hint: "), "{told}");
    let line = "pack --tools tools.json --out pack --teacher big";
    let told = Magnet::new(folder.path()).args(line).run().expect(2).stderr;
    assert!(told.contains("there is no [teacher.big]"), "{told}");
}
