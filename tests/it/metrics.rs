//! What the program exports: all that its catalogue promises, nothing else, as
//! Prometheus wants it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::harness::{folder, read};
use crate::server::{Server, campaign_file};
use crate::services::{rabbitmq, redis};

/// A metric's type and the names of its labels.
type Shape = (String, BTreeSet<String>);

/// The catalogue's rows for these roles, `deploy/METRICS.md`: all of them, and
/// those that begin with their first event.
fn catalogue(roles: &str) -> (BTreeMap<String, Shape>, BTreeSet<String>) {
    let text = read(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/METRICS.md").as_ref());
    let (mut rows, mut later) = (BTreeMap::new(), BTreeSet::new());
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if !cells[3].chars().any(|role| roles.contains(role) && role != ' ') {
            continue;
        }
        let name = cells[0].split('`').nth(1).expect("a name in backquotes").to_owned();
        let labels = cells[2].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        if cells[0].ends_with('†') {
            later.insert(name.clone());
        }
        rows.insert(name, (cells[1].to_owned(), labels));
    }
    assert!(rows.len() > 30, "{} rows", rows.len());
    (rows, later)
}

/// What a page of metrics holds.
fn exported(page: &str) -> BTreeMap<String, Shape> {
    let mut found: BTreeMap<String, Shape> = BTreeMap::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a name and a type");
            found.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
        } else if !line.starts_with('#') {
            let (name, labels) = line.split_once('{').unwrap_or((line, ""));
            let name = name.split(' ').next().expect("a name");
            let bare = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let known = [Some(name), bare].into_iter().flatten().find(|n| found.contains_key(*n));
            let family = known.unwrap_or_else(|| panic!("no type for {name}")).to_owned();
            let labels = labels.rsplit_once('}').map_or("", |(labels, _)| labels);
            let names = labels.split("\",").filter_map(|pair| Some(pair.split_once('=')?.0));
            let (_, shape) = found.get_mut(&family).expect("just found");
            shape.extend(names.filter(|name| *name != "le").map(str::to_owned));
        }
    }
    found
}

fn server() -> (tempfile::TempDir, Server) {
    let folder = folder();
    let server = Server::start(folder.path(), "run --samples 2000 --set run.workers=1");
    server.until("/api/v1/campaign", |body| !body.contains("\"accepted\":0,"));
    (folder, server)
}

/// Exports what the catalogue says of these roles, and nothing else.
fn check_exports(server: &Server, roles: &str) {
    let found = exported(&server.get("/metrics").body);
    let (catalogue, later) = catalogue(roles);
    for (name, shape) in &found {
        assert_eq!(catalogue.get(name), Some(shape), "{name} is not in deploy/METRICS.md so");
    }
    let missing: Vec<_> =
        catalogue.keys().filter(|n| !found.contains_key(*n) && !later.contains(*n)).collect();
    assert!(missing.is_empty(), "not exported: {missing:?}");
}

#[test]
fn every_metric_of_the_catalogue_is_exported_and_no_other() {
    let (_folder, server) = server();
    check_exports(&server, "CW");
}

#[test]
fn each_role_of_a_fleet_exports_its_own() {
    let folder = folder();
    let (queue, state) = (rabbitmq::shared().new_vhost(), redis::shared().new_database());
    let campaign = campaign_file(folder.path(), &queue, &state, 100_000);
    let coordinator = Server::start(folder.path(), &format!("coordinator {campaign}"));
    let worker = Server::start(folder.path(), &format!("worker {campaign}"));
    let accepts = |body: &str| body.lines().any(|line| line.ends_with("{outcome=\"done\"} 2"));
    worker.until("/metrics", accepts);
    let page = worker.get("/metrics").body;
    assert!(!page.contains("magnet_shard_wait_seconds_count 0"), "no shard's wait is measured");
    check_exports(&coordinator, "C");
    check_exports(&worker, "W");
    assert_eq!(worker.get("/readyz").status, 200);
    coordinator.until("/metrics", |body| {
        body.contains("\nmagnet_queue_consumers 1\n") && body.contains("magnet_campaign_leading 1")
    });
}

#[test]
fn promtool_finds_nothing_to_mend() {
    let (_folder, server) = server();
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts; Debian's package `prometheus` has it");
    let mut input = promtool.stdin.take().expect("its input is a pipe");
    input.write_all(server.get("/metrics").body.as_bytes()).expect("promtool reads");
    drop(input);
    let told = promtool.wait_with_output().expect("promtool ends");
    let text = String::from_utf8_lossy(&told.stderr) + String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success() && text.trim().is_empty(), "{text}");
}

#[test]
fn a_process_is_alive_and_ready_while_it_works() {
    let (_folder, server) = server();
    assert_eq!(server.get("/healthz").status, 200);
    let ready = server.get("/readyz");
    assert_eq!((ready.status, ready.body.matches(": up").count()), (200, 4), "{}", ready.body);
}

#[test]
fn a_port_that_is_taken_is_told_with_the_way_out() {
    let (_folder, server) = server();
    let folder = folder();
    let ran = crate::harness::Magnet::new(folder.path())
        .args(&format!("run --set run.listen={}", server.address()))
        .run()
        .expect(2);
    let port = server.address().to_string();
    assert!(ran.stderr.contains(&port) && ran.stderr.contains("hint: "), "{}", ran.stderr);
    assert!(!folder.path().join("out").exists(), "nothing was begun");
}
