//! Files of MCP servers, as their clients have them: `{"mcpServers": {…}}`.
//!
//! A server says how it is started, or where it is reached; what it offers it
//! is asked. To the keys of the clients come our own, which say what a conversation starts from:
//!
//! ```json
//! {"mcpServers": {"files": {
//!   "command": "mcp-server-filesystem", "args": ["{dir}"],
//!   "files": {"notes.txt": "…"}, "prepare": [{"tool": "…", "arguments": {}}],
//!   "known": {"path": ["{dir}/notes.txt"]}, "isolation": "restore"}}}
//! ```
//!
//! Secrets are named, `"${SHOP_TOKEN}"`, and never written down.

use std::collections::BTreeMap;
use std::path::Path;

use magnet_proto::config::{duration, looks_like_key};
use magnet_proto::servers::{Isolation, Server, StartState};
use magnet_worker::teacher::stack::place;
use serde_json::{Map, Value};

use super::error::Error;

/// What a conversation may start from, in bytes: its record keeps it.
const MAX_FILES_BYTES: usize = 64 << 10;
/// Our keys of a server, for the hint.
const OURS: &str = "files, prepare, known, isolation, refusals, volatile, dir, start_timeout, \
                    call_timeout, connect_patience";
/// Keys of clients that say nothing to us.
const THEIRS: [&str; 17] = [
    "description", "name", "title", "icon", "gallery", "version", "autoApprove", "alwaysAllow",
    "autoStart", "enabled", "trust", "timeout", "initTimeout", "tools", "dev", "source", "cwd",
];

/// What clients call the address of a server that runs elsewhere.
const ADDRESS: [&str; 3] = ["url", "serverUrl", "httpUrl"];
/// What they call the way to a server.
const WAY: [&str; 3] = ["type", "transport", "transportType"];

/// The servers of a document, if it is a list of such: `mcpServers`, or
/// `servers` as some editors call it.
pub(super) fn of(document: &Value) -> Option<&Map<String, Value>> {
    let object = document.as_object()?;
    if let Some(list) = object.get("mcpServers") {
        return list.as_object();
    }
    let is_started = |server: &Value| {
        server.get("command").is_some() || ADDRESS.iter().any(|key| server.get(*key).is_some())
    };
    let lists = ["servers", "context_servers"].iter().filter_map(|key| object.get(*key));
    let mut lists = lists.filter_map(Value::as_object);
    let list = lists.find(|list| !list.is_empty() && list.values().all(is_started));
    list.or_else(|| of(object.get("mcp")?))
}

/// A server of a file, and which of its tools are wanted.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) server: Server,
    /// None = all.
    only: Option<Vec<String>>,
    without: Vec<String>,
}

impl Listed {
    pub(super) fn wants(&self, tool: &Value) -> bool {
        let name = tool.get("name").and_then(Value::as_str).unwrap_or_default();
        let is_in = |names: &[String]| names.iter().any(|other| other == name);
        self.only.as_deref().is_none_or(is_in) && !is_in(&self.without)
    }
}

/// The servers of a file, but those that are switched off. `here` is the
/// folder that it lies in, for `{here}`.
///
/// # Errors
/// What of the first one that cannot be used is wrong.
pub(super) fn read(
    label: &str,
    list: &Map<String, Value>,
    here: &Path,
) -> Result<BTreeMap<String, Listed>, Error> {
    let mut servers = BTreeMap::new();
    for (name, described) in list {
        let wrong = |(problem, hint): (String, String)| Error::BadServer {
            path: label.to_owned(),
            server: name.clone(),
            problem,
            hint,
        };
        let is_off = |key: &str, off: bool| described.get(key) == Some(&Value::Bool(off));
        if is_off("disabled", true) || is_off("enabled", false) {
            continue;
        }
        servers.insert(name.clone(), server(described, here).map_err(wrong)?);
    }
    match servers.is_empty() {
        true => Err(Error::NoFunctions {
            path: label.to_owned(),
            found: "it lists no server that is switched on".to_owned(),
            hint: "add one: {\"mcpServers\": {\"NAME\": {\"command\": \"…\", \"args\": []}}}",
        }),
        false => Ok(servers),
    }
}

