//! Arguments that belong together and are said together: owner and repository,
//! coordinates, an amount and its currency, numbers in a row.

use magnet_proto::shape::Type;

use super::attach::{Attached, order};
use super::compose::Piece;
use super::intent::Intent;
use super::weave;
use crate::lexicon::Topic;
use crate::teacher::intention::{Intention, Manner, Slot, Source};
use crate::teacher::mention::{mention, series};
use crate::teacher::phrase::Voice;
use crate::teacher::refer::Seat;

/// Says what belongs together; the names of the parameters that are said.
pub(super) fn say<'a>(
    intention: &'a Intention<'_>,
    intent: &mut Intent,
    pieces: &mut Vec<Piece>,
    voice: &mut Voice<'_>,
) -> Vec<&'a str> {
    let mut said = Vec::new();
    let found = [
        repository(intention, intent, pieces, voice),
        coordinates(intention, pieces, voice),
        money(intention, intent, pieces, voice),
        numbers(intention, pieces, voice),
    ];
    for slots in found.into_iter().flatten() {
        said.extend(slots.iter().map(|slot| slot.field.name.as_str()));
    }
    said
}

type Said<'s, 'a> = Option<Vec<&'s Slot<'a>>>;

fn named<'s, 'a>(intention: &'s Intention<'a>, names: &[&str]) -> Option<&'s Slot<'a>> {
    let is_named = |slot: &&Slot<'_>| names.contains(&slot.field.name.to_lowercase().as_str());
    intention.slots.iter().find(|slot| is_named(slot) && !slot.is_missing())
}

/// "the octo/hello repository", "the same repo".
fn repository<'s, 'a>(
    intention: &'s Intention<'a>,
    intent: &mut Intent,
    pieces: &mut Vec<Piece>,
    voice: &mut Voice<'_>,
) -> Said<'s, 'a> {
    let owner = named(intention, &["owner"])?;
    let repo = named(intention, &["repo"])?;
    let literal = |slot: &Slot<'_>, voice: &mut Voice<'_>| {
        slot.value().map(|value| mention(value, voice.style, &mut voice.rng))
    };
    let (text, points) = match (&owner.source, &repo.source) {
        (_, Source::Output(reference))
            if owner.reference().is_none_or(|o| o.same_object(reference)) =>
        {
            let words = voice.words(intention, repo, Seat::Attached)?;
            (with_noun(&words), true)
        }
        (
            Source::Said { manner: Manner::Again, .. },
            Source::Said { manner: Manner::Again, .. },
        ) => {
            let forms = ["the same repo", "that repo", "the same repository", "that repository"];
            (voice.pick(&forms).to_owned(), true)
        }
        (Source::Said { values: owners, .. }, Source::Said { values: repos, .. })
            if owners.len() == 1 && repos.len() == 1 =>
        {
            (format!("{}/{}", literal(owner, voice)?, literal(repo, voice)?), false)
        }
        (Source::Output(_), Source::Said { .. }) => {
            let owner = voice.words(intention, owner, Seat::Attached)?;
            (format!("the {} repository of {owner}", literal(repo, voice)?), true)
        }
        _ => {
            let words = voice.words(intention, repo, Seat::Attached)?;
            let owner = voice.words(intention, owner, Seat::Attached)?;
            (format!("{words} of {owner}"), true)
        }
    };
    if !weave::repository(&mut intent.object, &text, points) {
        let forms: &[&str] = match points {
            true => &["in {}", "for {}"],
            false => &["in {}", "for {}", "in the {} repo", "for the {} repository"],
        };
        let phrase = voice.pick(forms).replace("{}", &text);
        pieces.push(Piece::of(Attached::Phrase(order::IN, phrase)));
    }
    Some(vec![owner, repo])
}

/// "the first one" of repositories is "the first repository".
fn with_noun(words: &str) -> String {
    let bare = words.strip_suffix(" one").or_else(|| words.strip_suffix(" result"));
    bare.map_or_else(|| words.to_owned(), |head| format!("{head} repository"))
}

fn coordinates<'s, 'a>(
    intention: &'s Intention<'a>,
    pieces: &mut Vec<Piece>,
    voice: &mut Voice<'_>,
) -> Said<'s, 'a> {
    let latitude = named(intention, &["lat", "latitude"])?;
    let longitude = named(intention, &["lon", "lng", "long", "longitude"])?;
    let joined = match (latitude.reference(), longitude.reference()) {
        (Some(one), Some(other)) if one.same_object(other) => "those coordinates".to_owned(),
        (None, None) => {
            let north = voice.words(intention, latitude, Seat::Attached)?;
            format!("{north}, {}", voice.words(intention, longitude, Seat::Attached)?)
        }
        _ => return None,
    };
    let form = voice.pick(&["at {}", "around {}", "for {}"]);
    pieces.push(Piece::of(Attached::Phrase(order::IN, form.replace("{}", &joined))));
    Some(vec![latitude, longitude])
}

/// "365.60 USD", as the object where the verb has none: "convert 365.60 USD".
fn money<'s, 'a>(
    intention: &'s Intention<'a>,
    intent: &mut Intent,
    pieces: &mut Vec<Piece>,
    voice: &mut Voice<'_>,
) -> Said<'s, 'a> {
    let plainly = |slot: &&Slot<'_>| slot.value().is_some() && !slot.points();
    let amount = named(intention, &["amount", "value", "price", "total"]).filter(plainly)?;
    let names = ["currency", "currency_code", "from", "from_currency", "source_currency", "base"];
    let currency =
        named(intention, &names).filter(plainly).filter(|s| s.topic == Topic::Currency)?;
    let number = voice.words(intention, amount, Seat::Attached)?;
    let joined = format!("{number} {}", voice.words(intention, currency, Seat::Attached)?);
    if matches!(intent.verb.as_str(), "convert" | "exchange" | "transfer" | "send" | "pay")
        && intent.object.len() < 3
    {
        intent.object = vec![joined];
    } else {
        pieces.push(Piece::of(Attached::Phrase(order::OF, format!("for {joined}"))));
    }
    Some(vec![amount, currency])
}

/// "17 and 37", for parameters that are told apart by a digit or letter only.
fn numbers<'s, 'a>(
    intention: &'s Intention<'a>,
    pieces: &mut Vec<Piece>,
    voice: &mut Voice<'_>,
) -> Said<'s, 'a> {
    let is_one_of_many = |slot: &&Slot<'a>| {
        let stem = slot.field.name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
        let numeric = matches!(slot.field.shape.ty, Type::Integer { .. } | Type::Number { .. });
        let numbered = ["num", "number", "value", "n"].contains(&stem.to_lowercase().as_str())
            && stem.len() < slot.field.name.len();
        let lettered = ["a", "b", "c", "x", "y"].contains(&slot.field.name.as_str());
        numeric && (numbered || lettered) && !slot.points() && slot.value().is_some()
    };
    let slots: Vec<&'s Slot<'a>> = intention.slots.iter().filter(is_one_of_many).collect();
    if slots.len() < 2 {
        return None;
    }
    let texts: Option<Vec<String>> =
        slots.iter().map(|slot| voice.words(intention, slot, Seat::Attached)).collect();
    let phrase = format!("{} {}", voice.pick(&["of", "for"]), series(&texts?, "and"));
    pieces.push(Piece::of(Attached::Phrase(order::NAMED, phrase)));
    Some(slots)
}
