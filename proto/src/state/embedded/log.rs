//! Paid answers on disk: what keeps a killed run from buying them again.
//!
//! One file that is only appended to. Each record carries its checksum, so a
//! tail that a kill has torn is found and cut off. In memory is the index
//! alone, about fifty bytes an answer. Answers whose part is in place are
//! forgotten; when most of the file is such answers it is written anew.
//!
//! ```text
//! length u32 │ kind u8 │ key 32 bytes │ value │ checksum 8 bytes
//! ```
//!
//! A record is with the operating system when `put` returns: it survives the
//! process, and is not promised to survive the machine.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::super::Spending;
use crate::ids::Digest;

const ANSWER: u8 = 1;
const FORGET: u8 = 2;
/// A value is what was spent since the record before.
const SPENT: u8 = 3;
const KEY: usize = 32;
const CHECKSUM: usize = 8;
/// Longer records are damage: no answer is that long.
const MAX_VALUE: usize = 64 << 20;
/// Forgotten bytes that are not worth a rewrite.
const WASTE: u64 = 16 << 20;

#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// Where the next record goes.
    end: u64,
    /// Where each answer's value lies.
    kept: HashMap<Digest, (u64, u32)>,
    /// Bytes of the kept answers' records.
    live: u64,
    spent: Spending,
}

impl Log {
    /// Opens the log, or begins one.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
        let mut log = Self {
            path: path.to_owned(),
            file,
            end: 0,
            kept: HashMap::new(),
            live: 0,
            spent: Spending::default(),
        };
        log.replay()?;
        log.file.set_len(log.end)?;
        Ok(log)
    }

    /// What the campaign had spent.
    pub(super) fn spent(&self) -> Spending {
        self.spent
    }

    pub(super) fn get(&mut self, key: &Digest) -> io::Result<Option<Vec<u8>>> {
        let Some(&(at, length)) = self.kept.get(key) else {
            return Ok(None);
        };
        let mut value = vec![0; length as usize];
        self.file.seek(SeekFrom::Start(at))?;
        self.file.read_exact(&mut value)?;
        Ok(Some(value))
    }

    pub(super) fn put(&mut self, key: Digest, value: &[u8]) -> io::Result<()> {
        let at = self.append(ANSWER, key.as_bytes(), value)?;
        self.keep(key, at, value.len());
        Ok(())
    }

    pub(super) fn forget(&mut self, keys: &[Digest]) -> io::Result<()> {
        for key in keys {
            if self.drop_kept(key) {
                self.append(FORGET, key.as_bytes(), &[])?;
            }
        }
        let waste = self.end - self.live;
        if waste > WASTE && waste > self.live { self.rewrite() } else { Ok(()) }
    }

    pub(super) fn spend(&mut self, spent: Spending) -> io::Result<()> {
        self.spent += spent;
        self.append(SPENT, &[0; KEY], &spending(spent)).map(drop)
    }

    /// Appends a record whole or not at all; where its value lies.
    fn append(&mut self, kind: u8, key: &[u8; KEY], value: &[u8]) -> io::Result<u64> {
        let bytes = record(kind, key, value);
        self.file.seek(SeekFrom::Start(self.end))?;
        if let Err(error) = self.file.write_all(&bytes) {
            // A full disk may have taken half of it.
            self.file.set_len(self.end)?;
            return Err(error);
        }
        let at = self.end + (4 + 1 + KEY) as u64;
        self.end += bytes.len() as u64;
        Ok(at)
    }

    fn keep(&mut self, key: Digest, at: u64, length: usize) {
        self.drop_kept(&key);
        self.kept.insert(key, (at, length as u32));
        self.live += size(length);
    }

    fn drop_kept(&mut self, key: &Digest) -> bool {
        let dropped = self.kept.remove(key);
        if let Some((_, length)) = dropped {
            self.live -= size(length as usize);
        }
        dropped.is_some()
    }

    /// Reads what an earlier process has left, up to the first record that is
    /// not whole.
    fn replay(&mut self) -> io::Result<()> {
        let mut reader = BufReader::with_capacity(1 << 20, self.file.try_clone()?);
        while let Some((kind, key, value)) = next(&mut reader)? {
            let at = self.end + (4 + 1 + KEY) as u64;
            match kind {
                ANSWER => self.keep(Digest::from_bytes(key), at, value.len()),
                FORGET => {
                    self.drop_kept(&Digest::from_bytes(key));
                }
                SPENT => self.spent += spending_of(&value),
                _ => {}
            }
            self.end += size(value.len());
        }
        Ok(())
    }

    /// Writes what is kept into a new file that takes this one's place.
    fn rewrite(&mut self) -> io::Result<()> {
        let aside = self.path.with_extension("unfinished");
        let mut writer = BufWriter::new(File::create(&aside)?);
        writer.write_all(&record(SPENT, &[0; KEY], &spending(self.spent)))?;
        let keys: Vec<Digest> = self.kept.keys().copied().collect();
        for key in keys {
            if let Some(value) = self.get(&key)? {
                writer.write_all(&record(ANSWER, key.as_bytes(), &value))?;
            }
        }
        writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        fs::rename(&aside, &self.path)?;
        *self = Self::open(&self.path)?;
        Ok(())
    }
}

