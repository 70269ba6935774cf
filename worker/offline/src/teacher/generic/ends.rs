//! Arguments that are an end of something: of a journey, a span, an exchange.

use super::attach::{Argument, Attached, order};
use crate::lexicon::Topic;
use crate::teacher::phrase::Voice;

const STARTS: &[&str] = &[
    "origin", "from", "departure", "source", "orig", "src", "pickup", "start", "starting", "old",
    "original", "begin", "since", "min",
];

const ENDS: &[&str] = &[
    "destination", "to", "arrival", "dest", "target", "dropoff", "end", "ending", "until", "max",
    "dst", "where",
];

/// "from Geneva", "until 14 March", "leaving on Friday"; none for what is no
/// end of anything.
pub(super) fn attach(argument: &Argument<'_, '_>, voice: &mut Voice<'_>) -> Option<Attached> {
    moment(argument, voice).or_else(|| place(argument, voice))
}

fn moment(argument: &Argument<'_, '_>, voice: &mut Voice<'_>) -> Option<Attached> {
    use Topic as T;
    let dated = matches!(
        argument.slot.topic,
        T::Date | T::DateTime | T::PastDate | T::PastDateTime | T::Time | T::Year | T::Timestamp
    );
    let is_number = argument.slot.value().is_some_and(serde_json::Value::is_number);
    if !dated || (is_number && argument.slot.topic != T::Year) {
        return None;
    }
    let clock = argument.slot.topic == T::Time;
    let check = argument.has(&["check", "checkin", "checkout"]);
    let forms: &[&str] = match () {
        () if check && argument.has(&["in", "checkin"]) => {
            &["from {}", "checking in on {}", "arriving on {}"]
        }
        () if check => &["until {}", "to {}", "checking out on {}"],
        () if argument.has(&["due", "deadline"]) => &["due {}", "due on {}"],
        () if argument.has(&["return"]) && clock => &["coming back at {}"],
        () if argument.has(&["return"]) => &["coming back on {}", "returning on {}"],
        () if argument.has(&["departure", "depart"]) && clock => &["leaving at {}", "at {}"],
        () if argument.has(&["departure", "depart"]) => {
            &["leaving on {}", "on {}", "departing on {}"]
        }
        () if argument.has(&["new"]) => return None,
        () if argument.has(STARTS) && clock => &["from {}", "starting at {}"],
        () if argument.has(STARTS) => &["from {}", "starting {}"],
        () if argument.has(ENDS) => &["to {}", "until {}"],
        () => return None,
    };
    let later = argument.has(ENDS) || argument.has(&["return", "checkout", "out"]);
    argument.phrase(if later || clock { order::HOUR } else { order::DAY }, forms, voice)
}

fn place(argument: &Argument<'_, '_>, voice: &mut Voice<'_>) -> Option<Attached> {
    use Topic as T;
    let place = matches!(
        argument.slot.topic,
        T::City
            | T::Location
            | T::Airport
            | T::Station
            | T::Country
            | T::CountryCode
            | T::Address
            | T::Currency
            | T::CryptoCoin
            | T::Language
            | T::LanguageCode
            | T::Unit
            | T::Landmark
            | T::Coordinates
            | T::AccountNumber
    );
    match place && !argument.has(&["new"]) {
        true if argument.has(STARTS) => argument.phrase(order::FROM, &["from {}"], voice),
        true if argument.has(ENDS) => argument.phrase(order::TO, &["to {}"], voice),
        _ => None,
    }
}
