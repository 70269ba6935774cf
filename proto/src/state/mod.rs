//! What workers share while a campaign runs: claims, function outputs, the
//! memo of paid answers, who works which shard, rate leases, control flags.
//!
//! All of it may be lost at any moment: that costs repeated calls, never a
//! wrong or a missing sample. So callers treat an error as "not known" and go
//! on (degraded), and a backend that is away must say so quickly.
//!
//! A state belongs to one campaign; rate leases alone are shared by every
//! campaign that uses an endpoint.

use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::config::Fleet;
use crate::ids::Digest;
use crate::shard::Shard;
use crate::{CampaignDigest, WalkIndex};

pub mod embedded;
pub mod hands;
mod metered;
mod recent;
pub mod redis;
mod refusal;

#[cfg(any(test, feature = "conformance"))]
#[expect(clippy::unwrap_used, reason = "a suite of tests, though not under cfg(test) alone")]
pub mod conformance;

pub use hands::{Deaths, Hand, Leaving, Taking, Whereabouts};
pub use metered::Metrics;
pub use refusal::Refusal;

/// Opens a state by its URL: `embedded:` is one inside this process.
pub fn open(url: &str) -> Result<Arc<dyn State>, Error> {
    match url.split_once(':') {
        Some(("embedded", _)) => Ok(Arc::new(embedded::EmbeddedState::new())),
        Some((scheme, _)) => Err(Error::Permanent(format!(
            "a state store of kind \"{scheme}:\" is not known\nhint: set fleet.state and \
             fleet.cache to \"embedded:\" to run in one process"
        ))),
        None => Err(Error::Permanent(
            "the state store's URL names no kind\nhint: set fleet.state and fleet.cache to \
             \"embedded:\" to run in one process"
                .into(),
        )),
    }
}

/// Connects to the state and the cache a fleet is configured with, of any
/// kind, as one of its processes. `holder` tells this process from others.
pub async fn connect(
    fleet: &Fleet,
    campaign: &CampaignDigest,
    holder: &str,
) -> Result<Stores, Error> {
    let one = async |url: &str, role: redis::Role| -> Result<Arc<dyn State>, Error> {
        if !url.starts_with("redis://") && !url.starts_with("rediss://") {
            return open(url);
        }
        let access = redis::Access {
            url: url.to_owned(),
            ca_file: fleet.ca_file.clone(),
            connect_timeout: fleet.connect_timeout,
            role,
            campaign: *campaign,
        };
        Ok(Arc::new(redis::RedisState::connect(&access, holder).await?))
    };
    let state = one(&fleet.state, redis::Role::State).await?;
    // One server for both is one connection, and forgets nothing.
    let cache = match fleet.cache == fleet.state && fleet.cache != "embedded:" {
        true => Arc::clone(&state),
        false => one(&fleet.cache, redis::Role::Cache).await?,
    };
    Ok(Stores { state, cache })
}

/// Whether the stores of a fleet can be reached, by a process that does not
/// know its campaigns yet.
pub async fn reach(fleet: &Fleet, holder: &str) -> Result<(), Error> {
    connect(fleet, &CampaignDigest(Digest::of(b"")), holder).await.map(drop)
}

/// What a campaign's workers share.
#[derive(Clone)]
pub struct Stores {
    pub state: Arc<dyn State>,
    /// Function outputs.
    pub cache: Arc<dyn State>,
}

/// So long a complaint is remembered.
pub const COMPLAINT: Duration = Duration::from_secs(60);

#[async_trait]
pub trait State: Send + Sync {
    /// Claims a key for a walk. Afterwards the key's holder is the lowest walk
    /// that ever claimed it; returns that holder.
    async fn claim(&self, key: Digest, walk: WalkIndex) -> Result<WalkIndex, Error>;

    /// A cached output, or the duty to compute it, held for `term`: for one
    /// key at a time one caller in the whole fleet has the duty. Others wait
    /// until the output is there, or the duty is free again: then one of them
    /// is told to compute.
    async fn output(&self, key: Digest, term: Duration) -> Result<Lookup, Error>;

    /// Holds the duty to compute for `term` from now: whoever needs longer says
    /// so in time.
    async fn renew_output(&self, key: Digest, term: Duration) -> Result<(), Error>;

    /// Gives the duty back without an output.
    async fn release_output(&self, key: Digest) -> Result<(), Error>;

    /// Keeps a computed output and releases those who wait.
    async fn put_output(&self, key: Digest, value: Bytes) -> Result<(), Error>;

    /// A paid answer, if it is kept.
    async fn memo(&self, key: Digest) -> Result<Option<Bytes>, Error>;

    /// Keeps a paid answer until `ttl` after now.
    async fn put_memo(&self, key: Digest, value: Bytes, ttl: Duration) -> Result<(), Error>;

    /// Drops answers that their shard's part has made superfluous.
    async fn forget_memo(&self, keys: &[Digest]) -> Result<(), Error>;

    /// Leases up to `want` permits of a rate limit. Across all processes no
    /// more than `limit.per_minute` are granted in any minute, plus the burst.
    async fn lease(&self, limit: &RateLimit, want: u32) -> Result<Lease, Error>;

    /// Tells every holder of this limit to pause until `pause` from now: the
    /// server said so.
    async fn hold(&self, limit: &RateLimit, pause: Duration) -> Result<(), Error>;

    /// Adds to the campaign's counters and returns the totals. While the store
    /// is away this is an estimate that a budget can be held by; nothing added
    /// is forgotten.
    async fn spend(&self, spent: Spending) -> Result<Spending, Error>;

