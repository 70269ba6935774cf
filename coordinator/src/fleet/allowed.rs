//! What the campaigns of a fleet may use of this worker.
//!
//! Whoever reaches broker and part store may publish a campaign, and a
//! campaign says which variable is sent to which address: without rules of
//! the worker's own it could have any secret of this process sent anywhere.
//! The rules are `[worker]` of the worker's file; what that file's own
//! teachers use is allowed, too: whoever wrote it has said so.

use std::collections::BTreeSet;

use glob::Pattern;
use magnet_proto::config::{Campaign, Endpoint, EndpointKind};
use magnet_worker::teacher::stack::{Place, place};

/// Beginnings of variables that a pattern never stands for: the credentials
/// that part stores read, and those of the platform around a process.
const CLOUDS: [&str; 9] = [
    "AWS_", "AZURE_", "GOOGLE_", "GCP_", "GCLOUD_", "CLOUDSDK_", "ALIBABA_", "ALICLOUD_",
    "KUBERNETES_",
];
/// Our own settings hold the passwords of the fleet's services.
const OURS: &str = "MAGNET_";

#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    /// Variables by their whole name.
    named: BTreeSet<String>,
    patterns: Vec<Pattern>,
    /// `None` = any.
    hosts: Option<Vec<Pattern>>,
}

/// A campaign asks for more than it may.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "[teacher.{teacher}]: campaigns may not use the variable \"{variable}\" of this worker\n\
         hint: name it in worker.key_variables of the worker's own configuration"
    )]
    Variable { teacher: String, variable: String },
    #[error(
        "[teacher.{teacher}]: campaigns may not have this worker ask \"{place}\"\n\
         hint: name it in worker.teacher_hosts of the worker's own configuration"
    )]
    Host { teacher: String, place: String },
}

impl Allowed {
    /// By a worker's own configuration.
    pub(crate) fn by(own: &Campaign) -> Self {
        let rules = &own.worker;
        let (patterns, named): (Vec<&String>, Vec<&String>) =
            rules.key_variables.iter().partition(|name| name.contains('*'));
        let own_keys = models(own).map(|(_, endpoint)| &endpoint.api_key_env);
        let own_places = models(own).filter_map(|(_, endpoint)| place(&endpoint.base_url));
        let hosts = rules.teacher_hosts.iter().cloned();
        let hosts = hosts.chain(own_places.map(|place| Pattern::escape(&place.to_string())));
        Self {
            named: named.into_iter().chain(own_keys).cloned().collect(),
            patterns: patterns.into_iter().filter_map(|name| Pattern::new(name).ok()).collect(),
            hosts: match rules.teacher_hosts.is_empty() {
                true => None,
                false => Some(hosts.filter_map(|host| Pattern::new(&host).ok()).collect()),
            },
        }
    }

    /// Whether all of a campaign's teachers keep to the rules.
    pub(crate) fn check(&self, campaign: &Campaign) -> Result<(), Refusal> {
        for (teacher, endpoint) in models(campaign) {
            let teacher = || teacher.to_owned();
            let variable = &endpoint.api_key_env;
            if !variable.is_empty() && !self.allows_variable(variable) {
                return Err(Refusal::Variable { teacher: teacher(), variable: variable.clone() });
            }
            // What is no address is told when the teacher is set up.
            if let Some(place) = place(&endpoint.base_url).filter(|place| !self.allows(place)) {
                return Err(Refusal::Host { teacher: teacher(), place: place.to_string() });
            }
        }
        Ok(())
    }

    fn allows_variable(&self, name: &str) -> bool {
        if name.starts_with(OURS) {
            return false;
        }
        let is_a_clouds = CLOUDS.iter().any(|cloud| name.starts_with(cloud));
        self.named.contains(name)
            || !is_a_clouds && self.patterns.iter().any(|pattern| pattern.matches(name))
    }

