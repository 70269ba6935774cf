//! MCP servers, where this program talks to any: asked what they offer, and
//! executing.

use std::sync::Arc;

use magnet_proto::config;
use magnet_proto::library::Library;
use magnet_proto::servers::{Server, Servers};
use magnet_worker::execute::Executor;
use serde_json::Value;

#[cfg(not(feature = "mcp"))]
const ABSENT: &str =
    "this program talks to no MCP servers\nhint: build it with the feature \"mcp\"";

/// The value of a variable of this process.
pub(crate) fn variable(name: &str) -> Option<String> {
    config::environment().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// The tools that a server offers: it is started for that and ended.
///
/// # Errors
/// Why there are none, with the way out.
#[cfg(feature = "mcp")]
pub(crate) fn tools(name: &str, server: &Server) -> Result<Vec<Value>, String> {
    // A library is loaded inside of runtimes and outside: the thread is of
    // neither kind.
    let ask = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("starting the runtime: {error}"))?;
        runtime.block_on(magnet_mcp::tools(name, server, &variable))
    };
    let asked = std::thread::scope(|scope| scope.spawn(ask).join());
    asked.unwrap_or_else(|_| Err(format!("server \"{name}\": asking it failed")))
}

#[cfg(not(feature = "mcp"))]
pub(crate) fn tools(_: &str, _: &Server) -> Result<Vec<Value>, String> {
    Err(ABSENT.into())
}

/// The executor of the functions that are tools.
///
/// # Errors
/// Why a server cannot be started here, whatever is tried.
#[cfg(feature = "mcp")]
pub(crate) fn executor(
    servers: &Arc<Servers>,
    library: &Library,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Arc<dyn Executor>, String> {
    let executor = magnet_mcp::McpServers::new(Arc::clone(servers), library, variable);
    Ok(Arc::new(executor.map_err(|why| why.to_string())?))
}

#[cfg(not(feature = "mcp"))]
pub(crate) fn executor(
    _: &Arc<Servers>,
    _: &Library,
    _: &dyn Fn(&str) -> Option<String>,
) -> Result<Arc<dyn Executor>, String> {
    Err(ABSENT.into())
}
