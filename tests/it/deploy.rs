//! What lies in `deploy/` is true of this program. What needs other tools than
//! the program is in `tests/deploy-check`.

use std::path::{Path, PathBuf};

use crate::harness::{Magnet, folder};

/// A place under `deploy/`.
fn deploy(path: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy")).join(path)
}

/// The campaign files; those in a folder of their own need something beside
/// them, such as an executor.
fn examples() -> Vec<PathBuf> {
    let files = std::fs::read_dir(deploy("examples")).expect("the examples' folder");
    let files = files.map(|file| file.expect("an entry").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

#[test]
fn every_example_is_a_campaign_without_problems() {
    let folder = folder();
    let examples = examples();
    assert!(examples.len() >= 5, "{examples:?}");
    let with_more = ["examples/http/campaign.toml", "examples/pack/campaign.toml"].map(deploy);
    for example in examples.into_iter().chain(with_more) {
        let line = format!("check {}", example.display());
        let ran = Magnet::new(folder.path()).args(&line).run();
        assert_eq!(ran.exit, 0, "{}\n{}", example.display(), ran.stderr);
    }
}

#[test]
fn every_example_can_be_planned() {
    let folder = folder();
    for example in examples() {
        let line = format!("plan {} --samples 20", example.display());
        let ran = Magnet::new(folder.path()).args(&line).run();
        assert_eq!(ran.exit, 0, "{}\n{}", example.display(), ran.stderr);
        assert!(ran.stdout.contains("\nworkers "), "{}", ran.stdout);
    }
}
