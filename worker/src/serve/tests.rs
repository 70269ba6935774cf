use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use magnet_proto::outcome::Reason;
use magnet_proto::part::{self, Part};
use magnet_proto::process::Pulse;
use magnet_proto::queue::Depth;
use magnet_proto::queue::memory::MemoryQueue;
use magnet_proto::shard::Shard;
use magnet_proto::state;
use magnet_proto::{Digest, WalkIndex};
use prometheus::Registry;

use super::*;

/// What the walks do, in this order of trial; a walk without a script is
/// rejected with its index as detail.
struct Scripted {
    tries: Mutex<BTreeMap<u64, Vec<Act>>>,
    state: Arc<dyn State>,
    ran: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    endings: Mutex<Vec<Ending>>,
    /// The ending cannot be told so many times.
    deaf: AtomicUsize,
}

impl Scripted {
    fn ran(&self) -> usize {
        self.ran.load(Ordering::SeqCst)
    }

    fn at_once(&self) -> usize {
        self.at_once.load(Ordering::SeqCst)
    }
}

#[derive(Clone)]
enum Act {
    Cancel(CancellationToken),
    Stop(Stop),
    Panic,
    Hang,
    Linger(Duration),
}

#[async_trait]
impl WalkRunner for Scripted {
    async fn run(&self, walk: WalkIndex) -> Result<Walked, Stop> {
        self.ran.fetch_add(1, Ordering::SeqCst);
        let at_once = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(10)).await;
        let act = self.tries.lock().unwrap().get_mut(&walk.0).and_then(Vec::pop);
        let result = match act {
            None => Ok(rejected(walk)),
            Some(Act::Cancel(token)) => {
                token.cancel();
                Ok(rejected(walk))
            }
            Some(Act::Stop(stop)) => Err(stop),
            Some(Act::Panic) => panic!("the script says so"),
            Some(Act::Linger(time)) => {
                tokio::time::sleep(time).await;
                Ok(rejected(walk))
            }
            Some(Act::Hang) => std::future::pending().await,
        };
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        result
    }

    async fn end(&self, ending: Ending) -> Result<(), state::Error> {
        let is_deaf =
            self.deaf.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        if is_deaf.is_ok() {
            return Err(state::Error::Away("restarting".into()));
        }
        self.endings.lock().unwrap().push(ending);
        Ok(())
    }

    fn state(&self) -> Option<Arc<dyn State>> {
        Some(Arc::clone(&self.state))
    }
}

fn rejected(walk: WalkIndex) -> Walked {
    let end = End::Rejected(Rejection::new(Reason::NoValue, walk.to_string()), None);
    Walked { keys: Keys::default(), usage: Usage::default(), end }
}

fn campaign() -> CampaignDigest {
    CampaignDigest(Digest::of(b"scripted"))
}

fn shard(first: u64, len: u32) -> Shard {
    Shard {
        campaign: campaign(),
        first: WalkIndex(first),
        len,
        attempt: 0,
        issue: 0,
        spared: Vec::new(),
    }
}

struct Only(Arc<Scripted>);

#[async_trait]
impl Runners for Only {
    async fn of(&self, asked: &CampaignDigest) -> Result<Arc<dyn WalkRunner>, Stop> {
        let is_over = !self.0.endings.lock().unwrap().is_empty();
        match *asked == campaign() {
            true if is_over => Err(Stop::Cancelled),
            true => Ok(Arc::clone(&self.0) as Arc<dyn WalkRunner>),
            false => Err(Stop::Transient { reason: "no key here".into(), retry_after: None }),
        }
    }
}

/// A worker with its surroundings, and the script its walks follow.
struct Stage {
    worker: Worker,
    queue: MemoryQueue,
    script: Arc<Scripted>,
}

