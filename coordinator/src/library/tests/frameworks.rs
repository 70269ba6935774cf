//! Each framework's way to write a function down.

use serde_json::json;

use super::*;

fn find_seat(parameters: &str) -> Value {
    json!({ "name": "find_seat", "description": "Find a seat", parameters: seat() })
}

fn seat() -> Value {
    json!({ "type": "object", "properties": { "row": { "type": "integer" } }, "required": ["row"] })
}

/// The library is the one function that finds a seat, and nothing is left to
/// tell.
fn check(library: &Value) {
    let loaded = load_value(library).unwrap_or_else(|error| panic!("{library}: {error}"));
    let report = &loaded.report;
    let functions: Vec<&Function> = loaded.library.iter().map(|(_, function)| function).collect();
    let [function] = functions.as_slice() else { panic!("{library}: {report}") };
    assert_eq!(function.name, "find_seat", "{library}");
    assert_eq!(function.description, "Find a seat", "{library}");
    assert_eq!(function.parameters, seat(), "{library}");
    assert_eq!(report.problems(), None, "{library}: {report}");
}

#[test]
fn parameters_are_read_from_every_frameworks_key() {
    for key in [
        "parameters", "inputSchema", "input_schema", "input_parameters", "parametersJsonSchema",
        "parameters_json_schema", "args_schema", "fn_schema", "inputs",
    ] {
        check(&json!([find_seat(key)]));
    }
    let mut empty = find_seat("inputSchema");
    empty["parameters"] = json!({});
    check(&json!([empty]));
}

#[test]
fn a_schema_is_taken_out_of_its_wrapper() {
    for wrapper in ["jsonSchema", "json", "schema"] {
        let mut tool = find_seat("inputSchema");
        tool["inputSchema"] = json!({ wrapper: seat() });
        check(&json!([tool]));
        tool["inputSchema"] = json!({ wrapper: seat().to_string() });
        check(&json!([tool]));
    }
    let named_schema = json!([{ "name": "f", "parameters": { "schema": { "type": "string" } } }]);
    assert_eq!(only(&named_schema).parameters["properties"]["schema"], json!({ "type": "string" }));
}

#[test]
fn a_function_is_taken_out_of_its_wrapper() {
    let spec = json!({ "toolSpec": {
        "name": "find_seat", "description": "Find a seat", "inputSchema": { "json": seat() } } });
    check(&json!([spec]));
    check(&json!({ "toolConfig": { "tools": [spec] } }));
    let declared = json!({ "name": "find_seat", "description": "Find a seat", "parameters": {
        "type": "OBJECT", "properties": { "row": { "type": "INTEGER" } }, "required": ["row"] } });
    check(&json!([{ "functionDeclarations": [declared] }]));
    check(&json!({ "function_declarations": [declared] }));
    check(&json!({ "tools": [{ "functionDeclarations": [declared] }] }));
    check(&json!({ "items": [find_seat("input_parameters")], "total": 1 }));
}

#[test]
fn a_function_that_stands_alone_under_any_key_is_taken_out() {
    check(&json!([{ "type": "haystack.tools.tool.Tool", "data": find_seat("parameters") }]));
    check(&json!([{ "metadata": find_seat("fn_schema") }]));
    let nameless = json!({ "description": "Find a seat", "parameters": seat() });
    check(&json!([{ "find_seat": nameless }]));
    // What was called is no function.
    let called = json!([{ "call": { "name": "find_seat", "arguments": { "row": 3 } } }]);
    assert!(load_value(&called).is_err());
}

#[test]
fn all_lists_of_a_file_are_read() {
    let other = json!({ "name": "book_seat", "description": "d", "parameters": seat() });
    let two = json!({ "Finding": [find_seat("parameters")], "Booking": [other] });
    let loaded = load_value(&two).unwrap();
    let read: Vec<(&str, &str)> =
        loaded.library.iter().map(|(_, f)| (&*f.name, &*f.category)).collect();
    assert_eq!(read, [("find_seat", "Finding"), ("book_seat", "Booking")]);
    let plugin = |functions: Value| json!({ "name": "Seats", "functions": functions });
    check(&json!({ "plugins": [plugin(json!([find_seat("parameters")]))] }));
    check(&json!({ "Functions": [find_seat("parameters").to_string()], "Output": [] }));
}

