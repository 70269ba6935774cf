//! How a process sees the services it has connected to.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::exit::in_one_line;
use super::health::{Health, Service};
use crate::parts::Parts;
use crate::queue::Queue;
use crate::state::Stores;

/// How often the part store is asked whether it is there and takes what it is
/// given: it keeps no connection that would tell.
const LOOK: Duration = Duration::from_secs(20);

impl Health {
    pub fn watch_queue(&self, queue: &Arc<dyn Queue>) {
        let queue = Arc::clone(queue);
        let probe = move || match queue.link() {
            link if !link.connected => Err(match queue.trouble() {
                Some(why) => format!("the connection to the broker is lost: {why}"),
                None => "the connection to the broker is lost".to_owned(),
            }),
            link if link.blocked => Err("the broker takes no messages: it is short of memory or \
                                         disk"
                .to_owned()),
            _ => Ok(()),
        };
        self.watch(Service::Queue, Box::new(probe));
    }

    pub fn watch_stores(&self, stores: &Stores) {
        for (service, store) in [(Service::State, &stores.state), (Service::Cache, &stores.cache)] {
            let store = Arc::clone(store);
            let probe = move || match store.trouble_here() {
                Some(why) => Err(format!("going on without it: {why}")),
                None => Ok(()),
            };
            self.watch(service, Box::new(probe));
        }
    }

    /// For a worker that has met no campaign, and so no state store: nothing
    /// it needs is missing.
    pub fn watch_no_stores_yet(&self) {
        for service in [Service::State, Service::Cache] {
            self.watch(service, Box::new(|| Ok(())));
        }
    }

    /// Looks at the part store now and then, until `stop`.
    pub fn watch_parts(&self, parts: &Parts, stop: &CancellationToken) {
        let seen = Arc::new(Mutex::new(Ok(())));
        let told = Arc::clone(&seen);
        let lock = |seen: &Mutex<Result<(), String>>, new: Option<Result<(), String>>| {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(new) = new {
                *seen = new;
            }
            seen.clone()
        };
        self.watch(Service::Parts, Box::new(move || lock(&told, None)));
        let (parts, stop) = (parts.clone(), stop.clone());
        tokio::spawn(async move {
            loop {
                let reached = tokio::time::timeout(LOOK, parts.reach()).await;
                let answer = match reached {
                    Ok(answer) => answer.map_err(|problem| in_one_line(&problem)),
                    Err(_) => Err("no answer".to_owned()),
                };
                lock(&seen, Some(answer)).ok();
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
        });
    }
}