fn stage(script: impl IntoIterator<Item = (u64, Vec<Act>)>) -> Stage {
    let tries = Mutex::new(script.into_iter().collect());
    let script = Arc::new(Scripted {
        tries,
        state: state::open("embedded:").unwrap(),
        ran: AtomicUsize::new(0),
        at_once: AtomicUsize::new(0),
        most_at_once: AtomicUsize::new(0),
        endings: Mutex::default(),
        deaf: AtomicUsize::new(0),
    });
    let queue = MemoryQueue::new();
    let worker = Worker {
        queue: Arc::new(queue.clone()),
        parts: Parts::open("memory:", ".".as_ref()).unwrap(),
        runners: Arc::new(Only(Arc::clone(&script))),
        limits: Limits {
            in_flight: 8,
            shards: 4,
            shard_time: SHARD_TIME,
            put_patience: Duration::from_secs(60),
        },
        metrics: Metrics::new(&Registry::new(), &Pulse::default()).unwrap(),
        shutdown: Shutdown::default(),
        company: Company::default(),
    };
    Stage { worker, queue, script }
}

impl Stage {
    async fn publish(&self, shards: impl IntoIterator<Item = Shard>) {
        for shard in shards {
            self.queue.publish(&shard).await.unwrap();
        }
    }

    /// Serves until the queue is at this depth.
    async fn serve_until(&self, depth: Depth) -> Result<(), Error> {
        let quiet = async {
            while self.queue.depth().await.unwrap() != depth {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            self.queue.close().await;
        };
        let served = async { tokio::join!(serve(&self.worker), quiet).0 };
        tokio::time::timeout(Duration::from_secs(120), served).await.expect("it comes to rest")
    }

    async fn until(&self, condition: impl Fn(&Scripted) -> bool) {
        let reached = async {
            while !condition(&self.script) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), reached).await.expect("it comes to that");
    }

    async fn parts(&self) -> Vec<String> {
        let objects = self.worker.parts.list(&part::folder(&campaign())).await.unwrap();
        objects.into_iter().map(|object| object.name).collect()
    }

    async fn reports(&self) -> usize {
        let mut reports = 0;
        while let Some(report) = self.queue.next_report().await.unwrap() {
            assert_eq!(report.campaign, campaign());
            reports += 1;
        }
        reports
    }
}

const QUIET: Depth = Depth { ready: 0, held: 0, delayed: 0, dead: 0 };

fn away() -> Act {
    let retry_after = Some(Duration::from_millis(15));
    Act::Stop(Stop::Transient { reason: "teacher is away".into(), retry_after })
}

#[tokio::test]
async fn every_shard_gets_one_part_with_its_walks_in_order() {
    let stage = stage([]);
    stage.publish([shard(0, 16), shard(16, 16), shard(32, 3)]).await;
    stage.serve_until(QUIET).await.unwrap();
    let names = ["000000000000-000016", "000000000016-000016", "000000000032-000003"];
    assert_eq!(stage.parts().await, names);
    let bytes = stage.worker.parts.get(&part::object_name(&campaign(), names[1])).await.unwrap();
    assert!(Part::read(&bytes).unwrap().index.covers(&campaign(), &(16..32)));
    assert_eq!(stage.reports().await, 3);
}

#[tokio::test]
async fn no_more_walks_are_under_way_than_allowed_and_no_fewer() {
    let stage = stage([]);
    stage.publish((0..10).map(|n| shard(n * 4, 4))).await;
    stage.serve_until(QUIET).await.unwrap();
    assert_eq!(stage.script.most_at_once.load(Ordering::SeqCst), 8);
}

