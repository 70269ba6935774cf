//! What a path plans for a call beside the call itself, over any executor: it
//! fails first, or its output contradicts an earlier one.

use magnet_proto::library::Function;
use magnet_proto::path::Fault;
use magnet_proto::sample::{Arguments, Call};
use magnet_proto::{Digest, WalkIndex, rng};
use serde_json::Value;

use super::volatile::{self, Bound, Differing};
use super::{Error, Executor, Known, Output, Plan, Session, Start, contradict, faults};

/// A session in which the plans of a path come true.
pub struct Planned {
    session: Box<dyn Session>,
    seed: u64,
    walk: WalkIndex,
    /// Calls whose passing fault is over.
    failed: Vec<Digest>,
    /// Values of an earlier session that are others in this one.
    bound: Bound,
}

impl Planned {
    /// A fresh session of an executor.
    pub async fn open(executor: &dyn Executor, start: &Start<'_>) -> Result<Self, Error> {
        let session = executor.open(start).await?;
        let (failed, bound) = (Vec::new(), Bound::default());
        Ok(Self { session, seed: start.seed, walk: start.walk, failed, bound })
    }

    pub fn initial_config(&self) -> Option<Value> {
        self.session.initial_config()
    }

    /// What exists now.
    pub async fn known(&mut self) -> Result<Known, Error> {
        self.session.known().await
    }

    /// Whether a refused call has changed nothing.
    pub fn refusals_are_clean(&self) -> bool {
        self.session.refusals_are_clean()
    }

    /// Goes back to the start, if that can be done here.
    pub async fn restart(&mut self) -> Result<bool, Error> {
        self.failed.clear();
        self.bound = Bound::default();
        self.session.restart().await
    }

    /// Waits until what it held is free.
    pub async fn close(self) -> Result<(), Error> {
        self.session.close().await
    }

    /// Runs one call as planned; a call that fails by plan never reaches the
    /// executor.
    pub async fn call(
        &mut self,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Result<Output, Error> {
        let key = call_key(function, &call.arguments);
        if let Some(text) = self.fault(function, key, plan) {
            return Ok(Output::refused(text));
        }
        let output = match self.bound.is_empty() {
            true => self.session.call(function, call, plan).await?,
            false => self.call_by_now(function, call, plan).await?,
        };
        Ok(match (output.ok(), &plan.contradicts) {
            (Some(value), Some(place)) => {
                let mut rng = rng::stream(self.seed, self.walk, &format!("conflict {key}"));
                Output::of(contradict::changed(value, place, function, &mut rng))
            }
            _ => output,
        })
    }

    /// Runs one call with the values of now, and tells those of then.
    async fn call_by_now(
        &mut self,
        function: &Function,
        call: &Call,
        plan: &Plan,
    ) -> Result<Output, Error> {
        let now = Call { arguments: self.bound.arguments(&call.arguments), ..call.clone() };
        let output = self.session.call(function, &now, plan).await?;
        let then = self.bound.then(&output.content);
        match then == output.content {
            true => Ok(output),
            false => Ok(Output::parse(&then)),
        }
    }

    /// Runs a call of an earlier session again. What comes out otherwise this
    /// time, such as the id of what was made, goes by its value of then.
    pub async fn call_again(
        &mut self,
        function: &Function,
        call: &Call,
        plan: &Plan,
        then: &Output,
    ) -> Result<(), Error> {
        let output = self.call(function, call, plan).await?;
        if let Some(differing) = volatile::differing(&then.content, &output.content) {
            self.bind(differing);
        }
        Ok(())
    }

    /// Tells of a call whose output was had without this session.
    pub fn saw(&mut self, function: &Function, call: &Call, output: &Output) {
        self.session.saw(function, call, output);
    }

    /// From now on these values go by what they were then.
    pub fn bind(&mut self, differing: Vec<Differing>) {
        self.bound.learn(differing);
    }

    /// The error that is planned for a call, if it is still due.
    fn fault(&mut self, function: &Function, key: Digest, plan: &Plan) -> Option<String> {
        let fault = plan.fault?;
        if fault == Fault::Transient {
            if self.failed.contains(&key) {
                return None;
            }
            self.failed.push(key);
        }
        let mut rng = rng::stream(self.seed, self.walk, &format!("fault {key}"));
        Some(faults::text(fault, function, &mut rng))
    }
}

/// One key for one function with the same arguments, in whatever order.
pub fn call_key(function: &Function, arguments: &Arguments) -> Digest {
    let mut sorted: Vec<(&String, &Value)> = arguments.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    let mut fields = vec![function.name.clone()];
    for (name, value) in sorted {
        fields.push(name.clone());
        fields.push(value.to_string());
    }
    Digest::of_fields(fields.iter().map(String::as_bytes))
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use magnet_proto::FunctionId;
    use magnet_proto::library::Document;
    use serde_json::json;

    use super::*;
    use crate::execute::Nature;

    /// Says the same of every train.
    struct Trains;

    #[async_trait]
    impl Executor for Trains {
        fn name(&self) -> &str {
            "trains"
        }

        fn nature(&self, _: &Function) -> Nature {
            Nature::Simulated
        }

        async fn open(&self, _: &Start<'_>) -> Result<Box<dyn Session>, Error> {
            Ok(Box::new(Self))
        }
    }

    #[async_trait]
    impl Session for Trains {
        fn initial_config(&self) -> Option<Value> {
            None
        }

        async fn call(&mut self, _: &Function, _: &Call, _: &Plan) -> Result<Output, Error> {
            Ok(Output::of(json!({"fare": 31.5, "status": "on time"})))
        }
    }

    async fn call(plan: &Plan, times: usize) -> Vec<Output> {
        let function = Function::from(Document {
            name: "get_train".into(),
            description: String::new(),
            category: "travel".into(),
            class: "trains".into(),
            parameters: json!({"type": "object", "properties": {}}),
            response: None,
        });
        let call =
            Call { id: "call_1".into(), function: FunctionId(0), arguments: Default::default() };
        let start =
            Start { seed: 1, walk: WalkIndex(0), functions: &[&function], initial_config: None };
        let mut session = Planned::open(&Trains, &start).await.unwrap();
        let mut outputs = Vec::new();
        for _ in 0..times {
            outputs.push(session.call(&function, &call, plan).await.unwrap());
        }
        outputs
    }

    #[tokio::test]
    async fn a_passing_fault_passes_and_a_lasting_one_lasts() {
        let passing = Plan { fault: Some(Fault::Transient), ..Plan::default() };
        let outputs = call(&passing, 2).await;
        assert_eq!(outputs.iter().map(|o| o.is_error).collect::<Vec<_>>(), [true, false]);
        let lasting = Plan { fault: Some(Fault::Permanent), ..Plan::default() };
        assert!(call(&lasting, 3).await.iter().all(|output| output.is_error));
    }

    #[tokio::test]
    async fn a_contradiction_changes_one_place() {
        let plan = Plan { contradicts: Some("/fare".into()), ..Plan::default() };
        let outputs = call(&plan, 1).await;
        let output = outputs[0].ok().unwrap();
        assert_ne!(output["fare"], 31.5);
        assert_eq!(output["status"], "on time");
    }
}
