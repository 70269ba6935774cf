//! One keyword of a schema after the other, each in its legal form.

use serde_json::Value;

use super::discriminator::Discriminator;
use super::{Cut, MAX_REMEMBERED, Mender, Object, Place, Side, Standing, values};
use crate::library::report::RepairKind;
use crate::library::text::{brief, clean, shortened};

/// The longest description of a parameter, in characters.
const MAX_DESCRIPTION: usize = 2_000;
/// And in an output: no model is shown it, its first words say what it is.
const MAX_OUTPUT_DESCRIPTION: usize = 200;
/// Characters that no text of an output has.
const AMPLE: f64 = 4_000.0;
/// The longest value kept as default, choice or example, as JSON text.
const MAX_VALUE_BYTES: usize = 4_000;

impl<'a> Mender<'a> {
    /// Copies one keyword in its legal form; what says nothing is dropped.
    pub(super) fn keyword(
        &mut self,
        key: &str,
        value: &'a Value,
        out: &mut Object,
        place: Place<'_>,
    ) -> Result<(), Cut> {
        let depth = place.depth + 1;
        match key {
            // No output is that long: a node more for nothing, in each of its texts.
            "maxLength" if self.is_ample(value) => {}
            // Python's protobuf messages have no "type".
            "type" | "type_" => self.read_type(value, out),
            "required" => self.required(value, out),
            "additionalProperties" | "unevaluatedProperties" | "unevaluatedItems" => {
                let kept = match value {
                    Value::Bool(_) => Some(value.clone()),
                    Value::Object(_) => Some(self.open_end(key, value, out, place)?),
                    _ => None,
                };
                self.keep(key, kept, value, out);
            }
            "not" | "contains" | "propertyNames" | "if" | "then" | "else" => {
                let kept = match value {
                    Value::Bool(_) => Some(value.clone()),
                    Value::Object(_) => Some(self.at(key, |m| m.condition(value, depth))?),
                    _ => None,
                };
                self.keep(key, kept, value, out);
            }
            "patternProperties" | "dependentSchemas" => {
                self.keyed_schemas(key, value, out, depth)?;
            }
            "dependentRequired" => {
                let kept = value.as_object().map(|keyed| Value::Object(lists_of_names(keyed)));
                self.keep(key, kept, value, out);
            }
            // Draft 7 has both kinds under one key.
            "dependencies" => {
                let Some(keyed) = value.as_object() else { return Ok(()) };
                let names = lists_of_names(keyed);
                if names.len() < keyed.len() {
                    self.keyed_schemas("dependentSchemas", value, out, depth)?;
                }
                if !names.is_empty() {
                    out.insert("dependentRequired".into(), names.into());
                }
            }
            // No model is shown an output's schema, and nothing reads its title.
            "title" if self.side == Side::Output => {}
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
                let kept = value.as_str().filter(|text| self.compiles(text)).map(Value::from);
                self.keep(key, kept, value, out);
            }
            "readOnly" | "writeOnly" if value.is_boolean() => {
                out.insert(key.to_owned(), value.clone());
            }
            "x-noun" => {
                out.insert(key.to_owned(), value.clone());
            }
            // Definitions are inlined, the rest says nothing about values.
            _ => {}
        }
        Ok(())
    }

    /// Whether a bound on an output's text is beyond what is ever made.
    fn is_ample(&self, most: &Value) -> bool {
        self.side == Side::Output && most.as_f64().is_some_and(|most| most >= AMPLE)
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

    /// What values beyond the named ones may be; none if that is cut.
    fn open_end(
        &mut self,
        key: &str,
        value: &'a Value,
        out: &Object,
        place: Place<'_>,
    ) -> Result<Value, Cut> {
        let standing = Standing::Alternative;
        let inner = Place { name: "", standing, depth: place.depth + 1, is_needed: false };
        self.at(key, |m| match m.schema(value, inner) {
            Err(cut) => {
                let least = out.get("minProperties").and_then(Value::as_u64).unwrap_or(0);
                if !place.is_needed || least > 0 || m.conditions > 0 {
                    return Err(cut);
                }
                m.note(RepairKind::Cut, format_args!("nothing beyond the named ones: {cut}"));
                Ok(Value::Bool(false))
            }
            made => made,
        })
    }

    /// The alternatives that can be made; gives the only one, which is none.
    pub(super) fn alternatives(
        &mut self,
        key: &str,
        value: &'a Value,
        told: Option<&Discriminator<'_>>,
        out: &mut Object,
        place: Place<'_>,
    ) -> Result<Option<Object>, Cut> {
        let Value::Array(variants) = value else {
            self.keep(key, None, value, out);
            return Ok(None);
        };
        let mut cut = None;
        let mut mended = self.variants(key, variants, told, place.depth + 1, false, &mut cut)?;
        if mended.is_empty() && cut.is_some() && place.is_needed {
            mended = self.variants(key, variants, told, place.depth + 1, true, &mut cut)?;
        }
        if let (true, Some(cut)) = (mended.is_empty(), cut) {
            return Err(cut);
        }
        match mended.pop() {
            None => self.keep(key, None, value, out),
            Some(Value::Object(only)) if mended.is_empty() => return Ok(Some(only)),
            Some(last) => {
                mended.push(last);
                out.insert(key.to_owned(), mended.into());
            }
        }
        Ok(None)
    }

    fn variants(
        &mut self,
        key: &str,
        variants: &'a [Value],
        told: Option<&Discriminator<'_>>,
        depth: usize,
        is_needed: bool,
        cut: &mut Option<Cut>,
    ) -> Result<Vec<Value>, Cut> {
        let mut mended = Vec::with_capacity(variants.len());
        let usable = variants.iter().enumerate().filter(|(_, v)| v.is_object() || v.is_string());
        for (at, variant) in usable {
            // A scalar costs nothing and is what the rest falls back to.
            let is_needed = is_needed || self.conditions > 0 || is_scalar(variant);
            let place = Place { name: "", standing: Standing::Alternative, depth, is_needed };
            let mut made = self.at(key, |m| m.at(&at.to_string(), |m| m.schema(variant, place)));
            if let (Some(told), Ok(made)) = (told, &mut made) {
                told.tell_apart(variant, made);
            }
            match made {
                Ok(variant) if mended.contains(&variant) => {}
                Ok(variant) => mended.push(variant),
                Err(why) if self.conditions > 0 => return Err(why),
                Err(why) => {
                    self.note(RepairKind::Cut, format_args!("an alternative is left out: {why}"));
                    *cut = Some(why);
                }
            }
        }
        Ok(mended)
    }

    fn keyed_schemas(
        &mut self,
        key: &str,
        value: &'a Value,
        out: &mut Object,
        depth: usize,
    ) -> Result<(), Cut> {
        let Value::Object(keyed) = value else {
            self.keep(key, None, value, out);
            return Ok(());
        };
        let mut mended = Object::new();
        for (name, raw) in keyed.iter().filter(|(_, raw)| raw.is_object() || raw.is_boolean()) {
            if key == "patternProperties" && !self.compiles(name) {
                continue;
            }
            let schema = match raw {
                Value::Bool(_) => raw.clone(),
                _ => self.at(name, |m| m.condition(raw, depth))?,
            };
            mended.insert(name.clone(), schema);
        }
        if !mended.is_empty() {
            out.insert(key.to_owned(), mended.into());
        }
        Ok(())
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

    /// Whether a validator takes the pattern.
    fn compiles(&mut self, pattern: &str) -> bool {
        if pattern.len() > 500 {
            return false;
        }
        if let Some(known) = self.memory.patterns.get(pattern) {
            return *known;
        }
        let schema = serde_json::json!({ "pattern": pattern });
        let compiles = jsonschema::validator_for(&schema).is_ok();
        if self.memory.patterns.len() < MAX_REMEMBERED {
            self.memory.patterns.insert(pattern.to_owned(), compiles);
        }
        compiles
    }

    /// A description, clean and of bounded length.
    fn description(&mut self, raw: &str) -> String {
        if self.side == Side::Output {
            let short = shortened(raw.trim_start(), MAX_OUTPUT_DESCRIPTION);
            return clean(short.as_deref().unwrap_or(raw)).into_owned();
        }
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

/// The members that are lists of names.
fn lists_of_names(keyed: &Object) -> Object {
    let names =
        |value: &Value| value.as_array().is_some_and(|names| names.iter().all(Value::is_string));
    let lists = keyed.iter().filter(|(_, value)| names(value));
    lists
        .map(|(name, list)| {
            (name.clone(), values::distinct(list.as_array().cloned().unwrap_or_default()).into())
        })
        .collect()
}

/// Whether a schema names one of the types that hold nothing else.
fn is_scalar(raw: &Value) -> bool {
    raw.get("type").and_then(Value::as_str).is_some_and(|ty| !matches!(ty, "object" | "array"))
}
