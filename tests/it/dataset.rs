//! What a run leaves behind: whole, the same bytes every time, its own.

use std::path::Path;

use crate::harness::{Magnet, Ran, folder, read, records};

fn run(folder: &Path, arguments: &str) -> Ran {
    Magnet::new(folder).args(&format!("run {arguments}")).run()
}

/// The bytes of a dataset's files.
fn bytes(out: &Path) -> [String; 2] {
    [read(&out.join("sft.jsonl")), read(&out.join("preference.jsonl"))]
}

#[test]
fn a_run_with_no_arguments_makes_a_dataset() {
    let folder = folder();
    let ran = run(folder.path(), "").expect(0);
    assert_eq!(ran.stdout.trim(), "out");
    let out = folder.path().join("out");
    assert_eq!(records(&out.join("sft.jsonl")).len(), 100);
    assert!(!records(&out.join("preference.jsonl")).is_empty());
    for file in ["manifest.json", "report.html", "README.md"] {
        assert!(out.join(file).is_file(), "{file}");
    }
    // The second run finds everything done and changes nothing.
    let before = bytes(&out);
    run(folder.path(), "").expect(0);
    assert_eq!(bytes(&out), before);
}

#[test]
fn the_same_campaign_gives_the_same_bytes_whatever_the_workers() {
    let folder = folder();
    run(folder.path(), "--samples 40 --out one --set run.workers=1").expect(0);
    run(folder.path(), "--samples 40 --out four --set run.workers=4").expect(0);
    run(folder.path(), "--samples 40 --out other --seed 8").expect(0);
    let [one, four, other] = ["one", "four", "other"].map(|out| bytes(&folder.path().join(out)));
    assert_eq!(one, four);
    assert_ne!(one, other);
}

#[test]
fn more_samples_begin_with_the_fewer() {
    let folder = folder();
    run(folder.path(), "--samples 20").expect(0);
    let [few, _] = bytes(&folder.path().join("out"));
    run(folder.path(), "--samples 60").expect(0);
    let [many, _] = bytes(&folder.path().join("out"));
    assert!(many.starts_with(&few) && many.lines().count() == 60);
}

#[test]
fn another_campaigns_folder_is_left_alone() {
    let folder = folder();
    run(folder.path(), "--samples 5").expect(0);
    let before = bytes(&folder.path().join("out"));
    let ran = run(folder.path(), "--samples 5 --seed 9").expect(2);
    assert!(ran.stderr.contains("another campaign") && ran.stderr.contains("hint: "));
    assert_eq!(bytes(&folder.path().join("out")), before);
}

#[test]
fn a_run_that_cannot_have_enough_says_so_and_exits_with_1() {
    let folder = folder();
    let ran = run(folder.path(), "--samples 50 --set campaign.max_walks=50 --set walk.min_nodes=6")
        .expect(1);
    assert!(ran.stderr.contains("short: ") && ran.stderr.contains("hint: "), "{}", ran.stderr);
    let rows = records(&folder.path().join("out/sft.jsonl")).len();
    assert!((1..50).contains(&rows), "{rows} rows");
}

#[test]
fn inspect_finds_a_conversation_in_split_and_packed_files() {
    let folder = folder();
    run(folder.path(), "--samples 30 --set output.rows_per_file=7 --set output.compression=zstd")
        .expect(0);
    let first = Magnet::new(folder.path()).args("inspect out -n 1").run().expect(0).stdout;
    assert!(first.contains("user 0") && first.contains("rejected: "), "{first}");
    let all = Magnet::new(folder.path()).args("inspect out -n 30").run().expect(0).stdout;
    let ids: Vec<&str> = all
        .lines()
        .filter_map(|line| line.split_once("  walk ").map(|(id, _)| id))
        .filter(|id| id.len() == 32)
        .collect();
    assert_eq!(ids.len(), 30);
    let last = ids[29];
    let found = Magnet::new(folder.path()).args(&format!("inspect out --id {last}")).run();
    assert!(found.expect(0).stdout.starts_with(last));
    Magnet::new(folder.path()).args("inspect out --id zzzz").run().expect(2);
}

