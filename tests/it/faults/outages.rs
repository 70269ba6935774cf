//! Services that go away while a fleet works, and come back.

use std::time::Duration;

use crate::fleet::{Fleet, PATIENCE};
use crate::services::proxy::{Proxy, Way};
use crate::services::rabbitmq::{self, RabbitMq};
use crate::services::redis::{self, Redis};
use crate::services::{number, s3, wait_for};

#[test]
fn a_broker_killed_under_load_loses_nothing() {
    let (mut broker, redis) = (RabbitMq::start(), redis::shared());
    let mut fleet = Fleet::on_its_own(&broker, redis, 2_000);
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.wait_for_parts(1);
    // The queues get the orderly restart that any long-lived broker has had.
    broker.stop();
    broker.resume();
    fleet.wait_for_parts(fleet.parts() + 5);
    broker.kill();
    std::thread::sleep(Duration::from_secs(3));
    broker.resume();
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
    assert!(fleet.all_said().contains("stands again"), "{}", fleet.said());
}

/// As an operator upgrades a cluster: one node after another, none before the
/// queues can spare it, and all of it twice.
#[test]
#[ignore = "three brokers at once, some minutes: run it with --ignored"]
fn a_rolling_restart_of_three_brokers_loses_nothing_and_buries_nothing() {
    let mut cluster = RabbitMq::start_cluster();
    let balancer = Proxy::among(&cluster.each_ref().map(|broker| broker.port));
    // A cluster takes its time for a new virtual host: this one is there.
    let queue = format!("amqp://guest:guest@127.0.0.1:{}/%2f", balancer.port);
    let samples = number("MAGNET_TEST_SAMPLES", 8_000);
    let mut fleet = Fleet::on(&queue, &redis::shared().new_database(), samples);
    fleet.start_coordinator();
    fleet.start_workers(3);
    fleet.wait_for_parts(2);
    for turn in 0..6 {
        wait_for("a node to be spared", PATIENCE, || cluster[turn % 3].can_be_spared());
        cluster[turn % 3].stop();
        fleet.wait_for_parts(fleet.parts() + 2);
        cluster[turn % 3].resume();
        fleet.wait_for_parts(fleet.parts() + 2);
    }
    fleet.finish_within(PATIENCE * 4);
    fleet.has_the_bytes_of_one_process();
    assert_eq!(fleet.tell(&["dlq", "list"]), "", "nothing is left out");
    assert!(!fleet.all_said().contains("vanished while they held it"), "{}", fleet.said());
}

#[test]
fn a_state_store_that_goes_and_returns_empty_costs_nothing_but_time() {
    let (broker, mut redis) = (rabbitmq::shared(), Redis::start(&[]));
    let mut fleet = Fleet::on_its_own(broker, &redis, 2_000);
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.wait_for_parts(3);
    redis.kill();
    fleet.wait_for_parts(fleet.parts() + 5);
    redis.resume();
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
}

/// A store that evicts, and one that is full.
#[test]
fn a_state_store_that_forgets_or_is_full_is_warned_of_and_costs_nothing() {
    for (policy, warned) in [("allkeys-lru", true), ("noeviction", false)] {
        let redis = Redis::start(&["--maxmemory", "1200kb", "--maxmemory-policy", policy]);
        let mut fleet = Fleet::on_its_own(rabbitmq::shared(), &redis, 300);
        fleet.start_coordinator();
        fleet.start_workers(2);
        fleet.finish();
        fleet.has_the_bytes_of_one_process();
        let said = fleet.all_said();
        assert_eq!(said.contains("forgets under memory pressure"), warned, "{said}");
    }
}

#[test]
fn a_part_store_that_goes_and_returns_loses_nothing() {
    let server = s3::shared();
    let proxy = Proxy::to(server.port);
    let parts = format!("fleet.parts={}", server.new_bucket());
    let environment = server.environment().map(|(name, value)| (name, proxy.url(&value)));
    let mut fleet = Fleet::new(600).with(&parts).with_environment(environment);
    fleet.start_coordinator();
    fleet.start_workers(2);
    wait_for("the first parts", PATIENCE, || !fleet.tell(&["status"]).contains(" 0 parts"));
    proxy.set(Way::Closed);
    std::thread::sleep(Duration::from_secs(3));
    proxy.set(Way::Open);
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
}

/// A folder that takes no file: the same errors as a full disk's.
#[test]
fn a_disk_that_takes_nothing_for_a_while_leaves_no_half_part() {
    let mut fleet = Fleet::new(2_000);
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.wait_for_parts(3);
    let (parts, away) = (fleet.folder().join("parts"), fleet.folder().join("parts.away"));
    std::fs::rename(&parts, &away).unwrap();
    std::fs::write(&parts, "in the way").unwrap();
    wait_for("a worker to say so", PATIENCE, || {
        fleet.workers().iter().any(|worker| worker.said_all().contains("could not be put"))
    });
    let path = parts.display().to_string();
    wait_for("the path to be told", PATIENCE, || fleet.all_said().contains(&path));
    std::fs::remove_file(&parts).unwrap();
    std::fs::rename(&away, &parts).unwrap();
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
}

/// Packets that vanish: no connection is closed, nothing arrives.
#[test]
fn a_network_that_swallows_everything_for_a_while_is_found_out() {
    let broker = rabbitmq::shared();
    let proxy = Proxy::to(broker.port);
    let queue = proxy.url(&broker.new_vhost());
    let mut fleet = Fleet::on(&queue, &redis::shared().new_database(), 2_000);
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.wait_for_parts(3);
    proxy.set(Way::Blackhole);
    wait_for("the silence to be noticed", Duration::from_secs(45), || {
        fleet.workers().iter().all(|worker| worker.said_all().contains("is lost"))
    });
    proxy.set(Way::Open);
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
}
