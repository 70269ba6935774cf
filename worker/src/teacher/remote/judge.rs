//! The judge's questions: edges, nested pairs, categories, turns.

use magnet_proto::FunctionId;
use magnet_proto::graph::{EdgeKind, Flow};
use magnet_proto::library::{Function, Library};
use serde_json::{Value, json};

use super::{Question, Remote, catalog, transcript};
use crate::teacher::chat::Purpose;
use crate::teacher::{
    Categorize, Error, JudgeEdges, JudgeNested, JudgeTurn, Judged, Label, Needs, Nested, Problem,
    Verdict,
};

/// One question about a node, answered with a list.
pub(super) async fn edges(remote: &Remote, ask: &JudgeEdges<'_>) -> Result<Vec<Judged>, Error> {
    let names = names(ask.library, ask.candidates);
    let item = json!({
        "type": "object",
        "properties": {
            "name": { "enum": names },
            "kind": { "enum": ["precondition", "full_input", "partial_input"] },
            "output": { "type": "string" },
            "input": { "type": "string" },
        },
        "required": ["name", "kind", "output", "input"],
        "additionalProperties": false,
    });
    let task = task(ask.library, ask.function, ask.candidates);
    let question = question(Purpose::JudgeEdges, task, ask.problem);
    let answer = remote.ask_json(question, list("next", item)).await?;
    let items = items(&answer, "next")?;
    let read = items.iter().filter_map(|item| judged(ask, item));
    Ok(read.collect())
}

/// Names that are no candidates are dropped: an invented function leads
/// nowhere. A flow counts only between places that exist.
fn judged(ask: &JudgeEdges<'_>, item: &Value) -> Option<Judged> {
    let to = candidate(ask.library, ask.candidates, item)?;
    let flow = flow(ask.library, ask.function, to, item);
    let kind = match item.get("kind").and_then(Value::as_str) {
        Some("full_input") => EdgeKind::FullInput,
        Some("partial_input") => EdgeKind::PartialInput,
        Some("precondition") => EdgeKind::Precondition,
        _ if flow.is_some() => EdgeKind::PartialInput,
        _ => EdgeKind::Precondition,
    };
    Some(Judged { to, kind, flow })
}

/// Whether values pass between pairs, one answer each.
pub(super) async fn nested(remote: &Remote, ask: &JudgeNested<'_>) -> Result<Vec<Nested>, Error> {
    let names = names(ask.library, ask.candidates);
    let item = json!({
        "type": "object",
        "properties": {
            "name": { "enum": names },
            "nested": { "type": "boolean" },
            "output": { "type": "string" },
            "input": { "type": "string" },
        },
        "required": ["name", "nested", "output", "input"],
        "additionalProperties": false,
    });
    let task = task(ask.library, ask.function, ask.candidates);
    let question = question(Purpose::JudgeNested, task, ask.problem);
    let answer = remote.ask_json(question, list("answers", item)).await?;
    let items = items(&answer, "answers")?;
    let yes = |item: &&Value| item.get("nested").and_then(Value::as_bool) == Some(true);
    let read = items.iter().filter(yes).filter_map(|item| {
        let to = candidate(ask.library, ask.candidates, item)?;
        Some(Nested { to, flow: flow(ask.library, ask.function, to, item)? })
    });
    Ok(read.collect())
}

pub(super) async fn categorize(remote: &Remote, ask: &Categorize<'_>) -> Result<Vec<Label>, Error> {
    let item = json!({
        "type": "object",
        "properties": {
            "name": { "enum": names(ask.library, ask.functions) },
            "category": { "enum": ask.categories },
            "class": { "type": "string" },
        },
        "required": ["name", "category", "class"],
        "additionalProperties": false,
    });
    let functions: Vec<Value> =
        ask.functions.iter().map(|id| brief(ask.library.get(*id))).collect();
    let task = json!({ "categories": ask.categories, "functions": functions });
    let question = question(Purpose::Categorize, task, ask.problem);
    let answer = remote.ask_json(question, list("labels", item)).await?;
    let items = items(&answer, "labels")?;
    let read = items.iter().filter_map(|item| {
        let text = |key| item.get(key).and_then(Value::as_str).map(plain);
        let category = text("category").filter(|c| ask.categories.contains(&c.as_str()))?;
        let class = text("class").filter(|class| !class.is_empty());
        let function = candidate(ask.library, ask.functions, item)?;
        Some(Label { function, category, class: class.unwrap_or_else(|| "misc".into()) })
    });
    Ok(read.collect())
}

/// A label as it goes into a library: lower case, a few plain words.
fn plain(label: &str) -> String {
    let words = label.split(|c: char| !c.is_alphanumeric() && c != '&');
    let words: Vec<String> =
        words.filter(|word| !word.is_empty()).take(4).map(str::to_lowercase).collect();
    words.join(" ")
}

