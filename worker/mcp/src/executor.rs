//! The executor `mcp`: conversations on servers.
//!
//! A conversation's servers start at the first call, or when it is asked what
//! exists. What exists at the start is found out once: from the files, from
//! what the servers' file says, from the reads that take no arguments.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use magnet_proto::Digest;
use magnet_proto::library::{Function, Library};
use magnet_proto::sample::{Arguments, Call};
use magnet_proto::servers::{Isolation, Server, Servers, StartState};
use magnet_proto::shape::Field;
use magnet_worker::execute::known::Takers;
use magnet_worker::execute::{Error, Executor, Known, Nature, Output, Plan, Session, Start, known};
use serde_json::{Map, Value};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use crate::launch::{Launch, Unlaunchable};
use crate::live::{Failed, Live, NotStarted};
use crate::patience::Patience;

/// Reads of a server that are made to see what exists; of those that need an
/// argument, each with so many of its values.
const MAX_READS: usize = 8;
const MAX_READS_OF: usize = 6;
/// Starts that may fail, one after another, before a server counts as away.
const STARTS: usize = 2;
/// Conversations on servers at once, a core.
const PER_CORE: usize = 4;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(300);

/// Opens conversations on servers.
pub struct McpServers {
    all: Arc<All>,
}

struct All {
    servers: Arc<Servers>,
    /// By the server's name.
    ready: BTreeMap<String, Ready>,
    turns: Arc<Semaphore>,
}

/// One server, ready to be started.
struct Ready {
    server: Server,
    launch: Launch,
    /// Of its functions.
    takers: Takers,
    /// Its tools that only read and need no arguments, then those that need
    /// one, with it.
    reads: Vec<String>,
    reads_of: Vec<(String, String)>,
    at_start: OnceCell<Known>,
    patience: Patience,
    /// Processes that wait for their next conversation.
    idle: Mutex<Vec<Live>>,
}

impl McpServers {
    /// # Errors
    /// If one of them cannot be started here.
    pub fn new(
        servers: Arc<Servers>,
        library: &Library,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Unlaunchable> {
        let mut ready = BTreeMap::new();
        for (name, server) in &servers.servers {
            let launch = Launch::new(name, server, variable)?;
            let (mut takers, mut reads, mut reads_of) = (Takers::default(), Vec::new(), Vec::new());
            for (_, function) in library.iter() {
                let Some(tool) = servers.tools.get(&function.name).filter(|t| t.server == *name)
                else {
                    continue;
                };
                takers.add(function);
                let required: Vec<&Field> = function.required().collect();
                match required.as_slice() {
                    _ if function.changes_state() => {}
                    [] => reads.push(tool.name.clone()),
                    [only] if known::names_a_thing(&only.name) => {
                        reads_of.push((tool.name.clone(), only.name.clone()));
                    }
                    _ => {}
                }
            }
            reads.truncate(MAX_READS);
            reads_of.truncate(MAX_READS);
            let (server, at_start, idle) = (server.clone(), OnceCell::new(), Mutex::default());
            let patience = Patience::new(server.connect_patience);
            let one = Ready { server, launch, takers, reads, reads_of, at_start, patience, idle };
            ready.insert(name.clone(), one);
        }
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let turns = Arc::new(Semaphore::new(cores * PER_CORE));
        Ok(Self { all: Arc::new(All { servers, ready, turns }) })
    }
}

#[async_trait]
impl Executor for McpServers {
    fn name(&self) -> &str {
        "mcp"
    }

    fn nature(&self, _: &Function) -> Nature {
        Nature::Real
    }

    fn volatile(&self, function: &Function) -> Vec<String> {
        let tool = self.all.servers.of(&function.name);
        tool.map(|(tool, server)| server.volatile_places(&tool.name)).unwrap_or_default()
    }

