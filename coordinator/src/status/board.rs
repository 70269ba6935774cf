//! What is known about the campaign under way: fed by the dispatcher and the
//! process around it, shown by the page and the campaign's metrics alike.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use magnet_proto::CampaignDigest;
use magnet_proto::config::Campaign;
use magnet_proto::queue::Depth;
use magnet_proto::state::{Control, Refusal, Spending};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::shelf::{Place, Shelf};
use crate::ledger::{Chosen, Counts};

/// The rate is that of so long a time.
const RATE_OVER: Duration = Duration::from_secs(5 * 60);
/// Points kept of it.
const POINTS: u32 = 60;

/// What a campaign is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// For its services, or for another coordinator to give up the lead.
    #[default]
    Waiting,
    Working,
    Finalizing,
    /// The dataset is written.
    Finished,
    /// Told to stop, or failed.
    Stopped,
}

impl Phase {
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Working, Self::Finalizing, Self::Finished, Self::Stopped];

    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Working => "working",
            Self::Finalizing => "finalizing",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
        }
    }
}

/// Cheap to clone; clones are one board.
#[derive(Clone, Debug)]
pub struct Board(Arc<Fixed>);

#[derive(Debug)]
struct Fixed {
    campaign: Campaign,
    start: Instant,
    changing: Mutex<Changing>,
}

#[derive(Debug)]
struct Changing {
    digest: CampaignDigest,
    phase: Phase,
    leading: bool,
    ended: Option<String>,
    trouble: Option<String>,
    counts: Counts,
    outstanding: usize,
    control: Option<watch::Receiver<Control>>,
    queue: Option<Queue>,
    /// As the fleet's processes have told it; what the parts say may lag.
    spent: Spending,
    refusals: Vec<Refusal>,
    pace: Pace,
    shelf: Shelf,
}

/// The queue as it was when it was asked last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    pub depth: Depth,
    pub consumers: u64,
}

/// What a board shows at one moment.
#[derive(Clone, Debug)]
pub struct View {
    pub phase: Phase,
    pub leading: bool,
    /// Why it is over with less than was asked for.
    pub ended: Option<String>,
    /// What a worker complains of.
    pub trouble: Option<String>,
    pub control: Control,
    pub counts: Counts,
    pub outstanding: usize,
    pub queue: Option<Queue>,
    pub spent: Spending,
    /// What teachers have refused.
    pub refusals: Vec<Refusal>,
    /// Accepted samples a second, of late.
    pub rate: f64,
    /// `None` while there is no telling.
    pub eta: Option<Duration>,
    /// Accepted samples at even distances of time, up to now.
    pub history: Vec<u64>,
    pub running: Duration,
}

impl Board {
    pub fn new(campaign: &Campaign, digest: CampaignDigest) -> Self {
        let changing = Mutex::new(Changing {
            digest,
            phase: Phase::default(),
            leading: false,
            ended: None,
            trouble: None,
            counts: Counts::default(),
            outstanding: 0,
            control: None,
            queue: None,
            spent: Spending::default(),
            refusals: Vec::new(),
            pace: Pace::default(),
            shelf: Shelf::default(),
        });
        let campaign = campaign.clone();
        Self(Arc::new(Fixed { campaign, start: Instant::now(), changing }))
    }

    pub fn campaign(&self) -> &Campaign {
        &self.0.campaign
    }

    pub fn digest(&self) -> CampaignDigest {
        self.lock().digest
    }

    /// The campaign's digest is this one: a judged graph has changed it.
    pub fn settle(&self, digest: CampaignDigest) {
        self.lock().digest = digest;
    }

    pub fn enter(&self, phase: Phase) {
        self.lock().phase = phase;
    }

    pub fn lead(&self, leading: bool) {
        self.lock().leading = leading;
    }

    /// Shows this wish from now on.
    pub fn follow(&self, control: watch::Receiver<Control>) {
        self.lock().control = Some(control);
    }

    /// What became of the walks so far.
    pub fn count(&self, counts: &Counts, outstanding: usize) {
        let mut changing = self.lock();
        changing.pace.note(counts.accepted);
        changing.counts = counts.clone();
        changing.outstanding = outstanding;
    }

    /// It is over, and there is less than was asked for; why, and what to do.
    pub fn end(&self, why: &str) {
        let mut changing = self.lock();
        changing.ended = Some(why.replace("\nhint: ", "; "));
        if changing.phase != Phase::Finished {
            changing.phase = Phase::Stopped;
        }
    }

    /// What a worker complains of now; whether that is news.
    pub fn see_trouble(&self, trouble: Option<String>) -> bool {
        let mut changing = self.lock();
        let is_news = trouble.is_some() && trouble != changing.trouble;
        changing.trouble = trouble;
        is_news
    }

