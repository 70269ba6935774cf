//! Broken libraries: each message names the file, the entry and the key, and
//! says how to mend it.

use super::*;

/// What loading a broken file says.
fn message(file: &str) -> String {
    match load(&[file.to_owned()], &fixtures().join("broken")) {
        Ok(loaded) => panic!("{file} loads: {}", loaded.report),
        Err(error) => {
            let base = fixtures().join("broken").display().to_string();
            error.to_string().replace(&base, "BASE")
        }
    }
}

fn check(file: &str, expected: &str) {
    assert_eq!(message(file), expected, "{file}");
}

const EXPECTED: &str =
    "hint: give a JSON array of tools, JSONL, an MCP tools/list answer or an OpenAPI document";

#[test]
fn files_that_are_not_there_or_not_text() {
    check(
        "missing.json",
        "no tool library at \"missing.json\"\n\
         hint: check the path; relative paths start from \"BASE\"",
    );
    check(
        "nothing-*.json",
        "no file matches \"nothing-*.json\"\n\
         hint: check the pattern; relative ones start from \"BASE\"",
    );
    check(
        "a/***.json",
        "\"a/***.json\" is not a pattern: wildcards are either regular `*` or recursive `**`\n\
         hint: use * and ? for parts of names, or [[] for a literal [",
    );
    check(
        "../no_tools",
        "directory \"../no_tools\" holds no tool files\n\
         hint: put .json, .jsonl, .yaml or .yml files there, or name the file itself",
    );
    check(
        "utf16.json",
        "tool library \"utf16.json\" is not text: byte 0 is not UTF-8\n\
         hint: it looks like UTF-16: save it as UTF-8",
    );
    check(
        "gzip.json",
        "tool library \"gzip.json\" is not text: byte 1 is not UTF-8\n\
         hint: it looks like gzip: unpack it first",
    );
    check(
        "latin1.json",
        "tool library \"latin1.json\" is not text: byte 32 is not UTF-8\nhint: save it as UTF-8",
    );
    for (file, name) in [("empty.json", "empty.json"), ("blank.yaml", "blank.yaml")] {
        check(file, &format!("tool library \"{name}\" is empty\n{EXPECTED}"));
    }
}

#[test]
fn json_that_does_not_parse() {
    let cases = [
        (
            "trailing_comma.json", 3, 1, "trailing comma",
            "remove the comma before the closing bracket",
        ),
        (
            "python.json", 1, 3, "key must be a string",
            "it looks like Python: write the file with json.dump",
        ),
        (
            "nan.json",
            1,
            42,
            "expected value",
            "JSON has no NaN and no Infinity: use null or leave the key out",
        ),
        ("comment.json", 2, 3, "expected value", "JSON has no comments: remove it"),
        (
            "cut_off.json",
            1,
            46,
            "EOF while parsing an object",
            "the text ends too early: was the file cut off? write it again",
        ),
        (
            "deep.json", 1, 128, "recursion limit exceeded",
            "flatten it: nothing may be nested deeper than 128 levels",
        ),
    ];
    for (file, line, column, why, hint) in cases {
        check(
            file,
            &format!(
                "tool library \"{file}\", line {line}, column {column}: not JSON: {why}\nhint: {hint}"
            ),
        );
    }
}

#[test]
fn yaml_that_does_not_parse() {
    check(
        "indent.yaml",
        "tool library \"indent.yaml\", line 3, column 4: not YAML: \
         while parsing a block collection, did not find expected '-' indicator\n\
         hint: mend the text at that place; strings with : or # need quotes",
    );
    let bomb = message("aliases.yaml");
    assert!(bomb.contains("it expands beyond the limits on size or depth"), "{bomb}");
    assert!(bomb.ends_with("hint: write anchors and aliases out, and nest less deeply"), "{bomb}");
}

#[test]
fn files_that_are_something_else() {
    let cases = [
        ("text.json", "a string at the top", EXPECTED),
        ("numbers.json", "a list of which entry 1 is a number", EXPECTED),
        ("other.json", "an object (a, b)", EXPECTED),
        (
            "tools_text.json", "its key \"tools\" is a string",
            "hint: make \"tools\" a list of functions",
        ),
        (
            "conversation.json",
            "a conversation",
            "hint: give the tools it was held with, not the conversation",
        ),
        ("postman.json", "a Postman collection", "hint: export it as an OpenAPI 3 document"),
        (
            "schema.json", "a JSON Schema without a function around it",
            "hint: wrap it: {\"name\": …, \"parameters\": …}",
        ),
        (
            "rpc_error.json",
            "a JSON-RPC error",
            "hint: ask the server for tools/list again and save its answer",
        ),
        ("openapi4.json", "OpenAPI version \"4.0.0\"", "hint: convert it to OpenAPI 3.0 or 3.1"),
    ];
    for (file, found, hint) in cases {
        check(file, &format!("\"{file}\" is not a tool library: {found}\n{hint}"));
    }
}

