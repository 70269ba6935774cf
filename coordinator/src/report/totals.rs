//! A run's totals, read off its manifest: what became of every walk, and what
//! it cost.

use serde_json::Value;

/// What became of the walks, and what was spent. What a manifest does not
/// tell is 0.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Totals {
    pub walks: u64,
    pub accepted: u64,
    /// By reason, most frequent first.
    pub rejected: Vec<(String, u64)>,
    pub duplicates: u64,
    pub surplus: u64,
    pub requests: u64,
    pub tokens: u64,
    pub usd: f64,
}

impl Totals {
    pub(super) fn of(manifest: &Value) -> Self {
        let counts = manifest.get("counts").unwrap_or(manifest);
        let spent = ["spending", "spend", "usage"]
            .iter()
            .find_map(|key| manifest.get(key));
        let spent = spent.unwrap_or(&Value::Null);
        Self {
            walks: number(counts, "walks"),
            accepted: number(counts, "accepted"),
            rejected: reasons(counts),
            duplicates: number(counts, "duplicates"),
            surplus: number(counts, "surplus"),
            requests: number(spent, "requests"),
            tokens: number(spent, "input_tokens") + number(spent, "output_tokens"),
            usd: number(spent, "micro_usd") as f64 / 1e6,
        }
    }
}

/// A count, or the sum of counts by name.
fn number(of: &Value, key: &str) -> u64 {
    match of.get(key) {
        Some(Value::Object(by_name)) => by_name.values().filter_map(Value::as_u64).sum(),
        Some(value) => value.as_u64().unwrap_or_default(),
        None => 0,
    }
}

fn reasons(counts: &Value) -> Vec<(String, u64)> {
    let Some(Value::Object(by_reason)) = counts.get("rejected") else {
        return Vec::new();
    };
    let mut reasons: Vec<(String, u64)> = by_reason
        .iter()
        .filter_map(|(reason, count)| Some((reason.clone(), count.as_u64()?)))
        .filter(|(_, count)| *count > 0)
        .collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    reasons
}