    pub fn see_queue(&self, queue: Option<Queue>) {
        self.lock().queue = queue;
    }

    pub fn see_spending(&self, spent: Spending) {
        self.lock().spent = spent;
    }

    pub fn see_refusals(&self, refusals: Vec<Refusal>) {
        self.lock().refusals = refusals;
    }

    /// Parts are read from the beginning, again.
    pub fn clear_shelf(&self) {
        self.lock().shelf = Shelf::default();
    }

    /// The walks of a part that were decided upon; those of `chosen` are in
    /// the dataset.
    pub fn shelve(&self, part: &str, walks: Range<u64>, chosen: &Chosen) {
        self.lock().shelf.add(part, walks, chosen);
    }

    /// How many samples can be read.
    pub fn readable(&self) -> u64 {
        self.lock().shelf.len()
    }

    /// Where samples stand: up to `limit` of them from that number on.
    pub fn places(&self, from: u64, limit: usize) -> Vec<Place> {
        self.lock().shelf.places(from, limit)
    }

    pub fn view(&self) -> View {
        let changing = self.lock();
        let control = changing.control.as_ref().map(|control| *control.borrow());
        let counts = changing.counts.clone();
        let rate = changing.pace.rate();
        let left = self.0.campaign.campaign.samples.get().saturating_sub(counts.accepted);
        let is_over = matches!(changing.phase, Phase::Finalizing | Phase::Finished);
        let eta = match left == 0 || is_over {
            true => Some(Duration::ZERO),
            false => {
                (rate > 0.0).then(|| Duration::try_from_secs_f64(left as f64 / rate).ok()).flatten()
            }
        };
        View {
            phase: changing.phase,
            leading: changing.leading,
            ended: changing.ended.clone(),
            trouble: changing.trouble.clone(),
            control: control.unwrap_or_default(),
            outstanding: changing.outstanding,
            queue: changing.queue,
            // Neither falls: the larger one is the later.
            spent: changing.spent.at_least(counts.spent),
            refusals: changing.refusals.clone(),
            rate,
            eta,
            history: changing.pace.history(),
            running: self.0.start.elapsed(),
            counts,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Changing> {
        // Each change is a single assignment or note: whole after a panic too.
        self.0.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How fast samples come, over the last minutes.
#[derive(Debug, Default)]
struct Pace {
    points: VecDeque<(Instant, u64)>,
    /// Now.
    last: Option<(Instant, u64)>,
}

impl Pace {
    fn note(&mut self, accepted: u64) {
        self.note_at(Instant::now(), accepted);
    }

    fn note_at(&mut self, now: Instant, accepted: u64) {
        // What an earlier run has left is there at once, and is not this run's
        // pace.
        let back = self.points.back();
        if back.is_none_or(|(at, _)| now.duration_since(*at) >= RATE_OVER / POINTS) {
            self.points.push_back((now, accepted));
        }
        while self.points.len() > 2
            && self.points.front().is_some_and(|(at, _)| now.duration_since(*at) > RATE_OVER)
        {
            self.points.pop_front();
        }
        self.last = Some((now, accepted));
    }

    fn rate(&self) -> f64 {
        self.rate_at(Instant::now())
    }

    fn rate_at(&self, now: Instant) -> f64 {
        let (Some((since, before)), Some((_, last))) = (self.points.front(), self.last) else {
            return 0.0;
        };
        let seconds = now.duration_since(*since).as_secs_f64();
        if seconds < 1.0 { 0.0 } else { last.saturating_sub(*before) as f64 / seconds }
    }

    fn history(&self) -> Vec<u64> {
        let last = self.last.map(|(_, accepted)| accepted);
        self.points.iter().map(|(_, accepted)| *accepted).chain(last).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_minutes_and_falls_when_nothing_comes() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        // 500 were there; ten a second come for ten minutes, then none.
        (0..=600).for_each(|second| pace.note_at(at(second), 500 + second * 10));
        assert!((pace.rate_at(at(600)) - 10.0).abs() < 0.1, "{}", pace.rate_at(at(600)));
        assert!(pace.rate_at(at(900)) < 6.0);
        assert!(pace.history().len() <= POINTS as usize + 3);
    }

    #[test]
    fn without_a_rate_there_is_no_telling_when_it_ends() {
        let board = Board::new(&Campaign::default(), super::super::fixture::digest());
        assert_eq!(board.view().eta, None);
        board.enter(Phase::Finished);
        assert_eq!(board.view().eta, Some(Duration::ZERO));
    }
}
