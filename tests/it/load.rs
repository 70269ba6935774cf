//! A large campaign on a fleet: time, memory and CPU of every process.
//!
//! `MAGNET_TEST_SAMPLES=1000000 MAGNET_TEST_BINARY=target/release/magnet cargo
//! test -p magnet --test it load:: -- --ignored --nocapture`

use std::time::{Duration, Instant};

use crate::fleet::Fleet;
use crate::services::rabbitmq::RabbitMq;
use crate::services::redis::Redis;
use crate::services::{Process, number};

const WORKERS: usize = 2;
const LOOK: Duration = Duration::from_secs(5);

/// What was seen of a process.
#[derive(Default)]
struct Seen {
    name: String,
    /// Resident memory in KiB, look by look.
    resident: Vec<u64>,
    cpu: Duration,
}

impl Seen {
    fn of(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn look(&mut self, process: &Process) {
        if process.is_running() {
            self.resident.push(process.memory_kib("VmRSS"));
            self.cpu = process.cpu();
        }
    }

    /// The most in the first, second, third and last quarter, in MiB.
    fn quarters(&self) -> Vec<u64> {
        let length = self.resident.len().div_ceil(4).max(1);
        let most = |quarter: &[u64]| quarter.iter().max().copied().unwrap_or(0) / 1024;
        self.resident.chunks(length).map(most).collect()
    }
}

/// As many samples as `MAGNET_TEST_SAMPLES` says, through services of its own.
#[test]
#[ignore = "as long as the campaign: run it with --ignored"]
fn a_large_campaign_completes_and_memory_stays_flat() {
    let samples = number("MAGNET_TEST_SAMPLES", 20_000);
    let (broker, redis) = (RabbitMq::start(), Redis::start(&[]));
    let mut fleet = Fleet::on_its_own(&broker, &redis, samples)
        .with("output.compression=zstd")
        .with("fleet.shard_walks=0");
    fleet.start_coordinator();
    fleet.start_workers(WORKERS);
    let mut seen: Vec<Seen> = ["broker", "state store", "coordinator"].map(Seen::of).into();
    seen.extend((0..WORKERS).map(|worker| Seen::of(&format!("worker {worker}"))));
    let (began, mut told) = (Instant::now(), Instant::now());
    let mut worked = None;
    while !fleet.is_done() {
        assert!(fleet.coordinator().is_running(), "it ended; {}", fleet.said());
        seen[0].look(broker.process());
        seen[1].look(redis.process());
        seen[2].look(fleet.coordinator());
        for worker in 0..WORKERS {
            seen[3 + worker].look(fleet.worker(worker));
        }
        if worked.is_none() && fleet.out().join(".unfinished").exists() {
            worked = Some(began.elapsed());
        }
        if told.elapsed() > Duration::from_secs(60) {
            told = Instant::now();
            let memory: Vec<u64> =
                seen.iter().filter_map(|seen| seen.resident.last().copied()).collect();
            eprintln!("{:?}: {} parts, KiB {memory:?}", began.elapsed(), fleet.parts());
        }
        std::thread::sleep(LOOK);
    }
    eprintln!("{samples} samples in {:?}, worked after {worked:?}", began.elapsed());
    for seen in &seen {
        eprintln!("{:<12} CPU {:?}, MiB by quarter {:?}", seen.name, seen.cpu, seen.quarters());
    }
    eprintln!("{}", fleet.manifest());
}
