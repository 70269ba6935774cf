//! What a refusal teaches of an endpoint's dialect.
//!
//! A request has parts that an endpoint may not know: a seed, a temperature, a
//! form of the answer, a bound on its length, a system role. Servers refuse
//! them in any wording, but they name what they refuse. So the part named
//! first is left out, or put in another way, from then on; of the parts that
//! were sent only.

use super::known::{Known, SchemaMode};
use super::refusal::Refusal;
use super::{Answer, Request, Role};

/// A part of a request that an endpoint may refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Seed,
    Temperature,
    Format,
    Length,
    System,
}

impl Part {
    const ALL: [Self; 5] =
        [Self::Seed, Self::Temperature, Self::Format, Self::Length, Self::System];

    /// The names that servers have for it, in lower case.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Seed => &["seed"],
            Self::Temperature => &["temperature"],
            Self::Format => &[
                "response_format", "responseformat", "response format", "response_schema",
                "json_schema", "json_object", "json schema", "json mode", "guided_json", "guided",
                "grammar", "structured output", "structured outputs",
            ],
            Self::Length => &[
                "max_tokens", "max_completion_tokens", "max_new_tokens", "max_output_tokens",
                "maxoutputtokens", "max tokens", "output tokens", "completion tokens",
            ],
            Self::System => &["system", "role", "roles", "developer instruction"],
        }
    }

    fn is_sent(self, known: Known, request: &Request) -> bool {
        match self {
            Self::Seed => known.has_seed && request.draw > 0,
            Self::Temperature => known.has_temperature,
            Self::Format => {
                request.answer != Answer::Text && known.schema_mode != SchemaMode::Prompt
            }
            Self::Length => true,
            Self::System => known.has_system_role && has_system(request),
        }
    }
}

/// What a chat template says that knows no system role: one of each.
const TEMPLATE: [&[&str]; 2] = [&["role", "roles"], &["system", "user", "assistant", "alternate"]];

/// What a server says of a form of the answer that it does not know.
const COMPLAINT: [&str; 9] = [
    "must be", "should be", "not supported", "unsupported", "conversion failed", "failed to parse",
    "unrecognized", "invalid", "unknown",
];

/// What is known of an endpoint after its refusal of a request that was sent
/// under `then`: the same, if the refusal is about something else.
pub(super) fn after(refusal: &Refusal<'_>, then: Known, request: &Request) -> Known {
    let words = refusal.words.to_lowercase();
    let part = match refusal.status.is_server_error() {
        true => in_trouble(&words, then, request),
        false => named(&refusal.fields.to_lowercase(), then, request)
            .or_else(|| named(&words, then, request)),
    };
    match part {
        None => then,
        Some(Part::Seed) => Known { has_seed: false, ..then },
        Some(Part::Temperature) => Known { has_temperature: false, ..then },
        Some(Part::System) => Known { has_system_role: false, ..then },
        Some(Part::Format) => {
            let schema_mode = match then.schema_mode {
                SchemaMode::JsonSchema => SchemaMode::JsonObject,
                SchemaMode::JsonObject | SchemaMode::Prompt => SchemaMode::Prompt,
            };
            Known { schema_mode, ..then }
        }
        Some(Part::Length) => length(&words, then, request),
    }
}

/// The part that a server's own error is about: what its template, or its
/// reader of schemas, fails on.
fn in_trouble(words: &str, then: Known, request: &Request) -> Option<Part> {
    let is_template = TEMPLATE.iter().all(|any| place(words, any).is_some());
    let is_complaint = COMPLAINT.iter().any(|complaint| words.contains(complaint));
    let is_format = is_complaint && place(words, Part::Format.names()).is_some();
    let of = |part: Part, is_it: bool| (is_it && part.is_sent(then, request)).then_some(part);
    of(Part::System, is_template).or_else(|| of(Part::Format, is_format))
}

/// The part that is named first.
fn named(text: &str, then: Known, request: &Request) -> Option<Part> {
    let sent = Part::ALL.into_iter().filter(|part| part.is_sent(then, request));
    sent.filter_map(|part| Some((place(text, part.names())?, part)))
        .min_by_key(|(at, _)| *at)
        .map(|(_, part)| part)
}

/// Where one of the names stands first, as a word of its own.
fn place(text: &str, names: &[&str]) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let stands = |name: &&str| {
        let alone = |at: &usize| {
            !text[..*at].ends_with(is_word) && !text[*at + name.len()..].starts_with(is_word)
        };
        text.match_indices(*name).map(|(at, _)| at).find(alone)
    };
    names.iter().filter_map(stands).min()
}

/// The bound on the answer's length goes by another name, or is too high.
fn length(words: &str, then: Known, request: &Request) -> Known {
    const TOO_HIGH: [&str; 18] = [
        "too large", "too high", "too big", "too many", "too long", "at most", "less than",
        "lower than", "smaller than", "greater than", "larger than", "more than", "exceed",
        "maximum", "range", "between", "up to", "<=",
    ];
    let sent = then.output_tokens(request);
    let is_too_high =
        TOO_HIGH.iter().any(|sign| words.contains(sign)) && !words.contains("instead");
    match is_too_high && sent > 1 {
        true => {
            let told = numbers(words).filter(|number| (16..sent).contains(number)).max();
            Known { max_output_tokens: Some(told.unwrap_or(sent / 2)), ..then }
        }
        false => Known { wants_completion_tokens: !then.wants_completion_tokens, ..then },
    }
}

/// An answer may take half of a context that is no longer than what was asked
/// for: no prompt fits beside that, however brief.
pub(super) fn after_overflow(words: &str, then: Known, request: &Request) -> Known {
    const BEFORE: [&str; 5] =
        ["context length", "context window", "context size", "must be <=", "must have less than"];
    let words = words.to_lowercase();
    let context = BEFORE.iter().find_map(|mark| numbers(words.split_once(mark)?.1).next());
    match context {
        Some(context) if (2..=then.output_tokens(request)).contains(&context) => {
            Known { max_output_tokens: Some(context / 2), ..then }
        }
        _ => then,
    }
}

/// The whole numbers in a text, also those with commas between thousands; no
/// part of a name such as "gpt-4-0613".
fn numbers(text: &str) -> impl Iterator<Item = u32> {
    let is_inside = |c: char| c.is_alphanumeric() || "-_.,".contains(c);
    text.split(move |c| !is_inside(c)).filter_map(|word| {
        let word = word.trim_matches([',', '.', '-', '_']);
        match word.rsplit_once(',') {
            Some((_, last)) if last.len() != 3 => None,
            Some(_) => word.replace(',', "").parse().ok(),
            None => word.parse().ok(),
        }
    })
}

pub(super) fn has_system(request: &Request) -> bool {
    request.messages.iter().any(|message| message.role == Role::System)
}

#[cfg(test)]
mod tests;
