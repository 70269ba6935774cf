//! The status page as a person meets it, in a real browser; and its API.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{folder, write};
use crate::server::{Server, campaign_file};
use crate::services::proxy::{Proxy, Way};
use crate::services::{free_port, rabbitmq, redis};

const TOKEN: &str = "a token nobody guesses";

/// The page after its scripts have run, as markup.
fn seen(folder: &Path, url: &str) -> String {
    let profile = folder.join("browser");
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--virtual-time-budget=6000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(url)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .expect("chromium starts; Debian's package is `chromium`");
    String::from_utf8(output.stdout).expect("markup is text")
}

fn campaign(server: &Server) -> Value {
    serde_json::from_str(&server.get("/api/v1/campaign").body).expect("JSON")
}

/// A campaign that is made, with its page still there.
fn finished(folder: &Path, arguments: &str) -> Server {
    let server = Server::start(folder, &format!("run --stay {arguments}"));
    server.until("/api/v1/campaign", |body| body.contains("\"phase\":\"finished\""));
    server
}

fn steer(server: &Server, wish: &str, token: &str) -> u16 {
    let header = format!("Authorization: Bearer {token}\r\n");
    server.request("POST", &format!("/api/v1/{wish}"), &header).status
}

#[test]
fn a_finished_campaign_shows_its_figures_and_its_conversations() {
    let folder = folder();
    let server = finished(folder.path(), "--samples 30 --set campaign.name=support-desk");
    let page = seen(folder.path(), &server.url("/"));
    for expected in ["support-desk", ">finished<", " of 30 wanted", "walks decided", "lost in "] {
        assert!(page.contains(expected), "{expected} in\n{page}");
    }
    let page = seen(folder.path(), &server.url("/#/conversations/0"));
    let sample: Value = serde_json::from_str(&server.get("/api/v1/samples/0").body).expect("JSON");
    let name = sample["record"]["metadata"]["signature_path"][0][0].as_str().expect("a function");
    for expected in ["Conversation 1 of 30", "say user", "call_1", "output", "rejected: ", name] {
        assert!(page.contains(expected), "{expected} in\n{page}");
    }
    let none = seen(folder.path(), &server.url("/#/dead-letters"));
    assert!(none.contains("every shard found a worker"), "{none}");
}

#[test]
fn the_list_and_the_reader_agree_with_the_dataset() {
    let folder = folder();
    let server = finished(folder.path(), "--samples 60");
    let records = crate::harness::records(&folder.path().join("out/sft.jsonl"));
    let list: Value =
        serde_json::from_str(&server.get("/api/v1/samples?from=20&limit=100").body).expect("JSON");
    let ids: Vec<&Value> =
        list["samples"].as_array().expect("a list").iter().map(|s| &s["id"]).collect();
    let expected: Vec<&Value> = records[20..].iter().map(|record| &record["id"]).collect();
    assert_eq!((ids, &list["total"]), (expected, &json!(60)));
    let read: Value = serde_json::from_str(&server.get("/api/v1/samples/59").body).expect("JSON");
    assert_eq!(read["record"], records[59]);
    assert_eq!(server.get("/api/v1/samples/60").status, 404);
    assert_eq!(server.get("/api/v1/samples/x").status, 400);
}

/// A page from elsewhere whose name leads to this machine.
#[test]
fn a_host_that_is_not_ours_is_told_nothing() {
    let folder = folder();
    let server = finished(folder.path(), "--samples 3");
    for path in ["/", "/api/v1/campaign", "/api/v1/samples/0", "/metrics"] {
        let ask = |host: &str| crate::server::request(server.address(), host, "GET", path, "");
        let foreign = ask("rebound.example.com:9464");
        assert_eq!(foreign.status, 421, "{path}: {foreign:?}");
        assert!(foreign.body.contains("ask for it as localhost"), "{}", foreign.body);
        assert_eq!(ask("localhost:1234").status, 200, "{path}");
    }
}

#[test]
fn a_campaign_is_paused_and_resumed_with_the_token_alone() {
    let folder = folder();
    let environment = [("MAGNET_STATUS_TOKEN", TOKEN)];
    let arguments = "run --samples 100000 --set run.workers=1";
    let server = Server::start_with(folder.path(), arguments, &environment);
    server.until("/api/v1/campaign", |body| body.contains("\"phase\":\"working\""));
    assert_eq!(steer(&server, "pause", "a token somebody guesses"), 401);
    assert_eq!(server.request("POST", "/api/v1/pause", "").status, 401);
    assert_eq!(campaign(&server)["control"], "run");
    assert_eq!(steer(&server, "pause", TOKEN), 200);
    server.until("/api/v1/campaign", |body| body.contains("\"control\":\"pause\""));
    let page = seen(folder.path(), &server.url("/"));
    assert!(page.contains(">paused<") && page.contains(">Resume<"), "{page}");
    assert_eq!(steer(&server, "resume", TOKEN), 200);
    server.until("/api/v1/campaign", |body| body.contains("\"control\":\"run\""));
    assert_eq!(server.get("/api/v1/pause").status, 405);
    let told = server.get("/").body + &server.get("/metrics").body + &campaign(&server).to_string();
    assert!(!told.contains(TOKEN), "the token is told");
}

