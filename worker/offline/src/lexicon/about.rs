//! What a place is about: the first of its surroundings that says.

use magnet_proto::shape::{Type, words};

use super::place::Place;
use super::topic::Topic;
use super::{cues, names, terms};

/// What a place is about, from its name, its surroundings, its format and its
/// description, in this order of trust: format, name, description, parent.
pub fn topic(place: &Place<'_>) -> Topic {
    let name: Vec<String> = words(place.name).collect();
    let words: Vec<&str> = name.iter().map(String::as_str).collect();
    let shape = place.shape;
    if let Some(topic) = shape.format.as_deref().and_then(cues::of_format) {
        return cues::refine(topic, &words, place);
    }
    if matches!(shape.ty, Type::Boolean) {
        return if cues::says_success(&words) { Topic::Success } else { Topic::Flag };
    }
    if matches!(shape.ty, Type::Any) && cues::is_flag(&words, place) {
        return Topic::Flag;
    }
    let is_text = matches!(shape.ty, Type::String { .. } | Type::Any);
    let term = (is_text && terms::of_name(&words).is_some()).then_some(Topic::Term);
    let found = term
        .or_else(|| names::of_name(&words, place))
        .or_else(|| cues::of_description(place))
        .or_else(|| cues::of_parent(place));
    match found {
        Some(topic) => cues::refine(topic, &words, place),
        None if matches!(shape.ty, Type::Integer { .. } | Type::Number { .. }) => Topic::SomeNumber,
        None => Topic::SomeText,
    }
}
