//! The coordinator: from a tool library to a dataset.
//!
//! ```text
//! library + pack ─► graph ─► shard ─► dispatch ─►[queue]  …  [parts]─► ledger ─► finalize ─► report
//! ```
//!
//! [`embedded`] runs the whole fleet in one process; [`cli`] holds one file a
//! subcommand. What runs inside a worker is in the worker's crate; what both
//! agree on is in `magnet_proto`.

pub mod prepare;
pub mod plan;
pub mod trial;

pub mod library;
pub mod pack;
pub mod graph;
pub mod execute;
pub mod grade;
mod servers;
pub mod shard;
pub mod dispatch;
pub mod ledger;
pub mod finalize;
pub mod dataset;
pub mod contamination;
pub mod export;
pub mod report;
pub mod verify;

pub mod surroundings;
pub mod embedded;
pub mod metrics;
pub mod status;
pub mod outdir;
pub mod progress;

pub mod cli;
mod control;
mod fleet;
mod holder;
mod inspect;
mod policies;
mod probe;
mod spending;
mod stores;
mod terminal;
