//! Calls executed over HTTP: the example's server, and what one may do wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::harness::{Magnet, Ran, folder, records};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/examples/http");

/// The example's server. Ended when dropped.
struct Example {
    server: Child,
    port: u16,
}

impl Example {
    fn start() -> Self {
        let mut server = Command::new("python3")
            .args([&format!("{EXAMPLE}/executor.py"), "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 starts");
        let mut line = String::new();
        let stdout = server.stdout.take().expect("its output is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("it says its port");
        Self { server, port: line.trim().parse().expect("a port") }
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

fn run(folder: &Path, port: u16, more: &str) -> Ran {
    let url = format!("--set executor.default.url=http://127.0.0.1:{port}");
    let line = format!("run {EXAMPLE}/campaign.toml --out out {url} {more}");
    Magnet::new(folder).args(&line).run()
}

#[test]
fn the_examples_server_executes_every_call() {
    let source = std::fs::read_to_string(format!("{EXAMPLE}/executor.py")).expect("it is there");
    assert!(source.lines().count() < 60);
    let (example, folder) = (Example::start(), folder());
    run(folder.path(), example.port, "--samples 100").expect(0);
    let made = records(&folder.path().join("out/sft.jsonl"));
    assert_eq!(made.len(), 100);
    for record in &made {
        assert_eq!(record["metadata"]["executor"], "http:default");
        let start = record["metadata"]["initial_config"].as_str().expect("a text");
        let start: serde_json::Value = serde_json::from_str(start).expect("JSON");
        let start = start["http:default"].to_string();
        let planned = record["metadata"]["challenges"].to_string().contains("tool_error");
        let messages = record["messages"].as_array().into_iter().flatten();
        for message in messages.filter(|message| message["role"] == "tool") {
            let content = message["content"].as_str().expect("a text");
            assert!(planned || !content.starts_with("{\"error\""), "{content}");
            // Whoever is told of was there at the conversation's start.
            let output: Value = serde_json::from_str(content).expect("JSON");
            if let Some(id) = output["contact_id"].as_str() {
                assert!(start.contains(id), "{id} is not of this conversation: {start}");
            }
        }
    }
    let verify = |folder: &Path| Magnet::new(folder).args("verify out --execute").run();
    let told = verify(folder.path()).expect(0).stdout;
    assert!(told.starts_with("100 reproduced, 0 mismatch, 0 unavailable"), "{told}");
    drop(example);
    let told = verify(folder.path()).expect(0).stdout;
    assert!(told.starts_with("0 reproduced, 0 mismatch, 100 unavailable"), "{told}");
}

/// A server that gives every request the same answer.
fn same_answer(status: &'static str, body: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut asked = [0; 4096];
            // What is asked makes no difference.
            stream.read(&mut asked).unwrap_or_default();
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close");
            stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).ok();
        }
    });
    port
}

#[test]
fn a_server_that_says_no_ends_the_campaign_with_its_words() {
    for (status, body, expected) in [
        ("401 Unauthorized", "who are you?", "401 Unauthorized: who are you?"),
        ("302 Found", "elsewhere", "302 Found"),
        ("200 OK", "{\"sesion\": 1}", "missing field `session`"),
    ] {
        let folder = folder();
        let told = run(folder.path(), same_answer(status, body), "--samples 3").expect(3).stderr;
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

#[test]
fn its_settings_are_checked() {
    let folder = folder();
    let check = |set: &str, expected: &str| {
        let line = format!("check {EXAMPLE}/campaign.toml --set {set}");
        let told = Magnet::new(folder.path()).args(&line).run().expect(2).stderr;
        assert!(told.contains(expected) && told.contains("hint: "), "{expected}: {told}");
    };
    check("executor.default.url=localhost:80", "executor.default.url");
    check(
        "executor.default.kind=simulator",
        "only an executor of kind \"http\" or \"openapi\" has one",
    );
    check("executor.default.token_env=a-b", "executor.default.token_env");
    let token = "--samples 2 --set executor.default.token_env=NO_SUCH_TOKEN";
    let told = run(folder.path(), 9, token).expect(2).stderr;
    assert!(told.contains("\"NO_SUCH_TOKEN\" is not set"), "{told}");
}
