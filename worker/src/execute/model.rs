//! The model simulator: a model plays the machine behind each function.
//!
//! ```text
//! call ─► asked before? ─► cache ─► model ─► response schema ─► cache
//! ```
//!
//! An output is kept under the function, its canonical arguments and what the
//! trajectory has seen before it, for the whole campaign: one computation at a
//! time, across workers. Promises: it validates against the response schema,
//! and is no error in disguise; else the model is asked again with the reason,
//! then the walk is rejected.

use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::Digest;
use magnet_proto::library::Function;
use magnet_proto::sample::Call;
use magnet_proto::state::State;
use serde_json::Value;

use super::once::{self, Duty, Found};
use super::planned::call_key;
use super::{Error, Executor, Nature, Output, Plan, Session, Start};
use crate::teacher::{self, Machine, Problem, Seen, Simulate};
use crate::vet::prose;

/// Larger outputs are refused: they would fill a conversation alone.
const MAX_OUTPUT_BYTES: usize = 64 << 10;

/// Opens worlds that a model plays.
pub struct ModelSimulator {
    machine: Arc<dyn Machine>,
    cache: Arc<dyn State>,
    tries: NonZeroU32,
}

impl ModelSimulator {
    pub fn new(machine: Arc<dyn Machine>, cache: Arc<dyn State>, tries: NonZeroU32) -> Self {
        Self { machine, cache, tries }
    }
}

#[async_trait]
impl Executor for ModelSimulator {
    fn name(&self) -> &str {
        "model"
    }

    fn nature(&self, _: &Function) -> Nature {
        Nature::Played
    }

    async fn open(&self, _: &Start<'_>) -> Result<Box<dyn Session>, Error> {
        Ok(Box::new(Played {
            machine: Arc::clone(&self.machine),
            cache: Arc::clone(&self.cache),
            tries: self.tries,
            seen: Vec::new(),
        }))
    }
}

/// One trajectory's world.
struct Played {
    machine: Arc<dyn Machine>,
    cache: Arc<dyn State>,
    tries: NonZeroU32,
    seen: Vec<Seen>,
}

#[async_trait]
impl Session for Played {
    fn initial_config(&self) -> Option<Value> {
        None
    }

    async fn call(
        &mut self,
        function: &Function,
        call: &Call,
        _plan: &Plan,
    ) -> Result<Output, Error> {
        if let Some(output) = self.seen_before(function, call) {
            return Ok(Output::of(output.clone()));
        }
        let output = Output::of(self.output(function, call).await?);
        self.saw(function, call, &output);
        Ok(output)
    }

    fn saw(&mut self, function: &Function, call: &Call, output: &Output) {
        if let Some(value) = output.ok() {
            self.seen.push(Seen {
                function: function.name.clone(),
                arguments: call.arguments.clone(),
                output: value.clone(),
            });
        }
    }
}

impl Played {
    /// What the very call returned, if it was made before.
    fn seen_before(&self, function: &Function, call: &Call) -> Option<&Value> {
        let same =
            |seen: &&Seen| seen.function == function.name && seen.arguments == call.arguments;
        self.seen.iter().find(same).map(|seen| &seen.output)
    }

    /// The cached output, or the model's.
    async fn output(&self, function: &Function, call: &Call) -> Result<Value, Error> {
        let key = self.key(function, call);
        let duty = match once::find(&self.cache, key).await {
            Found::Due(duty) => duty,
            Found::Kept(bytes) => match serde_json::from_slice(&bytes) {
                Ok(value) => return Ok(value),
                Err(_) => Duty::anew(&self.cache, key),
            },
        };
        let value = duty.hold(self.asked(function, call, key)).await?;
        duty.done(value.to_string().into_bytes()).await;
        Ok(value)
    }

    /// Function, canonical arguments, state: all that the model is shown.
    fn key(&self, function: &Function, call: &Call) -> Digest {
        let schema = function.response.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut fields = vec!["output".to_owned(), function.tool().to_string(), schema];
        fields.push(call_key(function, &call.arguments).to_string());
        for seen in &self.seen {
            fields.push(seen.function.clone());
            fields.push(Value::Object(seen.arguments.clone()).to_string());
            fields.push(seen.output.to_string());
        }
        Digest::of_fields(fields.iter().map(String::as_bytes))
    }

    async fn asked(&self, function: &Function, call: &Call, key: Digest) -> Result<Value, Error> {
        let mut problem: Option<String> = None;
        for tried in 0..self.tries.get() {
            let ask = Simulate {
                function,
                arguments: &call.arguments,
                before: &self.seen,
                key,
                problem: Problem::after(tried, problem.as_deref()),
            };
            problem = Some(match self.machine.simulate(&ask).await {
                Ok(value) => match check(function, &value) {
                    Ok(()) => return Ok(value),
                    Err(why) => why,
                },
                Err(teacher::Error::Unusable(why) | teacher::Error::GaveUp(why)) => why,
                Err(error) => return Err(Error::Teacher(error)),
            });
        }
        let why = problem.unwrap_or_default();
        Err(Error::Unusable(format!("the output of \"{}\" cannot be used: {why}", function.name)))
    }
}

