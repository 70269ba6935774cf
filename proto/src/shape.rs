//! A JSON Schema read as a shape: what value generators and matchers walk.
//!
//! A shape is a *view*: the schema stays the truth that calls are validated
//! against. Of alternatives (`anyOf`, `oneOf`, type lists) the first one that
//! is not null is taken; beside properties of the node's own, those of every
//! alternative are optional ones. What a shape cannot say (patterns across
//! fields, conditionals) is left to validation.

use serde_json::Value;

/// One node of a schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    pub ty: Type,
    pub description: String,
    /// The schema's `format`, such as "date" or "email".
    pub format: Option<String>,
    /// The schema's `pattern`.
    pub pattern: Option<String>,
    /// The allowed values: `enum` or `const`.
    pub choices: Vec<Value>,
    pub default: Option<Value>,
    /// The schema's `examples` (or `example`): values worth using.
    pub examples: Vec<Value>,
    /// `x-noun`: what to call the thing a value identifies, such as "train".
    pub noun: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Type {
    String {
        min_length: usize,
        max_length: Option<usize>,
    },
    Integer {
        min: Option<i64>,
        max: Option<i64>,
    },
    Number {
        min: Option<f64>,
        max: Option<f64>,
    },
    Boolean,
    Null,
    Array {
        items: Box<Shape>,
        min_items: usize,
        max_items: Option<usize>,
    },
    Object {
        fields: Vec<Field>,
    },
    #[default]
    Any,
}

/// A named member of an object, a parameter among them.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub name: String,
    pub required: bool,
    pub shape: Shape,
}

/// A scalar place inside an output.
#[derive(Clone, Debug)]
pub struct Leaf<'a> {
    /// A JSON pointer in which `*` stands for any element of an array:
    /// `/trains/*/train_id`.
    pub path: String,
    /// The last name on the path; the empty string for a bare scalar.
    pub name: &'a str,
    /// The name of the object or array that holds it; empty at the root.
    pub parent: &'a str,
    pub shape: &'a Shape,
}

/// How deep a schema is read; below it everything is [`Type::Any`].
const MAX_DEPTH: usize = 8;

impl Shape {
    /// Reads a schema that is free of `$ref`.
    pub fn of(schema: &Value) -> Self {
        Self::read(schema, 0)
    }

    fn read(schema: &Value, depth: usize) -> Self {
        let Some(object) = schema.as_object() else {
            return Self::default();
        };
        if depth >= MAX_DEPTH {
            return Self::default();
        }
        if let Some(variant) = alternative(schema) {
            let mut shape = Self::read(variant, depth + 1);
            if let Some(text) = object.get("description").and_then(Value::as_str) {
                shape.description = text.to_owned();
            }
            shape.default = object.get("default").cloned().or(shape.default);
            return shape;
        }
        Self {
            ty: Type::read(schema, depth),
            description: text(schema, "description").unwrap_or_default(),
            format: text(schema, "format").or_else(|| encoding(schema)),
            pattern: text(schema, "pattern"),
            choices: choices(schema),
            default: object.get("default").filter(|value| !value.is_null()).cloned(),
            examples: examples(schema),
            noun: text(schema, "x-noun"),
        }
    }

    /// The fields of an object shape.
    pub fn fields(&self) -> &[Field] {
        match &self.ty {
            Type::Object { fields } => fields,
            _ => &[],
        }
    }

    pub(crate) fn into_fields(self) -> Option<Vec<Field>> {
        match self.ty {
            Type::Object { fields } => Some(fields),
            _ => None,
        }
    }

    pub fn is_scalar(&self) -> bool {
        !matches!(self.ty, Type::Array { .. } | Type::Object { .. } | Type::Any | Type::Null)
    }

