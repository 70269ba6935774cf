//! What `magnet plan` says beforehand, against what a run then needs.

use std::ops::RangeInclusive;
use std::path::Path;

use crate::harness::{Magnet, folder};
use crate::mock::{Behaviour, Mock};
use crate::teacher::{campaign, manifest, run};

/// The row that sums up: calls, input and output tokens.
fn planned(folder: &Path) -> [f64; 3] {
    let plan = Magnet::new(folder).args("plan campaign.toml").run().expect(0).stdout;
    let row = plan.lines().find(|line| line.starts_with("all ")).expect("a row of sums");
    let numbers: Vec<f64> = row.split_whitespace().filter_map(|text| text.parse().ok()).collect();
    numbers.try_into().expect("three numbers")
}

/// What is planned, by what the run needs, within a quarter.
const CLOSE: RangeInclusive<f64> = 0.75..=1.25;

/// Each sum comes close to what the run needs.
fn check(samples: u32, rest: &str, behaviour: Behaviour) -> serde_json::Value {
    let mock = Mock::start(behaviour);
    let folder = folder();
    let rest = format!("[run]\nin_flight = 8\n\n{rest}");
    campaign(folder.path(), mock.address(), samples, "max_in_flight = 8", &rest);
    let planned = planned(folder.path());
    assert_eq!(mock.stats().requests, 0, "a plan asks nobody");
    run(folder.path()).expect(0);
    let manifest = manifest(folder.path());
    let spent = &manifest["counts"]["spent"];
    for (planned, key) in planned.into_iter().zip(["requests", "input_tokens", "output_tokens"]) {
        let needed = spent[key].as_f64().unwrap_or_default();
        let off = planned / needed;
        eprintln!("{key}: {planned} planned, {needed:.0} needed, {off:.2}");
        assert!(CLOSE.contains(&off), "{key}: {planned} planned, {needed} needed");
    }
    manifest
}

#[test]
fn a_plan_comes_close_to_what_a_run_needs() {
    check(60, "", Behaviour::default());
}

#[test]
fn a_plan_has_the_roll_outs_of_a_student() {
    let rest = "[negatives]\nsource = \"student\"\nrollouts = 4\n\n[trajectory]\nasked = \"all\"";
    // As many as the plan says that it assumes.
    let behaviour = Behaviour { student_rights: 0.7, ..Behaviour::default() };
    let manifest = check(40, rest, behaviour);
    assert!(manifest["calls"]["student"]["accepted"]["requests"].as_u64() > Some(0));
}

#[test]
fn a_plan_has_the_attempts_of_a_student() {
    let rest = "[difficulty]\nattempts = 2\n\n[trajectory]\nasked = \"all\"";
    let behaviour = Behaviour { student_rights: 0.7, ..Behaviour::default() };
    // Walks beyond the last that is needed weigh little.
    let manifest = check(80, rest, behaviour);
    assert!(manifest["calls"]["student"]["accepted"]["requests"].as_u64() > Some(0));
}

#[test]
fn a_plan_has_negatives_outputs_and_judging_by_models() {
    let rest = "[graph]\njudge = \"teacher\"\n\n[negatives]\nsource = \"teacher\"\n\n\
                [roles]\nsimulator = \"mock\"\n\n[executor.default]\nkind = \"model\"";
    let manifest = check(60, rest, Behaviour::default());
    let asks: Vec<&String> = manifest["counts"]["asks"].as_object().unwrap().keys().collect();
    assert_eq!(
        asks,
        ["back", "conclude", "judge_calls", "judge_edges", "mislead", "outline", "simulate",]
    );
}
