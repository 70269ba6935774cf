//! `allOf` and references with siblings: several schemas become one that
//! allows what all of them allow.
//!
//! Bounds are intersected, choices and types narrowed, properties and items
//! merged in turn, required names united. What one schema cannot say twice
//! (two patterns, two sets of alternatives) stays beside it under `allOf`.
//! Words and defaults are those of the first, which stands nearest.

use serde_json::{Map, Value};

use super::{LEFT_OUT, ONE_WAY};

type Object = Map<String, Value>;

/// Merges `part` into `whole`. Gives the keywords of which no value can meet
/// both: the first stays.
pub(super) fn into(whole: &mut Object, part: Object) -> Vec<String> {
    let mut conflicts = Vec::new();
    let mut beside = Object::new();
    // Which names are known matters to `additionalProperties`.
    for (key, value) in part {
        let Some(here) = whole.get_mut(&key) else {
            whole.insert(key, value);
            continue;
        };
        if *here == value {
            continue;
        }
        match both(&key, here, value) {
            Both::One => {}
            Both::None => conflicts.push(key),
            Both::Two(value) => {
                beside.insert(key, value);
            }
        }
    }
    if !beside.is_empty() {
        match whole.get_mut("allOf") {
            Some(Value::Array(parts)) => parts.push(beside.into()),
            _ => {
                whole.insert("allOf".into(), vec![Value::from(beside)].into());
            }
        }
    }
    conflicts
}

/// What became of two values of a keyword.
enum Both {
    /// One value that says both.
    One,
    /// Nothing meets both.
    None,
    /// The second must be said on its own.
    Two(Value),
}

fn both(key: &str, here: &mut Value, more: Value) -> Both {
    match (key, here, more) {
        ("properties" | "patternProperties", Value::Object(here), Value::Object(more)) => {
            for (name, schema) in more {
                match here.get_mut(&name) {
                    Some(known) => schemas(known, schema),
                    None => {
                        here.insert(name, schema);
                    }
                }
            }
            Both::One
        }
        (key, Value::Array(here), Value::Array(more))
            if ["required", "allOf", LEFT_OUT, ONE_WAY].contains(&key) =>
        {
            more.into_iter().for_each(|name| {
                if !here.contains(&name) {
                    here.push(name);
                }
            });
            Both::One
        }
        ("enum", Value::Array(here), Value::Array(more)) => {
            // Two choices with nothing in common: the first is as good as any.
            if !here.iter().any(|value| more.contains(value)) {
                return Both::None;
            }
            here.retain(|value| more.contains(value));
            Both::One
        }
        ("type", here, more) => types(here, &more),
        (
            "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties",
            here,
            more,
        ) => {
            if more.as_f64() > here.as_f64() {
                *here = more;
            }
            Both::One
        }
        (
            "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties",
            here,
            more,
        ) => {
            if more.as_f64() < here.as_f64() {
                *here = more;
            }
            Both::One
        }
        ("items" | "additionalProperties" | "unevaluatedProperties", here, more) => {
            schemas(here, more);
            Both::One
        }
        ("uniqueItems" | "deprecated" | "nullable" | "readOnly" | "writeOnly", ..) => Both::One,
        (
            "pattern" | "format" | "multipleOf" | "anyOf" | "oneOf" | "not" | "const" | "contains"
            | "prefixItems" | "propertyNames" | "dependentRequired" | "dependentSchemas",
            _,
            more,
        ) => Both::Two(more),
        // Conditions belong together, and all else is words.
        _ => Both::One,
    }
}

/// Two schemas in one place; a boolean one decides.
fn schemas(here: &mut Value, more: Value) {
    match (&mut *here, more) {
        (Value::Bool(false), _) | (_, Value::Bool(true)) => {}
        (Value::Object(here), Value::Object(more)) => {
            into(here, more);
        }
        (here, more) => *here = more,
    }
}

/// The types that both name; an integer is a number.
fn types(here: &mut Value, more: &Value) -> Both {
    let names = |value: &Value| -> Vec<String> {
        match value {
            Value::Array(names) => names.iter().filter_map(Value::as_str).map(Into::into).collect(),
            other => other.as_str().map(Into::into).into_iter().collect(),
        }
    };
    let (first, second) = (names(here), names(more));
    let narrow = |name: &String| match name.as_str() {
        _ if second.contains(name) => Some(name.clone()),
        "number" if second.iter().any(|other| other == "integer") => Some("integer".to_owned()),
        "integer" if second.iter().any(|other| other == "number") => Some(name.clone()),
        _ => None,
    };
    let mut common: Vec<String> = first.iter().filter_map(narrow).collect();
    common.dedup();
    match common.as_slice() {
        [] => return Both::None,
        [only] => *here = Value::from(only.as_str()),
        _ => *here = common.into(),
    }
    Both::One
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(whole: Value, part: Value, expected: &Value) {
        let mut merged = whole.as_object().unwrap().clone();
        let conflicts = into(&mut merged, part.as_object().unwrap().clone());
        assert_eq!(conflicts, Vec::<String>::new(), "{whole} and {part}");
        assert_eq!(&Value::from(merged), expected, "{whole} and {part}");
    }

    #[test]
    fn properties_and_required_names_are_united() {
        let whole =
            json!({"properties": {"a": {"type": "string"}}, "required": ["a"], "title": "x"});
        let part = json!({"properties": {"a": {"minLength": 1}, "b": {}}, "required": ["b", "a"],
                          "title": "y"});
        let expected = json!({"properties": {"a": {"type": "string", "minLength": 1}, "b": {}},
                              "required": ["a", "b"], "title": "x"});
        check(whole, part, &expected);
    }

    #[test]
    fn bounds_are_intersected_and_choices_narrowed() {
        check(
            json!({"type": "number", "minimum": 1, "maximum": 100, "maxLength": 9}),
            json!({"type": ["integer", "null"], "minimum": 90, "maximum": 200, "maxLength": 3}),
            &json!({"type": "integer", "minimum": 90, "maximum": 100, "maxLength": 3}),
        );
        check(json!({"enum": ["a", "b"]}), json!({"enum": ["b", "c"]}), &json!({"enum": ["b"]}));
        check(
            json!({"additionalProperties": false, "items": {"type": "string"}}),
            json!({"additionalProperties": {"type": "string"}, "items": {"minLength": 2}}),
            &json!({"additionalProperties": false, "items": {"type": "string", "minLength": 2}}),
        );
    }

    #[test]
    fn what_cannot_be_said_in_one_stays_beside() {
        check(
            json!({"pattern": "^a", "oneOf": [{"type": "string"}]}),
            json!({"pattern": "z$", "oneOf": [{"maxLength": 3}]}),
            &json!({"pattern": "^a", "oneOf": [{"type": "string"}],
                    "allOf": [{"pattern": "z$", "oneOf": [{"maxLength": 3}]}]}),
        );
    }

    #[test]
    fn what_nothing_can_meet_is_told() {
        let mut whole = json!({"type": "string", "enum": ["a"]});
        let part = json!({"type": "array", "enum": ["b"]});
        let conflicts = into(whole.as_object_mut().unwrap(), part.as_object().unwrap().clone());
        assert_eq!(conflicts, ["type", "enum"]);
    }
}
