//! An API that an OpenAPI document describes, called as it says.

mod lending;
mod sums;

use std::path::Path;

use serde_json::Value;

use crate::harness::{Magnet, folder, read, records, write};

use lending::{KEY, Lending};
use sums::Sums;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/it/openapi/lending.json");

/// The campaign of an API there, each conversation in a sandbox of its own.
fn campaign(folder: &Path, lending: &Lending, more: &str) {
    let url = lending.url();
    let text = format!(
        "[campaign]\nname = \"lending\"\nsamples = 100\n[library]\npaths = [\"{DOCUMENT}\"]\n\
         [executor.default]\nkind = \"openapi\"\nurl = \"{url}\"\n{more}\n"
    );
    write(folder, "campaign.toml", &text);
}

const SANDBOXED: &str = "headers = [\"X-Api-Key: ${LENDING_KEY}\", \"X-Sandbox: {session}\"]\n\
                         open = \"POST /sandboxes?seed={seed}&walk={walk}\"\n\
                         session = \"/sandbox/id\"\nclose = \"DELETE /sandboxes/{session}\"";

fn magnet(folder: &Path, line: &str) -> Magnet {
    Magnet::new(folder).env("LENDING_KEY", KEY).args(line)
}

#[test]
fn every_call_is_made_as_described_and_can_be_made_again() {
    let (lending, folder) = (Lending::start(), folder());
    campaign(folder.path(), &lending, SANDBOXED);
    magnet(folder.path(), "run campaign.toml --out out").run().expect(0);
    let made = records(&folder.path().join("out/sft.jsonl"));
    assert_eq!(made.len(), 100);
    let mut outputs = 0;
    for record in &made {
        assert_eq!(record["metadata"]["executor"], "openapi:default");
        assert!(!record["tools"].to_string().contains("X-Api-Key"), "it is ours to send");
        let planned = record["metadata"]["challenges"].to_string().contains("tool_error");
        let messages = record["messages"].as_array().into_iter().flatten();
        for message in messages.filter(|message| message["role"] == "tool") {
            let content = message["content"].as_str().expect("a text");
            assert!(planned || !content.starts_with("{\"error\""), "{content}");
            outputs += 1;
        }
    }
    let calls = lending.calls();
    let came = |start: &str, end: &str| {
        calls.keys().any(|line| line.starts_with(start) && line.ends_with(end))
    };
    for (start, end) in [
        ("GET /v1/books", "/books"),
        ("GET /v1/books/", ""),
        ("POST /v1/loans", "/loans"),
        ("PUT /v1/members/", "/address"),
        ("POST /v1/loans/L-", "/return"),
    ] {
        assert!(came(start, end), "{start} … {end}: {calls:?}");
    }
    assert!(calls.values().sum::<u64>() >= outputs, "each output was asked for");
    // Only those that the process left at its end.
    assert!(lending.open_sandboxes() < 20, "{} were not ended", lending.open_sandboxes());
    for name in ["sft.jsonl", "preference.jsonl", "manifest.json", "report.html", "rejected.jsonl"]
    {
        assert!(!read(&folder.path().join("out").join(name)).contains(KEY), "{name}");
    }
    let told = magnet(folder.path(), "verify out --execute --start-servers").run().expect(0).stdout;
    assert!(told.starts_with("100 reproduced, 0 mismatch, 0 unavailable"), "{told}");
}

#[test]
fn an_api_that_refuses_whoever_asks_ends_the_campaign_without_telling_the_key() {
    let (lending, folder) = (Lending::start(), folder());
    campaign(folder.path(), &lending, SANDBOXED);
    let run = || magnet(folder.path(), "run campaign.toml --out out --samples 3");
    let told = run().env("LENDING_KEY", "wrong-key-77").run().expect(3).stderr;
    assert!(told.contains("401 Unauthorized: not a key: ***"), "{told}");
    assert!(told.contains("hint: ") && !told.contains("wrong-key-77"), "{told}");
    lending.always(308, "elsewhere");
    let told = run().run().expect(3).stderr;
    assert!(told.contains("308 Permanent Redirect") && told.contains("executor.default.url"));
    lending.always(200, "{}");
    let told = run().run().expect(3).stderr;
    assert!(told.contains("its answer has nothing at /sandbox/id"), "{told}");
}

#[test]
fn check_says_what_is_wrong_and_what_conversations_share() {
    let (lending, folder) = (Lending::start(), folder());
    let shared = "headers = [\"X-Api-Key: ${LENDING_KEY}\"]";
    campaign(folder.path(), &lending, shared);
    let told = magnet(folder.path(), "check campaign.toml").run().expect(0).stderr;
    assert!(told.contains("[executor.default]: conversations share what the API holds"), "{told}");
    assert!(lending.calls().is_empty(), "check asks nobody");
    for (more, expected) in [
        ("headers = [\"X-Sandbox: {session}\"]", "nothing tells one conversation from another"),
        ("open = \"/sandboxes\"", "executor.default.open: not a request"),
        ("headers = [\"Key sk-live-abcdefghijkl1234\"]", "looks like a key"),
        ("close = \"DELETE /x\"", "nothing is opened that could be closed"),
    ] {
        campaign(folder.path(), &lending, more);
        let told = magnet(folder.path(), "check campaign.toml").run().expect(2).stderr;
        assert!(told.contains(expected) && told.contains("hint: "), "{expected}: {told}");
    }
    campaign(folder.path(), &lending, SANDBOXED);
    let line = "run campaign.toml --out out";
    let told = Magnet::new(folder.path()).args(line).run().expect(2).stderr;
    assert!(told.contains("the variable \"LENDING_KEY\" is not set"), "{told}");
    let foreign = "run --set executor.default.kind=openapi --set executor.default.url=http://x";
    let told = Magnet::new(folder.path()).args(foreign).run().expect(2).stderr;
    assert!(told.contains("no OpenAPI document describes"), "{told}");
}

