//! MCP servers: how each is started or reached, what a conversation starts from, and
//! which tool each function is.
//!
//! Travels in the bundle. Names of variables are in it, values never: those
//! are read where a server is started. Reading the files that people write is
//! the coordinator's `library`; starting them is the executor's.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Digest;
use crate::config::duration;
use crate::slots;

/// The servers of a campaign's library.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Servers {
    pub servers: BTreeMap<String, Server>,
    /// By the function's name.
    pub tools: BTreeMap<String, Tool>,
}

/// Whose tool a function is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    pub server: String,
    /// As the server names it.
    pub name: String,
}

/// One server: a program that is started, or an address. In `command`, `args`
/// and `env`, `{dir}` stands for the folder of the conversation; there and in
/// `url` and `headers`, `${NAME}` for a variable of whoever starts or asks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Server {
    pub command: String,
    pub args: Vec<String>,
    pub env: BTreeMap<String, String>,
    /// Where it is reached over streamable HTTP; empty for a program.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// Sent with each request to `url`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    pub start: StartState,
    /// What exists at the start, beside what its reads tell: values by
    /// parameter, sets of arguments by tool.
    pub known: Map<String, Value>,
    pub isolation: Isolation,
    /// What answers begin with that are refusals and do not say so.
    pub refusals: Vec<String>,
    /// By tool, the places of outputs whose values come out otherwise each
    /// time, as the executor's `volatile` tells places.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub volatile: BTreeMap<String, Vec<String>>,
    /// What the conversation's folder is called in calls and outputs.
    pub dir: String,
    #[serde(with = "duration")]
    pub start_timeout: Duration,
    #[serde(with = "duration")]
    pub call_timeout: Duration,
    /// How long it may be away before it was there once.
    #[serde(with = "duration")]
    pub connect_patience: Duration,
}

/// What a conversation starts from; JSON of it opens the same one anywhere.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StartState {
    /// Texts by path in the conversation's folder.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// Calls made before anything else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prepare: Vec<Prepared>,
}

/// A call that prepares a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepared {
    /// As the server names it.
    pub tool: String,
    #[serde(default)]
    pub arguments: Map<String, Value>,
}

/// What keeps conversations apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// What was found out by trying; until then the surest, a process or a
    /// session for each.
    #[default]
    Auto,
    /// A process for each: right for any server that is started.
    Process,
    /// The process is kept, its folder restored: for servers that keep all
    /// they know in the folder.
    Restore,
    /// A session of its own with a server that runs elsewhere.
    Session,
    /// Process and folder, or the session, are kept: for servers that keep
    /// nothing.
    None,
}

impl Isolation {
    /// As files of servers name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Process => "process",
            Self::Restore => "restore",
            Self::Session => "session",
            Self::None => "none",
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            command: String::new(),
            args: Vec::new(),
            env: BTreeMap::new(),
            url: String::new(),
            headers: BTreeMap::new(),
            start: StartState::default(),
            known: Map::new(),
            isolation: Isolation::default(),
            refusals: Vec::new(),
            volatile: BTreeMap::new(),
            dir: "/workspace".into(),
            start_timeout: Duration::from_secs(60),
            call_timeout: Duration::from_secs(30),
            connect_patience: Duration::from_secs(60),
        }
    }
}

impl StartState {
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.prepare.is_empty()
    }
}

impl Server {
    /// Whether it runs elsewhere, and is not started.
    pub fn is_remote(&self) -> bool {
        !self.url.is_empty()
    }

    /// What keeps its conversations apart.
    pub fn isolation(&self) -> Isolation {
        match (self.isolation, self.is_remote()) {
            (Isolation::Auto, true) => Isolation::Session,
            (Isolation::Auto, false) => Isolation::Process,
            (stated, _) => stated,
        }
    }

    /// Where a tool's answers differ each time; of one of which nothing is
    /// known, wherever those of the others do.
    pub fn volatile_places(&self, tool: &str) -> Vec<String> {
        match self.volatile.get(tool) {
            Some(places) => places.clone(),
            None => self.volatile.values().flatten().cloned().collect(),
        }
    }

