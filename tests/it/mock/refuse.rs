//! What a sick or strict server answers.

use std::time::Duration;

use super::behaviour::{Dialect, Fault, Tell, Wording};
use super::wire::{Answer, Manner};
use serde_json::{Value, json};

/// The answer of a fault. `good` is what would have been answered.
pub(super) fn fault(fault: Fault, key: &str, good: impl FnOnce() -> Answer) -> Answer {
    let error = |status, code: &str, text: &str| {
        let body = json!({ "error": { "message": text, "type": code, "code": code } });
        Answer::json(status, body.to_string())
    };
    match fault {
        Fault::ServerError => error(500, "server_error", "The server had an error."),
        Fault::Overloaded => error(529, "overloaded_error", "Overloaded"),
        Fault::BadGateway => Answer::html(502, PAGE),
        Fault::RateLimited => error(429, "rate_limit_exceeded", "Slow down."),
        Fault::Reset => Answer::silent(Manner::Reset),
        Fault::Hang => Answer::silent(Manner::Hang),
        Fault::Cut => Answer { manner: Manner::Cut, ..good() },
        Fault::SlowBody => Answer { manner: Manner::Slow, ..good() },
        Fault::Trickle => Answer { manner: Manner::Endless(1), ..good() },
        Fault::Flood => Answer { manner: Manner::Endless(1 << 20), ..good() },
        Fault::StuckBody => Answer { manner: Manner::Stuck, ..good() },
        Fault::HalfJson => {
            let mut answer = good();
            answer.body.truncate(answer.body.len() / 2);
            answer
        }
        Fault::WrongJson => Answer::json(200, r#"{"status":"ok"}"#),
        Fault::ErrorWithOk => error(200, "server_error", "Something went wrong upstream."),
        Fault::Html => Answer::html(200, PAGE),
        Fault::Empty => Answer::json(200, ""),
        Fault::Huge => Answer::json(200, format!(r#"{{"choices":["{}"]}}"#, "x".repeat(11 << 20))),
        Fault::Redirect => {
            let mut answer = Answer::html(302, "");
            answer.headers.push(("location", "https://login.example.com/".into()));
            answer
        }
        Fault::Unauthorized => {
            error(401, "invalid_api_key", &format!("Incorrect API key provided: {key}."))
        }
        Fault::Forbidden => error(403, "forbidden", "Your country is not supported."),
        Fault::NoSuchModel => error(404, "model_not_found", "The model does not exist."),
        Fault::QuotaUsedUp => error(429, "insufficient_quota", "You exceeded your current quota."),
        Fault::SpendCap => {
            let error = json!({ "code": 429, "status": "RESOURCE_EXHAUSTED",
                "message": "Your project has exceeded its spending cap." });
            Answer::json(429, json!([{ "error": error }]).to_string())
        }
        Fault::TooLong => error(
            400,
            "exceed_context_size_error",
            "the request exceeds the available context size, try increasing it",
        ),
        Fault::Unsupported => error(500, "server_error", "image input is not supported"),
        Fault::NoJson => {
            let error = json!({ "message": "Failed to generate JSON. Please adjust your prompt.",
                "type": "invalid_request_error", "code": "json_validate_failed",
                "failed_generation": "{\"calls\": [" });
            Answer::json(400, json!({ "error": error }).to_string())
        }
        Fault::StyledPage => Answer::html(500, STYLED_PAGE),
        Fault::Device => error(500, "server_error", "bfloat16 is not supported on this device"),
        Fault::Strange => error(400, "invalid_request_error", "The moon is in the wrong house."),
    }
}

const PAGE: &str = "<html><head><title>Gateway</title></head><body><h1>Upstream</h1></body></html>";

const STYLED_PAGE: &str = "<html><style>body { background-image: url(a.png) } .unsupported, \
    .context-window { }</style><h1>Upstream</h1></html>";

/// A prompt that does not fit, in the words of a server that names the keys
/// of the answer's length beside.
pub(super) fn too_long(context: u64, input: u64, output: u64) -> Answer {
    let text = format!(
        "'max_tokens' or 'max_completion_tokens' is too large: {output}. This model's maximum \
         context length is {context} tokens and your request has {input} input tokens."
    );
    let error = json!({ "message": text, "type": "BadRequestError", "code": 400 });
    Answer::json(400, json!({ "error": error }).to_string())
}

/// A 429 that says when to come again.
pub(super) fn rate(tell: Tell, wait: Duration) -> Answer {
    let text = "Rate limit reached. Add a payment method under account/billing to raise it.";
    let body = json!({ "error": { "message": text, "type": "requests",
        "code": "rate_limit_exceeded" } });
    let mut answer = Answer::json(429, body.to_string());
    let seconds = wait.as_secs_f64();
    let told = match tell {
        Tell::Nothing => return answer,
        Tell::Seconds => ("retry-after", format!("{}", seconds.ceil())),
        Tell::Millis => ("retry-after-ms", format!("{}", wait.as_millis())),
        Tell::HttpDate => ("retry-after", httpdate(wall_clock() + wait)),
        Tell::Reset => {
            answer.headers.push(("x-ratelimit-remaining-requests", "0".into()));
            ("x-ratelimit-reset-requests", format!("{seconds:.3}s"))
        }
        Tell::Epoch => {
            ("x-ratelimit-reset", format!("{}", (wall_clock() + wait).as_secs_f64().ceil()))
        }
        Tell::GeminiBody => {
            let delay = json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo",
                "retryDelay": format!("{seconds:.3}s") });
            let error = json!({ "code": 429, "message": "Resource has been exhausted.",
                "status": "RESOURCE_EXHAUSTED", "details": [delay] });
            return Answer::json(429, json!([{ "error": error }]).to_string());
        }
    };
    answer.headers.push(told);
    answer
}

/// What the told time is rounded up to; zero where none is told.
pub(super) fn granularity(tell: Tell) -> Duration {
    match tell {
        Tell::Nothing => Duration::ZERO,
        Tell::Millis | Tell::Reset | Tell::GeminiBody => Duration::from_millis(1),
        Tell::Seconds | Tell::HttpDate | Tell::Epoch => Duration::from_secs(1),
    }
}

/// Since 1970.
fn wall_clock() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a server tells absolute times")]
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

/// `Sat, 14 Mar 2026 12:00:05 GMT`, the last second rounded up.
fn httpdate(since_1970: Duration) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = since_1970.as_secs_f64().ceil() as u64;
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let (mut year, mut left) = (1970, days);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while left >= 365 + u64::from(is_leap(year)) {
        left -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 0;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    format!(
        "{}, {:02} {} {year} {:02}:{:02}:{:02} GMT",
        DAYS[(days % 7) as usize],
        left + 1,
        MONTHS[month],
        time / 3_600,
        time / 60 % 60,
        time % 60
    )
}

/// What the endpoint's dialect has against a request.
pub(super) fn dialect(dialect: &Dialect, body: &Value) -> Option<Answer> {
    let has = |key: &str| body.get(key).is_some();
    let format = body.pointer("/response_format/type").and_then(Value::as_str);
    let roles = body.get("messages").and_then(Value::as_array);
    let has_system = roles.is_some_and(|messages| messages.iter().any(|m| m["role"] == "system"));
    let length = body["max_tokens"].as_u64().or_else(|| body["max_completion_tokens"].as_u64());
    let most = dialect.max_output_tokens;
    let too_long = format!(
        "max_tokens is too large: {}. This model supports at most {most} completion tokens.",
        length.unwrap_or_default()
    );
    let system = match dialect.system_words.as_str() {
        "" => "System role not supported",
        words => words,
    };
    let (place, text) = if dialect.completion_tokens && has("max_tokens") {
        (
            json!(["body", "max_tokens"]),
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
             'max_completion_tokens' instead.",
        )
    } else if !dialect.completion_tokens && has("max_completion_tokens") {
        (json!(["body", "max_completion_tokens"]), "Unknown field: max_completion_tokens")
    } else if dialect.no_json_schema && format == Some("json_schema") {
        (
            json!(["body", "response_format", "type"]),
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported.",
        )
    } else if dialect.no_json_object && format == Some("json_object") {
        (json!(["body", "response_format"]), "response_format is not supported")
    } else if dialect.no_temperature && has("temperature") {
        (
            json!(["body", "temperature"]),
            "Unsupported value: 'temperature' does not support this value with this model.",
        )
    } else if dialect.no_seed && has("seed") {
        (json!(["body", "seed"]), "Unrecognized request argument supplied: seed")
    } else if most > 0 && length.is_some_and(|length| length > most) {
        (json!(["body", "max_tokens"]), too_long.as_str())
    } else if dialect.no_system_role && has_system {
        (json!(["body", "messages", 0, "role"]), system)
    } else {
        return None;
    };
    Some(match dialect.wording {
        Wording::Sentence => {
            let error = json!({ "message": text, "type": "invalid_request_error" });
            Answer::json(400, json!({ "error": error }).to_string())
        }
        Wording::Validator => {
            let said = if length > Some(most) && most > 0 {
                text
            } else {
                "Extra inputs are not permitted"
            };
            let fault = json!({ "type": "value_error", "loc": place, "msg": said, "input": body });
            Answer::json(422, json!({ "detail": [fault] }).to_string())
        }
    })
}
