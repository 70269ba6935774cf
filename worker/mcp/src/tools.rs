//! What a server offers, for the library.

use magnet_proto::servers::Server;
use serde_json::Value;

use crate::launch::Launch;
use crate::live::{Live, NotStarted};
use crate::trouble::Trouble;

/// The tools that a server offers, as it describes them: it is started for
/// that, in a folder of its own, and ended; or a session with it is.
///
/// # Errors
/// Why there are none, in one text with the way out.
pub async fn tools(
    name: &str,
    server: &Server,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Value>, String> {
    let launch = Launch::new(name, server, variable).map_err(|error| error.to_string())?;
    let trouble = |why: &str| {
        let hint = match server.is_remote() {
            true => "see whether it speaks streamable HTTP there, and wants other \"headers\"",
            false => "see what this says by itself",
        };
        let why = launch.redacted(why.to_owned());
        format!("server \"{name}\": {why}\nhint: {hint}: {}", server.told())
    };
    // What prepares a conversation is none of its tools.
    let mut live = match Live::bare(&launch, server, &server.start).await {
        Ok(live) => live,
        Err(NotStarted::Failed(why) | NotStarted::Refused(why)) => return Err(trouble(&why)),
    };
    let listed = live.list().await;
    live.end().await;
    listed.map_err(|error| match error {
        Trouble::Refused(why) | Trouble::Gone(why) | Trouble::Away(why) | Trouble::Denied(why) => {
            trouble(&why)
        }
    })
}
