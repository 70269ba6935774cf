//! A `magnet` that listens, and requests to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::harness::write;

const PATIENCE: Duration = Duration::from_secs(60);

/// A running process; dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Server {
    /// Starts `magnet` in that folder, listening at a free port.
    pub(crate) fn start(folder: &Path, arguments: &str) -> Self {
        Self::start_with(folder, arguments, &[])
    }

    pub(crate) fn start_with(folder: &Path, arguments: &str, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_magnet"))
            .args(arguments.split_whitespace())
            .args(["--set", "run.listen=127.0.0.1:0"])
            .envs(environment.iter().copied())
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("magnet starts");
        let stderr = BufReader::new(child.stderr.take().expect("it is a pipe"));
        let (found, address) = mpsc::channel();
        // Reads on to the end, so that the process never waits for a reader.
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if let Some(address) = address_in(&line) {
                    found.send(address).ok();
                }
            }
        });
        match address.recv_timeout(PATIENCE) {
            Ok(address) => Self { child, address },
            Err(_) => {
                child.kill().ok();
                panic!("it says nowhere that it listens: {:?}", child.wait());
            }
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, "")
    }

    /// Sends a request with these further header lines.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &str) -> Answer {
        request(self.address, &self.address.to_string(), method, path, headers)
    }

    /// Waits until the answer is as wanted.
    pub(crate) fn until(&self, path: &str, is_so: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.get(path);
            if answer.status == 200 && is_so(&answer.body) {
                return answer.body;
            }
            assert!(Instant::now() < deadline, "{path} stays at {answer:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Sends a request to whoever listens there, as if it had this name.
pub(crate) fn request(
    address: SocketAddr,
    host: &str,
    method: &str,
    path: &str,
    headers: &str,
) -> Answer {
    let mut stream = TcpStream::connect(address).expect("the server accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Length: 0\r\n{headers}\r\n"
    );
    stream.write_all(request.as_bytes()).expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer is text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let (head, body) = (head.to_owned(), body.to_owned());
    Answer { status: status.expect("a status"), head, body }
}

/// Where a process listens, by what it says.
pub(crate) fn address_in(said: &str) -> Option<SocketAddr> {
    let lines = said.lines().filter_map(|line| line.split_once("listening at http://"));
    lines.filter_map(|(_, address)| address.trim().parse().ok()).next()
}

/// A fleet's campaign; its file's name.
pub(crate) fn campaign_file(folder: &Path, queue: &str, state: &str, samples: u64) -> String {
    let text = format!(
        "[campaign]\nname = \"fleet\"\nsamples = {samples}\n[fleet]\nqueue = \"{queue}\"\n\
         state = \"{state}\"\ncache = \"{state}\"\nparts = \"file:{}\"\n[run]\nworkers = 1\n",
        folder.join("parts").display(),
    );
    write(folder, "campaign.toml", &text);
    "campaign.toml".into()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
