use reqwest::StatusCode;
use serde_json::{Value, json};

use super::*;
use crate::teacher::chat::{Message, Purpose};

fn request() -> Request {
    let message = |role| Message { role, content: "It.".into() };
    Request {
        purpose: Purpose::Back,
        messages: vec![message(Role::System), message(Role::User)],
        answer: Answer::Json { name: "back", schema: Value::Null },
        temperature: 0.7,
        max_output_tokens: 4_096,
        draw: 7,
    }
}

fn told(status: u16, body: &str) -> Known {
    let refusal = Refusal::read(StatusCode::from_u16(status).unwrap(), body, body);
    after(&refusal, Known::default(), &request())
}

fn worded(message: &str) -> Known {
    told(400, &json!({"error": {"message": message}}).to_string())
}

#[test]
fn a_seed_refused_in_any_wording_is_left_out() {
    let without = Known { has_seed: false, ..Known::default() };
    for message in [
        "Unrecognized request argument supplied: seed",
        "Unknown parameter: 'seed'.",
        "property 'seed' is unsupported, did you mean 'stop'?",
        "Additional properties are not allowed ('seed' was unexpected)",
        "Invalid JSON payload received. Unknown name \"seed\": Cannot find field.",
        "[{'type': 'extra_forbidden', 'loc': ('body', 'seed'), 'msg': 'Extra inputs'}]",
        "Seed must be less than 1000",
    ] {
        assert_eq!(worded(message), without, "{message}");
    }
    let fault = json!({"loc": ["body", "seed"], "msg": "Extra inputs are not permitted",
        "input": {"temperature": 1, "response_format": {}}});
    assert_eq!(told(422, &json!({"detail": [fault]}).to_string()), without);
    let apart = json!({"error": {"message": "The temperature is fine.", "param": "seed"}});
    assert_eq!(told(422, &apart.to_string()), without);
    assert_eq!(told(400, "seed is not allowed here"), without);
}

#[test]
fn what_is_named_first_is_what_is_refused() {
    let temperature = worded("'temperature' is unsupported: send model, messages, seed only");
    assert_eq!(temperature, Known { has_temperature: false, ..Known::default() });
    let format = worded("response_format.json_schema is not a known seed of structure");
    assert_eq!(format.schema_mode, SchemaMode::JsonObject);
    // Words that are no names of parts.
    assert_eq!(worded("The moon was seeded by a temperature_sensor."), Known::default());
    assert_eq!(worded("The moon is in the wrong house."), Known::default());
}

#[test]
fn what_was_not_sent_is_not_what_is_refused() {
    let refusal = r#"{"error": "no seed and no role here"}"#;
    let refusal = Refusal::read(StatusCode::BAD_REQUEST, refusal, refusal);
    let bare = Request { draw: 0, messages: Vec::new(), ..request() };
    assert_eq!(after(&refusal, Known::default(), &bare), Known::default());
}

#[test]
fn a_system_role_refused_in_any_words_is_done_without() {
    let without = Known { has_system_role: false, ..Known::default() };
    for message in [
        "System role not supported",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "Only user and assistant roles are supported!",
        "messages: Unexpected role \"system\".",
        "This model takes no system prompt.",
    ] {
        assert_eq!(worded(message), without, "{message}");
    }
    let fault = json!({"loc": ["body", "messages", 0, "role"],
        "msg": "Input should be 'user' or 'assistant'"});
    assert_eq!(told(422, &json!({"detail": [fault]}).to_string()), without);
    let template = json!({"error": {"code": 500, "type": "server_error",
        "message": "Jinja Exception: System role not supported"}});
    assert_eq!(told(500, &template.to_string()), without);
    assert_eq!(told(500, r#"{"error": "the database has no such role"}"#), Known::default());
}

#[test]
fn the_longest_answer_is_learned_from_what_is_told() {
    let check = |message: &str, most: u32| {
        let expected = Known { max_output_tokens: Some(most), ..Known::default() };
        assert_eq!(worded(message), expected, "{message}");
    };
    check(
        "max_tokens is too large: 4096. This model supports at most 2048 completion tokens, \
         whereas you provided 4096.",
        2_048,
    );
    check("`max_tokens` must be less than or equal to `1,024`", 1_024);
    check("max_tokens: 4096 > 1500, which is the maximum allowed number for gpt-4-0613", 1_500);
    check("Range of max_tokens should be [1, 2000]", 2_000);
    check("Invalid max_tokens value, the valid range of max_tokens is [1, 3000]", 3_000);
    check("The requested output tokens exceed what this model can do.", 2_048);
    let fault = json!({"loc": ["body", "max_tokens"], "input": 4096,
        "msg": "Input should be less than or equal to 512"});
    let known = told(422, &json!({"detail": [fault]}).to_string());
    assert_eq!(known.max_output_tokens, Some(512));
}

#[test]
fn a_bound_under_another_name_is_no_lower_bound() {
    let swapped = Known { wants_completion_tokens: true, ..Known::default() };
    let openai = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                  'max_completion_tokens' instead.";
    assert_eq!(worded(openai), swapped);
    let refusal = r#"{"error": {"message": "Unknown field: max_completion_tokens"}}"#;
    let refusal = Refusal::read(StatusCode::BAD_REQUEST, refusal, refusal);
    assert_eq!(after(&refusal, swapped, &request()), Known::default());
}

#[test]
fn an_answer_longer_than_the_context_is_asked_shorter() {
    let vllm = |context: u32| {
        let words = format!("This model's maximum context length is {context} tokens.");
        after_overflow(&words, Known::default(), &request()).max_output_tokens
    };
    assert_eq!(vllm(2_048), Some(1_024));
    assert_eq!(vllm(8_192), None);
}
