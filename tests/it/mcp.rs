//! MCP servers as library and executor: `tests/mcp/shop.py`, whose accounts and
//! orders refuse whatever does not fit, and what a hostile server may do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fleet::{Dataset, Fleet, PATIENCE};
use crate::harness::{Magnet, Ran, folder, read, records, write};
use crate::services::wait_for;

/// A folder with a file of one server, the shop, with further keys.
struct Shop {
    folder: TempDir,
}

impl Shop {
    fn new(how: &str, more: Value) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/mcp/shop.py");
        let mut server = json!({ "command": "python3", "args": [script, "{dir}", how] });
        for (key, value) in more.as_object().into_iter().flatten() {
            server[key] = value.clone();
        }
        let folder = folder();
        write(folder.path(), "servers.json", &json!({"mcpServers": {"shop": server}}).to_string());
        Self { folder }
    }

    fn magnet(&self, line: &str) -> Ran {
        self.with(line, &[])
    }

    fn with(&self, line: &str, variables: &[(&str, &str)]) -> Ran {
        // What it leaves behind in the folder for temporary files is seen.
        let mut magnet = Magnet::new(self.path()).env("TMPDIR", &self.temporary());
        for (name, value) in variables {
            magnet = magnet.env(name, value);
        }
        magnet.args(line).run()
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn temporary(&self) -> String {
        let path = self.path().join("tmp");
        std::fs::create_dir_all(&path).expect("a folder can be made");
        path.display().to_string()
    }

    fn records(&self) -> Vec<Value> {
        records(&self.path().join("out/sft.jsonl"))
    }

    /// No process of the shop's runs, no folder of a conversation is there.
    fn is_tidy(&self) {
        let marker = self.temporary();
        let started = Instant::now();
        while let Some(left) = running(&marker) {
            assert!(started.elapsed() < Duration::from_secs(10), "still running: {left}");
            std::thread::sleep(Duration::from_millis(20));
        }
        let left: Vec<PathBuf> = std::fs::read_dir(&marker)
            .expect("the folder can be read")
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        assert_eq!(left, Vec::<PathBuf>::new());
    }
}

/// The command line of a process that names that text.
fn running(marker: &str) -> Option<String> {
    let processes = std::fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    let lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).into_owned()).find(|line| line.contains(marker))
}

/// The contents of a record's tool messages.
fn outputs(record: &Value) -> Vec<&str> {
    let messages = record["messages"].as_array().into_iter().flatten();
    let tools = messages.filter(|message| message["role"] == "tool");
    tools.filter_map(|message| message["content"].as_str()).collect()
}

#[test]
fn a_file_of_servers_is_library_and_executor_at_once() {
    let shop = Shop::new("", json!({ "isolation": "restore" }));
    let checked = shop.magnet("check --tools servers.json").expect(0);
    assert!(checked.stdout.contains("servers.json#shop"), "{}", checked.stdout);
    shop.magnet("run --tools servers.json --samples 100").expect(0);
    let records = shop.records();
    assert_eq!(records.len(), 100);
    let mut orders = BTreeSet::new();
    for record in &records {
        assert_eq!(record["metadata"]["executor"], "mcp");
        let planned = record["metadata"]["challenges"].to_string().contains("tool_error");
        for output in outputs(record) {
            assert!(planned || !output.starts_with("{\"error\""), "{}: {output}", record["id"]);
            let output: Value = serde_json::from_str(output).expect("the shop answers JSON");
            orders.extend(output["order_id"].as_str().map(str::to_owned));
        }
    }
    // Each conversation's first new order is the first: none sees another's.
    assert!(orders.contains("OR-7004"), "{orders:?}");
    assert!(orders.iter().all(|order| order.as_str() < "OR-7012"), "{orders:?}");
    let refused = shop.magnet("verify out --execute").expect(0);
    assert!(refused.stdout.starts_with("0 reproduced, 0 mismatch, 100 unavailable"));
    assert!(refused.stderr.contains("hint: let them be started with --start-servers"));
    let verified = shop.magnet("verify out --execute --start-servers").expect(0).stdout;
    assert!(verified.starts_with("100 reproduced, 0 mismatch, 0 unavailable"), "{verified}");
    shop.is_tidy();
}

