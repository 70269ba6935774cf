//! Type names of other languages and other people, read as JSON Schema types.

use serde_json::Value;

use super::{Mender, Object};
use crate::library::report::RepairKind;
use crate::library::text::{kind, one_line};

/// What a type's name says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// One of JSON Schema's seven, or `None` for "anything".
    pub(super) ty: Option<&'static str>,
    pub(super) format: Option<&'static str>,
    /// The type of a list's items.
    pub(super) items: Option<&'static str>,
    pub(super) nullable: bool,
    /// "str, optional": the parameter need not be given.
    pub(super) optional: bool,
}

/// Whether this is one of JSON Schema's own type names.
pub(super) fn canonical(name: &str) -> Option<&'static str> {
    ["string", "number", "integer", "boolean", "array", "object", "null"]
        .into_iter()
        .find(|known| *known == name)
}

/// Reads a type's name; `None` if it means nothing known.
pub(super) fn read(text: &str) -> Option<Reading> {
    if let Some(ty) = canonical(text) {
        return Some(Reading { ty: Some(ty), ..Reading::default() });
    }
    if text.len() > 120 {
        return None;
    }
    let lower = text.trim().to_lowercase();
    let mut reading = Reading::default();
    let mut rest = lower.as_str();
    for marker in [", optional", " (optional)", ",optional", " optional"] {
        if let Some(head) = rest.strip_suffix(marker) {
            rest = head.trim();
            reading.optional = true;
        }
    }
    for marker in [", required", " (required)", ",required"] {
        rest = rest.strip_suffix(marker).unwrap_or(rest).trim();
    }
    if let Some(inside) = inside(rest, "optional", '[', ']') {
        rest = inside;
        reading.nullable = true;
    }
    for suffix in ["?", " or null", " | none", " | null", "|null"] {
        if let Some(head) = rest.strip_suffix(suffix) {
            rest = head.trim();
            reading.nullable = true;
        }
    }
    name(rest, &mut reading).then_some(reading)
}

/// `prefix[inner]` or `prefix<inner>`.
fn inside<'a>(text: &'a str, prefix: &str, open: char, close: char) -> Option<&'a str> {
    text.strip_prefix(prefix)?.trim_start().strip_prefix(open)?.strip_suffix(close).map(str::trim)
}

fn name(text: &str, reading: &mut Reading) -> bool {
    if let Some(ty) = simple(text) {
        reading.ty = ty;
        reading.format = format(text);
        return true;
    }
    if let Some(item) = list_item(text) {
        reading.ty = Some("array");
        let item = simple(item).unwrap_or_else(|| simple(item.trim_end_matches('s')).flatten());
        reading.items = item;
        return true;
    }
    let maps = ["dict", "map", "hashmap", "record", "mapping", "object"];
    if maps.iter().any(|map| inside(text, map, '[', ']').or(inside(text, map, '<', '>')).is_some())
    {
        reading.ty = Some("object");
        return true;
    }
    if inside(text, "literal", '[', ']').is_some() || inside(text, "enum", '[', ']').is_some() {
        reading.ty = Some("string");
        return true;
    }
    // "string (uuid)", "integer (1-100)", "date (yyyy-mm-dd)"
    let head = text.split(['(', ',', ':']).next().unwrap_or("").trim();
    if head.len() < text.len() && !head.is_empty() {
        return name(head, reading);
    }
    false
}

/// The item's name in `list[str]`, `array<int>`, `string[]`, `list of str`.
fn list_item(text: &str) -> Option<&str> {
    for list in ["list", "array", "arraylist", "set", "tuple", "sequence", "iterable", "vec"] {
        if let Some(item) = inside(text, list, '[', ']').or(inside(text, list, '<', '>')) {
            return Some(item.split(',').next().unwrap_or("").trim());
        }
        if let Some(item) = text.strip_prefix(list).and_then(|rest| rest.strip_prefix(" of ")) {
            return Some(item.trim());
        }
    }
    text.strip_suffix("[]").map(str::trim)
}

/// A type's plain name in lower case; `Some(None)` means anything.
fn simple(text: &str) -> Option<Option<&'static str>> {
    Some(Some(match text {
        "string" | "str" | "text" | "char" | "character" | "varchar" | "charsequence" | "bytes"
        | "byte[]" | "binary" | "file" | "enum" | "uuid" | "guid" | "url" | "uri" | "email"
        | "date" | "time" | "datetime" | "date-time" | "timestamp" | "password" | "path"
        | "country" | "currency" | "geopoint" | "decimal string" | "phone" => "string",
        "number" | "float" | "double" | "decimal" | "bigdecimal" | "real" | "numeric"
        | "float32" | "float64" | "num" | "complex" => "number",
        "integer" | "int" | "long" | "short" | "byte" | "int32" | "int64" | "uint" | "uint32"
        | "uint64" | "bigint" | "biginteger" | "smallint" | "unsigned" => "integer",
        "boolean" | "bool" | "flag" | "logical" => "boolean",
        "array" | "list" | "tuple" | "set" | "arraylist" | "linkedlist" | "queue" | "stack"
        | "vector" | "sequence" | "frozenset" | "iterable" | "collection" => "array",
        "object" | "dict" | "dictionary" | "map" | "hashmap" | "hashtable" | "hash" | "json"
        | "struct" | "record" | "mapping" | "treemap" | "jsonobject" => "object",
        "null" | "none" | "nonetype" | "void" | "undefined" => "null",
        "any" | "mixed" | "unknown" | "anything" | "variant" | "dynamic" | "*" | "typing.any" => {
            return Some(None);
        }
        _ => return None,
    }))
}

