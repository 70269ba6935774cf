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
