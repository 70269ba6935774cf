//! The message after a turn that missed something: it brings just that.

use magnet_proto::FunctionId;
use magnet_proto::brief::How;
use magnet_proto::library::Function;
use magnet_proto::path::StepRef;

use super::mention::{mention, series};
use super::noun;
use super::sentence::{capital, closed, small};
use super::slot::Slot;
use super::words::Voice;
use crate::lexicon::{Register, Topic};

/// Says which function was added. Here its name belongs: an operator speaks.
pub(super) fn function(function: &Function, register: Register, voice: &mut Voice<'_>) -> String {
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
    voice.pick(forms).replacen("{}", &function.name, 1)
}

/// Gives the value that was asked for.
pub(super) fn parameter<'a>(
    function: FunctionId,
    parameter: &str,
    register: Register,
    voice: &mut Voice<'a>,
) -> String {
    let steps = &voice.scene.path.turns[usize::from(voice.target)].steps;
    let step = steps.iter().position(|step| step.function == function).unwrap_or_default();
    let at = StepRef { turn: voice.target, step: step as u16 };
    let Some(spoken) = voice.spoken(at) else {
        return "Sorry, please go ahead with what you have.".into();
    };
    let Some(slot) = spoken.slot(parameter) else {
        return "Sorry, please go ahead with what you have.".into();
    };
    let mut texts: Vec<String> = Vec::new();
    for how in &slot.hows {
        if let Some(value) = how.value() {
            let text = mention(value, voice.style, &mut voice.rng);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    worded(slot, &series(&texts, "and"), register, voice)
}

fn worded(slot: &Slot<'_>, value: &str, register: Register, voice: &mut Voice<'_>) -> String {
    if let Some(flag) = slot.hows.iter().find_map(|how: &&How| how.value()?.as_bool()) {
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
