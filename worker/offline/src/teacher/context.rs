//! What an implicit call needs from the user, told as a fact about them: the
//! action itself stays unmentioned.

use super::intention::{Intention, Slot};
use super::noun;
use super::phrase::Voice;
use super::refer::Seat;
use crate::lexicon::Topic;

/// Sentences, without full stops, that carry an implicit step's values.
pub(super) fn context(intention: &Intention<'_>, voice: &mut Voice<'_>) -> Vec<String> {
    let told = intention.slots.iter().filter(|slot| slot.value().is_some());
    told.filter_map(|slot| {
        let text = voice.words(intention, slot, Seat::Slot)?;
        Some(sentence(slot, &text, voice))
    })
    .collect()
}

fn sentence(slot: &Slot<'_>, text: &str, voice: &mut Voice<'_>) -> String {
    use Topic as T;
    let forms: &[&str] = match slot.topic {
        T::Currency => &[
            "I do my accounts in {}", "all my budgets are in {}", "I get paid in {}",
            "for me it's {} that counts",
        ],
        T::City => &["I'm based in {}", "I live in {}", "I'll be in {} then"],
        T::Location | T::Address | T::Street => {
            &["I'm at {}", "the place is {}", "my address is {}"]
        }
        T::Country | T::CountryCode => &["I'm in {}", "this is about {}"],
        T::Email => &[
            "you can use {} for that", "the address to use is {}",
            "{} is the one to keep in the loop",
        ],
        T::Phone => &["the number is {}", "{} is the number to use"],
        T::FullName => &["it's all in the name of {}", "the name is {}"],
        T::Date | T::PastDate => &["the day is {}", "it's about {}"],
        T::Time | T::DateTime => &["the time would be {}", "it has to be {}"],
        T::Language | T::LanguageCode => &["I read {} best", "my language is {}"],
        T::Message | T::Comment | T::Note | T::Description => {
            &["if anyone asks: {}", "what matters is this: {}"]
        }
        _ => &[],
    };
    if !forms.is_empty() {
        return voice.pick(forms).replacen("{}", text, 1);
    }
    let noun = noun::of(&slot.field.name, &slot.field.shape);
    let verb = if noun::is_plural(&noun) { "are" } else { "is" };
    let forms = [
        format!("for what it's worth, the {noun} {verb} {text}"),
        format!("in case it matters, the {noun} {verb} {text}"),
        format!("the {noun} {verb} {text}, by the way"),
    ];
    voice.pick(&forms)
}
