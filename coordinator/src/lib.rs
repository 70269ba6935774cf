//! The coordinator: from a tool library to a dataset.
//!
//! ```text
//! library ─► graph ─► shard ─► dispatch ─►[queue]  …  [parts]─► ledger ─► finalize ─► report
//! ```
//!
//! [`embedded`] runs the whole fleet in one process; `cli` holds one file a
//! subcommand.

pub mod prepare;

pub mod library;
pub mod graph;
pub mod shard;
pub mod dispatch;
pub mod ledger;
pub mod finalize;
pub mod verify;

pub mod embedded;
pub mod outdir;
pub mod progress;
pub mod metrics;
