//! The keys there are, read off the defaults: one place says what a campaign
//! may hold, and that is the structs.
//!
//! Checks one setting at a time, so that every wrong key and every wrong type
//! is found in one go. Rules between values are in [`super::rules`].

use serde_json::{Map, Value};

use super::secret::{looks_like_key, redact};
use super::{Campaign, Endpoint, Execution};

/// Stands for any name below the sections of [`NAMED`].
const ANY_NAME: &str = "*";

/// The sections below which stand sections of the user's own naming.
pub(super) const NAMED: [&str; 2] = ["teacher", "executor"];

/// What each of them holds by default.
pub(super) fn named_defaults(section: &str) -> Value {
    match section {
        "executor" => tree_of(&Execution::default()),
        _ => tree_of(&Endpoint::default()),
    }
}

/// Whether a path leads to or below such a section of the user's own.
pub(super) fn is_named(path: &[String]) -> bool {
    path.len() > 1 && NAMED.contains(&path[0].as_str())
}

/// The tree of known keys with their defaults.
pub(super) struct Keys {
    tree: Value,
}

/// What is wrong with one setting, and the way out.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    pub message: String,
    pub hint: String,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

impl Keys {
    pub(super) fn new() -> Self {
        let mut tree = tree_of(&Campaign::default());
        for section in NAMED {
            tree[section][ANY_NAME] = named_defaults(section);
        }
        Self { tree }
    }

    /// The default at a path; `None` for a key that does not exist.
    pub(super) fn default_of(&self, path: &[String]) -> Option<&Value> {
        path.iter().enumerate().try_fold(&self.tree, |node, (depth, key)| {
            let is_name = depth == 1 && is_named(path);
            node.as_object()?.get(if is_name { ANY_NAME } else { key })
        })
    }

    /// Whether a path leads to a section rather than to a value.
    pub(super) fn is_section(&self, path: &[String]) -> bool {
        self.default_of(path).is_some_and(Value::is_object)
    }

    /// Checks one setting on its own: its key, its type, its range.
    pub(super) fn check(&self, path: &[String], value: &Value) -> Result<(), Fault> {
        let Some(default) = self.default_of(path) else {
            return Err(self.unknown(path, value));
        };
        if is_named(path) {
            check_name(&path[0], &path[1])?;
        }
        if default.is_object() {
            return check_section(path, value);
        }
        if value.as_str().is_some_and(looks_like_key) {
            return Err(Fault::new(
                "looks like a key; keys do not belong into a configuration",
                "put the key into an environment variable and its name into api_key_env",
            ));
        }
        check_type(default, value)?;
        let mut probe = tree_of(&Campaign::default());
        place(&mut probe, path, value.clone());
        match serde_json::from_value::<Campaign>(probe) {
            Ok(_) => Ok(()),
            Err(error) => Err(explain(&error.to_string(), value)),
        }
    }

    fn unknown(&self, path: &[String], value: &Value) -> Fault {
        let known_to = (0..path.len()).rev().find(|&depth| self.is_section(&path[..depth]));
        let depth = known_to.unwrap_or(0);
        let section = self.default_of(&path[..depth]).unwrap_or(&self.tree);
        let siblings: Vec<&str> =
            section.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        let key = path[depth].as_str();
        if siblings.contains(&key) {
            let parent = path[..=depth].join(".");
            return Fault::new("unknown key", format!("\"{parent}\" has no keys below it"));
        }
        let hint = match closest(key, &siblings).map(str::to_owned).or_else(|| self.elsewhere(key))
        {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => format!("known here are: {}", siblings.join(", ")),
        };
        Fault::new(if value.is_object() { "unknown section" } else { "unknown key" }, hint)
    }

    /// The full path of a key of that name in another section.
    fn elsewhere(&self, key: &str) -> Option<String> {
        let sections = self.tree.as_object()?.iter();
        let with_key = |(section, keys): (&String, &Value)| {
            let names: Vec<&str> = keys.as_object()?.keys().map(String::as_str).collect();
            closest(key, &names).map(|name| format!("{section}.{name}"))
        };
        sections.filter(|(section, _)| !NAMED.contains(&section.as_str())).find_map(with_key)
    }
}

/// A value of serializable settings.
pub(super) fn tree_of<T: serde::Serialize>(settings: &T) -> Value {
    serde_json::to_value(settings).expect("settings are plain maps with text keys")
}

/// Puts a value at a path, making the sections on the way.
pub(super) fn place(tree: &mut Value, path: &[String], value: Value) {
    let Some((key, rest)) = path.split_first() else {
        *tree = value;
        return;
    };
    if !tree.is_object() {
        *tree = Value::Object(Map::new());
    }
    place(&mut tree[key], rest, value);
}

fn check_name(section: &str, name: &str) -> Result<(), Fault> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.len() <= 64 && name.chars().all(legal) {
        return Ok(());
    }
    Err(Fault::new(
        format!("the name of a [{section}.*] may hold letters, digits, \"-\" and \"_\" only"),
        format!("rename it, for example [{section}.big]"),
    ))
}

