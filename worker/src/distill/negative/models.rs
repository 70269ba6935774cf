//! Negatives that models play: obedient ones, unwilling ones, weak students.

use async_trait::async_trait;
use magnet_proto::sample::{Arguments, Call, ErrorType, Message, NegativeSource, Pair};

use super::positive::Positive;
use super::{make, shows};
use crate::conversation::Request;
use crate::distill::distiller::{Mined, Negatives};
use crate::distill::fixtures::World;
use crate::teacher::{
    Act, Action, Categorize, Error, FillCall, Hint, Judge, JudgeEdges, JudgeNested, JudgeTurn,
    Judged, Label, Misleading, Nested, Proposed, Teacher, Verdict, WriteRequest,
};

/// How an agent takes hints.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// Makes the mistake.
    Obedient,
    /// Makes it, and tells of the hint.
    Telltale,
    /// Plays right all the same.
    Stubborn,
    /// Without a hint: calls the first function with the second train.
    Weak,
    /// Without a hint: asks where it should call.
    Timid,
}

/// Plays the agent on the world's own reference.
struct Agent<'a> {
    world: &'a World,
    manner: Manner,
}

fn made(messages: &[Message]) -> Vec<&Call> {
    let request = messages.iter().rposition(|message| matches!(message, Message::User(_)));
    messages[request.map_or(0, |at| at + 1)..].iter().flat_map(Message::calls).collect()
}

fn next(ask: &Act<'_>, calls: &[Call], closing: &str) -> Action {
    let made = made(ask.messages);
    let same = |a: &Call, b: &Call| a.function == b.function && a.arguments == b.arguments;
    match calls.iter().find(|call| !made.iter().any(|made| same(made, call))) {
        Some(call) => Action::Call(vec![Proposed {
            function: call.function,
            arguments: call.arguments.clone(),
        }]),
        None => Action::Say(closing.to_owned()),
    }
}

impl Agent<'_> {
    /// The positive's calls and closing of a turn.
    fn right(&self, turn: usize) -> (Vec<Call>, String) {
        let positive = positive(self.world);
        let range = positive.turns()[turn].clone();
        let calls = positive.calls(range.clone()).map(|(_, call)| call.clone()).collect();
        (calls, positive.closing(&range).unwrap().1.to_owned())
    }
}

#[async_trait]
impl Teacher for Agent<'_> {
    fn name(&self) -> &str {
        "agent"
    }

    async fn write_request(&self, _: &WriteRequest<'_>) -> Result<Request, Error> {
        Err(Error::Unusable("it only acts".into()))
    }

    async fn fill_call(&self, _: &FillCall<'_>) -> Result<Arguments, Error> {
        Err(Error::Unusable("it only acts".into()))
    }

    async fn act(&self, ask: &Act<'_>) -> Result<Action, Error> {
        let (mut calls, closing) = self.right(ask.turn);
        Ok(match (self.manner, ask.hint) {
            (Manner::Stubborn, _) => next(ask, &calls, &closing),
            (Manner::Telltale, Hint::Wrong(Misleading { calls, like, .. })) => {
                next(ask, calls, &format!("As the [Hint] says: {like}"))
            }
            (_, Hint::Wrong(Misleading { calls, like, .. })) => next(ask, calls, like),
            (Manner::Weak, _) => {
                for call in &mut calls {
                    if call.arguments.contains_key("train_id") {
                        call.arguments.insert("train_id".into(), "TER-96512".into());
                    }
                }
                next(ask, &calls, "That's all done.")
            }
            (Manner::Timid, _) => Action::Say("Could you tell me more?".into()),
            _ => next(ask, &calls, &closing),
        })
    }
}

/// A judge that finds every turn the same.
struct Says(Verdict);

#[async_trait]
impl Judge for Says {
    async fn edges(&self, _: &JudgeEdges<'_>) -> Result<Vec<Judged>, Error> {
        Ok(Vec::new())
    }

