//! Wrong values that look right: another of the same kind from the same
//! conversation, or one that nobody gave.

use std::collections::BTreeSet;

use magnet_proto::FunctionId;
use magnet_proto::rng::Rng;
use magnet_proto::sample::{Message, Source};
use magnet_proto::shape::Field;
use rand::RngExt;
use rand::seq::IndexedRandom;
use serde_json::Value;

use super::Material;
use super::positive::Positive;
use crate::coerce::coerce;
use crate::execute::Output;

/// Values of the same kind that stand in calls and outputs before a message:
/// the second ticket for the first, the folder's id for the file's, the date
/// before it was changed.
pub(super) fn alike(
    positive: &Positive<'_>,
    message: usize,
    field: &Field,
    source: Option<&Source>,
    right: &Value,
) -> Vec<Value> {
    let mut kinds = vec![kind(&field.name)];
    if let Some(Source::Output { path, .. }) = source {
        kinds.extend(path.rsplit('/').find(|step| step.parse::<usize>().is_err()).map(kind));
    }
    let mut found: Vec<Value> = Vec::new();
    let mut meet = |name: &str, value: &Value| {
        let fits = coerce(value, &field.shape).as_ref() == Some(value);
        if kinds.contains(&kind(name)) && value != right && fits && !found.contains(value) {
            found.push(value.clone());
        }
    };
    for said in &positive.messages[..message] {
        match said {
            Message::Assistant { calls, .. } => {
                let arguments = calls.iter().flat_map(|call| &call.arguments);
                arguments.for_each(|(name, value)| meet(name, value));
            }
            Message::Tool { content, .. } => {
                if let Some(output) = Output::parse(content).ok() {
                    leaves(output, "", &mut meet);
                }
            }
            Message::System(_) | Message::User(_) => {}
        }
    }
    found
}

/// Shows every scalar of a value with the name it stands under.
pub(super) fn leaves(value: &Value, name: &str, meet: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, inner)| leaves(inner, name, meet))
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(item, name, meet)),
        Value::Null => {}
        scalar => meet(name, scalar),
    }
}

/// The last word of a name: `folder_id` and `file_id` are ids, `due_date` is a
/// date.
fn kind(name: &str) -> &str {
    name.rsplit(['_', '-', '.']).next().unwrap_or(name)
}

/// A value for a parameter that nobody gave, as a model in a hurry takes it:
/// one that stands before the turn, is of its kind and looks `like` the right
/// one, where that is known; else one that such a thing usually has, or a
/// number of the right one's form. None where nothing tells what it looks like.
pub(super) fn guessed(
    material: Material<'_>,
    turn: usize,
    (function, field): (FunctionId, &Field),
    like: Option<&Value>,
    rng: &mut Rng,
) -> Option<Value> {
    let before = material.positive.turns().get(turn).map_or(0, |range| range.start);
    let mut alike = alike(material.positive, before, field, None, &Value::Null);
    alike.retain(|value| like.is_none_or(|like| look(like) == look(value)));
    let usual = material.distiller.pack.values(function, &field.name);
    let mut sources = [alike.as_slice(), usual, &field.shape.choices, &field.shape.examples];
    if like.is_none() {
        sources.rotate_left(1);
    }
    let drawn = sources.into_iter().find_map(|values| values.choose(rng)).cloned();
    drawn.or_else(|| renumbered(like?.as_str()?, rng))
}

/// A number such as "OR-26662" with other digits.
fn renumbered(number: &str, rng: &mut Rng) -> Option<Value> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let is_number = number.chars().all(is_part)
        && number.contains(|c: char| c.is_ascii_alphabetic())
        && number.contains(|c: char| c.is_ascii_digit());
    let digit = |c: char| match c {
        '0'..='9' => char::from(rng.random_range(b'0'..=b'9')),
        c => c,
    };
    is_number.then(|| number.chars().map(digit).collect::<String>().into())
}

/// What a text is made of: a number is told from a name, an address, a time.
pub(super) fn look(value: &Value) -> Option<BTreeSet<char>> {
    let classes = value.as_str()?.chars().map(|c| match c {
        c if c.is_alphabetic() => 'a',
        c if c.is_numeric() => '0',
        c => c,
    });
    Some(classes.filter(|c| matches!(c, 'a' | '0' | '@' | ':' | '/')).collect())
}