fn check_section(path: &[String], value: &Value) -> Result<(), Fault> {
    if value.is_object() {
        return Ok(());
    }
    let section = path.join(".");
    Err(Fault::new(
        format!("expected a section, found {}", describe(value)),
        format!("write [{section}] on a line of its own and its keys below"),
    ))
}

fn check_type(default: &Value, value: &Value) -> Result<(), Fault> {
    let (fits, expected, example) = match default {
        Value::Bool(_) => (value.is_boolean(), "true or false", "true"),
        Value::Number(n) if n.is_f64() => (value.is_number(), "a number", "0.5"),
        Value::Number(_) => (value.is_i64() || value.is_u64(), "a whole number", "10"),
        Value::Array(_) => {
            let texts = |items: &Vec<Value>| items.iter().all(Value::is_string);
            (value.as_array().is_some_and(texts), "a list of texts", "[\"one\", \"two\"]")
        }
        _ => (value.is_string(), "a text", "\"text\""),
    };
    if fits {
        return Ok(());
    }
    Err(Fault::new(
        format!("expected {expected}, found {}", describe(value)),
        format!("write it like this: {example}"),
    ))
}

/// Says in plain words what the type refused: zero, a sign, a choice.
fn explain(refusal: &str, value: &Value) -> Fault {
    let found = describe(value);
    if let Some((_, choices)) = refusal
        .split_once("expected one of ")
        .or_else(|| refusal.contains("unknown variant").then(|| refusal.split_once("expected "))?)
    {
        let choices = choices.replace('`', "\"");
        return Fault::new(format!("{found} is not a choice here"), format!("choose {choices}"));
    }
    if refusal.contains("nonzero") {
        return Fault::new(
            format!("must be at least 1, found {found}"),
            "write a number from 1 on",
        );
    }
    if value.as_i64().is_some_and(|n| n < 0) {
        return Fault::new(
            format!("must not be negative, found {found}"),
            "write 0 or a positive number",
        );
    }
    if refusal.contains("duration") {
        return Fault::new(
            format!("{found} is not a duration"),
            "write a whole number and ms, s, m or h, like \"30s\" or \"5m\"",
        );
    }
    Fault::new(
        format!("{found} is out of range"),
        format!("the key takes {}", refusal.rsplit("expected ").next().unwrap_or("a smaller one")),
    )
}

/// A value as an error message shows it: short, and without secrets.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let shown: String = redact(text).chars().take(60).collect();
            format!("{shown:?}")
        }
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "a section".into(),
        other => other.to_string(),
    }
}

/// The name that was probably meant: a few letters off, or longer at its end.
pub(super) fn closest<'a>(typed: &str, names: &[&'a str]) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let allowed = (typed.chars().count() / 3).max(1);
    let distance = |name: &str| match name.strip_prefix(&*typed) {
        Some(rest) if typed.len() >= 3 && !rest.is_empty() => 1,
        _ => strsim::damerau_levenshtein(&typed, name),
    };
    names
        .iter()
        .filter(|name| **name != ANY_NAME)
        .map(|name| (distance(name), *name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(key: &str, value: Value) -> String {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        match Keys::new().check(&path, &value) {
            Ok(()) => "fine".into(),
            Err(fault) => format!("{} / {}", fault.message, fault.hint),
        }
    }

    #[test]
    fn a_known_key_of_the_right_type_is_fine() {
        assert_eq!(check("campaign.samples", json!(10)), "fine");
        assert_eq!(check("teacher.any-name.timeout", json!("5m")), "fine");
        assert_eq!(check("mix.single_turn", json!(1)), "fine");
        assert_eq!(check("library.exclude_paths", json!("bench.jsonl")), "fine");
    }

    #[test]
    fn a_misspelt_key_is_told_what_was_meant() {
        assert_eq!(check("campaign.sample", json!(1)), "unknown key / did you mean \"samples\"?");
        assert_eq!(check("grahp", json!({})), "unknown section / did you mean \"graph\"?");
        assert_eq!(
            check("campaign.workers", json!(1)),
            "unknown key / did you mean \"run.workers\"?"
        );
        assert!(check("teacher.big.api_key", json!("sk-1")).contains("api_key_env"));
    }

    #[test]
    fn a_wrong_type_is_told_what_fits() {
        assert!(check("campaign.samples", json!("many")).starts_with("expected a whole number"));
        assert!(check("campaign.samples", json!(0)).starts_with("must be at least 1, found 0"));
        assert!(check("campaign.seed", json!(-1)).starts_with("must not be negative"));
        assert!(check("graph.judge", json!("maybe")).contains("choose \"none\" or \"teacher\""));
        assert!(check("fleet.grace", json!("soon")).contains("not a duration"));
        assert!(check("library.paths", json!("a.json")).starts_with("expected a list of texts"));
        assert!(check("graph", json!(3)).starts_with("expected a section"));
    }

    #[test]
    fn a_key_in_the_wrong_place_is_not_repeated() {
        let refusal = check("teacher.big.api_key_env", json!("sk-live-abcdefghijkl1234"));
        assert!(refusal.contains("looks like a key"));
        assert!(!refusal.contains("abcdef"));
    }
}