    async fn nested(&self, _: &JudgeNested<'_>) -> Result<Vec<Nested>, Error> {
        Ok(Vec::new())
    }

    async fn categorize(&self, _: &Categorize<'_>) -> Result<Vec<Label>, Error> {
        Ok(Vec::new())
    }

    async fn turn(&self, _: &JudgeTurn<'_>) -> Result<Verdict, Error> {
        Ok(self.0.clone())
    }
}

fn positive(world: &World) -> Positive<'_> {
    let trajectory = &world.trajectory;
    Positive::new(&world.library, &trajectory.messages, &trajectory.provenance, &world.path.ops)
}

async fn by_teacher(world: &World, manner: Manner) -> Vec<Pair> {
    let agent = Agent { world, manner };
    let mut distiller = world.distiller();
    distiller.teacher = &agent;
    distiller.negatives = Negatives::Teacher;
    make(&distiller, &world.trajectory, 5).await.unwrap()
}

async fn by_student(world: &World, manner: Manner, judge: Option<&dyn Judge>) -> Vec<Pair> {
    let student = Agent { world, manner };
    let mut distiller = world.distiller();
    distiller.negatives = Negatives::Student(Mined { student: &student, judge, rollouts: 3 });
    make(&distiller, &world.trajectory, 5).await.unwrap()
}

#[tokio::test]
async fn a_teacher_on_a_misleading_hint_makes_every_type_of_error() {
    let mut types = std::collections::HashSet::new();
    for seed in 0..8 {
        let world = World::new(seed);
        for pair in by_teacher(&world, Manner::Obedient).await {
            shows(&positive(&world), &pair).unwrap();
            assert_eq!(pair.source, NegativeSource::Teacher);
            types.insert(pair.error);
        }
    }
    assert_eq!(types.len(), 5, "{types:?}");
}

#[tokio::test]
async fn a_teacher_that_tells_of_the_hint_or_plays_right_gives_no_pair() {
    for manner in [Manner::Telltale, Manner::Stubborn] {
        for seed in 0..4 {
            assert_eq!(by_teacher(&World::new(seed), manner).await, []);
        }
    }
}

#[tokio::test]
async fn a_weak_students_errors_are_found_and_typed() {
    let world = World::new(1);
    let wrong = Says(Verdict::Wrong { number: 2, why: "The wrong train is held.".into() });
    let pairs = by_student(&world, Manner::Weak, Some(&wrong)).await;
    let pair = pairs.iter().find(|pair| pair.error == ErrorType::ShortDependency);
    let pair = pair.expect("the student takes the wrong train");
    shows(&positive(&world), pair).unwrap();
    assert_eq!(pair.source, NegativeSource::Student);
    assert_eq!(pair.reason, "The wrong train is held.");
    assert!(pair.step.is_some() && pair.turn == 0);
}

#[tokio::test]
async fn a_student_that_plays_right_gives_no_pair() {
    assert_eq!(by_student(&World::new(1), Manner::Stubborn, None).await, []);
}

#[tokio::test]
async fn a_turn_that_the_judge_finds_right_is_no_error() {
    let right = Says(Verdict::Right);
    assert_eq!(by_student(&World::new(1), Manner::Weak, Some(&right)).await, []);
    assert!(!by_student(&World::new(1), Manner::Weak, None).await.is_empty());
}

#[tokio::test]
async fn where_several_types_show_the_judge_decides_and_else_the_likeliest() {
    let first = |pairs: Vec<Pair>| pairs.iter().find(|pair| pair.turn == 0).map(|pair| pair.error);
    let world = World::new(1);
    let alone = by_student(&world, Manner::Timid, None).await;
    assert_eq!(first(alone), Some(ErrorType::Missing));
    let nested = Says(Verdict::Wrong { number: 1, why: String::new() });
    let judged = by_student(&world, Manner::Timid, Some(&nested)).await;
    assert_eq!(first(judged), Some(ErrorType::Nested));
}
