//! Workers that are told to stop.

use std::time::{Duration, Instant};

use super::SilentTeacher;
use crate::fleet::{Fleet, PATIENCE};
use crate::services::wait_for;

/// From SIGTERM to the end.
fn stop(fleet: &mut Fleet, worker: usize) -> Duration {
    let began = Instant::now();
    fleet.worker(worker).signal("TERM");
    wait_for("the worker to leave", PATIENCE, || !fleet.worker(worker).is_running());
    began.elapsed()
}

/// Stops workers at moments drawn from nothing but the pace of the run.
fn stop_often(samples: u64, times: usize) {
    let mut fleet = Fleet::new(samples);
    fleet.start_coordinator();
    fleet.start_workers(2);
    let mut slowest = Duration::ZERO;
    let mut stopped = 0;
    while stopped < times && !fleet.is_done() {
        fleet.wait_for_parts(fleet.parts() + 1);
        std::thread::sleep(Duration::from_millis(37 * (stopped as u64 % 11)));
        let took = stop(&mut fleet, stopped % 2);
        assert!(took < Duration::from_secs(30), "stop {stopped} took {took:?}");
        assert_eq!(fleet.worker(stopped % 2).exit_code(), Some(0), "{}", fleet.said());
        slowest = slowest.max(took);
        fleet.replace_worker(stopped % 2);
        stopped += 1;
    }
    assert_eq!(stopped, times, "the campaign was over before");
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
    assert_eq!(fleet.tell(&["dlq", "list"]), "");
    eprintln!("{stopped} of {times} stopped in time, the slowest within {slowest:?}");
}

#[test]
fn workers_told_to_stop_leave_in_time_with_exit_code_0() {
    stop_often(2_000, 4);
}

#[test]
#[ignore = "minutes: run it with --ignored"]
fn fifty_workers_told_to_stop_leave_in_time_with_exit_code_0() {
    stop_often(20_000, 50);
}

#[test]
fn a_worker_that_cannot_finish_hands_back_within_its_grace_and_nothing_is_counted() {
    let teacher = SilentTeacher::start();
    let mut fleet = teacher.fleet(40).with("fleet.grace=2s");
    fleet.start_coordinator();
    // More often than a shard may fail.
    for times in 0..5 {
        let asked = teacher.asked();
        match times {
            0 => fleet.start_workers(1),
            _ => fleet.replace_worker(0),
        }
        wait_for("the worker to hold a shard", PATIENCE, || teacher.asked() > asked);
        let took = stop(&mut fleet, 0);
        assert!(took < Duration::from_secs(15), "{took:?}");
        assert_eq!(fleet.worker(0).exit_code(), Some(0), "{}", fleet.said());
    }
    assert_eq!(fleet.tell(&["dlq", "list"]), "", "no shard is dead");
}

#[test]
fn a_second_signal_ends_a_worker_at_once() {
    let teacher = SilentTeacher::start();
    let mut fleet = teacher.fleet(40);
    fleet.start_coordinator();
    fleet.start_workers(1);
    wait_for("the worker to hold a shard", PATIENCE, || teacher.asked() > 0);
    fleet.worker(0).signal("TERM");
    wait_for("the first signal to be seen", PATIENCE, || {
        fleet.worker(0).said_all().contains("stopping")
    });
    let took = stop(&mut fleet, 0);
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(fleet.worker(0).exit_code(), Some(130));
}
