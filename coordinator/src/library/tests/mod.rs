//! The loader as a whole. Broken files and their messages: [`broken`];
//! other people's forms of good ones: [`dialects`], [`frameworks`]; OpenAPI: [`apis`];
//! hostile and random ones: [`hostile`]; mended schemas against their originals:
//! [`originals`].

mod apis;
mod broken;
mod dialects;
mod frameworks;
mod hostile;
mod originals;

use std::path::{Path, PathBuf};

use magnet_proto::library::Function;
use serde_json::Value;

use super::{Error, Expect, Loaded, Loading, load};

/// Loads a text as if it were a file of that name.
fn load_text(label: &str, text: &str) -> Result<Loaded, Error> {
    let mut loading = Loading::default();
    loading.add(label, text, Expect::Library, None)?;
    loading.finish()
}

fn load_value(value: &Value) -> Result<Loaded, Error> {
    load_text("tools.json", &value.to_string())
}

/// The only function of a library.
fn only(value: &Value) -> Function {
    let loaded = load_value(value).unwrap();
    assert_eq!(loaded.library.len(), 1, "{}", loaded.report);
    loaded.library.iter().next().unwrap().1.clone()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/library")
}

#[test]
fn the_built_in_library_needs_no_repair() {
    let Loaded { library, report, .. } = load(&[], Path::new(".")).unwrap();
    assert!(library.len() >= 100, "{report}");
    assert!(report.groups.len() >= 10, "{report}");
    assert_eq!(report.with_response, library.len());
    assert_eq!(report.repaired, []);
    assert_eq!(report.refused, []);
    assert_eq!(report.renamed, []);
    for (_, function) in library.iter() {
        assert!(!function.tool().to_string().contains("\"x-"), "{}", function.name);
    }
}

#[test]
fn several_files_and_directories_make_one_library() {
    let paths = ["good/weather.json".to_owned(), "good".to_owned(), "good/*.yaml".to_owned()];
    let Loaded { library, report, .. } = load(&paths, &fixtures()).unwrap();
    let names: Vec<&str> = library.iter().map(|(_, f)| f.name.as_str()).collect();
    assert_eq!(names, ["get_weather", "list_events", "create_event", "listPets", "addPet"]);
    let files: Vec<(&str, &str)> = report.files.iter().map(|f| (&*f.file, f.format)).collect();
    let expected =
        [("good/weather.json", "json"), ("good/events.jsonl", "jsonl"), ("good/pets.yaml", "yaml")];
    assert_eq!(files, expected);
    let categories: Vec<&str> = library.iter().map(|(_, f)| f.category.as_str()).collect();
    assert_eq!(categories, ["weather", "calendar", "calendar", "pets", "pets"]);
}

#[test]
fn the_same_files_give_the_same_library_and_report() {
    let once = || {
        let Loaded { library, report, .. } = load(&["good".to_owned()], &fixtures()).unwrap();
        let library = serde_json::to_string(&library).unwrap();
        (library, serde_json::to_string(&report).unwrap(), report.to_string())
    };
    assert_eq!(once(), once());
}
