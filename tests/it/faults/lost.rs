//! What gets lost, or is old: connections, shards, queues, dead letters.

use std::time::Duration;

use magnet_proto::CampaignDigest;
use magnet_proto::queue::amqp::AmqpQueue;
use magnet_proto::queue::{Delivery, Queue, Settle};
use magnet_proto::shard::Shard;
use magnet_proto::{Digest, WalkIndex};

use super::kills::access;
use crate::fleet::{Dataset, Fleet, PATIENCE};
use crate::mock::{Behaviour, Mock};
use crate::services::rabbitmq::{self, RabbitMq};
use crate::services::redis::Redis;
use crate::services::{Process, redis, wait_for};

/// A teacher that takes its time, and a fleet of its campaign.
struct Slow {
    mock: Mock,
    fleet: Fleet,
}

impl Slow {
    fn start(queue: &str, latency_ms: u64, samples: u64) -> Self {
        Self::on(queue, &redis::shared().new_database(), latency_ms, samples)
    }

    fn on(queue: &str, state: &str, latency_ms: u64, samples: u64) -> Self {
        let mock = Mock::start(Behaviour { latency_ms, ..Behaviour::default() });
        let fleet = Fleet::on(queue, state, samples)
            .with("teacher.mock.kind=openai")
            .with(&format!("teacher.mock.base_url={}", mock.base_url()))
            .with("teacher.mock.model=mock");
        Self { mock, fleet }
    }

    fn with(mut self, setting: &str) -> Self {
        self.fleet = self.fleet.with(setting);
        self
    }

    /// Answers that were bought twice so far, and all of them.
    fn bought(&self) -> (u64, u64) {
        let stats = self.mock.stats();
        (stats.repeats, stats.answered)
    }

    /// Fails unless the dataset is the one that one process makes alone of the
    /// same answers.
    fn has_the_bytes_of_one_process(&self) {
        self.mock.behave(&Behaviour::default());
        let out = self.fleet.folder().join("alone");
        let dir = format!("output.dir={}", out.display());
        let mut alone = vec!["run", "--set", &dir];
        for setting in [
            "fleet.queue=memory:", "fleet.state=embedded:", "fleet.cache=embedded:",
            "fleet.parts=file:parts",
        ] {
            alone.extend(["--set", setting]);
        }
        self.fleet.tell(&alone);
        assert_eq!(self.fleet.dataset(), Dataset::read(&out));
        assert_eq!(self.fleet.tell(&["dlq", "list"]), "", "nothing is left out");
    }
}

/// A broker closes the connections of whoever holds a shard, three times over:
/// they work on, and none is taken for dead.
#[test]
fn closed_connections_are_no_deaths_and_buy_nothing_twice() {
    let broker = RabbitMq::start();
    let mut slow = Slow::start(&broker.new_vhost(), 1_500, 30);
    slow.fleet.start_coordinator();
    slow.fleet.start_workers(3);
    wait_for("the teacher to be asked", PATIENCE, || slow.bought().1 > 0);
    for _ in 0..3 {
        // The management lists a connection a few seconds after it began.
        std::thread::sleep(Duration::from_secs(6));
        broker.drop_connections();
    }
    let is_early = slow.fleet.parts() == 0;
    slow.fleet.finish();
    assert!(is_early, "too quick for this test: shards were done before the third time");
    assert_eq!(slow.bought().0, 0, "answers were bought twice");
    let said = slow.fleet.all_said();
    assert!(said.contains("is lost: "), "{said}");
    assert!(said.contains("CONNECTION_FORCED"), "the broker's reason is not in: {said}");
    slow.has_the_bytes_of_one_process();
}

