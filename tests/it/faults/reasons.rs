//! Services that refuse or are lost in the middle of the work: what the
//! processes say of it, once, with the way out.

use crate::fleet::{Fleet, PATIENCE};
use crate::mock::{Behaviour, Mock};
use crate::server::{Answer, address_in, request};
use crate::services::proxy::{Proxy, Way};
use crate::services::rabbitmq::{self, RabbitMq};
use crate::services::redis::{self, Redis};
use crate::services::{Process, s3, wait_for};

use super::refusals::check;

/// A worker of a fleet that listens, and a way to ask whether it is ready.
fn listening_worker(fleet: &Fleet) -> (Process, impl Fn() -> Answer + use<>) {
    let worker = fleet.spawn("worker", &["worker", "--set", "run.listen=127.0.0.1:0"]);
    let mut address = None;
    wait_for("the worker to listen", PATIENCE, || {
        address = address_in(&worker.said_all());
        address.is_some()
    });
    let address = address.expect("it listens");
    (worker, move || request(address, "localhost", "GET", "/readyz", ""))
}

/// Waits until a worker has said all of it.
fn says(worker: &Process, words: &[&str]) {
    wait_for(&format!("{words:?}"), PATIENCE, || {
        let said = worker.said_all();
        words.iter().all(|word| said.contains(word))
    });
}

#[test]
fn a_lost_connection_says_why_and_an_orderly_end_warns_of_nothing() {
    let broker = RabbitMq::start();
    let mut fleet = Fleet::on_its_own(&broker, redis::shared(), 1_000);
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.wait_for_parts(2);
    fleet.worker(1).signal("TERM");
    wait_for("a worker to leave", PATIENCE, || !fleet.workers()[1].is_running());
    let said = fleet.workers()[1].said_all();
    assert!(!said.contains("WARN") && !said.contains("ERROR"), "{said}");
    wait_for("the broker to know of connections", PATIENCE, || {
        broker.drop_connections();
        fleet.workers()[0].said_all().contains("is lost: ")
    });
    says(&fleet.workers()[0], &["CONNECTION_FORCED", "stands again"]);
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
}

/// A worker, looked at through `/readyz`, and a Redis to be turned against it.
#[test]
fn what_a_state_store_refuses_is_told_once_with_the_way_out_and_in_readyz() {
    let redis = Redis::start(&[]);
    let admin = redis.new_database();
    let user = ["ACL", "SETUSER", "app", "on", ">s3cret", "~*", "+@all"];
    assert_eq!(redis.ask(&admin, &user), "OK");
    let state = redis.new_database().replace("redis://", "redis://app:s3cret@");
    let mut fleet = Fleet::on(&rabbitmq::shared().new_vhost(), &state, 20_000);
    fleet.start_coordinator();
    let (worker, ready) = listening_worker(&fleet);
    fleet.wait_for_parts(2);
    let turns: [(&[&str], &[&str], &str, &str); 4] = [
        (
            &["ACL", "SETUSER", "app", "-evalsha", "-eval"],
            &["ACL", "SETUSER", "app", "+@all"],
            "lacks a permission",
            "ACL SETUSER",
        ),
        (
            &["CONFIG", "SET", "maxmemory", "1"],
            &["CONFIG", "SET", "maxmemory", "0"],
            "OOM",
            "raise",
        ),
        (&["REPLICAOF", "127.0.0.1", "1"], &["REPLICAOF", "NO", "ONE"], "READONLY", "primary"),
        (
            &["ACL", "SETUSER", "app", "resetpass", ">another"],
            &["ACL", "SETUSER", "app", "resetpass", ">s3cret"],
            "refuses the user or the password",
            "check them in fleet.state",
        ),
    ];
    for (turn, back, told, hint) in turns {
        assert_eq!(redis.ask(&admin, turn), "OK", "{turn:?}");
        // A password that was changed is asked for by new connections alone.
        redis.ask(&admin, &["CLIENT", "KILL", "USER", "app"]);
        says(&worker, &[told, hint]);
        wait_for(&format!("/readyz to tell of {told}"), PATIENCE, || {
            let ready = ready();
            ready.status == 503 && ready.body.contains(told)
        });
        let times = worker.said_all().matches(told).count();
        assert_eq!(redis.ask(&admin, back), "OK", "{back:?}");
        wait_for("it to be well again", PATIENCE, || ready().status == 200);
        assert!(times <= 2, "{told}: said {times} times:\n{}", worker.said());
    }
    assert!(worker.is_running() && !worker.said_all().contains("s3cret"));
}

