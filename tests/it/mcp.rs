//! MCP servers as library and executor: `tests/mcp/shop.py`, whose accounts and
//! orders refuse whatever does not fit, the same over HTTP (`remote.py`), and what
//! a hostile server may do.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
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
    assert!(refused.stderr.contains("with --start-servers"));
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

/// What keeps the shop's conversations apart, as the probe tells it.
fn probed(shop: &Shop) -> String {
    let told = shop.magnet("check --tools servers.json --probe").expect(0).stdout;
    assert!(told.contains("[server shop] "), "{told}");
    shop.is_tidy();
    told
}

#[test]
fn the_probe_tells_what_keeps_conversations_apart() {
    let told = probed(&Shop::new("", json!({})));
    assert!(told.contains("\"isolation\": \"restore\" would do"), "{told}");
    let told = probed(&Shop::new("stateful", json!({ "isolation": "restore" })));
    assert!(told.contains("NOT kept apart by \"restore\""), "{told}");
    let told = probed(&Shop::new("stateful", json!({})));
    assert!(told.contains("kept apart by \"process\""), "{told}");
    let told = probed(&Elsewhere::start("").listed(json!({})));
    assert!(told.contains("kept apart by \"session\""), "{told}");
    let told = probed(&Shop::new("crash", json!({})));
    assert!(told.contains("breaks it           get_order: "), "{told}");
    assert!(told.contains("burns down"), "{told}");
}

/// State outside of the conversation's folder is not the conversation's own.
#[test]
fn a_server_that_leaks_is_refused_and_used_after_a_warning() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/mcp/shop.py");
    let leaky = |more: Value| {
        let mut more = more;
        more["args"] = json!([script, "{here}"]);
        Shop::new("", more)
    };
    let elsewhere = Elsewhere::start("shared");
    for shop in [leaky(json!({})), elsewhere.listed(json!({}))] {
        let told = shop.magnet("run --tools servers.json --samples 3").expect(2).stderr;
        assert!(told.contains("a conversation sees what another wrote"), "{told}");
        assert!(told.contains("hint: ") && told.contains("\"isolation\": \"none\""), "{told}");
        let told = shop.magnet("check --tools servers.json --probe").expect(0).stdout;
        assert!(told.contains("a conversation sees what another wrote"), "{told}");
    }
    let told = leaky(json!({ "isolation": "none" })).magnet("run --tools servers.json --samples 3");
    assert!(told.stderr.contains("conversations see what others write"), "{}", told.stderr);
}

/// The time, and orders that are named by it, come out otherwise each time.
#[test]
fn volatile_values_are_seen_and_bound() {
    let shop = Shop::new("clock", json!({}));
    let told = probed(&shop);
    assert!(told.contains("get_account: \"/told_at\""), "{told}");
    assert!(told.contains("place_order: \"/order_id\", \"/told_at\""), "{told}");
    shop.magnet("run --tools servers.json --samples 20").expect(0);
    let orders = |record: &Value| outputs_of(record).contains("OR-1");
    assert!(shop.records().iter().any(orders), "no order is named by the time");
    let verified = shop.magnet("verify out --execute --start-servers");
    let told = verified.expect(0).stdout;
    assert!(told.starts_with("20 reproduced, 0 mismatch, 0 unavailable"), "{told}");
    assert!(
        told.contains("executed again, but for ") && told.contains(" volatile values"),
        "{told}"
    );
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
    for how in ["crash", "hang", "huge", "garbage", "mute", "orphan", "dribble", "large"] {
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
    for how in ["noisy", "chatty", "stutter", "asking"] {
        let shop = Shop::new(how, json!({ "isolation": "restore" }));
        shop.magnet("run --tools servers.json --samples 3").expect(0);
        assert_eq!(shop.records().len(), 3, "{how}");
        shop.is_tidy();
    }
    let shop = Shop::new("odd", json!({ "isolation": "restore" }));
    let checked = shop.magnet("check --tools servers.json").expect(0).stdout;
    assert!(checked.contains("refused"), "{checked}");
    shop.magnet("run --tools servers.json --samples 3").expect(0);
}

#[test]
fn answers_that_do_not_keep_to_their_schema_break_nothing() {
    let shop = Shop::new("liar", json!({}));
    shop.magnet("run --tools servers.json --samples 5").expect(0);
    assert_eq!(shop.records().len(), 5);
    let verified = shop.magnet("verify out --execute --start-servers").expect(0).stdout;
    assert!(verified.starts_with("5 reproduced, 0 mismatch"), "{verified}");
    shop.is_tidy();
}

/// Where what goes together must, a dry walk finds it: five calls in a row,
/// counted at the server.
#[test]
fn a_dry_walk_gets_along_with_a_strict_server() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/mcp/bank.py");
    let shop = Shop::new(
        "",
        json!({ "args": [script, "{dir}"], "env": {"CALLS": "{here}/calls"}, "isolation": "restore" }),
    );
    let five = ["walk.steps=5", "walk.min_steps=5", "walk.min_nodes=5", "negatives.max_pairs=0"];
    let alone = ["merge", "insert", "split", "parallel", "pad", "fault", "conflict", "irrelevant"];
    let alone = alone.map(|operation| format!("node_ops.{operation}=0"));
    let sets = five.iter().map(|set| (*set).to_owned()).chain(alone);
    let sets: String = sets.map(|set| format!(" --set {set}")).collect();
    let line = format!("run --tools servers.json --samples 100{sets}");
    shop.magnet(&line).expect(0);
    let manifest: Value = serde_json::from_str(&read(&shop.path().join("out/manifest.json")))
        .expect("the manifest is JSON");
    let walks = |at: &str| manifest.pointer(at).and_then(Value::as_u64).unwrap_or(0);
    let refused = walks("/counts/rejected_by_reason/call_refused");
    let walked = walks("/counts/accepted") + walks("/counts/rejected");
    assert!(refused * 100 <= walked * 15, "{refused} of {walked} walks end with a refused call");
    let calls = read(&shop.path().join("calls"));
    let (made, accepted) = (calls.lines().count(), 5 * (walked - refused) as usize);
    assert!(made * 2 <= accepted * 5, "{made} calls for {accepted} that are wanted");
    println!("{refused} of {walked} walks refused, {made} calls for {accepted}");
    shop.is_tidy();
}

