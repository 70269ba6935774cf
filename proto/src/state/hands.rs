//! Who works which shard: a claim with a heartbeat.
//!
//! A queue delivers at least once, and a connection may be lost while its
//! process works on. So a shard is worked in somebody's *hand*: whoever takes
//! it says so, and goes on saying so. Another process to which the shard comes
//! finds it taken and leaves it. A hand that falls silent is a process that
//! died: the next one takes over, and the death is counted against the shard,
//! unless the hand moves again and takes its death back. Nor is it counted if
//! the hand had nothing else and kept a paid answer meanwhile: the shard came
//! further than ever before, and something else killed the process.

use std::ops::Range;
use std::time::Duration;

use crate::shard::Shard;

/// A hand that says nothing for so long is dead.
pub const SILENCE: Duration = Duration::from_secs(6);
/// How often it says that it works.
pub const BEAT: Duration = Duration::from_secs(2);
/// A shard that is done is known to be for so long: a copy of it may still be
/// on its way, and its part may have another name.
pub(super) const DONE_IS_KNOWN: Duration = Duration::from_secs(3_600);

/// One attempt of one process at one shard.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hand {
    pub(super) name: String,
    /// Paid answers that its process had kept when it took the shard.
    pub(super) kept: u64,
}

/// What a hand's death would tell of its shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// There were others in the process.
    Shared = 0,
    Sole = 1,
    /// It was the only one, and had come further.
    None = 2,
}

impl Hand {
    pub(super) fn blame(&self, is_alone: bool, kept: u64) -> Blame {
        match is_alone {
            true if kept > self.kept => Blame::None,
            true => Blame::Sole,
            false => Blame::Shared,
        }
    }
}

/// What whoever wants to work a shard is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taking {
    /// It is yours, and so many have died of it before.
    Yours(Hand, Deaths),
    /// Its walks, or some of them, are worked; the hand is dead if it is not
    /// heard of for so long.
    Busy(Duration),
    /// Its part is in place, or the parts of its pieces are.
    Done,
}

/// Processes that died with a shard in their hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deaths {
    pub all: u32,
    /// Of these, with no other shard in their hands.
    pub alone: u32,
}

/// How a hand leaves a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// Done: nobody needs to work it again.
    Done,
    /// Handed back to the queue, which delivers it again within so long.
    Back(Duration),
    /// Given up, with all that is known of its deaths.
    GivenUp,
}

/// A shard that the store knows of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    pub walks: Range<u64>,
    pub issue: u64,
    /// Whether it is worked; else it is on its way to a hand.
    pub is_worked: bool,
}

/// A shard's name among all that are issued.
pub(super) fn field(shard: &Shard) -> String {
    format!("{}-{}-{:x}", shard.first.0, shard.len, shard.issue)
}

/// A shard's walks and issue by its name.
pub(super) fn named(field: &str) -> Option<(Range<u64>, u64)> {
    let mut numbers = field.split('-');
    let (first, len): (u64, u64) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    let issue = u64::from_str_radix(numbers.next()?, 16).ok()?;
    Some((first..first.checked_add(len)?, issue))
}
