//! Worlds that remember: a pack's Starlark modules, executed in the process.
//!
//! ```text
//! pack ─► Modules (parsed, metered, frozen: once)
//!            └─► World (one conversation's state) ─► start · known · call
//!                  └─ lives on a host thread ◄─ Worlds, the executor
//! ```
//!
//! Hermetic: a module sees no clock, file, network or randomness but what is
//! derived from seed and walk, and what it may do in a call is bounded in
//! steps, memory and depth. A crate of its own, so that who builds or tests
//! the method does not wait for an interpreter and the hundred crates that it
//! stands on; the method knows of it only as an executor.
//!
//! Not here: whether outputs fit their schemas. The pack's check runs the
//! modules for that, and conversations are spared it.

mod error;
mod executor;
mod host;
mod json;
mod meter;
mod modules;
#[allow(unsafe_code, reason = "the interpreter's derives implement unsafe traits of its own")]
mod natives;
mod state;

#[cfg(test)]
mod tests;

pub use error::Problem;
pub use executor::Worlds;
pub use modules::{Modules, identifier};
pub use state::{Outcome, World};
