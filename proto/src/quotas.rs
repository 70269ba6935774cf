//! Shares of the dataset that a campaign promises, and who still has room.
//!
//! Each quota divides the samples into those of a class and the others, and
//! each side takes no more than its share. Decided walk by walk in their
//! order, what enters depends on the walks alone.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::config::Mix;
use crate::difficulty::{Difficulty, Level};
use crate::path::Kind;
use crate::sample::{Challenge, Sample};

/// What a quota may be about; how a campaign writes it.
pub const FORM: &str = "write KEY=VALUE SHARE%, like \"challenge=missing_parameter 10%\"; KEY is \
                        challenge, turns (3 or 2-4), calls, domain, register or \
                        difficulty (easy, medium or hard)";

/// Of all samples, by how many a class may miss its share: what is seen only
/// when a walk is made is paid for, and the last ones that fit would be dear.
const SLACK: f64 = 0.005;

/// Sums of shares are as good as equal if this close.
const EVEN: f64 = 1e-9;

/// What of a sample quotas go by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Traits {
    pub kind: Kind,
    pub register: String,
    pub challenges: Vec<Challenge>,
    pub turns: u32,
    pub calls: u32,
    pub domains: Vec<String>,
    /// Where it is measured.
    #[serde(default)]
    pub difficulty: Option<Level>,
}

impl Traits {
    pub fn of(sample: &Sample) -> Self {
        let register = sample.persona.rsplit(", ").next().unwrap_or_default();
        let calls: usize = sample.reference.iter().map(Vec::len).sum();
        Self {
            kind: sample.kind,
            register: register.to_owned(),
            challenges: sample.challenges.clone(),
            turns: sample.reference.len() as u32,
            calls: calls as u32,
            domains: sample.domains.clone(),
            difficulty: sample.difficulty.as_ref().map(Difficulty::level),
        }
    }
}

/// Samples that have something in common.
#[derive(Clone, Debug, PartialEq)]
pub enum Class {
    Kind(Kind),
    Register(String),
    Challenge(Challenge),
    Turns(RangeInclusive<u32>),
    Calls(RangeInclusive<u32>),
    Domain(String),
    Difficulty(Level),
}

impl Class {
    fn has(&self, traits: &Traits) -> bool {
        match self {
            Self::Kind(kind) => traits.kind == *kind,
            Self::Register(register) => traits.register == *register,
            Self::Challenge(challenge) => traits.challenges.contains(challenge),
            Self::Turns(range) => range.contains(&traits.turns),
            Self::Calls(range) => range.contains(&traits.calls),
            Self::Domain(domain) => traits.domains.contains(domain),
            Self::Difficulty(level) => traits.difficulty == Some(*level),
        }
    }

    /// The same, where kind and register are all that is known. Both are drawn
    /// with the walk: they hold whatever is made of it.
    fn has_drawn(&self, kind: Kind, register: &str) -> Option<bool> {
        match self {
            Self::Kind(own) => Some(kind == *own),
            Self::Register(own) => Some(register == own),
            _ => None,
        }
    }

    /// Whether the conversations of a kind are of the class: all, none, or
    /// (`None`) some of them.
    fn holds(&self, kind: Kind) -> Option<bool> {
        let is_multi_turn = kind == Kind::MultiTurn;
        let never = |is_possible: bool| if is_possible { None } else { Some(false) };
        match self {
            Self::Kind(own) => Some(kind == *own),
            Self::Register(_) | Self::Domain(_) | Self::Difficulty(_) => None,
            Self::Challenge(Challenge::Irrelevant) if kind == Kind::Irrelevance => Some(true),
            Self::Challenge(
                Challenge::MultipleCalls | Challenge::Parallel | Challenge::ShortDependency,
            ) => never(kind != Kind::Irrelevance),
            Self::Challenge(_) => never(is_multi_turn),
            Self::Turns(turns) if is_multi_turn => never(*turns.end() > 1),
            Self::Turns(turns) => Some(turns.contains(&1)),
            Self::Calls(calls) if kind == Kind::Irrelevance => Some(calls.contains(&0)),
            Self::Calls(calls) => never(*calls.end() > 0),
        }
    }

