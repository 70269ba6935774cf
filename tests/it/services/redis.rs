//! A Redis of our own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::authority::Certificate;
use super::{Process, answers, folder, free_port, program, wait_for};

pub(crate) struct Redis {
    pub(crate) port: u16,
    folder: PathBuf,
    arguments: Vec<String>,
    databases: AtomicU32,
    process: Option<Process>,
    scheme: &'static str,
}

/// The server that tests share, each with a database of its own.
pub(crate) fn shared() -> &'static Redis {
    static SHARED: OnceLock<Redis> = OnceLock::new();
    SHARED.get_or_init(|| Redis::start(&["--databases", "512"]))
}

impl Redis {
    /// Nothing is kept on disk: a restart loses the data.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self::start_at(free_port(), "redis", arguments)
    }

    /// Speaks nothing but TLS.
    pub(crate) fn start_with_tls(certificate: &Certificate) -> Self {
        let port = free_port();
        Self::start_at(port, "rediss", certificate.redis_arguments(port))
    }

    fn start_at(port: u16, scheme: &'static str, arguments: Vec<String>) -> Self {
        let (folder, databases) = (folder("redis"), AtomicU32::new(0));
        let mut redis = Self { port, folder, arguments, databases, process: None, scheme };
        redis.resume();
        redis
    }

    pub(crate) fn resume(&mut self) {
        let port = self.port.to_string();
        let mut server = Command::new(program("/usr/bin/redis-server", "redis-server"));
        server.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        server.args(&self.arguments);
        let process = Process::start(&self.folder, &server);
        wait_for("Redis to answer", Duration::from_secs(30), || {
            assert!(process.is_running(), "Redis ended:\n{}", process.said());
            answers(self.port)
        });
        self.process = Some(process);
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// What it answers to a command, asked in a database as `new_database`
    /// tells it.
    pub(crate) fn ask(&self, database: &str, command: &[&str]) -> String {
        let mut client = Command::new(program("/usr/bin/redis-cli", "redis-tools"));
        let output = client.args(["-u", database]).args(command).output().expect("it runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub(crate) fn process(&self) -> &Process {
        self.process.as_ref().expect("it runs")
    }

    /// The URL of a database that no other test uses.
    pub(crate) fn new_database(&self) -> String {
        let database = self.databases.fetch_add(1, Ordering::Relaxed);
        format!("{}://127.0.0.1:{}/{database}", self.scheme, self.port)
    }
}
