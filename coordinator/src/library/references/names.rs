//! The names that schemas of a document give to themselves.

use std::collections::BTreeMap;

use magnet_proto::shape;
use serde_json::Value;

/// Names with their places as JSON pointers. A file of many functions may give
/// one name many times: the nearest place counts.
#[derive(Default)]
pub(super) struct Names {
    anchors: BTreeMap<String, Vec<String>>,
    ids: BTreeMap<String, Vec<String>>,
}

impl Names {
    pub(super) fn of(document: &Value) -> Self {
        let mut names = Self::default();
        names.collect(document, "", &mut String::new());
        names
    }

    fn collect(&mut self, value: &Value, base: &str, at: &mut String) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let length = step(at, &index.to_string());
                    self.collect(item, base, at);
                    at.truncate(length);
                }
            }
            Value::Object(object) => {
                let text = |key: &str| object.get(key).and_then(Value::as_str);
                let id = text("$id").map(|id| join(base, id));
                if let Some(id) = &id {
                    self.ids.entry(id.clone()).or_default().push(at.clone());
                }
                // Draft 4 has `"id": "#name"` in place of an anchor.
                let old = text("id").and_then(|id| id.strip_prefix('#'));
                for anchor in [text("$anchor"), text("$dynamicAnchor"), old].into_iter().flatten() {
                    self.anchors.entry(anchor.to_owned()).or_default().push(at.clone());
                }
                let base = id.as_deref().unwrap_or(base);
                for (key, inner) in object.iter().filter(|(_, inner)| !inner.is_string()) {
                    let length = step(at, key);
                    self.collect(inner, base, at);
                    at.truncate(length);
                }
            }
            _ => {}
        }
    }

    pub(super) fn anchor(&self, name: &str, from: &str) -> Option<&str> {
        nearest(self.anchors.get(name)?, from)
    }

    pub(super) fn id(&self, id: &str, from: &str) -> Option<&str> {
        nearest(self.ids.get(id.trim_end_matches('#'))?, from)
    }
}

/// The place that shares the longest way with `from`.
fn nearest<'a>(places: &'a [String], from: &str) -> Option<&'a str> {
    let shared = |place: &&String| {
        let steps = place.split('/').zip(from.split('/'));
        steps.take_while(|(here, there)| here == there).count()
    };
    places.iter().max_by_key(shared).map(String::as_str)
}

/// Goes one step down a pointer; gives its length before.
pub(super) fn step(at: &mut String, name: &str) -> usize {
    let length = at.len();
    at.push('/');
    at.push_str(&shape::escape(name));
    length
}

/// An id relative to the one around it, without its empty fragment.
pub(super) fn join(base: &str, id: &str) -> String {
    let id = id.trim_end_matches('#');
    let is_whole = id.contains("://") || id.starts_with("urn:");
    let folder = match base.find("://") {
        _ if is_whole => "",
        Some(scheme) if id.starts_with('/') => {
            let host = base[scheme + 3..].find('/').map_or(base.len(), |at| scheme + 3 + at);
            &base[..host]
        }
        _ => base.rfind('/').map_or("", |end| &base[..=end]),
    };
    format!("{folder}{}", id.strip_prefix("./").unwrap_or(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_relative_to_the_one_around_it() {
        let base = "https://h.example/a/s.json";
        for (id, expected) in [
            ("t.json", "https://h.example/a/t.json"),
            ("./t.json", "https://h.example/a/t.json"),
            ("/t.json#", "https://h.example/t.json"),
            ("https://o.example/x", "https://o.example/x"),
            ("urn:a:b", "urn:a:b"),
        ] {
            assert_eq!(join(base, id), expected);
        }
        assert_eq!(join("", "t.json"), "t.json");
    }
}
