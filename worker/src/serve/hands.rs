//! Takes a shard in hand before it is worked, and says so until it is left.
//!
//! So no two processes work one shard knowingly, whatever copies of it there
//! are, and the death of a process is told from the loss of its connection. A
//! shard that may have killed those who held it is worked alone, so that the
//! next death is surely its own; then it is quarantined.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use magnet_proto::queue::{Delivery, MAX_ATTEMPTS, MAX_LOSSES};
use magnet_proto::shard::Shard;
use magnet_proto::state::hands::BEAT;
use magnet_proto::state::{Deaths, Hand, Leaving, State, Taking};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{debug, warn};

use super::Worker;

/// Of the deaths that quarantine a shard so many were certainly its own.
const CERTAIN: u32 = 2;
/// After the moment when a hand counts as dead; and before it is first told how
/// much company it has got.
const A_LITTLE: Duration = Duration::from_millis(200);
/// So long a shard waits for its turn to be worked alone.
const TURN: Duration = Duration::from_secs(60);

/// The shards that a process works. Clones are one company.
#[derive(Clone, Debug, Default)]
pub struct Company {
    /// Held for reading by each shard, for writing by one that is worked alone.
    door: Arc<RwLock<()>>,
    present: Arc<AtomicUsize>,
}

/// A shard's place in the company.
#[derive(Debug)]
struct Place {
    present: Arc<AtomicUsize>,
    door: Door,
}