    /// Every scalar place below this shape, in the schema's order. Untyped
    /// places are leaves too; an array of untyped items is not.
    pub fn leaves(&self) -> Vec<Leaf<'_>> {
        let mut leaves = Vec::new();
        self.collect(&mut String::new(), "", "", &mut leaves);
        leaves
    }

    fn collect<'a>(
        &'a self,
        path: &mut String,
        name: &'a str,
        parent: &'a str,
        leaves: &mut Vec<Leaf<'a>>,
    ) {
        match &self.ty {
            Type::Object { fields } => {
                for field in fields {
                    let length = path.len();
                    path.push('/');
                    path.push_str(&escape(&field.name));
                    field.shape.collect(path, &field.name, name, leaves);
                    path.truncate(length);
                }
            }
            Type::Array { items, .. } => {
                let length = path.len();
                path.push_str("/*");
                items.collect(path, name, parent, leaves);
                path.truncate(length);
            }
            Type::Null => {}
            _ => leaves.push(Leaf { path: path.clone(), name, parent, shape: self }),
        }
    }
}

impl Type {
    fn read(schema: &Value, depth: usize) -> Self {
        let named = type_name(schema);
        let kind = named.unwrap_or_else(|| implied_type(schema));
        match kind {
            "string" => Self::String {
                min_length: size(schema, "minLength").unwrap_or(0),
                max_length: size(schema, "maxLength"),
            },
            "integer" => Self::Integer {
                min: bound(schema, "minimum", "exclusiveMinimum", 1.0).map(|n| n.ceil() as i64),
                max: bound(schema, "maximum", "exclusiveMaximum", -1.0).map(|n| n.floor() as i64),
            },
            "number" => Self::Number {
                min: bound(schema, "minimum", "exclusiveMinimum", 1e-6),
                max: bound(schema, "maximum", "exclusiveMaximum", -1e-6),
            },
            "boolean" => Self::Boolean,
            "null" => Self::Null,
            "array" => Self::Array {
                items: Box::new(
                    schema.get("items").map(|s| Shape::read(s, depth + 1)).unwrap_or_default(),
                ),
                min_items: size(schema, "minItems").unwrap_or(0),
                max_items: size(schema, "maxItems"),
            },
            "object" => Self::Object { fields: fields(schema, depth) },
            _ => Self::Any,
        }
    }
}

fn fields(schema: &Value, depth: usize) -> Vec<Field> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let mut fields: Vec<Field> = Vec::new();
    for properties in [schema].into_iter().chain(variants(schema)).filter_map(properties) {
        for (name, schema) in properties {
            if fields.iter().all(|field| field.name != *name) {
                let required = required.contains(&name.as_str());
                let shape = Shape::read(schema, depth + 1);
                fields.push(Field { name: name.clone(), required, shape });
            }
        }
    }
    fields
}

fn properties(schema: &Value) -> Option<&serde_json::Map<String, Value>> {
    schema.get("properties")?.as_object()
}

/// The alternatives of a schema, whatever it says beside them.
fn variants(schema: &Value) -> impl Iterator<Item = &Value> {
    ["anyOf", "oneOf"].iter().filter_map(|key| schema.get(key)?.as_array()).flatten()
}

fn type_name(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

fn implied_type(schema: &Value) -> &'static str {
    if schema.get("properties").is_some() {
        return "object";
    }
    if schema.get("items").is_some() {
        return "array";
    }
    let values = choices(schema);
    match values.first() {
        Some(Value::String(_)) => "string",
        Some(Value::Number(n)) if n.is_i64() => "integer",
        Some(Value::Number(_)) => "number",
        Some(Value::Bool(_)) => "boolean",
        _ => "any",
    }
}

fn alternative(schema: &Value) -> Option<&Value> {
    if schema.get("properties").is_some() {
        return None;
    }
    variants(schema).find(|variant| type_name(variant) != Some("null"))
}

fn choices(schema: &Value) -> Vec<Value> {
    if let Some(value) = schema.get("const") {
        return vec![value.clone()];
    }
    let values = schema.get("enum").and_then(Value::as_array);
    values.map(|v| v.iter().filter(|v| !v.is_null()).cloned().collect()).unwrap_or_default()
}

fn examples(schema: &Value) -> Vec<Value> {
    match (schema.get("examples"), schema.get("example")) {
        (Some(Value::Array(values)), _) => values.clone(),
        (_, Some(value)) if !value.is_null() => vec![value.clone()],
        _ => Vec::new(),
    }
}

