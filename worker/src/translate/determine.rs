//! The arguments that brief, outputs and schema determine: nobody is asked
//! for them.

use magnet_proto::brief::{How, Select};
use magnet_proto::path::StepRef;
use magnet_proto::sample::Arguments;
use serde_json::Value;

use super::{Translated, Translator};
use crate::coerce::coerce;
use crate::select::Route;

/// A call's arguments, and whether some are left open.
pub(super) struct Determined {
    pub arguments: Arguments,
    pub is_open: bool,
}

pub(super) fn arguments(
    translator: &Translator<'_>,
    done: &Translated,
    at: StepRef,
    copy: u8,
) -> Determined {
    let mut determined = Determined { arguments: Arguments::new(), is_open: false };
    let scene = &translator.scene;
    let Some(step) = scene.path.step(at) else {
        return determined;
    };
    let function = scene.library.get(step.function);
    let told = translator.brief.turn(usize::from(at.turn));
    for field in function.params() {
        let mut arguments = told.into_iter().flat_map(|turn| turn.arguments(at.step, copy));
        let how = arguments.find(|argument| argument.parameter == field.name).map(|a| &a.how);
        let value = match how {
            Some(How::Pointed { from, place, select, value: None }) => {
                let output = done.conversation.output_of(*from);
                output.and_then(|output| pointed(output, place, select))
            }
            Some(how) => how.value().cloned(),
            None if field.required => None,
            None => continue,
        };
        match value.and_then(|value| coerce(&value, &field.shape)) {
            Some(value) => {
                determined.arguments.insert(field.name.clone(), value);
            }
            None => determined.is_open = true,
        }
    }
    determined
}

fn pointed(output: &Value, place: &str, select: &Select) -> Option<Value> {
    let route = Route::of(place);
    match select {
        Select::All => Some(Value::Array(route.all(output).into_iter().cloned().collect())),
        _ => route.follow(output, select).cloned(),
    }
}
