//! An OpenAI-compatible endpoint on loopback that answers like a good model,
//! a bad one or a sick server, as told.
//!
//! ```text
//! request ─► limit ─► fault? ─► good answer, damaged? ─► latency ─► wire
//! ```
//!
//! A good answer is a function of the request's body alone, so that a campaign
//! against the mock has one right dataset. Faults are drawn by seed from the
//! body and how often it came, never from the order of arrival. `GET /stats`
//! tells what was seen, `POST /behaviour` changes the mock's ways at once,
//! `POST /reset` forgets what was seen, `POST /killed` tells that the client
//! was.

#![allow(dead_code, unused_imports, reason = "each test uses what it needs")]

mod answer;
mod behaviour;
mod damage;
mod endpoint;
mod limit;
mod packs;
mod refuse;
mod stats;
mod values;
mod wire;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

pub(crate) use behaviour::{
    Answers, Behaviour, Craft, Dialect, Fault, Limit, Reasoning, Tell, Usage, Wording,
};
pub(crate) use stats::{Stats, Tenth};

/// A mock in a thread of this process; it ends with this value.
pub(crate) struct Mock {
    address: Address,
    _stop: tokio::sync::oneshot::Sender<()>,
}

/// Where a mock listens, in whatever process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address {
    pub(crate) port: u16,
}

impl Mock {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let serve = async move {
                let listener = listen(0).await;
                tell.send(port_of(&listener)).ok();
                let endpoint = Arc::new(endpoint::Endpoint::new(behaviour));
                tokio::select! {
                    () = wire::serve(listener, endpoint) => {}
                    _ = stopped => {}
                }
            };
            runtime.expect("a runtime can be built").block_on(serve);
        });
        let port = told.recv().expect("the mock starts");
        Self { address: Address { port }, _stop: stop }
    }

    pub(crate) fn address(&self) -> Address {
        self.address
    }
}

impl std::ops::Deref for Mock {
    type Target = Address;

    fn deref(&self) -> &Address {
        &self.address
    }
}

/// Serves in this process until it is killed, or its standard input ends;
/// prints the base URL first.
pub(crate) fn serve_process(port: u16, behaviour: Behaviour) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be built").block_on(async {
        let listener = listen(port).await;
        println!("{}", Address { port: port_of(&listener) }.base_url());
        wire::serve(listener, Arc::new(endpoint::Endpoint::new(behaviour))).await;
    });
}

async fn listen(port: u16) -> tokio::net::TcpListener {
    let host = if port == 0 { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
    let listener = tokio::net::TcpListener::bind((host, port)).await;
    listener.unwrap_or_else(|error| panic!("the mock cannot listen on port {port}: {error}"))
}

fn port_of(listener: &tokio::net::TcpListener) -> u16 {
    listener.local_addr().expect("a bound listener has an address").port()
}

impl Address {
    /// For `teacher.NAME.base_url`.
    pub(crate) fn base_url(self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// What the mock has seen so far.
    pub(crate) fn stats(self) -> Stats {
        serde_json::from_str(&self.ask("GET", "/stats", "")).expect("stats are JSON")
    }

    pub(crate) fn behave(self, behaviour: &Behaviour) {
        let text = serde_json::to_string(behaviour).expect("a behaviour is JSON");
        assert_eq!(self.ask("POST", "/behaviour", &text), "{}", "the mock refuses the behaviour");
    }

    /// Tells that whoever asked was killed just now.
    pub(crate) fn killed(self) {
        self.ask("POST", "/killed", "");
    }

    pub(crate) fn reset(self) {
        self.ask("POST", "/reset", "");
    }

    fn ask(self, method: &str, path: &str, body: &str) -> String {
        let mut stream =
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("the mock listens");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit can be set");
        let length = body.len();
        let text = format!(
            "{method} {path} HTTP/1.1\r\nhost: mock\r\ncontent-length: {length}\r\n\
             connection: close\r\n\r\n{body}"
        );
        stream.write_all(text.as_bytes()).expect("the mock reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the mock answers");
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }
}
