//! An S3 server of our own: moto, from PyPI.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{Process, answers, folder, free_port, wait_for};

pub(crate) struct S3 {
    pub(crate) port: u16,
    _process: Process,
}

/// The server that tests share, each with a bucket of its own.
pub(crate) fn shared() -> &'static S3 {
    static SHARED: OnceLock<S3> = OnceLock::new();
    SHARED.get_or_init(S3::start)
}

/// Where `tests/run` puts Python packages.
fn server() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../venv/bin/moto_server");
    assert!(
        path.exists(),
        "\"{}\" is missing: `tests/run` installs it, or do it by hand: python3 -m venv target/venv \
         && target/venv/bin/pip install 'moto[server]'",
        path.display()
    );
    path
}

impl S3 {
    pub(crate) fn start() -> Self {
        let port = free_port();
        let mut command = Command::new(server());
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let process = Process::start(&folder("s3"), &command);
        wait_for("the S3 server to answer", Duration::from_secs(60), || {
            assert!(process.is_running(), "it ended:\n{}", process.said());
            answers(port)
        });
        Self { port, _process: process }
    }

    /// The URL of a new bucket with a prefix in it.
    pub(crate) fn new_bucket(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let bucket = format!("bucket-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut stream =
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("the server answers");
        let request = format!(
            "PUT /{bucket} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/s3/aws4_request\r\n\
             Connection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("the server reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the server answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        format!("s3://{bucket}/some/prefix")
    }

    /// What a process must have in its environment to use this server.
    pub(crate) fn environment(&self) -> [(&'static str, String); 4] {
        environment(&format!("http://127.0.0.1:{}", self.port))
    }
}

/// The same for a server elsewhere.
pub(crate) fn environment(endpoint: &str) -> [(&'static str, String); 4] {
    [
        ("AWS_ENDPOINT", endpoint.to_owned()),
        ("AWS_REGION", "us-east-1".into()),
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
    ]
}
