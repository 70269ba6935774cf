//! Where the value of a parameter can come from, judged by schemas and names.

use magnet_proto::FunctionId;
use magnet_proto::graph::Graph;
use magnet_proto::library::{Function, Library};
use magnet_proto::path::{Path, Step};
use magnet_proto::shape::{Field, Shape, Type, escape, words};

use super::edit;

/// Whether the schema alone settles the value.
pub(super) fn has_default(field: &Field) -> bool {
    field.shape.default.is_some() || field.shape.choices.len() == 1
}

/// The required parameters of a step that only the user can give.
pub(super) fn from_user<'a>(
    function: &'a Function,
    step: &'a Step,
) -> impl Iterator<Item = &'a Field> {
    let fed = |field: &Field| step.feeds.iter().any(|feed| feed.flow.input == field.name);
    function
        .required()
        .filter(move |field| !fed(field) && !has_default(field))
}

/// Whether a person would notice that the value is missing and ask for it: no
/// switch, no nested structure, no text that can be composed.
pub(super) fn worth_asking(field: &Field) -> bool {
    matches!(
        field.shape.ty,
        Type::String { .. } | Type::Integer { .. } | Type::Number { .. }
    ) && !is_composed(field)
}

/// Whether the value is free text that can be written from the conversation.
pub(super) fn is_composed(field: &Field) -> bool {
    const TEXT: &[&str] = &[
        "body",
        "message",
        "text",
        "content",
        "contents",
        "note",
        "notes",
        "comment",
        "comments",
        "summary",
        "description",
        "reason",
        "title",
        "subject",
        "prompt",
        "details",
        "caption",
    ];
    matches!(field.shape.ty, Type::String { .. })
        && field.shape.choices.is_empty()
        && last_word(&field.name).is_some_and(|word| TEXT.contains(&word.as_str()))
}

/// Whether a name speaks of an identity, such that passing it on is certain.
pub(super) fn is_identity(name: &str) -> bool {
    const IDENTITY: &[&str] = &[
        "id",
        "ids",
        "uuid",
        "code",
        "number",
        "key",
        "ref",
        "reference",
        "token",
        "sku",
        "isbn",
        "iban",
        "email",
        "handle",
        "username",
        "slug",
        "symbol",
    ];
    last_word(name).is_some_and(|word| IDENTITY.contains(&word.as_str()))
}

fn last_word(name: &str) -> Option<String> {
    words(name).last()
}

/// Whether the turns before `turn` may already tell the value: an edge leads
/// to it, or something of a like name was given or returned.
pub(super) fn is_derivable(
    path: &Path,
    turn: usize,
    library: &Library,
    graph: &Graph,
    function: FunctionId,
    parameter: &str,
) -> bool {
    let word = last_word(parameter);
    let alike = |name: &str| name == parameter || last_word(name) == word;
    edit::steps(path)
        .take_while(|(at, _)| (at.turn as usize) < turn)
        .any(|(_, step)| {
            let earlier = library.get(step.function);
            let flows = graph
                .edge(step.function, function)
                .map_or(&[][..], |edge| &edge.flows);
            flows.iter().any(|flow| flow.input == parameter)
                || earlier.params().iter().any(|field| alike(&field.name))
                || earlier.output_leaves().iter().any(|leaf| alike(leaf.name))
        })
}

/// Whether the path of a flow leads to a place of that output.
pub(super) fn has_place(output: Option<&Shape>, path: &str) -> bool {
    descend(output, path.split('/').skip(1)).is_some()
}

fn descend<'a, 'p>(
    shape: Option<&'a Shape>,
    mut names: impl Iterator<Item = &'p str>,
) -> Option<&'a Shape> {
    names.try_fold(shape?, |shape, name| match &shape.ty {
        Type::Array { items, .. } if name == "*" => Some(&**items),
        Type::Object { fields } => fields
            .iter()
            .find(|field| escape(&field.name) == name)
            .map(|field| &field.shape),
        _ => None,
    })
}