    /// Whether no sample is of both, although both are about the same.
    fn excludes(&self, other: &Self) -> bool {
        let apart = |one: &RangeInclusive<u32>, two: &RangeInclusive<u32>| {
            one.end() < two.start() || two.end() < one.start()
        };
        match (self, other) {
            (Self::Register(one), Self::Register(two)) => one != two,
            (Self::Difficulty(one), Self::Difficulty(two)) => one != two,
            (Self::Turns(one), Self::Turns(two)) | (Self::Calls(one), Self::Calls(two)) => {
                apart(one, two)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = |range: &RangeInclusive<u32>| match range.start() == range.end() {
            true => range.start().to_string(),
            false => format!("{}-{}", range.start(), range.end()),
        };
        match self {
            Self::Kind(kind) => write!(f, "kind={}", kind.label()),
            Self::Register(register) => write!(f, "register={register}"),
            Self::Challenge(challenge) => write!(f, "challenge={}", challenge.label()),
            Self::Turns(turns) => write!(f, "turns={}", range(turns)),
            Self::Calls(calls) => write!(f, "calls={}", range(calls)),
            Self::Domain(domain) => write!(f, "domain={domain}"),
            Self::Difficulty(level) => write!(f, "difficulty={}", level.label()),
        }
    }
}

/// A class and its share of the samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    pub class: Class,
    /// From 0 to 1.
    pub share: f64,
}

impl Quota {
    /// Reads what a campaign says, like `turns=2-4 50%`.
    ///
    /// # Errors
    /// Says what is not understood.
    pub fn read(text: &str) -> Result<Self, String> {
        let said = |what: &str| format!("\"{text}\": {what}");
        let (class, share) =
            text.trim().rsplit_once(' ').ok_or_else(|| said("there is no share at its end"))?;
        let share = share.strip_suffix('%').and_then(|share| share.parse::<f64>().ok());
        let share =
            share.map(|percent| percent / 100.0).filter(|share| (0.0..=1.0).contains(share));
        let share = share.ok_or_else(|| said("its share is not from 0% to 100%"))?;
        let (key, value) =
            class.trim().split_once('=').ok_or_else(|| said("there is no KEY=VALUE in it"))?;
        let value = value.trim();
        let range = || {
            let (from, to) = value.split_once('-').unwrap_or((value, value));
            let (from, to) = (from.trim().parse().ok(), to.trim().parse().ok());
            let range = from.zip(to).map(|(from, to): (u32, u32)| from..=to);
            range.filter(|range| !range.is_empty()).ok_or_else(|| said("its range is none"))
        };
        let class = match key.trim() {
            "challenge" => {
                let named = Challenge::ALL.into_iter().find(|known| known.label() == value);
                Class::Challenge(named.ok_or_else(|| {
                    said(&format!(
                        "the challenges are {}",
                        Challenge::ALL.map(Challenge::label).join(", ")
                    ))
                })?)
            }
            "turns" => Class::Turns(range()?),
            "calls" => Class::Calls(range()?),
            "domain" => Class::Domain(value.to_owned()),
            "difficulty" => {
                let named = Level::ALL.into_iter().find(|known| known.label() == value);
                let named = named.ok_or_else(|| said("it is easy, medium or hard"))?;
                Class::Difficulty(named)
            }
            "register" => Class::Register(value.to_owned()),
            "kind" => return Err(said("kinds have keys of their own, like mix.single_turn")),
            _ => return Err(said("nothing goes by that key")),
        };
        Ok(Self { class, share })
    }
}

/// What is wrong with a mix's quotas taken together.
pub fn contradictions(quotas: &[Quota], mix: &Mix) -> Vec<String> {
    let mut found = Vec::new();
    for (at, quota) in quotas.iter().enumerate() {
        if quotas[..at].iter().any(|earlier| earlier.class == quota.class) {
            found.push(format!("{} has two shares", quota.class));
        }
        let apart = quotas.iter().filter(|other| other.class.excludes(&quota.class));
        let sum = quota.share + apart.map(|other| other.share).sum::<f64>();
        let is_first = !quotas[..at].iter().any(|earlier| earlier.class.excludes(&quota.class));
        if is_first && sum > 1.0 + EVEN {
            let percent = sum * 100.0;
            found.push(format!("{} and what excludes it are {percent:.0}% together", quota.class));
        }
        let of = |holds: Option<bool>| -> f64 {
            let kinds = shares_of_kinds(mix).into_iter();
            kinds
                .filter(|(kind, _)| quota.class.holds(*kind) == holds)
                .map(|(_, share)| share)
                .sum()
        };
        let (least, most) = (of(Some(true)), of(Some(true)) + of(None));
        if !(least - EVEN..=most + EVEN).contains(&quota.share) {
            found.push(format!(
                "with these kinds of conversation {} is from {:.0}% to {:.0}% of them",
                quota.class,
                least * 100.0,
                most * 100.0
            ));
        }
    }
    found
}

/// A quota and how it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub quota: Quota,
    /// Samples of the class that are wanted and that there are.
    pub wanted: u64,
    pub made: u64,
    /// Of the kinds whose conversations may be of the class or not: how many
    /// may be, and how many may not.
    inside: Side,
    outside: Side,
}

