//! Servers tried before a campaign begins, where this program talks to any.

#[cfg(feature = "mcp")]
mod trials;

#[cfg(feature = "mcp")]
pub(crate) use trials::{settle, tell};

#[cfg(not(feature = "mcp"))]
use anyhow::Result;
#[cfg(not(feature = "mcp"))]
use magnet_proto::config::Campaign;

#[cfg(not(feature = "mcp"))]
use crate::prepare::Prepared;

#[cfg(not(feature = "mcp"))]
pub(crate) async fn settle(_: &Campaign, prepared: Prepared) -> Result<Prepared> {
    Ok(prepared)
}

#[cfg(not(feature = "mcp"))]
pub(crate) async fn tell(_: &Campaign, _: &Prepared) -> Result<String> {
    Ok(String::new())
}
