//! Broken campaign files: each refused in no time, with exit code 2, the file,
//! the key and the way out.

use std::time::{Duration, Instant};

use crate::harness::{Magnet, folder, write};

/// A campaign file that says this is refused, and the refusal says that.
fn check(text: &str, expected: &[&str]) {
    let folder = folder();
    write(folder.path(), "campaign.toml", text);
    let start = Instant::now();
    let ran = Magnet::new(folder.path()).args("run campaign.toml").run().expect(2);
    assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    for expected in ["campaign.toml", "hint: "].iter().chain(expected) {
        assert!(ran.stderr.contains(expected), "{expected:?} in\n{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert!(!folder.path().join("out").exists(), "a side effect");
}

#[test]
fn text_that_is_not_toml() {
    check("{\"campaign\": 1}", &["campaign.toml:1", "not valid TOML"]);
    check("[campaign]\nname = desk\n", &["campaign.toml:2", "double quotes"]);
    check("[campaign]\nseed = 1\nseed = 2\n", &["campaign.toml:3", "duplicate key"]);
}

#[test]
fn a_misspelt_section() {
    check("[campain]\nseed = 1\n", &["campaign.toml:1: campain", "did you mean \"campaign\"?"]);
}

#[test]
fn a_misspelt_key() {
    check("[graph]\ncandidate = 3\n", &["campaign.toml:2: graph.candidate", "\"candidates\""]);
}

#[test]
fn a_key_outside_its_section() {
    check("samples = 3\n", &["campaign.toml:1: samples", "did you mean \"campaign.samples\"?"]);
    check("[campaign]\nworkers = 3\n", &["campaign.workers", "did you mean \"run.workers\"?"]);
}

#[test]
fn a_wrong_type() {
    check("[campaign]\nsamples = \"many\"\n", &["campaign.samples: expected a whole number"]);
    check("[library]\npaths = \"tools.json\"\n", &["library.paths: expected a list of texts"]);
    check("graph = 3\n", &["graph: expected a section"]);
    check("[[teacher]]\nmodel = \"m\"\n", &["single brackets"]);
}

#[test]
fn a_number_out_of_range() {
    check("[campaign]\nsamples = 0\n", &["campaign.samples: must be at least 1"]);
    check("[campaign]\nseed = -1\n", &["campaign.seed: must not be negative"]);
    check("[node_ops]\nmerge = 1.5\n", &["node_ops.merge: 1.5 is not between 0 and 1"]);
    check("[mix]\nmulti_turn = nan\n", &["mix.multi_turn", "finite"]);
    check("[budget]\nmax_usd = -2.0\n", &["budget.max_usd: must not be negative"]);
}

#[test]
fn a_choice_that_is_none() {
    check("[campaign]\npreset = \"papers\"\n", &["campaign.preset", "\"default\" or \"paper\""]);
}

#[test]
fn a_duration_without_a_unit() {
    check("[fleet]\ngrace = \"30\"\n", &["fleet.grace", "\"30s\""]);
}

#[test]
fn values_that_contradict_each_other() {
    check("[walk]\nmin_steps = 9\n", &["walk.min_steps: 9 is more than walk.steps"]);
    check("[campaign]\nmax_walks = 5\n", &["campaign.max_walks", "100 samples"]);
}

#[test]
fn a_backend_that_does_not_exist() {
    check("[fleet]\nqueue = \"kafka://h\"\n", &["fleet.queue", "amqp://"]);
    check("[fleet]\nparts = \"s3://\"\n", &["fleet.parts", "names no host"]);
}

#[test]
fn a_role_nobody_plays() {
    check("[roles]\njudge = \"big\"\n", &["roles.judge: no [teacher.big]"]);
}

#[test]
fn a_teacher_that_cannot_be_asked() {
    let text = "[teacher.big]\nkind = \"openai\"\nbase_url = \"localhost:8000\"\n";
    check(text, &["teacher.big.base_url", "teacher.big.model", "begin it with one of: http://"]);
    check("[teacher.big]\nmodel = \"m\"\n", &["teacher.big.model", "set kind = \"openai\""]);
}

#[test]
fn a_key_where_its_variables_name_belongs() {
    let folder = folder();
    let text = "[teacher.big]\nkind = \"openai\"\nmodel = \"m\"\nbase_url = \"http://h/v1\"\n\
                api_key_env = \"sk-live-0123456789abcdef\"\n";
    write(folder.path(), "campaign.toml", text);
    let ran = Magnet::new(folder.path()).args("check campaign.toml").run().expect(2);
    assert!(ran.stderr.contains("teacher.big.api_key_env: looks like a key"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("0123456789"), "{}", ran.stderr);
}

#[test]
fn a_key_variable_that_is_not_set() {
    let folder = folder();
    let text = "[teacher.big]\nkind = \"openai\"\nmodel = \"m\"\nbase_url = \"http://127.0.0.1:9/v1\"\n\
                api_key_env = \"MAGNET_TEST_NO_SUCH_KEY\"\n";
    write(folder.path(), "campaign.toml", text);
    let ran = Magnet::new(folder.path()).args("run campaign.toml").run().expect(2);
    assert!(ran.stderr.contains("MAGNET_TEST_NO_SUCH_KEY"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: export"), "{}", ran.stderr);
}

#[test]
fn files_that_cannot_be_read() {
    let folder = folder();
    for (name, expected) in [("nowhere.toml", "cannot read"), (".", "is not a file")] {
        let ran = Magnet::new(folder.path()).args(&format!("run {name}")).run().expect(2);
        assert!(ran.stderr.contains(expected) && ran.stderr.contains("hint: "), "{}", ran.stderr);
    }
    std::fs::write(folder.path().join("latin.toml"), b"name = \"\xe9\"\n").unwrap();
    let ran = Magnet::new(folder.path()).args("run latin.toml").run().expect(2);
    assert!(ran.stderr.contains("UTF-8"), "{}", ran.stderr);
}

#[test]
fn wrong_variables_and_flags_are_named() {
    let folder = folder();
    let ran = Magnet::new(folder.path())
        .args("run --set run.in_flight=0 --set nonsense")
        .env("MAGNET__RUN__WORKRES", "4")
        .run()
        .expect(2);
    for expected in [
        "MAGNET__RUN__WORKRES: run.workres", "\"workers\"", "--set: run.in_flight",
        "--set section.key=value",
    ] {
        assert!(ran.stderr.contains(expected), "{expected} in\n{}", ran.stderr);
    }
}

#[test]
fn all_problems_are_told_in_one_go() {
    check(
        "[campaign]\nsamples = 0\n[grahp]\n[node_ops]\nmerge = 2\n[output]\nformats = []\n",
        &["4 problems", "campaign.samples", "grahp", "node_ops.merge", "output.formats"],
    );
}
