//! What an endpoint can do: assumed at first, learned from its refusals once,
//! remembered for the process.

use std::sync::Mutex;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Answer, Message, Request, Role};

/// How structured answers are asked for, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaMode {
    JsonSchema,
    JsonObject,
    Prompt,
}

/// A snapshot of what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Known {
    pub schema_mode: SchemaMode,
    /// `max_completion_tokens` in place of `max_tokens`.
    pub wants_completion_tokens: bool,
    pub has_system_role: bool,
    pub has_temperature: bool,
}

/// The abilities of one endpoint, shared by all its requests.
#[derive(Debug)]
pub struct Abilities {
    known: Mutex<Known>,
}

impl Default for Abilities {
    fn default() -> Self {
        let known = Known {
            schema_mode: SchemaMode::JsonSchema,
            wants_completion_tokens: false,
            has_system_role: true,
            has_temperature: true,
        };
        Self { known: Mutex::new(known) }
    }
}

impl Abilities {
    pub fn known(&self) -> Known {
        *self.lock()
    }

    /// Learns from a refusal of a request made under `then`; whether a request
    /// made now would differ, so that asking again at once makes sense.
    pub fn learn(&self, refusal: &str, then: Known) -> bool {
        let text = refusal.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let mut known = self.lock();
        if *known != then {
            return true;
        }
        if says(&["max_completion_tokens"]) {
            known.wants_completion_tokens = !then.wants_completion_tokens;
        } else if says(&["response_format", "json_schema", "json_object", "guided", "grammar"]) {
            known.schema_mode = match then.schema_mode {
                SchemaMode::JsonSchema => SchemaMode::JsonObject,
                SchemaMode::JsonObject | SchemaMode::Prompt => SchemaMode::Prompt,
            };
        } else if says(&["temperature"]) {
            known.has_temperature = false;
        } else if says(&["system role", "role 'system'", "\"system\"", "system message"]) {
            known.has_system_role = false;
        }
        *known != then
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The body of a request, in the endpoint's dialect.
pub fn body(known: Known, model: &str, request: &Request) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    body.insert("messages".into(), messages(known, request));
    if known.has_temperature {
        body.insert("temperature".into(), request.temperature.into());
    }
    let limit = if known.wants_completion_tokens { "max_completion_tokens" } else { "max_tokens" };
    body.insert(limit.into(), request.max_output_tokens.into());
    if request.draw > 0 {
        body.insert("seed".into(), request.draw.into());
    }
    if let Answer::Json { name, schema } = &request.answer {
        match known.schema_mode {
            SchemaMode::JsonSchema => {
                let schema = json!({ "name": name, "schema": schema, "strict": false });
                let format = json!({ "type": "json_schema", "json_schema": schema });
                body.insert("response_format".into(), format);
            }
            SchemaMode::JsonObject => {
                body.insert("response_format".into(), json!({ "type": "json_object" }));
            }
            SchemaMode::Prompt => {}
        }
    }
    Value::Object(body)
}

fn messages(known: Known, request: &Request) -> Value {
    let mut messages: Vec<Message> = request.messages.clone();
    if let (Answer::Json { schema, .. }, Some(last)) = (&request.answer, messages.last_mut())
        && known.schema_mode != SchemaMode::JsonSchema
    {
        last.content.push_str(&format!(
            "\n\nAnswer with one JSON object and nothing else. It must follow this JSON Schema:\n{schema}"
        ));
    }
    if !known.has_system_role {
        messages = without_system(messages);
    }
    json!(messages)
}

/// The system text moves to the head of the first user message.
fn without_system(messages: Vec<Message>) -> Vec<Message> {
    let (system, mut rest): (Vec<Message>, Vec<Message>) =
        messages.into_iter().partition(|message| message.role == Role::System);
    let head: Vec<String> = system.into_iter().map(|message| message.content).collect();
    match rest.iter_mut().find(|message| message.role == Role::User) {
        Some(first) if !head.is_empty() => {
            first.content = format!("{}\n\n{}", head.join("\n\n"), first.content);
        }
        _ => {}
    }
    rest
}
