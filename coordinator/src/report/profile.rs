//! The numbers of a dataset, counted record by record in bounded memory.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use magnet_proto::sample::{Provenance, Source};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::dataset::{self, Conversation, Message, Metadata};

/// Beyond it, names are counted together: a library may have any number.
const MAX_NAMES: usize = 200;

/// Distinct function sequences are counted among this many conversations.
const SEQUENCES_SEEN: usize = 50_000;

/// Requests longer than this count as this long.
const MAX_WORDS: usize = 400;

/// A dataset in numbers.
#[derive(Debug, Default)]
pub struct Profile {
    pub(super) conversations: u64,
    /// Conversations by their number of user turns.
    pub(super) turns: BTreeMap<u64, u64>,
    /// Turns by their number of calls.
    pub(super) calls_per_turn: BTreeMap<u64, u64>,
    /// Conversations by the number of domains they call into.
    pub(super) domains_called: BTreeMap<u64, u64>,
    pub(super) domains: Tally,
    pub(super) challenges: Tally,
    pub(super) ops: Tally,
    pub(super) sources: Tally,
    /// Turns, multi-call turns and conversations with a call that needs an
    /// output of its own turn, or of an earlier one.
    pub(super) same: Dependency,
    pub(super) earlier: Dependency,
    pub(super) tools_offered: u64,
    pub(super) functions_called: u64,
    pub(super) played: Played,
    /// Requests by their number of words.
    words: BTreeMap<usize, u64>,
    sequences: HashSet<u64, BuildHasherDefault<DefaultHasher>>,
    sequences_of: u64,
}

/// What a student made of the conversations.
#[derive(Debug, Default)]
pub(super) struct Played {
    /// The model, and its attempts at each conversation.
    pub student: String,
    pub attempts: usize,
    /// Attempts and those that passed, by challenge.
    pub by_challenge: BTreeMap<String, (u64, u64)>,
    /// Attempts by the turn that went wrong.
    pub failed_turns: BTreeMap<usize, u64>,
}

/// How often a call depends on an output.
#[derive(Debug, Default)]
pub(super) struct Dependency {
    pub turns: u64,
    pub multi_call_turns: u64,
    pub conversations: u64,
}

/// Names with how often each was met.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<String, u64>,
}

impl Profile {
    pub(super) fn add(&mut self, conversation: &Conversation<IgnoredAny>) {
        let metadata = &conversation.metadata;
        self.conversations += 1;
        self.tools_offered += conversation.tools.len() as u64;
        *self.domains_called.entry(metadata.domains.len() as u64).or_default() += 1;
        metadata.domains.iter().for_each(|domain| self.domains.count(domain));
        metadata.challenges.iter().for_each(|challenge| self.challenges.count(challenge));
        metadata.node_ops.iter().for_each(|op| self.ops.count(&operation_name(op)));
        metadata.provenance.iter().for_each(|entry| self.sources.count(source_name(entry)));
        metadata.difficulty.iter().for_each(|played| self.played.add(metadata, played));
        self.count_turns(conversation);
        self.count_functions(&metadata.signature_path);
    }

    fn count_turns(&mut self, conversation: &Conversation<IgnoredAny>) {
        let (mut turns, mut any_same, mut any_earlier) = (0, false, false);
        for (turn, messages) in conversation.turns().enumerate() {
            turns += 1;
            let calls: Vec<&str> = calls_of(messages).collect();
            *self.calls_per_turn.entry(calls.len() as u64).or_default() += 1;
            let request = messages.first().and_then(|message| message.content.as_deref());
            let words = request.unwrap_or_default().split_whitespace().count().min(MAX_WORDS);
            *self.words.entry(words).or_default() += 1;
            let (same, earlier) = dependencies(conversation, turn, &calls);
            self.same.turns += u64::from(same);
            self.earlier.turns += u64::from(earlier);
            self.same.multi_call_turns += u64::from(same && calls.len() > 1);
            self.earlier.multi_call_turns += u64::from(earlier && calls.len() > 1);
            any_same |= same;
            any_earlier |= earlier;
        }
        *self.turns.entry(turns).or_default() += 1;
        self.same.conversations += u64::from(any_same);
        self.earlier.conversations += u64::from(any_earlier);
    }

