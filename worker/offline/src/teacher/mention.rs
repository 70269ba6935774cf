//! How a value reads inside a sentence, such that it can be found again.
//!
//! Strings stand verbatim, numbers as JSON prints them, dates and times in one
//! of the forms people use; `vet::mentions` finds every one of these forms.

use magnet_proto::rng::Rng;
use rand::RngExt;
use serde_json::Value;

use crate::lexicon::Register;
use magnet_worker::conversation::Scene;
use magnet_worker::persona::calendar::{Date, Minute};

/// A person's habits of writing, the same through a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) dates: Dates,
    /// "2:30 pm" rather than "14:30".
    pub(super) twelve_hours: bool,
}

/// How the agent writes dates and times.
pub(super) const STYLE: Style = Style { dates: Dates::DayFirst, twelve_hours: false };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dates {
    /// 14 March 2026
    DayFirst,
    /// March 14, 2026
    MonthFirst,
    /// Saturday, 14 March 2026
    Weekday,
    /// 2026-03-14
    Iso,
}

impl Style {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let mut rng = scene.stream("style", 0);
        let dates = match scene.persona.register {
            Register::Terse => [Dates::Iso, Dates::DayFirst, Dates::MonthFirst],
            Register::Formal => [Dates::Weekday, Dates::DayFirst, Dates::MonthFirst],
            _ => [Dates::DayFirst, Dates::MonthFirst, Dates::Weekday],
        };
        Self { dates: dates[rng.random_range(0..3)], twelve_hours: rng.random_range(0..3) == 0 }
    }
}

/// The text for a value.
pub(super) fn mention(value: &Value, style: Style, rng: &mut Rng) -> String {
    match value {
        Value::String(text) => string(text, style, rng),
        Value::Number(number) => {
            let text = number.to_string();
            text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
        }
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Null => "nothing".into(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| mention(item, style, rng)).collect();
            series(&items, "and")
        }
        // What has one member is called by it: a file by its name.
        Value::Object(members) if members.len() == 1 && members.values().all(Value::is_string) => {
            members.values().map(|member| mention(member, style, rng)).collect()
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, member)| format!("{} {}", spaced(name), mention(member, style, rng)))
                .collect();
            series(&members, "and")
        }
    }
}

/// "a", "a and b", "a, b and c".
pub(super) fn series(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., tail] => format!("{} {last} {tail}", head.join(", ")),
    }
}

fn string(text: &str, style: Style, rng: &mut Rng) -> String {
    if let Some(moment) = moment(text, style) {
        return moment;
    }
    if is_phone(text) && rng.random_range(0..2) == 0 {
        return spread(text);
    }
    if needs_quotes(text) { format!("\"{text}\"") } else { text.to_owned() }
}

/// An ISO date, a time, or both, in the person's own form; none for anything
/// else, and for moments with seconds or an offset, which would get lost.
fn moment(text: &str, style: Style) -> Option<String> {
    if text.len() == 10 {
        return Date::parse(text).map(|date| day(date, style.dates));
    }
    if matches!(text.len(), 4 | 5) {
        return Minute::parse(text).filter(|m| m.to_string() == text).map(|m| clock(m, style));
    }
    let (date, time) = text.split_once(['T', ' '])?;
    let time = time.trim_end_matches('Z');
    let time = time.strip_suffix(":00").filter(|t| t.len() == 5).unwrap_or(time);
    let minute = Minute::parse(time).filter(|m| m.to_string() == time)?;
    let date = Date::parse(date).filter(|_| date.len() == 10)?;
    Some(format!("{} at {}", day(date, style.dates), clock(minute, style)))
}

fn day(date: Date, form: Dates) -> String {
    let (year, _, day) = date.civil();
    let month = date.month_name();
    match form {
        Dates::DayFirst => format!("{day} {month} {year}"),
        Dates::MonthFirst => format!("{month} {day}, {year}"),
        Dates::Weekday => format!("{}, {day} {month} {year}", date.weekday()),
        Dates::Iso => date.to_string(),
    }
}

