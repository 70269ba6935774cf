//! The wire: one JSON-RPC message a line, over a child's stdin and stdout.
//!
//! Beside the SDK's own transport it bounds a line's length and the number of
//! lines that are no messages, and answers a caller whose answer cannot be
//! read: left to itself, each of these looks like a server that never answers.

use std::io;
use std::sync::{Arc, OnceLock};

use rmcp::RoleClient;
use rmcp::model::{ErrorData, RequestId};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// The longest line: larger answers would fill a conversation many times over.
const MAX_LINE_BYTES: u64 = 4 << 20;
/// Lines that are no messages, such as a banner or a log on stdout.
const MAX_NOISE: usize = 1_000;
const QUEUED: usize = 16;

type Incoming = RxJsonRpcMessage<RoleClient>;

/// Why a server can no longer be talked to, once that is so.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fate(Arc<OnceLock<String>>);

impl Fate {
    fn seal(&self, why: String) {
        // The first reason is the cause of the others.
        self.0.set(why).ok();
    }

    pub(crate) fn why(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// The client's end.
pub(crate) struct Wire {
    incoming: mpsc::Receiver<Incoming>,
    outgoing: Option<mpsc::Sender<Vec<u8>>>,
}

impl Wire {
    /// Over a server's output and input; `tasks` do the work.
    pub(crate) fn new(
        from: impl AsyncRead + Send + Unpin + 'static,
        to: impl AsyncWrite + Send + Unpin + 'static,
        fate: Fate,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let (heard, incoming) = mpsc::channel(QUEUED);
        let (outgoing, said) = mpsc::channel(QUEUED);
        tasks.spawn(read(from, heard, fate));
        tasks.spawn(write(to, said));
        Self { incoming, outgoing: Some(outgoing) }
    }
}

impl Transport<RoleClient> for Wire {
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let outgoing = self.outgoing.clone();
        async move {
            let mut line = serde_json::to_vec(&item)?;
            line.push(b'\n');
            let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
            outgoing.ok_or_else(gone)?.send(line).await.map_err(|_| gone())
        }
    }

    async fn receive(&mut self) -> Option<Incoming> {
        self.incoming.recv().await
    }

    async fn close(&mut self) -> io::Result<()> {
        self.outgoing = None;
        Ok(())
    }
}

async fn write(mut to: impl AsyncWrite + Unpin, mut said: mpsc::Receiver<Vec<u8>>) {
    while let Some(line) = said.recv().await {
        let written = to.write_all(&line).await;
        if written.is_err() || to.flush().await.is_err() {
            return;
        }
    }
}

async fn read(from: impl AsyncRead + Unpin, heard: mpsc::Sender<Incoming>, fate: Fate) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    let mut noise = 0;
    loop {
        line.clear();
        let bounded = (&mut from).take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut line).await;
        match bounded {
            Ok(0) | Err(_) => return,
            Ok(_) if line.len() as u64 > MAX_LINE_BYTES => {
                return fate.seal(format!("it wrote a line of more than {MAX_LINE_BYTES} bytes"));
            }
            Ok(_) => {}
        }
        match message(&line) {
            Some(message) => {
                if heard.send(message).await.is_err() {
                    return;
                }
            }
            None if line.trim_ascii().is_empty() => {}
            None => noise += 1,
        }
        if noise > MAX_NOISE {
            return fate.seal(format!("it wrote {MAX_NOISE} lines that are no messages"));
        }
    }
}

/// The message of a line. An answer that cannot be read becomes an error to
/// whoever waits for it.
fn message(line: &[u8]) -> Option<Incoming> {
    let value: Value = serde_json::from_slice(line).ok()?;
    let id = value.get("id").cloned();
    let is_answer = value.get("method").is_none();
    if let Ok(message) = serde_json::from_value(value) {
        return Some(message);
    }
    let id: RequestId = serde_json::from_value(id.filter(|_| is_answer)?).ok()?;
    let error = ErrorData::internal_error("its answer is no JSON-RPC response", None);
    Some(Incoming::error(error, Some(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a server that writes this and ends.
    async fn heard(text: Vec<u8>) -> (Vec<String>, Option<String>) {
        let (mut tasks, fate) = (JoinSet::new(), Fate::default());
        let mut wire =
            Wire::new(io::Cursor::new(text), tokio::io::sink(), fate.clone(), &mut tasks);
        let mut heard = Vec::new();
        while let Some(message) = wire.receive().await {
            heard.push(serde_json::to_string(&message).unwrap());
        }
        (heard, fate.why().map(str::to_owned))
    }

    #[tokio::test]
    async fn what_is_no_message_is_left_aside() {
        let text = "Listening…\n\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":1}}\n[1]\n";
        let (heard, fate) = heard(text.into()).await;
        assert_eq!(heard, [r#"{"jsonrpc":"2.0","id":1,"result":{"a":1}}"#]);
        assert_eq!(fate, None);
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_read_is_an_error_to_who_waits_for_it() {
        let (heard, _) = heard("{\"id\":7,\"result\":5}\n".into()).await;
        assert_eq!(heard.len(), 1);
        assert!(heard[0].contains("\"id\":7") && heard[0].contains("no JSON-RPC"), "{heard:?}");
    }

    #[tokio::test]
    async fn noise_and_long_lines_end_it_with_a_reason() {
        let (_, fate) = heard("log\n".repeat(MAX_NOISE + 5).into()).await;
        assert!(fate.unwrap().contains("no messages"));
        let (_, fate) = heard(vec![b'x'; MAX_LINE_BYTES as usize + 10]).await;
        assert!(fate.unwrap().contains("a line of more than"));
    }
}
