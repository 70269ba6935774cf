//! The page's files, as they are in the binary.

use axum::Router;
use axum::http::header::{self, HeaderName};
use axum::response::IntoResponse;
use axum::routing::get;

/// The page loads nothing from elsewhere, runs no script but its own, is
/// framed by nobody and posts no form.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

pub(super) fn routes() -> Router {
    Router::new()
        .route("/", get(|| file("text/html", include_str!("assets/index.html"))))
        .route("/assets/style.css", get(|| file("text/css", include_str!("assets/style.css"))))
        .route("/assets/page.js", get(|| file("text/javascript", include_str!("assets/page.js"))))
        .route(
            "/assets/reader.js",
            get(|| file("text/javascript", include_str!("assets/reader.js"))),
        )
        .route("/assets/dom.js", get(|| file("text/javascript", include_str!("assets/dom.js"))))
        .route("/assets/icon.svg", get(|| file("image/svg+xml", include_str!("assets/icon.svg"))))
}

async fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
            (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        ],
        HARDENED,
        text,
    )
}

/// Said with every answer: take it for what it is called, tell nobody where
/// you came from, ask again next time.
pub(super) const HARDENED: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-cache"),
];
