//! A server that runs elsewhere, over streamable HTTP: a session for each
//! conversation.
//!
//! Beside the SDK's own client it answers a caller whose question the server
//! could not place, and hears nothing between questions: what a server says of
//! itself then changes no conversation.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;
use magnet_worker::teacher::chat::http::Http;
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use rmcp::model::{ClientJsonRpcMessage, JsonRpcMessage};
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpClientTransport,
    StreamableHttpClientTransportConfig, StreamableHttpError, StreamableHttpPostResponse,
    StreamableHttpResponseLimits,
};
use sse_stream::Sse;

use crate::trouble::Trouble;

/// The largest answer: it would fill a conversation many times over.
const MAX_ANSWER_BYTES: usize = 4 << 20;
/// So much of a refusal's text is told.
const MAX_TOLD_BYTES: usize = 600;
const CONNECTIONS: usize = 64;
const CONNECT: Duration = Duration::from_secs(20);

type Headers = HashMap<HeaderName, HeaderValue>;
type Failure = StreamableHttpError<reqwest::Error>;

/// Where a server is, and what each request to it carries.
#[derive(Clone)]
pub(crate) struct Remote {
    client: reqwest::Client,
    url: Arc<str>,
    headers: Headers,
}

impl Remote {
    /// # Errors
    /// What of its address or headers cannot be sent.
    pub(crate) fn new(url: &str, headers: BTreeMap<String, String>) -> Result<Self, String> {
        Url::parse(url).map_err(|error| format!("its address is none: {error}"))?;
        let mut sent = Headers::new();
        for (name, value) in headers {
            let wrong = || format!("its header \"{name}\" is none");
            let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            let mut value = HeaderValue::from_str(value.trim()).map_err(|_| wrong())?;
            value.set_sensitive(true);
            sent.insert(known, value);
        }
        let client = Http::client(CONNECTIONS, CONNECT).map_err(|error| error.to_string())?;
        Ok(Self { client, url: url.into(), headers: sent })
    }

    /// The way to a session that is yet to begin. One that has ended is never
    /// begun anew beneath a conversation, which would go on in another world.
    pub(crate) fn transport(&self) -> StreamableHttpClientTransport<Web> {
        let config = StreamableHttpClientTransportConfig::with_uri(Arc::clone(&self.url))
            .custom_headers(self.headers.clone())
            .max_sse_event_size(MAX_ANSWER_BYTES)
            .max_json_response_size(MAX_ANSWER_BYTES)
            .max_error_response_size(MAX_TOLD_BYTES)
            .reinit_on_expired_session(false);
        StreamableHttpClientTransport::with_client(Web(self.client.clone()), config)
    }
}

/// Addresses and headers hold secrets.
impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").finish_non_exhaustive()
    }
}

