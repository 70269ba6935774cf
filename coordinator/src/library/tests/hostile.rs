//! Hostile and random libraries: bounded time and memory, never a panic, and
//! whatever is accepted is clean.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

/// What every loaded library promises.
fn assert_clean(loaded: &Loaded) {
    let mut names = std::collections::BTreeSet::new();
    for (id, function) in loaded.library.iter() {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        assert!((1..=64).contains(&function.name.len()), "{}", function.name);
        assert!(function.name.chars().all(legal), "{}", function.name);
        assert!(names.insert(function.name.clone()), "{} twice", function.name);
        assert_eq!(loaded.library.find(&function.name), Some(id));
        assert!(!function.category.is_empty() && !function.class.is_empty());
        assert!(!function.description.contains('\u{1b}'));
        assert_eq!(function.parameters["type"], "object");
        assert!(jsonschema::validator_for(&function.parameters).is_ok(), "{}", function.parameters);
        if let Some(response) = &function.response {
            assert!(jsonschema::validator_for(response).is_ok(), "{response}");
        }
    }
    assert_eq!(loaded.report.functions, loaded.library.len());
    assert!(loaded.report.to_string().lines().count() < 120);
}

#[test]
fn a_hundred_thousand_functions_are_loaded_with_a_bounded_report() {
    let function = |at: usize| {
        json!({ "name": format!("f{}", at % 1000), "description": format!("Number {at}"),
                "parameters": { "type": "dict", "properties": { "a": { "type": "int" } } } })
    };
    let functions: Vec<Value> = (0..100_000).map(function).collect();
    let loaded = load_value(&functions.into()).unwrap();
    assert_eq!(loaded.library.len(), 100_000);
    assert_eq!(loaded.report.repairs.values().sum::<usize>(), 200_000);
    assert_eq!(loaded.report.repaired.len(), 10_000);
    assert_eq!(loaded.report.renames, 99_000);
}

#[test]
fn texts_of_ten_megabytes_are_cut() {
    let long = "word ".repeat(2_000_000);
    let loaded = load_value(&json!([{ "name": long, "description": long, "parameters": {
        "type": "object", "properties": { "a": { "type": "string", "description": long,
            "default": long, "enum": [long, "b"], "format": long, "pattern": long } } } }]))
    .unwrap();
    assert_clean(&loaded);
    assert!(serde_json::to_string(&loaded.library).unwrap().len() < 20_000);
    assert!(serde_json::to_string(&loaded.report).unwrap().len() < 20_000);
}

#[test]
fn references_that_multiply_are_cut() {
    let mut definitions = Map::new();
    for at in 0..30 {
        let next = json!({ "$ref": format!("#/$defs/d{}", at + 1) });
        let properties: Map<String, Value> =
            (0..10).map(|child| (format!("c{child}"), next.clone())).collect();
        definitions.insert(format!("d{at}"), json!({ "type": "object", "properties": properties }));
    }
    let bomb = json!({ "name": "bomb", "parameters": { "type": "object", "$defs": definitions,
        "properties": { "p": { "$ref": "#/$defs/d0" } } } });
    let mutual = json!({ "name": "mutual", "parameters": { "type": "object",
        "$defs": { "a": { "allOf": [{ "$ref": "#/$defs/b" }, { "$ref": "#/$defs/b" }] },
                   "b": { "allOf": [{ "$ref": "#/$defs/a" }, { "$ref": "#/$defs/a" }] } },
        "properties": { "p": { "$ref": "#/$defs/a" } } } });
    let itself = json!({ "name": "itself", "parameters": { "$ref": "#" } });
    let loaded = load_value(&json!([bomb, mutual, itself])).unwrap();
    assert_clean(&loaded);
    assert!(loaded.report.repairs[&super::super::RepairKind::Cut] > 0);
    assert!(serde_json::to_string(&loaded.library).unwrap().len() < 1_000_000);
}

#[test]
fn outputs_of_entities_that_point_at_one_another_stay_small() {
    const ENTITIES: usize = 60;
    let entity = |at: usize| {
        let mut properties: Map<String, Value> = (0..12)
            .map(|n| {
                (format!("text{n}"), json!({ "type": "string", "description": "x".repeat(300) }))
            })
            .collect();
        for n in 1..8 {
            let other =
                json!({ "$ref": format!("#/components/schemas/e{}", (at * n + n) % ENTITIES) });
            properties.insert(format!("one{n}"), json!({ "anyOf": [{ "type": "string" }, other] }));
            properties.insert(format!("all{n}"), json!({ "type": "array", "items": other }));
        }
        let required: Vec<&String> = properties.keys().collect();
        json!({ "type": "object", "required": required, "properties": properties })
    };
    let operation = |at: usize| {
        let schema = json!({ "$ref": format!("#/components/schemas/e{}", at % ENTITIES) });
        json!({ "get": { "operationId": format!("get{at}"), "responses": { "200": {
            "content": { "application/json": { "schema": schema } } } } } })
    };
    let paths: Map<String, Value> = (0..300).map(|at| (format!("/e{at}"), operation(at))).collect();
    let schemas: Map<String, Value> =
        (0..ENTITIES).map(|at| (format!("e{at}"), entity(at))).collect();
    let loaded = load_value(&json!({
        "openapi": "3.0.0", "paths": paths, "components": { "schemas": schemas } }))
    .unwrap();
    assert_clean(&loaded);
    for (_, function) in loaded.library.iter() {
        let response = function.response.as_ref().unwrap();
        let known = response["properties"].as_object().unwrap();
        assert_eq!(known.len(), 26, "{response}");
        assert!(response.to_string().len() < 60_000, "{}", response.to_string().len());
    }
}

