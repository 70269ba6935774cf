//! The rules that a campaign's values obey, alone and between each other.
//!
//! Runs on typed values after the layers are merged; finds every breach, never
//! stops at the first.

use super::campaign::DEFAULT_EXECUTOR;
use super::keys::{Fault, closest};
use super::secret::{looks_like_key, redact};
use super::{
    Campaign, Endpoint, EndpointKind, Execution, ExecutorKind, Format, Judge, NegativeSource,
};

use crate::difficulty::Level;
use crate::quotas::{self, Class, Quota};
use crate::sample::Challenge;
use crate::slots;

/// The implicit teacher of a campaign that names none.
pub(super) const OFFLINE: &str = "offline";

/// Attempts of a student at one conversation at most.
const MAX_ATTEMPTS: u32 = 100;

/// Every breach, each with the key it is about.
pub(super) fn breaches(campaign: &Campaign) -> Vec<(String, Fault)> {
    let mut rules = Rules { found: Vec::new() };
    rules.identity(campaign);
    rules.shares(campaign);
    rules.walks(campaign);
    for (name, endpoint) in &campaign.teacher {
        rules.endpoint(name, endpoint, campaign);
    }
    rules.roles(campaign);
    rules.executors(campaign);
    rules.fleet(campaign);
    rules.run(campaign);
    rules.output(campaign);
    rules.not_yet(campaign);
    rules.found
}

struct Rules {
    found: Vec<(String, Fault)>,
}

impl Rules {
    fn require(
        &mut self,
        holds: bool,
        key: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        if !holds {
            self.found.push((key.to_owned(), Fault::new(message, hint)));
        }
    }

    fn identity(&mut self, campaign: &Campaign) {
        let identity = &campaign.campaign;
        let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let name_is_fine =
            (1..=64).contains(&identity.name.len()) && identity.name.chars().all(legal);
        self.require(
            name_is_fine, "campaign.name",
            "must be 1 to 64 letters, digits, \".\", \"_\" or \"-\"",
            "name it for example \"support-desk\"",
        );
        let samples = identity.samples.get();
        self.require(
            identity.max_walks == 0 || identity.max_walks >= samples,
            "campaign.max_walks",
            format!("{} walks cannot give {samples} samples", identity.max_walks),
            format!("set at least {samples}, or 0 to let it be chosen"),
        );
    }

    fn shares(&mut self, campaign: &Campaign) {
        let ops = &campaign.node_ops;
        let shares = [
            ("graph.cross_category", campaign.graph.cross_category),
            ("graph.matched", campaign.graph.matched),
            ("node_ops.merge", ops.merge),
            ("node_ops.insert", ops.insert),
            ("node_ops.insert_short", ops.insert_short),
            ("node_ops.split", ops.split),
            ("node_ops.split_function", ops.split_function),
            ("node_ops.unresolved", ops.unresolved),
            ("node_ops.parallel", ops.parallel),
            ("node_ops.pad", ops.pad),
            ("node_ops.fault", ops.fault),
            ("node_ops.conflict", ops.conflict),
            ("node_ops.irrelevant", ops.irrelevant),
            ("vet.called_for", campaign.vet.called_for),
            ("dedup.near_duplicate", campaign.dedup.near_duplicate),
        ];
        for (key, share) in shares {
            let message = format!("{share} is not between 0 and 1");
            self.require((0.0..=1.0).contains(&share), key, message, "write a share, like 0.3");
        }
        let mix = &campaign.mix;
        let parts = [
            ("mix.multi_turn", mix.multi_turn),
            ("mix.single_turn", mix.single_turn),
            ("mix.irrelevance", mix.irrelevance),
        ];
        for (key, part) in parts {
            self.not_negative(key, part);
        }
        self.require(
            parts.iter().map(|(_, part)| part).sum::<f64>() > 0.0,
            "mix.multi_turn",
            "every share of [mix] is 0, so there is nothing to make",
            "set multi_turn = 1.0",
        );
        let read = mix.quotas.iter().map(|quota| Quota::read(quota));
        let (read, unclear): (Vec<_>, Vec<_>) = read.partition(Result::is_ok);
        for problem in unclear.into_iter().filter_map(Result::err) {
            self.require(false, "mix.quotas", problem, quotas::FORM);
        }
        let read: Vec<Quota> = read.into_iter().flatten().collect();
        for problem in quotas::contradictions(&read, mix) {
            self.require(false, "mix.quotas", problem, "lower one of them");
        }
        self.quotas_in_reach(&read, campaign);
        self.difficulty(&read, campaign.difficulty.attempts);
    }