#[test]
fn listed_parameters_are_read_in_each_frameworks_words() {
    let parameters = |list: Value| {
        let tool = json!([{ "name": "f", "description": "d", "parameters": list }]);
        only(&tool).parameters
    };
    let kernel = parameters(json!([
        { "name": "row", "type_": "int", "is_required": true, "default_value": null,
          "schema_data": { "type": "integer" } },
        { "name": "kind", "type_": "str", "is_required": false, "default_value": "a" },
    ]));
    assert_eq!(
        kernel,
        json!({ "type": "object", "required": ["row"], "properties": {
            "row": { "type": "integer" }, "kind": { "type": "string", "default": "a" } } })
    );
    let around = json!([{ "name": "row", "in": "query", "required": true,
        "schema": { "type": "integer", "minimum": 1 } }]);
    assert_eq!(
        parameters(around),
        json!({ "type": "object", "required": ["row"], "properties": {
            "row": { "type": "integer", "minimum": 1 } } })
    );
}

#[test]
fn a_tool_of_dify_is_read() {
    let text = "\
identity: {name: find_seat, author: me, label: {en_US: Seat}}
description: {human: {en_US: Seats}, llm: Find a seat}
parameters:
  - {name: row, type: number, required: true, llm_description: The row, form: llm}
  - name: kind
    type: select
    options: [{value: aisle, label: {en_US: Aisle}}, {value: window, label: {en_US: Window}}]
";
    let loaded = load_text("seat.yaml", text).unwrap();
    let (_, function) = loaded.library.iter().next().unwrap();
    assert_eq!((&*function.name, &*function.description), ("find_seat", "Find a seat"));
    assert_eq!(
        function.parameters,
        json!({ "type": "object", "required": ["row"], "properties": {
            "row": { "type": "number", "description": "The row" },
            "kind": { "type": "string", "enum": ["aisle", "window"] } } })
    );
}

#[test]
fn required_names_may_stand_beside_the_parameters() {
    let row = json!({ "row": { "type": "integer" } });
    let tool = |parameters: Value, required: Value| {
        json!([{ "name": "find_seat", "description": "Find a seat", "parameters": parameters,
                 "required": required }])
    };
    let whole = json!({ "type": "object", "properties": row });
    for parameters in [row, whole.clone()] {
        assert_eq!(only(&tool(parameters, json!(["row"]))).parameters, seat());
    }
    // Names of something else, or nothing.
    for required in [json!(["seat"]), json!(null), json!(true)] {
        let function = only(&tool(whole.clone(), required));
        assert_eq!(function.parameters.get("required"), None);
    }
    check(&tool(seat(), json!([])));
}

#[test]
fn types_that_are_numbers_are_those_of_gemini() {
    let parameters = json!({ "type_": 6, "required": ["row"], "properties": {
        "row": { "type_": 3 }, "tags": { "type": 5, "items": { "type": 1 } } } });
    let tool = json!([{ "name": "f", "description": "d", "parameters": parameters }]);
    let properties = only(&tool).parameters["properties"].clone();
    assert_eq!(
        properties,
        json!({ "row": { "type": "integer" },
                "tags": { "type": "array", "items": { "type": "string" } } })
    );
}

