//! A tool library, normalized: what every later stage reads.
//!
//! Functions are immutable and shared; nothing clones a library per walk.
//! Reading people's files and mending them is the coordinator's `library`.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::FunctionId;
use crate::operation::Operation;
use crate::shape::{Field, Leaf, Shape};

/// The key in a function's parameters of the words its description begins with
/// as most of its group do: shown with the tool, not read as a description.
pub const PREFACE: &str = "x-preface";

/// One function of a library: its signature and where it belongs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Function {
    /// Unique in the library; 1 to 64 of `[A-Za-z0-9_.-]`.
    pub name: String,
    /// What it does, without the [`PREFACE`] that its group shares.
    pub description: String,
    /// The paper's category, such as "travel"; "misc" if none is known.
    pub category: String,
    /// The finer tool class inside the category; "misc" if none is known.
    pub class: String,
    /// JSON Schema of the arguments: an object, free of `$ref`. Models are
    /// offered it without its `x-` keys, which only generation reads.
    pub parameters: Value,
    /// JSON Schema of the output, where known.
    pub response: Option<Value>,
    /// How it is called, where the description of an API tells.
    pub operation: Option<Arc<Operation>>,
    params: Arc<[Field]>,
    output: Option<Arc<Shape>>,
}

/// What a function is made of, before its shapes are derived.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Document {
    pub name: String,
    pub description: String,
    pub category: String,
    pub class: String,
    pub parameters: Value,
    #[serde(default)]
    pub response: Option<Value>,
}

impl From<Document> for Function {
    fn from(document: Document) -> Self {
        let params = match Shape::of(&document.parameters).into_fields() {
            Some(fields) => fields.into(),
            None => Arc::from([]),
        };
        let output = document.response.as_ref().map(|schema| Arc::new(Shape::of(schema)));
        Self {
            name: document.name,
            description: document.description,
            category: document.category,
            class: document.class,
            parameters: document.parameters,
            response: document.response,
            operation: None,
            params,
            output,
        }
    }
}

impl From<Function> for Document {
    fn from(function: Function) -> Self {
        Self {
            name: function.name,
            description: function.description,
            category: function.category,
            class: function.class,
            parameters: function.parameters,
            response: function.response,
        }
    }
}

/// A function as it travels.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    description: String,
    category: String,
    class: String,
    parameters: Value,
    #[serde(default)]
    response: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operation: Option<Arc<Operation>>,
}

impl From<Stored> for Function {
    fn from(stored: Stored) -> Self {
        let Stored { name, description, category, class, parameters, response, operation } = stored;
        let document = Document { name, description, category, class, parameters, response };
        Self { operation, ..document.into() }
    }
}

impl From<Function> for Stored {
    fn from(function: Function) -> Self {
        let operation = function.operation.clone();
        let Document { name, description, category, class, parameters, response } = function.into();
        Self { name, description, category, class, parameters, response, operation }
    }
}

impl Function {
    /// The same function, called as told.
    #[must_use]
    pub fn called(self, operation: Option<Operation>) -> Self {
        Self { operation: operation.map(Arc::new), ..self }
    }

    /// The same function, described otherwise.
    #[must_use]
    pub fn edited(self, edit: impl FnOnce(&mut Document)) -> Self {
        let operation = self.operation.clone();
        let mut document = Document::from(self);
        edit(&mut document);
        Self { operation, ..document.into() }
    }

    /// The top-level parameters, in the schema's order.
    pub fn params(&self) -> &[Field] {
        &self.params
    }

    /// The parameter of that name.
    pub fn param(&self, name: &str) -> Option<&Field> {
        self.params.iter().find(|field| field.name == name)
    }

    /// The names of the required parameters, in the schema's order.
    pub fn required(&self) -> impl Iterator<Item = &Field> {
        self.params.iter().filter(|field| field.required)
    }

    /// The shape of the output, where known.
    pub fn output(&self) -> Option<&Shape> {
        self.output.as_deref()
    }

    /// The scalar places of the output: what later calls can be fed from.
    pub fn output_leaves(&self) -> Vec<Leaf<'_>> {
        self.output().map(Shape::leaves).unwrap_or_default()
    }

    /// Whether calling it changes the world, judged by its name's verb: the word
    /// that it begins with, or the one in it that its description begins with,
    /// as in "issues_list-assignees: Lists the assignees". Such a call may not
    /// be added to a trajectory that did not plan it.
    pub fn changes_state(&self) -> bool {
        const READING: &[&str] = &[
            "get", "list", "search", "find", "lookup", "look", "query", "read", "fetch", "check",
            "show", "view", "describe", "count", "calculate", "compute", "convert", "translate",
            "estimate", "compare", "validate", "verify", "is", "has", "retrieve", "browse",
            "recommend", "summarize", "analyze", "parse", "detect", "track", "preview", "quote",
        ];
        let reads = |verb: &String| READING.contains(&verb.as_str());
        let mut words = crate::shape::words(&self.name);
        if words.next().is_none_or(|verb| reads(&verb)) {
            return false;
        }
        let told = self.description.split_whitespace().next().unwrap_or_default().to_lowercase();
        let told = [told.as_str(), told.strip_suffix('s').unwrap_or_default()];
        !words.any(|word| reads(&word) && told.contains(&word.as_str()))
    }

    /// The function as an OpenAI tool, as written into a dataset.
    pub fn tool(&self) -> Value {
        let mut function = Map::new();
        function.insert("name".into(), self.name.clone().into());
        let preface = self.parameters.get(PREFACE).and_then(Value::as_str).unwrap_or_default();
        function.insert("description".into(), format!("{preface}{}", self.description).into());
        function.insert("parameters".into(), published(&self.parameters));
        json!({ "type": "function", "function": function })
    }

    /// The tool as text: compact JSON, on one line.
    pub fn document(&self) -> String {
        self.tool().to_string()
    }
}

