//! What a dispatcher makes of messages that are lost, doubled or old.

use std::collections::BTreeMap;

use magnet_proto::config::Campaign;
use magnet_proto::outcome::{Reason, Rejection};
use magnet_proto::part::{Keys, Packed, Writer};
use magnet_proto::process::Pulse;
use magnet_proto::queue::memory::MemoryQueue;
use magnet_proto::queue::{Delivery, Settle};
use magnet_proto::shard::Shard;
use magnet_proto::state::{self, Taking};
use magnet_proto::usage::Usage;
use magnet_proto::{Digest, WalkIndex};
use prometheus::Registry;

use super::*;

/// Walks a shard.
const LEN: u32 = 16;
/// Time to work one.
const MOMENT: Duration = Duration::from_millis(25);

fn campaign() -> CampaignDigest {
    CampaignDigest(Digest::of(b"dispatched"))
}

fn shard(first: u64, issue: u64) -> Shard {
    Shard {
        campaign: campaign(),
        first: WalkIndex(first),
        len: LEN,
        attempt: 0,
        issue,
        spared: Vec::new(),
    }
}

/// A campaign of so many walks, all of them rejected, and its services.
struct Scene {
    queue: MemoryQueue,
    parts: Parts,
    state: Arc<dyn State>,
    dispatch: Dispatch,
    progress: watch::Receiver<Progress>,
}

fn scene(walks: u64) -> Scene {
    let (queue, state) = (MemoryQueue::new(), state::open("embedded:").unwrap());
    let parts = Parts::open("memory:", ".".as_ref()).unwrap();
    let (progress, shown) = watch::channel(Progress::default());
    let dispatcher = Dispatcher {
        campaign: campaign(),
        queue: Arc::new(queue.clone()),
        parts: parts.clone(),
        state: Arc::clone(&state),
        plan: Plan::new(campaign(), LEN),
        walk_limit: walks,
        window: 8,
        has_a_past: true,
        is_shared: false,
        issuer: "a test".into(),
        rhythm: Rhythm { look: MOMENT * 2, lost: MOMENT * 10 },
        progress,
        board: Board::new(&Campaign::default(), campaign()),
        metrics: Metrics::new(&Registry::new(), &Pulse::default()).unwrap(),
    };
    let ledger = Ledger::new(1_000_000, 0.7, &std::env::temp_dir());
    let dispatch = Dispatch::new(dispatcher, ledger);
    Scene { queue, parts, state, dispatch, progress: shown }
}

/// Puts the part of a shard.
async fn put(parts: &Parts, shard: &Shard) -> String {
    let mut writer = Writer::new(shard.campaign, shard.first);
    for walk in shard.walks() {
        let rejection = Rejection::new(Reason::NoValue, walk.to_string());
        writer.push(Keys::default(), Usage::default(), Packed::rejected(rejection, None));
    }
    let (part, bytes) = writer.finish();
    parts.put(&part::object_name(&shard.campaign, &part), bytes).await.unwrap();
    part
}

/// Works what comes, each in its own way, and counts how often each came.
async fn work(
    queue: &MemoryQueue,
    parts: &Parts,
    mut way: impl FnMut(&Shard) -> Way,
) -> BTreeMap<u64, usize> {
    let mut came = BTreeMap::new();
    while let Some(held) = queue.receive().await.unwrap() {
        let shard = held.shard().clone();
        *came.entry(shard.first.0).or_default() += 1;
        tokio::time::sleep(MOMENT).await;
        match way(&shard) {
            Way::Bury => held.settle(Settle::Quarantine("it is odd".into())).await.unwrap(),
            way => {
                let part = put(parts, &shard).await;
                let report = Report { campaign: campaign(), part, accepted: 0, rejected: LEN };
                if way == Way::Report {
                    queue.report(&report).await.unwrap();
                }
                held.settle(Settle::Done).await.unwrap();
            }
        }
    }
    came
}

#[derive(PartialEq)]
enum Way {
    Report,
    /// Its report is lost.
    KeepSilent,
    Bury,
}

impl Scene {
    /// Dispatches to the end beside whoever works; what became of it, and how
    /// often each shard came.
    async fn play(mut self, way: impl FnMut(&Shard) -> Way) -> (Selection, BTreeMap<u64, usize>) {
        let stop = CancellationToken::new();
        let (queue, parts) = (self.queue.clone(), self.parts.clone());
        let dispatching = async {
            let ended = self.dispatch.run(&stop).await.unwrap();
            self.queue.close().await;
            ended
        };
        let (ended, came) = tokio::join!(dispatching, work(&queue, &parts, way));
        assert_eq!(ended, Ended::WalkLimit);
        (self.dispatch.finish().await.unwrap(), came)
    }
}

fn once_each(shards: u64) -> BTreeMap<u64, usize> {
    (0..shards).map(|n| (n * u64::from(LEN), 1)).collect()
}