/// As with a teacher: what was there comes back, what never was is given up.
#[test]
fn a_server_that_fails_to_start_is_waited_for_and_given_up_with_its_words() {
    let with_patience = |how: &str, patience: &str| {
        let more = json!({ "env": {"STARTS": "{here}/starts"}, "connect_patience": patience,
                           "isolation": "process" });
        Shop::new(how, more)
    };
    let shop = with_patience("mortal", "60s");
    shop.magnet("run --tools servers.json --samples 5").expect(0);
    assert_eq!(shop.records().len(), 5);
    assert!(read(&shop.path().join("starts")).len() > 12);
    shop.is_tidy();
    let shop = with_patience("dying", "1s");
    let told = shop.magnet("run --tools servers.json --samples 5").expect(3).stderr;
    // It was there when it was asked for its tools, and never for a conversation.
    assert!(told.contains("out of memory"), "{told}");
    shop.is_tidy();
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
    holds_nowhere(&shop.path().join("out"), secret);
    let written = Shop::new("", json!({ "env": {"SHOP_TOKEN": secret} }));
    let told = written.magnet("check --tools servers.json").expect(2).stderr;
    assert!(told.contains("\"${SHOP_TOKEN}\"") && !told.contains(secret), "{told}");
}

/// No file below a folder holds that text.
fn holds_nowhere(folder: &Path, secret: &str) {
    let mut folders = vec![folder.to_owned()];
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

/// The shop over HTTP. Ended when dropped.
struct Elsewhere {
    server: Child,
    port: u16,
}

impl Elsewhere {
    fn start(how: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/mcp/remote.py");
        let mut server = Command::new("python3")
            .args([script, how])
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut line = String::new();
        let stdout = server.stdout.take().expect("its output is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("it says its port");
        Self { server, port: line.trim().parse().expect("a port") }
    }

    /// A folder with a file of it, with further keys.
    fn listed(&self, more: Value) -> Shop {
        let url = format!("http://127.0.0.1:{}/mcp", self.port);
        let mut server = json!({ "type": "http", "url": url });
        for (key, value) in more.as_object().into_iter().flatten() {
            server[key] = value.clone();
        }
        let folder = folder();
        write(folder.path(), "servers.json", &json!({"mcpServers": {"shop": server}}).to_string());
        Shop { folder }
    }

    /// What was asked of it.
    fn seen(&self) -> Value {
        self.get("/seen")
    }

    fn get(&self, path: &str) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it is there");
        let asked = format!("GET {path} HTTP/1.1\r\nconnection: close\r\n\r\n");
        stream.write_all(asked.as_bytes()).expect("it hears");
        let mut told = String::new();
        stream.read_to_string(&mut told).expect("it answers");
        let (_, body) = told.split_once("\r\n\r\n").expect("an answer");
        serde_json::from_str(body).expect("JSON")
    }

    /// Each session that began has ended, or was lost by the server.
    fn is_tidy(&self) {
        wait_for("all sessions to end", PATIENCE, || self.seen()["open"] == 0);
        let seen = self.seen();
        let count = |key: &str| seen[key].as_u64().expect("a count");
        assert_eq!(count("begun"), count("ended") + count("lost"), "{seen}");
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

#[test]
fn a_server_elsewhere_executes_every_call_in_sessions_of_their_own() {
    for how in ["", "sse"] {
        let elsewhere = Elsewhere::start(how);
        let shop = elsewhere.listed(json!({}));
        shop.magnet("run --tools servers.json --samples 100").expect(0);
        elsewhere.is_tidy();
        let records = shop.records();
        assert_eq!(records.len(), 100);
        let mut orders = BTreeSet::new();
        for output in records.iter().flat_map(outputs) {
            let output: Value = serde_json::from_str(output).expect("the shop answers JSON");
            orders.extend(output["order_id"].as_str().map(str::to_owned));
        }
        // Each conversation's first new order is the first: none sees another's.
        assert!(orders.contains("OR-7004"), "{orders:?}");
        assert!(orders.iter().all(|order| order.as_str() < "OR-7012"), "{orders:?}");
        let refused = shop.magnet("verify out --execute").expect(0);
        assert!(refused.stdout.starts_with("0 reproduced, 0 mismatch, 100 unavailable"));
        let verified = shop.magnet("verify out --execute --start-servers").expect(0).stdout;
        assert!(verified.starts_with("100 reproduced, 0 mismatch, 0 unavailable"), "{verified}");
        elsewhere.is_tidy();
    }
}

/// What one says over its input and output, it says over HTTP.
#[test]
fn the_way_to_a_server_changes_no_conversation() {
    let line = "run --tools servers.json --samples 15 --set run.workers=2";
    let started = Shop::new("", json!({}));
    started.magnet(line).expect(0);
    let elsewhere = Elsewhere::start("");
    let asked = elsewhere.listed(json!({}));
    asked.magnet(line).expect(0);
    let messages = |shop: &Shop| shop.records().iter().map(outputs_of).collect::<Vec<_>>();
    assert_eq!(messages(&started), messages(&asked));
}

fn outputs_of(record: &Value) -> String {
    outputs(record).join("\n")
}

/// A server that loses sessions, or breaks off, costs tries: no conversation
/// goes on in another session, none is left open, and what came out holds.
#[test]
fn sessions_that_are_lost_cost_tries_and_are_never_another() {
    for how in ["forgetful", "forgetful,sloppy", "flaky", "broken"] {
        let elsewhere = Elsewhere::start(how);
        let shop = elsewhere.listed(json!({}));
        let ran = shop.magnet("run --tools servers.json --samples 20").expect(0);
        let records = shop.records();
        assert_eq!(records.len(), 20, "{how}: {}", ran.stderr);
        let seen = elsewhere.seen();
        if how.starts_with("forgetful") {
            assert!(seen["lost"].as_u64() > Some(0), "{how}: {seen}");
        }
        elsewhere.is_tidy();
        if how == "broken" {
            let called = records.iter().any(|record| {
                record["metadata"]["reference"].to_string().contains("\"get_order\"")
            });
            assert!(!called, "a call that never returned is in the data");
        }
        elsewhere.get("/well");
        let verified = shop.magnet("verify out --execute --start-servers").expect(0).stdout;
        assert!(verified.starts_with("20 reproduced, 0 mismatch, 0 unavailable"), "{verified}");
    }
}

#[test]
fn a_token_gets_to_a_server_elsewhere_and_nowhere_else() {
    let elsewhere = Elsewhere::start("closed");
    let shop = elsewhere.listed(json!({"headers": {"Authorization": "Bearer ${SHOP_TOKEN}"}}));
    let line = "run --tools servers.json --samples 3";
    let told = shop.with(line, &[("SHOP_TOKEN", "wrong-0123456789")]).expect(2).stderr;
    assert!(told.contains("HTTP 401") && told.contains("who are you?"), "{told}");
    assert!(told.contains("hint: ") && !told.contains("wrong-0123456789"), "{told}");
    shop.with(line, &[("SHOP_TOKEN", "hush-0123456789")]).expect(0);
    assert_eq!(elsewhere.seen()["tokens"].as_array().map(Vec::len), Some(2));
    holds_nowhere(&shop.path().join("out"), "hush-0123456789");
    let missing = shop.magnet(line).expect(2).stderr;
    assert!(missing.contains("\"SHOP_TOKEN\" is not set"), "{missing}");
}

#[test]
fn a_server_that_is_not_there_is_told_with_its_address() {
    let elsewhere = Elsewhere::start("");
    let shop = elsewhere.listed(json!({"start_timeout": "2s"}));
    drop(elsewhere);
    let told = shop.magnet("run --tools servers.json --samples 3").expect(2).stderr;
    assert!(told.contains("refused") && told.contains("http://127.0.0.1:"), "{told}");
}
