//! The state shared through Redis: the backend of a fleet.
//!
//! Every operation is one command or one script, so it happens whole or not at
//! all; what a lost reply leaves behind is harmless. Times are the server's.
//! A server that is away or slow is told at once ([`Error::Away`]), without a
//! timeout for each call; the connection comes back by itself.
//!
//! Keys begin with `magnet:v1:`; all but the limits' go on with the campaign.
//! All of them expire.
//!
//! - `…:c:{bucket}` claims, hashed into buckets small enough that the server
//!   keeps them packed: about 25 bytes a claim instead of 170.
//! - `…:o:{key}`, `…:l:{key}` outputs, and who is computing one.
//! - `…:m:{key}` paid answers.
//! - `…:shards`, `…:d:{shard}` who works which shard, and what is done.
//! - `…:spent`, `…:spenders`, `…:refusals`, `…:control`, `…:ending`,
//!   `…:trouble`, `…:leader`.
//! - `magnet:v1:limit:{name}`, `…:holders` limits, shared by all campaigns.

mod link;
mod reckoning;
mod scripts;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::{Script, ScriptInvocation, Value};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::hands::{self, Deaths, Hand, Leaving, Taking, Whereabouts};
use super::{
    COMPLAINT, Control, Ending, Error, Lease, Lookup, RateLimit, Refusal, Spending, State, refusal,
};
use crate::ids::Digest;
use crate::shard::Shard;
use crate::{CampaignDigest, WalkIndex};
use link::Link;
use reckoning::Reckoning;
use scripts::Scripts;

/// How long a campaign's entries are kept after their last use.
const KEEP: Duration = Duration::from_secs(14 * 24 * 3_600);
const KEEP_OUTPUT: Duration = Duration::from_secs(2 * 24 * 3_600);
const FIRST_POLL: Duration = Duration::from_millis(4);
const LAST_POLL: Duration = Duration::from_millis(128);
/// Claims lie in 2^15 buckets: 120 a bucket, the most that stay packed, is
/// four million claims.
const BUCKET_BITS: u32 = 15;
/// A claim's key within its bucket.
const CLAIM_BYTES: usize = 12;
/// A process counts as spending for so long after it last spent.
const SPENDS: Duration = Duration::from_secs(60);
/// A process that leases says so this often, and counts as a holder for three
/// times as long.
const BEAT: Duration = Duration::from_secs(5);

/// How to reach a server, and for what.
#[derive(Clone, Debug)]
pub struct Access {
    /// `redis://user:password@host:port/db`, or `rediss://…`.
    pub url: String,
    /// A PEM file with the authority that signed the server's certificate.
    pub ca_file: Option<PathBuf>,
    /// How long the server may be away at the start.
    pub connect_timeout: Duration,
    pub role: Role,
    pub campaign: CampaignDigest,
}

/// What a server is used for decides what it may forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Claims, leases, control: it should evict nothing.
    State,
    /// Function outputs: it should evict what was not used lately.
    Cache,
}

/// A fleet's state as one process sees it. Cheap to clone.
#[derive(Clone)]
pub struct RedisState {
    link: Arc<Link>,
    scripts: Arc<Scripts>,
    prefix: Arc<str>,
    holder: Arc<str>,
    beaten: Arc<Mutex<std::collections::HashMap<String, Instant>>>,
    reckoning: Arc<std::sync::Mutex<Reckoning>>,
    /// Hands that this process has had, and paid answers that it has kept.
    hands: Arc<AtomicU64>,
    kept: Arc<AtomicU64>,
}

impl RedisState {
    /// Connects, and warns of a policy that does not fit the role.
    ///
    /// # Errors
    /// [`Error::Permanent`] at once for what waiting cannot mend;
    /// [`Error::Away`] if the server stays away longer than allowed.
    pub async fn connect(access: &Access, holder: &str) -> Result<Self, Error> {
        let campaign = access.campaign.to_string();
        Ok(Self {
            link: Link::connect(access).await?,
            scripts: Arc::default(),
            prefix: format!("magnet:v1:{}", &campaign[..32]).into(),
            holder: holder.into(),
            beaten: Arc::default(),
            reckoning: Arc::default(),
            hands: Arc::default(),
            kept: Arc::default(),
        })
    }

    /// Whether the server is away, so that callers get along without it.
    pub fn is_degraded(&self) -> bool {
        self.link.is_away()
    }

    fn key(&self, kind: &str) -> Vec<u8> {
        format!("{}:{kind}", self.prefix).into_bytes()
    }

    fn key_of(&self, kind: &str, digest: &Digest) -> Vec<u8> {
        let mut key = self.key(kind);
        key.push(b':');
        key.extend_from_slice(&digest.as_bytes()[..16]);
        key
    }

