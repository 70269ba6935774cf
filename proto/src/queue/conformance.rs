//! What every queue must do, as a suite to run on an empty queue.

use std::time::Duration;

use super::{Delivery, Depth, MAX_ATTEMPTS, Queue, Settle};
use crate::shard::{Report, Shard};
use crate::{CampaignDigest, Digest, WalkIndex};

/// Longer than any backend takes to deliver.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the whole suite; the queue is closed afterwards.
///
/// # Panics
/// At the first promise that is not kept.
pub async fn run(queue: &dyn Queue) {
    every_shard_is_delivered_and_then_done(queue).await;
    a_dropped_delivery_comes_back_uncounted(queue).await;
    a_returned_shard_comes_back_uncounted(queue).await;
    a_delayed_shard_comes_back_later_and_uncounted(queue).await;
    a_shard_that_fails_three_times_is_a_dead_letter(queue).await;
    a_quarantined_shard_is_dead_at_once_and_can_be_driven_again(queue).await;
    a_receiver_that_gives_up_loses_nothing(queue).await;
    sifting_shows_what_waits_and_drops_what_is_refused(queue).await;
    a_renewed_delivery_comes_again_while_it_is_held(queue).await;
    reports_arrive(queue).await;
    closing_ends_every_wait(queue).await;
}

fn shard(first: u64) -> Shard {
    let campaign = CampaignDigest(Digest::of(b"conformance"));
    Shard { campaign, first: WalkIndex(first), len: 16, attempt: 0, issue: 0, spared: Vec::new() }
}

async fn next(queue: &dyn Queue) -> Box<dyn Delivery> {
    let delivery = tokio::time::timeout(PATIENCE, queue.receive()).await;
    delivery.expect("a shard is delivered in time").unwrap().expect("the queue is open")
}

/// Waits until the depth is as told: some brokers count late.
async fn settles_at(queue: &dyn Queue, expected: Depth) {
    let reached = async {
        while queue.depth().await.unwrap() != expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, reached).await.is_err() {
        assert_eq!(queue.depth().await.unwrap(), expected);
    }
}

async fn every_shard_is_delivered_and_then_done(queue: &dyn Queue) {
    for first in [0, 16, 32] {
        queue.publish(&shard(first)).await.unwrap();
    }
    let mut seen = Vec::new();
    for _ in 0..3 {
        let delivery = next(queue).await;
        seen.push(delivery.shard().first.0);
        delivery.settle(Settle::Done).await.unwrap();
    }
    seen.sort_unstable();
    assert_eq!(seen, [0, 16, 32]);
    settles_at(queue, Depth::default()).await;
}

async fn a_dropped_delivery_comes_back_uncounted(queue: &dyn Queue) {
    queue.publish(&shard(1)).await.unwrap();
    drop(next(queue).await);
    let again = next(queue).await;
    assert_eq!(again.shard(), &shard(1));
    again.settle(Settle::Done).await.unwrap();
}

async fn a_returned_shard_comes_back_uncounted(queue: &dyn Queue) {
    queue.publish(&shard(2)).await.unwrap();
    for _ in 0..=MAX_ATTEMPTS {
        next(queue).await.settle(Settle::Return).await.unwrap();
    }
    let again = next(queue).await;
    assert_eq!(again.shard(), &shard(2));
    again.settle(Settle::Done).await.unwrap();
}

async fn a_delayed_shard_comes_back_later_and_uncounted(queue: &dyn Queue) {
    let pause = Duration::from_millis(200);
    queue.publish(&shard(3)).await.unwrap();
    let before = tokio::time::Instant::now();
    next(queue).await.settle(Settle::Delay(pause)).await.unwrap();
    queue.publish(&shard(4)).await.unwrap();
    let first = next(queue).await;
    assert_eq!(first.shard(), &shard(4), "a delayed shard holds up nobody");
    first.settle(Settle::Done).await.unwrap();
    let delayed = next(queue).await;
    assert_eq!(delayed.shard(), &shard(3));
    assert!(before.elapsed() >= pause);
    delayed.settle(Settle::Done).await.unwrap();
}

async fn a_shard_that_fails_three_times_is_a_dead_letter(queue: &dyn Queue) {
    queue.publish(&shard(5)).await.unwrap();
    for attempt in 0..MAX_ATTEMPTS {
        let delivery = next(queue).await;
        assert_eq!(delivery.shard().attempt, attempt);
        delivery.settle(Settle::Failed(format!("trouble {attempt}"))).await.unwrap();
    }
    settles_at(queue, Depth { dead: 1, ..Depth::default() }).await;
    let dead = queue.dead_letters(10).await.unwrap();
    assert_eq!(dead[0].shard.as_ref().map(|shard| shard.first), Some(WalkIndex(5)));
    assert_eq!(dead[0].reason, "trouble 2");
    assert_eq!(dead[0].attempts, MAX_ATTEMPTS);
    assert_eq!(queue.purge().await.unwrap(), 1);
    settles_at(queue, Depth::default()).await;
}

