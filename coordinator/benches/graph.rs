//! How long a graph takes, and that it grows near-linearly with the library.
//!
//! The library is synthetic: tools of six functions over made-up things, in
//! 49 categories, two in five functions without a response schema.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use magnet_coordinator::graph;
use magnet_proto::config::GraphSettings;
use magnet_proto::library::{Document, Function, Library};
use magnet_proto::rng::{self, Rng};
use rand::RngExt;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value, json};

const CATEGORIES: usize = 49;
const TOOL: usize = 6;
const VERBS: [&str; TOOL] = ["search", "get", "create", "update", "delete", "list"];
const SHARED: [&str; 12] = [
    "id", "name", "status", "date", "email", "city", "price", "currency", "url", "latitude",
    "longitude", "type",
];

fn synthetic(functions: usize) -> Library {
    let mut rng = rng::campaign_stream(7, "synthetic library", &[]);
    Library::from((0..functions).map(|at| function(at, &mut rng)).collect::<Vec<_>>())
}

fn function(at: usize, rng: &mut Rng) -> Function {
    let tool = at / TOOL;
    let (thing, other) = (noun(tool), noun(rng.random_range(0..=tool)));
    let verb = VERBS[at % TOOL];
    let answers = rng.random_bool(0.6);
    let parameters = object(vec![format!("{thing}_id"), shared(rng)], rng);
    let mut output = vec![format!("{thing}_id"), format!("{other}_id")];
    output.extend((0..8).map(|_| shared(rng)));
    Function::from(Document {
        name: format!("{verb}_{thing}_{at}"),
        description: format!("{verb} a {thing}, with its {other}, by the id that was found"),
        category: format!("category {}", tool % CATEGORIES),
        class: format!("tool {tool}"),
        parameters,
        response: answers.then(|| object(output, rng)),
    })
}

/// A pronounceable word of its own for every number.
fn noun(mut number: usize) -> String {
    const SYLLABLES: [&str; 12] =
        ["ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "ta", "ve"];
    let mut noun = String::from("x");
    loop {
        noun.push_str(SYLLABLES[number % SYLLABLES.len()]);
        number /= SYLLABLES.len();
        if number == 0 {
            return noun;
        }
    }
}

fn shared(rng: &mut Rng) -> String {
    (*SHARED.choose(rng).expect("the list is not empty")).to_owned()
}

fn object(names: Vec<String>, rng: &mut Rng) -> Value {
    let mut properties = Map::new();
    for name in &names {
        let ty = if rng.random_bool(0.8) { "string" } else { "integer" };
        properties.insert(name.clone(), json!({"type": ty, "description": format!("The {name}")}));
    }
    json!({"type": "object", "properties": properties, "required": names})
}

fn build(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("graph");
    group.sample_size(10).measurement_time(Duration::from_secs(8));
    for functions in [2_000, 4_000, 8_000, 15_000] {
        let library = synthetic(functions);
        group.throughput(Throughput::Elements(functions as u64));
        group.bench_function(BenchmarkId::new("build", functions), |bencher| {
            bencher.iter(|| graph::build(black_box(&library), &GraphSettings::default(), 7));
        });
    }
    group.finish();
}

criterion_group!(benches, build);
criterion_main!(benches);
