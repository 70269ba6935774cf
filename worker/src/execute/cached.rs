//! Pure calls, made once for the whole fleet.
//!
//! ```text
//! call ─► pure? ─► in the cache, or being made? ─► executor ─► cache
//! ```
//!
//! A function is pure if its output depends on nothing but its arguments and,
//! where the executor can tell it, the state it is in; whether one is, the
//! campaign says. An output is kept under the executor, the function, the
//! canonical arguments and that state, and is made by one worker at a time. A
//! call that turned out to have no usable output has none for anybody.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::Digest;
use magnet_proto::library::Function;
use magnet_proto::sample::Call;
use magnet_proto::state::State;
use serde::{Deserialize, Serialize};

use super::once::{self, Duty, Found};
use super::over::{Over, over};
use super::planned::call_key;
use super::{Error, Executor, Nature, Output, Plan, Session, Start};

/// An executor whose pure calls are made once.
pub struct Cached {
    shelf: Arc<Shelf>,
}

/// What is kept of a call.
#[derive(Serialize, Deserialize)]
enum Kept {
    Output {
        content: String,
        is_error: bool,
    },
    /// There is no output, and why.
    Unusable(String),
}

struct Shelf {
    executor: Arc<dyn Executor>,
    cache: Arc<dyn State>,
    /// Names of functions.
    pure: BTreeSet<String>,
}

impl Cached {
    /// `pure` names the functions that are.
    pub fn new(executor: Arc<dyn Executor>, cache: Arc<dyn State>, pure: BTreeSet<String>) -> Self {
        Self { shelf: Arc::new(Shelf { executor, cache, pure }) }
    }
}

#[async_trait]
impl Executor for Cached {
    fn name(&self) -> &str {
        self.shelf.executor.name()
    }

    fn nature(&self, function: &Function) -> Nature {
        self.shelf.executor.nature(function)
    }

    fn volatile(&self, function: &Function) -> Vec<String> {
        self.shelf.executor.volatile(function)
    }

    async fn open(&self, start: &Start<'_>) -> Result<Box<dyn Session>, Error> {
        let session = self.shelf.executor.open(start).await?;
        Ok(over(session, Sparing { shelf: Arc::clone(&self.shelf), was_pure: false }))
    }
}

struct Sparing {
    shelf: Arc<Shelf>,
    /// The last call changed nothing, whoever made it.
    was_pure: bool,
}

#[async_trait]
impl Over for Sparing {
    async fn call(
        &mut self,
        session: &mut dyn Session,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Result<Output, Error> {
        self.was_pure = self.shelf.pure.contains(&function.name);
        if !self.was_pure {
            return session.call(function, call, plan).await;
        }
        let state = session.digest().await?;
        let key = self.shelf.key(function, call, plan, state);
        let duty = match self.shelf.find(key).await {
            Err(duty) => duty,
            Ok(kept) => {
                let output = kept.again()?;
                session.saw(function, call, &output);
                return Ok(output);
            }
        };
        let output = duty.hold(session.call(function, call, plan)).await;
        if let Some(kept) = Kept::of(&output).and_then(|kept| serde_json::to_vec(&kept).ok()) {
            duty.done(kept).await;
        }
        output
    }

    fn refusals_are_clean(&self, session: &dyn Session) -> bool {
        self.was_pure || session.refusals_are_clean()
    }

    async fn restart(&mut self, session: &mut dyn Session) -> Result<bool, Error> {
        self.was_pure = false;
        session.restart().await
    }
}

impl Shelf {
    fn key(&self, function: &Function, call: &Call, plan: &Plan, state: Option<Digest>) -> Digest {
        let call = call_key(function, &call.arguments).to_string();
        let state = state.map(|digest| digest.to_string()).unwrap_or_default();
        // Only what makes outputs up makes them bulky on demand.
        let is_made_up = self.executor.nature(function) != Nature::Real;
        let bulky = (plan.bulky && is_made_up).to_string();
        let fields = ["pure", self.executor.name(), &call, &state, &bulky];
        Digest::of_fields(fields.map(str::as_bytes))
    }