type Wrong = (String, String);

fn wrong(problem: impl Into<String>, hint: impl Into<String>) -> Wrong {
    (problem.into(), hint.into())
}

fn server(described: &Value, here: &Path) -> Result<Listed, Wrong> {
    let object = described.as_object();
    let object = object.ok_or_else(|| wrong("it is no object", "write {\"command\": \"…\"}"))?;
    let mut server = Server::default();
    let (mut only, mut without) = (None, Vec::new());
    for (key, value) in object {
        let unfit = |expected: &str| wrong(format!("\"{key}\" is no {expected}"), example(key));
        let text = || value.as_str().map(str::to_owned).ok_or_else(|| unfit("text"));
        match key.as_str() {
            "command" => server.command = at(&text()?, here),
            "args" => {
                let args: Vec<String> = fit(value).ok_or_else(|| unfit("list of texts"))?;
                server.args = args.iter().map(|arg| at(arg, here)).collect();
            }
            "env" => {
                let env: BTreeMap<String, String> =
                    fit(value).ok_or_else(|| unfit("object of texts"))?;
                server.env = env.into_iter().map(|(name, text)| (name, at(&text, here))).collect();
            }
            address if ADDRESS.contains(&address) => server.url = text()?,
            "headers" => {
                server.headers = fit(value).ok_or_else(|| unfit("object of texts"))?;
            }
            way if WAY.contains(&way) => way_is_known(&text()?)?,
            "files" => server.start.files = fit(value).ok_or_else(|| unfit("object of texts"))?,
            "prepare" => server.start.prepare = fit(value).ok_or_else(|| unfit("list of calls"))?,
            "known" => {
                let known: Map<String, Value> =
                    fit(value).ok_or_else(|| unfit("object of lists"))?;
                if !known.values().all(Value::is_array) {
                    return Err(unfit("object of lists"));
                }
                server.known = known;
            }
            "isolation" => {
                let kinds = "\"process\", \"restore\", \"session\" or \"none\"";
                server.isolation = fit(value).ok_or_else(|| unfit(kinds))?;
            }
            "refusals" => server.refusals = fit(value).ok_or_else(|| unfit("list of texts"))?,
            "volatile" => {
                server.volatile = fit(value).ok_or_else(|| unfit("object of lists of texts"))?;
            }
            "dir" => server.dir = text()?,
            "start_timeout" | "call_timeout" | "connect_patience" => {
                let wait = duration::parse(&text()?).filter(|wait| !wait.is_zero());
                let wait = wait.ok_or_else(|| unfit("duration"))?;
                match key.as_str() {
                    "start_timeout" => server.start_timeout = wait,
                    "connect_patience" => server.connect_patience = wait,
                    _ => server.call_timeout = wait,
                }
            }
            "includeTools" => only = Some(fit(value).ok_or_else(|| unfit("list of texts"))?),
            "excludeTools" => without = fit(value).ok_or_else(|| unfit("list of texts"))?,
            "disabled" => {}
            theirs if THEIRS.contains(&theirs) => {}
            other => {
                let problem = format!("it has a key \"{other}\" that nothing reads");
                return Err(wrong(problem, format!("remove it; our own keys are {OURS}")));
            }
        }
    }
    check(&server)?;
    for call in &mut server.start.prepare {
        for (_, value) in &mut call.arguments {
            *value = named(value, &server.dir);
        }
    }
    Ok(Listed { server, only, without })
}

/// A value with `{dir}` as the folder's name.
fn named(value: &Value, dir: &str) -> Value {
    match value {
        Value::String(text) => text.replace("{dir}", dir).into(),
        Value::Array(items) => items.iter().map(|item| named(item, dir)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), named(value, dir))).collect()
        }
        other => other.clone(),
    }
}

fn fit<T: serde::de::DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

fn at(text: &str, here: &Path) -> String {
    text.replace("{here}", &here.display().to_string())
}

