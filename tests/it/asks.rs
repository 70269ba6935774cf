//! Every kind of ask in a whole campaign: graph, requests, calls, outputs,
//! negatives, each by a model behind a real endpoint.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Magnet, Ran, folder, read, records, write};
use crate::mock::{Address, Behaviour, Dialect, Mock, Reasoning};

fn campaign(folder: &Path, mock: Address, rest: &str) {
    let url = mock.base_url();
    let teacher =
        format!("[teacher.big]\nkind = \"openai\"\nbase_url = \"{url}\"\nmodel = \"mock\"\n");
    write(
        folder,
        "campaign.toml",
        &format!("[campaign]\nsamples = 12\nseed = 5\n{rest}\n{teacher}"),
    );
}

fn magnet(folder: &Path, line: &str) -> Ran {
    Magnet::new(folder).args(line).run()
}

fn dataset(folder: &Path) -> [String; 2] {
    ["sft.jsonl", "preference.jsonl"].map(|file| read(&folder.join("out").join(file)))
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_str(&read(&folder.join("out/manifest.json"))).expect("it is JSON")
}

/// The answers by role and outcome add up to all that was spent.
fn calls_add_up(manifest: &Value) {
    let calls = manifest["calls"].as_object().expect("roles");
    let outcomes = calls.values().flat_map(|role| role.as_object().expect("outcomes").values());
    let sum: u64 = outcomes.filter_map(|spent| spent["requests"].as_u64()).sum();
    assert_eq!(Some(sum), manifest["counts"]["spent"]["requests"].as_u64(), "{calls:?}");
}

/// Who made the negatives.
fn sources(folder: &Path) -> BTreeSet<String> {
    let pairs = records(&folder.join("out/preference.jsonl"));
    let source = |pair: &Value| {
        pair["metadata"]["source"].as_str().expect("a pair names its source").to_owned()
    };
    pairs.iter().map(source).collect()
}

const JUDGED: &str = "[graph]\njudge = \"teacher\"\n";

#[test]
fn a_judged_graph_is_bought_once() {
    let mock = Mock::start(Behaviour::default());
    let folder = folder();
    campaign(folder.path(), mock.address(), JUDGED);
    let ran = magnet(folder.path(), "run campaign.toml --out out").expect(0);
    assert!(ran.stderr.contains("judging the graph: "), "{}", ran.stderr);
    let first = mock.stats();
    assert!(first.by_purpose["judge_edges"] > 100, "{first:?}");
    magnet(folder.path(), "verify out").expect(0);
    let before = dataset(folder.path());
    std::fs::remove_dir_all(folder.path().join("out")).expect("a folder can be removed");
    magnet(folder.path(), "run campaign.toml --out out").expect(0);
    let judged = mock.stats().by_purpose["judge_edges"];
    assert_eq!(judged, 2 * first.by_purpose["judge_edges"], "another folder knows nothing");
    assert_eq!(dataset(folder.path()), before, "the same answers give the same graph");
    magnet(folder.path(), "run campaign.toml --out out --samples 14").expect(0);
    assert_eq!(mock.stats().by_purpose["judge_edges"], judged);
    let graph = |manifest: &Value| manifest["calls"]["judge"]["graph"]["requests"].as_u64();
    assert_eq!(graph(&manifest(folder.path())), Some(first.by_purpose["judge_edges"]));
}

#[test]
fn what_judging_the_graph_costs_counts_towards_the_budget() {
    let mock = Mock::start(Behaviour::default());
    let folder = folder();
    let rest = format!("{JUDGED}[run]\nworkers = 1\nin_flight = 8\n[budget]\nmax_requests = 400\n");
    campaign(folder.path(), mock.address(), &rest);
    let ran = magnet(folder.path(), "run campaign.toml --out out --samples 500").expect(1);
    assert!(ran.stderr.contains("max_requests = 400 are made"), "{}", ran.stderr);
    let stats = mock.stats();
    assert!(stats.by_purpose["judge_edges"] > 100, "{stats:?}");
    assert!((400..=464).contains(&stats.requests), "{stats:?}");
}

#[test]
fn a_teacher_on_misleading_hints_makes_the_negatives() {
    let mock = Mock::start(Behaviour::default());
    let folder = folder();
    campaign(folder.path(), mock.address(), "[negatives]\nsource = \"teacher\"\n");
    magnet(folder.path(), "run campaign.toml --out out").expect(0);
    magnet(folder.path(), "verify out").expect(0);
    assert_eq!(sources(folder.path()), BTreeSet::from(["teacher".to_owned()]));
}

