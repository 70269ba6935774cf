//! Generating an output from the response schema, field by field: what the
//! call says, what is known, what the lexicon draws.

use magnet_proto::rng::Rng;
use magnet_proto::shape::{Field, Shape, Type};
use rand::RngExt;
use serde_json::{Map, Value};

use super::echo::Echoes;
use super::facet::{Facet, Facets};
use super::facts::Facts;
use super::scene::Scene;
use super::world::{self, is_id, noun_of};
use super::{compute, generic, room, tidy};
use crate::lexicon::{Place, Setting, coerced};

/// The output of one call.
pub(super) fn output(scene: Scene<'_>, bulky: bool, rng: &mut Rng) -> Value {
    let echoes = Echoes::of(scene.function, scene.arguments);
    let mut generator = Generator { scene, echoes, facets: Facets::default(), bulky, rng };
    match scene.function.output() {
        Some(shape) if !generic::says_nothing(shape) => {
            let place = Place::output(scene.function, shape);
            let mut setting = generator.setting();
            let room = if bulky { room::BULKY } else { room::USUAL };
            generator.node(&place, &mut setting, Spot { room, ..Spot::default() })
        }
        _ => generic::output(scene, bulky, generator.rng),
    }
}

/// Elements of a list: usually, and of a bulky one.
const USUAL: std::ops::RangeInclusive<usize> = 2..=4;
const INNER: std::ops::RangeInclusive<usize> = 1..=2;
const BULKY: std::ops::RangeInclusive<usize> = 30..=60;
/// Tries for an element whose names differ from its neighbours'.
const TRIES: usize = 5;

/// Where in the output a node stands.
#[derive(Clone, Copy, Debug, Default)]
struct Spot {
    depth: usize,
    lists: usize,
    /// The position in the innermost list.
    index: usize,
    /// How many bytes it may come to, about.
    room: usize,
}

/// An identifier in an object, or among the arguments.
struct Named {
    noun: String,
    id: Value,
    /// It is the object's own.
    own: bool,
}

/// What is known about a thing an object names.
struct About<'s> {
    facts: &'s Facts,
    own: bool,
}

struct Generator<'a> {
    scene: Scene<'a>,
    echoes: Echoes<'a>,
    facets: Facets,
    /// The outermost list or text is still to be made long.
    bulky: bool,
    rng: &'a mut Rng,
}

