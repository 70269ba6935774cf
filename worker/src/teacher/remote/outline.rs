//! The outline: one ask a walk, for what the person is after and what they
//! bring along.
//!
//! Where the calls were made beforehand it gets them with their outputs and
//! adds the aim, the wants and the reasons; elsewhere it gives the values, too.

use std::collections::BTreeMap;

use magnet_proto::brief::{How, Select, Turn, Want};
use magnet_proto::library::{Function, Library};
use magnet_proto::path::{Path, Purpose as Due, Step, StepRef};
use magnet_proto::shape::Leaf;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value, json};

use super::{Question, Remote, Room, catalog};
use crate::brief::arrange::arrange;
use crate::brief::{Ask, Draft, Outcome};
use crate::conversation::Scene;
use crate::made::{Log, Made};
use crate::persona::{cities, people};
use crate::prompts;
use crate::teacher::Error;
use crate::teacher::chat::Purpose;

/// Output places that are told of one function.
const MAX_PLACES: usize = 24;
/// An output of the dry walk longer than this is cut.
const MAX_OUTPUT_CHARS: [usize; 2] = [800, 300];

pub(super) async fn outline(remote: &Remote, ask: &Ask<'_>) -> Result<Outcome, Error> {
    let question = Question {
        purpose: Purpose::Outline,
        context: &|room| context(ask, room),
        task: task(ask),
        problem: ask.problem,
        salt: format!("{} {} outline", ask.scene.seed, ask.scene.walk),
    };
    let answer = remote.ask_json(question, schema(ask)).await?;
    read_outline(ask, &answer).map_err(Error::Unusable)
}

fn schema(ask: &Ask<'_>) -> Value {
    let text = json!({ "type": "string" });
    let mut turn = json!({
        "type": "object",
        "properties": {
            "why": text,
            "wants": { "type": "array", "items": {
                "type": "object",
                "properties": { "step": { "type": "integer" }, "place": text, "words": text },
                "required": ["step", "place", "words"],
                "additionalProperties": false,
            } },
            "take": text,
            "implicit": { "type": "array", "items": { "type": "integer" } },
        },
        "required": ["why", "wants", "take", "implicit"],
        "additionalProperties": false,
    });
    if ask.walked.is_none() {
        turn["properties"]["values"] = json!({ "type": "array", "items": {
            "type": "object",
            "properties": {
                "step": { "type": "integer" },
                "copy": { "type": "integer" },
                "parameter": text,
                "how": { "enum": ["say", "point", "compose"] },
                "value": {},
                "which": text,
            },
            "required": ["step", "parameter", "how"],
            "additionalProperties": false,
        } });
        turn["required"] = json!(["why", "wants", "take", "implicit", "values"]);
    }
    json!({
        "type": "object",
        "properties": {
            "no_purpose": text,
            "aim": text,
            "turns": { "type": "array", "items": turn },
        },
        "required": ["no_purpose", "aim", "turns"],
        "additionalProperties": false,
    })
}

/// The person, people and places to draw on, and the functions of the path.
fn context(ask: &Ask<'_>, room: Room) -> String {
    let Scene { library, path, persona, .. } = ask.scene;
    let (year, month, day) = persona.today.civil();
    let mut text = match ask.walked {
        Some(_) => String::new(),
        None => prompts::OUTLINE_VALUES.to_owned(),
    };
    text += &format!(
        "The person: {}, {}, {}, lives in {}. Today is {}, {year}-{month:02}-{day:02}.\n",
        persona.full_name(),
        persona.role,
        persona.email,
        persona.home.name,
        persona.today.weekday(),
    );
    if ask.walked.is_none() {
        text.push_str(&cast(&ask.scene));
    }
    text.push_str("\nFunctions:\n");
    let mut told = Vec::new();
    let proposed = path.turns.iter().flat_map(|turn| &turn.proposed).map(|step| step.function);
    let missing = path.turns.iter().filter_map(|turn| asked_in_vain(&turn.purpose));
    for id in path.functions().chain(proposed).chain(missing) {
        if !told.contains(&id) {
            told.push(id);
            text.push_str(&function(library.get(id), ask.walked.is_some()));
        }
    }
    if let Some(walked) = ask.walked {
        text.push_str("\nThe calls with what they returned:\n");
        let proposals = walked.proposed.values().flatten().map(|proposal| &proposal.made);
        for made in walked.calls.iter().chain(proposals) {
            text.push_str(&call(library, made, room));
        }
    }
    text
}

