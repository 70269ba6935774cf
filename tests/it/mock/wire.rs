//! HTTP/1.1 by hand: a mock must be able to break the wire in ways a decent
//! server library prevents.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::endpoint::Endpoint;

const MAX_HEAD: usize = 64 << 10;

/// A request as it came.
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    /// Lower-case names.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What goes back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    pub(super) manner: Manner,
}

/// How it goes back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Whole,
    /// Half of the body, then the end.
    Cut,
    /// Byte by byte.
    Slow,
    /// Blanks without end, so many at once, in place of the body.
    Endless(usize),
    /// Half of the body, then nothing.
    Stuck,
    /// Nothing at all.
    Hang,
    Reset,
}

impl Answer {
    pub(super) fn json(status: u16, body: impl Into<String>) -> Self {
        let headers = vec![("content-type", "application/json".into())];
        Self { status, headers, body: body.into().into_bytes(), manner: Manner::Whole }
    }

    pub(super) fn html(status: u16, body: &str) -> Self {
        let headers = vec![("content-type", "text/html".into())];
        Self { status, headers, body: body.into(), manner: Manner::Whole }
    }

    pub(super) fn silent(manner: Manner) -> Self {
        Self { status: 0, headers: Vec::new(), body: Vec::new(), manner }
    }
}

pub(super) async fn serve(listener: TcpListener, endpoint: Arc<Endpoint>) {
    // Connections end with this task.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(connection(stream, Arc::clone(&endpoint)));
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Serves a connection until one side has enough; what breaks is the other
/// side's business.
async fn connection(mut stream: TcpStream, endpoint: Arc<Endpoint>) {
    stream.set_nodelay(true).ok();
    let mut buffer = Vec::with_capacity(16 << 10);
    while let Some(asked) = read(&mut stream, &mut buffer).await {
        let close =
            asked.headers.iter().any(|(name, value)| name == "connection" && value == "close");
        let answer = tokio::select! {
            answer = endpoint.answer(&asked) => answer,
            () = hung_up(&mut stream, &mut buffer) => return,
        };
        if write(&mut stream, answer).await.is_none() || close {
            return;
        }
    }
}

/// Waits until the client has gone; what it says meanwhile is kept.
async fn hung_up(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    while stream.read_buf(buffer).await.is_ok_and(|read| read > 0) {}
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Asked> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if buffer.len() > MAX_HEAD || stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let total = end + 4 + length;
    while buffer.len() < total {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = buffer[end + 4..total].to_vec();
    buffer.drain(..total);
    Some(Asked { method, path, headers, body })
}

/// Sends an answer; `None` if the connection is over.
async fn write(stream: &mut TcpStream, answer: Answer) -> Option<()> {
    let mut text = format!("HTTP/1.1 {} Mock\r\n", answer.status);
    for (name, value) in &answer.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    match answer.manner {
        Manner::Endless(_) => text.push_str("connection: close\r\n\r\n"),
        _ => text.push_str(&format!("content-length: {}\r\n\r\n", answer.body.len())),
    }
    let mut bytes = text.into_bytes();
    let half = answer.body.len() / 2;
    match answer.manner {
        Manner::Whole => {
            bytes.extend_from_slice(&answer.body);
            stream.write_all(&bytes).await.ok()
        }
        Manner::Cut => {
            bytes.extend_from_slice(&answer.body[..half]);
            stream.write_all(&bytes).await.ok();
            stream.shutdown().await.ok();
            None
        }
        Manner::Stuck => {
            bytes.extend_from_slice(&answer.body[..half]);
            stream.write_all(&bytes).await.ok()?;
            until_closed(stream).await
        }
        Manner::Slow => {
            stream.write_all(&bytes).await.ok()?;
            for byte in answer.body {
                stream.write_all(&[byte]).await.ok()?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Some(())
        }
        Manner::Endless(at_once) => {
            let blanks = vec![b' '; at_once];
            loop {
                bytes.extend_from_slice(&blanks);
                stream.write_all(&bytes).await.ok()?;
                bytes.clear();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Manner::Hang => until_closed(stream).await,
        Manner::Reset => {
            stream.set_zero_linger().ok();
            None
        }
    }
}

async fn until_closed(stream: &mut TcpStream) -> Option<()> {
    let mut sink = [0; 1_024];
    while stream.read(&mut sink).await.is_ok_and(|read| read > 0) {}
    None
}
