//! The words for one argument: its value, a pointer back to it, or a reference
//! to an output.

use magnet_proto::brief::{Brief, How, Select, Turn, Want};
use magnet_proto::library::Function;
use magnet_proto::pack::{Item, Pack, Pick};
use magnet_proto::path::StepRef;
use magnet_proto::rng::Rng;
use magnet_proto::shape::{Type, words};
use magnet_worker::conversation::{Conversation, Scene};
use magnet_worker::dry_walk::Made;
use magnet_worker::persona::calendar::Date;
use magnet_worker::select::{self, Route};
use magnet_worker::vet::mentions::Text;
use rand::RngExt;
use serde_json::Value;

use super::contact;
use super::mention::{Style, is_snake, mention, series, spaced};
use super::noun;
use super::refer::{Reference, Seat, When, Which};
use super::rivals::{has_namesake, has_rival};
use super::slot::{Slot, Spoken};
use super::template::{self, Fill};
use crate::lexicon::Topic;

/// How often an earlier word is pointed back to rather than repeated.
const BACK: u32 = 65;
/// How often what the person has seen is said outright.
const OUTRIGHT: u32 = 15;
/// How often the number of a thing is said with its noun.
const NUMBERED: u32 = 85;

/// Endings of a parameter's name that say in what it is measured.
const UNITS: &[&str] = &["_km", "_kg"];

/// What the words of a message depend on.
pub(super) struct Voice<'a> {
    pub scene: Scene<'a>,
    pub pack: &'a Pack,
    /// The brief of the turn that speaks.
    pub told: &'a Turn,
    /// What the turns before were told, among others.
    pub brief: &'a Brief,
    /// The turn whose steps are spoken of: the next one, where this one misses
    /// something.
    pub target: u16,
    pub conversation: &'a Conversation,
    /// The calls of the dry walk.
    pub log: &'a [Made],
    pub style: Style,
    pub rng: Rng,
    /// Elements that this message has singled out.
    pub singled_out: Vec<(StepRef, String, Select)>,
}

