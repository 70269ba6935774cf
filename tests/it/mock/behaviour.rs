//! What a mock is told to be like. Everything has a default: a good model on a
//! healthy server without latency.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Behaviour {
    pub(crate) seed: u64,
    pub(crate) latency_ms: u64,
    /// The latency is uniform within this share of it, up and down.
    pub(crate) latency_spread: f64,
    /// Requests worked at once; others wait. 0 = all of them.
    pub(crate) slots: usize,
    pub(crate) answers: Answers,
    /// The share of answers that a bad model spoils.
    pub(crate) bad_answers: f64,
    /// The spoiled answers come again whatever is said, as long as seed and
    /// temperature are the same.
    pub(crate) stubborn: bool,
    /// The share of turns without a hint that are played right; at the first
    /// step of the others it gives up.
    pub(crate) student_rights: f64,
    /// The share of requests of which a reader sees no need of any call, or of
    /// what is doubted.
    pub(crate) doubts: f64,
    /// How well it writes the worlds of packs, and their words.
    pub(crate) worlds: Craft,
    pub(crate) words: Craft,
    pub(crate) limit: Option<Limit>,
    /// What prompt and answer may take together; 0 = anything.
    pub(crate) context_tokens: u64,
    /// The share of requests that meet each fault.
    pub(crate) faults: BTreeMap<Fault, f64>,
    /// Every request after this many meets `then`.
    pub(crate) healthy_requests: u64,
    pub(crate) then: Option<Fault>,
    pub(crate) dialect: Dialect,
    /// Requests without this key are refused with 401.
    pub(crate) key: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answers {
    /// What a good model says.
    #[default]
    Good,
    /// The same short text whatever is asked: costs next to nothing.
    Fixed,
}

/// How well a part of a pack is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Craft {
    #[default]
    Sound,
    /// Once it was told what is wrong.
    Mended,
    /// Some of it never is.
    Partly,
    /// Nothing of it ever is.
    Broken,
}

/// Token buckets, as servers keep them: a request's tokens are taken when it
/// comes, its answer's when it goes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limit {
    /// 0 = none.
    pub(crate) requests_per_minute: f64,
    /// 0 = none.
    pub(crate) tokens_per_minute: f64,
    /// What a bucket holds, in seconds of the limit.
    pub(crate) burst_seconds: f64,
    pub(crate) tell: Tell,
}

impl Default for Limit {
    fn default() -> Self {
        let tell = Tell::Seconds;
        Self { requests_per_minute: 0.0, tokens_per_minute: 0.0, burst_seconds: 1.0, tell }
    }
}

/// How a refusal says when to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tell {
    Nothing,
    /// `retry-after: 2`
    Seconds,
    /// `retry-after-ms: 1500`
    Millis,
    /// `retry-after: Sat, 14 Mar 2026 12:00:05 GMT`
    HttpDate,
    /// `x-ratelimit-reset-requests: 1.5s`
    Reset,
    /// `x-ratelimit-reset: 1773489605`
    Epoch,
    /// A JSON array with a `retryDelay`, as Gemini's compatibility layer does.
    GeminiBody,
}

/// What may go wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    /// 500.
    ServerError,
    /// 529.
    Overloaded,
    /// 502 with a page of HTML.
    BadGateway,
    /// 429 without a limit behind it.
    RateLimited,
    /// The connection is reset before anything is answered.
    Reset,
    /// Nothing is ever answered.
    Hang,
    /// The body ends before the length that was announced.
    Cut,
    /// The body comes byte by byte.
    SlowBody,
    /// The body comes byte by byte, for ever.
    Trickle,
    /// The body comes by the megabyte, for ever.
    Flood,
    /// The head comes at once, the body stops half-way and the line stays open.
    StuckBody,
    /// 200 with half a JSON text.
    HalfJson,
    /// 200 with JSON that is no answer.
    WrongJson,
    /// 200 with an `error` inside.
    ErrorWithOk,
    /// 200 with a page of HTML.
    Html,
    /// 200 without a body.
    Empty,
    /// 200 with more than 10 MB.
    Huge,
    /// 302.
    Redirect,
    /// 401 that repeats the key.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404: no such model.
    NoSuchModel,
    /// 429 that no waiting mends.
    QuotaUsedUp,
    /// The same in a JSON array.
    SpendCap,
    /// 400: the context is too long.
    TooLong,
    /// 500 for a request that can never be answered.
    Unsupported,
    /// 400 without any reason known to us.
    Strange,
    /// 400: the model's own answer is no JSON.
    NoJson,
    /// 500 with a page of HTML that has words of other refusals in its style.
    StyledPage,
    /// 500: something is not supported, and it is not the request.
    Device,
}

/// Where an endpoint differs from others.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Dialect {
    /// Wants `max_completion_tokens`.
    pub(crate) completion_tokens: bool,
    pub(crate) no_json_schema: bool,
    pub(crate) no_json_object: bool,
    pub(crate) no_temperature: bool,
    pub(crate) no_seed: bool,
    pub(crate) no_system_role: bool,
    /// In which words; empty = "System role not supported".
    pub(crate) system_words: String,
    pub(crate) wording: Wording,
    /// The longest answer that may be asked for; 0 = any.
    pub(crate) max_output_tokens: u64,
    /// Calls of an `act` come as native tool calls, arguments as an object.
    pub(crate) native_calls: bool,
    pub(crate) reasoning: Reasoning,
    pub(crate) usage: Usage,
    /// The share of each prompt that is told to have been in the cache.
    pub(crate) cached: f64,
}

/// How a part of a request is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wording {
    /// 400 with a sentence.
    #[default]
    Sentence,
    /// 422 with the place, and the whole request repeated beside it.
    Validator,
}

/// How an answer tells its tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Usage {
    #[default]
    Told,
    /// Not at all.
    Untold,
    Zeros,
    /// As fractions.
    Fractions,
    /// `input_tokens`, `output_tokens`, and what was cached apart from both.
    Anthropic,
    /// Half of the answer's stands in the total alone.
    Hidden,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reasoning {
    #[default]
    None,
    /// `reasoning_content`
    Field,
    /// `<think>…</think>`
    Think,
}

/// A stream of numbers for one decision.
#[derive(Clone, Debug)]
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) fn of(fields: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for field in fields {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field);
        }
        let mut bytes = [0; 8];
        hasher.finalize_xof().fill(&mut bytes);
        Self(u64::from_le_bytes(bytes))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in 0..1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}
