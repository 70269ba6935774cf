//! The sources: no circle of files in a crate, and the method stands without
//! its stand-in.
//!
//! A file names another in a `use` or in a path that begins with `crate`,
//! `super` or `self`. A module and those under it are one family: what they
//! name of each other does not count, nor what tests name.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::harness::read;

const CRATES: [&str; 6] =
    ["proto", "worker", "worker/offline", "worker/world", "worker/mcp", "coordinator"];

fn root() -> PathBuf {
    let coordinator = Path::new(env!("CARGO_MANIFEST_DIR"));
    coordinator.parent().expect("it stands in the workspace").to_owned()
}

/// The sources of a crate, by their path under `src`.
fn sources(package: &str) -> Vec<(String, String)> {
    let src = root().join(package).join("src");
    let pattern = format!("{}/**/*.rs", src.display());
    let files = glob::glob(&pattern).expect("the pattern is one").map(|file| {
        let file = file.expect("a folder of sources can be read");
        let name = file.strip_prefix(&src).expect("it is under src").display().to_string();
        (name, read(&file))
    });
    files.collect()
}

#[test]
fn no_files_of_a_crate_import_each_other() {
    let mut found = Vec::new();
    for package in CRATES {
        let sources = sources(package);
        assert!(!sources.is_empty(), "{package} has no sources");
        let sources = sources.iter().map(|(file, text)| (file.as_str(), text.as_str()));
        found.extend(circles(sources).into_iter().map(|circle| format!("{package}: {circle}")));
    }
    assert!(
        found.is_empty(),
        "files import each other:\n{}\nhint: what both need becomes a file of its own",
        found.join("\n")
    );
}

#[test]
fn the_method_does_not_know_its_stand_in() {
    for package in ["proto", "worker"] {
        let manifest = read(&root().join(package).join("Cargo.toml"));
        assert!(!manifest.contains("magnet-offline"), "{package} depends on magnet-offline");
        for (file, text) in sources(package) {
            assert!(!text.contains("magnet_offline"), "{package}/src/{file} names magnet_offline");
        }
    }
}

/// The circles of a crate's files, each as the modules on the way round.
fn circles<'a>(sources: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let graph = graph(sources);
    let (mut told, mut circles) = (BTreeSet::new(), Vec::new());
    for start in graph.keys() {
        let Some(round) = way_round(&graph, start).filter(|_| !told.contains(start)) else {
            continue;
        };
        told.extend(round.iter().cloned());
        circles.push(round.join(" -> "));
    }
    circles
}

