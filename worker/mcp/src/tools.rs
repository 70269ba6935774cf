//! What a server offers, for the library.

use magnet_proto::servers::Server;
use serde_json::Value;

use crate::client::{Client, Trouble};
use crate::folder::Folder;
use crate::launch::Launch;

/// The tools that a server offers, as it describes them: it is started for
/// that, in an empty folder, and ended.
///
/// # Errors
/// Why there are none, in one text with the way out.
pub async fn tools(
    name: &str,
    server: &Server,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Value>, String> {
    let launch = Launch::new(name, server, variable).map_err(|error| error.to_string())?;
    let trouble = |why: String| {
        let (why, line) = (launch.redacted(why), server.command_line());
        format!("server \"{name}\": {why}\nhint: see what this says by itself: {line}")
    };
    let folder = Folder::new(&server.dir).map_err(|error| trouble(error.to_string()))?;
    folder.restore(&server.start.files).map_err(|error| trouble(error.to_string()))?;
    let mut client = Client::start(&launch, server, &folder).await.map_err(trouble)?;
    let listed = client.list().await;
    client.process.end().await;
    listed.map_err(|(Trouble::Refused(why) | Trouble::Gone(why))| trouble(why))
}
