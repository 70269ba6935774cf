//! `allOf` and references with siblings: several schemas become one.
//!
//! What is there first wins; properties and required names are united, a
//! choice narrows to what both allow.

use serde_json::{Map, Value};

/// Merges `part` into `whole`.
pub(super) fn into(whole: &mut Map<String, Value>, part: Map<String, Value>) {
    for (key, value) in part {
        match (whole.get_mut(&key), value) {
            (Some(Value::Object(here)), Value::Object(more))
                if key == "properties" || key == "patternProperties" =>
            {
                for (name, schema) in more {
                    here.entry(name).or_insert(schema);
                }
            }
            (Some(Value::Array(here)), Value::Array(more)) if key == "required" => {
                for name in more {
                    if !here.contains(&name) {
                        here.push(name);
                    }
                }
            }
            (Some(Value::Array(here)), Value::Array(more)) if key == "enum" => {
                let both = |value: &Value| more.contains(value);
                // Two choices with nothing in common: the first is as good as any.
                if here.iter().any(both) {
                    here.retain(both);
                }
            }
            (Some(_), _) => {}
            (None, value) => {
                whole.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn properties_and_required_names_are_united() {
        let mut whole = json!({"properties": {"a": 1}, "required": ["a"], "title": "x"});
        let part = json!({"properties": {"a": 2, "b": 3}, "required": ["b", "a"], "title": "y"});
        into(whole.as_object_mut().unwrap(), part.as_object().unwrap().clone());
        let expected =
            json!({"properties": {"a": 1, "b": 3}, "required": ["a", "b"], "title": "x"});
        assert_eq!(whole, expected);
    }
}
