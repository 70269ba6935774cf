//! What the engine costs a sample: walks that cost next to nothing go through
//! queue, parts, ledger and finalize, into files.
//!
//! ```text
//! cargo bench -p magnet --bench engine [-- SAMPLES]
//! ```

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use magnet_coordinator::embedded::{self, Job};
use magnet_coordinator::status::Watch;
use magnet_proto::config::Campaign;
use magnet_proto::library::{Document, Function, Library};
use magnet_proto::part::{Key, Keys};
use magnet_proto::path::Kind;
use magnet_proto::sample::{
    Call, ErrorType, Message, NegativeSource, Pair, Provenance, Sample, Source,
};
use magnet_proto::usage::Usage;
use magnet_proto::{CampaignDigest, Digest, FunctionId, SampleId, WalkIndex, rng};
use magnet_worker::serve::{End, Stop, WalkRunner, Walked};
use rand::RngExt;
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Three turns of some thirty words, three calls, one pair: as large as a
/// small real sample, made by copying.
struct Trivial {
    campaign: CampaignDigest,
    words: Vec<String>,
}

impl Trivial {
    fn new(campaign: CampaignDigest) -> Self {
        let words = (0..20_000).map(|n| format!("word{n}")).collect();
        Self { campaign, words }
    }

    fn sample(&self, walk: WalkIndex) -> Sample {
        let mut rng = rng::stream(7, walk, "trivial");
        let mut text = |words: usize| -> String {
            let mut text = format!("marker-{walk}");
            for _ in 0..words {
                text.push(' ');
                text.push_str(&self.words[rng.random_range(0..self.words.len())]);
            }
            text
        };
        let mut messages = vec![Message::System("You are a helpful assistant.".into())];
        let mut provenance = Vec::new();
        let mut reference = Vec::new();
        for turn in 0..3 {
            let arguments = json!({"city": format!("city-{walk}"), "nights": turn});
            let arguments = arguments.as_object().cloned().unwrap_or_default();
            let call = Call { id: format!("call_{turn}"), function: FunctionId(turn), arguments };
            messages.push(Message::User(text(30)));
            messages.push(Message::Assistant { content: None, calls: vec![call.clone()] });
            let content = json!({"id": walk.0, "price": 31.5, "name": text(4)}).to_string();
            messages.push(Message::Tool { call_id: call.id.clone(), content });
            messages.push(Message::Assistant { content: Some(text(20)), calls: vec![] });
            for argument in ["/city", "/nights"] {
                let source = Source::User { turn: 0, start: 3, end: 9 };
                provenance.push(Provenance {
                    call: call.id.clone(),
                    argument: argument.into(),
                    source,
                });
            }
            reference.push(vec![call]);
        }
        let rejected = vec![Message::Assistant { content: Some(text(20)), calls: vec![] }];
        Sample {
            id: SampleId::new(&self.campaign, walk),
            walk,
            kind: Kind::MultiTurn,
            signature_path: (0..3).map(|function| vec![FunctionId(function)]).collect(),
            node_ops: vec![],
            challenges: vec![],
            tools: (0..11).map(FunctionId).collect(),
            tools_added: Default::default(),
            messages,
            reference,
            provenance,
            executor: "simulator".into(),
            initial_config: None,
            teacher: "offline".into(),
            brief: Default::default(),
            domains: vec!["travel".into()],
            persona: "tester".into(),
            reasoning: Default::default(),
            readings: None,
            difficulty: None,
            pairs: vec![Pair {
                error: ErrorType::Summary,
                turn: 2,
                source: NegativeSource::Mechanical,
                prompt_len: 12,
                rejected,
                step: None,
                reason: "says otherwise".into(),
            }],
        }
    }
}

#[async_trait]
impl WalkRunner for Trivial {
    async fn run(&self, walk: WalkIndex) -> Result<Walked, Stop> {
        let opening = Some(Key::of_opening(&walk.to_string()));
        let end = End::Accepted(Box::new(self.sample(walk)));
        Ok(Walked { keys: Keys { path: None, opening }, usage: Usage::default(), end })
    }
}

fn library() -> Arc<Library> {
    let function = |n: usize| {
        Function::from(Document {
            name: format!("function_{n}"),
            description: "Looks something up in the catalogue and returns what it finds.".into(),
            category: "travel".into(),
            class: "misc".into(),
            parameters: json!({"type": "object", "properties": {
                "city": {"type": "string", "description": "The city to look in."},
                "nights": {"type": "integer", "description": "How many nights."}
            }, "required": ["city"]}),
            response: None,
        })
    };
    Arc::new(Library::from((0..12).map(function).collect::<Vec<_>>()))
}

/// A figure of this process from the kernel: CPU ticks, or peak memory.
fn process() -> (f64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let fields: Vec<f64> =
        after_name.split(' ').map(|field| field.parse().unwrap_or(0.0)).collect();
    let ticks = fields.get(11).unwrap_or(&0.0) + fields.get(12).unwrap_or(&0.0);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    (ticks / 100.0, peak.unwrap_or(0) / 1024)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let samples = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let samples: u64 = samples.unwrap_or(20_000);
    let folder = tempfile::tempdir()?;
    let digest = CampaignDigest(Digest::of(b"trivial"));
    let mut campaign = Campaign::default();
    campaign.campaign.samples = samples.max(1).try_into()?;
    campaign.output.dir = folder.path().to_owned();
    let runner = Arc::new(Trivial::new(digest));
    let (mut bare, start) = (0, Instant::now());
    for walk in 0..samples.min(20_000) {
        bare += runner.sample(WalkIndex(walk)).messages.len();
    }
    let making = start.elapsed().as_secs_f64() * 1e6 / samples.min(20_000) as f64;
    anyhow::ensure!(bare > 0, "samples were made");
    let watched = Watch::new(&campaign, digest)?;
    let (cpu_before, _) = process();
    let start = Instant::now();
    let job = Job {
        campaign: &campaign,
        digest,
        library: library(),
        graph: Arc::default(),
        pack: Arc::default(),
        servers: Arc::default(),
        prompts: None,
        excluded_paths: "",
        watch: &watched,
        progress: watch::Sender::default(),
        cancel: CancellationToken::new(),
        labour: embedded::Labour::Own,
    };
    let summary = embedded::run(job, move |_| Ok(runner)).await?;
    let (wall, (cpu, peak)) = (start.elapsed().as_secs_f64(), process());
    let per_sample = (cpu - cpu_before) * 1e6 / samples as f64;
    let files = summary.written.map(|written| written.files).unwrap_or_default();
    let size: u64 = files.iter().map(|file| file.size_bytes).sum();
    println!(
        "{samples} samples of {} bytes in {wall:.2} s: {:.0}/s, {per_sample:.0} us of CPU each \
         ({making:.0} us of them for making it), peak memory {peak} MB",
        size / samples,
        samples as f64 / wall,
    );
    Ok(())
}