/// A function with the places of its output. Where its calls are made, what it
/// takes and what stands there is seen from them.
fn function(function: &Function, is_called: bool) -> String {
    let mut document = match is_called {
        true => json!({
            "name": function.name,
            "description": catalog::first_sentence(&function.description),
        }),
        false => catalog::whole(function),
    };
    // What a call is given it need not be asked for.
    let is_given = |path: &str| path.strip_prefix('/').is_some_and(|p| function.param(p).is_some());
    let places: Vec<Value> = function
        .output_leaves()
        .into_iter()
        .filter(|leaf| !is_given(&leaf.path))
        .take(MAX_PLACES)
        .map(|Leaf { path, shape, .. }| match shape.description.as_str() {
            _ if is_called => path.into(),
            "" => path.into(),
            described => format!("{path}: {}", catalog::first_sentence(described)).into(),
        })
        .collect();
    document["returns"] = places.into();
    format!("{document}\n")
}

fn call(library: &Library, made: &Made, room: Room) -> String {
    let chars = MAX_OUTPUT_CHARS[usize::from(room == Room::Scarce)];
    let StepRef { turn, step } = made.at;
    let mut text = String::new();
    for executed in &made.executed {
        let name = &library.get(executed.call.function).name;
        let arguments = Value::Object(executed.call.arguments.clone());
        let output: String = executed.output.content.chars().take(chars).collect();
        text.push_str(&format!("turn {turn}, step {step}: {name} {arguments}\n  {output}\n"));
    }
    text
}

/// Names, places, dates and amounts in plenty, so that conversations do not
/// share the few that come to a model's mind.
fn cast(scene: &Scene<'_>) -> String {
    let mut rng = scene.stream("cast", 0);
    let rng = &mut rng;
    let person = |rng: &mut magnet_proto::rng::Rng| {
        let (first, last) = (people::first_name(rng), people::last_name(rng));
        format!("{first} {last} ({})", people::email(first, last, rng))
    };
    let people: Vec<String> = (0..5).map(|_| person(rng)).collect();
    let cities: Vec<&str> = cities::cities().sample(rng, 6).map(|city| city.name).collect();
    let days: Vec<String> = [1, 2, 5, 9, 16, 34]
        .iter()
        .map(|days| scene.persona.today.plus_days(*days).to_string())
        .collect();
    let mut amounts = Vec::new();
    for scale in [9.0, 60.0, 240.0, 1_800.0] {
        let cents: f64 = rand::RngExt::random_range(rng, 0.35..1.0) * scale;
        amounts.push(format!("{cents:.2}"));
    }
    format!(
        "To draw on, as far as it fits: people {}; cities {}; days {}; amounts {}.\n",
        people.join(", "),
        cities.join(", "),
        days.join(", "),
        amounts.join(", ")
    )
}

