//! What is wrong at the start: said plainly, in time, with the right exit code.

use std::time::{Duration, Instant};

use crate::fleet::Fleet;
use crate::services::rabbitmq;
use crate::services::{free_port, redis, s3};

/// Nobody listens there.
fn nowhere() -> String {
    format!("127.0.0.1:{}", free_port())
}

pub(super) fn check(fleet: &Fleet, role: &[&str], words: &[&str]) {
    let began = Instant::now();
    let (exit, _, said) = fleet.call(role);
    assert_eq!(exit, 3, "{role:?}: {said}");
    assert!(began.elapsed() < Duration::from_secs(40), "{role:?} took {:?}", began.elapsed());
    for word in words {
        assert!(said.contains(word), "{role:?} does not say \"{word}\": {said}");
    }
    assert!(!said.contains("s3cret") && !said.contains("guest:guest"), "{said}");
}

#[test]
fn a_service_that_is_away_at_the_start_is_named_and_the_process_ends() {
    let broker = nowhere();
    let away = format!("fleet.queue=amqp://guest:guest@{broker}/");
    let fleet = Fleet::new(10).with("fleet.connect_timeout=2s");
    let without_broker = fleet.with(&away);
    check(&without_broker, &["worker"], &[&broker, "queue is away"]);
    check(&without_broker, &["coordinator"], &[&broker, "queue is away"]);

    let store = nowhere();
    let away = format!("fleet.state=redis://:s3cret@{store}/0");
    let without_state = Fleet::new(10).with("fleet.connect_timeout=2s").with(&away);
    check(&without_state, &["coordinator"], &[&store, "state store is away"]);
    check(&without_state, &["worker"], &[&store, "state store is away"]);

    let endpoint = format!("http://{}", nowhere());
    let environment = s3::environment(&endpoint);
    let without_parts =
        Fleet::new(10).with("fleet.parts=s3://bucket/prefix").with_environment(environment);
    for role in ["worker", "coordinator"] {
        check(&without_parts, &[role], &["opening the part store"]);
    }
}

#[test]
fn wrong_credentials_are_told_without_the_password() {
    let right = rabbitmq::shared().new_vhost();
    let wrong = right.replace("guest:guest", "guest:s3cret");
    let state = redis::shared().new_database();
    let fleet = Fleet::on(&wrong, &state, 10);
    for role in ["worker", "coordinator"] {
        check(&fleet, &[role], &["the name or the password"]);
    }
    let closed = redis::Redis::start(&["--requirepass", "another"]);
    let url = closed.new_database().replace("redis://", "redis://:s3cret@");
    let fleet = Fleet::on(&right, &url, 10);
    for role in ["worker", "coordinator"] {
        check(&fleet, &[role], &["password"]);
    }
}

#[test]
fn a_database_that_the_state_store_lacks_is_told_at_once() {
    let (queue, state) = (rabbitmq::shared().new_vhost(), redis::shared().new_database());
    let beyond = state.rsplit_once('/').map(|(server, _)| format!("{server}/9999"));
    let fleet = Fleet::on(&queue, &beyond.unwrap(), 10);
    check(&fleet, &["coordinator"], &["no such database"]);
}

#[test]
fn queues_of_another_type_are_refused_and_left_alone() {
    let fleet = Fleet::new(10);
    fleet.tell(&["status"]);
    let fleet = fleet.with("fleet.queue_type=classic");
    for role in ["worker", "coordinator"] {
        check(&fleet, &[role], &["other arguments", "x-queue-type", "hint: set fleet.queue_type"]);
    }
}
