use serde_json::json;

use super::*;

/// "permanent", "too long", "unanswerable", or the waiting time told.
fn sorted(status: u16, body: &str) -> String {
    let status = StatusCode::from_u16(status).unwrap();
    match Refusal::read(status, body, body).error(&HeaderMap::new()) {
        Error::Permanent(_) => "permanent".into(),
        Error::TooLong(_) => "too long".into(),
        Error::Unanswerable(_) => "unanswerable".into(),
        Error::Unusable(_) => "unusable".into(),
        Error::Transient { cause, retry_after, .. } => match retry_after {
            Some(wait) => format!("{} {wait:?}", cause.label()),
            None => cause.label().into(),
        },
        other => other.to_string(),
    }
}

fn told(status: u16, code: &str, message: &str) -> String {
    sorted(status, &json!({"error": {"message": message, "code": code}}).to_string())
}

#[test]
fn a_rate_limit_that_links_to_the_billing_page_passes() {
    let openai = "Rate limit reached for gpt on requests per min. Limit: 3 / min. Please try \
        again in 20s. Please add a payment method to your account to increase your rate \
        limit. Visit https://example.com/account/billing to add a payment method.";
    assert_eq!(told(429, "rate_limit_exceeded", openai), "rate_limited 20s");
    assert_eq!(told(429, "requests", openai), "rate_limited 20s");
    let gemini = "You exceeded your current quota, please check your plan and billing details.";
    let details = json!([{"@type": "RetryInfo", "retryDelay": "26s"}]);
    let body = json!([{"error": {"code": 429, "message": gemini, "details": details}}]);
    assert_eq!(sorted(429, &body.to_string()), "rate_limited 26s");
    let within = json!({"error": {"message": body.to_string(), "code": 429}});
    assert_eq!(sorted(429, &within.to_string()), "rate_limited 26s");
    let seconds = "Quota exceeded. Please retry in 15.5s.";
    assert_eq!(told(429, "", seconds), "rate_limited 15.5s");
}

#[test]
fn a_429_that_no_waiting_mends_is_for_good() {
    let openai = "You exceeded your current quota, please check your plan and billing details.";
    assert_eq!(told(429, "insufficient_quota", openai), "permanent");
    assert_eq!(told(429, "billing_hard_limit_reached", "Hard limit."), "permanent");
    let credit = "Your credit balance is too low to access the API.";
    assert_eq!(told(403, "invalid_request_error", credit), "permanent");
    assert_eq!(told(429, "", "Your project has exceeded its spending cap."), "permanent");
    assert_eq!(told(402, "", "Payment required"), "permanent");
}

#[test]
fn a_context_that_overflows_is_told_from_other_bad_requests() {
    let openai = "This model's maximum context length is 8192 tokens. However, your messages \
        resulted in 9000 tokens.";
    assert_eq!(told(400, "context_length_exceeded", openai), "too long");
    let vllm = "'max_tokens' or 'max_completion_tokens' is too large: 2048. This model's \
        maximum context length is 4096 tokens and your request has 3000 input tokens.";
    assert_eq!(told(400, "BadRequestError", vllm), "too long");
    let llama = "the request exceeds the available context size, try increasing it";
    assert_eq!(told(400, "exceed_context_size_error", llama), "too long");
    assert_eq!(told(400, "", "prompt is too long: 210000 tokens > 200000"), "too long");
    let tgi = "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096.";
    assert_eq!(told(422, "validation", tgi), "too long");
    let gemini = "The input token count (1200000) exceeds the maximum number of tokens allowed.";
    assert_eq!(told(400, "", gemini), "too long");
    assert_eq!(sorted(413, "<h1>413 Request Entity Too Large</h1>"), "too long");
    assert_eq!(told(400, "", "The moon is in the wrong house."), "unanswerable");
}

