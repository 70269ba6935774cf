//! Vetting: what may stay in a dataset, decided without a model.
//!
//! Every check reads the record alone, so that `magnet verify` repeats it from
//! a file: [`calls`] (schema on offer), [`provenance`] (where values came
//! from), [`prose`] (hints, failure words, grounding), [`challenges`] (what is
//! claimed is there) and [`record`] (the whole conversation).

pub mod calls;
pub mod challenges;
pub mod mentions;
pub mod prose;
pub mod provenance;
pub mod record;
mod spoken;
