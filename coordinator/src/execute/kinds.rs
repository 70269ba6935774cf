//! Which kind executes a function, and whether one that is named can.

use std::collections::BTreeSet;

use anyhow::Result;
use magnet_proto::FunctionId;
use magnet_proto::config::{Campaign, ExecutorKind};
use magnet_proto::library::Library;
use magnet_proto::operation::Operation;
use magnet_proto::pack::Pack;
use magnet_proto::servers::Servers;

use super::claims::claims;
use super::refusal::refusal;
use super::worlds::Worldly;

/// Who executes a function of which a campaign says this.
pub(super) fn settled(
    claimed: ExecutorKind,
    function: &str,
    worlds: &Worldly,
    servers: &Servers,
    has_machine: bool,
) -> ExecutorKind {
    match claimed {
        ExecutorKind::Auto if servers.tools.contains_key(function) => ExecutorKind::Mcp,
        ExecutorKind::Auto if worlds.have(function) => ExecutorKind::World,
        ExecutorKind::Auto if has_machine => ExecutorKind::Model,
        ExecutorKind::Auto => ExecutorKind::Simulator,
        kind => kind,
    }
}

/// The place of a kind of executor among the others.
pub(super) fn rank(kind: ExecutorKind) -> usize {
    match kind {
        ExecutorKind::Mcp => 0,
        ExecutorKind::Http => 1,
        ExecutorKind::Openapi => 2,
        ExecutorKind::Recorded => 3,
        ExecutorKind::World => 4,
        ExecutorKind::Model => 5,
        ExecutorKind::Simulator | ExecutorKind::Auto => 6,
    }
}

/// The servers that execute functions of a campaign.
pub fn executing<'a>(
    campaign: &Campaign,
    library: &Library,
    pack: &Pack,
    servers: &'a Servers,
) -> Result<BTreeSet<&'a str>> {
    let worlds = Worldly::new(pack)?;
    let claims = claims(campaign, library)?;
    let theirs = claims.iter().filter(|(name, (_, kind))| {
        settled(*kind, name, &worlds, servers, false) == ExecutorKind::Mcp
    });
    Ok(theirs.filter_map(|(name, _)| Some(&*servers.tools.get(name)?.server)).collect())
}

/// How many functions of a campaign the schema simulator executes.
pub fn simulated(
    campaign: &Campaign,
    library: &Library,
    pack: &Pack,
    servers: &Servers,
    has_machine: bool,
) -> Result<usize> {
    let worlds = Worldly::new(pack)?;
    let claims = claims(campaign, library)?;
    let kinds =
        claims.iter().map(|(name, (_, kind))| settled(*kind, name, &worlds, servers, has_machine));
    Ok(kinds.filter(|kind| *kind == ExecutorKind::Simulator).count())
}

/// The functions that a server executes: no world is needed for them.
pub fn served(
    campaign: &Campaign,
    library: &Library,
    servers: &Servers,
) -> Result<BTreeSet<FunctionId>> {
    let claims = claims(campaign, library)?;
    let is_served = |name: &String, kind: ExecutorKind| match kind {
        ExecutorKind::Mcp | ExecutorKind::Http | ExecutorKind::Openapi | ExecutorKind::Recorded => {
            true
        }
        ExecutorKind::Auto => servers.tools.contains_key(name),
        ExecutorKind::World | ExecutorKind::Model | ExecutorKind::Simulator => false,
    };
    let served = claims.iter().filter(|(name, (_, kind))| is_served(name, *kind));
    Ok(served.filter_map(|(name, _)| library.find(name)).collect())
}

/// Whether an executor that is named has the function that it is to execute.
pub(super) fn must_have(
    kind: ExecutorKind,
    name: &str,
    section: &str,
    library: &Library,
    worlds: &Worldly,
    servers: &Servers,
) -> Result<()> {
    match kind {
        ExecutorKind::Openapi => {
            let function = library.find(name).map(|id| library.get(id));
            must_be_called(section, name, function.and_then(|f| f.operation.as_deref()))
        }
        ExecutorKind::World => worlds.must_have(name),
        ExecutorKind::Mcp if !servers.tools.contains_key(name) => Err(refusal(format!(
            "no MCP server of the library offers \"{name}\"\nhint: name a file of servers in \
             library.paths, or leave the kind of its executor at \"auto\""
        ))),
        _ => Ok(()),
    }
}

/// Whether a description tells how a function is called, and it can be done.
fn must_be_called(section: &str, name: &str, operation: Option<&Operation>) -> Result<()> {
    let Some(operation) = operation else {
        return Err(refusal(format!(
            "[executor.{section}] of kind \"openapi\": no OpenAPI document describes \"{name}\"\n\
             hint: name in executor.{section}.functions or .groups what one describes"
        )));
    };
    operation.form().map(drop).map_err(|media| {
        refusal(format!(
            "[executor.{section}] of kind \"openapi\": \"{name}\" takes a body of type {media}, \
             which is not sent\nhint: leave it out with library.exclude_functions, or let another \
             executor claim it"
        ))
    })
}