    /// A difficulty comes of attempts: one alone is right or wrong.
    fn difficulty(&mut self, quotas: &[Quota], attempts: u32) {
        self.require(
            attempts <= MAX_ATTEMPTS,
            "difficulty.attempts",
            format!("{attempts} attempts at every conversation are more than can be of use"),
            format!("write a number from 0 to {MAX_ATTEMPTS}"),
        );
        for quota in quotas.iter().filter(|quota| quota.share > 0.0) {
            let Class::Difficulty(level) = quota.class else { continue };
            let least = if level == Level::Medium { 2 } else { 1 };
            self.require(
                attempts >= least,
                "mix.quotas",
                format!(
                    "{} never comes about while difficulty.attempts is {attempts}",
                    quota.class
                ),
                format!("set difficulty.attempts to {least} or more"),
            );
        }
    }

    /// A challenge comes of a node operation: without it, it never does.
    fn quotas_in_reach(&mut self, quotas: &[Quota], campaign: &Campaign) {
        let ops = &campaign.node_ops;
        for quota in quotas.iter().filter(|quota| quota.share > 0.0) {
            let Class::Challenge(challenge) = quota.class else { continue };
            let (key, share) = match challenge {
                Challenge::Nested => ("node_ops.insert", ops.insert.max(ops.insert_short)),
                Challenge::Parallel => ("node_ops.parallel", ops.parallel),
                Challenge::MissingFunction | Challenge::MissingParameter => {
                    ("node_ops.split", ops.split)
                }
                Challenge::LongContext => ("node_ops.pad", ops.pad),
                Challenge::ToolError => ("node_ops.fault", ops.fault),
                Challenge::Conflict => ("node_ops.conflict", ops.conflict),
                Challenge::Irrelevant => {
                    ("node_ops.irrelevant", ops.irrelevant.max(campaign.mix.irrelevance))
                }
                Challenge::ShortDependency
                | Challenge::LongDependency
                | Challenge::MultipleCalls => continue,
            };
            let message = format!("{} never comes about while {key} is 0", quota.class);
            self.require(share > 0.0, "mix.quotas", message, format!("raise {key}"));
        }
    }

    fn walks(&mut self, campaign: &Campaign) {
        let walk = &campaign.walk;
        let steps = walk.steps.get();
        for (key, value) in [("walk.min_steps", walk.min_steps), ("walk.min_nodes", walk.min_nodes)]
        {
            let message = format!("{value} is more than walk.steps, which is {steps}");
            let hint = format!("lower it to {steps} or raise walk.steps");
            self.require(value.get() <= steps, key, message, hint);
        }
        let hint = "write a number from 1 to 32";
        let message = format!("{steps} turns are more than a conversation holds");
        self.require(steps <= 32, "walk.steps", message, hint);
        let message = "a function must be visited at least once";
        self.require(walk.max_visits > 0, "walk.max_visits", message, "write 1 or 2");
    }

    fn endpoint(&mut self, name: &str, endpoint: &Endpoint, campaign: &Campaign) {
        let key = |field: &str| format!("teacher.{name}.{field}");
        match endpoint.kind {
            EndpointKind::Openai => {
                self.url(&key("base_url"), &endpoint.base_url, &["http://", "https://"]);
                let hint = "name the model as the server lists it, like model = \"qwen2.5-72b\"";
                let message = "kind \"openai\" needs a model";
                self.require(!endpoint.model.is_empty(), &key("model"), message, hint);
            }
            EndpointKind::Offline => {
                let is_bare = endpoint.base_url.is_empty() && endpoint.model.is_empty();
                let message = "kind is \"offline\", but a base_url or a model is set";
                let set = if endpoint.model.is_empty() { "base_url" } else { "model" };
                self.require(is_bare, &key(set), message, "set kind = \"openai\"");
            }
        }
        self.require(
            is_variable(&endpoint.api_key_env),
            &key("api_key_env"),
            "not the name of an environment variable",
            "write the variable's name, like \"BIG_KEY\", and export the key under it",
        );
        let temperature = endpoint.temperature;
        self.require(
            (0.0..=2.0).contains(&temperature),
            &key("temperature"),
            format!("{temperature} is not between 0 and 2"),
            "write a number like 0.7",
        );
        for (field, price) in [
            ("usd_per_million_input_tokens", endpoint.usd_per_million_input_tokens),
            ("usd_per_million_cached_input_tokens", endpoint.usd_per_million_cached_input_tokens),
            ("usd_per_million_output_tokens", endpoint.usd_per_million_output_tokens),
        ] {
            self.not_negative(&key(field), price);
        }
        let hint = "write a duration like \"60s\"";
        for (field, wait) in
            [("timeout", endpoint.timeout), ("connect_patience", endpoint.connect_patience)]
        {
            self.require(!wait.is_zero(), &key(field), "must not be zero", hint);
        }
        self.require(
            endpoint.deadline >= endpoint.timeout,
            &key("deadline"),
            "is shorter than timeout, so no request could be tried again",
            "set deadline to several times timeout",
        );
        if let Some(other) = &endpoint.failover {
            let hint = other_names(campaign, name);
            let message = format!("{other:?} is not another endpoint");
            let other_one = campaign.endpoint(other).filter(|_| other != name);
            let exists = other_one.is_some_and(|it| it.kind != EndpointKind::Offline);
            self.require(exists, &key("failover"), message, hint);
        }
    }

