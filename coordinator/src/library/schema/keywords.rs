//! One keyword of a schema after the other, each in its legal form.

use serde_json::Value;

use super::{Mender, Object, Standing, merge, values};
use crate::library::report::RepairKind;
use crate::library::text::{brief, clean, shortened};

/// The longest description of a parameter, in characters.
const MAX_DESCRIPTION: usize = 2_000;
/// The longest value kept as default, choice or example, as JSON text.
const MAX_VALUE_BYTES: usize = 4_000;

impl<'a> Mender<'a> {
    /// Copies one keyword in its legal form; what says nothing is dropped.
    pub(super) fn keyword(&mut self, key: &str, value: &'a Value, out: &mut Object, depth: usize) {
        match key {
            "type" => self.read_type(value, out),
            "properties" => self.properties(value, out, depth),
            "required" => self.required(value, out),
            "items" => self.items(value, out, depth),
            "additionalProperties" | "unevaluatedProperties" | "unevaluatedItems" => {
                let kept = match value {
                    Value::Bool(_) => Some(value.clone()),
                    Value::Object(_) => Some(
                        self.at(key, |m| m.schema(value, "", Standing::Alternative, depth + 1)),
                    ),
                    _ => None,
                };
                self.keep(key, kept, value, out);
            }
            "not" | "contains" | "propertyNames" | "if" | "then" | "else" => {
                let kept = (value.is_object() || value.is_boolean()).then(|| {
                    self.at(key, |m| match value {
                        Value::Bool(_) => value.clone(),
                        _ => m.schema(value, "", Standing::Alternative, depth + 1),
                    })
                });
                self.keep(key, kept, value, out);
            }
            "anyOf" | "oneOf" | "prefixItems" => self.alternatives(key, value, out, depth),
            "patternProperties" | "dependentSchemas" => self.keyed_schemas(key, value, out, depth),
            "description" | "title" => self.text(key, value, out),
            "enum" | "const" | "default" | "examples" | "example" => self.value(key, value, out),
            "minimum" | "maximum" | "multipleOf" | "exclusiveMinimum" | "exclusiveMaximum" => {
                let kept = match value {
                    Value::Bool(_) if key.starts_with("exclusive") => Some(value.clone()),
                    _ => values::coerce(value, &["number"]),
                };
                let positive = |n: &Value| key != "multipleOf" || n.as_f64() > Some(0.0);
                self.keep(key, kept.filter(positive), value, out);
            }
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
            | "maxProperties" | "minContains" | "maxContains" => {
                let whole = values::coerce(value, &["integer"]);
                let kept = whole.and_then(|n| n.as_f64()).filter(|n| (0.0..1e15).contains(n));
                self.keep(key, kept.map(|n| Value::from(n as u64)), value, out);
            }
            "uniqueItems" | "deprecated" | "nullable" => {
                let kept =
                    values::coerce(value, &["boolean"]).filter(|truth| *truth == Value::Bool(true));
                if kept.is_some() || !value.is_boolean() {
                    self.keep(key, kept, value, out);
                }
            }
            "format" | "contentEncoding" | "contentMediaType" => {
                let short = value.as_str().filter(|text| (1..=60).contains(&text.len()));
                if value.as_str() != Some("") {
                    let kept = short.map(|text| Value::from(clean(text)));
                    self.keep(key, kept, value, out);
                }
            }
            "pattern" => {
                let kept = value.as_str().filter(|text| compiles(text)).map(Value::from);
                self.keep(key, kept, value, out);
            }
            "x-sim" | "x-noun" | "x-facts" => {
                out.insert(key.to_owned(), value.clone());
            }
            // Definitions are inlined, the rest says nothing about values.
            _ => {}
        }
    }

    /// Keeps a keyword's legal value or notes that it was dropped.
    fn keep(&mut self, key: &str, kept: Option<Value>, raw: &Value, out: &mut Object) {
        match kept {
            Some(value) => {
                if value != *raw && value.is_number() {
                    let what = format!("\"{key}\": {} became {value}", brief(raw));
                    self.note(RepairKind::Keyword, what);
                }
                out.insert(key.to_owned(), value);
            }
            None => self
                .note(RepairKind::Keyword, format!("\"{key}\" dropped: {} is no use", brief(raw))),
        }
    }

