//! The connection to Redis: one for all calls, fast to fail.
//!
//! The first call that finds the server away, or that waits too long, opens a
//! circuit: the calls after it fail at once, until a task has a connection
//! again that answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, IntoConnectionInfo, Pipeline,
    RedisError, Script, ScriptInvocation, ServerErrorKind, TlsCertificates,
};
use tokio::time::Instant;
use tracing::{info, warn};

use super::{Access, Error, Role};
use crate::tls;

/// No answer takes longer; callers can do without one.
const ANSWER: Duration = Duration::from_millis(750);
const CONNECT: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

pub(super) struct Link {
    client: Client,
    /// Host, port and database, for messages.
    place: String,
    role: Role,
    trial: Script,
    phase: Mutex<Phase>,
}

enum Phase {
    Connected(MultiplexedConnection),
    /// It answers, and refuses what we ask: a task tries when it takes it.
    Refusing(MultiplexedConnection, String),
    /// A task is connecting.
    Away(String),
}

/// What each of our scripts does: run, and write.
const TRIAL: &str = "return redis.call('SET', KEYS[1], '1', 'PX', 1000)";
const TRIAL_KEY: &str = "magnet:v1:trial";

impl Link {
    pub(super) async fn connect(access: &Access) -> Result<Arc<Self>, Error> {
        let (client, place) = client(access)?;
        let away = Phase::Away("not connected yet".into());
        let (trial, phase) = (Script::new(TRIAL), Mutex::new(away));
        let link = Self { client, place, role: access.role, trial, phase };
        let mut is_told = false;
        let deadline = Instant::now() + access.connect_timeout;
        let mut pause = FIRST_PAUSE;
        loop {
            match link.open().await {
                Ok(connection) => {
                    link.check_policy(connection.clone()).await;
                    let link = Arc::new(link);
                    link.set(Phase::Connected(connection.clone()));
                    if let Err(error) = link.try_out(connection).await {
                        // Later it is gone on without; at the start somebody is
                        // there to mend it.
                        if let problem @ Error::Permanent(_) = link.explain(&error) {
                            return Err(problem);
                        }
                        link.judge::<()>(Err(error)).ok();
                    }
                    return Ok(link);
                }
                Err(Error::Away(problem)) if Instant::now() + pause < deadline => {
                    match is_told {
                        true => info!("waiting for the state store: {problem}"),
                        false => warn!("waiting for the state store: {problem}"),
                    }
                    is_told = true;
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(problem) => return Err(problem),
            }
        }
    }

    pub(super) fn is_away(&self) -> bool {
        matches!(&*self.lock(), Phase::Away(_))
    }

    pub(super) fn trouble(&self) -> Option<String> {
        match &*self.lock() {
            Phase::Connected(_) => None,
            Phase::Refusing(_, problem) | Phase::Away(problem) => Some(problem.clone()),
        }
    }

    pub(super) async fn command<T: FromRedisValue>(
        self: &Arc<Self>,
        cmd: &Cmd,
    ) -> Result<T, Error> {
        let mut connection = self.current()?;
        self.judge(cmd.query_async(&mut connection).await)
    }

    pub(super) async fn pipe<T: FromRedisValue>(
        self: &Arc<Self>,
        pipeline: &Pipeline,
    ) -> Result<T, Error> {
        let mut connection = self.current()?;
        self.judge(pipeline.query_async(&mut connection).await)
    }

    pub(super) async fn script<T: FromRedisValue>(
        self: &Arc<Self>,
        call: &ScriptInvocation<'_>,
    ) -> Result<T, Error> {
        let mut connection = self.current()?;
        self.judge(call.invoke_async(&mut connection).await)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, phase: Phase) {
        *self.lock() = phase;
    }

    fn current(&self) -> Result<MultiplexedConnection, Error> {
        match &*self.lock() {
            Phase::Connected(connection) | Phase::Refusing(connection, _) => Ok(connection.clone()),
            Phase::Away(problem) => Err(Error::Away(problem.clone())),
        }
    }

    fn judge<T>(self: &Arc<Self>, answer: Result<T, RedisError>) -> Result<T, Error> {
        answer.map_err(|error| {
            let problem = self.explain(&error);
            let told = one_line(&problem);
            match is_away(&error) {
                true => self.lose(&told),
                false if is_refusal(&error) => self.refused(&told),
                false => {}
            }
            problem
        })
    }

    /// Tells once of a server that answers and refuses, and tries until it no
    /// longer does.
    fn refused(self: &Arc<Self>, problem: &str) {
        let mut phase = self.lock();
        let Phase::Connected(connection) = &*phase else { return };
        let connection = connection.clone();
        warn!("going on without what it refuses: {problem}");
        *phase = Phase::Refusing(connection.clone(), problem.to_owned());
        let link = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LONGEST_PAUSE).await;
                let Some(link) = link.upgrade() else { return };
                if !matches!(&*link.lock(), Phase::Refusing(..)) {
                    return;
                }
                match link.try_out(connection.clone()).await {
                    Ok(()) => {
                        info!("the state store at {} takes everything again", link.place);
                        return link.set(Phase::Connected(connection));
                    }
                    Err(error) if is_away(&error) => {
                        return link.lose(&one_line(&link.explain(&error)));
                    }
                    Err(_) => {}
                }
            }
        });
    }

    /// Whether the server does for us what it has to.
    async fn try_out(&self, mut connection: MultiplexedConnection) -> Result<(), RedisError> {
        let mut call = self.trial.prepare_invoke();
        call.key(TRIAL_KEY).invoke_async(&mut connection).await
    }

    /// Opens the circuit; the first to do so starts the task that closes it.
    fn lose(self: &Arc<Self>, problem: &str) {
        let mut phase = self.lock();
        if matches!(&*phase, Phase::Away(_)) {
            return;
        }
        warn!("going on without it: {problem}");
        *phase = Phase::Away(problem.to_owned());
        let (link, mut told) = (Arc::downgrade(self), problem.to_owned());
        tokio::spawn(async move {
            let mut pause = FIRST_PAUSE;
            loop {
                tokio::time::sleep(pause).await;
                let Some(link) = link.upgrade() else { return };
                match link.open().await {
                    Ok(connection) => {
                        info!("the state store at {} is back", link.place);
                        return link.set(Phase::Connected(connection));
                    }
                    // What keeps it away now may be another matter, such as a
                    // password that was changed meanwhile.
                    Err(problem) => {
                        let problem = one_line(&problem);
                        if problem != told {
                            warn!("going on without it: {problem}");
                            link.set(Phase::Away(problem.clone()));
                            told = problem;
                        }
                    }
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        });
    }

    /// A connection that answers.
    async fn open(&self) -> Result<MultiplexedConnection, Error> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        let mut connection = connecting.await.map_err(|error| self.explain(&error))?;
        let ping: Result<(), RedisError> = redis::cmd("PING").query_async(&mut connection).await;
        ping.map_err(|error| self.explain(&error))?;
        Ok(connection)
    }

    /// Warns of a server that may forget what it should keep, or keeps what
    /// it should forget.
    async fn check_policy(&self, mut connection: MultiplexedConnection) {
        let asked = redis::cmd("INFO").arg("memory").query_async::<String>(&mut connection).await;
        let Ok(memory) = asked else {
            return info!("{} does not tell its memory policy", self.place);
        };
        let find = |name: &str| {
            let line = memory.lines().find_map(|line| line.strip_prefix(name));
            line.map(str::trim).unwrap_or_default()
        };
        let (policy, limit) = (find("maxmemory_policy:"), find("maxmemory:"));
        match self.role {
            Role::State if policy != "noeviction" => warn!(
                "the state store at {} forgets under memory pressure (maxmemory-policy {policy}): \
                 work would be done twice; set it to noeviction, and give fleet.cache a server of \
                 its own",
                self.place
            ),
            Role::Cache if policy == "noeviction" && limit != "0" => warn!(
                "the cache at {} refuses writes when it is full (maxmemory-policy noeviction): set \
                 it to allkeys-lru",
                self.place
            ),
            Role::State | Role::Cache => {}
        }
    }

    fn explain(&self, error: &RedisError) -> Error {
        let place = &self.place;
        match error.kind() {
            ErrorKind::AuthenticationFailed => Error::Permanent(format!(
                "{place} refuses the user or the password\nhint: check them in fleet.state and \
                 fleet.cache"
            )),
            ErrorKind::Server(ServerErrorKind::NoPerm) => Error::Permanent(format!(
                "{place}: the user lacks a permission: {}\nhint: it needs \
                 ACL SETUSER … ~magnet:* +@all -@admin -@dangerous +info",
                error.detail().unwrap_or_default()
            )),
            _ if is_full(error) => Error::Away(format!(
                "{place} is full and takes nothing more (OOM)\nhint: raise its maxmemory, and give \
                 fleet.cache a server of its own"
            )),
            ErrorKind::Server(ServerErrorKind::ReadOnly) => Error::Away(format!(
                "{place} takes no writes (READONLY): it is a replica\nhint: name the primary in \
                 fleet.state and fleet.cache"
            )),
            _ if error.to_string().contains("DB index is out of range") => {
                Error::Permanent(format!(
                    "{place}: the server has no such database\nhint: choose a lower number in \
                     fleet.state and fleet.cache"
                ))
            }
            ErrorKind::InvalidClientConfig => Error::Permanent(format!("{place}: {error}")),
            _ => match error.code() {
                Some("NOAUTH" | "WRONGPASS") => Error::Permanent(format!(
                    "{place} wants a user and a password that are right\nhint: write \
                     redis://user:password@host:port/db in fleet.state and fleet.cache"
                )),
                _ => match tls::explain(place, &error.to_string()) {
                    Some(problem) => Error::Permanent(problem),
                    None => Error::Away(format!("{place}: {error}")),
                },
            },
        }
    }
}

