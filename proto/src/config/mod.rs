//! The campaign: one TOML file that says what to make, from what, how, with
//! whom, on what, into what and for how much.
//!
//! ```text
//! defaults (or the paper preset) < file < MAGNET__SECTION__KEY < flags
//!        raw settings ─► known keys, types ─► merged ─► rules ─► Effective
//! ```
//!
//! What comes out are plain, validated values: every key has a default,
//! nothing is left to wonder about. What is wrong is found in one go, each
//! problem with its key, where it was set, and the way out.

mod campaign;
mod data;
mod defaults;
pub mod duration;
mod effective;
mod file;
mod keys;
mod layer;
mod load;
mod problem;
mod rules;
mod secret;
#[cfg(test)]
mod tests;
mod value;

pub use campaign::*;
pub use data::data_settings;
pub use effective::{Effective, Setting};
pub use layer::{Overrides, environment};
pub use load::load;
pub use problem::{Problem, Problems};
pub use secret::looks_like_key;
