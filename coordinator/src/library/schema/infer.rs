//! The type of a property that names none: from its values, its structure,
//! its description, its name, in that order of trust.

use std::sync::LazyLock;

use magnet_proto::shape;
use regex::RegexSet;
use serde_json::{Map, Value};

use super::Side;
use super::values::type_of;

/// The type that the schema and its name suggest. On the output side a bare
/// schema stays untyped: nothing is known of it.
pub(super) fn infer(schema: &Map<String, Value>, name: &str, side: Side) -> Option<&'static str> {
    if has_choices_of_several_types(schema) {
        return None;
    }
    from_values(schema)
        .or_else(|| from_structure(schema))
        .or_else(|| description(schema).and_then(from_description))
        .or_else(|| from_name(name))
        .or(match side {
            Side::Input => Some("string"),
            Side::Output => description(schema).map(|_| "string"),
        })
}

/// `["auto", 1, true]`: no type holds them all.
fn has_choices_of_several_types(schema: &Map<String, Value>) -> bool {
    let choices = schema.get("enum").and_then(Value::as_array);
    choices.is_some_and(|values| {
        values.iter().any(|value| !value.is_null()) && common(values).is_none()
    })
}

fn description(schema: &Map<String, Value>) -> Option<&str> {
    schema.get("description")?.as_str().filter(|text| !text.is_empty())
}

fn from_values(schema: &Map<String, Value>) -> Option<&'static str> {
    let list = ["enum", "examples"].iter().find_map(|key| schema.get(*key)?.as_array());
    let single = ["const", "default"].iter().filter_map(|key| schema.get(*key));
    common(list.into_iter().flatten().chain(single))
}

/// The type that holds all of the values but null.
fn common<'v>(values: impl IntoIterator<Item = &'v Value>) -> Option<&'static str> {
    let mut values = values.into_iter().filter(|value| !value.is_null());
    let first = type_of(values.next()?);
    values.try_fold(first, |ty, value| match (ty, type_of(value)) {
        (a, b) if a == b => Some(a),
        ("integer" | "number", "integer" | "number") => Some("number"),
        _ => None,
    })
}

fn from_structure(schema: &Map<String, Value>) -> Option<&'static str> {
    let has = |keys: &[&str]| keys.iter().any(|key| schema.contains_key(*key));
    if has(&["properties", "additionalProperties", "patternProperties"]) {
        Some("object")
    } else if has(&["items", "minItems", "maxItems", "uniqueItems"]) {
        Some("array")
    } else if has(&["pattern", "minLength", "maxLength", "format"]) {
        Some("string")
    } else if has(&["minimum", "maximum", "multipleOf"]) {
        Some("number")
    } else {
        None
    }
}

/// Wordings that give a type away, and the type.
const WORDINGS: &[(&str, &str)] = &[
    (r"(?i)^(?:a )?boolean\b|\bboolean (?:flag|value|indicating)", "boolean"),
    (
        r"(?i)^(?:indicates |specifies |flag |determines )*(?:whether|if)\b|\btrue (?:or|if|to)\b",
        "boolean",
    ),
    (
        r"(?i)^(?:an? |the )?(?:array|list) (?:of|containing)\b|\bcomma[- ]separated array\b",
        "array",
    ),
    (
        r"(?i)^(?:an? |the )?(?:json )?(?:object|dictionary|dict|map) (?:of|containing|with|that)\b",
        "object",
    ),
    (
        r"(?i)^(?:the )?(?:total |maximum |minimum |max |min )?(?:number|count|quantity) of\b",
        "integer",
    ),
    (r"(?i)\b(?:as|must be|is) an integer\b|^(?:an )?integer\b", "integer"),
    (
        r"(?i)^(?:the )?(?:average |total |daily |monthly )?(?:amount|price|cost|percentage|latitude|longitude|temperature)\b",
        "number",
    ),
];

static SET: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new(WORDINGS.iter().map(|(pattern, _)| pattern))
        .expect("the wordings are fixed patterns that compile")
});

fn from_description(text: &str) -> Option<&'static str> {
    let head: String = text.trim().chars().take(200).collect();
    SET.matches(&head).iter().next().map(|at| WORDINGS[at].1)
}

fn from_name(name: &str) -> Option<&'static str> {
    let words: Vec<String> = shape::words(name).collect();
    let (first, last) = (words.first()?.as_str(), words.last()?.as_str());
    match (first, last) {
        ("is" | "has" | "should" | "include" | "enable" | "allow", _) if words.len() > 1 => {
            Some("boolean")
        }
        ("num" | "count" | "max" | "min", _) if words.len() > 1 && last != "id" => Some("number"),
        (_, "count" | "limit" | "offset" | "quantity" | "year" | "page") => Some("integer"),
        (
            _,
            "price" | "amount" | "lat" | "lon" | "lng" | "latitude" | "longitude" | "rating"
            | "score" | "percentage",
        ) => Some("number"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(schema: Value, name: &str, expected: Option<&str>) {
        let schema = schema.as_object().unwrap();
        assert_eq!(infer(schema, name, Side::Output), expected, "{name}: {schema:?}");
    }

    #[test]
    fn values_come_before_structure_and_structure_before_words() {
        check(json!({"default": 3, "description": "Whether to"}), "x", Some("integer"));
        check(json!({"enum": [1, 2.5]}), "x", Some("number"));
        check(json!({"enum": ["auto", 1, true]}), "name", None);
        check(json!({"items": {}}), "x", Some("array"));
        check(json!({"minLength": 2}), "count", Some("string"));
    }

    #[test]
    fn words_and_names_give_types_away() {
        check(
            json!({"description": "Boolean flag indicating if pets are allowed"}),
            "p",
            Some("boolean"),
        );
        check(json!({"description": "Number of seats to book"}), "s", Some("integer"));
        check(json!({"description": "List of devices included in the scene."}), "d", Some("array"));
        check(
            json!({"description": "JSON object containing the stock data."}),
            "d",
            Some("object"),
        );
        check(json!({"description": "Price per ticket"}), "price", Some("number"));
        check(json!({"description": "Ending city for the trip"}), "city", Some("string"));
        check(json!({}), "is_open", Some("boolean"));
    }

    #[test]
    fn an_output_of_which_nothing_is_known_stays_untyped() {
        check(json!({}), "razonSocial", None);
    }
}