    /// The names of the variables that its description stands open for, each
    /// once, in order.
    pub fn variables(&self) -> Vec<&str> {
        let started = std::iter::once(&self.command).chain(&self.args).chain(self.env.values());
        let texts = started.chain(std::iter::once(&self.url)).chain(self.headers.values());
        let mut names: Vec<&str> = texts.flat_map(|text| slots::names(text)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// How it is started, word by word as one would type it: `NAME=value`
    /// for each of its variables, its command, its arguments.
    pub fn words(&self) -> Vec<String> {
        let set = self.env.iter().map(|(name, value)| format!("{name}={value}"));
        set.chain(std::iter::once(self.command.clone())).chain(self.args.clone()).collect()
    }

    /// Its words in one line, or where it is reached, for messages.
    pub fn told(&self) -> String {
        match self.is_remote() {
            true => self.url.clone(),
            false => self.words().join(" "),
        }
    }
}

impl Servers {
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// The tool that a function is, with its server.
    pub fn of(&self, function: &str) -> Option<(&Tool, &Server)> {
        let tool = self.tools.get(function)?;
        Some((tool, self.servers.get(&tool.server)?))
    }

    /// Of all that decides what a server answers: a campaign's identity covers
    /// it. Where a program lies, how long it may take and what keeps its
    /// conversations apart does not count.
    pub fn digest(&self) -> Digest {
        let deciding = |server: &Server| {
            let Server { start, known, refusals, dir, .. } = server.clone();
            Server { start, known, refusals, dir, ..Server::default() }
        };
        let servers = self.servers.iter().map(|(name, server)| (name.clone(), deciding(server)));
        let deciding = Self { servers: servers.collect(), tools: self.tools.clone() };
        let bytes = rmp_serde::to_vec_named(&deciding);
        Digest::of(&bytes.expect("writing texts and JSON values into memory cannot fail"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn servers() -> Servers {
        let server = Server {
            command: "npx".into(),
            args: vec!["-y".into(), "server".into(), "{dir}".into(), "--key=${KEY}".into()],
            env: [("TOKEN".to_owned(), "${SHOP_TOKEN}".to_owned())].into(),
            start: StartState {
                files: [("a.txt".to_owned(), "text".to_owned())].into(),
                prepare: vec![Prepared { tool: "add".into(), arguments: Map::new() }],
            },
            known: json!({"path": ["{dir}/a.txt"]}).as_object().cloned().unwrap_or_default(),
            ..Server::default()
        };
        let tool = Tool { server: "shop".into(), name: "get".into() };
        Servers {
            servers: [("shop".to_owned(), server)].into(),
            tools: [("get_shop".to_owned(), tool)].into(),
        }
    }

    #[test]
    fn what_stands_open_is_named() {
        let servers = servers();
        let shop = &servers.servers["shop"];
        assert_eq!(shop.variables(), ["KEY", "SHOP_TOKEN"]);
        let expected = "TOKEN=${SHOP_TOKEN} npx -y server {dir} --key=${KEY}";
        assert_eq!(shop.told(), expected);
        let remote = Server {
            url: "https://h/${KEY}".into(),
            headers: [("authorization".to_owned(), "Bearer ${TOKEN}".to_owned())].into(),
            ..Server::default()
        };
        assert_eq!(remote.variables(), ["KEY", "TOKEN"]);
        assert_eq!(remote.told(), "https://h/${KEY}");
    }

    #[test]
    fn it_travels_whole() {
        let bytes = rmp_serde::to_vec_named(&servers()).unwrap();
        assert_eq!(rmp_serde::from_slice::<Servers>(&bytes).unwrap(), servers());
    }

    #[test]
    fn what_decides_its_answers_is_part_of_its_digest_and_where_it_lies_is_not() {
        let mut other = servers();
        if let Some(shop) = other.servers.get_mut("shop") {
            shop.command = "/opt/npx".into();
            shop.call_timeout = Duration::from_secs(1);
            shop.isolation = Isolation::Restore;
        }
        assert_eq!(other.digest(), servers().digest());
        if let Some(shop) = other.servers.get_mut("shop") {
            shop.start.files.insert("b.txt".into(), String::new());
        }
        assert_ne!(other.digest(), servers().digest());
    }
}
