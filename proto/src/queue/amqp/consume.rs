//! Consuming: shards with a prefetch, reports without.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, Consumer};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::broker::Broker;
use super::delivery::Held;
use super::link::{Session, count};
use super::message::{Envelope, Headers};
use super::publish::Publisher;
use super::topology::{self, Rung};
use super::{CampaignDigest, Error, Report, Shard};
use crate::wire;

/// For so long after a lost connection a message that was delivered before is
/// taken to have come back because of that.
const AFTERMATH: Duration = Duration::from_secs(60);

/// The connection for consuming.
pub(super) struct Consuming {
    connection: Connection,
    shards: Channel,
    stream: Mutex<Stream>,
    /// From the start on, so that none is missed; a worker has none.
    reports: Mutex<Option<Consumer>>,
    broker: Arc<Broker>,
    /// When an earlier connection of this process was replaced by this one.
    again_since: Option<Instant>,
    is_over: AtomicBool,
}

/// The shards on their way to a receiver.
#[derive(Default)]
struct Stream {
    consumer: Option<Consumer>,
    /// Taken from the consumer and not yet decided about: a receiver may be
    /// dropped between the two.
    pending: VecDeque<Delivery>,
    /// What the broker said when it ended the flow, behind what is pending.
    ended: Option<String>,
}

#[async_trait]
impl Session for Consuming {
    const PURPOSE: &'static str = "consuming";

    async fn open(broker: &Arc<Broker>, is_again: bool) -> Result<Self, Error> {
        let connection = broker.connect(Self::PURPOSE).await?;
        let explain = |error: lapin::Error| broker.explain(&error);
        let shards = connection.create_channel().await.map_err(explain)?;
        // Whatever ended an earlier session may have taken the queues along.
        topology::declare(broker, &shards).await?;
        let prefetch = broker.access.prefetch.max(1);
        shards.basic_qos(prefetch, BasicQosOptions::default()).await.map_err(explain)?;
        let reports = match &broker.access.campaign {
            Some(campaign) => Some(hear_reports(&connection, campaign).await.map_err(explain)?),
            None => None,
        };
        Ok(Self {
            connection,
            shards,
            stream: Mutex::default(),
            reports: Mutex::new(reports),
            broker: Arc::clone(broker),
            again_since: is_again.then(Instant::now),
            is_over: AtomicBool::new(false),
        })
    }

    fn is_alive(&self) -> bool {
        self.connection.status().connected() && self.shards.status().connected()
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn why_ended(&self) -> Option<String> {
        self.stream.try_lock().ok()?.why_ended()
    }
}

impl Consuming {
    /// Ends the connection in order: all that was sent before is received.
    pub(super) async fn close(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Err(problem) = self.connection.close(200, "done".into()).await {
            debug!("closing the connection for consuming: {problem}");
        }
    }

    /// The next report to this campaign's coordinator.
    pub(super) async fn next_report(&self) -> Result<Report, Error> {
        let mut reports = self.reports.lock().await;
        loop {
            let Some(consumer) = &mut *reports else {
                return Err(Error::Transient("no reports are heard here".into()));
            };
            let delivery = match consumer.next().await {
                Some(Ok(delivery)) => delivery,
                ended => {
                    let why = why_ended(ended);
                    // The session is of no further use without them.
                    self.connection.close(200, "reports ended".into()).await.ok();
                    return Err(Error::Transient(why));
                }
            };
            match wire::decode(&delivery.data) {
                Ok(report) => return Ok(report),
                Err(problem) => debug!("a report that is none: {problem}"),
            }
        }
    }

    /// What has arrived and was not received. Nothing, while somebody receives.
    pub(super) fn arrived(&self) -> Vec<Shard> {
        let Ok(mut stream) = self.stream.try_lock() else {
            return Vec::new();
        };
        stream.fetch();
        let shards = stream.pending.iter().map(|delivery| wire::decode(&delivery.data));
        shards.filter_map(Result::ok).collect()
    }

    /// Whether a message that was delivered before comes from another process
    /// that did not settle it.
    fn tells_of_a_loss(&self, delivery: &Delivery) -> bool {
        let aftermath = self.again_since.is_some_and(|since| since.elapsed() < AFTERMATH);
        delivery.redelivered && !aftermath
    }
}

impl Stream {
    async fn next(&mut self, session: &Consuming) -> Result<&Delivery, Error> {
        if self.pending.is_empty() {
            if let Some(why) = self.ended.take() {
                return Err(Error::Transient(why));
            }
            let consumer = match &mut self.consumer {
                Some(consumer) => consumer,
                none => none.insert(consume(session).await?),
            };
            match consumer.next().await {
                Some(Ok(delivery)) => self.pending.push_back(delivery),
                ended => {
                    self.consumer = None;
                    return Err(Error::Transient(why_ended(ended)));
                }
            }
        }
        self.pending.front().ok_or_else(|| Error::Transient("nothing arrived".into()))
    }

    /// Puts what has arrived into `pending`.
    fn fetch(&mut self) {
        while let Some(consumer) = &mut self.consumer {
            match consumer.next().now_or_never() {
                Some(Some(Ok(delivery))) => self.pending.push_back(delivery),
                Some(ended) => {
                    self.consumer = None;
                    self.ended = Some(why_ended(ended));
                }
                None => return,
            }
        }
    }

    /// What the broker said when it ended the flow, if nobody has heard it yet.
    fn why_ended(&mut self) -> Option<String> {
        if self.ended.is_some() {
            return self.ended.clone();
        }
        let consumer = self.consumer.as_mut()?;
        loop {
            match consumer.next().now_or_never()? {
                Some(Ok(_)) => {}
                ended => return Some(why_ended(ended)),
            }
        }
    }

