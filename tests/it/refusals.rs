//! Endpoints that answer, but refuse: what is learned from it, what is tried
//! again, what ends a campaign; and those that tell odd counts of tokens.

use std::path::Path;

use crate::harness::{Magnet, Ran, folder, records, write};
use crate::mock::{Behaviour, Dialect, Fault, Mock, Stats, Usage, Wording};
use crate::server::{Server, campaign_file};
use crate::services::{rabbitmq, redis};
use crate::teacher::{campaign, dataset, manifest, run, undisturbed, verify};

/// Requests at once in these campaigns.
const AT_ONCE: u64 = 4;
const SAMPLES: u32 = 6;

fn asked(folder: &Path, mock: &Mock, rest: &str) -> Ran {
    let rest = format!("[run]\nworkers = 1\nin_flight = 8\n\n{rest}");
    campaign(folder, mock.address(), SAMPLES, &format!("max_in_flight = {AT_ONCE}"), &rest);
    run(folder)
}

/// All samples come from a mock of that dialect, after so many refusals of
/// each request that was under way at first.
fn learned(dialect: Dialect, refusals: u64) -> (String, String) {
    let mock = Mock::start(Behaviour { dialect: dialect.clone(), ..Behaviour::default() });
    let folder = folder();
    let ran = asked(folder.path(), &mock, "").expect(0);
    verify(folder.path());
    let stats = mock.stats();
    let some = 1..=refusals * AT_ONCE;
    assert!(some.contains(&stats.dialect), "{dialect:?}: {stats:?}");
    assert!(ran.stderr.matches("a teacher refuses a request").count() as u64 <= refusals);
    assert_eq!(records(&folder.path().join("out/sft.jsonl")).len(), SAMPLES as usize);
    dataset(folder.path())
}

#[test]
fn a_part_refused_in_any_wording_is_left_out_from_then_on() {
    for wording in [Wording::Sentence, Wording::Validator] {
        let seed = Dialect { no_seed: true, wording, ..Dialect::default() };
        learned(seed, 1);
        let all = Dialect {
            completion_tokens: true,
            no_json_schema: true,
            no_json_object: true,
            no_temperature: true,
            no_seed: true,
            no_system_role: true,
            wording,
            ..Dialect::default()
        };
        learned(all, 6);
    }
}

#[test]
fn the_longest_answer_an_endpoint_gives_is_learned() {
    let expected = undisturbed(SAMPLES);
    for wording in [Wording::Sentence, Wording::Validator] {
        let dialect = Dialect { max_output_tokens: 700, wording, ..Dialect::default() };
        assert!(learned(dialect, 1) == expected, "{wording:?}: another dataset");
    }
}

#[test]
fn a_system_role_refused_in_whatever_words_is_folded_into_the_users_message() {
    for words in [
        "Developer instruction is not enabled for this model",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "The first message must come from a person.",
    ] {
        let system_words = words.to_owned();
        learned(Dialect { no_system_role: true, system_words, ..Dialect::default() }, 1);
    }
}

/// A campaign that meets the fault now and then, and reaches its samples.
fn now_and_then(fault: Fault, share: f64) -> (Stats, (String, String)) {
    let behaviour = Behaviour { faults: [(fault, share)].into(), ..Behaviour::default() };
    let mock = Mock::start(behaviour);
    let folder = folder();
    asked(folder.path(), &mock, "").expect(0);
    verify(folder.path());
    let stats = mock.stats();
    assert!(stats.faults.values().sum::<u64>() > 2, "{fault:?}: {stats:?}");
    (stats, dataset(folder.path()))
}

#[test]
fn an_answer_that_the_server_finds_to_be_no_json_is_asked_for_again() {
    let (stats, (sft, _)) = now_and_then(Fault::NoJson, 0.05);
    assert_eq!(stats.dialect, 0, "nothing is to be learned: {stats:?}");
    assert_eq!(sft.lines().count(), SAMPLES as usize);
}

#[test]
fn a_servers_trouble_is_not_taken_for_a_refusal_by_its_words() {
    let expected = undisturbed(SAMPLES);
    for fault in [Fault::StyledPage, Fault::Device] {
        let (_, made) = now_and_then(fault, 0.05);
        assert!(made == expected, "{fault:?}: another dataset");
    }
}

#[test]
fn an_endpoint_that_refuses_whatever_it_is_asked_ends_the_run_with_its_words() {
    for healthy_requests in [0, 30] {
        let then = Some(Fault::Strange);
        let mock = Mock::start(Behaviour { healthy_requests, then, ..Behaviour::default() });
        let folder = folder();
        let ran = asked(folder.path(), &mock, "").expect(3);
        let stats = mock.stats();
        // One more is asked without the system role, while nothing was answered.
        let most = healthy_requests + 2 * (20 + AT_ONCE);
        assert!(stats.requests <= most, "it went on: {stats:?}");
        let logged = ran.stderr.lines().filter(|line| line.contains("a teacher refuses a request"));
        assert_eq!(logged.count(), 1, "{}", ran.stderr);
        let error = ran.stderr.split_once("error: ").map(|(_, error)| error).unwrap_or_default();
        assert!(error.contains("The moon is in the wrong house."), "{}", ran.stderr);
    }
}

