//! The campaign: one TOML file that says what to make, from what, how, with
//! whom, on what, into what and for how much.
//!
//! These are plain, validated values: every key has a default, nothing is left
//! to wonder about. Reading, layering and checking files is in [`load`].

mod campaign;

pub use campaign::*;
