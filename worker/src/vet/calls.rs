//! Arguments against the schema on offer. Formats count: where a schema tells a
//! date from a moment by nothing else, nothing else can.

use std::sync::OnceLock;

use jsonschema::{ValidationError, Validator};
use magnet_proto::FunctionId;
use magnet_proto::library::Library;
use magnet_proto::sample::Arguments;
use serde_json::Value;

use super::prose;

/// What says whether a value fits a schema, here and wherever one is made.
///
/// # Errors
/// If it is no schema.
pub fn judge(schema: &Value) -> Result<Validator, ValidationError<'static>> {
    let options = jsonschema::options().should_validate_formats(true);
    options.with_format("time", is_time).build(schema)
}

/// "09:30" and what begins so: few APIs write seconds and zone, as the standard
/// has it.
fn is_time(text: &str) -> bool {
    let number = |at: std::ops::Range<usize>| text.get(at).and_then(|part| part.parse::<u8>().ok());
    let (hours, minutes) = (number(0..2), number(3..5));
    text.get(2..3) == Some(":") && hours.is_some_and(|h| h < 24) && minutes.is_some_and(|m| m < 60)
}

/// The compiled schemas of a library, each compiled when first needed.
#[derive(Debug)]
pub struct Validators {
    compiled: Vec<OnceLock<Result<Validator, String>>>,
}

impl Validators {
    pub fn new(library: &Library) -> Self {
        Self { compiled: library.iter().map(|_| OnceLock::new()).collect() }
    }

    /// Whether the arguments are valid for the function: declared names only,
    /// every required one there, each of its type. The error names the
    /// argument. A trace of a hint is refused, too: no person said that.
    pub fn check(
        &self,
        library: &Library,
        id: FunctionId,
        arguments: &Arguments,
    ) -> Result<(), String> {
        let function = library.get(id);
        let is_open = takes_any_name(&function.parameters);
        let unknown = |name: &&String| !is_open && function.param(name).is_none();
        if let Some(name) = arguments.keys().find(unknown) {
            return Err(format!("\"{}\" has no parameter \"{name}\"", function.name));
        }
        if let Some(field) = function.required().find(|f| !arguments.contains_key(&f.name)) {
            return Err(format!("\"{}\" needs \"{}\"", function.name, field.name));
        }
        let instance = Value::Object(arguments.clone());
        if let Some(trace) = prose::hint_in(&instance) {
            return Err(format!("\"{}\": an argument says \"{trace}\"", function.name));
        }
        let compiled = self.compiled[id.index()]
            .get_or_init(|| judge(&function.parameters).map_err(|error| error.to_string()));
        let validator = compiled.as_ref().map_err(|error| {
            format!("the schema of \"{}\" cannot be compiled: {error}", function.name)
        })?;
        match validator.iter_errors(&instance).next() {
            None => Ok(()),
            Some(error) => {
                Err(format!("\"{}\": argument {}: {error}", function.name, error.instance_path()))
            }
        }
    }
}

/// Whether the parameters are a map: whoever writes a schema for names that
/// stand nowhere means them.
fn takes_any_name(parameters: &Value) -> bool {
    let has = |key: &str| parameters.get(key).is_some_and(Value::is_object);
    has("additionalProperties") || has("patternProperties")
}
