//! Node operations: a walk becomes a signature path φ, or φ̂ with a Split.
