//! Fail-over: while an endpoint cannot answer, another one is asked.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Chat, Error, Reply, Request, Trouble};

pub struct Failover {
    first: Arc<dyn Chat>,
    second: Arc<dyn Chat>,
}

impl Failover {
    pub fn new(first: Arc<dyn Chat>, second: Arc<dyn Chat>) -> Self {
        Self { first, second }
    }
}

#[async_trait]
impl Chat for Failover {
    async fn complete(&self, request: &Request) -> Result<Reply, Error> {
        match self.first.complete(request).await {
            Err(Error::Transient { cause, .. }) if cause != Trouble::RateLimited => {
                self.second.complete(request).await
            }
            done => done,
        }
    }
}
