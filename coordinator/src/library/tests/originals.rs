//! What fits a mended schema fits the one its user gave: calls and outputs are
//! made from the one and validated against the other.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

/// How much of what a schema allows a value has.
#[derive(Clone, Copy, Debug)]
enum Extent {
    Least,
    Most,
}

/// A value that fits the schema; `turn` chooses among alternatives.
fn value(schema: &Value, extent: Extent, turn: usize) -> Value {
    let pick = |all: &[Value]| all[turn % all.len()].clone();
    if let Some(Value::Array(choices)) = schema.get("enum") {
        return pick(choices);
    }
    if let Some(only) = schema.get("const") {
        return only.clone();
    }
    let variants = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(*key)?.as_array());
    if let Some(variants) = variants {
        let inner = value(&pick(variants), extent, turn);
        return match (inner, schema.get("properties")) {
            (Value::Object(inner), Some(_)) => {
                let mut whole = object(schema, extent, turn);
                whole.extend(inner);
                whole.into()
            }
            (inner, _) => inner,
        };
    }
    let ty = match schema.get("type") {
        Some(Value::Array(types)) => types[turn % types.len()].as_str().unwrap(),
        Some(ty) => ty.as_str().unwrap(),
        None if schema.get("properties").is_some() => "object",
        None => "null",
    };
    match ty {
        "object" => object(schema, extent, turn).into(),
        "array" => array(schema, extent, turn).into(),
        "string" => "x".repeat(number(schema, "minLength").unwrap_or(2.0) as usize).into(),
        "boolean" => true.into(),
        "null" => Value::Null,
        _ => {
            let low = number(schema, "minimum")
                .or_else(|| number(schema, "exclusiveMinimum").map(|n| n + 1.0));
            let high = number(schema, "maximum").filter(|_| matches!(extent, Extent::Most));
            json!(high.or(low).unwrap_or(1.0) as i64)
        }
    }
}

fn number(schema: &Value, key: &str) -> Option<f64> {
    schema.get(key)?.as_f64()
}

fn object(schema: &Value, extent: Extent, turn: usize) -> Map<String, Value> {
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut made = Map::new();
    for (name, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if matches!(extent, Extent::Most) || required.contains(&json!(name)) {
            made.insert(name.clone(), value(inner, extent, turn));
        }
    }
    if let (Some(inner @ Value::Object(_)), Extent::Most) =
        (schema.get("additionalProperties"), extent)
    {
        made.insert("another".to_owned(), value(inner, extent, turn));
    }
    made
}

fn array(schema: &Value, extent: Extent, turn: usize) -> Vec<Value> {
    let places = schema.get("prefixItems").and_then(Value::as_array).cloned().unwrap_or_default();
    let least = number(schema, "minItems").unwrap_or(0.0) as usize;
    let most = number(schema, "maxItems").unwrap_or(9.0) as usize;
    let wanted = match extent {
        Extent::Least => least,
        Extent::Most => least.max(places.len() + 1).min(most),
    };
    let rest = schema.get("items");
    let at = |at: usize| Some(value(places.get(at).or(rest)?, extent, turn + at));
    (0..wanted).map_while(at).collect()
}

/// Loads the function and validates what fits its mended parameters against
/// its own.
fn check(original: &Value) -> Result<(), String> {
    let mended = only(&json!([{ "name": "f", "description": "d", "parameters": original }]));
    fits(&mended.parameters, original)
}

fn fits(mended: &Value, original: &Value) -> Result<(), String> {
    let validator = jsonschema::validator_for(original).unwrap();
    for extent in [Extent::Least, Extent::Most] {
        for turn in 0..6 {
            let call = value(mended, extent, turn);
            if let Err(error) = validator.validate(&call) {
                return Err(format!("{call}: {error}\nmended {mended}\noriginal {original}"));
            }
        }
    }
    Ok(())
}

fn parameters(properties: Value, definitions: Value) -> Value {
    let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
    let required = json!(required);
    json!({ "type": "object", "properties": properties, "required": required,
            "$defs": definitions })
}

