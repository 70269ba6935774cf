//! What the user has said so far, for saying it again.
//!
//! People stay with a subject: the same repository, the same city, the same
//! day. A later request takes such a value up, literally or by pointing back.

use magnet_proto::path::Path;
use magnet_proto::rng::Rng;
use magnet_proto::shape::words;
use rand::RngExt;
use serde_json::Value;

use super::intention::{Intention, Source};
use super::noun;
use crate::lexicon::{Place, Topic, topic};
use magnet_worker::conversation::{Conversation, Scene};

/// Values the user gave, oldest first.
#[derive(Debug, Default)]
pub(super) struct Memory {
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    name: String,
    topic: Topic,
    value: Value,
}

impl Memory {
    pub(super) fn of(scene: &Scene<'_>, conversation: &Conversation) -> Self {
        let mut memory = Self::default();
        let given = conversation.turns.iter().flat_map(|exchange| &exchange.request.given);
        for given in given {
            let Some(step) = Path::step(scene.path, given.step) else {
                continue;
            };
            let function = scene.library.get(step.function);
            let Some(field) = function.param(&given.parameter) else {
                continue;
            };
            let topic = topic(&Place::argument(function, field));
            memory.keep(&given.parameter, topic, &given.value);
        }
        memory
    }

    /// Adds what another step of the same request says.
    pub(super) fn learn(&mut self, intention: &Intention<'_>) {
        for slot in &intention.slots {
            if let Source::Said { values, .. } = &slot.source
                && let [value, ..] = values.as_slice()
            {
                self.keep(&slot.field.name, slot.topic, value);
            }
        }
    }

    fn keep(&mut self, name: &str, topic: Topic, value: &Value) {
        self.known.push(Known { name: plain(name), topic, value: value.clone() });
    }

    /// Whether the user has given that value for something of the topic.
    pub(super) fn knows(&self, topic: Topic, value: &Value) -> bool {
        self.known.iter().any(|known| known.topic == topic && known.value == *value)
    }

    /// A value to take up again for a parameter, if one fits and chance wills.
    pub(super) fn recall(&self, name: &str, topic: Topic, rng: &mut Rng) -> Option<&Value> {
        let name = plain(name);
        let same_name = self.known.iter().rev().find(|k| k.name == name && k.topic == topic);
        let (known, percent) = match same_name {
            Some(known) => (known, stickiness(&name, topic)),
            // An id is taken up only as what it is: an event's is no restaurant's.
            None if identifies(topic) => return None,
            None => {
                let akin = |k: &&Known| k.topic == topic && same_end(&k.name, &name);
                let known = self.known.iter().rev().find(akin)?;
                (known, stickiness(&name, topic) / 2)
            }
        };
        (rng.random_range(0..100) < percent).then_some(&known.value)
    }
}

fn plain(name: &str) -> String {
    words(name).collect::<Vec<_>>().join(" ")
}

/// One leaves where the other one leaves: an origin is taken up as an origin.
fn same_end(left: &str, right: &str) -> bool {
    let is_start = |name: &str| {
        name.split(' ').any(|w| {
            ["origin", "from", "departure", "start", "pickup", "source", "old"].contains(&w)
        })
    };
    is_start(left) == is_start(right)
}

fn identifies(topic: Topic) -> bool {
    matches!(topic, Topic::Identifier | Topic::Code | Topic::Uuid | Topic::Hash | Topic::SomeText)
}

/// In how many of 100 cases a subject stays.
fn stickiness(name: &str, topic: Topic) -> u32 {
    use Topic as T;
    match topic {
        T::Handle | T::Repository | T::Token | T::AccountNumber => 90,
        T::Branch | T::Organization | T::Ticker | T::Team | T::League | T::Slug | T::SecretName => {
            70
        }
        T::City | T::Location | T::Country | T::CountryCode | T::Username | T::Coordinates => 65,
        T::Address | T::Airport | T::Url | T::Domain | T::Company | T::Language => 55,
        T::Email | T::Phone | T::FullName | T::Password => 50,
        T::Date | T::Year | T::Month | T::Currency | T::SportsTeam | T::Player => 45,
        T::Latitude | T::Longitude => 0,
        T::Identifier | T::Code | T::Uuid | T::Hash if !noun::is_bare(name) => 60,
        T::SomeText if name.len() > 4 && name != "category" => 35,
        _ => 0,
    }
}
