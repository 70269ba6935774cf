//! The operator's commands, in quiet and in the middle of faults.

use std::time::Duration;

use crate::fleet::{Fleet, PATIENCE, reference};
use crate::services::wait_for;

/// Waits until no part has come for a while.
fn comes_to_rest(fleet: &Fleet) -> usize {
    let mut seen = fleet.parts();
    wait_for("the campaign to rest", PATIENCE, || {
        std::thread::sleep(Duration::from_secs(3));
        std::mem::replace(&mut seen, fleet.parts()) == fleet.parts()
    });
    seen
}

#[test]
fn a_paused_campaign_rests_through_a_kill_and_a_resumed_one_goes_on() {
    let mut fleet = Fleet::new(2_000);
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.wait_for_parts(3);
    fleet.tell(&["pause"]);
    let at_rest = comes_to_rest(&fleet);
    fleet.worker(0).kill();
    fleet.replace_worker(0);
    fleet.coordinator().kill();
    fleet.start_coordinator();
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(fleet.parts(), at_rest, "no part is made while it rests");
    assert!(fleet.tell(&["status"]).contains("pause"));
    fleet.tell(&["resume"]);
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
}

#[test]
fn a_cancelled_campaign_leaves_a_smaller_dataset_of_the_same_samples() {
    let mut fleet = Fleet::new(2_000);
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.wait_for_parts(5);
    fleet.tell(&["cancel"]);
    fleet.finish();
    let made = fleet.dataset();
    assert!(made.samples() > 0 && made.samples() < 2_000, "{made:?}");
    assert!(made.is_within(&reference(2_000)), "every sample is one of the whole dataset's");
}
