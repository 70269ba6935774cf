//! What says whether an output fits its function's schema, compiled once each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::Validator;
use magnet_proto::library::Function;
use magnet_worker::vet::calls;

/// The judges of one library's outputs, by the function's name.
#[derive(Clone, Debug, Default)]
pub(super) struct Judges {
    known: Arc<Mutex<HashMap<String, Option<Arc<Validator>>>>>,
}

impl Judges {
    /// None where the function has no schema for its output.
    pub(super) fn of(&self, function: &Function) -> Option<Arc<Validator>> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&function.name) {
            return known.clone();
        }
        let schema = function.response.as_ref();
        let judge = schema.and_then(|schema| calls::judge(schema).ok()).map(Arc::new);
        known().insert(function.name.clone(), judge.clone());
        judge
    }
}
