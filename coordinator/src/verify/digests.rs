//! The digests that a manifest has of the dataset's files.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Verdict;

/// Compares each file with the digest that the manifest has of it.
pub(super) fn check(dir: &Path, verdict: &mut Verdict) -> Result<()> {
    let Ok(text) = std::fs::read_to_string(dir.join("manifest.json")) else {
        return Ok(());
    };
    let manifest: Value = serde_json::from_str(&text).unwrap_or_default();
    for file in manifest.get("files").and_then(Value::as_array).into_iter().flatten() {
        let name = file.get("name").and_then(Value::as_str).unwrap_or_default();
        let told = file.get("blake3").and_then(Value::as_str);
        let path = dir.join(name);
        if !path.exists() {
            verdict.mismatch(name, "the manifest lists the file, but it is not there");
            continue;
        }
        let found = digest(&path).with_context(|| format!("reading \"{}\"", path.display()))?;
        if told.is_some_and(|told| told != found) {
            verdict.mismatch(name, "the file is not the one the manifest describes");
        }
    }
    Ok(())
}

fn digest(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}
