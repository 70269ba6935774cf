//! Type 4: the closing prose contradicts the outputs.

use magnet_proto::rng::Rng;
use rand::seq::SliceRandom;

use super::tail::Tail;
use super::{Material, Wrong, near};
use crate::failure::Failure;

/// Swaps one number, or the digits of one name, for others that no output has.
pub(super) async fn summary<'a>(
    material: Material<'a>,
    rng: &mut Rng,
) -> Result<Option<Wrong<'a>>, Failure> {
    let positive = material.positive;
    let mut turns: Vec<_> = positive.turns().into_iter().enumerate().collect();
    turns.shuffle(rng);
    for (turn, range) in turns {
        let Some((at, said)) = positive.closing(&range) else {
            continue;
        };
        if positive.calls(range.clone()).next().is_none() {
            continue;
        }
        let grounds = positive.grounds(at);
        if grounds.first_ungrounded(said).is_some() {
            continue;
        }
        let Some((right, wrong, text)) =
            misstated(said, rng, |text| grounds.first_ungrounded(text).is_some())
        else {
            continue;
        };
        let mut tail = Tail::start(material, turn, at).await?;
        tail.say(text);
        let reason = format!("Says \"{wrong}\" where the outputs say \"{right}\".");
        return Ok(Some(Wrong { tail, step: None, reason }));
    }
    Ok(None)
}

/// The prose with one token altered such that it shows: right, wrong, whole.
fn misstated(
    said: &str,
    rng: &mut Rng,
    shows: impl Fn(&str) -> bool,
) -> Option<(String, String, String)> {
    let mut tokens: Vec<(usize, &str)> = tokens(said).collect();
    tokens.shuffle(rng);
    tokens.into_iter().find_map(|(start, right)| {
        let wrong = near::altered_text(right, rng)?;
        let end = start + right.len();
        let is_day = said[end..].split_whitespace().next().is_some_and(is_month);
        let exists = !is_day || wrong.parse().is_ok_and(|day: u32| (1..=28).contains(&day));
        let text = format!("{}{wrong}{}", &said[..start], &said[end..]);
        (exists && shows(&text)).then(|| (right.to_owned(), wrong, text))
    })
}

/// The words with digits in them and where they start, without punctuation.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace().filter_map(move |word| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let start = bare.as_ptr() as usize - text.as_ptr() as usize;
        bare.contains(|c: char| c.is_ascii_digit()).then_some((start, bare))
    })
}

fn is_month(word: &str) -> bool {
    const MONTHS: &[&str] =
        &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let word = word.to_lowercase();
    MONTHS.iter().any(|month| word.starts_with(month))
}