    fn allows(&self, place: &Place) -> bool {
        let Some(hosts) = &self.hosts else { return true };
        let (host, whole) = (&place.host, place.to_string());
        hosts.iter().any(|pattern| pattern.matches(host) || pattern.matches(&whole))
    }
}

fn models(campaign: &Campaign) -> impl Iterator<Item = (&String, &Endpoint)> {
    campaign.teacher.iter().filter(|(_, endpoint)| endpoint.kind == EndpointKind::Openai)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(variable: &str, url: &str) -> Campaign {
        let endpoint = Endpoint {
            kind: EndpointKind::Openai,
            base_url: url.into(),
            api_key_env: variable.into(),
            ..Endpoint::default()
        };
        Campaign { teacher: [("big".to_owned(), endpoint)].into(), ..Campaign::default() }
    }

    fn worker(variables: &[&str], hosts: &[&str]) -> Campaign {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let mut own = Campaign::default();
        own.worker.key_variables = texts(variables);
        own.worker.teacher_hosts = texts(hosts);
        own
    }

    const URL: &str = "https://models.example.com/v1";

    fn check_variables(own: &Campaign, allowed: &[&str], refused: &[&str]) {
        let rules = Allowed::by(own);
        for name in allowed {
            assert_eq!(rules.check(&asking(name, URL)), Ok(()), "{name}");
        }
        for name in refused {
            let refusal = rules.check(&asking(name, URL));
            assert!(matches!(refusal, Err(Refusal::Variable { .. })), "{name}: {refusal:?}");
        }
    }

    #[test]
    fn by_default_keys_may_be_used_and_neither_our_settings_nor_a_clouds() {
        check_variables(
            &Campaign::default(),
            &["", "BIG_KEY", "OPENAI_API_KEY"],
            &[
                "AWS_SECRET_ACCESS_KEY", "AZURE_STORAGE_ACCOUNT_KEY", "GOOGLE_API_KEY", "PATH",
                "MAGNET__FLEET__QUEUE", "MAGNET_STATUS_TOKEN", "MAGNET_KEY", "REDIS_URL",
                "DATABASE_PASSWORD", "KEY", "big_key",
            ],
        );
    }

    #[test]
    fn a_cloud_s_variable_may_be_named_but_never_one_of_ours() {
        let own = worker(&["AZURE_OPENAI_API_KEY", "MAGNET_STATUS_TOKEN", "M*"], &[]);
        check_variables(
            &own,
            &["AZURE_OPENAI_API_KEY", "MISTRAL"],
            &["AZURE_STORAGE_ACCOUNT_KEY", "MAGNET_STATUS_TOKEN", "BIG_KEY"],
        );
    }

    #[test]
    fn what_the_workers_own_file_uses_is_allowed() {
        let own = asking("UNUSUAL", URL);
        let own = Campaign { worker: worker(&[], &["10.0.0.7:8000"]).worker, ..own };
        check_variables(&own, &["UNUSUAL"], &["BIG_KEY"]);
        assert_eq!(Allowed::by(&own).check(&asking("", URL)), Ok(()));
    }

    #[test]
    fn hosts_are_those_that_are_asked_and_not_what_looks_like_them() {
        let rules = Allowed::by(&worker(&["*_KEY"], &["*.example.com", "10.0.0.7:8000"]));
        let allowed = [URL, "https://MODELS.example.com:8443/v1", "http://10.0.0.7:8000/v1"];
        let refused = [
            "https://example.com.evil.org/v1", "https://models.example.com@evil.org/v1",
            "https://evil.org/models.example.com", "http://10.0.0.7:8001/v1",
            "http://169.254.169.254/latest",
        ];
        for url in allowed {
            assert_eq!(rules.check(&asking("BIG_KEY", url)), Ok(()), "{url}");
        }
        for url in refused {
            let refusal = rules.check(&asking("BIG_KEY", url));
            assert!(matches!(refusal, Err(Refusal::Host { .. })), "{url}: {refusal:?}");
        }
    }
}
