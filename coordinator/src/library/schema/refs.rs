//! `$ref`: finding what a reference means inside the same file.

use serde_json::{Map, Value, json};

use super::discriminator::Discriminator;

/// How many references may lead to one another.
const LONGEST_CHAIN: usize = 16;
/// How deep `allOf` is looked through for properties.
const DEEPEST: usize = 8;

/// Beside a `$ref`: why it leads nowhere.
pub(in crate::library) const LOST: &str = "x-lost";

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

/// Follows references until something else; the last one if it leads nowhere.
pub(in crate::library) fn target<'a>(
    root: &'a Value,
    value: &'a Value,
) -> Result<&'a Value, &'a Value> {
    let mut here = value;
    for _ in 0..LONGEST_CHAIN {
        match here.get("$ref").and_then(Value::as_str) {
            Some(reference) => here = find(root, reference).ok_or(here)?,
            None => return Ok(here),
        }
    }
    Err(here)
}

/// Why a reference leads nowhere, as the end of a sentence.
pub(in crate::library) fn lost(object: &Map<String, Value>) -> &str {
    object.get(LOST).and_then(Value::as_str).unwrap_or("which leads nowhere")
}

/// What an object schema declares.
pub(in crate::library) struct Plain {
    pub(in crate::library) properties: Map<String, Value>,
    pub(in crate::library) required: Vec<String>,
    /// There may be other properties than those declared.
    pub(in crate::library) is_open: bool,
}

/// Keywords of an object schema that its properties and their names alone do
/// not say.
const TELLING: &[&str] = &[
    "oneOf", "anyOf", "not", "if", "enum", "const", "patternProperties", "propertyNames",
    "minProperties", "maxProperties", "dependentRequired", "dependentSchemas", "dependencies",
];

/// The properties of a schema that is an object of them and no more, looked up
/// through references and `allOf`; what the properties hold stays as it is.
pub(in crate::library) fn plain_object(root: &Value, schema: &Value) -> Option<Plain> {
    let mut plain = Plain { properties: Map::new(), required: Vec::new(), is_open: true };
    gather(root, schema, 0, &mut plain).then_some(plain)
}

fn gather(root: &Value, schema: &Value, depth: usize, plain: &mut Plain) -> bool {
    let Some(object) = schema.as_object().filter(|_| depth < DEEPEST) else {
        return false;
    };
    let is_map = |key: &str| {
        object.get(key).and_then(Value::as_object).is_some_and(|schema| !schema.is_empty())
    };
    let is_object = object.get("type").is_none_or(|ty| ty == "object");
    if !is_object
        || TELLING.iter().any(|key| object.contains_key(*key))
        || is_map("additionalProperties")
        || is_map("unevaluatedProperties")
    {
        return false;
    }
    plain.is_open &= object.get("additionalProperties") != Some(&Value::Bool(false));
    for (name, property) in
        object.get("properties").and_then(Value::as_object).into_iter().flatten()
    {
        match plain.properties.get_mut(name) {
            Some(known) if known == property => {}
            Some(known) => *known = json!({ "allOf": [known.take(), property] }),
            None => {
                plain.properties.insert(name.clone(), property.clone());
            }
        }
    }
    if let Some((name, choices)) = Discriminator::of(object).and_then(|told| told.choices())
        && let Some(known) = plain.properties.get_mut(name)
    {
        *known = json!({ "allOf": [known.take(), { "enum": choices }] });
    }
    if let Some(names) = object.get("required").and_then(Value::as_array) {
        plain.required.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
        let Some(target) = find(root, reference) else { return false };
        if !gather(root, target, depth + 1, plain) {
            return false;
        }
    }
    let mut parts = object.get("allOf").and_then(Value::as_array).into_iter().flatten();
    parts.all(|part| gather(root, part, depth + 1, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_may_be_escaped_both_ways() {
        let root = json!({"a/b": {"c d": 1}});
        assert_eq!(find(&root, "#/a~1b/c%20d"), Some(&json!(1)));
        assert_eq!(find(&root, "other.json#/a"), None);
    }

    #[test]
    fn references_in_a_circle_lead_nowhere() {
        let root = json!({"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}});
        assert!(target(&root, &root["a"]).is_err());
    }
}
