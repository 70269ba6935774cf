//! The keys of the walks read so far: which were met before.
//!
//! Open addressing over eight bytes a slot. Keys are digests: their bits need
//! no more mixing.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::shelf::{Shelf, WINDOW};

/// Bytes of slots that are kept in memory: the keys of 1.6 million walks.
const IN_MEMORY: usize = 32 << 20;
/// A table grows when more than this part of it is taken: 4/5.
const FULL: (usize, usize) = (4, 5);
const EMPTY: u64 = 0;

#[derive(Debug)]
pub(super) struct Keys {
    slots: Shelf<8>,
    taken: usize,
}

impl Keys {
    pub(super) fn new(folder: &Arc<Path>) -> Self {
        Self { slots: Shelf::new(folder, IN_MEMORY), taken: 0 }
    }

    /// Keeps a key; whether it is new.
    pub(super) fn insert(&mut self, key: u64) -> io::Result<bool> {
        // One in 2^64 keys is taken for its neighbour.
        let key = key.max(1);
        if (self.taken + 1) * FULL.1 > self.slots.len() * FULL.0 {
            self.grow()?;
        }
        let mut window = [[0; 8]; WINDOW];
        let mut slot = home(key, self.slots.len());
        loop {
            for found in self.slots.read(slot, &mut window)? {
                match u64::from_le_bytes(*found) {
                    EMPTY => {
                        self.slots.set(slot, key.to_le_bytes())?;
                        self.taken += 1;
                        return Ok(true);
                    }
                    found if found == key => return Ok(false),
                    _ => slot += 1,
                }
            }
            slot %= self.slots.len();
        }
    }

    fn grow(&mut self) -> io::Result<()> {
        let size = (self.slots.len() * 2).max(64);
        let mut grown = vec![EMPTY.to_le_bytes(); size];
        let mut window = [[0; 8]; WINDOW];
        for from in (0..self.slots.len()).step_by(WINDOW) {
            for &found in self.slots.read(from, &mut window)? {
                if u64::from_le_bytes(found) != EMPTY {
                    let mut slot = home(u64::from_le_bytes(found), size);
                    while grown[slot] != EMPTY.to_le_bytes() {
                        slot = (slot + 1) % size;
                    }
                    grown[slot] = found;
                }
            }
        }
        self.slots.replace(grown)
    }
}

fn home(key: u64, slots: usize) -> usize {
    ((u128::from(key) * slots as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_once_in_memory_and_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let folder: Arc<Path> = folder.path().into();
        for in_memory in [usize::MAX, 1_000] {
            let mut keys = Keys { slots: Shelf::new(&folder, in_memory), taken: 0 };
            let key = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            assert!((0..3_000).all(|n| keys.insert(key(n)).unwrap()));
            assert!((0..3_000).all(|n| !keys.insert(key(n)).unwrap()));
            assert!(keys.insert(key(3_000)).unwrap());
        }
    }
}
