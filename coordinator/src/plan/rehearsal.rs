//! A rehearsal: the offline teacher plays, and every ask is rendered as a model
//! would get it, and counted.
//!
//! So an estimate has the prompts, tools and conversations that a run will
//! have, and grows with them when they change. What a model costs beyond that,
//! answers that are asked for again, is not rehearsed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use magnet_proto::sample::Arguments;
use magnet_proto::state::Spending;
use magnet_proto::usage::Usage;
use magnet_worker::conversation;
use magnet_worker::teacher::chat::{Chat, Error as ChatError, Purpose, Reply, Request};
use magnet_worker::teacher::offline::Offline;
use magnet_worker::teacher::remote::Remote;
use magnet_worker::teacher::{Act, Action, Error, FillCall, Hint, Teacher, WriteRequest};
use serde_json::{Value, json};

/// Typical of English and JSON.
const CHARS_PER_TOKEN: usize = 4;

pub(super) struct Rehearsal {
    remote: Remote,
    counted: Arc<Counted>,
}

/// Takes requests and answers none.
#[derive(Default)]
struct Counted {
    usage: Mutex<Usage>,
}

impl Counted {
    fn lock(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answered(&self, purpose: Purpose, answer: &Value) {
        let output_tokens = answer.to_string().len().div_ceil(CHARS_PER_TOKEN) as u64;
        self.lock().add(purpose.label(), Spending { output_tokens, ..Spending::default() });
    }
}

#[async_trait]
impl Chat for Counted {
    async fn complete(&self, request: &Request) -> Result<Reply, ChatError> {
        let input_tokens = request.estimated_tokens().input;
        let spent = Spending { requests: 1, input_tokens, ..Spending::default() };
        self.lock().add(request.purpose.label(), spent);
        Err(ChatError::Cancelled)
    }
}

impl Rehearsal {
    pub(super) fn new() -> Self {
        let counted = Arc::new(Counted::default());
        let chat: Arc<dyn Chat> = counted.clone();
        Self { remote: Remote::new("rehearsal", chat, 0.0, 0), counted }
    }

    /// What was asked so far.
    pub(super) fn usage(&self) -> Usage {
        self.counted.lock().clone()
    }
}

#[async_trait]
impl Teacher for Rehearsal {
    fn name(&self) -> &str {
        "rehearsal"
    }

    async fn write_request(&self, ask: &WriteRequest<'_>) -> Result<conversation::Request, Error> {
        self.remote.write_request(ask).await.ok();
        let request = Offline.write_request(ask).await?;
        self.counted.answered(Purpose::Back, &json!({ "request": request.text }));
        Ok(request)
    }

    async fn fill_call(&self, ask: &FillCall<'_>) -> Result<Arguments, Error> {
        self.remote.fill_call(ask).await.ok();
        let arguments = Offline.fill_call(ask).await?;
        let answer = json!({ "give_up": "", "arguments": arguments });
        self.counted.answered(Purpose::Forth, &answer);
        Ok(arguments)
    }

    async fn act(&self, ask: &Act<'_>) -> Result<Action, Error> {
        self.remote.act(ask).await.ok();
        let purpose = match ask.hint {
            Hint::Wrong(_) => Purpose::Mislead,
            Hint::None => Purpose::RollOut,
            _ => Purpose::Act,
        };
        let action = Offline.act(ask).await?;
        let answer = match &action {
            Action::Call(calls) => {
                let name = |id| ask.scene.library.get(id).name.as_str();
                let call = |call: &magnet_worker::teacher::Proposed| json!({ "name": name(call.function), "arguments": call.arguments });
                json!({ "calls": calls.iter().map(call).collect::<Vec<_>>(), "say": "" })
            }
            Action::Say(text) => json!({ "calls": [], "say": text }),
        };
        self.counted.answered(purpose, &answer);
        Ok(action)
    }
}
