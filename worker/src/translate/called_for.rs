//! Called for, checked: a reader who does not know the reference names the
//! calls that a request needs (method §5).
//!
//! A call of the reference that is not among them is asked about once by name.
//! What is found needed by neither answer is not called for, and the request
//! is written again with that reason. Of a turn whose truth is that no tool on
//! offer can do it, the reader must find none that has to be called. Without a
//! model as judge the brief's own rules stand for it: every step serves a want
//! or feeds one that does.

use std::collections::BTreeSet;

use magnet_proto::FunctionId;
use magnet_proto::outcome::{Reason, Rejection};
use magnet_proto::path::Purpose;
use rand::RngExt;

use super::Translator;
use crate::conversation::Conversation;
use crate::failure::{Failure, Tries};
use crate::teacher::{Needs, Reader};
use crate::vet::record::Offer;

/// Who reads the requests of a conversation, and how many.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    pub reader: &'a dyn Reader,
    pub offer: Offer<'a>,
    /// The share of turns with calls that are read.
    pub share: f64,
}

/// Whether a reader finds every call of the turn needed, and if so, whether it
/// doubted one at first; none where nobody reads the request.
pub(super) async fn check(
    translator: &Translator<'_>,
    turn: usize,
    conversation: &Conversation,
    request: &str,
) -> Result<Result<Option<bool>, Rejection>, Failure> {
    let Some(Reading { reader, offer, share }) = translator.reading else {
        return Ok(Ok(None));
    };
    let plan = &translator.scene.path.turns[turn];
    let before = turn.checked_sub(1).map(|before| &translator.scene.path.turns[before].purpose);
    let makes_up = before.is_some_and(|before| {
        matches!(
            before,
            Purpose::MissingFunction { resolved: true, .. }
                | Purpose::MissingParameter { resolved: true, .. }
        )
    });
    let is_told = match plan.purpose {
        // What makes up for something missing asks for nothing new.
        Purpose::Calls => !plan.steps.is_empty() && !makes_up,
        Purpose::MissingFunction { .. } | Purpose::Irrelevant { .. } => true,
        // What it leaves out, the reader would ask for, or take a tool for.
        Purpose::MissingParameter { .. } => false,
    };
    let is_read =
        is_told && translator.scene.stream("called for", turn).random_bool(share.clamp(0.0, 1.0));
    if !is_read {
        return Ok(Ok(None));
    }
    let reference: BTreeSet<FunctionId> = plan.steps.iter().map(|step| step.function).collect();
    let needs = Needs {
        library: translator.scene.library,
        conversation,
        request,
        tools: &offer.at(turn),
        doubted: &[],
        problem: None,
    };
    let tries = || Tries::new(translator.tries);
    if plan.purpose != Purpose::Calls {
        // What goes on from the thing that is missing waits for it.
        let next = translator.scene.path.turns.get(turn + 1);
        let next = next
            .filter(|_| matches!(plan.purpose, Purpose::MissingFunction { resolved: true, .. }));
        let waits = next.into_iter().flat_map(|turn| &turn.steps).map(|step| step.function);
        return Ok(beyond_all(reader, needs, &waits.collect(), tries).await?.map(|()| None));
    }
    let found = read(reader, needs, &reference, tries).await?;
    Ok(found.map(Some))
}

/// Whether no tool on offer has to be called for a request, as its turn says.
async fn beyond_all(
    reader: &dyn Reader,
    needs: Needs<'_>,
    waits: &BTreeSet<FunctionId>,
    tries: impl Fn() -> Tries,
) -> Result<Result<(), Rejection>, Failure> {
    let mut found = answer(reader, needs, tries()).await?;
    found.retain(|id| !waits.contains(id));
    if !found.is_empty() {
        found = answer(reader, Needs { doubted: &found, ..needs }, tries()).await?;
    }
    let Some(able) = found.first() else {
        return Ok(Ok(()));
    };
    let detail = format!(
        "a reader of \"{}\" calls \"{}\" for it, which is on offer: ask for what none of the \
         tools there can do",
        needs.request,
        needs.library.get(*able).name
    );
    Ok(Err(Rejection::new(Reason::UncalledFor, detail)))
}