/// The path, turn by turn.
fn task(ask: &Ask<'_>) -> Value {
    let Scene { library, path, .. } = ask.scene;
    let turns = path.turns.iter().enumerate().map(|(at, turn)| {
        let mut told = Map::new();
        told.insert("turn".into(), at.into());
        let name = |id| library.get(id).name.clone();
        match &turn.purpose {
            Due::Calls => {}
            Due::MissingFunction { function, resolved } => {
                told.insert("asks_in_vain_for".into(), name(*function).into());
                told.insert("comes_with_the_next_turn".into(), (*resolved).into());
            }
            Due::MissingParameter { function, parameter, resolved } => {
                told.insert("asks_for".into(), name(*function).into());
                told.insert("leaves_out".into(), parameter.clone().into());
                told.insert("given_with_the_next_turn".into(), (*resolved).into());
            }
            Due::Irrelevant { function } => {
                told.insert("asks_in_vain_for".into(), name(*function).into());
                told.insert("irrelevant".into(), true.into());
            }
        }
        let steps = |steps: &[Step]| steps.iter().map(|step| described(library, step)).collect();
        if !turn.steps.is_empty() {
            told.insert("steps".into(), Value::Array(steps(&turn.steps)));
        }
        let proposals = ask.walked.map(|walked| proposed(walked, at as u16));
        let proposals = proposals.unwrap_or_else(|| turn.proposed.clone());
        if !proposals.is_empty() {
            told.insert("could_be_needed".into(), Value::Array(steps(&proposals)));
        }
        Value::Object(told)
    });
    json!({ "turns": turns.collect::<Vec<Value>>(), "values": ask.walked.is_none() })
}

fn proposed(walked: &Log, turn: u16) -> Vec<Step> {
    let proposals = walked.proposed.get(&turn).map_or(&[][..], Vec::as_slice);
    proposals.iter().map(|proposal| proposal.step.clone()).collect()
}

fn described(library: &Library, step: &Step) -> Value {
    let mut told = Map::new();
    told.insert("function".into(), library.get(step.function).name.clone().into());
    if step.copies > 1 {
        told.insert("times".into(), step.copies.into());
    }
    if step.conflict.is_some() {
        told.insert("looked_up_again".into(), true.into());
    }
    if let Some(fault) = step.fault {
        told.insert("fails".into(), json!(fault));
    }
    let fed: Vec<Value> = step
        .feeds
        .iter()
        .map(|feed| {
            let from = format!("turn {}, step {}", feed.from.turn, feed.from.step);
            json!({ "parameter": feed.flow.input, "from": from, "place": feed.flow.output })
        })
        .collect();
    if !fed.is_empty() {
        told.insert("fed".into(), fed.into());
    }
    told.into()
}

fn asked_in_vain(purpose: &Due) -> Option<magnet_proto::FunctionId> {
    match purpose {
        Due::Calls => None,
        Due::MissingFunction { function, .. }
        | Due::MissingParameter { function, .. }
        | Due::Irrelevant { function } => Some(*function),
    }
}

fn read_outline(ask: &Ask<'_>, answer: &Value) -> Result<Outcome, String> {
    let text = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
    };
    let refusal = text(answer, "no_purpose");
    let told = answer.get("turns").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if !refusal.is_empty() && told.is_empty() {
        return Ok(Outcome::NoPurpose(refusal));
    }
    let path = ask.scene.path;
    if told.len() != path.turns.len() {
        return Err(format!("\"turns\" has {} entries for {} turns", told.len(), path.turns.len()));
    }
    let mut draft = Draft::default();
    let mut given: BTreeMap<(StepRef, u8), Vec<(String, How)>> = BTreeMap::new();
    for (at, told) in told.iter().enumerate() {
        let turn = at as u16;
        if let Some(taken) = taken(ask, turn, &text(told, "take"))? {
            draft.taken.insert(turn, taken);
        }
        for step in told.get("implicit").and_then(Value::as_array).into_iter().flatten() {
            let step = step.as_u64().ok_or("\"implicit\" lists step numbers")? as u16;
            draft.implicit.push(StepRef { turn, step });
        }
        for entry in told.get("values").and_then(Value::as_array).into_iter().flatten() {
            let (step, copy, parameter, how) = argument(entry)?;
            given.entry((StepRef { turn, step }, copy)).or_default().push((parameter, how));
        }
        let wants = told.get("wants").and_then(Value::as_array).into_iter().flatten();
        let wants =
            wants.map(|want| self::want(ask, turn, &draft, want)).collect::<Result<_, _>>()?;
        draft.brief.turns.push(Turn { why: text(told, "why"), wants, values: Vec::new() });
    }
    draft.brief.aim = text(answer, "aim");
    if draft.brief.aim.is_empty() {
        return Err("\"aim\" is empty".into());
    }
    fill_values(ask, &mut draft, &given)?;
    Ok(Outcome::Wanted(draft))
}

