//! What an answer took in tokens, as its server tells it.
//!
//! Servers name the counts in several ways, write them as fractions, or tell
//! none, or zeros. A count that is not told is reckoned from the length on the
//! high side, so that a budget holds.

use serde_json::Value;

use super::{Request, Tokens};

/// Tokens are longer than this, the densest JSON aside.
const BYTES_PER_TOKEN: usize = 3;

/// The counts of an answer whose request was so many bytes on the wire.
pub(super) fn of(answer: &Value, sent_bytes: usize, answered_bytes: usize) -> Tokens {
    let told = Told::read(answer.get("usage").unwrap_or(&Value::Null));
    let input = told.input().unwrap_or_else(|| reckoned(sent_bytes));
    let output = told.output(input);
    Tokens {
        input,
        output: output.unwrap_or_else(|| reckoned(answered_bytes)),
        cached: told.cached.unwrap_or(0).min(input),
    }
}

/// What a request took that was worked on, and whose counts were never told.
pub(super) fn untold(request: &Request) -> Tokens {
    let output = request.estimated_tokens().output;
    Tokens { input: reckoned(request.bytes()), output, cached: 0 }
}

fn reckoned(bytes: usize) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN) as u64
}

/// The counts that stand in an answer; a zero is none.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    prompt: Option<u64>,
    completion: Option<u64>,
    total: Option<u64>,
    /// Of the prompt.
    cached: Option<u64>,
}

impl Told {
    fn read(usage: &Value) -> Self {
        let at = |place: &str| count(usage.pointer(place)?);
        let first = |places: &[&str]| places.iter().find_map(|place| at(place));
        let cached = first(&[
            "/prompt_tokens_details/cached_tokens", "/input_tokens_details/cached_tokens",
            "/cache_read_input_tokens", "/prompt_cache_hit_tokens", "/cached_tokens",
        ]);
        // Anthropic counts apart what was read from its cache and written to it.
        let beside = ["/cache_read_input_tokens", "/cache_creation_input_tokens"];
        let beside: u64 = beside.iter().filter_map(|place| at(place)).sum();
        let apart = at("/input_tokens").unwrap_or(0) + beside;
        Self {
            prompt: at("/prompt_tokens").or_else(|| (apart > 0).then_some(apart)),
            completion: first(&["/completion_tokens", "/output_tokens"]),
            total: at("/total_tokens"),
            cached,
        }
    }

    fn input(&self) -> Option<u64> {
        let rest = || self.total?.checked_sub(self.completion?).filter(|rest| *rest > 0);
        self.prompt.or_else(rest)
    }

    /// Some leave what was thought out of the completion, but not of the total.
    fn output(&self, input: u64) -> Option<u64> {
        let rest =
            self.total.filter(|_| self.prompt.is_some()).map(|all| all.saturating_sub(input));
        self.completion.max(rest).filter(|output| *output > 0)
    }
}

/// A whole number above zero, however it is written.
fn count(value: &Value) -> Option<u64> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    let is_sane = (0.0..f64::from(u32::MAX)).contains(&number);
    Some(number.ceil() as u64).filter(|count| is_sane && *count > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Input, output and cached tokens of an answer of 30 bytes to 600.
    fn check(usage: Value, expected: (u64, u64, u64)) {
        let Tokens { input, output, cached } = of(&json!({ "usage": usage }), 600, 30);
        assert_eq!((input, output, cached), expected, "{usage}");
    }

    #[test]
    fn the_names_of_all_servers_are_read() {
        let cached = json!({ "cached_tokens": 64 });
        check(
            json!({ "prompt_tokens": 90, "completion_tokens": 7, "total_tokens": 97,
                "prompt_tokens_details": cached }),
            (90, 7, 64),
        );
        check(
            json!({ "input_tokens": 90, "output_tokens": 7, "input_tokens_details": cached }),
            (90, 7, 64),
        );
        let anthropic = json!({ "input_tokens": 20, "output_tokens": 7,
            "cache_read_input_tokens": 60, "cache_creation_input_tokens": 10 });
        check(anthropic, (90, 7, 60));
        check(
            json!({ "prompt_tokens": 90, "completion_tokens": 7, "prompt_cache_hit_tokens": 64 }),
            (90, 7, 64),
        );
    }

    #[test]
    fn fractions_and_texts_are_numbers() {
        check(json!({ "prompt_tokens": 90.0, "completion_tokens": 6.5 }), (90, 7, 0));
        check(json!({ "prompt_tokens": "90", "completion_tokens": "7" }), (90, 7, 0));
    }

    #[test]
    fn what_is_not_told_is_reckoned_from_the_length() {
        let reckoned = (200, 10, 0);
        check(Value::Null, reckoned);
        check(json!({ "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 }), reckoned);
        check(json!({ "prompt_tokens": -1, "completion_tokens": 1e300 }), reckoned);
        check(
            json!({ "prompt_tokens": 90, "completion_tokens": 0, "total_tokens": 90 }),
            (90, 10, 0),
        );
        check(json!({ "completion_tokens": 7, "total_tokens": 97 }), (90, 7, 0));
    }

    #[test]
    fn tokens_of_thought_that_stand_in_the_total_alone_count() {
        let hidden = json!({ "prompt_tokens": 90, "completion_tokens": 7, "total_tokens": 400 });
        check(hidden, (90, 310, 0));
        let less = json!({ "prompt_tokens": 90, "completion_tokens": 7, "total_tokens": 90 });
        check(less, (90, 7, 0));
    }

    #[test]
    fn no_more_is_cached_than_was_sent() {
        check(
            json!({ "prompt_tokens": 90, "completion_tokens": 7, "cached_tokens": 1_000 }),
            (90, 7, 90),
        );
    }
}
