//! Pure calls, made once for the whole fleet.
//!
//! ```text
//! call ─► pure? ─► in the cache, or being made? ─► executor ─► cache
//! ```
//!
//! A function is pure if its output depends on nothing but its arguments and,
//! where the executor can tell it, the state it is in; whether one is, the
//! campaign says. An output is kept under the executor, the function, the
//! canonical arguments and that state, and is made by one worker at a time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use magnet_proto::Digest;
use magnet_proto::library::Function;
use magnet_proto::sample::Call;
use magnet_proto::state::{Lookup, State};
use serde_json::Value;

use super::planned::call_key;
use super::{Error, Executor, Known, Nature, Output, Plan, Session, Start};

/// How long a worker waits for another one's output of the same call.
const PATIENCE: Duration = Duration::from_secs(60);

/// An executor whose pure calls are made once.
pub struct Cached {
    shelf: Arc<Shelf>,
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

    async fn open(&self, start: &Start<'_>) -> Result<Box<dyn Session>, Error> {
        let session = self.shelf.executor.open(start).await?;
        let shelf = Arc::clone(&self.shelf);
        Ok(Box::new(CachedSession { session, shelf, was_pure: false }))
    }
}

struct CachedSession {
    session: Box<dyn Session>,
    shelf: Arc<Shelf>,
    /// The last call changed nothing, whoever made it.
    was_pure: bool,
}

#[async_trait]
impl Session for CachedSession {
    fn initial_config(&self) -> Option<Value> {
        self.session.initial_config()
    }

    async fn known(&mut self) -> Result<Known, Error> {
        self.session.known().await
    }

    async fn call(
        &mut self,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Result<Output, Error> {
        self.was_pure = self.shelf.pure.contains(&function.name);
        if !self.was_pure {
            return self.session.call(function, call, plan).await;
        }
        let state = self.session.digest().await?;
        let key = self.shelf.key(function, call, plan, state);
        if let Some(output) = self.shelf.kept(key).await {
            self.session.saw(function, call, &output);
            return Ok(output);
        }
        let output = self.session.call(function, call, plan).await;
        self.shelf.keep(key, output.as_ref().ok()).await;
        output
    }

    fn saw(&mut self, function: &Function, call: &Call, output: &Output) {
        self.session.saw(function, call, output);
    }

    async fn digest(&mut self) -> Result<Option<Digest>, Error> {
        self.session.digest().await
    }

    fn refusals_are_clean(&self) -> bool {
        self.was_pure || self.session.refusals_are_clean()
    }

    async fn restart(&mut self) -> Result<bool, Error> {
        self.was_pure = false;
        self.session.restart().await
    }

    async fn close(self: Box<Self>) -> Result<(), Error> {
        self.session.close().await
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

    /// A cache that is away or damaged costs a repeated call.
    async fn kept(&self, key: Digest) -> Option<Output> {
        match self.cache.output(key, PATIENCE).await {
            Ok(Lookup::Hit(bytes)) => {
                let (content, is_error): (String, bool) = serde_json::from_slice(&bytes).ok()?;
                Some(Output::restored(content, is_error))
            }
            _ => None,
        }
    }

    /// Nothing at all releases those who wait, to make the call themselves.
    async fn keep(&self, key: Digest, output: Option<&Output>) {
        let kept =
            output.and_then(|output| serde_json::to_vec(&(&output.content, output.is_error)).ok());
        if let Err(error) = self.cache.put_output(key, kept.unwrap_or_default().into()).await {
            tracing::debug!(%error, "an output could not be kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use magnet_proto::library::Document;
    use magnet_proto::sample::Arguments;
    use magnet_proto::state::embedded::EmbeddedState;
    use magnet_proto::{FunctionId, WalkIndex};
    use serde_json::json;

    use super::*;

    /// Counts what it is asked and what it is told of.
    #[derive(Clone, Default)]
    struct Counting {
        calls: Arc<Mutex<Vec<String>>>,
        seen: Arc<Mutex<usize>>,
        state: Option<Digest>,
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

    async fn planned(cached: &Cached, name: &str, amount: u64, plan: &Plan) -> Output {
        let start = Start { seed: 1, walk: WalkIndex(0), functions: &[], initial_config: None };
        let mut session = cached.open(&start).await.unwrap();
        let arguments: Arguments = json!({"amount": amount}).as_object().unwrap().clone();
        let call = Call { id: "1".into(), function: FunctionId(0), arguments };
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
