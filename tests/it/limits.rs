//! The limit of an endpoint, shared by the processes of a fleet: what the
//! endpoint itself saw of it, while the state store is there, while it is
//! away, and after it came back empty.

use std::ops::Range;
use std::time::Duration;

use crate::fleet::{Fleet, PATIENCE};
use crate::mock::{Behaviour, Limit, Mock, Tell, Tenth};
use crate::services::redis::Redis;
use crate::services::{Process, number, rabbitmq, wait_for};

const PER_MINUTE: u32 = 6_000;
const PER_TENTH: f64 = PER_MINUTE as f64 / 600.0;
/// What the endpoint lets through at once, in seconds of its limit.
const BURST_SECONDS: f64 = 1.0;

/// An endpoint with a limit, and more workers than it can serve.
struct Busy {
    mock: Mock,
    redis: Redis,
    database: String,
    fleet: Fleet,
    workers: usize,
}

impl Busy {
    /// With the limit of these tests.
    fn limited(workers: usize, settings: &[&str]) -> Self {
        let requests_per_minute = f64::from(PER_MINUTE);
        let limit = Limit {
            requests_per_minute,
            burst_seconds: BURST_SECONDS,
            tell: Tell::Millis,
            ..Limit::default()
        };
        let behaviour = Behaviour { latency_ms: 100, limit: Some(limit), ..Behaviour::default() };
        let told = format!("teacher.mock.requests_per_minute={PER_MINUTE}");
        let settings = [&[told.as_str(), "run.in_flight=128"], settings].concat();
        let busy = Self::start(workers, behaviour, &settings);
        busy.wait_for_holders();
        busy
    }

    fn start(workers: usize, behaviour: Behaviour, settings: &[&str]) -> Self {
        let mock = Mock::start(behaviour);
        let redis = Redis::start(&[]);
        let database = redis.new_database();
        let mut fleet = Fleet::on(&rabbitmq::shared().new_vhost(), &database, 1_000_000)
            .with("teacher.mock.kind=openai")
            .with(&format!("teacher.mock.base_url={}", mock.base_url()))
            .with("teacher.mock.model=mock")
            .with("fleet.shard_walks=128");
        for setting in settings {
            fleet = fleet.with(setting);
        }
        fleet.start_coordinator();
        fleet.start_workers(workers);
        Self { mock, redis, database, fleet, workers }
    }

    /// Waits until all workers lease from the limit.
    fn wait_for_holders(&self) {
        let holders = ["ZCARD", "magnet:v1:limit:{mock/requests}:holders"];
        wait_for("all workers to lease", PATIENCE, || {
            self.redis.ask(&self.database, &holders) == self.workers.to_string()
        });
    }

    fn tenths(&self) -> Vec<Tenth> {
        self.mock.stats().tenths
    }

    /// Lets it work for so long, by the endpoint's log; those tenths.
    fn work(&self, seconds: usize) -> Range<usize> {
        let from = self.tenths().len();
        let until = from + seconds * 10;
        let limit = Duration::from_secs(seconds as u64 * 2 + 30);
        wait_for("the endpoint to be asked", limit, || self.tenths().len() > until);
        from..until
    }
}

/// What the endpoint saw in some tenths.
#[derive(Debug)]
struct Seen {
    /// Requests let through, as a share of the quota.
    used: f64,
    /// Refusals, as a share of all requests.
    refused: f64,
}

impl Seen {
    fn of(tenths: &[Tenth]) -> Self {
        let came: u32 = tenths.iter().map(|tenth| tenth.came).sum();
        let refused: u32 = tenths.iter().map(|tenth| tenth.refused).sum();
        let quota = PER_TENTH * tenths.len() as f64;
        Self {
            used: f64::from(came - refused) / quota,
            refused: f64::from(refused) / f64::from(came),
        }
    }
}

/// Fails if more came in any so many seconds than the quota and the burst.
fn check_windows(tenths: &[Tenth], seconds: usize) {
    let bound = PER_TENTH * (seconds * 10) as f64 + PER_TENTH * 10.0 * BURST_SECONDS;
    let came = |window: &&[Tenth]| window.iter().map(|tenth| tenth.came).sum::<u32>();
    let windows = tenths.windows((seconds * 10).min(tenths.len()));
    let worst = windows.max_by_key(came).unwrap_or_default();
    let each: Vec<u32> = worst.iter().map(|tenth| tenth.came).collect();
    let most = came(&worst);
    assert!(f64::from(most) <= bound, "{most} in {seconds} s, more than {bound}: {each:?}");
}