#[derive(Debug)]
enum Door {
    Open(#[expect(dead_code, reason = "held, never read")] OwnedRwLockReadGuard<()>),
    Shut(#[expect(dead_code, reason = "held, never read")] OwnedRwLockWriteGuard<()>),
}

impl Company {
    /// Whether a shard may be worked beside those that are.
    pub(super) fn is_open(&self) -> bool {
        self.door.try_read().is_ok()
    }

    pub(super) async fn opened(&self) {
        drop(self.door.read().await);
    }

    /// `None` while a shard is worked alone, or waits to be.
    fn join(&self) -> Option<Place> {
        let door = Arc::clone(&self.door).try_read_owned().ok()?;
        Some(self.place(Door::Open(door)))
    }

    /// Waits until all others have left; none comes before this one leaves.
    async fn join_alone(&self) -> Place {
        self.place(Door::Shut(Arc::clone(&self.door).write_owned().await))
    }

    fn place(&self, door: Door) -> Place {
        self.present.fetch_add(1, Ordering::Relaxed);
        Place { present: Arc::clone(&self.present), door }
    }

    fn is_one_alone(&self) -> bool {
        self.present.load(Ordering::Relaxed) == 1
    }
}

impl Place {
    fn is_alone(&self) -> bool {
        matches!(self.door, Door::Shut(_))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.present.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether a shard is to be worked here and now.
pub(super) enum Taken {
    Ours(Grip),
    /// Somebody works it, here or elsewhere.
    Elsewhere,
    Done,
    /// It has killed those who held it.
    Poison(String),
    /// Told to stop while waiting.
    Stopped,
}

/// A shard in hand.
pub(super) struct Grip {
    /// Where it is told; `None` while nobody can be told.
    told: Option<Told>,
    shard: Shard,
    _place: Place,
}

struct Told {
    state: Arc<dyn State>,
    hand: Hand,
    /// Another hand has it.
    lost: CancellationToken,
    _beats: DropGuard,
}

impl Grip {
    /// Waits until the shard is another's.
    pub(super) async fn lost(&self) {
        match &self.told {
            Some(told) => told.lost.cancelled().await,
            None => std::future::pending().await,
        }
    }

    /// Whether every process that a copy of the shard comes to finds it taken.
    pub(super) fn is_known_to_all(&self) -> bool {
        self.told.as_ref().is_some_and(|told| told.state.is_shared())
    }

    pub(super) async fn leave(self, how: Leaving) {
        let Some(Told { state, hand, _beats, .. }) = self.told else { return };
        // No beat comes after it.
        drop(_beats);
        if let Err(problem) = state.leave_shard(&self.shard, &hand, how).await {
            // Its record grows old by itself.
            debug!(part = self.shard.part_name(), "leaving a shard: {problem}");
        }
    }
}

/// Takes a shard, waiting a moment for a hand that may be dead, and for the
/// others to leave where it is to be worked alone.
pub(super) async fn take(
    worker: &Worker,
    state: Option<Arc<dyn State>>,
    delivery: &mut dyn Delivery,
) -> Taken {
    let (shard, losses) = (delivery.shard().clone(), delivery.losses());
    let elsewhere = async || {
        expect(&state, &shard).await;
        Taken::Elsewhere
    };
    let Some(mut place) = worker.company.join() else { return elsewhere().await };
    let mut has_waited = false;
    loop {
        let is_alone = worker.company.is_one_alone();
        let taking = match &state {
            Some(state) => state.take_shard(&shard, is_alone).await.ok(),
            None => None,
        };
        let (told, fault) = match (taking, &state) {
            (Some(Taking::Done), _) => return Taken::Done,
            (Some(Taking::Busy(_)), _) if has_waited => return Taken::Elsewhere,
            (Some(Taking::Busy(within)), _) => {
                has_waited = true;
                drop(place);
                tokio::select! {
                    () = worker.shutdown.abort.cancelled() => return Taken::Stopped,
                    () = tokio::time::sleep(within + A_LITTLE) => {}
                }
                match worker.company.join() {
                    Some(joined) => place = joined,
                    None => return elsewhere().await,
                }
                continue;
            }
            (Some(Taking::Yours(hand, deaths)), Some(state)) => {
                let fault = match state.is_shared() {
                    true => Fault::of_deaths(deaths),
                    false => Fault::of_losses(losses),
                };
                (Some(tell(state, &shard, hand, &worker.company)), fault)
            }
            _ => (None, Fault::of_losses(losses)),
        };
        let is_designated = place.is_alone();
        let grip = Grip { told, shard: shard.clone(), _place: place };
        match fault {
            Fault::Proven(reason) => {
                grip.leave(Leaving::GivenUp).await;
                return Taken::Poison(reason);
            }
            // Not in anybody's hand while it waits.
            Fault::Suspected if !is_designated => grip.leave(Leaving::Back(TURN * 2)).await,
            Fault::Suspected | Fault::None => return Taken::Ours(grip),
        }
        warn!(part = shard.part_name(), "to be worked alone: workers vanished with it");
        tokio::select! {
            () = worker.shutdown.abort.cancelled() => return Taken::Stopped,
            // Others wait for theirs as well: it may come to one with less.
            () = tokio::time::sleep(TURN) => return Taken::Elsewhere,
            alone = worker.company.join_alone() => place = alone,
        }
    }
}

/// What is said of a shard that waits counts for so long.
const EXPECTED: Duration = Duration::from_secs(15);

/// Says that the shard waits where nobody sees it.
async fn expect(state: &Option<Arc<dyn State>>, shard: &Shard) {
    if let Some(state) = state
        && let Err(problem) = state.expect_shard(shard, EXPECTED).await
    {
        debug!(part = shard.part_name(), "saying that a shard waits: {problem}");
    }
}

/// Says again and again which shards have arrived here and wait for others to
/// be done: a coordinator sees them neither in the queue nor in a hand, and
/// would take them for lost. Never returns.
pub(super) async fn tell_of_those_that_wait(worker: &Worker) -> Infallible {
    loop {
        tokio::time::sleep(EXPECTED / 3).await;
        for shard in worker.queue.arrived().await {
            if let Ok(runner) = worker.runners.of(&shard.campaign).await {
                expect(&runner.state(), &shard).await;
            }
        }
    }
}

/// How much speaks against a shard.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// The next death will tell.
    Suspected,
    Proven(String),
}

impl Fault {
    fn of_deaths(deaths: Deaths) -> Self {
        match deaths {
            Deaths { all, alone } if all >= MAX_ATTEMPTS && alone >= CERTAIN => {
                Self::Proven(format!("{all} workers vanished while they held it"))
            }
            Deaths { all, .. } if all + 1 >= MAX_ATTEMPTS => Self::Suspected,
            _ => Self::None,
        }
    }

    /// Where nobody tells of deaths, by how often it was lost.
    fn of_losses(losses: u32) -> Self {
        match losses {
            MAX_LOSSES.. => Self::Proven(format!(
                "it was lost {losses} times by workers that held it: they vanished, or their \
                 connections did"
            )),
            _ if losses + 1 == MAX_LOSSES => Self::Suspected,
            _ => Self::None,
        }
    }
}

/// Says that the hand works the shard, until the answer is dropped.
fn tell(state: &Arc<dyn State>, shard: &Shard, hand: Hand, company: &Company) -> Told {
    let (lost, stop) = (CancellationToken::new(), CancellationToken::new());
    let told = Told {
        state: Arc::clone(state),
        hand: hand.clone(),
        lost: lost.clone(),
        _beats: stop.clone().drop_guard(),
    };
    let (state, shard, company) = (Arc::clone(state), shard.clone(), company.clone());
    // A task of its own: while one shard is settled the others' hands move.
    tokio::spawn(async move {
        let mut pause = A_LITTLE;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => pause = BEAT,
            }
            let is_alone = company.is_one_alone();
            if let Ok(false) = state.beat_shard(&shard, &hand, is_alone).await {
                return lost.cancel();
            }
        }
    });
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deaths_quarantine_a_shard_only_if_they_were_its_own() {
        let of = |all, alone| Fault::of_deaths(Deaths { all, alone });
        assert_eq!((of(0, 0), of(1, 1), of(2, 2)), (Fault::None, Fault::None, Fault::Suspected));
        // Somebody killed the process three times, with much else in its hands.
        assert_eq!((of(3, 0), of(3, 1)), (Fault::Suspected, Fault::Suspected));
        assert!(matches!(of(3, 2), Fault::Proven(_)));
        assert!(matches!(of(4, 2), Fault::Proven(_)));
    }

    #[test]
    fn losses_quarantine_a_shard_late() {
        let of = Fault::of_losses;
        assert_eq!((of(0), of(MAX_LOSSES - 2)), (Fault::None, Fault::None));
        assert_eq!(of(MAX_LOSSES - 1), Fault::Suspected);
        assert!(matches!(of(MAX_LOSSES), Fault::Proven(_)));
    }

    #[tokio::test]
    async fn one_that_is_worked_alone_waits_for_the_others_and_lets_none_in() {
        let company = Company::default();
        let place = company.join().unwrap();
        assert!(company.is_open() && company.is_one_alone());
        let alone = tokio::spawn({
            let company = company.clone();
            async move { company.join_alone().await }
        });
        drop(place);
        let alone = alone.await.unwrap();
        assert!(!company.is_open() && company.join().is_none() && company.is_one_alone());
        drop(alone);
        company.opened().await;
        assert!(company.is_open());
    }
}
