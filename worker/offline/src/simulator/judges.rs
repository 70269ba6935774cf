//! What says whether an output fits its function's schema, compiled once where
//! there is room for it.
//!
//! A compiled schema takes more memory than the schema: an API's description
//! has thousands of functions, and most come up once in a while. So those used
//! lately are kept, in two generations: when the younger is full the older one
//! is let go.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jsonschema::Validator;
use magnet_proto::library::Function;
use magnet_worker::vet::calls;
use serde_json::Value;

/// Objects in the schemas of one generation; each takes about a kilobyte.
const ROOM: usize = 20_000;

/// None where the function has no schema for its output.
type Judge = Option<Arc<Validator>>;

/// The judges of one library's outputs, by the function's name.
#[derive(Clone, Debug, Default)]
pub(super) struct Judges {
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// Each with its size.
    younger: HashMap<String, (Judge, usize)>,
    older: HashMap<String, (Judge, usize)>,
    size: usize,
}

impl Judges {
    pub(super) fn of(&self, function: &Function) -> Judge {
        if let Some(known) = self.lock().find(&function.name) {
            return known;
        }
        let schema = function.response.as_ref();
        let judge = schema.and_then(|schema| calls::judge(schema).ok()).map(Arc::new);
        let size = schema.map_or(1, objects);
        self.lock().keep(function.name.clone(), judge.clone(), size);
        judge
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn find(&mut self, name: &str) -> Option<Judge> {
        if let Some((judge, _)) = self.younger.get(name) {
            return Some(judge.clone());
        }
        let (name, (judge, size)) = self.older.remove_entry(name)?;
        self.keep(name, judge.clone(), size);
        Some(judge)
    }

    fn keep(&mut self, name: String, judge: Judge, size: usize) {
        if self.size + size > ROOM {
            self.older = mem::take(&mut self.younger);
            self.size = 0;
        }
        self.size += size;
        self.younger.insert(name, (judge, size));
    }
}

fn objects(schema: &Value) -> usize {
    match schema {
        Value::Object(object) => 1 + object.values().map(objects).sum::<usize>(),
        Value::Array(list) => list.iter().map(objects).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_is_let_go() {
        let mut known = Known::default();
        for at in 0..30 {
            known.keep(at.to_string(), None, ROOM / 10);
            assert!(known.find("0").is_some(), "{at}");
        }
        let kept = |name: &str| known.younger.contains_key(name) || known.older.contains_key(name);
        assert!(kept("0") && kept("29") && !kept("1"));
        assert!(known.younger.len() + known.older.len() <= 22);
    }
}
