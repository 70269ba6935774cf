//! A hash table over a shelf: open addressing, eight bytes a record.
//!
//! A record is a hash and a number. It lies at its hash's home or in the first
//! free slot after it, without a turn at the end: so records lie nearly in the
//! order of their hashes, and the table grows in one pass from the old place
//! to the new, whichever of the two is a file.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::shelf::Shelf;

/// A table grows when more than this part of its homes is taken: 4/5.
const FULL: (usize, usize) = (4, 5);
const HOMES_AT_FIRST: usize = 64;
/// Slots that are looked at together.
const WINDOW: usize = 16;
/// Slots that are read or written together where a table grows.
const BLOCK: usize = 4096;
const FREE: u64 = 0;

#[derive(Debug)]
pub(super) struct Table {
    slots: Shelf<8>,
    homes: usize,
    taken: usize,
}

/// A free slot, until something else is put into the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot(usize);

impl Table {
    /// Keeps up to `in_memory` bytes in memory, more in a file in `folder`.
    pub(super) fn new(folder: &Arc<Path>, in_memory: usize) -> Self {
        Self { slots: Shelf::new(folder, in_memory), homes: 0, taken: 0 }
    }

    /// Shows `is_found` the numbers that lie under a hash, in the order they
    /// were put, until one is found. Where none is: the slot for another.
    pub(super) fn search(
        &self,
        hash: u32,
        mut is_found: impl FnMut(u32) -> io::Result<bool>,
    ) -> io::Result<Option<Slot>> {
        let mut slot = home(hash, self.homes);
        let mut window = [[0; 8]; WINDOW];
        loop {
            let read = self.slots.read(slot, &mut window)?;
            for record in read {
                let record = u64::from_le_bytes(*record);
                if record == FREE {
                    return Ok(Some(Slot(slot)));
                }
                if hash_of(record) == hash && is_found(number_of(record))? {
                    return Ok(None);
                }
                slot += 1;
            }
            if read.len() < WINDOW {
                return Ok(Some(Slot(slot)));
            }
        }
    }

    /// Puts a number under the hash whose search led to the slot. The greatest
    /// number there is cannot be put.
    pub(super) fn put(&mut self, Slot(slot): Slot, hash: u32, number: u32) -> io::Result<()> {
        if self.homes == 0 {
            self.slots.extend(&[FREE.to_le_bytes(); HOMES_AT_FIRST])?;
            self.homes = HOMES_AT_FIRST;
            return self.put(Slot(home(hash, self.homes)), hash, number);
        }
        let record = record(hash, number).to_le_bytes();
        match slot < self.slots.len() {
            true => self.slots.set(slot, record)?,
            false => self.slots.push(record)?,
        }
        self.taken += 1;
        if self.taken * FULL.1 > self.homes * FULL.0 { self.grow() } else { Ok(()) }
    }

    /// Doubles the homes. Between two free slots the records keep to
    /// themselves: sorted run by run, all are sorted.
    fn grow(&mut self) -> io::Result<()> {
        let mut grown = Grown { slots: self.slots.of_its_kind(), block: Vec::new() };
        let homes = self.homes * 2;
        let mut run = Vec::new();
        let mut block = vec![[0; 8]; BLOCK];
        for from in (0..self.slots.len()).step_by(BLOCK) {
            for record in self.slots.read(from, &mut block)? {
                match u64::from_le_bytes(*record) {
                    FREE => grown.lay(&mut run, homes)?,
                    record => run.push(record),
                }
            }
        }
        grown.lay(&mut run, homes)?;
        self.slots = grown.filled_up_to(homes)?;
        self.homes = homes;
        Ok(())
    }
}

/// The larger table, laid from its first slot to its last.
struct Grown {
    slots: Shelf<8>,
    /// What follows the slots.
    block: Vec<[u8; 8]>,
}

impl Grown {
    /// Lays a run of records, each at its home or the first slot after it.
    fn lay(&mut self, run: &mut Vec<u64>, homes: usize) -> io::Result<()> {
        // Those of one hash stay in their order.
        run.sort_by_key(|&record| hash_of(record));
        for record in run.drain(..) {
            self.free_up_to(home(hash_of(record), homes))?;
            self.push(record)?;
        }
        Ok(())
    }

    fn filled_up_to(mut self, homes: usize) -> io::Result<Shelf<8>> {
        self.free_up_to(homes)?;
        self.slots.extend(&self.block)?;
        Ok(self.slots)
    }

    fn free_up_to(&mut self, slot: usize) -> io::Result<()> {
        while self.slots.len() + self.block.len() < slot {
            self.push(FREE)?;
        }
        Ok(())
    }

    fn push(&mut self, record: u64) -> io::Result<()> {
        self.block.push(record.to_le_bytes());
        if self.block.len() == BLOCK {
            self.slots.extend(&self.block)?;
            self.block.clear();
        }
        Ok(())
    }
}

/// Greater hashes have no lower homes.
fn home(hash: u32, homes: usize) -> usize {
    ((u64::from(hash) * homes as u64) >> 32) as usize
}

/// Never `FREE`: the number is kept one greater.
fn record(hash: u32, number: u32) -> u64 {
    u64::from(hash) << 32 | (u64::from(number) + 1)
}

fn hash_of(record: u64) -> u32 {
    (record >> 32) as u32
}

fn number_of(record: u64) -> u32 {
    record as u32 - 1
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn numbers(table: &Table, hash: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let see = |number| {
            found.push(number);
            Ok(false)
        };
        table.search(hash, see).unwrap().unwrap();
        found
    }

    fn put(table: &mut Table, hash: u32, number: u32) {
        let slot = table.search(hash, |_| Ok(false)).unwrap().unwrap();
        table.put(slot, hash, number).unwrap();
    }

    #[test]
    fn what_was_put_is_found_in_its_order_in_memory_and_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        for in_memory in [usize::MAX, 20_000, 0] {
            let mut table = Table::new(&folder.path().into(), in_memory);
            let mut put_there: HashMap<u32, Vec<u32>> = HashMap::new();
            assert!(numbers(&table, 7).is_empty());
            for number in 0..6_000_u32 {
                // Spread, alike, at both ends.
                let hash = match number % 8 {
                    0 => number % 64,
                    1 => u32::MAX - number % 64,
                    2 => 0x8000_0000 + number % 1_000,
                    _ => number.wrapping_mul(0x9e37_79b9),
                };
                put(&mut table, hash, number);
                put_there.entry(hash).or_default().push(number);
            }
            for (hash, numbers_there) in put_there {
                assert_eq!(numbers(&table, hash), numbers_there, "{hash:x}, {in_memory}");
            }
        }
    }

    #[test]
    fn a_search_ends_with_what_it_finds() {
        let folder = tempfile::tempdir().unwrap();
        let mut table = Table::new(&folder.path().into(), usize::MAX);
        for number in 0..5 {
            put(&mut table, 1, number);
        }
        let mut seen = Vec::new();
        let found = table.search(1, |number| {
            seen.push(number);
            Ok(number == 2)
        });
        assert!(found.unwrap().is_none());
        assert_eq!(seen, [0, 1, 2]);
    }
}