    async fn open(&self, start: &Start<'_>) -> Result<Box<dyn Session>, Error> {
        let mut starts = BTreeMap::new();
        for function in start.functions {
            if let Some((tool, server)) = self.all.servers.of(&function.name) {
                let given = start.initial_config.and_then(|given| given.get(&tool.server));
                starts.insert(tool.server.clone(), start_of(server, given));
            }
        }
        Ok(Box::new(Conversation {
            all: Arc::clone(&self.all),
            starts,
            live: BTreeMap::new(),
            turn: None,
            learnt: Known::default(),
            is_clean: true,
            is_over: false,
        }))
    }
}

/// The state that a record keeps, or the server's own.
fn start_of(server: &Server, given: Option<&Value>) -> StartState {
    let given = given.and_then(|given| serde_json::from_value(given.clone()).ok());
    given.unwrap_or_else(|| server.start.clone())
}

impl Ready {
    /// A server at its start: one that waits, or a new one.
    async fn begin(&self, start: &StartState) -> Result<Live, Error> {
        let mut why = String::new();
        for _ in 0..STARTS {
            let waiting = self.idle().pop();
            let live = match waiting {
                Some(live) => live.again(&self.launch, &self.server, start).await,
                None => Live::start(&self.launch, &self.server, start).await,
            };
            match live {
                Ok(live) => {
                    self.patience.started(&self.who());
                    return Ok(live);
                }
                Err(NotStarted::Refused(why)) => return Err(Error::Permanent(self.blamed(&why))),
                Err(NotStarted::Failed(error)) => why = error,
            }
        }
        Err(self.patience.failed(&self.who(), &why))
    }

    fn who(&self) -> String {
        format!("server \"{}\"", self.launch.name)
    }

    fn blamed(&self, why: &str) -> String {
        format!("{}: {why}", self.who())
    }

    /// Keeps a server for the next conversation, where it may serve it.
    fn end(&self, live: Live) {
        // Dropped, it ends in its own time.
        drop(self.kept(live));
    }

    /// The same; gives back one that may not.
    fn kept(&self, mut live: Live) -> Option<Live> {
        let may_serve = matches!(self.server.isolation, Isolation::Restore | Isolation::None);
        if may_serve && live.is_alive() {
            self.idle().push(live);
            return None;
        }
        Some(live)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Live>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What exists at the start, found out once.
    async fn at_start(&self, tools: &Servers) -> Result<Known, Error> {
        let found = self.at_start.get_or_try_init(|| self.look_around(tools));
        Ok(found.await?.clone())
    }

    async fn look_around(&self, tools: &Servers) -> Result<Known, Error> {
        let mut known = self.told(tools);
        let server = &self.server;
        // Where their file says what a parameter takes, that holds.
        let is_open = |name: &&String| is_path(name) && !server.known.contains_key(*name);
        for path in server.start.files.keys().filter(|path| !is_hidden(path)) {
            let path = Value::from(format!("{}/{path}", server.dir));
            for name in self.takers.names().filter(is_open) {
                known::tell(name, &path, &self.takers, &mut known);
            }
        }
        if self.reads.is_empty() {
            return Ok(known);
        }
        let mut live = self.begin(&server.start).await?;
        for tool in &self.reads {
            (live, _) = self.read(live, tool, &Arguments::default(), &mut known).await?;
        }
        // What belongs to the things that were told.
        for (tool, parameter) in &self.reads_of {
            let told = known.by_parameter.get(parameter).map_or(&[][..], Vec::as_slice);
            for value in told.iter().take(MAX_READS_OF).cloned().collect::<Vec<_>>() {
                let arguments = Arguments::from_iter([(parameter.clone(), value)]);
                let is_over;
                (live, is_over) = self.read(live, tool, &arguments, &mut known).await?;
                if is_over {
                    break;
                }
            }
        }
        self.end(live);
        Ok(known)
    }

    /// Adds what one read tells; gives back a server that can be read on, and
    /// whether the read ended the one before.
    async fn read(
        &self,
        mut live: Live,
        tool: &str,
        arguments: &Arguments,
        known: &mut Known,
    ) -> Result<(Live, bool), Error> {
        match live.call(&self.launch, &self.server, tool, arguments).await {
            Ok(output) if !output.is_error => {
                known::learn(&output.value, arguments, &self.takers, known);
            }
            Ok(_) | Err(Failed::Unusable(_)) => {}
            Err(Failed::Denied(why)) => return Err(Error::Permanent(self.blamed(&why))),
            Err(Failed::Gone(why) | Failed::Away(why)) => {
                tracing::debug!(server = self.launch.name, tool, why, "a read ended a server");
                return Ok((self.begin(&self.server.start).await?, true));
            }
        }
        Ok((live, false))
    }

    /// What the servers' file says: values by parameter, sets by tool.
    fn told(&self, tools: &Servers) -> Known {
        let mut known = Known::default();
        let of_here = |tool: &str| {
            let mut here = tools.tools.iter().filter(|(_, t)| t.server == self.launch.name);
            here.find(|(_, t)| t.name == *tool).map(|(function, _)| function.clone())
        };
        for (name, values) in &self.server.known {
            let Some(values) = named(values, &self.server.dir).as_array().cloned() else {
                continue;
            };
            match of_here(name) {
                Some(function) => {
                    let sets = values.into_iter().filter_map(|set| match set {
                        Value::Object(set) => Some(set),
                        _ => None,
                    });
                    known.by_function.insert(function, sets.collect::<Vec<Arguments>>());
                }
                None => {
                    known.by_parameter.insert(name.clone(), values);
                }
            }
        }
        known
    }
}

/// A value with `{dir}` as the folder's name.
fn named(value: &Value, dir: &str) -> Value {
    match value {
        Value::String(text) => text.replace("{dir}", dir).into(),
        Value::Array(items) => items.iter().map(|item| named(item, dir)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), named(value, dir))).collect()
        }
        other => other.clone(),
    }
}

