//! A server's process: its own environment, its own group, gone when dropped.

use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::folder::Folder;
use crate::launch::Program;
use crate::wire::{Fate, Wire};

/// So much of the end of what it says on stderr is kept for messages.
const STDERR_BYTES: usize = 2_000;
/// How long what a process said before it ended may take to be read.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long a killed process may take to be gone.
const LAST_BREATH: Duration = Duration::from_secs(5);

pub(crate) struct Process {
    child: Child,
    /// The group of all that it starts; it is the group's number that is kept,
    /// for the process itself may end before the others.
    #[cfg(unix)]
    group: Option<rustix::process::Pid>,
    /// Its processes were told to end.
    is_killed: bool,
    stderr: Arc<Mutex<Vec<u8>>>,
    fate: Fate,
    /// They read and write for it, and end with it.
    _tasks: JoinSet<()>,
}

impl Process {
    /// Starts a server in a folder.
    pub(crate) fn start(program: &Program, folder: &Folder) -> io::Result<(Self, Wire)> {
        let mut command = Command::new(program.command());
        command
            .args(program.args(folder.dir()))
            .env_clear()
            // Outputs must not depend on whose machine it is.
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            .env("HOME", folder.home())
            .env("TMPDIR", folder.home())
            .envs(program.env(folder.dir()))
            // Not the folder that a campaign fills: package runners prefer
            // what lies around them.
            .current_dir(folder.home())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn()?;
        #[cfg(unix)]
        let group = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
        let pipes = (child.stdout.take(), child.stdin.take(), child.stderr.take());
        let (Some(stdout), Some(stdin), Some(stderr)) = pipes else {
            return Err(io::Error::other("its pipes are missing"));
        };
        let (fate, mut tasks) = (Fate::default(), JoinSet::new());
        let wire = Wire::new(stdout, stdin, fate.clone(), &mut tasks);
        let said = Arc::new(Mutex::new(Vec::new()));
        tasks.spawn(keep_end(stderr, Arc::clone(&said)));
        let process = Self {
            child,
            #[cfg(unix)]
            group,
            is_killed: false,
            stderr: said,
            fate,
            _tasks: tasks,
        };
        Ok((process, wire))
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        !self.is_killed && self.fate.why().is_none() && matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it has ended, and what it said last has been read.
    pub(crate) async fn ended(&mut self) {
        self.child.wait().await.ok();
        tokio::time::sleep(LAST_WORDS).await;
    }

    /// Ends it and says why it had ended, if it had.
    pub(crate) async fn autopsy(&mut self) -> String {
        let why = self.fate.why().map(str::to_owned);
        // Who closes its output is about to end: its own status says more
        // than that it was killed.
        if why.is_none() {
            tokio::time::timeout(Duration::from_millis(200), self.child.wait()).await.ok();
        }
        self.kill();
        let status = tokio::time::timeout(LAST_BREATH, self.child.wait()).await;
        let ended = match status {
            Ok(Ok(status)) => format!("it ended ({status})"),
            _ => "it closed its output".to_owned(),
        };
        let why = why.unwrap_or(ended);
        match self.said() {
            said if said.is_empty() => why,
            said => format!("{why}; it said: {said}"),
        }
    }

    /// The end of what it wrote to stderr.
    pub(crate) fn said(&self) -> String {
        let said = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).trim().to_owned()
    }

    /// Ends it, and waits until it is gone.
    pub(crate) async fn end(&mut self) {
        self.kill();
        tokio::time::timeout(LAST_BREATH, self.child.wait()).await.ok();
    }

    /// Tells it, and all that it started, to end.
    pub(crate) fn kill(&mut self) {
        if std::mem::replace(&mut self.is_killed, true) {
            return;
        }
        #[cfg(unix)]
        if let Some(group) = self.group {
            let ended = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            tracing::trace!(?ended, "a server's processes are ended");
        }
        self.child.start_kill().ok();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn keep_end(mut stderr: impl AsyncRead + Unpin, said: Arc<Mutex<Vec<u8>>>) {
    let mut read = [0; 1024];
    while let Ok(count @ 1..) = stderr.read(&mut read).await {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend_from_slice(&read[..count]);
        let over = said.len().saturating_sub(STDERR_BYTES);
        said.drain(..over);
    }
}
