//! How many tokens a row has, by a tokenizer's file or by an estimate.

#[cfg(feature = "tokenizer")]
use std::path::Path;

use anyhow::Result;
use serde_json::value::RawValue;

use super::row::Message;

/// Bytes a token in what is mostly JSON and English. Vocabularies of 100,000
/// and more have 3.3 to 3.6: an estimate that errs does so on the long side.
const BYTES_PER_TOKEN: usize = 3;
/// What a template puts around a message, or around all tools.
const TOKENS_PER_MESSAGE: usize = 8;
const TOKENS_FOR_TOOLS: usize = 150;

#[derive(Default)]
pub enum Counter {
    #[default]
    Estimate,
    #[cfg(feature = "tokenizer")]
    Tokenizer(Box<tokenizers::Tokenizer>),
}

impl Counter {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// If it is none.
    #[cfg(feature = "tokenizer")]
    pub fn open(file: &Path) -> Result<Self> {
        let tokenizer = tokenizers::Tokenizer::from_file(file)
            .map_err(|error| anyhow::anyhow!("reading \"{}\": {error}", file.display()))?;
        Ok(Self::Tokenizer(Box::new(tokenizer)))
    }

    /// The tokens of tools and messages, rendered as `hermes` does.
    pub(super) fn count(&self, tools: &[&RawValue], messages: &[Message<'_>]) -> Result<usize> {
        match self {
            Self::Estimate => Ok(estimate(tools, messages)),
            #[cfg(feature = "tokenizer")]
            Self::Tokenizer(tokenizer) => {
                let mut tokens = 0;
                for message in super::hermes::messages(tools, messages)? {
                    let encoding = tokenizer.encode_fast(message.content.as_ref(), false);
                    let encoding = encoding.map_err(|error| anyhow::anyhow!("{error}"))?;
                    tokens += encoding.len() + TOKENS_PER_MESSAGE;
                }
                Ok(tokens)
            }
        }
    }
}

fn estimate(tools: &[&RawValue], messages: &[Message<'_>]) -> usize {
    let offered: usize = tools.iter().map(|tool| tool.get().len()).sum();
    let said = messages.iter().map(|message| {
        let calls = message.tool_calls.iter();
        let calls = calls.map(|call| call.function.name.len() + call.function.arguments.len() + 40);
        message.text().len() + calls.sum::<usize>()
    });
    let bytes = offered + said.sum::<usize>();
    let for_tools = if tools.is_empty() { 0 } else { TOKENS_FOR_TOOLS };
    let around = TOKENS_PER_MESSAGE * messages.len() + for_tools;
    bytes.div_ceil(BYTES_PER_TOKEN) + around
}
