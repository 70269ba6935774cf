//! The graph to look at: what `magnet graph` prints.
//!
//! Pure: a library and its graph in, a text out. Names and descriptions come
//! from anywhere and are escaped for the place they are written to.

mod dot;
mod html;
mod json;
mod statistics;
mod summary;

pub use dot::dot;
pub use html::html;
pub use json::json;
pub use statistics::Statistics;
pub use summary::summary;

use magnet_proto::graph::{EdgeKind, EdgeSource};

/// The kind's name in every view.
fn kind_name(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Precondition => "precondition",
        EdgeKind::FullInput => "full_input",
        EdgeKind::PartialInput => "partial_input",
    }
}

fn source_name(source: EdgeSource) -> &'static str {
    match source {
        EdgeSource::Schema => "schema",
        EdgeSource::Embedding => "embedding",
        EdgeSource::Judge => "judge",
    }
}

#[cfg(test)]
mod tests;