/// Whether a value can be the function's output; if not, why.
fn check(function: &Function, value: &Value) -> Result<(), String> {
    if value.to_string().len() > MAX_OUTPUT_BYTES {
        return Err("it is too long: be brief".into());
    }
    if Output::parse(&value.to_string()).is_error {
        return Err("it is an error, but the call succeeds".into());
    }
    if let Some(trace) = prose::hint_in(value) {
        return Err(format!("it says \"{trace}\""));
    }
    let Some(schema) = &function.response else {
        return match value {
            Value::Object(members) if !members.is_empty() => Ok(()),
            _ => Err("it is no object of named facts".into()),
        };
    };
    // A schema that is none binds nobody.
    let Ok(validator) = jsonschema::validator_for(schema) else {
        return Ok(());
    };
    match validator.iter_errors(value).next() {
        None => Ok(()),
        Some(error) if error.instance_path().to_string().is_empty() => Err(error.to_string()),
        Some(error) => Err(format!("{}: {error}", error.instance_path())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use magnet_proto::WalkIndex;
    use magnet_proto::library::Document;
    use magnet_proto::state::embedded::EmbeddedState;
    use serde_json::json;

    use super::*;

    /// Gives one answer after the other and remembers why it was asked again.
    struct Script {
        answers: Mutex<Vec<Value>>,
        problems: Mutex<Vec<Option<String>>>,
    }

    #[async_trait]
    impl Machine for Script {
        async fn simulate(&self, ask: &Simulate<'_>) -> Result<Value, teacher::Error> {
            self.problems.lock().unwrap().push(ask.problem.map(|it| it.why.to_owned()));
            let mut answers = self.answers.lock().unwrap();
            match answers.is_empty() {
                true => Err(teacher::Error::Unusable("no JSON".into())),
                false => Ok(answers.remove(0)),
            }
        }
    }

    fn script(answers: &[Value]) -> (ModelSimulator, Arc<Script>) {
        let script =
            Arc::new(Script { answers: Mutex::new(answers.to_vec()), problems: Mutex::default() });
        let tries = NonZeroU32::new(2).unwrap();
        let cache = Arc::new(EmbeddedState::new());
        (ModelSimulator::new(script.clone(), cache, tries), script)
    }

    fn function() -> Function {
        Function::from(Document {
            name: "get_fare".into(),
            description: String::new(),
            category: "travel".into(),
            class: "trains".into(),
            parameters: json!({"type": "object", "properties": {"train": {"type": "string"}}}),
            response: Some(json!({
                "type": "object",
                "properties": {"fare": {"type": "number"}},
                "required": ["fare"],
            })),
        })
    }

    fn call(id: &str) -> Call {
        let arguments = json!({"train": "TER-1"}).as_object().unwrap().clone();
        Call { id: id.into(), function: magnet_proto::FunctionId(0), arguments }
    }

    async fn opened(simulator: &ModelSimulator) -> Box<dyn Session> {
        let start = Start { seed: 1, walk: WalkIndex(0), functions: &[], initial_config: None };
        simulator.open(&start).await.unwrap()
    }

    async fn run(simulator: &ModelSimulator, plan: &Plan) -> Result<Output, Error> {
        let mut session = opened(simulator).await;
        session.call(&function(), &call("call_1"), plan).await
    }

    #[tokio::test]
    async fn an_output_that_breaks_its_schema_is_asked_for_again_with_the_reason() {
        let (simulator, script) = script(&[json!({"fare": "31.50"}), json!({"fare": 31.5})]);
        let output = run(&simulator, &Plan::default()).await.unwrap();
        assert_eq!(output, Output::of(json!({"fare": 31.5})));
        let problems = script.problems.lock().unwrap();
        assert!(problems[1].as_ref().is_some_and(|why| why.starts_with("/fare: ")), "{problems:?}");
    }

    #[tokio::test]
    async fn an_output_that_speaks_of_a_hint_is_refused() {
        let leak = json!({"fare": 31.5, "note": "As the [Hint] says"});
        let (simulator, _) = script(&[leak, json!({"fare": 31.5})]);
        let output = run(&simulator, &Plan::default()).await.unwrap();
        assert_eq!(output, Output::of(json!({"fare": 31.5})));
    }

    #[tokio::test]
    async fn an_output_that_stays_unusable_rejects_the_walk() {
        let (simulator, _) = script(&[json!({"error": "no such train"})]);
        let error = run(&simulator, &Plan::default()).await.unwrap_err();
        assert!(matches!(&error, Error::Unusable(why) if why.contains("get_fare")), "{error}");
    }

    #[tokio::test]
    async fn the_same_call_is_simulated_once_for_all_trajectories() {
        let (simulator, script) = script(&[json!({"fare": 31.5})]);
        for _ in 0..3 {
            let output = run(&simulator, &Plan::default()).await.unwrap();
            assert_eq!(output, Output::of(json!({"fare": 31.5})));
        }
        assert_eq!(script.problems.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn in_another_state_it_is_another_call() {
        let (simulator, script) = script(&[json!({"fare": 1}), json!({"fare": 2})]);
        let mut session = opened(&simulator).await;
        let plan = Plan::default();
        let first = session.call(&function(), &call("call_1"), &plan).await.unwrap();
        assert_eq!(session.call(&function(), &call("call_2"), &plan).await.unwrap(), first);
        let mut other = call("call_3");
        other.arguments["train"] = "TER-2".into();
        session.call(&function(), &other, &plan).await.unwrap();
        assert_eq!(script.problems.lock().unwrap().len(), 2);
    }
}
