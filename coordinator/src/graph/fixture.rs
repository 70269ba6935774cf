//! Small libraries for this module's tests.

use magnet_proto::library::{Document, Function, Library};
use serde_json::{Map, Value, json};

pub(super) fn library(functions: Vec<Function>) -> Library {
    Library::from(functions)
}

/// A function of category "travel", class "trains", with required string
/// parameters and the given output properties.
pub(super) fn function(name: &str, required: &[&str], output: Option<Value>) -> Function {
    let properties: Map<String, Value> =
        required.iter().map(|name| (name.to_string(), json!({"type": "string"}))).collect();
    described(
        name,
        json!({"type": "object", "properties": properties, "required": required}),
        output,
    )
}

/// The same with a whole parameter schema.
pub(super) fn described(name: &str, parameters: Value, output: Option<Value>) -> Function {
    Function::from(Document {
        name: name.into(),
        description: String::new(),
        category: "travel".into(),
        class: "trains".into(),
        parameters,
        response: output.map(|properties| json!({"type": "object", "properties": properties})),
    })
}

/// The same function in another category and class.
pub(super) fn moved(function: Function, category: &str, class: &str) -> Function {
    let document = Document::from(function);
    Function::from(Document { category: category.into(), class: class.into(), ..document })
}
