//! Other people's forms of good libraries.

use serde_json::json;

use super::*;

fn schema_of(parameters: Value) -> Value {
    only(&json!([{ "name": "f", "description": "d", "parameters": parameters }])).parameters
}

/// The mended form of one property.
fn property(raw: Value) -> Value {
    schema_of(json!({ "type": "object", "properties": { "p": raw } }))["properties"]["p"].clone()
}

#[test]
fn every_shape_of_a_library_gives_the_same_function() {
    let parameters = json!({
        "type": "object",
        "properties": { "city": { "type": "string" } },
        "required": ["city"],
    });
    let bare = json!({ "name": "f", "description": "d", "parameters": parameters });
    let mcp = json!({ "name": "f", "description": "d", "inputSchema": parameters });
    let expected = only(&bare);
    for library in [
        json!([bare]),
        json!([{ "type": "function", "function": bare }]),
        json!({ "type": "function", "function": bare }),
        json!({ "tools": [bare] }),
        json!({ "functions": [bare] }),
        json!({ "tools": [mcp], "nextCursor": null }),
        json!({ "jsonrpc": "2.0", "id": 1, "result": { "tools": [mcp] } }),
        json!([{ "name": "f", "description": "d", "input_schema": parameters }]),
        json!({ "f": { "description": "d", "parameters": parameters } }),
        json!([{ "tools": [bare] }]),
    ] {
        let function = only(&library);
        assert_eq!(function.tool(), expected.tool(), "{library}");
    }
    let line = bare.to_string();
    assert_eq!(load_text("t.jsonl", &format!("{line}\n")).unwrap().library.len(), 1);
    let pretty = serde_json::to_string_pretty(&bare).unwrap();
    let second = pretty.replace("\"f\"", "\"g\"");
    assert_eq!(load_text("t.json", &format!("{pretty}\n{second}")).unwrap().library.len(), 2);
}

#[test]
fn the_output_schema_and_the_group_are_found_at_either_level() {
    let response = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    for key in ["response", "output_schema", "outputSchema", "returns"] {
        let inner = json!([{ "function": { "name": "f", key: response, "x-group": "Movies:DB" } }]);
        let outer = json!([{ "function": { "name": "f" }, key: response, "x-group": "Movies:DB" }]);
        for library in [inner, outer] {
            let function = only(&library);
            assert_eq!(function.response.as_ref(), Some(&response), "{key}");
            assert_eq!((&*function.category, &*function.class), ("Movies", "DB"));
        }
    }
    let listed = json!({ "category_name": "Music", "tool_name": "Spotify", "api_list": [
        { "api_name": "search", "api_description": "d",
          "required_parameters": [{ "name": "q", "type": "STRING" }],
          "optional_parameters": [{ "name": "limit", "type": "NUMBER", "default": "10" }] }] });
    let function = only(&listed);
    assert_eq!((&*function.category, &*function.class), ("Music", "Spotify"));
    assert_eq!(
        function.parameters,
        json!({ "type": "object", "required": ["q"], "properties": {
            "q": { "type": "string" }, "limit": { "type": "number", "default": 10 } } })
    );
}

#[test]
fn a_root_of_another_language_becomes_an_object() {
    for root in ["dict", "HashMap", "object", "Dict[str, Any]"] {
        let schema = schema_of(json!({ "type": root, "properties": {} }));
        assert_eq!(schema["type"], "object", "{root}");
    }
    for nothing in [json!(null), json!(""), json!({}), json!([])] {
        let schema = schema_of(nothing);
        assert_eq!(schema["properties"], json!({}));
    }
    let list =
        schema_of(json!([{ "name": "a", "type": "int", "required": true }, { "name": "b" }]));
    assert_eq!(
        list,
        json!({ "type": "object", "required": ["a"],
                "properties": { "a": { "type": "integer" }, "b": { "type": "string" } } })
    );
    let map = schema_of(json!({ "a": { "type": "str" }, "b": { "type": "int, optional" } }));
    assert_eq!(map["required"], json!(["a"]));
    assert_eq!(
        schema_of(json!({ "type": "object", "properties": [null] }))["properties"],
        json!({})
    );
    assert_eq!(
        schema_of(json!({ "city": "string" }))["properties"]["city"],
        json!({"type": "string"})
    );
}

#[test]
fn types_are_named_or_inferred() {
    let ty = |raw: Value| property(raw)["type"].clone();
    assert_eq!(ty(json!({ "type": "float" })), "number");
    assert_eq!(ty(json!({ "type": "tuple" })), "array");
    assert_eq!(ty(json!({ "type": "", "default": 3 })), "integer");
    assert_eq!(ty(json!({ "enum": [1.5, 2] })), "number");
    assert_eq!(ty(json!({ "type": "any", "description": "Whether to go on." })), "boolean");
    assert_eq!(ty(json!({ "description": "Ending city for the trip" })), "string");
    assert_eq!(ty(json!({ "type": ["str", "None"] })), json!(["string", "null"]));
    assert_eq!(ty(json!({ "type": "string", "nullable": true })), json!(["string", "null"]));
    assert_eq!(ty(json!({ "type": { "type": "int" } })), "integer");
}

