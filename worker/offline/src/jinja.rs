//! The templates of a pack's reports and tells: what they may use.
//!
//! Filters: `date` ("14 March"), `time` ("09:30"), `money` (two decimals where
//! there are cents), `join_and` ("a, b and c"). `sep(loop)` stands between the
//! elements of a loop. A value that is not there is an error rather than a hole
//! in a sentence.

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};

const MONTHS: [&str; 12] = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
];

/// What all templates share; one for the process.
pub fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_formatter(|out, state, value| match value.kind() {
        ValueKind::None => Err(error("it says the value of a place that is null")),
        _ => minijinja::escape_formatter(out, state, value),
    });
    environment.add_filter("date", date);
    environment.add_filter("time", time);
    environment.add_filter("money", money);
    environment.add_filter("join_and", join_and);
    environment.add_function("sep", separator);
    environment
}

fn error(text: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}

/// "2026-03-14" or what begins so: "14 March".
fn date(text: &str) -> Result<String, Error> {
    let parts: Vec<&str> = text.get(..10).unwrap_or(text).split('-').collect();
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<usize>().ok());
    let month = number(1).and_then(|month| MONTHS.get(month.checked_sub(1)?));
    match (month, number(2)) {
        (Some(month), Some(day)) => Ok(format!("{day} {month}")),
        _ => Err(error("what \"date\" is put on is no date like 2026-03-14")),
    }
}

/// "09:30:00": "09:30".
fn time(text: &str) -> String {
    text.chars().take(5).collect()
}

fn money(amount: f64) -> String {
    let cents = (amount * 100.0).round();
    match cents % 100.0 == 0.0 {
        true => format!("{:.0}", cents / 100.0),
        false => format!("{:.2}", cents / 100.0),
    }
}

fn join_and(items: &Value) -> Result<String, Error> {
    let items: Vec<String> = items.try_iter()?.map(|item| item.to_string()).collect();
    Ok(match items.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    })
}

/// ", " between elements, " and " before the last.
fn separator(looped: &Value) -> Result<&'static str, Error> {
    let left = looped.get_attr("revindex")?.as_usize();
    Ok(match left.ok_or_else(|| error("\"sep\" is called outside of a loop"))? {
        1 => "",
        2 => " and ",
        _ => ", ",
    })
}

#[cfg(test)]
mod tests {
    use minijinja::context;
    use serde_json::json;

    use super::*;

    fn rendered(template: &str) -> Result<String, Error> {
        let out = json!({
            "day": "2026-03-14", "at": "09:30:00", "fare": 31.5, "whole": 7.0, "none": null,
            "names": ["Anna", "Ben", "Cleo"], "more": [1, 2, 3, 4, 5],
        });
        environment().render_str(template, context! { out => out })
    }

    fn check(template: &str, expected: &str) {
        assert_eq!(rendered(template).unwrap(), expected, "{template}");
    }

    #[test]
    fn filters_write_as_people_do() {
        check("{{ out.day | date }} at {{ out.at | time }}", "14 March at 09:30");
        check("{{ out.fare | money }} or {{ out.whole | money }}", "31.50 or 7");
        check("{{ out.names | join_and }}", "Anna, Ben and Cleo");
        check("{% for n in out.names %}{{ n }}{{ sep(loop) }}{% endfor %}", "Anna, Ben and Cleo");
        check("{{ out.more[:2] | join_and }}", "1 and 2");
    }

    #[test]
    fn a_hole_in_a_sentence_is_an_error() {
        for template in ["{{ out.absent }}", "{{ out.none }}", "{{ out.names | date }}"] {
            assert!(rendered(template).is_err(), "{template}");
        }
        check("{% if out.none %}{{ out.none }}{% else %}nothing{% endif %}", "nothing");
    }
}