/// A copy of a schema without its `x-` keys. Properties may be named so: the
/// names of a keyed set of schemas stay, and so do values.
fn published(schema: &Value) -> Value {
    let Value::Object(object) = schema else {
        return schema.clone();
    };
    let mut copy = Map::with_capacity(object.len());
    for (key, value) in object.iter().filter(|(key, _)| !key.starts_with("x-")) {
        let value = match (key.as_str(), value) {
            ("properties" | "patternProperties" | "dependentSchemas", Value::Object(keyed)) => {
                keyed.iter().map(|(name, inner)| (name.clone(), published(inner))).collect()
            }
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                schemas.iter().map(published).collect()
            }
            ("default" | "const" | "enum" | "examples", value) => value.clone(),
            (_, value) => published(value),
        };
        copy.insert(key.clone(), value);
    }
    copy.into()
}

/// The functions of a campaign, in the library's order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Function>", into = "Vec<Function>")]
pub struct Library {
    functions: Vec<Function>,
    by_name: HashMap<String, FunctionId>,
}

impl From<Vec<Function>> for Library {
    fn from(functions: Vec<Function>) -> Self {
        let by_name = functions
            .iter()
            .zip(0..)
            .map(|(function, id)| (function.name.clone(), FunctionId(id)))
            .collect();
        Self { functions, by_name }
    }
}

impl From<Library> for Vec<Function> {
    fn from(library: Library) -> Self {
        library.functions
    }
}

impl Library {
    pub fn len(&self) -> usize {
        self.functions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// The function with that id.
    ///
    /// # Panics
    /// If the id is of another library; ids from outside go through
    /// [`Library::contains`] first.
    pub fn get(&self, id: FunctionId) -> &Function {
        &self.functions[id.index()]
    }

    pub fn contains(&self, id: FunctionId) -> bool {
        id.index() < self.functions.len()
    }

    pub fn find(&self, name: &str) -> Option<FunctionId> {
        self.by_name.get(name).copied()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FunctionId, &Function)> {
        self.functions.iter().enumerate().map(|(id, function)| (FunctionId(id as u32), function))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_function_does_is_told_by_its_verb_wherever_that_stands() {
        let check = |name: &str, description: &str, expected: bool| {
            let function = Function::from(Document {
                name: name.into(),
                description: description.into(),
                category: "misc".into(),
                class: "misc".into(),
                parameters: json!({"type": "object", "properties": {}}),
                response: None,
            });
            assert_eq!(function.changes_state(), expected, "{name}: {description}");
        };
        check("getOrder", "", false);
        check("cancel_order", "Cancels an order.", true);
        check("github_issues_list-assignees", "Lists the assignees of a repository", false);
        check("github_issues_add-labels", "Add labels to an issue", true);
        // The verb of its description, and a word of its name.
        check("mail_mark_read", "Mark a mail as read", true);
        check("shop_orders", "Get all orders.", true);
    }

    #[test]
    fn how_it_is_called_travels_with_a_function_and_outlives_an_edit() {
        let document = Document {
            name: "f".into(),
            description: String::new(),
            category: "misc".into(),
            class: "misc".into(),
            parameters: json!({"type": "object", "properties": {}}),
            response: None,
        };
        let plain = Function::from(document);
        let operation = Operation { method: "GET".into(), ..Operation::default() };
        let function = plain.clone().called(Some(operation));
        let bytes = rmp_serde::to_vec_named(&function).unwrap();
        let read: Function = rmp_serde::from_slice(&bytes).unwrap();
        let read = read.edited(|document| document.class = "other".into());
        assert_eq!((read.operation, &*read.class), (function.operation, "other"));
        assert!(!serde_json::to_string(&plain).unwrap().contains("operation"));
    }

    #[test]
    fn a_published_tool_has_no_extensions_but_keeps_names_and_values() {
        let function = Function::from(Document {
            name: "f".into(),
            description: String::new(),
            category: "misc".into(),
            class: "misc".into(),
            parameters: json!({"type": "object", "x-a": 1, "properties": {
                "x-trace": {"type": "string", "x-noun": "trace", "default": {"x-b": 2}},
                "list": {"type": "array", "items": {"type": "string", "x-noun": "entry"}},
                "either": {"anyOf": [{"type": "null"}, {"type": "string", "x-noun": "it"}]},
            }}),
            response: None,
        });
        let expected = json!({"type": "object", "properties": {
            "x-trace": {"type": "string", "default": {"x-b": 2}},
            "list": {"type": "array", "items": {"type": "string"}},
            "either": {"anyOf": [{"type": "null"}, {"type": "string"}]},
        }});
        assert_eq!(function.tool()["function"]["parameters"], expected);
    }
}
