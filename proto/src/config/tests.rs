//! Loading as a whole: layers, origins, and every problem told in one go.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// Loads a file of that text, with the environment and `--set`s given.
fn load_text(
    text: &str,
    environment: &[(&str, &str)],
    assignments: &[&str],
) -> Result<Effective, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("campaign.toml");
    std::fs::write(&file, text).unwrap();
    let mut overrides = Overrides::default();
    assignments.iter().for_each(|assignment| overrides.set(assignment));
    let environment: Vec<(String, String)> =
        environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    load(Some(&file), &overrides, &environment)
}

fn problems_of(text: &str) -> Vec<String> {
    let Problems(problems) = load_text(text, &[], &[]).expect_err("the file is broken");
    problems.iter().map(|problem| format!("{}: {}", problem.key, problem.message)).collect()
}

#[test]
fn no_file_at_all_gives_the_defaults() {
    let effective = load(None, &Overrides::default(), &[]).unwrap();
    assert_eq!(effective.campaign.campaign, Identity::default());
    assert_eq!(effective.campaign.roles.judge, "offline");
    assert_eq!(effective.campaign.endpoint("offline"), Some(&Endpoint::default()));
}

#[test]
fn the_later_layer_wins_and_the_origin_says_which() {
    let text = "[campaign]\nsamples = 10\nseed = 1\nname = \"a\"\n[run]\nworkers = 3\n";
    let environment = [("MAGNET__CAMPAIGN__SEED", "2"), ("MAGNET__CAMPAIGN__NAME", "7")];
    let effective = load_text(text, &environment, &["campaign.name=c"]).unwrap();
    let campaign = &effective.campaign.campaign;
    assert_eq!((campaign.samples.get(), campaign.seed, campaign.name.as_str()), (10, 2, "c"));
    assert!(effective.origin("campaign.samples").ends_with("campaign.toml:2"));
    assert_eq!(effective.origin("campaign.seed"), "MAGNET__CAMPAIGN__SEED");
    assert_eq!(effective.origin("campaign.name"), "--set");
    assert_eq!(effective.origin("graph.candidates"), "default");
}

#[test]
fn a_preset_changes_defaults_only() {
    let effective =
        load_text("[node_ops]\nsplit = 0.1\n", &[], &["campaign.preset=paper"]).unwrap();
    let ops = &effective.campaign.node_ops;
    assert_eq!((ops.split, ops.keep_unsplit, ops.parallel), (0.1, true, 0.0));
    assert_eq!(effective.origin("node_ops.parallel"), "preset paper");
    assert_eq!(effective.origin("node_ops.merge"), "default");
    let preset_alone = load_text("", &[], &["campaign.preset=paper"]).unwrap().campaign;
    assert_eq!(
        Campaign {
            teacher: Default::default(),
            roles: Roles::default(),
            executor: Default::default(),
            ..preset_alone
        },
        Campaign::paper()
    );
}

#[test]
fn a_files_paths_are_relative_to_it() {
    let text = "[library]\npaths = [\"tools/*.json\", \"/abs.json\"]\n[output]\ndir = \"made\"\n";
    let effective = load_text(text, &[], &[]).unwrap();
    let folder = effective.file.as_ref().and_then(|file| file.parent()).unwrap();
    let tools = folder.join("tools/*.json").display().to_string();
    assert_eq!(effective.campaign.library.paths, [tools, "/abs.json".into()]);
    assert_eq!(effective.campaign.output.dir, folder.join("made"));
    let flagged = load_text(text, &[], &["output.dir=here"]).unwrap();
    assert_eq!(flagged.campaign.output.dir, PathBuf::from("here"));
}

#[test]
fn the_only_teacher_takes_every_role() {
    let text = "[teacher.big]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:8000/v1\"\n\
                model = \"m\"\ntimeout = \"5s\"\n";
    let effective = load_text(text, &[("MAGNET__TEACHER__BIG__MODEL", "n")], &[]).unwrap();
    let campaign = &effective.campaign;
    assert_eq!(campaign.roles.student, "big");
    assert_eq!(campaign.endpoint("big").map(|big| big.model.as_str()), Some("n"));
    let student = load_text(text, &[], &["roles.student=offline"]).unwrap().campaign;
    assert_eq!(
        (student.roles.teacher.as_str(), student.roles.student.as_str()),
        ("big", "offline")
    );
}

