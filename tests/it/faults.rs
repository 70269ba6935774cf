//! Faults, made for real; after each the dataset is, byte for byte, what one
//! process alone makes of the campaign.

mod campaigns;
mod certificates;
mod control;
mod kills;
mod lost;
mod outages;
mod reasons;
mod refusals;
mod schedule;
mod stopping;

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::fleet::{Fleet, PATIENCE};
use crate::harness::records;
use crate::services::{s3, wait_for};

#[test]
fn a_fleet_of_one_three_and_eight_makes_the_bytes_of_one_process() {
    for workers in [1, 3, 8] {
        let mut fleet = Fleet::new(300);
        fleet.start_coordinator();
        fleet.start_workers(workers);
        fleet.finish();
        assert_eq!(fleet.dataset().samples(), 300);
        fleet.has_the_bytes_of_one_process();
    }
}

#[test]
fn one_process_takes_the_urls_of_a_fleet_and_makes_the_same_bytes() {
    let server = s3::shared();
    let parts = format!("fleet.parts={}", server.new_bucket());
    let fleet = Fleet::new(300).with(&parts).with_environment(server.environment());
    fleet.tell(&["run"]);
    fleet.has_the_bytes_of_one_process();
}

#[test]
fn a_fleet_with_its_parts_in_an_object_store_makes_the_same_bytes() {
    let server = s3::shared();
    let parts = format!("fleet.parts={}", server.new_bucket());
    let mut fleet = Fleet::new(300).with(&parts).with_environment(server.environment());
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
}

/// A worker has the file of a benchmark's paths from the coordinator alone.
#[test]
fn paths_that_are_kept_out_are_kept_out_wherever_a_worker_runs() {
    let without = Fleet::new(100);
    without.tell(&["run"]);
    let paths = signature_paths(&without.out());
    let lines: Vec<String> = paths[..10].iter().map(|path| format!("{path}\n")).collect();
    let mut fleet = Fleet::new(100);
    let kept_out = fleet.folder().join("kept-out.jsonl");
    std::fs::write(&kept_out, lines.concat()).expect("a file can be written");
    fleet = fleet.with(&format!("library.exclude_paths={}", kept_out.display()));
    fleet.start_coordinator();
    wait_for("the bundle", PATIENCE, || fleet.folder().join("parts").exists());
    std::fs::remove_file(&kept_out).expect("it is there");
    fleet.start_workers(2);
    fleet.finish();
    assert_eq!(fleet.dataset().samples(), 100);
    let made = signature_paths(&fleet.out());
    assert!(paths[..10].iter().all(|path| !made.contains(path)));
    assert!(paths[10..].iter().all(|path| made.contains(path)), "nothing else is kept out");
}

fn signature_paths(dataset: &Path) -> Vec<serde_json::Value> {
    let conversations = records(&dataset.join("sft.jsonl"));
    conversations.iter().map(|record| record["metadata"]["signature_path"].clone()).collect()
}

/// One fleet, several campaigns: each has its turn.
#[test]
fn workers_take_two_campaigns_at_once_and_mix_nothing_up() {
    let mut first = Fleet::new(300);
    first.start_coordinator();
    // The same services, another campaign and its own folder for the dataset.
    let out = first.folder().join("other");
    let out = format!("output.dir={}", out.display());
    let other = first.spawn("other", &["coordinator", "--samples", "200", "--set", &out]);
    first.start_workers(2);
    first.finish();
    first.has_the_bytes_of_one_process();
    let manifest = first.folder().join("other/manifest.json");
    crate::services::wait_for("the other campaign", crate::fleet::PATIENCE, || manifest.exists());
    drop(other);
    let made = crate::fleet::Dataset::read(&first.folder().join("other"));
    assert_eq!(made, *crate::fleet::reference(200));
}

/// An endpoint that takes requests and never answers.
struct SilentTeacher {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl SilentTeacher {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || {
                    let mut swallowed = [0; 4096];
                    while connection.read(&mut swallowed).is_ok_and(|length| length > 0) {}
                });
            }
        });
        Self { url: format!("http://127.0.0.1:{port}/v1"), asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// A fleet whose walks it keeps waiting for ever. A worker asks once: when
    /// it has, it holds a shard, and nothing of it is heard after its end.
    fn fleet(&self, samples: u64) -> Fleet {
        Fleet::new(samples)
            .with("teacher.slow.kind=openai")
            .with(&format!("teacher.slow.base_url={}", self.url))
            .with("teacher.slow.model=silence")
            .with("teacher.slow.timeout=600s")
            .with("run.in_flight=1")
    }
}
