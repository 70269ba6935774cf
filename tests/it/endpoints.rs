//! Endpoints that are away, flood, overflow or limit tokens, and what becomes
//! of the campaign.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::harness::{Magnet, Ran, folder, records, write};
use crate::mock::{Address, Behaviour, Fault, Limit, Mock};
use crate::teacher::{campaign, dataset, manifest, run, undisturbed, verify};

/// A campaign whose endpoint has a stand-in.
fn with_stand_in(folder: &Path, first: Address, second: Address) -> Ran {
    let (first, second) = (first.base_url(), second.base_url());
    let text = format!(
        "[campaign]\nsamples = 12\nseed = 11\n\n[roles]\nteacher = \"mock\"\n\n\
         [teacher.mock]\nkind = \"openai\"\nbase_url = \"{first}\"\nmodel = \"mock\"\n\
         max_in_flight = 16\ntimeout = \"1s\"\nfailover = \"spare\"\n\n\
         [teacher.spare]\nkind = \"openai\"\nbase_url = \"{second}\"\nmodel = \"mock\"\n"
    );
    write(folder, "campaign.toml", &text);
    run(folder)
}

/// The dataset of the same campaign with two healthy endpoints.
fn healthy() -> (String, String) {
    let (first, second) = (Mock::start(Behaviour::default()), Mock::start(Behaviour::default()));
    let folder = folder();
    with_stand_in(folder.path(), first.address(), second.address()).expect(0);
    assert_eq!(second.stats().requests, 0, "a healthy endpoint needs no stand-in");
    dataset(folder.path())
}

fn check_stand_in(expected: &(String, String), first: Address, what: &str) -> Ran {
    let second = Mock::start(Behaviour::default());
    let folder = folder();
    let since = Instant::now();
    let ran = with_stand_in(folder.path(), first, second.address()).expect(0);
    let stats = second.stats();
    assert!(dataset(folder.path()) == *expected, "{what}: another dataset, {stats:?}");
    assert!(stats.answered > 0 && stats.repeats == 0, "{what}: {stats:?}");
    assert!(since.elapsed() < Duration::from_secs(120), "{what} took {:?}", since.elapsed());
    ran
}

#[test]
fn a_stand_in_serves_while_an_endpoint_cannot() {
    let expected = healthy();
    check_stand_in(&expected, Address { port: 9 }, "nobody listens");
    for fault in [Fault::ServerError, Fault::Hang, Fault::Trickle, Fault::Flood, Fault::Html] {
        let behaviour =
            Behaviour { healthy_requests: 100, then: Some(fault), ..Behaviour::default() };
        let first = Mock::start(behaviour);
        check_stand_in(&expected, first.address(), &format!("{fault:?}"));
        assert!(first.stats().answered > 50, "{fault:?}: {:?}", first.stats());
    }
}

#[test]
fn an_endpoint_that_refuses_for_good_is_left_to_its_stand_in() {
    let expected = healthy();
    for fault in [Fault::Unauthorized, Fault::QuotaUsedUp, Fault::SpendCap, Fault::NoSuchModel] {
        let behaviour =
            Behaviour { healthy_requests: 100, then: Some(fault), ..Behaviour::default() };
        let first = Mock::start(behaviour);
        let ran = check_stand_in(&expected, first.address(), &format!("{fault:?}"));
        assert!(ran.stderr.contains("refuses for good"), "{fault:?}: {}", ran.stderr);
        // Those that were in flight when the first refusal came.
        let stats = first.stats();
        assert!(stats.requests <= 100 + 2 * 16, "{fault:?} is asked on: {stats:?}");
    }
}

#[test]
fn two_endpoints_that_refuse_for_good_end_the_run_with_the_words_of_both() {
    let refusing = |fault| Mock::start(Behaviour { then: Some(fault), ..Behaviour::default() });
    let (first, second) = (refusing(Fault::QuotaUsedUp), refusing(Fault::NoSuchModel));
    let folder = folder();
    let ran = with_stand_in(folder.path(), first.address(), second.address());
    assert!(ran.exit != 0, "{ran:?}");
    for words in ["exceeded your current quota", "[teacher.spare]", "model does not exist"] {
        assert!(ran.stderr.contains(words), "{words}: {ran:?}");
    }
}