    fn roles(&mut self, campaign: &Campaign) {
        let roles = &campaign.roles;
        let filled = [
            ("roles.teacher", &roles.teacher),
            ("roles.student", &roles.student),
            ("roles.judge", &roles.judge),
            ("roles.simulator", &roles.simulator),
        ];
        for (key, name) in filled {
            // The other roles follow the teacher: one mistake is told once.
            if key != "roles.teacher" && *name == roles.teacher {
                continue;
            }
            if name.is_empty() {
                let message = "several teachers stand here and none is chosen";
                let hint = "set it to the name of one; the other roles follow it";
                self.require(false, key, message, hint);
            } else if !campaign.teacher.contains_key(name) {
                let names: Vec<&str> = campaign.teacher.keys().map(String::as_str).collect();
                let hint = match closest(name, &names) {
                    Some(meant) => format!("did you mean {meant:?}?"),
                    None => format!("add [teacher.{name}], or choose from: {}", names.join(", ")),
                };
                self.require(
                    false,
                    key,
                    format!("no [teacher.{name}] stands in the campaign"),
                    hint,
                );
            }
        }
        let is_offline = |name: &str| {
            campaign
                .teacher
                .get(name)
                .is_some_and(|endpoint| endpoint.kind == EndpointKind::Offline)
        };
        let hint = "set it to \"none\", or name a teacher of kind \"openai\" in roles.judge";
        let asks_model = campaign.graph.judge == Judge::Teacher && is_offline(&roles.judge);
        self.require(!asks_model, "graph.judge", "the offline teacher cannot judge edges", hint);
        let (name, role) = match campaign.negatives.source {
            NegativeSource::Mechanical => return,
            NegativeSource::Teacher => (&roles.teacher, "roles.teacher"),
            NegativeSource::Student => (&roles.student, "roles.student"),
        };
        let hint =
            format!("set it to \"mechanical\", or name a teacher of kind \"openai\" in {role}");
        let message = "the offline teacher cannot play a wrong agent";
        self.require(!is_offline(name), "negatives.source", message, hint);
    }

    fn executors(&mut self, campaign: &Campaign) {
        let simulator = campaign.endpoint(&campaign.roles.simulator);
        let has_model = simulator.is_some_and(|endpoint| endpoint.kind == EndpointKind::Openai);
        for (name, execution) in &campaign.executor {
            let claims = !execution.functions.is_empty() || !execution.groups.is_empty();
            let key = |field: &str| format!("executor.{name}.{field}");
            match name == DEFAULT_EXECUTOR {
                true => self.require(
                    !claims,
                    &key("functions"),
                    "it has whatever no other one claims",
                    "move them to an [executor.NAME] of another name",
                ),
                false => self.require(
                    claims,
                    &key("functions"),
                    "it claims no function",
                    "name functions or globs in functions, or categories in groups",
                ),
            }
            match execution.kind {
                ExecutorKind::Http | ExecutorKind::Openapi => {
                    self.url(&key("url"), &execution.url, &["http://", "https://"]);
                }
                _ => self.require(
                    execution.url.is_empty(),
                    &key("url"),
                    "only an executor of kind \"http\" or \"openapi\" has one",
                    "set the kind, or leave url out",
                ),
            }
            self.requests(&key, execution);
            let is_there = execution.recording.is_some();
            self.require(
                execution.kind != ExecutorKind::Recorded || is_there,
                &key("recording"),
                "no file holds the outputs",
                "name the file that another kind recorded them into",
            );
            self.require(
                execution.kind != ExecutorKind::Auto || !is_there,
                &key("recording"),
                "of kind \"auto\" it is open whose outputs are recorded",
                "name the kind, such as \"mcp\"",
            );
            self.require(
                is_variable(&execution.token_env),
                &key("token_env"),
                "not the name of an environment variable",
                "write the variable's name, like \"SHOP_TOKEN\", and export the token under it",
            );
            self.require(
                !execution.timeout.is_zero(),
                &key("timeout"),
                "must not be zero",
                "write a duration like \"30s\"",
            );
            self.require(
                execution.kind != ExecutorKind::Model || has_model,
                &key("kind"),
                "no model plays the machine",
                "name a teacher of kind \"openai\" in roles.simulator",
            );
        }
    }