#[test]
fn a_kept_process_whose_folder_is_restored_says_the_same_as_a_fresh_one() {
    let data = |isolation: &str| {
        let shop = Shop::new("", json!({ "isolation": isolation }));
        shop.magnet("run --tools servers.json --samples 15 --set run.workers=2").expect(0);
        shop.is_tidy();
        (read(&shop.path().join("out/sft.jsonl")), read(&shop.path().join("out/preference.jsonl")))
    };
    assert_eq!(data("process"), data("restore"));
}

/// With isolation switched off, one conversation's orders are in another's.
#[test]
fn a_leak_is_seen_where_conversations_share_a_server() {
    let shop = Shop::new("", json!({ "isolation": "none" }));
    shop.magnet("run --tools servers.json --samples 30 --set run.workers=1");
    let verified = shop.magnet("verify out --execute --start-servers");
    assert_eq!(verified.exit, 1, "{}", verified.stdout);
    assert!(verified.stderr.contains("came out otherwise"), "{}", verified.stderr);
}

#[test]
fn a_conversation_starts_from_the_files_and_calls_that_the_file_says() {
    let state = json!({
        "accounts": {"AC-9": {"name": "Zoe", "status": "active", "balance_cents": 500000}},
        "orders": {}, "next": 1,
        "stock": {"VASE": {"price_cents": 100, "stock": 50}},
    });
    let order = json!({"account_id": "AC-9", "sku": "VASE", "quantity": 2});
    let shop = Shop::new(
        "",
        json!({
            "files": {"shop.json": state.to_string()},
            "prepare": [{"tool": "place_order", "arguments": order}],
        }),
    );
    shop.magnet("run --tools servers.json --samples 10").expect(0);
    let records = shop.records();
    let told: String = records.iter().flat_map(outputs).collect();
    assert!(told.contains("AC-9") && told.contains("OR-1\"") && !told.contains("AC-101"), "{told}");
    let start = records[0]["metadata"]["initial_config"].as_str().expect("a text");
    let start: Value = serde_json::from_str(start).expect("JSON");
    let start = &start["mcp"]["shop"];
    assert_eq!(start["files"]["shop.json"], state.to_string());
    assert_eq!(start["prepare"][0]["tool"], "place_order");
    let broken = json!({"prepare": [{"tool": "get_order", "arguments": {"order_id": "OR-1"}}]});
    let told = Shop::new("", broken).magnet("run --tools servers.json --samples 5");
    assert_eq!(told.exit, 3, "{}", told.stderr);
    assert!(told.stderr.contains("there is no order OR-1"), "{}", told.stderr);
}

#[test]
fn what_a_server_does_in_mid_call_costs_a_try_and_not_the_run() {
    for how in ["crash", "hang", "huge", "garbage"] {
        let shop = Shop::new(how, json!({ "call_timeout": "1s", "isolation": "restore" }));
        let ran = shop.magnet("run --tools servers.json --samples 3 --set run.workers=2").expect(0);
        let records = shop.records();
        assert_eq!(records.len(), 3, "{how}: {}", ran.stderr);
        let called = records
            .iter()
            .any(|record| record["metadata"]["reference"].to_string().contains("\"get_order\""));
        assert!(!called, "{how}: a call that never returned is in the data");
        shop.is_tidy();
    }
}

#[test]
fn noise_and_odd_tools_are_left_aside() {
    let shop = Shop::new("noisy", json!({ "isolation": "restore" }));
    shop.magnet("run --tools servers.json --samples 3").expect(0);
    let shop = Shop::new("odd", json!({ "isolation": "restore" }));
    let checked = shop.magnet("check --tools servers.json").expect(0).stdout;
    assert!(checked.contains("refused"), "{checked}");
    shop.magnet("run --tools servers.json --samples 3").expect(0);
}

