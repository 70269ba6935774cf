//! Asking the user for a value: how an agent does, and by which name.

use magnet_proto::rng::Rng;
use magnet_proto::shape::words;
use rand::RngExt;

/// A question for a parameter's value.
pub(super) fn question(parameter: &str, rng: &mut Rng) -> String {
    let thing = words(parameter).collect::<Vec<_>>().join(" ");
    match rng.random_range(0..6) {
        0 => format!("Sure. Could you tell me the {thing} first?"),
        1 => format!("Before I go on, I need the {thing}. Can you give me that?"),
        2 => format!("Happy to help. Can you tell me the {thing}?"),
        3 => format!("I'm missing the {thing} for that. What should I use?"),
        4 => format!("What should I put for the {thing}?"),
        _ => format!("Can you let me know the {thing}, please?"),
    }
}

/// The name of the parameter that a pointer leads into.
pub(super) fn parameter(pointer: &str) -> String {
    unescape(pointer.split('/').nth(1).unwrap_or_default())
}

pub(super) fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}
