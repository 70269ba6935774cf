//! Values that look real for their parameter, and the people who use them.
//!
//! ```text
//! Place (name, schema, function) ─► topic() ─► value() ─► a JSON value
//!                                      └─────► describe() ─► "the departure date"
//! ```
//!
//! Used by the offline teacher for what a user brings into a conversation and
//! by the schema simulator for what a tool returns. Pure: the same place,
//! persona and generator state give the same value. A value fits its schema
//! node as far as a [`Shape`](magnet_proto::shape::Shape) can say.
//! Not here: which values a conversation has already established (the
//! simulator's world), and how a value reads inside a sentence.

pub mod place;
pub mod setting;
pub mod tables;
pub mod topic;

mod about;
mod cues;
mod examples;
mod fit;
mod format;
mod freeform;
mod moment;
mod names;
mod noun;
mod nouns;
mod number;
mod pattern;
mod said;
mod terms;
mod text;
mod things;
mod value;
mod whole;

pub use about::topic;
pub(crate) use fit::{coerced, plain_number};
pub(crate) use magnet_worker::persona::{Persona, Register, calendar, ids, pick};
pub use noun::describe;
pub(crate) use nouns::singular;
pub use place::{Place, Side};
pub use setting::Setting;
pub use topic::Topic;
pub(crate) use whole::fitted;

use magnet_proto::library::Function;
use magnet_proto::rng::Rng;
use magnet_proto::sample::Arguments;
use magnet_proto::shape::{Field, Shape};
use magnet_worker::lexicon::Lexicon;
use rand::RngExt;
use serde_json::Value;

/// A value for one place, drawn on its own. Places that belong together (the
/// arguments of one call) are drawn through one [`Setting`], so that they agree.
pub fn value(place: &Place<'_>, persona: &Persona, rng: &mut Rng) -> Value {
    Setting::new(persona).value(place, rng)
}

/// The tables behind the method's port.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tables;

impl Lexicon for Tables {
    fn value(&self, function: &Function, field: &Field, persona: &Persona, rng: &mut Rng) -> Value {
        let place = Place::argument(function, field);
        let schema = function.parameters.get("properties").and_then(|all| all.get(&field.name));
        let chosen = schema.and_then(|schema| whole::chosen(schema, &place, persona, rng));
        chosen.unwrap_or_else(|| value(&place, persona, rng))
    }

    fn fitted(
        &self,
        function: &Function,
        arguments: &Arguments,
        persona: &Persona,
        rng: &mut Rng,
    ) -> Option<Arguments> {
        let shape = Shape::default();
        let place = Place { name: "", parent: "", shape: &shape, function, side: Side::Argument };
        let draft = Value::Object(arguments.clone());
        match fitted(&function.parameters, &draft, &place, persona, rng)? {
            Value::Object(fitted) => Some(fitted),
            _ => None,
        }
    }
}

/// True in `percent` of 100 draws.
pub(crate) fn chance(percent: u32, rng: &mut Rng) -> bool {
    rng.random_range(0..100) < percent
}
