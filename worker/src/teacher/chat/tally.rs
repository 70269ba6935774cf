//! What one walk's answers came to, and the last of them.
//!
//! The walk's task carries the tally, so that neither stages nor asks know of
//! it. An answer from the memo counts like one just bought: it was paid for
//! once, on the same walk.

use std::cell::RefCell;
use std::future::Future;

use magnet_proto::Digest;
use magnet_proto::remains::Asked;
use magnet_proto::state::Spending;
use magnet_proto::usage::Usage;

use super::{Reply, Request, Role};

#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub usage: Usage,
    /// Under which keys the memo keeps the answers.
    pub keys: Vec<Digest>,
    pub last: Option<Asked>,
}

tokio::task_local! {
    static TALLY: RefCell<Tally>;
}

/// Runs a walk's work and tells what its answers came to.
pub async fn of<F: Future>(work: F) -> (F::Output, Tally) {
    let mut scope = Box::pin(TALLY.scope(RefCell::default(), work));
    let output = scope.as_mut().await;
    let tally = scope.as_mut().take_value().map(RefCell::into_inner).unwrap_or_default();
    (output, tally)
}

/// Adds an answer to the tally of the walk under way, if one is.
pub(super) fn add(request: &Request, key: Digest, reply: &Reply) {
    let spent = Spending {
        requests: 1,
        input_tokens: reply.usage.input,
        output_tokens: reply.usage.output,
        micro_usd: reply.micro_usd,
        cached_input_tokens: reply.usage.cached,
    };
    // Asks outside a walk, such as a judge's in the graph, have no tally.
    TALLY
        .try_with(|tally| {
            let mut tally = tally.borrow_mut();
            tally.usage.add(request.purpose.label(), spent);
            tally.keys.push(key);
            tally.last = Some(asked(request, reply));
        })
        .ok();
}

fn asked(request: &Request, reply: &Reply) -> Asked {
    let prompt = request.messages.iter().map(|message| {
        let role = match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        (role, message.content.as_str())
    });
    Asked::new(request.purpose.label(), prompt, &reply.text)
}
