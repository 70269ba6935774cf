//! Real services for tests: private processes on free loopback ports, whose
//! data and lives end with the test process, however it ends.

#![allow(dead_code, reason = "each test uses the services it needs")]

pub(crate) mod authority;
pub(crate) mod proxy;
pub(crate) mod rabbitmq;
pub(crate) mod redis;
pub(crate) mod s3;

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Runs a program and kills it when the pipe from the test process ends.
const WATCHDOG: &str = r#"
folder=$1; shift; exec 3<&0
"$@" </dev/null 3<&- >>"$folder/output.log" 2>&1 & child=$!
echo $child; exec >/dev/null
(read -r _ <&3; [ -e "$folder/exit-$child" ] || kill -9 $child 2>/dev/null) &
wait $child; echo $? >"$folder/exit-$child"
"#;

/// Removes what is left when the pipe from the test process ends.
const JANITOR: &str = r#"read -r _; sleep 3; rm -rf "$1""#;

/// A service process.
pub(crate) struct Process {
    watchdog: Child,
    pid: u32,
    folder: PathBuf,
}

impl Process {
    /// Starts a program whose data lie in `folder`.
    pub(crate) fn start(folder: &Path, command: &Command) -> Self {
        let mut watched = Command::new("sh");
        watched.args(["-c", WATCHDOG, "watchdog"]).arg(folder);
        watched.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            watched.env(name, value.unwrap_or_default());
        }
        let mut watchdog = watched
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh starts");
        let mut line = String::new();
        let stdout = watchdog.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the watchdog tells a PID");
        let pid = line.trim().parse().expect("a PID is a number");
        Self { watchdog, pid, folder: folder.to_owned() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.pid.to_string()]).status();
        kill.expect("kill runs");
    }

    pub(crate) fn is_running(&self) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
    }

    /// Ends it the hard way and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.signal("KILL");
        wait_for("a killed process to be gone", Duration::from_secs(20), || !self.is_running());
    }

    /// The code it ended with, as a shell tells it; `None` while it runs.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        let told = self.folder.join(format!("exit-{}", self.pid));
        let deadline = Instant::now() + Duration::from_secs(5);
        while !self.is_running() && Instant::now() < deadline {
            let code = fs::read_to_string(&told).unwrap_or_default();
            if let Ok(code) = code.trim().parse() {
                return Some(code);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    /// A figure of its status in KiB, such as `VmRSS` or `VmHWM`.
    pub(crate) fn memory_kib(&self, figure: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'));
        let number = line.and_then(|line| line.trim().split(' ').next());
        number.and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    /// CPU time so far.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(&self.pid.to_string())
    }

    /// All that it said.
    pub(crate) fn said_all(&self) -> String {
        fs::read_to_string(self.folder.join("output.log")).unwrap_or_default()
    }

    /// The end of what it said.
    pub(crate) fn said(&self) -> String {
        let text = self.said_all();
        let skip = text.lines().count().saturating_sub(30);
        text.lines().skip(skip).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        self.watchdog.wait().ok();
    }
}

/// The CPU time of a process, by its PID or `self`.
pub(crate) fn cpu_of(process: &str) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    // A tick is 10 ms on Linux.
    Duration::from_millis((ticks(12) + ticks(13)) * 10)
}

/// A folder for one service, empty.
pub(crate) fn folder(name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = base().join(format!("{name}-{count}"));
    fs::create_dir_all(&folder).expect("a folder can be made");
    File::create(folder.join("output.log")).expect("a log can be made");
    folder
}

/// The folder of all services of this test process.
fn base() -> &'static Path {
    static BASE: OnceLock<(PathBuf, Child)> = OnceLock::new();
    let (base, _janitor) = BASE.get_or_init(|| {
        let name = format!("services-{}", std::process::id());
        let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::remove_dir_all(&base).ok();
        fs::create_dir_all(&base).expect("a folder can be made");
        let mut janitor = Command::new("sh");
        janitor.args(["-c", JANITOR, "janitor"]).arg(&base).stdin(Stdio::piped());
        let janitor = janitor.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        (base, janitor.expect("sh starts"))
    });
    base
}

/// A size from the environment, for the long forms of tests.
pub(crate) fn number(name: &str, default: u64) -> u64 {
    let set = std::env::vars_os().find(|(known, _)| known == name);
    set.and_then(|(_, text)| text.to_str()?.parse().ok()).unwrap_or(default)
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

pub(crate) fn answers(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Waits for a condition; panics when it takes too long.
pub(crate) fn wait_for(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < deadline, "waited {limit:?} for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A program this suite cannot do without.
pub(crate) fn program(path: &str, package: &str) -> PathBuf {
    let found = PathBuf::from(path);
    assert!(found.exists(), "\"{path}\" is missing: install it with `apt-get install {package}`");
    found
}
