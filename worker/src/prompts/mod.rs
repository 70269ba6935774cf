//! The prompts: one file a kind of ask, versioned by digest.
//!
//! A prompt is the system message and is the same for every ask of its kind,
//! so that a server's prefix cache serves it; what differs stands after it.

use magnet_proto::Digest;

use crate::teacher::chat::Purpose;

/// The instructions of a kind of ask.
pub fn system(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Back => include_str!("back.md"),
        Purpose::Forth => include_str!("forth.md"),
        Purpose::Act => include_str!("act.md"),
        Purpose::Simulate => include_str!("simulate.md"),
        Purpose::JudgeEdges => include_str!("judge_edges.md"),
        Purpose::JudgeNested => include_str!("judge_nested.md"),
        Purpose::JudgeTurn => include_str!("judge_turn.md"),
        Purpose::Categorize => include_str!("categorize.md"),
        Purpose::Probe => "Answer with the JSON object {\"ok\": true}.",
    }
}

/// The digest of all prompts: a part of the campaign's identity.
pub fn digest() -> Digest {
    Digest::of_fields(Purpose::ALL.iter().map(|purpose| system(*purpose).as_bytes()))
}