/// 241 scripts refused in silence, and each process takes the whole limit.
#[test]
fn a_user_that_may_run_no_script_is_refused_at_the_start() {
    let redis = Redis::start(&[]);
    let user = ["ACL", "SETUSER", "app", "on", ">s3cret", "~*", "+@all", "-evalsha", "-eval"];
    assert_eq!(redis.ask(&redis.new_database(), &user), "OK");
    let state = redis.new_database().replace("redis://", "redis://app:s3cret@");
    let fleet = Fleet::on(&rabbitmq::shared().new_vhost(), &state, 10);
    for role in ["worker", "coordinator"] {
        check(&fleet, &[role], &["lacks a permission", "hint: it needs ACL SETUSER"]);
    }
}

#[test]
fn a_bucket_that_is_not_there_or_closed_is_told_as_that() {
    let server = s3::shared();
    let fleet = Fleet::new(10).with("fleet.parts=s3://no-such-bucket/x");
    let fleet = fleet.with_environment(server.environment());
    for role in ["worker", "coordinator"] {
        check(&fleet, &[role], &["no-such-bucket", "there is no such bucket", "hint: make the"]);
    }
    let proxy = Proxy::to(server.port);
    proxy.set(Way::Forbidden);
    let environment = server.environment().map(|(name, value)| (name, proxy.url(&value)));
    let parts = format!("fleet.parts={}", server.new_bucket());
    let closed = Fleet::new(10).with(&parts).with_environment(environment);
    for role in ["worker", "coordinator"] {
        check(&closed, &[role], &["may not be listed", "Access Denied", "hint: check the cred"]);
    }
}

#[test]
fn a_store_that_forbids_for_a_while_what_it_has_done_is_waited_for() {
    let server = s3::shared();
    let proxy = Proxy::to(server.port);
    let parts = format!("fleet.parts={}", server.new_bucket());
    let environment = server.environment().map(|(name, value)| (name, proxy.url(&value)));
    let mut fleet = Fleet::new(600).with(&parts).with_environment(environment);
    fleet.start_coordinator();
    fleet.start_workers(2);
    wait_for("the first parts", PATIENCE, || !fleet.tell(&["status"]).contains(" 0 parts"));
    proxy.set(Way::Forbidden);
    says(&fleet.workers()[0], &["with these credentials", "Access Denied"]);
    std::thread::sleep(std::time::Duration::from_secs(3));
    proxy.set(Way::Open);
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
    assert!(fleet.workers().iter().all(Process::is_running), "{}", fleet.said());
}

/// It listens, and nobody can write to it: only writing shows that.
#[test]
fn a_part_store_that_takes_nothing_is_not_ready() {
    let mut fleet = Fleet::new(100_000);
    fleet.start_coordinator();
    let (_worker, ready) = listening_worker(&fleet);
    fleet.wait_for_parts(1);
    wait_for("it to be ready", PATIENCE, || ready().status == 200);
    fleet.tell(&["pause"]);
    // Root may write what is read-only; into a file nobody can put a file.
    let (parts, away) = (fleet.folder().join("parts"), fleet.folder().join("parts.away"));
    std::fs::rename(&parts, &away).unwrap();
    std::fs::write(&parts, "in the way").unwrap();
    wait_for("it to say so", PATIENCE, || ready().body.contains("parts: away: "));
    std::fs::remove_file(&parts).unwrap();
    std::fs::rename(&away, &parts).unwrap();
    wait_for("it to be well again", PATIENCE, || ready().status == 200);
}

/// A fleet is there before its endpoints are.
#[test]
fn a_fleet_names_a_teacher_that_does_not_answer_and_waits_for_it() {
    let mock = Mock::start(Behaviour::default());
    let proxy = Proxy::to(mock.address().port);
    proxy.set(Way::Closed);
    let url = proxy.url(&mock.base_url());
    let mut fleet = Fleet::new(20)
        .with("teacher.mock.kind=openai")
        .with("teacher.mock.model=mock")
        .with("teacher.mock.connect_patience=1s")
        .with(&format!("teacher.mock.base_url={url}"));
    fleet.start_coordinator();
    fleet.start_workers(1);
    says(&fleet.workers()[0], &[&format!("[teacher.mock] at {url}"), "has not answered yet"]);
    std::thread::sleep(std::time::Duration::from_secs(3));
    proxy.set(Way::Open);
    fleet.finish();
    assert_eq!(fleet.dataset().samples(), 20);
}