#[test]
fn a_recursion_ends_where_the_schema_lets_it() {
    let node = |required: Value| {
        json!({ "node": { "type": "object", "required": required, "properties": {
            "label": { "type": "string" },
            "children": { "type": "array", "items": { "$ref": "#/$defs/node" } } } } })
    };
    let tree = json!({ "tree": { "$ref": "#/$defs/node" } });
    check(&parameters(tree.clone(), node(json!(["label"])))).unwrap();
    check(&parameters(tree.clone(), node(json!(["label", "children"])))).unwrap();

    let chain = json!({ "node": { "type": "object", "required": ["next"], "properties": {
        "next": { "anyOf": [{ "$ref": "#/$defs/node" }, { "type": "null" }] } } } });
    check(&parameters(tree.clone(), chain)).unwrap();
    let map = json!({ "node": { "type": "object",
        "additionalProperties": { "$ref": "#/$defs/node" } } });
    check(&parameters(tree.clone(), map)).unwrap();
    let parts = json!({ "node": { "allOf": [
        { "type": "object", "properties": { "up": { "$ref": "#/$defs/node" } } },
        { "required": ["label"], "properties": { "label": { "type": "string" } } } ] } });
    check(&parameters(tree.clone(), parts)).unwrap();

    let endless = json!({ "node": { "type": "object", "required": ["next"],
        "properties": { "next": { "$ref": "#/$defs/node" } } } });
    let library = json!([{ "name": "f", "parameters": parameters(tree, endless) },
                         { "name": "g", "description": "d" }]);
    let report = load_value(&library).unwrap().report;
    assert_eq!(report.refused[0].why, "its \"parameters\" requires itself without end");
}

#[test]
fn what_is_required_is_made_however_much_stands_before_it() {
    let wide: Map<String, Value> = (0..40)
        .map(|at| {
            let inner: Map<String, Value> =
                (0..40).map(|at| (format!("q{at}"), json!({ "$ref": "#/$defs/pair" }))).collect();
            (format!("p{at}"), json!({ "type": "object", "properties": inner }))
        })
        .collect();
    let mut properties = json!({ "wide": { "type": "object", "properties": wide } });
    properties["owner"] = json!({ "$ref": "#/$defs/pair" });
    let original = parameters(
        properties,
        json!({
        "pair": { "type": "object", "required": ["left", "right"], "properties": {
            "left": { "type": "object", "required": ["id"], "properties": {
                "id": { "type": "integer" } } },
            "right": { "type": "string" } } } }),
    );
    check(&original).unwrap();
    let mended = only(&json!([{ "name": "f", "parameters": original }])).parameters;
    assert_eq!(mended["properties"]["owner"]["properties"]["right"]["type"], "string");
    assert!(mended.to_string().len() < 200_000, "{}", mended.to_string().len());
}

#[test]
fn tuples_keep_their_places() {
    let pair =
        |list: Value| json!({ "type": "object", "required": ["p"], "properties": { "p": list } });
    let two = json!([{ "type": "number" }, { "enum": ["km", "mi"] }]);
    check(&pair(json!({ "type": "array", "prefixItems": two, "items": false, "minItems": 2 })))
        .unwrap();
    check(&pair(json!({ "type": "array", "prefixItems": two, "minItems": 2,
                        "items": { "type": "boolean" } })))
    .unwrap();
    check(&pair(json!({ "type": "array", "items": false }))).unwrap();
    for rest in [json!(false), json!({ "type": "boolean" })] {
        let mut old = pair(json!({ "type": "array", "items": two, "additionalItems": rest,
                                   "minItems": 2 }));
        old["$schema"] = json!("http://json-schema.org/draft-04/schema#");
        check(&old).unwrap();
        let mended = only(&json!([{ "name": "f", "parameters": old }])).parameters;
        assert_eq!(mended["properties"]["p"]["prefixItems"][1]["enum"], json!(["km", "mi"]));
    }
}

