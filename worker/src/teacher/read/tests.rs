//! What readers forgive and what they refuse.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

fn check(answer: &str, expected: Result<&str, &str>) {
    let read = json(answer).map(|value| value.to_string());
    match expected {
        Ok(json) => assert_eq!(read.as_deref(), Ok(json), "{answer}"),
        Err(part) => {
            assert!(read.as_ref().is_err_and(|e| e.contains(part)), "{answer}: {read:?}")
        }
    }
}

#[test]
fn form_is_forgiven() {
    check("{\"a\":1}", Ok("{\"a\":1}"));
    check("Sure! ```json\n{\"a\": 1}\n``` Hope it helps.", Ok("{\"a\":1}"));
    check("{\"a\":1}.00000000", Ok("{\"a\":1}"));
    check("Use {city}: {\"a\":1}", Ok("{\"a\":1}"));
    check("As [1] says, see [Hint] and {\"a\":1}}}]", Ok("{\"a\":1}"));
    check("<think>{\"a\":2}? no</think>\n{\"a\":1}", Ok("{\"a\":1}"));
}

#[test]
fn meaning_is_not() {
    check("{\"city\":\"Oslo\",\"city\":\"Rome\"}", Err("\"city\" stands twice"));
    check("{\"a\": [{\"b\":1,\"b\":2}]}", Err("\"b\" stands twice"));
    check("{\"a\": {\"b\": 1", Err("half-way"));
    check("I cannot do that.", Err("no JSON"));
    check("<think>{\"a\":1}", Err("no JSON"));
    check(&"[{\"a\":".repeat(5_000), Err("cannot be read"));
}

#[test]
fn the_inside_of_a_broken_object_is_never_taken_for_the_whole() {
    check("{\"calls\":[{\"name\":\"a\",\"arguments\":{}},{\"name\":\"b\",\"arg", Err("half-way"));
    check("{\"calls\":[{\"name\":\"a\",\"arguments\":{}},], \"say\":1}", Err("cannot be read"));
}

#[test]
fn prose_loses_its_wrapping() {
    assert_eq!(prose("\"Find me a train.\""), "Find me a train.");
    assert_eq!(prose("User: Find me a train."), "Find me a train.");
    assert_eq!(prose("```\nFind me a train.\n```"), "Find me a train.");
    assert_eq!(prose("<think>hm</think> Find me a train."), "Find me a train.");
}

#[test]
fn code_is_what_is_fenced_or_else_all() {
    let fenced = "Sure, `x` first:\n```python\nx = 1\n```\nand so on";
    assert_eq!(code(fenced), "x = 1\n");
    assert_eq!(code("```\na\n```\nor better\n```python\na = b\n```"), "a = b\n");
    assert_eq!(code("<think>```\nno\n```</think>\nx = 1\n"), "\nx = 1\n");
    assert_eq!(code("```python\nx = 1\nand it breaks o"), "x = 1\nand it breaks o");
}

