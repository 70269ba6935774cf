//! Wording: slots and places that exist, the tone that asks are held to, and
//! templates rendered over what the worlds returned.

use std::collections::BTreeSet;

use magnet_offline::jinja;
use magnet_proto::FunctionId;
use magnet_proto::library::{Function, Library};
use magnet_proto::pack::{Item, Phrases, WantPhrases};
use magnet_proto::sample::Arguments;
use minijinja::{Environment, context};
use regex::Regex;
use serde_json::Value;

use super::super::load::{Loaded, Place};
use super::super::problem::Problem;
use super::{Found, Seen, schema};

/// How much wording makes a function sound like people.
pub(super) const MIN_ASKS: usize = 8;
pub(super) const MIN_REASONS: usize = 4;
pub(super) const MIN_REPORTS: usize = 3;
pub(super) const MIN_WANT_ASKS: usize = 3;
pub(super) const MIN_TELLS: usize = 2;
const MIN_AS: usize = 2;
/// Outputs that each template is rendered over.
const RENDERED: usize = 40;
/// Places of a want rendered in each output.
const PLACES: usize = 2;

pub(super) fn check(loaded: &Loaded, library: &Library, seen: &Seen, found: &mut Found) {
    let environment = jinja::environment();
    let patterns = Patterns::new();
    for (id, place) in &loaded.phrases {
        let Some(phrases) = loaded.pack.phrases(*id) else {
            continue;
        };
        let seen = seen.get(id).map(Vec::as_slice).unwrap_or_default();
        let seen = &seen[..seen.len().min(RENDERED)];
        let function = library.get(*id);
        Reader { function, place, patterns: &patterns, environment: &environment, seen, found }
            .read(phrases);
    }
    missing(loaded, library, found);
}

/// A pack that words some functions of a library leaves the rest to plain
/// rules: it is told which.
fn missing(loaded: &Loaded, library: &Library, found: &mut Found) {
    let Some(place) = loaded.phrases.values().next() else {
        return;
    };
    let of_category = |id: FunctionId| library.get(id).category.as_str();
    let worded: BTreeSet<&str> = loaded.phrases.keys().map(|id| of_category(*id)).collect();
    for (id, function) in library.iter() {
        let is_due = !loaded.phrases.contains_key(&id) && !loaded.left_out.contains(&id);
        if is_due && worded.contains(function.category.as_str()) {
            let same =
                loaded.phrases.iter().find(|(other, _)| of_category(**other) == function.category);
            let file = same.map_or(&place.file, |(_, place)| &place.file);
            let problem = Problem::new(file, "it has no phrases, others of its category do");
            found.add(problem.of(&function.name).hint("write an entry for it"));
        }
    }
}

pub(super) struct Patterns {
    slot: Regex,
    optional: Regex,
    machine: Regex,
    article: Regex,
    hole: Regex,
}

impl Patterns {
    pub(super) fn new() -> Self {
        let regex = |pattern: &str| {
            Regex::new(pattern).expect("the pattern is a constant that tests compile")
        };
        Self {
            slot: regex(r"\{([A-Za-z0-9_.-]+)\}"),
            optional: regex(r"\[[^\]]*\]"),
            machine: regex(r"\b(function|tool|parameter|API)\b"),
            article: regex(r"^(the|a|an) "),
            hole: regex(r"\{|\}|  | \."),
        }
    }

    fn slots<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let captures = self.slot.captures_iter(text).filter_map(|found| found.get(1));
        captures.map(|slot| slot.as_str()).collect()
    }
}

/// Reads one function's entry.
pub(super) struct Reader<'a> {
    pub(super) function: &'a Function,
    pub(super) place: &'a Place,
    pub(super) patterns: &'a Patterns,
    pub(super) environment: &'a Environment<'static>,
    pub(super) seen: &'a [(Arguments, Value)],
    pub(super) found: &'a mut Found,
}

