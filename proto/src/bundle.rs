//! A bundle: what a worker must know about a campaign beside a shard.
//!
//! Library, graph and settings travel once, through the part store, under the
//! campaign's digest: `b"mgbd"`, a version, the checksum, and zstd of
//! MessagePack. A worker keeps the bundles it has opened.

use std::io::{BufReader, Read};
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::config::{Campaign, Fleet, WorkerRules};
use crate::graph::Graph;
use crate::library::Library;
use crate::pack::Pack;
use crate::parts::{self, Parts};
use crate::servers::Servers;
use crate::usage::Usage;
use crate::{CampaignDigest, Digest};

pub const VERSION: u16 = 1;

const MAGIC: [u8; 4] = *b"mgbd";
const HEAD: usize = 4 + 2 + 32;
/// What a bundle may unpack to: no more than this, and of a small one no more
/// than so many times its size. 100,000 functions with long descriptions stay
/// below; a few KiB that unpack to gigabytes do not.
const MAX_RAW_BYTES: usize = 1 << 30;
const MAX_RATIO: usize = 256;
const FREE_RAW_BYTES: usize = 64 << 20;
/// 2^23 bytes: level 3 looks back no further.
const MAX_WINDOW_LOG: u32 = 23;
const ZSTD_LEVEL: i32 = 3;

/// Everything the stages of a campaign read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bundle {
    pub digest: CampaignDigest,
    pub campaign: Campaign,
    pub library: Arc<Library>,
    pub graph: Arc<Graph>,
    #[serde(default)]
    pub pack: Arc<Pack>,
    #[serde(default)]
    pub servers: Arc<Servers>,
    /// The text of the campaign's `library.exclude_paths`: the file itself is
    /// on the coordinator's disk alone.
    #[serde(default)]
    pub excluded_paths: String,
    /// What judging the graph cost, whenever it was paid.
    #[serde(default)]
    pub judged: Usage,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("reading bundle \"{name}\"")]
    Parts {
        name: String,
        #[source]
        source: parts::Error,
    },
    #[error("damaged bundle \"{name}\": {problem}")]
    Damaged { name: String, problem: String },
    #[error(
        "library and graph take {size_bytes} bytes, more than a bundle may hold\nhint: make \
         several campaigns of it"
    )]
    TooLarge { size_bytes: usize },
    #[error("bundle \"{name}\" has version {version}, this program reads up to {VERSION}")]
    Newer { name: String, version: u16 },
}

impl Bundle {
    /// The bundle of a campaign. Where its services are stays at home: those
    /// URLs may hold passwords. So does what a worker allows: that is the
    /// worker's own to say.
    pub fn new(
        digest: CampaignDigest,
        campaign: &Campaign,
        library: Arc<Library>,
        graph: Arc<Graph>,
        excluded_paths: &str,
    ) -> Self {
        let (fleet, worker) = (Fleet::default(), WorkerRules::default());
        let campaign = Campaign { fleet, worker, ..campaign.clone() };
        let (excluded_paths, judged) = (excluded_paths.to_owned(), Usage::default());
        let (pack, servers) = (Arc::default(), Arc::default());
        Self { digest, campaign, library, graph, pack, servers, excluded_paths, judged }
    }

    /// The same with the pack of the library.
    pub fn with_pack(self, pack: Arc<Pack>) -> Self {
        Self { pack, ..self }
    }

    /// The same with the servers that the library's functions are tools of.
    pub fn with_servers(self, servers: Arc<Servers>) -> Self {
        Self { servers, ..self }
    }

    /// The name of a campaign's bundle in the part store.
    pub fn object_name(campaign: &CampaignDigest) -> String {
        format!("{campaign}/bundle")
    }

