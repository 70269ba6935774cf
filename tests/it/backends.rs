//! The conformance suites on real servers, and what only they can do wrong.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures::StreamExt;
use magnet_proto::config::QueueType;
use magnet_proto::parts::{self, Parts};
use magnet_proto::queue::amqp::{Access, AmqpQueue};
use magnet_proto::queue::{self, Delivery, MAX_ATTEMPTS, Queue, Settle};
use magnet_proto::shard::Shard;
use magnet_proto::state::redis::{self as redis_state, RedisState, Role};
use magnet_proto::state::{self, RateLimit, Spending, State};
use magnet_proto::{CampaignDigest, Digest, WalkIndex, wire};

use crate::services::proxy::{Proxy, Way};
use crate::services::rabbitmq::{self, RabbitMq};
use crate::services::redis::{self, Redis};
use crate::services::{cpu_of, s3};

fn campaign() -> CampaignDigest {
    CampaignDigest(Digest::of(b"conformance"))
}

fn shard(first: u64) -> Shard {
    Shard {
        campaign: campaign(),
        first: WalkIndex(first),
        len: 16,
        attempt: 0,
        issue: 0,
        spared: Vec::new(),
    }
}

fn access(url: String) -> Access {
    Access {
        url,
        queue_type: QueueType::Quorum,
        ca_file: None,
        connect_timeout: Duration::from_secs(20),
        ack_timeout: Duration::from_secs(1_800),
        prefetch: 1,
        campaign: Some(campaign()),
    }
}

async fn new_vhost() -> String {
    tokio::task::spawn_blocking(|| rabbitmq::shared().new_vhost()).await.expect("a broker starts")
}

/// The next shard, which must come in time.
async fn next(queue: &AmqpQueue) -> Box<dyn Delivery> {
    let received = tokio::time::timeout(Duration::from_secs(60), queue.receive()).await;
    let received = received.expect("a shard comes in time").expect("the queue works");
    received.expect("the queue is open")
}