    /// What is sent to an API beside the calls.
    fn requests(&mut self, key: &dyn Fn(&str) -> String, execution: &Execution) {
        let Execution { headers, query, open, session, close, .. } = execution;
        let is_set = [!headers.is_empty(), !query.is_empty(), !open.is_empty(), !close.is_empty()];
        let set = ["headers", "query", "open", "close"].into_iter().zip(is_set);
        if execution.kind != ExecutorKind::Openapi {
            for (field, _) in set.filter(|(_, is_set)| *is_set) {
                let hint = format!("set kind = \"openapi\", or leave {field} out");
                self.require(
                    false,
                    &key(field),
                    "only an executor of kind \"openapi\" has it",
                    hint,
                );
            }
            return;
        }
        let is_header = |text: &String| {
            let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            text.split_once(':').is_some_and(|(name, _)| !name.is_empty() && is_name(name))
        };
        let hint = "write it like \"X-Api-Key: ${SHOP_KEY}\"";
        self.require(headers.iter().all(is_header), &key("headers"), "not a header", hint);
        let is_pair =
            |text: &String| text.split_once('=').is_some_and(|(name, _)| !name.is_empty());
        let hint = "write it like \"key=${SHOP_KEY}\"";
        self.require(query.iter().all(is_pair), &key("query"), "not a parameter", hint);
        for (field, texts) in [("headers", headers), ("query", query)] {
            let mut words = texts.iter().flat_map(|text| text.split([' ', ':', '=']));
            let (message, hint) = (
                "looks like a key; keys do not belong into a configuration",
                "put the key into an environment variable and write ${NAME} in its place",
            );
            self.require(!words.any(looks_like_key), &key(field), message, hint);
            let mut names = texts.iter().flat_map(|text| slots::names(text));
            self.require(
                names.all(|name| !name.is_empty() && is_variable(name)),
                &key(field),
                "what stands in ${…} is not the name of an environment variable",
                "write it like ${SHOP_KEY}",
            );
        }
        let is_request = |text: &str| {
            let (method, path) = text.split_once(' ').unwrap_or_default();
            let is_method = !method.is_empty() && method.chars().all(|c| c.is_ascii_uppercase());
            text.is_empty() || is_method && path.starts_with('/')
        };
        let hint = "write it like \"POST /sandboxes?seed={seed}\"";
        self.require(is_request(open), &key("open"), "not a request", hint);
        let hint = "write it like \"DELETE /sandboxes/{session}\"";
        self.require(is_request(close), &key("close"), "not a request", hint);
        let is_used = headers.iter().chain(query).any(|text| text.contains("{session}"));
        let (message, hint) = (
            "nothing tells one conversation from another",
            "say with session = \"/id\" where the answer to open names what was begun, and put \
             {session} into headers or query",
        );
        self.require(open.is_empty() == session.is_empty(), &key("session"), message, hint);
        self.require(open.is_empty() != is_used, &key("open"), message, hint);
        self.require(
            session.is_empty() || session.starts_with('/'),
            &key("session"),
            "not a JSON pointer",
            "write it like \"/id\"",
        );
        self.require(
            close.is_empty() || !open.is_empty(),
            &key("close"),
            "nothing is opened that could be closed",
            "set open, or leave close out",
        );
    }

