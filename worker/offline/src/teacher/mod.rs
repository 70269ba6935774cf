//! The offline teacher: the rules that stand in for a model.
//!
//! ```text
//! brief           proposals, wants, values ─► what the person is after     brief/
//! write_request   ask or question per step ─► slots ─► message in the register
//! act             due calls · report, question or refusal
//! ```
//!
//! Promises: the same ask gets the same answer; prose says nothing that no
//! output says. With a pack its sentences are the pack's; without one they are
//! plain, and the dataset says so.

pub(crate) mod brief;
mod closing;
mod contact;
mod decline;
mod frame;
mod mention;
mod motive;
mod noun;
mod plain;
mod refer;
mod register;
mod report;
mod request;
mod rivals;
mod sentence;
mod slot;
mod supply;
mod target;
mod template;
mod unhinted;
mod words;

use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::pack::Pack;
use magnet_proto::sample::Arguments;
use magnet_worker::brief::{Ask, Briefer, Outcome};
use magnet_worker::conversation::Request;
use magnet_worker::teacher::{Act, Action, Error, FillCall, Hint, Teacher, WriteRequest};

use crate::templates::Templates;

/// The teacher that needs no model.
#[derive(Clone, Debug, Default)]
pub struct Offline {
    pack: Arc<Pack>,
    templates: Arc<Templates>,
}

impl Offline {
    /// Speaks with the pack's phrases, where it has any.
    pub fn new(pack: Arc<Pack>) -> Self {
        let templates = Arc::new(Templates::new(&pack));
        Self { pack, templates }
    }
}

#[async_trait]
impl Teacher for Offline {
    fn name(&self) -> &str {
        "offline"
    }

    async fn write_request(&self, ask: &WriteRequest<'_>) -> Result<Request, Error> {
        request::write(&self.pack, ask)
    }

    async fn fill_call(&self, _: &FillCall<'_>) -> Result<Arguments, Error> {
        Err(Error::GaveUp("the rules leave no argument open".into()))
    }

    async fn act(&self, ask: &Act<'_>) -> Result<Action, Error> {
        match ask.hint {
            Hint::Wrong(_) => Err(Error::Permanent("the offline teacher makes no mistakes".into())),
            Hint::None => Ok(self.unhinted(ask, false)),
            _ => Ok(self.hinted(ask)),
        }
    }
}

impl Offline {
    /// A step on a right hint.
    fn hinted(&self, ask: &Act<'_>) -> Action {
        match ask.hint {
            Hint::Calls(_) if !ask.due.is_empty() => Action::Call(ask.due.to_vec()),
            Hint::MissFunction => Action::Say(decline::no_function(ask)),
            Hint::MissedParams => Action::Say(decline::ask_for_parameter(ask)),
            Hint::Irrelevant => Action::Say(decline::irrelevant(ask)),
            Hint::Calls(_) | Hint::Wrong(_) | Hint::None => {
                Action::Say(closing::write(&self.templates, &self.pack, ask))
            }
        }
    }
}

#[async_trait]
impl Briefer for Offline {
    async fn brief(&self, ask: &Ask<'_>) -> Result<Outcome, Error> {
        Ok(brief::brief(&self.pack, ask))
    }
}