fn state_access(url: String) -> redis_state::Access {
    redis_state::Access {
        url,
        ca_file: None,
        connect_timeout: Duration::from_secs(5),
        role: Role::State,
        campaign: campaign(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quorum_queue_conforms() {
    let queue = AmqpQueue::connect(access(new_vhost().await)).await.unwrap();
    queue::conformance::run(&queue).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_classic_queue_conforms() {
    let classic = Access { queue_type: QueueType::Classic, ..access(new_vhost().await) };
    let queue = AmqpQueue::connect(classic).await.unwrap();
    queue::conformance::run(&queue).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_conforms() {
    let url = tokio::task::spawn_blocking(|| redis::shared().new_database()).await.unwrap();
    let state = RedisState::connect(&state_access(url), "me").await.unwrap();
    state::conformance::run(&state).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_s3_server_conforms() {
    let (url, environment) = tokio::task::spawn_blocking(|| {
        let server = s3::shared();
        (server.new_bucket(), server.environment())
    })
    .await
    .unwrap();
    let parts = Parts::open_with(&url, ".".as_ref(), &environment).unwrap();
    parts.reach().await.unwrap();
    parts::conformance::run(&parts).await;
}

/// A broker pushes more than is received: those are in nobody's sight but ours.
#[tokio::test(flavor = "multi_thread")]
async fn shards_that_have_arrived_are_told_until_they_are_received() {
    let queue = AmqpQueue::connect(Access { prefetch: 10, ..access(new_vhost().await) });
    let queue = queue.await.unwrap();
    for first in [0, 16, 32] {
        queue.publish(&shard(first)).await.unwrap();
    }
    let mut held = vec![next(&queue).await];
    let arrived = async |expected: &[u64]| {
        let reached = async {
            while queue.arrived().await.iter().map(|shard| shard.first.0).ne(expected.to_owned()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_secs(20), reached).await;
        assert!(reached.is_ok(), "{:?}, not {expected:?}", queue.arrived().await);
    };
    arrived(&[16, 32]).await;
    held.push(next(&queue).await);
    arrived(&[32]).await;
    held.push(next(&queue).await);
    arrived(&[]).await;
    for delivery in held {
        delivery.settle(Settle::Done).await.unwrap();
    }
}

/// Fault 12.
#[tokio::test(flavor = "multi_thread")]
async fn a_queue_with_other_arguments_is_refused_with_the_difference() {
    let url = new_vhost().await;
    let quorum = AmqpQueue::connect(access(url.clone())).await.unwrap();
    let classic = Access { queue_type: QueueType::Classic, ..access(url) };
    let Err(refusal) = AmqpQueue::connect(classic).await else { panic!("it must refuse") };
    let text = refusal.to_string();
    assert!(matches!(refusal, queue::Error::Permanent(_)), "{text}");
    for word in ["x-queue-type", "classic", "quorum", "magnet.v1.work", "hint: "] {
        assert!(text.contains(word), "{word} in {text}");
    }
    assert!(!text.contains("guest:guest"), "{text}");
    drop(quorum);
}

/// Fault 31, without TLS.
#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_and_hosts_are_told_apart_without_the_password() {
    let url = new_vhost().await;
    let check = async |url: String, word: &str| {
        let began = Instant::now();
        let Err(refusal) = AmqpQueue::connect(access(url)).await else { panic!("it must refuse") };
        let text = refusal.to_string();
        assert!(matches!(refusal, queue::Error::Permanent(_)), "{text}");
        assert!(text.contains(word), "{word} in {text}");
        assert!(!text.contains("s3cret") && !text.contains("guest:guest"), "{text}");
        assert!(began.elapsed() < Duration::from_secs(10));
    };
    check(url.replace("guest:guest", "guest:s3cret"), "name or the password").await;
    check(format!("{url}-nowhere"), "does not exist").await;
    let closed = tokio::task::spawn_blocking(|| {
        rabbitmq::shared()
            .manage("PUT", "/api/users/stranger", r#"{"password":"s3cret","tags":""}"#);
    });
    closed.await.unwrap();
    check(url.replace("guest:guest", "stranger:s3cret"), "is closed to the user").await;
}

/// Faults 16 and 17.
#[tokio::test(flavor = "multi_thread")]
async fn messages_that_cannot_be_read_are_dead_or_parked_and_the_worker_goes_on() {
    let url = new_vhost().await;
    let queue = AmqpQueue::connect(access(url.clone())).await.unwrap();
    let vhost = url.rsplit('/').next().unwrap().to_owned();
    tokio::task::spawn_blocking(move || {
        let broker = rabbitmq::shared();
        broker.publish(&vhost, "magnet.v1.work", b"garbage");
        // The head of a message of wire version 9.
        broker.publish(&vhost, "magnet.v1.work", b"mgntS\x09\x00\x80");
    })
    .await
    .unwrap();
    queue.publish(&shard(1)).await.unwrap();
    let good = next(&queue).await;
    assert_eq!(good.shard(), &shard(1));
    good.settle(Settle::Done).await.unwrap();
    let dead = queue.dead_letters(10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].shard.is_none() && dead[0].reason.contains("undecodable"), "{dead:?}");
    assert_eq!(queue.counters().parked.load(Ordering::Relaxed), 1);
}

/// Fault 11.
#[tokio::test(flavor = "multi_thread")]
async fn lost_connections_are_made_again_and_lose_no_shard() {
    let broker = tokio::task::spawn_blocking(RabbitMq::start).await.unwrap();
    let broker = Arc::new(broker);
    let vhost = Arc::clone(&broker);
    let url = tokio::task::spawn_blocking(move || vhost.new_vhost()).await.unwrap();
    let queue = AmqpQueue::connect(access(url)).await.unwrap();
    for first in 0..200 {
        queue.publish(&shard(first)).await.unwrap();
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut dropped = false;
    while seen.len() < 200 {
        let delivery = next(&queue).await;
        seen.insert(delivery.shard().first.0);
        if seen.len() == 100 && !dropped {
            dropped = true;
            // The management lists a connection a few seconds after it began.
            tokio::time::sleep(Duration::from_secs(6)).await;
            let broker = Arc::clone(&broker);
            tokio::task::spawn_blocking(move || broker.drop_connections()).await.unwrap();
        }
        delivery.settle(Settle::Done).await.unwrap();
    }
    let reconnects = queue.counters().reconnects.load(Ordering::Relaxed);
    assert!(reconnects >= 1, "{reconnects}");
}

/// Fault 6, at the port: what was confirmed before a kill is there after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_broker_loses_no_confirmed_shard() {
    let mut broker = tokio::task::spawn_blocking(RabbitMq::start).await.unwrap();
    let url = broker.new_vhost();
    let queue = AmqpQueue::connect(access(url)).await.unwrap();
    // A single-node broker loses a quorum queue that was declared just before
    // a kill: one orderly restart, as any long-lived broker has had.
    let mut broker = tokio::task::spawn_blocking(move || {
        broker.stop();
        broker.resume();
        broker
    })
    .await
    .unwrap();
    for first in 0..100 {
        queue.publish(&shard(first)).await.unwrap();
    }
    let killed = tokio::task::spawn_blocking(move || {
        broker.kill();
        broker.resume();
        broker
    });
    let under_way = async {
        for first in 100..120 {
            queue.publish(&shard(first)).await.unwrap();
        }
    };
    let (broker, ()) = tokio::join!(killed, under_way);
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 120 {
        let delivery = next(&queue).await;
        seen.insert(delivery.shard().first.0);
        delivery.settle(Settle::Done).await.unwrap();
    }
    drop(broker);
}

/// Fault 15, at the port: whether its holders died is not known here, but how
/// often they lost it.
#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_its_holders_lose_is_counted_and_one_handed_back_is_not() {
    let url = new_vhost().await;
    let queue = AmqpQueue::connect(access(url.clone())).await.unwrap();
    for first in [666, 1] {
        queue.publish(&shard(first)).await.unwrap();
    }
    // Workers that take whatever comes and vanish with the poison.
    for _ in 0..MAX_ATTEMPTS {
        let proxy = Proxy::to(rabbitmq::shared().port);
        let worker = AmqpQueue::connect(access(proxy.url(&url))).await.unwrap();
        loop {
            let held = next(&worker).await;
            if held.shard().first.0 == 666 {
                proxy.set(Way::Closed);
                break;
            }
            held.settle(Settle::Return).await.unwrap();
        }
    }
    let mut losses = std::collections::BTreeMap::new();
    while losses.len() < 2 {
        let held = next(&queue).await;
        losses.insert(held.shard().first.0, held.losses());
        held.settle(Settle::Done).await.unwrap();
    }
    assert_eq!(losses, [(1, 0), (666, MAX_ATTEMPTS)].into());
}

/// Fault 4, at the port.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_leaves_in_order_is_not_taken_for_a_crash() {
    let two = Access { prefetch: 2, ..access(new_vhost().await) };
    let queue = AmqpQueue::connect(two.clone()).await.unwrap();
    for first in 0..6 {
        queue.publish(&shard(first)).await.unwrap();
    }
    for _ in 0..10 {
        let leaving = AmqpQueue::connect(two.clone()).await.unwrap();
        let held = [next(&leaving).await, next(&leaving).await];
        leaving.close().await;
        for held in held {
            held.settle(Settle::Return).await.unwrap();
        }
        leaving.close().await;
        let redelivered = leaving.counters().redelivered.load(Ordering::Relaxed);
        assert_eq!(redelivered, 0, "what was handed back looks as if it was never taken");
    }
    let mut left = std::collections::BTreeSet::new();
    while left.len() < 6 {
        let held = next(&queue).await;
        left.insert(held.shard().first.0);
        held.settle(Settle::Done).await.unwrap();
    }
}

/// Fault 34.
#[tokio::test(flavor = "multi_thread")]
async fn driving_ten_thousand_dead_letters_again_survives_an_interruption() {
    const LETTERS: u64 = 10_000;
    let many = Access { prefetch: 200, ..access(new_vhost().await) };
    let queue = AmqpQueue::connect(many).await.unwrap();
    let publish = async |first| queue.publish(&shard(first)).await.unwrap();
    futures::stream::iter(0..LETTERS).for_each_concurrent(256, publish).await;
    let bury = async |_| {
        let held = queue.receive().await.unwrap().unwrap();
        held.settle(Settle::Quarantine("odd".into())).await.unwrap();
    };
    futures::stream::iter(0..LETTERS).for_each_concurrent(100, bury).await;
    let driving = tokio::time::timeout(Duration::from_millis(500), queue.redrive());
    assert!(driving.await.is_err(), "it is interrupted half-way");
    // What was got and not moved is back as soon as its channel is closed.
    let mut seen = std::collections::BTreeSet::new();
    while (seen.len() as u64) < LETTERS {
        queue.redrive().await.unwrap();
        while let Ok(received) =
            tokio::time::timeout(Duration::from_millis(500), queue.receive()).await
        {
            let held = received.unwrap().unwrap();
            assert_eq!(held.shard().attempt, 0);
            seen.insert(held.shard().first.0);
            held.settle(Settle::Done).await.unwrap();
        }
    }
}

/// Faults 18 and 19, at the port.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_away_costs_no_timeout_and_comes_back() {
    let mut server = Redis::start(&[]);
    let state = RedisState::connect(&state_access(server.new_database()), "me").await.unwrap();
    assert!(!state.is_degraded());
    server.kill();
    let _first = state.control().await;
    let began = Instant::now();
    for _ in 0..1_000 {
        assert!(matches!(state.control().await, Err(state::Error::Away(_))));
    }
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
    assert!(state.is_degraded());
    server.resume();
    comes_back(&state).await;
    state.control().await.unwrap();
}

async fn comes_back(state: &RedisState) {
    let back = async {
        while state.is_degraded() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), back).await.expect("it comes back by itself");
}

/// The connection stands, but a message on it vanished: no confirm that
/// follows can be trusted, so the message goes out again on another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_publish_that_vanishes_on_a_standing_connection_is_made_again() {
    let url = new_vhost().await;
    let proxy = Proxy::to(rabbitmq::shared().port);
    let queue = AmqpQueue::connect(access(proxy.url(&url))).await.unwrap();
    queue.publish(&shard(0)).await.unwrap();
    proxy.set(Way::Blackhole);
    let vanishing = shard(16);
    let publishing = queue.publish(&vanishing);
    let opened = async {
        while !proxy.has_swallowed() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        proxy.set(Way::Open);
    };
    let both = async { tokio::join!(publishing, opened) };
    let (published, ()) = tokio::time::timeout(Duration::from_secs(60), both).await.unwrap();
    published.unwrap();
    queue.publish(&shard(32)).await.unwrap();
    let mut came = BTreeSet::new();
    while came.len() < 3 {
        let delivery = next(&queue).await;
        came.insert(delivery.shard().first.0);
        delivery.settle(Settle::Done).await.unwrap();
    }
    assert_eq!(came, BTreeSet::from([0, 16, 32]));
    queue.close().await;
}

/// Somebody deletes the queue that shards are published to.
#[tokio::test(flavor = "multi_thread")]
async fn a_publish_that_finds_no_queue_declares_it_and_is_made_again() {
    let url = new_vhost().await;
    let queue = AmqpQueue::connect(access(url.clone())).await.unwrap();
    let vhost = url.rsplit('/').next().unwrap().to_owned();
    let path = format!("/api/queues/{vhost}/magnet.v1.work");
    tokio::task::spawn_blocking(move || rabbitmq::shared().manage("DELETE", &path, ""))
        .await
        .unwrap();
    queue.publish(&shard(0)).await.unwrap();
    assert!(queue.counters().unconfirmed.load(Ordering::Relaxed) > 0, "it was refused first");
    let delivery = next(&queue).await;
    assert_eq!(delivery.shard(), &shard(0));
    delivery.settle(Settle::Done).await.unwrap();
    queue.close().await;
}

/// Somebody deletes the queue that a process takes its shards from: it is told
/// of, declared anew, and the process goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_finds_no_queue_declares_it_and_goes_on() {
    let url = new_vhost().await;
    let worker = Access { campaign: None, ..access(url.clone()) };
    let queue = AmqpQueue::connect(worker).await.unwrap();
    let receiving = tokio::spawn({
        let queue = queue.clone();
        async move { next(&queue).await }
    });
    let deleted = url.clone();
    tokio::task::spawn_blocking(move || rabbitmq::shared().delete(&deleted, "magnet.v1.work"))
        .await
        .unwrap();
    let is_again = async {
        while queue.counters().reconnects.load(Ordering::Relaxed) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), is_again).await.expect("it is noticed");
    let vhost = url.rsplit('/').next().unwrap().to_owned();
    tokio::task::spawn_blocking(move || {
        rabbitmq::shared().publish(&vhost, "magnet.v1.work", &wire::encode(&shard(3)));
    })
    .await
    .unwrap();
    let held = receiving.await.unwrap();
    assert_eq!(held.shard(), &shard(3));
    held.settle(Settle::Done).await.unwrap();
    assert_eq!(queue.counters().reconnects.load(Ordering::Relaxed), 1);
    queue.close().await;
}