#[test]
fn the_servers_trouble_passes_and_a_request_it_cannot_serve_does_not() {
    assert_eq!(told(503, "", "Overloaded"), "server_error");
    assert_eq!(told(529, "", "Overloaded"), "server_error");
    assert_eq!(told(500, "", "image input is not supported"), "unanswerable");
    assert_eq!(sorted(502, "<html><h1>Bad gateway</h1></html>"), "server_error");
    let page = "<style>body { background-image: url(x) } .unsupported {}</style> content type";
    assert_eq!(sorted(500, page), "server_error");
    assert_eq!(told(500, "", "bfloat16 is not supported on this device"), "server_error");
    assert_eq!(told(503, "", "the image of the container is pulled"), "server_error");
    assert_eq!(told(500, "", "the response was filtered by our content policy"), "unanswerable");
    assert_eq!(told(500, "", "input exceeds the maximum context length"), "too long");
    assert_eq!(sorted(404, "no such model"), "permanent");
}

#[test]
fn an_answer_that_the_server_finds_to_be_no_json_is_a_bad_answer() {
    let groq = json!({"error": {
        "message": "Failed to generate JSON. Please adjust your prompt.",
        "type": "invalid_request_error", "code": "json_validate_failed",
        "failed_generation": "{\"calls\": [",
    }});
    assert_eq!(sorted(400, &groq.to_string()), "unusable");
    let schema = "Generated JSON does not match the expected schema in response_format.";
    assert_eq!(told(400, "", schema), "unusable");
    assert_eq!(told(400, "", "We could not parse the JSON body of your request"), "unanswerable");
}

#[test]
fn the_words_of_validators_are_told_without_the_request_that_they_repeat() {
    let input = json!({"messages": "a long context window, insufficient_quota"});
    let fault = json!({"type": "extra_forbidden", "loc": ["body", "seed"],
        "msg": "Extra inputs are not permitted", "input": input});
    for body in [json!({"detail": [fault]}), json!({"message": {"detail": [fault]}})] {
        let body = body.to_string();
        assert_eq!(words(&body), "body.seed: Extra inputs are not permitted");
        let refusal = Refusal::read(StatusCode::UNPROCESSABLE_ENTITY, &body, &body);
        assert!(refusal.fields == "body.seed" && !refusal.is_too_long, "{refusal:?}");
    }
}

