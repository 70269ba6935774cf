//! What is known of one thing.

use std::collections::HashMap;

use serde_json::Value;

/// What is known about one thing, by field.
pub(super) type Facts = HashMap<String, Fact>;

/// What a field is known to be, and since which call.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) value: Value,
    pub(super) call: usize,
}

impl Fact {
    pub(super) fn value(&self) -> &Value {
        &self.value
    }
}
