use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use magnet_proto::library::Document;
use magnet_proto::{FunctionId, WalkIndex};
use serde_json::json;
use tempfile::TempDir;

use super::*;

/// A till: it holds what its walk brings, and gives no more than it has.
#[derive(Clone, Default)]
struct Till {
    calls: Arc<AtomicUsize>,
}

struct Open {
    till: Till,
    start: u64,
    sum: u64,
}

#[async_trait]
impl Executor for Till {
    fn name(&self) -> &str {
        "till"
    }

    fn nature(&self, _: &Function) -> Nature {
        Nature::Real
    }

    async fn open(&self, start: &Start<'_>) -> Result<Box<dyn Session>, Error> {
        let given = start.initial_config.and_then(|config| config["sum"].as_u64());
        let start = given.unwrap_or(start.walk.0 * 10);
        Ok(Box::new(Open { till: self.clone(), start, sum: start }))
    }
}

#[async_trait]
impl Session for Open {
    fn initial_config(&self) -> Option<Value> {
        Some(json!({"sum": self.start}))
    }

    async fn known(&mut self) -> Result<Known, Error> {
        let by_parameter = [("amount".to_owned(), vec![json!(self.sum)])].into();
        Ok(Known { by_parameter, ..Known::default() })
    }

    async fn call(&mut self, function: &Function, call: &Call, _: &Plan) -> Result<Output, Error> {
        self.till.calls.fetch_add(1, Ordering::Relaxed);
        let amount = call.arguments.get("amount").and_then(Value::as_u64).unwrap_or(0);
        if function.name == "double" {
            return Ok(Output::of(json!({"double": 2 * amount})));
        }
        match self.sum.checked_sub(amount) {
            Some(sum) => self.sum = sum,
            None => return Ok(Output::refused("there is not so much")),
        }
        Ok(Output::parse(&format!("{{ \"left\": {} }}", self.sum)))
    }

    fn refusals_are_clean(&self) -> bool {
        true
    }

    async fn restart(&mut self) -> Result<bool, Error> {
        self.sum = self.start;
        Ok(true)
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

struct Story {
    folder: TempDir,
    till: Till,
}

impl Story {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), till: Till::default() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("till.jsonl")
    }

    fn pure() -> BTreeSet<String> {
        BTreeSet::from(["double".to_owned()])
    }

    fn recorder(&self) -> Recorder {
        let till = Arc::new(self.till.clone());
        Recorder::new(till, Nature::Real, &self.path(), Self::pure()).unwrap()
    }

    fn recorded(&self) -> Recorded {
        Recorded::open(&self.path(), Self::pure()).unwrap()
    }
}

async fn opened(executor: &dyn Executor, walk: u64, given: Option<&Value>) -> Box<dyn Session> {
    let (walk, functions) = (WalkIndex(walk), &[][..]);
    let start = Start { seed: 1, walk, functions, initial_config: given };
    executor.open(&start).await.unwrap()
}

async fn call(session: &mut dyn Session, name: &str, amount: u64) -> Result<String, String> {
    let arguments = json!({"amount": amount}).as_object().unwrap().clone();
    let call = Call { id: "1".into(), function: FunctionId(0), arguments };
    let output = session.call(&function(name), &call, &Plan::default()).await;
    output.map(|output| output.content).map_err(|error| error.to_string())
}

/// Takes, is refused, takes again, starts over; all that it is told.
async fn play(executor: &dyn Executor, walk: u64) -> Vec<String> {
    let mut session = opened(executor, walk, None).await;
    let mut told = vec![session.initial_config().unwrap().to_string()];
    for amount in [4, 1000, 4] {
        told.push(format!("{:?}", session.known().await.unwrap().by_parameter));
        told.push(call(&mut *session, "take", amount).await.unwrap());
        told.push(session.refusals_are_clean().to_string());
    }
    assert!(session.restart().await.unwrap());
    told.push(call(&mut *session, "take", 4).await.unwrap());
    told.push(call(&mut *session, "double", walk).await.unwrap());
    told
}

#[tokio::test]
async fn what_was_recorded_is_given_again_without_its_executor() {
    let story = Story::new();
    let mut told = Vec::new();
    for walk in 1..4 {
        told.push(play(&story.recorder(), walk).await);
    }
    assert!(told[0].iter().any(|text| text == "{ \"left\": 2 }"), "{told:?}");
    let calls = story.till.calls.load(Ordering::Relaxed);
    let recorded = story.recorded();
    assert_eq!((recorded.name(), recorded.nature(&function("take"))), ("till", Nature::Real));
    for walk in [3, 1, 2] {
        assert_eq!(play(&recorded, walk).await, told[walk as usize - 1]);
    }
    assert_eq!(story.till.calls.load(Ordering::Relaxed), calls);
}

#[tokio::test]
async fn a_start_that_is_given_leads_to_what_followed_it() {
    let story = Story::new();
    play(&story.recorder(), 2).await;
    let config = json!({"sum": 20});
    let mut session = opened(&story.recorded(), 2, Some(&config)).await;
    assert_eq!(call(&mut *session, "take", 4).await.unwrap(), "{ \"left\": 16 }");
}

#[tokio::test]
async fn what_was_not_recorded_is_told_and_never_made_up() {
    let story = Story::new();
    play(&story.recorder(), 1).await;
    let recorded = story.recorded();
    let mut session = opened(&recorded, 1, None).await;
    let why = call(&mut *session, "take", 5).await.unwrap_err();
    assert_eq!(why, "nothing is recorded of this call of \"take\" after 0 others");
    call(&mut *session, "take", 4).await.unwrap();
    call(&mut *session, "take", 4).await.unwrap();
    let why = call(&mut *session, "take", 4).await.unwrap_err();
    assert!(why.ends_with("after 2 others"), "in another state it is another call: {why}");
    assert_eq!(call(&mut *session, "double", 1).await.unwrap(), "{\"double\":2}", "in any state");
    let start = Start { seed: 1, walk: WalkIndex(9), functions: &[], initial_config: None };
    let why = recorded.open(&start).await.err().unwrap();
    assert!(matches!(&why, Error::Unrecorded(why) if why.contains("walk 9 of seed 1")), "{why}");
}

#[tokio::test]
async fn a_recording_goes_on_where_a_killed_process_left_it() {
    let story = Story::new();
    play(&story.recorder(), 1).await;
    let whole = std::fs::read_to_string(story.path()).unwrap();
    let cut = whole.trim_end().len() - 9;
    std::fs::write(story.path(), &whole[..cut]).unwrap();
    play(&story.recorder(), 1).await;
    let lines = std::fs::read_to_string(story.path()).unwrap();
    assert_eq!(
        lines.lines().count(),
        whole.lines().count() + 1,
        "only what was cut is there twice"
    );
    play(&story.recorded(), 1).await;
}

#[test]
fn another_file_is_refused_with_the_way_out() {
    let story = Story::new();
    let open = || Recorded::open(&story.path(), BTreeSet::new()).map(drop).unwrap_err().to_string();
    assert!(open().contains("till.jsonl"));
    std::fs::write(story.path(), "{\"executor\": \"mcp\", \"nature\": \"real\"}\n").unwrap();
    let till = Arc::new(story.till.clone());
    let other = Recorder::new(till, Nature::Real, &story.path(), BTreeSet::new());
    let why = other.map(drop).unwrap_err().to_string();
    assert!(why.contains("is a recording of \"mcp\", not of \"till\"\nhint: "), "{why}");
    std::fs::write(story.path(), "{\"name\": \"f\"}\n").unwrap();
    assert!(open().contains("is no recording\nhint: "));
}