#[tokio::test]
async fn a_shard_whose_part_is_there_is_settled_without_a_walk() {
    let stage = stage([]);
    let name = part::object_name(&campaign(), &shard(0, 16).part_name());
    stage.worker.parts.put(&name, b"whole".to_vec()).await.unwrap();
    stage.publish([shard(0, 16)]).await;
    stage.serve_until(QUIET).await.unwrap();
    assert_eq!(stage.script.ran(), 0);
    assert_eq!(stage.reports().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_a_shard_that_is_worked_is_left_alone_until_it_is_done() {
    let mut stage = stage([(3, vec![Act::Linger(Duration::from_secs(60))])]);
    stage.worker.limits.in_flight = 64;
    // Nor is one worked that has some of its walks.
    stage.publish([shard(0, 16), shard(0, 16), shard(8, 8)]).await;
    stage.serve_until(QUIET).await.unwrap();
    assert_eq!(stage.script.ran(), 16 + 8, "the last one is no copy, and makes a part of its own");
    assert_eq!(stage.parts().await, ["000000000000-000016", "000000000008-000008"]);
}

#[tokio::test(start_paused = true)]
async fn a_shard_issued_again_that_waited_while_it_was_worked_finds_its_part() {
    let mut stage = stage([(3, vec![Act::Linger(Duration::from_secs(3))])]);
    stage.worker.limits.in_flight = 64;
    stage.publish([shard(0, 16), Shard { issue: 1, ..shard(0, 16) }]).await;
    stage.serve_until(QUIET).await.unwrap();
    assert_eq!(stage.script.ran(), 16, "no walk is worked twice");
    assert_eq!(stage.reports().await, 2);
}

#[tokio::test]
async fn while_a_service_is_away_a_shard_waits_and_is_not_counted() {
    let stage = stage([(5, vec![away(); 7])]);
    stage.publish([shard(0, 16), shard(16, 16)]).await;
    stage.serve_until(QUIET).await.unwrap();
    assert_eq!(stage.parts().await.len(), 2);
}

#[tokio::test]
async fn a_walk_that_panics_three_times_costs_its_shard_and_names_itself() {
    let stage = stage([(20, vec![Act::Panic; 9])]);
    stage.publish([shard(0, 16), shard(16, 16), shard(32, 16)]).await;
    stage.serve_until(Depth { dead: 1, ..QUIET }).await.unwrap();
    assert_eq!(stage.parts().await, ["000000000000-000016", "000000000032-000016"]);
    let dead = stage.queue.dead_letters(9).await.unwrap();
    assert_eq!(dead[0].reason, "walk 20 panicked: the script says so");
}

#[tokio::test]
async fn a_walk_that_panics_once_costs_nothing() {
    let stage = stage([(3, vec![Act::Panic])]);
    stage.publish([shard(0, 16)]).await;
    stage.serve_until(QUIET).await.unwrap();
    assert_eq!(stage.parts().await.len(), 1);
}

#[tokio::test]
async fn a_shard_that_cannot_be_worked_here_waits_for_a_worker_that_can() {
    let stage = stage([]);
    let foreign = Shard { campaign: CampaignDigest(Digest::of(b"foreign")), ..shard(0, 16) };
    stage.publish([foreign, shard(0, 16)]).await;
    stage.serve_until(Depth { delayed: 1, ..QUIET }).await.unwrap();
    assert_eq!(stage.parts().await.len(), 1);
}

#[tokio::test]
async fn a_refusal_ends_its_campaign_and_not_the_loop_and_keeps_what_is_finished() {
    let ending = Ending::Refused("model \"x\" does not exist".into());
    let refusal = Act::Stop(Stop::Ended(ending.clone()));
    let stage = stage([(12, vec![refusal.clone(), refusal])]);
    // Nobody hears it at first: it is met again, and told again.
    stage.script.deaf.store(1, Ordering::SeqCst);
    stage.publish([shard(0, 16), shard(16, 16)]).await;
    stage.serve_until(QUIET).await.unwrap();
    assert_eq!(*stage.script.endings.lock().unwrap(), [ending]);
    let kept = stage.parts().await;
    assert!(kept[0].as_str() >= "000000000000-000008", "{kept:?}");
}

#[tokio::test]
async fn draining_finishes_what_is_held_and_takes_nothing_new() {
    let drain = CancellationToken::new();
    let mut stage = stage([(0, vec![Act::Cancel(drain.clone())])]);
    stage.worker.shutdown.drain = drain;
    stage.publish([shard(0, 16), shard(16, 16)]).await;
    serve(&stage.worker).await.unwrap();
    assert_eq!(stage.parts().await, ["000000000000-000016"]);
    assert_eq!(stage.queue.depth().await.unwrap().ready, 1);
}

#[tokio::test]
async fn aborting_keeps_the_finished_start_of_a_shard_and_hands_it_back() {
    let stage = stage([(7, vec![Act::Hang])]);
    stage.publish([shard(0, 16)]).await;
    let stop = async {
        // All have run and only the one that hangs is left.
        stage.until(|script| (script.ran(), script.at_once()) == (16, 1)).await;
        stage.worker.shutdown.abort.cancel();
    };
    let (served, ()) = tokio::join!(serve(&stage.worker), stop);
    served.unwrap();
    assert_eq!(stage.parts().await, ["000000000000-000007"]);
    assert_eq!(stage.queue.depth().await.unwrap(), Depth { ready: 1, ..QUIET });
    assert_eq!(stage.queue.receive().await.unwrap().unwrap().shard().attempt, 0);
}

#[tokio::test]
async fn the_rest_of_a_shard_that_takes_long_becomes_a_shard_of_its_own() {
    let linger = Duration::from_millis(20);
    let mut stage = stage((0..100).map(|walk| (walk, vec![Act::Linger(linger)])));
    // Time for two walks in each of the eight places at most.
    stage.worker.limits.shard_time = linger + linger / 2;
    stage.publish([shard(0, 100)]).await;
    stage.serve_until(QUIET).await.unwrap();
    let parts = stage.parts().await;
    let ranges: Vec<_> = parts.iter().filter_map(|part| part::range_of(part)).collect();
    assert!(ranges.len() >= 100 / 16, "{parts:?}");
    assert_eq!((ranges[0].start, ranges[ranges.len() - 1].end), (0, 100));
    assert!(ranges.windows(2).all(|two| two[0].end == two[1].start), "{parts:?}");
    assert_eq!(stage.script.ran(), 100, "no walk is worked twice");
}

/// A file in the way of the folder: the same errors as a full disk's.
#[tokio::test]
async fn finished_walks_wait_for_a_part_store_that_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let (there, away) = (folder.path().join("parts"), folder.path().join("away"));
    let registry = Registry::new();
    let mut stage = stage([(3, vec![Act::Linger(Duration::from_millis(300))])]);
    stage.worker.parts = Parts::open("file:parts", folder.path()).unwrap();
    stage.worker.metrics = Metrics::new(&registry, &Pulse::default()).unwrap();
    stage.publish([shard(0, 4)]).await;
    let outage = async {
        stage.until(|script| script.ran() == 4).await;
        std::fs::rename(&there, &away).unwrap();
        std::fs::write(&there, "in the way").unwrap();
        stage.until(|_| puts_that_failed(&registry) == 1.0).await;
        std::fs::remove_file(&there).unwrap();
        std::fs::rename(&away, &there).unwrap();
    };
    let (served, ()) = tokio::join!(stage.serve_until(QUIET), outage);
    served.unwrap();
    assert_eq!(stage.parts().await, ["000000000000-000004"]);
    assert_eq!(stage.script.ran(), 4, "no walk is worked again");
}

fn puts_that_failed(registry: &Registry) -> f64 {
    let families = registry.gather();
    let puts = families.iter().find(|family| family.name() == "magnet_parts_put_total");
    let failed = puts.and_then(|puts| {
        let is_failed = |metric: &&prometheus::proto::Metric| {
            metric.get_label().iter().any(|label| label.value() == "failed")
        };
        puts.get_metric().iter().find(is_failed)
    });
    failed.map_or(0.0, |metric| metric.get_counter().get_value())
}

#[tokio::test]
async fn a_part_store_that_never_comes_back_ends_the_loop() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = stage([]);
    stage.worker.parts = Parts::open("file:parts", folder.path()).unwrap();
    stage.worker.limits.put_patience = Duration::ZERO;
    std::fs::remove_dir(folder.path().join("parts")).unwrap();
    std::fs::write(folder.path().join("parts"), "in the way").unwrap();
    stage.publish([shard(0, 4), shard(4, 4)]).await;
    let ended = serve(&stage.worker).await;
    assert!(matches!(ended, Err(Error::Parts(_))), "{ended:?}");
}
