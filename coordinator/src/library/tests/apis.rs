//! OpenAPI documents.

use serde_json::json;

use super::*;

#[test]
fn an_operation_becomes_a_function_with_one_flat_object() {
    let function = only(&json!({
        "openapi": "3.1.0",
        "paths": { "/pets/{id}": {
            "parameters": [{ "$ref": "#/components/parameters/Id" }],
            "put": {
                "summary": "Update a pet",
                "description": "Changes what is known.",
                "tags": ["pets"],
                "deprecated": true,
                "parameters": [
                    { "name": "dry", "in": "query", "schema": { "type": "boolean" } },
                    { "name": "Authorization", "in": "header", "schema": { "type": "string" } },
                ],
                "requestBody": { "required": true, "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Pet" } } } },
                "responses": {
                    "404": { "description": "none" },
                    "200": { "$ref": "#/components/responses/Pet" },
                },
            },
        } },
        "components": {
            "parameters": { "Id": { "name": "id", "in": "path", "required": true,
                "description": "The pet.", "schema": { "type": "integer" } } },
            "responses": { "Pet": { "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/Pet" } } } } },
            "schemas": {
                "Named": { "type": "object", "required": ["name"],
                           "properties": { "name": { "type": "string" } } },
                "Pet": { "allOf": [ { "$ref": "#/components/schemas/Named" },
                    { "type": "object", "properties": {
                        "id": { "type": "string" },
                        "made": { "type": "string", "readOnly": true },
                        "parent": { "$ref": "#/components/schemas/Pet" } } } ] },
            },
        },
    }));
    assert_eq!(function.name, "put_pets_id");
    assert_eq!(function.description, "Update a pet. Changes what is known.");
    assert_eq!(function.category, "pets");
    let parameters = &function.parameters;
    let names: Vec<&String> = parameters["properties"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["id", "dry", "name", "body_id", "parent"]);
    assert_eq!(parameters["required"], json!(["id", "name"]));
    assert_eq!(parameters["deprecated"], true);
    assert_eq!(
        parameters["properties"]["id"],
        json!({ "type": "integer", "description": "The pet." })
    );
    let response = function.response.unwrap();
    assert_eq!(response["properties"]["name"], json!({ "type": "string" }));
    assert_eq!(response["properties"]["made"], json!({ "type": "string" }));
}

#[test]
fn a_function_keeps_where_each_of_its_parameters_goes() {
    let function = only(&json!({
        "openapi": "3.1.0",
        "components": { "securitySchemes": {
            "key": { "type": "apiKey", "in": "query", "name": "api_key" } } },
        "paths": { "/pets/{id}": { "patch": {
            "operationId": "mend",
            "parameters": [
                { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } },
                { "name": "tags", "in": "query", "explode": false,
                  "schema": { "type": "array", "items": { "type": "string" } } },
                { "name": "api_key", "in": "query", "required": true, "schema": { "type": "string" } },
            ],
            "requestBody": { "content": {
                "multipart/form-data": { "schema": { "type": "object" } },
                "application/merge-patch+json": { "schema": { "type": "object",
                    "properties": { "id": { "type": "integer" } } } } } },
        } } },
    }));
    let operation = serde_json::to_value(function.operation).unwrap();
    assert_eq!(
        operation,
        json!({ "method": "PATCH", "path": "/pets/{id}",
        "body": "application/merge-patch+json", "sent": {
            "id": { "in": "path", "style": "commas" },
            "tags": { "in": "query", "style": "commas" },
            "body_id": { "in": "member", "name": "id" } } })
    );
    assert!(function.parameters["properties"].get("api_key").is_none(), "whoever sends it has it");
}

#[test]
fn swagger_2_is_read_too() {
    let function = only(&json!({
        "swagger": "2.0",
        "paths": { "/pets": { "post": {
            "operationId": "pets.add",
            "parameters": [
                { "name": "limit", "in": "query", "type": "integer", "required": true },
                { "name": "pet", "in": "body", "required": true, "schema": { "$ref": "#/definitions/Pet" } },
            ],
            "responses": { "201": { "description": "", "schema": { "$ref": "#/definitions/Pet" } } },
        } } },
        "definitions": { "Pet": { "type": "object", "required": ["name"],
            "properties": { "name": { "type": "string", "x-nullable": true } } } },
    }));
    assert_eq!(function.name, "pets.add");
    assert_eq!(
        function.parameters,
        json!({ "type": "object", "required": ["limit", "name"], "properties": {
            "limit": { "type": "integer" }, "name": { "type": "string" } } })
    );
    assert_eq!(function.response.unwrap()["required"], json!(["name"]));
    let operation = function.operation.unwrap();
    assert_eq!((&*operation.method, &*operation.body), ("POST", "application/json"));
}

