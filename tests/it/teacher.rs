//! Campaigns whose teacher is a chat endpoint, healthy or not.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Magnet, Ran, folder, read, records, write};
use crate::mock::{Address, Behaviour, Dialect, Fault, Limit, Mock, Reasoning, Stats, Tell, Usage};

/// A campaign of so many samples with the mock as its only teacher. `teacher`
/// are more lines of its table, `rest` more tables.
pub(crate) fn campaign(folder: &Path, mock: Address, samples: u32, teacher: &str, rest: &str) {
    let url = mock.base_url();
    let text = format!(
        "[campaign]\nsamples = {samples}\nseed = 11\n\n[teacher.mock]\nkind = \"openai\"\n\
         base_url = \"{url}\"\nmodel = \"mock\"\n{teacher}\n\n{rest}\n"
    );
    write(folder, "campaign.toml", &text);
}

pub(crate) fn run(folder: &Path) -> Ran {
    Magnet::new(folder).args("run campaign.toml --out out").run()
}

pub(crate) fn verify(folder: &Path) {
    Magnet::new(folder).args("verify out").run().expect(0);
}

pub(crate) fn manifest(folder: &Path) -> Value {
    serde_json::from_str(&read(&folder.join("out/manifest.json"))).expect("it is JSON")
}

/// The dataset of an undisturbed run.
pub(crate) fn undisturbed(samples: u32) -> (String, String) {
    let mock = Mock::start(Behaviour::default());
    let folder = folder();
    campaign(folder.path(), mock.address(), samples, "", "");
    run(folder.path()).expect(0);
    dataset(folder.path())
}

pub(crate) fn dataset(folder: &Path) -> (String, String) {
    (read(&folder.join("out/sft.jsonl")), read(&folder.join("out/preference.jsonl")))
}

#[test]
fn a_chat_endpoint_makes_a_dataset_that_verifies() {
    let mock = Mock::start(Behaviour::default());
    let folder = folder();
    let prices = "usd_per_million_input_tokens = 1.0\nusd_per_million_output_tokens = 2.0";
    campaign(folder.path(), mock.address(), 20, prices, "");
    run(folder.path()).expect(0);
    verify(folder.path());
    assert_eq!(records(&folder.path().join("out/sft.jsonl")).len(), 20);
    let (stats, manifest) = (mock.stats(), manifest(folder.path()));
    assert_eq!(stats.repeats, 0, "{stats:?}");
    // Walks that were under way when there was enough are bought and not used.
    let told = manifest["counts"]["spent"]["requests"].as_u64().unwrap_or_default();
    assert!(told > 100 && told <= stats.answered, "{told} of {stats:?}");
    let asks: Vec<&String> = manifest["counts"]["asks"].as_object().unwrap().keys().collect();
    assert_eq!(asks, ["back", "conclude", "judge_calls", "outline"]);
    assert!(manifest["per_sample"]["usd"].as_f64().is_some_and(|usd| usd > 0.0), "{manifest}");
}

#[test]
fn a_sick_server_changes_nothing_in_the_dataset() {
    let expected = undisturbed(30);
    let faults = [
        (Fault::ServerError, 0.05),
        (Fault::Cut, 0.05),
        (Fault::Reset, 0.02),
        (Fault::Hang, 0.01),
        (Fault::StuckBody, 0.01),
        (Fault::HalfJson, 0.02),
        (Fault::WrongJson, 0.01),
        (Fault::ErrorWithOk, 0.01),
        (Fault::Html, 0.01),
        (Fault::Empty, 0.01),
        (Fault::BadGateway, 0.01),
        (Fault::Overloaded, 0.01),
        (Fault::RateLimited, 0.01),
    ];
    let behaviour = Behaviour { faults: faults.into(), ..Behaviour::default() };
    let mock = Mock::start(behaviour);
    let folder = folder();
    campaign(folder.path(), mock.address(), 30, "timeout = \"1s\"", "");
    run(folder.path()).expect(0);
    let stats = mock.stats();
    assert!(stats.faults.len() >= 8, "{stats:?}");
    assert!(dataset(folder.path()) == expected, "another dataset, with {stats:?}");
    assert_eq!(stats.repeats, 0, "{stats:?}");
}