    /// A call of a script about hands, as far as they are alike.
    fn of_shard<'a>(&self, script: &'a Script, name: &str) -> ScriptInvocation<'a> {
        let mut call = script.prepare_invoke();
        call.key(self.key("shards")).key(self.key(&format!("d:{name}"))).arg(name);
        call
    }

    async fn poll(&self, key: Digest, term: Duration) -> Result<Polled, Error> {
        let mut call = self.scripts.output.prepare_invoke();
        call.key(self.key_of("o", &key)).key(self.key_of("l", &key)).arg(millis(term));
        Ok(match self.link.script(&call).await? {
            Value::BulkString(output) => Polled::Output(output.into()),
            Value::Int(1) => Polled::Compute,
            _ => Polled::Busy,
        })
    }

    /// Keeps a value as long as the campaign's other entries.
    fn keep(&self, pipeline: &mut redis::Pipeline, kind: &str, value: &[u8]) {
        let set = pipeline.cmd("SET").arg(self.key(kind)).arg(value);
        set.arg("EX").arg(KEEP.as_secs()).ignore();
    }

    fn reckoning(&self) -> std::sync::MutexGuard<'_, Reckoning> {
        self.reckoning.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this process has to say that it still leases from a limit.
    async fn beats(&self, limit: &RateLimit) -> bool {
        let mut beaten = self.beaten.lock().await;
        let now = Instant::now();
        let due = beaten.get(&limit.name).is_none_or(|&last| now - last >= BEAT);
        if due {
            beaten.insert(limit.name.clone(), now);
        }
        due
    }
}

enum Polled {
    Output(Bytes),
    Compute,
    /// Someone else is computing it.
    Busy,
}

#[async_trait]
impl State for RedisState {
    fn is_away(&self) -> bool {
        self.is_degraded()
    }

    fn trouble_here(&self) -> Option<String> {
        self.link.trouble()
    }

    async fn claim(&self, key: Digest, walk: WalkIndex) -> Result<WalkIndex, Error> {
        let bytes = key.as_bytes();
        let bucket = u32::from_le_bytes([bytes[28], bytes[29], bytes[30], bytes[31]])
            & ((1 << BUCKET_BITS) - 1);
        let mut call = self.scripts.claim.prepare_invoke();
        call.key(self.key(&format!("c:{bucket:x}")))
            .arg(&bytes[..CLAIM_BYTES])
            .arg(walk.0)
            .arg(KEEP.as_secs());
        self.link.script::<u64>(&call).await.map(WalkIndex)
    }

    async fn output(&self, key: Digest, term: Duration) -> Result<Lookup, Error> {
        let mut pause = FIRST_POLL;
        loop {
            match self.poll(key, term).await? {
                Polled::Output(output) => return Ok(Lookup::Hit(output)),
                Polled::Compute => return Ok(Lookup::Compute),
                Polled::Busy => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_POLL);
        }
    }

    /// Anew, should the server have lost it.
    async fn renew_output(&self, key: Digest, term: Duration) -> Result<(), Error> {
        let mut hold = redis::cmd("SET");
        hold.arg(self.key_of("l", &key)).arg(1).arg("PX").arg(millis(term));
        self.link.command(&hold).await
    }

    async fn release_output(&self, key: Digest) -> Result<(), Error> {
        let mut free = redis::cmd("UNLINK");
        free.arg(self.key_of("l", &key));
        self.link.command(&free).await
    }

    async fn put_output(&self, key: Digest, value: Bytes) -> Result<(), Error> {
        let mut both = redis::pipe();
        both.cmd("SET")
            .arg(self.key_of("o", &key))
            .arg(&value[..])
            .arg("EX")
            .arg(KEEP_OUTPUT.as_secs())
            .ignore();
        both.cmd("UNLINK").arg(self.key_of("l", &key)).ignore();
        self.link.pipe(&both).await
    }

    async fn memo(&self, key: Digest) -> Result<Option<Bytes>, Error> {
        let mut get = redis::cmd("GET");
        get.arg(self.key_of("m", &key));
        let kept: Option<Vec<u8>> = self.link.command(&get).await?;
        Ok(kept.map(Bytes::from))
    }

    async fn put_memo(&self, key: Digest, value: Bytes, ttl: Duration) -> Result<(), Error> {
        let mut set = redis::cmd("SET");
        set.arg(self.key_of("m", &key)).arg(&value[..]).arg("PX").arg(millis(ttl));
        self.link.command::<()>(&set).await?;
        self.kept.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn forget_memo(&self, keys: &[Digest]) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut unlink = redis::cmd("UNLINK");
        keys.iter().for_each(|key| {
            unlink.arg(self.key_of("m", key));
        });
        self.link.command(&unlink).await
    }

