//! Loading a campaign: read the layers, merge them, resolve what is implied,
//! check the rules. No side effect beyond reading the one file.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::campaign::DEFAULT_EXECUTOR;
use super::effective::Effective;
use super::file;
use super::keys::{Fault, Keys, is_named, named_defaults, place, tree_of};
use super::layer::{self, Layer, Overrides, RawSetting};
use super::problem::{Problem, Problems};
use super::rules::{self, OFFLINE};
use super::{Campaign, Endpoint, Preset};

/// Loads a campaign from defaults, an optional file, the environment and the
/// command line, the later layer winning.
///
/// # Errors
/// Every problem found, never only the first.
pub fn load(
    path: Option<&Path>,
    overrides: &Overrides,
    environment: &[(String, String)],
) -> Result<Effective, Problems> {
    let keys = Keys::new();
    let mut problems = Vec::new();
    let from_file = match path {
        Some(path) => file::read(&keys, path, &mut problems)?,
        None => Layer::default(),
    };
    let named = named([&from_file]);
    let from_environment = layer::from_environment(&keys, environment, &named, &mut problems);
    let from_flags = layer::from_overrides(&keys, overrides, &mut problems);
    let base = base(&[&from_file, &from_environment, &from_flags]);
    let merged = merge([base, from_file, from_environment, from_flags])?;

    let mut origins = BTreeMap::new();
    let mut tree = Value::Object(Default::default());
    read_back(&mut Vec::new(), merged, &mut tree, &mut origins);
    let mut campaign: Campaign =
        serde_json::from_value(tree).map_err(|error| unreadable(&error.to_string()))?;
    resolve(&mut campaign);

    let effective = Effective { campaign, file: path.map(Path::to_owned), origins };
    let bad: Vec<String> = problems.iter().map(|problem| problem.key.clone()).collect();
    for (key, Fault { message, hint }) in rules::breaches(&effective.campaign) {
        if !follows_from(&key, &bad) {
            let origin = effective.origin(&key).to_owned();
            problems.push(Problem { key, origin, message, hint });
        }
    }
    if problems.is_empty() { Ok(effective) } else { Err(Problems(problems)) }
}

/// The lowest layer: the preset's values, with the defaults of every section
/// of the user's own.
fn base(layers: &[&Layer]) -> Layer {
    let preset = layers.iter().rev().find_map(|layer| {
        layer.settings.iter().rev().find(|setting| setting.path == ["campaign", "preset"])
    });
    let preset: Preset = preset
        .and_then(|setting| serde_json::from_value(setting.value.clone()).ok())
        .unwrap_or_default();
    let defaults = tree_of(&Campaign::default());
    let mut base = match preset {
        Preset::Default => defaults.clone(),
        Preset::Paper => tree_of(&Campaign::paper()),
    };
    for path in named(layers.iter().copied()) {
        place(&mut base, &path, named_defaults(&path[0]));
    }
    let mut settings = Vec::new();
    spread(&mut Vec::new(), &base, &defaults, &mut settings);
    Layer { settings }
}

fn spread(path: &mut Vec<String>, value: &Value, default: &Value, settings: &mut Vec<RawSetting>) {
    if let Value::Object(section) = value {
        for (key, value) in section {
            path.push(key.clone());
            spread(path, value, &default[key], settings);
            path.pop();
        }
        return;
    }
    let is_default = value == default || is_named(path);
    let origin = if is_default { "default" } else { "preset paper" };
    settings.push(RawSetting { path: path.clone(), value: value.clone(), origin: origin.into() });
}

