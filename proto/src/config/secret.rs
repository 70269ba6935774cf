//! Telling secrets from settings, so that none is ever printed.

/// How the keys of well-known services begin.
const KEY_PREFIXES: &[&str] =
    &["sk-", "sk_", "gsk_", "hf_", "xai-", "AIza", "ghp_", "AKIA", "Bearer "];

/// The shortest text that is taken for a key: names may begin like one.
const SHORTEST_KEY: usize = 12;

/// Whether a text looks like an API key rather than like a setting.
pub fn looks_like_key(text: &str) -> bool {
    let text = text.trim();
    let begins_like_one = KEY_PREFIXES.iter().any(|prefix| text.starts_with(prefix));
    begins_like_one && text.len() >= SHORTEST_KEY && text.bytes().any(|b| b.is_ascii_digit())
        || text.starts_with("sk-") && text.len() >= SHORTEST_KEY
}

/// The text with whatever is secret in it replaced by stars: a key as a whole,
/// of a URL its password.
pub(super) fn redact(text: &str) -> String {
    if looks_like_key(text) {
        return "***".into();
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some(at) = rest[..end].rfind('@') else {
        return text.to_owned();
    };
    let user = rest[..at].split(':').next().unwrap_or_default();
    format!("{scheme}://{user}:***{}", &rest[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_from_names_of_variables() {
        for key in ["sk-proj-aBcDeFgHiJkLmN", "AIzaSyA1234567890abcdef", "hf_abcdefghij123456"] {
            assert!(looks_like_key(key), "{key}");
        }
        for name in ["OPENAI_API_KEY", "BIG_KEY", "sk-demo", "hf_token"] {
            assert!(!looks_like_key(name), "{name}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_never_shown() {
        assert_eq!(redact("amqp://me:s3cret@host:5672/vh"), "amqp://me:***@host:5672/vh");
        assert_eq!(redact("redis://:p@ss@host/0"), "redis://:***@host/0");
        assert_eq!(redact("redis://host/0"), "redis://host/0");
        assert_eq!(redact("memory:"), "memory:");
    }
}
