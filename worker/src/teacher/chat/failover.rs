//! Fail-over: while an endpoint cannot answer, its stand-in is asked.
//!
//! An endpoint that refuses for good (a bad key, a quota used up) is not asked
//! again by this process. The campaign goes on as long as one of the two may
//! answer; it stops when both refuse for good.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;

use super::{Chat, Error, Reply, Request};

pub struct Failover {
    first: Side,
    second: Side,
}

/// One of the two endpoints.
struct Side {
    chat: Arc<dyn Chat>,
    name: String,
    /// Its words, once it has refused for good.
    refusal: OnceLock<String>,
}

impl Failover {
    /// Each endpoint with the name the campaign gives it.
    pub fn new(first: (Arc<dyn Chat>, &str), second: (Arc<dyn Chat>, &str)) -> Self {
        let side = |(chat, name): (_, &str)| Side {
            chat,
            name: name.to_owned(),
            refusal: OnceLock::new(),
        };
        Self { first: side(first), second: side(second) }
    }
}

impl Side {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        if let Some(refusal) = self.refusal.get() {
            return Err(Error::Permanent(refusal.clone()));
        }
        let done = self.chat.complete(request).await;
        if let Err(Error::Permanent(reason)) = &done
            && self.refusal.set(reason.clone()).is_ok()
        {
            let endpoint = &self.name;
            tracing::warn!(endpoint, reason, "a teacher refuses for good: the other one is asked");
        }
        done
    }
}

#[async_trait]
impl Chat for Failover {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        let first = match self.first.complete(request).await {
            Err(error @ (Error::Transient { .. } | Error::Permanent(_))) => error,
            done => return done,
        };
        match (first, self.second.complete(request).await) {
            (Error::Permanent(first), Err(Error::Permanent(second))) => {
                Err(Error::Permanent(format!("{first}; and {second}")))
            }
            // The first one may come back.
            (passing, Err(Error::Permanent(_))) => Err(passing),
            (_, done) => done,
        }
    }
}