#[test]
fn libraries_without_functions() {
    let add = "hint: add at least one function with a name, a description and parameters";
    let cases = [
        ("no_tools.json", "its list is empty", add),
        ("no_mcp_tools.json", "its list is empty", add),
        (
            "openapi_without_paths.json", "it is an OpenAPI document without \"paths\"",
            "hint: give the document that describes the operations",
        ),
        (
            "openapi_without_operations.json",
            "no path of the OpenAPI document has an operation",
            "hint: give a document whose paths have get, post or other methods",
        ),
    ];
    for (file, found, hint) in cases {
        check(file, &format!("tool library \"{file}\" holds no functions: {found}\n{hint}"));
    }
    check(
        "all_refused.json",
        "tool library \"all_refused.json\": none of its 2 entries is usable; \
         entry 1: it has no name\n\
         hint: give it a \"name\" of 1 to 64 letters, digits, _, . or -",
    );
}

#[test]
fn a_broken_entry_is_refused_and_the_rest_goes_on() {
    let Loaded { library, report, .. } =
        load(&["entries.json".to_owned()], &fixtures().join("broken")).unwrap();
    assert_eq!(library.len(), 1);
    let refused: Vec<String> = report.refused.iter().map(ToString::to_string).collect();
    let name = "give it a \"name\" of 1 to 64 letters, digits, _, . or -";
    let object = "make \"parameters\" an object schema: {\"type\": \"object\", \"properties\": …}";
    let whole = "make it an object with a name, a description and parameters";
    let expected = [
        ("2", "it is a string, not a function", whole),
        ("3", "it has no name", name),
        ("4", "its name is empty", name),
        ("5", "its name is a number", name),
        (
            "6 (\"list_root\")",
            "its \"parameters\" is of type \"array\", not an object",
            "put the value into an object: {\"type\": \"object\", \"properties\": {\"value\": …}}",
        ),
        ("7 (\"number\")", "its \"parameters\" is 12", object),
        ("8 (\"words\")", "its \"parameters\" is \"a city and a date\"", object),
        ("9 (\"unnamed_list\")", "its \"parameters\" is a list of 1", object),
        (
            "10",
            "its type is \"web_search\", not \"function\"",
            "a provider's own tools have no signature to learn from: remove it",
        ),
        ("11", "its key \"function\" is a string", whole),
        (
            "12 (\"good\")", "it repeats entry 1 of entries.json in every part",
            "keep one of the two",
        ),
        ("13 (\"plain_values\")", "\"city\" in its \"parameters\" is 3, not a schema", object),
    ];
    let expected: Vec<String> = expected
        .iter()
        .map(|(entry, why, hint)| format!("entries.json, entry {entry}: {why}\n    hint: {hint}"))
        .collect();
    assert_eq!(refused, expected);
}

#[test]
fn a_broken_line_is_refused_with_its_number() {
    let Loaded { library, report, .. } =
        load(&["lines.jsonl".to_owned()], &fixtures().join("broken")).unwrap();
    assert_eq!(library.len(), 2);
    let refused: Vec<String> = report.refused.iter().map(ToString::to_string).collect();
    let hint = "hint: write one whole JSON object a line, without line breaks inside";
    assert_eq!(
        refused,
        [
            format!(
                "lines.jsonl, entry 2: the line is not JSON: \
                 column 30: EOF while parsing an object\n    {hint}"
            ),
            format!(
                "lines.jsonl, entry 3: the line is not JSON: column 2: expected ident\n    {hint}"
            ),
        ]
    );
}

#[test]
fn a_file_in_a_directory_may_be_something_else() {
    let Loaded { library, report, .. } = load(&["mixed".to_owned()], &fixtures()).unwrap();
    assert_eq!(library.len(), 1);
    let refused: Vec<String> = report.refused.iter().map(ToString::to_string).collect();
    assert_eq!(
        refused,
        [format!(
            "\"mixed/package.json\" is not a tool library: an object (name, version)\n    {EXPECTED}"
        )]
    );
}