    /// Puts the bundle into the store, unless it is there already. One with
    /// other limits, prices or budgets makes room: workers that start from now
    /// on go by these.
    pub async fn publish(&self, parts: &Parts) -> Result<(), Error> {
        let name = Self::object_name(&self.digest);
        let bytes = match Self::open(parts, &self.digest).await {
            Ok(there)
                if there.campaign == self.campaign
                    && there.servers == self.servers
                    && there.excluded_paths == self.excluded_paths =>
            {
                return Ok(());
            }
            // Who raises a budget need not know what the graph has cost.
            Ok(there) if self.judged.is_empty() => {
                Self { judged: there.judged, ..self.clone() }.to_bytes()?
            }
            _ => self.to_bytes()?,
        };
        parts.put(&name, bytes).await.map_err(|source| Error::Parts { name, source })
    }

    /// Whether the store holds the campaign's bundle whole.
    pub async fn is_there(parts: &Parts, campaign: &CampaignDigest) -> Result<(), Error> {
        let name = Self::object_name(campaign);
        let bytes = parts.get(&name).await;
        let bytes = bytes.map_err(|source| Error::Parts { name: name.clone(), source })?;
        check(&bytes, &name).map(drop)
    }

    /// Opens a campaign's bundle.
    pub async fn open(parts: &Parts, campaign: &CampaignDigest) -> Result<Self, Error> {
        let name = Self::object_name(campaign);
        let bytes = parts.get(&name).await;
        let bytes = bytes.map_err(|source| Error::Parts { name: name.clone(), source })?;
        let bundle = Self::from_bytes(&bytes, &name)?;
        match bundle.digest == *campaign {
            true => Ok(bundle),
            false => Err(Error::Damaged { name, problem: "it is another campaign's".into() }),
        }
    }

