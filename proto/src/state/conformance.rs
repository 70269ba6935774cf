//! What every state store must do, as a suite to run on an empty store.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::hands::{Hand, SILENCE};
use super::{
    Control, Deaths, Ending, Leaving, Lookup, RateLimit, Refusal, Spending, State, Taking,
    Whereabouts,
};
use crate::ids::Digest;
use crate::shard::Shard;
use crate::{CampaignDigest, WalkIndex};

/// Long enough for any backend's round trip.
const PATIENCE: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(150);

/// Runs the whole suite.
///
/// # Panics
/// At the first promise that is not kept.
pub async fn run(state: &dyn State) {
    the_lowest_walk_holds_a_claim(state).await;
    one_caller_computes_and_the_others_get_its_output(state).await;
    a_duty_that_is_over_is_anothers(state).await;
    a_duty_that_is_renewed_or_released_is_one_callers_at_a_time(state).await;
    a_paid_answer_is_kept_until_it_is_forgotten_or_old(state).await;
    a_limit_grants_its_rate_and_no_more(state).await;
    a_held_limit_grants_nothing_until_the_pause_is_over(state).await;
    spending_adds_up(state).await;
    a_refusal_is_kept_once(state).await;
    the_operators_wish_is_kept(state).await;
    why_a_campaign_ended_is_kept_until_it_goes_on(state).await;
    a_complaint_reaches_the_others(state).await;
    one_coordinator_leads_at_a_time(state).await;
    a_shard_is_in_one_hand_at_a_time(state).await;
    a_hand_that_falls_silent_has_died_of_its_shard(state).await;
    a_hand_that_moves_again_takes_its_death_back(state).await;
    a_shard_that_waits_is_known_and_anybodys(state).await;
    a_hand_that_had_come_further_died_of_something_else(state).await;
}