/// Bytes of a record with a value of that length.
fn size(length: usize) -> u64 {
    (4 + 1 + KEY + length + CHECKSUM) as u64
}

fn record(kind: u8, key: &[u8; KEY], value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size(value.len()) as usize);
    bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
    bytes.push(kind);
    bytes.extend_from_slice(key);
    bytes.extend_from_slice(value);
    let checksum = Digest::of(&bytes);
    bytes.extend_from_slice(&checksum.as_bytes()[..CHECKSUM]);
    bytes
}

type Record = (u8, [u8; KEY], Vec<u8>);

/// The next whole record; none at the end and at a torn one.
fn next(reader: &mut impl Read) -> io::Result<Option<Record>> {
    let mut head = [0; 4 + 1 + KEY];
    if !fill(reader, &mut head)? {
        return Ok(None);
    }
    let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    if length > MAX_VALUE {
        return Ok(None);
    }
    let mut rest = vec![0; length + CHECKSUM];
    if !fill(reader, &mut rest)? {
        return Ok(None);
    }
    let checksum = rest.split_off(length);
    let mut key = [0; KEY];
    key.copy_from_slice(&head[5..]);
    let whole = record(head[4], &key, &rest);
    Ok(whole.ends_with(&checksum).then_some((head[4], key, rest)))
}

/// Whether there was enough to fill the buffer.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn spending(spent: Spending) -> [u8; 40] {
    let Spending { requests, input_tokens, output_tokens, micro_usd, cached_input_tokens } = spent;
    let fields = [requests, input_tokens, output_tokens, micro_usd, cached_input_tokens];
    let mut bytes = [0; 40];
    for (place, field) in bytes.chunks_exact_mut(8).zip(fields) {
        place.copy_from_slice(&field.to_le_bytes());
    }
    bytes
}

/// A figure that an older program did not write is zero.
fn spending_of(bytes: &[u8]) -> Spending {
    let field = |at: usize| {
        let bytes = bytes.get(at * 8..at * 8 + 8).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u64::from_le_bytes)
    };
    Spending {
        requests: field(0),
        input_tokens: field(1),
        output_tokens: field(2),
        micro_usd: field(3),
        cached_input_tokens: field(4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    #[test]
    fn answers_and_spending_outlive_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.log");
        let spent = Spending {
            requests: 1,
            input_tokens: 20,
            output_tokens: 3,
            micro_usd: 4,
            cached_input_tokens: 15,
        };
        {
            let mut log = Log::open(&path).unwrap();
            log.put(key("a"), b"first").unwrap();
            log.put(key("b"), b"second").unwrap();
            log.put(key("a"), b"better").unwrap();
            log.forget(&[key("b"), key("never there")]).unwrap();
            log.spend(spent).unwrap();
            log.spend(spent).unwrap();
        }
        let mut log = Log::open(&path).unwrap();
        assert_eq!(log.get(&key("a")).unwrap().as_deref(), Some(&b"better"[..]));
        assert_eq!(log.get(&key("b")).unwrap(), None);
        assert_eq!((log.spent().requests, log.spent().micro_usd), (2, 8));
        assert_eq!(log.spent().cached_input_tokens, 30);
    }

    #[test]
    fn a_torn_or_damaged_tail_costs_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.log");
        let mut log = Log::open(&path).unwrap();
        log.put(key("a"), b"first").unwrap();
        let whole = log.end as usize;
        log.put(key("b"), b"second").unwrap();
        let bytes = fs::read(&path).unwrap();
        for cut in whole..bytes.len() {
            fs::write(&path, &bytes[..cut]).unwrap();
            let mut log = Log::open(&path).unwrap();
            assert_eq!(log.get(&key("a")).unwrap().as_deref(), Some(&b"first"[..]), "cut at {cut}");
            assert_eq!(log.get(&key("b")).unwrap(), None, "cut at {cut}");
            log.put(key("c"), b"third").unwrap();
            let mut again = Log::open(&path).unwrap();
            assert_eq!(again.get(&key("c")).unwrap().as_deref(), Some(&b"third"[..]));
        }
        let mut damaged = bytes;
        damaged[whole + 40] ^= 1;
        fs::write(&path, &damaged).unwrap();
        assert_eq!(Log::open(&path).unwrap().get(&key("b")).unwrap(), None);
    }

    #[test]
    fn a_file_of_forgotten_answers_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers.log");
        let mut log = Log::open(&path).unwrap();
        let value = vec![7; 1 << 20];
        let spent = Spending { requests: 9, ..Spending::default() };
        log.spend(spent).unwrap();
        log.put(key("kept"), b"kept").unwrap();
        for round in 0..40 {
            let name = key(&round.to_string());
            log.put(name, &value).unwrap();
            log.forget(&[name]).unwrap();
        }
        assert!(fs::metadata(&path).unwrap().len() < 20 << 20);
        assert_eq!(log.get(&key("kept")).unwrap().as_deref(), Some(&b"kept"[..]));
        assert_eq!(Log::open(&path).unwrap().spent(), spent);
    }
}
