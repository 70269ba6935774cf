//! The offline teacher: answers every ask by rules. Deterministic, no model.