/// The sections of the user's own that layers name, each once, ascending.
fn named<'a>(layers: impl IntoIterator<Item = &'a Layer>) -> Vec<[String; 2]> {
    let settings = layers.into_iter().flat_map(|layer| &layer.settings);
    let names = settings.filter_map(|setting| match setting.path.as_slice() {
        path @ [section, name, ..] if is_named(path) => Some([section.clone(), name.clone()]),
        _ => None,
    });
    let mut names: Vec<[String; 2]> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn merge(layers: [Layer; 4]) -> Result<config::Value, Problems> {
    let builder = layers
        .into_iter()
        .fold(config::Config::builder(), |builder, layer| builder.add_source(layer));
    let merged = builder.build().map_err(|error| unreadable(&error.to_string()))?;
    Ok(merged.cache)
}

/// Merged values as plain JSON, and beside it where each came from.
fn read_back(
    path: &mut Vec<String>,
    value: config::Value,
    tree: &mut Value,
    origins: &mut BTreeMap<String, String>,
) {
    let origin = value.origin().unwrap_or("default").to_owned();
    match value.kind {
        config::ValueKind::Table(table) => {
            if !path.is_empty() {
                place(tree, path, Value::Object(Default::default()));
            }
            for (key, value) in table {
                path.push(key);
                read_back(path, value, tree, origins);
                path.pop();
            }
        }
        kind => {
            origins.insert(path.join("."), origin);
            place(tree, path, json_of(kind));
        }
    }
}

fn json_of(kind: config::ValueKind) -> Value {
    use config::ValueKind as Kind;
    match kind {
        Kind::Boolean(flag) => flag.into(),
        Kind::I64(n) => n.into(),
        Kind::U64(n) => n.into(),
        Kind::Float(n) => n.into(),
        Kind::String(text) => text.into(),
        Kind::Array(items) => items.into_iter().map(|item| json_of(item.kind)).collect(),
        // Layers hold none of the rest.
        Kind::Nil | Kind::I128(_) | Kind::U128(_) | Kind::Table(_) => Value::Null,
    }
}

/// Fills in what is implied: the offline teacher where none is named, the
/// only teacher there is for every role. Where a model is the teacher, outputs
/// that no world or server makes are its own, too: rules know too little of
/// what a function means.
fn resolve(campaign: &mut Campaign) {
    if campaign.teacher.is_empty() {
        campaign.teacher.insert(OFFLINE.into(), Endpoint::default());
    }
    let roles = &mut campaign.roles;
    if roles.teacher.is_empty()
        && let (1, Some(only)) = (campaign.teacher.len(), campaign.teacher.keys().next())
    {
        roles.teacher.clone_from(only);
    }
    let teacher = roles.teacher.clone();
    for role in [&mut roles.student, &mut roles.judge, &mut roles.simulator] {
        if role.is_empty() {
            role.clone_from(&teacher);
        }
    }
    let named = [&roles.teacher, &roles.student, &roles.judge, &roles.simulator];
    if named.iter().any(|name| name.as_str() == OFFLINE) {
        campaign.teacher.entry(OFFLINE.into()).or_default();
    }
    campaign.executor.entry(DEFAULT_EXECUTOR.into()).or_default();
    unset_empty(campaign);
}

/// An empty text at an optional key means that it is not set.
fn unset_empty(campaign: &mut Campaign) {
    let paths = [
        &mut campaign.library.exclude_paths, &mut campaign.library.pack,
        &mut campaign.fleet.ca_file, &mut campaign.run.token_file,
    ];
    for path in paths {
        path.take_if(|path| path.as_os_str().is_empty());
    }
    for execution in campaign.executor.values_mut() {
        execution.recording.take_if(|path| path.as_os_str().is_empty());
    }
    for endpoint in campaign.teacher.values_mut() {
        endpoint.failover.take_if(|name| name.is_empty());
    }
}

/// Whether a breach may only be the shadow of a setting that was refused.
fn follows_from(key: &str, refused: &[String]) -> bool {
    let section = key.rsplit_once('.').map_or(key, |(section, _)| section);
    let kind = format!("{section}.kind");
    refused.iter().any(|bad| bad == key || *bad == kind)
        || (key.starts_with("roles.") && refused.iter().any(|bad| bad == "teacher"))
}

fn unreadable(what: &str) -> Problems {
    let origin = "configuration".to_owned();
    let hint = "run `magnet check` with each layer alone to find it".to_owned();
    Problem { key: String::new(), origin, message: what.to_owned(), hint }.into()
}