fn key(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

async fn the_lowest_walk_holds_a_claim(state: &dyn State) {
    for (walk, holder) in [(7, 7), (9, 7), (3, 3), (7, 3), (3, 3)] {
        let claimed = state.claim(key("claim"), WalkIndex(walk)).await.unwrap();
        assert_eq!(claimed, WalkIndex(holder), "claimed by {walk}");
    }
    assert_eq!(state.claim(key("another"), WalkIndex(9)).await.unwrap(), WalkIndex(9));
}

async fn one_caller_computes_and_the_others_get_its_output(state: &dyn State) {
    let output = Bytes::from_static(b"42");
    assert_eq!(state.output(key("output"), PATIENCE).await.unwrap(), Lookup::Compute);
    let waiting = async {
        let (one, other) = tokio::join!(
            state.output(key("output"), PATIENCE),
            state.output(key("output"), PATIENCE)
        );
        assert_eq!(one.unwrap(), Lookup::Hit(output.clone()));
        assert_eq!(other.unwrap(), Lookup::Hit(output.clone()));
    };
    let computing = async {
        tokio::time::sleep(SHORT).await;
        state.put_output(key("output"), output.clone()).await.unwrap();
    };
    tokio::join!(waiting, computing);
    assert_eq!(state.output(key("output"), SHORT).await.unwrap(), Lookup::Hit(output.clone()));
}

async fn a_duty_that_is_over_is_anothers(state: &dyn State) {
    let before = Instant::now();
    assert_eq!(state.output(key("lost"), SHORT).await.unwrap(), Lookup::Compute);
    assert_eq!(state.output(key("lost"), SHORT).await.unwrap(), Lookup::Compute);
    assert!(before.elapsed() >= SHORT);
}

async fn a_duty_that_is_renewed_or_released_is_one_callers_at_a_time(state: &dyn State) {
    let term = SHORT * 6;
    assert_eq!(state.output(key("slow"), term).await.unwrap(), Lookup::Compute);
    state.renew_output(key("slow"), PATIENCE).await.unwrap();
    let is_free = AtomicBool::new(false);
    let waiting = || async {
        let found = state.output(key("slow"), PATIENCE).await.unwrap();
        assert!(is_free.load(Ordering::Relaxed), "told to compute while another does");
        let is_due = found == Lookup::Compute;
        if is_due {
            state.put_output(key("slow"), Bytes::from_static(b"7")).await.unwrap();
        }
        u8::from(is_due)
    };
    let working = async {
        tokio::time::sleep(term + SHORT).await;
        is_free.store(true, Ordering::Relaxed);
        state.release_output(key("slow")).await.unwrap();
    };
    let (one, other, ()) = tokio::join!(waiting(), waiting(), working);
    assert_eq!(one + other, 1, "one takes it over, the other has its output");
    state.release_output(key("nobody's")).await.unwrap();
}

async fn a_paid_answer_is_kept_until_it_is_forgotten_or_old(state: &dyn State) {
    let answer = Bytes::from_static(b"answer");
    assert_eq!(state.memo(key("memo")).await.unwrap(), None);
    state.put_memo(key("memo"), answer.clone(), PATIENCE).await.unwrap();
    assert_eq!(state.memo(key("memo")).await.unwrap(), Some(answer.clone()));
    state.forget_memo(&[key("memo"), key("never kept")]).await.unwrap();
    assert_eq!(state.memo(key("memo")).await.unwrap(), None);
    state.put_memo(key("old"), answer, SHORT).await.unwrap();
    tokio::time::sleep(SHORT * 2).await;
    assert_eq!(state.memo(key("old")).await.unwrap(), None);
}

async fn a_limit_grants_its_rate_and_no_more(state: &dyn State) {
    let limit = RateLimit { name: "conformance/rate".into(), per_minute: 1_200 };
    let (before, mut granted) = (Instant::now(), 0);
    while before.elapsed() < Duration::from_secs(1) {
        let lease = state.lease(&limit, 5).await.unwrap();
        assert!(lease.granted <= 5 && lease.holders >= 1);
        granted += lease.granted;
        if lease.granted == 0 {
            assert!(lease.retry_after > Duration::ZERO);
            tokio::time::sleep(lease.retry_after.min(SHORT)).await;
        }
    }
    let fair = 20.0 * before.elapsed().as_secs_f64();
    let burst = 20.0;
    assert!(f64::from(granted) <= fair + burst + 1.0, "{granted} in {fair} and a burst of {burst}");
    assert!(f64::from(granted) >= fair * 0.5, "{granted} of {fair}");
}

async fn a_held_limit_grants_nothing_until_the_pause_is_over(state: &dyn State) {
    let limit = RateLimit { name: "conformance/held".into(), per_minute: 60_000 };
    state.hold(&limit, SHORT).await.unwrap();
    let lease = state.lease(&limit, 1).await.unwrap();
    assert_eq!(lease.granted, 0);
    assert!(lease.retry_after > Duration::ZERO && lease.retry_after <= SHORT);
    tokio::time::sleep(SHORT).await;
    assert_eq!(state.lease(&limit, 1).await.unwrap().granted, 1);
}

async fn spending_adds_up(state: &dyn State) {
    let spent = Spending {
        requests: 1,
        input_tokens: 100,
        output_tokens: 10,
        micro_usd: 7,
        cached_input_tokens: 60,
    };
    state.spend(spent).await.unwrap();
    let total = state.spend(spent).await.unwrap();
    assert_eq!((total.requests, total.input_tokens), (2, 200));
    assert_eq!((total.output_tokens, total.micro_usd), (20, 14));
    assert_eq!(total.cached_input_tokens, 120);
}

async fn a_refusal_is_kept_once(state: &dyn State) {
    assert_eq!(state.refusals().await.unwrap(), []);
    let refusal =
        |teacher: &str, words: &str| Refusal { teacher: teacher.into(), words: words.into() };
    let (first, other) = (refusal("big", "HTTP 400: 5 too many"), refusal("able", "HTTP 400: no"));
    for told in [&first, &refusal("big", "HTTP 400: 7 too many"), &other] {
        state.note_refusal(told).await.unwrap();
    }
    assert_eq!(state.refusals().await.unwrap(), [other, first]);
}

async fn the_operators_wish_is_kept(state: &dyn State) {
    assert_eq!(state.control().await.unwrap(), Control::Run);
    state.set_control(Control::Pause).await.unwrap();
    assert_eq!(state.control().await.unwrap(), Control::Pause);
    state.set_control(Control::Run).await.unwrap();
}

async fn why_a_campaign_ended_is_kept_until_it_goes_on(state: &dyn State) {
    let ending = Ending::Refused("HTTP 401: \"no such key\"".into());
    assert_eq!(state.ending().await.unwrap(), None);
    state.end(&ending).await.unwrap();
    assert_eq!(state.control().await.unwrap(), Control::Cancel);
    assert_eq!(state.ending().await.unwrap(), Some(ending.clone()));
    state.set_control(Control::Done).await.unwrap();
    assert_eq!(state.ending().await.unwrap(), Some(ending));
    state.set_control(Control::Run).await.unwrap();
    assert_eq!(state.ending().await.unwrap(), None);
}

async fn a_complaint_reaches_the_others(state: &dyn State) {
    assert_eq!(state.trouble().await.unwrap(), None);
    state.complain("\"BIG_KEY\" is not set here").await.unwrap();
    assert_eq!(state.trouble().await.unwrap().as_deref(), Some("\"BIG_KEY\" is not set here"));
}

async fn one_coordinator_leads_at_a_time(state: &dyn State) {
    assert!(state.lead("one", SHORT).await.unwrap());
    assert!(!state.lead("two", SHORT).await.unwrap());
    assert!(state.lead("one", SHORT).await.unwrap(), "the leader renews its lease");
    tokio::time::sleep(SHORT * 2).await;
    assert!(state.lead("two", SHORT).await.unwrap(), "a lease runs out");
    state.resign("one").await.unwrap();
    assert!(!state.lead("three", PATIENCE).await.unwrap(), "only who leads gives it back");
    assert!(state.lead("two", PATIENCE).await.unwrap());
    state.resign("two").await.unwrap();
    assert!(state.lead("three", PATIENCE).await.unwrap(), "nobody waits for what is given back");
}

fn shard(first: u64, len: u32, issue: u64) -> Shard {
    let campaign = CampaignDigest(key("conformance"));
    Shard { campaign, first: WalkIndex(first), len, attempt: 0, issue, spared: Vec::new() }
}

async fn take(state: &dyn State, shard: &Shard, is_alone: bool) -> (Hand, Deaths) {
    match state.take_shard(shard, is_alone).await.unwrap() {
        Taking::Yours(hand, deaths) => (hand, deaths),
        other => panic!("it is free: {other:?}"),
    }
}

async fn a_shard_is_in_one_hand_at_a_time(state: &dyn State) {
    let whole = shard(0, 16, 1);
    let (hand, deaths) = take(state, &whole, true).await;
    assert_eq!(deaths, Deaths::default());
    // Nor are any of its walks in another, whoever issued them.
    for overlapping in [whole.clone(), shard(0, 16, 2), shard(10, 6, 1), shard(15, 9, 3)] {
        let told = state.take_shard(&overlapping, true).await.unwrap();
        let Taking::Busy(within) = told else { panic!("{told:?}") };
        assert!(within > Duration::ZERO && within <= SILENCE, "{within:?}");
    }
    let (beside, _) = take(state, &shard(16, 16, 1), true).await;
    assert!(state.beat_shard(&whole, &hand, true).await.unwrap());
    state.leave_shard(&whole, &hand, Leaving::Done).await.unwrap();
    assert_eq!(state.take_shard(&whole, true).await.unwrap(), Taking::Done);
    assert!(!state.beat_shard(&whole, &hand, true).await.unwrap(), "it is done");
    // Another issue of it has its own fate.
    let again = shard(0, 16, 2);
    let (hand, _) = take(state, &again, true).await;
    state.leave_shard(&again, &hand, Leaving::Back(PATIENCE)).await.unwrap();
    let mut known = state.whereabouts().await.unwrap();
    known.sort_by_key(|shard| shard.walks.start);
    let at = |walks, issue, is_worked| Whereabouts { walks, issue, is_worked };
    assert_eq!(known, [at(0..16, 2, false), at(16..32, 1, true)]);
    let (hand, deaths) = take(state, &again, true).await;
    assert_eq!(deaths, Deaths::default(), "it was handed back");
    for (shard, hand) in [(&again, &hand), (&shard(16, 16, 1), &beside)] {
        state.leave_shard(shard, hand, Leaving::GivenUp).await.unwrap();
    }
    assert_eq!(state.whereabouts().await.unwrap(), []);
}

async fn a_hand_that_falls_silent_has_died_of_its_shard(state: &dyn State) {
    let shard = shard(100, 16, 1);
    for (is_alone, all, alone) in [(true, 0, 0), (false, 1, 1), (true, 2, 1)] {
        let (_, deaths) = take(state, &shard, is_alone).await;
        assert_eq!(deaths, Deaths { all, alone });
        tokio::time::sleep(SILENCE + SHORT).await;
    }
    let (hand, deaths) = take(state, &shard, true).await;
    assert_eq!(deaths, Deaths { all: 3, alone: 2 });
    state.leave_shard(&shard, &hand, Leaving::GivenUp).await.unwrap();
    let (hand, deaths) = take(state, &shard, true).await;
    assert_eq!(deaths, Deaths::default(), "who gives it up forgets");
    state.leave_shard(&shard, &hand, Leaving::Done).await.unwrap();
}

async fn a_hand_that_moves_again_takes_its_death_back(state: &dyn State) {
    let shard = shard(200, 16, 1);
    let (slow, _) = take(state, &shard, true).await;
    tokio::time::sleep(SILENCE + SHORT).await;
    let (quick, deaths) = take(state, &shard, false).await;
    assert_eq!(deaths, Deaths { all: 1, alone: 1 });
    assert!(!state.beat_shard(&shard, &slow, true).await.unwrap(), "it is another's");
    state.leave_shard(&shard, &slow, Leaving::GivenUp).await.unwrap();
    assert!(state.beat_shard(&shard, &quick, false).await.unwrap());
    state.leave_shard(&shard, &quick, Leaving::Back(SHORT)).await.unwrap();
    let (hand, deaths) = take(state, &shard, true).await;
    assert_eq!(deaths, Deaths::default(), "nobody has died");
    state.leave_shard(&shard, &hand, Leaving::Done).await.unwrap();
}

async fn a_shard_that_waits_is_known_and_anybodys(state: &dyn State) {
    let shard = shard(400, 16, 1);
    let known = async || state.whereabouts().await.unwrap();
    let at = |is_worked| [Whereabouts { walks: 400..416, issue: 1, is_worked }];
    state.expect_shard(&shard, PATIENCE).await.unwrap();
    state.expect_shard(&shard, SHORT).await.unwrap();
    tokio::time::sleep(SHORT * 2).await;
    assert_eq!(known().await, at(false), "it was to be so for longer");
    let (hand, _) = take(state, &shard, true).await;
    state.expect_shard(&shard, SHORT).await.unwrap();
    assert_eq!(known().await, at(true), "who has it has it still");
    tokio::time::sleep(SILENCE + SHORT).await;
    state.expect_shard(&shard, SHORT).await.unwrap();
    assert_eq!(known().await, at(false));
    let (again, deaths) = take(state, &shard, true).await;
    assert_eq!(deaths, Deaths { all: 1, alone: 1 }, "its hand had died meanwhile");
    assert!(!state.beat_shard(&shard, &hand, true).await.unwrap());
    state.leave_shard(&shard, &again, Leaving::Done).await.unwrap();
    state.expect_shard(&shard, PATIENCE).await.unwrap();
    assert_eq!(known().await, [], "it is done");
}

async fn a_hand_that_had_come_further_died_of_something_else(state: &dyn State) {
    let shard = shard(300, 16, 1);
    for (is_alone, all) in [(true, 0), (false, 0)] {
        let (hand, deaths) = take(state, &shard, is_alone).await;
        assert_eq!(deaths.all, all);
        let answer = Bytes::from_static(b"another answer");
        state.put_memo(key("further"), answer, PATIENCE).await.unwrap();
        assert!(state.beat_shard(&shard, &hand, is_alone).await.unwrap());
        tokio::time::sleep(SILENCE + SHORT).await;
    }
    // Who had others in hand may have come further with those.
    let (hand, deaths) = take(state, &shard, true).await;
    assert_eq!(deaths, Deaths { all: 1, alone: 0 });
    state.leave_shard(&shard, &hand, Leaving::Done).await.unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::embedded::EmbeddedState;

    #[tokio::test]
    async fn embedded_conforms() {
        run(&EmbeddedState::new()).await;
    }
}
