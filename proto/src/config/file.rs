//! The file layer: a campaign file's TOML as flat settings with their lines.

use std::path::Path;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{Fault, Keys};
use super::layer::{Layer, RawSetting, sift};
use super::problem::{Problem, Problems};
use super::value::json_of;

/// The largest campaign file that is read.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Reads a campaign file. What cannot be read at all is an error; what is
/// wrong inside goes to `problems`.
pub(super) fn read(
    keys: &Keys,
    path: &Path,
    problems: &mut Vec<Problem>,
) -> Result<Layer, Problems> {
    let name = path.display().to_string();
    let refuse = |message: String, hint: &str| {
        let (key, origin, hint) = (String::new(), name.clone(), hint.to_owned());
        Problems::from(Problem { key, origin, message, hint })
    };
    let metadata = std::fs::metadata(path).map_err(|error| {
        let hint = "check the path, or leave the file out to run with the defaults";
        refuse(format!("cannot read the campaign file: {error}"), hint)
    })?;
    if !metadata.is_file() {
        return Err(refuse("is not a file".into(), "name the campaign file, like campaign.toml"));
    }
    if metadata.len() > MAX_FILE_BYTES {
        let hint = "a campaign file is small; tools belong into files named by library.paths";
        return Err(refuse(format!("is {} bytes large", metadata.len()), hint));
    }
    let bytes = std::fs::read(path).map_err(|error| {
        refuse(format!("cannot read the campaign file: {error}"), "check its permissions")
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|_| refuse("is not UTF-8 text".into(), "save it as UTF-8"))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(settings_of(keys, &name, folder, &text, problems))
}

/// A campaign file's text. Its relative paths become relative to `folder`.
fn settings_of(
    keys: &Keys,
    name: &str,
    folder: &Path,
    text: &str,
    problems: &mut Vec<Problem>,
) -> Layer {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        problems.extend(errors.iter().map(|error| syntax(name, text, error)));
        return Layer::default();
    }
    let mut read = Vec::new();
    flatten(keys, &mut Vec::new(), table.get_ref(), &mut read);
    read.sort_by_key(|(at, ..)| *at);
    let mut settings = Vec::new();
    for (at, path, value) in read {
        let origin = format!("{name}:{}", line_of(text, at));
        match value {
            Ok(value) => {
                let value = rebase(&path, value, folder);
                settings.push(RawSetting { path, value, origin });
            }
            Err(Fault { message, hint }) => {
                problems.push(Problem { key: path.join("."), origin, message, hint });
            }
        }
    }
    sift(keys, settings, problems)
}

type Read = (usize, Vec<String>, Result<Value, Fault>);

/// The values of a table with their byte offsets; sections are entered, and
/// reported themselves so that an empty or unknown one is seen.
fn flatten(keys: &Keys, path: &mut Vec<String>, table: &DeTable<'_>, read: &mut Vec<Read>) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        let at = key.span().start;
        match value.get_ref() {
            DeValue::Table(below) if keys.is_section(path) => {
                read.push((at, path.clone(), Ok(Value::Object(Default::default()))));
                flatten(keys, path, below, read);
            }
            DeValue::Array(items) if keys.is_section(path) => {
                let fault = double_brackets(path, items.first());
                read.push((at, path.clone(), Err(fault)));
            }
            value => read.push((at, path.clone(), json_of(value))),
        }
        path.pop();
    }
}

fn double_brackets(path: &[String], first: Option<&Spanned<DeValue<'_>>>) -> Fault {
    let section = path.join(".");
    let found = match first.map(Spanned::get_ref) {
        Some(DeValue::Table(_)) => "a list of sections",
        _ => "a list",
    };
    Fault::new(
        format!("expected one section, found {found}"),
        format!("write [{section}], with single brackets, once"),
    )
}

/// The keys whose values are paths.
fn is_path(path: &[String]) -> bool {
    if let [section, _, key] = path {
        return section == "executor" && key == "recording";
    }
    let [section, key] = path else { return false };
    let key = (section.as_str(), key.as_str());
    matches!(
        key,
        ("library", "paths" | "exclude_paths" | "pack")
            | ("fleet", "ca_file")
            | ("run", "token_file")
            | ("output", "dir")
    )
}

/// A file's relative paths are relative to the file.
fn rebase(path: &[String], value: Value, folder: &Path) -> Value {
    if !is_path(path) {
        return value;
    }
    match value {
        Value::String(text) if !text.is_empty() => {
            folder.join(text).to_string_lossy().into_owned().into()
        }
        Value::Array(items) => items.into_iter().map(|item| rebase(path, item, folder)).collect(),
        other => other,
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|&&byte| byte == b'\n').count() + 1
}

fn syntax(name: &str, text: &str, error: &toml::de::Error) -> Problem {
    let line = error.span().map_or(1, |span| line_of(text, span.start));
    Problem {
        key: String::new(),
        origin: format!("{name}:{line}"),
        message: format!("not valid TOML: {}", error.message()),
        hint: "a campaign file is made of lines like [section] and key = value; \
               texts stand in double quotes"
            .into(),
    }
}
