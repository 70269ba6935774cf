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

pub mod calendar;
pub mod persona;
pub mod place;
pub mod setting;
pub mod tables;
pub mod topic;

mod cues;
mod examples;
mod fit;
mod freeform;
mod ids;
mod moment;
mod names;
mod noun;
mod nouns;
mod number;
mod pattern;
mod terms;
mod text;
mod things;
mod value;

pub(crate) use fit::{coerced, plain_number};
pub use noun::describe;
pub(crate) use nouns::singular;
pub use persona::{Persona, Register};
pub use place::{Place, Side};
pub use setting::Setting;
pub use topic::{Topic, topic};

use magnet_proto::rng::Rng;
use rand::RngExt;
use serde_json::Value;

/// A value for one place, drawn on its own. Places that belong together (the
/// arguments of one call) are drawn through one [`Setting`], so that they agree.
pub fn value(place: &Place<'_>, persona: &Persona, rng: &mut Rng) -> Value {
    Setting::new(persona).value(place, rng)
}

/// One of a table's entries.
pub(crate) fn pick<'a, T: ?Sized>(table: &[&'a T], rng: &mut Rng) -> &'a T {
    table[rng.random_range(0..table.len())]
}

/// True in `percent` of 100 draws.
pub(crate) fn chance(percent: u32, rng: &mut Rng) -> bool {
    rng.random_range(0..100) < percent
}
