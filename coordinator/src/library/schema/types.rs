//! Type names of other languages and other people, read as JSON Schema types.

use serde_json::Value;

use super::{Mender, Object};
use crate::library::report::RepairKind;
use crate::library::text::{kind, one_line};

/// What a type's name says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reading {
    /// One of JSON Schema's seven, or `None` for "anything".
    pub(super) ty: Option<&'static str>,
    pub(super) format: Option<&'static str>,
    pub(super) holds: Holds,
    pub(super) nullable: bool,
    /// "str, optional": the parameter need not be given.
    pub(super) optional: bool,
}

/// What a type says of the values inside: `list[int]`, `tuple[int, str]`,
/// `dict[str, int]`, `Literal["a", "b"]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Holds {
    #[default]
    Untold,
    Items(Box<Reading>),
    Places(Vec<Reading>),
    Members(Box<Reading>),
    Choices(Vec<Value>),
}

/// Whether this is one of JSON Schema's own type names.
pub(super) fn canonical(name: &str) -> Option<&'static str> {
    ["string", "number", "integer", "boolean", "array", "object", "null"]
        .into_iter()
        .find(|known| *known == name)
}

/// The longest name of a type that is read, and so how deep one may hold others.
const MAX_NAME: usize = 120;

/// Reads a type's name; `None` if it means nothing known.
pub(super) fn read(text: &str) -> Option<Reading> {
    if let Some(ty) = canonical(text) {
        return Some(Reading { ty: Some(ty), ..Reading::default() });
    }
    if text.len() > MAX_NAME {
        return None;
    }
    let mut rest = text.trim();
    let mut reading = Reading::default();
    for marker in [", optional", " (optional)", ",optional", " optional"] {
        if let Some(head) = without_end(rest, marker) {
            rest = head.trim();
            reading.optional = true;
        }
    }
    for marker in [", required", " (required)", ",required"] {
        rest = without_end(rest, marker).unwrap_or(rest).trim();
    }
    if let Some(inside) = inside(rest, "optional") {
        rest = inside;
        reading.nullable = true;
    }
    for suffix in ["?", " or null", " | none", " | null", "|null"] {
        if let Some(head) = without_end(rest, suffix) {
            rest = head.trim();
            reading.nullable = true;
        }
    }
    name(rest, &mut reading).then_some(reading)
}

fn without_end<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
    tail.eq_ignore_ascii_case(end).then_some(head)
}

/// The inner part of `prefix[inner]` or `prefix<inner>`.
fn inside<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let text = text.strip_prefix("typing.").unwrap_or(text);
    let (head, rest) = text.split_at_checked(prefix.len())?;
    let rest = Some(rest.trim_start()).filter(|_| head.eq_ignore_ascii_case(prefix))?;
    let within = |open: char, close: char| rest.strip_prefix(open)?.strip_suffix(close);
    within('[', ']').or_else(|| within('<', '>')).map(str::trim)
}

/// The parts between commas that are in no brackets of their own.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let outer = |c: char| {
        match c {
            '[' | '<' | '(' => depth += 1,
            ']' | '>' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    text.split(outer).map(str::trim).collect()
}

fn name(text: &str, reading: &mut Reading) -> bool {
    let lower = text.to_lowercase();
    if let Some(ty) = simple(&lower) {
        reading.ty = ty;
        reading.format = format(&lower);
        return true;
    }
    if let Some(inner) = inside(text, "tuple").filter(|inner| !inner.contains("...")) {
        let places: Vec<Reading> = parts(inner).into_iter().map(inner_reading).collect();
        reading.ty = Some("array");
        // Where one is not known, none has its place.
        let is_told = places.iter().all(|place| place.ty.is_some());
        reading.holds = if is_told { Holds::Places(places) } else { Holds::Untold };
        return true;
    }
    if let Some(item) = list_item(text) {
        reading.ty = Some("array");
        reading.holds = held(Holds::Items, inner_reading(item));
        return true;
    }
    let maps = ["dict", "map", "hashmap", "record", "mapping", "object"];
    if let Some(inner) = maps.iter().find_map(|map| inside(text, map)) {
        reading.ty = Some("object");
        let value = parts(inner).get(1).map(|value| inner_reading(value)).unwrap_or_default();
        reading.holds = held(Holds::Members, value);
        return true;
    }
    if let Some(inner) = inside(text, "literal").or_else(|| inside(text, "enum")) {
        let quoted = |text: &str| text.trim_matches(['"', '\'', ' ']).to_owned();
        let choices: Vec<Value> = parts(inner).into_iter().map(|it| quoted(it).into()).collect();
        reading.ty = Some("string");
        reading.holds = Holds::Choices(choices);
        return true;
    }
    let several = inside(text, "union").map(parts).unwrap_or_default();
    let several =
        if several.is_empty() { text.split('|').map(str::trim).collect() } else { several };
    if several.len() > 1 {
        return first_of(&several, reading);
    }
    // "string (uuid)", "integer (1-100)", "date (yyyy-mm-dd)"
    let head = text.split(['(', ',', ':']).next().unwrap_or("").trim();
    if head.len() < text.len() && !head.is_empty() {
        return name(head, reading);
    }
    false
}

