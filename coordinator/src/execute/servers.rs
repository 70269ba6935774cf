//! Executors that are asked over the network: a server of one's own, an API.

use std::sync::Arc;

use anyhow::Result;
use magnet_proto::config::{Campaign, Execution};
use magnet_proto::library::Function;
use magnet_proto::slots;
use magnet_worker::execute::Executor;
use magnet_worker::execute::http::HttpExecutor;
use magnet_worker::execute::openapi::{Access, OpenApi};
use magnet_worker::teacher::chat::http::Secret;

use super::means::Means;
use super::refusal::refusal;

/// The executor of a section of kind `http`.
pub(super) fn http(section: &str, means: &Means<'_>) -> Result<Arc<dyn Executor>> {
    let Execution { url, timeout, .. } = execution(section, means.campaign)?;
    let token = token(section, means)?;
    let executor = HttpExecutor::new(section, url, Secret::new(token), *timeout, means.library);
    Ok(Arc::new(executor.map_err(|error| refusal(format!("executor.{section}.url: {error}")))?))
}

/// The executor of a section of kind `openapi`.
pub(super) fn openapi(
    section: &str,
    means: &Means<'_>,
    serves: impl Fn(&Function) -> bool,
) -> Result<Arc<dyn Executor>> {
    let Execution { url, timeout, headers, query, open, session, close, .. } =
        execution(section, means.campaign)?;
    let token = token(section, means)?;
    let mut secrets = vec![token.clone()];
    let mut filled = |key: &str, texts: &[String]| {
        let fill = |text: &String| {
            secrets.extend(slots::names(text).filter_map(means.variable));
            slots::filled(text, means.variable)
                .map_err(|name| unset(&format!("executor.{section}.{key}"), &name))
        };
        texts.iter().map(fill).collect::<Result<Vec<String>>>()
    };
    let (headers, query) = (filled("headers", headers)?, filled("query", query)?);
    let access = Access {
        url: url.clone(),
        token: Secret::new(token),
        headers,
        query,
        secrets,
        open: open.clone(),
        session: session.clone(),
        close: close.clone(),
        timeout: *timeout,
    };
    let executor = OpenApi::new(section, access, means.library, serves);
    Ok(Arc::new(executor.map_err(|error| refusal(format!("executor.{section}.url: {error}")))?))
}

pub(super) fn execution<'a>(section: &str, campaign: &'a Campaign) -> Result<&'a Execution> {
    let none = || refusal(format!("there is no [executor.{section}]"));
    campaign.executor.get(section).ok_or_else(none)
}

/// The token of a section's server; empty where it names none.
fn token(section: &str, means: &Means<'_>) -> Result<String> {
    match execution(section, means.campaign)?.token_env.as_str() {
        "" => Ok(String::new()),
        name => {
            let unset = || unset(&format!("executor.{section}.token_env"), name);
            (means.variable)(name).ok_or_else(unset)
        }
    }
}

fn unset(key: &str, variable: &str) -> anyhow::Error {
    refusal(format!(
        "{key}: the variable \"{variable}\" is not set\nhint: export the server's token under \
         that name"
    ))
}