    fn fleet(&mut self, campaign: &Campaign) {
        let fleet = &campaign.fleet;
        self.url("fleet.queue", &fleet.queue, &["memory:", "amqp://", "amqps://"]);
        self.url("fleet.state", &fleet.state, &["embedded:", "redis://", "rediss://"]);
        self.url("fleet.cache", &fleet.cache, &["embedded:", "redis://", "rediss://"]);
        if !fleet.management.is_empty() {
            self.url("fleet.management", &fleet.management, &["http://", "https://"]);
        }
        self.url("fleet.parts", &fleet.parts, &["file:", "memory:", "s3://", "gs://"]);
        let hint = "write a duration like \"30s\"";
        let waits = [
            ("fleet.connect_timeout", fleet.connect_timeout),
            ("fleet.ack_timeout", fleet.ack_timeout),
            ("fleet.grace", fleet.grace),
        ];
        for (key, wait) in waits {
            self.require(!wait.is_zero(), key, "must not be zero", hint);
        }
    }

    fn run(&mut self, campaign: &Campaign) {
        let workers = campaign.run.workers;
        let message = format!("{workers} workers are more than a process should hold");
        self.require(workers <= 1_024, "run.workers", message, "write 0 for one worker a core");
        let listen = &campaign.run.listen;
        let port = listen.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
        self.require(
            listen.is_empty() || matches!(port, Some(Ok(_))),
            "run.listen",
            format!("{listen:?} is not an address"),
            "write a host and a port, like \"127.0.0.1:9090\"",
        );
        for variable in &campaign.worker.key_variables {
            self.require(
                is_variable(&variable.replace('*', "")),
                "worker.key_variables",
                format!("{variable:?} is not the name of an environment variable"),
                "write names like \"BIG_KEY\", or patterns like \"*_API_KEY\"",
            );
        }
        for host in &campaign.worker.teacher_hosts {
            self.require(
                !host.is_empty() && !host.contains(['/', '@', '?', '[', ']', ' ']),
                "worker.teacher_hosts",
                format!("{host:?} is not a host"),
                "write hosts like \"models.example.com\", \"*.example.com\" or \"10.0.0.7:8000\"",
            );
        }
        for command in &campaign.worker.commands {
            self.require(
                !command
                    .split_whitespace()
                    .next()
                    .is_none_or(|word| word.trim_matches('*').is_empty()),
                "worker.commands",
                format!("{command:?} allows any command"),
                "write command lines like \"npx -y @scope/server {dir}\"",
            );
        }
        self.not_negative("budget.max_usd", campaign.budget.max_usd);
    }

    fn output(&mut self, campaign: &Campaign) {
        let output = &campaign.output;
        let is_named = !output.dir.as_os_str().is_empty();
        self.require(is_named, "output.dir", "must not be empty", "write a folder, like \"out\"");
        let message = "no format is chosen, so nothing would be written";
        let hint = "set formats = [\"jsonl\"]";
        self.require(!output.formats.is_empty(), "output.formats", message, hint);
    }

    /// What the file may one day ask for: refused rather than ignored.
    fn not_yet(&mut self, campaign: &Campaign) {
        let message = "this version does not do that";
        let formats = !campaign.output.formats.contains(&Format::Parquet);
        self.require(formats, "output.formats", message, "set it to [\"jsonl\"]");
    }

    fn not_negative(&mut self, key: &str, number: f64) {
        let message = format!("must not be negative, found {number}");
        self.require(number >= 0.0, key, message, "write 0 or a positive number");
    }

    /// A URL of one of the schemes; those with `//` need a host.
    fn url(&mut self, key: &str, url: &str, schemes: &[&str]) {
        let example = schemes.join(", ");
        let Some(scheme) = schemes.iter().find(|scheme| url.starts_with(**scheme)) else {
            let message = match url {
                "" => "must be a URL, but is empty".to_owned(),
                url => format!("{:?} is not a URL that works here", redact(url)),
            };
            self.require(false, key, message, format!("begin it with one of: {example}"));
            return;
        };
        let rest = &url[scheme.len()..];
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        let names_host = !scheme.ends_with("//") || !host.trim_start_matches(':').is_empty();
        let message = format!("{:?} names no host", redact(url));
        self.require(names_host, key, message, format!("write {scheme}HOST"));
        let is_clean = !url.chars().any(|c| c.is_whitespace() || c.is_control());
        let message = "holds a space or a control character";
        self.require(is_clean, key, message, "write it as one word");
    }
}

/// Whether a text can name an environment variable; none is fine too.
fn is_variable(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn other_names(campaign: &Campaign, name: &str) -> String {
    let others: Vec<&str> =
        campaign.teacher.keys().map(String::as_str).filter(|other| *other != name).collect();
    match others.as_slice() {
        [] => "add another [teacher.NAME], or leave failover out".into(),
        others => format!("choose from: {}", others.join(", ")),
    }
}