/// The index of the proposed step that the turn takes.
fn taken(ask: &Ask<'_>, turn: u16, name: &str) -> Result<Option<usize>, String> {
    if name.is_empty() {
        return Ok(None);
    }
    let library = ask.scene.library;
    let proposals = match ask.walked {
        Some(walked) => proposed(walked, turn),
        None => ask.scene.path.turns[usize::from(turn)].proposed.clone(),
    };
    let found = proposals.iter().position(|step| library.get(step.function).name == name);
    found.map(Some).ok_or_else(|| format!("\"{name}\" could not be needed in turn {turn}"))
}

/// The step of a turn, the one that is taken last.
fn step_of(ask: &Ask<'_>, turn: u16, step: u16, draft: &Draft) -> Option<Step> {
    let steps = &ask.scene.path.turns.get(usize::from(turn))?.steps;
    if let Some(step) = steps.get(usize::from(step)) {
        return Some(step.clone());
    }
    let taken = *draft.taken.get(&turn).filter(|_| usize::from(step) == steps.len())?;
    match ask.walked {
        Some(walked) => proposed(walked, turn).get(taken).cloned(),
        None => ask.scene.path.turns[usize::from(turn)].proposed.get(taken).cloned(),
    }
}

fn want(ask: &Ask<'_>, turn: u16, draft: &Draft, want: &Value) -> Result<Want, String> {
    let step = want.get("step").and_then(Value::as_u64).ok_or("a want names its step")? as u16;
    let text = |key: &str| want.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (place, words) = (text("place"), text("words"));
    if words.is_empty() {
        return Err("a want says in words what is wanted".into());
    }
    let function = step_of(ask, turn, step, draft).map(|s| ask.scene.library.get(s.function));
    match function.is_some_and(Function::changes_state) && place.is_empty() {
        true => Ok(Want::Effect { step, words }),
        false => Ok(Want::Fact { step, place, words }),
    }
}

fn argument(entry: &Value) -> Result<(u16, u8, String, How), String> {
    let number = |key: &str| entry.get(key).and_then(Value::as_u64);
    let step = number("step").ok_or("a value names its step")? as u16;
    let copy = number("copy").unwrap_or(0) as u8;
    let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
    let how = match text("how") {
        "compose" => How::Open,
        // Where it stands is known from the path.
        "point" => How::Pointed {
            from: StepRef { turn: 0, step: 0 },
            place: String::new(),
            select: select(text("which")),
            value: None,
        },
        _ => match entry.get("value") {
            Some(value) if !value.is_null() => How::Said { value: value.clone() },
            _ => return Err(format!("the {} of step {step} has no value", text("parameter"))),
        },
    };
    Ok((step, copy, text("parameter").to_owned(), how))
}

/// "first", "last", "2" (from 1), "least /fare", "most /rating".
fn select(which: &str) -> Select {
    let field = |field: &str| format!("/{}", field.trim().trim_start_matches('/'));
    match which.trim() {
        "last" => Select::Last,
        "all" => Select::All,
        which => match which.split_once(' ') {
            Some(("least", of)) => Select::Least(field(of)),
            Some(("most", of)) => Select::Most(field(of)),
            _ => match which.parse::<u16>() {
                Ok(number @ 2..) => Select::Nth(number - 1),
                _ => Select::First,
            },
        },
    }
}

