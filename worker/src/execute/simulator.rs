//! The schema simulator: deterministic outputs that follow the response schema
//! and stay consistent with what the conversation has established.