/// Whether a call was doubted, of a request that needs all.
async fn read(
    reader: &dyn Reader,
    needs: Needs<'_>,
    reference: &BTreeSet<FunctionId>,
    tries: impl Fn() -> Tries,
) -> Result<Result<bool, Rejection>, Failure> {
    let found = answer(reader, needs, tries()).await?;
    let doubted: Vec<FunctionId> =
        reference.iter().copied().filter(|id| !found.contains(id)).collect();
    if doubted.is_empty() {
        return Ok(Ok(false));
    }
    let found = answer(reader, Needs { doubted: &doubted, ..needs }, tries()).await?;
    let Some(unneeded) = doubted.iter().find(|id| !found.contains(id)) else {
        return Ok(Ok(true));
    };
    let detail = format!(
        "a reader of \"{}\" does not see that \"{}\" is needed for it",
        needs.request,
        needs.library.get(*unneeded).name
    );
    Ok(Err(Rejection::new(Reason::UncalledFor, detail)))
}

async fn answer(
    reader: &dyn Reader,
    needs: Needs<'_>,
    mut tries: Tries,
) -> Result<Vec<FunctionId>, Failure> {
    loop {
        let answer = reader.needs(&Needs { problem: tries.problem(), ..needs }).await;
        if let Some(found) = tries.usable(answer)? {
            return Ok(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use async_trait::async_trait;
    use magnet_proto::library::{Document, Function, Library};
    use serde_json::json;

    use super::*;
    use crate::teacher::Error;

    /// Names these at first sight, and those when asked by name.
    struct Reads(&'static [u32], &'static [u32]);

    #[async_trait]
    impl Reader for Reads {
        async fn needs(&self, ask: &Needs<'_>) -> Result<Vec<FunctionId>, Error> {
            let named = if ask.doubted.is_empty() { self.0 } else { self.1 };
            Ok(named.iter().copied().map(FunctionId).collect())
        }
    }

    fn library() -> Library {
        let function = |name: &str| {
            Function::from(Document {
                name: name.into(),
                description: String::new(),
                category: "misc".into(),
                class: "misc".into(),
                parameters: json!({"type": "object", "properties": {}}),
                response: None,
            })
        };
        ["list_tickets", "get_ticket"].map(function).to_vec().into()
    }

    /// Of a request that is to lead to both functions.
    async fn verdict(reads: Reads) -> Result<bool, Rejection> {
        let library = library();
        let needs = Needs {
            library: &library,
            conversation: &Conversation::default(),
            request: "List their tickets.",
            tools: &[FunctionId(0), FunctionId(1)],
            doubted: &[],
            problem: None,
        };
        let reference = BTreeSet::from([FunctionId(0), FunctionId(1)]);
        read(&reads, needs, &reference, || Tries::new(NonZeroU32::MIN)).await.unwrap()
    }

    #[tokio::test]
    async fn a_call_is_called_for_that_the_reader_names_at_once_or_when_asked() {
        assert_eq!(verdict(Reads(&[0, 1], &[])).await, Ok(false));
        assert_eq!(verdict(Reads(&[0], &[1])).await, Ok(true));
    }

    #[tokio::test]
    async fn what_no_tool_can_do_is_refused_where_a_reader_insists_on_one() {
        let library = library();
        let needs = Needs {
            library: &library,
            conversation: &Conversation::default(),
            request: "Close their oldest ticket.",
            tools: &[FunctionId(0), FunctionId(1)],
            doubted: &[],
            problem: None,
        };
        let tries = || Tries::new(NonZeroU32::MIN);
        let waits = BTreeSet::from([FunctionId(1)]);
        let verdict = async |reads: Reads| beyond_all(&reads, needs, &waits, tries).await.unwrap();
        assert_eq!(verdict(Reads(&[], &[])).await, Ok(()));
        assert_eq!(verdict(Reads(&[1], &[1])).await, Ok(()), "it waits for what is missing");
        assert_eq!(verdict(Reads(&[0], &[])).await, Ok(()), "looked at again, it is not needed");
        let refused = verdict(Reads(&[0], &[0])).await.unwrap_err();
        assert_eq!(refused.reason, Reason::UncalledFor);
        assert!(refused.detail.contains("\"list_tickets\""), "{}", refused.detail);
    }

    #[tokio::test]
    async fn a_call_that_nobody_sees_the_need_of_is_refused_by_its_name() {
        let refused = verdict(Reads(&[0], &[])).await.unwrap_err();
        assert_eq!(refused.reason, Reason::UncalledFor);
        assert!(refused.detail.contains("\"get_ticket\""), "{}", refused.detail);
    }
}
