//! Dead letters and parked messages.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use lapin::Channel;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicGetOptions, BasicNackOptions, QueuePurgeOptions};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use super::message::{Envelope, Headers};
use super::publish::Publisher;
use super::{CampaignDigest, DeadLetter, Error, Shard, topology};
use crate::queue::Keep;
use crate::wire;

/// Messages moved at once.
const BATCH: usize = 64;
/// How often parked messages are looked for.
const UNPARK: Duration = Duration::from_secs(30);
/// How long letters may take to come back from whoever looks at them, and how
/// often that is asked.
const RETURN: Duration = Duration::from_secs(1);
const RETURN_POLL: Duration = Duration::from_millis(20);

fn queues(campaign: Option<CampaignDigest>) -> impl Iterator<Item = String> {
    let own = campaign.map(|campaign| topology::dead(&campaign));
    own.into_iter().chain([topology::UNREADABLE.to_owned()])
}

/// How one process reads dead letters: those it holds meanwhile are missing
/// from the broker's count and from whoever reads beside it.
#[derive(Default)]
pub(super) struct Reading {
    in_hand: AtomicU64,
    /// Readers of this process take turns.
    turn: Mutex<()>,
}

impl Reading {
    /// How many of the campaign's letters the broker does not count now.
    pub(super) fn in_hand(&self) -> u64 {
        self.in_hand.load(Ordering::Relaxed)
    }

    /// The campaign's dead letters, then those that nobody can read. They are
    /// back in place when this returns: nobody after it finds one missing.
    pub(super) async fn list(
        &self,
        publisher: &Publisher,
        campaign: Option<CampaignDigest>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, Error> {
        let _turn = self.turn.lock().await;
        let session = publisher.session().await?;
        let mut letters = Vec::new();
        for queue in queues(campaign) {
            // What is got and not acknowledged goes back when the channel closes.
            let channel = session.channel().await?;
            let Some(there) = topology::depth(&channel, &queue).await? else {
                continue;
            };
            let mut taken = InHand { of: &self.in_hand, count: 0 };
            let is_counted = campaign.is_none_or(|campaign| queue == topology::dead(&campaign));
            let mut last = None;
            while letters.len() < limit {
                // Before it is gone from there: it is never counted nowhere.
                if is_counted {
                    taken.one_more();
                }
                let Some(message) = get(&channel, &queue).await? else {
                    break;
                };
                letters.push(letter(&message));
                last = Some(message);
            }
            if let Some(last) = last {
                let all = BasicNackOptions { multiple: true, requeue: true };
                last.nack(all).await.map_err(away)?;
                wait_for(&channel, &queue, there).await?;
            }
            close(&channel).await;
        }
        Ok(letters)
    }
}

/// Letters that somebody looks at, counted until he is done, or gives up.
struct InHand<'a> {
    of: &'a AtomicU64,
    count: u64,
}

impl InHand<'_> {
    fn one_more(&mut self) {
        self.count += 1;
        self.of.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.of.fetch_sub(self.count, Ordering::Relaxed);
    }
}

/// Waits until a queue holds so many messages, for as long as some may be in
/// the hands of a reader; how many it holds, `None` if it does not exist.
async fn wait_for(channel: &Channel, queue: &str, wanted: u64) -> Result<Option<u64>, Error> {
    let end = Instant::now() + RETURN;
    loop {
        let there = topology::depth(channel, queue).await?;
        if there.is_none_or(|there| there >= wanted) || Instant::now() >= end {
            return Ok(there);
        }
        tokio::time::sleep(RETURN_POLL).await;
    }
}

fn letter(message: &Delivery) -> DeadLetter {
    let headers = Headers::read(&message.properties);
    let shard = wire::decode::<Shard>(&message.data).ok();
    DeadLetter {
        campaign: shard.as_ref().map(|shard| shard.campaign),
        attempts: shard.as_ref().map_or(0, |shard| shard.attempt).max(headers.losses),
        shard,
        reason: headers.reason.unwrap_or_else(|| "no reason is told".into()),
    }
}

/// Puts the campaign's dead letters back to work, those that were there at the
/// start. Each is published before it is acknowledged: an interruption leaves
/// the rest in place and doubles a batch at most.
pub(super) async fn redrive(
    publisher: &Publisher,
    campaign: &CampaignDigest,
) -> Result<usize, Error> {
    let again = |message: &Delivery| match wire::decode::<Shard>(&message.data) {
        Ok(shard) => (topology::WORK.into(), Envelope::of(&Shard { attempt: 0, ..shard }, 0)),
        Err(problem) => {
            let envelope = Envelope { bytes: message.data.clone(), headers: Headers::default() };
            (topology::UNREADABLE.into(), envelope.because(&problem.to_string()))
        }
    };
    let again = |message: &Delivery| Some(again(message));
    move_all(publisher, &topology::dead(campaign), 1, again).await
}

