//! The engine as a whole, with walks that cost nothing and carry markers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use magnet_proto::outcome::{Reason, Rejection};
use magnet_proto::part::{Key, Keys};
use magnet_proto::path::Kind;
use magnet_proto::quotas::Quotas;
use magnet_proto::sample::{
    Call, ErrorType, Message, NegativeSource, Pair, Provenance, Sample, Source,
};
use magnet_proto::state::{self, Spending};
use magnet_proto::usage::Usage;
use magnet_proto::{FunctionId, SampleId, WalkIndex, rng};
use magnet_worker::serve::{End, Walked};
use rand::RngExt;
use serde_json::{Value, json};

use super::*;

/// A runner whose walks follow from their index; each sample holds a marker
/// that no other has.
#[derive(Default)]
struct Markers {
    ran: AtomicUsize,
    /// Fires the token before this many walks have run.
    cancel_at: Option<(usize, CancellationToken)>,
    /// Panics at this walk.
    poison: Option<u64>,
    /// Refuses from this many walks on.
    budget: Option<usize>,
    /// Skips walks whose path a lower walk has claimed here, except those of
    /// which the claim is lost: every so many.
    claims: Option<(Arc<dyn State>, u64)>,
    /// Waits a little at some walks, so that they end out of order.
    waits: bool,
    ran_walks: std::sync::Mutex<BTreeMap<u64, usize>>,
}

impl Markers {
    fn boxed(self) -> Arc<Self> {
        Arc::new(self)
    }

    fn ran(&self) -> usize {
        self.ran.load(Ordering::SeqCst)
    }
}

fn campaign_digest() -> CampaignDigest {
    CampaignDigest(Digest::of(b"markers"))
}

#[async_trait]
impl WalkRunner for Markers {
    async fn run(&self, walk: WalkIndex) -> Result<Walked, Stop> {
        let ran = self.ran.fetch_add(1, Ordering::SeqCst);
        *self.ran_walks.lock().unwrap().entry(walk.0).or_default() += 1;
        match &self.cancel_at {
            Some((at, token)) if ran >= *at => token.cancel(),
            _ => {}
        }
        if self.budget.is_some_and(|budget| ran >= budget) {
            return Err(Stop::Ended(Ending::Budget("max_requests = 5".into())));
        }
        assert!(self.poison != Some(walk.0), "a walk that cannot be walked");
        if self.waits {
            let mut rng = rng::stream(7, walk, "waits");
            if rng.random_bool(0.05) {
                tokio::time::sleep(Duration::from_millis(rng.random_range(1..4))).await;
            }
        }
        let mut walked = walked(walk, &mut rng::stream(7, walk, "markers"));
        if let Some((state, lost)) = &self.claims {
            let key = Key::of_opening(&format!("path {}", walk.0 / 3));
            walked.keys.path = Some(key);
            let holder = state.claim(key.digest(), walk).await.unwrap();
            if holder < walk && (*lost == 0 || !walk.0.is_multiple_of(*lost)) {
                let keys = Keys { opening: None, ..walked.keys };
                walked = Walked { keys, end: End::Skipped, ..walked };
            }
        }
        Ok(walked)
    }
}

fn walked(walk: WalkIndex, rng: &mut rng::Rng) -> Walked {
    // Some walks share their opening with one of the walks shortly before.
    let opening = match rng.random_range(0..20) {
        0 => format!("opening {}", walk.0 / 10 * 10),
        _ => format!("opening {}", walk.0),
    };
    let keys = Keys { path: None, opening: Some(Key::of_opening(&opening)) };
    let end = match rng.random_range(0..10) {
        0 => {
            let rejection = Rejection::new(Reason::NoValue, format!("walk {walk}"));
            End::Rejected(rejection, Some(Box::default()))
        }
        _ => End::Accepted(Box::new(sample(walk, &opening, rng))),
    };
    let mut usage = Usage::default();
    usage.add("back", Spending { requests: 1, ..Spending::default() });
    Walked { keys, usage, end }
}

