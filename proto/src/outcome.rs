//! What became of a walk.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A walk that yields no sample: a result, not an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    pub reason: Reason,
    /// What exactly, for a person: names the function, parameter or value.
    pub detail: String,
}

impl Rejection {
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.label(), self.detail)
    }
}

/// Why a walk was rejected. A closed list: it labels metrics and manifests.
/// In the order of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The walk met a dead end before `min_nodes`.
    ShortWalk,
    /// The signature path is on the list of paths to keep out.
    ExcludedPath,
    /// A required value can be had from nowhere.
    NoValue,
    /// No set of values was accepted by what executes the call.
    CallRefused,
    /// Nobody would want what the path does, or too little of it is called for.
    NoPurpose,
    /// A request names a function or mentions an inserted call.
    RequestNamesFunction,
    /// A request lacks a required value.
    RequestLacksValue,
    /// Forward translation gave up.
    CallGivenUp,
    /// Arguments break the function's schema.
    InvalidArguments,
    /// The same call was made before.
    RepeatedCall,
    /// A required value has no provenance.
    UngroundedArgument,
    /// The calls made differ from the calls planned.
    CallsDiffer,
    /// The executor failed for good.
    ExecutorFailed,
    /// More assistant steps than a turn may have.
    TooManySteps,
    /// The agent called where it should have asked or declined, or the reverse.
    WrongTurnKind,
    /// A stored message shows a trace of the hint.
    HintLeaked,
    /// The closing prose holds a number or name that no output has.
    UngroundedSummary,
    /// The closing prose admits failure where there was none.
    FailureWords,
    /// A claimed challenge is not there.
    ChallengeAbsent,
    /// A turn judge found a turn wrong.
    JudgedWrong,
    /// A judge finds a call of the reference that its request does not need.
    UncalledFor,
    /// A prompt does not fit the model's context, however briefly put.
    PromptTooLong,
    /// The teacher's answer could not be used after all tries.
    AnswerUnusable,
}

/// The part of the pipeline that rejects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Walk and node operations.
    Path,
    /// Dry walk and brief.
    Brief,
    /// Back and forth translation, with execution.
    Translate,
    Distill,
    Vet,
    /// Whichever asked the teacher.
    Any,
}

impl Stage {
    pub fn label(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Brief => "brief",
            Self::Translate => "translate",
            Self::Distill => "distill",
            Self::Vet => "vet",
            Self::Any => "any",
        }
    }
}

impl Reason {
    pub const ALL: [Self; 23] = [
        Self::ShortWalk,
        Self::ExcludedPath,
        Self::NoValue,
        Self::CallRefused,
        Self::NoPurpose,
        Self::RequestNamesFunction,
        Self::RequestLacksValue,
        Self::CallGivenUp,
        Self::InvalidArguments,
        Self::RepeatedCall,
        Self::UngroundedArgument,
        Self::CallsDiffer,
        Self::ExecutorFailed,
        Self::TooManySteps,
        Self::WrongTurnKind,
        Self::HintLeaked,
        Self::UngroundedSummary,
        Self::FailureWords,
        Self::ChallengeAbsent,
        Self::JudgedWrong,
        Self::UncalledFor,
        Self::PromptTooLong,
        Self::AnswerUnusable,
    ];

    /// Where in the pipeline it comes up.
    pub fn stage(self) -> Stage {
        match self {
            Self::ShortWalk | Self::ExcludedPath => Stage::Path,
            Self::NoValue | Self::CallRefused | Self::NoPurpose => Stage::Brief,
            Self::RequestNamesFunction
            | Self::RequestLacksValue
            | Self::CallGivenUp
            | Self::InvalidArguments
            | Self::RepeatedCall
            | Self::UngroundedArgument
            | Self::CallsDiffer
            | Self::ExecutorFailed => Stage::Translate,
            Self::TooManySteps
            | Self::WrongTurnKind
            | Self::HintLeaked
            | Self::UngroundedSummary
            | Self::FailureWords => Stage::Distill,
            Self::ChallengeAbsent | Self::JudgedWrong | Self::UncalledFor => Stage::Vet,
            Self::PromptTooLong | Self::AnswerUnusable => Stage::Any,
        }
    }

    /// The name in metrics, manifests and logs.
    pub fn label(self) -> &'static str {
        match self {
            Self::ShortWalk => "short_walk",
            Self::ExcludedPath => "excluded_path",
            Self::NoValue => "no_value",
            Self::CallRefused => "call_refused",
            Self::NoPurpose => "no_purpose",
            Self::RequestNamesFunction => "request_names_function",
            Self::RequestLacksValue => "request_lacks_value",
            Self::CallGivenUp => "call_given_up",
            Self::InvalidArguments => "invalid_arguments",
            Self::RepeatedCall => "repeated_call",
            Self::UngroundedArgument => "ungrounded_argument",
            Self::CallsDiffer => "calls_differ",
            Self::ExecutorFailed => "executor_failed",
            Self::TooManySteps => "too_many_steps",
            Self::WrongTurnKind => "wrong_turn_kind",
            Self::HintLeaked => "hint_leaked",
            Self::UngroundedSummary => "ungrounded_summary",
            Self::FailureWords => "failure_words",
            Self::ChallengeAbsent => "challenge_absent",
            Self::JudgedWrong => "judged_wrong",
            Self::UncalledFor => "uncalled_for",
            Self::PromptTooLong => "prompt_too_long",
            Self::AnswerUnusable => "answer_unusable",
        }
    }
}
