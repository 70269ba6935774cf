//! Outputs of functions without a response schema: small, honest objects.

use magnet_proto::rng::Rng;
use magnet_proto::shape::{Shape, Type};
use rand::RngExt;
use serde_json::{Map, Value};

use super::scene::Scene;
use super::tidy;
use super::verb::{changes, ends};
use super::world::{function_noun, is_id};
use crate::lexicon::{Place, Setting};

/// Echoed arguments at most.
const ECHOES: usize = 4;
/// Longer texts are not worth repeating.
const ECHO_BYTES: usize = 60;

/// Whether a schema leaves the whole output open.
pub(super) fn says_nothing(shape: &Shape) -> bool {
    matches!(shape.ty, Type::Any) && shape.choices.is_empty() && shape.examples.is_empty()
}

/// A plausible output: how it went, what was asked, and for a reading a little
/// of what was found.
pub(super) fn output(scene: Scene<'_>, bulky: bool, rng: &mut Rng) -> Value {
    let function = scene.function;
    let mut object = Map::new();
    if ends(function) {
        object.insert("status".into(), "ok".into());
        return Value::Object(object);
    }
    object.insert("status".into(), "success".into());
    let short = |value: &Value| match value {
        Value::String(text) => text.len() <= ECHO_BYTES,
        Value::Number(_) | Value::Bool(_) => true,
        _ => false,
    };
    let echoed = scene.arguments.iter().filter(|(name, value)| short(value) && !is_secret(name));
    object.extend(echoed.take(ECHOES).map(|(name, value)| (name.clone(), value.clone())));
    let noun = function_noun(function);
    if changes(function) {
        if !scene.arguments.keys().any(|name| is_id(name)) {
            object.insert(format!("{noun}_id"), new_id(scene, &noun, rng));
        }
        object.insert("message".into(), tidy::done(function).into());
        return Value::Object(object);
    }
    let count = if bulky { rng.random_range(30..=60) } else { rng.random_range(2..=3) };
    let results = (0..count).map(|_| result(scene, rng)).collect();
    object.insert("results".into(), Value::Array(results));
    Value::Object(object)
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "key", "password", "secret"].iter().any(|cue| name.contains(cue))
}

fn new_id(scene: Scene<'_>, noun: &str, rng: &mut Rng) -> Value {
    draw(scene, &format!("{noun}_id"), noun, rng)
}

fn result(scene: Scene<'_>, rng: &mut Rng) -> Value {
    let mut object = Map::new();
    for name in ["name", "description"] {
        object.insert(name.into(), draw(scene, name, "", rng));
    }
    Value::Object(object)
}

/// A text for a field that no schema describes.
fn draw(scene: Scene<'_>, name: &str, parent: &str, rng: &mut Rng) -> Value {
    let shape = Shape { ty: Type::String { min_length: 0, max_length: None }, ..Shape::default() };
    let place = Place { name, parent, shape: &shape, ..Place::output(scene.function, &shape) };
    Setting::new(scene.persona).value(&place, rng)
}
