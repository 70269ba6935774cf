//! English for an arbitrary function: an intent clause with its arguments
//! attached, "list the open issues in octo/hello".
//!
//! ```text
//! intent (verb, object) ─► arguments woven into the object ─► the rest attached
//! ```

mod attach;
mod clean;
mod intent;
mod verbs;
mod weave;

use attach::{Attached, order};
use verbs::Action;

use super::clause::Clause;
use super::intention::{Intention, Slot};
use super::noun;
use super::phrase::Voice;
use crate::lexicon::Topic;

/// Inline phrases beyond this number go to a sentence of their own.
const MAX_PHRASES: usize = 3;

/// The clause for an intention without phrasing of its own.
pub(super) fn clause(intention: &Intention<'_>, voice: &mut Voice<'_>) -> Clause {
    let intent = intent::of(intention.function);
    let mut object = intent.object.clone();
    let mut said: Vec<&str> = Vec::new();
    let mut parts: Vec<Attached> = Vec::new();
    joint(intention, &mut object, &mut said, &mut parts, voice);
    let open: Vec<&Slot<'_>> = intention
        .slots
        .iter()
        .filter(|s| !s.is_missing() && !said.contains(&s.field.name.as_str()))
        .collect();
    let changes = intention.function.changes_state();
    for slot in open {
        let Some(text) = voice.words(intention, slot, false) else {
            continue;
        };
        if !weave::into_object(&mut object, slot, &text) {
            parts.push(attach::attach(slot, &text, changes, voice));
        }
    }
    compose(&intent, &object, parts, voice)
}

/// The thing a function's output is about, for its summary: the object's head
/// noun with what stands before it.
pub(super) fn subject(function: &magnet_proto::library::Function) -> Option<String> {
    let intent = intent::of(function);
    let mut words: Vec<&str> = intent.object.iter().map(String::as_str).collect();
    let starts: &[&[&str]] = &[
        &["a", "list", "of"],
        &["the", "list", "of"],
        &["list", "of"],
        &["information", "about"],
        &["details", "about"],
        &["details", "of"],
        &["info", "about"],
        &["all", "of"],
        &["all"],
        &["the"],
        &["a"],
        &["an"],
        &["any"],
        &["every"],
        &["either"],
    ];
    while let Some(start) = starts.iter().find(|start| words.starts_with(start)) {
        words.drain(..start.len());
    }
    let end = words
        .iter()
        .position(|w| clean::is_preposition(w) || w.ends_with(','))
        .unwrap_or(words.len());
    words.truncate(end);
    ((1..=4).contains(&words.len())).then(|| words.join(" "))
}

/// What a function does, to follow "to": "create a campaign".
pub(super) fn infinitive(function: &magnet_proto::library::Function) -> String {
    let intent = intent::of(function);
    let verb = match intent.action {
        Action::Read => "get",
        Action::Search => "search for",
        _ => &intent.verb,
    };
    format!("{verb} {}", intent.object.join(" ")).trim().to_owned()
}

/// Arguments that belong together: owner/repository, coordinates, an amount
/// and its currency.
fn joint<'a>(
    intention: &'a Intention<'_>,
    object: &mut Vec<String>,
    said: &mut Vec<&'a str>,
    parts: &mut Vec<Attached>,
    voice: &mut Voice<'_>,
) {
    let find = |names: &[&str]| {
        intention
            .slots
            .iter()
            .find(|s| names.contains(&s.field.name.to_lowercase().as_str()) && !s.is_missing())
    };
    if let (Some(owner), Some(repo)) = (find(&["owner"]), find(&["repo"])) {
        let both = |slot: &Slot<'_>, voice: &mut Voice<'_>| voice.words(intention, slot, false);
        if let (Some(first), Some(second)) = (both(owner, voice), both(repo, voice)) {
            let joined = match (
                attach::points(&first) || owner.reference().is_some(),
                attach::points(&second) || repo.reference().is_some(),
            ) {
                (false, false) => format!("{first}/{second}"),
                (_, true) => second,
                (true, false) => format!("{first}'s {second}").replace("it's ", "its "),
            };
            said.extend([owner.field.name.as_str(), repo.field.name.as_str()]);
            if !weave::repository(object, &joined) {
                let forms: &[&str] = if attach::points(&joined) {
                    &["in {}", "for {}"]
                } else {
                    &["in {}", "for {}", "in the {} repo", "for the {} repository"]
                };
                parts.push(Attached::Phrase(order::IN, voice.pick(forms).replace("{}", &joined)));
            }
        }
    }
    let latitude = find(&["lat", "latitude"]);
    let longitude = find(&["lon", "lng", "long", "longitude"]);
    if let (Some(latitude), Some(longitude)) = (latitude, longitude) {
        let joined = match (latitude.reference(), longitude.reference()) {
            (Some(one), Some(other)) if one.same_object(other) => {
                Some("those coordinates".to_owned())
            }
            _ => {
                let north = voice.words(intention, latitude, false);
                let east = voice.words(intention, longitude, false);
                north.zip(east).map(|(north, east)| format!("{north}, {east}"))
            }
        };
        if let Some(joined) = joined {
            said.extend([latitude.field.name.as_str(), longitude.field.name.as_str()]);
            let form = voice.pick(&["at {}", "around {}", "for {}"]);
            parts.push(Attached::Phrase(order::IN, form.replace("{}", &joined)));
        }
    }
    let amount =
        intention.slots.iter().find(|s| matches!(s.topic, Topic::Price) && s.value().is_some());
    let currency = find(&["currency", "currency_code"]).filter(|s| s.value().is_some());
    if let (Some(amount), Some(currency)) = (amount, currency) {
        let words =
            (voice.words(intention, amount, false), voice.words(intention, currency, false));
        if let (Some(number), Some(unit)) = words
            && !attach::points(&number)
            && !attach::points(&unit)
        {
            said.extend([amount.field.name.as_str(), currency.field.name.as_str()]);
            parts.push(Attached::Phrase(order::OF, format!("for {number} {unit}")));
        }
    }
}

