//! What a request costs with a large campaign behind it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use magnet_proto::WalkIndex;
use magnet_proto::bundle::Bundle;
use magnet_proto::config::{Campaign, Overrides};
use magnet_proto::part::{self, Keys, Packed, Writer};
use magnet_proto::sample::Sample;
use magnet_proto::usage::Usage;
use magnet_worker::serve::{End, WalkRunner};
use magnet_worker::teacher::stack::Patience;

use super::*;
use crate::ledger::Chosen;
use crate::prepare::{self, Prepared};
use crate::surroundings::Surroundings;

const MANY: u64 = 1_000_000;
const FEW: u64 = 50_000;
const PART: u64 = 256;
/// Every so many parts one is really there: requests go to these.
const REAL: u64 = 100;

/// Samples of the offline teacher: as large as any campaign's.
async fn samples(campaign: &Campaign, prepared: &Prepared) -> Vec<Sample> {
    let state = state::open("embedded:").unwrap();
    let (library, graph) = (prepared.library.clone(), prepared.graph.clone());
    let around = Surroundings {
        bundle: Arc::new(
            Bundle::new(prepared.digest, campaign, library, graph, "")
                .with_pack(prepared.pack.clone()),
        ),
        cache: Arc::clone(&state),
        state,
        patience: Patience::Endless,
        cancel: CancellationToken::new(),
    };
    let metrics = prepare::Metrics::register(&Registry::new()).unwrap();
    let pipeline = prepare::pipeline(&around, &metrics, &|_| None).unwrap();
    let mut samples = Vec::new();
    for walk in 0.. {
        if samples.len() as u64 == PART {
            break;
        }
        if let End::Accepted(sample) = pipeline.run(WalkIndex(walk)).await.unwrap().end {
            samples.push(*sample);
        }
    }
    samples
}

/// All samples on the shelf, and every hundredth part in the store.
async fn fill(watch: &Watch, parts: &Parts, total: u64, samples: &[Sample]) {
    let mut chosen = Chosen::default();
    (0..total).for_each(|walk| chosen.insert(walk));
    for number in 0..total.div_ceil(PART) {
        let first = number * PART;
        let mut writer = Writer::new(watch.board.digest(), WalkIndex(first));
        let name = format!("{first:012}-{PART:06}");
        if number % REAL == 0 {
            for (walk, sample) in (first..).zip(samples) {
                let sample = Sample { walk: WalkIndex(walk), ..sample.clone() };
                writer.push(Keys::default(), Usage::default(), Packed::accepted(&sample));
            }
            let (written, bytes) = writer.finish();
            assert_eq!(written, name);
            parts.put(&part::object_name(&watch.board.digest(), &name), bytes).await.unwrap();
        }
        watch.board.shelve(&name, first..(first + PART).min(total), &chosen);
    }
}

fn time_of(address: SocketAddr, path: &str) -> Duration {
    let start = Instant::now();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    start.elapsed()
}

/// What some requests take with so many samples behind them, in the middle of
/// sixty tries.
async fn medians(total: u64) -> Vec<(&'static str, Duration)> {
    let folder = tempfile::tempdir().unwrap();
    let loaded = magnet_proto::config::load(None, &Overrides::default(), &[]).unwrap();
    let mut campaign = loaded.campaign;
    campaign.campaign.samples = total.try_into().unwrap();
    let prepared = prepare::prepare(&campaign, std::path::Path::new(".")).unwrap();
    let watch = Watch::new(&campaign, prepared.digest).unwrap();
    let parts = Parts::open("file:parts", folder.path()).unwrap();
    let stop = CancellationToken::new();
    watch.opened_parts(&parts, &prepared.library, &stop);
    let samples = samples(&campaign, &prepared).await;
    fill(&watch, &parts, total, &samples).await;
    assert_eq!(watch.board.readable(), total);
    let listener = process::listen("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    process::serve(listener, watch.routes(None), stop.clone());

    type Path = fn(u64) -> String;
    let cases: [(&str, Path); 4] = [
        ("overview", |_| "/api/v1/campaign".into()),
        ("metrics", |_| "/metrics".into()),
        ("list", |n| format!("/api/v1/samples?from={}", n % PART)),
        ("conversation", |n| format!("/api/v1/samples/{}", n % PART)),
    ];
    let mut medians = Vec::new();
    for (name, path) in cases {
        let times = tokio::task::spawn_blocking(move || {
            let mut times: Vec<Duration> = (0..60).map(|n| time_of(address, &path(n))).collect();
            times.sort_unstable();
            times
        });
        medians.push((name, times.await.unwrap()[30]));
    }
    stop.cancel();
    medians
}

/// Twenty times the samples may not cost twenty times the time. Prints both:
/// `cargo test -p magnet --lib requests_cost_the_same -- --nocapture`.
#[tokio::test(flavor = "multi_thread")]
async fn requests_cost_the_same_with_a_million_samples_behind_them() {
    let (few, many) = (medians(FEW).await, medians(MANY).await);
    for ((name, few), (_, many)) in few.into_iter().zip(many) {
        println!("{name:14} {few:?} with {FEW}, {many:?} with {MANY}");
        assert!(many < few * 8, "{name}: {many:?} instead of {few:?}");
    }
}
