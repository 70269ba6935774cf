//! The contract between the coordinator and its workers.
//!
//! ```text
//! library ─► graph ─► walk ─► shard ─►[queue]─► path ─► sample ─►[parts]─► dataset
//!                                      state: leases · claims · outputs · memo
//! ```
//!
//! What both roles must agree on lives here: the data that travels, its wire
//! format, and the ports to the services they share, each with its backends
//! side by side. What only one role needs does not.

pub mod ids;
pub mod rng;

pub mod config;
pub mod process;

pub mod operation;
pub mod library;
pub mod pack;
pub mod slots;
pub mod servers;
pub mod shape;
pub mod graph;
pub mod walk;
pub mod path;
pub mod brief;
pub mod outcome;
pub mod remains;
pub mod sample;
pub mod difficulty;
pub mod late;
pub mod sketch;
pub mod shard;
pub mod usage;
pub mod quotas;
pub mod part;
pub mod bundle;
pub mod wire;

mod tls;
pub mod parts;
pub mod queue;
pub mod state;

#[cfg(test)]
mod testing;

pub use ids::{CampaignDigest, Digest, FunctionId, SampleId, WalkIndex};
