//! The teacher stack against the mock endpoint, in numbers.
//!
//! ```text
//! cargo bench --bench teacher                 # all of it, some minutes
//! cargo bench --bench teacher -- told untold  # some of it
//! ```
//!
//! The mock runs in a process of its own, so that the processor time told is
//! the client's alone. Linux only: times come from `/proc`.

#![allow(clippy::unwrap_used, reason = "a benchmark may end in a panic")]

#[path = "../../tests/it/mock/mod.rs"]
mod mock;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use magnet_offline::teacher::Offline;
use magnet_proto::config::{self, Campaign, Overrides};
use magnet_proto::state::State;
use magnet_proto::state::embedded::EmbeddedState;
use magnet_worker::teacher::chat::tally;
use magnet_worker::teacher::chat::usage::Metrics;
use magnet_worker::teacher::chat::{Answer, Chat, Message, Purpose, Request, Role};
use magnet_worker::teacher::stack::{Patience, Stacks, Wiring};
use mock::{Address, Answers, Behaviour, Limit, Tell};

const CALLS: u64 = 20_000;
const IN_FLIGHT: usize = 256;
/// Rounds of `CALLS`.
const ROUNDS: u64 = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, behaviour] = &arguments[..]
        && first == "--mock"
    {
        return mock::serve_process(0, serde_json::from_str(behaviour).unwrap());
    }
    let named: Vec<&String> = arguments.iter().filter(|name| !name.starts_with('-')).collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|n| n.as_str() == name);
    if wanted("cpu") {
        cpu();
    }
    if wanted("told") {
        told();
        told_tokens();
    }
    if wanted("untold") {
        untold(Tell::Nothing);
        untold(Tell::Seconds);
    }
    if wanted("samples") {
        samples();
    }
}

/// A mock in a process of its own.
struct Server {
    process: Child,
    address: Address,
}

impl Server {
    fn start(behaviour: &Behaviour) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--mock").arg(serde_json::to_string(behaviour).unwrap());
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().trim_end_matches("/v1").rsplit(':').next().unwrap();
        Self { process, address: Address { port: port.parse().unwrap() } }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Processor seconds of this process, and of its children that have ended.
fn cpu_seconds() -> (f64, f64) {
    cpu_seconds_of("self")
}

fn cpu_seconds_of(process: &str) -> (f64, f64) {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<f64> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    // Ticks of 10 ms; the fields are counted from the state on.
    ((fields[11] + fields[12]) / 100.0, (fields[13] + fields[14]) / 100.0)
}

/// Resident memory of a process; none once it has ended.
fn memory_mib(process: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().split(' ').next()?.parse::<f64>().ok()? / 1_024.0)
}

fn campaign(address: Address, more: &[String]) -> Campaign {
    let mut overrides = Overrides::default();
    let url = format!("teacher.mock.base_url={}", address.base_url());
    let fixed = ["teacher.mock.kind=openai", "teacher.mock.model=mock", &url];
    fixed.into_iter().for_each(|line| overrides.set(line));
    more.iter().for_each(|line| overrides.set(line));
    config::load(None, &overrides, &[]).unwrap().campaign
}

fn chat(campaign: &Campaign) -> Arc<dyn Chat> {
    chat_on(campaign, EmbeddedState::new())
}

fn chat_on(campaign: &Campaign, state: EmbeddedState) -> Arc<dyn Chat> {
    let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
    let state = Arc::new(state);
    let (offline, patience) = (Arc::new(Offline), Patience::Endless);
    let wiring = Wiring { state, metrics, offline, variable: &|_| None, patience };
    Stacks::new(campaign, &wiring).chat("mock").unwrap()
}

fn request(number: u64) -> Request {
    let message = |role, content: String| Message { role, content };
    Request {
        purpose: Purpose::Forth,
        messages: vec![
            message(Role::System, "You turn a person's message into one call. ".repeat(20)),
            message(
                Role::User,
                format!("Question {number}: {}", "what is to be done? ".repeat(60)),
            ),
        ],
        answer: Answer::Text,
        temperature: 0.7,
        max_output_tokens: 256,
        draw: number as u32,
    }
}

