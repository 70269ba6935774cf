//! The HTTP server of a process: `/metrics`, `/healthz`, `/readyz`, and
//! whatever a role adds.

use std::fmt::Write as _;
use std::net::IpAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::{Registry, TextEncoder};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::exit::Failure;
use super::health::{Health, STALLED};

/// Listens at `host:port`; port 0 takes any that is free.
///
/// # Errors
/// If the address is taken or not this machine's, with the way out.
pub async fn listen(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|problem| {
        let hint = match problem.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another process listens there: choose a port with --listen HOST:PORT or run.listen"
            }
            std::io::ErrorKind::PermissionDenied => "choose a port above 1023",
            _ => "name an address of this machine, like 127.0.0.1:9464, or 0.0.0.0:9464 for all",
        };
        Failure::usage(format!("cannot listen at {address}")).hint(hint).caused_by(problem)
    })
}

/// Serves until `stop`; requests under way then are answered.
///
/// What listens for this machine alone answers those alone who mean this
/// machine: a page from elsewhere whose name has been made to lead here would
/// otherwise read along in somebody's browser.
pub fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) -> JoinHandle<()> {
    let is_ours_alone = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let routes = match is_ours_alone {
        true => routes.layer(middleware::from_fn(refuse_other_hosts)),
        false => routes,
    };
    tokio::spawn(async move {
        let serving = axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(problem) = serving.await {
            warn!("the HTTP server has ended: {problem}");
        }
    })
}

async fn refuse_other_hosts(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).map(|host| host.to_str().unwrap_or_default());
    let host = host.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    match host.is_none_or(names_this_machine) {
        true => next.run(request).await,
        false => {
            let text = "this address is for its own machine alone: ask for it as localhost, or \
                        have it listen elsewhere with --listen HOST:PORT\n";
            (StatusCode::MISDIRECTED_REQUEST, text).into_response()
        }
    }
}

/// Whether a `Host` means the machine itself, at whatever port.
fn names_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// What every role answers.
pub fn routes(registry: &Registry, health: &Health) -> Router {
    let (registry, live, ready) = (registry.clone(), health.clone(), health.clone());
    Router::new()
        .route("/metrics", get(async move || metrics(&registry)))
        .route("/healthz", get(async move || is_alive(&live)))
        .route("/readyz", get(async move || is_ready(&ready)))
}

fn metrics(registry: &Registry) -> Response {
    match TextEncoder::new().encode_to_string(&registry.gather()) {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(problem) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{problem}\n")).into_response(),
    }
}

fn is_alive(health: &Health) -> Response {
    let age = health.pulse().age();
    match age < STALLED {
        true => "alive\n".into_response(),
        false => {
            let text = format!("no progress for {} seconds\n", age.as_secs());
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}

fn is_ready(health: &Health) -> Response {
    let (mut text, mut status) = (String::new(), StatusCode::OK);
    for (service, answer) in health.services() {
        let service = service.label();
        match answer {
            Ok(()) => writeln!(text, "{service}: up"),
            Err(why) => {
                status = StatusCode::SERVICE_UNAVAILABLE;
                writeln!(text, "{service}: away: {why}")
            }
        }
        .expect("writing to a string cannot fail");
    }
    (status, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_s_own_names_mean_this_machine() {
        for host in ["localhost", "LOCALHOST:9464", "127.0.0.1:9464", "127.8.9.1", "[::1]:80"] {
            assert!(names_this_machine(host), "{host}");
        }
        for host in ["evil.test", "localhost.evil.test:9464", "10.0.0.7:9464", "", "127.0.0.1.evil"]
        {
            assert!(!names_this_machine(host), "{host}");
        }
    }
}
