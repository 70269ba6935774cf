//! MCP servers, where this program talks to any: asked what they offer, tried,
//! and executing.

#[cfg(feature = "mcp")]
mod probe;

use std::sync::Arc;

use anyhow::Result;
use magnet_proto::config;
use magnet_proto::library::Library;
use magnet_proto::servers::{Server, Servers};
use magnet_worker::execute::Executor;
use serde_json::Value;

use crate::execute;
#[cfg(feature = "mcp")]
pub(crate) use probe::{settle, tell};

/// The value of a variable of this process.
pub(crate) fn variable(name: &str) -> Option<String> {
    config::environment().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// The tools that a server offers: it is started for that and ended.
///
/// # Errors
/// Why there are none, with the way out.
#[cfg(feature = "mcp")]
pub(crate) fn tools(name: &str, server: &Server) -> std::result::Result<Vec<Value>, String> {
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
pub(crate) fn tools(_: &str, _: &Server) -> std::result::Result<Vec<Value>, String> {
    Err("this program talks to no MCP servers\nhint: build it with the feature \"mcp\"".into())
}

/// The executor of the functions that are tools.
///
/// # Errors
/// If a server cannot be started here, whatever is tried.
#[cfg(feature = "mcp")]
pub(crate) fn executor(
    servers: &Arc<Servers>,
    library: &Library,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Arc<dyn Executor>> {
    let executor = magnet_mcp::McpServers::new(Arc::clone(servers), library, variable);
    Ok(Arc::new(executor.map_err(|why| execute::refusal(why.to_string()))?))
}

#[cfg(not(feature = "mcp"))]
pub(crate) fn executor(
    _: &Arc<Servers>,
    _: &Library,
    _: &dyn Fn(&str) -> Option<String>,
) -> Result<Arc<dyn Executor>> {
    Err(execute::refusal(
        "this program talks to no MCP servers\nhint: build it with the feature \"mcp\"".into(),
    ))
}

#[cfg(not(feature = "mcp"))]
pub(crate) async fn settle(
    _: &config::Campaign,
    prepared: crate::prepare::Prepared,
) -> Result<crate::prepare::Prepared> {
    Ok(prepared)
}

#[cfg(not(feature = "mcp"))]
pub(crate) async fn tell(_: &config::Campaign, _: &crate::prepare::Prepared) -> Result<String> {
    Ok(String::new())
}
