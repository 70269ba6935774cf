//! Back-translation as a question: what the message must lead to, with the
//! values it has to say.
//!
//! Which values a person brings along is planned by the rules of the offline
//! teacher, not left to the model: models bring the same few cities and dates
//! to every conversation, and a value that is known can be checked. So an
//! answer that lacks one is refused here, with the value named.

use magnet_proto::library::Function;
use magnet_proto::path::{Purpose as TurnPurpose, Step, StepRef};
use magnet_proto::shape::words;
use serde_json::{Map, Value, json};

use super::{Question, Remote, Room, transcript};
use crate::conversation::{Given, Request, Select};
use crate::teacher::chat::Purpose;
use crate::teacher::{Error, WriteRequest, read};
use crate::vet::mentions::Text;
use crate::vet::provenance::is_free_text;

pub(super) async fn write(remote: &Remote, ask: &WriteRequest<'_>) -> Result<Request, Error> {
    let schema = json!({
        "type": "object",
        "properties": { "request": { "type": "string" } },
        "required": ["request"],
        "additionalProperties": false,
    });
    // A plan that cannot be made leaves the values to the model.
    let plan = remote.rules.write_request(ask).await.unwrap_or_default();
    let question = Question {
        purpose: Purpose::Back,
        context: &|room| context(ask, room),
        task: task(ask, &plan),
        problem: ask.problem,
        salt: format!("{} {} {}", ask.scene.seed, ask.scene.walk, ask.turn),
    };
    let reply = remote.ask(question, Some(schema)).await?;
    let text = text(&reply.text)?;
    let Request { given, picks, .. } = plan;
    if let Some(absent) = unsaid(ask, &given, &text) {
        return Err(Error::Unusable(format!(
            "the request \"{text}\" does not say {}, the {}, as it stands in the task",
            absent.value, absent.parameter
        )));
    }
    Ok(Request { text, given, picks })
}

/// The request in an answer.
fn text(answer: &str) -> Result<String, Error> {
    let text = match read::json(answer) {
        Ok(answer) => answer
            .get("request")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| Error::Unusable("the answer has no text under \"request\"".into()))?,
        // Small models write the request itself.
        Err(_) if !answer.contains(['{', '[']) => answer.to_owned(),
        Err(why) => return Err(Error::Unusable(why)),
    };
    Ok(read::prose(&text))
}

fn context(ask: &WriteRequest<'_>, room: Room) -> String {
    let persona = ask.scene.persona;
    let (year, month, day) = persona.today.civil();
    format!(
        "Voice: {}. Today is {}, {year}-{month:02}-{day:02}.\n\nConversation so far:\n{}",
        persona.label,
        persona.today.weekday(),
        transcript::conversation(ask.scene.library, ask.conversation, room),
    )
}

/// The machine-readable part: `kind` and `functions`.
fn task(ask: &WriteRequest<'_>, plan: &Request) -> Value {
    let path = ask.scene.path;
    let before = ask.turn.checked_sub(1).map(|before| &path.turns[before].purpose);
    match (before, &path.turns[ask.turn].purpose) {
        (Some(TurnPurpose::MissingFunction { function, resolved: true }), _) => {
            let name = &ask.scene.library.get(*function).name;
            json!({ "kind": "announce", "functions": [{ "name": name }] })
        }
        (Some(TurnPurpose::MissingParameter { resolved: true, .. }), _) => {
            let told = |entry: &mut Map<String, Value>| {
                entry.retain(|key, _| key == "name" || key == "say");
            };
            json!({ "kind": "supply", "functions": steps(ask, plan, ask.turn, None, told) })
        }
        (_, purpose) => json!({ "kind": "ask", "functions": asked(ask, plan, purpose) }),
    }
}

/// What a turn asks for; one that misses something, what the next one does.
fn asked(ask: &WriteRequest<'_>, plan: &Request, purpose: &TurnPurpose) -> Vec<Value> {
    let next = ask.turn + 1;
    let all = |_: &mut Map<String, Value>| {};
    match purpose {
        TurnPurpose::Calls => steps(ask, plan, ask.turn, None, all),
        TurnPurpose::MissingFunction { resolved: true, .. } => steps(ask, plan, next, None, all),
        TurnPurpose::MissingParameter { parameter, resolved: true, .. } => {
            steps(ask, plan, next, Some(parameter), all)
        }
        TurnPurpose::MissingFunction { function, .. } | TurnPurpose::Irrelevant { function } => {
            vec![alone(ask.scene.library.get(*function), None)]
        }
        TurnPurpose::MissingParameter { function, parameter, .. } => {
            vec![alone(ask.scene.library.get(*function), Some(parameter))]
        }
    }
}

fn steps(
    ask: &WriteRequest<'_>,
    plan: &Request,
    turn: usize,
    left_out: Option<&String>,
    finish: impl Fn(&mut Map<String, Value>),
) -> Vec<Value> {
    let planned = ask.scene.path.turns.get(turn).map_or(&[][..], |turn| &turn.steps);
    let entry = |(at, step): (usize, &Step)| {
        let at = StepRef { turn: turn as u16, step: at as u16 };
        let mut entry = describe(ask, plan, at, step, left_out);
        finish(&mut entry);
        Value::Object(entry)
    };
    planned.iter().enumerate().map(entry).collect()
}

