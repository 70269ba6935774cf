//! The stages of the pipeline, and the loop that runs them.
//!
//! ```text
//! walk ─► node_ops ─► dry_walk ─► brief ─► translate ⇄ execute ─► distill ─► vet ─► sample
//!                                   └────────── teacher ──────────────┘
//! ```
//!
//! A stage is a folder with one public function, data in and data out: it sees
//! no queue, no clock, no environment. [`pipeline`] calls the stages in order.

pub mod coerce;
pub mod conversation;
pub mod drawn;
pub mod failure;
pub mod lexicon;
pub mod made;
pub mod output;
pub mod persona;
pub mod prompts;
pub mod select;
pub mod teacher;

pub mod node_ops;
pub mod dry_walk;
pub mod brief;
pub mod translate;
pub mod execute;
pub mod distill;
pub mod vet;

pub mod pipeline;
pub mod serve;
