//! The message after a turn that missed something: it brings just that.

use magnet_proto::library::Function;

use super::frame::{capital, closed, small};
use super::intention::{Slot, Source};
use super::mention::{mention, series};
use super::noun;
use super::phrase::Voice;
use super::request::Supplied;
use crate::lexicon::{Register, Topic};
use magnet_worker::conversation::Request;

/// Says which function was added. Here its name belongs: an operator speaks.
pub(super) fn function(function: &Function, register: Register, voice: &mut Voice<'_>) -> Request {
    const ANY: &[&str] = &[
        "I've just enabled one more tool for you, `{}`. Try again, please.",
        "You should have `{}` now. Can you do it with that?",
        "OK, I added `{}` to your tools. Please go ahead.",
        "Right, `{}` was switched off. It's on now, so give it another go.",
        "I've given you access to `{}`. Please try that once more.",
        "`{}` is available to you from now on. Please do what I asked.",
        "Good point. I've turned on `{}` for this; can you try again?",
        "Let me fix that: `{}` is now among your tools. Please carry on.",
    ];
    const SHORT: &[&str] = &[
        "Added `{}`. Try again.", "`{}` is enabled now. Go ahead.", "You have `{}` now. Go on.",
        "Just switched on `{}`, please retry.", "Now there's `{}`. Again, please.",
    ];
    const FORMAL: &[&str] = &[
        "The function `{}` has now been made available to you. Please proceed.",
        "I have had `{}` added to your tools. Kindly try again.",
        "`{}` has been enabled in the meantime. Please complete my request.",
        "You now have access to `{}`. Please proceed as requested.",
    ];
    let forms = match register {
        Register::Terse | Register::Casual => SHORT,
        Register::Formal => FORMAL,
        _ => ANY,
    };
    let forms = if voice.chance(35) { ANY } else { forms };
    Request { text: voice.pick(forms).replacen("{}", &function.name, 1), ..Request::default() }
}

/// Gives the value that was asked for.
pub(super) fn parameter(
    supplied: &Supplied<'_>,
    register: Register,
    voice: &mut Voice<'_>,
) -> Request {
    let mut request = Request::default();
    let mut texts: Vec<String> = Vec::new();
    let mut about: Option<&Slot<'_>> = None;
    for intention in &supplied.intentions {
        intention.note(&mut request);
        for slot in &intention.slots {
            let Source::Said { values, .. } = &slot.source else {
                continue;
            };
            for value in values {
                let text = mention(value, voice.style, &mut voice.rng);
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            about = Some(slot);
        }
    }
    let value = series(&texts, "and");
    request.text = match about {
        Some(slot) => worded(slot, &value, register, voice),
        None => "Sorry, please go ahead with what you have.".into(),
    };
    request
}

fn worded(slot: &Slot<'_>, value: &str, register: Register, voice: &mut Voice<'_>) -> String {
    if let Some(flag) = slot.value().and_then(serde_json::Value::as_bool) {
        return if flag { "Yes, please.".into() } else { "No, leave that out.".into() };
    }
    let noun = noun::of(&slot.field.name, &slot.field.shape);
    let noun = if noun::is_bare(&slot.field.name) { "one I mean".to_owned() } else { noun };
    let verb = if noun::is_plural(&noun) { "are" } else { "is" };
    let mut forms = match register {
        Register::Terse => vec![
            value.to_owned(),
            format!("It's {value}"),
            format!("{value}, sorry"),
            format!("the {noun}: {value}"),
        ],
        Register::Casual => vec![
            format!("oh right, {value}"),
            format!("it's {value}"),
            format!("sorry, {value}"),
            format!("my bad, it's {value}"),
            format!("{value}"),
        ],
        Register::Polite => vec![
            format!("Sorry, it's {value}"),
            format!("Of course: {value}"),
            format!("Apologies, the {noun} {verb} {value}"),
            format!("Sure, it's {value}"),
        ],
        Register::Chatty => vec![
            format!("Oh, I completely forgot to say: it's {value}"),
            format!("Ah yes, sorry! The {noun} {verb} {value}"),
            format!("Oh dear, I left that out. It's {value}"),
            format!("Silly me, {value} of course"),
        ],
        Register::Formal => vec![
            format!("The {noun} {verb} {value}"),
            format!("My apologies. It is {value}"),
            format!("That would be {value}"),
            format!("Please use {value}"),
        ],
    };
    match slot.topic {
        Topic::Date => forms.push(format!("Make it {value}")),
        Topic::City | Topic::Location => forms.push(format!("I mean {value}")),
        Topic::FullName | Topic::Email => forms.push(format!("That's {value}")),
        _ => {}
    }
    let text = voice.pick(&forms);
    if register == Register::Casual && voice.chance(50) {
        return if text == value { text } else { small(&text) };
    }
    // A capital must not change the value itself.
    let starts_with_value = text.starts_with(value);
    closed(&if starts_with_value { text } else { capital(&text) })
}
