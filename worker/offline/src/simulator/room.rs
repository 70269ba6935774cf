//! How much of its schema an output shows.
//!
//! Entities that point at one another would come out whole at every level;
//! servers page their lists and abridge what lies deep. So an output has room
//! for some thousand bytes, which its fields share: first what is required,
//! then scalars, then what holds more. Sizes are estimates. What a schema
//! requires is there, however little the room.

use magnet_proto::shape::{Field, Shape, Type};

/// Bytes of an output, usually and where a bulky one is asked for.
pub(super) const USUAL: usize = 3_000;
pub(super) const BULKY: usize = 48_000;
/// What an abridged object or list is worth: less would say nothing.
const WORTHWHILE: usize = 90;
/// Fields of an object that are shown if there are any.
const FEWEST: usize = 3;

/// The fields that are shown, each with the room it has.
pub(super) fn shared(fields: Vec<&Field>, room: usize) -> Vec<(&Field, usize)> {
    let whole: usize = fields.iter().map(|field| named(field, whole(&field.shape))).sum();
    if whole <= room {
        return fields.into_iter().map(|field| (field, room)).collect();
    }
    let least = |field: &Field| named(field, least(&field.shape));
    let required = fields.iter().filter(|field| field.required).map(|field| least(field));
    let mut left = room.saturating_sub(required.sum());
    let mut shown = vec![false; fields.len()];
    let mut count = 0;
    for is_scalar in [true, false] {
        for (field, shown) in fields.iter().zip(&mut shown) {
            if is_nested(&field.shape) == is_scalar {
                continue;
            }
            let size = match (field.required, is_scalar) {
                (true, _) => 0,
                (false, true) => least(field),
                (false, false) => named(field, self::whole(&field.shape).min(WORTHWHILE)),
            };
            *shown = field.required || size <= left || (is_scalar && count < FEWEST);
            if *shown {
                left = left.saturating_sub(size);
                count += 1;
            }
        }
    }
    let shown = fields.into_iter().zip(shown).filter(|(_, shown)| *shown).map(|(field, _)| field);
    let shown: Vec<&Field> = shown.collect();
    let mut nested = shown.iter().filter(|field| is_nested(&field.shape)).count();
    let mut part = |field: &Field| {
        if !is_nested(&field.shape) {
            return left;
        }
        // Who needs less leaves more to those after it.
        let part = (left / nested.max(1)).max(WORTHWHILE).min(self::whole(&field.shape));
        nested -= 1;
        left = left.saturating_sub(part);
        part
    };
    shown.into_iter().map(|field| (field, part(field))).collect()
}

/// How many elements of a list there is room for. A list that was asked for has
/// two, if they fit abridged.
pub(super) fn elements(items: &Shape, room: usize, is_asked_for: bool) -> usize {
    let fewest = if is_asked_for && 2 * least(items) <= room { 2 } else { 1 };
    (room / whole(items).max(1)).max(fewest)
}

fn is_nested(shape: &Shape) -> bool {
    matches!(shape.ty, Type::Object { .. } | Type::Array { .. })
}

fn named(field: &Field, size: usize) -> usize {
    field.name.len() + 4 + size
}

/// About how long a value is with everything that is required.
fn least(shape: &Shape) -> usize {
    match &shape.ty {
        Type::Object { fields } => {
            let required = fields.iter().filter(|field| field.required);
            2 + required.map(|field| named(field, least(&field.shape))).sum::<usize>()
        }
        Type::Array { items, min_items, .. } => 2 + least(items).saturating_mul(*min_items),
        _ => scalar(shape),
    }
}

/// About how long it is with everything that may be there, lists being short.
fn whole(shape: &Shape) -> usize {
    match &shape.ty {
        Type::Object { fields } => fields
            .iter()
            .map(|field| named(field, whole(&field.shape)))
            .fold(2, usize::saturating_add),
        Type::Array { items, min_items, .. } => {
            2 + whole(items).saturating_mul((*min_items).max(2))
        }
        _ => scalar(shape),
    }
}

fn scalar(shape: &Shape) -> usize {
    match &shape.ty {
        Type::String { min_length, .. } => {
            let is_address = matches!(shape.format.as_deref(), Some("uri" | "url" | "iri"));
            (*min_length).max(if is_address { 38 } else { 22 })
        }
        Type::Boolean | Type::Null => 5,
        Type::Integer { .. } | Type::Number { .. } => 7,
        _ => 20,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: serde_json::Value, room: usize, expected: &[&str]) {
        let shape = Shape::of(&schema);
        let shared = shared(shape.fields().iter().collect(), room);
        let names: Vec<&str> = shared.iter().map(|(field, _)| field.name.as_str()).collect();
        assert_eq!(names, expected, "{schema} in {room}");
    }

    #[test]
    fn a_list_is_as_long_as_it_has_room() {
        let text = json!({"type": "string"});
        let items = |required: serde_json::Value| {
            Shape::of(&json!({"type": "object", "required": required, "properties":
                {"a": text, "b": text, "c": text, "d": text, "e": text}}))
        };
        assert_eq!(elements(&items(json!([])), 1_400, true), 10);
        assert_eq!(elements(&items(json!([])), 100, true), 2);
        assert_eq!(elements(&items(json!([])), 100, false), 1);
        let all = json!(["a", "b", "c", "d", "e"]);
        assert_eq!(elements(&items(all.clone()), 100, true), 1);
        assert_eq!(elements(&items(all.clone()), 300, true), 2);
        let uri = json!({"type": "string", "format": "uri"});
        let links = Shape::of(&json!({"type": "object", "required": all, "properties":
            {"a": uri, "b": uri, "c": uri, "d": uri, "e": uri}}));
        assert_eq!(elements(&links, 300, true), 1);
    }

    #[test]
    fn what_holds_more_gives_way_first_and_what_is_required_never() {
        let text = json!({"type": "string"});
        let thing = json!({"type": "object", "properties":
            {"a": text, "b": text, "c": text, "d": text, "e": text, "f": text}});
        let object = json!({"type": "object", "required": ["deep"], "properties": {
            "near": thing, "deep": thing, "id": text, "name": text, "note": text, "more": text}});
        check(object.clone(), 2_000, &["near", "deep", "id", "name", "note", "more"]);
        check(object.clone(), 240, &["near", "deep", "id", "name", "note", "more"]);
        check(object.clone(), 130, &["deep", "id", "name", "note", "more"]);
        check(object, 10, &["deep", "id", "name", "note"]);
    }
}
