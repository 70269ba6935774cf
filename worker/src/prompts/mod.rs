//! The prompts: one file a kind of ask, versioned by digest.
//!
//! A prompt is the system message and is the same for every ask of its kind,
//! so that a server's prefix cache serves it. What differs stands after it,
//! the part that changes least first: tools and conversation grow at their
//! end, the task of the moment comes last (`teacher::remote`).

use magnet_proto::Digest;

use crate::teacher::chat::Purpose;

/// The form in which asks are rendered after the prompt. To be raised when
/// `teacher::remote` renders them otherwise: old answers fit no longer.
const FORM: &str = "7";

/// The instructions of a kind of ask.
pub fn system(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Outline => include_str!("outline.md"),
        Purpose::Back => include_str!("back.md"),
        Purpose::Forth => include_str!("forth.md"),
        Purpose::Act => include_str!("act.md"),
        Purpose::Conclude => include_str!("conclude.md"),
        Purpose::Mislead => include_str!("mislead.md"),
        Purpose::RollOut => include_str!("roll_out.md"),
        Purpose::Simulate => include_str!("simulate.md"),
        Purpose::JudgeEdges => include_str!("judge_edges.md"),
        Purpose::JudgeNested => include_str!("judge_nested.md"),
        Purpose::JudgeTurn => include_str!("judge_turn.md"),
        Purpose::JudgeCalls => include_str!("judge_calls.md"),
        Purpose::JudgeDoubt => include_str!("judge_doubt.md"),
        Purpose::Categorize => include_str!("categorize.md"),
        Purpose::PackWorld => include_str!("pack_world.md"),
        Purpose::PackWords => include_str!("pack_words.md"),
        Purpose::Probe => include_str!("probe.md"),
    }
}

/// What an outline is asked for beside, where it gives the values of the calls.
pub const OUTLINE_VALUES: &str = include_str!("outline_values.md");

/// The digest of some prompts and of how asks are rendered: those a campaign
/// uses are a part of its identity.
pub fn digest(purposes: &[Purpose]) -> Digest {
    let texts = purposes.iter().map(|purpose| system(*purpose).as_bytes());
    Digest::of_fields([FORM, OUTLINE_VALUES].map(str::as_bytes).into_iter().chain(texts))
}