#[test]
fn defaults_are_of_their_type_or_gone() {
    let default = |raw: Value| property(raw).get("default").cloned();
    assert_eq!(default(json!({ "type": "string", "default": "None" })), None);
    assert_eq!(default(json!({ "type": "integer", "default": "null" })), None);
    assert_eq!(default(json!({ "type": "number", "default": "0.32" })), Some(json!(0.32)));
    assert_eq!(default(json!({ "type": "boolean", "default": "True" })), Some(json!(true)));
    assert_eq!(default(json!({ "type": "integer", "default": "many" })), None);
    assert_eq!(
        default(json!({ "type": "string", "enum": ["A"], "default": "a" })),
        Some(json!("A"))
    );
    assert_eq!(
        default(json!({ "type": "string", "enum": ["none"], "default": "none" })),
        Some(json!("none"))
    );
    let optional = json!({ "anyOf": [{ "type": "string" }, { "type": "null" }], "default": null });
    assert_eq!(default(optional), Some(json!(null)));
}

#[test]
fn enumerations_in_prose_become_choices() {
    let mended = property(json!({ "type": "string", "description": "[Enum]: celsius, kelvin" }));
    assert_eq!(mended["enum"], json!(["celsius", "kelvin"]));
    let numbers = json!({ "type": "number", "description": "Allowed values are: 320 192 256" });
    assert_eq!(property(numbers)["enum"], json!([320, 192, 256]));
    let examples = json!({ "type": "string", "description": "Examples: 'driving', 'walking'" });
    let mended = property(examples);
    assert_eq!(mended["examples"], json!(["driving", "walking"]));
    assert_eq!(mended.get("enum"), None);
    let contradicted =
        json!({ "type": "string", "default": "d", "description": "Options: a, b, c" });
    assert_eq!(property(contradicted).get("enum"), None);
}

#[test]
fn required_names_are_declared() {
    let schema = schema_of(json!({
        "type": "object",
        "properties": { "a": { "type": "string", "required": true }, "b ": { "type": "string" } },
        "required": ["b ", "ghost", "a", "a", 7],
    }));
    assert_eq!(schema["required"], json!(["a", "b ", "ghost"]));
    for name in ["a", "b ", "ghost"] {
        assert_eq!(schema["properties"][name], json!({ "type": "string" }), "{name}");
    }
}

#[test]
fn references_are_inlined_and_recursive_ones_cut() {
    let schema = schema_of(json!({
        "type": "object",
        "$defs": {
            "Tree": { "type": "object", "properties": {
                "name": { "type": "string" },
                "children": { "type": "array", "items": { "$ref": "#/$defs/Tree" } } } },
        },
        "properties": { "tree": { "$ref": "#/$defs/Tree", "description": "The tree." } },
    }));
    let tree = &schema["properties"]["tree"];
    assert_eq!(tree["description"], "The tree.");
    let inner = &tree["properties"]["children"]["items"];
    assert_eq!(inner["properties"]["name"], json!({ "type": "string" }));
    // The tree below is as good without children of its own.
    assert_eq!(inner["properties"].get("children"), None);
    assert!(!schema.to_string().contains("$ref") && schema.get("$defs").is_none());

    let lost = load_value(&json!([{ "name": "f", "parameters": { "type": "object", "properties": {
        "p": { "$ref": "#/nowhere" } } } }]))
    .unwrap();
    let repair = &lost.report.repaired[0];
    assert_eq!(repair.pointer, "/parameters/properties/p");
    assert_eq!(repair.what, "\"#/nowhere\" leads nowhere: anything goes");
}

#[test]
fn all_of_is_merged_and_any_of_is_kept() {
    let schema = schema_of(json!({ "allOf": [
        { "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] },
        { "properties": { "b": { "anyOf": [{ "type": "string" }, { "type": "integer" }] } } },
    ] }));
    assert_eq!(
        schema,
        json!({ "type": "object", "required": ["a"], "properties": {
            "a": { "type": "string" },
            "b": { "anyOf": [{ "type": "string" }, { "type": "integer" }] } } })
    );
}

#[test]
fn a_clean_schema_stays_as_it_is() {
    let clean = json!({
        "type": "object",
        "description": "All of it.",
        "properties": {
            "x-id": { "type": "string", "pattern": "^[a-z]+$", "minLength": 1, "maxLength": 9 },
            "n": { "type": "integer", "minimum": 0, "maximum": 9, "default": 3 },
            "kind": { "type": "string", "enum": ["a", "b"], "default": "a" },
            "tags": { "type": "array", "items": { "type": "string" }, "uniqueItems": true },
            "inner": { "type": "object", "properties": { "y": { "type": "number" } },
                       "required": ["y"], "additionalProperties": false },
            "any": { "type": "object", "additionalProperties": { "type": "string" } },
            "either": { "oneOf": [{ "type": "string", "format": "date" }, { "type": "null" }] },
        },
        "required": ["x-id"],
        "additionalProperties": false,
    });
    let loaded = load_value(&json!([{ "name": "f", "parameters": clean }])).unwrap();
    assert_eq!(loaded.report.repaired, []);
    assert_eq!(loaded.library.iter().next().unwrap().1.parameters, clean);
}

#[test]
fn names_are_made_legal_and_unique_and_every_change_is_reported() {
    let function =
        |name: &str, group: &str| json!({ "name": name, "description": group, "x-group": group });
    let loaded = load_value(&json!([
        function("search", "Music:Spotify"),
        function("search", "Video:You Tube"),
        function("get \"it\"\nnow", "Misc"),
    ]))
    .unwrap();
    let names: Vec<&str> = loaded.library.iter().map(|(_, f)| f.name.as_str()).collect();
    assert_eq!(names, ["search", "search_you_tube", "get_it_now"]);
    let renamed: Vec<(&str, &str)> =
        loaded.report.renamed.iter().map(|r| (&*r.from, &*r.to)).collect();
    assert_eq!(renamed, [("search", "search_you_tube"), ("get \"it\" now", "get_it_now")]);
}