    /// Stops the flow and puts what has arrived into `pending`.
    async fn stop(&mut self, session: &Consuming) {
        let Some(mut consumer) = self.consumer.take() else {
            return;
        };
        let options = BasicCancelOptions::default();
        if let Err(problem) = session.shards.basic_cancel(consumer.tag(), options).await {
            debug!("stopping to consume: {problem}");
            return;
        }
        while let Some(Ok(delivery)) = consumer.next().await {
            self.pending.push_back(delivery);
        }
    }
}

/// Reports come to a queue of the connection's own: two coordinators both hear
/// all.
async fn hear_reports(
    connection: &Connection,
    campaign: &CampaignDigest,
) -> Result<Consumer, lapin::Error> {
    let channel = connection.create_channel().await?;
    let options = QueueDeclareOptions::exclusive().auto_delete();
    let name = channel.queue_declare("".into(), options, FieldTable::default()).await?;
    let name = name.name().clone();
    let key = campaign.to_string().into();
    let (options, table) = (QueueBindOptions::default(), FieldTable::default());
    channel.queue_bind(name.clone(), topology::REPORTS.into(), key, options, table).await?;
    let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    channel.basic_consume(name, "".into(), options, FieldTable::default()).await
}

async fn consume(session: &Consuming) -> Result<Consumer, Error> {
    let (options, table) = (BasicConsumeOptions::default(), FieldTable::default());
    let consuming = session.shards.basic_consume(topology::WORK.into(), "".into(), options, table);
    consuming.await.map_err(|error| session.broker.explain(&error))
}

fn why_ended(ended: Option<Result<Delivery, lapin::Error>>) -> String {
    match ended {
        Some(Err(error)) => error.to_string(),
        _ => "the broker stopped delivering: the queue was deleted, or moved".into(),
    }
}

/// What to do with a message that has arrived.
enum Arrived {
    /// To be worked.
    Shard(Shard, Headers),
    /// Not here, or not now: to that queue.
    Elsewhere(String, Envelope),
}

/// The shards of this process, whatever session they came by.
pub(super) struct Shards {
    publisher: Publisher,
    held: Arc<AtomicU64>,
}

impl Shards {
    pub(super) fn new(publisher: Publisher) -> Self {
        Self { publisher, held: Arc::default() }
    }

    pub(super) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// The next shard to work. Cancel-safe: what has arrived stays pending
    /// until it is decided about.
    pub(super) async fn next(&self, session: &Arc<Consuming>) -> Result<Held, Error> {
        let mut stream = session.stream.lock().await;
        loop {
            let delivery = stream.next(session).await?;
            if delivery.redelivered {
                count(&session.broker.counters.redelivered);
            }
            match self.look(session, delivery) {
                Arrived::Elsewhere(queue, envelope) => {
                    self.pass_on(delivery, &queue, &envelope).await?;
                    stream.pending.pop_front();
                }
                Arrived::Shard(shard, headers) => {
                    if let Some(delivery) = stream.pending.pop_front() {
                        let publisher = self.publisher.clone();
                        return Ok(Held::new(
                            publisher, delivery, shard, headers.losses, &self.held,
                        ));
                    }
                }
            }
        }
    }

    fn look(&self, session: &Consuming, delivery: &Delivery) -> Arrived {
        let counters = &session.broker.counters;
        let mut headers = Headers::read(&delivery.properties);
        let envelope = |headers| Envelope { bytes: delivery.data.clone(), headers };
        let shard: Shard = match wire::decode(&delivery.data) {
            Ok(shard) => shard,
            Err(wire::Error::Newer { version }) => {
                count(&counters.parked);
                return Arrived::Elsewhere(topology::parked(version), envelope(headers));
            }
            Err(problem) => {
                warn!("to the dead letters: {problem}");
                count(&counters.unreadable);
                let mut letter = envelope(headers).because(&problem.to_string());
                // Enough to see what it was; the broker need not keep the rest.
                letter.bytes.truncate(wire::MAX_SIZE_BYTES);
                return Arrived::Elsewhere(topology::UNREADABLE.into(), letter);
            }
        };
        if headers.more_ms > 0 {
            let (rung, more) = Rung::for_delay(Duration::from_millis(headers.more_ms));
            headers.more_ms = u64::try_from(more.as_millis()).unwrap_or(u64::MAX);
            return Arrived::Elsewhere(rung.queue(), envelope(headers));
        }
        if !session.tells_of_a_loss(delivery) {
            return Arrived::Shard(shard, headers);
        }
        // The count must be stored before the shard is tried once more.
        let counted = Envelope::of(&shard, headers.losses.saturating_add(1));
        Arrived::Elsewhere(topology::WORK.into(), counted)
    }

    async fn pass_on(
        &self,
        delivery: &Delivery,
        queue: &str,
        envelope: &Envelope,
    ) -> Result<(), Error> {
        self.publisher.pass_on(queue, envelope).await?;
        delivery.ack(BasicAckOptions::default()).await.ok();
        Ok(())
    }

    /// Hands back what was not worked, as if it had not been delivered.
    async fn hand_back(&self, delivery: &Delivery) {
        let headers = Headers::read(&delivery.properties);
        let envelope = Envelope { bytes: delivery.data.clone(), headers };
        if let Err(problem) = self.pass_on(delivery, topology::WORK, &envelope).await {
            // The broker takes it back by itself, with the connection.
            debug!("handing back a shard: {problem}");
        }
    }

    /// Hands back all that has arrived and was not worked.
    pub(super) async fn give_back(&self, session: &Consuming) {
        let mut stream = session.stream.lock().await;
        stream.stop(session).await;
        for delivery in std::mem::take(&mut stream.pending) {
            self.hand_back(&delivery).await;
        }
    }
}
