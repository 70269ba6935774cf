//! From a schema node to a value: choices, examples, defaults, arrays,
//! objects; scalars by topic.

use magnet_proto::rng::Rng;
use magnet_proto::shape::{Field, Shape, Type};
use rand::RngExt;
use serde_json::{Map, Value};

use super::about::topic;
use super::place::{Place, Side};
use super::setting::Setting;
use super::topic::Topic;
use super::{chance, examples, fit, format};

/// Elements of an array that its schema leaves open.
const USUAL_ITEMS: std::ops::RangeInclusive<usize> = 1..=3;

impl Setting<'_> {
    /// A value for a place, in agreement with those drawn before.
    pub fn value(&mut self, place: &Place<'_>, rng: &mut Rng) -> Value {
        let shape = place.shape;
        if !shape.choices.is_empty() {
            return self.choice(place, rng);
        }
        match &shape.ty {
            Type::Null => Value::Null,
            Type::Array { items, min_items, max_items } => {
                self.array(place, items, *min_items, *max_items, rng)
            }
            Type::Object { fields } => self.object(place, fields, rng),
            _ => self.scalar(place, None, rng),
        }
    }

    /// The value for a place whose topic is known already.
    pub(crate) fn value_about(&mut self, topic: Topic, place: &Place<'_>, rng: &mut Rng) -> Value {
        let plain = place.shape.choices.is_empty() && place.shape.ty != Type::Null;
        if plain && (place.shape.is_scalar() || place.shape.ty == Type::Any) {
            return self.scalar(place, Some(topic), rng);
        }
        self.value(place, rng)
    }

    /// One of the allowed values, of the exemplary ones if the schema names
    /// some; two arguments with the same choice (from and to) take different
    /// ones.
    fn choice(&mut self, place: &Place<'_>, rng: &mut Rng) -> Value {
        if let Some(good) = successful(place) {
            return good.clone();
        }
        let choices = &place.shape.choices;
        let usual = |value: &&Value| {
            let examples = &place.shape.examples;
            examples.is_empty() || examples.contains(value)
        };
        let open = |value: &&Value| value.as_str() != Some("") && !self.chosen.contains(value);
        let open: Vec<&Value> = choices.iter().filter(open).filter(usual).collect();
        let drawn = match open.as_slice() {
            [] => choices[rng.random_range(0..choices.len())].clone(),
            open => open[rng.random_range(0..open.len())].clone(),
        };
        if place.side == Side::Argument && drawn.is_string() {
            self.chosen.push(drawn.clone());
        }
        drawn
    }

    fn array(
        &mut self,
        place: &Place<'_>,
        items: &Shape,
        least: usize,
        most: Option<usize>,
        rng: &mut Rng,
    ) -> Value {
        if let Some(value) = example(place, Value::is_array, rng) {
            return value;
        }
        let wanted = rng.random_range(USUAL_ITEMS).max(least).min(most.unwrap_or(usize::MAX));
        let element = place.element(items);
        let mut values: Vec<Value> = Vec::with_capacity(wanted);
        for _ in 0..wanted * 4 {
            if values.len() == wanted {
                break;
            }
            let value = Setting::new(self.persona).value(&element, rng);
            if !values.contains(&value) {
                values.push(value);
            }
        }
        while values.len() < least {
            values.push(Setting::new(self.persona).value(&element, rng));
        }
        Value::Array(values)
    }

    fn object(&mut self, place: &Place<'_>, fields: &[Field], rng: &mut Rng) -> Value {
        if let Some(value) = example(place, Value::is_object, rng) {
            return value;
        }
        if fields.is_empty() {
            return self.freeform(place, rng);
        }
        let mut object = Map::new();
        for field in fields {
            // An object of optional fields alone would often come out empty.
            let some = field.required || chance(60, rng) || fields.len() <= 3;
            if some {
                object.insert(field.name.clone(), self.value(&place.member(field), rng));
            }
        }
        Value::Object(object)
    }

    fn scalar(&mut self, place: &Place<'_>, about: Option<Topic>, rng: &mut Rng) -> Value {
        let fits = |value: &Value| fit::has_type(value, &place.shape.ty);
        if let Some(value) = example(place, fits, rng) {
            return value;
        }
        let topic = about.unwrap_or_else(|| topic(place));
        if let Some(value) = self.stated(place, topic, rng) {
            return value;
        }
        match place.shape.ty {
            Type::Boolean => Value::Bool(topic == Topic::Success || chance(50, rng)),
            Type::Integer { min, max } => self.integer(topic, place, min, max, rng),
            Type::Number { min, max } => self.number(topic, place, min, max, rng),
            Type::String { min_length, max_length } => {
                Value::String(self.string(topic, place, min_length, max_length, rng))
            }
            _ => self.untyped(topic, place, rng),
        }
    }

    /// A value the schema's own words suggest: an example in the description,
    /// or a default that looks like data. Topics with words of their own take
    /// it only now and then, for variety.
    fn stated(&self, place: &Place<'_>, topic: Topic, rng: &mut Rng) -> Option<Value> {
        let shape = place.shape;
        let share = if topic.is_vague() { 90 } else { 15 };
        if place.side == Side::Output || !chance(share, rng) {
            return None;
        }
        let described = examples::described(&shape.description);
        if !described.is_empty() {
            let text = described[rng.random_range(0..described.len())];
            if let Some(value) = fit::read_as(text, &shape.ty) {
                return fit::allowed(&value, shape).then_some(value);
            }
        }
        let default =
            shape.default.as_ref().filter(|value| examples::looks_real(value, place.name))?;
        let value = fit::coerce(default, &shape.ty)?;
        fit::allowed(&value, shape).then_some(value)
    }

    fn untyped(&mut self, topic: Topic, place: &Place<'_>, rng: &mut Rng) -> Value {
        if topic == Topic::Flag {
            return Value::Bool(chance(50, rng));
        }
        if topic.is_number() {
            return self.number(topic, place, None, None, rng);
        }
        Value::String(self.string(topic, place, 1, None, rng))
    }

    fn string(
        &mut self,
        topic: Topic,
        place: &Place<'_>,
        least: usize,
        most: Option<usize>,
        rng: &mut Rng,
    ) -> String {
        let strict = place.shape.format.as_deref().and_then(|name| format::strict(name, rng));
        let text = strict.unwrap_or_else(|| self.text(topic, place, rng));
        fit::string(text, place.shape.pattern.as_deref(), least, most, rng)
    }
}