fn sample(walk: WalkIndex, opening: &str, rng: &mut rng::Rng) -> Sample {
    let words: Vec<String> = (0..30).map(|_| format!("w{}", rng.random_range(0..5_000))).collect();
    let arguments = json!({"city": format!("city-{walk}"), "nights": 3});
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let call = Call { id: "call_1".into(), function: FunctionId(0), arguments };
    let messages = vec![
        Message::System("Be helpful.".into()),
        Message::User(format!("{opening} marker-{walk} {}", words.join(" "))),
        Message::Assistant { content: None, calls: vec![call.clone()] },
        Message::Tool { call_id: "call_1".into(), content: "{\"id\":7}".into() },
        Message::Assistant { content: Some(format!("Booked {}.", words[0])), calls: vec![] },
    ];
    let source = Source::User { turn: 0, start: 0, end: 4 };
    Sample {
        id: SampleId::new(&campaign_digest(), walk),
        walk,
        kind: Kind::MultiTurn,
        signature_path: vec![vec![FunctionId(0)]],
        node_ops: vec![],
        challenges: vec![],
        tools: vec![FunctionId(1), FunctionId(0)],
        tools_added: BTreeMap::new(),
        messages,
        reference: vec![vec![call]],
        provenance: vec![Provenance { call: "call_1".into(), argument: "/city".into(), source }],
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
            turn: 0,
            source: NegativeSource::Mechanical,
            prompt_len: 4,
            rejected: vec![Message::Assistant { content: Some("Lost.".into()), calls: vec![] }],
            step: None,
            reason: "says otherwise".into(),
        }],
    }
}

fn library() -> Arc<Library> {
    let function = |name: &str| {
        let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        magnet_proto::library::Function::from(magnet_proto::library::Document {
            name: name.into(),
            description: "A function.".into(),
            category: "travel".into(),
            class: "misc".into(),
            parameters,
            response: None,
        })
    };
    Arc::new(Library::from(vec![function("book_room"), function("find_room")]))
}

fn campaign(folder: &Path, samples: u64, workers: usize) -> Campaign {
    let mut campaign = Campaign::default();
    campaign.campaign.samples = samples.try_into().expect("more than none");
    campaign.run.workers = workers;
    campaign.output.dir = folder.to_owned();
    campaign
}

async fn attempt(
    campaign: &Campaign,
    runner: Arc<Markers>,
    cancel: CancellationToken,
) -> Result<Summary, Error> {
    let watch = Watch::new(campaign, campaign_digest()).unwrap();
    let job = Job {
        campaign,
        digest: campaign_digest(),
        library: library(),
        graph: Arc::default(),
        pack: Arc::default(),
        servers: Arc::default(),
        prompts: None,
        excluded_paths: "",
        watch: &watch,
        progress: watch::Sender::default(),
        cancel,
        labour: Labour::Own,
    };
    run(job, move |_| Ok(runner)).await
}

async fn complete(campaign: &Campaign, runner: Arc<Markers>) -> Summary {
    let summary = attempt(campaign, runner, CancellationToken::new()).await.unwrap();
    assert_eq!(summary.outcome, Outcome::Complete, "{:?}", summary.counts);
    adds_up(&summary.counts);
    summary
}

/// Invariant 2.
fn adds_up(counts: &Counts) {
    let Counts { accepted, rejected, duplicates, near_duplicates, surplus, .. } = counts;
    assert_eq!(counts.walks, accepted + rejected + duplicates + near_duplicates + surplus);
}

/// The dataset, and what is shown of the rejected.
fn read(folder: &Path) -> [String; 3] {
    ["sft", "preference", "rejected"]
        .map(|name| std::fs::read_to_string(folder.join(name).with_extension("jsonl")).unwrap())
}

/// Compares datasets without printing them.
fn check_same(actual: &[String; 3], expected: &[String; 3]) {
    for (actual, expected) in actual.iter().zip(expected) {
        let mut lines = actual.lines().zip(expected.lines());
        if let Some((a, e)) = lines.find(|(a, e)| a != e) {
            panic!("lines differ:\n{:.200}\n{:.200}", a, e);
        }
        assert_eq!(actual.len(), expected.len());
    }
}

/// The markers in the lines, each once.
fn markers(lines: &str) -> BTreeSet<u64> {
    let mut markers = BTreeSet::new();
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = line["messages"][1]["content"].as_str().unwrap();
        let marker = text.split(' ').find_map(|word| word.strip_prefix("marker-")).unwrap();
        let walk: u64 = marker.parse().unwrap();
        assert_eq!(line["id"], SampleId::new(&campaign_digest(), WalkIndex(walk)).as_str());
        assert!(markers.insert(walk), "walk {walk} is there twice");
    }
    markers
}

/// What an undisturbed run of one worker writes, and the walks in it.
async fn undisturbed(samples: u64) -> [String; 3] {
    let folder = tempfile::tempdir().unwrap();
    complete(&campaign(folder.path(), samples, 1), Markers::default().boxed()).await;
    read(folder.path())
}