/// Samples on one side of a quota.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Side {
    most: u64,
    made: u64,
}

impl Side {
    fn has_room(self) -> bool {
        self.made < self.most
    }
}

impl Kept {
    fn side(&self, is_in: bool) -> Side {
        if is_in { self.inside } else { self.outside }
    }
}

/// The quotas of a campaign, and how far they are filled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quotas {
    samples: u64,
    made: u64,
    kept: Vec<Kept>,
}

impl Quotas {
    /// Of a campaign that wants so many samples. One kind alone needs no quota.
    ///
    /// # Errors
    /// Says which quota is not understood.
    pub fn new(mix: &Mix, samples: u64) -> Result<Self, String> {
        let kinds = shares_of_kinds(mix);
        let counts = apportion(samples, &kinds.map(|(_, share)| share));
        let by_kind: Vec<(Kind, u64)> = kinds.iter().map(|(kind, _)| *kind).zip(counts).collect();
        let mut kept = Vec::new();
        if kinds.iter().filter(|(_, share)| *share > 0.0).count() > 1 {
            for ((kind, share), wanted) in kinds.into_iter().zip(counts) {
                let quota = Quota { class: Class::Kind(kind), share };
                let (inside, outside) = (Side::default(), Side::default());
                kept.push(Kept { quota, wanted, made: 0, inside, outside });
            }
        }
        for text in &mix.quotas {
            let quota = Quota::read(text)?;
            let wanted = (samples as f64 * quota.share).round() as u64;
            let of = |holds: Option<bool>| -> u64 {
                let kinds = by_kind.iter().filter(|(kind, _)| quota.class.holds(*kind) == holds);
                kinds.map(|(_, count)| count).sum()
            };
            // What is drawn with the walk is free to be exact.
            let is_drawn = quota.class.has_drawn(Kind::MultiTurn, "").is_some();
            let slack = if is_drawn { 0 } else { (samples as f64 * SLACK) as u64 };
            let some = wanted.saturating_sub(of(Some(true)));
            let inside = Side { most: some + slack, made: 0 };
            let outside = Side { most: of(None).saturating_sub(some) + slack, made: 0 };
            kept.push(Kept { quota, wanted, made: 0, inside, outside });
        }
        Ok(Self { samples, made: 0, kept })
    }

    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter()
    }

    /// Whether a walk of which this is drawn could still enter.
    pub fn wants(&self, kind: Kind, register: &str) -> bool {
        let drawn = |kept: &Kept| kept.quota.class.has_drawn(kind, register);
        let mut kept = self.kept.iter();
        kept.all(|kept| drawn(kept).is_none_or(|is_in| has_room(kept, kind, is_in)))
    }

    /// Whether a sample may enter.
    pub fn takes(&self, traits: &Traits) -> bool {
        let mut kept = self.kept.iter();
        kept.all(|kept| has_room(kept, traits.kind, kept.quota.class.has(traits)))
    }

    /// Counts a sample that has entered.
    pub fn count(&mut self, traits: &Traits) {
        self.made += 1;
        for kept in &mut self.kept {
            let is_in = kept.quota.class.has(traits);
            kept.made += u64::from(is_in);
            if kept.quota.class.holds(traits.kind).is_none() {
                let side = if is_in { &mut kept.inside } else { &mut kept.outside };
                side.made += 1;
            }
        }
    }

    /// The least number of walks after which all may be full, were each of
    /// them accepted that has room.
    pub fn walks_needed(&self) -> f64 {
        let needed = |kept: &Kept| {
            let left = kept.wanted.saturating_sub(kept.made) as f64;
            left / kept.quota.share.max(f64::EPSILON)
        };
        let left = self.samples.saturating_sub(self.made) as f64;
        self.kept.iter().map(needed).fold(left, f64::max)
    }
}

