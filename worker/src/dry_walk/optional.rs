//! Which optional parameters a person bothers to mention.

use magnet_proto::shape::{Field, Type, words};

/// Parameters that a program sets and a person does not mention.
const NOISE: &[&str] = &[
    "page", "per", "offset", "cursor", "skip", "callback", "format", "fields", "output", "token",
    "api", "apikey", "key", "debug", "locale", "hl", "gl", "jsonp", "encoding", "pretty", "accept",
    "version", "client", "session", "nonce", "signature", "continuation", "pagination", "header",
    "headers", "metadata", "index", "ref", "hash", "etag",
];

/// Whether an optional parameter means something to a person: a scalar that is
/// no affair of programs.
pub(super) fn is_speakable(field: &Field) -> bool {
    is_plain(&field.shape.ty)
        && field.name.len() > 2
        && !words(&field.name).any(|word| NOISE.contains(&word.as_str()))
}

/// A scalar, or a list of such whose values are given.
fn is_plain(ty: &Type) -> bool {
    match ty {
        Type::String { .. } | Type::Integer { .. } | Type::Number { .. } => true,
        Type::Array { items, .. } => match items.ty {
            Type::Integer { min, max } => min.is_some() && max.is_some(),
            Type::String { .. } => !items.choices.is_empty(),
            _ => false,
        },
        _ => false,
    }
}