/// What was said and done in each conversation, whatever it is called.
fn conversations(path: &Path) -> Vec<Value> {
    let said = |mut record: Value| {
        let told = ["reference", "provenance", "initial_config", "executor"];
        let told = told.map(|key| record["metadata"][key].take());
        serde_json::json!([record["messages"], record["tools"], told])
    };
    records(path).into_iter().map(said).collect()
}

#[test]
fn what_was_recorded_makes_the_same_conversations_without_the_api() {
    let (lending, folder) = (Lending::start(), folder());
    campaign(folder.path(), &lending, &format!("{SANDBOXED}\nrecording = \"calls.jsonl\""));
    let line = "run campaign.toml --out first --samples 40";
    magnet(folder.path(), line).run().expect(0);
    assert!(!read(&folder.path().join("calls.jsonl")).contains(KEY));
    drop(lending);
    let text = format!(
        "[campaign]\nname = \"again\"\nsamples = 40\n[library]\npaths = [\"{DOCUMENT}\"]\n\
         [executor.default]\nkind = \"recorded\"\nrecording = \"calls.jsonl\"\n"
    );
    write(folder.path(), "again.toml", &text);
    magnet(folder.path(), "run again.toml --out second").run().expect(0);
    let [first, second] =
        ["first", "second"].map(|out| conversations(&folder.path().join(out).join("sft.jsonl")));
    assert_eq!(first.len(), 40);
    assert_eq!(first, second);
    let told = magnet(folder.path(), "verify second --execute").run().expect(0).stdout;
    assert!(told.starts_with("40 reproduced, 0 mismatch, 0 unavailable"), "{told}");

    let other = "run again.toml --out third --seed 8 --samples 2 --set campaign.max_walks=10";
    let ran = magnet(folder.path(), other).run().expect(1);
    let manifest = read(&folder.path().join("third/manifest.json"));
    assert!(manifest.contains("\"executor_failed\": 10"), "{}\n{manifest}", ran.stderr);
    let rejected = read(&folder.path().join("third/rejected.jsonl"));
    assert!(rejected.contains("nothing is recorded of walk 0 of seed 8"), "{rejected}");

    // What is gone from a recording cannot be given again, and proves nothing.
    let recording = read(&folder.path().join("calls.jsonl"));
    let is_output = |line: &&str| line.contains("\"output\":");
    let kept = recording.lines().enumerate().filter(|(at, line)| at % 9 > 0 || !is_output(line));
    let kept: Vec<&str> = kept.map(|(_, line)| line).collect();
    assert!(kept.len() < recording.lines().count());
    write(folder.path(), "calls.jsonl", &kept.join("\n"));
    let verified = magnet(folder.path(), "verify second --execute").run().expect(0);
    assert!(verified.stdout.contains(" 0 mismatch, "), "{}", verified.stdout);
    assert!(!verified.stdout.contains(" 0 unavailable"), "{}", verified.stdout);
    assert!(verified.stderr.contains("nothing is recorded of this call"), "{}", verified.stderr);
}

#[test]
fn a_recording_is_checked_before_anything_is_run() {
    let folder = folder();
    let check = |set: &str, expected: &str| {
        let line = format!("run --samples 1 --set executor.default.{set}");
        let told = Magnet::new(folder.path()).args(&line).run().expect(2).stderr;
        assert!(told.contains(expected) && told.contains("hint: "), "{expected}: {told}");
    };
    check("kind=recorded", "executor.default.recording: no file holds the outputs");
    check("recording=x.jsonl", "it is open whose outputs are recorded");
    check("pure=[\"get_wether\"]", "executor.default.pure: it executes nothing that");
}

/// Makes so many conversations over pure functions, by four workers.
fn pure_calls_are_made_once(samples: usize) {
    let (sums, folder) = (Sums::start(), folder());
    write(folder.path(), "units.json", &sums::document().to_string());
    let text = format!(
        "[campaign]\nname = \"units\"\nsamples = {samples}\n[library]\npaths = [\"units.json\"]\n\
         [dedup]\nnear_duplicate = 1.0\n[run]\nworkers = 4\n[executor.default]\n\
         kind = \"openapi\"\nurl = \"http://{}\"\npure = [\"convert_*\"]\n",
        sums.address
    );
    write(folder.path(), "campaign.toml", &text);
    Magnet::new(folder.path()).args("run campaign.toml --out out").run().expect(0);
    let asked = sums.asked();
    let most = asked.values().max().copied();
    assert_eq!(most, Some(1), "{:?}", asked.iter().find(|(_, count)| Some(**count) == most));
    let made = records(&folder.path().join("out/sft.jsonl"));
    assert_eq!(made.len(), samples);
    let pairs = records(&folder.path().join("out/preference.jsonl"));
    let good = made.iter().filter_map(|record| record["messages"].as_array());
    let bad = pairs.iter().filter_map(|pair| pair["rejected"].as_array());
    let outputs = good.chain(bad).flatten().filter(|message| message["role"] == "tool").count();
    println!("{samples} samples, {outputs} outputs of {} calls, each made once", asked.len());
    assert!(outputs > asked.len(), "{outputs} outputs of {} calls", asked.len());
}

#[test]
fn a_pure_call_is_made_once_by_four_workers() {
    pure_calls_are_made_once(200);
}

#[test]
#[ignore = "takes minutes"]
fn ten_thousand_samples_make_each_pure_call_once() {
    pure_calls_are_made_once(10_000);
}
