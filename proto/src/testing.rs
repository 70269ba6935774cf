//! Samples for this crate's tests.

use std::collections::BTreeMap;

use serde_json::json;

use crate::difficulty::{Attempt, Difficulty, Outcome};
use crate::path::{Kind, NodeOp, SplitKind, StepRef};
use crate::sample::{
    Call, Challenge, ErrorType, Message, NegativeSource, Pair, Provenance, Readings, Sample,
    SchemaKey, Source,
};
use crate::{CampaignDigest, Digest, FunctionId, SampleId, WalkIndex};

/// A sample with every kind of field filled.
pub(crate) fn sample(walk: u64) -> Sample {
    let arguments = json!({"to": "+33", "n": walk, "x": -1.5, "list": [null, true]});
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let call = Call { id: "call_1".into(), function: FunctionId(0), arguments };
    let turn = |turn| StepRef { turn, step: 0 };
    let from = |argument: &str, source| Provenance {
        call: "call_1".into(),
        argument: argument.into(),
        source,
    };
    Sample {
        id: SampleId::new(&CampaignDigest(Digest::of(b"campaign")), WalkIndex(walk)),
        walk: WalkIndex(walk),
        kind: Kind::MultiTurn,
        signature_path: vec![vec![FunctionId(0)], vec![]],
        node_ops: vec![NodeOp::Split {
            kind: SplitKind::MissingParameter,
            turn: 1,
            function: FunctionId(0),
            parameter: Some("to".into()),
            resolved: true,
        }],
        challenges: vec![Challenge::MissingParameter],
        tools: vec![FunctionId(0)],
        tools_added: BTreeMap::from([(2, vec![FunctionId(1)])]),
        messages: vec![
            Message::System("Be helpful.".into()),
            Message::User(format!("Text them about marker {walk}.")),
            Message::Assistant { content: None, calls: vec![call.clone()] },
            Message::Tool { call_id: "call_1".into(), content: "{\"sent\":true}".into() },
            Message::Assistant { content: Some("Sent.".into()), calls: vec![] },
        ],
        reference: vec![vec![call]],
        provenance: vec![
            from("/to", Source::User { turn: 0, start: 1, end: 4 }),
            from("/n", Source::Output { turn: 0, call: "call_0".into(), path: "/n".into() }),
            from("/x", Source::Schema { key: SchemaKey::Default }),
        ],
        executor: "simulator".into(),
        initial_config: Some(json!({"seats": 3})),
        teacher: "offline".into(),
        brief: Default::default(),
        domains: vec!["messages".into()],
        persona: "a planner".into(),
        reasoning: Default::default(),
        readings: Some(Readings { read: 1, doubted: 0 }),
        difficulty: Some(Difficulty {
            student: "pupil".into(),
            attempts: vec![Attempt { outcome: Outcome::MissingCall, turns: 0 }],
        }),
        pairs: vec![Pair {
            error: ErrorType::Summary,
            turn: 0,
            source: NegativeSource::Mechanical,
            prompt_len: 4,
            rejected: vec![Message::Assistant { content: Some("Lost.".into()), calls: vec![] }],
            step: Some(turn(0)),
            reason: "it says \"Lost\"".into(),
        }],
    }
}
