//! TLS: an authority of one's own, and what is wrong with certificates.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::refusals::check;
use crate::fleet::Fleet;
use crate::services::authority::{Authority, Validity};
use crate::services::rabbitmq::{self, RabbitMq};
use crate::services::redis::{self, Redis};

/// A broker and a state store that speak nothing but TLS.
struct Secured {
    authority: Authority,
    broker: RabbitMq,
    redis: Redis,
}

impl Secured {
    fn shared() -> Arc<Self> {
        static SHARED: OnceLock<Arc<Secured>> = OnceLock::new();
        let start = || {
            let authority = Authority::new();
            let broker = RabbitMq::start_with_tls(authority.certify(Validity::Now));
            let redis = Redis::start_with_tls(&authority.certify(Validity::Now));
            Arc::new(Self { authority, broker, redis })
        };
        Arc::clone(SHARED.get_or_init(start))
    }
}

fn trusting(fleet: Fleet, authority: &Path) -> Fleet {
    fleet.with(&format!("fleet.ca_file={}", authority.display()))
}

/// Both roles, with a queue and with a state store at such a URL, say these
/// words and the place.
fn check_both(queue: &str, state: &str, authority: &Path, words: &[&str]) {
    let place = |url: &str| {
        let after = url.split_once("://").expect("it has a scheme").1;
        let after = after.rsplit_once('@').map_or(after, |(_, place)| place);
        after.split('/').next().unwrap_or_default().to_owned()
    };
    let plain_queue = rabbitmq::shared().new_vhost();
    let plain_state = redis::shared().new_database();
    let fleets =
        [(queue, Fleet::on(queue, &plain_state, 10)), (state, Fleet::on(&plain_queue, state, 10))];
    for (url, fleet) in fleets {
        let fleet = trusting(fleet, authority).with("fleet.connect_timeout=3s");
        let place = place(url);
        let words: Vec<&str> = words.iter().copied().chain([place.as_str()]).collect();
        for role in ["worker", "coordinator"] {
            check(&fleet, &[role], &words);
        }
    }
}

#[test]
fn a_fleet_over_tls_makes_the_bytes_of_one_process() {
    let secured = Secured::shared();
    let fleet = Fleet::on_its_own(&secured.broker, &secured.redis, 300);
    assert!(fleet.queue_url().starts_with("amqps://"));
    let mut fleet = trusting(fleet, &secured.authority.file());
    fleet.start_coordinator();
    fleet.start_workers(2);
    fleet.finish();
    fleet.has_the_bytes_of_one_process();
}

#[test]
fn certificates_of_an_unknown_authority_are_refused_with_the_way_out() {
    let secured = Secured::shared();
    let stranger = Authority::new();
    check_both(
        &secured.broker.new_vhost(),
        &secured.redis.new_database(),
        &stranger.file(),
        &["certificate of", "hint: name the authority that signed it in fleet.ca_file"],
    );
}

#[test]
fn certificates_of_another_host_are_refused() {
    let secured = Secured::shared();
    let elsewhere = |url: String| url.replace("127.0.0.1", "localhost");
    check_both(
        &elsewhere(secured.broker.new_vhost()),
        &elsewhere(secured.redis.new_database()),
        &secured.authority.file(),
        &["certificate of", "not valid for name", "hint: name the host as the certificate does"],
    );
}

/// Whatever speaks TLS will do: nobody comes further than the handshake.
#[test]
fn certificates_that_are_over_are_refused() {
    let authority = Authority::new();
    let redis = Redis::start_with_tls(&authority.certify(Validity::Over));
    let queue = format!("amqps://guest:guest@127.0.0.1:{}/", redis.port);
    check_both(
        &queue,
        &redis.new_database(),
        &authority.file(),
        &["certificate of", "expired", "hint: have it renewed"],
    );
}

#[test]
fn an_authority_that_is_no_certificate_is_told_with_its_file() {
    let folder = crate::services::folder("no-authority");
    let file = folder.join("ca.pem");
    std::fs::write(&file, "not a certificate").expect("it can be written");
    let (queue, state) = ("amqps://guest:guest@127.0.0.1:1/", "rediss://127.0.0.1:1/0");
    for (queue, state) in [(queue, "embedded:"), ("memory:", state)] {
        let fleet = trusting(Fleet::on(queue, state, 10), &file);
        let (exit, _, said) = fleet.call(&["run"]);
        assert_eq!(exit, 3, "{said}");
        for word in ["ca.pem", "holds no certificate", "hint: "] {
            assert!(said.contains(word), "no \"{word}\": {said}");
        }
    }
}

/// A URL that asks for TLS gets it or nothing: what is sent first is a
/// handshake, to whatever listens there.
#[test]
fn nothing_is_sent_in_plain_text_where_tls_is_asked_for() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut first = [0; 1];
            if connection.read_exact(&mut first).is_ok() {
                tell.send(first[0]).ok();
            }
        }
    });
    let authority = Authority::new();
    let urls =
        [format!("amqps://guest:guest@127.0.0.1:{port}/"), format!("rediss://127.0.0.1:{port}/0")];
    for (queue, state) in [(urls[0].as_str(), "embedded:"), ("memory:", urls[1].as_str())] {
        let fleet = trusting(Fleet::on(queue, state, 10), &authority.file());
        check(&fleet.with("fleet.connect_timeout=1s"), &["run"], &["127.0.0.1"]);
        const HANDSHAKE: u8 = 22;
        let first = told.recv_timeout(Duration::from_secs(5)).expect("somebody connected");
        assert_eq!(first, HANDSHAKE);
        assert!(told.try_iter().all(|first| first == HANDSHAKE));
    }
}
