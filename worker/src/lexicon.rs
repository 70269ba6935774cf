//! The lexicon: a plausible value for an argument, where nothing better has one.
//!
//! A port. Values come from where they exist: the executor's state, the
//! brief, the pack; the lexicon is asked last.

use magnet_proto::library::Function;
use magnet_proto::rng::Rng;
use magnet_proto::sample::Arguments;
use magnet_proto::shape::Field;
use serde_json::Value;

use crate::persona::Persona;

/// Draws values. Pure: the same place, persona and generator state give the
/// same value, which fits its schema node as far as a
/// [`Shape`](magnet_proto::shape::Shape) can say.
pub trait Lexicon: Send + Sync {
    /// A value for one argument, drawn on its own.
    fn value(&self, function: &Function, field: &Field, persona: &Persona, rng: &mut Rng) -> Value;

    /// Arguments that fit the whole of a function's schema, where these do not:
    /// what depends on another argument, what a map holds, one of several sets.
    /// What fits is left as it is. None where nothing is found that fits.
    fn fitted(
        &self,
        function: &Function,
        arguments: &Arguments,
        persona: &Persona,
        rng: &mut Rng,
    ) -> Option<Arguments>;
}
