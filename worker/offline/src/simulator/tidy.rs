//! Small truths that fields of one output share: counts count, totals add up,
//! a success says so everywhere, lists are in order.

use std::cmp::Ordering;

use magnet_proto::library::Function;
use magnet_proto::sample::Arguments;
use magnet_proto::shape::{Field, Shape, Type, words};
use serde_json::{Map, Value};

use super::facet::Facet;
use super::verb::ends;
use super::world::function_noun;
use crate::lexicon::{Place, Topic, coerced, plain_number, topic};

/// Objects with more fields than this lose their least telling optional ones.
const MANY: usize = 14;
const MANY_INSIDE: usize = 9;

/// The fields of an object that are returned. The same for every call.
pub(super) fn kept(fields: &[Field], depth: usize) -> Vec<&Field> {
    let without_errors: Vec<&Field> = fields
        .iter()
        .filter(|field| field.required || !is_error(&field.name) && field.name != "_list_length")
        .collect();
    let many = if depth <= 2 { MANY } else { MANY_INSIDE };
    if without_errors.len() <= many {
        return without_errors;
    }
    let telling = |field: &&Field| field.required || !is_plumbing(&field.name);
    without_errors.into_iter().filter(telling).collect()
}

/// Links between API resources and switches of a settings page: real servers
/// return dozens of them, nobody asks for them.
fn is_plumbing(name: &str) -> bool {
    let link = name.ends_with("_url") && !["html_url", "image_url", "download_url"].contains(&name);
    let switch = ["has_", "allow_", "use_squash", "merge_commit_", "squash_merge_"];
    link || switch.iter().any(|start| name.starts_with(start))
        || ["node_id", "gravatar_id", "user_view_type", "site_admin"].contains(&name)
}

fn is_error(name: &str) -> bool {
    const ERRORS: &[&str] = &[
        "error", "errors", "error_message", "errormessage", "exception", "error_code", "errorcode",
        "err", "errmsg", "error_msg", "error_description",
    ];
    ERRORS.iter().any(|error| name.eq_ignore_ascii_case(error))
}

/// What a field that reports how the call went says: that it went well.
pub(super) fn outcome(
    place: &Place<'_>,
    facet: &Facet,
    function: &Function,
    root: bool,
) -> Option<Value> {
    let name = facet.lower.as_str();
    let says = match (name, &place.shape.ty) {
        (_, Type::Boolean) if is_error(name) => Value::Bool(false),
        (_, Type::String { .. }) if is_error(name) => Value::String(String::new()),
        (_, Type::Any) if is_error(name) => Value::Null,
        ("success" | "ok" | "succeeded", Type::Boolean | Type::Any) => Value::Bool(true),
        ("success" | "ok", Type::String { .. }) => "true".into(),
        ("success" | "ok", Type::Integer { .. } | Type::Number { .. }) => 1.into(),
        ("truncated" | "incomplete_results" | "has_more" | "hasmore", Type::Boolean) => {
            Value::Bool(false)
        }
        ("message" | "msg" | "response_message", Type::String { .. } | Type::Any) if root => {
            done(function).into()
        }
        ("statuscode" | "status_code" | "code", Type::Integer { .. } | Type::Number { .. })
            if root =>
        {
            200.into()
        }
        ("status", Type::Integer { .. } | Type::Number { .. }) if root => 200.into(),
        _ => return None,
    };
    let allowed = place.shape.choices.is_empty() || place.shape.choices.contains(&says);
    allowed.then(|| coerced(&says, place.shape)).flatten()
}

/// "Reminder created": what a tool says of a change, or "OK" of a reading.
pub(super) fn done(function: &Function) -> String {
    let verb = words(&function.name).next().unwrap_or_default();
    let past = match verb.as_str() {
        "create" | "update" | "delete" | "remove" | "schedule" | "cancel" | "save" | "reserve"
        | "close" | "archive" | "share" | "move" | "use" => {
            format!("{}ed", verb.trim_end_matches('e'))
        }
        "add" | "book" | "register" | "upload" | "post" => format!("{verb}ed"),
        "cancelled" => "cancelled".into(),
        "modify" => "modified".into(),
        "send" => "sent".into(),
        "set" => "set".into(),
        "submit" => "submitted".into(),
        _ => {
            return if ends(function) { "Deleted".into() } else { "OK".into() };
        }
    };
    let noun = function_noun(function);
    let mut letters = noun.chars();
    let noun = letters
        .next()
        .map_or_else(String::new, |c| format!("{}{}", c.to_uppercase(), letters.as_str()));
    format!("{noun} {past} successfully")
}

/// Whether a text field can grow long.
pub(super) fn is_long(place: &Place<'_>) -> bool {
    matches!(&place.shape.ty, Type::String { max_length, .. } if max_length.is_none_or(|most| most > 2_000))
        && place.shape.choices.is_empty()
        && place.shape.format.is_none()
        && place.shape.pattern.is_none()
        && is_free_text(place)
}

/// Whether a field holds free text that a bulky output may make long.
fn is_free_text(place: &Place<'_>) -> bool {
    matches!(
        topic(place),
        Topic::Message | Topic::Description | Topic::Note | Topic::Comment | Topic::SomeText
    )
}