impl<'a> Voice<'a> {
    pub(super) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.rng.random_range(0..of.len())].clone()
    }

    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    /// A step of the turn that is spoken of, with its arguments.
    pub(super) fn spoken(&self, at: StepRef) -> Option<Spoken<'a>> {
        let step = self.scene.path.step(at)?;
        Some(Spoken::new(at, self.scene.library.get(step.function), self.told))
    }

    /// The noun phrase for a slot; none for what is left out or goes unsaid.
    pub(super) fn words(
        &mut self,
        spoken: &Spoken<'a>,
        slot: &Slot<'a>,
        seat: Seat,
    ) -> Option<String> {
        if slot.is_left_out() || slot.is_unsaid() {
            return None;
        }
        if let [How::Again { value }] = slot.hows.as_slice()
            && !has_rival(self.conversation, &slot.field.name, value)
            && self.chance(BACK)
            && let Some(words) = self.again(slot)
        {
            return Some(words);
        }
        match slot.hows.as_slice() {
            [How::Pointed { from, place, select, .. }] => {
                Some(self.pointed(spoken, slot, seat, (*from, place, select)))
            }
            hows => {
                let values = hows.iter().filter_map(|how| how.value());
                let mut values: Vec<Value> = values.cloned().collect();
                // People name days in their order.
                if values.iter().all(|value| value.as_str().and_then(Date::parse).is_some()) {
                    values.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
                }
                let mut said: Vec<String> =
                    values.iter().map(|value| self.literally(slot, value)).collect();
                said.dedup();
                Some(series(&said, "and"))
            }
        }
    }

    /// A value spelled out. Nobody types the underscores of an enumeration.
    pub(super) fn literally(&mut self, slot: &Slot<'_>, value: &Value) -> String {
        let text = mention(value, self.style, &mut self.rng);
        let enumerated = match &slot.field.shape.ty {
            Type::Array { items, .. } => !items.choices.is_empty(),
            _ => !slot.field.shape.choices.is_empty(),
        };
        match value {
            _ if enumerated && is_snake(&text) => spaced(&text),
            Value::Number(_) => match UNITS.iter().find(|unit| slot.field.name.ends_with(**unit)) {
                Some(unit) => format!("{text} {}", &unit[1..]),
                None => text,
            },
            _ => text,
        }
    }

    fn pointed(
        &mut self,
        spoken: &Spoken<'a>,
        slot: &Slot<'a>,
        seat: Seat,
        (from, place, select): (StepRef, &'a str, &'a Select),
    ) -> String {
        let reference = self.reference(from, place, select);
        let Some(reference) = reference else {
            return "that".into();
        };
        if self.is_unmentioned(from)
            && let Some(words) = self.described(slot, &reference, select)
        {
            self.note(from, place, select);
            return words;
        }
        if let Some(words) = self.outright(spoken, slot, &reference, select) {
            return words;
        }
        if reference.when == When::Now && Route::of(place).tail.is_none() && self.is_plain(spoken) {
            let leaf = place.rsplit('/').next().unwrap_or_default();
            return format!("the {} that comes back", noun::of_property(leaf));
        }
        if let Some(words) = self.second_of_object(spoken, slot, &reference) {
            return words;
        }
        let words = match self.by_its_name(slot, &reference, select) {
            Some(words) => words,
            None => reference.words(slot.field, slot.topic, seat, &mut self.rng),
        };
        self.note(from, place, select);
        words
    }

    /// "the restaurant Casa Lupo": a thing that was shown some time ago, by the
    /// name it was shown with.
    fn by_its_name(
        &self,
        slot: &Slot<'_>,
        reference: &Reference<'_>,
        select: &Select,
    ) -> Option<String> {
        const NAMES: [&str; 4] = ["name", "title", "subject", "headline"];
        let target = reference.target(slot.field, slot.topic);
        let thing = target.thing.filter(|_| target.property.is_none())?;
        if reference.when != When::Earlier || reference.all || reaches(slot.topic) {
            return None;
        }
        let output = self.conversation.output_of(reference.from)?;
        let route = Route::of(reference.place);
        let holder = match route.items(output) {
            Some(items) => items.get(select::position(items, select)?)?,
            None => output,
        };
        let is_name = |name: &str| words(name).last().is_some_and(|w| NAMES.contains(&w.as_str()));
        let is_its_own = |name: &str| {
            let own = words(name).count() == 1 || name.starts_with(&thing.replace([' ', '-'], "_"));
            own && is_name(name)
        };
        let name = holder.as_object()?.iter().find_map(|(name, value)| {
            value.as_str().filter(|_| is_its_own(name)).map(|value| (name, value))
        });
        let (leaf, name) = name.filter(|(_, value)| value.split(' ').count() <= 6)?;
        let value = Value::String(name.to_owned());
        let is_clear = self.has_seen(&value) && reference.place.matches('/').count() <= 3;
        let quoted = !words(leaf).any(|word| word == "name");
        is_clear.then(|| match quoted {
            true => format!("the {thing} \"{name}\""),
            false => format!("the {thing} {name}"),
        })
    }

    fn reference(&self, from: StepRef, place: &'a str, select: &Select) -> Option<Reference<'a>> {
        let step = self.scene.path.step(from)?;
        let source = self.scene.library.get(step.function);
        let head = Route::of(place).head;
        let items = self.output(from).and_then(|output| Route::of(place).items(output));
        let when = match self.target.checked_sub(from.turn) {
            Some(0) => When::Now,
            Some(1) => When::JustBefore,
            _ => When::Earlier,
        };
        let same = |(step, list, other): &(StepRef, String, Select)| {
            *step == from && list == head && other == select
        };
        let value = self.output(from).and_then(|output| Route::of(place).follow(output, select));
        let is_made = is_made(source, place);
        let is_topic = match when {
            When::Now => is_made,
            _ => is_made || value.is_some_and(|value| self.was_given_last(value)),
        };
        let fresh = !self.singled_out.iter().any(same) && !self.was_picked(from, head, select);
        Some(Reference {
            from,
            place,
            source,
            which: self.which(from, place, select, items.unwrap_or_default()),
            when,
            fresh,
            all: *select == Select::All,
            // How many there are is not known before they are listed.
            alone: when != When::Now && items.is_some_and(|items| items.len() == 1),
            is_topic,
            is_echo: value.is_some_and(|value| self.is_given(from, value)),
            is_asked_for: when == When::Now && self.is_asked_for(from, place),
        })
    }

    /// Whether a call of the last turn was about a value.
    fn was_given_last(&self, value: &Value) -> bool {
        let last = self.conversation.turns.last();
        let mut calls = last.into_iter().flat_map(|turn| &turn.calls);
        calls.any(|executed| executed.call.arguments.values().any(|given| given == value))
    }

    /// Whether a step is called with a value.
    fn is_given(&self, at: StepRef, value: &Value) -> bool {
        let made = self.log.iter().find(|made| made.at == at);
        made.is_some_and(|made| made.arguments.iter().any(|(_, how)| how.value() == Some(value)))
    }

    /// Whether this message asks for a place of a step's output, or for all of it.
    fn is_asked_for(&self, from: StepRef, asked: &str) -> bool {
        self.told.wants_of(from.step).any(|want| match want {
            Want::Fact { place, .. } => place == asked,
            Want::Effect { .. } => false,
        })
    }

    /// How one of a list's elements is told apart from the others.
    fn which(&self, from: StepRef, place: &str, select: &Select, items: &[Value]) -> Which {
        // One way a conversation, whoever refers to it.
        let purpose = format!("which {} {} {place}", from.turn, from.step);
        let mut rng = self.scene.stream(&purpose, 0);
        let pick = |words: &[String], rng: &mut Rng| {
            (!words.is_empty()).then(|| words[rng.random_range(0..words.len())].clone())
        };
        let step = self.scene.path.step(from);
        let item = step.and_then(|step| item(self.pack, step.function, place));
        let field = |field: &str| item.and_then(|item| item.pick.get(field));
        let words = match select {
            Select::Least(of) => field(of).and_then(|how| pick(&how.least, &mut rng)),
            Select::Most(of) => field(of).and_then(|how| pick(&how.most, &mut rng)),
            Select::Nth(at) => {
                let element = items.get(usize::from(*at));
                let is = item.into_iter().flat_map(|item| &item.pick);
                let telling = |(of, how): (&'a String, &'a Pick)| {
                    let value = element?.pointer(of).filter(|value| !value.is_null())?;
                    let alone = items.iter().filter(|i| i.pointer(of) == Some(value)).count() == 1;
                    alone.then_some((how, value)).filter(|(how, _)| !how.is.is_empty())
                };
                let ways: Vec<(&Pick, &Value)> = is.filter_map(telling).collect();
                if ways.is_empty() {
                    None
                } else {
                    let (how, value) = ways[rng.random_range(0..ways.len())];
                    let text = mention(value, self.style, &mut rng);
                    pick(&how.is, &mut rng).map(|is| filled(&is, &text))
                }
            }
            _ => None,
        };
        let behind = matches!(select, Select::Nth(_));
        match words {
            Some(words) if behind || stands_behind(&words) => Which::Behind(words),
            Some(words) => Which::Before(words),
            None => Which::in_order(&match select {
                Select::Least(_) | Select::Most(_) => {
                    let at = select::position(items, select).unwrap_or_default();
                    Select::Nth(at as u16)
                }
                select => select.clone(),
            }),
        }
    }

    /// Whether a step of this message is not mentioned: what it finds has to be
    /// described.
    fn is_unmentioned(&self, at: StepRef) -> bool {
        let implicit = self.scene.path.step(at).is_some_and(|step| step.implicit);
        at.turn == self.target && implicit && self.told.wants_of(at.step).next().is_none()
    }

    /// "the oldest ticket from anna@…": what a step finds, by what it looks for.
    fn described(
        &mut self,
        slot: &Slot<'a>,
        reference: &Reference<'a>,
        select: &Select,
    ) -> Option<String> {
        let function = self.scene.path.step(reference.from)?.function;
        let item = item(self.pack, function, reference.place)?;
        let finder = self.spoken(reference.from)?;
        let fitting: Vec<&'a String> = item.as_.iter().filter(|a| says_all(a, &finder)).collect();
        if fitting.is_empty() {
            return None;
        }
        let phrase = self.pick(&fitting);
        let noun = self.phrased(phrase, &finder, None)?;
        let is_list = Route::of(reference.place).tail.is_some();
        let thing = match (is_list && !reference.alone, select) {
            (true, Select::All) => format!("every {noun}"),
            (true, _) => reference.which.of(&noun),
            (false, _) if template::points(&noun).is_some() => noun,
            (false, _) => format!("the {noun}"),
        };
        if item.at == reference.place {
            return Some(thing);
        }
        let target = reference.target(slot.field, slot.topic);
        let reachable = reaches(slot.topic);
        // A desk is reached by its number; an article's author is not the article.
        let is_told = |property: &String| !reachable || contact::is_person(property);
        match target.property.filter(is_told) {
            Some(property) => Some(format!("the {property} of {thing}")),
            None => Some(thing),
        }
    }

    /// A template of the pack with this step's slots filled; `item` stands for
    /// the element that it asks about.
    pub(super) fn phrased(
        &mut self,
        template: &'a str,
        spoken: &Spoken<'a>,
        item: Option<&str>,
    ) -> Option<String> {
        let mut referred = false;
        let text = template::render(template, |name, here| {
            if name == "item" {
                return item.map_or(Fill::Absent, |item| Fill::Text(item.to_owned()));
            }
            let Some(slot) = spoken.slot(name) else {
                return Fill::Absent;
            };
            if slot.is_left_out() {
                let words = self.indefinite(slot);
                // Whom and which of many the request speaks of, it does not hide.
                return match reaches(slot.topic) || is_one_of_many(slot) {
                    true => Fill::Text(words),
                    false => Fill::Missing(words),
                };
            }
            let seat = if referred { Seat::Slot } else { template::seat(here) };
            referred |= slot.is_pointed();
            let words = self.words(spoken, slot, seat);
            words.map_or(Fill::Absent, |words| Fill::Text(self.numbered(slot, words, here.lead)))
        });
        text.map(|text| there(&money(&text)))
    }

    /// "the song SG-9783": mostly, a number comes with what it is the number of.
    fn numbered(&mut self, slot: &Slot<'_>, words: String, lead: &str) -> String {
        let noun = noun::of(&slot.field.name, &slot.field.shape);
        let is_said = lead.trim_end().trim_end_matches('"').ends_with(&noun);
        let (are_numbers, noun) = match words.contains(" and ") {
            true => (words.replace(" and ", ", ").split(", ").all(is_number), noun::plural(&noun)),
            false => (is_number(&words), noun),
        };
        match are_numbers && slot.field.shape.noun.is_some() && !is_said {
            true if self.chance(NUMBERED) => format!("the {noun} {words}"),
            _ => words,
        }
    }

    /// "its currency", "that day": where an earlier slot refers to the same
    /// object of an output that is still to come.
    fn second_of_object(
        &self,
        spoken: &Spoken<'a>,
        slot: &Slot<'a>,
        reference: &Reference<'a>,
    ) -> Option<String> {
        let earlier = spoken.slots.iter().take_while(|other| other.field.name != slot.field.name);
        let mut others = earlier.filter_map(|other| match other.hows.as_slice() {
            [How::Pointed { from, place, select, .. }] => self.reference(*from, place, select),
            _ => None,
        });
        if !others.any(|other| other.same_object(reference)) {
            return None;
        }
        let property = reference.target(slot.field, slot.topic).property?;
        Some(match slot.topic {
            Topic::Date => "that day".to_owned(),
            Topic::City => "that city".to_owned(),
            Topic::Time => "the same time".to_owned(),
            _ => format!("its {property}"),
        })
    }

    /// The value itself: where words that point could mean another, or nothing
    /// that anybody has spoken of; now and then where they could not.
    fn outright(
        &mut self,
        spoken: &Spoken<'a>,
        slot: &Slot<'a>,
        reference: &Reference<'a>,
        select: &Select,
    ) -> Option<String> {
        if reference.when == When::Now || reference.all {
            return None;
        }
        let output = self.conversation.output_of(reference.from)?;
        let value = Route::of(reference.place).follow(output, select)?.clone();
        let leaf = reference.place.rsplit('/').find(|part| *part != "*").unwrap_or_default();
        let among_several = Route::of(reference.place).tail.is_some() && !reference.alone;
        let singled_out = among_several && reference.fresh;
        let is_far = reference.when == When::Earlier;
        let is_property = reference.target(slot.field, slot.topic).property.is_some();
        let is_clear = match singled_out {
            true => !is_far || !self.was_listed_since(reference),
            // Who knows the city says it.
            false if is_far && (is_property || reaches(slot.topic)) => false,
            false => {
                self.was_told(reference)
                    && !has_rival(self.conversation, leaf, &value)
                    && !(is_far && has_namesake(self.conversation, leaf, &value))
            }
        };
        // Without phrases of its own a change is asked for in so many words.
        let is_grave = spoken.function.changes_state() && self.is_plain(spoken);
        let said = is_grave || !is_clear || takes_a_name(slot, leaf) || {
            let now_and_then = self.chance(OUTRIGHT);
            now_and_then && self.has_seen(&value)
        };
        said.then(|| self.literally(slot, &value))
    }

    /// Whether a later output lists things of the kind, too.
    fn was_listed_since(&self, reference: &Reference<'_>) -> bool {
        let leaf = reference.place.rsplit('/').next().unwrap_or_default();
        let later = self.conversation.executed().filter(|(_, e)| e.step > reference.from);
        let lists = |value: &Value| {
            let mut members = value.as_object().into_iter().flatten();
            members.any(|(_, member)| {
                let mut items = member.as_array().into_iter().flatten();
                items.any(|item| item.get(leaf).is_some())
            })
        };
        later.into_iter().any(|(_, executed)| executed.output.ok().is_some_and(lists))
    }

    /// Whether the pack has no phrases for a function.
    fn is_plain(&self, spoken: &Spoken<'a>) -> bool {
        let id = self.scene.library.find(&spoken.function.name);
        id.is_none_or(|id| self.pack.phrases(id).is_none())
    }

    /// Whether the reply to the turn it was found in speaks of it: all of an
    /// output, or just the place that was asked for.
    fn was_told(&self, reference: &Reference<'_>) -> bool {
        let turn = self.brief.turn(usize::from(reference.from.turn));
        let mut wants = turn.into_iter().flat_map(|turn| turn.wants_of(reference.from.step));
        wants.any(|want| match want {
            Want::Effect { .. } => true,
            Want::Fact { place, .. } => place.is_empty() || place == reference.place,
        })
    }

    /// Whether a message before has the value.
    fn has_seen(&self, value: &Value) -> bool {
        let said = |text: &str| Text::new(text).find(value).is_some();
        self.conversation.turns.iter().any(|turn| said(&turn.request.text) || said(&turn.reply))
    }

    /// Whether the element of that list that an earlier turn took a value from
    /// last is this one.
    fn was_picked(&self, from: StepRef, head: &str, select: &Select) -> bool {
        let earlier = self.log.iter().filter(|made| made.at.turn < self.target);
        let mut picks = earlier.flat_map(|made| &made.arguments).filter_map(|(_, how)| match how {
            How::Pointed { from: other, place, select, .. } => {
                (*other == from && Route::of(place).head == head).then_some(select)
            }
            _ => None,
        });
        picks.next_back() == Some(select)
    }

    fn note(&mut self, from: StepRef, place: &str, select: &Select) {
        self.singled_out.push((from, Route::of(place).head.to_owned(), select.clone()));
    }

    /// What a step returned, or will return.
    pub(super) fn output(&self, at: StepRef) -> Option<&'a Value> {
        let logged = self.log.iter().find(|made| made.at == at);
        let logged = logged.and_then(|made| made.executed.iter().find_map(|e| e.output.ok()));
        logged.or_else(|| self.conversation.output_of(at))
    }

    /// What stands where a value is held back: somebody the person takes to be
    /// known, a thing that nobody but them could tell.
    fn indefinite(&mut self, slot: &Slot<'_>) -> String {
        let numeric = matches!(slot.field.shape.ty, Type::Integer { .. } | Type::Number { .. });
        match slot.topic {
            Topic::Email | Topic::Phone | Topic::FullName => self
                .pick(&["my colleague", "a friend of mine", "my sister", "our accountant"])
                .into(),
            Topic::City | Topic::Location => "the town my sister lives in".into(),
            Topic::Address => self.pick(&["my sister's place", "our new office"]).into(),
            Topic::Price => "the amount we agreed on".into(),
            _ if numeric => "a few".into(),
            _ if noun::is_bare(&slot.field.name) => "one of them".into(),
            _ => {
                let noun = noun::of(&slot.field.name, &slot.field.shape);
                match is_one_of_many(slot) {
                    true => {
                        let known = ["my colleague asked about", "I told you about yesterday"];
                        format!("the {noun} {}", self.pick(&known))
                    }
                    false => format!("the {noun}"),
                }
            }
        }
    }

    /// "the same city", for a value that an earlier message has; none for what
    /// people just say once more.
    fn again(&mut self, slot: &Slot<'_>) -> Option<String> {
        use Topic as T;
        let forms: &[&str] = match slot.topic {
            T::City => &["the same city", "that city"],
            T::Address => &["the same address", "that address"],
            T::Date => &["the same day", "that day"],
            T::Repository => &["the same repo", "that repo"],
            T::Email | T::Phone | T::FullName => &["the same person"],
            T::Company => &["the same company", "that company"],
            _ => return None,
        };
        Some(self.pick(forms).to_owned())
    }
}