impl Topic {
    /// Whether it says so little that the schema's own examples know better.
    fn is_vague(self) -> bool {
        matches!(
            self,
            Self::SomeText
                | Self::SomeNumber
                | Self::Identifier
                | Self::Kind
                | Self::Mode
                | Self::Term
                | Self::Code
                | Self::Slug
                | Self::Number
                | Self::Token
                | Self::Cursor
                | Self::Unit
                | Self::SortField
                | Self::Direction
                | Self::Status
                | Self::FileFormat
                | Self::Role
                | Self::Json
                | Self::Html
                | Self::Hash
                | Self::Isin
                | Self::Sku
                | Self::Period
                | Self::Interval
                | Self::Index
                | Self::Level
                | Self::Dimension
                | Self::Season
                | Self::Expression
                | Self::Locale
                | Self::Word
                | Self::Uuid
                | Self::Version
                | Self::TrackingNumber
                | Self::Isbn
                | Self::Barcode
                | Self::ImageUrl
        )
    }
}

/// The allowed value that tells of success, for a place that could tell of
/// failure.
fn successful<'a>(place: &Place<'a>) -> Option<&'a Value> {
    const GOOD: &[&str] = &[
        "success", "ok", "completed", "confirmed", "active", "open", "succeeded", "delivered",
        "available", "approved", "sent", "scheduled", "paid", "booked", "ready", "enabled",
    ];
    const BAD: &[&str] =
        &["error", "failed", "failure", "cancelled", "canceled", "rejected", "not_found"];
    let choices = &place.shape.choices;
    let is = |value: &Value, words: &[&str]| {
        let lower = value.as_str().map(str::to_ascii_lowercase);
        lower.is_some_and(|text| words.contains(&text.as_str()))
    };
    let could_fail = place.side == Side::Output && choices.iter().any(|value| is(value, BAD));
    choices.iter().find(|value| could_fail && is(value, GOOD))
}

/// One of the schema's `examples` that the predicate accepts.
fn example(place: &Place<'_>, fits: impl Fn(&Value) -> bool, rng: &mut Rng) -> Option<Value> {
    let usable = |value: &&Value| fits(value) && fit::allowed(value, place.shape);
    let usable: Vec<&Value> = place.shape.examples.iter().filter(usable).collect();
    match usable.as_slice() {
        [] => None,
        usable => Some(usable[rng.random_range(0..usable.len())].clone()),
    }
}