/// Whether a quota lets a sample in. What is so for all of a kind, the kind's
/// own quota bounds.
fn has_room(kept: &Kept, kind: Kind, is_in: bool) -> bool {
    match kept.quota.class {
        Class::Kind(_) => !is_in || kept.made < kept.wanted,
        _ => kept.quota.class.holds(kind).is_some() || kept.side(is_in).has_room(),
    }
}

/// The kinds' shares, which sum to 1.
pub fn shares_of_kinds(mix: &Mix) -> [(Kind, f64); 3] {
    let parts = [
        (Kind::MultiTurn, mix.multi_turn),
        (Kind::SingleTurn, mix.single_turn),
        (Kind::Irrelevance, mix.irrelevance),
    ];
    let total: f64 = parts.iter().map(|(_, part)| part).sum();
    parts.map(|(kind, part)| (kind, part / total))
}

/// Whole numbers in these shares that sum to `total`: by largest remainder.
fn apportion(total: u64, shares: &[f64; 3]) -> [u64; 3] {
    let exact = shares.map(|share| share * total as f64);
    let mut counts = exact.map(|exact| exact as u64);
    let mut order = [0, 1, 2];
    order.sort_by(|&one, &two| exact[two].fract().total_cmp(&exact[one].fract()));
    let left = total.saturating_sub(counts.iter().sum());
    for &at in order.iter().cycle().take(left as usize) {
        counts[at] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix(quotas: &[&str]) -> Mix {
        let quotas = quotas.iter().map(|&quota| quota.to_owned()).collect();
        Mix { multi_turn: 7_800.0, single_turn: 20_000.0, irrelevance: 6_200.0, quotas }
    }

    fn sample(kind: Kind, turns: u32) -> Traits {
        let (register, challenges, domains) = ("terse".to_owned(), Vec::new(), Vec::new());
        Traits { kind, register, challenges, turns, calls: 3, domains, difficulty: None }
    }

    #[test]
    fn kinds_come_to_exactly_their_shares() {
        let quotas = Quotas::new(&mix(&[]), 10_000).unwrap();
        let wanted: Vec<u64> = quotas.iter().map(|kept| kept.wanted).collect();
        assert_eq!(wanted, [2_294, 5_882, 1_824]);
    }

    #[test]
    fn a_full_class_takes_no_more_and_leaves_the_others_alone() {
        let mut quotas = Quotas::new(&mix(&[]), 34).unwrap();
        (0..6).for_each(|_| quotas.count(&sample(Kind::Irrelevance, 1)));
        assert!(!quotas.wants(Kind::Irrelevance, "terse"));
        assert!(quotas.wants(Kind::MultiTurn, "terse"));
        assert!(!quotas.takes(&sample(Kind::Irrelevance, 1)));
    }

    #[test]
    fn both_sides_of_a_quota_are_bounded() {
        let one = Mix { single_turn: 0.0, irrelevance: 0.0, ..mix(&["turns=1-2 25%"]) };
        let mut quotas = Quotas::new(&one, 100).unwrap();
        (0..75).for_each(|_| quotas.count(&sample(Kind::MultiTurn, 5)));
        assert!(!quotas.takes(&sample(Kind::MultiTurn, 5)));
        assert!(quotas.takes(&sample(Kind::MultiTurn, 2)));
        assert_eq!(quotas.walks_needed(), 100.0);
    }

    /// Were they counted, the last of their places could never be filled.
    #[test]
    fn kinds_that_are_never_of_a_class_take_no_place_of_those_that_are_not() {
        let mut quotas = Quotas::new(&mix(&["challenge=conflict 20%"]), 34).unwrap();
        let conflict =
            Traits { challenges: vec![Challenge::Conflict], ..sample(Kind::MultiTurn, 4) };
        quotas.count(&sample(Kind::MultiTurn, 4));
        assert!(!quotas.takes(&sample(Kind::MultiTurn, 4)), "seven of eight are to be the others");
        (0..7).for_each(|_| quotas.count(&conflict));
        (0..20).for_each(|_| quotas.count(&sample(Kind::SingleTurn, 1)));
        assert!(quotas.takes(&sample(Kind::Irrelevance, 1)));
    }

    #[test]
    fn what_is_not_understood_is_told() {
        for (text, told) in [
            ("turns=2-4", "no share"),
            ("turns=4-2 10%", "range"),
            ("turns=2 110%", "0% to 100%"),
            ("turns 10%", "KEY=VALUE"),
            ("challenge=hard 10%", "the challenges are nested"),
            ("difficulty=fiendish 10%", "easy, medium or hard"),
            ("colour=red 10%", "nothing goes by"),
            ("kind=single_turn 10%", "mix.single_turn"),
        ] {
            let problem = Quota::read(text).unwrap_err();
            assert!(problem.contains(told), "{problem}");
        }
        let read = Quota::read("challenge=missing_parameter 12.5%").unwrap();
        assert_eq!(
            (read.class.to_string().as_str(), read.share),
            ("challenge=missing_parameter", 0.125)
        );
    }

    #[test]
    fn quotas_that_cannot_all_be_kept_are_told() {
        let read = |texts: &[&str]| {
            let quotas: Vec<Quota> = texts.iter().map(|text| Quota::read(text).unwrap()).collect();
            contradictions(&quotas, &Mix { single_turn: 0.0, irrelevance: 0.0, ..mix(&[]) })
        };
        assert_eq!(read(&["turns=1-2 50%", "turns=3-9 50%", "turns=2-5 60%"]).len(), 0);
        assert!(read(&["turns=1-2 60%", "turns=3-9 50%"])[0].contains("110% together"));
        let levels = read(&["difficulty=easy 60%", "difficulty=hard 50%"]);
        assert!(levels[0].contains("110% together"));
        assert!(read(&["domain=travel 10%", "domain=travel 20%"])[0].contains("two shares"));
        assert!(read(&["turns=1 10%"])[0].contains("from 0% to 0%"));
        let single = Quota::read("turns=1 10%").unwrap();
        assert!(contradictions(&[single], &mix(&[]))[0].contains("from 77% to 77%"));
    }
}