/// `CALLS` calls by `IN_FLIGHT` tasks; seconds, processor seconds.
async fn drive<F, Fut>(calls: u64, call: F) -> (f64, f64)
where
    F: Fn(u64) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()> + Send,
{
    let (start, cpu) = (Instant::now(), cpu_seconds().0);
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (next, call) = (Arc::clone(&next), call.clone());
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= calls {
                    return;
                }
                call(number).await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    (start.elapsed().as_secs_f64(), cpu_seconds().0 - cpu)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

/// What a round of calls took.
#[derive(Clone, Copy)]
struct Round {
    seconds: f64,
    cpu: f64,
}

impl Round {
    fn rate(self) -> f64 {
        CALLS as f64 / self.seconds
    }

    fn tell(self, what: &str, latency: Duration) {
        let ideal = IN_FLIGHT as f64 / latency.as_secs_f64();
        println!(
            "{what:<8} {:.3} s of processor a 1,000 calls, {:.0} calls a second = {:.0} % of the \
             ideal",
            self.cpu / CALLS as f64 * 1e3,
            self.rate(),
            self.rate() / ideal * 100.0,
        );
    }
}

const LATENCY: Duration = Duration::from_millis(50);

/// The stack beside a bare client, 50 ms away, in turns: what else the machine
/// does falls on both. The memo forgets answers as it does when samples are
/// safe.
fn cpu() {
    let latency_ms = LATENCY.as_millis() as u64;
    let behaviour = Behaviour { latency_ms, answers: Answers::Fixed, ..Behaviour::default() };
    let server = Server::start(&behaviour);
    let mock = server.process.id().to_string();
    let campaign = campaign(server.address, &[format!("teacher.mock.max_in_flight={IN_FLIGHT}")]);
    let runtime = runtime();
    let bare = bare(server.address);
    let state = EmbeddedState::new();
    let chat = runtime.block_on(async { chat_on(&campaign, state.clone()) });
    let mut sums = [Round { seconds: 0.0, cpu: 0.0 }; 2];
    for round in 0..ROUNDS {
        let (before, start) = (cpu_seconds_of(&mock).0, Instant::now());
        let (chat, state) = (Arc::clone(&chat), state.clone());
        let stacked = move |number| {
            let (chat, state) = (Arc::clone(&chat), state.clone());
            async move {
                let request = request(round * CALLS + number);
                let (done, tally) = tally::of(chat.complete(&request)).await;
                done.unwrap();
                state.forget_memo(&tally.keys).await.unwrap();
            }
        };
        let both =
            [runtime.block_on(drive(CALLS, bare.clone())), runtime.block_on(drive(CALLS, stacked))];
        for ((what, (seconds, cpu)), sum) in ["bare", "stack"].into_iter().zip(both).zip(&mut sums)
        {
            Round { seconds, cpu }.tell(what, LATENCY);
            *sum = Round { seconds: sum.seconds + seconds, cpu: sum.cpu + cpu };
        }
        let busy = (cpu_seconds_of(&mock).0 - before) / start.elapsed().as_secs_f64();
        println!(
            "         {:.1} MiB after {} calls of each; the mock is {:.0} % of a core",
            memory_mib("self").unwrap(),
            (round + 1) * CALLS,
            busy * 100.0
        );
    }
    let [bare, stack] = sums;
    println!(
        "stack to bare: {:.2} of the rate, {:.2} of the processor time",
        bare.seconds / stack.seconds,
        stack.cpu / bare.cpu
    );
}

/// A call without any of the stack.
fn bare(address: Address) -> impl Fn(u64) -> Pending + Clone + Send + 'static {
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = reqwest::Client::builder().pool_max_idle_per_host(IN_FLIGHT).build().unwrap();
    let url = format!("{}/chat/completions", address.base_url());
    move |number| {
        let (client, url) = (client.clone(), url.clone());
        Box::pin(async move {
            let request = request(number);
            let body = serde_json::json!({
                "model": "mock", "messages": request.messages, "temperature": request.temperature,
                "max_tokens": request.max_output_tokens, "seed": request.draw,
            });
            let answer = client.post(url).json(&body).send().await.unwrap();
            let answer: serde_json::Value = answer.json().await.unwrap();
            assert!(answer["choices"][0].is_object());
        })
    }
}