#[test]
fn a_report_can_be_written_again() {
    let folder = folder();
    run(folder.path(), "--samples 20").expect(0);
    let page = folder.path().join("out/report.html");
    let before = read(&page);
    std::fs::remove_file(&page).unwrap();
    let ran = Magnet::new(folder.path()).args("report out").run().expect(0);
    assert_eq!(ran.stdout.trim(), "out/report.html");
    assert_eq!(read(&page), before);
    assert!(!before.contains("http://") && !before.contains("https://fonts"), "not self-contained");
}

#[test]
fn the_card_names_its_files_and_its_teacher() {
    let folder = folder();
    run(folder.path(), "--samples 5").expect(0);
    let card = read(&folder.path().join("out/README.md"));
    for expected in
        ["---\n", "config_name: sft", "config_name: preference", "n<1K", "offline teacher"]
    {
        assert!(card.contains(expected), "{expected} in\n{card}");
    }
}

#[test]
fn rejected_walks_are_shown_the_same_ones_whoever_worked_them() {
    let folder = folder();
    // Walks that meet dead ends, and walks that nobody has a purpose for.
    let line = "--samples 40 --set walk.min_nodes=5";
    run(folder.path(), &format!("{line} --out one --set run.workers=1")).expect(0);
    run(folder.path(), &format!("{line} --out four --set run.workers=4")).expect(0);
    let of = |out: &str| read(&folder.path().join(out).join("rejected.jsonl"));
    assert_eq!(of("one"), of("four"));
    let walks = records(&folder.path().join("one/rejected.jsonl"));
    let manifest = manifest_of(&folder.path().join("one"));
    let counted = manifest["counts"]["rejected_by_reason"].as_object().expect("reasons");
    assert!(!counted.is_empty());
    for (reason, count) in counted {
        let shown = walks.iter().filter(|walk| walk["reason"] == reason.as_str()).count();
        assert_eq!(shown as u64, count.as_u64().expect("a count").min(20), "{reason}");
    }
    let shown = Magnet::new(folder.path()).args("inspect one --rejected -n 1").run().expect(0);
    for reason in counted.keys() {
        assert!(shown.stdout.contains(&reason.replace('_', " ")), "{reason}: {}", shown.stdout);
    }
    // How many are shown is no part of the data: the dataset is the same without.
    run(folder.path(), &format!("{line} --out none --set run.keep_rejected=0")).expect(0);
    assert_eq!(bytes(&folder.path().join("none")), bytes(&folder.path().join("one")));
    assert_eq!(of("none"), "");
    Magnet::new(folder.path()).args("inspect none --rejected").run().expect(2);
}

fn manifest_of(out: &Path) -> serde_json::Value {
    serde_json::from_str(&read(&out.join("manifest.json"))).expect("it is JSON")
}

#[test]
fn a_dataset_says_whether_it_is_one_to_train_on() {
    let folder = folder();
    run(folder.path(), "--samples 5 --out good").expect(0);
    let manifest = manifest_of(&folder.path().join("good"));
    assert_eq!((&manifest["grade"], &manifest["lacks"]), (&"training".into(), &().into()));
    let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/library/good");
    let ran = run(folder.path(), &format!("--samples 2 --out plain --tools {tools}"));
    assert!(ran.exit <= 1, "{}", ran.stderr);
    let plain = folder.path().join("plain");
    let manifest = manifest_of(&plain);
    assert_eq!(manifest["grade"], "rehearsal");
    let lacks = manifest["lacks"].as_str().expect("a sentence");
    for fault in ["not for training", "worded by plain rules", "made-up outputs"] {
        assert!(lacks.contains(fault), "{lacks}");
        assert!(read(&plain.join("README.md")).contains(fault));
        assert!(read(&plain.join("report.html")).contains(fault));
    }
}

#[test]
fn a_brief_is_shown_wherever_conversations_are_read() {
    let folder = folder();
    run(folder.path(), "--samples 5").expect(0);
    let out = folder.path().join("out");
    let aim = records(&out.join("sft.jsonl"))[0]["metadata"]["brief"]["aim"].clone();
    let aim = aim.as_str().expect("an aim");
    let shown = Magnet::new(folder.path()).args("inspect out -n 1").run().expect(0).stdout;
    assert!(shown.contains(aim) && shown.contains("wants"), "{shown}");
    let report = read(&out.join("report.html"));
    assert!(report.contains("<dt>aim</dt>") && report.contains("wants: "));
}
