//! An API that an OpenAPI document describes, called as it says.

mod lending;

use std::path::Path;

use crate::harness::{Magnet, folder, read, records, write};

use lending::{KEY, Lending};

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
    let told = magnet(folder.path(), "verify out --execute").run().expect(0).stdout;
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
