//! The lines of a dataset in batches, worked side by side and taken up in order.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use super::{Line, Lines};

/// Lines are worked in batches of about this size.
const BATCH_BYTES: usize = 1 << 20;

/// A batch, and where its result goes.
type Job<B, R> = (B, SyncSender<R>);

/// Works each batch on one of the machine's cores and hands the results on in
/// the order of the batches. Only a few batches are under way at a time.
pub(crate) fn in_order<B: Send, R: Send>(
    batches: impl Iterator<Item = Result<B>>,
    work: impl Fn(B) -> R + Sync,
    mut take: impl FnMut(R) -> Result<()>,
) -> Result<()> {
    let lanes = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    std::thread::scope(|scope| {
        let (jobs, waiting) = sync_channel::<Job<B, R>>(lanes);
        let waiting = std::sync::Arc::new(Mutex::new(waiting));
        for _ in 0..lanes {
            let (waiting, work) = (std::sync::Arc::clone(&waiting), &work);
            scope.spawn(move || {
                while let Some((batch, result)) = next(&waiting) {
                    // Nobody waits for it any more only after an error.
                    result.send(work(batch)).ok();
                }
            });
        }
        drop(waiting);
        let mut under_way = VecDeque::new();
        let mut take = |result: Receiver<R>| take(result.recv().context("a worker is lost")?);
        for batch in batches {
            let (result, waits) = sync_channel(1);
            jobs.send((batch?, result)).ok().context("all workers are lost")?;
            under_way.push_back(waits);
            if under_way.len() > 2 * lanes
                && let Some(oldest) = under_way.pop_front()
            {
                take(oldest)?;
            }
        }
        drop(jobs);
        under_way.into_iter().try_for_each(take)
    })
}

/// Lines in batches of some size, so that a lane has something to do.
pub(crate) fn batches(mut lines: Lines<'_>) -> impl Iterator<Item = Result<Vec<Line>>> {
    std::iter::from_fn(move || {
        let (mut batch, mut size) = (Vec::new(), 0);
        while size < BATCH_BYTES {
            match lines.next() {
                None => break,
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(line)) => {
                    size += line.text.len();
                    batch.push(line);
                }
            }
        }
        (!batch.is_empty()).then_some(Ok(batch))
    })
}

fn next<J>(waiting: &Mutex<Receiver<J>>) -> Option<J> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_their_batches() {
        let mut taken = Vec::new();
        let batches = (0..500u64).map(Ok);
        // Later batches are quicker than earlier ones.
        let work =
            |batch: u64| (0..(500 - batch) * 50).fold(batch, |sum, _| std::hint::black_box(sum));
        in_order(batches, work, |result| {
            taken.push(result);
            Ok(())
        })
        .unwrap();
        assert_eq!(taken, (0..500).collect::<Vec<u64>>());
    }

    #[test]
    fn the_first_error_ends_it() {
        let batches = (0..100u64).map(|n| if n == 7 { anyhow::bail!("no batch") } else { Ok(n) });
        let error = in_order(batches, |batch| batch, |_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "no batch");
        let refused = in_order(
            (0..100u64).map(Ok),
            |batch| batch,
            |n| {
                if n == 3 { anyhow::bail!("full") } else { Ok(()) }
            },
        );
        assert_eq!(refused.unwrap_err().to_string(), "full");
    }
}