#[test]
fn a_refusal_stands_once_in_the_status_and_in_what_the_page_reads() {
    let dialect = Dialect { no_seed: true, ..Dialect::default() };
    let mock = Mock::start(Behaviour { dialect, latency_ms: 20, ..Behaviour::default() });
    let folder = folder();
    let (queue, state) = (rabbitmq::shared().new_vhost(), redis::shared().new_database());
    let file = campaign_file(folder.path(), &queue, &state, 100_000);
    let fleet = crate::harness::read(&folder.path().join(&file));
    let url = mock.base_url();
    let teacher =
        format!("[teacher.mock]\nkind = \"openai\"\nbase_url = \"{url}\"\nmodel = \"mock\"\n");
    write(folder.path(), &file, &(fleet + &teacher));
    let coordinator = Server::start(folder.path(), &format!("coordinator {file}"));
    let _worker = Server::start(folder.path(), &format!("worker {file}"));
    let words = "HTTP 400: Unrecognized request argument supplied: seed";
    let told = coordinator.until("/api/v1/campaign", |body| body.contains(words));
    assert_eq!(told.matches(words).count(), 1, "{told}");
    let status = Magnet::new(folder.path()).args(&format!("status {file}")).run().expect(0);
    let lines = status.stdout.lines().filter(|line| line.starts_with("refused ")).count();
    assert!(lines == 1 && status.stdout.contains(words), "{}", status.stdout);
}

#[test]
fn a_budget_holds_whatever_an_endpoint_tells_of_tokens() {
    const MOST: u64 = 150_000;
    for usage in [Usage::Untold, Usage::Zeros, Usage::Fractions, Usage::Anthropic, Usage::Hidden] {
        let dialect = Dialect { usage, cached: 0.5, ..Dialect::default() };
        let mock = Mock::start(Behaviour { dialect, ..Behaviour::default() });
        let folder = folder();
        let rest = format!("[fleet]\nshard_walks = 2\n\n[budget]\nmax_tokens = {MOST}");
        let more = "--set campaign.samples=500 --set campaign.max_walks=10000";
        let rest = format!("[run]\nworkers = 1\nin_flight = 8\n\n{rest}");
        let teacher = format!("max_in_flight = {AT_ONCE}");
        campaign(folder.path(), mock.address(), SAMPLES, &teacher, &rest);
        let command = format!("run campaign.toml --out out {more}");
        let ran = Magnet::new(folder.path()).args(&command).run().expect(1);
        assert!(ran.stderr.contains("max_tokens"), "{usage:?}: {}", ran.stderr);
        let stats = mock.stats();
        let used = stats.input_tokens + stats.output_tokens;
        // What was in flight may come in above it.
        let each = used / stats.answered.max(1);
        assert!(used <= MOST + 3 * AT_ONCE * each, "{usage:?}: {used} tokens, {stats:?}");
        assert!(used * 2 > MOST, "{usage:?} ends it early: {used} tokens, {stats:?}");
    }
}

#[test]
fn what_a_server_had_in_its_cache_has_a_price_of_its_own() {
    for usage in [Usage::Told, Usage::Anthropic] {
        let dialect = Dialect { usage, cached: 0.5, ..Dialect::default() };
        let mock = Mock::start(Behaviour { dialect, ..Behaviour::default() });
        let folder = folder();
        let prices = "usd_per_million_input_tokens = 1.0\n\
                      usd_per_million_cached_input_tokens = 0.1";
        campaign(folder.path(), mock.address(), SAMPLES, prices, "");
        run(folder.path()).expect(0);
        let manifest = manifest(folder.path());
        let spent = |key: &str| manifest["counts"]["spent"][key].as_f64().unwrap_or_default();
        let (input, cached) = (spent("input_tokens"), spent("cached_input_tokens"));
        let half = cached / input;
        assert!((0.49..=0.5).contains(&half), "{usage:?}: {cached} of {input} cached");
        let price = (input - cached) + cached * 0.1;
        let off = spent("micro_usd") / price;
        assert!((0.99..=1.01).contains(&off), "{usage:?}: {off} of the price");
    }
}

#[test]
fn a_plan_tells_what_a_cache_saves() {
    let mock = Mock::start(Behaviour::default());
    let planned = |cached_price: &str| {
        let folder = folder();
        let prices = format!("usd_per_million_input_tokens = 10.0\n{cached_price}");
        campaign(folder.path(), mock.address(), 1_000, &prices, "");
        let plan = Magnet::new(folder.path()).args("plan campaign.toml").run().expect(0).stdout;
        let number = |label: &str, mark: &str| {
            let line = plan.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_default();
            let word = line.trim().trim_start_matches(mark).split(' ').next().unwrap_or_default();
            word.parse::<f64>().unwrap_or_else(|_| panic!("{label} in {plan}"))
        };
        (number("cached ", ""), number("money ", "$"))
    };
    let (cached, full) = planned("");
    let (_, less) = planned("usd_per_million_cached_input_tokens = 1.0");
    let saved = full - less;
    let expected = cached * 9.0 / 1e6;
    assert!(cached > 0.0 && (saved - expected).abs() < 0.02, "{saved} saved, {expected} expected");
}

#[test]
fn a_model_that_gives_the_same_bad_answer_again_is_sampled_in_another_way() {
    let behaviour = Behaviour { bad_answers: 0.1, stubborn: true, ..Behaviour::default() };
    let mock = Mock::start(behaviour);
    let folder = folder();
    campaign(folder.path(), mock.address(), 30, "", "");
    run(folder.path()).expect(0);
    let counts = &manifest(folder.path())["counts"];
    let count = |key: &str| counts[key].as_u64().unwrap_or_default();
    let (accepted, rejected) = (count("accepted"), count("rejected"));
    // Of a walk's dozen asks each may be answered badly twice.
    assert!(accepted > rejected, "{counts}");
}