/// Whether an error means that the next call would fail as well.
fn is_away(error: &RedisError) -> bool {
    let server = matches!(
        error.kind(),
        ErrorKind::Server(
            ServerErrorKind::BusyLoading | ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown
        )
    );
    server || error.is_io_error() || error.is_timeout() || error.is_connection_dropped()
}

/// Whether the server answers and will not do this, nor the like of it.
fn is_refusal(error: &RedisError) -> bool {
    let is_denied = matches!(error.kind(), ErrorKind::Server(ServerErrorKind::NoPerm));
    is_denied || is_full(error)
}

fn is_full(error: &RedisError) -> bool {
    // A script that is refused names the command's refusal in its own.
    error.code() == Some("OOM") || error.to_string().contains("OOM command not allowed")
}

fn one_line(problem: &Error) -> String {
    problem.to_string().replace("\nhint: ", "; ")
}

fn client(access: &Access) -> Result<(Client, String), Error> {
    // The parser's messages may repeat the URL, password and all.
    let unreadable = |_| {
        Error::Permanent(
            "the URL of the state store cannot be read\nhint: write \
             redis://user:password@host:port/db, with special characters in the password as %XX"
                .into(),
        )
    };
    let info = access.url.as_str().into_connection_info().map_err(unreadable)?;
    let place = format!("{}/{}", info.addr(), info.redis_settings().db());
    if !access.url.starts_with("rediss") {
        return Ok((Client::open(info).map_err(unreadable)?, place));
    }
    tls::prepare();
    let authority = access.ca_file.as_deref().map(tls::read_authority).transpose();
    let root_cert = authority.map_err(Error::Permanent)?.map(String::into_bytes);
    let certificates = TlsCertificates { client_tls: None, root_cert };
    Ok((Client::build_with_tls(info, certificates).map_err(unreadable)?, place))
}