pub(super) async fn turn(remote: &Remote, ask: &JudgeTurn<'_>) -> Result<Verdict, Error> {
    let library = ask.scene.library;
    let schema = json!({
        "type": "object",
        "properties": {
            "why": { "type": "string" },
            "error": { "type": "integer", "enum": [0, 1, 2, 3, 4, 5] },
        },
        "required": ["why", "error"],
        "additionalProperties": false,
    });
    let expected: Vec<Value> = ask
        .expected
        .iter()
        .map(|call| json!({ "name": library.get(call.function).name, "arguments": call.arguments }))
        .collect();
    let expected = match expected.is_empty() {
        true => json!({ "calls": [], "reply": "asks for what is missing, or declines" }),
        false => json!({ "calls": expected, "reply": "reports the outputs" }),
    };
    let question = Question {
        purpose: Purpose::JudgeTurn,
        context: &|room| {
            format!(
                "Conversation before:\n{}\nThe turn:\n{}",
                transcript::messages(library, ask.before, room),
                transcript::messages(library, ask.turn, room),
            )
        },
        task: json!({ "expected": expected }),
        problem: ask.problem,
        salt: "judge".into(),
    };
    let answer = remote.ask_json(question, schema).await?;
    let error = answer
        .get("error")
        .and_then(|error| error.as_u64().or_else(|| error.as_str()?.trim().parse().ok()));
    let why = answer.get("why").and_then(Value::as_str).unwrap_or_default().to_owned();
    match error {
        Some(0) => Ok(Verdict::Right),
        Some(number @ 1..=5) => Ok(Verdict::Wrong { number: number as u8, why }),
        _ => Err(Error::Unusable("\"error\" is no number from 0 to 5".into())),
    }
}

/// The calls that a request needs, or which of the doubted ones.
pub(super) async fn needs(remote: &Remote, ask: &Needs<'_>) -> Result<Vec<FunctionId>, Error> {
    let library = ask.library;
    let (purpose, choice) = match ask.doubted {
        [] => (Purpose::JudgeCalls, ask.tools),
        doubted => (Purpose::JudgeDoubt, doubted),
    };
    let mut task = json!({ "request": ask.request });
    if purpose == Purpose::JudgeDoubt {
        task["doubted"] = names(library, ask.doubted).into();
    }
    let tool = |id: &FunctionId| catalog::signature(library.get(*id)) + "\n";
    let question = Question {
        purpose,
        context: &|room| {
            let tools: String = ask.tools.iter().map(tool).collect();
            let before = transcript::conversation(library, ask.conversation, room);
            format!("Tools on offer:\n{tools}\nConversation:\n{before}")
        },
        task,
        problem: ask.problem,
        salt: String::new(),
    };
    let answer =
        remote.ask_json(question, list("calls", json!({ "enum": names(library, choice) })));
    let answer = answer.await?;
    let found = items(&answer, "calls")?.iter();
    Ok(found.filter_map(|item| candidate(library, choice, item)).collect())
}

fn question<'a>(purpose: Purpose, task: Value, problem: Option<Problem<'a>>) -> Question<'a> {
    // The same question has the same answer whoever asks: no salt.
    Question { purpose, context: &super::nothing, task, problem, salt: String::new() }
}

fn task(library: &Library, function: FunctionId, candidates: &[FunctionId]) -> Value {
    let function = library.get(function);
    let needs = |id: &FunctionId| {
        let candidate = library.get(*id);
        let mut entry = brief(candidate);
        entry["needs"] = catalog::needs(candidate).into();
        entry
    };
    let mut given = brief(function);
    given["gives"] = catalog::gives(function).into();
    json!({ "function": given, "candidates": candidates.iter().map(needs).collect::<Vec<_>>() })
}

fn brief(function: &Function) -> Value {
    json!({ "name": function.name, "does": catalog::first_sentence(&function.description) })
}

fn names<'l>(library: &'l Library, ids: &[FunctionId]) -> Vec<&'l str> {
    ids.iter().map(|id| library.get(*id).name.as_str()).collect()
}

fn list(key: &str, item: Value) -> Value {
    json!({
        "type": "object",
        "properties": { key: { "type": "array", "items": item } },
        "required": [key],
        "additionalProperties": false,
    })
}

/// The list in an answer; a bare list will do.
fn items<'a>(answer: &'a Value, key: &str) -> Result<&'a [Value], Error> {
    let list = answer.get(key).unwrap_or(answer).as_array();
    list.map(Vec::as_slice)
        .ok_or_else(|| Error::Unusable(format!("the answer has no list under \"{key}\"")))
}

fn candidate(library: &Library, ids: &[FunctionId], item: &Value) -> Option<FunctionId> {
    let name = item.get("name").unwrap_or(item).as_str()?;
    library.find(name).filter(|id| ids.contains(id))
}

/// The flow an item names, if both its ends exist.
fn flow(library: &Library, from: FunctionId, to: FunctionId, item: &Value) -> Option<Flow> {
    let text = |key: &str| item.get(key)?.as_str();
    let output = text("output")?.split(':').next()?.trim();
    let input = text("input")?.split([':', '*']).next()?.trim();
    let leaves = library.get(from).output_leaves();
    let output = leaves.iter().find(|leaf| leaf.path == output)?.path.clone();
    let input = library.get(to).param(input)?.name.clone();
    Some(Flow { output, input })
}