/// Three kills of one process, then a run: next to nothing is bought twice but
/// what was in flight when it was killed, and it leaves no shard out.
fn check_three_kills_of_a_run(in_flight: u64, settings: &[&str]) {
    let in_flight_at_once = format!("run.in_flight={in_flight}");
    let settings = [&[in_flight_at_once.as_str()], settings].concat();
    let mut slow = Slow::start(&rabbitmq::shared().new_vhost(), 400, 100);
    for setting in settings {
        slow = slow.with(setting);
    }
    for round in 0..3 {
        let before = slow.bought().1;
        let mut run = slow.fleet.spawn(&format!("run-{round}"), &["run"]);
        wait_for("the teacher to be asked", PATIENCE, || {
            slow.bought().1 > before + 12 * in_flight.min(16)
        });
        run.kill();
        slow.mock.killed();
    }
    slow.fleet.tell(&["run"]);
    let (twice, all) = slow.bought();
    assert!(twice * 50 <= all, "{twice} of {all} answers were bought twice");
    eprintln!("{in_flight} in flight: {twice} of {all} answers were bought twice");
    slow.has_the_bytes_of_one_process();
}

#[test]
fn three_kills_of_a_run_buy_next_to_nothing_twice_and_bury_nothing() {
    check_three_kills_of_a_run(8, &[]);
}

/// Each holds a shard while others wait that have arrived, too.
#[test]
fn three_kills_of_a_run_with_two_workers_buy_next_to_nothing_twice() {
    check_three_kills_of_a_run(8, &["run.workers=2"]);
}

/// Shards that have arrived in a process wait there for longer than it takes to
/// miss them.
#[test]
fn shards_that_wait_in_a_process_for_their_turn_are_not_taken_for_lost() {
    let slow = Slow::start(&rabbitmq::shared().new_vhost(), 600, 40).with("run.in_flight=4");
    let run = slow.fleet.spawn("run", &["run"]);
    wait_for("the run to end", PATIENCE, || !run.is_running());
    assert_eq!(run.exit_code(), Some(0), "{}", run.said());
    let said = run.said_all();
    assert!(!said.contains("neither in the queue nor in anybody's hands"), "{said}");
    assert_eq!(slow.bought().0, 0, "answers were bought twice");
}

/// What a state store refuses for a while it is told again.
#[test]
fn answers_that_could_not_be_kept_for_a_while_are_not_bought_again() {
    let store = Redis::start(&[]);
    let database = store.new_database();
    let mut slow = Slow::on(&rabbitmq::shared().new_vhost(), &database, 400, 60);
    slow = slow.with("run.in_flight=8");
    let mut run = slow.fleet.spawn("run-0", &["run"]);
    let buy = |more| {
        let before = slow.bought().1;
        wait_for("the teacher to be asked", PATIENCE, || slow.bought().1 >= before + more);
    };
    buy(20);
    assert_eq!(store.ask(&database, &["REPLICAOF", "127.0.0.1", "1"]), "OK");
    buy(60);
    assert_eq!(store.ask(&database, &["REPLICAOF", "NO", "ONE"]), "OK");
    buy(20);
    run.kill();
    slow.mock.killed();
    slow.fleet.tell(&["run"]);
    let (twice, all) = slow.bought();
    assert!(twice * 50 <= all, "{twice} of {all} answers were bought twice");
    slow.has_the_bytes_of_one_process();
}

/// Any of them may have been the end of the process, and none was.
#[test]
fn three_kills_of_a_run_with_many_shards_in_hand_bury_none() {
    check_three_kills_of_a_run(128, &[]);
}

async fn connect(url: &str, campaign: CampaignDigest, prefetch: u16) -> AmqpQueue {
    let access = magnet_proto::queue::amqp::Access { prefetch, ..access(url, campaign) };
    AmqpQueue::connect(access).await.expect("the broker is there")
}

async fn next_of(queue: &AmqpQueue) -> Box<dyn Delivery> {
    let held = tokio::time::timeout(PATIENCE, queue.receive()).await.expect("one comes");
    held.expect("the queue works").expect("it is open")
}

/// Quarantines a shard, as a worker that cannot work it.
async fn bury(held: Box<dyn Delivery>) {
    held.settle(Settle::Quarantine("it is buried".into())).await.expect("it is taken");
}

