//! The HTTP server of a process: `/metrics`, `/healthz`, `/readyz`, and
//! whatever a role adds.

use std::fmt::Write as _;

use axum::Router;
use axum::http::{StatusCode, header};
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
pub fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        let serving = axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(problem) = serving.await {
            warn!("the HTTP server has ended: {problem}");
        }
    })
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
