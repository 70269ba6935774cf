//! The export's README: what it holds, what was changed, left out or cannot be
//! said, and the lines to train on it.

use super::Settings;
use super::notes::{Kind, Notes};
use crate::dataset::Dataset;
use crate::finalize::FileEntry;

pub(super) fn render(
    dataset: &Dataset,
    settings: &Settings,
    files: &[FileEntry],
    notes: &Notes,
) -> String {
    let format = settings.format.name();
    let mut text = format!("# For {format}\n\nWritten by `magnet export --format {format}`");
    if let Ok(manifest) = dataset.manifest() {
        let name: String = manifest.origin.name.chars().filter(|c| !c.is_control()).collect();
        let campaign = manifest.origin.campaign.to_string();
        text.push_str(&format!(" from the dataset \"{name}\" (campaign {})", short(&campaign)));
    }
    text.push_str(".\n\n| file | rows | bytes |\n|---|---|---|\n");
    for file in files {
        text.push_str(&format!("| `{}` | {} | {} |\n", file.name, file.rows, file.size_bytes));
    }
    for (kind, title) in [
        (Kind::Read, "Read"),
        (Kind::Changed, "Changed"),
        (Kind::LeftOut, "Left out"),
        (Kind::Unsaid, "What to know"),
    ] {
        let rows: Vec<_> = notes.of_kind(kind, settings.format).collect();
        if !rows.is_empty() {
            text.push_str(&format!("\n## {title}\n\n| | |\n|---|---|\n"));
        }
        for (note, count) in rows {
            text.push_str(&format!("| {} | {count} |\n", note.text()));
        }
    }
    text.push_str(&format!("\n## To train on it\n\n{}", settings.format.layout().guide()));
    if !settings.format.layout().is_verbatim() {
        text.push_str(
            "\nCalls are numbered `call00001` and so on in every conversation: Mistral's templates \
             refuse ids that\nare not nine letters and digits.\n",
        );
    }
    text
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
