//! The words for one argument: its value, a pointer back to it, or a reference
//! to an output.

use magnet_proto::rng::Rng;
use magnet_proto::shape::{Type, words};
use rand::RngExt;
use serde_json::Value;

use super::intention::{Intention, Manner, Slot, Source};
use super::mention::{Style, is_snake, mention, series, spaced};
use super::noun;
use super::refer::{Being, Reference, Seat, When};
use super::rivals::has_rival;
use super::select::Route;
use crate::lexicon::Topic;
use magnet_worker::conversation::Conversation;
use magnet_worker::vet::mentions::Text;

/// What the words depend on beside the argument itself.
pub(super) struct Voice<'a> {
    pub conversation: &'a Conversation,
    pub style: Style,
    pub rng: Rng,
}

impl Voice<'_> {
    pub(super) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.rng.random_range(0..of.len())].clone()
    }

    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    /// The noun phrase for a slot; none for the parameter that is missing.
    pub(super) fn words(
        &mut self,
        intention: &Intention<'_>,
        slot: &Slot<'_>,
        seat: Seat,
    ) -> Option<String> {
        match &slot.source {
            Source::Missing => None,
            Source::Said { values, manner: Manner::Again }
                if values.len() == 1
                    && !has_rival(self.conversation, &slot.field.name, &values[0]) =>
            {
                Some(self.again(slot))
            }
            Source::Said { values, .. } => {
                let mut said: Vec<String> =
                    values.iter().map(|value| self.literally(slot, value)).collect();
                said.dedup();
                Some(series(&said, "and"))
            }
            Source::Output(reference) => {
                if let Some(words) = self.second_of_object(intention, slot) {
                    return Some(words);
                }
                if let Some(words) = self.name_taken_over(intention, slot, reference) {
                    return Some(words);
                }
                if let Some(words) = self.told_apart(slot, reference) {
                    return Some(words);
                }
                Some(reference.words(slot.field, slot.topic, seat, &mut self.rng))
            }
        }
    }

    /// A value spelled out. Nobody types the underscores of an enumeration.
    fn literally(&mut self, slot: &Slot<'_>, value: &Value) -> String {
        let text = mention(value, self.style, &mut self.rng);
        let enumerated = match &slot.field.shape.ty {
            Type::Array { items, .. } => !items.choices.is_empty(),
            _ => !slot.field.shape.choices.is_empty(),
        };
        if enumerated && is_snake(&text) { spaced(&text) } else { text }
    }

    /// "its currency", where an earlier slot refers to the same object; what
    /// the user has already seen may be said outright.
    fn second_of_object(&mut self, intention: &Intention<'_>, slot: &Slot<'_>) -> Option<String> {
        let reference = slot.reference()?;
        let earlier =
            intention.slots.iter().take_while(|other| other.field.name != slot.field.name);
        let twin = earlier
            .filter_map(|other| Some((other, other.reference()?)))
            .find(|(_, other)| other.same_object(reference))?;
        if reference.when != When::Now && reference.selects.len() == 1 {
            let output = self.conversation.output_of(reference.feed.from)?;
            let route = Route::of(&reference.feed.flow.output);
            let value = route.follow(output, &reference.selects[0])?;
            if value.as_str().is_some_and(|text| text.len() <= 24) || value.is_number() {
                return Some(mention(value, self.style, &mut self.rng));
            }
        }
        let property = reference.target(slot.field, slot.topic).property?;
        let owner = twin.1.target(twin.0.field, twin.0.topic);
        let whose = if owner.being == Being::Person { "their" } else { "its" };
        Some(format!("{whose} {property}"))
    }

    /// A name that something new gets, or is looked for by, is said as a name:
    /// "called this playlist" would name nothing.
    fn name_taken_over(
        &mut self,
        intention: &Intention<'_>,
        slot: &Slot<'_>,
        reference: &Reference<'_>,
    ) -> Option<String> {
        let last = |name: &str| words(name).last();
        let path = reference.feed.flow.output.as_str();
        let leaf = path.rsplit('/').find(|step| *step != "*").unwrap_or_default();
        let named = last(leaf).is_some_and(|word| word == "name" || word == "title");
        let creates = words(&intention.function.name)
            .next()
            .is_some_and(|verb| matches!(verb.as_str(), "create" | "rename" | "make"));
        let gets_name = creates && last(&slot.field.name) == last(leaf);
        let searched = matches!(slot.topic, Topic::Query | Topic::Keyword | Topic::FileName);
        if !named || !(gets_name || searched) || reference.all {
            return None;
        }
        let known = (reference.when != When::Now && reference.selects.len() == 1)
            .then(|| self.conversation.output_of(reference.feed.from))
            .flatten()
            .and_then(|output| Route::of(path).follow(output, &reference.selects[0]));
        match known {
            Some(value) if self.has_seen(value) => Some(self.literally(slot, value)),
            _ if gets_name && !reference.target(slot.field, slot.topic).among_several => {
                Some("the same name".into())
            }
            _ => None,
        }
    }

    /// Words for a value of which there is another one that "that city" could
    /// mean: whose it is, or the value where the user has seen it.
    fn told_apart(&mut self, slot: &Slot<'_>, reference: &Reference<'_>) -> Option<String> {
        let several = reference.all || reference.selects.len() > 1;
        if reference.when == When::Now || several {
            return None;
        }
        let path = reference.feed.flow.output.as_str();
        let output = self.conversation.output_of(reference.feed.from)?;
        let value = Route::of(path).follow(output, &reference.selects[0])?;
        let target = reference.target(slot.field, slot.topic);
        let singled_out = target.among_several && reference.fresh;
        let name = path.rsplit('/').find(|step| *step != "*").unwrap_or_default();
        if singled_out || !has_rival(self.conversation, name, value) {
            return None;
        }
        match (target.property, target.thing) {
            (Some(property), Some(thing)) => Some(format!("the {property} of that {thing}")),
            _ if self.has_seen(value) => Some(self.literally(slot, value)),
            (Some(property), None) => {
                let thing = noun::of_lookup(reference.source)?;
                Some(format!("the {property} of that {thing}"))
            }
            (None, _) => None,
        }
    }

    /// Whether a message before has the value.
    fn has_seen(&self, value: &Value) -> bool {
        let said = |text: &str| Text::new(text).find(value).is_some();
        self.conversation.turns.iter().any(|turn| said(&turn.request.text) || said(&turn.reply))
    }

    /// "the same city", for a value that an earlier message has.
    fn again(&mut self, slot: &Slot<'_>) -> String {
        use Topic as T;
        let forms: &[&str] = match slot.topic {
            T::City => &["the same city", "that same city", "that city"],
            T::Location | T::Address | T::Landmark => &["the same place", "that same spot"],
            T::Date => &["the same day", "that same day", "the same date"],
            T::Repository => &["the same repo", "that repo", "the same repository"],
            T::Email | T::Phone | T::FullName => &["the same person", "that same person"],
            T::Username => &["the same user", "that user"],
            T::Token => &["the same token", "my token from before", "the token I gave you"],
            T::Password => &["the same password", "that password"],
            T::Url => &["the same link", "that same URL", "the same page"],
            T::Ticker => &["the same stock", "that same ticker"],
            T::Company => &["the same company", "that company"],
            T::Country | T::CountryCode => &["the same country", "that same country"],
            _ => &[],
        };
        if !forms.is_empty() {
            return self.pick(forms).to_owned();
        }
        let noun = noun::of(&slot.field.name, &slot.field.shape);
        let noun = if noun::is_bare(&slot.field.name) { "one".to_owned() } else { noun };
        let forms =
            [format!("the same {noun}"), format!("that {noun}"), format!("that same {noun}")];
        self.pick(&forms)
    }
}