#[test]
fn tools_in_the_words_of_a_systems_message_are_read() {
    let tool = find_seat("parameters").to_string();
    let pretty = serde_json::to_string_pretty(&find_seat("parameters")).unwrap();
    let wrapped = json!({ "type": "function", "function": find_seat("parameters") });
    let call = "{\"name\": \"find_seat\", \"arguments\": {\"row\": 3}}";
    for words in [
        format!("You have access to the following functions. Use them if required -\n{pretty}\n"),
        format!("Here is a list of functions in JSON format:\n[{tool}].\nAnswer as [f(a=1)]."),
        format!("<tools>\n{wrapped}\n</tools> For each call return {{\"name\": <name>}} or {call}"),
    ] {
        check(&json!([{ "system": words, "chat": "USER: hi" }]));
        check(&json!([{ "messages": [{ "role": "system", "content": words }] }]));
        check(&json!([{ "conversations": [{ "from": "system", "value": words }] }]));
    }
    let two = json!([{ "system": tool }, { "system": "No functions.", "chat": "USER: hi" }]);
    let report = load_value(&two).unwrap().report;
    assert_eq!(report.refused[0].why, "it is a conversation, and no functions are read from it");
}

#[test]
fn what_cannot_be_read_is_refused_by_what_it_is() {
    let refused = |tool: Value| {
        let loaded = load_value(&json!([tool, find_seat("parameters")])).unwrap();
        assert_eq!(loaded.library.len(), 1, "{tool}");
        loaded.report.refused[0].why.clone()
    };
    assert_eq!(refused(json!({ "googleSearch": {} })), "it is \"googleSearch\", not a function");
    assert_eq!(
        refused(json!({ "name": "f", "parameters": { "_def": { "typeName": "ZodObject" } } })),
        "its \"parameters\" is a validator of another language, not a JSON Schema"
    );
    assert_eq!(
        refused(json!({ "name": "f", "signature": "f(city: str) -> dict" })),
        "it has a signature as text and no parameters: f(city: str) -> dict"
    );
    let nothing = json!({ "name": "f", "signature": "f() -> dict" });
    assert_eq!(only(&json!([nothing])).parameters["properties"], json!({}));
}

#[test]
fn a_map_of_parameters_says_which_are_required() {
    let required = |key: &str, map: Value| {
        only(&json!([{ "name": "f", "description": "d", key: map }])).parameters["required"].clone()
    };
    let day = json!({ "day": { "type": "str", "required": true }, "hour": { "type": "int" } });
    assert_eq!(required("parameter_definitions", day), json!(["day"]));
    let money =
        json!({ "amount": { "type": "number" }, "to": { "type": "string", "nullable": true } });
    assert_eq!(required("inputs", money), json!(["amount"]));
    assert_eq!(required("inputs", json!({ "amount": { "type": "number" } })), json!(["amount"]));
    let paged = json!({ "query": { "type": "str" }, "page": { "type": "int", "default": 1 } });
    assert_eq!(required("parameters", paged), json!(["query"]));
}

#[test]
fn a_title_is_no_name_where_there_is_a_slug() {
    let mut tool = find_seat("input_parameters");
    tool["name"] = json!("Find seat");
    tool["slug"] = json!("FIND_SEAT");
    tool["output_parameters"] =
        json!({ "type": "object", "properties": { "id": { "type": "string" } } });
    let function = only(&json!([tool]));
    assert_eq!(function.name, "FIND_SEAT");
    assert!(function.response.is_some());
}

#[test]
fn rows_of_a_dataset_give_each_of_their_functions_once() {
    let row = |tools: &Value| json!({ "query": "q", "answers": "[]", "tools": tools });
    let other = json!({ "name": "book_seat", "description": "d", "parameters": {
        "row": { "type": "int", "description": "which" } } });
    let text = |tools: &Value| Value::from(tools.to_string());
    let seats = json!([find_seat("parameters")]);
    let both = json!([find_seat("parameters"), other]);
    check(&json!([row(&text(&seats))]));
    check(&json!([row(&text(&text(&seats)))]));
    check(&json!([row(&json!([text(&seats[0])]))]));
    let lines = format!("{}\n{}\n{}\n", row(&text(&seats)), row(&text(&both)), row(&text(&both)));
    let loaded = load_text("rows.jsonl", &lines).unwrap();
    assert_eq!(loaded.library.len(), 2, "{}", loaded.report);
    assert_eq!((loaded.report.refusals, loaded.report.repeats), (0, 3));
    let mut again = Loading::default();
    for label in ["rows.jsonl", "more.jsonl"] {
        again.add(label, &lines, Expect::Library, None).unwrap();
    }
    assert_eq!(again.finish().unwrap().report.repeats, 8);

    let broken = json!([row(&json!("[{'name': 'x'}]")), find_seat("parameters")]);
    let report = load_value(&broken).unwrap().report;
    assert_eq!(report.refused[0].why, "its key \"tools\" is a string, not a list of functions");
}

