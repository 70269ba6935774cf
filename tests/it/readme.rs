//! The README is true: every command in it is one the program knows, every
//! mock and benchmark is there, and every key in its table exists.

use std::path::Path;

use crate::harness::{Magnet, folder, read};
use crate::mock::{Behaviour, Mock};

fn readme() -> String {
    read(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md").as_ref())
}

/// The lines of the README's shell blocks.
fn commands() -> Vec<String> {
    let text = readme();
    let blocks = text.split("```").skip(1).step_by(2);
    let shell = blocks.filter_map(|block| block.strip_prefix("sh\n"));
    shell
        .flat_map(str::lines)
        .map(|line| line.split('#').next().unwrap_or("").trim().to_owned())
        .collect()
}

#[test]
fn its_commands_run() {
    let folder = folder();
    let ours: Vec<String> = commands()
        .iter()
        .filter_map(|line| line.strip_prefix("magnet ").map(str::to_owned))
        .collect();
    assert!(ours.iter().any(|line| line.starts_with("run")), "{ours:?}");
    let mock = Mock::start(Behaviour::default());
    let port = format!("127.0.0.1:{}/", mock.address().port);
    for line in ours {
        let line = line.split(['>', '|']).next().unwrap_or_default();
        let line = &line.replace("127.0.0.1:8000/", &port);
        let ran = Magnet::new(folder.path()).args(line).run();
        assert_eq!(ran.exit, 0, "magnet {line}\n{}", ran.stderr);
    }
}

#[test]
fn its_mocks_and_benchmarks_exist() {
    let text = readme();
    let behaviours: Vec<&str> =
        text.split("'{").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
    assert!(behaviours.len() >= 5, "{behaviours:?}");
    for behaviour in behaviours {
        let behaviour = format!("{{{behaviour}");
        let read: Result<Behaviour, _> = serde_json::from_str(&behaviour);
        assert!(read.is_ok(), "{behaviour}: {read:?}");
    }
    let folder: &Path = env!("CARGO_MANIFEST_DIR").as_ref();
    let there = |kind: &str, name: &str| folder.join(kind).join(format!("{name}.rs")).is_file();
    let commands = commands();
    let named: Vec<(&str, &str)> = commands
        .iter()
        .filter(|line| line.starts_with("cargo"))
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let at = words.iter().position(|word| ["--bench", "--example"].contains(word))?;
            let kind = if words[at] == "--bench" { "benches" } else { "examples" };
            Some((kind, *words.get(at + 1)?))
        })
        .collect();
    assert!(named.len() >= 4, "{named:?}");
    for (kind, name) in named {
        assert!(there(kind, name), "there is no {name} in {kind}");
    }
}

#[test]
fn its_keys_exist_with_these_defaults() {
    let folder = folder();
    let shown = Magnet::new(folder.path()).args("check").run().expect(0).stdout;
    let mut defaults = Vec::new();
    let mut section = "";
    for line in shown.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        } else if let Some((key, value)) = line.split_once(" = ") {
            let value = value.split(" # ").next().unwrap_or_default().trim();
            defaults.push((format!("{section}.{key}"), value.to_owned()));
        }
    }
    let text = readme();
    let rows: Vec<(&str, &str)> = text
        .lines()
        .skip_while(|line| !line.starts_with("| key | default |"))
        .take_while(|line| line.starts_with('|'))
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .filter_map(|(key, rest)| Some((key, rest.split(" |").next()?.trim_matches('`'))))
        .collect();
    assert!(rows.len() >= 30, "{} rows", rows.len());
    for (key, default) in rows {
        let known = key
            .replace("teacher.NAME", "teacher.offline")
            .replace("executor.NAME", "executor.default");
        let found = defaults.iter().find(|(name, _)| *name == known);
        let (_, value) = found.unwrap_or_else(|| panic!("no key {key}"));
        assert_eq!(value, default, "{key}");
    }
}
