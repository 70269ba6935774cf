//! One server at work for one conversation: a client, its folder, and the way
//! back to the start.

use magnet_proto::Digest;
use magnet_proto::sample::Arguments;
use magnet_proto::servers::{Isolation, Server, StartState};
use magnet_worker::execute::Output;
use serde_json::{Map, Value};

use crate::client::{Client, Trouble};
use crate::folder::Folder;
use crate::launch::Launch;
use crate::output;

/// Gone when dropped, its folder with it.
pub(crate) struct Live {
    /// Both are there until it is dropped.
    client: Option<Client>,
    folder: Option<Folder>,
}

/// A server that is not at its start.
#[derive(Debug)]
pub(crate) enum NotStarted {
    /// It may be, another time.
    Failed(String),
    /// It refuses what is to prepare a conversation.
    Refused(String),
}

/// A call without an output.
pub(crate) enum Failed {
    /// The server goes on; what it answered cannot be used.
    Unusable(String),
    /// It is of no further use.
    Gone(String),
}

impl NotStarted {
    fn disk(error: std::io::Error) -> Self {
        Self::Failed(format!("its folder: {error}"))
    }
}

impl Live {
    /// A fresh process in a fresh folder.
    ///
    /// # Errors
    /// Why it did not start.
    pub(crate) async fn start(
        launch: &Launch,
        server: &Server,
        start: &StartState,
    ) -> Result<Self, NotStarted> {
        let folder = Folder::new(&server.dir).map_err(NotStarted::disk)?;
        folder.restore(&start.files).map_err(NotStarted::disk)?;
        let client = Client::start(launch, server, &folder).await;
        let client = client.map_err(|why| NotStarted::Failed(launch.redacted(why)))?;
        let mut live = Self { client: Some(client), folder: Some(folder) };
        live.prepare(launch, server, start).await?;
        Ok(live)
    }

    /// One that served another conversation, back at the start.
    pub(crate) async fn again(
        mut self,
        launch: &Launch,
        server: &Server,
        start: &StartState,
    ) -> Result<Self, NotStarted> {
        if let (Isolation::Restore, Some(folder)) = (server.isolation, &self.folder) {
            folder.restore(&start.files).map_err(NotStarted::disk)?;
            self.prepare(launch, server, start).await?;
        }
        Ok(self)
    }

    async fn prepare(
        &mut self,
        launch: &Launch,
        server: &Server,
        start: &StartState,
    ) -> Result<(), NotStarted> {
        for call in &start.prepare {
            let told = |why: String| format!("preparing a conversation, \"{}\": {why}", call.tool);
            match self.call(launch, server, &call.tool, &call.arguments).await {
                Ok(output) if output.is_error => {
                    return Err(NotStarted::Refused(told(output.content)));
                }
                Ok(_) | Err(Failed::Unusable(_)) => {}
                Err(Failed::Gone(why)) => return Err(NotStarted::Failed(told(why))),
            }
        }
        Ok(())
    }

    pub(crate) async fn call(
        &mut self,
        launch: &Launch,
        server: &Server,
        tool: &str,
        arguments: &Arguments,
    ) -> Result<Output, Failed> {
        let (Some(client), Some(folder)) = (&mut self.client, &self.folder) else {
            return Err(Failed::Gone("it was ended".into()));
        };
        let given: Map<String, Value> =
            arguments.iter().map(|(name, value)| (name.clone(), folder.inward(value))).collect();
        let tidy = |text: &str| launch.redacted(folder.outward(text));
        match client.call(tool, given).await {
            Ok(answer) => output::read(&answer, &server.refusals, tidy).map_err(Failed::Unusable),
            Err(Trouble::Refused(text)) => Ok(Output::refused(tidy(&text))),
            Err(Trouble::Gone(why)) => Err(Failed::Gone(tidy(&why))),
        }
    }

    /// Of its folder; none where it is too large.
    pub(crate) fn digest(&self) -> Option<Digest> {
        self.folder.as_ref()?.digest()
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.client.as_mut().is_some_and(|client| client.process.is_alive())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let (Some(client), Some(folder)) = (self.client.take(), self.folder.take()) {
            client.bury(folder);
        }
    }
}
