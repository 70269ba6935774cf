//! Every type of error, on one conversation that has a place for each.

use magnet_proto::sample::{Call, ErrorType, Message, NegativeSource, Pair};
use serde_json::json;

use super::{Positive, TYPES, make, shows};
use crate::distill::fixtures::World;

fn positive(world: &World) -> Positive<'_> {
    let trajectory = &world.trajectory;
    Positive::new(&world.library, &trajectory.messages, &trajectory.provenance, &world.path.ops)
}

fn pairs(world: &World, max_pairs: usize) -> Vec<Pair> {
    let distiller = world.distiller();
    let made = make(&distiller, &world.trajectory, max_pairs);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(made).unwrap()
}

/// The pairs of one type, for many seeds.
fn of_type(error: ErrorType) -> Vec<(World, Pair)> {
    let made = (0..60).flat_map(|seed| {
        let pair = pairs(&World::new(seed), 5).into_iter().find(|pair| pair.error == error);
        pair.map(|pair| (World::new(seed), pair))
    });
    let made: Vec<_> = made.collect();
    assert!(made.len() > 50, "{error:?} is made of most conversations that have a place for it");
    made
}

/// The messages of the wrong turn.
fn wrong_turn(pair: &Pair) -> &[Message] {
    let mut messages = pair.rejected.iter();
    let end = messages.position(|message| matches!(message, Message::User(_)));
    &pair.rejected[..end.unwrap_or(pair.rejected.len())]
}

fn calls(pair: &Pair) -> Vec<&Call> {
    wrong_turn(pair).iter().flat_map(Message::calls).collect()
}

fn closing(pair: &Pair) -> &str {
    match wrong_turn(pair).last() {
        Some(Message::Assistant { content: Some(text), .. }) => text,
        other => panic!("a wrong turn ends with prose, not {other:?}"),
    }
}

