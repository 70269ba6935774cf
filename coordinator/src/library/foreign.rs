//! Files that are no tool library: what each seems to be, and the way from it
//! to one.

use serde_json::{Map, Value};

use super::text::one_line;

pub(super) const EXPECTED: &str =
    "give a JSON array of tools, JSONL, an MCP tools/list answer or an OpenAPI document";

/// What an object that is no library seems to be, and what to do about it.
pub(super) fn describe(object: &Map<String, Value>) -> (String, String) {
    let has = |key: &str| object.contains_key(key);
    let (found, hint) = if has("messages") || has("conversations") {
        ("a conversation", "give the tools it was held with, not the conversation")
    } else if has("info") && has("item") {
        ("a Postman collection", "export it as an OpenAPI 3 document")
    } else if is_servers(object) {
        (
            "a list of MCP servers, which says how to start them, not what they offer",
            "ask each server for tools/list, save its answer and give that file",
        )
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

/// What users of MCP have: `mcpServers`, or `servers` as some editors call it.
fn is_servers(object: &Map<String, Value>) -> bool {
    let started = |server: &Value| {
        ["command", "url", "serverUrl", "httpUrl"].iter().any(|key| server.get(*key).is_some())
    };
    let servers = |value: &Value| {
        value.as_object().is_some_and(|all| !all.is_empty() && all.values().all(started))
    };
    object.contains_key("mcpServers")
        || ["servers", "context_servers"].iter().any(|key| object.get(*key).is_some_and(servers))
        || object.get("mcp").and_then(Value::as_object).is_some_and(is_servers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_of_mcp_servers_are_known_in_every_editors_form() {
        let server = json!({ "files": { "command": "npx", "args": ["-y", "files"] } });
        for file in [
            json!({ "mcpServers": server }),
            json!({ "servers": server, "inputs": [] }),
            json!({ "mcp": { "servers": { "web": { "type": "http", "url": "http://h/mcp" } } } }),
        ] {
            let (found, hint) = describe(file.as_object().unwrap());
            assert!(found.starts_with("a list of MCP servers"), "{file}: {found}");
            assert!(hint.contains("tools/list"), "{hint}");
        }
        let other = json!({ "servers": [{ "url": "https://h" }] });
        assert!(describe(other.as_object().unwrap()).0.starts_with("an object"));
    }
}