/// Puts every argument into the turn that says it.
fn fill_values(
    ask: &Ask<'_>,
    draft: &mut Draft,
    given: &BTreeMap<(StepRef, u8), Vec<(String, How)>>,
) -> Result<(), String> {
    let mut path: Path = ask.scene.path.clone();
    for turn in 0..path.turns.len() as u16 {
        let steps = path.turns[usize::from(turn)].steps.len() as u16;
        let taken = step_of(ask, turn, steps, draft).filter(|_| draft.taken.contains_key(&turn));
        path.turns[usize::from(turn)].steps.extend(taken);
    }
    let made = |at: StepRef, copy: u8| {
        let walked = ask.walked?;
        let proposals = draft.taken.get(&at.turn).and_then(|taken| {
            walked.proposed.get(&at.turn)?.get(*taken).map(|proposal| &proposal.made)
        });
        let mut made = walked.calls.iter().chain(proposals);
        made.find(|made| (made.at, made.copy) == (at, copy)).map(|made| made.arguments.clone())
    };
    let mut lacking = None;
    for (at, step) in path.turns.iter().enumerate().flat_map(|(turn, t)| {
        (0u16..).zip(&t.steps).map(move |(step, s)| (StepRef { turn: turn as u16, step }, s))
    }) {
        for copy in 0..step.copies.max(1) {
            let arguments = made(at, copy).unwrap_or_else(|| planned(ask, step, at, copy, given));
            let function = ask.scene.library.get(step.function);
            let absent = function.required().find(|f| arguments.iter().all(|(n, _)| *n != f.name));
            lacking = lacking.or(absent.map(|field| {
                format!("turn {}, step {}: the {} has no value", at.turn, at.step, field.name)
            }));
        }
    }
    if let Some(lacking) = lacking {
        return Err(lacking);
    }
    let turns = arrange(
        &path,
        |at, copy| {
            let step = path.step(at);
            made(at, copy)
                .or_else(|| Some(planned(ask, step?, at, copy, given)))
                .unwrap_or_default()
        },
        |turn| in_vain(ask, turn, given),
    );
    for (turn, values) in draft.brief.turns.iter_mut().zip(turns) {
        turn.values = values;
    }
    Ok(())
}

/// What the outline gives for a call, with what feeds it.
fn planned(
    ask: &Ask<'_>,
    step: &Step,
    at: StepRef,
    copy: u8,
    given: &BTreeMap<(StepRef, u8), Vec<(String, How)>>,
) -> Vec<(String, How)> {
    let function = ask.scene.library.get(step.function);
    let told =
        given.get(&(at, copy)).or_else(|| given.get(&(at, 0))).map_or(&[][..], Vec::as_slice);
    let mut arguments = Vec::new();
    for field in function.params() {
        let how = told.iter().find(|(name, _)| *name == field.name).map(|(_, how)| how);
        let feed = step.feeds.iter().find(|feed| feed.flow.input == field.name);
        let how = match (how, feed) {
            (Some(How::Pointed { select, .. }), Some(feed)) => Some(How::Pointed {
                from: feed.from,
                place: feed.flow.output.clone(),
                select: select.clone(),
                value: None,
            }),
            (None, Some(feed)) => Some(How::Pointed {
                from: feed.from,
                place: feed.flow.output.clone(),
                select: Select::First,
                value: None,
            }),
            // It stands somewhere, and only the call's writer can tell where.
            (Some(How::Pointed { .. }), None) => Some(How::Open),
            (Some(how), _) => Some(how.clone()),
            (None, None) => field
                .shape
                .default
                .clone()
                .filter(|_| field.required)
                .map(|value| How::Unsaid { value }),
        };
        arguments.extend(how.map(|how| (field.name.clone(), how)));
    }
    arguments
}

fn in_vain(
    ask: &Ask<'_>,
    turn: u16,
    given: &BTreeMap<(StepRef, u8), Vec<(String, How)>>,
) -> Vec<(String, How)> {
    if let Some(walked) = ask.walked {
        return walked.asked_for.get(&turn).cloned().unwrap_or_default();
    }
    let mut arguments = given.get(&(StepRef { turn, step: 0 }, 0)).cloned().unwrap_or_default();
    if let Due::MissingParameter { parameter, .. } =
        &ask.scene.path.turns[usize::from(turn)].purpose
    {
        arguments.retain(|(name, _)| name != parameter);
        arguments.push((parameter.clone(), How::LeftOut));
    }
    arguments
}
