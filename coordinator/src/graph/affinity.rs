//! How well one function's output serves as another's input.
//!
//! The sense of the names decides, then the thing they are about; types and
//! formats may only refuse. Zero means: not usable.

use super::concept::{Concept, KnownFrom};
use super::kind::Kind;
use super::profile::{Input, Output, Profile, Scalar, ValueType};
use super::profiles::Profiles;
use super::sense::{Designator, Sense};
use super::terms::Term;

/// From here on a value passes for a required input.
pub(super) const USABLE: f64 = 0.55;
/// From here on it is worth passing to an optional one.
pub(super) const WELCOME: f64 = 0.72;

/// Who might feed whom.
pub(super) struct Pair<'a> {
    pub(super) profiles: &'a Profiles,
    pub(super) v: &'a Profile,
    pub(super) u: &'a Profile,
}

/// Between 0, not usable, and 1, the very value.
pub(super) fn affinity(pair: &Pair<'_>, output: &Output, input: &Input) -> f64 {
    let fits = fits(output, input);
    if fits == 0.0 || input.composed || pair.is_misdirected(output) {
        return 0.0;
    }
    let meant = meaning(pair, &output.concept, input).max(taken(&output.concept, input));
    let depth = 0.985_f64.powi(i32::from(output.depth.saturating_sub(1)));
    (meant * fits * depth * (1.0 + 0.1 * mentioned(&output.concept, input))).min(1.0)
}

/// Whether a value can never be what is asked for, whoever says so: its type
/// does not fit, or it is the id of another thing.
pub(super) fn is_refuted(pair: &Pair<'_>, output: &Output, input: &Input) -> bool {
    let id_of = |concept: &Concept| match concept.sense {
        Sense::Designator(sense) if sense.is_opaque() => concept.entity.last().copied(),
        _ => None,
    };
    let (given, wanted) = (id_of(&output.concept), id_of(&input.concept));
    let wanted = wanted.filter(|_| input.concept.known_from == KnownFrom::Name);
    let is_anothers = given.is_some() && wanted.is_some() && given != wanted;
    fits(output, input) == 0.0 || (is_anothers && affinity(pair, output, input) == 0.0)
}

/// Whether a value of the output's type is valid for the parameter.
fn fits(output: &Output, input: &Input) -> f64 {
    let (given, wanted) = (&output.value, &input.value);
    let same_name = output.concept.terms == input.concept.terms;
    let by_type = match (given.scalar, wanted.scalar) {
        (Scalar::Boolean | Scalar::Composite, _) | (_, Scalar::Boolean | Scalar::Composite) => 0.0,
        (one, other) if one == other => 1.0,
        (_, Scalar::Any) => 0.9,
        (Scalar::Any, _) => {
            if same_name {
                0.75
            } else {
                0.6
            }
        }
        (Scalar::Integer, Scalar::Number) => 1.0,
        // Written out, a number may be an id or an amount; of a thing it is a
        // count: `public_repos` names no repository.
        (Scalar::Integer | Scalar::Number, Scalar::String) => match output.concept.sense {
            Sense::Noun => 0.0,
            _ => 0.9,
        },
        _ => 0.0,
    };
    by_type * fits_choices(output, input) * fits_format(given, wanted)
}

/// One of a few fixed words is rarely a name, and a free value rarely one of
/// them.
fn fits_choices(output: &Output, input: &Input) -> f64 {
    let (given, wanted) = (&output.value, &input.value);
    if wanted.choices.is_empty() {
        let free = given.choices.is_empty() || matches!(output.concept.sense, Sense::Value(_));
        let same = output.concept.terms == input.concept.terms;
        return if free || same { 1.0 } else { 0.0 };
    }
    let covered = !given.choices.is_empty()
        && given.choices.iter().all(|choice| wanted.choices.contains(choice));
    if covered { 1.0 } else { 0.0 }
}

fn fits_format(given: &ValueType, wanted: &ValueType) -> f64 {
    let formats = match (&given.format, &wanted.format) {
        (Some(one), Some(other)) if one != other => 0.0,
        _ => 1.0,
    };
    let patterns = match (&given.pattern, &wanted.pattern) {
        (Some(one), Some(other)) if one != other => 0.3,
        _ => 1.0,
    };
    formats * patterns
}

