//! A campaign as it will run, and where each of its values came from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::keys::tree_of;
use super::secret::redact;
use super::{Campaign, Endpoint};

/// A checked campaign with the origin of every value.
#[derive(Clone, Debug)]
pub struct Effective {
    pub campaign: Campaign,
    /// The campaign file, if there was one.
    pub file: Option<PathBuf>,
    pub(super) origins: BTreeMap<String, String>,
}

/// One line of the effective configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The dotted key.
    pub key: String,
    /// The value as TOML, passwords starred out.
    pub value: String,
    /// Where it was set: `default`, `preset paper`, `campaign.toml:12`, a
    /// variable's name, a flag.
    pub origin: String,
}

impl Effective {
    /// Every setting, in the order of the campaign file's sections.
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        self.collect(&mut Vec::new(), &tree_of(&self.campaign), &mut settings);
        settings
    }

    /// Where a key's value came from.
    pub fn origin(&self, key: &str) -> &str {
        self.origins.get(key).map_or("default", String::as_str)
    }

    fn collect(&self, path: &mut Vec<String>, value: &Value, into: &mut Vec<Setting>) {
        if let Value::Object(section) = value {
            for (key, value) in section {
                path.push(key.clone());
                self.collect(path, value, into);
                path.pop();
            }
            return;
        }
        let key = path.join(".");
        let origin = self.origin(&key).to_owned();
        into.push(Setting { key, value: toml_of(value), origin });
    }
}

impl Campaign {
    /// The endpoint of that name; loading made sure that every role names one.
    pub fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.teacher.get(name)
    }
}

fn toml_of(value: &Value) -> String {
    match value {
        Value::Null => "\"\"".into(),
        // JSON's escapes are TOML's too.
        Value::String(text) => Value::String(redact(text)).to_string(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(toml_of).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
