//! Functions as text for a model: whole, or as brief as a budget demands.
//!
//! A library of long documents does not fit every context. The functions that
//! matter for an ask stay whole; the others are told briefly, the longest
//! first, until all fit.

use magnet_proto::FunctionId;
use magnet_proto::library::{Function, Library};
use magnet_proto::shape::{Field, Shape, Type};
use serde_json::{Value, json};

use super::Room;

/// What the tools of one ask may take: some 6,000 tokens.
const TOOLS_CHARS: usize = 24_000;
/// The same in a model of a short context.
const FEWER_TOOLS_CHARS: usize = 4_000;
/// A description that is told briefly.
const BRIEF_CHARS: usize = 200;
/// Places of an output that are told.
const MAX_LEAVES: usize = 24;

/// How much of a function is told, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    Whole,
    /// Name, first sentence, parameters with their types.
    Brief,
    Name,
}

/// The functions on offer, one JSON document a line, in their order.
pub(super) fn tools(
    library: &Library,
    ids: &[FunctionId],
    keep: &[FunctionId],
    room: Room,
) -> String {
    let chars = match room {
        Room::Ample => TOOLS_CHARS,
        Room::Scarce => FEWER_TOOLS_CHARS,
    };
    let told = |id: FunctionId, detail| document(library.get(id), detail).to_string();
    let mut lines: Vec<String> = ids.iter().map(|id| told(*id, Detail::Whole)).collect();
    for detail in [Detail::Brief, Detail::Name] {
        let mut longest: Vec<usize> =
            (0..ids.len()).filter(|at| !keep.contains(&ids[*at])).collect();
        longest.sort_by_key(|at| (std::cmp::Reverse(lines[*at].len()), *at));
        let mut length: usize = lines.iter().map(|line| line.len() + 1).sum();
        for at in longest {
            if length <= chars {
                break;
            }
            let brief = told(ids[at], detail);
            if brief.len() < lines[at].len() {
                length -= lines[at].len() - brief.len();
                lines[at] = brief;
            }
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The same by their names alone.
pub(super) fn names(library: &Library, ids: &[FunctionId]) -> String {
    let names: Vec<&str> = ids.iter().map(|id| library.get(*id).name.as_str()).collect();
    names.join(", ") + "\n"
}

/// The function as a model is offered it.
pub(super) fn whole(function: &Function) -> Value {
    document(function, Detail::Whole)
}

fn document(function: &Function, detail: Detail) -> Value {
    match detail {
        Detail::Whole => {
            let mut tool = function.tool();
            tool["function"].take()
        }
        Detail::Brief => json!({
            "name": function.name,
            "description": first_sentence(&function.description),
            "parameters": needs(function),
        }),
        Detail::Name => json!({ "name": function.name }),
    }
}

/// A description's first sentence, cut where it is long.
pub(super) fn first_sentence(text: &str) -> String {
    let text = text.trim();
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    let mut sentence: String = text[..end].chars().take(BRIEF_CHARS).collect();
    if sentence.len() < end {
        sentence.push('…');
    }
    sentence.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `name(required, optional?): what it does`, for who only has to choose.
pub(super) fn signature(function: &Function) -> String {
    let written = |field: &Field| {
        let optional = if field.required { "" } else { "?" };
        format!("{}{optional}", field.name)
    };
    let takes: Vec<String> = function.params().iter().map(written).collect();
    let does = first_sentence(&function.description);
    format!("{}({}): {does}", function.name, takes.join(", "))
}

/// The parameters, one a text: `date*: string`, a star for a required one.
pub(super) fn needs(function: &Function) -> Vec<String> {
    let written = |field: &Field| {
        let star = if field.required { "*" } else { "" };
        format!("{}{star}: {}", field.name, type_name(&field.shape))
    };
    function.params().iter().map(written).collect()
}

/// The scalar places of the output, one a text: `/trains/*/train_id: string`.
pub(super) fn gives(function: &Function) -> Vec<String> {
    let leaves = function.output_leaves();
    let mut leaves: Vec<_> = leaves.iter().collect();
    leaves.sort_by_key(|leaf| leaf.path.matches('/').count());
    let written = leaves.iter().take(MAX_LEAVES);
    written.map(|leaf| format!("{}: {}", leaf.path, type_name(leaf.shape))).collect()
}

fn type_name(shape: &Shape) -> &'static str {
    match &shape.ty {
        Type::String { .. } => "string",
        Type::Integer { .. } => "integer",
        Type::Number { .. } => "number",
        Type::Boolean => "boolean",
        Type::Array { .. } => "list",
        Type::Object { .. } => "object",
        Type::Null | Type::Any => "any",
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::library::Document;

    use super::*;

    fn library(count: usize, description: &str) -> (Library, Vec<FunctionId>) {
        let function = |at| {
            Function::from(Document {
                name: format!("function_{at}"),
                description: description.into(),
                category: "misc".into(),
                class: "misc".into(),
                parameters: json!({"type": "object", "properties": {
                    "date": {"type": "string", "description": description}
                }, "required": ["date"]}),
                response: None,
            })
        };
        let functions: Vec<Function> = (0..count).map(function).collect();
        (functions.into(), (0..count as u32).map(FunctionId).collect())
    }

    #[test]
    fn a_small_library_is_told_whole() {
        let (library, ids) = library(3, "Does it. At once.");
        let text = tools(&library, &ids, &[], Room::Ample);
        assert_eq!(text.lines().count(), 3);
        assert_eq!(text.matches("At once.").count(), 6);
    }

    #[test]
    fn a_long_library_fits_its_budget_and_keeps_what_matters_whole() {
        let (library, ids) = library(200, &"A long description. ".repeat(40));
        let keep = [FunctionId(150), FunctionId(3)];
        let text = tools(&library, &ids, &keep, Room::Ample);
        assert!(text.len() <= TOOLS_CHARS, "{} characters", text.len());
        assert!(tools(&library, &ids, &keep, Room::Scarce).len() < text.len());
        assert_eq!(text.lines().count(), 200);
        for (at, line) in text.lines().enumerate() {
            let document: Value = serde_json::from_str(line).unwrap();
            assert_eq!(document["name"], format!("function_{at}"));
            let is_whole = document["parameters"].is_object();
            assert!(is_whole || !keep.contains(&ids[at]), "{line}");
        }
    }
}