fn example(key: &str) -> String {
    let example = match key {
        "command" => "\"npx\"",
        "args" => "[\"-y\", \"some-server\", \"{dir}\"]",
        "env" => "{\"SHOP_TOKEN\": \"${SHOP_TOKEN}\"}",
        "headers" => "{\"Authorization\": \"Bearer ${SHOP_TOKEN}\"}",
        "url" | "serverUrl" | "httpUrl" => "\"https://shop.example.com/mcp\"",
        "type" | "transport" | "transportType" => "\"http\"",
        "files" => "{\"notes.txt\": \"Call Ann.\"}",
        "prepare" => "[{\"tool\": \"add\", \"arguments\": {\"name\": \"x\"}}]",
        "known" => "{\"path\": [\"{dir}/notes.txt\"]}",
        "isolation" => "\"process\"",
        "includeTools" | "excludeTools" => "[\"get_file_info\"]",
        "refusals" => "[\"Database error\"]",
        "volatile" => "{\"get_time\": [\"/now\"]}",
        "dir" => "\"/workspace\"",
        _ => "\"30s\"",
    };
    format!("write \"{key}\": {example}")
}

/// Whether a way to a server is one that is spoken here.
fn way_is_known(way: &str) -> Result<(), Wrong> {
    match way.to_lowercase().replace(['-', '_'], "").as_str() {
        "stdio" | "http" | "streamablehttp" | "streamable" => Ok(()),
        "sse" => Err(wrong(
            "it is reached over \"sse\", the older way that MCP has given up",
            "give its address for streamable HTTP, with \"type\": \"http\", or a \"command\" that \
             speaks to it, such as \"npx -y mcp-remote URL\"",
        )),
        _ => Err(wrong(
            format!("it is reached over \"{way}\", which is not spoken here"),
            "write \"type\": \"http\" with a \"url\", or \"stdio\" with a \"command\"",
        )),
    }
}

/// What holds between the parts of a server.
fn check(server: &Server) -> Result<(), Wrong> {
    match server.is_remote() {
        true => check_remote(server)?,
        false => check_started(server)?,
    }
    for (of, texts) in [("env", &server.env), ("header", &server.headers)] {
        for (name, text) in texts {
            check_secret(of, name, text)?;
        }
    }
    let StartState { files, .. } = &server.start;
    let size: usize = files.iter().map(|(path, text)| path.len() + text.len()).sum();
    if size > MAX_FILES_BYTES {
        let problem = format!("its files have {size} bytes, more than {MAX_FILES_BYTES}");
        return Err(wrong(problem, "make larger ones by calls in \"prepare\""));
    }
    let leads_out = |path: &&String| {
        path.is_empty() || path.starts_with('/') || path.split('/').any(|part| part == "..")
    };
    if let Some(path) = files.keys().find(leads_out) {
        let problem = format!("its file \"{path}\" does not lie in the conversation's folder");
        return Err(wrong(problem, example("files")));
    }
    if !server.dir.starts_with('/') || server.dir.len() < 3 || server.dir.ends_with('/') {
        let problem = format!("\"dir\" is \"{}\", which names no folder", server.dir);
        return Err(wrong(problem, example("dir")));
    }
    Ok(())
}

/// What holds of a server that is started.
fn check_started(server: &Server) -> Result<(), Wrong> {
    if server.command.is_empty() {
        return Err(wrong(
            "it has no command",
            format!("{}, or a \"url\" where it is reached", example("command")),
        ));
    }
    if !server.headers.is_empty() {
        return Err(wrong("it has \"headers\" and is started", "give its secrets in \"env\""));
    }
    if server.isolation == Isolation::Session {
        return Err(wrong("it is started, and \"isolation\" is \"session\"", example("isolation")));
    }
    if let Some(arg) = server.args.iter().find(|arg| looks_like_key(arg)) {
        let shown: String = arg.chars().take(4).collect();
        let problem = format!("its argument \"{shown}…\" looks like a key");
        return Err(wrong(problem, "write \"${NAME}\" and set NAME where magnet runs"));
    }
    Ok(())
}