/// Its memory alarm makes a broker take nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_short_of_memory_is_waited_for_and_said_to_be_blocked() {
    let broker = tokio::task::spawn_blocking(RabbitMq::start).await.unwrap();
    let queue = AmqpQueue::connect(access(broker.new_vhost())).await.unwrap();
    queue.publish(&shard(0)).await.unwrap();
    let limit = |share: &str| broker.control(&["set_vm_memory_high_watermark", share]);
    tokio::task::block_in_place(|| limit("0.00001"));
    let waiting = shard(16);
    let publishing = queue.publish(&waiting);
    let relieved = async {
        while !queue.link().blocked {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let relieved = Instant::now();
        tokio::task::block_in_place(|| limit("0.8"));
        relieved
    };
    let both =
        async { tokio::join!(async { publishing.await.map(|()| Instant::now()) }, relieved) };
    let (published, relieved) = tokio::time::timeout(Duration::from_secs(90), both).await.unwrap();
    assert!(published.unwrap() > relieved, "it was taken all the same");
    for wanted in [shard(0), shard(16)] {
        let delivery = next(&queue).await;
        assert_eq!(delivery.shard(), &wanted);
        delivery.settle(Settle::Done).await.unwrap();
    }
    assert!(!queue.link().blocked);
    queue.close().await;
}

