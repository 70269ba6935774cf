//! What distillation works with: a translated conversation, who plays, and who
//! executes.

use magnet_proto::brief::Brief;
use magnet_proto::config::Asked;
use magnet_proto::pack::Pack;

use super::offer::Offer;
use crate::conversation::Scene;
use crate::execute::Executor;
use crate::lexicon::Lexicon;
use crate::teacher::{Judge, Teacher};
use crate::translate::Translated;
use crate::vet::calls::Validators;

/// What distillation works with.
pub struct Distiller<'a> {
    pub scene: Scene<'a>,
    pub teacher: &'a dyn Teacher,
    pub executor: &'a dyn Executor,
    pub lexicon: &'a dyn Lexicon,
    pub validators: &'a Validators,
    pub brief: &'a Brief,
    pub pack: &'a Pack,
    pub translated: &'a Translated,
    pub offer: &'a Offer,
    pub system_prompt: String,
    pub asked: Asked,
    pub max_steps: u32,
    pub tries: std::num::NonZeroU32,
    pub negatives: Negatives<'a>,
}

/// Who makes the negatives.
#[derive(Clone, Copy)]
pub enum Negatives<'a> {
    /// The positive is corrupted; no model is needed.
    Mechanical,
    /// The teacher plays on a misleading hint.
    Teacher,
    /// A student's own errors, mined from its roll-outs.
    Student(Mined<'a>),
}

/// What mining works with.
#[derive(Clone, Copy)]
pub struct Mined<'a> {
    pub student: &'a dyn Teacher,
    /// Without one, what the record alone shows decides.
    pub judge: Option<&'a dyn Judge>,
    /// Roll-outs of a sample at most; fewer if there are pairs enough before.
    pub rollouts: u32,
}
