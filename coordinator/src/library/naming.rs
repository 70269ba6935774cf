//! Names: legal, and each for one function only.
//!
//! The first function of a name keeps it; a later one gets its class, its
//! category or its file's name as a suffix, then a number. A function that
//! repeats an earlier one in every part is refused.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use magnet_proto::Digest;
use magnet_proto::library::Document;

use super::report::{Refused, Rename};
use super::text::one_line;

/// The longest legal name.
const MAX_NAME: usize = 64;
/// How much of an illegal name is looked at.
const MAX_RAW: usize = 400;
/// How many functions of one name a new one is compared with.
const MAX_COMPARED: usize = 8;

/// The names given so far.
#[derive(Default)]
pub(super) struct Names {
    /// Legal name → the digests of the functions that asked for it.
    asked: HashMap<String, Asked>,
    /// Names in use.
    taken: HashMap<String, ()>,
}

#[derive(Default)]
struct Asked {
    digests: Vec<(Digest, usize, Arc<str>)>,
    /// The last number given as a suffix.
    number: usize,
}

/// A raw name, cut to what may still be told apart.
pub(super) fn bounded(raw: &str) -> String {
    raw.trim().chars().take(MAX_RAW).collect()
}

/// The nearest name of `[A-Za-z0-9_.-]{1,64}`.
fn legal(raw: &str) -> String {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if raw.len() <= MAX_NAME && !raw.is_empty() && raw.chars().all(fine) {
        return raw.to_owned();
    }
    let mut name = String::with_capacity(raw.len());
    for c in raw.chars() {
        let c = if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
        if !(c == '_' && name.ends_with('_')) {
            name.push(c);
        }
    }
    // ASCII only by now, so that it may be cut anywhere.
    let name = name.trim_matches(['_', '-']);
    let name = name[..name.len().min(MAX_NAME)].trim_end_matches(['_', '-']);
    if name.is_empty() {
        return format!("function_{}", &Digest::of(raw.as_bytes()).short()[..6]);
    }
    name.to_owned()
}

impl Names {
    /// Gives the function a legal name of its own, and says if it is not the
    /// one it came with.
    pub(super) fn admit(
        &mut self,
        mut document: Document,
        file: &Arc<str>,
        entry: usize,
    ) -> Result<(Document, Option<Rename>), Refused> {
        let raw = std::mem::take(&mut document.name);
        let name = legal(&raw);
        let name =
            if self.taken.contains_key(&name) { self.other(&name, &document, file) } else { name };
        let asked = self.asked.entry(legal(&raw)).or_default();
        if let Some(digest) = digest(&document, asked) {
            if let Some((_, first, where_)) =
                asked.digests.iter().find(|(known, ..)| *known == digest)
            {
                let why = format!("it repeats entry {first} of {where_} in every part");
                return Err(Refused::new(why, "keep one of the two").named(&raw).repeat());
            }
            asked.digests.push((digest, entry, file.clone()));
        }
        self.taken.insert(name.clone(), ());
        document.name = name;
        let rename = (document.name != raw).then(|| Rename {
            from: one_line(&raw),
            to: document.name.clone(),
            file: file.clone(),
        });
        Ok((document, rename))
    }

    /// A free name near the one that is taken.
    fn other(&mut self, name: &str, document: &Document, file: &str) -> String {
        let stem = Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let groups = [Some(document.class.clone()), Some(document.category.clone()), stem];
        let suffixes = groups.into_iter().flatten().filter(|group| !group.is_empty());
        for suffix in suffixes {
            let candidate = joined(name, &legal(&suffix.to_lowercase()).replace('.', "_"));
            if !name.ends_with(&suffix) && !self.taken.contains_key(&candidate) {
                return candidate;
            }
        }
        let mut number = self.asked.get(name).map_or(1, |asked| asked.number).max(1);
        loop {
            number += 1;
            let candidate = joined(name, &number.to_string());
            if !self.taken.contains_key(&candidate) {
                self.asked.entry(name.to_owned()).or_default().number = number;
                return candidate;
            }
        }
    }
}

/// `name_suffix`, the name cut so that both fit.
fn joined(name: &str, suffix: &str) -> String {
    let suffix = &suffix[..suffix.len().min(MAX_NAME / 2)];
    let room = MAX_NAME - suffix.len() - 1;
    let head = name[..name.len().min(room)].trim_end_matches(['_', '-', '.']);
    format!("{head}_{suffix}")
}

/// What the function is apart from its name; `None` once enough of the same
/// name have been compared.
fn digest(document: &Document, asked: &Asked) -> Option<Digest> {
    if asked.digests.len() >= MAX_COMPARED {
        return None;
    }
    let parameters = document.parameters.to_string();
    let response = document.response.as_ref().map(ToString::to_string).unwrap_or_default();
    let fields =
        [&*document.description, &*document.category, &*document.class, &*parameters, &*response];
    Some(Digest::of_fields(fields.map(str::as_bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn admit(names: &mut Names, name: &str, class: &str) -> Result<String, String> {
        let document = Document {
            name: name.to_owned(),
            description: format!("Of {class}"),
            category: String::new(),
            class: class.to_owned(),
            parameters: json!({}),
            response: None,
        };
        let admitted = names.admit(document, &"tools.json".into(), 1);
        admitted.map(|(document, _)| document.name).map_err(|refused| refused.why)
    }

    #[test]
    fn a_taken_name_gets_the_group_as_suffix_then_the_file_then_a_number() {
        let mut names = Names::default();
        assert_eq!(admit(&mut names, "search", "Spotify Web").unwrap(), "search");
        assert_eq!(admit(&mut names, "search", "YouTube").unwrap(), "search_youtube");
        assert_eq!(admit(&mut names, "search", "").unwrap(), "search_tools");
        let again = admit(&mut names, "search", "YouTube!").unwrap();
        assert_eq!(again, "search_2");
    }

    #[test]
    fn a_function_that_repeats_another_is_refused() {
        let mut names = Names::default();
        admit(&mut names, "search", "a").unwrap();
        let why = admit(&mut names, "search", "a").unwrap_err();
        assert_eq!(why, "it repeats entry 1 of tools.json in every part");
    }

    #[test]
    fn illegal_names_become_legal_ones() {
        assert_eq!(legal("get \"weather\"\nnow"), "get_weather_now");
        assert_eq!(legal("ok.name-1"), "ok.name-1");
        assert!(legal("天気").starts_with("function_"));
        assert_eq!(legal(&"x".repeat(200)).len(), 64);
    }
}
