//! What the campaigns of a fleet may use of this worker.
//!
//! Whoever reaches broker and part store may publish a campaign, and a
//! campaign says which variable is sent to which address: without rules of
//! the worker's own it could have any secret of this process sent anywhere.
//! The rules are `[worker]` of the worker's file; what that file's own
//! teachers use is allowed, too: whoever wrote it has said so.

use std::collections::BTreeSet;

use glob::Pattern;
use magnet_proto::config::{Campaign, Endpoint, EndpointKind, Execution};
use magnet_proto::servers::Servers;
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
    commands: Vec<CommandLine>,
}

/// A campaign asks for more than it may.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "{who}: campaigns may not use the variable \"{variable}\" of this worker\n\
         hint: name it in worker.key_variables of the worker's own configuration"
    )]
    Variable { who: String, variable: String },
    #[error(
        "{who}: campaigns may not have this worker ask \"{place}\"\n\
         hint: name it in worker.teacher_hosts of the worker's own configuration"
    )]
    Host { who: String, place: String },
    #[error(
        "{who}: campaigns may not have this worker start `{command}`\n\
         hint: name it in worker.commands of the worker's own configuration"
    )]
    Command { who: String, command: String },
    #[error(
        "{who}: campaigns may not have this worker read or write the file \"{path}\"\n\
         hint: record outputs, and give them again, with `magnet run`"
    )]
    File { who: String, path: String },
}

impl Allowed {
    /// By a worker's own configuration.
    pub(crate) fn by(own: &Campaign) -> Self {
        let rules = &own.worker;
        let (patterns, named): (Vec<&String>, Vec<&String>) =
            rules.key_variables.iter().partition(|name| name.contains('*'));
        let executors = || own.executor.values();
        let own_keys = models(own).map(|(_, endpoint)| endpoint.api_key_env.as_str());
        let own_keys = own_keys.chain(executors().flat_map(Execution::variables));
        let own_urls = models(own).map(|(_, endpoint)| &endpoint.base_url);
        let own_urls = own_urls.chain(executors().map(|execution| &execution.url));
        let own_places = own_urls.filter_map(|url| place(url));
        let hosts = rules.teacher_hosts.iter().cloned();
        let hosts = hosts.chain(own_places.map(|place| Pattern::escape(&place.to_string())));
        let commands = rules.commands.iter();
        Self {
            commands: commands.map(|line| CommandLine::new(line)).collect(),
            named: named
                .into_iter()
                .map(String::as_str)
                .chain(own_keys)
                .map(str::to_owned)
                .collect(),
            patterns: patterns.into_iter().filter_map(|name| Pattern::new(name).ok()).collect(),
            hosts: match rules.teacher_hosts.is_empty() {
                true => None,
                false => Some(hosts.filter_map(|host| Pattern::new(&host).ok()).collect()),
            },
        }
    }

    /// Whether all that a campaign asks of this worker keeps to the rules.
    pub(crate) fn check(&self, campaign: &Campaign, servers: &Servers) -> Result<(), Refusal> {
        self.check_servers(servers)?;
        self.check_asked(campaign)
    }

    /// Starting a program is as much as having this process: only what its
    /// owner has written down is started, variables set before it included.
    fn check_servers(&self, servers: &Servers) -> Result<(), Refusal> {
        for (name, server) in &servers.servers {
            let who = || format!("server \"{name}\"");
            if server.is_remote() {
                self.check_place(&server.url, who)?;
            } else if !self.commands.iter().any(|command| command.matches(&server.words())) {
                return Err(Refusal::Command { who: who(), command: server.told() });
            }
            for variable in server.variables() {
                self.check_variable(variable, who)?;
            }
        }
        Ok(())
    }