    async fn lease(&self, limit: &RateLimit, want: u32) -> Result<Lease, Error> {
        let beats = self.beats(limit).await;
        let mut call = self.scripts.lease.prepare_invoke();
        call.key(limit_key(limit))
            .key(format!("{}:holders", limit_key(limit)))
            .arg(limit.per_minute)
            .arg(want)
            .arg(if beats { &self.holder } else { "" })
            .arg(BEAT.as_secs() * 3);
        let told: Result<(u32, u64, u32), Error> = self.link.script(&call).await;
        if told.is_err() {
            // Whatever comes back may have forgotten this process.
            self.beaten.lock().await.remove(&limit.name);
        }
        let (granted, wait_us, holders) = told?;
        Ok(Lease { granted, retry_after: Duration::from_micros(wait_us), holders: holders.max(1) })
    }

    async fn hold(&self, limit: &RateLimit, pause: Duration) -> Result<(), Error> {
        let mut call = self.scripts.hold.prepare_invoke();
        call.key(limit_key(limit)).arg(u64::try_from(pause.as_micros()).unwrap_or(u64::MAX >> 12));
        self.link.script(&call).await
    }

    async fn spend(&self, spent: Spending) -> Result<Spending, Error> {
        let (floor, adding) = {
            let mut reckoning = self.reckoning();
            (reckoning.floor(), reckoning.hand_over(spent))
        };
        let mut call = self.scripts.spend.prepare_invoke();
        call.key(self.key("spent")).key(self.key("spenders"));
        for figures in [floor, adding] {
            call.arg(figures.requests).arg(figures.input_tokens);
            call.arg(figures.output_tokens).arg(figures.micro_usd);
            call.arg(figures.cached_input_tokens);
        }
        let spends = adding != Spending::default();
        call.arg(if spends { &self.holder } else { "" }).arg(KEEP.as_secs()).arg(SPENDS.as_secs());
        let told: Result<(u64, u64, u64, u64, u64, u32), Error> = self.link.script(&call).await;
        let mut reckoning = self.reckoning();
        Ok(match told {
            Ok((
                requests,
                input_tokens,
                output_tokens,
                micro_usd,
                cached_input_tokens,
                spenders,
            )) => {
                let total = Spending {
                    requests,
                    input_tokens,
                    output_tokens,
                    micro_usd,
                    cached_input_tokens,
                };
                reckoning.taken(total, spenders);
                total
            }
            Err(_) => reckoning.not_taken(adding),
        })
    }

    async fn note_refusal(&self, refusal: &Refusal) -> Result<(), Error> {
        let value = serde_json::to_string(refusal)
            .map_err(|error| Error::Permanent(format!("a refusal is no JSON: {error}")))?;
        let key = self.key("refusals");
        let mut both = redis::pipe();
        both.cmd("HSETNX").arg(&key).arg(refusal.gist()).arg(value).ignore();
        both.cmd("EXPIRE").arg(&key).arg(KEEP.as_secs()).ignore();
        self.link.pipe(&both).await
    }

    async fn refusals(&self) -> Result<Vec<Refusal>, Error> {
        let mut values = redis::cmd("HVALS");
        values.arg(self.key("refusals"));
        let kept: Vec<Vec<u8>> = self.link.command(&values).await?;
        let read = kept.iter().filter_map(|value| serde_json::from_slice(value).ok());
        Ok(refusal::in_order(read.collect()))
    }

    async fn control(&self) -> Result<Control, Error> {
        let mut get = redis::cmd("GET");
        get.arg(self.key("control"));
        let wish: Option<String> = self.link.command(&get).await?;
        Ok(match wish.as_deref() {
            Some("pause") => Control::Pause,
            Some("cancel") => Control::Cancel,
            Some("done") => Control::Done,
            _ => Control::Run,
        })
    }

    async fn set_control(&self, control: Control) -> Result<(), Error> {
        let mut all = redis::pipe();
        self.keep(&mut all, "control", wish(control).as_bytes());
        if control.goes_on() {
            all.cmd("UNLINK").arg(self.key("ending")).ignore();
        }
        self.link.pipe(&all).await
    }

    async fn end(&self, ending: &Ending) -> Result<(), Error> {
        let reason =
            serde_json::to_vec(ending).expect("writing two words of text into memory cannot fail");
        let mut both = redis::pipe();
        // Who sees that it is over finds the reason.
        self.keep(&mut both, "ending", &reason);
        self.keep(&mut both, "control", wish(Control::Cancel).as_bytes());
        self.link.pipe(&both).await
    }

