//! The mix as quotas: what a campaign promises of its dataset's shares.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::fleet::{Dataset, Fleet};
use crate::harness::{Magnet, Ran, folder, read, records};

/// Half of a campaign's conversations of one turn, and two quotas beside.
const MIX: [&str; 4] = [
    "mix.multi_turn=5",
    "mix.single_turn=3",
    "mix.irrelevance=2",
    r#"mix.quotas=["register=terse 30%", "challenge=missing_parameter 10%"]"#,
];

fn run(folder: &Path, arguments: &str) -> Ran {
    let mut magnet = Magnet::new(folder).args(&format!("run {arguments}"));
    for setting in MIX {
        magnet = magnet.set(setting);
    }
    magnet.run()
}

/// The share of each quota, wanted and kept.
fn shares(out: &Path) -> Vec<(String, f64, f64)> {
    let manifest: Value = serde_json::from_str(&read(&out.join("manifest.json"))).expect("JSON");
    let quotas = manifest["quotas"].as_array().expect("quotas").iter();
    let number = |value: &Value| value.as_f64().expect("a share");
    quotas
        .map(|quota| {
            let class = quota["class"].as_str().expect("a class").to_owned();
            (class, number(&quota["wanted"]), number(&quota["kept"]))
        })
        .collect()
}

#[test]
fn a_dataset_has_the_shares_that_were_promised() {
    let folder = folder();
    run(folder.path(), "--samples 400").expect(0);
    let out = folder.path().join("out");
    let shares = shares(&out);
    assert_eq!(shares.len(), 5);
    for (class, wanted, kept) in &shares {
        assert!((wanted - kept).abs() <= 0.01, "{class}: {kept} instead of {wanted}");
    }
    // As the records have it, not only as the manifest says.
    let conversations = records(&out.join("sft.jsonl"));
    let is_terse = |record: &&Value| {
        record["metadata"]["persona"].as_str().is_some_and(|persona| persona.ends_with("terse"))
    };
    assert_eq!(conversations.iter().filter(is_terse).count(), 120);
}

#[test]
fn more_samples_take_up_what_was_spared() {
    let folder = folder();
    run(folder.path(), "--samples 60").expect(0);
    run(folder.path(), "--samples 120").expect(0);
    run(folder.path(), "--samples 120 --out anew").expect(0);
    let [grown, anew] = ["out", "anew"].map(|out| Dataset::read(&folder.path().join(out)));
    assert_eq!(grown, anew);
}

#[test]
fn a_fleet_keeps_the_quotas_with_the_bytes_of_one_process() {
    a_fleet_keeps(&MIX, 300);
}

#[test]
#[ignore = "takes minutes"]
fn ten_thousand_samples_have_the_shares_of_the_paper_and_the_bytes_of_one_process() {
    a_fleet_keeps(
        &["mix.multi_turn=7800", "mix.single_turn=20000", "mix.irrelevance=6200"],
        10_000,
    );
}

/// Four workers keep the quotas, with the bytes of one process.
fn a_fleet_keeps(mix: &[&str], samples: u64) {
    let mut fleet = Fleet::new(samples);
    for setting in mix {
        fleet = fleet.with(setting);
    }
    fleet.start_coordinator();
    fleet.start_workers(4);
    fleet.finish_within(Duration::from_secs(300 + samples / 5));
    for (class, wanted, kept) in shares(&fleet.out()) {
        assert!((wanted - kept).abs() <= 0.01, "{class}: {kept} instead of {wanted}");
    }
    let alone = fleet.folder().join("alone");
    let dir = format!("output.dir={}", alone.display());
    let mut run = vec!["run", "--set", &dir];
    for setting in ["fleet.queue=memory:", "fleet.state=embedded:", "fleet.parts=file:parts"] {
        run.extend(["--set", setting]);
    }
    fleet.tell(&run);
    assert_eq!(fleet.dataset(), Dataset::read(&alone));
}

#[test]
fn quotas_that_nothing_can_fill_are_told_before_anything_is_made() {
    let folder = folder();
    for (quota, told) in [
        ("domain=astrology 10%", "there are "),
        ("register=martian 10%", "there are casual, chatty"),
        ("turns=1-2 10", "from 0% to 100%"),
        ("turns=1-2 60%\", \"turns=3-9 50%", "110% together"),
    ] {
        let setting = format!("mix.quotas=[\"{quota}\"]");
        for command in ["check", "plan", "run"] {
            let ran = Magnet::new(folder.path()).args(command).set(&setting).run();
            let said = ran.expect(2).stderr;
            assert!(said.contains("mix.quotas") && said.contains(told), "{said}");
        }
    }
}