    /// What is kept of a call, or the duty to make it.
    async fn find(&self, key: Digest) -> Result<Kept, Duty> {
        match once::find(&self.cache, key).await {
            Found::Due(duty) => Err(duty),
            // One that is damaged is made again.
            Found::Kept(bytes) => {
                serde_json::from_slice(&bytes).map_err(|_| Duty::anew(&self.cache, key))
            }
        }
    }
}

impl Kept {
    /// Nothing where another try may come out otherwise.
    fn of(output: &Result<Output, Error>) -> Option<Self> {
        match output {
            Ok(Output { content, is_error, .. }) => {
                Some(Self::Output { content: content.clone(), is_error: *is_error })
            }
            Err(Error::Unusable(why)) => Some(Self::Unusable(why.clone())),
            Err(_) => None,
        }
    }

    fn again(self) -> Result<Output, Error> {
        match self {
            Self::Output { content, is_error } => Ok(Output::restored(content, is_error)),
            Self::Unusable(why) => Err(Error::Unusable(why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use magnet_proto::library::Document;
    use magnet_proto::sample::Arguments;
    use magnet_proto::state::embedded::EmbeddedState;
    use magnet_proto::{FunctionId, WalkIndex};
    use serde_json::{Value, json};

    use super::*;

    /// Counts what it is asked and what it is told of.
    #[derive(Clone, Default)]
    struct Counting {
        calls: Arc<Mutex<Vec<String>>>,
        seen: Arc<Mutex<usize>>,
        state: Option<Digest>,
        /// How long it takes for a call.
        takes: Duration,
        /// So many calls find it away.
        away: Arc<AtomicUsize>,
    }

    #[async_trait]
    impl Executor for Counting {
        fn name(&self) -> &str {
            "counting"
        }

        fn nature(&self, _: &Function) -> Nature {
            Nature::Real
        }

        async fn open(&self, _: &Start<'_>) -> Result<Box<dyn Session>, Error> {
            Ok(Box::new(self.clone()))
        }
    }

    #[async_trait]
    impl Session for Counting {
        fn initial_config(&self) -> Option<Value> {
            None
        }

        async fn call(
            &mut self,
            function: &Function,
            call: &Call,
            _: &Plan,
        ) -> Result<Output, Error> {
            // Others get the chance to ask meanwhile.
            tokio::task::yield_now().await;
            let told = json!([function.name, call.arguments]).to_string();
            self.calls.lock().unwrap().push(told);
            tokio::time::sleep(self.takes).await;
            let less = |left: usize| left.checked_sub(1);
            if self.away.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
                return Err(Error::Transient("away".into()));
            }
            if call.arguments.get("amount") == Some(&json!(666)) {
                return Err(Error::Unusable("it breaks over this".into()));
            }
            match call.arguments.get("amount").is_some_and(|amount| amount == &json!(0)) {
                true => Ok(Output::refused("nothing to convert")),
                false => Ok(Output::of(json!({"sum": call.arguments["amount"]}))),
            }
        }

        fn saw(&mut self, _: &Function, _: &Call, _: &Output) {
            *self.seen.lock().unwrap() += 1;
        }

        async fn digest(&mut self) -> Result<Option<Digest>, Error> {
            Ok(self.state)
        }
    }

    fn function(name: &str) -> Function {
        Function::from(Document {
            name: name.into(),
            description: String::new(),
            category: "money".into(),
            class: "misc".into(),
            parameters: json!({"type": "object", "properties": {"amount": {"type": "integer"}}}),
            response: None,
        })
    }

    async fn call(cached: &Cached, name: &str, amount: u64) -> Output {
        planned(cached, name, amount, &Plan::default()).await
    }

    /// A call of "convert" that may have no output.
    async fn tried(cached: &Cached, amount: u64) -> Result<Output, Error> {
        let mut session = cached.open(&START).await.unwrap();
        session.call(&function("convert"), &of(amount), &Plan::default()).await
    }

    const START: Start<'_> =
        Start { seed: 1, walk: WalkIndex(0), functions: &[], initial_config: None };

    fn of(amount: u64) -> Call {
        let arguments: Arguments = json!({"amount": amount}).as_object().unwrap().clone();
        Call { id: "1".into(), function: FunctionId(0), arguments }
    }

    async fn planned(cached: &Cached, name: &str, amount: u64, plan: &Plan) -> Output {
        let mut session = cached.open(&START).await.unwrap();
        let call = of(amount);
        let output = session.call(&function(name), &call, plan).await.unwrap();
        assert!(name != "convert" || session.refusals_are_clean(), "a pure call changes nothing");
        output
    }

    fn cached(executor: &Counting, cache: &Arc<EmbeddedState>) -> Cached {
        let pure = BTreeSet::from(["convert".to_owned()]);
        Cached::new(Arc::new(executor.clone()), Arc::clone(cache) as Arc<dyn State>, pure)
    }

    #[tokio::test]
    async fn a_pure_call_is_made_once_by_all_workers_and_another_each_time() {
        let (executor, cache) = (Counting::default(), Arc::new(EmbeddedState::new()));
        let workers: Vec<Cached> = (0..4).map(|_| cached(&executor, &cache)).collect();
        let calls = workers.iter().flat_map(|worker| {
            (0..3).map(move |amount| async move {
                call(worker, "pay", amount).await;
                call(worker, "convert", amount).await
            })
        });
        let outputs = futures::future::join_all(calls).await;
        let refused = outputs.iter().filter(|output| output.is_error).count();
        assert_eq!(refused, 4, "a refusal is an output, too");
        let made = executor.calls.lock().unwrap();
        let of = |name: &str| made.iter().filter(|call| call.contains(name)).count();
        assert_eq!((of("convert"), of("pay")), (3, 12));
        assert_eq!(*executor.seen.lock().unwrap(), 9, "the others are told");
    }

    #[tokio::test]
    async fn a_call_that_is_to_be_bulky_is_the_same_to_whom_makes_nothing_up() {
        let (executor, cache) = (Counting::default(), Arc::new(EmbeddedState::new()));
        let cached = cached(&executor, &cache);
        call(&cached, "convert", 5).await;
        planned(&cached, "convert", 5, &Plan { bulky: true, ..Plan::default() }).await;
        assert_eq!(executor.calls.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn however_slow_it_is_a_pure_call_is_made_once() {
        let cache = Arc::new(EmbeddedState::new());
        let executor = Counting { takes: Duration::from_secs(600), ..Counting::default() };
        let workers: Vec<Cached> = (0..4).map(|_| cached(&executor, &cache)).collect();
        futures::future::join_all(workers.iter().map(|worker| call(worker, "convert", 5))).await;
        assert_eq!(executor.calls.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_finds_it_away_is_the_next_ones_to_make_and_one_ones_at_a_time() {
        let cache = Arc::new(EmbeddedState::new());
        let takes = Duration::from_secs(1);
        let executor = Counting { takes, away: Arc::new(1.into()), ..Counting::default() };
        let workers: Vec<Cached> = (0..4).map(|_| cached(&executor, &cache)).collect();
        let tried = || futures::future::join_all(workers.iter().map(|worker| tried(worker, 5)));
        let outputs = tried().await;
        assert_eq!(outputs.iter().filter(|output| output.is_ok()).count(), 3);
        assert!(tried().await.iter().all(Result::is_ok), "nothing of it is kept");
        assert_eq!(executor.calls.lock().unwrap().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_is_dropped_hands_its_call_on() {
        let cache = Arc::new(EmbeddedState::new());
        let executor = Counting { takes: Duration::from_secs(10), ..Counting::default() };
        let cached = cached(&executor, &cache);
        let begun = tokio::time::Instant::now();
        tokio::time::timeout(Duration::from_secs(1), call(&cached, "convert", 5))
            .await
            .unwrap_err();
        call(&cached, "convert", 5).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(11), "nobody waits for who is gone");
    }

    #[tokio::test]
    async fn a_call_without_an_output_has_none_for_anybody() {
        let (executor, cache) = (Counting::default(), Arc::new(EmbeddedState::new()));
        let cached = cached(&executor, &cache);
        for _ in 0..2 {
            let error = tried(&cached, 666).await.unwrap_err();
            assert!(matches!(error, Error::Unusable(why) if why == "it breaks over this"));
        }
        assert_eq!(executor.calls.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn in_another_state_it_is_another_call() {
        let cache = Arc::new(EmbeddedState::new());
        let mut executor = Counting::default();
        for state in ["a", "b", "a"] {
            executor.state = Some(Digest::of(state.as_bytes()));
            call(&cached(&executor, &cache), "convert", 5).await;
        }
        assert_eq!(executor.calls.lock().unwrap().len(), 2);
    }
}
