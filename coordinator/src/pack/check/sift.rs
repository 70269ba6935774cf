//! Wording sifted: what of an answer is sound, and what is wrong with the
//! rest. One bad sentence does not cost the good ones.

use magnet_offline::jinja;
use magnet_proto::library::Function;
use magnet_proto::pack::{Phrases, WantPhrases};
use magnet_proto::sample::Arguments;
use serde_json::Value;

use super::super::load::Place;
use super::phrases::{
    MIN_ASKS, MIN_REASONS, MIN_REPORTS, MIN_TELLS, MIN_WANT_ASKS, Patterns, Reader,
};
use super::{Found, schema};

/// What was sifted.
#[derive(Debug, Default)]
pub(in crate::pack) struct Sound {
    pub(in crate::pack) phrases: Phrases,
    /// What is wrong with the rest, a sentence each.
    pub(in crate::pack) problems: Vec<String>,
}

impl Sound {
    /// What is still missing of a function that sounds like people; empty if
    /// nothing is.
    pub(in crate::pack) fn missing(&self) -> Vec<String> {
        let Phrases { asks, reasons, reports, .. } = &self.phrases;
        let parts = [
            ("asks", asks, MIN_ASKS),
            ("reasons", reasons, MIN_REASONS),
            ("reports", reports, MIN_REPORTS),
        ];
        let short = parts.into_iter().filter(|(_, texts, least)| texts.len() < *least);
        let told = |(key, texts, least): (&str, &Vec<String>, usize)| {
            format!("{key}: {} of at least {least} can be used", texts.len())
        };
        short.map(told).collect()
    }

    /// Adds what an earlier answer had that this one lacks.
    pub(in crate::pack) fn add(&mut self, earlier: Phrases) {
        let Phrases { asks, reasons, items, wants, reports } = &mut self.phrases;
        for (texts, more) in
            [(asks, earlier.asks), (reasons, earlier.reasons), (reports, earlier.reports)]
        {
            more.into_iter().for_each(|text| push_new(texts, text));
        }
        for item in earlier.items {
            if items.iter().all(|there| there.at != item.at) {
                items.push(item);
            }
        }
        for want in earlier.wants {
            if wants.iter().all(|there| there.at != want.at) {
                wants.push(want);
            }
        }
    }
}

fn push_new(texts: &mut Vec<String>, text: String) {
    if !texts.contains(&text) {
        texts.push(text);
    }
}

/// Holds each piece of a function's wording to what the check of a pack holds
/// it to.
pub(in crate::pack) fn sift(
    function: &Function,
    phrases: &Phrases,
    seen: &[(Arguments, Value)],
) -> Sound {
    let place = Place { file: "answer".into(), line: 1 };
    let (patterns, environment) = (Patterns::new(), jinja::environment());
    let mut problems = Vec::new();
    let mut passes = |check: &dyn Fn(&mut Reader<'_>)| {
        let mut found = Found::default();
        let (place, patterns, environment) = (&place, &patterns, &environment);
        let found_in = &mut found;
        check(&mut Reader { function, place, patterns, environment, seen, found: found_in });
        let is_sound = found.problems.is_empty();
        problems.extend(found.problems.into_iter().map(|problem| match problem.hint {
            Some(hint) => format!("{} ({hint})", problem.message),
            None => problem.message,
        }));
        is_sound
    };
    let mut sound = Phrases::default();
    for ask in &phrases.asks {
        if passes(&|reader| reader.ask(ask)) {
            push_new(&mut sound.asks, ask.clone());
        }
    }
    for reason in &phrases.reasons {
        if passes(&|reader| reader.reason(reason)) {
            push_new(&mut sound.reasons, reason.clone());
        }
    }
    for report in &phrases.reports {
        if passes(&|reader| reader.report(report)) {
            push_new(&mut sound.reports, report.clone());
        }
    }
    // Places in an output of which nothing is known are of no use.
    let has_output = function.response.is_some();
    for item in phrases.items.iter().filter(|_| has_output) {
        if passes(&|reader| reader.item(item)) {
            sound.items.push(item.clone());
        }
    }
    for WantPhrases { at, ask, tell } in phrases.wants.iter().filter(|_| has_output) {
        let is_place = passes(&|reader| {
            reader.output_place("wants", at);
        });
        if !is_place {
            continue;
        }
        let ask = ask.iter().filter(|ask| passes(&|reader| reader.want_ask(at, ask)));
        let ask: Vec<String> = ask.cloned().collect();
        let tell = tell.iter().filter(|tell| passes(&|reader| reader.tell(at, tell)));
        let tell: Vec<String> = tell.cloned().collect();
        if ask.len() >= MIN_WANT_ASKS && tell.len() >= MIN_TELLS {
            sound.wants.push(WantPhrases { at: at.clone(), ask, tell });
        }
    }
    Sound { phrases: sound, problems }
}

/// Of the values that people bring along those that the parameter takes, each
/// once, and what is wrong with the others.
pub(in crate::pack) fn fitting(
    function: &Function,
    parameter: &str,
    values: Vec<Value>,
) -> (Vec<Value>, Vec<String>) {
    let own = schema::place(&function.parameters, &format!("/{parameter}"));
    let validator = own.and_then(schema::validator);
    let (mut fitting, mut problems) = (Vec::new(), Vec::new());
    for value in values {
        match validator.as_ref().and_then(|validator| schema::misfit(validator, &value)) {
            Some(why) => problems.push(format!("values of {parameter}: {why}")),
            None if fitting.contains(&value) => {}
            None => fitting.push(value),
        }
    }
    (fitting, problems)
}
