//! One broker: how to connect to it, and what its refusals mean.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures::{Stream, StreamExt};
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::tcp::OwnedTLSConfig;
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Connection, ConnectionProperties, ErrorKind, Event};

use super::{Access, Counters, Error};
use crate::tls;

/// A connection that says nothing for so long is gone.
const HEARTBEAT_S: u16 = 10;
/// One try to connect takes no longer.
const TRY: Duration = Duration::from_secs(10);

/// A broker as configured. Its texts never hold the password.
pub(super) struct Broker {
    pub(super) access: Access,
    pub(super) counters: Counters,
    /// Why a connection was lost, or could not be made, last.
    trouble: Mutex<Option<String>>,
    /// How long it lets a message be held, in milliseconds: as configured, or
    /// less, once it has said so.
    patience_ms: AtomicU64,
    uri: AMQPUri,
    ca: Option<String>,
}

impl Broker {
    pub(super) fn new(access: Access) -> Result<Self, Error> {
        let mut uri: AMQPUri = access.url.parse().map_err(|problem: String| {
            // The parser's message may repeat the URL, password and all.
            let problem = problem.split(':').next().unwrap_or_default().to_owned();
            Error::Permanent(format!(
                "the URL of the broker cannot be read ({problem})\nhint: write fleet.queue = \
                 \"amqp://user:password@host:5672/vhost\", with special characters in the \
                 password as %XX"
            ))
        })?;
        // A lone slash after the host means the default virtual host here.
        if uri.vhost.is_empty() {
            uri.vhost = "/".into();
        }
        let heartbeat = uri.query.heartbeat.unwrap_or(HEARTBEAT_S);
        uri.query.heartbeat = Some(heartbeat.clamp(1, HEARTBEAT_S));
        if uri.scheme == AMQPScheme::AMQPS {
            tls::prepare();
        }
        let ca = access.ca_file.as_deref().map(tls::read_authority).transpose();
        let ca = ca.map_err(Error::Permanent)?;
        let (counters, trouble) = (Counters::default(), Mutex::default());
        let patience_ms = AtomicU64::new(millis(access.ack_timeout));
        Ok(Self { access, counters, trouble, patience_ms, uri, ca })
    }

    /// Where it is, for messages: host, port and virtual host.
    pub(super) fn place(&self) -> String {
        let host = &self.uri.authority;
        format!("{}:{} virtual host \"{}\"", host.host, host.port, self.uri.vhost)
    }

    /// Tries once.
    pub(super) async fn connect(self: &Arc<Self>, purpose: &str) -> Result<Connection, Error> {
        let properties = ConnectionProperties::default()
            .with_connection_name(format!("magnet {purpose}").into());
        let tls = OwnedTLSConfig { identity: None, cert_chain: self.ca.clone() };
        let runtime = lapin::runtime::default_runtime().map_err(|error| self.explain(&error))?;
        let uri = self.uri.clone();
        let connecting = Connection::connect_uri_with_config(uri, properties, tls, runtime);
        match tokio::time::timeout(TRY, connecting).await {
            Ok(Ok(connection)) => {
                tokio::spawn(hear_why(Arc::downgrade(self), connection.events_listener()));
                Ok(connection)
            }
            Ok(Err(error)) => Err(self.explain(&error)),
            Err(_) => {
                let place = self.place();
                Err(Error::Transient(format!("{place} does not answer within {TRY:?}")))
            }
        }
    }

    pub(super) fn patience(&self) -> Duration {
        Duration::from_millis(self.patience_ms.load(Ordering::Relaxed))
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes why there is no connection, or that there is one; whether that is
    /// news.
    pub(super) fn note(&self, trouble: Option<String>) -> bool {
        // A broker that has lost its patience says how much it had.
        if let Some(patience) = trouble.as_deref().and_then(patience_told) {
            self.patience_ms.fetch_min(millis(patience), Ordering::Relaxed);
        }
        let mut noted = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = *noted != trouble;
        *noted = trouble;
        is_news
    }

    /// What a refusal means to a person, and whether waiting may mend it.
    pub(super) fn explain(&self, error: &lapin::Error) -> Error {
        let place = self.place();
        let user = &self.uri.authority.userinfo.username;
        let ErrorKind::ProtocolError(refusal) = error.kind() else {
            return match tls_problem(&place, error) {
                Some(problem) => Error::Permanent(problem),
                None => Error::Transient(format!("{place}: {error}")),
            };
        };
        let said = refusal.get_message().as_str();
        match refusal.kind() {
            AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) if said.contains("not found") => {
                Error::Permanent(format!(
                    "{place} does not exist: {said}\nhint: rabbitmqctl add_vhost makes one"
                ))
            }
            AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => Error::Permanent(format!(
                "{place} is closed to the user \"{user}\": {said}\nhint: rabbitmqctl \
                 set_permissions opens it"
            )),
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED)
                if said.contains("Login") || said.contains("login") =>
            {
                Error::Permanent(format!(
                    "{place} refuses the name or the password of the user \"{user}\"\nhint: check \
                     the user and password in fleet.queue"
                ))
            }
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => Error::Permanent(format!(
                "the user \"{user}\" lacks a permission on {place}: {said}\nhint: it must be \
                 allowed to configure, write and read \"magnet\\..*\" and \"amq\\.default\""
            )),
            AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED) => Error::Permanent(format!(
                "{place} has a queue of ours with other arguments: {said}\nhint: set \
                 fleet.queue_type as it was, or empty that queue and delete it by hand"
            )),
            _ => Error::Transient(format!("{place}: {said}")),
        }
    }
}

/// Notes what a connection ends with, while it lasts.
async fn hear_why(broker: Weak<Broker>, events: impl Stream<Item = Event>) {
    let mut events = pin!(events);
    while let Some(event) = events.next().await {
        let (Event::Error(error), Some(broker)) = (event, broker.upgrade()) else { continue };
        broker.note(Some(broker.explain(&error).to_string()));
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The time in a broker's words about a delivery that was not acknowledged.
fn patience_told(said: &str) -> Option<Duration> {
    let (_, told) = said.split_once("Timeout value used: ")?;
    let (number, _) = told.split_once(" ms")?;
    number.parse().ok().map(Duration::from_millis)
}

/// What is wrong with a connection over TLS, if that is what is wrong.
fn tls_problem(place: &str, error: &lapin::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::IOError(error) => tls::explain(place, &error.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_loses_its_patience_says_how_much_it_had() {
        let said = "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout \
                    value used: 10000 ms. This timeout value can be configured";
        assert_eq!(patience_told(said), Some(Duration::from_secs(10)));
        assert_eq!(patience_told("PRECONDITION_FAILED - inequivalent arg"), None);
    }
}