#[test]
fn endless_and_oversized_answers_cost_time_and_little_memory() {
    let expected = undisturbed(30);
    let faults = [(Fault::Huge, 0.1), (Fault::Flood, 0.1), (Fault::Trickle, 0.05)];
    let mock = Mock::start(Behaviour { faults: faults.into(), ..Behaviour::default() });
    let folder = folder();
    campaign(folder.path(), mock.address(), 30, "timeout = \"1s\"", "");
    let mut child = Magnet::new(folder.path()).args("run campaign.toml --out out").start();
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is ours") {
            break status;
        }
        peak = peak.max(memory_mib(child.id()));
        std::thread::sleep(Duration::from_millis(20));
    };
    let stats = mock.stats();
    assert!(status.success() && stats.faults.len() == 3, "{status}: {stats:?}");
    assert!(dataset(folder.path()) == expected, "another dataset, with {stats:?}");
    // 64 at once, each of at most 2 MiB, would be 128.
    assert!((1..160).contains(&peak), "{peak} MiB at most, with {stats:?}");
}

/// Memory of a process that is its own, its program aside; 0 once it has ended.
fn memory_mib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1_024
}

/// A campaign with a model of so short a context.
fn with_context(tokens: u64) -> (tempfile::TempDir, Mock) {
    let mock = Mock::start(Behaviour { context_tokens: tokens, ..Behaviour::default() });
    let folder = folder();
    campaign(folder.path(), mock.address(), 12, "max_output_tokens = 512", "");
    (folder, mock)
}

#[test]
fn a_prompt_that_does_not_fit_is_put_more_briefly() {
    let (folder, mock) = with_context(2_500);
    run(folder.path()).expect(0);
    verify(folder.path());
    let stats = mock.stats();
    assert!(stats.too_long > 10 && stats.dialect == 0, "{stats:?}");
    assert_eq!(records(&folder.path().join("out/sft.jsonl")).len(), 12);
    let (again, _other) = with_context(2_500);
    run(again.path()).expect(0);
    assert!(dataset(again.path()) == dataset(folder.path()), "the same context, other data");
}

#[test]
fn a_walk_whose_prompts_never_fit_is_rejected_with_that_reason() {
    let (folder, mock) = with_context(2_300);
    let ran = Magnet::new(folder.path())
        .args("run campaign.toml --out out --set campaign.max_walks=60")
        .run();
    assert!([0, 1].contains(&ran.exit), "{ran:?}");
    let rejected = &manifest(folder.path())["counts"]["rejected_by_reason"];
    let walks = rejected["prompt_too_long"].as_u64().unwrap_or_default();
    assert!(walks > 0, "{rejected}, {:?}", mock.stats());
    assert!(mock.stats().too_long >= walks, "{:?}", mock.stats());
}

#[test]
fn a_told_limit_of_tokens_is_kept_and_used() {
    let limit = Limit { tokens_per_minute: 3_000_000.0, ..Limit::default() };
    let behaviour = Behaviour { limit: Some(limit), latency_ms: 20, ..Behaviour::default() };
    let mock = Mock::start(behaviour);
    let folder = folder();
    let told = "tokens_per_minute = 3000000\nrequests_per_minute = 1000000";
    campaign(folder.path(), mock.address(), 8, told, "");
    run(folder.path()).expect(0);
    let stats = mock.stats();
    assert!(stats.rate_limited * 100 <= stats.requests, "{stats:?}");
    let used = (stats.input_tokens + stats.output_tokens) as f64 / stats.seconds / 50_000.0;
    assert!(used <= 1.0 + 1.0 / stats.seconds, "{used} of the permitted: {stats:?}");
    assert!(used >= 0.8, "{used} of the permitted: {stats:?}");
}
