//! Back-translation by rules: the user's message for a turn.
//!
//! ```text
//! per step: want's question, or ask, or plain clause ─► slots filled ─► message in the register
//! ```

use magnet_proto::FunctionId;
use magnet_proto::brief::{Turn, Want};
use magnet_proto::pack::Pack;
use magnet_proto::path::{Fault, Purpose, Step, StepRef};
use magnet_proto::rng::Rng;
use magnet_worker::conversation::Request;
use magnet_worker::teacher::{Error, WriteRequest};
use magnet_worker::vet::prose;
use rand::seq::SliceRandom;

use super::frame::{self, Clause, Mood, Part};
use super::mention::Style;
use super::motive::motive;
use super::plain;
use super::register::Position;
use super::slot::{Slot, Spoken};
use super::supply;
use super::template;
use super::words::{Voice, is_one_of_many, reaches};

/// How often a message that gives something away is worded anew.
const WORDINGS: usize = 5;

static NOTHING: Turn = Turn { why: String::new(), wants: Vec::new(), values: Vec::new() };

pub(super) fn write(pack: &Pack, ask: &WriteRequest<'_>) -> Result<Request, Error> {
    let mut last = None;
    for wording in 0..WORDINGS {
        let purpose = match (wording, ask.problem) {
            (0, None) => "request".to_owned(),
            (n, problem) => format!("request {n} {}", problem.map_or("", |it| it.why)),
        };
        let request = Request { text: message(pack, ask, &purpose) };
        if !gives_away(ask, &request.text) {
            return Ok(request);
        }
        last = Some(request);
    }
    last.ok_or_else(|| Error::Unusable("no request could be worded".into()))
}

fn message(pack: &Pack, ask: &WriteRequest<'_>, purpose: &str) -> String {
    let path = ask.scene.path;
    let register = ask.scene.persona.register;
    let before = ask.turn.checked_sub(1).map(|before| &path.turns[before].purpose);
    let resolved = matches!(
        path.turns[ask.turn].purpose,
        Purpose::MissingFunction { resolved: true, .. }
            | Purpose::MissingParameter { resolved: true, .. }
    );
    let target = if resolved { ask.turn + 1 } else { ask.turn };
    let mut voice = Voice {
        scene: ask.scene,
        pack,
        told: ask.brief.turn(ask.turn).unwrap_or(&NOTHING),
        brief: ask.brief,
        target: target as u16,
        conversation: ask.conversation,
        log: ask.log,
        style: Style::of(&ask.scene),
        rng: ask.scene.stream(purpose, ask.turn),
        singled_out: Vec::new(),
    };
    match before {
        Some(Purpose::MissingFunction { function, resolved: true }) => {
            supply::function(ask.scene.library.get(*function), register, &mut voice)
        }
        Some(Purpose::MissingParameter { function, parameter, resolved: true }) => {
            supply::parameter(*function, parameter, register, &mut voice)
        }
        _ => asks(ask, &mut voice),
    }
}

/// Asks for what the turn's brief wants.
fn asks<'a>(ask: &WriteRequest<'a>, voice: &mut Voice<'a>) -> String {
    let path = ask.scene.path;
    let turn = usize::from(voice.target);
    let mut parts: Vec<Part> = Vec::new();
    let alone = match &path.turns[ask.turn].purpose {
        Purpose::Irrelevant { function }
        | Purpose::MissingFunction { function, resolved: false }
        | Purpose::MissingParameter { function, resolved: false, .. } => Some(*function),
        _ => None,
    };
    match alone {
        Some(function) => {
            let at = StepRef { turn: voice.target, step: 0 };
            let spoken = Spoken::new(at, ask.scene.library.get(function), voice.told);
            parts.push(Part { clause: asked(&spoken, function, voice), depends: false });
        }
        None => {
            let steps = path.turns.get(turn).map_or(&[][..], |turn| &turn.steps);
            for (step, planned) in (0u16..).zip(steps) {
                let at = StepRef { turn: voice.target, step };
                parts.extend(of_step(at, planned, voice));
            }
        }
    }
    let position = position(ask);
    let reason = reason(ask, position, voice);
    frame::message(parts, reason, position, ask.scene.persona.register, voice)
}

/// What is said of one step; nothing of one that only finds what another needs.
fn of_step<'a>(at: StepRef, step: &'a Step, voice: &mut Voice<'a>) -> Vec<Part> {
    let Some(spoken) = voice.spoken(at) else {
        return Vec::new();
    };
    let depends = step.feeds.iter().any(|feed| {
        feed.from.turn == at.turn && {
            let source = voice.scene.path.step(feed.from);
            source.is_some_and(|source| !source.implicit)
        }
    });
    let told = voice.told;
    let mut parts = Vec::new();
    for want in told.wants_of(at.step) {
        let clause = match want {
            Want::Fact { place, .. } if !place.is_empty() => {
                let question = question(&spoken, step.function, place, voice);
                question.unwrap_or_else(|| asked(&spoken, step.function, voice))
            }
            _ => asked(&spoken, step.function, voice),
        };
        parts.push(Part { clause, depends });
    }
    if step.conflict.is_some() {
        parts.iter_mut().for_each(|part| again(&mut part.clause, voice));
    }
    parts
}

/// The operation itself, by the pack or plainly.
fn asked<'a>(spoken: &Spoken<'a>, function: FunctionId, voice: &mut Voice<'a>) -> Clause {
    let asks = voice.pack.phrases(function).map_or(&[][..], |phrases| &phrases.asks);
    let fitting: Vec<&'a String> = asks.iter().filter(|ask| fits(ask, spoken)).collect();
    for ask in shuffled(reading(fitting, spoken), &mut voice.rng) {
        if let Some(text) = voice.phrased(ask, spoken, None) {
            return Clause { mood: Mood::of(ask), text, extra: Vec::new() };
        }
    }
    plain::clause(spoken, voice)
}