/// Moves the messages a queue holds by now to where they belong; how many.
/// Waits until there are `expected`, should a reader hold them.
async fn move_all(
    publisher: &Publisher,
    queue: &str,
    expected: u64,
    mut onward: impl FnMut(&Delivery) -> Option<(String, Envelope)>,
) -> Result<usize, Error> {
    let session = publisher.session().await?;
    let channel = session.channel().await?;
    let Some(there) = wait_for(&channel, queue, expected).await? else {
        return Ok(0);
    };
    let mut left = usize::try_from(there).unwrap_or(usize::MAX);
    let mut moved = 0;
    while left > 0 {
        let mut batch = Vec::new();
        while batch.len() < BATCH.min(left) {
            let Some(message) = get(&channel, queue).await? else {
                break;
            };
            batch.push(message);
        }
        if batch.is_empty() {
            // Taken meanwhile: by a reader, who gives it back, or for good.
            match wait_for(&channel, queue, 1).await? {
                Some(1..) => continue,
                _ => break,
            }
        }
        left -= batch.len();
        pass_on(publisher, &batch, &mut onward).await?;
        moved += batch.len();
    }
    close(&channel).await;
    Ok(moved)
}

/// Publishes messages to where they belong, then takes them from where they
/// were.
async fn pass_on(
    publisher: &Publisher,
    batch: &[Delivery],
    onward: impl FnMut(&Delivery) -> Option<(String, Envelope)>,
) -> Result<(), Error> {
    let onward: Vec<(String, Envelope)> = batch.iter().filter_map(onward).collect();
    let published =
        onward.iter().map(async |(queue, envelope)| publisher.persist(queue, envelope).await);
    try_join_all(published).await?;
    for message in batch {
        message.ack(BasicAckOptions::default()).await.map_err(away)?;
    }
    Ok(())
}

pub(super) async fn purge(
    publisher: &Publisher,
    campaign: Option<CampaignDigest>,
) -> Result<usize, Error> {
    let session = publisher.session().await?;
    let mut dropped = 0;
    for queue in queues(campaign) {
        let channel = session.channel().await?;
        if wait_for(&channel, &queue, 1).await?.is_some() {
            let options = QueuePurgeOptions::default();
            dropped += channel.queue_purge(queue.into(), options).await.map_err(away)? as usize;
            close(&channel).await;
        }
    }
    Ok(dropped)
}

/// Takes back to work what an older program parked and this one can read.
pub(super) async fn unpark_now_and_then(publisher: Publisher, closed: CancellationToken) {
    let mut looks = tokio::time::interval(UNPARK);
    loop {
        tokio::select! {
            () = closed.cancelled() => return,
            _ = looks.tick() => {}
        }
        for version in 1..=wire::VERSION {
            match move_all(&publisher, &topology::parked(version), 0, to_work).await {
                Ok(0) => {}
                Ok(moved) => info!(moved, version, "parked messages are worked now"),
                Err(problem) => debug!("looking for parked messages: {problem}"),
            }
        }
    }
}

/// Shows the shards of a campaign that wait, and drops those that are refused;
/// how many. All others go to the end of the queue as they are.
pub(super) async fn sift(
    publisher: &Publisher,
    campaign: &CampaignDigest,
    keep: Keep<'_>,
) -> Result<usize, Error> {
    let session = publisher.session().await?;
    let channel = session.channel().await?;
    let there = topology::depth(&channel, topology::WORK).await?.unwrap_or(0);
    // All are taken before the first goes back. Workers take some meanwhile, so
    // that what went back would be met again, and be dropped as its own copy.
    let mut waiting = Vec::new();
    while (waiting.len() as u64) < there
        && let Some(message) = get(&channel, topology::WORK).await?
    {
        waiting.push(message);
    }
    let mut dropped = 0;
    let mut sifted = |message: &Delivery| {
        let shard = wire::decode::<Shard>(&message.data).ok();
        let is_refused = shard.is_some_and(|shard| shard.campaign == *campaign && !keep(&shard));
        dropped += usize::from(is_refused);
        if is_refused { None } else { to_work(message) }
    };
    for batch in waiting.chunks(BATCH) {
        pass_on(publisher, batch, &mut sifted).await?;
    }
    close(&channel).await;
    Ok(dropped)
}

/// To the end of the work queue as it is.
fn to_work(message: &Delivery) -> Option<(String, Envelope)> {
    let headers = Headers::read(&message.properties);
    Some((topology::WORK.to_owned(), Envelope { bytes: message.data.clone(), headers }))
}

async fn get(channel: &Channel, queue: &str) -> Result<Option<Delivery>, Error> {
    let got = channel.basic_get(queue.into(), BasicGetOptions::default()).await;
    Ok(got.map_err(away)?.map(|message| message.delivery))
}

async fn close(channel: &Channel) {
    if let Err(problem) = channel.close(200, "done".into()).await {
        debug!("closing a channel: {problem}");
    }
}

fn away(error: lapin::Error) -> Error {
    Error::Transient(error.to_string())
}
