//! A part: what became of one shard's walks, as one immutable object.
//!
//! ```text
//! fixed head │ index: one entry a walk │ body: samples and remains, zstd of MessagePack
//! ```
//!
//! The index is read without the body: it holds all that decides *which*
//! walks enter the dataset (keys, sketches, verdicts), for every walk of the
//! shard, rejected ones too, of some of which the body has what remains. Head and index carry one checksum, the body
//! another: a part that is cut off or damaged is refused, and made again.
//! Not here: deciding (the coordinator's ledger) and storing ([`crate::parts`]).

mod key;

use std::marker::PhantomData;
use std::ops::Range;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::outcome::Rejection;
use crate::quotas::Traits;
use crate::remains::Remains;
use crate::sample::{Message, Sample};
use crate::shard::Shard;
use crate::sketch::Sketch;
use crate::usage::Usage;
use crate::{CampaignDigest, Digest, WalkIndex};

pub use key::{Key, Keys};

/// The version this program writes, and the only one it reads: parts do not
/// outlive their campaign.
pub const VERSION: u16 = 3;

/// How much of a part's beginning to read so that its index is nearly always
/// whole.
pub const PROBE_BYTES: u64 = 64 * 1024;

const MAGIC: [u8; 4] = *b"mgpt";
/// Magic, version, lengths of index, packed and raw body, two checksums.
const HEAD: usize = 4 + 2 + 4 + 8 + 8 + 16 + 16;
/// More than any shard's samples take: a bound for damaged lengths.
const MAX_BODY_BYTES: u64 = 4 << 30;
const MAX_INDEX_BYTES: usize = 256 << 20;
const ZSTD_LEVEL: i32 = 1;
/// Details of rejections are cut to this many characters.
const MAX_DETAIL: usize = 300;

/// The folder of a campaign's parts inside a part store.
pub fn folder(campaign: &CampaignDigest) -> String {
    format!("{campaign}/parts")
}

/// The full name of a part inside a part store.
pub fn object_name(campaign: &CampaignDigest, part: &str) -> String {
    format!("{campaign}/parts/{part}")
}

/// The walks a part covers, from its name.
pub fn range_of(name: &str) -> Option<Range<u64>> {
    let (first, len) = name.split_once('-')?;
    let (first, len): (u64, u32) = (first.parse().ok()?, len.parse().ok()?);
    let range = first..first.checked_add(u64::from(len))?;
    (!range.is_empty()).then_some(range)
}

/// What became of one walk, without its sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub walk: WalkIndex,
    pub keys: Keys,
    /// What the walk cost.
    pub usage: Usage,
    pub verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Verdict {
    Accepted {
        sketch: Sketch,
        /// How many preference pairs it has.
        pairs: u16,
        /// Its size in the raw body; all stands there in walk order.
        size_bytes: u32,
        /// What quotas go by. Programs that knew of none wrote nothing.
        #[serde(default)]
        traits: Option<Traits>,
    },
    Rejected {
        rejection: Rejection,
        /// The size of what remains of it in the raw body; 0 = nothing is kept.
        size_bytes: u32,
    },
    /// Not worked: a lower walk has the same path.
    Skipped,
    /// Not worked: the dataset had no room for it.
    Spared,
}

/// Why bytes are not a part.
#[derive(Debug, thiserror::Error)]
#[error("damaged part: {0}")]
pub struct Damaged(String);

impl Damaged {
    pub fn new(problem: impl Into<String>) -> Self {
        Self(problem.into())
    }
}

/// Collects what became of a shard's walks, in walk order.
#[derive(Debug)]
pub struct Writer {
    campaign: CampaignDigest,
    first: WalkIndex,
    entries: Vec<Entry>,
    body: Vec<u8>,
}

/// A sample ready for a part. Made as soon as the sample is: it is smaller.
#[derive(Debug)]
pub struct Packed {
    verdict: Verdict,
    bytes: Vec<u8>,
}

