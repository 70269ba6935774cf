//! Answers kept by content, in the part store: what was judged once is never
//! asked again, by this campaign or another one over the same functions.
//!
//! Some dozens of answers stand in one object, which is named by the digest of
//! their questions, with what they cost. A run that is killed loses those of
//! objects under way.

use std::sync::PoisonError;

use futures::{StreamExt, TryStreamExt};
use magnet_proto::Digest;
use magnet_proto::parts::{self, Parts};
use magnet_proto::usage::Usage;
use magnet_worker::teacher::chat::tally;
use magnet_worker::teacher::{Error, Problem};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::{Asking, Standing, Stop};

/// Answers in one object.
const TOGETHER: usize = 32;

/// Where answers are kept.
#[derive(Clone)]
pub struct Kept {
    parts: Parts,
}

/// The answers of one object.
#[derive(Serialize, Deserialize)]
struct Bundle<A> {
    answers: Vec<A>,
    cost: Usage,
}

impl Kept {
    pub fn new(parts: Parts) -> Self {
        Self { parts }
    }

    fn name(key: Digest) -> String {
        format!("judged/{key}")
    }

    /// The answers kept under a key; none if there are none that can be read.
    async fn get<A: DeserializeOwned>(
        &self,
        key: Digest,
    ) -> Result<Option<Bundle<A>>, parts::Error> {
        match self.parts.get(&Self::name(key)).await {
            Ok(bytes) => Ok(rmp_serde::from_slice(&bytes).ok()),
            Err(parts::Error::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn put<A: Serialize>(&self, key: Digest, bundle: &Bundle<A>) -> Result<(), parts::Error> {
        match rmp_serde::to_vec_named(bundle) {
            Ok(bytes) => self.parts.put(&Self::name(key), bytes).await,
            Err(error) => {
                tracing::warn!(%error, "the judge's answers could not be encoded");
                Ok(())
            }
        }
    }
}

/// The answer to every question, in order, asked for where none is kept.
pub(super) async fn answered<Q, A>(
    asking: &Asking<'_>,
    questions: &[Q],
    key: impl Fn(&Q) -> Digest,
    ask: impl AsyncFn(&Q, Option<Problem<'_>>) -> Result<A, Error>,
) -> Result<Vec<A>, Stop>
where
    A: Serialize + DeserializeOwned + Default,
{
    asking.tell(|standing| standing.questions += questions.len());
    let gate = Semaphore::new(asking.in_flight.clamp(1, Semaphore::MAX_PERMITS));
    let bundles = questions.chunks(TOGETHER).map(|bundle| async {
        let keys: Vec<Digest> = bundle.iter().map(&key).collect();
        let name = Digest::of_fields(keys.iter().map(|key| key.as_bytes().as_slice()));
        let there: Option<Bundle<A>> = asking.kept.get(name).await?;
        if let Some(there) = there.filter(|there| there.answers.len() == bundle.len()) {
            asking.tell(|standing| {
                standing.answered += bundle.len();
                standing.kept += bundle.len();
            });
            asking.add(&there.cost);
            return Ok::<_, Stop>(there.answers);
        }
        let (gate, ask) = (&gate, &ask);
        let one = |question| async move {
            // The gate is never closed.
            let _permit = gate.acquire().await;
            one(asking, question, ask).await
        };
        let asked = futures::future::try_join_all(bundle.iter().map(one));
        let (answers, tally) = tally::of(asked).await;
        let bundle = Bundle { answers: answers?, cost: tally.usage };
        asking.kept.put(name, &bundle).await?;
        asking.add(&bundle.cost);
        if let Err(error) = asking.state.forget_memo(&tally.keys).await {
            tracing::debug!(%error, "a judge's answers that are safe stay in the memo");
        }
        Ok(bundle.answers)
    });
    let at_once = asking.in_flight.div_ceil(TOGETHER) + 1;
    let answers: Vec<Vec<A>> =
        futures::stream::iter(bundles).buffered(at_once).try_collect().await?;
    Ok(answers.into_iter().flatten().collect())
}

/// One answer, asked for again with the reason while it cannot be used.
async fn one<Q, A: Default>(
    asking: &Asking<'_>,
    question: &Q,
    ask: &impl AsyncFn(&Q, Option<Problem<'_>>) -> Result<A, Error>,
) -> Result<A, Error> {
    let mut problem: Option<String> = None;
    for tried in 0..asking.tries.get() {
        match ask(question, Problem::after(tried, problem.as_deref())).await {
            Ok(answer) => {
                asking.tell(|standing| standing.answered += 1);
                return Ok(answer);
            }
            Err(Error::Unusable(why) | Error::GaveUp(why)) => problem = Some(why),
            Err(Error::TooLong(why)) => {
                problem = Some(why);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    tracing::debug!(problem, "a judge's answer cannot be used");
    asking.tell(|standing| {
        standing.answered += 1;
        standing.unusable += 1;
    });
    Ok(A::default())
}

impl Asking<'_> {
    fn add(&self, cost: &Usage) {
        *self.cost.lock().unwrap_or_else(PoisonError::into_inner) += cost;
    }

    fn tell(&self, change: impl FnOnce(&mut Standing)) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut standing);
        (self.progress)(&standing);
    }
}
