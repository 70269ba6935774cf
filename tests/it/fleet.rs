//! A fleet under test: one campaign, its services, its processes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use magnet_proto::CampaignDigest;

use crate::services::rabbitmq::{self, RabbitMq};
use crate::services::redis::{self, Redis};
use crate::services::{Process, folder, wait_for};

/// The program under test: the one just built, or `MAGNET_TEST_BINARY`, to
/// measure a release build.
fn program() -> PathBuf {
    let other = std::env::vars_os().find(|(name, _)| name == "MAGNET_TEST_BINARY");
    let other = other.map(|(_, path)| fs::canonicalize(path).expect("MAGNET_TEST_BINARY is there"));
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_magnet").into())
}

/// Longer than any of these campaigns takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Fleet {
    folder: PathBuf,
    samples: u64,
    queue: String,
    campaign: PathBuf,
    settings: Vec<String>,
    environment: Vec<(String, String)>,
    coordinator: Option<Process>,
    workers: Vec<Process>,
}

impl Fleet {
    /// Of a campaign with so many samples, on the services that tests share.
    pub(crate) fn new(samples: u64) -> Self {
        let (queue, state) = (rabbitmq::shared().new_vhost(), redis::shared().new_database());
        Self::on(&queue, &state, samples)
    }

    /// On services of its own, to be killed.
    pub(crate) fn on_its_own(broker: &RabbitMq, redis: &Redis, samples: u64) -> Self {
        Self::on(&broker.new_vhost(), &redis.new_database(), samples)
    }

    pub(crate) fn on(queue: &str, state: &str, samples: u64) -> Self {
        let folder = folder("fleet");
        let campaign = folder.join("campaign.toml");
        let text = format!(
            "[campaign]\nname = \"fleet\"\nsamples = {samples}\nseed = 11\n\
             [fleet]\nqueue = \"{queue}\"\nstate = \"{state}\"\ncache = \"{state}\"\n\
             parts = \"file:{}\"\nshard_walks = 16\n[run]\nworkers = 1\n\
             [output]\ndir = \"{}\"\n",
            folder.join("parts").display(),
            folder.join("out").display(),
        );
        fs::write(&campaign, text).expect("a campaign can be written");
        let (settings, environment, workers) = (Vec::new(), Vec::new(), Vec::new());
        let queue = queue.to_owned();
        let coordinator = None;
        Self { folder, samples, queue, campaign, settings, environment, coordinator, workers }
    }

    /// With a setting above those of the campaign's file, as `key=value`.
    pub(crate) fn with(mut self, setting: &str) -> Self {
        self.settings.push(setting.to_owned());
        self
    }

