//! What decides an output, as a digest: where a conversation started, and the
//! calls that were accepted since.

use magnet_proto::Digest;
use magnet_proto::library::Function;
use magnet_proto::sample::Call;
use serde_json::Value;

use crate::execute::planned::call_key;
use crate::execute::{Output, Plan, Start};

/// Under what the start of a conversation is kept that is given none: by what
/// it is about, then by its walk alone.
pub(super) fn starts(executor: &str, start: &Start<'_>) -> [Digest; 2] {
    let mut functions: Vec<&str> = start.functions.iter().map(|f| f.name.as_str()).collect();
    functions.sort_unstable();
    functions.dedup();
    let (seed, walk) = (start.seed.to_string(), start.walk.0.to_string());
    let walk = ["start", executor, &seed, &walk];
    let about = walk.into_iter().chain(functions);
    [Digest::of_fields(about.map(str::as_bytes)), Digest::of_fields(walk.map(str::as_bytes))]
}

/// Where a conversation is.
#[derive(Clone, Debug)]
pub(super) struct Trail {
    start: Digest,
    /// After the calls that may have changed something.
    state: Digest,
    /// After all that were accepted: pure ones tell what exists, too.
    history: Digest,
}

impl Trail {
    pub(super) fn new(executor: &str, start: &Start<'_>, config: Option<&Value>) -> Self {
        let (seed, walk) = (start.seed.to_string(), start.walk.0.to_string());
        let config = config.map(ToString::to_string).unwrap_or_default();
        let fields = ["conversation", executor, &seed, &walk, &config];
        let start = Digest::of_fields(fields.map(str::as_bytes));
        Self { start, state: start, history: start }
    }

    /// Under what a call's output is kept.
    pub(super) fn key(
        &self,
        function: &Function,
        call: &Call,
        plan: &Plan,
        is_pure: bool,
    ) -> Digest {
        let state = if is_pure { "pure".to_owned() } else { self.state.to_string() };
        let call = call_key(function, &call.arguments).to_string();
        let fields = ["call", &state, &call, &plan.bulky.to_string()];
        Digest::of_fields(fields.map(str::as_bytes))
    }

    /// Under what is kept what exists now.
    pub(super) fn known(&self) -> Digest {
        Digest::of_fields(["known".as_bytes(), self.history.as_bytes()])
    }

    /// Goes on after a call, unless it was refused and changed nothing.
    pub(super) fn step(&mut self, key: Digest, output: &Output, is_clean: bool, is_pure: bool) {
        if output.is_error && is_clean {
            return;
        }
        self.history =
            Digest::of_fields([self.history.as_bytes(), key.as_bytes()].map(|it| &it[..]));
        if !is_pure {
            self.state = key;
        }
    }

    pub(super) fn restart(&mut self) {
        (self.state, self.history) = (self.start, self.start);
    }
}
