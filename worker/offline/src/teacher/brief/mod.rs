//! Briefs by rules: what the person is after, read off calls that were made.
//!
//! ```text
//! proposals ─► one whose fact nothing else tells ─► finders that need no mention ─► wants ─► values
//! ```
//!
//! The pack says which facts people want and by what things are told apart;
//! without one, nothing is inserted and every step is asked for as it is.

mod wants;

use magnet_proto::brief::{Brief, How, Turn, Want};
use magnet_proto::pack::Pack;
use magnet_proto::path::{Path, Purpose, StepRef};
use magnet_proto::rng::Rng;
use magnet_worker::brief::arrange::arrange;
use magnet_worker::brief::{Ask, Draft, Outcome};
use magnet_worker::dry_walk::{Log, Made};
use rand::RngExt;
use serde_json::Value;

use self::wants::Wanted;
use super::plain;
use super::slot::Spoken;
use super::words::{item, says_all};

/// How often a step that finds what another one needs goes without mention.
const UNMENTIONED: f64 = 0.55;
/// How often a reading step is asked for by a single fact.
const BY_FACT: f64 = 0.4;

/// The brief of a path whose calls were made.
pub(super) fn brief(pack: &Pack, ask: &Ask<'_>) -> Outcome {
    let Some(walked) = ask.walked else {
        return Outcome::NoPurpose("the rules need the calls made beforehand".into());
    };
    let mut rng = ask.scene.stream("brief", 0);
    let mut rules =
        Rules { pack, ask, walked, path: ask.scene.path.clone(), draft: Draft::default() };
    for turn in 0..rules.path.turns.len() {
        rules.take(turn as u16, &mut rng);
        rules.leave_unmentioned(turn as u16, &mut rng);
    }
    let values = rules.values();
    let mut wants: Vec<Vec<Want>> = Vec::new();
    for turn in 0..rules.path.turns.len() {
        wants.push(rules.wants(turn as u16));
    }
    let whys: Vec<String> = (0..rules.path.turns.len()).map(|turn| rules.why(turn)).collect();
    let aim = rules.aim(&wants);
    let turns = whys.into_iter().zip(wants).zip(values);
    let turns = turns.map(|((why, wants), values)| Turn { why, wants, values }).collect();
    rules.draft.brief = Brief { aim, turns };
    Outcome::Wanted(rules.draft)
}

struct Rules<'a> {
    pack: &'a Pack,
    ask: &'a Ask<'a>,
    walked: &'a Log,
    /// With the proposed steps that are taken.
    path: Path,
    draft: Draft,
}