/// An encoding of bytes as the format that OpenAPI has for it.
fn encoding(schema: &Value) -> Option<String> {
    let is_base64 = schema.get("contentEncoding")?.as_str()? == "base64";
    is_base64.then(|| "byte".to_owned())
}

fn text(schema: &Value, key: &str) -> Option<String> {
    schema.get(key)?.as_str().map(str::to_owned)
}

fn size(schema: &Value, key: &str) -> Option<usize> {
    schema.get(key)?.as_u64().map(|n| n as usize)
}

fn bound(schema: &Value, inclusive: &str, exclusive: &str, step: f64) -> Option<f64> {
    let number = |key| schema.get(key).and_then(Value::as_f64);
    let inside = number(exclusive).map(|n| n + step);
    let tighter = |one: f64, other: f64| if step > 0.0 { one.max(other) } else { one.min(other) };
    match (number(inclusive), inside) {
        (Some(one), Some(other)) => Some(tighter(one, other)),
        (one, other) => one.or(other),
    }
}

/// A name as one step of a JSON pointer.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The lower-case words of an identifier: `getUserID2_by-name` is
/// get, user, id, 2, by, name.
pub fn words(identifier: &str) -> impl Iterator<Item = String> {
    let mut words: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut previous = None::<char>;
    let mut chars = identifier.chars().peekable();
    while let Some(c) = chars.next() {
        let starts = previous.is_some_and(|p| {
            let lower_next = chars.peek().is_some_and(|n| n.is_lowercase());
            (c.is_uppercase() && (!p.is_uppercase() || lower_next))
                || (c.is_numeric() != p.is_numeric())
        });
        if (starts || !c.is_alphanumeric()) && !current.is_empty() {
            words.push(std::mem::take(&mut current));
        }
        if c.is_ascii_alphanumeric() {
            current.push(c.to_ascii_lowercase());
        } else if c.is_alphanumeric() {
            current.extend(c.to_lowercase());
        }
        previous = Some(c);
    }
    if !current.is_empty() {
        words.push(current);
    }
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn leaves_name_every_scalar_place() {
        let shape = Shape::of(&json!({"type": "object", "properties": {
            "count": {"type": "integer"},
            "trains": {"type": "array", "items": {"type": "object", "properties": {
                "train_id": {"type": "string"}, "stops": {"type": "array", "items": {"type": "string"}}
            }}}
        }}));
        let paths: Vec<String> = shape.leaves().into_iter().map(|leaf| leaf.path).collect();
        assert_eq!(paths, ["/count", "/trains/*/train_id", "/trains/*/stops/*"]);
    }

    #[test]
    fn identifiers_fall_into_words() {
        let split = |text: &str| words(text).collect::<Vec<_>>().join(" ");
        assert_eq!(split("getUserID2_by-name"), "get user id 2 by name");
        assert_eq!(split("HTTPServer"), "http server");
        assert_eq!(split(""), "");
    }

    #[test]
    fn what_alternatives_declare_may_be_there() {
        let shape = Shape::of(&json!({"type": "object", "required": ["sum"],
            "properties": {"sum": {"type": "integer"}}, "oneOf": [
                {"properties": {"card": {"type": "string"}}, "required": ["card"]},
                {"properties": {"voucher": {"type": "string"}}, "required": ["voucher"]}]}));
        let fields: Vec<_> = shape.fields().iter().map(|f| (f.name.as_str(), f.required)).collect();
        assert_eq!(fields, [("sum", true), ("card", false), ("voucher", false)]);
    }

    #[test]
    fn of_two_bounds_the_tighter_one_holds() {
        let shape = Shape::of(&json!({"type": "integer", "minimum": 1, "exclusiveMinimum": 4,
                                      "maximum": 9, "exclusiveMaximum": 20}));
        assert_eq!(shape.ty, Type::Integer { min: Some(5), max: Some(9) });
    }

    #[test]
    fn the_first_variant_that_is_not_null_is_taken() {
        let shape = Shape::of(&json!({"anyOf": [{"type": "null"}, {"type": "integer"}]}));
        assert_eq!(shape.ty, Type::Integer { min: None, max: None });
    }
}