#[test]
fn a_broker_that_goes_away_is_told_and_the_page_goes_on() {
    let folder = folder();
    let proxy = Proxy::to(rabbitmq::shared().port);
    let queue = proxy.url(&rabbitmq::shared().new_vhost());
    let file = campaign_file(folder.path(), &queue, &redis::shared().new_database(), 100_000);
    let coordinator = Server::start(folder.path(), &format!("coordinator {file}"));
    let _worker = Server::start(folder.path(), &format!("worker {file}"));
    coordinator.until("/api/v1/campaign", |body| !body.contains("\"accepted\":0,"));
    assert_eq!(coordinator.get("/readyz").status, 200);
    proxy.set(Way::Closed);
    coordinator.until("/api/v1/campaign", |body| body.contains("\"queue\":null"));
    let ready = coordinator.get("/readyz");
    assert_eq!((ready.status, ready.body.contains("queue: away")), (503, true), "{}", ready.body);
    assert_eq!(coordinator.get("/healthz").status, 200, "liveness asks no broker");
    let page = seen(folder.path(), &coordinator.url("/"));
    assert!(page.contains("The queue is away") && page.contains(" of 100,000 wanted"), "{page}");
    assert!(page.contains(">held up<") && !page.contains("time left"), "{page}");
    proxy.set(Way::Open);
    coordinator.until("/readyz", |body| body.contains("queue: up"));
}

#[test]
fn dead_letters_are_counted_by_their_reason() {
    let folder = folder();
    let queue = rabbitmq::shared().new_vhost();
    let file = campaign_file(folder.path(), &queue, &redis::shared().new_database(), 100_000);
    // Small shards: those issued before are worked first.
    let coordinator = format!("coordinator {file} --set fleet.shard_walks=2");
    let coordinator = Server::start(folder.path(), &coordinator);
    let _worker = Server::start(folder.path(), &format!("worker {file}"));
    coordinator.until("/api/v1/campaign", |body| !body.contains("\"accepted\":0,"));
    let vhost = queue.rsplit('/').next().expect("a virtual host");
    (0..5).for_each(|_| rabbitmq::shared().publish(vhost, "magnet.v1.work", b"garbage"));
    coordinator.until("/api/v1/dead-letters", |body| body.matches("\"walks\":null").count() == 5);
    let page = seen(folder.path(), &coordinator.url("/#/dead-letters"));
    assert!(page.contains(">5</td>") && page.contains("magnet dlq redrive"), "{page}");
    assert_eq!(page.matches("<tbody><tr>").count(), 1, "{page}");
}

#[test]
fn a_coordinator_that_waits_for_its_broker_shows_an_empty_campaign() {
    let folder = folder();
    let queue = format!("amqp://guest:guest@127.0.0.1:{}/%2f", free_port());
    let file = campaign_file(folder.path(), &queue, &redis::shared().new_database(), 50);
    let coordinator = Server::start(folder.path(), &format!("coordinator {file}"));
    let page = seen(folder.path(), &coordinator.url("/"));
    for expected in [">waiting<", "The queue is away: not reached yet", "No walk is decided yet"] {
        assert!(page.contains(expected), "{expected} in\n{page}");
    }
    let ready = coordinator.get("/readyz");
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("queue: away") && !ready.body.contains("guest"), "{}", ready.body);
    let none = seen(folder.path(), &coordinator.url("/#/conversations"));
    assert!(none.contains("No conversation is finished yet"), "{none}");
}

#[test]
fn without_a_token_nobody_steers() {
    let folder = folder();
    let server = Server::start(folder.path(), "run --samples 100000 --set run.workers=1");
    server.until("/api/v1/campaign", |body| body.contains("\"may_steer\":false"));
    assert_eq!(steer(&server, "pause", ""), 403);
    assert_eq!(steer(&server, "pause", TOKEN), 403);
}

#[test]
fn what_a_library_says_is_never_markup() {
    let folder = folder();
    let evil = "<script>document.title='owned'</script><img src=x onerror=alert(1)>";
    let tool = |number: u32, parameter: &str| {
        json!({"name": format!("find_{number}"), "description": format!("Find things. {evil}"),
               "category": format!("things {evil}"),
               "parameters": {"type": "object", "required": [parameter], "properties":
                   {parameter: {"type": "string", "description": evil, "enum": [evil, "b"]}}},
               "response": {"type": "object", "properties":
                   {"thing_id": {"type": "string", "description": evil}}}})
    };
    let tools: Vec<Value> =
        (0..6).map(|n| tool(n, if n % 2 == 0 { "q\"><b>" } else { "thing_id" })).collect();
    write(folder.path(), "evil.json", &Value::Array(tools).to_string());
    let arguments = "--samples 5 --tools evil.json --set walk.min_nodes=1 --set walk.min_steps=1 \
                     --set campaign.max_walks=2000";
    let server = finished(folder.path(), arguments);
    assert!(campaign(&server)["samples"]["readable"].as_u64() > Some(0), "nothing to read");
    assert!(
        server.get("/api/v1/samples/0").body.contains("<script>"),
        "nothing hostile came through"
    );
    let page = seen(folder.path(), &server.url("/#/conversations/0"));
    assert!(page.contains("Conversation 1 of") && page.contains("&lt;script&gt;"), "{page}");
    assert!(!page.contains("<script>document") && !page.contains("<img src=\"x\""), "{page}");
    assert!(!page.contains("<title>owned"), "{page}");
}

#[test]
fn every_file_of_the_page_is_here_and_guarded() {
    let folder = folder();
    let server = Server::start(folder.path(), "run --samples 100000 --set run.workers=1");
    let page = server.get("/").body;
    let files = page.split(['"', '\'']).filter(|text| text.starts_with("/assets/"));
    let files: Vec<&str> = files.chain(["/assets/dom.js", "/assets/reader.js", "/"]).collect();
    for file in files {
        let answer = server.get(file);
        assert_eq!(answer.status, 200, "{file}");
        let head = answer.head.to_lowercase();
        assert!(head.contains("content-security-policy: default-src 'none'"), "{file}: {head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{file}: {head}");
        let outside =
            ["https://", "innerHTML", "eval("].iter().find(|text| answer.body.contains(**text));
        assert_eq!(outside, None, "{file}");
    }
}