    fn to_bytes(&self) -> Result<Bytes, Error> {
        let raw = rmp_serde::to_vec_named(self)
            .expect("writing settings, library and graph into memory cannot fail");
        let packed = zstd::bulk::compress(&raw, ZSTD_LEVEL)
            .expect("compressing in memory into a buffer of the library's own bound cannot fail");
        if raw.len() > raw_bytes_of(packed.len()) {
            return Err(Error::TooLarge { size_bytes: raw.len() });
        }
        let mut bytes = Vec::with_capacity(HEAD + packed.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(Digest::of(&packed).as_bytes());
        bytes.extend_from_slice(&packed);
        Ok(bytes.into())
    }

    fn from_bytes(bytes: &[u8], name: &str) -> Result<Self, Error> {
        let packed = check(bytes, name)?;
        let damaged = |problem: String| Error::Damaged { name: name.to_owned(), problem };
        // What it says of its size is not believed: it is read as it unpacks,
        // and no further than it may.
        let unpack = || {
            let mut unpacked = zstd::stream::read::Decoder::with_buffer(packed)?;
            unpacked.window_log_max(MAX_WINDOW_LOG)?;
            Ok::<_, std::io::Error>(unpacked)
        };
        let unpacked = unpack().map_err(|error| damaged(error.to_string()))?;
        let mut bounded = BufReader::new(unpacked.take(raw_bytes_of(packed.len()) as u64));
        let read = rmp_serde::from_read(&mut bounded);
        read.map_err(|error| match bounded.get_ref().limit() {
            0 => damaged("it unpacks to more than a bundle of its size may".into()),
            _ => damaged(error.to_string()),
        })
    }
}

/// What a bundle of so many packed bytes may unpack to.
fn raw_bytes_of(packed: usize) -> usize {
    packed.saturating_mul(MAX_RATIO).clamp(FREE_RAW_BYTES, MAX_RAW_BYTES)
}

/// The packed body of a bundle that is whole.
fn check<'a>(bytes: &'a [u8], name: &str) -> Result<&'a [u8], Error> {
    let damaged = |problem: &str| Error::Damaged { name: name.to_owned(), problem: problem.into() };
    let (head, packed) = bytes.split_at_checked(HEAD).ok_or_else(|| damaged("cut off"))?;
    if head[..4] != MAGIC {
        return Err(damaged("it does not start as a bundle"));
    }
    let version = u16::from_le_bytes([head[4], head[5]]);
    if version > VERSION {
        return Err(Error::Newer { name: name.to_owned(), version });
    }
    match head[6..] == Digest::of(packed).as_bytes()[..] {
        true => Ok(packed),
        false => Err(damaged("its checksum does not match")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::library::{Document, Function};
    use crate::state::Spending;

    fn bundle() -> Bundle {
        let function = Function::from(Document {
            name: "send_text".into(),
            description: "Sends a text.".into(),
            category: "messages".into(),
            class: "misc".into(),
            parameters: json!({"type": "object", "properties": {"to": {"type": "string"}}}),
            response: Some(json!({"type": "object"})),
        });
        let mut campaign = Campaign::default();
        campaign.fleet.queue = "amqp://user:password@host".into();
        let library = Arc::new(Library::from(vec![function]));
        Bundle::new(CampaignDigest(Digest::of(b"campaign")), &campaign, library, Arc::default(), "")
    }

    #[test]
    fn a_bundle_holds_no_password() {
        let text = format!("{:?}", bundle());
        assert!(!text.contains("password"), "{text}");
    }

    #[tokio::test]
    async fn a_worker_opens_what_the_coordinator_published() {
        let parts = Parts::open("memory:", ".".as_ref()).unwrap();
        let bundle = bundle();
        bundle.publish(&parts).await.unwrap();
        let opened = Bundle::open(&parts, &bundle.digest).await.unwrap();
        assert_eq!(opened.campaign, bundle.campaign);
        assert_eq!(opened.library.find("send_text"), Some(crate::FunctionId(0)));
    }

    #[tokio::test]
    async fn a_raised_budget_reaches_the_workers_that_start_after_it() {
        let parts = Parts::open("memory:", ".".as_ref()).unwrap();
        let mut bundle = bundle();
        bundle.judged.add("judge_edges", Spending { requests: 3, ..Spending::default() });
        bundle.publish(&parts).await.unwrap();
        bundle.campaign.budget.max_usd = 80.0;
        bundle.judged = Usage::default();
        bundle.publish(&parts).await.unwrap();
        let opened = Bundle::open(&parts, &bundle.digest).await.unwrap();
        assert_eq!(opened.campaign.budget.max_usd, 80.0);
        assert_eq!(opened.judged.total().requests, 3);
    }

    #[tokio::test]
    async fn a_damaged_bundle_is_refused_and_published_again() {
        let parts = Parts::open("memory:", ".".as_ref()).unwrap();
        let bundle = bundle();
        let name = Bundle::object_name(&bundle.digest);
        let mut bytes = bundle.to_bytes().unwrap().to_vec();
        bytes.pop();
        parts.put(&name, bytes).await.unwrap();
        let error = Bundle::open(&parts, &bundle.digest).await.unwrap_err();
        assert!(error.to_string().contains("checksum"), "{error}");
        assert!(matches!(
            Bundle::is_there(&parts, &bundle.digest).await,
            Err(Error::Damaged { .. })
        ));
        bundle.publish(&parts).await.unwrap();
        Bundle::is_there(&parts, &bundle.digest).await.unwrap();
        assert!(Bundle::open(&parts, &bundle.digest).await.is_ok());
    }

    /// What a small file unpacks to is not believed, and not held.
    #[test]
    fn a_bundle_that_unpacks_to_thousands_of_times_its_size_is_refused_before_it_has() {
        // A long text in MessagePack, of zeros.
        let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        let size: u32 = 200_000_000;
        std::io::Write::write_all(&mut packer, &[0xdb]).unwrap();
        std::io::Write::write_all(&mut packer, &size.to_be_bytes()).unwrap();
        std::io::copy(&mut std::io::repeat(0).take(u64::from(size)), &mut packer).unwrap();
        let packed = packer.finish().unwrap();
        assert!(packed.len() < 100_000, "{}", packed.len());
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(Digest::of(&packed).as_bytes());
        bytes.extend_from_slice(&packed);
        let error = Bundle::from_bytes(&bytes, "bomb").unwrap_err();
        assert!(error.to_string().contains("unpacks to more"), "{error}");
    }
}