    async fn ending(&self) -> Result<Option<Ending>, Error> {
        let mut get = redis::cmd("GET");
        get.arg(self.key("ending"));
        let kept: Option<Vec<u8>> = self.link.command(&get).await?;
        Ok(kept.and_then(|reason| serde_json::from_slice(&reason).ok()))
    }

    async fn complain(&self, trouble: &str) -> Result<(), Error> {
        let mut set = redis::cmd("SET");
        set.arg(self.key("trouble")).arg(trouble).arg("PX").arg(millis(COMPLAINT));
        self.link.command(&set).await
    }

    async fn trouble(&self) -> Result<Option<String>, Error> {
        let mut get = redis::cmd("GET");
        get.arg(self.key("trouble"));
        self.link.command(&get).await
    }

    async fn lead(&self, holder: &str, ttl: Duration) -> Result<bool, Error> {
        let mut call = self.scripts.lead.prepare_invoke();
        call.key(self.key("leader")).arg(holder).arg(millis(ttl));
        self.link.script(&call).await
    }

    async fn resign(&self, holder: &str) -> Result<(), Error> {
        let mut call = self.scripts.resign.prepare_invoke();
        call.key(self.key("leader")).arg(holder);
        self.link.script(&call).await
    }

    async fn take_shard(&self, shard: &Shard, is_alone: bool) -> Result<Taking, Error> {
        let number = self.hands.fetch_add(1, Ordering::Relaxed).to_string();
        let name = Digest::of_fields([self.holder.as_bytes(), number.as_bytes()]).short();
        let hand = Hand { name, kept: self.kept.load(Ordering::Relaxed) };
        let name = hands::field(shard);
        let mut call = self.of_shard(&self.scripts.take, &name);
        call.arg(shard.first.0).arg(shard.end().0).arg(&hand.name);
        call.arg(hand.blame(is_alone, hand.kept) as u8)
            .arg(millis(hands::SILENCE))
            .arg(KEEP.as_secs());
        let (told, number, alone): (String, u64, u32) = self.link.script(&call).await?;
        Ok(match told.as_str() {
            "done" => Taking::Done,
            "busy" => Taking::Busy(Duration::from_millis(number)),
            _ => {
                let all = u32::try_from(number).unwrap_or(u32::MAX);
                Taking::Yours(hand, Deaths { all, alone })
            }
        })
    }

    async fn beat_shard(&self, shard: &Shard, hand: &Hand, is_alone: bool) -> Result<bool, Error> {
        let mut call = self.of_shard(&self.scripts.beat, &hands::field(shard));
        let blame = hand.blame(is_alone, self.kept.load(Ordering::Relaxed));
        call.arg(&hand.name).arg(blame as u8).arg(millis(hands::SILENCE));
        self.link.script(&call).await
    }

    async fn leave_shard(&self, shard: &Shard, hand: &Hand, how: Leaving) -> Result<(), Error> {
        let (how, known) = match how {
            Leaving::Done => ("done", hands::DONE_IS_KNOWN),
            Leaving::Back(within) => ("back", within),
            Leaving::GivenUp => ("given up", Duration::ZERO),
        };
        let mut call = self.of_shard(&self.scripts.leave, &hands::field(shard));
        call.arg(&hand.name).arg(how).arg(millis(known));
        self.link.script(&call).await
    }

    async fn expect_shard(&self, shard: &Shard, within: Duration) -> Result<(), Error> {
        let mut call = self.of_shard(&self.scripts.expect, &hands::field(shard));
        call.arg(millis(within)).arg(KEEP.as_secs());
        self.link.script(&call).await
    }

    async fn whereabouts(&self) -> Result<Vec<Whereabouts>, Error> {
        let mut call = self.scripts.whereabouts.prepare_invoke();
        call.key(self.key("shards"));
        let told: Vec<String> = self.link.script(&call).await?;
        let known = told.chunks_exact(2).filter_map(|shard| {
            let (walks, issue) = hands::named(&shard[0])?;
            Some(Whereabouts { walks, issue, is_worked: shard[1] == "1" })
        });
        Ok(known.collect())
    }

    fn is_shared(&self) -> bool {
        true
    }
}

fn wish(control: Control) -> &'static str {
    match control {
        Control::Run => "run",
        Control::Pause => "pause",
        Control::Cancel => "cancel",
        Control::Done => "done",
    }
}

fn limit_key(limit: &RateLimit) -> String {
    format!("magnet:v1:limit:{{{}}}", limit.name)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}