#[test]
fn openapi_documents_may_be_many() {
    let document = |at: usize| {
        json!({ "openapi": "3.0.0", "paths": { format!("/x{at}"): { "get": {
            "operationId": format!("getX{at}"), "parameters": [
                { "name": "id", "in": "query", "schema": { "$ref": "#/components/schemas/Id" } } ] } } },
            "components": { "schemas": { "Id": { "type": "integer", "maximum": at } } } })
    };
    let all = [document(1), document(2), document(3)];
    let texts: Vec<String> = all.iter().map(Value::to_string).collect();
    for (label, text) in [
        ("list.json", Value::from(all.to_vec()).to_string()),
        ("lines.jsonl", texts.join("\n")),
        ("documents.yaml", texts.join("\n---\n")),
    ] {
        let loaded = load_text(label, &text).unwrap();
        let functions: Vec<&Function> = loaded.library.iter().map(|(_, f)| f).collect();
        assert_eq!(functions.len(), 3, "{label}: {}", loaded.report);
        assert_eq!(functions[2].parameters["properties"]["id"]["maximum"], 3, "{label}");
    }
    let report = load_value(&json!([document(1), { "openapi": "3.0.0" }])).unwrap().report;
    assert_eq!(report.refused[0].entry, 2);
    assert_eq!(report.refused[0].why, "it is an OpenAPI document without \"paths\"");
}

#[test]
fn what_looks_like_parameters_is_never_passed_over() {
    let tool = |key: &str| json!([find_seat(key), { "name": "other", "description": "d" }]);
    let read = load_value(&tool("tool_inputs")).unwrap();
    assert_eq!(read.library.iter().next().unwrap().1.parameters, seat());
    assert_eq!(read.report.repaired[0].pointer, "/tool_inputs");

    let refused = load_value(&tool("payload")).unwrap().report;
    assert_eq!(refused.refused[0].why, "\"payload\" looks like its parameters, but is not read");
    assert_eq!(refused.problems().unwrap(), "1 refused");

    let mut two = find_seat("parameters");
    two["payload"] = seat();
    let told = load_value(&json!([two])).unwrap().report;
    assert_eq!(told.repaired[0].kind, super::super::RepairKind::Unread);
    assert_eq!(told.problems().unwrap(), "1 with keys that were not read");

    for other in ["outputs", "x-schema", "annotations", "error_schema", "_meta"] {
        let loaded = load_value(&tool(other)).unwrap();
        assert_eq!(loaded.report.problems(), None, "{other}: {}", loaded.report);
    }
}

#[test]
fn yaml_is_of_version_1_2() {
    let text = "\
- name: list_cities
  description: d
  parameters:
    type: object
    required: [y]
    properties:
      country: {type: string, enum: [DK, NO, SE], default: NO}
      notify: {type: string, enum: [y, n, on, off, yes, no, 1_000, 0042]}
      y: {type: integer, default: 7}
      sure: {type: boolean, default: true}
";
    let loaded = load_text("t.yaml", text).unwrap();
    let parameters = &loaded.library.iter().next().unwrap().1.parameters;
    let properties = &parameters["properties"];
    assert_eq!(properties["country"]["enum"], json!(["DK", "NO", "SE"]));
    assert_eq!(properties["country"]["default"], "NO");
    let texts = json!(["y", "n", "on", "off", "yes", "no", "1_000", "0042"]);
    assert_eq!(properties["notify"]["enum"], texts);
    assert_eq!(properties["y"]["default"], 7);
    assert_eq!(properties["sure"]["default"], true);
    assert_eq!(parameters["required"], json!(["y"]));
    assert_eq!(loaded.report.repaired, []);
}
