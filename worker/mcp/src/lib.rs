//! MCP servers as executors: real programs that remember.
//!
//! ```text
//! Servers (proto) ─► launch (variables filled) ─► process in a folder of its own
//!    └─► McpServers, the executor ─► session ─► client ─┬► wire ─► the server's stdio
//!                                                       └► remote ─► streamable HTTP
//!                 tools: what each server offers, for the library
//!                 probe: what keeps its conversations apart
//! ```
//!
//! Each conversation has its own process and folder, or a kept process whose
//! folder is restored, or a session of its own with a server elsewhere; all are gone when it is over, with whatever the
//! process started. Servers are not trusted: every wait has an end, every
//! answer a size, and what is no message is counted and left aside. A crate of
//! its own, so that who builds the method does not wait for the protocol's SDK;
//! none of its types gets out.
//!
//! Not here: reading people's files of servers (the coordinator's `library`).

mod client;
mod executor;
mod folder;
mod launch;
mod live;
mod output;
mod patience;
mod probe;
mod process;
mod remote;
mod tools;
mod trouble;
mod wire;

pub use executor::McpServers;
pub use launch::Unlaunchable;
pub use probe::{Leak, Seen, Trial, probe};
pub use tools::tools;
