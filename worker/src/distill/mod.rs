//! Distillation: the teacher plays the agent, and what it plays is kept
//! (paper §4).
//!
//! ```text
//! translated path ─► offer ─► positive (right hints) ─► negatives (one wrong hint)
//!                                   └► difficulty: a student's attempts, no hint
//! ```

pub mod difficulty;
pub mod distiller;
pub mod negative;
mod due;
pub mod offer;
pub mod positive;
mod replay;

#[cfg(test)]
mod fixtures;
