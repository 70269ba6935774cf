//! The messages between coordinator and workers, as bytes.
//!
//! A message is `b"mgnt"`, one byte for its kind, the version of the wire
//! format as two bytes (little endian), and the value as MessagePack with
//! field names. Fields may be added within a version; a change that an old
//! reader would misread takes the next version.
//!
//! Reading is safe on any bytes: size and depth are bounded. A reader tells a
//! message that nobody can read from one that only a newer program can.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::shard::{Report, Shard};

/// The version this program writes; it reads every version up to it.
pub const VERSION: u16 = 1;

/// No message is larger. A shard takes about 150 bytes, and some for each walk
/// that it spares.
pub const MAX_SIZE_BYTES: usize = 16 * 1024;

const MAGIC: [u8; 4] = *b"mgnt";
const HEAD: usize = MAGIC.len() + 3;
/// No message nests deeper.
const MAX_DEPTH: usize = 16;

/// What travels as a message.
pub trait Message: Serialize + DeserializeOwned {
    /// Tells the kinds apart, should one arrive on another's queue.
    const KIND: u8;
    /// The kind's name in error messages.
    const NAME: &'static str;
}

impl Message for Shard {
    const KIND: u8 = b'S';
    const NAME: &'static str = "shard";
}

impl Message for Report {
    const KIND: u8 = b'R';
    const NAME: &'static str = "report";
}

/// Why bytes are not a message, split by what the reader does with them.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// Nobody will ever read it: to the dead letters.
    #[error("undecodable message: {0}")]
    Undecodable(String),
    /// Written by a newer program: park it for one that knows its version.
    #[error("message of wire version {version}, this program reads up to {VERSION}")]
    Newer { version: u16 },
}

/// The bytes of a message.
pub fn encode<M: Message>(message: &M) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(&MAGIC);
    bytes.push(M::KIND);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    rmp_serde::encode::write_named(&mut bytes, message)
        .expect("writing plain fields into memory cannot fail");
    bytes
}

/// Reads a message.
pub fn decode<M: Message>(bytes: &[u8]) -> Result<M, Error> {
    let undecodable = |problem: String| Error::Undecodable(problem);
    if bytes.len() > MAX_SIZE_BYTES {
        let problem = format!("{} bytes, at most {MAX_SIZE_BYTES} are read", bytes.len());
        return Err(undecodable(problem));
    }
    let Some((head, body)) = bytes.split_at_checked(HEAD) else {
        return Err(undecodable(format!("cut off after {} bytes", bytes.len())));
    };
    if head[..MAGIC.len()] != MAGIC {
        return Err(undecodable("it does not start as a message of ours".into()));
    }
    let version = u16::from_le_bytes([head[5], head[6]]);
    if version > VERSION {
        return Err(Error::Newer { version });
    }
    if head[4] != M::KIND {
        let kind = char::from(head[4]).escape_default();
        return Err(undecodable(format!("a message of kind '{kind}' is no {}", M::NAME)));
    }
    let mut reader = rmp_serde::Deserializer::from_read_ref(body);
    reader.set_max_depth(MAX_DEPTH);
    M::deserialize(&mut reader).map_err(|error| undecodable(format!("{}: {error}", M::NAME)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{CampaignDigest, Digest, WalkIndex};

    fn shard() -> Shard {
        let campaign = CampaignDigest(Digest::of(b"campaign"));
        Shard {
            campaign,
            first: WalkIndex(1_000_000),
            len: 256,
            attempt: 2,
            issue: 77,
            spared: Vec::new(),
        }
    }

    #[test]
    fn a_shard_survives_the_wire_in_less_than_a_kibibyte() {
        let bytes = encode(&shard());
        assert!(bytes.len() < 1024, "{} bytes", bytes.len());
        assert_eq!(decode::<Shard>(&bytes).unwrap(), shard());
    }

    #[test]
    fn a_message_of_a_newer_version_is_told_from_a_broken_one() {
        let mut bytes = encode(&shard());
        bytes[5] = 9;
        assert_eq!(decode::<Shard>(&bytes), Err(Error::Newer { version: 9 }));
        bytes[0] = b'x';
        assert!(matches!(decode::<Shard>(&bytes), Err(Error::Undecodable(_))));
    }

    #[test]
    fn a_field_added_within_a_version_is_passed_over() {
        #[derive(serde::Serialize)]
        struct Extended {
            campaign: CampaignDigest,
            first: u64,
            len: u32,
            attempt: u32,
            issue: u64,
            colour: &'static str,
        }
        let Shard { campaign, first, len, attempt, issue, .. } = shard();
        let extended = Extended { campaign, first: first.0, len, attempt, issue, colour: "red" };
        let mut bytes = encode(&shard())[..HEAD].to_vec();
        rmp_serde::encode::write_named(&mut bytes, &extended).unwrap();
        assert_eq!(decode::<Shard>(&bytes).unwrap(), shard());
    }

    #[test]
    fn a_report_on_the_shards_queue_is_refused() {
        let campaign = shard().campaign;
        let report = Report { campaign, part: "p".into(), accepted: 1, rejected: 2 };
        let error = decode::<Shard>(&encode(&report)).unwrap_err();
        assert_eq!(error.to_string(), "undecodable message: a message of kind 'R' is no shard");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
            prop_assert!(decode::<Shard>(&bytes).is_err());
        }

        #[test]
        fn a_cut_or_flipped_message_never_panics(cut in 0usize..200, at in 0usize..200, bit in 0u8..8) {
            let mut bytes = encode(&shard());
            let last = bytes.len() - 1;
            bytes[at.min(last)] ^= 1 << bit;
            bytes.truncate(cut.max(1));
            decode::<Shard>(&bytes).ok();
        }

        #[test]
        fn deep_nesting_is_refused_without_using_up_the_stack(depth in 20usize..16_000) {
            let mut bytes = encode(&shard())[..HEAD].to_vec();
            bytes.extend(std::iter::repeat_n(0x91, depth));
            prop_assert!(decode::<Shard>(&bytes).is_err());
        }
    }
}
