//! Back-translation as a question: what the person is after in this turn, and
//! the values their message has to say.

use magnet_proto::brief::{Argument, How, Select, Turn};
use magnet_proto::library::Function;
use magnet_proto::path::{Purpose as Due, StepRef};
use magnet_proto::shape::words;
use serde_json::{Map, Value, json};

use super::{Question, Remote, Room, catalog, transcript};
use crate::conversation::Request;
use crate::teacher::chat::Purpose;
use crate::teacher::{Error, WriteRequest, read};

pub(super) async fn write(remote: &Remote, ask: &WriteRequest<'_>) -> Result<Request, Error> {
    let schema = json!({
        "type": "object",
        "properties": { "request": { "type": "string" } },
        "required": ["request"],
        "additionalProperties": false,
    });
    let question = Question {
        purpose: Purpose::Back,
        context: &|room| context(ask, room),
        task: task(ask),
        problem: ask.problem,
        salt: format!("{} {} {}", ask.scene.seed, ask.scene.walk, ask.turn),
    };
    let reply = remote.ask(question, Some(schema)).await?;
    Ok(Request { text: text(&reply.text)? })
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

/// What stays the same through a walk stands first.
fn context(ask: &WriteRequest<'_>, room: Room) -> String {
    let persona = ask.scene.persona;
    format!(
        "Voice: {}. {}\nWhat the person is after: {}\n\nConversation so far:\n{}",
        persona.label,
        persona.today_told(),
        ask.brief.aim,
        transcript::conversation(ask.scene.library, ask.conversation, room),
    )
}

fn task(ask: &WriteRequest<'_>) -> Value {
    let path = ask.scene.path;
    let told = ask.brief.turn(ask.turn);
    let before = ask.turn.checked_sub(1).map(|before| &path.turns[before].purpose);
    let mut task = Map::new();
    match before {
        Some(Due::MissingFunction { function, resolved: true }) => {
            task.insert("kind".into(), "announce".into());
            task.insert("name".into(), ask.scene.library.get(*function).name.clone().into());
            return task.into();
        }
        Some(Due::MissingParameter { resolved: true, .. }) => {
            task.insert("kind".into(), "supply".into());
            let said = told.into_iter().flat_map(|turn| &turn.values);
            let said = said.filter(|argument| matches!(argument.how, How::Said { .. }));
            task.insert("say".into(), said.map(|a| named(a, &a.how)).collect::<Vec<_>>().into());
            return task.into();
        }
        _ => {}
    }
    task.insert("kind".into(), "ask".into());
    let Some(told) = told else {
        return task.into();
    };
    task.insert("why".into(), told.why.clone().into());
    let wants: Vec<&str> = told.wants.iter().map(|want| want.words()).collect();
    task.insert("wants".into(), wants.into());
    let functions = functions(ask);
    let does = |f: &&Function| format!("{}: {}", f.name, catalog::first_sentence(&f.description));
    task.insert("leads_to".into(), functions.iter().map(does).collect::<Vec<_>>().into());
    arguments(ask, told, &mut task);
    task.into()
}

/// The functions that the message leads to.
fn functions<'a>(ask: &WriteRequest<'a>) -> Vec<&'a Function> {
    let path = ask.scene.path;
    let ids = match &path.turns[ask.turn].purpose {
        Due::Calls => path.turns[ask.turn].steps.iter().map(|step| step.function).collect(),
        Due::MissingFunction { resolved: true, .. }
        | Due::MissingParameter { resolved: true, .. } => {
            let next = path.turns.get(ask.turn + 1).map_or(&[][..], |turn| &turn.steps);
            next.iter().map(|step| step.function).collect()
        }
        Due::MissingFunction { function, .. }
        | Due::MissingParameter { function, .. }
        | Due::Irrelevant { function } => vec![*function],
    };
    ids.into_iter().map(|id| ask.scene.library.get(id)).collect()
}

fn arguments(ask: &WriteRequest<'_>, told: &Turn, task: &mut Map<String, Value>) {
    let (mut say, mut again, mut refer, mut leave_out) = (vec![], vec![], vec![], vec![]);
    for argument in &told.values {
        match &argument.how {
            How::Said { .. } => say.push(named(argument, &argument.how)),
            How::Again { .. } => again.push(named(argument, &argument.how)),
            How::Pointed { from, place, select, .. } => {
                refer.push(reference(ask, argument, *from, place, select));
            }
            How::LeftOut => leave_out.push(Value::from(argument.parameter.clone())),
            How::Unsaid { .. } | How::Open => {}
        }
    }
    for (key, values) in
        [("say", say), ("already_said", again), ("refer", refer), ("leave_out", leave_out)]
    {
        if !values.is_empty() {
            task.insert(key.into(), values.into());
        }
    }
}

fn named(argument: &Argument, how: &How) -> Value {
    let mut entry = Map::new();
    entry.insert(argument.parameter.clone(), how.value().cloned().unwrap_or_default());
    entry.into()
}

fn reference(
    ask: &WriteRequest<'_>,
    argument: &Argument,
    from: StepRef,
    place: &str,
    select: &Select,
) -> Value {
    let mut entry = Map::new();
    let source = ask.scene.path.step(from).map(|step| ask.scene.library.get(step.function));
    let thing = place.rsplit('/').find(|part| *part != "*").unwrap_or_default();
    entry.insert("for".into(), argument.parameter.clone().into());
    let thing = words(thing).collect::<Vec<_>>().join(" ");
    // Most things are called in the output what the parameter is called.
    if thing != words(&argument.parameter).collect::<Vec<_>>().join(" ") {
        entry.insert("thing".into(), thing.into());
    }
    entry.insert("from".into(), source.map_or("", |function| &function.name).into());
    if place.contains("/*") {
        entry.insert("which".into(), which(select).into());
    }
    entry.into()
}

fn which(select: &Select) -> String {
    let plain = |field: &String| words(field).collect::<Vec<_>>().join(" ");
    match select {
        Select::First => "the first one, or the only one".into(),
        Select::Last => "the last one".into(),
        Select::Nth(at) => format!("number {} of them, told by what it says", at + 1),
        Select::Least(field) => format!("the one with the lowest or earliest {}", plain(field)),
        Select::Most(field) => format!("the one with the highest or latest {}", plain(field)),
        Select::All => "all of them".into(),
    }
}
