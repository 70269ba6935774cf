//! Files that are no tool library: what each seems to be, and the way from it
//! to one.

use serde_json::{Map, Value};

use super::servers;
use super::text::one_line;

pub(super) const EXPECTED: &str =
    "give a JSON array of tools, JSONL, an MCP tools/list answer or an OpenAPI document";

/// What an object that is no library seems to be, and what to do about it.
pub(super) fn describe(object: &Map<String, Value>) -> (String, String) {
    let has = |key: &str| object.contains_key(key);
    let of_kind = object.get("kind").and_then(Value::as_str);
    let (found, hint) = if has("messages") || has("conversations") {
        ("a conversation", "give the tools it was held with, not the conversation")
    } else if has("info") && has("item") {
        ("a Postman collection", "export it as an OpenAPI 3 document")
    } else if servers::of(&Value::Object(object.clone())).is_some() {
        (
            "a list of MCP servers, which are started only where their file is named",
            "name this very file, not a folder or a pattern",
        )
    } else if has("swaggerVersion") {
        ("a listing of Swagger 1", "convert it to OpenAPI 3")
    } else if of_kind.is_some_and(|kind| kind.starts_with("discovery#")) {
        ("a discovery document of a Google API", "convert it to OpenAPI 3")
    } else if has("__schema")
        || object.get("data").is_some_and(|data| data.get("__schema").is_some())
    {
        ("a GraphQL schema", "only OpenAPI describes functions to call")
    } else if has("asyncapi") {
        ("an AsyncAPI document", "only OpenAPI describes functions to call")
    } else if has("error") && has("jsonrpc") {
        ("a JSON-RPC error", "ask the server for tools/list again and save its answer")
    } else if has("$schema") || has("properties") {
        ("a JSON Schema without a function around it", "wrap it: {\"name\": …, \"parameters\": …}")
    } else {
        let keys: Vec<String> = object.keys().take(4).map(|key| one_line(key)).collect();
        let keys = if keys.is_empty() { "without keys".into() } else { keys.join(", ") };
        return (format!("an object ({keys})"), EXPECTED.to_owned());
    };
    (found.to_owned(), hint.to_owned())
}