/// The calls and the prose of a step, or a part of the refusal.
type Expected<'a> = Result<(&'a [(&'a str, Value)], &'a str), &'a str>;

fn check_step(answer: &str, expected: Expected<'_>) {
    let read = step(answer);
    match expected {
        Ok((calls, say)) => {
            let read = read.unwrap_or_else(|why| panic!("{answer}: {why}"));
            let made: Vec<(&str, Value)> = read
                .calls
                .iter()
                .map(|call| (call.name.as_str(), Value::Object(call.arguments.clone())))
                .collect();
            assert_eq!((made.as_slice(), read.say.as_str()), (calls, say), "{answer}");
        }
        Err(part) => assert!(read.as_ref().is_err_and(|e| e.contains(part)), "{answer}: {read:?}"),
    }
}

#[test]
fn calls_are_read_in_every_form_seen() {
    let one: &[(&str, Value)] = &[("f", json!({"x": 1}))];
    for answer in [
        r#"{"calls":[{"name":"f","arguments":{"x":1}}],"say":""}"#,
        r#"{"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}}]}"#,
        r#"{"tool_calls":[{"function":{"name":"f","arguments":{"x":1}}}]}"#,
        "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n</tool_call>",
        "I'll do that.\n```json\n{\"name\": \"f\", \"parameters\": {\"x\": 1}}\n```",
        r#"[TOOL_CALLS] [{"name":"f","arguments":{"x":1}}]"#,
        r#"{"function_call":{"name":"f","arguments":"{\"x\":1}"}}"#,
        r#"{"name":"f","arguments":{"x":1}} {"name":"f","arguments":{"x":1}}"#,
        r#"<think>maybe {"name":"g"}</think>{"name":"f","arguments":{"x":1}}"#,
    ] {
        check_step(answer, Ok((one, "")));
    }
    let two = r#"<tool_call>{"name":"f","arguments":{"x":1}}</tool_call><tool_call>{"name":"g","arguments":""}</tool_call>"#;
    check_step(two, Ok((&[("f", json!({"x": 1})), ("g", json!({}))], "")));
}

#[test]
fn prose_is_read_as_speech() {
    check_step("Your seat is held.", Ok((&[], "Your seat is held.")));
    check_step(r#"{"calls":[],"say":"Done."}"#, Ok((&[], "Done.")));
    check_step(r#"{"content":"\"Done.\""}"#, Ok((&[], "Done.")));
}

#[test]
fn what_is_no_step_is_refused_with_a_reason() {
    check_step("", Err("empty"));
    check_step("{}", Err("neither"));
    check_step(r#"{"calls":[],"say":""}"#, Err("neither"));
    check_step(r#"{"calls":[{"arguments":{}}]}"#, Err("no \"name\""));
    check_step(r#"{"calls":[{"name":"f","arguments":[1]}]}"#, Err("no JSON object"));
    check_step(r#"{"calls":[{"name":"f","arguments":{"x":1,"x":2}}]}"#, Err("stands twice"));
    let text = r#"{"tool_calls":[{"function":{"name":"f","arguments":"{\"x\":1,\"x\":2}"}}]}"#;
    check_step(text, Err("stands twice"));
    check_step(r#"{"calls":[{"name":"f","arguments":{"x""#, Err("half-way"));
    check_step("<tool_call>f(1)</tool_call>", Err("neither"));
}

/// Any JSON object with plain keys.
fn object() -> impl Strategy<Value = Map<String, Value>> {
    let scalar = prop_oneof![
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    let value = scalar.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[a-z_]{1,8}", value, 0..5)
        .prop_map(|members| members.into_iter().collect())
}

proptest! {
    #[test]
    fn reading_never_panics(text in "\\PC{0,200}") {
        json(&text).ok();
        step(&text).ok();
        prose(&text);
    }

    #[test]
    fn near_json_never_panics(text in r#"[{}\[\]",:a-c0-2\\ <>/thinkool_]{0,120}"#) {
        json(&text).ok();
        step(&text).ok();
    }

    #[test]
    fn a_whole_object_is_read_whatever_plain_words_stand_around(
        object in object(), before in "[a-zA-Z .,!\n`]{0,40}", after in "[a-zA-Z0-9 .,!\n`]{0,40}",
    ) {
        let text = format!("{before}{}{after}", Value::Object(object.clone()));
        prop_assert_eq!(json(&text), Ok(Value::Object(object)));
    }

    #[test]
    fn a_cut_object_is_never_read(object in object(), cut in 0.0..1.0f64) {
        let text = Value::Object(object).to_string();
        let mut at = (text.len() as f64 * cut) as usize;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        prop_assert!(json(&text[..at]).is_err(), "{}", &text[..at]);
    }

    #[test]
    fn a_call_means_the_same_in_every_form(name in "[a-z_]{1,12}", object in object()) {
        let arguments = Value::Object(object.clone());
        let text = arguments.to_string();
        let bare = json!({"name": name, "arguments": arguments});
        let forms = [
            json!({"calls": [bare], "say": ""}).to_string(),
            json!({"tool_calls": [{"function": {"name": name, "arguments": text}}]}).to_string(),
            format!("<tool_call>{bare}</tool_call>"),
            format!("```json\n{bare}\n```"),
            format!("[{bare}]"),
        ];
        let expected = Step { calls: vec![RawCall { name, arguments: object }], say: String::new() };
        for form in forms {
            prop_assert_eq!(step(&form), Ok(expected.clone()), "{}", form);
        }
    }
}