/// What holds of a server that runs elsewhere.
fn check_remote(server: &Server) -> Result<(), Wrong> {
    let problem = |problem: &str| Err(wrong(problem, example("url")));
    let Some((_, rest)) = server.url.split_once("://").filter(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    }) else {
        return problem("its \"url\" does not begin with \"http://\" or \"https://\"");
    };
    // Where a campaign's requests go is known before they are sent.
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains("${") || place(&server.url).is_none() {
        return problem("its \"url\" names no host");
    }
    if host.contains('@') || rest.split(['/', '?', '&', '=']).any(looks_like_key) {
        return Err(wrong(
            "its \"url\" holds a secret; a campaign's data must not",
            "write \"${NAME}\" there, or give \"headers\", and set NAME where magnet runs",
        ));
    }
    for pair in rest.split(['?', '&']).skip(1) {
        if let Some((name, value)) = pair.split_once('=') {
            check_secret("parameter", name, value)?;
        }
    }
    if !server.command.is_empty() {
        return Err(wrong("it has a \"command\" and a \"url\"", "remove one of them"));
    }
    let unread = [
        ("args", server.args.is_empty()),
        ("env", server.env.is_empty()),
        ("files", server.start.files.is_empty()),
    ];
    if let Some((key, _)) = unread.iter().find(|(_, is_empty)| !is_empty) {
        let problem = format!("it is reached by \"url\", and nothing there reads \"{key}\"");
        return Err(wrong(
            problem,
            "remove it; what exists at the start calls in \"prepare\" make",
        ));
    }
    if !matches!(server.isolation(), Isolation::Session | Isolation::None) {
        let problem = "it is reached by \"url\": its process is nobody's here";
        return Err(wrong(problem, "write \"isolation\": \"session\" or \"none\""));
    }
    Ok(())
}

