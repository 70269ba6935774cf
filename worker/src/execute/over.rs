//! A session over another one: what it does not change is the other one's.

use async_trait::async_trait;
use magnet_proto::Digest;
use magnet_proto::library::Function;
use magnet_proto::sample::Call;
use serde_json::Value;

use super::{Error, Known, Output, Plan, Session};

/// What is changed of a session.
#[async_trait]
pub(super) trait Over: Send + Sync {
    async fn call(
        &mut self,
        session: &mut dyn Session,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Result<Output, Error>;

    async fn known(&mut self, session: &mut dyn Session) -> Result<Known, Error> {
        session.known().await
    }

    fn refusals_are_clean(&self, session: &dyn Session) -> bool {
        session.refusals_are_clean()
    }

    async fn restart(&mut self, session: &mut dyn Session) -> Result<bool, Error> {
        session.restart().await
    }
}

/// A session with that change.
pub(super) fn over(session: Box<dyn Session>, change: impl Over + 'static) -> Box<dyn Session> {
    Box::new(Changed { session, change })
}

struct Changed<C> {
    session: Box<dyn Session>,
    change: C,
}

#[async_trait]
impl<C: Over> Session for Changed<C> {
    fn initial_config(&self) -> Option<Value> {
        self.session.initial_config()
    }

    async fn known(&mut self) -> Result<Known, Error> {
        self.change.known(&mut *self.session).await
    }

    async fn call(
        &mut self,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Result<Output, Error> {
        self.change.call(&mut *self.session, function, call, plan).await
    }

    fn saw(&mut self, function: &Function, call: &Call, output: &Output) {
        self.session.saw(function, call, output);
    }

    async fn digest(&mut self) -> Result<Option<Digest>, Error> {
        self.session.digest().await
    }

    fn refusals_are_clean(&self) -> bool {
        self.change.refusals_are_clean(&*self.session)
    }

    async fn restart(&mut self) -> Result<bool, Error> {
        self.change.restart(&mut *self.session).await
    }

    async fn close(self: Box<Self>) -> Result<(), Error> {
        self.session.close().await
    }
}
