//! Many processes that share one limit, on tokio's paused clock.

use std::sync::Mutex as StdMutex;

use async_trait::async_trait;
use bytes::Bytes;
use magnet_proto::shard::Shard;
use magnet_proto::state::embedded::EmbeddedState;
use magnet_proto::state::{
    Control, Ending, Error, Hand, Leaving, Lookup, Refusal, Spending, Taking, Whereabouts,
};
use magnet_proto::{Digest, WalkIndex};

use super::*;

const PROCESSES: u32 = 16;
const PER_MINUTE: u64 = 6_000;

/// The store as one process sees it: away for a while. Only leasing matters.
struct Seen {
    store: EmbeddedState,
    away: (Instant, Instant),
}

#[async_trait]
impl State for Seen {
    async fn lease(&self, limit: &RateLimit, want: u32) -> Result<Lease, Error> {
        if (self.away.0..self.away.1).contains(&Instant::now()) {
            return Err(Error::Away("restarting".into()));
        }
        let lease = self.store.lease(limit, want).await?;
        Ok(Lease { holders: PROCESSES, ..lease })
    }

    async fn claim(&self, _: Digest, walk: WalkIndex) -> Result<WalkIndex, Error> {
        Ok(walk)
    }

    async fn output(&self, _: Digest, _: Duration) -> Result<Lookup, Error> {
        Ok(Lookup::Compute)
    }

    async fn renew_output(&self, _: Digest, _: Duration) -> Result<(), Error> {
        Ok(())
    }

    async fn release_output(&self, _: Digest) -> Result<(), Error> {
        Ok(())
    }

    async fn put_output(&self, _: Digest, _: Bytes) -> Result<(), Error> {
        Ok(())
    }

    async fn memo(&self, _: Digest) -> Result<Option<Bytes>, Error> {
        Ok(None)
    }

    async fn put_memo(&self, _: Digest, _: Bytes, _: Duration) -> Result<(), Error> {
        Ok(())
    }

    async fn forget_memo(&self, _: &[Digest]) -> Result<(), Error> {
        Ok(())
    }

    async fn hold(&self, _: &RateLimit, _: Duration) -> Result<(), Error> {
        Ok(())
    }

    async fn note_refusal(&self, _: &Refusal) -> Result<(), Error> {
        Ok(())
    }

    async fn refusals(&self) -> Result<Vec<Refusal>, Error> {
        Ok(Vec::new())
    }

    async fn spend(&self, spent: Spending) -> Result<Spending, Error> {
        Ok(spent)
    }

    async fn control(&self) -> Result<Control, Error> {
        Ok(Control::Run)
    }

    async fn set_control(&self, _: Control) -> Result<(), Error> {
        Ok(())
    }

    async fn end(&self, _: &Ending) -> Result<(), Error> {
        Ok(())
    }

    async fn ending(&self) -> Result<Option<Ending>, Error> {
        Ok(None)
    }

    async fn lead(&self, _: &str, _: Duration) -> Result<bool, Error> {
        Ok(true)
    }

    async fn complain(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }

    async fn trouble(&self) -> Result<Option<String>, Error> {
        Ok(None)
    }

    async fn resign(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }

    async fn take_shard(&self, shard: &Shard, is_alone: bool) -> Result<Taking, Error> {
        self.store.take_shard(shard, is_alone).await
    }

    async fn beat_shard(&self, _: &Shard, _: &Hand, _: bool) -> Result<bool, Error> {
        Ok(true)
    }

    async fn leave_shard(&self, _: &Shard, _: &Hand, _: Leaving) -> Result<(), Error> {
        Ok(())
    }

    async fn expect_shard(&self, _: &Shard, _: Duration) -> Result<(), Error> {
        Ok(())
    }

    async fn whereabouts(&self) -> Result<Vec<Whereabouts>, Error> {
        Ok(Vec::new())
    }
}

/// Permits taken in each second of a run in which the store goes away after
/// 20 s and is found again by one process after the other from 40 s on.
async fn seconds(lasting: u64) -> Vec<u32> {
    let (store, start) = (EmbeddedState::new(), Instant::now());
    let taken = Arc::new(StdMutex::new(vec![0; lasting as usize]));
    let processes = (0..PROCESSES).map(|process| {
        let found = Duration::from_secs(40) + Duration::from_millis(200) * process;
        let away = (start + Duration::from_secs(20), start + found);
        let limit = RateLimit { name: "mock/requests".into(), per_minute: PER_MINUTE };
        let bucket = Bucket::new(limit, Arc::new(Seen { store: store.clone(), away }));
        let taken = Arc::clone(&taken);
        tokio::spawn(async move {
            loop {
                bucket.take(1).await;
                let mut taken = taken.lock().unwrap();
                match taken.get_mut(start.elapsed().as_secs() as usize) {
                    Some(second) => *second += 1,
                    None => return,
                }
            }
        })
    });
    for process in processes.collect::<Vec<_>>() {
        process.await.unwrap();
    }
    let taken = taken.lock().unwrap();
    taken.clone()
}

#[tokio::test(start_paused = true)]
async fn a_store_that_comes_back_lets_no_more_through_than_the_limit_and_its_burst() {
    let taken = seconds(70).await;
    let per_second = PER_MINUTE as u32 / 60;
    for (from, window) in taken.windows(10).enumerate() {
        let came: u32 = window.iter().sum();
        assert!(came <= per_second * 11, "{came} from second {from} on: {taken:?}");
    }
    let used: u32 = taken.iter().sum();
    assert!(used >= per_second * 70 * 95 / 100, "{used}: {taken:?}");
}