type Pending = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// A limit of 6,000 a minute that the campaign knows.
fn told() {
    let limit = Limit { requests_per_minute: 6_000.0, ..Limit::default() };
    let more = ["teacher.mock.requests_per_minute=6000".to_owned()];
    paced("told", limit, &more);
}

/// A limit of 3,000,000 tokens a minute that the campaign knows.
fn told_tokens() {
    let limit = Limit { tokens_per_minute: 3_000_000.0, ..Limit::default() };
    let more = ["tokens_per_minute=3000000", "requests_per_minute=1000000"];
    paced("told, tokens", limit, &more.map(|line| format!("teacher.mock.{line}")));
}

/// A limit that nobody told.
fn untold(tell: Tell) {
    let limit = Limit { requests_per_minute: 6_000.0, tell, ..Limit::default() };
    paced(&format!("untold, {tell:?}"), limit, &[]);
}

/// Half a minute at a limit.
fn paced(what: &str, limit: Limit, more: &[String]) {
    let seconds = 40.0;
    let behaviour = Behaviour {
        limit: Some(limit),
        latency_ms: 50,
        latency_spread: 0.5,
        answers: Answers::Fixed,
        ..Behaviour::default()
    };
    let server = Server::start(&behaviour);
    let campaign = campaign(server.address, more);
    let runtime = runtime();
    let chat = runtime.block_on(async { chat(&campaign) });
    let each = match limit.tokens_per_minute > 0.0 {
        true => request(0).estimated_tokens().input as f64,
        false => 1.0,
    };
    let per_second = limit.requests_per_minute.max(limit.tokens_per_minute) / 60.0;
    let calls = (per_second * seconds / each) as u64;
    let call = move |number| {
        let chat = Arc::clone(&chat);
        async move {
            chat.complete(&request(number)).await.unwrap();
        }
    };
    runtime.block_on(drive(calls, call));
    let stats = server.address.stats();
    let permitted = per_second * (stats.seconds + limit.burst_seconds);
    let used = match limit.tokens_per_minute > 0.0 {
        true => stats.input_tokens + stats.output_tokens,
        false => stats.answered,
    };
    println!(
        "{what:<16} {} answers in {:.1} s: {:.1} % of the permitted, {:.3} refusals an answer, {} \
         early",
        stats.answered,
        stats.seconds,
        used as f64 / permitted * 100.0,
        stats.rate_limited as f64 / stats.answered as f64,
        stats.early
    );
}

/// Whole samples by the real program, and its memory on the way.
fn samples() {
    let behaviour = Behaviour { latency_ms: 50, ..Behaviour::default() };
    let server = Server::start(&behaviour);
    let folder = tempfile::tempdir().unwrap();
    let before = cpu_seconds().1;
    let start = Instant::now();
    let mut magnet = Command::new(env!("CARGO_BIN_EXE_magnet"));
    magnet.current_dir(folder.path()).args(["run", "--samples", "2800", "--out", "out"]);
    let set = [
        "teacher.mock.kind=openai".to_owned(),
        "teacher.mock.model=mock".into(),
        format!("teacher.mock.base_url={}", server.address.base_url()),
        format!("teacher.mock.max_in_flight={IN_FLIGHT}"),
        format!("run.in_flight={IN_FLIGHT}"),
    ];
    set.iter().for_each(|line| {
        magnet.args(["--set", line]);
    });
    let mut magnet = magnet.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let process = magnet.id().to_string();
    let mut next = CALLS;
    let status = loop {
        if let Some(status) = magnet.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(100));
        if server.address.stats().answered >= next
            && let Some(memory) = memory_mib(&process)
        {
            println!("         {memory:.0} MiB after {next} calls");
            next += CALLS;
        }
    };
    assert!(status.success());
    let (cpu, stats) = (cpu_seconds().1 - before, server.address.stats());
    println!(
        "samples  {:.3} s of processor a 1,000 calls, {} calls in {:.1} s, {} in flight at most",
        cpu / stats.answered as f64 * 1e3,
        stats.answered,
        start.elapsed().as_secs_f64(),
        stats.max_in_flight
    );
}
