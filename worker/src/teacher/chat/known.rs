//! What is known of an endpoint's dialect.

use serde::Serialize;

use super::Request;

/// How structured answers are asked for, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaMode {
    JsonSchema,
    JsonObject,
    Prompt,
}

/// A snapshot of what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Known {
    pub schema_mode: SchemaMode,
    /// `max_completion_tokens` in place of `max_tokens`.
    pub wants_completion_tokens: bool,
    pub has_system_role: bool,
    pub has_temperature: bool,
    pub has_seed: bool,
    /// The longest answer that may be asked for, where one was refused.
    pub max_output_tokens: Option<u32>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            schema_mode: SchemaMode::JsonSchema,
            wants_completion_tokens: false,
            has_system_role: true,
            has_temperature: true,
            has_seed: true,
            max_output_tokens: None,
        }
    }
}

impl Known {
    /// The bound on the answer's length that a request goes with.
    pub(super) fn output_tokens(&self, request: &Request) -> u32 {
        let most = self.max_output_tokens.unwrap_or(u32::MAX);
        request.max_output_tokens.min(most)
    }
}