/// How well the output is what the input's name asks for.
fn meaning(pair: &Pair<'_>, given: &Concept, input: &Input) -> f64 {
    let wanted = &input.concept;
    match (given.sense, wanted.sense) {
        (Sense::Bookkeeping, _) | (_, Sense::Bookkeeping) => 0.0,
        (Sense::Designator(one), Sense::Designator(other)) => {
            designates(pair, given, one, wanted, other)
        }
        (Sense::Noun, Sense::Designator(other)) => {
            let named = matches!(other, Designator::Name | Designator::Title);
            let thing = wanted.entity.last() == given.entity.last();
            if named && thing { 0.82 * about(wanted.known_from) } else { 0.0 }
        }
        (Sense::Designator(one), Sense::Noun) => stands_for(given, one, input),
        // A person's login is the better name: the other may be "Mona Lisa".
        (Sense::Value(Kind::Login), Sense::Noun) => {
            stands_for(given, Designator::Name, input).min(0.9) * 1.08
        }
        (Sense::Noun, Sense::Noun) => same_noun(given, wanted),
        (Sense::Measure, Sense::Measure) => same_measure(given, wanted),
        (Sense::Role, Sense::Role) if given.head == wanted.head => 0.85,
        // A location described as a city is not served by any address.
        (Sense::Value(one), Sense::Value(Kind::Place))
            if one != Kind::Place && !input.takes.is_empty() && !input.takes.contains(&one) =>
        {
            0.0
        }
        (Sense::Value(one), Sense::Value(other)) => same_kind(given, one, wanted, other),
        (_, Sense::Query) => sought(pair, given, input),
        _ => 0.0,
    }
}

fn about(known_from: KnownFrom) -> f64 {
    match known_from {
        KnownFrom::Name => 1.0,
        KnownFrom::Parent => 0.97,
        KnownFrom::Function => 0.86,
    }
}

fn designates(
    pair: &Pair<'_>,
    given: &Concept,
    one: Designator,
    wanted: &Concept,
    other: Designator,
) -> f64 {
    let (Some(&thing), Some(&asked)) = (given.entity.last(), wanted.entity.last()) else {
        return 0.0;
    };
    if thing != asked && one.is_opaque() && other.is_opaque() && pair.same_deal(thing, asked) {
        return 0.75;
    }
    let same_thing = match thing == asked {
        true if given.entity == wanted.entity => 1.0,
        true => 0.93,
        // "booking" may stand for "train booking", not the other way round.
        false if given.known_from == KnownFrom::Name && given.entity.contains(&asked) => 0.6,
        false => 0.0,
    };
    let distinct = pair.profiles.distinct.contains(&(thing, one.min(other), one.max(other)));
    let designator = if distinct { 0.0 } else { one.serves(other) };
    // A bare id of one service means nothing to another.
    let foreign = pair.v.category != pair.u.category
        && one.is_opaque()
        && given.known_from == KnownFrom::Function;
    let known_there = if foreign { 0.6 } else { 1.0 };
    same_thing * designator * about(given.known_from) * about(wanted.known_from) * known_there
}

/// A designator of a thing where the thing itself is asked: an artist's name
/// for `artist`.
fn stands_for(given: &Concept, one: Designator, input: &Input) -> f64 {
    let wanted = &input.concept;
    if given.entity.last() != wanted.entity.last() {
        return 0.0;
    }
    let fit = match (input.asks, input.value.scalar) {
        (_, Scalar::Integer) => 0.9,
        (Some(asked), _) if asked == one => 0.95,
        (Some(asked), _) => one.stands_for_thing() * one.serves(asked).max(0.6),
        (None, _) => one.stands_for_thing(),
    };
    let narrower = if disjoint(&wanted.qualifiers, &given.entity) { 0.7 } else { 1.0 };
    fit * about(given.known_from) * narrower
}

fn same_noun(given: &Concept, wanted: &Concept) -> f64 {
    if given.entity.last() != wanted.entity.last() {
        return 0.0;
    }
    qualified(given, wanted, 0.4)
}

