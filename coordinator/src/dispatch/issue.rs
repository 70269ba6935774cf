//! Issues what is missing: the first walks of which there is no part, that are
//! not under way, and that were not given up.

use futures::future::join_all;
use magnet_proto::Digest;
use magnet_proto::shard::Shard;
use tracing::debug;

use super::{Dispatch, Error};

/// Draws the numbers that tell one issue of a shard from another, whoever
/// issued it.
#[derive(Debug)]
pub(super) struct Stamps {
    issuer: String,
    drawn: u64,
}

impl Stamps {
    /// `issuer` is a name that no other process has or had.
    pub(super) fn new(issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), drawn: 0 }
    }

    fn next(&mut self) -> u64 {
        self.drawn += 1;
        let digest = Digest::of_fields([self.issuer.as_bytes(), &self.drawn.to_le_bytes()]);
        let (stamp, _) = digest.as_bytes().split_at(8);
        // 0 is that of programs that knew of no stamps.
        u64::from_le_bytes(stamp.try_into().expect("eight bytes of 32")).max(1)
    }
}

impl Dispatch {
    /// Issues as many shards as are needed and allowed.
    pub(super) async fn issue(&mut self) -> Result<(), Error> {
        let mut shards = Vec::new();
        let mut walk = self.ledger.next();
        let room = self.room();
        while self.under_way.len() + shards.len() < room {
            walk = self.first_missing(walk);
            let end = self.to.walk_limit.min(self.end_of_gap(walk));
            let Some(shard) = self.to.plan.shard(walk, end) else {
                break;
            };
            if self.are_enough(walk - self.ledger.next()) {
                break;
            }
            walk = shard.end().0;
            let unwanted = shard.walks().filter(|&walk| !self.ledger.wants(walk));
            let spared = unwanted.map(|walk| walk.0).collect();
            shards.push(Shard { issue: self.stamps.next(), spared, ..shard });
        }
        self.publish(shards).await
    }

    /// Shards that may be issued and not done now.
    fn room(&mut self) -> usize {
        match self.worked {
            Some(worked) if self.to.is_shared => {
                self.to.window.min(worked + self.waiting.allowed())
            }
            _ => self.to.window,
        }
    }

    /// The first walk from this one on of which there is nothing.
    pub(super) fn first_missing(&self, mut walk: u64) -> u64 {
        loop {
            let part = self.catalog.covering(walk).map(|part| part.walks.end);
            let end = part.or_else(|| self.under_way.covering(walk));
            match end.or_else(|| self.end_of_the_dead(walk)) {
                Some(end) => walk = end,
                None => return walk,
            }
        }
    }

    /// The first walk after this one of which there is something.
    pub(super) fn end_of_gap(&self, walk: u64) -> u64 {
        let dead = self.dead.range(walk + 1..).next().map(|(&first, _)| first);
        let ends = [self.catalog.first_after(walk), self.under_way.first_after(walk), dead];
        ends.into_iter().flatten().min().unwrap_or(u64::MAX)
    }

    /// Whether so many walks beyond those decided upon should do, by the yield
    /// so far.
    fn are_enough(&self, ahead: u64) -> bool {
        ahead > 0 && ahead as f64 >= self.ledger.walks_needed()
    }

    /// Publishes shards side by side: each is confirmed, none waits for
    /// another. What is not taken stays missing.
    async fn publish(&mut self, shards: Vec<Shard>) -> Result<(), Error> {
        let queue = &self.to.queue;
        let published = join_all(shards.iter().map(|shard| queue.publish(shard))).await;
        let mut failed = None;
        for (shard, published) in shards.into_iter().zip(published) {
            self.to.metrics.shard_published(&published);
            match published {
                Ok(()) => {
                    debug!(part = shard.part_name(), "issued");
                    self.under_way.add(shard);
                }
                Err(problem) => {
                    failed.get_or_insert(problem);
                }
            }
        }
        failed.map_or(Ok(()), |problem| Err(problem.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_issues_have_the_same_stamp_whoever_issues_them() {
        let stamps = ["one", "two"]
            .map(Stamps::new)
            .into_iter()
            .flat_map(|mut stamps| std::iter::repeat_with(move || stamps.next()).take(1_000));
        let distinct: std::collections::BTreeSet<u64> = stamps.collect();
        assert_eq!(distinct.len(), 2_000);
    }
}
