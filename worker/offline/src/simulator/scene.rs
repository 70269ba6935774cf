//! What an output is made for.

use magnet_proto::library::Function;
use magnet_proto::sample::Arguments;

use super::world::World;
use crate::lexicon::Persona;

/// What a call is generated from.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) function: &'a Function,
    pub(super) arguments: &'a Arguments,
    pub(super) persona: &'a Persona,
    pub(super) world: &'a World,
}
