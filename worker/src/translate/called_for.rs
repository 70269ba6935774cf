//! Called for, checked: a reader who does not know the reference names the
//! calls that a request needs (method §5).
//!
//! A call of the reference that is not among them is asked about once by name.
//! What is found needed by neither answer is not called for, and the request
//! is written again with that reason. Without a model as judge the brief's own
//! rules stand for it: every step serves a want or feeds one that does.

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
    let is_read = plan.purpose == Purpose::Calls
        && !plan.steps.is_empty()
        && translator.scene.stream("called for", turn).random_bool(share.clamp(0.0, 1.0));
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
    let found = read(reader, needs, &reference, || Tries::new(translator.tries)).await?;
    Ok(found.map(Some))
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
    async fn a_call_that_nobody_sees_the_need_of_is_refused_by_its_name() {
        let refused = verdict(Reads(&[0], &[])).await.unwrap_err();
        assert_eq!(refused.reason, Reason::UncalledFor);
        assert!(refused.detail.contains("\"get_ticket\""), "{}", refused.detail);
    }
}