fn format(text: &str) -> Option<&'static str> {
    Some(match text {
        "date" => "date",
        "time" => "time",
        "datetime" | "date-time" | "timestamp" => "date-time",
        "uuid" | "guid" => "uuid",
        "url" | "uri" => "uri",
        "email" => "email",
        _ => return None,
    })
}

impl Mender<'_> {
    pub(super) fn read_type(&mut self, value: &Value, out: &mut Object) {
        let mut readings = Vec::new();
        match value {
            Value::String(text) => readings.extend(self.read_type_name(text)),
            Value::Array(names) => {
                for name in names.iter().filter_map(Value::as_str).take(16) {
                    readings.extend(self.read_type_name(name));
                }
            }
            Value::Object(inner) => {
                self.note(RepairKind::Type, "a schema in place of a type was unwrapped");
                if let Some(Value::String(text)) = inner.get("type") {
                    readings.extend(self.read_type_name(text));
                }
            }
            other => self.note(RepairKind::Type, format!("the type is {}: inferred", kind(other))),
        }
        match readings.as_slice() {
            [] => {}
            [reading] => put_reading(out, reading),
            several => put_types(out, several),
        }
    }

    fn read_type_name(&mut self, text: &str) -> Option<Reading> {
        let reading = read(text);
        match &reading {
            Some(known) if known.ty == Some(text) => {}
            Some(Reading { ty: Some(ty), .. }) => {
                self.note(RepairKind::Type, format!("\"{}\" became \"{ty}\"", one_line(text)));
            }
            Some(_) => {
                self.note(RepairKind::Type, format!("\"{}\": inferred", one_line(text)));
            }
            None if text.trim().is_empty() => {
                self.note(RepairKind::Type, "the type is empty: inferred")
            }
            None => {
                self.note(RepairKind::Type, format!("\"{}\" is unknown: inferred", one_line(text)))
            }
        }
        reading
    }
}

pub(super) fn put_reading(out: &mut Object, reading: &Reading) {
    if let Some(ty) = reading.ty {
        out.insert("type".into(), ty.into());
    }
    if let Some(format) = reading.format {
        out.entry("format").or_insert_with(|| format.into());
    }
    if let Some(items) = reading.items {
        out.entry("items").or_insert_with(|| serde_json::json!({ "type": items }));
    }
    if reading.nullable {
        out.insert("nullable".into(), true.into());
    }
}

fn put_types(out: &mut Object, readings: &[Reading]) {
    let mut names: Vec<&str> = Vec::new();
    for reading in readings {
        // One "anything" among several is anything.
        let Some(ty) = reading.ty else { return };
        if !names.contains(&ty) {
            names.push(ty);
        }
    }
    let single = (names.len() == 1).then(|| Value::from(names[0]));
    out.insert("type".into(), single.unwrap_or_else(|| names.into()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_languages_are_read() {
        let check = |text: &str, ty: &'static str| {
            assert_eq!(read(text).and_then(|reading| reading.ty), Some(ty), "{text}");
        };
        for (text, ty) in [
            ("dict", "object"),
            ("float", "number"),
            ("tuple", "array"),
            ("HashMap", "object"),
            ("ArrayList", "array"),
            ("String", "string"),
            ("int", "integer"),
            ("bool", "boolean"),
            ("list", "array"),
            ("long", "integer"),
            ("List[str]", "array"),
            ("string[]", "array"),
            ("Dict[str, Any]", "object"),
            ("str, optional", "string"),
            ("NUMBER", "number"),
            ("DATE (YYYY-MM-DD)", "string"),
            ("Optional[int]", "integer"),
            ("None", "null"),
            ("array of strings", "array"),
            ("integer (1-100)", "integer"),
        ] {
            check(text, ty);
        }
    }

    #[test]
    fn what_surrounds_a_name_is_kept() {
        assert_eq!(read("array of strings").unwrap().items, Some("string"));
        assert_eq!(read("List[int]").unwrap().items, Some("integer"));
        assert!(read("str, optional").unwrap().optional);
        assert!(read("Optional[str]").unwrap().nullable);
        assert_eq!(read("datetime").unwrap().format, Some("date-time"));
    }

    #[test]
    fn anything_is_known_and_nonsense_is_not() {
        assert_eq!(read("any"), Some(Reading::default()));
        assert_eq!(read("frobnicator"), None);
        assert_eq!(read(""), None);
    }
}