/// What servers really say, by what helps.
#[test]
fn each_servers_own_words_are_sorted() {
    let openai = |message: &str, kind: &str, code: &str| json!({ "error": { "message": message, "type": kind, "param": null, "code": code } });
    let plain = |message: &str| json!({ "error": { "message": message } });
    let groq_day = "Rate limit reached for model `m` on tokens per day (TPD): Limit 100000, Used \
        99000, Requested 2000. Please try again in 14m24.5s.";
    let azure_rate = "Requests to the ChatCompletions_Create Operation have exceeded the call rate \
        limit of your current tier. Please retry after 20 seconds.";
    let azure_filter = "The response was filtered due to the prompt triggering content management \
        policy. Please modify your prompt and retry.";
    let too_large = "Request too large for m on tokens per min (TPM): Limit 30000, Requested \
        35000. The input or output tokens must be reduced.";
    let anthropic_long = "input length and `max_tokens` exceed context limit: 190000 + 20000 > \
        200000, decrease input length or `max_tokens` and try again";
    let upstream = json!({ "error": { "message": "Rate limit exceeded", "code": 429,
        "metadata": { "headers": { "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1500" } } } });
    for (who, status, body, expected) in [
        // Never any answer.
        (
            "gemini's key",
            400,
            plain("API key not valid. Please pass a valid API key."),
            "permanent",
        ),
        (
            "xai's key",
            400,
            json!({ "code": "invalid", "error": "Incorrect API key provided: x***." }),
            "permanent",
        ),
        (
            "lm studio",
            400,
            openai("Failed to load model", "invalid_request_error", "model_not_found"),
            "permanent",
        ),
        (
            "mistral",
            400,
            json!({ "object": "error", "message": "Invalid model: m", "type": "invalid_model" }),
            "permanent",
        ),
        ("deepseek", 400, plain("Model Not Exist"), "permanent"),
        ("openrouter", 400, plain("m is not a valid model ID"), "permanent"),
        (
            "groq",
            400,
            openai("The model `m` has been decommissioned", "x", "model_decommissioned"),
            "permanent",
        ),
        ("ollama", 404, plain("model \"m\" not found, try pulling it first"), "permanent"),
        ("anthropic", 400, plain("Your credit balance is too low to access the API."), "permanent"),
        (
            "moonshot",
            429,
            openai("Your account is suspended", "exceeded_current_quota_error", ""),
            "permanent",
        ),
        (
            "fireworks",
            412,
            plain("Account is suspended, possibly due to reaching the monthly spending limit"),
            "permanent",
        ),
        (
            "cohere",
            429,
            json!({ "message": "You are using a Trial key, which is limited to 1000 API calls / month." }),
            "permanent",
        ),
        ("deepseek", 402, plain("Insufficient Balance"), "permanent"),
        // Not this request.
        ("azure's filter", 400, openai(azure_filter, "", "content_filter"), "unanswerable"),
        (
            "openai's filter",
            400,
            openai("Your request was rejected by our safety system.", "", ""),
            "unanswerable",
        ),
        (
            "openrouter's filter",
            403,
            plain("Your input was flagged for \"violence\""),
            "unanswerable",
        ),
        ("deepseek's filter", 400, plain("Content Exists Risk"), "unanswerable"),
        // A shorter one.
        (
            "sglang",
            400,
            json!({ "object": "error", "message": "Requested token count exceeds the \
            model's maximum context length of 4096 tokens." }),
            "too long",
        ),
        ("anthropic", 400, plain(anthropic_long), "too long"),
        (
            "cohere",
            400,
            json!({ "message": "too many tokens: total number of tokens in the prompt \
            cannot exceed 4081 - received 4292." }),
            "too long",
        ),
        (
            "xai",
            400,
            json!({ "error": "This model's maximum prompt length is 131072" }),
            "too long",
        ),
        ("dashscope", 400, plain("Range of input length should be [1, 30720]"), "too long"),
        (
            "lm studio",
            400,
            json!({ "error": "the model is loaded with context length of only 4096 tokens" }),
            "too long",
        ),
        (
            "openai above its limit",
            429,
            openai(too_large, "tokens", "rate_limit_exceeded"),
            "too long",
        ),
        (
            "groq above its limit",
            413,
            openai(too_large, "tokens", "rate_limit_exceeded"),
            "too long",
        ),
        // The same once more.
        (
            "openai's reasoning",
            400,
            plain(
                "Could not finish the message because max_tokens or model output limit was reached.",
            ),
            "unusable",
        ),
        (
            "groq's call",
            400,
            json!({ "error": { "message": "Failed to call a function.",
            "code": "tool_use_failed", "failed_generation": "<function" } }),
            "unusable",
        ),
        // Later.
        ("groq", 429, openai(groq_day, "tokens", "rate_limit_exceeded"), "rate_limited 864.5s"),
        (
            "azure",
            429,
            json!({ "error": { "code": "429", "message": azure_rate } }),
            "rate_limited 20s",
        ),
        ("openrouter", 429, upstream, "rate_limited 1500s"),
        ("milliseconds", 429, plain("Please try again in 250 milliseconds"), "rate_limited 250ms"),
        ("minutes", 429, plain("Please wait 2 minutes."), "rate_limited 120s"),
        (
            "tgi",
            429,
            json!({ "error": "Model is overloaded", "error_type": "overloaded" }),
            "rate_limited",
        ),
        (
            "llama.cpp",
            503,
            json!({ "error": { "code": 503, "message": "Loading model" } }),
            "server_error",
        ),
        (
            "ollama",
            500,
            plain("llama runner process has terminated: exit status 2"),
            "server_error",
        ),
    ] {
        assert_eq!(sorted(status, &body.to_string()), expected, "{who}: {body}");
    }
}