/// Why a question within a session has no answer, by what became of it on the
/// way; none if that is no way of ours.
pub(crate) fn trouble(error: &(dyn std::error::Error + 'static)) -> Option<Trouble> {
    let error = error.downcast_ref::<Failure>()?;
    Some(match error {
        Failure::Client(error) => Trouble::Away(innermost(error)),
        Failure::HttpStatus(status) => Trouble::Away(status.to_string()),
        Failure::Io(_)
        | Failure::Sse(_)
        | Failure::UnexpectedEndOfStream
        | Failure::TransportChannelClosed => Trouble::Away(error.to_string()),
        Failure::SessionExpired => {
            Trouble::Gone("it no longer knows the session, as after a restart".into())
        }
        Failure::AuthRequired(_) => Trouble::Denied("HTTP 401: it wants to know who asks".into()),
        Failure::InsufficientScope(_) => {
            Trouble::Denied("HTTP 403: who asks may not do that".into())
        }
        Failure::UnexpectedServerResponse(told) if is_denial(told) => {
            Trouble::Denied(told.trim().to_owned())
        }
        other => Trouble::Gone(other.to_string()),
    })
}

/// Why a session does not begin: what a server says to a greeting, it says to
/// each.
pub(crate) fn refusal(error: &(dyn std::error::Error + 'static)) -> Option<Trouble> {
    match (trouble(error)?, error.downcast_ref::<Failure>()) {
        (Trouble::Gone(why), Some(Failure::SessionExpired)) => Some(Trouble::Away(why)),
        (Trouble::Gone(why), _) => Some(Trouble::Denied(why)),
        (other, _) => Some(other),
    }
}

fn is_denial(told: &str) -> bool {
    ["HTTP 401", "HTTP 403", "HTTP 407"].iter().any(|status| told.starts_with(status))
}

/// The cause behind an error of the network, which alone names no address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The SDK's client over one of ours.
#[derive(Clone)]
pub(crate) struct Web(reqwest::Client);

impl StreamableHttpClient for Web {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(
            uri, message, session_id, auth_header, headers, limits,
        )
        .await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let asked = match &message {
            JsonRpcMessage::Request(request) => Some(request.id.clone()),
            _ => None,
        };
        let posted = self.0.post_message_with_response_limits(
            uri, message, session_id, auth_header, headers, limits,
        );
        match (posted.await?, asked) {
            // It names no question: whoever asked would wait for ever.
            (StreamableHttpPostResponse::Json(JsonRpcMessage::Error(error), _), Some(_))
                if error.id.is_none() =>
            {
                Err(Failure::UnexpectedServerResponse(error.error.message))
            }
            (response, _) => Ok(response),
        }
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        auth_header: Option<String>,
        headers: Headers,
    ) -> Result<(), Failure> {
        let deleted = self.0.delete_session(uri, session_id, auth_header, headers).await;
        // A session that cannot be ended costs its server memory, not us.
        if let Err(error) = deleted {
            tracing::debug!(%error, "a session was not ended");
        }
        Ok(())
    }

    /// Only to go on with an answer that broke off.
    async fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        headers: Headers,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        self.get_stream_with_max_sse_event_size(
            uri, session_id, last_event_id, auth_header, headers, MAX_ANSWER_BYTES,
        )
        .await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        headers: Headers,
        max_sse_event_size: usize,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        if last_event_id.is_none() {
            return Err(Failure::ServerDoesNotSupportSse);
        }
        let stream = self.0.get_stream_with_max_sse_event_size(
            uri, session_id, last_event_id, auth_header, headers, max_sse_event_size,
        );
        stream.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_sent_is_told_and_no_secret_shows() {
        let remote = |url: &str, value: &str| {
            Remote::new(url, [("Authorization".to_owned(), value.to_owned())].into())
        };
        assert!(remote("nowhere", "x").unwrap_err().contains("its address is none"));
        let told = remote("https://h/mcp", "se\u{1}cret").unwrap_err();
        assert_eq!(told, "its header \"Authorization\" is none");
        let remote = remote("https://h/mcp?key=hush", "Bearer hush").unwrap();
        let shown = format!("{remote:?} {:?}", remote.headers);
        assert!(!shown.contains("hush"), "{shown}");
    }

    #[test]
    fn who_is_denied_is_told_from_who_is_away_and_what_has_ended() {
        let unexpected = |told: &'static str| Failure::UnexpectedServerResponse(told.into());
        for (error, expected) in [
            (unexpected("HTTP 401 Unauthorized: who are you?"), "Denied(\"HTTP 401"),
            (unexpected("HTTP 400 Bad Request: what?"), "Gone(\"unexpected"),
            (Failure::SessionExpired, "Gone(\"it no longer knows"),
        ] {
            let told = format!("{:?}", trouble(&error).unwrap());
            assert!(told.starts_with(expected), "{told}");
        }
        assert!(trouble(&std::io::Error::other("x")).is_none());
        for (error, expected) in [
            (unexpected("HTTP 404 Not Found: what?"), "Denied(\"unexpected"),
            (Failure::SessionExpired, "Away(\"it no longer knows"),
            (Failure::TransportChannelClosed, "Away("),
        ] {
            let told = format!("{:?}", refusal(&error).unwrap());
            assert!(told.starts_with(expected), "at the greeting: {told}");
        }
    }
}