/// Whether a file is nobody's to name.
fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.'))
}

fn is_path(parameter: &str) -> bool {
    let parameter = parameter.to_lowercase();
    parameter.ends_with("path") || parameter.ends_with("file") || parameter == "source"
}

/// One conversation.
struct Conversation {
    all: Arc<All>,
    /// What the servers that it is about start from.
    starts: BTreeMap<String, StartState>,
    live: BTreeMap<String, Live>,
    /// Held from the first start on.
    turn: Option<OwnedSemaphorePermit>,
    learnt: Known,
    /// The last refused call changed nothing.
    is_clean: bool,
    /// A server is gone: what it knew is lost until all starts over.
    is_over: bool,
}

impl Conversation {
    /// A server at work, taken out: whoever calls it puts it back.
    async fn take(&mut self, name: &str, ready: &Ready) -> Result<Live, Error> {
        if let Some(live) = self.live.remove(name) {
            return Ok(live);
        }
        if self.turn.is_none() {
            let turn = Arc::clone(&self.all.turns).acquire_owned();
            let turn = tokio::time::timeout(PATIENCE, turn).await;
            let busy = || Error::Transient("other conversations keep all servers busy".into());
            self.turn = Some(turn.ok().and_then(Result::ok).ok_or_else(busy)?);
        }
        ready.begin(self.starts.get(name).unwrap_or(&ready.server.start)).await
    }

    /// Lets all servers go.
    fn end(&mut self) {
        for (name, live) in std::mem::take(&mut self.live) {
            if let Some(ready) = self.all.ready.get(&name) {
                ready.end(live);
            }
        }
        self.turn = None;
    }
}

#[async_trait]
impl Session for Conversation {
    /// By server; those that start from nothing are left out.
    fn initial_config(&self) -> Option<Value> {
        let starts = self.starts.iter().filter(|(_, start)| !start.is_empty());
        let starts: Map<String, Value> = starts
            .filter_map(|(name, start)| Some((name.clone(), serde_json::to_value(start).ok()?)))
            .collect();
        (!starts.is_empty()).then_some(Value::Object(starts))
    }