#[test]
fn a_server_that_does_not_start_is_told_with_what_it_said() {
    let check = |how: &str, more: Value, expected: &str| {
        let shop = Shop::new(how, more);
        let told = shop.magnet("run --tools servers.json --samples 3").expect(2).stderr;
        assert!(told.contains("server \"shop\"") && told.contains("hint: "), "{told}");
        assert!(told.contains(expected), "{expected}: {told}");
        assert!(!shop.path().join("out").exists(), "a side effect");
        shop.is_tidy();
    };
    check("", json!({"command": "no-such-program"}), "no program \"no-such-program\"");
    check("", json!({"args": ["-c", "import no_such_module"]}), "no_such_module");
    check("silent", json!({"start_timeout": "1s"}), "did not answer within 1 s");
    check("endless", json!({}), "does not end after 100 pages");
    check(
        "",
        json!({"env": {"SHOP_TOKEN": "${NO_SUCH_VARIABLE}"}}),
        "\"NO_SUCH_VARIABLE\" is not set",
    );
}

/// What a server has started ends with it.
#[test]
fn nothing_that_a_server_started_outlives_it() {
    let shop = Shop::new("brood", json!({ "env": {"BROOD": "${BROOD_FILE}"} }));
    let brood = shop.path().join("brood");
    let variable = brood.display().to_string();
    shop.with("run --tools servers.json --samples 3", &[("BROOD_FILE", &variable)]).expect(0);
    let pids: Vec<String> = read(&brood).lines().map(str::to_owned).collect();
    assert!(pids.len() > 3, "{pids:?}");
    for pid in pids {
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(state.is_empty() || state.contains(") Z "), "{pid} still runs: {state}");
    }
}

/// A secret is named in the file, used by the server, and nowhere in what is
/// written.
#[test]
fn a_secret_gets_to_the_server_and_nowhere_else() {
    let shop = Shop::new("", json!({ "env": {"SHOP_TOKEN": "${MY_SHOP_TOKEN}"} }));
    let secret = "hush-0123456789";
    let ran = shop.with("run --tools servers.json --samples 3", &[("MY_SHOP_TOKEN", secret)]);
    ran.expect(0);
    let mut folders = vec![shop.path().join("out")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder can be read").flatten() {
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false => {
                    let bytes = std::fs::read(entry.path()).expect("the file can be read");
                    let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
                    assert!(!found, "{}", entry.path().display());
                }
            }
        }
    }
    let written = Shop::new("", json!({ "env": {"SHOP_TOKEN": secret} }));
    let told = written.magnet("check --tools servers.json").expect(2).stderr;
    assert!(told.contains("\"${SHOP_TOKEN}\"") && !told.contains(secret), "{told}");
}

/// A campaign that reaches a fleet is not its workers' owner.
#[test]
fn a_worker_starts_only_the_programs_that_its_owner_allows() {
    let shop = Shop::new("", json!({ "isolation": "restore" }));
    let servers = shop.path().join("servers.json");
    let mut fleet =
        Fleet::new(8).with(&format!("library.paths=[{:?}]", servers.display().to_string()));
    fleet.start_workers(1);
    fleet.start_coordinator();
    let told = "campaigns may not have this worker start `python3";
    wait_for("the coordinator to say so", PATIENCE, || fleet.all_said().contains(told));
    let mut fleet = fleet.with("worker.commands=[\"python3 *shop.py {dir} *\"]");
    fleet.replace_worker(0);
    fleet.finish();
    let line = "run --tools servers.json --samples 8 --seed 11 --set campaign.name=fleet";
    shop.magnet(&format!("{line} --set fleet.shard_walks=16")).expect(0);
    assert_eq!(fleet.dataset(), Dataset::read(&shop.path().join("out")));
}
