//! Processes that die: workers, the coordinator; and work that is done twice.

use std::time::Duration;

use magnet_proto::config::QueueType;
use magnet_proto::queue::Queue;
use magnet_proto::queue::amqp::{Access, AmqpQueue};
use magnet_proto::shard::Shard;
use magnet_proto::{CampaignDigest, WalkIndex};

use super::SilentTeacher;
use crate::fleet::{Fleet, PATIENCE};
use crate::services::rabbitmq;
use crate::services::redis;
use crate::services::wait_for;

#[test]
fn a_shard_lost_with_its_worker_is_done_once() {
    let mut fleet = Fleet::new(2_000);
    fleet.start_coordinator();
    fleet.start_workers(3);
    for (parts, victim) in [(2, 0), (12, 1), (22, 2)] {
        fleet.wait_for_parts(parts);
        fleet.worker(victim).kill();
        fleet.replace_worker(victim);
    }
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
}

#[test]
fn a_shard_that_kills_its_worker_three_times_is_quarantined_and_can_be_driven_again() {
    let teacher = SilentTeacher::start();
    // So few that one shard will do.
    let mut fleet = teacher.fleet(10);
    fleet.start_coordinator();
    for deaths in 0..3 {
        let asked = teacher.asked();
        match deaths {
            0 => fleet.start_workers(1),
            _ => fleet.replace_worker(0),
        }
        wait_for("the worker to hold the shard", PATIENCE, || teacher.asked() > asked);
        fleet.worker(0).kill();
    }
    fleet.replace_worker(0);
    let mut letters = String::new();
    wait_for("the shard to be dead", PATIENCE, || {
        letters = fleet.tell(&["dlq", "list"]);
        !letters.is_empty()
    });
    assert!(letters.contains("3 workers vanished while they held it"), "{letters}");
    assert_eq!(fleet.tell(&["dlq", "redrive"]), "1 driven again\n");
    assert_eq!(fleet.tell(&["dlq", "list"]), "");
}

#[test]
fn a_coordinator_killed_at_any_step_goes_on_where_it_was() {
    let mut fleet = Fleet::new(2_000);
    fleet.start_workers(2);
    fleet.start_coordinator();
    for parts in [0, 3, 30] {
        fleet.wait_for_parts(parts);
        fleet.coordinator().kill();
        fleet.start_coordinator();
    }
    // Once more while it writes the dataset.
    let aside = fleet.out().join(".unfinished");
    wait_for("the dataset to be begun", PATIENCE, || aside.exists() || fleet.is_done());
    fleet.coordinator().kill();
    fleet.start_coordinator();
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
}

#[test]
fn shards_that_are_published_several_times_change_nothing() {
    let mut fleet = Fleet::new(600);
    fleet.start_coordinator();
    fleet.start_workers(3);
    fleet.wait_for_parts(1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let campaign = fleet.digest();
        let queue = AmqpQueue::connect(access(fleet.queue_url(), campaign)).await.unwrap();
        for first in (0..640).step_by(16) {
            let shard = Shard {
                campaign,
                first: WalkIndex(first),
                len: 16,
                attempt: 0,
                issue: 0,
                spared: Vec::new(),
            };
            // Next to each other, so that two workers have them at once.
            let twice = futures::future::join(queue.publish(&shard), queue.publish(&shard));
            let (one, two) = twice.await;
            one.and(two).unwrap();
        }
    });
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
}

pub(super) fn access(url: &str, campaign: CampaignDigest) -> Access {
    Access {
        url: url.to_owned(),
        queue_type: QueueType::Quorum,
        ca_file: None,
        connect_timeout: Duration::from_secs(20),
        ack_timeout: Duration::from_secs(1_800),
        prefetch: 1,
        campaign: Some(campaign),
    }
}

#[test]
fn of_two_coordinators_one_waits_and_both_make_the_same_dataset() {
    let mut fleet = Fleet::new(300);
    let other_out = format!("output.dir={}", fleet.folder().join("other").display());
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.wait_for_parts(1);
    let other = fleet.spawn("other", &["coordinator", "--set", &other_out]);
    wait_for("the other one to wait", PATIENCE, || {
        other.said_all().contains("another coordinator leads")
    });
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
    let manifest = fleet.folder().join("other/manifest.json");
    wait_for("the other one's dataset", PATIENCE, || manifest.exists());
    assert_eq!(crate::fleet::Dataset::read(&fleet.folder().join("other")), fleet.dataset());
}

#[test]
fn two_coordinators_that_both_act_make_the_same_dataset() {
    let mut fleet = Fleet::new(300);
    // Each has a state store of its own, so neither knows of the other.
    let out = fleet.folder().join("other");
    let state = redis::shared().new_database();
    let other = fleet.spawn(
        "other",
        &[
            "coordinator",
            "--set",
            &format!("output.dir={}", out.display()),
            "--set",
            &format!("fleet.state={state}"),
        ],
    );
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
    wait_for("the other one's dataset", PATIENCE, || out.join("manifest.json").exists());
    drop(other);
    assert_eq!(crate::fleet::Dataset::read(&out), fleet.dataset());
}

/// Messages of other campaigns and of nobody, in the middle of a run.
#[test]
fn messages_that_cannot_be_read_disturb_no_campaign() {
    let mut fleet = Fleet::new(300);
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.wait_for_parts(1);
    let vhost = fleet.queue_url().rsplit('/').next().unwrap_or_default();
    let deep = vec![0x91; 12_000];
    let long = vec![b'x'; 100_000];
    for bytes in [&b"garbage"[..], b"", b"mgntS\x09\x00\x80", &deep, &long] {
        rabbitmq::shared().publish(vhost, "magnet.v1.work", bytes);
    }
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
    let letters = fleet.tell(&["dlq", "list"]);
    assert_eq!(letters.matches("unreadable").count(), 4, "{letters}");
}
