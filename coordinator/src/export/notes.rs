//! What an export changed, left out, or cannot say: a closed list, counted.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::Format;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    Read,
    PairsRead,
    NotSelected,
    PairsNotSelected,
    Contaminated,
    PairsContaminated,
    TooLong,
    PartElsewhere,
    AlternationBroken,
    LateInMessage,
    LateSplit,
    LateUnsplit,
    LateAtStart,
    CallsSplit,
    PairsCut,
    PairsEndAtArrival,
    OutputsJoined,
    ProseDropped,
    CalledNotListed,
    SharedMessagesAgain,
    SeveralCalls,
    Fractions,
}

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Read,
    LeftOut,
    Changed,
    /// It stands in the export, but the format or its readers lose something.
    Unsaid,
}

impl Note {
    pub fn kind(self) -> Kind {
        match self {
            Self::Read | Self::PairsRead => Kind::Read,
            Self::NotSelected
            | Self::PairsNotSelected
            | Self::Contaminated
            | Self::PairsContaminated
            | Self::TooLong
            | Self::PartElsewhere
            | Self::AlternationBroken => Kind::LeftOut,
            Self::LateSplit
            | Self::LateAtStart
            | Self::CallsSplit
            | Self::PairsCut
            | Self::PairsEndAtArrival
            | Self::OutputsJoined => Kind::Changed,
            Self::LateInMessage
            | Self::LateUnsplit
            | Self::ProseDropped
            | Self::CalledNotListed
            | Self::SharedMessagesAgain
            | Self::SeveralCalls
            | Self::Fractions => Kind::Unsaid,
        }
    }

    /// What is counted, and why it is so.
    pub fn text(self) -> &'static str {
        match self {
            Self::Read => "conversations read",
            Self::PairsRead => "pairs read",
            Self::NotSelected => "conversations not selected by --only",
            Self::PairsNotSelected => "pairs not selected by --only",
            Self::Contaminated => "conversations of the list of --drop-contaminated",
            Self::PairsContaminated => "pairs of such conversations",
            Self::TooLong => "rows longer than --max-tokens",
            Self::PartElsewhere => "pairs that do not part at an assistant's message",
            Self::AlternationBroken => "rows whose roles do not alternate as the trainer asks",
            Self::LateInMessage => {
                "tools that arrive later: no trainer has a place for them, so their document \
                 stands in the user's message that brings them"
            }
            Self::LateSplit => {
                "tools that arrive later: the conversation became two, one that ends before they \
                 are there, one that has them from the start"
            }
            Self::LateUnsplit => {
                "tools that arrive later without a refusal before them: their document stands in \
                 the user's message that brings them"
            }
            Self::LateAtStart => {
                "tools that arrive later, offered from the start: the reply before, that there is \
                 no tool for it, is false now"
            }
            Self::CallsSplit => "messages of several calls, split into one call a message",
            Self::PairsCut => {
                "pairs cut to the message where they part: trainers mask no tool output and no \
                 user text of a longer one"
            }
            Self::PairsEndAtArrival => "trajectories that end before a later tool arrives",
            Self::OutputsJoined => {
                "outputs of parallel calls joined into one observation, with the tags of Qwen-like \
                 templates between them; for other templates use --one-call-per-message"
            }
            Self::ProseDropped => "texts beside a call: the format has no place for them",
            Self::CalledNotListed => {
                "calls of a function that is not in `tools`, but in a user's message; with \
                 --late-tools split there are none"
            }
            Self::SharedMessagesAgain => {
                "assistant messages that stand in two rows of a split conversation; masked in the \
                 second one where the format has a flag for it"
            }
            Self::SeveralCalls => {
                "messages of several calls: templates that take one call a message (Llama 3.1, \
                 gpt-oss) need --one-call-per-message"
            }
            Self::Fractions => {
                "calls with a number that is no integer: `datasets` reads some of them otherwise from \
                 columns of objects, such as 0.6 as 0.6000000000000001; a generator over the lines reads \
                 them right (see below)"
            }
        }
    }

    /// Whether it matters to the readers of that format.
    fn concerns(self, format: Format) -> bool {
        match self {
            Self::SeveralCalls => {
                matches!(
                    format,
                    Format::Trl | Format::LlamaFactory | Format::MsSwift | Format::Axolotl
                )
            }
            Self::CalledNotListed => format == Format::Openai,
            _ => true,
        }
    }
}

/// Counts of notes.
#[derive(Debug, Default)]
pub struct Notes(BTreeMap<Note, u64>);

impl Notes {
    pub fn count(&mut self, note: Note) {
        self.add(note, 1);
    }

    pub fn add(&mut self, note: Note, many: u64) {
        if many > 0 {
            *self.0.entry(note).or_default() += many;
        }
    }

    pub fn of(&self, note: Note) -> u64 {
        self.0.get(&note).copied().unwrap_or_default()
    }

    /// The notes of a kind that concern the format's readers.
    pub fn of_kind(&self, kind: Kind, format: Format) -> impl Iterator<Item = (Note, u64)> {
        let all = self.0.iter().map(|(note, count)| (*note, *count));
        all.filter(move |(note, _)| note.kind() == kind && note.concerns(format))
    }
}

impl AddAssign for Notes {
    fn add_assign(&mut self, other: Self) {
        for (note, count) in other.0 {
            self.add(note, count);
        }
    }
}