    /// Keeps what a teacher said when it refused, for whoever asks how the
    /// campaign is. Refusals that differ in numbers alone are kept once.
    async fn note_refusal(&self, refusal: &Refusal) -> Result<(), Error>;

    /// What teachers have refused, in the order of their names.
    async fn refusals(&self) -> Result<Vec<Refusal>, Error>;

    /// The operator's wish.
    async fn control(&self) -> Result<Control, Error>;

    /// A campaign that goes on, or rests, forgets why it had ended.
    async fn set_control(&self, control: Control) -> Result<(), Error>;

    /// Ends the campaign for all its processes, as [`Control::Cancel`] does,
    /// and keeps the reason.
    async fn end(&self, ending: &Ending) -> Result<(), Error>;

    /// Why the campaign was ended, if one of its processes did so.
    async fn ending(&self) -> Result<Option<Ending>, Error>;

    /// Tells the campaign's other processes what keeps this one from working
    /// it; forgotten in a minute, unless it is told again.
    async fn complain(&self, trouble: &str) -> Result<(), Error>;

    /// What was complained of last.
    async fn trouble(&self) -> Result<Option<String>, Error>;

    /// Takes or renews the coordinator's lease; whether `holder` has it.
    async fn lead(&self, holder: &str, ttl: Duration) -> Result<bool, Error>;

    /// Gives the lease back, if `holder` has it: the next one need not wait for
    /// its end.
    async fn resign(&self, holder: &str) -> Result<(), Error>;

    /// Takes a shard into a hand of this process's, unless another hand that
    /// is alive has it. `is_alone` says that this process has no other shard.
    async fn take_shard(&self, shard: &Shard, is_alone: bool) -> Result<Taking, Error>;

    /// Says that a hand still works its shard, every [`hands::BEAT`]; false
    /// once the shard is another's, or done.
    async fn beat_shard(&self, shard: &Shard, hand: &Hand, is_alone: bool) -> Result<bool, Error>;

    /// Takes the hand off a shard.
    async fn leave_shard(&self, shard: &Shard, hand: &Hand, how: Leaving) -> Result<(), Error>;

    /// Says that a shard is on its way to a hand, and there within so long: it
    /// waits where nobody sees it. Whoever has it in hand has it still.
    async fn expect_shard(&self, shard: &Shard, within: Duration) -> Result<(), Error>;

    /// The campaign's shards that are worked, or on their way to a hand.
    async fn whereabouts(&self) -> Result<Vec<Whereabouts>, Error>;

    /// Whether other processes see the same state.
    fn is_shared(&self) -> bool {
        false
    }

    /// Whether the store is away, so that callers get along without it; told
    /// without asking it.
    fn is_away(&self) -> bool {
        false
    }

    /// Why the store is away, or what it refuses to do; told without asking
    /// it.
    fn trouble_here(&self) -> Option<String> {
        None
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    Hit(Bytes),
    /// Compute it, then [`State::put_output`] or [`State::release_output`].
    Compute,
}

/// A limit shared by all that use an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RateLimit {
    /// Names the endpoint and the unit, such as "big/requests".
    pub name: String,
    pub per_minute: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Permits granted, at most what was wanted; 0 = wait `retry_after`.
    pub granted: u32,
    pub retry_after: Duration,
    /// How many processes lease from this limit: the fair share when the store
    /// is away is `per_minute / holders`.
    pub holders: u32,
}

/// What a campaign has used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spending {
    pub requests: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Millionths of a dollar.
    pub micro_usd: u64,
    /// Of the input tokens, those that the server had in its cache.
    #[serde(default)]
    pub cached_input_tokens: u64,
}

impl Spending {
    /// The larger figures of the two.
    #[must_use]
    pub fn at_least(self, floor: Self) -> Self {
        self.each(floor, u64::max)
    }

    /// What this has above another.
    #[must_use]
    pub fn beyond(self, other: Self) -> Self {
        self.each(other, u64::saturating_sub)
    }

    pub(crate) fn times(self, factor: u64) -> Self {
        self.each(self, |figure, _| figure.saturating_mul(factor))
    }

    fn each(self, other: Self, by: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            requests: by(self.requests, other.requests),
            input_tokens: by(self.input_tokens, other.input_tokens),
            output_tokens: by(self.output_tokens, other.output_tokens),
            micro_usd: by(self.micro_usd, other.micro_usd),
            cached_input_tokens: by(self.cached_input_tokens, other.cached_input_tokens),
        }
    }
}

impl AddAssign for Spending {
    fn add_assign(&mut self, other: Self) {
        *self = self.each(other, u64::saturating_add);
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    #[default]
    Run,
    Pause,
    Cancel,
    /// The campaign is done: workers may leave.
    Done,
}

impl Control {
    /// Whether the campaign is not over, though it may rest.
    pub fn goes_on(self) -> bool {
        matches!(self, Self::Run | Self::Pause)
    }
}

/// What ends a campaign before it has what it wanted: each of its walks would
/// meet the same. In the words of who met it first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "reason", rename_all = "snake_case")]
pub enum Ending {
    /// The dataset is made of what is there.
    Budget(String),
    /// A teacher, or a worker's own rules, refuse for good.
    Refused(String),
}

impl Ending {
    pub fn reason(&self) -> &str {
        match self {
            Self::Budget(reason) | Self::Refused(reason) => reason,
        }
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Budget(reason) => write!(f, "the budget is used up: {reason}"),
            Self::Refused(reason) => f.write_str(reason),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Go on without it; ask again later.
    #[error("state store is away: {0}")]
    Away(String),
    /// Credentials, permissions, a wrong policy.
    #[error("state store refused: {0}")]
    Permanent(String),
}
