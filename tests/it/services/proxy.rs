//! A TCP proxy between a process and a service: cuts, refuses, or swallows.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What becomes of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Way {
    /// They go through.
    Open,
    /// They vanish, the connections stay: a network that drops packets.
    Blackhole,
    /// There is nobody: connections are closed, new ones at once.
    Closed,
    /// Each request over HTTP is answered with 403, as an object store would.
    Forbidden,
}

const FORBIDDEN: &[u8] = b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\n\
    Content-Length: 84\r\nConnection: close\r\n\r\n\
    <Error><Code>AccessDenied</Code><Message>Access Denied by a policy</Message></Error>";

/// Listens on a port of its own until dropped.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    inside: Arc<Inside>,
}

struct Inside {
    targets: Vec<u16>,
    /// Clients that came so far: they are dealt out in turn.
    dealt: AtomicUsize,
    way: AtomicU8,
    has_swallowed: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub(crate) fn to(target: u16) -> Self {
        Self::among(&[target])
    }

    /// A load balancer: each client gets the next target that takes it.
    pub(crate) fn among(targets: &[u16]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let way = AtomicU8::new(Way::Open as u8);
        let has_swallowed = AtomicBool::new(false);
        let inside = Arc::new(Inside {
            targets: targets.to_vec(),
            dealt: AtomicUsize::default(),
            way,
            has_swallowed,
            connections: Mutex::default(),
        });
        let accepting = Arc::downgrade(&inside);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Some(inside) = accepting.upgrade() else { return };
                inside.accept(client);
            }
        });
        Self { port, inside }
    }

    /// The same URL by way of this proxy, which names the first target.
    pub(crate) fn url(&self, direct: &str) -> String {
        let target = self.inside.targets[0];
        direct.replace(&format!(":{target}"), &format!(":{}", self.port))
    }

    pub(crate) fn set(&self, way: Way) {
        self.inside.way.store(way as u8, Ordering::SeqCst);
        if matches!(way, Way::Closed | Way::Forbidden) {
            self.cut();
        }
    }

    /// Whether anything has vanished in it.
    pub(crate) fn has_swallowed(&self) -> bool {
        self.inside.has_swallowed.load(Ordering::SeqCst)
    }

    /// Closes the connections there are.
    pub(crate) fn cut(&self) {
        let mut connections = self.inside.connections.lock().expect("no thread panics with it");
        for connection in connections.drain(..) {
            connection.shutdown(Shutdown::Both).ok();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.set(Way::Closed);
        // Wakes the thread that accepts, so that it sees the end.
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok();
    }
}

impl Inside {
    fn is(&self, way: Way) -> bool {
        self.way.load(Ordering::SeqCst) == way as u8
    }

    fn accept(self: Arc<Self>, client: TcpStream) {
        if self.is(Way::Closed) {
            return;
        }
        if self.is(Way::Forbidden) {
            thread::spawn(move || forbid(client));
            return;
        }
        let Some(server) = self.server() else { return };
        for (from, to) in [(&client, &server), (&server, &client)] {
            let (Ok(from), Ok(to), Ok(kept)) = (from.try_clone(), to.try_clone(), from.try_clone())
            else {
                return;
            };
            self.connections.lock().expect("no thread panics with it").push(kept);
            let inside = Arc::clone(&self);
            thread::spawn(move || inside.pump(from, to));
        }
    }

    fn server(&self) -> Option<TcpStream> {
        let first = self.dealt.fetch_add(1, Ordering::SeqCst) % self.targets.len();
        let in_turn = self.targets[first..].iter().chain(&self.targets[..first]);
        in_turn.copied().find_map(|port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok())
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream) {
        from.set_read_timeout(Some(Duration::from_millis(50))).ok();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(_) if self.is(Way::Blackhole) => {
                    self.has_swallowed.store(true, Ordering::SeqCst);
                }
                Ok(length) => {
                    if to.write_all(&buffer[..length]).is_err() {
                        break;
                    }
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => break,
            }
        }
        // A blackhole does not even say goodbye.
        while self.is(Way::Blackhole) {
            thread::sleep(Duration::from_millis(50));
        }
        to.shutdown(Shutdown::Both).ok();
    }
}

/// Reads what there is of a request, and forbids it.
fn forbid(mut client: TcpStream) {
    client.set_read_timeout(Some(Duration::from_millis(200))).ok();
    let mut request = vec![0; 64 * 1024];
    while client.read(&mut request).is_ok_and(|length| length == request.len()) {}
    client.write_all(FORBIDDEN).ok();
    client.shutdown(Shutdown::Write).ok();
    // Whoever still sends would be reset, and not read the answer.
    while client.read(&mut request).is_ok_and(|length| length > 0) {}
}