#[test]
fn a_body_that_is_no_object_is_one_parameter() {
    let function = only(&json!({
        "openapi": "3.0.0",
        "paths": { "/tags": { "put": { "operationId": "setTags", "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": {
                "type": "array", "items": { "type": "string" } } } } } } } },
    }));
    assert_eq!(
        function.parameters["properties"]["body"],
        json!({ "type": "array", "items": { "type": "string" } })
    );
    assert_eq!(function.parameters["required"], json!(["body"]));
}

fn document(path: &str, item: Value) -> Value {
    json!({ "openapi": "3.1.0", "paths": { path: item } })
}

fn json_body(schema: Value) -> Value {
    json!({ "content": { "application/json": { "schema": schema } } })
}

#[test]
fn the_default_answer_is_an_error_unless_it_is_the_only_one() {
    let error =
        || json_body(json!({ "type": "object", "properties": { "code": { "type": "integer" } } }));
    let good = || json_body(json!({ "type": "array", "items": { "type": "string" } }));
    let response = |responses: Value| {
        only(&document("/x", json!({ "get": { "operationId": "f", "responses": responses } })))
            .response
    };
    assert_eq!(response(json!({ "204": {}, "default": error() })), None);
    assert_eq!(response(json!({ "303": {}, "default": error() })), None);
    assert_eq!(response(json!({ "404": error(), "default": error() })), None);
    assert!(response(json!({ "2XX": good(), "default": error() })).unwrap()["items"].is_object());
    assert!(response(json!({ "404": error(), "default": good() })).unwrap()["items"].is_object());
    assert!(response(json!({ "default": good() })).is_some());
}

#[test]
fn a_body_that_says_more_than_its_properties_stays_whole() {
    let body = |schema: Value| {
        let operation = json!({ "post": { "operationId": "f", "requestBody": json_body(schema) } });
        only(&document("/x/{id}", operation)).parameters
    };
    let branch =
        |name: &str| json!({ "properties": { name: { "type": "string" } }, "required": [name] });
    let object = |more: Value| {
        let mut schema = json!({ "type": "object", "required": ["kind"],
                                 "properties": { "kind": { "type": "string" } } });
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    };
    for more in [
        json!({ "oneOf": [branch("name"), branch("mail")] }),
        json!({ "anyOf": [branch("name"), branch("mail")] }),
        json!({ "additionalProperties": { "type": "string" } }),
        json!({ "minProperties": 1 }),
    ] {
        let schema = object(more);
        assert_eq!(body(schema.clone())["properties"]["body"], schema);
    }
    for plain in [json!({}), json!({ "additionalProperties": false })] {
        let parameters = body(object(plain));
        assert_eq!(parameters["properties"]["kind"]["type"], "string");
        // An optional body that requires something is no call without it.
        assert_eq!(parameters["required"], json!(["id", "kind"]));
    }
    let twice = json!({ "allOf": [
        { "properties": { "n": { "type": "integer", "minimum": 1 } } },
        { "properties": { "n": { "maximum": 9 } } } ] });
    let expected = json!({ "type": "integer", "minimum": 1, "maximum": 9 });
    assert_eq!(body(twice)["properties"]["n"], expected);
}

#[test]
fn a_discriminator_gives_each_alternative_its_name() {
    let named = |name: &str| {
        json!({ "type": "object", "required": ["kind", name], "properties": {
            "kind": { "type": "string" }, name: { "type": "string" } } })
    };
    let schemas = json!({ "Card": named("number"), "Transfer": named("iban") });
    let parameters = |body: Value| {
        let mut document = document("/pay", json!({ "post": { "requestBody": json_body(body) } }));
        document["components"] = json!({ "schemas": schemas });
        only(&document).parameters
    };
    let one_of = |mapping: Value| {
        json!({ "oneOf": [{ "$ref": "#/components/schemas/Card" },
                          { "$ref": "#/components/schemas/Transfer" }],
                "discriminator": { "propertyName": "kind", "mapping": mapping } })
    };
    let kinds = |body: Value| {
        let variants = parameters(body)["properties"]["body"]["oneOf"].clone();
        [0, 1].map(|at| variants[at]["properties"]["kind"]["enum"].clone())
    };
    assert_eq!(kinds(one_of(json!({}))), [json!(["Card"]), json!(["Transfer"])]);
    let mapping = json!({ "card": "#/components/schemas/Card", "wire": "Transfer" });
    assert_eq!(kinds(one_of(mapping.clone())), [json!(["card"]), json!(["wire"])]);
    let mut base = named("sum");
    base["discriminator"] = json!({ "propertyName": "kind", "mapping": mapping });
    assert_eq!(parameters(base)["properties"]["kind"]["enum"], json!(["card", "wire"]));
}

