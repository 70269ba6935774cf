//! Which optional parameters a person bothers to mention.

use magnet_proto::library::Function;
use magnet_proto::rng::Rng;
use magnet_proto::shape::{Field, Type, words};
use rand::RngExt;
use serde_json::Value;

/// Parameters that a program sets and a person does not mention.
const NOISE: &[&str] = &[
    "page", "per", "offset", "cursor", "skip", "callback", "format", "fields", "output", "token",
    "api", "apikey", "key", "debug", "locale", "hl", "gl", "jsonp", "encoding", "pretty", "accept",
    "version", "versionid", "client", "session", "after", "before", "nonce", "signature",
    "storage", "continuation", "pagination", "header", "headers", "metadata", "index", "start",
    "ref", "hash", "etag",
];

/// Whether a parameter is one that only programs care for.
pub(super) fn is_noise(field: &Field) -> bool {
    words(&field.name).any(|word| NOISE.contains(&word.as_str()))
}

/// Whether a default is a value, not a stand-in for one.
pub(super) fn is_sensible(default: &Value) -> bool {
    match default {
        Value::String(text) => {
            let text = text.trim();
            !text.is_empty()
                && !["None", "none", "null", "string", "undefined", "NaN"].contains(&text)
        }
        Value::Null => false,
        _ => true,
    }
}

/// The optional parameters a request gives: few, and fewer of many.
pub(super) fn chosen<'a>(
    function: &Function,
    candidates: &[&'a Field],
    templated: bool,
    rng: &mut Rng,
) -> Vec<&'a Field> {
    let needed = function.required().count();
    let speakable: Vec<&Field> =
        candidates.iter().copied().filter(|f| templated || is_speakable(f)).collect();
    let percent = match (templated, speakable.len()) {
        (true, _) => 40,
        // Without anything required the optional ones carry the meaning.
        (false, 1..=3) if needed == 0 => 70,
        (false, n) if needed == 0 => (150 / n.max(1)) as u32,
        (false, 0..=2) => 40,
        (false, n) => (90 / n) as u32,
    };
    let mut chosen = Vec::new();
    for field in speakable {
        if rng.random_range(0..100) < percent && chosen.len() < 3 {
            chosen.push(field);
        }
    }
    chosen
}

/// Scalars with a meaning of their own; flags only if their name reads as one.
fn is_speakable(field: &Field) -> bool {
    if is_noise(field) {
        return false;
    }
    match &field.shape.ty {
        Type::Array { items, .. } => {
            matches!(items.ty, Type::String { .. })
                && items.choices.is_empty()
                && field.shape.choices.is_empty()
        }
        Type::Object { .. } | Type::Any | Type::Null => false,
        Type::Boolean => words(&field.name)
            .next()
            .is_some_and(|verb| ["include", "exclude", "only"].contains(&verb.as_str())),
        Type::String { .. } => field.name.len() > 1 || field.name == "q",
        _ => field.name.len() > 2,
    }
}
