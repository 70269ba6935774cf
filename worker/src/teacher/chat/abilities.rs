//! What an endpoint can do: assumed at first, learned from its refusals once,
//! remembered for the process.

use std::sync::Mutex;

use serde_json::{Map, Value, json};

pub use super::known::{Known, SchemaMode};
use super::refusal::Refusal;
use super::{Answer, Message, Request, Role, dialect};

/// The abilities of one endpoint, shared by all its requests.
#[derive(Debug, Default)]
pub struct Abilities {
    learned: Mutex<Learned>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Learned {
    known: Known,
    /// A request with a system role was answered: no refusal is about that.
    took_system_role: bool,
}

impl Learned {
    fn is_guess(&self, then: Known) -> bool {
        self.known.has_system_role && !then.has_system_role && !self.took_system_role
    }
}

impl Abilities {
    pub fn known(&self) -> Known {
        self.lock().known
    }

    /// Learns from a refusal of a request made under `then`; the dialect to ask
    /// in again at once, if there is another one.
    pub(super) fn learn(
        &self,
        refusal: &Refusal<'_>,
        then: Known,
        request: &Request,
    ) -> Option<Known> {
        let mut learned = self.lock();
        let is_guess = learned.is_guess(then);
        if learned.known != then && !is_guess {
            return Some(learned.known);
        }
        let mut after = match refusal.is_too_long {
            true => dialect::after_overflow(&refusal.words, then, request),
            false => dialect::after(refusal, then, request),
        };
        after.has_system_role |= learned.took_system_role;
        if !is_guess {
            learned.known = after;
        }
        (after != then).then_some(after)
    }

    /// An endpoint that has not answered yet and refuses in words that name
    /// nothing may not know the system role: what to try in that case. It is
    /// known once a request is answered so.
    pub(super) fn guess(&self, then: Known, request: &Request) -> Option<Known> {
        let is_open = !self.lock().took_system_role && then.has_system_role;
        (is_open && dialect::has_system(request))
            .then_some(Known { has_system_role: false, ..then })
    }

    /// A request made under `then` was answered.
    pub(super) fn answered(&self, then: Known, request: &Request) {
        let mut learned = self.lock();
        if learned.is_guess(then) {
            learned.known = then;
        }
        learned.took_system_role |= then.has_system_role && dialect::has_system(request);
        learned.known.has_system_role |= learned.took_system_role;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
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
    body.insert(limit.into(), known.output_tokens(request).into());
    if known.has_seed && request.draw > 0 {
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

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;
    use crate::teacher::chat::Purpose;

    fn request() -> Request {
        let message = |role| Message { role, content: "It.".into() };
        Request {
            purpose: Purpose::Back,
            messages: vec![message(Role::System), message(Role::User)],
            answer: Answer::Text,
            temperature: 0.7,
            max_output_tokens: 512,
            draw: 7,
        }
    }

    fn refused(abilities: &Abilities, words: &str, then: Known) -> Option<Known> {
        let refusal = Refusal::read(StatusCode::BAD_REQUEST, words, words);
        abilities.learn(&refusal, then, &request())
    }

    #[test]
    fn a_guess_is_known_once_it_is_answered_with_what_was_learned_on_the_way() {
        let (abilities, first) = (Abilities::default(), Known::default());
        assert_eq!(refused(&abilities, "Begin with a person.", first), None);
        let guess = abilities.guess(first, &request()).unwrap();
        let next = refused(&abilities, "no seed here", guess).unwrap();
        assert_eq!(next, Known { has_system_role: false, has_seed: false, ..first });
        assert_eq!(abilities.known(), first);
        abilities.answered(next, &request());
        assert_eq!(abilities.known(), next);
    }

    #[test]
    fn a_system_role_that_was_taken_once_is_never_doubted() {
        let (abilities, first) = (Abilities::default(), Known::default());
        abilities.answered(first, &request());
        assert_eq!(abilities.guess(first, &request()), None);
        assert_eq!(refused(&abilities, "that is not our role", first), None);
        assert!(abilities.known().has_system_role);
    }

    #[test]
    fn what_others_have_learned_meanwhile_is_asked_in_at_once() {
        let (abilities, first) = (Abilities::default(), Known::default());
        let next = refused(&abilities, "no seed here", first).unwrap();
        assert_eq!(refused(&abilities, "no seed here", first), Some(next));
        let both = refused(&abilities, "no temperature either", next).unwrap();
        assert!(!both.has_seed && !both.has_temperature, "{both:?}");
    }
}