fn same_measure(given: &Concept, wanted: &Concept) -> f64 {
    match () {
        _ if given.terms == wanted.terms => 0.9,
        _ if given.head != wanted.head => 0.0,
        _ if given.qualifiers.is_empty() || wanted.qualifiers.is_empty() => 0.62,
        _ => 0.0,
    }
}

fn same_kind(given: &Concept, one: Kind, wanted: &Concept, other: Kind) -> f64 {
    let roles = if disjoint(&given.roles, &wanted.roles) { 0.85 } else { 1.0 };
    let same_word = match other {
        _ if given.head == wanted.head => 1.0,
        Kind::Remark => 0.0,
        Kind::Money => 0.85,
        _ => 0.92,
    };
    one.serves(other) * qualified(given, wanted, one.across_qualifiers()) * roles * same_word
}

/// 1 if the names qualify alike, a little less if only one does, `across` if
/// they differ.
fn qualified(given: &Concept, wanted: &Concept, across: f64) -> f64 {
    let (one, other) = (&given.qualifiers, &wanted.qualifiers);
    match () {
        _ if one == other => 1.0,
        _ if one.is_empty() => {
            if across < 0.5 {
                0.6
            } else {
                0.85
            }
        }
        _ if other.is_empty() => 0.9_f64.min(across + 0.25),
        _ if !disjoint(one, other) => 0.85,
        _ => across,
    }
}

/// Names are what one searches with, where what is searched are such things,
/// or anything.
fn sought(pair: &Pair<'_>, given: &Concept, input: &Input) -> f64 {
    let named = match given.sense {
        Sense::Designator(Designator::Name | Designator::Title) => 0.8,
        Sense::Designator(Designator::Symbol) | Sense::Noun => 0.72,
        Sense::Value(Kind::City | Kind::Place) => 0.76,
        _ => return 0.0,
    };
    let Some(thing) = given.entity.last() else {
        return 0.0;
    };
    let asked = input.about.binary_search(thing).is_ok() || pair.u.nouns.contains(thing);
    let open = pair.u.nouns.iter().any(|noun| pair.profiles.open[noun.index()]);
    let telling = given.known_from < KnownFrom::Function || pair.profiles.weight(*thing) > 0.3;
    let wanted = match (asked, open) {
        (true, _) => 1.0,
        (false, true) if telling => 0.78,
        _ => 0.0,
    };
    named * wanted * about(given.known_from)
}

/// What the description of an opaque parameter lets it take.
fn taken(given: &Concept, input: &Input) -> f64 {
    let Sense::Value(kind) = given.sense else {
        return 0.0;
    };
    let taken = input.takes.iter().map(|&wanted| kind.serves(wanted)).fold(0.0, f64::max);
    let roles = if disjoint(&given.roles, &input.concept.roles) { 0.9 } else { 1.0 };
    let qualified = if given.qualifiers.is_empty() { 1.0 } else { kind.across_qualifiers() };
    0.75 * taken * roles * qualified
}

/// Whether the input's description speaks of the output's thing and sense.
fn mentioned(given: &Concept, input: &Input) -> f64 {
    let words = given.entity.iter().chain([&given.head]);
    let found = words.filter(|term| input.about.binary_search(term).is_ok()).count();
    (found as f64 / (given.entity.len() + 1) as f64).min(1.0)
}

fn disjoint<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    !one.is_empty() && !other.is_empty() && !one.iter().any(|item| other.contains(item))
}

impl Pair<'_> {
    /// Whether the output is the address of a desk, which one writes to but
    /// neither pays nor invites, and u is about something else.
    fn is_misdirected(&self, output: &Output) -> bool {
        let concept = &output.concept;
        let of_a_desk = concept
            .terms
            .iter()
            .chain(&concept.entity)
            .any(|term| self.profiles.desks[term.index()]);
        let writes = || self.u.nouns.iter().any(|noun| self.profiles.letters[noun.index()]);
        concept.sense == Sense::Value(Kind::Email) && of_a_desk && !writes()
    }

    /// Whether both things stand for one deal that both functions are about.
    fn same_deal(&self, thing: Term, asked: Term) -> bool {
        let is_deal = |term: Term| self.profiles.deals[term.index()];
        is_deal(thing)
            && is_deal(asked)
            && self.v.nouns.iter().any(|noun| self.u.nouns.contains(noun))
    }
}
