//! Runs the real program in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// One call of `magnet`: arguments, environment, and what came of it.
pub(crate) struct Magnet {
    command: Command,
}

/// What a call left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Magnet {
    /// A call in that folder, with nothing of ours in its environment.
    pub(crate) fn new(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_magnet"));
        command.current_dir(folder).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let ours = name.to_str().is_some_and(|name| name.starts_with("MAGNET__"));
            if ours || name == "RUST_LOG" || name == "RUST_BACKTRACE" {
                command.env_remove(name);
            }
        }
        Self { command }
    }

    /// Adds arguments, split at spaces.
    pub(crate) fn args(mut self, line: &str) -> Self {
        self.command.args(line.split_whitespace());
        self
    }

    /// One setting above those of the files, with blanks in it if need be.
    pub(crate) fn set(mut self, setting: &str) -> Self {
        self.command.args(["--set", setting]);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts the program and leaves it running; what it says is lost.
    pub(crate) fn start(mut self) -> Child {
        self.command.stdout(Stdio::null()).stderr(Stdio::null());
        self.command.spawn().expect("magnet starts")
    }

    pub(crate) fn run(mut self) -> Ran {
        let output = self.command.output().expect("magnet starts");
        let Output { status, stdout, stderr } = output;
        Ran {
            exit: status.code().unwrap_or(-1),
            stdout: String::from_utf8(stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(stderr).expect("stderr is UTF-8"),
        }
    }
}

impl Ran {
    /// Fails the test, with all that was said, unless the exit code is this.
    pub(crate) fn expect(self, exit: i32) -> Self {
        assert_eq!(self.exit, exit, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// A folder for one test.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub(crate) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file can be written");
    path
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The records of a JSONL file.
pub(crate) fn records(path: &Path) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).expect("a line is JSON");
    read(path).lines().map(parse).collect()
}
