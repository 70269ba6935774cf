//! Wrong values that look right: another of the same kind from the same
//! conversation, or a number with other digits.

use magnet_proto::library::Function;
use magnet_proto::rng::Rng;
use magnet_proto::sample::{Message, Source};
use magnet_proto::shape::Field;
use rand::RngExt;
use serde_json::Value;

use super::positive::Positive;
use crate::coerce::coerce;
use crate::distill::positive::Distiller;
use crate::execute::Output;

/// Values of the same kind that stand in calls and outputs before a message:
/// the second ticket for the first, the folder's id for the file's, the date
/// before it was changed.
pub(super) fn alike(
    positive: &Positive<'_>,
    message: usize,
    field: &Field,
    source: &Source,
    right: &Value,
) -> Vec<Value> {
    let mut kinds = vec![kind(&field.name)];
    if let Source::Output { path, .. } = source {
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

fn leaves(value: &Value, name: &str, meet: &mut impl FnMut(&str, &Value)) {
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

/// A value for a parameter that nothing in the conversation tells.
pub(super) fn invented(
    distiller: &Distiller<'_>,
    function: &Function,
    field: &Field,
    rng: &mut Rng,
) -> Value {
    distiller.lexicon.value(function, field, distiller.scene.persona, rng)
}

/// A text with other digits that still reads like what it was: dates stay
/// dates, times stay times, numbers keep their length.
pub(super) fn altered_text(text: &str, rng: &mut Rng) -> Option<String> {
    let digits: Vec<usize> =
        text.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
    // The last digits tell the fewest lies about the form: days, minutes, cents.
    let tail = &digits[digits.len().saturating_sub(3)..];
    for _ in 0..16 {
        let &at = tail.get(rng.random_range(0..tail.len().max(1)))?;
        let new = char::from(b'0' + rng.random_range(0..10u8));
        let mut altered = text.to_owned();
        altered.replace_range(at..=at, new.encode_utf8(&mut [0; 4]));
        let leading = digits.first() == Some(&at) && new == '0';
        if altered != text && !leading && keeps_form(&altered) {
            return Some(altered);
        }
    }
    None
}

/// Whether every date and time in the text exists.
fn keeps_form(text: &str) -> bool {
    let is_time = |parts: &[u32]| match parts {
        [hour, minute, rest @ ..] => {
            *hour < 24 && *minute < 60 && rest.iter().all(|second| *second < 60)
        }
        _ => true,
    };
    let is_date = |parts: &[u32]| match parts {
        // A day of every month: no need to know which months are longer.
        [year, month, day] if *year >= 1_000 => (1..=12).contains(month) && (1..=28).contains(day),
        _ => true,
    };
    groups(text, ':').iter().all(|parts| is_time(parts))
        && groups(text, '-').iter().all(|parts| is_date(parts))
}

/// The groups of numbers joined by a separator: 13:30 by `:` is [13, 30].
fn groups(text: &str, separator: char) -> Vec<Vec<u32>> {
    text.split(|c: char| !c.is_ascii_digit() && c != separator)
        .filter(|group| group.contains(separator))
        .filter_map(|group| group.split(separator).map(|part| part.parse().ok()).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_altered_text_keeps_its_form(
            text in "[A-Z]{2}-[0-9]{4}|20[0-9]{2}-0[1-9]-[01][1-8]|[01][0-9]:[0-5][0-9]|[1-9][0-9]{0,3}\\.[0-9]{2}",
            seed: u64,
        ) {
            let mut rng = magnet_proto::rng::campaign_stream(seed, "test", &[]);
            let altered = altered_text(&text, &mut rng).expect("it has digits");
            prop_assert_ne!(&altered, &text);
            prop_assert!(keeps_form(&altered), "{}", altered);
            let form = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "0");
            prop_assert_eq!(form(&altered), form(&text));
        }
    }

    #[test]
    fn what_has_no_digits_is_not_altered() {
        let mut rng = magnet_proto::rng::campaign_stream(1, "test", &[]);
        assert_eq!(altered_text("Lyon", &mut rng), None);
    }
}