/// More letters than are read at once, left by runs of long ago; then one of
/// this run, which is told with its reason; then the same command again, which
/// no letter keeps from any walk.
#[test]
fn letters_count_for_the_issue_they_are_of_and_all_are_read() {
    const OLD: u64 = 1_100;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut fleet = Fleet::new(100);
    fleet.start_coordinator();
    let issued = |fleet: &mut Fleet| fleet.coordinator().said_all().contains("issued part=");
    wait_for("shards to be issued", PATIENCE, || issued(&mut fleet));
    // What a coordinator finds in the queue it takes for its own: it is away
    // while the old letters come to be.
    fleet.coordinator().kill();
    rabbitmq::shared().purge(fleet.queue_url(), "magnet.v1.work");
    let (url, campaign) = (fleet.queue_url().to_owned(), fleet.digest());
    let queue = runtime.block_on(async {
        let queue = connect(&url, campaign, 100).await;
        let old = |n| Shard {
            campaign,
            first: WalkIndex(n % 7 * 16),
            len: 16,
            attempt: 0,
            issue: n,
            spared: Vec::new(),
        };
        let published = (1..=OLD).map(|n| {
            let (queue, shard) = (queue.clone(), old(n));
            async move { queue.publish(&shard).await.expect("it is taken") }
        });
        futures::future::join_all(published).await;
        for _ in 0..OLD {
            bury(next_of(&queue).await).await;
        }
        queue
    });
    fleet.start_coordinator();
    runtime.block_on(async {
        let mut others = Vec::new();
        loop {
            let held = next_of(&queue).await;
            if held.shard().first.0 == 0 {
                bury(held).await;
                break;
            }
            others.push(held);
        }
        for held in others {
            held.settle(Settle::Return).await.expect("it is taken");
        }
        queue.close().await;
    });
    fleet.start_workers(1);
    wait_for("the coordinator to end", PATIENCE, || !fleet.coordinator().is_running());
    assert_eq!(fleet.coordinator().exit_code(), Some(1), "{}", fleet.said());
    let said = fleet.coordinator().said_all();
    assert!(said.contains("16 walks are left out"), "{said}");
    assert!(said.contains("the last one so: it is buried"), "{said}");
    fleet.tell(&["coordinator"]);
    fleet.has_the_bytes_of_one_process();
}

#[test]
fn shards_that_are_purged_are_issued_again_with_one_warning() {
    let mut fleet = Fleet::new(300);
    fleet.start_coordinator();
    wait_for("shards in the queue", PATIENCE, || waiting(&fleet) > 0);
    rabbitmq::shared().purge(fleet.queue_url(), "magnet.v1.work");
    fleet.start_workers(2);
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
    let said = fleet.coordinator().said_all();
    assert_eq!(said.matches("neither in the queue nor in anybody's hands").count(), 1, "{said}");
}

/// A policy that somebody made for all queues there are.
#[test]
fn a_policy_that_drops_messages_is_told_of_and_what_it_drops_is_issued_again() {
    let broker = rabbitmq::shared();
    let management = format!("fleet.management={}", broker.management_url());
    let mut fleet = Fleet::new(100).with(&management);
    let vhost = fleet.queue_url().rsplit('/').next().unwrap_or_default().to_owned();
    let policy = r#"{"pattern":".*","definition":{"message-ttl":5000},"apply-to":"queues"}"#;
    broker.manage("PUT", &format!("/api/policies/{vhost}/short"), policy);
    fleet.start_coordinator();
    let warned = "policy \"short\" of the broker sets message-ttl = 5000";
    wait_for("the policy to be told of", PATIENCE, || {
        fleet.coordinator().said_all().contains(warned)
    });
    let lost = "neither in the queue nor in anybody's hands";
    wait_for("the loss to be told of", PATIENCE, || fleet.coordinator().said_all().contains(lost));
    fleet.start_workers(2);
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
}

/// Shards that wait, by the broker's own word.
fn waiting(fleet: &Fleet) -> u64 {
    let (exit, said, _) = fleet.call(&["status"]);
    let line = said.lines().find_map(|line| line.strip_prefix("shards")).unwrap_or_default();
    let number = line.split_whitespace().next().and_then(|number| number.parse().ok());
    if exit == 0 { number.unwrap_or(0) } else { 0 }
}