/// The shortest way from a module back to itself.
fn way_round(graph: &Graph, start: &str) -> Option<Vec<String>> {
    let mut ways = VecDeque::from([vec![start.to_owned()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let next = way.last().and_then(|last| graph.get(last)).into_iter().flatten();
        for module in next {
            let further = [&way[..], std::slice::from_ref(module)].concat();
            if module == start {
                return Some(further);
            }
            if seen.insert(module) {
                ways.push_back(further);
            }
        }
    }
    None
}

/// Which modules each module names, families left out.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn graph<'a>(sources: impl Iterator<Item = (&'a str, &'a str)>) -> Graph {
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut tests = Vec::new();
    for (file, text) in sources {
        let module = module_of(file);
        let mut reading = Reading::new(&module, text);
        reading.read();
        let Reading { paths, tests: own, .. } = reading;
        tests.extend(own);
        named.insert(module, paths);
    }
    named.retain(|module, _| !tests.iter().any(|test| is_under(module, test)));
    let file_of = |path: &str| {
        let above = std::iter::successors(Some(path), |path| Some(path.rsplit_once("::")?.0));
        above.map(str::to_owned).find(|module| named.contains_key(module))
    };
    let others = |module: &str, paths: &[String]| {
        let named = paths.iter().filter_map(|path| file_of(path));
        named.filter(|other| !is_under(module, other) && !is_under(other, module)).collect()
    };
    named.iter().map(|(module, paths)| (module.clone(), others(module, paths))).collect()
}

/// `a/b.rs` and `a/b/mod.rs` are `a::b`; a crate's root has no name.
fn module_of(file: &str) -> String {
    let file = file.trim_end_matches(".rs");
    match file.strip_suffix("/mod").unwrap_or(file) {
        "lib" | "main" => String::new(),
        file => file.replace('/', "::"),
    }
}

/// Whether a module is another one or under it.
fn is_under(module: &str, other: &str) -> bool {
    let below = module.strip_prefix(other);
    other.is_empty() || below.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// A source on the way through its words and signs.
struct Reading<'a> {
    words: Vec<&'a str>,
    at: usize,
    /// Blocks around.
    depth: usize,
    /// The module, those inside of the file included.
    module: Vec<&'a str>,
    /// At which depths the modules inside of the file begin.
    inner: Vec<usize>,
    /// What is named, from the crate's root.
    paths: Vec<String>,
    /// Modules that are there for tests alone.
    tests: Vec<String>,
}

/// Comments and literals, which are left out; words, `::` and other signs.
static WORDS: LazyLock<Regex> = LazyLock::new(|| {
    let left_out = [
        r"//[^\n]*", r"/\*.*?\*/", r#"b?r"[^"]*""#, r###"b?r#".*?"#"###, r###"b?r##".*?"##"###,
        r#"b?"(?:\\.|[^"\\])*""#, r"b?'(?:\\.[^']*|[^'\\])'",
    ];
    let words = format!(r"(?s){}|\w+|::|\S", left_out.join("|"));
    Regex::new(&words).expect("the pattern is one")
});

impl<'a> Reading<'a> {
    fn new(module: &'a str, text: &'a str) -> Self {
        // A slash or a quote alone is a sign.
        let is_left_out =
            |word: &&str| word.len() > 1 && (word.starts_with('/') || word.contains(['"', '\'']));
        let words = WORDS.find_iter(text).map(|found| found.as_str());
        let words = words.filter(|word| !is_left_out(word)).collect();
        let module = module.split("::").filter(|step| !step.is_empty()).collect();
        let (inner, paths, tests) = Default::default();
        Self { words, at: 0, depth: 0, module, inner, paths, tests }
    }

    fn read(&mut self) {
        while let Some(&word) = self.words.get(self.at) {
            let next = self.words.get(self.at + 1).copied().unwrap_or_default();
            match word {
                "#" if self.is_for_tests() => self.skip_item(),
                "mod" if self.words.get(self.at + 2) == Some(&"{") => {
                    self.inner.push(self.depth);
                    self.module.push(next);
                    self.at += 2;
                }
                "use" if next != "<" => {
                    self.at += 1;
                    self.tree(&[]);
                }
                "crate" | "super" | "self" if next == "::" => self.tree(&[]),
                "{" => {
                    self.depth += 1;
                    self.at += 1;
                }
                "}" => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.inner.last() == Some(&self.depth) {
                        self.inner.pop();
                        self.module.pop();
                    }
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
    }

    /// Whether an attribute stands here that keeps its item to tests.
    fn is_for_tests(&self) -> bool {
        let rest = &self.words[self.at..];
        let attribute = rest.split(|word| *word == "]").next().unwrap_or_default();
        attribute.starts_with(&["#", "[", "cfg"])
            && attribute.contains(&"test")
            && !attribute.contains(&"not")
    }

    /// Goes behind the item that stands here.
    fn skip_item(&mut self) {
        let (start, mut open) = (self.at, 0_usize);
        while let Some(&word) = self.words.get(self.at) {
            self.at += 1;
            match word {
                "(" | "[" | "{" => open += 1,
                ")" | "]" | "}" => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 && matches!(word, ";" | "}") {
                break;
            }
        }
        if let [.., "mod", name, ";"] = self.words[start..self.at] {
            self.tests.push([&self.module[..], &[name]].concat().join("::"));
        }
    }

    /// Reads a path, or a tree of paths, behind `before`.
    fn tree(&mut self, before: &[&'a str]) {
        let mut path = before.to_vec();
        while let Some(&word) = self.words.get(self.at) {
            // What stands behind its last word is no part of it: `super::A for B`.
            let is_whole = path.len() > before.len() && self.words[self.at - 1] != "::";
            match word {
                "::" => {}
                "{" if !is_whole => {
                    self.at += 1;
                    while self.words.get(self.at).is_some_and(|word| *word != "}") {
                        let start = self.at;
                        self.tree(&path);
                        self.at = self.at.max(start + 1);
                    }
                    self.at += 1;
                    return;
                }
                "as" => {
                    self.at += 2;
                    break;
                }
                word if !is_whole
                    && word.starts_with(|c: char| c.is_alphanumeric() || c == '_') =>
                {
                    path.push(word);
                }
                "*" => {
                    self.at += 1;
                    break;
                }
                _ => break,
            }
            self.at += 1;
        }
        self.name(&path);
    }

    fn name(&mut self, path: &[&'a str]) {
        let (first, rest) = match path {
            ["crate", rest @ ..] => (Vec::new(), rest),
            ["self", rest @ ..] => (self.module.clone(), rest),
            ["super", ..] => {
                let up = path.iter().take_while(|step| **step == "super").count();
                let left = self.module.len().saturating_sub(up);
                (self.module[..left].to_vec(), &path[up..])
            }
            // Another crate, or a module of the family.
            _ => return,
        };
        let rest = rest.iter().filter(|step| **step != "self");
        self.paths.push(first.into_iter().chain(rest.copied()).collect::<Vec<_>>().join("::"));
    }
}

fn check(sources: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(circles(sources.iter().copied()), expected, "{sources:?}");
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let b = ("b.rs", "use crate::a::A;");
    for a in [
        "use crate::b::B;",
        "use crate::{b, c};",
        "use crate::{c::{self, C}, b::{B as Other}};",
        "pub(crate) use super::b::*;",
        "fn f() -> crate::b::B { todo() }",
        "impl super::b::B for A {}",
        "mod inner { use super::super::b::B; }",
        r##"const TEXT: &str = "// no comment"; const RAW: &str = r#"""#; use crate::b;"##,
        "fn f<'a>(c: char) -> bool { c == '\"' || c == '\\'' } use crate::b;",
    ] {
        check(&[("lib.rs", "mod a; mod b;"), ("a.rs", a), b], &["a -> b -> a"]);
    }
    let round = [
        ("a/mod.rs", "use crate::b::c::C;"),
        ("b/c.rs", "use super::d;"),
        ("b/d.rs", "use crate::a;"),
    ];
    check(&round, &["a -> b::c -> b::d -> a"]);
}

#[test]
fn what_is_no_circle_of_files_is_none() {
    let b = ("b.rs", "use crate::a::A;");
    for a in [
        "use std::b::B; use other::b;",
        "// use crate::b;\n/* use crate::b; */",
        r#"const TEXT: &str = "use crate::b;";"#,
        "#[cfg(test)]\nmod tests { use crate::b; fn f() {} }",
        "#[cfg(test)]\n#[expect(clippy::unwrap_used)]\nfn f() { crate::b::f(); }",
        "mod inner { use super::b::B; }",
        "use crate::c;",
    ] {
        check(&[("a.rs", a), b], &[]);
    }
    check(&[("a.rs", "mod b; use b::B;"), ("a/b.rs", "use super::A; use crate::a::C;")], &[]);
    let tests = [("a.rs", "#[cfg(test)] mod tests;"), ("a/tests.rs", "use crate::b;"), b];
    check(&tests, &[]);
}