    fn count_functions(&mut self, path: &[Vec<String>]) {
        let distinct: HashSet<&String> = path.iter().flatten().collect();
        self.functions_called += distinct.len() as u64;
        if self.sequences.len() < SEQUENCES_SEEN {
            self.sequences_of += 1;
            self.sequences.insert(BuildHasherDefault::<DefaultHasher>::default().hash_one(path));
        }
    }

    pub(super) fn turn_count(&self) -> u64 {
        weighted(&self.turns)
    }

    pub(super) fn call_count(&self) -> u64 {
        weighted(&self.calls_per_turn)
    }

    /// Turns with several calls.
    pub(super) fn multi_call_turns(&self) -> u64 {
        self.calls_per_turn.range(2..).map(|(_, turns)| turns).sum()
    }

    /// The share of turns with 0, 1, 2, 3 and at least 4 calls.
    pub(super) fn calls_per_turn_shares(&self) -> [f64; 5] {
        let mut shares = [0.0; 5];
        for (&calls, &turns) in &self.calls_per_turn {
            shares[(calls as usize).min(4)] += share(turns, self.turn_count());
        }
        shares
    }

    /// Function sequences met once or first, as a share.
    pub(super) fn distinct_sequences(&self) -> f64 {
        share(self.sequences.len() as u64, self.sequences_of)
    }

    /// Argument values that came from somewhere: the user, an output, the
    /// schema.
    pub(super) fn grounded_values(&self) -> f64 {
        let all: u64 = self.sources.iter().map(|(_, n)| n).sum();
        let not = self.sources.get("nowhere") + self.sources.get("composed text");
        share(all - not, all)
    }

    pub(super) fn mean_request_words(&self) -> f64 {
        let words: u64 = self.words.iter().map(|(&words, n)| words as u64 * n).sum();
        share(words, self.words.values().sum())
    }

    /// The length that `percent` of the requests do not exceed.
    pub(super) fn request_percentile(&self, percent: u32) -> u32 {
        let all: u64 = self.words.values().sum();
        let mut seen = 0;
        let reaches = |(_, n): &(&usize, &u64)| {
            seen += **n;
            seen * 100 >= all * u64::from(percent)
        };
        self.words.iter().find(reaches).map_or(0, |(&words, _)| words as u32)
    }

    /// Requests by length in bins of `width` words, the last one open.
    pub(super) fn request_bins(&self, width: usize, bins: usize) -> Vec<u64> {
        let mut counts = vec![0; bins];
        for (&words, n) in &self.words {
            counts[(words / width).min(bins - 1)] += n;
        }
        counts
    }
}

impl Played {
    fn add(&mut self, metadata: &Metadata, played: &dataset::Played) {
        self.student.clone_from(&played.student);
        self.attempts = played.attempts.len();
        for challenge in &metadata.challenges {
            let (attempts, passed) = self.by_challenge.entry(challenge.clone()).or_default();
            *attempts += played.attempts.len() as u64;
            *passed += played.passed as u64;
        }
        for attempt in played.attempts.iter().filter(|attempt| !attempt.is_right()) {
            *self.failed_turns.entry(attempt.turns).or_default() += 1;
        }
    }
}

impl Tally {
    fn count(&mut self, name: &str) {
        let name = if self.counts.len() < MAX_NAMES || self.counts.contains_key(name) {
            name
        } else {
            "others"
        };
        if let Some(count) = self.counts.get_mut(name) {
            *count += 1;
        } else {
            self.counts.insert(name.to_owned(), 1);
        }
    }

    pub(super) fn get(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.counts.iter().map(|(name, count)| (name.as_str(), *count))
    }

    /// Most frequent first.
    pub(super) fn ranked(&self) -> Vec<(&str, u64)> {
        let mut ranked: Vec<(&str, u64)> = self.iter().collect();
        ranked.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        ranked
    }
}

/// A part of a whole; 0 of nothing.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn weighted(counts: &BTreeMap<u64, u64>) -> u64 {
    counts.iter().map(|(size, count)| size * count).sum()
}

