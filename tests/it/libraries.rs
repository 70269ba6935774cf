//! Broken tool libraries: each refused with exit code 2, the file, the entry
//! and the way out; and hostile ones, harmless where they are shown.

use crate::harness::{Magnet, folder, read, write};

/// A library that holds this is refused, and the refusal says that.
fn check(name: &str, text: &str, expected: &[&str]) {
    let folder = folder();
    write(folder.path(), name, text);
    let ran = Magnet::new(folder.path()).args(&format!("run --tools {name}")).run().expect(2);
    for expected in [name, "hint: "].iter().chain(expected) {
        assert!(ran.stderr.contains(expected), "{expected:?} in\n{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("a fault in magnet"), "{}", ran.stderr);
    assert!(!folder.path().join("out").exists(), "a side effect");
}

#[test]
fn files_that_are_no_library() {
    check("empty.json", "", &["empty"]);
    check("cut.json", "[{\"name\": \"a\",", &["line 1"]);
    check("text.json", "hello", &[]);
    check("number.json", "42", &[]);
    check("nothing.json", "[]", &[]);
}

#[test]
fn entries_that_cannot_be_mended() {
    check("nameless.json", "[{\"description\": \"x\"}]", &["entry 1"]);
    check("broken.jsonl", "{\"name\": \"a\"\n", &["line 1"]);
}

#[test]
fn paths_that_lead_nowhere() {
    let folder = folder();
    for tools in ["nowhere.json", "*.nothing", "."] {
        let ran = Magnet::new(folder.path()).args(&format!("run --tools {tools}")).run().expect(2);
        assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
    }
}

#[test]
fn markup_in_a_library_stays_text() {
    let folder = folder();
    let tool = |name: &str, gives: &str, takes: &str| {
        format!(
            "{{\"name\":\"{name}\",\"description\":\"<script>alert(1)</script> \\u001b[31m\",\
             \"parameters\":{{\"type\":\"object\",\"properties\":{{\"{takes}\":{{\"type\":\"string\",\
             \"description\":\"<img src=x onerror=alert(2)>\"}}}},\"required\":[\"{takes}\"]}},\
             \"response\":{{\"type\":\"object\",\"properties\":{{\"{gives}\":{{\"type\":\"string\",\
             \"enum\":[\"<b>bold</b>\"]}}}}}},\"x-group\":\"<i>g</i>\"}}"
        )
    };
    let tools = [
        tool("find_crate", "crate_id", "colour"),
        tool("open_crate", "lid_id", "crate_id"),
        tool("lift_lid", "parcel_id", "lid_id"),
        tool("weigh_parcel", "colour", "parcel_id"),
    ];
    write(folder.path(), "tools.json", &format!("[{}]", tools.join(",")));
    let ran = Magnet::new(folder.path()).args("run --tools tools.json --samples 5").run();
    assert!(ran.exit <= 1, "{}", ran.stderr);
    let page = read(&folder.path().join("out/report.html"));
    assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "markup got through");
    assert!(!page.contains("<b>bold") && !page.contains("<i>g</i>"), "markup got through");
    let shown = Magnet::new(folder.path()).args("inspect out -n 5").run().expect(0).stdout;
    assert!(!shown.contains('\u{1b}'), "a control character got through");
    let graph = Magnet::new(folder.path()).args("graph --tools tools.json --format html").run();
    assert!(!graph.expect(0).stdout.contains("<script>alert"), "markup got through");
}

#[test]
fn a_function_that_may_have_lost_its_parameters_is_a_problem() {
    let folder = folder();
    let schema = r#"{"type":"object","properties":{"row":{"type":"integer"}}}"#;
    let other = r#"{"name":"list_seats","description":"List seats"}"#;
    let check = |key: &str| {
        let tool = format!(r#"{{"name":"find_seat","description":"Find","{key}":{schema}}}"#);
        write(folder.path(), "tools.json", &format!("[{tool},{other}]"));
        Magnet::new(folder.path()).args("check --tools tools.json").run().expect(0)
    };
    assert!(check("parameters").stderr.contains("no problems found"));
    let told = check("payload");
    assert!(!told.stderr.contains("no problems found"), "{}", told.stderr);
    assert!(told.stdout.contains("\"payload\" looks like its parameters"), "{}", told.stdout);
}

/// A program is started only where its file is named: what merely lies in a
/// folder is not.
#[test]
fn servers_that_lie_in_a_folder_are_not_started() {
    let folder = folder();
    let servers = r#"{"mcpServers":{"files":{"command":"npx","args":["-y","files"]}}}"#;
    write(folder.path(), "servers.json", servers);
    let tool = |name: &str| format!(r#"{{"name":"{name}","description":"d","parameters":{{}}}}"#);
    write(folder.path(), "tools.json", &format!("[{},{}]", tool("a"), tool("b")));
    let told = Magnet::new(folder.path()).args("check --tools .").run().expect(0).stdout;
    assert!(
        told.contains("a list of MCP servers") && told.contains("name this very file"),
        "{told}"
    );
}

#[test]
fn servers_that_cannot_be_used_are_told() {
    check(
        "remote.json",
        r#"{"mcpServers":{"web":{"url":"http://127.0.0.1:9/mcp"}}}"#,
        &["server \"web\"", "whether it speaks streamable HTTP there"],
    );
    check("none.json", r#"{"mcpServers":{}}"#, &["no server that is switched on"]);
}