/// What an older program parked is worked once a program that reads it comes.
#[tokio::test(flavor = "multi_thread")]
async fn parked_messages_are_worked_by_a_program_that_knows_them() {
    let url = new_vhost().await;
    AmqpQueue::connect(access(url.clone())).await.unwrap().close().await;
    let vhost = url.rsplit('/').next().unwrap().to_owned();
    tokio::task::spawn_blocking(move || {
        let parked = format!("magnet.v1.parked.w{}", wire::VERSION);
        rabbitmq::shared().publish(&vhost, &parked, &wire::encode(&shard(0)));
    })
    .await
    .unwrap();
    let queue = AmqpQueue::connect(access(url)).await.unwrap();
    let delivery = next(&queue).await;
    assert_eq!(delivery.shard(), &shard(0));
    delivery.settle(Settle::Done).await.unwrap();
    queue.close().await;
}

/// Meanwhile each process counts its own for all of them.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_spent_outlives_a_redis_that_is_away_and_one_that_lost_its_data() {
    let mut server = Redis::start(&[]);
    let access = state_access(server.new_database());
    let one = RedisState::connect(&access, "one").await.unwrap();
    let two = RedisState::connect(&access, "two").await.unwrap();
    let spend = async |state: &RedisState, requests: u64| {
        let spent = Spending { requests, micro_usd: 2 * requests, ..Spending::default() };
        let total = state.spend(spent).await.unwrap();
        assert_eq!(total.micro_usd, 2 * total.requests);
        total.requests
    };
    assert_eq!(spend(&one, 10).await, 10);
    assert_eq!(spend(&two, 10).await, 20);
    assert_eq!(spend(&one, 0).await, 20);
    server.kill();
    assert_eq!(spend(&one, 3).await, 20 + 2 * 3);
    assert_eq!(spend(&one, 1).await, 20 + 2 * 4);
    server.resume();
    comes_back(&one).await;
    assert_eq!(spend(&one, 0).await, 24);
    // Its connection is the old one: it finds that out first.
    spend(&two, 1).await;
    comes_back(&two).await;
    assert_eq!(spend(&two, 0).await, 25);
}