    pub(crate) fn with_environment<'a>(
        mut self,
        variables: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value));
        self.environment.extend(variables);
        self
    }

    /// The folder of this campaign's files.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn queue_url(&self) -> &str {
        &self.queue
    }

    /// The campaign's digest, once there is something of it.
    pub(crate) fn digest(&self) -> CampaignDigest {
        let entries = fs::read_dir(self.folder.join("parts")).into_iter().flatten().flatten();
        let digest = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
        CampaignDigest(entries.into_iter().find_map(digest).expect("there is a bundle"))
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.folder.join("out")
    }

    fn magnet(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(arguments).arg(&self.campaign).arg("-v");
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts a process of the fleet; it logs under that name.
    pub(crate) fn spawn(&self, name: &str, arguments: &[&str]) -> Process {
        let logs = self.folder.join(name);
        fs::create_dir_all(&logs).expect("a folder can be made");
        Process::start(&logs, &self.magnet(arguments))
    }

    pub(crate) fn start_coordinator(&mut self) {
        self.coordinator = Some(self.spawn("coordinator", &["coordinator"]));
    }

    pub(crate) fn start_workers(&mut self, count: usize) {
        for _ in 0..count {
            let name = format!("worker-{}", self.workers.len());
            self.workers.push(self.spawn(&name, &["worker"]));
        }
    }

    pub(crate) fn worker(&mut self, index: usize) -> &mut Process {
        &mut self.workers[index]
    }

    pub(crate) fn workers(&self) -> &[Process] {
        &self.workers
    }

    pub(crate) fn replace_worker(&mut self, index: usize) {
        let name = format!("worker-{index}");
        self.workers[index] = self.spawn(&name, &["worker"]);
    }

    pub(crate) fn coordinator(&mut self) -> &mut Process {
        self.coordinator.as_mut().expect("it was started")
    }

    /// Runs a subcommand to its end, whatever that is: its exit code, stdout
    /// and stderr.
    pub(crate) fn call(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.magnet(arguments).output().expect("magnet runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// Runs a subcommand that must succeed; its output.
    pub(crate) fn tell(&self, arguments: &[&str]) -> String {
        let (exit, stdout, stderr) = self.call(arguments);
        assert_eq!(exit, 0, "{arguments:?}: {stderr}");
        stdout
    }

    /// How many parts there are.
    pub(crate) fn parts(&self) -> usize {
        fn count(folder: &Path) -> usize {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            entries
                .map(|entry| match entry.path() {
                    path if path.is_dir() => count(&path),
                    path => usize::from(path.file_name().is_some_and(|name| {
                        name != "bundle" && !name.as_encoded_bytes().starts_with(b".")
                    })),
                })
                .sum()
        }
        count(&self.folder.join("parts"))
    }

    /// Waits until the campaign has come so far, and is not over.
    pub(crate) fn wait_for_parts(&self, parts: usize) {
        wait_for("parts", PATIENCE, || self.parts() >= parts);
        assert!(!self.is_done(), "too quick for this test: wanted to meet it at {parts} parts");
    }

    pub(crate) fn is_done(&self) -> bool {
        self.out().join("manifest.json").exists()
    }

    /// What the finished dataset says of itself.
    pub(crate) fn manifest(&self) -> String {
        fs::read_to_string(self.out().join("manifest.json")).expect("a dataset has it")
    }

    /// Waits for the dataset, and for the coordinator to leave.
    pub(crate) fn finish(&mut self) {
        self.finish_within(PATIENCE);
    }

    pub(crate) fn finish_within(&mut self, limit: Duration) {
        let deadline = Instant::now() + limit;
        while !self.is_done() || self.coordinator().is_running() {
            if Instant::now() > deadline {
                panic!("no dataset within {limit:?}; {}", self.said());
            }
            let ends_well = self.coordinator().is_running() || self.is_done();
            assert!(ends_well, "the coordinator ended; {}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The ends of all logs.
    pub(crate) fn said(&mut self) -> String {
        let workers: Vec<String> = self.workers.iter().map(Process::said).collect();
        let coordinator = self.coordinator().said();
        format!("the coordinator:\n{coordinator}\nthe workers:\n{}", workers.join("\n--\n"))
    }

    /// All that the processes said that run now.
    pub(crate) fn all_said(&mut self) -> String {
        let coordinator = self.coordinator().said_all();
        self.workers.iter().fold(coordinator, |said, worker| said + &worker.said_all())
    }

    /// The dataset's bytes.
    pub(crate) fn dataset(&self) -> Dataset {
        Dataset::read(&self.out())
    }

    /// Fails unless the dataset is the one that one process makes alone.
    pub(crate) fn has_the_bytes_of_one_process(&self) {
        assert_eq!(self.dataset(), *reference(self.samples));
    }
}

/// The dataset of the same campaign made by one process alone.
pub(crate) fn reference(samples: u64) -> Arc<Dataset> {
    static MADE: OnceLock<Mutex<BTreeMap<u64, Arc<Dataset>>>> = OnceLock::new();
    let made = MADE.get_or_init(Mutex::default);
    let mut made = made.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let dataset = made.entry(samples).or_insert_with(|| {
        let out = folder("reference");
        let output = Command::new(program())
            .args(["run", "--samples", &samples.to_string(), "--seed", "11", "--out"])
            .arg(out.join("out"))
            .args(["--set", "campaign.name=fleet", "--set", "fleet.shard_walks=16"])
            .output()
            .expect("magnet runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Arc::new(Dataset::read(&out.join("out")))
    });
    Arc::clone(dataset)
}

/// What a campaign has made.
#[derive(PartialEq, Eq)]
pub(crate) struct Dataset {
    sft: Vec<u8>,
    preference: Vec<u8>,
}

impl Dataset {
    pub(crate) fn read(folder: &Path) -> Self {
        let read = |name: &str| fs::read(folder.join(name)).expect("a dataset has it");
        Self { sft: read("sft.jsonl"), preference: read("preference.jsonl") }
    }

    pub(crate) fn samples(&self) -> usize {
        self.sft.iter().filter(|byte| **byte == b'\n').count()
    }

    /// Whether its conversations are all among another's.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        let all: std::collections::HashSet<&[u8]> =
            other.sft.split(|byte| *byte == b'\n').collect();
        self.sft.split(|byte| *byte == b'\n').all(|line| all.contains(line))
    }
}

impl std::fmt::Debug for Dataset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sft, preference) = (self.sft.len(), self.preference.len());
        write!(f, "{} samples, {sft} + {preference} bytes", self.samples())
    }
}