/// The first walks that are accepted and no duplicates, worked out by hand.
fn expected_walks(samples: usize) -> BTreeSet<u64> {
    let mut openings = BTreeSet::new();
    let accepted = (0..).filter(|&walk| {
        let mut rng = rng::stream(7, WalkIndex(walk), "markers");
        let walked = walked(WalkIndex(walk), &mut rng);
        openings.insert(walked.keys.opening) && matches!(walked.end, End::Accepted(_))
    });
    accepted.take(samples).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_bytes_are_the_same_for_any_number_of_workers() {
    let expected = undisturbed(400).await;
    assert_eq!(markers(&expected[0]), expected_walks(400));
    for workers in 2..=8 {
        let folder = tempfile::tempdir().unwrap();
        let runner = Markers { waits: true, ..Markers::default() };
        complete(&campaign(folder.path(), 400, workers), runner.boxed()).await;
        check_same(&read(folder.path()), &expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_run_interrupted_many_times_ends_with_the_same_bytes() {
    let expected = undisturbed(300).await;
    let folder = tempfile::tempdir().unwrap();
    let mut finished = false;
    for round in 0..100 {
        let cancel = CancellationToken::new();
        let runner = Markers { cancel_at: Some((37, cancel.clone())), ..Markers::default() };
        let runner = Markers { waits: true, ..runner }.boxed();
        let mut campaign = campaign(folder.path(), 300, 3);
        // Every other time there is no time to finish what is under way.
        campaign.fleet.grace = Duration::from_secs(round % 2 * 10);
        let summary = attempt(&campaign, runner, cancel).await.unwrap();
        if summary.outcome == Outcome::Complete {
            finished = true;
            break;
        }
        assert_eq!(summary.outcome, Outcome::Interrupted);
        assert!(!folder.path().join("manifest.json").exists());
    }
    assert!(finished, "every run gets further");
    check_same(&read(folder.path()), &expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_run_that_was_killed_in_mid_air_goes_on() {
    let expected = undisturbed(300).await;
    let folder = tempfile::tempdir().unwrap();
    for millis in [5, 20, 60] {
        let runner = Markers { waits: true, ..Markers::default() }.boxed();
        let campaign = campaign(folder.path(), 300, 2);
        let run = attempt(&campaign, runner, CancellationToken::new());
        // Dropping the run with all its tasks is the nearest to a kill.
        tokio::time::timeout(Duration::from_millis(millis), run).await.ok();
    }
    complete(&campaign(folder.path(), 300, 2), Markers::default().boxed()).await;
    check_same(&read(folder.path()), &expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn claims_that_are_lost_change_nothing() {
    let mut datasets = Vec::new();
    for (workers, lost) in [(1, 1), (3, 0), (4, 2), (2, 5)] {
        let folder = tempfile::tempdir().unwrap();
        let claims = Some((state::open("embedded:").unwrap(), lost));
        let runner = Markers { claims, waits: true, ..Markers::default() }.boxed();
        let summary = complete(&campaign(folder.path(), 150, workers), runner).await;
        assert!(summary.counts.duplicates > 200, "two of three walks share a path");
        datasets.push(read(folder.path()));
    }
    datasets[1..].iter().for_each(|dataset| check_same(dataset, &datasets[0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn raising_and_lowering_the_samples_reuses_what_is_done() {
    let folder = tempfile::tempdir().unwrap();
    complete(&campaign(folder.path(), 100, 2), Markers::default().boxed()).await;
    let small = read(folder.path());
    let runner = Markers::default().boxed();
    complete(&campaign(folder.path(), 250, 2), Arc::clone(&runner)).await;
    let walks = expected_walks(250).last().copied().unwrap() as usize;
    assert!(runner.ran() < walks - 90, "{} of {walks} walks were worked again", runner.ran());
    let large = read(folder.path());
    check_same(&large, &undisturbed(250).await);
    assert!(large[0].starts_with(&small[0]) && large[1].starts_with(&small[1]));
    let runner = Markers::default().boxed();
    complete(&campaign(folder.path(), 100, 2), Arc::clone(&runner)).await;
    check_same(&read(folder.path()), &small);
    assert_eq!(runner.ran(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn damaged_parts_are_found_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let campaign = campaign(folder.path(), 200, 2);
    complete(&campaign, Markers::default().boxed()).await;
    let expected = read(folder.path());
    let parts = folder.path().join("parts").join(campaign_digest().to_string()).join("parts");
    let mut files: Vec<_> =
        std::fs::read_dir(&parts).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    // One cut short, one with a flipped bit in its samples, one in its index,
    // one gone, one that is something else.
    let damage = |at: usize, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = std::fs::read(&files[at]).unwrap();
        change(&mut bytes);
        std::fs::write(&files[at], bytes).unwrap();
    };
    damage(0, &|bytes| bytes.truncate(bytes.len() - 9));
    damage(2, &|bytes| *bytes.last_mut().unwrap() ^= 1);
    damage(3, &|bytes| bytes[90] ^= 1);
    damage(5, &|bytes| *bytes = b"not a part".to_vec());
    std::fs::remove_file(&files[4]).unwrap();
    std::fs::write(parts.join("notes.txt"), "left by a person").unwrap();
    let runner = Markers::default().boxed();
    complete(&campaign, Arc::clone(&runner)).await;
    check_same(&read(folder.path()), &expected);
    assert!(runner.ran() >= 5 * 16 && runner.ran() < 10 * 16, "{} walks", runner.ran());
}

/// Between choosing and writing: all of them are made again at once.
#[tokio::test]
async fn all_parts_that_are_lost_when_the_dataset_is_written_are_told_in_one_pass() {
    let folder = tempfile::tempdir().unwrap();
    let campaign = campaign(folder.path(), 100, 2);
    complete(&campaign, Markers::default().boxed()).await;
    let parts = Parts::open("file:parts", folder.path()).unwrap();
    let there = parts.list(&part::folder(&campaign_digest())).await.unwrap();
    let names: Vec<&str> = there.iter().map(|part| part.name.as_str()).collect();
    let full = |name: &str| part::object_name(&campaign_digest(), name);
    let half = parts.get(&full(names[1])).await.unwrap();
    parts.put(&full(names[1]), half.slice(..half.len() / 2)).await.unwrap();
    parts.put(&full(names[2]), "no part").await.unwrap();
    parts.delete(&full(names[4])).await.unwrap();
    let segment = |name: &&str| {
        let walks = part::range_of(name).unwrap();
        crate::dispatch::Segment { part: (*name).to_owned(), walks }
    };
    let mut chosen = crate::ledger::Chosen::default();
    (0..200).for_each(|walk| chosen.insert(walk));
    let segments = names.iter().map(segment).collect();
    let selection = Selection {
        counts: Counts::default(),
        chosen,
        shown: BTreeSet::new(),
        segments,
        why_dead: None,
        quotas: Quotas::default(),
    };
    let finalizer = Finalizer {
        campaign: campaign_digest(),
        parts: &parts,
        library: library(),
        output: &campaign.output,
        folder: folder.path(),
        width: 2,
    };
    let before = read(folder.path());
    let Err(finalize::Error::Damaged(lost)) = finalize::write(&finalizer, &selection).await else {
        panic!("it does not see that parts are lost");
    };
    let lost: Vec<&str> = lost.iter().map(|lost| lost.part.as_str()).collect();
    assert_eq!(lost, [names[1], names[2], names[4]]);
    check_same(&read(folder.path()), &before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poisoned_walk_costs_its_shard_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let campaign = campaign(folder.path(), 100, 2);
    let runner = Markers { poison: Some(20), ..Markers::default() }.boxed();
    let summary = attempt(&campaign, Arc::clone(&runner), CancellationToken::new()).await.unwrap();
    assert!(matches!(summary.outcome, Outcome::Short(_)));
    assert_eq!((summary.counts.missing, summary.counts.accepted), (16, 100));
    adds_up(&summary.counts);
    let without: BTreeSet<u64> = markers(&read(folder.path())[0]);
    assert!(without.iter().all(|walk| !(16..32).contains(walk)));
    assert_eq!(runner.ran_walks.lock().unwrap()[&20], 3);
    // Mended, the same command fills the gap.
    complete(&campaign, Markers::default().boxed()).await;
    check_same(&read(folder.path()), &undisturbed(100).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_leaves_a_valid_smaller_dataset_that_can_be_completed() {
    let folder = tempfile::tempdir().unwrap();
    let campaign = campaign(folder.path(), 200, 2);
    let runner = Markers { budget: Some(75), ..Markers::default() }.boxed();
    let summary = attempt(&campaign, runner, CancellationToken::new()).await.unwrap();
    let Outcome::Short(why) = &summary.outcome else { panic!("{:?}", summary.outcome) };
    assert!(why.contains("max_requests") && why.contains("hint: "), "{why}");
    adds_up(&summary.counts);
    let kept = markers(&read(folder.path())[0]);
    assert_eq!(kept.len() as u64, summary.counts.accepted);
    assert!(kept.len() >= 50, "{} of 75 paid walks are in the dataset", kept.len());
    complete(&campaign, Markers::default().boxed()).await;
    check_same(&read(folder.path()), &undisturbed(200).await);
}

#[tokio::test]
async fn a_campaign_that_yields_nothing_ends_at_its_walk_limit() {
    struct Barren(AtomicU64);
    #[async_trait]
    impl WalkRunner for Barren {
        async fn run(&self, walk: WalkIndex) -> Result<Walked, Stop> {
            self.0.fetch_add(1, Ordering::SeqCst);
            let end =
                End::Rejected(Rejection::new(Reason::ShortWalk, format!("walk {walk}")), None);
            Ok(Walked { keys: Keys::default(), usage: Usage::default(), end })
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut campaign = campaign(folder.path(), 5, 2);
    campaign.campaign.max_walks = 333;
    let watch = Watch::new(&campaign, campaign_digest()).unwrap();
    let job = Job {
        campaign: &campaign,
        digest: campaign_digest(),
        library: library(),
        graph: Arc::default(),
        pack: Arc::default(),
        servers: Arc::default(),
        prompts: None,
        excluded_paths: "",
        watch: &watch,
        progress: watch::Sender::default(),
        cancel: CancellationToken::new(),
        labour: Labour::Own,
    };
    let barren = Arc::new(Barren(AtomicU64::new(0)));
    let runner = Arc::clone(&barren);
    let summary = run(job, move |_| Ok(runner)).await.unwrap();
    assert!(matches!(summary.outcome, Outcome::Short(_)));
    assert_eq!((summary.counts.rejected, barren.0.load(Ordering::SeqCst)), (333, 333));
    assert!(read(folder.path()).iter().all(String::is_empty));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_carry_what_a_trainer_needs() {
    let folder = tempfile::tempdir().unwrap();
    complete(&campaign(folder.path(), 5, 1), Markers::default().boxed()).await;
    let [sft, preference, _] = read(folder.path());
    let line: Value = serde_json::from_str(sft.lines().next().unwrap()).unwrap();
    let call = &line["messages"][2];
    assert_eq!(call["content"], Value::Null);
    assert_eq!(call["tool_calls"][0]["function"]["name"], "book_room");
    let arguments = call["tool_calls"][0]["function"]["arguments"].as_str().unwrap();
    assert!(arguments.starts_with("{\"city\":\"city-"), "{arguments}");
    assert_eq!(line["messages"][3]["tool_call_id"], "call_1");
    assert_eq!(line["tools"][0]["function"]["name"], "find_room");
    assert_eq!(line["metadata"]["signature_path"], json!([["book_room"]]));
    assert_eq!(line["metadata"]["provenance"][0]["source"]["kind"], "user");
    assert!(line["messages"][4].get("loss").is_none());
    let pair: Value = serde_json::from_str(preference.lines().next().unwrap()).unwrap();
    let losses = |side: &str| -> Vec<u64> {
        let messages = pair[side].as_array().unwrap();
        messages.iter().map(|message| message["loss"].as_u64().unwrap()).collect()
    };
    assert_eq!((losses("chosen"), losses("rejected")), (vec![0, 0, 1, 0, 1], vec![0, 0, 1, 0, 1]));
    assert_eq!(pair["prompt_len"], 4);
    assert_eq!(pair["metadata"]["sample"], line["id"]);
    assert_eq!(pair["metadata"]["error_type"], "summary");
    let manifest = std::fs::read(folder.path().join("manifest.json")).unwrap();
    let manifest: Manifest = serde_json::from_slice(&manifest).unwrap();
    assert!(manifest.complete && manifest.origin.teacher["teacher"] == "offline");
    assert_eq!(manifest.files[0].blake3, Digest::of(sft.as_bytes()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_file_settings_replace_the_files_of_an_earlier_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut campaign = campaign(folder.path(), 50, 2);
    complete(&campaign, Markers::default().boxed()).await;
    let [sft, ..] = read(folder.path());
    campaign.output.rows_per_file = 20;
    complete(&campaign, Markers::default().boxed()).await;
    assert!(!folder.path().join("sft.jsonl").exists());
    let pieces = (0..3).map(|n| folder.path().join(format!("sft-{n:05}.jsonl")));
    let pieces: String = pieces.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    assert_eq!(pieces, sft);
    campaign.output.rows_per_file = 0;
    campaign.output.compression = magnet_proto::config::Compression::Zstd;
    complete(&campaign, Markers::default().boxed()).await;
    let packed = std::fs::read(folder.path().join("sft.jsonl.zst")).unwrap();
    assert_eq!(zstd::decode_all(packed.as_slice()).unwrap(), sft.as_bytes());
    assert!(!folder.path().join("sft-00000.jsonl").exists());
}