/// Two elements of a list that a reader could not tell apart: the same id, or
/// the same name where the call did not ask for that name.
pub(super) fn alike(one: &Value, other: &Value, arguments: &Arguments) -> bool {
    let (Some(one), Some(other)) = (one.as_object(), other.as_object()) else {
        return one == other;
    };
    let telling = |name: &str| {
        ["id", "login", "slug", "headline", "subject", "start_time", "start"].contains(&name)
            || name.ends_with("name")
            || name.ends_with("title")
    };
    let shared =
        one.iter().filter(|(name, value)| telling(name) && other.get(*name) == Some(value));
    let shared = shared.filter(|(_, value)| !arguments.values().any(|argument| argument == *value));
    shared.count() > 0 || one == other
}

/// Makes the numbers of an object agree.
pub(super) fn agree(object: &mut Map<String, Value>, fields: &[Field], arguments: &Arguments) {
    counts(object, fields);
    totals(object, fields, arguments);
    spans(object, fields);
}

fn set(object: &mut Map<String, Value>, fields: &[Field], name: &str, value: &Value) {
    let field = fields.iter().find(|field| field.name == name);
    if let Some(value) = field.and_then(|field| coerced(value, &field.shape)) {
        object.insert(name.to_owned(), value);
    }
}

/// `count` beside one list is its length.
fn counts(object: &mut Map<String, Value>, fields: &[Field]) {
    const COUNTS: &[&str] = &[
        "count", "total", "total_count", "totalCount", "total_results", "totalResults",
        "num_results", "results_count", "length", "_list_length", "numFound", "resultCount",
    ];
    let mut lists = object.values().filter_map(Value::as_array);
    let (Some(list), None) = (lists.next(), lists.next()) else {
        return;
    };
    let length = Value::from(list.len());
    for name in COUNTS {
        if object.get(*name).is_some_and(Value::is_number) {
            set(object, fields, name, &length);
        }
    }
}

/// `total` is quantity × price where both are there.
fn totals(object: &mut Map<String, Value>, fields: &[Field], arguments: &Arguments) {
    let number = |names: &[&str]| {
        let own = names.iter().find_map(|name| object.get(*name)?.as_f64());
        own.or_else(|| names.iter().find_map(|name| arguments.get(*name)?.as_f64()))
    };
    let quantity = number(&["quantity", "qty", "nights", "seats", "tickets", "number_of_tickets"]);
    let price = number(&[
        "unit_price", "price", "price_per_unit", "price_per_night", "nightly_rate", "fare",
        "ticket_price", "rate_per_night",
    ]);
    let (Some(quantity), Some(price)) = (quantity, price) else {
        return;
    };
    let total = plain_number((quantity * price * 100.0).round() / 100.0);
    for name in [
        "total", "total_price", "total_cost", "total_amount", "totalPrice", "totalCost",
        "total_fare",
    ] {
        if object.get(name).is_some_and(Value::is_number) {
            set(object, fields, name, &total);
        }
    }
}

/// A minimum is not above its maximum: where it is, they change places if both
/// schemas allow it.
fn spans(object: &mut Map<String, Value>, fields: &[Field]) {
    const ENDS: [(&str, &str); 4] =
        [("min", "max"), ("Min", "Max"), ("low", "high"), ("Low", "High")];
    let fits = |name: &str, value: &Value| {
        let field = fields.iter().find(|field| field.name == name);
        field.and_then(|field| coerced(value, &field.shape))
    };
    for field in fields {
        let low = &field.name;
        let Some((least, most)) = ENDS.iter().find(|(least, _)| low.contains(least)) else {
            continue;
        };
        let high = low.replacen(least, most, 1);
        let (Some(one), Some(other)) = (object.get(low), object.get(&high)) else {
            continue;
        };
        let crossed =
            matches!((one.as_f64(), other.as_f64()), (Some(one), Some(other)) if one > other);
        if !crossed {
            continue;
        }
        if let (Some(smaller), Some(larger)) = (fits(low, other), fits(&high, one)) {
            object.insert(low.clone(), smaller);
            object.insert(high, larger);
        }
    }
}

/// Sorts elements by their first time or date, the way tools list them.
pub(super) fn sort(elements: &mut [Value], items: &Shape) {
    const WHEN: &[&str] = &[
        "departs", "departure_time", "start_time", "starts_at", "start", "time", "date",
        "departure", "day", "rank", "position",
    ];
    let names = items.fields().iter().map(|field| field.name.as_str());
    let by: Vec<&str> = names.filter(|name| WHEN.contains(name)).collect();
    let compared = |one: &Value, other: &Value, name: &str| match (&one[name], &other[name]) {
        (Value::String(one), Value::String(other)) => one.cmp(other),
        (one, other) => one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal),
    };
    if !by.is_empty() {
        elements.sort_by(|one, other| {
            let orders = by.iter().map(|name| compared(one, other, name));
            orders.fold(Ordering::Equal, Ordering::then)
        });
    }
}