/// Lets so many workers share the limit for so many seconds with their state
/// store, without it, and with it again.
fn check_shared_limit(workers: usize, seconds: usize) {
    let mut busy = Busy::limited(workers, &[]);
    let with_store = busy.work(seconds);
    busy.redis.kill();
    let without = busy.work(seconds / 2);
    busy.redis.resume();
    busy.wait_for_holders();
    let again = busy.work(seconds / 2);
    let tenths = busy.tenths();
    let seen = |range: &Range<usize>| Seen::of(&tenths[range.clone()]);
    let told = [seen(&with_store), seen(&without), seen(&again)];
    eprintln!("{workers} workers: with a store, without, with it again: {told:.4?}");
    check_windows(&tenths, 10);
    check_windows(&tenths, 60);
    let all = Seen::of(&tenths[with_store.start..again.end]);
    assert!(all.refused <= 0.01, "{workers} workers: {all:?}, {told:?}");
    assert!(told.iter().all(|seen| seen.used >= 0.95), "{workers} workers: {told:?}");
    busy.fleet.tell(&["cancel"]);
}

#[test]
fn four_workers_share_an_endpoints_limit_with_and_without_their_store() {
    check_shared_limit(4, 16);
}

/// The store's word is gone half-way: each worker reckons with its share, tells
/// that it is spent, and buys nothing more. The processes stay, for others'
/// campaigns.
#[test]
fn a_budget_holds_while_the_state_store_is_away() {
    let (budget, at_once) = (1_500, 2 * 16);
    let mut busy = Busy::limited(2, &["budget.max_requests=1500", "teacher.mock.max_in_flight=16"]);
    let asked = |busy: &Busy| busy.mock.stats().requests;
    wait_for("some requests", PATIENCE, || asked(&busy) > 500);
    busy.redis.kill();
    wait_for("the workers to say that the budget is spent", PATIENCE, || {
        let is_told = |worker: &Process| worker.said_all().contains("max_requests = 1500 are made");
        busy.fleet.workers().iter().all(is_told)
    });
    let made = asked(&busy);
    assert!((budget * 8 / 10..=budget + at_once).contains(&made), "{made} requests");
    std::thread::sleep(Duration::from_secs(5));
    let more = asked(&busy) - made;
    assert!(more <= at_once, "{more} requests after the budget was spent");
    assert!(busy.fleet.workers().iter().all(Process::is_running), "{}", busy.fleet.said());
}

#[test]
#[ignore = "some minutes: run it with --ignored"]
fn one_four_and_sixteen_workers_share_an_endpoints_limit() {
    let seconds = number("MAGNET_TEST_SECONDS", 120) as usize;
    let only = number("MAGNET_TEST_WORKERS", 0) as usize;
    for workers in [1, 4, 16].into_iter().filter(|workers| only == 0 || *workers == only) {
        check_shared_limit(workers, seconds);
    }
}

/// Answers a second of so many workers, each with 16 walks at once, from an
/// endpoint that takes half a second for each.
fn throughput(workers: usize) -> f64 {
    let behaviour = Behaviour { latency_ms: 500, ..Behaviour::default() };
    let busy = Busy::start(workers, behaviour, &["run.in_flight=16"]);
    wait_for("all workers to ask", PATIENCE, || {
        busy.mock.stats().max_in_flight >= workers as u64 * 15
    });
    let seconds = number("MAGNET_TEST_SECONDS", 20) as usize;
    let worked = busy.work(seconds);
    let came: u32 = busy.tenths()[worked].iter().map(|tenth| tenth.came).sum();
    f64::from(came) / seconds as f64
}

#[test]
#[ignore = "a measurement: run it with --ignored on a machine that does nothing else"]
fn four_workers_do_nearly_four_times_the_work_of_one() {
    let (one, four) = (throughput(1), throughput(4));
    eprintln!("answers a second: {one:.1} by one, {four:.1} by four, {:.2} times", four / one);
    assert!(four >= 3.8 * one, "{one} and {four}");
}