fn describe(
    ask: &WriteRequest<'_>,
    plan: &Request,
    at: StepRef,
    step: &Step,
    left_out: Option<&String>,
) -> Map<String, Value> {
    let function = ask.scene.library.get(step.function);
    let mut entry = named(function, if step.implicit { "never" } else { "ask" });
    if step.copies > 1 {
        entry.insert("times".into(), step.copies.into());
    }
    if step.conflict.is_some() {
        entry.insert("again".into(), true.into());
    }
    let mut say = Vec::new();
    let mut known = Map::new();
    for copy in 0..step.copies.max(1) {
        let mut of_copy = Map::new();
        for given in plan.given.iter().filter(|given| given.step == at && given.copy == copy) {
            let is_known = is_said_before(ask, given) && step.copies < 2;
            let values = if is_known { &mut known } else { &mut of_copy };
            values.insert(given.parameter.clone(), given.value.clone());
        }
        say.push(Value::Object(of_copy));
    }
    if say.iter().any(|values| values.as_object().is_some_and(|values| !values.is_empty())) {
        entry.insert("say".into(), say.into());
    }
    if !known.is_empty() {
        entry.insert("already_said".into(), known.into());
    }
    let refer: Vec<Value> = step.feeds.iter().map(|feed| reference(ask, plan, at, feed)).collect();
    if !refer.is_empty() {
        entry.insert("refer".into(), refer.into());
    }
    if let Some(parameter) = left_out.filter(|parameter| function.param(parameter).is_some()) {
        entry.insert("leave_out".into(), json!([parameter]));
    }
    entry
}

fn named(function: &Function, mention: &str) -> Map<String, Value> {
    let mut entry = Map::new();
    entry.insert("name".into(), function.name.clone().into());
    entry.insert("does".into(), function.description.clone().into());
    entry.insert("mention".into(), mention.into());
    entry
}

fn reference(
    ask: &WriteRequest<'_>,
    plan: &Request,
    at: StepRef,
    feed: &magnet_proto::path::Feed,
) -> Value {
    let source = ask.scene.path.step(feed.from).map(|from| ask.scene.library.get(from.function));
    let mut entry = Map::new();
    entry.insert("parameter".into(), feed.flow.input.clone().into());
    entry.insert("from".into(), source.map_or("", |function| &function.name).into());
    entry.insert("at".into(), feed.flow.output.clone().into());
    let pick = plan.picks.iter().find(|pick| pick.step == at && pick.parameter == feed.flow.input);
    if let Some(pick) = pick.filter(|_| feed.flow.output.contains('*')) {
        entry.insert("which".into(), which(&pick.select).into());
    }
    entry.into()
}

fn which(select: &Select) -> String {
    let plain = |field: &String| words(field).collect::<Vec<_>>().join(" ");
    match select {
        Select::First => "the first one".into(),
        Select::Last => "the last one".into(),
        Select::Least(field) => format!("the one with the lowest or earliest {}", plain(field)),
        Select::Most(field) => format!("the one with the highest or latest {}", plain(field)),
    }
}

/// A function that no turn calls: nothing is planned for it.
fn alone(function: &Function, left_out: Option<&String>) -> Value {
    let mut entry = named(function, "ask");
    if let Some(parameter) = left_out {
        entry.insert("leave_out".into(), json!([parameter]));
    }
    entry.into()
}

/// The first planned value that neither the text nor an earlier message says.
fn unsaid<'g>(ask: &WriteRequest<'_>, given: &'g [Given], text: &str) -> Option<&'g Given> {
    let text = Text::new(text);
    given.iter().find(|given| {
        must_be_said(ask, given)
            && scalars(&given.value).iter().any(|value| text.find(value).is_none())
            && !is_said_before(ask, given)
    })
}

/// Texts may be worded otherwise, and flags have no literal form.
fn must_be_said(ask: &WriteRequest<'_>, given: &Given) -> bool {
    let step = ask.scene.path.step(given.step);
    let field = step.and_then(|step| ask.scene.library.get(step.function).param(&given.parameter));
    field.is_some_and(|field| {
        let has_default = field.shape.default.as_ref() == Some(&given.value);
        !is_free_text(field) && field.shape.choices.is_empty() && !has_default
    })
}

fn is_said_before(ask: &WriteRequest<'_>, given: &Given) -> bool {
    let said = |value: &&Value| {
        let mut turns = ask.conversation.turns.iter();
        turns.any(|exchange| Text::new(&exchange.request.text).find(value).is_some())
    };
    let scalars = scalars(&given.value);
    !scalars.is_empty() && scalars.iter().all(said)
}

/// The strings and numbers of a value.
fn scalars(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(scalars).collect(),
        Value::Object(members) => members.values().flat_map(scalars).collect(),
        Value::String(_) | Value::Number(_) => vec![value],
        Value::Bool(_) | Value::Null => Vec::new(),
    }
}
