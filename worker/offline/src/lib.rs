//! The stand-in for a model: what a campaign runs on without one.
//!
//! ```text
//! lexicon ─► values ─┐
//! simulator ─► outputs ─► teacher ─► requests, calls, replies
//! ```
//!
//! Everything here is rules: deterministic, plainly named in every dataset it
//! helps to make. It answers the method's asks and stands behind its ports; the
//! method knows nothing of it, the composition root puts it in.

pub mod lexicon;
pub mod simulator;
pub mod teacher;