#[test]
fn a_students_errors_become_negatives() {
    let mock = Mock::start(Behaviour::default());
    let folder = folder();
    campaign(folder.path(), mock.address(), "[negatives]\nsource = \"student\"\nrollouts = 2\n");
    magnet(folder.path(), "run campaign.toml --out out").expect(0);
    magnet(folder.path(), "verify out").expect(0);
    assert_eq!(sources(folder.path()), BTreeSet::from(["student".to_owned()]));
    let stats = mock.stats();
    assert!(stats.by_purpose["roll_out"] > 0 && stats.by_purpose["judge_turn"] > 0, "{stats:?}");
    let manifest = manifest(folder.path());
    calls_add_up(&manifest);
    for role in ["teacher", "student", "judge"] {
        let accepted = &manifest["calls"][role]["accepted"]["requests"];
        assert!(accepted.as_u64() > Some(0), "{role}: {}", manifest["calls"]);
        assert!(manifest["per_sample"]["answers_by_role"][role].as_f64() > Some(0.0));
    }
}

#[test]
fn a_model_plays_the_functions_where_it_is_named() {
    let mock = Mock::start(Behaviour::default());
    let folder = folder();
    campaign(
        folder.path(),
        mock.address(),
        "[roles]\nsimulator = \"big\"\n[executor.default]\nkind = \"model\"\n",
    );
    magnet(folder.path(), "run campaign.toml --out out").expect(0);
    magnet(folder.path(), "verify out").expect(0);
    assert!(mock.stats().by_purpose["simulate"] > 0);
    for record in records(&folder.path().join("out/sft.jsonl")) {
        assert_eq!(record["metadata"]["executor"], "model");
    }
}

#[test]
fn a_reader_of_the_requests_sees_whether_their_calls_are_called_for() {
    let mock = Mock::start(Behaviour { doubts: 0.3, ..Behaviour::default() });
    let folder = folder();
    campaign(folder.path(), mock.address(), "max_walks = 400\n[translate]\ntries = 1\n");
    magnet(folder.path(), "run campaign.toml --out out").expect(0);
    let asked = mock.stats().by_purpose;
    assert!(asked["judge_doubt"] > 0 && asked["judge_calls"] > asked["judge_doubt"], "{asked:?}");
    let manifest = manifest(folder.path());
    let agreement = manifest["called_for"]["agreement"].as_f64().expect("a share");
    assert!((0.4..0.95).contains(&agreement), "{}", manifest["called_for"]);
    assert!(manifest["counts"]["rejected_by_reason"]["uncalled_for"].as_u64() > Some(0));
    let rejected = records(&folder.path().join("out/rejected.jsonl"));
    let uncalled = rejected.iter().find(|walk| walk["reason"] == "uncalled_for").expect("one");
    assert_eq!(uncalled["asked"]["ask"], "judge_doubt");
    assert!(!uncalled["brief"]["aim"].as_str().expect("an aim").is_empty());
    let shown = magnet(folder.path(), "inspect out --rejected -n 1").expect(0).stdout;
    assert!(shown.contains("uncalled for") && shown.contains("does not see that"), "{shown}");
    magnet(folder.path(), "run campaign.toml --out unread --set vet.called_for=0").expect(0);
    assert_eq!(mock.stats().by_purpose["judge_calls"], asked["judge_calls"]);
}

#[test]
fn a_bad_model_in_every_role_still_gives_clean_data() {
    let mock = Mock::start(Behaviour { bad_answers: 0.45, seed: 3, ..Behaviour::default() });
    let folder = folder();
    let rest = format!(
        "max_walks = 400\n{JUDGED}[negatives]\nsource = \"teacher\"\n[roles]\nsimulator = \"big\"\n\
         [executor.default]\nkind = \"model\"\n"
    );
    campaign(folder.path(), mock.address(), &rest);
    magnet(folder.path(), "run campaign.toml --out out").expect(0);
    magnet(folder.path(), "verify out").expect(0);
    assert!(!mock.stats().bad_answers.is_empty());
    let manifest = manifest(folder.path());
    calls_add_up(&manifest);
    // Of which reason depends on the order in which answers are asked for.
    assert!(manifest["counts"]["rejected"].as_u64() > Some(0), "{manifest}");
    assert!(manifest["calls"]["teacher"]["rejected"]["requests"].is_u64(), "{manifest}");
    for text in dataset(folder.path()) {
        for trace in ["[Hint]", "<think>"] {
            let at = text.find(trace);
            let around = at.map(|at| text[..at + 40].chars().rev().take(200).collect::<String>());
            let around = around.map(|text| text.chars().rev().collect::<String>());
            assert_eq!(around, None, "{trace}");
        }
    }
}

