//! Back-translation: a turn's signature becomes the user's request.

use magnet_proto::outcome::{Reason, Rejection};
use magnet_proto::path::Purpose;

use super::Translator;
use crate::conversation::{Conversation, Request};
use crate::failure::{Failure, Tries};
use crate::teacher::WriteRequest;
use crate::vet::prose;

/// The request of one turn, checked.
pub(super) async fn write(
    translator: &Translator<'_>,
    turn: usize,
    conversation: &Conversation,
) -> Result<Request, Failure> {
    let mut tries = Tries::new(translator.tries);
    loop {
        let ask =
            WriteRequest { scene: translator.scene, turn, conversation, problem: tries.problem() };
        let answer = translator.teacher.write_request(&ask).await;
        let Some(request) = tries.usable(answer)? else {
            continue;
        };
        match check(translator, turn, &request.text) {
            Ok(()) => return Ok(request),
            Err(rejection) => tries.refuse(rejection)?,
        }
    }
}

fn check(translator: &Translator<'_>, turn: usize, text: &str) -> Result<(), Rejection> {
    let refuse = |reason, detail: String| Err(Rejection::new(reason, detail));
    if text.trim().is_empty() {
        return refuse(Reason::AnswerUnusable, "the request is empty".into());
    }
    if let Some(trace) = prose::hint_trace(text) {
        return refuse(Reason::HintLeaked, format!("the request says \"{trace}\""));
    }
    let path = translator.scene.path;
    if !announces_functions(path, turn) {
        let functions = path.functions().chain(withheld(&path.turns[turn].purpose));
        for id in functions {
            let function = translator.scene.library.get(id);
            if prose::names_function(text, function) {
                let detail = format!("the request names the function \"{}\"", function.name);
                return refuse(Reason::RequestNamesFunction, detail);
            }
        }
    }
    for step in path.turns[turn].steps.iter().filter(|step| step.implicit) {
        let function = translator.scene.library.get(step.function);
        if prose::mentions_action(text, function) {
            let detail = format!("the request mentions \"{}\", which is implicit", function.name);
            return refuse(Reason::RequestNamesFunction, detail);
        }
    }
    Ok(())
}

/// After a turn that missed a function the user says which were added: there
/// the name belongs.
fn announces_functions(path: &magnet_proto::path::Path, turn: usize) -> bool {
    let before = turn.checked_sub(1).and_then(|before| path.turns.get(before));
    before.is_some_and(|before| {
        matches!(before.purpose, Purpose::MissingFunction { resolved: true, .. })
    })
}

fn withheld(purpose: &Purpose) -> Option<magnet_proto::FunctionId> {
    match purpose {
        Purpose::Calls => None,
        Purpose::MissingFunction { function, .. }
        | Purpose::MissingParameter { function, .. }
        | Purpose::Irrelevant { function } => Some(*function),
    }
}
