//! Wrong values that look right: another of the same kind from the same
//! conversation, or one that nothing in it tells.

use magnet_proto::library::Function;
use magnet_proto::rng::Rng;
use magnet_proto::sample::{Message, Source};
use magnet_proto::shape::Field;
use serde_json::Value;

use super::positive::Positive;
use crate::coerce::coerce;
use crate::distill::distiller::Distiller;
use crate::execute::Output;

/// Values of the same kind that stand in calls and outputs before a message:
/// the second ticket for the first, the folder's id for the file's, the date
/// before it was changed.
pub(super) fn alike(
    positive: &Positive<'_>,
    message: usize,
    field: &Field,
    source: &Source,
    right: &Value,
) -> Vec<Value> {
    let mut kinds = vec![kind(&field.name)];
    if let Source::Output { path, .. } = source {
        kinds.extend(path.rsplit('/').find(|step| step.parse::<usize>().is_err()).map(kind));
    }
    let mut found: Vec<Value> = Vec::new();
    let mut meet = |name: &str, value: &Value| {
        let fits = coerce(value, &field.shape).as_ref() == Some(value);
        if kinds.contains(&kind(name)) && value != right && fits && !found.contains(value) {
            found.push(value.clone());
        }
    };
    for said in &positive.messages[..message] {
        match said {
            Message::Assistant { calls, .. } => {
                let arguments = calls.iter().flat_map(|call| &call.arguments);
                arguments.for_each(|(name, value)| meet(name, value));
            }
            Message::Tool { content, .. } => {
                if let Some(output) = Output::parse(content).ok() {
                    leaves(output, "", &mut meet);
                }
            }
            Message::System(_) | Message::User(_) => {}
        }
    }
    found
}

/// Shows every scalar of a value with the name it stands under.
pub(super) fn leaves(value: &Value, name: &str, meet: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, inner)| leaves(inner, name, meet))
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(item, name, meet)),
        Value::Null => {}
        scalar => meet(name, scalar),
    }
}

/// The last word of a name: `folder_id` and `file_id` are ids, `due_date` is a
/// date.
fn kind(name: &str) -> &str {
    name.rsplit(['_', '-', '.']).next().unwrap_or(name)
}

/// A value for a parameter that nothing in the conversation tells.
pub(super) fn invented(
    distiller: &Distiller<'_>,
    function: &Function,
    field: &Field,
    rng: &mut Rng,
) -> Value {
    distiller.lexicon.value(function, field, distiller.scene.persona, rng)
}
