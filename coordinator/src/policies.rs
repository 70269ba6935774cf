//! Policies of the broker that take our messages away, told of soon.
//!
//! AMQP does not tell of policies: the broker's management interface does,
//! where `fleet.management` names it. What a policy drops is issued again and
//! again (see `dispatch::reconcile`); better that it drops nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result};
use magnet_proto::config::Fleet;
use reqwest::{Client, Url};
use serde::Deserialize;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// What makes messages vanish that nobody has worked.
const HARMFUL: [&str; 4] = ["message-ttl", "max-length", "max-length-bytes", "expires"];
/// How the names of our queues begin.
const OURS: &str = "magnet.";
const PATIENCE: Duration = Duration::from_secs(5);
/// The broker knows this much later what applies to a queue that is new.
const STATISTICS: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_secs(60);

/// Warns once of each policy that does, whenever it is made.
pub(crate) fn watch(fleet: &Fleet, stop: &CancellationToken) {
    if fleet.management.is_empty() {
        return;
    }
    let (fleet, stop) = (fleet.clone(), stop.clone());
    tokio::spawn(async move {
        let (mut told, mut pause) = (BTreeSet::new(), STATISTICS);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => pause = AGAIN,
            }
            let found = match queues(&fleet).await {
                Ok(queues) => harmful(&queues),
                Err(problem) => vec![format!("the broker's policies are not known: {problem:#}")],
            };
            for news in found {
                if !told.contains(&news) {
                    warn!("{news}");
                    told.insert(news);
                }
            }
        }
    });
}

#[derive(Debug, Deserialize)]
struct Queue {
    name: String,
    policy: Option<String>,
    operator_policy: Option<String>,
    #[serde(default)]
    effective_policy_definition: Value,
}

async fn queues(fleet: &Fleet) -> Result<Vec<Queue>> {
    // Neither error may show the password.
    let broker = Url::parse(&fleet.queue).ok().context("fleet.queue cannot be read")?;
    let mut url = Url::parse(&fleet.management).ok().context("fleet.management cannot be read")?;
    let vhost = broker.path().trim_start_matches('/');
    let vhost = if vhost.is_empty() { "%2F" } else { vhost };
    url.set_path(&format!("/api/queues/{vhost}"));
    if url.username().is_empty() {
        url.set_username(broker.username()).ok();
        url.set_password(broker.password()).ok();
    }
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = Client::builder().timeout(PATIENCE).build()?;
    let asked = async { client.get(url).send().await?.error_for_status()?.json().await };
    asked.await.map_err(|error: reqwest::Error| error.without_url()).with_context(|| {
        format!("asking {} (its user needs the tag \"management\")", place(&fleet.management))
    })
}

/// A URL without what comes before its host.
fn place(url: &str) -> &str {
    url.rsplit_once('@').map_or(url, |(_, place)| place)
}

/// One sentence a policy.
fn harmful(queues: &[Queue]) -> Vec<String> {
    let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for queue in queues.iter().filter(|queue| queue.name.starts_with(OURS)) {
        let set = |key: &&str| {
            let value = queue.effective_policy_definition.get(*key)?;
            Some(format!("{key} = {value}"))
        };
        let set: Vec<String> = HARMFUL.iter().filter_map(set).collect();
        if set.is_empty() {
            continue;
        }
        let names = [&queue.policy, &queue.operator_policy].into_iter().flatten();
        let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
        let policy = format!("policy {} of the broker sets {}", names.join(", "), set.join(", "));
        found.entry(policy).or_default().push(&queue.name);
    }
    let tell = |(policy, queues): (String, Vec<&str>)| {
        format!(
            "{policy} on {}: shards vanish that nobody has worked; keep \"{OURS}*\" out of its \
             pattern",
            queues.join(", ")
        )
    };
    found.into_iter().map(tell).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_that_drops_messages_of_ours_is_told_of_once() {
        let queues = json!([
            {"name": "magnet.v1.work", "policy": "all", "effective_policy_definition":
                {"message-ttl": 60_000, "max-length": 9}},
            {"name": "magnet.v1.dead", "policy": "all", "effective_policy_definition":
                {"message-ttl": 60_000, "max-length": 9}},
            {"name": "magnet.v1.delay.5s", "policy": "ha", "effective_policy_definition":
                {"ha-mode": "all"}},
            {"name": "magnet.v1.parked.w1", "policy": null, "effective_policy_definition": []},
            {"name": "other", "policy": "all", "effective_policy_definition": {"expires": 1}},
        ]);
        let queues: Vec<Queue> = serde_json::from_value(queues).unwrap();
        assert_eq!(
            harmful(&queues),
            ["policy \"all\" of the broker sets message-ttl = 60000, max-length = 9 on \
              magnet.v1.work, magnet.v1.dead: shards vanish that nobody has worked; keep \
              \"magnet.*\" out of its pattern"]
        );
    }
}
