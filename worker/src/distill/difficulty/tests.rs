//! Every way an attempt can end, on one conversation that has a place for each.

use async_trait::async_trait;
use magnet_proto::difficulty::{Level, Outcome};
use magnet_proto::sample::Arguments;
use serde_json::{Value, json};

use super::*;
use crate::conversation::Request;
use crate::distill::fixtures::World;
use crate::teacher::{Error, FillCall, WriteRequest};

/// What a student does with the turns of the conversation.
#[derive(Clone, Copy)]
enum Manner {
    Right,
    /// The same calls the other way round, written otherwise, with a look at the weather between.
    RightInItsOwnWay,
    /// Without this function.
    Without(&'static str),
    /// With another value for a parameter.
    With(&'static str, &'static str, &'static str),
    /// With a call more in the first turn.
    And(&'static str),
    /// Texts without asking for the number.
    Hasty,
    Timid,
    Restless,
    Mute,
}

/// Plays each attempt in another manner.
struct Student<'a> {
    world: &'a World,
    manners: &'a [Manner],
}

impl Student<'_> {
    /// What it is going to call in a turn.
    fn calls(&self, manner: Manner, turn: usize) -> Vec<Proposed> {
        let propose = |name: &str, arguments: Value| Proposed {
            function: self.world.id(name),
            arguments: arguments.as_object().cloned().unwrap_or_default(),
        };
        let reference = self.world.distiller().translated.reference(turn).into_iter();
        let mut calls: Vec<Proposed> = reference
            .map(|Call { function, arguments, .. }| Proposed { function, arguments })
            .collect();
        match manner {
            Manner::RightInItsOwnWay => {
                calls.reverse();
                calls.insert(0, propose("get_weather", json!({"city": "Lyon"})));
                for call in &mut calls {
                    if let Some(city) = call.arguments.get_mut("origin") {
                        *city = " Geneva ".into();
                    }
                    if let Some(body) = call.arguments.get_mut("body") {
                        *body = "Arriving at 08:31, see you there.".into();
                    }
                }
                if self.world.distiller().scene.path.turns[turn].purpose != Purpose::Calls {
                    calls.clear();
                }
            }
            Manner::Without(name) => calls.retain(|call| call.function != self.world.id(name)),
            Manner::With(name, parameter, value) => {
                let function = self.world.id(name);
                for call in calls.iter_mut().filter(|call| call.function == function) {
                    call.arguments.insert(parameter.into(), value.into());
                }
            }
            Manner::And(name) if turn == 0 => {
                calls.push(propose(name, json!({"to": "+41", "body": "On my way."})));
            }
            Manner::Hasty if turn == 2 => {
                calls.push(propose("send_text", json!({"to": "+41", "body": "On my way."})));
            }
            Manner::Timid => calls.clear(),
            _ => {}
        }
        calls
    }
}

#[async_trait]
impl Teacher for Student<'_> {
    fn name(&self) -> &str {
        "pupil"
    }

    async fn write_request(&self, _: &WriteRequest<'_>) -> Result<Request, Error> {
        Err(Error::Unusable("it only acts".into()))
    }

    async fn fill_call(&self, _: &FillCall<'_>) -> Result<Arguments, Error> {
        Err(Error::Unusable("it only acts".into()))
    }

    async fn act(&self, ask: &Act<'_>) -> Result<Action, Error> {
        assert!(matches!(ask.hint, Hint::None), "a student gets no hint");
        let manner = self.manners[ask.draw as usize - 1];
        let request = ask.messages.iter().rposition(|m| matches!(m, Message::User(_))).unwrap();
        let turn = &ask.messages[request + 1..];
        let made = turn.iter().filter(|message| matches!(message, Message::Tool { .. })).count();
        match manner {
            Manner::Mute => return Err(Error::Unusable("no JSON".into())),
            Manner::Restless => {
                let function = self.world.id("get_weather");
                let arguments = json!({"city": format!("Lyon {made}")});
                let arguments = arguments.as_object().cloned().unwrap_or_default();
                return Ok(Action::Call(vec![Proposed { function, arguments }]));
            }
            _ => {}
        }
        let mut calls = self.calls(manner, ask.turn).into_iter().skip(made);
        Ok(match calls.next() {
            Some(call) => Action::Call(vec![call]),
            None => Action::Say("Here you are.".into()),
        })
    }
}

fn measured(manners: &[Manner]) -> Difficulty {
    let world = World::new(1);
    let student = Student { world: &world, manners };
    let distiller = world.distiller();
    let measured = measure(&distiller, &student, manners.len() as u32);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(measured).unwrap()
}

#[test]
fn an_attempt_ends_where_the_first_turn_goes_wrong() {
    for (manner, outcome, turns) in [
        (Manner::Right, Outcome::Passed, 5),
        (Manner::RightInItsOwnWay, Outcome::Passed, 5),
        (Manner::Without("get_platform"), Outcome::MissingCall, 0),
        (Manner::Without("convert_currency"), Outcome::AsksInstead, 1),
        (Manner::With("hold_seat", "train_id", "TER-96512"), Outcome::WrongArgument, 0),
        (Manner::With("get_platform", "train_id", "TER-96512"), Outcome::WrongArgument, 0),
        (Manner::With("convert_currency", "to", "yen"), Outcome::WrongArgument, 1),
        (Manner::And("send_text"), Outcome::ExtraCall, 0),
        (Manner::Hasty, Outcome::CallsInstead, 2),
        (Manner::Timid, Outcome::AsksInstead, 0),
        (Manner::Restless, Outcome::NoEnd, 0),
        (Manner::Mute, Outcome::NoAnswer, 0),
    ] {
        let attempts = measured(&[manner]).attempts;
        assert_eq!(attempts, [Attempt { outcome, turns }]);
    }
}

#[test]
fn right_in_one_of_three_is_medium() {
    let wrong = Manner::Without("get_platform");
    let measured = measured(&[wrong, Manner::Right, Manner::Timid]);
    assert_eq!((measured.passed(), measured.level()), (1, Level::Medium));
    assert_eq!(measured.student, "pupil");
}