#[test]
fn all_parts_of_a_schema_hold() {
    let whole = |parts: Value| parameters(json!({ "p": { "allOf": parts } }), json!({}));
    check(&whole(json!([{ "type": "integer", "minimum": 1, "maximum": 100 }, { "minimum": 90 },
                        { "maximum": 95 }])))
    .unwrap();
    let part = |name: &str| {
        json!({ "type": "object", "required": ["ds"], "properties": { "ds": {
            "type": "object", "required": [name], "properties": { name: { "type": "string" } } } } })
    };
    check(&whole(json!([part("key"), part("endpoint")]))).unwrap();
    check(&parameters(
        json!({ "p": { "$ref": "#/$defs/base", "minLength": 5 } }),
        json!({ "base": { "type": "string", "minLength": 1, "maxLength": 9 } }),
    ))
    .unwrap();
    check(&json!({ "type": "object", "required": ["x"],
        "oneOf": [{ "properties": { "b": { "type": "string" } }, "required": ["b", "x"] },
                  { "properties": { "c": { "type": "integer" } }, "required": ["c", "x"] }],
        "properties": { "x": { "type": "integer" } } }))
    .unwrap();
}

#[test]
fn names_of_schemas_lead_to_them() {
    let address = json!({ "type": "object", "required": ["zip"],
                          "properties": { "zip": { "type": "integer" } } });
    let mut anchored = address.clone();
    anchored["$anchor"] = json!("addr");
    check(&parameters(json!({ "a": { "$ref": "#addr" } }), json!({ "x": anchored }))).unwrap();
    let mut named = address.clone();
    named["$id"] = json!("defs.json");
    let mut by_id = parameters(
        json!({ "a": { "$ref": "https://h.example/s.json#/$defs/plain" },
                "b": { "$ref": "defs.json" }, "c": { "$ref": "#/$defs/plain" } }),
        json!({ "plain": address, "named": named }),
    );
    by_id["$id"] = json!("https://h.example/s.json");
    check(&by_id).unwrap();
    // Two functions may use one name for two things.
    let other = parameters(
        json!({ "a": { "$ref": "#addr" } }),
        json!({ "x": { "$anchor": "addr", "type": "boolean" } }),
    );
    let first = parameters(json!({ "a": { "$ref": "#addr" } }), json!({ "x": anchored }));
    let both = json!([{ "name": "f", "parameters": first }, { "name": "g", "parameters": other }]);
    let loaded = load_value(&both).unwrap();
    assert_eq!(loaded.report.repaired, [], "{}", loaded.report);
    for ((_, function), original) in loaded.library.iter().zip([first, other]) {
        fits(&function.parameters, &original).unwrap();
    }
}

#[test]
fn what_is_required_and_not_declared_is_given() {
    let whole = |more: Value| {
        let mut schema = json!({ "type": "object", "required": ["a", "b"],
            "properties": { "a": { "type": "string" } } });
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    };
    check(&whole(json!({}))).unwrap();
    check(&whole(json!({ "additionalProperties": { "type": "integer" } }))).unwrap();
    let nested = json!({ "inner": whole(json!({})) });
    check(&parameters(nested, json!({}))).unwrap();
    let api = json!({ "openapi": "3.0.0", "paths": { "/x": { "post": { "operationId": "f",
        "requestBody": { "content": { "application/json": { "schema": whole(json!({})) } } } } } } });
    assert_eq!(only(&api).parameters["required"], json!(["a", "b"]));
}

#[test]
fn blanks_in_a_name_are_part_of_it() {
    check(&parameters(
        json!({ "date\t": { "type": "string" }, " to ": { "type": "string" } }),
        json!({}),
    ))
    .unwrap();
}

#[test]
fn a_dynamic_reference_leads_where_it_leads_alone() {
    let tree = json!({ "tree": { "$dynamicAnchor": "node", "type": "object", "required": ["size"],
        "properties": { "size": { "type": "integer" },
            "kids": { "type": "array", "items": { "$dynamicRef": "#node" } } } } });
    check(&parameters(json!({ "tree": { "$ref": "#/$defs/tree" } }), tree)).unwrap();
}

#[test]
fn conditions_are_neither_widened_nor_narrowed() {
    let original = json!({ "type": "object",
        "properties": { "a": { "type": "integer" }, "list": { "type": "array" } },
        "not": { "properties": { "list": { "type": "array", "minItems": 3 } }, "required": ["list"] },
        "dependencies": { "a": ["list"] } });
    let mended = only(&json!([{ "name": "f", "parameters": original }])).parameters;
    assert_eq!(mended["not"]["properties"]["list"], json!({ "type": "array", "minItems": 3 }));
    assert_eq!(mended["dependentRequired"], json!({ "a": ["list"] }));
    check(&original).unwrap();
}

