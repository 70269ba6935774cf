//! Difficulty: what a student makes of accepted conversations, in records,
//! manifest, report, inspection, plan and quotas.

use std::path::Path;

use serde_json::Value;

use crate::harness::{Magnet, Ran, folder, read, records, write};
use crate::mock::{Behaviour, Mock};

/// A teacher that says each step, so that a student may know it, and a student
/// who is right in this share of turns.
fn campaign(folder: &Path, student_rights: f64, rest: &str) -> Mock {
    let mock = Mock::start(Behaviour { student_rights, ..Behaviour::default() });
    let url = mock.address().base_url();
    write(
        folder,
        "campaign.toml",
        &format!(
            "[campaign]\nsamples = 12\nseed = 5\n[difficulty]\nattempts = 3\n\
             [trajectory]\nasked = \"all\"\n{rest}\n\
             [teacher.big]\nkind = \"openai\"\nbase_url = \"{url}\"\nmodel = \"mock\"\n"
        ),
    );
    mock
}

fn run(folder: &Path) -> Ran {
    Magnet::new(folder).args("run campaign.toml --out out").run()
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_str(&read(&folder.join("out/manifest.json"))).expect("it is JSON")
}

/// The levels of all records, each of three attempts.
fn levels(folder: &Path) -> Vec<String> {
    let level = |record: &Value| {
        let played = &record["metadata"]["difficulty"];
        assert_eq!(played["attempts"].as_array().map(Vec::len), Some(3), "{played}");
        played["level"].as_str().expect("a level").to_owned()
    };
    records(&folder.join("out/sft.jsonl")).iter().map(level).collect()
}

#[test]
fn a_student_who_is_always_right_finds_all_easy() {
    let folder = folder();
    let mock = campaign(folder.path(), 1.0, "");
    run(folder.path()).expect(0);
    assert_eq!(levels(folder.path()), ["easy"; 12]);
    assert!(mock.stats().by_purpose["roll_out"] > 3 * 12);
    let manifest = manifest(folder.path());
    assert_eq!(manifest["dataset"]["difficulty"]["levels"]["easy"], 12);
    assert_eq!(manifest["dataset"]["difficulty"]["attempts"]["passed"], 36);
    assert!(manifest["calls"]["student"]["accepted"]["requests"].as_u64() > Some(36));
    let page = read(&folder.path().join("out/report.html"));
    assert!(page.contains("student mock: pass@1 100 %, pass@3 100 %"), "no word of the student");
    Magnet::new(folder.path()).args("verify out").run().expect(0);
}

#[test]
fn a_student_who_never_calls_finds_all_hard_and_is_told_where() {
    let folder = folder();
    let _mock = campaign(folder.path(), 0.0, "[node_ops]\nirrelevant = 0.0\nsplit = 0.0");
    run(folder.path()).expect(0);
    assert_eq!(levels(folder.path()), ["hard"; 12]);
    for record in records(&folder.path().join("out/sft.jsonl")) {
        for attempt in record["metadata"]["difficulty"]["attempts"].as_array().expect("a list") {
            assert_eq!(
                (&attempt["outcome"], &attempt["turns"]),
                (&"asks_instead".into(), &0.into())
            );
        }
    }
    let shown = Magnet::new(folder.path()).args("inspect out -n 1").run().expect(0).stdout;
    let told = "hard: mock was right in 0 of 3 attempts (asks instead in turn 0, ";
    assert!(shown.contains(told), "{shown}");
    let page = read(&folder.path().join("out/report.html"));
    assert!(page.contains("asks instead") && page.contains("data-kind='hard'"), "no failures");
    let pairs = records(&folder.path().join("out/preference.jsonl"));
    assert!(pairs.iter().all(|pair| pair["metadata"].get("difficulty").is_none()));
}

#[test]
fn a_quota_of_a_difficulty_is_kept_among_the_accepted() {
    let folder = folder();
    let quota = "[mix]\nquotas = [\"difficulty=hard 25%\", \"difficulty=medium 50%\"]";
    let _mock = campaign(folder.path(), 0.85, quota);
    run(folder.path()).expect(0);
    let levels = levels(folder.path());
    let of = |level: &str| levels.iter().filter(|other| *other == level).count();
    assert_eq!([of("easy"), of("medium"), of("hard")], [3, 6, 3]);
    let quotas = &manifest(folder.path())["quotas"];
    assert_eq!(
        (&quotas[0]["class"], &quotas[0]["kept"]),
        (&"difficulty=hard".into(), &0.25.into())
    );
}

#[test]
fn the_same_answers_give_the_same_difficulty_from_any_number_of_workers() {
    let folder = folder();
    let _mock = campaign(folder.path(), 0.8, "");
    let line = "run campaign.toml --set run.workers=";
    for workers in ["1", "4"] {
        let ran = Magnet::new(folder.path()).args(&format!("{line}{workers} --out out{workers}"));
        ran.run().expect(0);
    }
    let bytes = |workers| read(&folder.path().join(format!("out{workers}/sft.jsonl")));
    assert_eq!(bytes(1), bytes(4));
}

#[test]
fn the_offline_teacher_as_student_is_always_right() {
    let folder = folder();
    let line = "run --samples 40 --set difficulty.attempts=3 --out out";
    Magnet::new(folder.path()).args(line).run().expect(0);
    assert_eq!(levels(folder.path()), ["easy"; 40]);
}

#[test]
fn without_attempts_nothing_is_said_of_difficulty() {
    let folder = folder();
    Magnet::new(folder.path()).args("run --samples 5").run().expect(0);
    for file in ["sft.jsonl", "manifest.json"] {
        assert!(!read(&folder.path().join("out").join(file)).contains("\"difficulty\""), "{file}");
    }
}

#[test]
fn a_quota_that_no_attempt_can_fill_is_told_with_the_way_out() {
    let folder = folder();
    for (attempts, level, told) in [
        (0, "hard", "set difficulty.attempts to 1 or more"),
        (1, "medium", "set difficulty.attempts to 2 or more"),
        (101, "easy", "write a number from 0 to 100"),
    ] {
        let ran = Magnet::new(folder.path())
            .args(&format!("check --set difficulty.attempts={attempts}"))
            .set(&format!("mix.quotas=[\"difficulty={level} 10%\"]"))
            .run()
            .expect(2);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
}