/// `Union[int, str]`, `int | None`: the first of them, so that a value is of
/// one.
fn first_of(several: &[&str], reading: &mut Reading) -> bool {
    let is_none = |text: &&&str| simple(&text.to_lowercase()) == Some(Some("null"));
    let first = several.iter().find(|text| !is_none(text)).and_then(|text| read(text));
    let Some(first) = first else { return false };
    let nullable = reading.nullable || several.iter().any(|text| is_none(&text));
    *reading = Reading { nullable, optional: reading.optional, ..first };
    true
}

/// A type inside of another, in the plural at times; anything if it is unknown.
fn inner_reading(text: &str) -> Reading {
    read(text).or_else(|| read(text.trim_end_matches('s'))).unwrap_or_default()
}

fn held(holds: fn(Box<Reading>) -> Holds, inner: Reading) -> Holds {
    match inner.ty {
        Some(_) => holds(Box::new(inner)),
        None => Holds::Untold,
    }
}

/// The item's name in `list[str]`, `array<int>`, `string[]`, `list of str`.
fn list_item(text: &str) -> Option<&str> {
    for list in ["list", "array", "arraylist", "set", "tuple", "sequence", "iterable", "vec"] {
        if let Some(item) = inside(text, list) {
            return parts(item).first().copied();
        }
        let of =
            text.split_at_checked(list.len()).filter(|(head, _)| head.eq_ignore_ascii_case(list));
        if let Some(item) = of.and_then(|(_, rest)| rest.strip_prefix(" of ")) {
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
            Value::Number(number) => match numbered(number.as_u64()) {
                Some(ty) => {
                    self.note(RepairKind::Type, format!("{number} became \"{ty}\""));
                    readings.push(Reading { ty: Some(ty), ..Reading::default() });
                }
                None => self.note(RepairKind::Type, format!("the type is {number}: inferred")),
            },
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

/// Gemini's types where its messages were written with numbers.
fn numbered(number: Option<u64>) -> Option<&'static str> {
    let names = ["string", "number", "integer", "boolean", "array", "object"];
    names.get(usize::try_from(number?).ok()?.checked_sub(1)?).copied()
}

pub(super) fn put_reading(out: &mut Object, reading: &Reading) {
    if let Some(ty) = reading.ty {
        out.insert("type".into(), ty.into());
    }
    let mut put = |key: &str, value: Value| {
        out.entry(key).or_insert(value);
    };
    if let Some(format) = reading.format {
        put("format", format.into());
    }
    match &reading.holds {
        Holds::Untold => {}
        Holds::Items(item) => put("items", schema(item)),
        Holds::Members(member) => put("additionalProperties", schema(member)),
        Holds::Choices(choices) => put("enum", choices.clone().into()),
        Holds::Places(places) => {
            put("minItems", places.len().into());
            put("maxItems", places.len().into());
            put("prefixItems", places.iter().map(schema).collect());
        }
    }
    if reading.nullable {
        out.insert("nullable".into(), true.into());
    }
}

/// The schema of what a type holds.
fn schema(reading: &Reading) -> Value {
    let mut out = Object::new();
    put_reading(&mut out, reading);
    if out.shift_remove("nullable").is_some()
        && let Some(ty) = reading.ty
    {
        out.insert("type".into(), [ty, "null"].as_slice().into());
    }
    out.into()
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
    use serde_json::json;

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
        assert!(read("str, optional").unwrap().optional);
        assert!(read("Optional[str]").unwrap().nullable);
        assert_eq!(read("datetime").unwrap().format, Some("date-time"));
    }

    #[test]
    fn what_a_type_holds_is_read_as_deep_as_it_goes() {
        let check = |text: &str, expected: Value| {
            let reading = read(text).unwrap_or_else(|| panic!("{text} is not read"));
            assert_eq!(schema(&reading), expected, "{text}");
        };
        let of = |ty: &str| json!({ "type": ty });
        let list = |items: Value| json!({ "type": "array", "items": items });
        check("array of strings", list(of("string")));
        check("List[int]", list(of("integer")));
        check("List[List[int]]", list(list(of("integer"))));
        check("list[Optional[str]]", list(json!({ "type": ["string", "null"] })));
        check("typing.List[float]", list(of("number")));
        check("number[][]", list(list(of("number"))));
        check("List[Dict]", list(of("object")));
        check("List[Any]", of("array"));
        check("Tuple[int, ...]", list(of("integer")));
        check(
            "Tuple[float, str]",
            json!({ "type": "array", "minItems": 2, "maxItems": 2,
                "prefixItems": [{ "type": "number" }, { "type": "string" }] }),
        );
        check(
            "Dict[str, List[int]]",
            json!({ "type": "object", "additionalProperties": list(of("integer")) }),
        );
        check("Dict[str, Any]", of("object"));
        check("Literal[\"Fast\", 'slow']", json!({ "type": "string", "enum": ["Fast", "slow"] }));
        check("Union[int, str]", of("integer"));
        check("int | str", of("integer"));
        assert_eq!(read("Union[None, List[str]]").map(|it| it.nullable), Some(true));
        assert!(read("List[Frobnicator]").is_some_and(|it| it.holds == Holds::Untold));
    }

    #[test]
    fn anything_is_known_and_nonsense_is_not() {
        assert_eq!(read("any"), Some(Reading::default()));
        assert_eq!(read("frobnicator"), None);
        assert_eq!(read(""), None);
    }
}