/// A server that hangs: stopped, not gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_costs_one_timeout() {
    let server = Redis::start(&[]);
    let state = RedisState::connect(&state_access(server.new_database()), "me").await.unwrap();
    server.process().signal("STOP");
    let began = Instant::now();
    for _ in 0..100 {
        assert!(matches!(state.control().await, Err(state::Error::Away(_))));
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    server.process().signal("CONT");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_share_one_limit() {
    let url = tokio::task::spawn_blocking(|| redis::shared().new_database()).await.unwrap();
    let limit = RateLimit { name: "shared/requests".into(), per_minute: 6_000 };
    let mut holders = Vec::new();
    for holder in ["one", "two", "three", "four"] {
        holders.push(RedisState::connect(&state_access(url.clone()), holder).await.unwrap());
    }
    let began = Instant::now();
    let leasing = holders.iter().map(async |state| {
        let (mut granted, mut known) = (0, 0);
        while began.elapsed() < Duration::from_secs(2) {
            let lease = state.lease(&limit, 5).await.unwrap();
            (granted, known) = (granted + lease.granted, lease.holders);
            if lease.granted == 0 {
                tokio::time::sleep(lease.retry_after).await;
            }
        }
        (granted, known)
    });
    let shares: Vec<(u32, u32)> = futures::future::join_all(leasing).await;
    let total: u32 = shares.iter().map(|(granted, _)| granted).sum();
    let fair = 100.0 * began.elapsed().as_secs_f64();
    assert!(f64::from(total) <= fair + 101.0, "{total} of {fair}");
    assert!(f64::from(total) >= fair * 0.9, "{total} of {fair}");
    assert!(shares.iter().all(|(_, known)| *known == 4), "{shares:?}");
}

/// What a message costs this process; printed with --nocapture.
#[tokio::test(flavor = "multi_thread")]
async fn plumbing_is_cheap() {
    let many = Access { prefetch: 64, ..access(new_vhost().await) };
    let queue = AmqpQueue::connect(many).await.unwrap();
    const MESSAGES: u64 = 5_000;
    let before = cpu();
    let publishes = (0..MESSAGES).map(|first| {
        let queue = queue.clone();
        async move { queue.publish(&shard(first)).await.unwrap() }
    });
    futures::stream::iter(publishes).buffer_unordered(256).collect::<Vec<()>>().await;
    let published = (cpu() - before) / MESSAGES as f64;
    let before = cpu();
    for _ in 0..MESSAGES {
        let delivery = queue.receive().await.unwrap().unwrap();
        delivery.settle(Settle::Done).await.unwrap();
    }
    let consumed = (cpu() - before) / MESSAGES as f64;
    eprintln!(
        "client CPU: {published:.0} µs a confirmed publish, {consumed:.0} µs a shard with ack"
    );
}

/// CPU time of this process in microseconds.
fn cpu() -> f64 {
    cpu_of("self").as_secs_f64() * 1e6
}