async fn a_quarantined_shard_is_dead_at_once_and_can_be_driven_again(queue: &dyn Queue) {
    queue.publish(&shard(6)).await.unwrap();
    next(queue).await.settle(Settle::Quarantine("odd".into())).await.unwrap();
    settles_at(queue, Depth { dead: 1, ..Depth::default() }).await;
    // Who looks at a letter hides it from nobody: not after, not meanwhile.
    for _ in 0..3 {
        assert_eq!(queue.dead_letters(10).await.unwrap().len(), 1);
    }
    let (_, driven) = tokio::join!(queue.dead_letters(10), queue.redrive());
    assert_eq!(driven.unwrap(), 1);
    let again = next(queue).await;
    assert_eq!(again.shard(), &shard(6));
    again.settle(Settle::Done).await.unwrap();
    settles_at(queue, Depth::default()).await;
}

async fn a_receiver_that_gives_up_loses_nothing(queue: &dyn Queue) {
    let impatient = tokio::time::timeout(Duration::from_millis(30), queue.receive()).await;
    assert!(impatient.is_err(), "there was nothing to receive");
    queue.publish(&shard(7)).await.unwrap();
    let delivery = next(queue).await;
    assert_eq!(delivery.shard(), &shard(7));
    delivery.settle(Settle::Done).await.unwrap();
}

async fn sifting_shows_what_waits_and_drops_what_is_refused(queue: &dyn Queue) {
    for first in [10, 11, 12, 11] {
        queue.publish(&shard(first)).await.unwrap();
    }
    let held = next(queue).await;
    settles_at(queue, Depth { ready: 3, held: 1, ..Depth::default() }).await;
    let mut shown = Vec::new();
    let mut keep = |shard: &Shard| {
        let is_new = !shown.contains(&shard.first.0);
        shown.push(shard.first.0);
        is_new
    };
    assert_eq!(queue.sift(&mut keep).await.unwrap(), 1);
    shown.sort_unstable();
    assert_eq!(shown, [11, 11, 12]);
    held.settle(Settle::Done).await.unwrap();
    for _ in 0..2 {
        let kept = next(queue).await;
        assert_eq!(kept.losses(), 0, "who looks at a shard does not lose it");
        kept.settle(Settle::Done).await.unwrap();
    }
    settles_at(queue, Depth::default()).await;
}

async fn a_renewed_delivery_comes_again_while_it_is_held(queue: &dyn Queue) {
    queue.publish(&shard(20)).await.unwrap();
    let mut held = next(queue).await;
    held.renew().await.unwrap();
    // A queue that is patient has nothing to renew.
    if queue.patience().is_some() {
        let copy = next(queue).await;
        assert_eq!((copy.shard(), copy.losses()), (&shard(20), 0));
        copy.settle(Settle::Done).await.unwrap();
    }
    held.settle(Settle::Done).await.unwrap();
    settles_at(queue, Depth::default()).await;
}

async fn reports_arrive(queue: &dyn Queue) {
    let campaign = shard(0).campaign;
    let report = Report { campaign, part: "000-016".into(), accepted: 15, rejected: 1 };
    queue.report(&report).await.unwrap();
    let arrived = tokio::time::timeout(PATIENCE, queue.next_report()).await;
    assert_eq!(arrived.expect("a report arrives in time").unwrap(), Some(report));
}

async fn closing_ends_every_wait(queue: &dyn Queue) {
    let waiting = async { tokio::join!(queue.receive(), queue.next_report()) };
    let closing = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        queue.close().await;
    };
    let both = async { tokio::join!(waiting, closing) };
    let ((shard, report), ()) =
        tokio::time::timeout(PATIENCE, both).await.expect("closing ends every wait");
    assert!(shard.unwrap().is_none());
    assert!(report.unwrap().is_none());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::memory::MemoryQueue;

    #[tokio::test]
    async fn memory_conforms() {
        run(&MemoryQueue::new()).await;
    }

    #[tokio::test]
    async fn many_receivers_get_every_shard_once() {
        let queue = MemoryQueue::new();
        let receivers: Vec<_> = (0..8)
            .map(|_| {
                let queue = queue.clone();
                tokio::spawn(async move {
                    let mut seen = Vec::new();
                    while let Some(delivery) = queue.receive().await.unwrap() {
                        seen.push(delivery.shard().first.0);
                        tokio::task::yield_now().await;
                        delivery.settle(Settle::Done).await.unwrap();
                    }
                    seen
                })
            })
            .collect();
        for first in 0..1_000 {
            queue.publish(&shard(first)).await.unwrap();
        }
        settles_at(&queue, Depth::default()).await;
        queue.close().await;
        let mut seen = Vec::new();
        for receiver in receivers {
            seen.extend(receiver.await.unwrap());
        }
        seen.sort_unstable();
        assert!(seen.iter().copied().eq(0..1_000));
    }
}
