//! What people's conversations look like, to hold ours against: 200
//! human-checked conversations of a public benchmark, its ground truth
//! executed. Shares are of 1.

/// Where the numbers come from, as shown beside them.
pub(super) const SOURCE: &str = "human-checked public benchmark, 200 conversations";

pub(super) const TURNS: f64 = 3.67;
pub(super) const CALLS: f64 = 5.71;
pub(super) const FUNCTIONS: f64 = 5.41;
/// Turns with 0, 1, 2, 3 and at least 4 calls.
pub(super) const CALLS_PER_TURN: [f64; 5] = [0.004, 0.646, 0.213, 0.091, 0.046];
/// Conversations that call functions of 1 and of 2 domains.
pub(super) const DOMAINS: [f64; 2] = [0.485, 0.515];
pub(super) const TOOLS_OFFERED: f64 = 27.75;
/// Turns in which a call needs an output of the same turn, of an earlier one.
pub(super) const TURNS_WITH_SAME: f64 = 0.106;
pub(super) const TURNS_WITH_EARLIER: f64 = 0.230;
/// Of the turns with several calls, those that need an output of their own.
pub(super) const MULTI_CALL_TURNS_WITH_SAME: f64 = 0.304;
/// Conversations with such a turn.
pub(super) const CONVERSATIONS_WITH_SAME: f64 = 0.37;
pub(super) const CONVERSATIONS_WITH_EARLIER: f64 = 0.525;
/// Words of a user's message: mean, and the 10th, 50th and 90th percentile.
pub(super) const REQUEST_WORDS: f64 = 30.7;
pub(super) const REQUEST_PERCENTILES: [(u32, u32); 3] = [(10, 14), (50, 27), (90, 51)];
pub(super) const DISTINCT_SEQUENCES: f64 = 0.965;
/// Argument values found in the conversation or the schema.
pub(super) const GROUNDED_VALUES: f64 = 0.87;