#[test]
fn every_problem_is_told_at_once() {
    let found = problems_of(
        "[campaign]\nsamples = 0\nsead = 3\n[graph]\njudge = \"maybe\"\ncross_category = 1.5\n\
         [node_ops]\nmerge = \"often\"\n[fleet]\nqueue = \"kafka://host\"\n\
         [roles]\nteacher = \"big\"\n[output]\nformats = []\n",
    );
    assert_eq!(
        found,
        [
            "campaign.samples: must be at least 1, found 0",
            "campaign.sead: unknown key",
            "graph.judge: \"maybe\" is not a choice here",
            "node_ops.merge: expected a number, found \"often\"",
            "graph.cross_category: 1.5 is not between 0 and 1",
            "roles.teacher: no [teacher.big] stands in the campaign",
            "fleet.queue: \"kafka://host\" is not a URL that works here",
            "output.formats: no format is chosen, so nothing would be written",
        ]
    );
}

#[test]
fn a_problem_names_the_line_and_the_way_out() {
    let text = "[campaign]\nseed = 1\n\n[grahp]\njudge = \"none\"\n";
    let Problems(problems) = load_text(text, &[], &[]).unwrap_err();
    assert!(problems[0].origin.ends_with("campaign.toml:4"), "{}", problems[0].origin);
    assert_eq!(problems[0].hint, "did you mean \"graph\"?");
}

#[test]
fn a_missing_file_says_so() {
    let error = load(Some("nowhere.toml".as_ref()), &Overrides::default(), &[]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("nowhere.toml: cannot read") && text.contains("hint:"), "{text}");
}

#[test]
fn broken_toml_says_where() {
    let error = load_text("[campaign\nseed = = 1\n", &[], &[]).unwrap_err().to_string();
    assert!(error.contains("campaign.toml:1") && error.contains("not valid TOML"), "{error}");
}

#[test]
fn a_wrong_variable_or_flag_is_named() {
    let environment = [("MAGNET__RUN__WORKRES", "4"), ("MAGNET_OTHER", "x")];
    let Problems(problems) = load_text("", &environment, &["seed", "run.in_flight=x"]).unwrap_err();
    let told: Vec<(&str, &str)> =
        problems.iter().map(|problem| (&*problem.origin, &*problem.key)).collect();
    assert_eq!(
        told,
        [("MAGNET__RUN__WORKRES", "run.workres"), ("--set", ""), ("--set", "run.in_flight")]
    );
}

#[test]
fn no_secret_is_repeated() {
    let secret = "sk-live-abcdefghijkl1234";
    let text = format!(
        "[teacher.big]\nkind = \"openai\"\nmodel = \"m\"\nbase_url = \"http://h/v1\"\n\
         api_key = \"{secret}\"\napi_key_env = \"{secret}\"\n\
         [fleet]\nqueue = \"http://me:pass-word@host\"\n"
    );
    let told = load_text(&text, &[], &[]).unwrap_err().to_string();
    assert!(told.contains("did you mean \"api_key_env\"?"), "{told}");
    assert!(!told.contains("abcdefgh") && !told.contains("pass-word"), "{told}");

    let fine = load_text("[fleet]\nqueue = \"amqp://me:pass-word@host/v\"\n", &[], &[]).unwrap();
    let shown: String = fine.settings().into_iter().map(|setting| setting.value).collect();
    assert!(shown.contains("amqp://me:***@host/v") && !shown.contains("pass-word"));
}

#[test]
fn the_effective_configuration_loads_to_itself() {
    let effective = load_text("", &[], &["campaign.preset=paper"]).unwrap();
    let mut again = Overrides::default();
    for Setting { key, value, .. } in effective.settings() {
        again.set(&format!("{key}={value}"));
    }
    let campaign = load(None, &again, &[]).unwrap().campaign;
    assert_eq!(campaign, effective.campaign);
}

proptest! {
    #[test]
    fn no_text_makes_the_loader_panic(text in "[ -~\n]{0,200}") {
        load_text(&text, &[], &[]).ok();
    }

    #[test]
    fn no_assignment_makes_the_loader_panic(
        key in "(campaign|graph|teacher|run|fleet)(\\.[a-z_.]{0,12})?",
        value in "\\PC{0,30}",
    ) {
        load_text("", &[], &[&format!("{key}={value}")]).ok();
    }
}
