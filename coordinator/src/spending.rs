//! Reminds a state store that lost its data of what the campaign has spent: a
//! budget is not begun anew.
//!
//! Processes that went on remind it themselves (see `state::redis`); this is
//! for a campaign whose processes were started again, too. What the finished
//! walks cost stands in their parts.

use std::sync::Arc;

use magnet_proto::state::{Spending, State};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::progress::Progress;

/// Reminds the store once, as soon as the parts are read and it is there.
pub(crate) fn remind(
    state: &Arc<dyn State>,
    progress: watch::Receiver<Progress>,
    stop: &CancellationToken,
) {
    let (state, stop) = (Arc::clone(state), stop.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = remind_once(&*state, progress) => {}
        }
    });
}

async fn remind_once(state: &dyn State, mut progress: watch::Receiver<Progress>) {
    loop {
        let known = match progress.wait_for(|progress| progress.counts.spent.requests > 0).await {
            Ok(progress) => progress.counts.spent,
            Err(_) => return,
        };
        // A store that is away tells an estimate: no ground to add anything.
        if let Ok(total) = state.spend(Spending::default()).await
            && !state.is_away()
        {
            let lost = known.beyond(total);
            if lost != Spending::default() {
                warn!(requests = lost.requests, "the state store lost what was spent: told again");
                state.spend(lost).await.ok();
            }
            return;
        }
        if progress.changed().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(requests: u64) -> Spending {
        Spending { requests, ..Spending::default() }
    }

    async fn check(known_to_store: u64, in_parts: u64, total: u64) {
        let state = magnet_proto::state::open("embedded:").unwrap();
        state.spend(requests(known_to_store)).await.unwrap();
        let mut progress = Progress::default();
        progress.counts.spent = requests(in_parts);
        let (_sender, receiver) = watch::channel(progress);
        remind_once(&*state, receiver).await;
        assert_eq!(state.spend(Spending::default()).await.unwrap(), requests(total));
    }

    #[tokio::test]
    async fn a_store_that_knows_less_than_the_parts_is_told() {
        check(0, 70, 70).await;
        check(30, 70, 70).await;
        check(90, 70, 90).await;
    }
}