    fn check_asked(&self, campaign: &Campaign) -> Result<(), Refusal> {
        for (name, endpoint) in models(campaign) {
            let who = || format!("[teacher.{name}]");
            self.check_variable(&endpoint.api_key_env, who)?;
            self.check_place(&endpoint.base_url, who)?;
        }
        for (name, execution) in &campaign.executor {
            let who = || format!("[executor.{name}]");
            if let Some(path) = &execution.recording {
                return Err(Refusal::File { who: who(), path: path.display().to_string() });
            }
            for variable in execution.variables() {
                self.check_variable(variable, who)?;
            }
            self.check_place(&execution.url, who)?;
        }
        Ok(())
    }

    fn check_variable(&self, variable: &str, who: impl Fn() -> String) -> Result<(), Refusal> {
        match variable.is_empty() || self.allows_variable(variable) {
            true => Ok(()),
            false => Err(Refusal::Variable { who: who(), variable: variable.to_owned() }),
        }
    }

    /// What is no address is told when it is to be asked.
    fn check_place(&self, url: &str, who: impl Fn() -> String) -> Result<(), Refusal> {
        match place(url).filter(|place| !self.allows(place)) {
            None => Ok(()),
            Some(place) => Err(Refusal::Host { who: who(), place: place.to_string() }),
        }
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

/// A command line that is allowed. `*` stands for any text within a word, and
/// as the last word for any further ones: a line as a whole could be made to
/// look like another by what stands before its command.
#[derive(Clone, Debug)]
struct CommandLine {
    words: Vec<Pattern>,
    is_open: bool,
}

impl CommandLine {
    fn new(line: &str) -> Self {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let is_open = words.pop_if(|last| *last == "*").is_some();
        // Only the star has a meaning: command lines hold brackets.
        let literal =
            |word: &&str| word.split('*').map(Pattern::escape).collect::<Vec<_>>().join("*");
        let words = words.iter().filter_map(|word| Pattern::new(&literal(word)).ok());
        Self { words: words.collect(), is_open }
    }

    fn matches(&self, words: &[String]) -> bool {
        let is_long_enough = match self.is_open {
            true => words.len() >= self.words.len(),
            false => words.len() == self.words.len(),
        };
        let mut pairs = self.words.iter().zip(words);
        !self.words.is_empty() && is_long_enough && pairs.all(|(own, word)| own.matches(word))
    }
}

fn models(campaign: &Campaign) -> impl Iterator<Item = (&String, &Endpoint)> {
    campaign.teacher.iter().filter(|(_, endpoint)| endpoint.kind == EndpointKind::Openai)
}

#[cfg(test)]
mod tests {
    use magnet_proto::servers::Server;

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
            assert_eq!(rules.check(&asking(name, URL), &Servers::default()), Ok(()), "{name}");
        }
        for name in refused {
            let refusal = rules.check(&asking(name, URL), &Servers::default());
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
    fn an_executor_may_use_no_other_variables_than_a_teacher() {
        let asking = |header: &str| {
            let execution = Execution {
                url: "https://api.example.com".into(),
                headers: vec![header.to_owned()],
                ..Execution::default()
            };
            Campaign { executor: [("shop".to_owned(), execution)].into(), ..Campaign::default() }
        };
        let rules = Allowed::by(&Campaign::default());
        let check = |header: &str| rules.check(&asking(header), &Servers::default());
        assert_eq!(check("X-Api-Key: ${SHOP_KEY}"), Ok(()));
        let refusal = check("X-Api-Key: ${SHOP_KEY}${AWS_SECRET_ACCESS_KEY}");
        assert!(matches!(refusal, Err(Refusal::Variable { .. })), "{refusal:?}");
    }

    #[test]
    fn no_file_of_the_worker_is_written_or_read_for_a_campaign() {
        let execution = Execution { recording: Some("/etc/x".into()), ..Execution::default() };
        let asking =
            Campaign { executor: [("shop".to_owned(), execution)].into(), ..Campaign::default() };
        let refusal = Allowed::by(&asking).check(&asking, &Servers::default());
        assert!(matches!(refusal, Err(Refusal::File { .. })), "{refusal:?}");
    }

    #[test]
    fn what_the_workers_own_file_uses_is_allowed() {
        let own = asking("UNUSUAL", URL);
        let own = Campaign { worker: worker(&[], &["10.0.0.7:8000"]).worker, ..own };
        check_variables(&own, &["UNUSUAL"], &["BIG_KEY"]);
        assert_eq!(Allowed::by(&own).check(&asking("", URL), &Servers::default()), Ok(()));
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
            assert_eq!(rules.check(&asking("BIG_KEY", url), &Servers::default()), Ok(()), "{url}");
        }
        for url in refused {
            let refusal = rules.check(&asking("BIG_KEY", url), &Servers::default());
            assert!(matches!(refusal, Err(Refusal::Host { .. })), "{url}: {refusal:?}");
        }
    }

    #[test]
    fn no_program_is_started_that_the_workers_owner_has_not_written_down() {
        let servers = |env: &[(&str, &str)], args: &[&str]| {
            let server = Server {
                command: "npx".into(),
                args: args.iter().map(|arg| (*arg).to_owned()).collect(),
                env: env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
                ..Server::default()
            };
            Servers { servers: [("shop".to_owned(), server)].into(), ..Servers::default() }
        };
        let check = |commands: &[&str], servers: &Servers| {
            let mut own = Campaign::default();
            own.worker.commands = commands.iter().map(|line| (*line).to_owned()).collect();
            Allowed::by(&own).check(&Campaign::default(), servers)
        };
        let plain = servers(&[], &["[shop]", "{dir}"]);
        assert!(matches!(check(&[], &plain), Err(Refusal::Command { .. })));
        assert_eq!(check(&["npx [shop] {dir}"], &plain), Ok(()));
        assert_eq!(check(&["npx [shop] *"], &plain), Ok(()));
        assert!(check(&["npx", "npx o *"], &plain).is_err());
        let preloaded = servers(&[("LD_PRELOAD", "/tmp/x.so")], &["[shop]", "{dir}"]);
        assert!(check(&["npx [shop] *"], &preloaded).is_err(), "not with variables of its own");
        let disguised = servers(&[("npx [shop] X", "1")], &["-c", "evil"]);
        assert!(check(&["npx [shop] *"], &disguised).is_err(), "not by a variable's name");
        let shifted = servers(&[("A", "x /bin/sh")], &["[shop]"]);
        assert!(check(&["A=x npx [shop]"], &shifted).is_err());
        let keyed = servers(&[("K", "${SHOP_KEY}")], &[]);
        assert_eq!(check(&["K=${SHOP_KEY} npx"], &keyed), Ok(()));
        let greedy = servers(&[("K", "${AWS_SECRET_ACCESS_KEY}")], &[]);
        let refusal = check(&["K=* npx"], &greedy);
        assert!(matches!(refusal, Err(Refusal::Variable { .. })), "{refusal:?}");
    }

    #[test]
    fn a_server_elsewhere_is_asked_as_a_teacher_is() {
        let check = |own: &Campaign, url: &str, variable: &str| {
            let headers = [("authorization".to_owned(), format!("Bearer ${{{variable}}}"))];
            let server = Server { url: url.into(), headers: headers.into(), ..Server::default() };
            let servers = [("shop".to_owned(), server)].into();
            let servers = Servers { servers, ..Servers::default() };
            Allowed::by(own).check(&Campaign::default(), &servers)
        };
        let own = worker(&["SHOP_*"], &["*.example.com"]);
        assert_eq!(check(&own, "https://shop.example.com/${SHOP_PATH}", "SHOP_KEY"), Ok(()));
        let elsewhere = check(&own, "http://169.254.169.254/latest", "SHOP_KEY");
        assert!(matches!(elsewhere, Err(Refusal::Host { .. })), "{elsewhere:?}");
        let greedy = check(&own, "https://shop.example.com/mcp", "MAGNET_STATUS_TOKEN");
        assert!(matches!(greedy, Err(Refusal::Variable { .. })), "{greedy:?}");
    }
}
