//! The offline teacher: answers every ask by rules. Deterministic, no model.
//!
//! ```text
//! write_request   plan ─► clause (phrasing, else generic) ─► frame      request.rs
//! fill_call       given · picked from outputs · schema                  fill.rs
//! act             hinted calls ─► summary, or a question, or a refusal  act.rs
//! ```
//!
//! Promises: the same ask gets the same answer; every required value of a
//! request is in its text or an earlier one, or in an output it points at;
//! prose says nothing that no output says. Its sentences are plain, and it is
//! named in every dataset it writes.

mod act;
mod change;
mod choose;
mod clause;
mod coerce;
mod contact;
mod context;
mod decline;
mod ends;
mod fill;
mod frame;
mod generic;
mod intention;
mod memory;
pub mod mention;
mod motive;
mod noun;
mod optional;
mod phrase;
mod plan;
mod refer;
mod register;
mod report;
mod request;
mod rivals;
mod select;
mod summary;
mod supply;
mod template;
mod vary;

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use magnet_proto::sample::Arguments;

use magnet_worker::conversation::Request;
use magnet_worker::teacher::{Act, Action, Error, FillCall, Hint, Teacher, WriteRequest};

/// The teacher that needs no model.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offline;

#[async_trait]
impl Teacher for Offline {
    fn name(&self) -> &str {
        "offline"
    }

    async fn write_request(&self, ask: &WriteRequest<'_>) -> Result<Request, Error> {
        request::write(ask)
    }

    async fn fill_call(&self, ask: &FillCall<'_>) -> Result<Arguments, Error> {
        fill::fill(ask)
    }

    async fn act(&self, ask: &Act<'_>) -> Result<Action, Error> {
        match ask.hint {
            Hint::Wrong(_) | Hint::None => {
                Err(Error::Permanent("the offline teacher plays by right hints alone".into()))
            }
            _ => Ok(act::act(ask)),
        }
    }
}
