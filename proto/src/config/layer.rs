//! The layers of a configuration, each read into flat settings: a dotted key,
//! a value, and where it was set.
//!
//! Reading checks every setting on its own (see [`super::keys`]); a bad one
//! becomes a problem and is left out, so that the rest is still looked at.

use serde_json::Value;
use toml::de::DeValue;

use super::keys::{Fault, Keys};
use super::problem::Problem;
use super::secret::redact;
use super::value::json_of;

/// One value at one key.
#[derive(Clone, Debug)]
pub(super) struct RawSetting {
    pub path: Vec<String>,
    pub value: Value,
    pub origin: String,
}

/// The good settings of one source.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    pub settings: Vec<RawSetting>,
}

/// What the command line sets, above everything else.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
enum Entry {
    Flag { flag: String, key: String, value: Value },
    Assignment(String),
}

impl Overrides {
    /// A flag's value for a dotted key.
    pub fn flag(&mut self, flag: &str, key: &str, value: impl Into<Value>) {
        let (flag, key) = (flag.to_owned(), key.to_owned());
        self.entries.push(Entry::Flag { flag, key, value: value.into() });
    }

    /// A `--set key=value`: a dotted key and a TOML value; a bare word is a
    /// text.
    pub fn set(&mut self, assignment: &str) {
        self.entries.push(Entry::Assignment(assignment.to_owned()));
    }
}

/// The process environment: read here and nowhere else. Values that are not
/// Unicode are left out.
pub fn environment() -> Vec<(String, String)> {
    let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(utf8).collect()
}

/// Checks settings one by one and sorts good from bad.
pub(super) fn sift(keys: &Keys, read: Vec<RawSetting>, problems: &mut Vec<Problem>) -> Layer {
    let mut layer = Layer::default();
    for setting in read {
        match keys.check(&setting.path, &setting.value) {
            Ok(()) => layer.settings.push(setting),
            Err(Fault { message, hint }) => problems.push(Problem {
                key: setting.path.join("."),
                origin: setting.origin,
                message,
                hint,
            }),
        }
    }
    layer
}

/// Variables named `MAGNET__SECTION__KEY`. `named` are the sections of the
/// user's own in the file, so that `BIG` finds `Big` and `BIG_ONE` finds
/// `big-one`.
pub(super) fn from_environment(
    keys: &Keys,
    environment: &[(String, String)],
    named: &[[String; 2]],
    problems: &mut Vec<Problem>,
) -> Layer {
    let mut variables: Vec<(&str, &str, &str)> = environment
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), name.strip_prefix("MAGNET__")?, &**value)))
        .collect();
    variables.sort_unstable();
    let settings = variables.into_iter().map(|(name, key, text)| {
        let mut path: Vec<String> = key.split("__").map(str::to_lowercase).collect();
        let plain = |name: &str| name.to_lowercase().replace('-', "_");
        if let [section, typed, ..] = path.as_mut_slice()
            && let Some([_, meant]) = named.iter().find(|[s, n]| s == section && plain(n) == *typed)
        {
            typed.clone_from(meant);
        }
        let value = typed(keys, &path, text);
        RawSetting { path, value, origin: name.to_owned() }
    });
    sift(keys, settings.collect(), problems)
}

/// What the command line sets; the later one wins.
pub(super) fn from_overrides(
    keys: &Keys,
    overrides: &Overrides,
    problems: &mut Vec<Problem>,
) -> Layer {
    let dotted = |key: &str| key.trim().split('.').map(str::to_owned).collect::<Vec<_>>();
    let mut settings = Vec::new();
    for entry in &overrides.entries {
        match entry {
            Entry::Flag { flag, key, value } => settings.push(RawSetting {
                path: dotted(key),
                value: value.clone(),
                origin: flag.clone(),
            }),
            Entry::Assignment(text) => match text.split_once('=') {
                Some((key, value)) if !key.trim().is_empty() => {
                    let path = dotted(key);
                    let value = typed(keys, &path, value.trim());
                    settings.push(RawSetting { path, value, origin: "--set".into() });
                }
                _ => problems.push(Problem {
                    key: String::new(),
                    origin: "--set".into(),
                    message: format!("{:?} is not an assignment", redact(text)),
                    hint: "write --set section.key=value, for example --set run.workers=4".into(),
                }),
            },
        }
    }
    sift(keys, settings, problems)
}

impl config::Source for Layer {
    fn clone_into_box(&self) -> Box<dyn config::Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<config::Map<String, config::Value>, config::ConfigError> {
        let mut root = config::Value::from(config::Map::<String, config::Value>::new());
        for setting in &self.settings {
            insert(&mut root, &setting.path, originated(&setting.value, &setting.origin));
        }
        root.into_table()
    }
}

fn insert(node: &mut config::Value, path: &[String], value: config::Value) {
    let Some((key, rest)) = path.split_first() else {
        // A section set again keeps what it holds.
        let is_table = |value: &config::Value| matches!(value.kind, config::ValueKind::Table(_));
        if !(is_table(node) && is_table(&value)) {
            *node = value;
        }
        return;
    };
    if !matches!(node.kind, config::ValueKind::Table(_)) {
        node.kind = config::ValueKind::Table(config::Map::new());
    }
    if let config::ValueKind::Table(table) = &mut node.kind {
        insert(table.entry(key.clone()).or_default(), rest, value);
    }
}

fn originated(value: &Value, origin: &str) -> config::Value {
    use config::ValueKind as Kind;
    let kind = match value {
        Value::Null => Kind::Nil,
        Value::Bool(flag) => Kind::Boolean(*flag),
        Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Kind::I64(n),
            (_, Some(n)) => Kind::U64(n),
            _ => Kind::Float(n.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Kind::String(text.clone()),
        Value::Array(items) => {
            Kind::Array(items.iter().map(|item| originated(item, origin)).collect())
        }
        Value::Object(_) => Kind::Table(config::Map::new()),
    };
    config::Value::new(Some(&origin.to_owned()), kind)
}

/// A text from the environment or the command line as the value its key wants:
/// texts need no quotes, a list of one no brackets.
fn typed(keys: &Keys, path: &[String], text: &str) -> Value {
    let parsed = DeValue::parse(text).ok().and_then(|value| json_of(value.get_ref()).ok());
    match (keys.default_of(path), parsed) {
        (Some(Value::String(_) | Value::Null), Some(Value::String(text))) => text.into(),
        (Some(Value::String(_) | Value::Null), _) => text.into(),
        (Some(Value::Array(_)), Some(Value::Array(items))) => items.into(),
        (Some(Value::Array(_)), Some(Value::String(item))) => vec![item].into(),
        (Some(Value::Array(_)), _) => {
            text.split(',').map(str::trim).filter(|t| !t.is_empty()).collect()
        }
        (_, Some(value)) => value,
        (_, None) => text.into(),
    }
}
