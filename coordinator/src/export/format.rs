//! The formats, by name.

use super::layout::Layout;
use super::{axolotl, hermes, llama_factory, ms_swift, openai, plain, trl, verl};

/// Whom an export is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// TRL, and Unsloth: chat messages, arguments as objects
    Trl,
    /// LLaMA-Factory: sharegpt with dataset_info.json
    LlamaFactory,
    /// ms-swift: chat messages with loss flags
    MsSwift,
    /// Axolotl: chat messages; pairs as text
    Axolotl,
    /// OpenAI's fine-tuning and those that take its files
    Openai,
    /// Text with the tools in the system prompt, for trainers that know no tools
    Hermes,
    /// verl: fine-tuning rows, and one prompt a step for reinforcement
    Verl,
    /// The dataset as it is, in text columns that every loader takes
    Parquet,
}

impl Format {
    pub const ALL: [Self; 8] = [
        Self::Trl,
        Self::LlamaFactory,
        Self::MsSwift,
        Self::Axolotl,
        Self::Openai,
        Self::Hermes,
        Self::Verl,
        Self::Parquet,
    ];

    /// As the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trl => "trl",
            Self::LlamaFactory => "llama-factory",
            Self::MsSwift => "ms-swift",
            Self::Axolotl => "axolotl",
            Self::Openai => "openai",
            Self::Hermes => "hermes",
            Self::Verl => "verl",
            Self::Parquet => "parquet",
        }
    }

    pub(super) fn layout(self) -> &'static dyn Layout {
        match self {
            Self::Trl => &trl::Trl,
            Self::LlamaFactory => &llama_factory::LlamaFactory,
            Self::MsSwift => &ms_swift::MsSwift,
            Self::Axolotl => &axolotl::Axolotl,
            Self::Openai => &openai::Openai,
            Self::Hermes => &hermes::Hermes,
            Self::Verl => &verl::Verl,
            Self::Parquet => &plain::Plain,
        }
    }
}
