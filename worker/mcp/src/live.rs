//! One server at work for one conversation: a client, its folder, and the way
//! back to the start.

use magnet_proto::Digest;
use magnet_proto::sample::Arguments;
use magnet_proto::servers::{Isolation, Server, StartState};
use magnet_worker::execute::Output;
use serde_json::{Map, Value};

use crate::client::Client;
use crate::folder::Folder;
use crate::launch::{Launch, Way};
use crate::output;
use crate::trouble::Trouble;

/// Gone when dropped, its folder with it.
pub(crate) struct Live {
    /// There until it is ended.
    client: Option<Client>,
    /// Of a server that is started.
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
    /// Nor that; whether the call did it or the way to it is to be seen.
    Away(String),
    /// It answers nothing more to whoever asks as we do.
    Denied(String),
}

impl NotStarted {
    fn disk(error: std::io::Error) -> Self {
        Self::Failed(format!("its folder: {error}"))
    }
}

impl Live {
    /// A fresh process in a fresh folder, or a fresh session, at its start.
    ///
    /// # Errors
    /// Why it did not start.
    pub(crate) async fn start(
        launch: &Launch,
        server: &Server,
        start: &StartState,
    ) -> Result<Self, NotStarted> {
        let mut live = Self::bare(launch, server, start).await?;
        live.prepare(launch, server, start).await?;
        Ok(live)
    }

    /// One for which no calls were made yet.
    ///
    /// # Errors
    /// Why it did not start.
    pub(crate) async fn bare(
        launch: &Launch,
        server: &Server,
        start: &StartState,
    ) -> Result<Self, NotStarted> {
        let (client, folder) = match &launch.way {
            Way::Remote(remote) => (Client::reach(remote, server).await, None),
            Way::Program(program) => {
                let folder = Folder::new(&server.dir).map_err(NotStarted::disk)?;
                folder.restore(&start.files).map_err(NotStarted::disk)?;
                (Client::start(program, server, &folder).await, Some(folder))
            }
        };
        match client {
            Ok(client) => Ok(Self { client: Some(client), folder }),
            Err(Trouble::Gone(why) | Trouble::Away(why)) => {
                Err(NotStarted::Failed(launch.redacted(why)))
            }
            Err(Trouble::Refused(why) | Trouble::Denied(why)) => {
                Err(NotStarted::Refused(launch.redacted(why)))
            }
        }
    }

    /// All tools that it offers, as it describes them.
    pub(crate) async fn list(&mut self) -> Result<Vec<Value>, Trouble> {
        match &mut self.client {
            Some(client) => client.list().await,
            None => Err(Trouble::Gone("it was ended".into())),
        }
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
                Err(Failed::Gone(why) | Failed::Away(why)) => {
                    return Err(NotStarted::Failed(told(why)));
                }
                Err(Failed::Denied(why)) => return Err(NotStarted::Refused(told(why))),
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
        let (folder, client) = (self.folder.as_ref(), self.client.as_mut());
        let client = client.ok_or_else(|| Failed::Gone("it was ended".into()))?;
        let placed = |value: &Value| match folder {
            Some(folder) => folder.inward(value),
            None => value.clone(),
        };
        let given: Map<String, Value> =
            arguments.iter().map(|(name, value)| (name.clone(), placed(value))).collect();
        let tidy = |text: &str| {
            launch.redacted(match folder {
                Some(folder) => folder.outward(text),
                None => text.to_owned(),
            })
        };
        match client.call(tool, given).await {
            Ok(answer) => output::read(&answer, &server.refusals, tidy).map_err(Failed::Unusable),
            Err(Trouble::Refused(text)) => Ok(Output::refused(tidy(&text))),
            Err(Trouble::Gone(why)) => Err(Failed::Gone(tidy(&why))),
            Err(Trouble::Away(why)) => Err(Failed::Away(tidy(&why))),
            Err(Trouble::Denied(why)) => Err(Failed::Denied(tidy(&why))),
        }
    }

    /// Of its folder; none where it is too large.
    pub(crate) fn digest(&self) -> Option<Digest> {
        self.folder.as_ref()?.digest()
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.client.as_mut().is_some_and(Client::is_alive)
    }

    /// Ends it, and waits until it is gone.
    pub(crate) async fn end(mut self) {
        if let Some(client) = self.client.take() {
            client.end().await;
        }
    }
}

impl Drop for Live {
    /// Its folder goes once it can write no more.
    fn drop(&mut self) {
        let Some(mut client) = self.client.take() else { return };
        client.kill();
        let folder = self.folder.take();
        let ended = async move {
            client.end().await;
            drop(folder);
        };
        // Without a runtime both go at once.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(ended);
        }
    }
}