#[test]
fn the_replies_of_a_conversation_are_one_ask_and_bad_ones_are_asked_for_alone() {
    let asked = |bad_answers: f64| {
        let mock = Mock::start(Behaviour { bad_answers, seed: 5, ..Behaviour::default() });
        let folder = folder();
        campaign(folder.path(), mock.address(), "max_walks = 200\n[mix]\nmulti_turn = 1.0\n");
        magnet(folder.path(), "run campaign.toml --out out").expect(0);
        magnet(folder.path(), "verify out").expect(0);
        mock.stats().by_purpose
    };
    let good = asked(0.0);
    assert!(good["conclude"] > 0 && !good.contains_key("act"), "{good:?}");
    let bad = asked(0.3);
    assert!(bad["act"] > 0 && bad["conclude"] > 0, "{bad:?}");
}

#[test]
fn reasoning_never_stands_in_a_reply() {
    for reasoning in [Reasoning::Field, Reasoning::Think] {
        let dialect = Dialect { reasoning, ..Dialect::default() };
        let mock = Mock::start(Behaviour { dialect, ..Behaviour::default() });
        let folder = folder();
        campaign(folder.path(), mock.address(), "");
        let set = "--samples 3 --set teacher.big.keep_reasoning=true";
        magnet(folder.path(), &format!("run campaign.toml --out out {set}")).expect(0);
        for record in records(&folder.path().join("out/sft.jsonl")) {
            let messages = record["messages"].to_string();
            assert!(!messages.contains("think") && !messages.contains("reasoning"), "{messages}");
        }
        assert!(
            !mock.stats().by_purpose.contains_key("conclude"),
            "each reply has its own thought"
        );
    }
}

#[test]
fn a_probe_tells_what_an_endpoint_can_do() {
    let dialect = Dialect {
        completion_tokens: true,
        no_json_schema: true,
        no_system_role: true,
        reasoning: Reasoning::Think,
        ..Dialect::default()
    };
    let mock = Mock::start(Behaviour { dialect, ..Behaviour::default() });
    let folder = folder();
    campaign(folder.path(), mock.address(), "");
    let shown = magnet(folder.path(), "check campaign.toml --probe").expect(0).stdout;
    for expected in [
        "[teacher.big]", "json_object", "max_completion_tokens", "system role         no",
        "told apart",
    ] {
        assert!(shown.contains(expected), "{expected} in\n{shown}");
    }
}

#[test]
fn a_probe_that_fails_says_why_and_what_to_look_at() {
    let mock = Mock::start(Behaviour { key: Some("sk-right".into()), ..Behaviour::default() });
    let folder = folder();
    campaign(folder.path(), mock.address(), "");
    let told = magnet(folder.path(), "check campaign.toml --probe").expect(3).stderr;
    assert!(told.contains("HTTP 401") && told.contains("hint: the key is wrong"), "{told}");
    let away = Address { port: 9 };
    campaign(folder.path(), away, "");
    let told = magnet(folder.path(), "check campaign.toml --probe").expect(3).stderr;
    assert!(told.contains("hint: see whether the server runs"), "{told}");
}

#[test]
fn the_prompts_are_shown_with_who_is_asked() {
    let folder = folder();
    campaign(folder.path(), Address { port: 9 }, JUDGED);
    let shown = magnet(folder.path(), "check campaign.toml --show-prompts").expect(0).stdout;
    let line = |label: &str| {
        let start = format!("== {label}  ");
        shown.lines().find(|line| line.starts_with(&start)).expect("it is shown").to_owned()
    };
    assert!(line("back").ends_with("asked of [teacher.big]"));
    assert!(line("judge_edges").ends_with("asked of [teacher.big]"));
    assert!(line("roll_out").ends_with("not asked in this campaign"));
    let digests: BTreeSet<String> = shown
        .lines()
        .filter(|line| line.starts_with("== "))
        .filter_map(|line| line.split_whitespace().nth(2).map(str::to_owned))
        .collect();
    assert_eq!(digests.len(), 17, "{digests:?}");
}
