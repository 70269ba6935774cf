//! `$ref`: finding what a reference means inside the same file.

use serde_json::{Map, Value};

/// How many references may lead to one another.
const LONGEST_CHAIN: usize = 16;
/// How deep `allOf` is looked through for properties.
const DEEPEST: usize = 8;

/// The value at a local reference such as `#/components/schemas/Pet`.
pub(in crate::library) fn find<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#')?;
    if pointer.contains('%') {
        return root.pointer(&unescape(pointer));
    }
    root.pointer(pointer)
}

/// Percent-decoding as URI fragments need it, ASCII only.
fn unescape(pointer: &str) -> String {
    let mut out = String::with_capacity(pointer.len());
    let mut rest = pointer;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let byte = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte.filter(u8::is_ascii) {
            Some(byte) => {
                out.push(char::from(byte));
                rest = &rest[at + 3..];
            }
            None => {
                out.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Follows references until something else; `None` if they lead nowhere.
pub(in crate::library) fn target<'a>(root: &'a Value, value: &'a Value) -> Option<&'a Value> {
    let mut here = value;
    for _ in 0..LONGEST_CHAIN {
        match here.get("$ref").and_then(Value::as_str) {
            Some(reference) => here = find(root, reference)?,
            None => return Some(here),
        }
    }
    None
}

/// `properties` and `required` of an object schema, looked up through
/// references and `allOf`; what the properties hold stays as it is.
pub(in crate::library) fn shallow(root: &Value, schema: &Value) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    gather(root, schema, 0, &mut properties, &mut required);
    let mut object = Map::new();
    if !properties.is_empty() {
        object.insert("properties".into(), properties.into());
    }
    object.insert("required".into(), required.into());
    object.into()
}

fn gather(
    root: &Value,
    schema: &Value,
    depth: usize,
    properties: &mut Map<String, Value>,
    required: &mut Vec<Value>,
) {
    let Some(schema) = target(root, schema).filter(|_| depth < DEEPEST) else {
        return;
    };
    if let Some(own) = schema.get("properties").and_then(Value::as_object) {
        for (name, property) in own {
            properties.entry(name.as_str()).or_insert_with(|| property.clone());
        }
    }
    if let Some(names) = schema.get("required").and_then(Value::as_array) {
        required.extend(names.iter().cloned());
    }
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten().take(32) {
        gather(root, part, depth + 1, properties, required);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reference_may_be_escaped_both_ways() {
        let root = json!({"a/b": {"c d": 1}});
        assert_eq!(find(&root, "#/a~1b/c%20d"), Some(&json!(1)));
        assert_eq!(find(&root, "other.json#/a"), None);
    }

    #[test]
    fn references_in_a_circle_lead_nowhere() {
        let root = json!({"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}});
        assert_eq!(target(&root, &root["a"]), None);
    }
}
