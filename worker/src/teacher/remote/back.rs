//! Back-translation as a question.

use magnet_proto::path::{Purpose as TurnPurpose, Step};
use serde_json::json;

use super::{Remote, transcript};
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
    let salt = format!("{} {} {}", ask.scene.seed, ask.scene.walk, ask.turn);
    let facts = facts(ask);
    let answer = super::Answer::Json { name: Purpose::Back.label(), schema };
    let reply = remote.ask(Purpose::Back, facts, answer, ask.problem, &salt).await?;
    let text = match read::json(&reply.text) {
        Ok(answer) => answer
            .get("request")
            .and_then(|text| text.as_str())
            .map(str::to_owned)
            .ok_or_else(|| Error::Unusable("the answer has no text under \"request\"".into()))?,
        // Small models write the request itself.
        Err(_) if !reply.text.contains(['{', '[']) => reply.text,
        Err(why) => return Err(Error::Unusable(why)),
    };
    Ok(Request { text: read::prose(&text), ..Request::default() })
}

fn facts(ask: &WriteRequest<'_>) -> String {
    let scene = &ask.scene;
    let mut text = format!("Voice: {}.\n\nConversation so far:\n", scene.persona.label);
    text.push_str(&transcript::conversation(scene.library, ask.conversation));
    text.push_str("\nThis turn:\n");
    let next = ask.turn + 1;
    match &scene.path.turns[ask.turn].purpose {
        TurnPurpose::Calls => calls(&mut text, ask, ask.turn, None),
        TurnPurpose::MissingFunction { resolved: true, .. } => calls(&mut text, ask, next, None),
        TurnPurpose::MissingParameter { parameter, resolved: true, .. } => {
            calls(&mut text, ask, next, Some(parameter));
        }
        TurnPurpose::MissingFunction { function, .. } | TurnPurpose::Irrelevant { function } => {
            describe(&mut text, ask, &Step::new(*function), None);
        }
        TurnPurpose::MissingParameter { function, parameter, .. } => {
            describe(&mut text, ask, &Step::new(*function), Some(parameter));
        }
    }
    text.push_str(&after_a_gap(ask));
    text
}

/// What the last turn missed and this one brings.
fn after_a_gap(ask: &WriteRequest<'_>) -> String {
    let before = ask.turn.checked_sub(1).map(|before| &ask.scene.path.turns[before].purpose);
    match before {
        Some(TurnPurpose::MissingFunction { function, resolved: true }) => format!(
            "\nThe assistant had no function for your last request. Say now that {} was added and \
             that it should try again: here, and only here, name the function. Do not repeat the \
             request.",
            ask.scene.library.get(*function).name
        ),
        Some(TurnPurpose::MissingParameter { parameter, resolved: true, .. }) => format!(
            "\nThe assistant asked for the {parameter} you left out. Give just that: one concrete \
             value, in a few words. Do not repeat the request.",
        ),
        _ => String::new(),
    }
}

fn calls(text: &mut String, ask: &WriteRequest<'_>, turn: usize, left_out: Option<&str>) {
    if let Some(planned) = ask.scene.path.turns.get(turn) {
        for step in &planned.steps {
            describe(text, ask, step, left_out);
        }
    }
}

fn describe(text: &mut String, ask: &WriteRequest<'_>, step: &Step, left_out: Option<&str>) {
    let function = ask.scene.library.get(step.function);
    let manner = if step.implicit { "implicit" } else { "explicit" };
    text.push_str(&format!("- {} ({manner}): {}\n", function.name, function.description));
    if step.copies > 1 {
        text.push_str(&format!("  wanted {} times, with different values\n", step.copies));
    }
    for feed in &step.feeds {
        let source =
            ask.scene.path.step(feed.from).map(|from| ask.scene.library.get(from.function));
        let source = source.map_or("an earlier call", |function| function.name.as_str());
        text.push_str(&format!(
            "  comes from an output: {} (from {source}, {})\n",
            feed.flow.input, feed.flow.output
        ));
    }
    let fed = |name: &str| step.feeds.iter().any(|feed| feed.flow.input == name);
    for field in function.required().filter(|field| !fed(&field.name)) {
        if left_out == Some(field.name.as_str()) {
            text.push_str(&format!("  must be left out: {}\n", field.name));
            continue;
        }
        text.push_str(&format!("  must be said: a concrete {}", field.name));
        if !field.shape.description.is_empty() {
            text.push_str(&format!(" ({})", field.shape.description));
        }
        if !field.shape.choices.is_empty() {
            let choices: Vec<String> = field.shape.choices.iter().map(|c| c.to_string()).collect();
            text.push_str(&format!(", one of {}", choices.join(", ")));
        }
        text.push('\n');
    }
}