/// Verb, object and phrases as a clause, with sentences for what is left.
fn compose(
    intent: &intent::Intent,
    object: &[String],
    parts: Vec<Attached>,
    voice: &mut Voice<'_>,
) -> Clause {
    let mut phrases: Vec<(u8, String)> = Vec::new();
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut extra: Vec<String> = Vec::new();
    for part in parts {
        match part {
            Attached::Phrase(order, text) => phrases.push((order, text)),
            Attached::Sentence(text) => extra.push(text),
            Attached::Fact { noun, value } => facts.push((noun, value)),
        }
    }
    phrases.sort_by_key(|(order, _)| *order);
    let spilled =
        if phrases.len() > MAX_PHRASES + 1 { phrases.split_off(MAX_PHRASES) } else { Vec::new() };
    if facts.len() == 1 && phrases.len() < MAX_PHRASES && facts[0].1.split(' ').count() < 5 {
        let (noun, value) = facts.remove(0);
        phrases.push((order::WITH, with(&noun, &value, voice)));
    }
    let mut text = said(intent, object, voice);
    for (_, phrase) in &phrases {
        if !phrase.starts_with(',') {
            text.push(' ');
        }
        text.push_str(phrase);
    }
    extra.extend(facts_sentence(&facts, voice));
    extra.extend(spilled_sentence(&spilled, voice));
    let question = text.ends_with('?');
    Clause { text, question, extra }
}

/// "with a length of 16", "with X as the mode".
fn with(noun: &str, value: &str, voice: &mut Voice<'_>) -> String {
    let number = value.chars().all(|c| c.is_ascii_digit() || ".-,".contains(c));
    if number {
        let forms = [
            format!("with {} {noun} of {value}", noun::article(noun)),
            format!("with {noun} {value}"),
        ];
        return voice.pick(&forms);
    }
    voice.pick(&[
        format!("with {value} as the {noun}"),
        format!("using {value} as the {noun}"),
        format!("with {noun} {value}"),
    ])
}

/// "The principal is 5000, the rate is 3.5 and the term is 10."
fn facts_sentence(facts: &[(String, String)], voice: &mut Voice<'_>) -> Option<String> {
    let first = facts.first()?;
    if facts.len() == 1 {
        let (noun, value) = first;
        let verb = if noun::is_plural(noun) { "are" } else { "is" };
        let forms = [
            format!("The {noun} {verb} {value}"),
            format!("The {noun} should be {value}"),
            format!("Take {value} as the {noun}"),
            format!("I'd like {value} as the {noun}"),
        ];
        return Some(voice.pick(&forms));
    }
    let items: Vec<String> = match voice.chance(60) {
        true => facts
            .iter()
            .map(|(noun, value)| {
                format!("the {noun} {} {value}", if noun::is_plural(noun) { "are" } else { "is" })
            })
            .collect(),
        false => {
            let items = facts.iter().map(|(noun, value)| format!("{value} for the {noun}"));
            let list = super::mention::series(&items.collect::<Vec<_>>(), "and");
            let starts = ["Take ", "Use ", "I have ", "Go with "];
            return Some(format!("{}{list}", voice.pick(&starts)));
        }
    };
    Some(capitalized(&super::mention::series(&items, "and")))
}

/// "It's for Ana, on 14 March, until noon."
fn spilled_sentence(phrases: &[(u8, String)], voice: &mut Voice<'_>) -> Option<String> {
    if phrases.is_empty() {
        return None;
    }
    let texts: Vec<String> =
        phrases.iter().map(|(_, text)| text.trim_start_matches([',', ' ']).to_owned()).collect();
    let start = voice.pick(&["It's", "It should be", "That's", "Make it"]);
    Some(format!("{start} {}", super::mention::series(&texts, "and")))
}

/// Verb and object as a person says them, now and then as a question.
fn said(intent: &intent::Intent, object: &[String], voice: &mut Voice<'_>) -> String {
    let mut forms = verbs::spoken(intent.action, &intent.verb);
    let joined = object.join(" ");
    let first = object.first().map(String::as_str).unwrap_or_default();
    let listed = joined.starts_with("a list")
        || joined.starts_with("list of")
        || joined.starts_with("the list");
    forms.retain(|form| match form.as_str() {
        "list" | "find" | "find me" => !listed && !joined.starts_with("what "),
        "give me a list of" => !listed,
        "look up" | "pull up" => !listed && !joined.contains("random") && first != "a",
        "search for" | "look for" => !matches!(first, "the" | "by" | "through" | "in"),
        "tell me" => matches!(first, "the" | "whether" | "how" | "which"),
        _ => true,
    });
    let verb = match forms.as_slice() {
        [] => intent.verb.clone(),
        forms => voice.pick(forms),
    };
    let bare_list = intent.action == Action::Read && first == "list";
    let text = if bare_list { format!("{verb} a {joined}") } else { format!("{verb} {joined}") };
    text.trim().to_owned()
}

pub(super) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