/// A question for one fact of a step's output.
fn question<'a>(
    spoken: &Spoken<'a>,
    function: FunctionId,
    place: &str,
    voice: &mut Voice<'a>,
) -> Option<Clause> {
    let wants = &voice.pack.phrases(function)?.wants;
    let phrases = wants.iter().find(|want| want.at == place)?;
    let fitting: Vec<&'a String> = phrases.ask.iter().filter(|ask| fits(ask, spoken)).collect();
    shuffled(reading(fitting, spoken), &mut voice.rng).into_iter().find_map(|ask| {
        let text = voice.phrased(ask, spoken, None)?;
        Some(Clause { mood: Mood::Question, text, extra: Vec::new() })
    })
}

/// Of some phrases, those that read well without what is left out. When and how
/// much can stay unsaid; whom and which is said as well as one can.
fn reading<'a>(fitting: Vec<&'a String>, spoken: &Spoken<'_>) -> Vec<&'a String> {
    let goes =
        |slot: &&Slot<'_>| slot.is_left_out() && !reaches(slot.topic) && !is_one_of_many(slot);
    let Some(slot) = spoken.slots.iter().find(goes) else {
        return fitting;
    };
    let reads = |ask: &&&'a String| template::can_go(ask, &slot.field.name);
    let reading: Vec<&'a String> = fitting.iter().filter(reads).copied().collect();
    if reading.is_empty() { fitting } else { reading }
}

/// Whether a phrase has a slot for all that the person says of a step, and
/// needs none for what they do not.
fn fits(phrase: &str, spoken: &Spoken<'_>) -> bool {
    let slots: Vec<(&str, bool)> = template::slots(phrase).collect();
    let says = |name: &str| slots.iter().any(|(slot, _)| *slot == name);
    let spoken_of = |name: &str| spoken.slot(name).is_some_and(|slot| !slot.is_unsaid());
    spoken.slots.iter().filter(|s| !s.is_unsaid()).all(|slot| says(&slot.field.name))
        && slots.iter().filter(|(_, needed)| *needed).all(|(name, _)| spoken_of(name))
        && spoken.slots.iter().filter(|slot| slot.is_pointed()).all(|slot| {
            template::takes_reference(phrase, &slot.field.name)
                && !is_counted(phrase, &slot.field.name, spoken)
        })
}

/// Whether a currency that is said follows a sum that is pointed at: "that in
/// EUR in CHF" is said by nobody.
fn is_counted(phrase: &str, sum: &str, spoken: &Spoken<'_>) -> bool {
    let said = spoken.slot("currency").is_some_and(|slot| !slot.is_pointed());
    said && phrase.contains(&format!("{{{sum}}} in {{currency}}"))
}

fn shuffled<T>(mut items: Vec<T>, rng: &mut Rng) -> Vec<T> {
    items.shuffle(rng);
    items
}

/// "… again", for a second look.
fn again(clause: &mut Clause, voice: &mut Voice<'_>) {
    let word = voice.pick(&["again", "once more", "one more time"]);
    let is_question = clause.mood == Mood::Question;
    let end = clause.text.len() - usize::from(is_question);
    clause.text.insert_str(end, &format!(" {word}"));
}

/// Why the person asks, where they say so.
fn reason<'a>(ask: &WriteRequest<'a>, position: Position, voice: &mut Voice<'a>) -> Option<String> {
    let turn = ask.scene.path.turns.get(usize::from(voice.target))?;
    let first = turn.steps.iter().find(|step| !step.implicit).or(turn.steps.first());
    let function = match (&ask.scene.path.turns[ask.turn].purpose, first) {
        (_, Some(step)) => step.function,
        (Purpose::Irrelevant { function }, None)
        | (Purpose::MissingFunction { function, .. }, None)
        | (Purpose::MissingParameter { function, .. }, None) => *function,
        (Purpose::Calls, None) => return None,
    };
    match position {
        Position::Opening => motive(function, voice),
        Position::Later if voice.chance(75) => motive(function, voice),
        _ => None,
    }
}

/// Where the message stands, and whether the last answer was a letdown.
fn position(ask: &WriteRequest<'_>) -> Position {
    let before = ask.turn.checked_sub(1).and_then(|at| ask.scene.path.turns.get(at));
    let Some(before) = before else {
        return Position::Opening;
    };
    let failed = before.steps.iter().any(|step| step.fault == Some(Fault::Permanent));
    match before.purpose != Purpose::Calls || failed {
        true => Position::AfterLetdown,
        false => Position::Later,
    }
}

/// Whether a text names a function, or an implicit step's action.
fn gives_away(ask: &WriteRequest<'_>, text: &str) -> bool {
    let (path, library) = (ask.scene.path, ask.scene.library);
    let announces = ask.turn.checked_sub(1).is_some_and(|before| {
        matches!(path.turns[before].purpose, Purpose::MissingFunction { resolved: true, .. })
    });
    let withheld = match &path.turns[ask.turn].purpose {
        Purpose::Calls => None,
        Purpose::MissingFunction { function, .. }
        | Purpose::MissingParameter { function, .. }
        | Purpose::Irrelevant { function } => Some(*function),
    };
    let mut functions = path.functions().chain(withheld);
    let names = !announces && functions.any(|id| prose::names_function(text, library.get(id)));
    names || prose::hint_trace(text).is_some()
}