impl<'a> Generator<'a> {
    /// A setting that knows the call's arguments.
    fn setting(&self) -> Setting<'a> {
        let mut setting = Setting::new(self.scene.persona);
        for (name, value) in self.scene.arguments {
            if let Value::String(text) = value {
                setting.learn(name, text);
            }
        }
        setting
    }

    fn node(&mut self, place: &Place<'_>, setting: &mut Setting<'_>, spot: Spot) -> Value {
        match &place.shape.ty {
            Type::Object { fields } if !fields.is_empty() => {
                self.object(place, fields, setting, spot)
            }
            Type::Object { .. } => Value::Object(Map::new()),
            Type::Array { items, min_items, max_items } => {
                self.list(place, items, *min_items, *max_items, setting, spot)
            }
            _ => self.scalar(place, setting, spot),
        }
    }

    fn object(
        &mut self,
        place: &Place<'_>,
        fields: &[Field],
        setting: &mut Setting<'_>,
        spot: Spot,
    ) -> Value {
        let spot = Spot { depth: spot.depth + 1, ..spot };
        let shared = room::shared(tidy::kept(fields, spot.depth), spot.room);
        let room_of = |field: &Field| {
            shared.iter().find(|(kept, _)| std::ptr::eq(*kept, field)).map_or(0, |(_, room)| *room)
        };
        let kept: Vec<&Field> = shared.iter().map(|(field, _)| *field).collect();
        let mut object: Map<String, Value> =
            kept.iter().map(|field| (field.name.clone(), Value::Null)).collect();
        let named = self.ids(place, &kept, &mut object, setting, spot);
        let about = self.about(&named);
        self.settle(&about, &object, setting);
        for field in kept {
            if !object[&field.name].is_null() {
                continue;
            }
            let member = place.member(field);
            let known = self.known(&about, field);
            let inner = Spot { room: room_of(field), ..spot };
            let value = known.unwrap_or_else(|| self.node(&member, setting, inner));
            if let Value::String(text) = &value
                && self.facets.of(&member).settles()
            {
                setting.learn(&field.name, text);
            }
            object.insert(field.name.clone(), value);
        }
        tidy::agree(&mut object, fields, self.scene.arguments);
        Value::Object(object)
    }

    /// Fills the fields that identify things first, so that the rest can agree
    /// with what is known about them. The first id is the object's own.
    fn ids(
        &mut self,
        place: &Place<'_>,
        kept: &[&Field],
        object: &mut Map<String, Value>,
        setting: &mut Setting<'_>,
        spot: Spot,
    ) -> Vec<Named> {
        let mut ids: Vec<Named> = Vec::new();
        let function = self.scene.function;
        let own = kept
            .iter()
            .find(|field| field.name == "id")
            .or_else(|| kept.iter().find(|f| is_id(&f.name)));
        let own_name = own.map(|field| field.name.clone());
        for field in kept.iter().filter(|field| is_id(&field.name) && field.shape.is_scalar()) {
            let noun = noun_of(&field.name, place.name, function);
            let is_own = own_name.as_ref() == Some(&field.name);
            let listed = match spot.lists > 0 && is_own {
                true => self.listed(&noun, field, spot.index),
                false => None,
            };
            let value = match listed {
                Some(id) => id,
                None if spot.lists > 0 && is_own => setting.value(&place.member(field), self.rng),
                None => self
                    .of_own(ids.iter().find(|named| named.own), field)
                    .unwrap_or_else(|| self.scalar(&place.member(field), setting, spot)),
            };
            object.insert(field.name.clone(), value.clone());
            ids.push(Named { noun, id: value, own: is_own });
        }
        // The things the call names lend their facts to its whole output.
        if spot.depth == 1 {
            for (name, id) in self.scene.arguments {
                if is_id(name) && !id.is_object() {
                    let noun = noun_of(name, "", function);
                    ids.push(Named { noun, id: id.clone(), own: false });
                }
            }
        }
        ids.sort_by_key(|named| !named.own);
        ids
    }

    /// The id of a thing that a list asked for in this way holds: one that a
    /// call made and of which nothing known differs from what was asked, then
    /// others that are known to be all of it.
    fn listed(&self, noun: &str, field: &Field, index: usize) -> Option<Value> {
        let world = self.scene.world;
        let arguments = self.scene.arguments;
        let known = |id: &Value, name: &str| Some(world.about(noun, id)?.get(name)?.value());
        let may_be = |id: &&Value| {
            arguments.iter().all(|(name, value)| known(id, name).is_none_or(|known| known == value))
        };
        let surely_is = |id: &&Value| {
            let mut asked = arguments.iter().filter(|(_, value)| value.is_string()).peekable();
            asked.peek().is_some() && asked.all(|(name, value)| known(id, name) == Some(value))
        };
        let made = world.created(noun).filter(may_be);
        let met = world.met(noun).filter(may_be).filter(surely_is);
        coerced(made.chain(met).nth(index)?, &field.shape)
    }

    /// The id that a thing is known to name, itself or through another.
    fn of_own(&self, own: Option<&Named>, field: &Field) -> Option<Value> {
        let Named { noun, id, .. } = own?;
        let world = self.scene.world;
        let facts = world.about(noun, id)?;
        let behind = || {
            let mut behind = world.behind(facts, self.scene.function);
            behind.find_map(|facts| world::known(facts, &field.name, false))
        };
        let known = world::known(facts, &field.name, true).or_else(behind);
        coerced(known?, &field.shape)
    }

    /// What is known about the things an object names, its own first, those
    /// that these name in turn last.
    fn about(&self, named: &[Named]) -> Vec<About<'a>> {
        let world = self.scene.world;
        let facts = |named: &Named| {
            let facts = world.about(&named.noun, &named.id)?;
            Some(About { facts, own: named.own })
        };
        let mut about: Vec<About<'a>> = named.iter().filter_map(facts).collect();
        for at in 0..about.len() {
            let behind = world.behind(about[at].facts, self.scene.function);
            let new: Vec<&Facts> = behind
                .filter(|facts| !about.iter().any(|known| std::ptr::eq(known.facts, *facts)))
                .collect();
            about.extend(new.into_iter().map(|facts| About { facts, own: false }));
        }
        about
    }

    /// A thing known to be in a city has its addresses there.
    fn settle(&self, about: &[About<'_>], object: &Map<String, Value>, setting: &mut Setting<'_>) {
        let own = about.iter().find(|about| about.own && !object.contains_key("city"));
        if let Some(city) = own.and_then(|own| own.facts.get("city")?.value().as_str()) {
            setting.learn("city", city);
        }
    }

    fn known(&self, about: &[About<'_>], field: &Field) -> Option<Value> {
        if about.is_empty() || !field.shape.is_scalar() && field.shape.ty != Type::Any {
            return None;
        }
        let mut about = about.iter();
        let found = about.find_map(|about| world::known(about.facts, &field.name, about.own));
        found.and_then(|value| coerced(value, &field.shape))
    }

    fn list(
        &mut self,
        place: &Place<'_>,
        items: &Shape,
        least: usize,
        most: Option<usize>,
        setting: &mut Setting<'_>,
        spot: Spot,
    ) -> Value {
        let bulky = std::mem::take(&mut self.bulky);
        let room = room::elements(items, spot.room, spot.lists == 0);
        let usual = match (bulky, spot.lists) {
            (true, _) => BULKY,
            (_, 0) => USUAL,
            _ => INNER,
        };
        let asked = self.echoes.limit().filter(|_| spot.lists == 0).unwrap_or(usize::MAX);
        let wanted = self
            .rng
            .random_range(usual)
            .min(asked)
            .min(room)
            .max(least)
            .min(most.unwrap_or(usize::MAX));
        let element = place.element(items);
        // Large elements differ anyhow.
        let tries = if room < 4 { 1 } else { TRIES };
        let mut elements: Vec<Value> = Vec::with_capacity(wanted);
        for index in 0..wanted {
            let room = spot.room / wanted;
            let spot = Spot { lists: spot.lists + 1, index, room, ..spot };
            let mut drawn = Value::Null;
            for _ in 0..tries {
                let mut own = if items.fields().is_empty() {
                    Setting::new(self.scene.persona)
                } else {
                    setting.element()
                };
                drawn = self.node(&element, &mut own, spot);
                if !elements.iter().any(|other| tidy::alike(other, &drawn, self.scene.arguments)) {
                    break;
                }
            }
            let repeats = items.is_scalar() && elements.contains(&drawn);
            if !repeats || elements.len() < least {
                elements.push(drawn);
            }
        }
        tidy::sort(&mut elements, items);
        Value::Array(elements)
    }

    fn scalar(&mut self, place: &Place<'_>, setting: &mut Setting<'_>, spot: Spot) -> Value {
        let facet = self.facets.of(place);
        if let Some(value) = self.echoes.find(place, &facet, spot.lists > 0, spot.depth) {
            return value;
        }
        if let Some(value) = tidy::outcome(place, &facet, self.scene.function, spot.depth == 1) {
            return value;
        }
        if spot.lists == 0 && spot.depth <= 1 {
            let result = compute::result(&facet.lower, self.scene.function, self.scene.arguments);
            if let Some(value) = result.and_then(|value| coerced(&value, place.shape)) {
                return value;
            }
        }
        if spot.lists > 0
            && ["rank", "position", "index", "place"].contains(&place.name)
            && let Some(value) = coerced(&Value::from(spot.index + 1), place.shape)
        {
            return value;
        }
        if self.bulky && spot.lists == 0 && tidy::is_long(place) {
            self.bulky = false;
            let text = setting.long_text(self.rng.random_range(25..45), self.rng);
            if let Some(value) = coerced(&Value::String(text), place.shape) {
                return value;
            }
        }
        let value = setting.value_about(facet.topic, place, self.rng);
        self.bounded(value, &facet, place)
    }

    /// Numbers lie inside the bounds that arguments like `max_price` set.
    fn bounded(&mut self, value: Value, facet: &Facet, place: &Place<'_>) -> Value {
        let Some(number) = value.as_f64() else {
            return value;
        };
        let (least, most) = self.echoes.bounds(&facet.key);
        let share = self.rng.random_range(0.05..0.6);
        let moved = match (least, most) {
            (Some(least), most) if number < least => {
                least + share * most.map_or(least.abs(), |m| m - least)
            }
            (least, Some(most)) if number > most => most - share * (most - least.unwrap_or(0.0)),
            _ => return value,
        };
        let rounded = if value.is_f64() { (moved * 100.0).round() / 100.0 } else { moved.floor() };
        coerced(&crate::lexicon::plain_number(rounded), place.shape).unwrap_or(value)
    }
}