fn calls_of(messages: &[Message]) -> impl Iterator<Item = &str> {
    messages.iter().flat_map(|message| &message.tool_calls).map(|call| call.id.as_str())
}

/// Whether a call of the turn needs an output of the same turn, of an earlier
/// one.
fn dependencies(
    conversation: &Conversation<IgnoredAny>,
    turn: usize,
    calls: &[&str],
) -> (bool, bool) {
    let of_turn = conversation.metadata.provenance.iter().filter_map(|entry| match &entry.source {
        Source::Output { turn, .. } if calls.contains(&entry.call.as_str()) => Some(*turn as usize),
        _ => None,
    });
    of_turn.fold((false, false), |(same, earlier), from| {
        (same | (from == turn), earlier | (from < turn))
    })
}

fn operation_name(op: &Value) -> String {
    let text = |key: &str| op.get(key).and_then(Value::as_str);
    let name = text("op").unwrap_or("other");
    match text("kind") {
        Some(kind) => format!("{name}: {}", kind.replace('_', " ")),
        None => name.to_owned(),
    }
}

fn source_name(entry: &Provenance) -> &'static str {
    match entry.source {
        Source::User { .. } => "user",
        Source::Output { .. } => "output",
        Source::Schema { .. } => "schema",
        Source::Composed => "composed text",
        Source::None => "nowhere",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Two turns: two calls of which the second needs the first one's output,
    /// then one call that needs an output of the turn before.
    fn conversation() -> Conversation<IgnoredAny> {
        let call = |id: &str| json!({"id": id, "function": {"name": "f", "arguments": "{}"}});
        let from = |call: &str, turn: u16, of: &str| {
            let source = json!({"kind": "output", "turn": turn, "call": of, "path": "/x"});
            json!({"call": call, "argument": "/a", "source": source})
        };
        let line = json!({
            "id": "a",
            "messages": [
                {"role": "system", "content": "s"},
                {"role": "user", "content": "one two three"},
                {"role": "assistant", "tool_calls": [call("call_1"), call("call_2")]},
                {"role": "user", "content": "four"},
                {"role": "assistant", "tool_calls": [call("call_3")]},
            ],
            "tools": [{}, {}],
            "metadata": {
                "signature_path": [["f", "g"], ["f"]],
                "domains": ["travel"],
                "node_ops": [{"op": "insert", "kind": "short"}],
                "provenance": [from("call_2", 0, "call_1"), from("call_3", 0, "call_1")],
            },
        });
        serde_json::from_value(line).unwrap()
    }

    #[test]
    fn turns_calls_and_dependencies_are_counted() {
        let mut profile = Profile::default();
        profile.add(&conversation());
        assert_eq!((profile.turn_count(), profile.call_count()), (2, 3));
        assert_eq!(profile.calls_per_turn_shares(), [0.0, 0.5, 0.5, 0.0, 0.0]);
        let (same, earlier) = (&profile.same, &profile.earlier);
        assert_eq!((same.turns, same.multi_call_turns, same.conversations), (1, 1, 1));
        assert_eq!((earlier.turns, earlier.multi_call_turns, earlier.conversations), (1, 0, 1));
        assert_eq!((profile.functions_called, profile.tools_offered), (2, 2));
        assert_eq!(profile.ops.get("insert: short"), 1);
    }

    #[test]
    fn lengths_of_requests_are_exact() {
        let mut profile = Profile::default();
        profile.add(&conversation());
        assert_eq!(profile.mean_request_words(), 2.0);
        assert_eq!((profile.request_percentile(50), profile.request_percentile(90)), (1, 3));
        assert_eq!(profile.request_bins(2, 2), [1, 1]);
    }

    #[test]
    fn repeated_sequences_are_not_distinct() {
        let mut profile = Profile::default();
        profile.add(&conversation());
        profile.add(&conversation());
        assert_eq!(profile.distinct_sequences(), 0.5);
    }

    #[test]
    fn names_beyond_measure_are_counted_together() {
        let mut tally = Tally::default();
        (0..1_000).for_each(|n| tally.count(&format!("domain {n}")));
        assert!(tally.iter().count() <= MAX_NAMES + 1);
        assert_eq!(tally.iter().map(|(_, count)| count).sum::<u64>(), 1_000);
    }
}
