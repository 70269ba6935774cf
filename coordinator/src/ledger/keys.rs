//! The keys of the walks read so far: which were met before.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::table::Table;

/// Bytes of keys that are kept in memory: those of 100,000 walks.
const IN_MEMORY: usize = 2 << 20;

#[derive(Debug)]
pub(super) struct Keys(Table);

impl Keys {
    pub(super) fn new(folder: &Arc<Path>) -> Self {
        Self(Table::new(folder, IN_MEMORY))
    }

    /// Keeps a key; whether it is new. Keys are digests: their bits need no
    /// more mixing.
    pub(super) fn insert(&mut self, key: u64) -> io::Result<bool> {
        // One in 2^32 keys is taken for its neighbour.
        let (hash, number) = ((key >> 32) as u32, (key as u32).min(u32::MAX - 1));
        match self.0.search(hash, |found| Ok(found == number))? {
            Some(slot) => self.0.put(slot, hash, number).map(|()| true),
            None => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_once_in_memory_and_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        for in_memory in [usize::MAX, 1_000] {
            let mut keys = Keys(Table::new(&folder.path().into(), in_memory));
            let key = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            assert!((0..3_000).all(|n| keys.insert(key(n)).unwrap()));
            assert!((0..3_000).all(|n| !keys.insert(key(n)).unwrap()));
            assert!(keys.insert(key(3_000)).unwrap());
        }
    }
}