fn clock(minute: Minute, style: Style) -> String {
    if !style.twelve_hours {
        return minute.to_string();
    }
    let half = if minute.hour() < 12 { "am" } else { "pm" };
    format!("{}:{:02} {half}", (minute.hour() + 11) % 12 + 1, minute.minute())
}

fn is_phone(text: &str) -> bool {
    text.len() >= 9 && text.starts_with('+') && text[1..].bytes().all(|b| b.is_ascii_digit())
}

/// `+33612345678` as `+33 612 345 678`.
fn spread(phone: &str) -> String {
    let (code, number) = phone.split_at(3);
    let digits = number.as_bytes().chunks(3).map(String::from_utf8_lossy).collect::<Vec<_>>();
    format!("{code} {}", digits.join(" "))
}

/// Words joined by underscores, like `first_class`, or a list of such.
pub(super) fn is_snake(text: &str) -> bool {
    text.contains('_') && text.bytes().all(|b| b.is_ascii_lowercase() || b"_, ".contains(&b))
}

/// An identifier as words.
pub(super) fn spaced(name: &str) -> String {
    name.replace(['_', '-'], " ")
}

/// A whole phrase or something with its own punctuation stands in quotes.
fn needs_quotes(text: &str) -> bool {
    text.split_whitespace().count() > 4
        || text.ends_with(['.', '!', '?'])
        || text.contains(['\n', '{', '<'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use magnet_proto::rng;
    use magnet_worker::vet::mentions::Text;
    use proptest::prelude::*;
    use serde_json::json;

    const FORMS: [Dates; 4] = [Dates::DayFirst, Dates::MonthFirst, Dates::Weekday, Dates::Iso];

    fn check_found(value: &Value) {
        let mut rng = rng::campaign_stream(1, "mention", value.to_string().as_bytes());
        for dates in FORMS {
            for twelve_hours in [false, true] {
                let said = mention(value, Style { dates, twelve_hours }, &mut rng);
                let text = Text::new(&format!("I need it for {said}, if that works."));
                assert!(text.find(value).is_some(), "{value} said as {said:?}");
            }
        }
    }

    #[test]
    fn every_form_is_found_again() {
        let values = [
            json!("Geneva"),
            json!("2026-03-14"),
            json!("14:30"),
            json!("00:05"),
            json!("9:05"),
            json!("2026-03-14T14:30:00"),
            json!("2026-03-14 09:00:00"),
            json!("2026-03-14T14:30:21Z"),
            json!("first_class"),
            json!("+33612345678"),
            json!("ana@example.com"),
            json!(31.5),
            json!(120000),
            json!(-4),
            json!("See you at noon. Bring the contract!"),
            json!(2.0),
        ];
        values.iter().for_each(check_found);
    }

    proptest! {
        #[test]
        fn numbers_and_moments_are_found_again(n in -1_000_000i64..1_000_000, days in 0i64..40_000, minute in 0u16..1440) {
            check_found(&json!(n));
            check_found(&json!(n as f64 / 100.0));
            let date = Date::new(1990, 1, 1).plus_days(days);
            check_found(&json!(date.to_string()));
            let time = Minute::new(minute / 60, minute % 60);
            check_found(&json!(format!("{date}T{time}:00")));
            check_found(&json!(time.to_string()));
        }

        #[test]
        fn words_are_found_again(text in "[A-Za-z][A-Za-z0-9@.-]{0,14}[a-z0-9]( [A-Za-z0-9]{1,8}){0,6}") {
            check_found(&json!(text));
        }
    }

    #[test]
    fn several_items_read_as_a_list() {
        let mut rng = rng::campaign_stream(1, "mention", b"list");
        let style = Style { dates: Dates::Iso, twelve_hours: false };
        assert_eq!(mention(&json!(["Lyon", "Turin", 3]), style, &mut rng), "Lyon, Turin and 3");
        assert_eq!(
            mention(&json!({"max_size": 3, "unit": "cm"}), style, &mut rng),
            "max size 3 and unit cm"
        );
    }
}
