//! Compares what was issued with what is there.
//!
//! Messages may be lost, doubled, or old: a report, a shard, a dead letter. So
//! what is under way is compared, again and again and after every reconnection,
//! with the parts, with the hands that work shards, with the dead letters of
//! these very issues, and, where that leaves a question, with the queue itself.
//! What is nowhere is missing once more, and issued again like all that is
//! missing. A restart begins with the same comparison, so that it issues
//! nothing that is there already.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use magnet_proto::part;
use magnet_proto::shard::Shard;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::{Dispatch, Error, TICK};

/// Sifting a queue moves all its messages: where nothing was lost it is done
/// more and more rarely, down to this.
const LONGEST_REST: Duration = Duration::from_secs(5 * 60);
/// Reading the dead letters takes at most this part of the time.
const READING: u32 = 10;

/// What was found out so far, and when.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// When all was compared last.
    looked: Option<Instant>,
    /// The reconnections of the queue by then.
    reconnects: u64,
    /// When the queue was sifted last, and how long it rests.
    sifted: Option<Instant>,
    rest: Duration,
    /// Nobody tells who works what.
    is_blind: bool,
    /// The dead letters that were read last, and when they may be read again.
    letters: u64,
    read_again: Option<Instant>,
}

impl Dispatch {
    /// Compares, if it is time.
    pub(super) async fn reconcile(&mut self) -> Result<(), Error> {
        let reconnects = self.to.queue.link().reconnects;
        let is_first = self.found.looked.is_none();
        let is_anew = is_first || self.found.reconnects != reconnects;
        if !is_anew
            && self.found.looked.is_some_and(|looked| looked.elapsed() < self.to.rhythm.look)
        {
            return Ok(());
        }
        if is_first {
            self.list().await?
        } else {
            self.list_what_may_be_new().await?
        }
        self.see_hands().await;
        if is_anew || self.has_a_question() {
            self.sift().await?;
            self.read_letters().await?;
            self.give_up_the_lost();
        }
        self.found.looked = Some(Instant::now());
        self.found.reconnects = reconnects;
        Ok(())
    }

    /// The parts that continue what is read: those of which a report was lost.
    async fn list_what_may_be_new(&mut self) -> Result<(), Error> {
        let from = self.ledger.next().saturating_sub(self.catalog.longest());
        let folder = part::folder(&self.to.campaign);
        for object in self.to.parts.list_after(&folder, &format!("{from:012}")).await? {
            self.add(&object.name, Some(object.size_bytes));
        }
        Ok(())
    }

    /// Sees what is worked, and what is on its way back from a hand.
    pub(super) async fn see_hands(&mut self) {
        let known = match self.to.state.whereabouts().await {
            Ok(known) if !self.to.state.is_away() => known,
            _ => {
                self.worked = None;
                self.found.is_blind = true;
                return;
            }
        };
        if std::mem::take(&mut self.found.is_blind) {
            // Hands that were not heard of speak again in a moment.
            self.under_way.see_all();
        }
        self.worked = Some(known.iter().filter(|shard| shard.is_worked).count());
        for shard in known {
            self.adopt(&shard.walks, shard.issue);
        }
    }

    /// Counts these walks as under way and seen, but for those that are done.
    fn adopt(&mut self, walks: &Range<u64>, issue: u64) {
        self.under_way.see(walks, issue);
        if !self.to.has_a_past {
            return;
        }
        let mut walk = self.first_missing(walks.start.max(self.ledger.next()));
        while walk < walks.end {
            let end = self.end_of_gap(walk).min(walks.end);
            let Some(shard) = self.to.plan.piece(walk..end) else { return };
            debug!(part = shard.part_name(), "found under way");
            self.under_way.add(Shard { issue, ..shard });
            walk = self.first_missing(end);
        }
    }

    fn unseen_since(&self) -> Option<Instant> {
        let knows_hands = self.to.state.is_shared() && !self.to.state.is_away();
        let lost = match self.to.queue.patience() {
            // Nobody holds a shard for longer.
            Some(patience) if !knows_hands => patience / 2 + self.to.rhythm.lost,
            _ => self.to.rhythm.lost,
        };
        Instant::now().checked_sub(lost)
    }

    /// Whether something is neither done nor in a hand, and has not been in the
    /// queue lately.
    fn has_a_question(&self) -> bool {
        let unseen = self.unseen_since();
        unseen.is_some_and(|since| self.under_way.is_any_unseen_since(since))
            && self.found.sifted.is_none_or(|sifted| sifted.elapsed() >= self.found.rest)
    }

    /// Looks at the shards that wait: copies, and what is done, are dropped.
    async fn sift(&mut self) -> Result<(), Error> {
        let mut waiting = BTreeMap::new();
        let queue = Arc::clone(&self.to.queue);
        let mut keep = |shard: &Shard| {
            let walks = shard.first.0..shard.end().0;
            match waiting.entry((walks.start, walks.end)) {
                Entry::Vacant(entry) if !self.is_done(&walks) => {
                    entry.insert(shard.issue);
                    true
                }
                _ => false,
            }
        };
        let dropped = queue.sift(&mut keep).await?;
        if dropped > 0 {
            info!(dropped, "shards that were in the queue twice, or done");
        }
        for ((first, end), issue) in waiting {
            self.adopt(&(first..end), issue);
        }
        self.found.sifted = Some(Instant::now());
        Ok(())
    }

    fn is_done(&self, walks: &Range<u64>) -> bool {
        let mut walk = walks.start.max(self.ledger.next());
        while let Some(part) = self.catalog.covering(walk) {
            walk = part.walks.end;
        }
        walk >= walks.end
    }

    fn give_up_the_lost(&mut self) {
        let Some(since) = self.unseen_since() else { return };
        let lost = self.under_way.give_up_unseen_since(since);
        self.found.rest = match lost {
            0 => (self.found.rest * 2).clamp(self.to.rhythm.look, LONGEST_REST),
            _ => self.to.rhythm.look,
        };
        if lost > 0 {
            self.to.metrics.shards_lost(lost);
            warn!(
                shards = lost,
                "neither in the queue nor in anybody's hands, and without a part: the queue was \
                 purged or deleted, or a policy drops messages (message-ttl, max-length); they are \
                 issued again"
            );
        }
    }

    /// Gives up shards that were quarantined, if it is time to look.
    pub(super) async fn count_the_dead(&mut self) -> Result<(), Error> {
        match self.found.read_again.is_some_and(|again| Instant::now() < again) {
            true => Ok(()),
            false => self.read_letters().await,
        }
    }

    /// Gives up shards that were quarantined: those under way, since a letter
    /// that is older than their issue says nothing of them.
    async fn read_letters(&mut self) -> Result<(), Error> {
        let letters = self.to.queue.depth().await?.dead;
        if letters == self.found.letters {
            return Ok(());
        }
        let begun = Instant::now();
        let read = self.to.queue.dead_letters(usize::MAX).await?;
        self.found.letters = letters;
        let rest = (begun.elapsed() * READING).max(TICK);
        self.found.read_again = Some(Instant::now() + rest);
        for letter in read {
            let Some(shard) = letter.shard.filter(|shard| shard.campaign == self.to.campaign)
            else {
                continue;
            };
            let walks = shard.first.0..shard.end().0;
            if self.under_way.is_any_of(&walks, shard.issue) {
                self.under_way.take_off(&walks);
                info!(part = shard.part_name(), reason = letter.reason, "left out of the dataset");
                self.to.metrics.shard_dead();
                self.dead.insert(walks.start, walks.end);
                self.why_dead = Some(letter.reason);
            }
        }
        Ok(())
    }
}