/// The pack's words for the things at a place: those of the place itself
/// rather than of what holds it.
pub(super) fn item<'p>(
    pack: &'p Pack,
    function: magnet_proto::FunctionId,
    place: &str,
) -> Option<&'p Item> {
    let items = &pack.phrases(function)?.items;
    let route = Route::of(place);
    let holds = |item: &&Item| {
        let of = Route::of(&item.at);
        match (route.tail, of.tail) {
            (Some(_), Some(_)) => of.head == route.head,
            (None, None) => {
                let rest = place.strip_prefix(item.at.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            _ => false,
        }
    };
    items.iter().filter(holds).max_by_key(|item| item.at.len())
}

/// Whether a noun phrase says all that the person gives for a step.
pub(super) fn says_all(phrase: &str, spoken: &Spoken<'_>) -> bool {
    let named: Vec<&str> = template::slots(phrase).map(|(name, _)| name).collect();
    spoken
        .slots
        .iter()
        .filter(|slot| !slot.is_unsaid())
        .all(|slot| named.contains(&slot.field.name.as_str()))
}

/// Whether a slot takes one of the things of a kind, by its number.
pub(super) fn is_one_of_many(slot: &Slot<'_>) -> bool {
    slot.field.shape.noun.is_some() && words(&slot.field.name).last().is_some_and(|w| w == "id")
}

/// Whether words are a number as things have one: "SG-9783".
fn is_number(words: &str) -> bool {
    let (letters, digits) = words.split_once('-').unwrap_or_default();
    !letters.is_empty()
        && letters.bytes().all(|b| b.is_ascii_uppercase())
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
}

/// "in that city" is there, and so is the way to an address.
fn there(text: &str) -> String {
    let mut text = text.replace(" in that city", " there").replace(" in the same city", " there");
    for way in ["trip", "way", "get", "take", "minutes", "distance"] {
        text = text.replace(&format!("{way} to that address"), &format!("{way} there"));
    }
    text
}

fn stands_behind(words: &str) -> bool {
    ["with ", "that ", "who ", "which ", "whose "].iter().any(|start| words.starts_with(start))
}

/// A name that something new gets, or is looked for by, is said as a name:
/// "called this playlist" would name nothing.
fn takes_a_name(slot: &Slot<'_>, leaf: &str) -> bool {
    let last = |name: &str| words(name).last();
    let named = last(leaf).is_some_and(|word| word == "name" || word == "title");
    let searched = matches!(slot.topic, Topic::Query | Topic::Keyword | Topic::FileName);
    named && (searched || last(&slot.field.name) == last(leaf))
}

/// Whether a place holds the new thing that a call brought about. One that
/// was told of a thing is about that: "it" is the ticket that got a priority.
fn is_made(source: &Function, place: &str) -> bool {
    let is_about_another = source.params().iter().any(|field| field.shape.noun.is_some());
    let mut leaves = source.output_leaves().into_iter();
    let made = leaves.find(|leaf| leaf.shape.noun.is_some() && leaf.path.matches('/').count() == 1);
    source.changes_state() && !is_about_another && made.is_some_and(|leaf| leaf.path == place)
}

/// Whether a value is somebody's: an address, a number, a name.
pub(super) fn reaches(topic: Topic) -> bool {
    matches!(topic, Topic::Email | Topic::Phone | Topic::FullName)
}

/// What tells an element apart, with its value; what the phrase quotes is
/// quoted once.
fn filled(phrase: &str, value: &str) -> String {
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    match bare {
        Some(bare) if phrase.contains("\"{value}\"") => phrase.replace("{value}", bare),
        _ => phrase.replace("{value}", value),
    }
}

/// "its fee in its currency" is its fee, and "30 in EUR" is 30 EUR.
fn money(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(" in ") {
        let (before, after) = (&rest[..at], &rest[at + " in ".len()..]);
        told.push_str(before);
        let is_counted = told.ends_with(|c: char| c.is_ascii_digit());
        match after.strip_prefix("its currency").filter(|_| !is_counted) {
            Some(after) => rest = after,
            None => {
                told.push_str(if is_counted && is_currency(after) { " " } else { " in " });
                rest = after;
            }
        }
    }
    told + rest
}

/// Whether a text begins with a currency's code.
fn is_currency(text: &str) -> bool {
    let mut word = text.split(|c: char| !c.is_alphanumeric());
    word.next().is_some_and(|word| word.len() == 3 && word.bytes().all(|b| b.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_phrase_quotes_is_quoted_once() {
        assert_eq!(filled("headed \"{value}\"", "\"Rain\""), "headed \"Rain\"");
        assert_eq!(filled("headed {value}", "\"Rain\""), "headed \"Rain\"");
        assert_eq!(filled("on {value}", "Monday"), "on Monday");
    }

    #[test]
    fn a_sum_is_said_as_people_do() {
        let check = |text: &str, expected: &str| assert_eq!(money(text), expected);
        check("move its total amount in its currency to Anna", "move its total amount to Anna");
        check("send Anna 30 in its currency", "send Anna 30 in its currency");
        check("send Anna 30.5 in EUR in Bergen", "send Anna 30.5 EUR in Bergen");
        check("what is it in EUR?", "what is it in EUR?");
    }
}
