//! `x-sim` rules: how a library says that an output is computed.

use magnet_proto::rng::Rng;
use rand::RngExt;
use serde_json::{Map, Value};

use super::facts::Facts;
use crate::lexicon::plain_number;
use magnet_worker::persona::calendar::{Date, Minute};

/// What a rule may refer to: siblings first, then what encloses them, then the
/// call's arguments.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) siblings: &'a Map<String, Value>,
    pub(super) arguments: &'a Map<String, Value>,
}

impl<'a> Scope<'a> {
    fn find(&self, name: &str) -> Option<&'a Value> {
        let present = |value: &&Value| !value.is_null();
        self.siblings.get(name).filter(present).or_else(|| self.arguments.get(name))
    }

    /// A number, or the name of one.
    fn number(&self, operand: &Value) -> Option<f64> {
        match operand {
            Value::Number(number) => number.as_f64(),
            Value::String(name) => match self.find(name)? {
                Value::Number(number) => number.as_f64(),
                Value::String(text) => text.parse().ok(),
                Value::Array(items) => Some(items.len() as f64),
                _ => None,
            },
            _ => None,
        }
    }

    fn numbers(&self, operands: &Value) -> Option<Vec<f64>> {
        operands.as_array()?.iter().map(|operand| self.number(operand)).collect()
    }
}

/// What a rule computes for the field of that name, or nothing while something
/// it needs is not there yet. Spans that are known of the thing stay as they are.
pub(super) fn compute(
    rule: &Value,
    field: &str,
    scope: &Scope<'_>,
    known: Option<&Facts>,
    rng: &mut Rng,
) -> Option<Value> {
    let rule = rule.as_object()?;
    let (verb, operand) =
        rule.iter().find(|(key, _)| !["round", "minutes"].contains(&key.as_str()))?;
    let number = match verb.as_str() {
        "echo" => return scope.find(operand.as_str()?).cloned(),
        "const" => return Some(operand.clone()),
        "template" => return template(operand.as_str()?, scope),
        "after" => {
            let start = operand.as_str()?;
            let kept = known.and_then(|facts| minutes_between(facts, start, field));
            return after(start, kept, rule.get("minutes"), scope, rng);
        }
        "days_after" => {
            let operands = operand.as_array()?;
            let start = operands.first()?.as_str()?;
            let kept = known.and_then(|facts| minutes_between(facts, start, field));
            return days_after(start, kept.map(|span| span / DAY), operands.get(1), scope, rng);
        }
        "count" => return Some(scope.find(operand.as_str()?)?.as_array()?.len().into()),
        "sum_of" => sum_of(operand.as_str()?, scope)?,
        "product" => scope.numbers(operand)?.into_iter().product(),
        "sum" => scope.numbers(operand)?.into_iter().sum(),
        "difference" => fold(scope.numbers(operand)?, |a, b| a - b)?,
        "ratio" => fold(scope.numbers(operand)?, |a, b| if b == 0.0 { 0.0 } else { a / b })?,
        _ => return None,
    };
    let decimals = rule.get("round").and_then(Value::as_i64).unwrap_or(6).clamp(0, 9);
    let scale = 10f64.powi(decimals as i32);
    Some(plain_number((number * scale).round() / scale))
}

fn fold(numbers: Vec<f64>, step: impl Fn(f64, f64) -> f64) -> Option<f64> {
    numbers.into_iter().reduce(step)
}

/// The sum over an array: `items/*/price`.
fn sum_of(path: &str, scope: &Scope<'_>) -> Option<f64> {
    let (array, field) = path.split_once("/*").unwrap_or((path, ""));
    let items = scope.find(array.trim_matches('/'))?.as_array()?;
    items.iter().map(|item| item.pointer(field)?.as_f64()).sum()
}

/// What a template over the fields around says: the value itself of a bare
/// `{name}`, else a text.
pub(super) fn told(text: &str, scope: &Scope<'_>) -> Option<Value> {
    let bare = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match bare.filter(|name| !name.contains(['{', '}'])) {
        Some(name) => scope.find(name).cloned(),
        None => template(text, scope),
    }
}

/// A text with `{name}` slots.
fn template(text: &str, scope: &Scope<'_>) -> Option<Value> {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        filled.push_str(before);
        match scope.find(name)? {
            Value::String(text) => filled.push_str(text),
            Value::Array(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                    .collect();
                filled.push_str(&items.join(", "));
            }
            value => filled.push_str(&value.to_string()),
        }
        rest = after;
    }
    filled.push_str(rest);
    Some(Value::String(filled))
}

/// A number drawn from `[low, high]`, or the number itself, or a named one.
fn span(operand: Option<&Value>, scope: &Scope<'_>, rng: &mut Rng) -> Option<i64> {
    match operand? {
        Value::Array(ends) => {
            let (low, high) = (ends.first()?.as_i64()?, ends.get(1)?.as_i64()?);
            Some(rng.random_range(low.min(high)..=high.max(low)))
        }
        operand => Some(scope.number(operand)? as i64),
    }
}

