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

/// What servers really say of a part that they do not know.
#[test]
fn each_servers_own_words_teach_its_dialect() {
    let known = Known::default();
    let plain = |message: &str| json!({ "error": { "message": message } }).to_string();
    let object = Known { schema_mode: SchemaMode::JsonObject, ..known };
    let seedless = Known { has_seed: false, ..known };
    let cool = Known { has_temperature: false, ..known };
    let alone = Known { has_system_role: false, ..known };
    let other = Known { wants_completion_tokens: true, ..known };
    let most = |most: u32| Known { max_output_tokens: Some(most), ..known };
    let old_mistral = json!({ "object": "error", "message":
        "{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"seed\"],\"msg\":\"Extra inputs\",\"input\":7}]}" });
    let o1 = json!({ "error": { "param": "messages[0].role",
        "message": "Unsupported value: 'messages[0].role' does not support 'system' with this model." } });
    for (who, status, body, expected) in [
        ("mistral", 422, old_mistral.to_string(), seedless),
        (
            "xai",
            400,
            json!({ "error": "Argument not supported on this model: seed" }).to_string(),
            seedless,
        ),
        (
            "bedrock",
            400,
            plain("Malformed input request: #: extraneous key [seed] is not permitted"),
            seedless,
        ),
        (
            "tgi",
            422,
            "Failed to deserialize the JSON body into the target type: seed: invalid type".into(),
            seedless,
        ),
        (
            "ollama",
            400,
            plain("json: cannot unmarshal number into Go struct field ChatCompletionRequest.seed"),
            seedless,
        ),
        (
            "openai",
            400,
            plain(
                "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.",
            ),
            cool,
        ),
        ("moonshot", 400, plain("invalid temperature: only 1 is allowed for this model"), cool),
        (
            "tgi",
            422,
            json!({ "error": "Input validation error: `temperature` must be strictly positive" })
                .to_string(),
            cool,
        ),
        ("openai o1", 400, o1.to_string(), alone),
        (
            "openai o1",
            400,
            plain(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            ),
            other,
        ),
        (
            "vllm",
            400,
            plain(
                "max_tokens=4096 cannot be greater than max_model_len=2048. Please request fewer output tokens. (parameter=max_tokens, value=4096)",
            ),
            most(2_048),
        ),
        (
            "groq",
            400,
            plain(
                "`max_completion_tokens` must be less than or equal to `1024`, the maximum value for `max_completion_tokens` is less than the `context_window` for this model",
            ),
            most(1_024),
        ),
        (
            "anthropic",
            400,
            plain(
                "max_tokens: 4096 > 2000, which is the maximum allowed number of output tokens for claude-3-5-sonnet-20240620",
            ),
            most(2_000),
        ),
        (
            "openai",
            400,
            plain(
                "Invalid schema for response_format 'back': In context=(), 'additionalProperties' is required to be supplied and to be false.",
            ),
            object,
        ),
        ("groq", 400, plain("This model does not support response format `json_schema`."), object),
        ("deepseek", 400, plain("This response_format type is unavailable now"), object),
        (
            "llama.cpp",
            400,
            plain("JSON schema conversion failed:\nUnrecognized schema: {}"),
            object,
        ),
        ("llama.cpp", 400, plain("Failed to parse grammar"), object),
        (
            "a fork of it",
            500,
            plain(
                "response_format type must be one of \"text\" or \"json_object\", but got: json_schema",
            ),
            object,
        ),
        (
            "lm studio",
            400,
            json!({ "error": "'response_format.type' must be 'json_object' or 'text'" })
                .to_string(),
            object,
        ),
        (
            "gemini",
            400,
            plain(
                "* GenerateContentRequest.generation_config.response_schema.properties[x].properties: should be non-empty for OBJECT type",
            ),
            object,
        ),
        // Of no part.
        (
            "azure's filter",
            400,
            plain("The response was filtered by the system's content management policy"),
            known,
        ),
        (
            "openai's filter",
            400,
            plain("Your request was rejected as a result of our safety system."),
            known,
        ),
        (
            "openai's reasoning",
            400,
            plain(
                "Could not finish the message because max_tokens or model output limit was reached.",
            ),
            known,
        ),
        ("gemini's key", 400, plain("API key not valid. Please pass a valid API key."), known),
        ("anybody", 500, plain("the database of grammars is away"), known),
    ] {
        let refusal = Refusal::read(StatusCode::from_u16(status).unwrap(), &body, &body);
        let learned = if refusal.is_of_form() { after(&refusal, known, &request()) } else { known };
        assert_eq!(learned, expected, "{who}: {body}");
    }
}