#[test]
fn methods_of_version_3_2_are_operations() {
    let operation = |id: &str| json!({ "operationId": id });
    let loaded = load_value(&document(
        "/x",
        json!({
        "query": operation("ask"), "additionalOperations": { "COPY": operation("copy") },
        "summary": "no operation" }),
    ))
    .unwrap();
    let names: Vec<&str> = loaded.library.iter().map(|(_, f)| f.name.as_str()).collect();
    assert_eq!(names, ["ask", "copy"]);
}

/// Files in a folder of their own.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

const SPLIT: &[(&str, &str)] = &[
    (
        "api/openapi.yaml",
        "
openapi: 3.0.0
paths:
  /orders: {$ref: ./paths/orders.yaml}
  /pets/{id}: {$ref: 'paths/all.json#/pet'}
components: {schemas: {Kind: {type: string, enum: [a, b]}}}
",
    ),
    (
        "api/paths/orders.yaml",
        "
post:
  operationId: createOrder
  parameters: [{$ref: '../shared.yaml#/Tenant'}]
  requestBody: {content: {application/json: {schema: {$ref: ../shared.yaml#/Order}}}}
  responses: {201: {$ref: '../shared.yaml#/Made'}}
",
    ),
    ("api/paths/all.json", r#"{"pet": {"get": {"operationId": "getPet"}}}"#),
    (
        "api/shared.yaml",
        "
Tenant: {name: tenant, in: header, required: true, schema: {$ref: '#/Id'}}
Id: {type: string, minLength: 3}
Order:
  type: object
  required: [kind, lines]
  properties:
    kind: {$ref: 'openapi.yaml#/components/schemas/Kind'}
    lines: {type: array, items: {$ref: '#/Id'}}
Made: {description: ok, content: {application/json: {schema: {$ref: '#/Order'}}}}
",
    ),
];

#[test]
fn references_are_followed_into_files_beside_the_document() {
    let folder = folder(SPLIT);
    for named in ["api/openapi.yaml", "api", "api/*.yaml"] {
        let Loaded { library, report, .. } = load(&[named.to_owned()], folder.path()).unwrap();
        assert_eq!(report.problems(), None, "{named}: {report}");
        let names: Vec<&str> = library.iter().map(|(_, f)| f.name.as_str()).collect();
        assert_eq!(names, ["createOrder", "getPet"], "{named}");
        let order = library.iter().next().unwrap().1;
        assert_eq!(
            order.parameters,
            json!({
            "type": "object", "required": ["tenant", "kind", "lines"], "properties": {
                "tenant": { "type": "string", "minLength": 3 },
                "kind": { "type": "string", "enum": ["a", "b"] },
                "lines": { "type": "array", "items": { "type": "string", "minLength": 3 } } } })
        );
        assert_eq!(order.response.as_ref().unwrap()["required"], json!(["kind", "lines"]));
    }
}

#[test]
fn what_cannot_be_followed_is_named() {
    let operation = |reference: &str| {
        format!(
            "{{openapi: 3.0.0, paths: {{/x: {{get: {{operationId: f}}}}, /y: {{$ref: '{reference}'}}}}}}"
        )
    };
    let inside = "{get: {operationId: g}}";
    for (reference, why) in [
        ("gone.yaml", "which is not there"),
        ("../outside.yaml", "which is outside of the folder \"api\""),
        ("https://h.example/x.yaml", "which is not fetched"),
        ("broken.yaml", "which is no use: tool library \"broken.yaml\", line 1"),
        ("found.yaml#/nowhere", "which leads nowhere"),
    ] {
        let text = operation(reference);
        let folder =
            folder(&[("api/a.yaml", &text), ("outside.yaml", inside), ("api/found.yaml", inside)]);
        if reference == "broken.yaml" {
            std::fs::write(folder.path().join("api/broken.yaml"), "[a").unwrap();
        }
        let report = load(&["api/a.yaml".to_owned()], folder.path()).unwrap().report;
        let refused = &report.refused[0];
        assert_eq!(refused.name.as_deref(), Some("/y"), "{reference}");
        assert!(refused.why.contains(&format!("\"{reference}\", {why}")), "{}", refused.why);
        // Whoever names the folder around lets the reference reach there.
        if reference == "../outside.yaml" {
            let all = load(&[".".to_owned()], folder.path()).unwrap();
            assert!(all.library.find("g").is_some(), "{}", all.report);
        }
    }
    let lost_parameter = document(
        "/x",
        json!({ "get": {
        "operationId": "f", "parameters": [{ "$ref": "#/components/parameters/Gone" }] } }),
    );
    let error = load_value(&lost_parameter).unwrap_err().to_string();
    assert!(error.contains("\"#/components/parameters/Gone\", which leads nowhere"), "{error}");
}
