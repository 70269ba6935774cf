//! A map that forgets what was not put lately: bounded memory for what may be
//! lost.

use std::collections::HashMap;
use std::hash::Hash;

/// Two generations of entries. When the young one is full it becomes the old
/// one and what was old is forgotten, so that between half and all of
/// `capacity` is kept.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    weight: usize,
    capacity: usize,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), weight: 0, capacity }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Keeps a value of that weight.
    pub(super) fn put(&mut self, key: K, value: V, weight: usize) {
        if self.weight + weight > self.capacity / 2 {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        self.weight += weight;
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    pub(super) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_least_the_latest_half_is_kept_and_never_more_than_all() {
        let mut recent = Recent::new(100);
        for key in 0..1_000 {
            recent.put(key, (), 1);
            let kept = (0..=key).filter(|key| recent.get(key).is_some()).count();
            assert!(kept <= 100);
            let latest = (key - key.min(49)..=key).all(|key| recent.get(&key).is_some());
            assert!(latest, "after {key}");
        }
    }
}