fn requests(messages: &[Message]) -> Vec<&str> {
    let texts = messages.iter().filter_map(|message| match message {
        Message::User(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn a_negative_hears_every_request_and_answers_each() {
    for seed in 0..40 {
        let world = World::new(seed);
        for pair in pairs(&world, 5) {
            let messages = &world.trajectory.messages;
            let shared = &messages[..pair.prompt_len as usize];
            let heard: Vec<&str> =
                requests(shared).into_iter().chain(requests(&pair.rejected)).collect();
            assert_eq!(heard, requests(messages));
            let last = pair.rejected.last().unwrap();
            assert!(matches!(last, Message::Assistant { content: Some(_), .. }), "{last:?}");
        }
    }
}

#[test]
fn a_call_that_was_asked_about_is_not_made_later_either() {
    let mut without = 0;
    for (world, pair) in of_type(ErrorType::LongDependency) {
        if calls(&pair).is_empty() {
            let convert = world.id("convert_currency");
            assert!(pair.rejected.iter().flat_map(Message::calls).all(|c| c.function != convert));
            without += 1;
        }
    }
    assert!(without > 0);
}

#[test]
fn later_calls_follow_what_was_found_instead() {
    let mut followed = 0;
    for (world, pair) in of_type(ErrorType::ShortDependency) {
        let later = &pair.rejected[wrong_turn(&pair).len()..];
        let texts =
            later.iter().flat_map(Message::calls).filter(|c| c.function == world.id("send_text"));
        followed += texts.count();
    }
    assert!(followed > 30, "{followed}");
}

#[test]
fn every_pair_shows_its_type_and_there_is_one_a_type() {
    for seed in 0..60 {
        let world = World::new(seed);
        let pairs = pairs(&world, 5);
        for pair in &pairs {
            shows(&positive(&world), pair).unwrap();
            assert_eq!(pair.source, NegativeSource::Mechanical);
            assert!(!pair.reason.is_empty());
        }
        let mut types: Vec<String> = pairs.iter().map(|pair| format!("{:?}", pair.error)).collect();
        types.sort();
        types.dedup();
        assert_eq!(types.len(), pairs.len());
    }
}

#[test]
fn no_more_pairs_than_wanted_and_the_same_for_the_same_seed() {
    for seed in 0..20 {
        let world = World::new(seed);
        assert_eq!(pairs(&world, 2).len(), 2);
        assert_eq!(pairs(&world, 0), []);
        assert_eq!(pairs(&world, 2), pairs(&World::new(seed), 2));
    }
}

#[test]
fn which_types_are_made_differs_from_seed_to_seed() {
    let made: Vec<ErrorType> =
        (0..60).flat_map(|seed| pairs(&World::new(seed), 2)).map(|pair| pair.error).collect();
    for error in TYPES {
        let share = made.iter().filter(|made| **made == error).count();
        assert!((8..=50).contains(&share), "{error:?}: {share} of {}", made.len());
    }
}

#[test]
fn a_positive_never_shows_an_error() {
    let world = World::new(1);
    let positive = positive(&world);
    for (turn, range) in positive.turns().into_iter().enumerate() {
        for prompt_len in range.clone() {
            for error in TYPES {
                let pair = Pair {
                    error,
                    turn: turn as u16,
                    source: NegativeSource::Mechanical,
                    prompt_len: prompt_len as u32,
                    rejected: positive.messages[prompt_len..range.end].to_vec(),
                    step: None,
                    reason: String::new(),
                };
                assert!(shows(&positive, &pair).is_err(), "{error:?} at message {prompt_len}");
            }
        }
    }
}

#[test]
fn a_negative_is_only_of_the_type_it_claims() {
    use ErrorType::*;
    for seed in 0..40 {
        let world = World::new(seed);
        for mut pair in pairs(&world, 5) {
            let others: &[ErrorType] = match pair.error {
                Nested => &[ShortDependency, LongDependency, Summary, Missing],
                ShortDependency => &[Nested, LongDependency, Summary, Missing],
                LongDependency => &[Nested, ShortDependency, Summary],
                Summary => &[Nested, ShortDependency, LongDependency, Missing],
                Missing => &[ShortDependency, Summary],
            };
            for other in others {
                pair.error = *other;
                assert!(shows(&positive(&world), &pair).is_err(), "{pair:?}");
            }
        }
    }
}

#[test]
fn a_nested_call_is_left_out_with_all_it_told() {
    for (world, pair) in of_type(ErrorType::Nested) {
        assert!(calls(&pair).iter().all(|call| call.function != world.id("get_platform")));
        let text = closing(&pair);
        assert!(!text.contains("17B") && !text.contains("Cornavin"), "{text}");
        assert!(text.contains("12F"), "what the other calls told stays: {text}");
    }
}

#[test]
fn a_short_dependency_takes_another_element_and_reports_what_came_of_it() {
    let made = of_type(ErrorType::ShortDependency);
    let mut other_train = 0;
    for (world, pair) in &made {
        assert_eq!(pair.turn, 0);
        let first = calls(pair)[0];
        let function = &world.library.get(first.function).name;
        assert!(["hold_seat", "get_platform"].contains(&function.as_str()));
        assert_ne!(first.arguments["train_id"], json!("TER-96508"));
        if first.arguments["train_id"] == json!("TER-96512") && function == "hold_seat" {
            other_train += 1;
            let text = closing(pair);
            assert!(text.contains("TER-96512") && text.contains("10:37"), "{text}");
            assert!(text.contains("H-21569") && !text.contains("H-80569"), "{text}");
        }
    }
    assert!(other_train > 10, "{other_train} of {}", made.len());
}

#[test]
fn a_long_dependency_is_misused_or_asked_for() {
    let made = of_type(ErrorType::LongDependency);
    let asked = made.iter().filter(|(_, pair)| calls(pair).is_empty()).count();
    assert!((5..=35).contains(&asked), "{asked} of {} ask", made.len());
    for (world, pair) in &made {
        if let [call, ..] = calls(pair)[..] {
            assert_eq!(call.function, world.id("convert_currency"));
            let right = json!({"amount": 31.5, "from": "CHF", "to": "EUR"});
            assert_ne!(serde_json::Value::Object(call.arguments.clone()), right);
        } else {
            assert!(closing(pair).contains('?'));
        }
    }
}

#[test]
fn a_wrong_summary_misstates_the_right_one_and_changes_nothing_else() {
    for (world, pair) in of_type(ErrorType::Summary) {
        assert_eq!(wrong_turn(&pair).len(), 1);
        let Message::Assistant { content: Some(right), .. } =
            &world.trajectory.messages[pair.prompt_len as usize]
        else {
            panic!("it parts at the closing prose")
        };
        let wrong = closing(&pair);
        let shared = wrong.split(' ').filter(|word| right.contains(word)).count();
        assert_ne!(right, wrong);
        // It may leave a fact out, or add one.
        let shorter = wrong.split(' ').count().min(right.split(' ').count());
        assert!(shared * 2 > shorter, "{right} / {wrong}");
    }
}

#[test]
fn where_something_is_missing_the_negative_calls() {
    let made = of_type(ErrorType::Missing);
    let at = |turn: u16| made.iter().filter(move |(_, pair)| pair.turn == turn);
    let (asked, declined): (Vec<_>, Vec<_>) = (at(2).collect(), at(4).collect());
    assert!(asked.len() > 10);
    for (world, pair) in asked {
        let call = calls(pair)[0];
        assert_eq!(call.function, world.id("send_text"));
        assert_ne!(call.arguments["to"], json!("+33612345678"));
        // A currency stands under the same name, and is no number to text.
        assert_ne!(call.arguments["to"], json!("EUR"));
    }
    // Nothing on offer could be taken for booking a table.
    assert!(declined.is_empty());
}