/// Minutes of a day.
const DAY: i64 = 1_440;

/// How long a thing is known to last from one field to another.
fn minutes_between(facts: &Facts, start: &str, end: &str) -> Option<i64> {
    let moment = |name: &str| {
        let text = facts.get(name)?.value().as_str()?;
        let of = |minute: Minute| i64::from(minute.hour()) * 60 + i64::from(minute.minute());
        match Date::parse(text) {
            Some(date) => {
                let time = text.get(11..16).and_then(Minute::parse).map_or(0, of);
                Some((true, date.days_since(Date::new(1970, 1, 1)) * DAY + time))
            }
            None => Some((false, of(Minute::parse(text)?))),
        }
    };
    let ((dated, start), (_, end)) = (moment(start)?, moment(end)?);
    Some(if dated { end - start } else { (end - start).rem_euclid(DAY) })
}

/// A time or moment some minutes after another one, in the same form.
fn after(
    name: &str,
    kept: Option<i64>,
    minutes: Option<&Value>,
    scope: &Scope<'_>,
    rng: &mut Rng,
) -> Option<Value> {
    let start = scope.find(name)?.as_str()?;
    let drawn = span(minutes, scope, rng).unwrap_or(60);
    // Timetables are kept in steps of five minutes where the span allows it.
    let drawn = if drawn >= 15 { drawn / 5 * 5 } else { drawn };
    let span = kept.unwrap_or(drawn);
    if let Some(date) = Date::parse(start) {
        let time = start.get(11..16).and_then(Minute::parse);
        let (minute, days) = time.unwrap_or(Minute::new(0, 0)).plus(span);
        let day = date.plus_days(days);
        let text = match time {
            Some(_) => format!("{day}{}{minute}{}", &start[10..11], &start[16..]),
            None => day.to_string(),
        };
        return Some(Value::String(text));
    }
    let (minute, _) = Minute::parse(start)?.plus(span);
    Some(Value::String(format!("{minute}{}", start.get(5..).unwrap_or_default())))
}

fn days_after(
    name: &str,
    kept: Option<i64>,
    days: Option<&Value>,
    scope: &Scope<'_>,
    rng: &mut Rng,
) -> Option<Value> {
    let start = scope.find(name)?.as_str()?;
    let drawn = span(days, scope, rng)?;
    Some(Value::String(Date::parse(start)?.plus_days(kept.unwrap_or(drawn)).to_string()))
}

#[cfg(test)]
mod tests {
    use magnet_proto::{WalkIndex, rng};
    use serde_json::json;

    use super::*;

    fn check(rule: Value, expected: Value) {
        let siblings = json!({
            "rate": 1.0483, "items": [{"price": 2.5}, {"price": 4.0}], "departs": "06:35",
            "starts": "2026-03-14T23:50:00Z", "subtotal": 10, "tax": 1.9
        });
        let arguments = json!({"amount": 31.5, "check_in": "2026-02-27", "nights": 3});
        let scope = Scope {
            siblings: siblings.as_object().unwrap(),
            arguments: arguments.as_object().unwrap(),
        };
        let mut rng = rng::stream(7, WalkIndex(0), "rules");
        assert_eq!(compute(&rule, "field", &scope, None, &mut rng), Some(expected), "{rule}");
    }

    #[test]
    fn every_rule_computes() {
        check(json!({"echo": "amount"}), json!(31.5));
        check(json!({"product": ["amount", "rate"], "round": 2}), json!(33.02));
        check(json!({"sum": ["subtotal", "tax"], "round": 2}), json!(11.9));
        check(json!({"difference": ["subtotal", 4]}), json!(6));
        check(json!({"ratio": ["subtotal", 4]}), json!(2.5));
        check(json!({"sum_of": "items/*/price", "round": 2}), json!(6.5));
        check(json!({"count": "items"}), json!(2));
        check(json!({"const": "booked"}), json!("booked"));
        check(json!({"after": "departs", "minutes": [116, 119]}), json!("08:30"));
        check(json!({"after": "starts", "minutes": [30, 30]}), json!("2026-03-15T00:20:00Z"));
        check(json!({"days_after": ["check_in", "nights"]}), json!("2026-03-02"));
        check(
            json!({"template": "{nights} nights from {check_in}"}),
            json!("3 nights from 2026-02-27"),
        );
    }

    #[test]
    fn a_rule_waits_for_what_it_needs() {
        let empty = Map::new();
        let scope = Scope { siblings: &empty, arguments: &empty };
        let mut rng = rng::stream(7, WalkIndex(0), "rules");
        assert_eq!(compute(&json!({"echo": "amount"}), "field", &scope, None, &mut rng), None);
        assert_eq!(compute(&json!({"unheard": "of"}), "field", &scope, None, &mut rng), None);
    }
}