#[test]
fn who_sends_a_property_is_kept_apart() {
    let user = json!({ "type": "object", "required": ["id", "password", "name"], "properties": {
        "id": { "type": "integer", "readOnly": true },
        "password": { "$ref": "#/components/schemas/Secret" },
        "name": { "type": "string" } } });
    let media =
        json!({ "application/json": { "schema": { "$ref": "#/components/schemas/User" } } });
    let function = only(&json!({ "openapi": "3.0.0", "paths": { "/users/{id}": { "put": {
        "operationId": "setUser",
        "parameters": [{ "name": "id", "in": "path", "required": true,
                         "schema": { "type": "integer", "readOnly": true } }],
        "requestBody": { "content": media }, "responses": { "200": { "content": media } } } } },
        "components": { "schemas": { "User": user,
            "Secret": { "type": "string", "writeOnly": true } } } }));
    let names = |schema: &Value| -> Vec<String> {
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(names(&function.parameters), ["id", "password", "name"]);
    assert_eq!(function.parameters["required"], json!(["id", "password", "name"]));
    let response = function.response.unwrap();
    assert_eq!(names(&response), ["id", "name"]);
    assert_eq!(response["required"], json!(["id", "name"]));
    // A tool that requires what it calls read only means it.
    let mut own = user;
    own["properties"]["password"] = json!({ "type": "string" });
    let tool = only(&json!([{ "name": "f", "parameters": own }]));
    assert!(tool.parameters["properties"].get("id").is_some());
}

/// Schemas that refer to one another, within what JSON Schema lets one say.
fn any_schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (0..50i64, 0..50i64).prop_map(|(low, more)| {
            json!({ "type": "integer", "minimum": low, "maximum": low + more })
        }),
        Just(json!({ "type": "string", "minLength": 1 })),
        Just(json!({ "enum": ["a", "b", "c"] })),
        Just(json!({ "type": "boolean" })),
        (0..4usize).prop_map(|at| json!({ "$ref": format!("#/$defs/d{at}") })),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            4 => prop::collection::vec((inner.clone(), any::<bool>()), 1..4).prop_map(an_object),
            2 => (inner.clone(), 0..2usize).prop_map(|(items, least)| {
                json!({ "type": "array", "items": items, "minItems": least })
            }),
            1 => prop::collection::vec(inner.clone(), 1..3).prop_map(|places| {
                json!({ "type": "array", "prefixItems": places, "items": false })
            }),
            1 => inner.clone().prop_map(|inner| json!({ "anyOf": [inner, { "type": "null" }] })),
            1 => inner.clone().prop_map(|inner| {
                json!({ "type": "object", "additionalProperties": inner })
            }),
            1 => (inner.clone(), inner).prop_map(|(first, second)| json!({ "allOf": [
                { "type": "object", "properties": { "a": first }, "required": ["a"] },
                { "type": "object", "properties": { "b": second } } ] })),
        ]
    })
}

fn an_object(members: Vec<(Value, bool)>) -> Value {
    let name = |at: usize| format!("m{at}");
    let required: Vec<String> = members
        .iter()
        .enumerate()
        .filter(|(_, (_, required))| *required)
        .map(|(at, _)| name(at))
        .collect();
    let properties: Map<String, Value> =
        members.into_iter().enumerate().map(|(at, (schema, _))| (name(at), schema)).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_is_loaded_makes_valid_calls_and_outputs(
        definitions in prop::collection::vec(any_schema(), 4),
        properties in prop::collection::vec((any_schema(), any::<bool>()), 1..4),
    ) {
        let mut original = an_object(properties);
        let keyed = definitions.into_iter().enumerate();
        original["$defs"] =
            Value::Object(keyed.map(|(at, schema)| (format!("d{at}"), schema)).collect());
        let library = json!([
            { "name": "f", "parameters": original, "response": original }, { "name": "g" }]);
        let loaded = load_value(&library).unwrap();
        // Refused is what requires itself without end.
        if let Some(id) = loaded.library.find("f") {
            let function = loaded.library.get(id);
            prop_assert_eq!(fits(&function.parameters, &original), Ok(()));
            let response = function.response.as_ref().unwrap();
            prop_assert_eq!(fits(response, &original), Ok(()));
        }
    }
}