impl Rules<'_> {
    /// Takes the proposed step whose output tells a fact that people want and
    /// that nothing else has told.
    fn take(&mut self, turn: u16, rng: &mut Rng) {
        // What the turn before asks for in vain is one thing.
        if self.follows_a_miss(turn) {
            return;
        }
        let proposals = self.walked.proposed.get(&turn).map_or(&[][..], Vec::as_slice);
        let (mut fitting, mut repeating) = (Vec::new(), Vec::new());
        for (at, proposal) in proposals.iter().enumerate() {
            let pointed = proposal
                .made
                .arguments
                .iter()
                .any(|(_, how)| matches!(how, How::Pointed { from, .. } if from.turn == turn));
            if pointed && !self.news(&proposal.made, &proposal.made).is_empty() {
                match self.needs_nothing_here(&proposal.made) {
                    true => repeating.push(at),
                    false => fitting.push(at),
                }
            }
        }
        // Better what only these calls make possible.
        if fitting.is_empty() {
            fitting = repeating;
        }
        if fitting.is_empty() {
            return;
        }
        let taken = fitting[rng.random_range(0..fitting.len())];
        let mut step = proposals[taken].step.clone();
        step.implicit = true;
        self.path.turns[usize::from(turn)].steps.push(step);
        self.draft.taken.insert(turn, taken);
    }

    /// Lets a step go without mention that only finds what a later one of its
    /// turn needs, where the pack has words for what it finds.
    fn leave_unmentioned(&mut self, turn: u16, rng: &mut Rng) {
        if self.follows_a_miss(turn) {
            return;
        }
        let steps = self.path.turns[usize::from(turn)].steps.len() as u16;
        for step in 0..steps.saturating_sub(1) {
            let at = StepRef { turn, step };
            if self.only_finds(at) && rng.random_bool(UNMENTIONED) {
                self.path.turns[usize::from(turn)].steps[usize::from(step)].implicit = true;
                self.draft.implicit.push(at);
            }
        }
    }

    /// Whether all that a call takes from its turn is what the turn's calls are
    /// given: then it is wanted beside them, and needs none of them.
    fn needs_nothing_here(&self, made: &Made) -> bool {
        made.arguments.iter().all(|(_, how)| match how {
            How::Pointed { from, value, .. } if from.turn == made.at.turn => {
                self.made(*from).is_some_and(|source| source.is_given(value.as_ref()))
            }
            _ => true,
        })
    }

    /// Whether the turn makes up for what the one before it missed.
    fn follows_a_miss(&self, turn: u16) -> bool {
        let before = usize::from(turn).checked_sub(1).map(|at| &self.path.turns[at].purpose);
        before.is_some_and(|purpose| *purpose != Purpose::Calls)
    }

    /// Whether a step reads, feeds exactly one step of its turn and no other
    /// turn, and the pack's words for what it finds say all that it looks for.
    fn only_finds(&self, at: StepRef) -> bool {
        let Some(step) = self.path.step(at) else {
            return false;
        };
        let function = self.ask.scene.library.get(step.function);
        let plain = step.copies == 1
            && step.fault.is_none()
            && step.conflict.is_none()
            && !step.bulky
            && !step.implicit
            && !function.changes_state();
        if !plain {
            return false;
        }
        let users = self.users(at);
        let places: Vec<&String> = users.iter().map(|(_, place)| place).collect();
        let same_turn = users.iter().all(|(user, _)| user.turn == at.turn && *user > at);
        let (Some(place), true) = (places.first(), same_turn) else {
            return false;
        };
        let Some(item) = item(self.pack, step.function, place) else {
            return false;
        };
        let Some(made) = self.made(at) else {
            return false;
        };
        // What it is asked with needs no finding.
        let mut passed = users.iter().filter_map(|(user, _)| self.made(*user));
        if passed.any(|user| repeats(user, made)) {
            return false;
        }
        let told = turn_of(made);
        let spoken = Spoken::new(at, function, &told);
        item.as_.iter().any(|phrase| says_all(phrase, &spoken))
    }

    /// The steps that take a value from this one's output, with the place.
    fn users(&self, from: StepRef) -> Vec<(StepRef, String)> {
        let proposals = self.draft.taken.iter().filter_map(|(turn, taken)| {
            self.walked.proposed.get(turn)?.get(*taken).map(|proposal| &proposal.made)
        });
        let calls = self.walked.calls.iter().chain(proposals);
        let mut users: Vec<(StepRef, String)> = Vec::new();
        for made in calls {
            for (_, how) in &made.arguments {
                if let How::Pointed { from: other, place, .. } = how
                    && *other == from
                {
                    users.push((made.at, place.clone()));
                }
            }
        }
        users
    }

    fn made(&self, at: StepRef) -> Option<&Made> {
        let taken = self.draft.taken.get(&at.turn).and_then(|taken| {
            self.walked.proposed.get(&at.turn)?.get(*taken).map(|proposal| &proposal.made)
        });
        let taken = taken.filter(|made| made.at == at);
        self.walked.calls.iter().find(|made| made.at == at).or(taken)
    }

    /// What the person wants in a turn; where it misses something, what the
    /// next one does.
    fn wants(&self, turn: u16) -> Vec<Want> {
        let path = &self.path;
        let target = match &path.turns[usize::from(turn)].purpose {
            Purpose::Calls => turn,
            Purpose::MissingFunction { resolved: true, .. }
            | Purpose::MissingParameter { resolved: true, .. } => turn + 1,
            Purpose::MissingFunction { function, .. }
            | Purpose::MissingParameter { function, .. }
            | Purpose::Irrelevant { function } => {
                let words = plain::infinitive(self.ask.scene.library.get(*function));
                return vec![Want::Effect { step: 0, words }];
            }
        };
        // A turn that misses something wants what the next one gets.
        let mut rng = self.ask.scene.stream("wants", usize::from(target));
        let mut wants = Vec::new();
        let steps = path.turns.get(usize::from(target)).map_or(&[][..], |turn| &turn.steps);
        for step in 0..steps.len() as u16 {
            wants.extend(self.want(StepRef { turn: target, step }, &mut rng));
        }
        wants
    }

    fn want(&self, at: StepRef, rng: &mut Rng) -> Option<Want> {
        let planned = self.path.step(at)?;
        let function = self.ask.scene.library.get(planned.function);
        let made = self.made(at)?;
        let words = || plain::infinitive(function);
        let taken = planned.implicit
            && self.draft.taken.contains_key(&at.turn)
            && usize::from(at.step) + 1 == self.path.turns[usize::from(at.turn)].steps.len();
        if planned.implicit && !taken {
            return None;
        }
        if function.changes_state() && !taken {
            return Some(Want::Effect { step: at.step, words: words() });
        }
        let plain = planned.copies == 1 && planned.fault.is_none() && planned.conflict.is_none();
        let by_fact = taken || (plain && rng.random_bool(BY_FACT));
        let news = if by_fact { self.news(made, made) } else { Vec::new() };
        if news.is_empty() {
            return Some(Want::Fact { step: at.step, place: String::new(), words: words() });
        }
        let Wanted { place, words } = news[rng.random_range(0..news.len())].clone();
        Some(Want::Fact { step: at.step, place, words })
    }

    /// The facts of a call's output that people want, can ask for, and have not
    /// been told by any call before it.
    fn news(&self, made: &Made, before: &Made) -> Vec<Wanted> {
        let Some(executed) = made.executed.last() else {
            return Vec::new();
        };
        let Some(output) = executed.output.ok() else {
            return Vec::new();
        };
        let function = self.ask.scene.library.get(executed.call.function);
        let told = turn_of(made);
        let spoken = Spoken::new(made.at, function, &told);
        let earlier: Vec<&Value> = self
            .walked
            .calls
            .iter()
            .filter(|call| call.at < before.at)
            .filter_map(|call| call.executed.last()?.output.ok())
            .collect();
        wants::of(self.pack, executed.call.function, &spoken, output, &earlier)
    }

    fn values(&self) -> Vec<Vec<magnet_proto::brief::Argument>> {
        let of_call = |at: StepRef, copy: u8| {
            let taken = self.made(at).filter(|_| copy == 0);
            let mut calls = self.walked.calls.iter();
            let made = calls.find(|made| (made.at, made.copy) == (at, copy)).or(taken);
            made.map(|made| made.arguments.clone()).unwrap_or_default()
        };
        let in_vain = |turn: u16| self.walked.asked_for.get(&turn).cloned().unwrap_or_default();
        arrange(&self.path, of_call, in_vain)
    }

    /// What a turn follows from.
    fn why(&self, turn: usize) -> String {
        let library = self.ask.scene.library;
        let path = &self.path;
        let before = turn.checked_sub(1).map(|before| &path.turns[before].purpose);
        let does = |id| plain::infinitive(library.get(id));
        match (&path.turns[turn].purpose, before) {
            (Purpose::Irrelevant { .. }, _) => "something else crosses their mind".into(),
            (Purpose::MissingFunction { .. }, _) => {
                "they do not know what the assistant lacks".into()
            }
            (Purpose::MissingParameter { parameter, .. }, _) => {
                format!("they forget to say the {}", parameter.replace('_', " "))
            }
            (Purpose::Calls, Some(Purpose::MissingFunction { resolved: true, .. })) => {
                "the assistant has been given what it lacked".into()
            }
            (Purpose::Calls, Some(Purpose::MissingParameter { resolved: true, .. })) => {
                "the assistant has asked for it".into()
            }
            (Purpose::Calls, _) => {
                let steps = &path.turns[turn].steps;
                if steps.iter().any(|step| step.conflict.is_some()) {
                    return "it may have changed since they last looked".into();
                }
                let made = (0..steps.len() as u16)
                    .filter_map(|step| self.made(StepRef { turn: turn as u16, step }));
                let from = made.flat_map(|made| &made.arguments).find_map(|(_, how)| match how {
                    How::Pointed { from, .. } if usize::from(from.turn) < turn => path.step(*from),
                    _ => None,
                });
                match (from, turn) {
                    (Some(step), _) => format!("it goes on from: {}", does(step.function)),
                    (None, 0) => "it is where they begin".into(),
                    (None, _) => "it is next on their list".into(),
                }
            }
        }
    }

    fn aim(&self, wants: &[Vec<Want>]) -> String {
        let mut all: Vec<String> = Vec::new();
        for words in wants.iter().flatten().map(Want::words) {
            let words = match words.ends_with('?') {
                true => format!("know \"{words}\""),
                false => words.to_owned(),
            };
            if !all.contains(&words) {
                all.push(words);
            }
        }
        match all.as_slice() {
            [] => "to get a question out of the way".into(),
            [one] => format!("to {one}"),
            [head @ .., last] => format!("to {}, and in the end to {last}", head.join(", to ")),
        }
    }
}

/// Whether a call takes from another's output what that one was called with.
fn repeats(user: &Made, source: &Made) -> bool {
    user.arguments.iter().any(|(_, how)| match how {
        How::Pointed { from, value, .. } => *from == source.at && source.is_given(value.as_ref()),
        _ => false,
    })
}

/// A call's arguments as a turn's brief would tell them.
fn turn_of(made: &Made) -> Turn {
    let of_call = |(parameter, how): &(String, How)| magnet_proto::brief::Argument {
        step: made.at.step,
        copy: made.copy,
        parameter: parameter.clone(),
        how: how.clone(),
    };
    let values = made.arguments.iter().map(of_call).collect();
    Turn { why: String::new(), wants: Vec::new(), values }
}