    fn items(&mut self, value: &'a Value, out: &mut Object, depth: usize) {
        // Draft 4's list of item schemas: one for all, or alternatives.
        let items = match value {
            Value::Array(list) if list.len() == 1 => {
                self.note(RepairKind::Properties, "a list of one item schema became that schema");
                self.at("items", |m| m.schema(&list[0], "", Standing::Whole, depth + 1))
            }
            Value::Array(list) if !list.is_empty() => {
                self.note(RepairKind::Properties, "a list of item schemas became alternatives");
                let mut either = Object::new();
                self.alternatives("anyOf", value, &mut either, depth + 1);
                if either.is_empty() {
                    return;
                }
                either.into()
            }
            Value::Array(_) | Value::Null | Value::Bool(_) => return,
            _ => self.at("items", |m| m.schema(value, "", Standing::Whole, depth + 1)),
        };
        out.insert("items".into(), items);
    }

    fn alternatives(&mut self, key: &str, value: &'a Value, out: &mut Object, depth: usize) {
        let Value::Array(variants) = value else {
            return self.keep(key, None, value, out);
        };
        let mended: Vec<Value> = self.at(key, |m| {
            let usable =
                variants.iter().enumerate().filter(|(_, v)| v.is_object() || v.is_string());
            usable
                .map(|(at, variant)| {
                    let variant =
                        |m: &mut Self| m.schema(variant, "", Standing::Alternative, depth + 1);
                    m.at(&at.to_string(), variant)
                })
                .collect()
        });
        let distinct = values::distinct(mended);
        if distinct.is_empty() {
            return self.keep(key, None, value, out);
        }
        match distinct.as_slice() {
            [Value::Object(only)] if key != "prefixItems" => merge::into(out, only.clone()),
            _ => {
                out.insert(key.to_owned(), distinct.into());
            }
        }
    }

    fn keyed_schemas(&mut self, key: &str, value: &'a Value, out: &mut Object, depth: usize) {
        let Value::Object(keyed) = value else {
            return self.keep(key, None, value, out);
        };
        let usable = keyed.iter().filter(|(name, schema)| {
            (schema.is_object() || schema.is_boolean())
                && (key != "patternProperties" || compiles(name))
        });
        let mended: Object = usable
            .map(|(name, raw)| {
                let mended = match raw {
                    Value::Bool(_) => raw.clone(),
                    _ => self.at(name, |m| m.schema(raw, "", Standing::Alternative, depth + 1)),
                };
                (name.clone(), mended)
            })
            .collect();
        if !mended.is_empty() {
            out.insert(key.to_owned(), mended.into());
        }
    }

    pub(super) fn text(&mut self, key: &str, value: &Value, out: &mut Object) {
        let text = match value {
            Value::String(text) => self.description(text),
            Value::Number(number) => number.to_string(),
            Value::Null => return,
            other => return self.keep(key, None, other, out),
        };
        if !text.is_empty() {
            out.insert(key.to_owned(), text.into());
        }
    }

    /// A description, clean and of bounded length.
    fn description(&mut self, raw: &str) -> String {
        let cleaned = clean(raw);
        if cleaned.len() < raw.trim().len() {
            self.note(RepairKind::Text, "control characters removed");
        }
        match shortened(&cleaned, MAX_DESCRIPTION) {
            Some(short) => {
                let length = cleaned.chars().count();
                let what = format!("shortened from {length} to {MAX_DESCRIPTION} characters");
                self.note(RepairKind::Text, what);
                short
            }
            None => cleaned.into_owned(),
        }
    }

    /// Values stay raw until the node is settled, but not of any size.
    fn value(&mut self, key: &str, value: &Value, out: &mut Object) {
        let listed = matches!(key, "enum" | "examples");
        let small = |value: &Value| measure(value, MAX_VALUE_BYTES) <= MAX_VALUE_BYTES;
        let kept = match value {
            Value::Array(values) if listed => {
                Some(Value::Array(values.iter().filter(|v| small(v)).cloned().collect()))
            }
            other => small(other).then(|| other.clone()),
        };
        match kept {
            Some(kept) => {
                out.insert(key.to_owned(), kept);
            }
            None => self.keep(key, None, value, out),
        }
    }
}

/// A lower bound of the value's size as JSON text, given up beyond `limit`.
fn measure(value: &Value, limit: usize) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().fold(2, |size, value| {
            if size > limit { size } else { size + 1 + measure(value, limit) }
        }),
        Value::Object(object) => object.iter().fold(2, |size, (key, value)| {
            if size > limit { size } else { size + key.len() + measure(value, limit) }
        }),
        _ => 4,
    }
}

/// Whether a validator takes the pattern.
fn compiles(pattern: &str) -> bool {
    pattern.len() <= 500
        && jsonschema::validator_for(&serde_json::json!({ "pattern": pattern })).is_ok()
}