impl Packed {
    pub fn accepted(sample: &Sample) -> Self {
        let bytes = rmp_serde::to_vec_named(sample)
            .expect("writing a sample into memory cannot fail: its maps have text or number keys");
        let verdict = Verdict::Accepted {
            sketch: Sketch::of(spoken(&sample.messages)),
            pairs: sample.pairs.len() as u16,
            size_bytes: bytes.len() as u32,
            traits: Some(Traits::of(sample)),
        };
        Self { verdict, bytes }
    }

    pub fn rejected(mut rejection: Rejection, remains: Option<&Remains>) -> Self {
        if let Some((cut, _)) = rejection.detail.char_indices().nth(MAX_DETAIL) {
            rejection.detail.truncate(cut);
        }
        let bytes = remains.map_or_else(Vec::new, |remains| {
            rmp_serde::to_vec_named(remains)
                .expect("writing remains into memory cannot fail: their maps have text keys")
        });
        let size_bytes = bytes.len() as u32;
        Self { verdict: Verdict::Rejected { rejection, size_bytes }, bytes }
    }

    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    pub fn skipped() -> Self {
        Self { verdict: Verdict::Skipped, bytes: Vec::new() }
    }

    pub fn spared() -> Self {
        Self { verdict: Verdict::Spared, bytes: Vec::new() }
    }
}

/// What the user and the assistant say.
fn spoken(messages: &[Message]) -> impl Iterator<Item = &str> {
    messages.iter().filter_map(|message| match message {
        Message::User(text) => Some(text.as_str()),
        Message::Assistant { content, .. } => content.as_deref(),
        Message::System(_) | Message::Tool { .. } => None,
    })
}

/// The index of a part: everything but the samples.
#[derive(Debug, Serialize, Deserialize)]
pub struct Index {
    pub campaign: CampaignDigest,
    pub entries: Vec<Entry>,
}

impl Index {
    /// Whether it is this campaign's and has exactly these walks, in order.
    pub fn covers(&self, campaign: &CampaignDigest, walks: &Range<u64>) -> bool {
        let entries = self.entries.iter().map(|entry| entry.walk.0);
        self.campaign == *campaign && entries.eq(walks.clone())
    }
}

impl Writer {
    pub fn new(campaign: CampaignDigest, first: WalkIndex) -> Self {
        Self { campaign, first, entries: Vec::new(), body: Vec::new() }
    }

    /// Adds the next walk.
    pub fn push(&mut self, keys: Keys, usage: Usage, packed: Packed) {
        let walk = WalkIndex(self.first.0 + self.entries.len() as u64);
        self.body.extend_from_slice(&packed.bytes);
        self.entries.push(Entry { walk, keys, usage, verdict: packed.verdict });
    }

