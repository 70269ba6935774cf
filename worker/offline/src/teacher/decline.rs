//! The agent's answers to a turn that misses something: no function for it, a
//! parameter to ask for, nothing relevant at all. Prose only, nothing invented.

use magnet_proto::path::Purpose;
use rand::RngExt;

use super::noun;
use super::plain;
use crate::lexicon::{Place, Topic, topic};
use magnet_worker::teacher::Act;

fn pick(ask: &Act<'_>, forms: &[String]) -> String {
    let mut rng = ask.scene.stream("decline", ask.turn);
    forms[rng.random_range(0..forms.len())].clone()
}

pub(super) fn no_function(ask: &Act<'_>) -> String {
    let mut forms: Vec<String> = [
        "I have no tool for that at the moment, so there's nothing I can call to get it done.",
        "None of the tools I've been given does that. If you can add one, I'll take care of it right away.",
        "That needs a tool I don't have here. Could you make one available?",
        "I'd need another tool for this; the ones I have don't cover it.",
        "I don't have access to anything that does this. Once such a tool is added, I can go ahead.",
        "Sorry, but my current tools don't include one for this.",
        "This is outside what my tools can do right now. Is there a way to give me one for it?",
        "There's no tool among mine for that part, so I'd rather not guess.",
    ]
    .map(str::to_owned)
    .to_vec();
    if let Some(Purpose::MissingFunction { function, .. }) =
        ask.scene.path.turns.get(ask.turn).map(|t| &t.purpose)
    {
        let action = plain::infinitive(ask.scene.library.get(*function));
        forms.extend([
            format!(
                "I don't have a tool to {action}. If one can be added, I'll do it straight away."
            ),
            format!("To {action} I'd need a tool that isn't available to me right now."),
            format!("Nothing I have lets me {action}. Can you enable something for that?"),
            format!("I'd like to, but none of my tools can {action}."),
            format!("There is no tool here to {action}, so this has to wait until I get one."),
        ]);
    }
    pick(ask, &forms)
}

pub(super) fn irrelevant(ask: &Act<'_>) -> String {
    let forms = [
        "I'm sorry, that's not something I can help with here: none of my tools is meant for it.",
        "My tools are for other things, so I have to pass on this one.",
        "That's outside of what I can do with the tools I have. Is there anything else?",
        "Unfortunately nothing I have access to covers this, and I don't want to make something up.",
        "I don't have a suitable tool for this request, so I'd better not guess.",
        "Sorry, this one isn't within my reach: the tools I have deal with other matters.",
        "None of the tools I've been given is relevant to that, so I'll leave it there.",
        "That would need something quite different from the tools I have. You may have to look elsewhere for it.",
    ];
    pick(ask, &forms.map(str::to_owned))
}

pub(super) fn ask_for_parameter(ask: &Act<'_>) -> String {
    let purpose = ask.scene.path.turns.get(ask.turn).map(|turn| &turn.purpose);
    let Some(Purpose::MissingParameter { function, parameter, .. }) = purpose else {
        return "Could you give me the detail that's missing?".into();
    };
    let function = ask.scene.library.get(*function);
    let Some(field) = function.param(parameter) else {
        return "Could you give me the detail that's missing?".into();
    };
    let question = question(topic(&Place::argument(function, field)));
    let noun = thing(field);
    let verb = if noun::is_plural(&noun) { "are" } else { "is" };
    let mut forms = vec![
        format!("Happy to. What {verb} the {noun}?"),
        format!("I can do that, I just need the {noun} first."),
        format!("Could you tell me the {noun}? You haven't mentioned it yet."),
        format!("One thing is missing: the {noun}. What should I use?"),
        format!("Sure. Which {noun} should I use?"),
        format!("Before I go ahead: what {verb} the {noun}?"),
        format!("I still need the {noun} for that. Could you give it to me?"),
        format!("I have everything except the {noun}. Can you tell me?"),
    ];
    if let Some(question) = question {
        forms = vec![
            format!("Happy to. {question}"),
            format!("Sure. {question}"),
            format!("I can do that. {question}"),
            format!("One thing before I start: {}", super::sentence::small(question)),
            format!("You haven't said yet: {}", super::sentence::small(question)),
            format!("{question} I need that before I can go ahead."),
        ];
    }
    pick(ask, &forms)
}

/// What a person calls the missing thing.
fn thing(field: &magnet_proto::shape::Field) -> String {
    let plain = noun::of(&field.name, &field.shape);
    let last = magnet_proto::shape::words(&field.name).last();
    match last.as_deref() {
        Some("id" | "uuid") if plain != "id" => format!("{plain} id"),
        Some("name") if plain != "name" => format!("name of the {plain}"),
        _ => plain,
    }
}

/// The natural question for a topic, where there is one.
fn question(topic: Topic) -> Option<&'static str> {
    Some(match topic {
        Topic::City => "Which city do you mean?",
        Topic::Location => "Which place should I look at?",
        Topic::Country | Topic::CountryCode => "Which country is it about?",
        Topic::Date => "For which date?",
        Topic::Time => "At what time?",
        Topic::Email => "Which e-mail address should I use?",
        Topic::Phone => "What's the phone number?",
        Topic::FullName => "Whose name should I put down?",
        Topic::Url => "What's the URL?",
        Topic::Ticker => "Which stock symbol should I look at?",
        Topic::Query | Topic::Keyword => "What should I search for?",
        Topic::Message => "What should the message say?",
        Topic::Repository => "Which repository is it?",
        Topic::Address => "What's the address?",
        _ => return None,
    })
}
