//! Watches over the bundle of a campaign that workers elsewhere open at any
//! time: one that is damaged or gone is put anew. Until then workers hand the
//! campaign's shards back.

use std::sync::Arc;
use std::time::Duration;

use magnet_proto::bundle::{Bundle, Error};
use magnet_proto::parts::{self, Parts};
use magnet_proto::process::in_one_line;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(15);

/// Keeps the bundle in place until `stop`.
pub(super) async fn keep(bundle: Arc<Bundle>, parts: Parts, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        look(&bundle, &parts).await;
    }
}

async fn look(bundle: &Bundle, parts: &Parts) {
    match Bundle::is_there(parts, &bundle.digest).await {
        // A newer program's is its own to mend.
        Ok(()) | Err(Error::Newer { .. }) => {}
        Err(Error::Parts { source, .. }) if !matches!(source, parts::Error::Missing(_)) => {
            debug!("the bundle cannot be looked at: {}", in_one_line(&source));
        }
        Err(problem) => {
            warn!("{}; it is put anew", in_one_line(&problem));
            if let Err(problem) = bundle.publish(parts).await {
                warn!("{}", in_one_line(&problem));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::config::Campaign;
    use magnet_proto::{CampaignDigest, Digest};

    use super::*;

    #[tokio::test]
    async fn a_bundle_that_is_damaged_or_gone_is_put_anew() {
        let parts = Parts::open("memory:", ".".as_ref()).unwrap();
        let digest = CampaignDigest(Digest::of(b"campaign"));
        let bundle = Bundle::new(digest, &Campaign::default(), Arc::default(), Arc::default(), "");
        let name = Bundle::object_name(&digest);
        for damage in [None, Some(b"no bundle".to_vec())] {
            match damage {
                None => parts.delete(&name).await.unwrap(),
                Some(bytes) => parts.put(&name, bytes).await.unwrap(),
            }
            look(&bundle, &parts).await;
            assert!(Bundle::open(&parts, &digest).await.is_ok());
        }
    }
}