    async fn known(&mut self) -> Result<Known, Error> {
        let mut known = Known::default();
        for name in self.starts.keys() {
            if let Some(ready) = self.all.ready.get(name) {
                known.extend(ready.at_start(&self.all.servers).await?);
            }
        }
        known.learn(&self.learnt);
        Ok(known)
    }

    async fn call(&mut self, function: &Function, call: &Call, _: &Plan) -> Result<Output, Error> {
        let name = &function.name;
        let all = Arc::clone(&self.all);
        let no_tool = || Error::Permanent(format!("no server has \"{name}\""));
        let (tool, server) = all.servers.of(name).ok_or_else(no_tool)?;
        let no_such = || Error::Permanent(format!("there is no server \"{}\"", tool.server));
        let ready = all.ready.get(&tool.server).ok_or_else(no_such)?;
        // Another session would be another world.
        if self.is_over {
            let why = "a server of this conversation is gone";
            return Err(Error::Unusable(ready.blamed(why)));
        }
        let mut live = self.take(&tool.server, ready).await?;
        // Only a folder that holds all there is tells whether something changed.
        let is_told = server.isolation == Isolation::Restore;
        let before = if is_told { live.digest() } else { None };
        match live.call(&ready.launch, server, &tool.name, &call.arguments).await {
            Ok(output) => {
                self.is_clean = !output.is_error
                    || server.isolation == Isolation::None
                    || before.is_some() && before == live.digest();
                self.live.insert(tool.server.clone(), live);
                if let Some(value) = output.ok() {
                    known::learn(value, &call.arguments, &ready.takers, &mut self.learnt);
                }
                Ok(output)
            }
            Err(Failed::Unusable(why)) => {
                self.is_clean = false;
                self.live.insert(tool.server.clone(), live);
                Err(Error::Unusable(format!("\"{name}\": {why}")))
            }
            Err(Failed::Gone(why)) => {
                (self.is_clean, self.is_over) = (false, true);
                Err(Error::Unusable(ready.blamed(&format!("\"{name}\": {why}"))))
            }
            // A server that is not there at all is waited for; one that is
            // there broke over this call.
            Err(Failed::Away(why)) => {
                (self.is_clean, self.is_over) = (false, true);
                let start = self.starts.get(&tool.server).unwrap_or(&server.start);
                ready.begin(start).await?.end().await;
                Err(Error::Unusable(ready.blamed(&format!("\"{name}\": {why}"))))
            }
            Err(Failed::Denied(why)) => Err(Error::Permanent(ready.blamed(&why))),
        }
    }

    fn saw(&mut self, function: &Function, call: &Call, output: &Output) {
        let server = self.all.servers.of(&function.name).map(|(tool, _)| &tool.server);
        let ready = server.and_then(|server| self.all.ready.get(server));
        if let (Some(ready), Some(value)) = (ready, output.ok()) {
            known::learn(value, &call.arguments, &ready.takers, &mut self.learnt);
        }
    }

    /// Where all servers keep all they know in their folders.
    async fn digest(&mut self) -> Result<Option<Digest>, Error> {
        let mut fields = Vec::new();
        for (name, live) in &self.live {
            let is_told = self
                .all
                .ready
                .get(name)
                .is_some_and(|ready| ready.server.isolation == Isolation::Restore);
            let Some(digest) = live.digest().filter(|_| is_told) else {
                return Ok(None);
            };
            fields.push(format!("{name} {digest}"));
        }
        Ok(Some(Digest::of_fields(fields.iter().map(String::as_bytes))))
    }

    fn refusals_are_clean(&self) -> bool {
        self.is_clean
    }

    async fn restart(&mut self) -> Result<bool, Error> {
        self.end();
        self.learnt = Known::default();
        (self.is_clean, self.is_over) = (true, false);
        Ok(true)
    }

    async fn close(mut self: Box<Self>) -> Result<(), Error> {
        for (name, live) in std::mem::take(&mut self.live) {
            if let Some(live) = self.all.ready.get(&name).and_then(|ready| ready.kept(live)) {
                live.end().await;
            }
        }
        Ok(())
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.end();
    }
}