    /// How many walks were added.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The name and the bytes of the part. A part of fewer walks than its
    /// shard is a whole part of a shorter range.
    pub fn finish(self) -> (String, Bytes) {
        let len = self.entries.len() as u32;
        let shard = Shard {
            campaign: self.campaign,
            first: self.first,
            len,
            attempt: 0,
            issue: 0,
            spared: Vec::new(),
        };
        let index = Index { campaign: self.campaign, entries: self.entries };
        let index = rmp_serde::to_vec(&index)
            .expect("writing an index into memory cannot fail: it has no maps");
        let packed = zstd::bulk::compress(&self.body, ZSTD_LEVEL)
            .expect("compressing in memory into a buffer of the library's own bound cannot fail");
        let mut bytes = Vec::with_capacity(HEAD + index.len() + packed.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(index.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(packed.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&(self.body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&checksum(&packed));
        let sum = checksum_of_index(&bytes, &index);
        bytes.extend_from_slice(&sum);
        bytes.extend_from_slice(&index);
        bytes.extend_from_slice(&packed);
        (shard.part_name(), bytes.into())
    }
}

fn checksum(bytes: &[u8]) -> [u8; 16] {
    let digest = Digest::of(bytes);
    let (half, _) = digest.as_bytes().split_at(16);
    half.try_into().expect("half of 32 bytes is 16 bytes")
}

fn checksum_of_index(head: &[u8], index: &[u8]) -> [u8; 16] {
    let digest = Digest::of_fields([head, index]);
    let (half, _) = digest.as_bytes().split_at(16);
    half.try_into().expect("half of 32 bytes is 16 bytes")
}

/// The lengths and checksums at the start of a part.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    index: usize,
    packed: u64,
    raw: u64,
    body_sum: [u8; 16],
    index_sum: [u8; 16],
}

impl Head {
    /// Reads the head from a part's first bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut rest = bytes.get(..HEAD).ok_or_else(|| Damaged("shorter than its head".into()))?;
        if take::<4>(&mut rest) != MAGIC {
            return Err(Damaged("it does not start as a part".into()));
        }
        let version = u16::from_le_bytes(take(&mut rest));
        if version != VERSION {
            return Err(Damaged(format!("part version {version}, this program reads {VERSION}")));
        }
        let head = Self {
            index: u32::from_le_bytes(take(&mut rest)) as usize,
            packed: u64::from_le_bytes(take(&mut rest)),
            raw: u64::from_le_bytes(take(&mut rest)),
            body_sum: take(&mut rest),
            index_sum: take(&mut rest),
        };
        if head.index > MAX_INDEX_BYTES || head.packed.max(head.raw) > MAX_BODY_BYTES {
            return Err(Damaged("its head names lengths beyond any part's".into()));
        }
        Ok(head)
    }

    /// How many of the part's first bytes hold head and index.
    pub fn index_end(&self) -> u64 {
        (HEAD + self.index) as u64
    }

    /// The part's size.
    pub fn size_bytes(&self) -> u64 {
        self.index_end() + self.packed
    }

    /// The index, from a part's first bytes.
    pub fn read_index(&self, bytes: &[u8]) -> Result<Index, Damaged> {
        let index = bytes.get(HEAD..HEAD + self.index);
        let index = index.ok_or_else(|| Damaged("cut off inside its index".into()))?;
        let unsummed = &bytes[..HEAD - self.index_sum.len()];
        if checksum_of_index(unsummed, index) != self.index_sum {
            return Err(Damaged("the checksum of its index does not match".into()));
        }
        rmp_serde::from_slice(index).map_err(|error| Damaged(format!("unreadable index: {error}")))
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let (front, rest) = bytes.split_at(N);
    *bytes = rest;
    front.try_into().expect("the front has N bytes")
}

/// A whole part, its body unpacked.
#[derive(Debug)]
pub struct Part {
    pub index: Index,
    body: Vec<u8>,
}

impl Part {
    pub fn read(bytes: &[u8]) -> Result<Self, Damaged> {
        let head = Head::read(bytes)?;
        let index = head.read_index(bytes)?;
        let packed = &bytes[head.index_end() as usize..];
        if packed.len() as u64 != head.packed {
            return Err(Damaged(format!("{} body bytes, {} expected", packed.len(), head.packed)));
        }
        if checksum(packed) != head.body_sum {
            return Err(Damaged("the checksum of its body does not match".into()));
        }
        let body = zstd::bulk::decompress(packed, head.raw as usize)
            .map_err(|error| Damaged(format!("unreadable body: {error}")))?;
        Ok(Self { index, body })
    }

    /// The part's accepted samples with their entries, in walk order, each
    /// read when it is asked for.
    pub fn samples(&self) -> impl Iterator<Item = (&Entry, Lazy<'_, Sample>)> {
        self.bodies().filter_map(|(entry, bytes)| {
            let is_accepted = matches!(entry.verdict, Verdict::Accepted { .. });
            is_accepted.then(|| (entry, Lazy::of(bytes)))
        })
    }

    /// The same of what remains of rejected walks, where it was kept.
    pub fn remains(&self) -> impl Iterator<Item = (&Entry, &Rejection, Lazy<'_, Remains>)> {
        self.bodies().filter_map(|(entry, bytes)| match &entry.verdict {
            Verdict::Rejected { rejection, size_bytes: 1.. } => {
                Some((entry, rejection, Lazy::of(bytes)))
            }
            _ => None,
        })
    }

    /// Each walk with its bytes of the body.
    fn bodies(&self) -> impl Iterator<Item = (&Entry, &[u8])> {
        let mut at = 0;
        self.index.entries.iter().map(move |entry| {
            let size_bytes = match entry.verdict {
                Verdict::Accepted { size_bytes, .. } | Verdict::Rejected { size_bytes, .. } => {
                    size_bytes
                }
                Verdict::Skipped | Verdict::Spared => 0,
            };
            let end = at + size_bytes as usize;
            let bytes = self.body.get(at..end).unwrap_or_default();
            at = end;
            (entry, bytes)
        })
    }
}

/// A sample, or what remains of one, not yet read.
#[derive(Debug)]
pub struct Lazy<'a, T> {
    bytes: &'a [u8],
    of: PhantomData<T>,
}

impl<'a, T: DeserializeOwned> Lazy<'a, T> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, of: PhantomData }
    }

    pub fn read(self) -> Result<T, Damaged> {
        rmp_serde::from_slice(self.bytes)
            .map_err(|error| Damaged(format!("unreadable body: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::FunctionId;
    use crate::outcome::Reason;
    use crate::remains::Asked;
    use crate::testing::sample;

    fn part() -> (String, Bytes) {
        let campaign = CampaignDigest(Digest::of(b"campaign"));
        let mut writer = Writer::new(campaign, WalkIndex(7));
        let keys = Keys { path: None, opening: Some(Key::of_opening("Hi  there")) };
        writer.push(keys, Usage::default(), Packed::accepted(&sample(7)));
        let rejection = Rejection::new(Reason::NoValue, "parameter \"city\"");
        let packed = Packed::rejected(rejection, Some(&remains()));
        writer.push(Keys::default(), Usage::default(), packed);
        writer.push(Keys::default(), Usage::default(), Packed::accepted(&sample(9)));
        writer.finish()
    }

    fn remains() -> Remains {
        let asked = Asked::new("back", [("user", "Write the request.")], "{}");
        Remains { signature_path: vec![vec![FunctionId(3)]], brief: None, asked: Some(asked) }
    }

    #[test]
    fn a_part_survives_its_bytes() {
        let (name, bytes) = part();
        assert_eq!(name, "000000000007-000003");
        assert_eq!(range_of(&name), Some(7..10));
        let part = Part::read(&bytes).unwrap();
        let read: Vec<Sample> = part.samples().map(|(_, lazy)| lazy.read().unwrap()).collect();
        assert_eq!(read, [sample(7), sample(9)]);
        let (entry, rejection, lazy) = part.remains().next().unwrap();
        assert_eq!((entry.walk, rejection.reason), (WalkIndex(8), Reason::NoValue));
        assert_eq!(lazy.read().unwrap(), remains());
        assert_eq!(part.index.entries[1].walk, WalkIndex(8));
        assert_eq!(part.index.entries[0].keys.opening, Some(Key::of_opening("hi there")));
    }

    #[test]
    fn the_index_is_read_from_the_beginning_alone() {
        let (_, bytes) = part();
        let head = Head::read(&bytes).unwrap();
        assert_eq!(head.size_bytes(), bytes.len() as u64);
        let index = head.read_index(&bytes[..head.index_end() as usize]).unwrap();
        assert_eq!(index.entries.len(), 3);
    }

    #[test]
    fn names_that_are_no_parts_are_told_apart() {
        for name in ["", "7", "x-1", "1-x", "000000000001-000000", "18446744073709551615-9"] {
            assert_eq!(range_of(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_cut_part_is_refused(cut in 0usize..4_000) {
            let (_, bytes) = part();
            prop_assert!(Part::read(&bytes[..cut.min(bytes.len() - 1)]).is_err());
        }

        #[test]
        fn a_flipped_bit_is_found(at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let mut bytes = part().1.to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(Part::read(&bytes).is_err());
        }
    }
}
