//! The coordinator: from a tool library to a dataset.

pub mod shard;
pub mod ledger;
pub mod dispatch;
pub mod finalize;
pub mod outdir;
pub mod embedded;
pub mod progress;
pub mod metrics;