#[tokio::test]
async fn a_part_whose_report_is_lost_is_found_while_others_report() {
    let scene = scene(16 * 100);
    let progress = scene.progress.clone();
    let mut done = 0;
    let way = |shard: &Shard| {
        done += 1;
        // Many reports later.
        if done == 60 {
            assert!(progress.borrow().counts.walks > 16 * 5, "{:?}", progress.borrow());
        }
        if shard.first.0 == 0 { Way::KeepSilent } else { Way::Report }
    };
    let (selection, came) = scene.play(way).await;
    assert_eq!(selection.counts.walks, 1_600);
    assert_eq!(came, once_each(100));
}

#[tokio::test]
async fn shards_that_the_queue_loses_are_issued_again_and_no_others() {
    let mut scene = scene(16 * 8);
    // All are issued, two are taken; the others vanish.
    let stop = CancellationToken::new();
    tokio::select! {
        _ = scene.dispatch.step(&stop) => {}
        () = tokio::time::sleep(MOMENT) => {}
    }
    let mut held = Vec::new();
    for _ in 0..2 {
        let delivery = scene.queue.receive().await.unwrap().unwrap();
        let taken = scene.state.take_shard(delivery.shard(), false).await.unwrap();
        let Taking::Yours(hand, _) = taken else { panic!("{taken:?}") };
        held.push((delivery, hand));
    }
    assert_eq!(scene.queue.sift(&mut |_| false).await.unwrap(), 6);
    let (state, queue, parts) = (scene.state.clone(), scene.queue.clone(), scene.parts.clone());
    let long_work = async {
        for _ in 0..30 {
            tokio::time::sleep(MOMENT).await;
            for (delivery, hand) in &held {
                assert!(state.beat_shard(delivery.shard(), hand, false).await.unwrap());
            }
        }
        for (delivery, hand) in held {
            let shard = delivery.shard().clone();
            put(&parts, &shard).await;
            state.leave_shard(&shard, &hand, state::Leaving::Done).await.unwrap();
            delivery.settle(Settle::Done).await.unwrap();
        }
    };
    let (played, ()) = tokio::join!(scene.play(|_| Way::Report), long_work);
    let (selection, came) = played;
    assert_eq!(selection.counts.walks, 128);
    let expected: BTreeMap<u64, usize> = (2..8).map(|n| (n * 16, 1)).collect();
    assert_eq!(came, expected, "those in hand are issued once");
    drop(queue);
}

async fn bury(queue: &MemoryQueue, shard: Shard) {
    queue.publish(&shard).await.unwrap();
    let held: Box<dyn Delivery> = queue.receive().await.unwrap().unwrap();
    held.settle(Settle::Quarantine("long ago".into())).await.unwrap();
}

#[tokio::test]
async fn only_letters_of_the_very_issue_leave_a_shard_out_however_many_there_are() {
    let scene = scene(16 * 8);
    for n in 0..1_200 {
        bury(&scene.queue, shard(n % 8 * 16, n)).await;
    }
    let way = |shard: &Shard| if shard.first.0 == 32 { Way::Bury } else { Way::Report };
    let (selection, came) = scene.play(way).await;
    assert_eq!((selection.counts.walks, selection.counts.missing), (112, 16));
    assert_eq!(selection.why_dead.as_deref(), Some("it is odd"));
    assert_eq!(came, once_each(8));
}

#[tokio::test]
async fn a_restart_issues_what_is_missing_and_drops_the_copies() {
    let scene = scene(16 * 8);
    // Of an earlier coordinator: one done, one in hand, two in the queue, one of
    // them twice, and one that is done, too.
    put(&scene.parts, &shard(0, 1)).await;
    let in_hand = shard(16, 2);
    let taken = scene.state.take_shard(&in_hand, false).await.unwrap();
    let Taking::Yours(hand, _) = taken else { panic!("{taken:?}") };
    for (first, issue) in [(0, 9), (48, 3), (64, 4), (48, 5)] {
        scene.queue.publish(&shard(first, issue)).await.unwrap();
    }
    let (state, parts) = (scene.state.clone(), scene.parts.clone());
    let long_work = async {
        for _ in 0..20 {
            tokio::time::sleep(MOMENT).await;
            assert!(state.beat_shard(&in_hand, &hand, false).await.unwrap());
        }
        put(&parts, &in_hand).await;
        state.leave_shard(&in_hand, &hand, state::Leaving::Done).await.unwrap();
    };
    let mut issues = BTreeMap::new();
    let note = |shard: &Shard| {
        issues.insert(shard.first.0, shard.issue);
        Way::Report
    };
    let ((selection, came), ()) = tokio::join!(scene.play(note), long_work);
    assert_eq!(selection.counts.walks, 128);
    let mut expected = once_each(8);
    expected.retain(|first, _| !matches!(first, 0 | 16));
    assert_eq!(came, expected);
    assert_eq!((issues[&48], issues[&64]), (3, 4), "those in the queue are worked as they are");
}
