//! The examples that the prompts show are packs as the check wants them.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use magnet_proto::library::{Document, Function, Library};
use magnet_proto::pack::{Module, Pack};
use magnet_worker::prompts;
use magnet_worker::teacher::chat::{self, Chat, Purpose, Reply, Request, Tokens};
use magnet_worker::teacher::remote::Remote;
use magnet_worker::teacher::{Author, WriteWords, WriteWorld};
use serde_json::Value;

use super::super::check::{self, SEEDS};
use super::super::load::Loaded;

/// A model that says its prompt's example.
struct Reciter;

#[async_trait]
impl Chat for Reciter {
    async fn complete(&self, request: &Request) -> Result<Reply, chat::Error> {
        let (_, example) = example(request.purpose).split_once("\nTask: ").expect("a task");
        let (_, text) = example.split_once('\n').expect("an answer");
        let (text, reasoning) = (text.to_owned(), None);
        let usage = Tokens::default();
        Ok(Reply { text, reasoning, is_truncated: false, usage, micro_usd: 0 })
    }
}

fn example(purpose: Purpose) -> &'static str {
    prompts::system(purpose).split_once("\nExample\n").expect("an example").1
}

/// The functions of an example.
fn library(purpose: Purpose) -> Arc<Library> {
    let documents = example(purpose).lines().filter_map(|line| serde_json::from_str(line).ok());
    let documents = documents.filter(|document: &Value| document["name"].is_string());
    let function = |document: Value| {
        let text = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
        Function::from(Document {
            name: text("name"),
            description: text("description"),
            category: "lockers".into(),
            class: "misc".into(),
            parameters: document["parameters"].clone(),
            response: Some(document["response"].clone()),
        })
    };
    Arc::new(Library::from(documents.map(function).collect::<Vec<_>>()))
}

fn author() -> Remote {
    Remote::new("reciter", Arc::new(Reciter), 0.7, 2_048)
}

#[tokio::test]
async fn the_example_of_a_world_passes_its_trial() {
    let library = library(Purpose::PackWorld);
    let functions: Vec<_> = library.iter().map(|(id, _)| id).collect();
    assert_eq!(functions.len(), 2);
    let ask = WriteWorld {
        library: &library,
        module: "lockers",
        functions: &functions,
        defined_as: &[],
        draft: None,
        problem: None,
    };
    let text = author().world(&ask).await.expect("a module");
    let cast = super::super::Files::builtin().text("world/cast.star").expect("a cast").to_owned();
    let world = [("cast", cast), ("lockers", text)]
        .map(|(name, text)| Module { name: name.into(), text })
        .to_vec();
    let loaded = Loaded { pack: Pack { world, ..Pack::default() }, ..Loaded::default() };
    let worlds = check::worlds(&loaded, &library, SEEDS);
    assert!(worlds.problems.is_empty(), "{:#?}", worlds.problems);
    assert!(functions.iter().all(|id| worlds.seen[id].len() > 20), "{:?}", worlds.seen);
}

#[tokio::test]
async fn the_example_of_words_passes_sifting() {
    let library = library(Purpose::PackWords);
    let (_, function) = library.iter().next().expect("a function");
    let call = example(Purpose::PackWords).split_once("Calls of it:\n").expect("calls").1;
    let (arguments, output) = call.split_once("\nOutput: ").expect("an output");
    let output = output.lines().next().expect("an output");
    let calls: Vec<_> = [(
        serde_json::from_str(arguments).expect("arguments"),
        serde_json::from_str::<Value>(output).expect("an output"),
    )]
    .into();
    let values_for = ["min_litres"];
    let ask = WriteWords { function, calls: &calls, values_for: &values_for, problem: None };
    let words = author().words(&ask).await.expect("words");
    let sound = check::sift(function, &words.phrases, &calls);
    assert!(sound.problems.is_empty(), "{:#?}", sound.problems);
    assert_eq!(sound.missing(), Vec::<String>::new());
    assert_eq!(sound.phrases, words.phrases);
    let values: BTreeMap<_, _> = words.values;
    let (fitting, unfit) = check::fitting(function, "min_litres", values["min_litres"].clone());
    assert!(unfit.is_empty() && fitting.len() == 12, "{fitting:?} {unfit:?}");
}
