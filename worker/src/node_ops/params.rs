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
    function.required().filter(move |field| !fed(field) && !has_default(field))
}

/// Whether a person would notice that the value is missing and ask for it: no
/// switch, no nested structure, no text that can be composed.
pub(super) fn worth_asking(field: &Field) -> bool {
    matches!(field.shape.ty, Type::String { .. } | Type::Integer { .. } | Type::Number { .. })
        && !is_composed(field)
}

/// Whether the value is free text that can be written from the conversation.
pub(super) fn is_composed(field: &Field) -> bool {
    const TEXT: &[&str] = &[
        "body", "message", "text", "content", "contents", "note", "notes", "comment", "comments",
        "summary", "description", "reason", "title", "subject", "prompt", "details", "caption",
    ];
    matches!(field.shape.ty, Type::String { .. })
        && field.shape.choices.is_empty()
        && last_word(&field.name).is_some_and(|word| TEXT.contains(&word.as_str()))
}

/// Whether a name speaks of an identity, such that passing it on is certain.
pub(super) fn is_identity(name: &str) -> bool {
    const IDENTITY: &[&str] = &[
        "id", "ids", "uuid", "code", "number", "key", "ref", "reference", "token", "sku", "isbn",
        "iban", "email", "handle", "username", "slug", "symbol",
    ];
    last_word(name).is_some_and(|word| IDENTITY.contains(&word.as_str()))
}

fn last_word(name: &str) -> Option<String> {
    words(name).last()
}

/// Whether the turns before `turn` may already tell the value: an edge leads
/// to it, or something of a like name was asked for or returned.
pub(super) fn is_derivable(
    path: &Path,
    turn: usize,
    library: &Library,
    graph: &Graph,
    function: FunctionId,
    parameter: &str,
) -> bool {
    let Some(word) = last_word(parameter) else {
        return true;
    };
    let mut earlier = edit::steps(path).take_while(|(at, _)| (at.turn as usize) < turn);
    earlier.any(|(_, step)| {
        let source = library.get(step.function);
        let flows = graph.edge(step.function, function).map_or(&[][..], |edge| &edge.flows);
        flows.iter().any(|flow| flow.input == parameter)
            || has_field(source.params(), &word)
            || source.output().is_some_and(|output| names(output, &word))
    })
}

/// Whether a shape has a place whose name ends in that word.
fn names(shape: &Shape, word: &str) -> bool {
    match &shape.ty {
        Type::Object { fields } => has_field(fields, word),
        Type::Array { items, .. } => names(items, word),
        _ => false,
    }
}

fn has_field(fields: &[Field], word: &str) -> bool {
    // The cheap test first: splitting a name into words allocates.
    let ends = |name: &str| {
        let tail = name.len().checked_sub(word.len()).and_then(|at| name.get(at..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(word))
            && last_word(name).is_some_and(|last| last == word)
    };
    fields.iter().any(|field| ends(&field.name) || names(&field.shape, word))
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
        Type::Object { fields } => {
            fields.iter().find(|field| escape(&field.name) == name).map(|field| &field.shape)
        }
        _ => None,
    })
}
