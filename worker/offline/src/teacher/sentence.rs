//! How a sentence begins and ends.

/// With a small first letter, unless the first word is "I" or a name.
pub(super) fn small(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    let ordinary = first.chars().skip(1).all(|c| c.is_lowercase() || c == ',' || c == '\'')
        && first.len() > 1
        && !first.starts_with("I'");
    let mut chars = text.chars();
    match chars.next() {
        Some(start) if ordinary => start.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// With a capital first letter.
pub(super) fn capital(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    let is_value = first.contains(['@', '_', '/']) || first.chars().any(|c| c.is_ascii_digit());
    if is_value {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// With a full stop, unless it has an end already.
pub(super) fn closed(text: &str) -> String {
    let ended = text.ends_with(['.', '!', '?'])
        || text.ends_with(".\"")
        || text.ends_with("!\"")
        || text.ends_with("?\"");
    if ended { text.to_owned() } else { format!("{text}.") }
}