#[test]
fn a_killed_run_buys_almost_nothing_twice() {
    let expected = undisturbed(120);
    let behaviour = Behaviour { latency_ms: 20, ..Behaviour::default() };
    let mock = Mock::start(behaviour);
    let folder = folder();
    let fewer = "max_in_flight = 16";
    campaign(folder.path(), mock.address(), 120, fewer, "");
    let mut child = Magnet::new(folder.path()).args("run campaign.toml --out out").start();
    wait_until(&mock, "half of the answers", |stats| stats.answered > 600);
    child.kill().expect("it runs");
    child.wait().expect("it was ours");
    let before = mock.stats().answered;
    run(folder.path()).expect(0);
    let stats = mock.stats();
    assert!(stats.answered > before, "it was done when it was killed: {stats:?}");
    assert!(dataset(folder.path()) == expected, "another dataset, with {stats:?}");
    // What was in flight came home to nobody.
    assert!(stats.repeats <= 16 && stats.repeats * 50 <= stats.answered, "{stats:?}");
}

fn wait_until(mock: &Mock, what: &str, condition: impl Fn(&Stats) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition(&mock.stats()) {
        assert!(Instant::now() < deadline, "waited for {what}: {:?}", mock.stats());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A server that refuses for good ends the run with its words.
fn check_refusal(fault: Fault, words: &str) {
    let behaviour = Behaviour { healthy_requests: 60, then: Some(fault), ..Behaviour::default() };
    let mock = Mock::start(behaviour);
    let folder = folder();
    let teacher = "api_key_env = \"MOCK_KEY\"\nmax_in_flight = 4";
    campaign(folder.path(), mock.address(), 50, teacher, "[run]\nworkers = 1\nin_flight = 4");
    let key = "sk-very-secret-0123456789";
    let magnet = Magnet::new(folder.path()).env("MOCK_KEY", key);
    let ran = magnet.args("run campaign.toml --out out").run();
    assert!(ran.exit != 0 && ran.stderr.contains(words), "{fault:?}: {ran:?}");
    assert!(!ran.stderr.contains(key) && !ran.stdout.contains(key), "{fault:?}: {ran:?}");
    let stats = mock.stats();
    assert!(stats.requests <= 60 + 8, "{fault:?} went on: {stats:?}");
}

#[test]
fn a_refusal_for_good_ends_the_run_with_the_servers_words() {
    check_refusal(Fault::Unauthorized, "Incorrect API key provided: ***");
    check_refusal(Fault::Forbidden, "Your country is not supported");
    check_refusal(Fault::NoSuchModel, "The model does not exist");
    check_refusal(Fault::QuotaUsedUp, "You exceeded your current quota");
    check_refusal(Fault::SpendCap, "exceeded its spending cap");
    check_refusal(Fault::Redirect, "check base_url");
}

/// Nobody listens there: told at once, and given up after a while.
#[test]
fn an_endpoint_that_never_answers_is_named_and_ends_the_run() {
    let folder = folder();
    let url = format!("http://127.0.0.1:{}/v1", crate::services::free_port());
    let text = format!(
        "[campaign]\nsamples = 5\n\n[teacher.big]\nkind = \"openai\"\nmodel = \"mock\"\n\
         base_url = \"{url}\"\nconnect_patience = \"2s\"\n"
    );
    write(folder.path(), "campaign.toml", &text);
    let ran = run(folder.path()).expect(3);
    let who = format!("[teacher.big] at {url}");
    for told in ["has not answered yet: ", "has not answered once in 2s: ", "Connection refused"] {
        assert!(ran.stderr.contains(&who) && ran.stderr.contains(told), "{told}: {}", ran.stderr);
    }
    assert!(ran.stderr.contains("hint: see whether the server runs"), "{}", ran.stderr);
}

#[test]
fn a_budget_stops_hard_and_leaves_a_valid_smaller_dataset() {
    let mock = Mock::start(Behaviour::default());
    let folder = folder();
    let rest = "[run]\nworkers = 1\nin_flight = 8\n\n[fleet]\nshard_walks = 2\n\n[budget]\nmax_requests = 400";
    campaign(folder.path(), mock.address(), 500, "max_in_flight = 8", rest);
    let ran = run(folder.path()).expect(1);
    assert!(ran.stderr.contains("max_requests = 400 are made"), "{}", ran.stderr);
    let made = records(&folder.path().join("out/sft.jsonl")).len();
    assert!((1..500).contains(&made), "{made} samples");
    verify(folder.path());
    let stats = mock.stats();
    assert!((400..=408).contains(&stats.requests), "{stats:?}");
    // What was spent is remembered: the next run buys nothing.
    run(folder.path()).expect(1);
    assert_eq!(mock.stats().requests, stats.requests);
}

#[test]
fn an_endpoint_of_few_abilities_is_understood_after_a_few_refusals() {
    let expected = undisturbed(10);
    let dialect = Dialect {
        completion_tokens: true,
        no_json_schema: true,
        no_json_object: true,
        no_temperature: true,
        no_system_role: true,
        native_calls: true,
        reasoning: Reasoning::Think,
        usage: Usage::Untold,
        ..Dialect::default()
    };
    let mock = Mock::start(Behaviour { dialect, ..Behaviour::default() });
    let folder = folder();
    campaign(folder.path(), mock.address(), 10, "max_in_flight = 4", "");
    run(folder.path()).expect(0);
    verify(folder.path());
    let stats = mock.stats();
    assert!(stats.dialect <= 5 * 4, "{stats:?}");
    assert_eq!(stats.repeats, 0, "{stats:?}");
    let (sft, _) = dataset(folder.path());
    assert!(!sft.contains("<think>") && !sft.contains("The hint says"), "thoughts are stored");
    assert_eq!(sft.lines().count(), expected.0.lines().count());
}

#[test]
fn a_bad_model_yields_a_clean_if_smaller_dataset() {
    let mock = Mock::start(Behaviour { bad_answers: 0.3, ..Behaviour::default() });
    let folder = folder();
    campaign(folder.path(), mock.address(), 25, "", "");
    run(folder.path()).expect(0);
    verify(folder.path());
    let stats = mock.stats();
    assert!(stats.bad_answers.len() >= 8, "{stats:?}");
    let counts = &manifest(folder.path())["counts"];
    let reasons: BTreeMap<String, u64> =
        serde_json::from_value(counts["rejected_by_reason"].clone()).expect("counts by reason");
    assert_eq!(Some(reasons.values().sum::<u64>()), counts["rejected"].as_u64());
    let (sft, preference) = dataset(folder.path());
    for leak in ["[Hint]", "the hint says", "made_up_by_me", "super_"] {
        assert!(!sft.contains(leak) && !preference.contains(leak), "\"{leak}\" is stored");
    }
}

#[test]
fn a_told_limit_is_kept_and_used() {
    let limit = Limit { requests_per_minute: 3_000.0, ..Limit::default() };
    let behaviour = Behaviour { limit: Some(limit), latency_ms: 20, ..Behaviour::default() };
    let mock = Mock::start(behaviour);
    let folder = folder();
    campaign(folder.path(), mock.address(), 15, "requests_per_minute = 3000", "");
    run(folder.path()).expect(0);
    let stats = mock.stats();
    assert!(stats.rate_limited * 100 <= stats.requests, "{stats:?}");
    assert_eq!(stats.early, 0, "{stats:?}");
    let rate = stats.answered as f64 / stats.seconds;
    assert!(rate <= 52.0 + 50.0 / stats.seconds, "{rate} a second: {stats:?}");
}

#[test]
fn nobody_comes_back_before_the_servers_time() {
    for tell in
        [Tell::Seconds, Tell::Millis, Tell::HttpDate, Tell::Reset, Tell::Epoch, Tell::GeminiBody]
    {
        let limit =
            Limit { requests_per_minute: 6_000.0, burst_seconds: 0.1, tell, ..Limit::default() };
        let mock = Mock::start(Behaviour { limit: Some(limit), ..Behaviour::default() });
        let folder = folder();
        let rest = "[run]\nworkers = 1\nin_flight = 8\n\n[fleet]\nshard_walks = 4";
        campaign(folder.path(), mock.address(), 4, "", rest);
        run(folder.path()).expect(0);
        let stats = mock.stats();
        assert!(stats.rate_limited > 0, "{tell:?} was never told: {stats:?}");
        assert_eq!(stats.early, 0, "{tell:?}: {stats:?}");
    }
}
