//! The dataset card: what Hugging Face's loader reads at its head, and what a
//! person should know before training on it.

use serde_json::Value;

use super::chart::percent;
use super::profile::{Profile, share};
use crate::contamination::Account;
use crate::finalize::Manifest;

pub(super) fn render(manifest: &Manifest, profile: &Profile, shared: Option<&Account>) -> String {
    let name = one_line(&manifest.origin.name);
    let configs = if manifest.counts.pairs > 0 {
        "configs:\n- config_name: sft\n  default: true\n  data_files: \"sft*.jsonl*\"\n\
         - config_name: preference\n  data_files: \"preference*.jsonl*\"\n"
    } else {
        "configs:\n- config_name: sft\n  default: true\n  data_files: \"sft*.jsonl*\"\n"
    };
    format!(
        "---\npretty_name: {title}\nlanguage:\n- en\nlicense: unknown\ntask_categories:\n\
         - text-generation\nsize_categories:\n- {size}\ntags:\n- tool-use\n- function-calling\n\
         - multi-turn\n- synthetic\n{configs}---\n\n# {name}\n\n\
         Multi-turn tool-use conversations, made by [magnet]'s graph translation: walks over a \
         graph of functions, made harder by node operations, translated into requests and calls, \
         executed, and played by a teacher.\n\n{by}{lacks}\n\n\
         | | |\n|---|---|\n\
         | conversations (`sft`) | {conversations} |\n| preference pairs (`preference`) | {pairs} |\n\
         | user turns a conversation | {turns:.2} |\n| calls a conversation | {calls:.2} |\n\
         | functions on offer | {offered:.2} |\n| walks | {walks} |\n| accepted | {accepted} |\n{cost}{difficulty}\n\
         ## Records\n\n\
         `sft`: `id`, `messages` (OpenAI chat format), `tools` (as offered at the start) and \
         `metadata`: the signature path, the node operations, the challenges, the reference calls, \
         where every argument value came from, the brief (what the person is after), and `tools_added`, the tools that arrive later: the \
         user's message that brings one carries its document. Arguments are JSON as text.\n\n\
         `preference`: `id`, `chosen` and `rejected` as whole trajectories with a `loss` flag a \
         message, `prompt_len` (how many leading messages they share), `tools` and `metadata` (the \
         type of the error, the turn where they part, who made the negative).\n\n\
         ## Into a trainer\n\n\
         | reader | these files | otherwise |\n|---|---|---|\n\
         | `datasets` 4.7 or newer | yes: rows come back as they were written | |\n\
         | `datasets` before 4.7 | in one block (`chunksize=1 << 30`), with every key of any tool in \
         each, mostly null | `--format parquet` |\n\
         | ms-swift 4.6 | `sft`, yes | pairs: `--format ms-swift` |\n\
         | Axolotl 0.21 | `sft`, yes, with templates that take text arguments | pairs, which drop tools \
         and calls: `--format axolotl` |\n\
         | TRL, Unsloth | no: most templates encode text arguments twice | `--format trl` |\n\
         | LLaMA-Factory | no, for the same reason | `--format llama-factory` |\n\
         | OpenAI and those that take its files | no: unknown columns are refused | `--format openai` |\n\
         | OpenRLHF | no: it shows the model no tools | `--format hermes` |\n\
         | verl | no | `--format verl` |\n\n\
         `magnet export DIR --format FORMAT --out OTHER` writes them, each with a README that says what \
         was changed and how to train on it. Pairs are cut to the message where they part, for trainers \
         would train on the outputs and requests of a whole trajectory; `--mdpo` keeps them whole.\n\n\
         ## Before you train on it\n\n\
         - {contamination}\n\
         - The conversations are synthetic: their outputs are plausible, not true.\n\
         - The licence is not chosen by the program: it depends on the tools described here and on \
         the terms of the teacher. Set `license` above before publishing.\n\
         - `report.html` shows the numbers beside people's and conversations to read; \
         `manifest.json` holds every count and the digest of every file.\n\
         - `magnet verify DIR` checks every record again from its own proof, without a model.\n\n\
         [magnet]: https://arxiv.org/abs/2503.07826\n",
        cost = cost(manifest),
        difficulty = difficulty(manifest, profile),
        contamination = shared.map_or_else(
            || "It was compared with no benchmark: `magnet contamination DIR --against TOOLS` does \
                so.".to_owned(),
            |shared| format!("{} `magnet export --drop-contaminated` leaves them out.", shared.sentence()),
        ),
        title = Value::String(name.clone()),
        size = size_category(profile.conversations),
        by = made_by(manifest),
        lacks = lacks(manifest),
        conversations = profile.conversations,
        pairs = manifest.counts.pairs,
        turns = share(profile.turn_count(), profile.conversations),
        calls = share(profile.call_count(), profile.conversations),
        offered = share(profile.tools_offered, profile.conversations),
        walks = manifest.counts.decided(),
        accepted = percent(share(manifest.counts.accepted, manifest.counts.decided())),
    )
}

/// What an accepted conversation cost, where a model was asked.
fn cost(manifest: &Manifest) -> String {
    let Some(each) = &manifest.per_sample else { return String::new() };
    let tokens = each.input_tokens + each.output_tokens;
    format!(
        "| an accepted conversation cost | {:.1} answers, {tokens:.0} tokens, ${:.4} |\n",
        each.answers, each.usd
    )
}

/// What a student made of the conversations, where that is measured.
fn difficulty(manifest: &Manifest, profile: &Profile) -> String {
    let played = &manifest.dataset.difficulty;
    if played.conversations() == 0 {
        return String::new();
    }
    format!(
        "| right without hints, {} in {} attempts | {} of attempts, {} of conversations at least once |\n",
        one_line(&profile.played.student),
        profile.played.attempts,
        percent(played.pass_at_1()),
        percent(played.pass_at_k()),
    )
}

/// Who wrote the words, plainly.
fn made_by(manifest: &Manifest) -> String {
    let spent = &manifest.counts.spent;
    match manifest.origin.teacher.get("teacher").map(String::as_str) {
        Some("offline") | None => {
            "The teacher was magnet's **offline teacher**: rules, no language model. Its calls are \
             right and its values are grounded; its words are those of the library's pack, or plain."
                .into()
        }
        Some(model) => format!(
            "The teacher was **{}**: {} calls, {} tokens, ${:.2}.",
            one_line(model),
            spent.requests,
            spent.input_tokens + spent.output_tokens,
            spent.micro_usd as f64 / 1e6,
        ),
    }
}

/// What is missing for a dataset to train on, if anything is.
fn lacks(manifest: &Manifest) -> String {
    let lacks = manifest.origin.graded.lacks.as_deref();
    lacks.map(|lacks| format!("\n\n**{}**", one_line(lacks))).unwrap_or_default()
}

/// The loader's names for sizes.
fn size_category(conversations: u64) -> &'static str {
    match conversations {
        0..1_000 => "n<1K",
        1_000..10_000 => "1K<n<10K",
        10_000..100_000 => "10K<n<100K",
        100_000..1_000_000 => "100K<n<1M",
        _ => "1M<n<10M",
    }
}

/// A text that cannot begin a line, a heading or a table of its own.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !"|<>`[]".contains(*c)).collect()
}