#[test]
fn deep_nesting_is_cut_before_it_is_followed() {
    let mut schema = json!({ "type": "string" });
    for _ in 0..50 {
        schema = json!({ "type": "object", "properties": { "p": schema } });
    }
    let loaded = load_value(&json!([{ "name": "deep", "parameters": schema }])).unwrap();
    assert_clean(&loaded);
    assert!(load_text("t.yaml", &"[".repeat(100_000)).is_err());
    assert!(load_text("t.json", &"{\"a\":".repeat(100_000)).is_err());
}

#[test]
fn names_and_texts_cannot_write_to_the_terminal() {
    let loaded = load_value(&json!([
        { "name": "a\u{1b}[2J\nb\"c", "description": "\u{1b}[31mred\u{202e}",
          "x-group": "g\u{1b}[0m\nh", "parameters": { "type": "object", "properties": {
              "p\u{1b}\n\"q": { "type": "\u{1b}nonsense" } } } },
        { "name": "\u{1b}x", "parameters": 3 },
    ]))
    .unwrap();
    assert_clean(&loaded);
    let summary = loaded.report.to_string();
    assert!(!summary.contains('\u{1b}'), "{summary:?}");
    assert!(!serde_json::to_string(&loaded.library).unwrap().contains("u001b"));
}

/// Any JSON, with the keywords of schemas and libraries among its keys.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "type", "properties", "required", "items", "$ref", "$defs", "allOf", "anyOf", "enum",
        "default", "description", "name", "parameters", "function", "tools", "result", "openapi",
        "swagger", "paths", "get", "requestBody", "content", "schema", "responses", "200", "in",
        "inputSchema", "response", "x-group", "tool_name", "nullable", "pattern", "minimum",
        "maximum", "minLength", "const", "examples", "not", "additionalProperties", "object",
        "array", "string", "dict", "float", "any", "None", "#", "#/a", "3.0.0", "",
        "Options: a, b", "e.g. `x`", "(", "é\u{1b}\n\"", "true",
    ])
    .prop_map(str::to_owned);
    let key = prop_oneof![9 => word.clone(), 1 => "\\PC{0,6}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|pairs| Value::from(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Puts `value` at the `at`-th place of a document, counted depth first.
fn replace(document: &mut Value, at: &mut usize, value: &Value) {
    if *at == 0 {
        *document = value.clone();
    }
    *at = at.wrapping_sub(1);
    match document {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, at, value)),
        Value::Object(object) => object.values_mut().for_each(|item| replace(item, at, value)),
        _ => {}
    }
}

fn good_library() -> Value {
    json!([
        { "type": "function", "x-group": "a:b", "function": {
            "name": "f", "description": "Options: a, b",
            "parameters": { "type": "object", "required": ["p"], "properties": {
                "p": { "type": "string", "enum": ["a", "b"], "default": "a", "pattern": "^a" },
                "q": { "type": "array", "items": { "$ref": "#/$defs/D" }, "minItems": 1 },
                "r": { "anyOf": [{ "type": "integer", "minimum": 3 }, { "type": "null" }] } },
                "$defs": { "D": { "allOf": [{ "type": "object", "properties": { "s": {} } }] } } },
            "response": { "type": "object", "properties": { "t": { "type": "number" } } } } },
        { "name": "g", "inputSchema": { "type": "object", "properties": {} } },
    ])
}

fn good_api() -> Value {
    json!({ "openapi": "3.0.0", "paths": { "/a/{id}": { "post": {
        "operationId": "x", "tags": ["t"],
        "parameters": [{ "name": "id", "in": "path", "schema": { "type": "string" } }],
        "requestBody": { "content": { "application/json": { "schema": {
            "$ref": "#/components/schemas/S" } } } },
        "responses": { "200": { "content": { "application/json": { "schema": {
            "$ref": "#/components/schemas/S" } } } } } } } },
        "components": { "schemas": { "S": { "type": "object", "properties": {
            "id": { "type": "integer" }, "s": { "$ref": "#/components/schemas/S" } } } } } })
}

fn check(document: &Value) {
    match load_value(document) {
        Ok(loaded) => assert_clean(&loaded),
        Err(error) => {
            let message = error.to_string();
            assert!(message.contains("\nhint: "), "{message}");
            assert!(message.contains("tools.json"), "{message}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_json_never_panics(document in any_json()) {
        check(&document);
        check(&json!([document]));
        check(&json!([{ "name": "f", "parameters": document, "response": document }]));
        check(&json!([{ "name": "f", "parameters": { "type": "object", "properties": { "p": document } } }]));
    }

    #[test]
    fn a_damaged_library_never_panics(at in 0usize..60, other in 0usize..60, value in any_json()) {
        for mut document in [good_library(), good_api()] {
            replace(&mut document, &mut at.clone(), &value);
            check(&document);
            replace(&mut document, &mut other.clone(), &Value::Null);
            check(&document);
        }
    }

    #[test]
    fn random_text_never_panics(text in "\\PC{0,80}", cut in 0usize..400) {
        for label in ["t.json", "t.jsonl", "t.yaml", "t"] {
            let _either_way = load_text(label, &text);
            let good = good_library().to_string();
            let cut: String = good.chars().take(cut).collect();
            let _either_way = load_text(label, &format!("{cut}{text}"));
        }
    }

    #[test]
    fn what_is_mended_twice_stays_as_it_is(value in any_json()) {
        let reload = |parameters: &Value| {
            let document = json!([{ "name": "f", "description": "d", "parameters": parameters }]);
            let loaded = load_value(&document).ok()?;
            let (_, function) = loaded.library.iter().next()?;
            Some(function.parameters.clone())
        };
        if let Some(twice) = reload(&value).and_then(|once| reload(&once)) {
            prop_assert_eq!(reload(&twice), Some(twice));
        }
    }
}