/// A secret is named and never written down.
fn check_secret(of: &str, name: &str, text: &str) -> Result<(), Wrong> {
    let names_a_secret = [
        "TOKEN", "SECRET", "PASSWORD", "API_KEY", "API-KEY", "APIKEY", "_KEY", "-KEY",
        "AUTHORIZATION", "COOKIE",
    ];
    let upper = name.to_uppercase();
    let is_secret = names_a_secret.iter().any(|part| upper.contains(part));
    if !looks_like_key(text) && (!is_secret || text.is_empty() || text.contains("${")) {
        return Ok(());
    }
    let variable = upper.replace('-', "_");
    Err(wrong(
        format!("{of} \"{name}\" holds a secret; a campaign's data must not"),
        format!("write \"{name}\": \"${{{variable}}}\" and set {variable} where magnet runs"),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_one(described: Value) -> Result<Server, String> {
        let list = json!({ "shop": described });
        let list = list.as_object().cloned().unwrap_or_default();
        let read = read("servers.json", &list, Path::new("/my/files"));
        read.map(|mut servers| servers.remove("shop").unwrap_or_default().server)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_forms_of_several_clients_are_lists_of_servers() {
        let list = json!({ "files": { "command": "npx" } });
        for file in [
            json!({ "mcpServers": list }),
            json!({ "servers": list, "inputs": [] }),
            json!({ "mcp": { "servers": list } }),
        ] {
            assert_eq!(of(&file), list.as_object(), "{file}");
        }
        for other in [json!([{ "url": "https://h" }]), json!({ "a": { "b": 1 } })] {
            assert_eq!(of(&json!({ "servers": other })), None);
        }
    }

    #[test]
    fn a_server_is_read_with_the_clients_keys_and_ours() {
        let server = read_one(json!({
            "command": "python3", "args": ["{here}/shop.py", "{dir}"], "type": "stdio",
            "autoApprove": [], "env": {"TOKEN": "${SHOP_TOKEN}"},
            "files": {"a/b.txt": "x"},
            "prepare": [{"tool": "add", "arguments": {"path": "{dir}/b"}}],
            "known": {"id": [1]}, "isolation": "restore", "call_timeout": "250ms",
        }))
        .unwrap();
        assert_eq!(server.args, ["/my/files/shop.py", "{dir}"]);
        assert_eq!(server.isolation, Isolation::Restore);
        assert_eq!(server.start.prepare[0].tool, "add");
        assert_eq!(server.start.prepare[0].arguments["path"], "/workspace/b");
        assert_eq!(server.call_timeout.as_millis(), 250);
        assert_eq!(server.variables(), ["SHOP_TOKEN"]);
    }

    #[test]
    fn a_server_elsewhere_is_read_in_the_words_of_several_clients() {
        for described in [
            json!({"url": "https://h/mcp"}),
            json!({"serverUrl": "https://h/mcp", "type": "streamable-http"}),
            json!({"httpUrl": "https://h/mcp", "transport": "streamableHttp"}),
        ] {
            let server = read_one(described).unwrap();
            assert_eq!((&*server.url, server.isolation()), ("https://h/mcp", Isolation::Session));
        }
        let server = read_one(json!({
            "type": "http", "url": "https://h/mcp?key=${SHOP_KEY}",
            "headers": {"Authorization": "Bearer ${SHOP_TOKEN}"}, "isolation": "none",
        }));
        let server = server.unwrap();
        assert_eq!(server.isolation, Isolation::None);
        assert_eq!(server.variables(), ["SHOP_KEY", "SHOP_TOKEN"]);
    }

    #[test]
    fn tools_are_chosen_as_clients_choose_them() {
        let wanted = |described: Value| {
            let listed = server(&described, Path::new("/")).unwrap();
            let tools = ["read", "write", "time"].map(|name| json!({ "name": name }));
            let names = tools.iter().filter(|tool| listed.wants(tool)).map(|t| t["name"].clone());
            names.collect::<Vec<_>>()
        };
        assert_eq!(wanted(json!({"command": "x"})).len(), 3);
        assert_eq!(wanted(json!({"command": "x", "excludeTools": ["time"]})), ["read", "write"]);
        assert_eq!(wanted(json!({"command": "x", "includeTools": ["time"]})), ["time"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_the_way_out() {
        let with = |key: &str, value: Value| {
            let mut described = json!({"command": "x"});
            described[key] = value;
            read_one(described).unwrap_err()
        };
        for (problem, part) in [
            (read_one(json!({"args": []})).unwrap_err(), "no command"),
            (read_one(json!({"url": "https://h/sse", "type": "sse"})).unwrap_err(), "given up"),
            (read_one(json!({"url": "h/mcp"})).unwrap_err(), "does not begin with"),
            (read_one(json!({"url": "https://${HOST}/mcp"})).unwrap_err(), "names no host"),
            (read_one(json!({"url": "https://u:p@h/mcp"})).unwrap_err(), "holds a secret"),
            (read_one(json!({"url": "https://h/m?apiKey=x"})).unwrap_err(), "${APIKEY}"),
            (
                read_one(json!({"url": "https://h", "headers": {"X-Api-Key": "abc"}})).unwrap_err(),
                "\"X-Api-Key\": \"${X_API_KEY}\"",
            ),
            (read_one(json!({"url": "https://h", "files": {"a": ""}})).unwrap_err(), "\"files\""),
            (
                read_one(json!({"url": "https://h", "isolation": "restore"})).unwrap_err(),
                "\"session\" or \"none\"",
            ),
            (with("url", json!("https://h")), "a \"command\" and a \"url\""),
            (with("isolation", json!("session")), "it is started"),
            (with("type", json!("websocket")), "not spoken here"),
            (with("prepair", json!([])), "\"prepair\" that nothing reads"),
            (with("isolation", json!("box")), "\"restore\", \"session\" or \"none\""),
            (with("call_timeout", json!(30)), "is no text"),
            (with("files", json!({"../a": ""})), "does not lie in"),
            (with("files", json!({"a": "x".repeat(70_000)})), "more than 65536"),
            (with("known", json!({"path": "a"})), "object of lists"),
            (with("env", json!({"SHOP_TOKEN": "abc"})), "\"SHOP_TOKEN\": \"${SHOP_TOKEN}\""),
            (with("args", json!(["sk-proj-aBcDeFgHiJkLmN"])), "\"sk-p…\" looks like a key"),
            (with("dir", json!("/")), "names no folder"),
        ] {
            assert!(problem.contains(part) && problem.contains("\nhint: "), "{part}: {problem}");
            assert!(problem.contains("servers.json") && problem.contains("\"shop\""), "{problem}");
            assert!(!problem.contains("aBcDeFg"), "{problem}");
        }
    }
}