#[test]
fn a_work_queue_that_is_deleted_is_declared_again_and_told_of() {
    let mut fleet = Fleet::new(600);
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.wait_for_parts(2);
    rabbitmq::shared().delete(fleet.queue_url(), "magnet.v1.work");
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
    for worker in fleet.workers() {
        let said = worker.said_all();
        assert!(said.contains("the queue was deleted") || said.contains("NOT_FOUND"), "{said}");
        assert!(said.matches("for consuming stands again").count() <= 2, "{said}");
    }
}

/// With its queues, and all that was in them.
#[test]
fn a_virtual_host_that_is_made_anew_costs_nothing_but_time() {
    let mut fleet = Fleet::new(600);
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.wait_for_parts(2);
    rabbitmq::shared().make_anew(fleet.queue_url(), Duration::from_secs(2));
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
    assert!(fleet.workers().iter().all(Process::is_running), "{}", fleet.said());
}

/// Its `consumer_timeout`, told or found out.
#[test]
fn a_broker_that_is_less_patient_than_a_shard_is_long_costs_nothing() {
    let mut broker =
        RabbitMq::start_with("{consumer_timeout, 10000}, {channel_tick_interval, 1000}");
    for is_told in [true, false] {
        // Some twenty calls one after another: half a minute a walk.
        let mut slow = Slow::start(&broker.new_vhost(), 1_500, 20);
        if is_told {
            slow = slow.with("fleet.ack_timeout=10s");
        }
        slow.fleet.start_coordinator();
        slow.fleet.start_workers(2);
        slow.fleet.finish();
        assert_eq!(slow.bought().0, 0, "answers were bought twice");
        let said = slow.fleet.all_said();
        assert_eq!(said.contains("timed out"), !is_told, "{said}");
        slow.has_the_bytes_of_one_process();
    }
    broker.stop();
}

/// A fleet that has much to do for one campaign takes up another that comes
/// later before the first one's window is worked.
#[test]
fn a_late_campaign_does_not_wait_behind_the_window_of_another() {
    let mut slow = Slow::start(&rabbitmq::shared().new_vhost(), 200, 4_000)
        .with("fleet.shard_walks=4")
        .with("run.in_flight=8");
    slow.fleet.start_coordinator();
    slow.fleet.start_workers(1);
    slow.fleet.wait_for_parts(10);
    let out = format!("output.dir={}", slow.fleet.folder().join("late").display());
    let late = ["coordinator", "--samples", "4", "--set", "campaign.seed=5", "--set", &out];
    let began = slow.fleet.parts();
    let late = slow.fleet.spawn("late", &late);
    wait_for("the late campaign to be done", PATIENCE, || !late.is_running());
    assert_eq!(late.exit_code(), Some(0), "{}", late.said());
    let meanwhile = slow.fleet.parts() - began;
    // It makes four parts or so itself, and has every other turn.
    assert!(meanwhile <= 32, "{meanwhile} parts were made meanwhile");
}

/// Who looks at letters does not make them fewer in anybody's eyes.
#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_letters_stands_while_they_are_read() {
    let url = tokio::task::spawn_blocking(|| rabbitmq::shared().new_vhost()).await.unwrap();
    let campaign = CampaignDigest(Digest::of(b"letters"));
    let queue = connect(&url, campaign, 10).await;
    for first in 0..300 {
        let shard = Shard {
            campaign,
            first: WalkIndex(first),
            len: 1,
            attempt: 0,
            issue: 1,
            spared: Vec::new(),
        };
        queue.publish(&shard).await.unwrap();
        bury(next_of(&queue).await).await;
    }
    let all = async || queue.depth().await.unwrap().dead;
    while all().await < 300 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let reading = async { queue.dead_letters(usize::MAX).await.unwrap().len() };
    let watching = async {
        let mut seen = Vec::new();
        for _ in 0..50 {
            seen.push(all().await);
        }
        seen
    };
    let (read, seen) = tokio::join!(reading, watching);
    assert_eq!(read, 300);
    // A letter may be counted in both places for a moment, and never in none.
    assert!(seen.iter().all(|seen| *seen >= 300), "{seen:?}");
}
