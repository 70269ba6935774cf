//! An array of small records that moves to a file when it grows large, so
//! that a process does not grow with its campaign.
//!
//! The file has no name: it goes with the process, however that ends. Its
//! pages are the system's to keep in memory or not.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// Records of `SIZE` bytes.
#[derive(Debug)]
pub(super) struct Shelf<const SIZE: usize> {
    folder: Arc<Path>,
    /// More bytes than this are kept in a file.
    in_memory: usize,
    place: Place<SIZE>,
    len: usize,
}

#[derive(Debug)]
enum Place<const SIZE: usize> {
    Memory(Vec<[u8; SIZE]>),
    File(File),
}

impl<const SIZE: usize> Shelf<SIZE> {
    pub(super) fn new(folder: &Arc<Path>, in_memory: usize) -> Self {
        let place = Place::Memory(Vec::new());
        Self { folder: Arc::clone(folder), in_memory, place, len: 0 }
    }

    /// Another, without records.
    pub(super) fn of_its_kind(&self) -> Self {
        Self::new(&self.folder, self.in_memory)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The records from `at` on, as many as there are and the window holds.
    pub(super) fn read<'w>(
        &self,
        at: usize,
        window: &'w mut [[u8; SIZE]],
    ) -> io::Result<&'w [[u8; SIZE]]> {
        let count = window.len().min(self.len.saturating_sub(at));
        let window = &mut window[..count];
        match &self.place {
            Place::Memory(records) => window.copy_from_slice(&records[at..at + count]),
            Place::File(file) => {
                file.read_exact_at(window.as_flattened_mut(), offset::<SIZE>(at))?
            }
        }
        Ok(window)
    }

    pub(super) fn get(&self, at: usize) -> io::Result<[u8; SIZE]> {
        let mut one = [[0; SIZE]];
        self.read(at, &mut one)?;
        Ok(one[0])
    }

    pub(super) fn set(&mut self, at: usize, record: [u8; SIZE]) -> io::Result<()> {
        match &mut self.place {
            Place::Memory(records) => records[at] = record,
            Place::File(file) => file.write_all_at(&record, offset::<SIZE>(at))?,
        }
        Ok(())
    }

    pub(super) fn push(&mut self, record: [u8; SIZE]) -> io::Result<()> {
        self.extend(&[record])
    }

    pub(super) fn extend(&mut self, more: &[[u8; SIZE]]) -> io::Result<()> {
        if (self.len + more.len()) * SIZE > self.in_memory {
            self.move_out()?;
        }
        match &mut self.place {
            Place::Memory(records) => records.extend_from_slice(more),
            Place::File(file) => {
                file.write_all_at(more.as_flattened(), offset::<SIZE>(self.len))?
            }
        }
        self.len += more.len();
        Ok(())
    }

    fn move_out(&mut self) -> io::Result<()> {
        if let Place::Memory(records) = &self.place {
            let file = tempfile::tempfile_in(&self.folder)?;
            file.write_all_at(records.as_flattened(), 0)?;
            self.place = Place::File(file);
        }
        Ok(())
    }
}

fn offset<const SIZE: usize>(at: usize) -> u64 {
    (at * SIZE) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_the_same_in_memory_and_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path: Arc<Path> = folder.path().into();
        let mut shelves = [Shelf::<4>::new(&path, usize::MAX), Shelf::<4>::new(&path, 40)];
        for shelf in &mut shelves {
            for n in 0..100_u32 {
                shelf.push(n.to_le_bytes()).unwrap();
            }
            shelf.set(7, 700_u32.to_le_bytes()).unwrap();
            assert_eq!(shelf.get(7).unwrap(), 700_u32.to_le_bytes());
            let mut window = [[0; 4]; 16];
            let last = shelf.read(97, &mut window).unwrap();
            assert_eq!(last, [97_u32, 98, 99].map(u32::to_le_bytes));
            assert_eq!(shelf.len(), 100);
        }
        assert!(matches!(shelves[0].place, Place::Memory(_)));
        assert!(matches!(shelves[1].place, Place::File(_)));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has no name");
    }
}