impl Reader<'_> {
    fn read(&mut self, phrases: &Phrases) {
        self.enough("asks", &phrases.asks, MIN_ASKS);
        self.enough("reasons", &phrases.reasons, MIN_REASONS);
        self.enough("reports", &phrases.reports, MIN_REPORTS);
        phrases.asks.iter().for_each(|ask| self.ask(ask));
        phrases.reasons.iter().for_each(|reason| self.reason(reason));
        phrases.items.iter().for_each(|item| self.item(item));
        phrases.wants.iter().for_each(|want| self.want(want));
        phrases.reports.iter().for_each(|report| self.report(report));
    }

    fn bad(&mut self, message: String) {
        self.found.add(self.place.problem(message).of(&self.function.name));
    }

    fn bad_hint(&mut self, message: String, hint: &str) {
        self.found.add(self.place.problem(message).of(&self.function.name).hint(hint));
    }

    fn enough(&mut self, key: &str, texts: &[String], least: usize) {
        if texts.len() < least {
            self.bad(format!("{key}: {} of at least {least}", texts.len()));
        }
        let mut once = BTreeSet::new();
        if let Some(twice) = texts.iter().find(|text| !once.insert(*text)) {
            self.bad(format!("{key}: twice {twice:?}"));
        }
    }

    /// What holds for every text with slots.
    fn slots(&mut self, what: &str, text: &str, more: &[&str]) {
        for slot in self.patterns.slots(text) {
            if self.function.param(slot).is_none() && !more.contains(&slot) {
                let names: Vec<&str> =
                    self.function.params().iter().map(|p| p.name.as_str()).collect();
                let hint = format!("there are: {}", names.join(", "));
                self.bad_hint(format!("{what}: unknown slot {{{slot}}} in {text:?}"), &hint);
            }
        }
        let spoken = self.function.name.replace('_', " ");
        if text.contains(&self.function.name) && spoken.contains(' ') || text == spoken {
            self.bad_hint(
                format!("{what}: it names the function: {text:?}"),
                "say what a person would say",
            );
        }
        let outside = self.patterns.slot.replace_all(text, "");
        if self.patterns.machine.is_match(&outside) {
            self.bad_hint(
                format!("{what}: a word of machines in {text:?}"),
                "say what a person would say",
            );
        }
    }

    pub(super) fn ask(&mut self, ask: &str) {
        self.slots("asks", ask, &[]);
        let outside = self.patterns.optional.replace_all(ask, "");
        let given = self.patterns.slots(&outside);
        let required: Vec<&str> =
            self.function.required().map(|field| field.name.as_str()).collect();
        for name in required.iter().filter(|name| !given.contains(name)) {
            self.bad(format!("asks: the required {{{name}}} is missing in {ask:?}"));
        }
        if ask.starts_with(char::is_uppercase) && !ask.starts_with('I') && !ask.ends_with('?') {
            self.bad(format!("asks: it begins with a capital: {ask:?}"));
        }
        if ask.ends_with('.') {
            self.bad(format!("asks: it ends with a full stop: {ask:?}"));
        }
    }

    pub(super) fn reason(&mut self, reason: &str) {
        if let Some(slot) = self.patterns.slots(reason).first() {
            self.bad_hint(
                format!("reasons: a slot {{{slot}}} in {reason:?}"),
                "a reason fits any values",
            );
        }
        if !reason.ends_with(['.', '!', '?']) {
            self.bad(format!("reasons: no full stop in {reason:?}"));
        }
    }

    /// The schema of a place in the output; a place that is none is told.
    pub(super) fn output_place(&mut self, what: &str, at: &str) -> Option<&Value> {
        let function = self.function;
        let response = function.response.as_ref()?;
        let place = schema::place(response, at);
        if place.is_none() {
            self.bad_hint(
                format!("{what}: its output has no place {at:?}"),
                "see its response schema",
            );
        }
        place
    }

    pub(super) fn item(&mut self, item: &Item) {
        let what = format!("items {:?}", item.at);
        let Some(of_item) = self.output_place("items", &item.at).cloned() else {
            return;
        };
        if item.as_.len() < MIN_AS {
            self.bad(format!("{what}: as: {} of at least {MIN_AS}", item.as_.len()));
        }
        for phrase in &item.as_ {
            self.slots(&what, phrase, &[]);
            if self.patterns.article.is_match(phrase) {
                self.bad_hint(
                    format!("{what}: an article in {phrase:?}"),
                    "it is said as \"the …\"",
                );
            }
        }
        for (field, pick) in &item.pick {
            if schema::place(&of_item, field).is_none() {
                self.bad(format!("{what}: pick: the item has no {field:?}"));
            }
            if let Some(text) = pick.is.iter().find(|text| !text.contains("{value}")) {
                self.bad(format!("{what}: pick {field}: no {{value}} in {text:?}"));
            }
        }
    }

    fn want(&mut self, want: &WantPhrases) {
        let what = format!("wants {:?}", want.at);
        if self.output_place("wants", &want.at).is_none() {
            return;
        }
        self.enough(&format!("{what}: ask"), &want.ask, MIN_WANT_ASKS);
        self.enough(&format!("{what}: tell"), &want.tell, MIN_TELLS);
        want.ask.iter().for_each(|ask| self.want_ask(&want.at, ask));
        want.tell.iter().for_each(|tell| self.tell(&want.at, tell));
    }

    pub(super) fn want_ask(&mut self, at: &str, ask: &str) {
        let what = format!("wants {at:?}");
        self.slots(&what, ask, &["item"]);
        if !ask.ends_with('?') {
            self.bad(format!("{what}: no question: {ask:?}"));
        }
        if !at.contains('*') && ask.contains("{item}") {
            self.bad(format!("{what}: {{item}} without a list in {ask:?}"));
        }
    }

    pub(super) fn tell(&mut self, at: &str, tell: &str) {
        self.rendered(&format!("wants {at:?}"), tell, Some(at));
    }

    pub(super) fn report(&mut self, report: &str) {
        self.rendered("reports", report, None);
    }

    /// Renders a template over what was seen; the first fault is told.
    pub(super) fn rendered(&mut self, what: &str, template: &str, at: Option<&str>) {
        let environment = self.environment;
        let compiled = match environment.template_from_str(template) {
            Ok(compiled) => compiled,
            Err(error) => {
                self.bad(format!("{what}: {template:?}: {error}"));
                return;
            }
        };
        for (args, out) in self.seen {
            let items: Vec<Option<&Value>> = match at {
                Some(at) => {
                    let found = schema::found(out, at).into_iter();
                    found
                        .filter(|(value, _)| !value.is_null())
                        .map(|(_, item)| item)
                        .take(PLACES)
                        .collect()
                }
                None => vec![None],
            };
            for it in items {
                let text = compiled.render(context! { out => out, args => args, it => it });
                let fault = match text {
                    Err(error) => Some(format!("{error:#}")),
                    Ok(text) if self.patterns.hole.is_match(&text) => {
                        Some(format!("it says {text:?}"))
                    }
                    Ok(text) if at.is_none() && !text.trim_end().ends_with(['.', '?', '!']) => {
                        Some(format!("it does not end as a sentence: {text:?}"))
                    }
                    Ok(_) => None,
                };
                if let Some(fault) = fault {
                    let shown: String = out.to_string().chars().take(300).collect();
                    let hint = format!("the output was {shown}");
                    self.bad_hint(format!("{what}: {template:?}: {fault}"), &hint);
                    return;
                }
            }
        }
    }
}
