//! Packs: a library's wording, values and world, read from the files that
//! people write and mend.
//!
//! ```text
//! folder ─► files ─► load (one library's ids) ─► Pack ─► bundle
//!   ▲                  └─► check: slots, places, values; worlds and templates by running them
//!   └── make (a model writes, the check reads)
//! ```
//!
//! Hand-edited packs are the normal case: whatever is wrong is told with file,
//! line and function, all of it in one go, and with the way to mend it.

pub mod check;
mod files;
mod load;
pub mod make;
mod problem;
#[cfg(test)]
mod tests;

pub use files::Files;
pub use load::{Loaded, load};
pub use problem::{Problem, Problems};
