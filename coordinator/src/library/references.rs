//! References that are no places in the same document become such: files
//! beside it, `$anchor`s, `$id`s.
//!
//! Every later step then knows one kind of reference only, `#/a/place`. A file
//! that is referred to is put whole under [`BESIDE`], its own references
//! rewritten to match. Files are followed inside the folder that the user
//! named (the one a named file lies in), never outside of it, and nothing is
//! fetched: a document from elsewhere must not decide what is read here. What
//! cannot be followed stays as it is, with the reason beside it.

mod folder;
mod names;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

pub(super) use folder::Folder;
use names::Names;

use super::openapi;
use super::parse::Parsed;
use super::schema::refs;

/// References that a schema around may lead elsewhere. None does in a file of
/// functions, so they lead where a `$ref` would.
const DYNAMIC: [&str; 2] = ["$dynamicRef", "$recursiveRef"];
/// Where a document keeps the files it refers to.
const BESIDE: &str = "x-beside";

/// Rewrites the references of every document in a file; gives the other files
/// that were read. Without a folder none are.
pub(super) fn settle(parsed: &mut Parsed, folder: Option<&Folder>) -> Vec<PathBuf> {
    let mut read = Vec::new();
    let mut one = |document: &mut Value| read.extend(settle_document(document, folder));
    match parsed {
        Parsed::Json(Value::Array(items)) if items.iter().any(is_api) => {
            items.iter_mut().for_each(&mut one);
        }
        Parsed::Json(document) => one(document),
        Parsed::Yaml(documents) => documents.iter_mut().for_each(&mut one),
        Parsed::Lines(lines) => {
            lines.iter_mut().flat_map(|line| &mut line.value).for_each(&mut one);
        }
    }
    read
}

fn is_api(value: &Value) -> bool {
    value.as_object().is_some_and(openapi::is_document)
}

fn settle_document(document: &mut Value, folder: Option<&Folder>) -> Vec<PathBuf> {
    if !needs_settling(document) {
        return Vec::new();
    }
    // Only in an object is there room for other files.
    let folder = folder.filter(|_| document.is_object());
    let mut bundle = Bundle { folder, files: Vec::new(), size_bytes: 0 };
    if let Some(folder) = folder {
        bundle.files.push(Beside { path: folder.document().to_owned(), value: Value::Null });
    }
    bundle.rewrite(document, "", folder.map(Folder::document));
    // Files are added while they are looked through.
    let mut at = 1;
    while at < bundle.files.len() {
        let mut value = bundle.files[at].value.take();
        let path = bundle.files[at].path.clone();
        bundle.rewrite(&mut value, &place(at), Some(&path));
        bundle.files[at].value = value;
        at += 1;
    }
    let beside = bundle.files.into_iter().enumerate().skip(1);
    let mut paths = Vec::new();
    let values: Map<String, Value> = beside
        .map(|(at, file)| {
            paths.push(file.path);
            (at.to_string(), file.value)
        })
        .collect();
    if let Value::Object(object) = document
        && !values.is_empty()
    {
        object.insert(BESIDE.to_owned(), values.into());
    }
    paths
}

/// The pointer of a file put beside; the document itself is the first.
fn place(at: usize) -> String {
    if at == 0 { String::new() } else { format!("/{BESIDE}/{at}") }
}

/// Whether anything but `#/…` is referred to, or ids change what that means.
fn needs_settling(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.iter().any(|(key, value)| match value {
            Value::String(text) if key == "$ref" => !(text == "#" || text.starts_with("#/")),
            Value::String(_) => key == "$id" || DYNAMIC.contains(&key.as_str()),
            inner => needs_settling(inner),
        }),
        Value::Array(items) => items.iter().any(needs_settling),
        _ => false,
    }
}

struct Bundle<'f> {
    folder: Option<&'f Folder>,
    /// The document first, with no value here, then what was found beside it.
    files: Vec<Beside>,
    size_bytes: u64,
}

struct Beside {
    path: PathBuf,
    value: Value,
}

impl Bundle<'_> {
    /// Rewrites the references of one file, which is put at `place`.
    fn rewrite(&mut self, value: &mut Value, place: &str, path: Option<&Path>) {
        let names = Names::of(value);
        let here = Here { place, path, base: "", scope: "", keys: &[] };
        self.walk(value, &names, &here, &mut String::new());
    }

    fn walk(&mut self, value: &mut Value, names: &Names, here: &Here<'_>, at: &mut String) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    let length = names::step(at, &index.to_string());
                    self.walk(item, names, here, at);
                    at.truncate(length);
                }
            }
            Value::Object(object) => {
                let id =
                    object.get("$id").and_then(Value::as_str).map(|id| names::join(here.base, id));
                let (scope, keys): (String, Vec<String>) = match id {
                    Some(_) => (at.clone(), object.keys().cloned().collect()),
                    None => Default::default(),
                };
                let here = match &id {
                    Some(base) => &Here { base, scope: &scope, keys: &keys, ..*here },
                    None => here,
                };
                for (key, inner) in object.iter_mut().filter(|(_, inner)| !inner.is_string()) {
                    let length = names::step(at, key);
                    self.walk(inner, names, here, at);
                    at.truncate(length);
                }
                let dynamic = DYNAMIC.iter().find_map(|key| object.shift_remove(*key));
                if let Some(reference) = dynamic {
                    object.entry("$ref").or_insert(reference);
                }
                if let Some(Value::String(reference)) = object.get("$ref") {
                    match self.resolve(reference, names, here, at) {
                        Ok(resolved) => object.insert("$ref".into(), resolved.into()),
                        Err(why) => object.insert(refs::LOST.into(), why.into()),
                    };
                }
            }
            _ => {}
        }
    }

    /// The reference as a place in the bundle, or why there is none.
    fn resolve(
        &mut self,
        reference: &str,
        names: &Names,
        here: &Here<'_>,
        at: &str,
    ) -> Result<String, String> {
        let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let inside = |scope: &str| match fragment {
            "" => Some(scope.to_owned()),
            pointer if pointer.starts_with('/') => Some(format!("{scope}{pointer}")),
            anchor => names.anchor(anchor, at).map(str::to_owned),
        };
        let local = if file.is_empty() {
            // Many name a schema and mean the document all the same.
            let first = fragment.split('/').nth(1);
            let is_own = first.is_none_or(|first| here.keys.iter().any(|key| key == first));
            inside(if is_own { here.scope } else { "" })
        } else {
            names.id(&names::join(here.base, file), at).and_then(inside)
        };
        if let Some(local) = local {
            return Ok(format!("#{}{local}", here.place));
        }
        if file.is_empty() {
            return Err("which leads nowhere".to_owned());
        }
        if file.contains("://") {
            return Err("which is not fetched".to_owned());
        }
        let from = here.path.ok_or("which is in another file")?;
        if !(fragment.is_empty() || fragment.starts_with('/')) {
            return Err("which names no place in that file".to_owned());
        }
        let to = self.beside(from, file)?;
        let value = &self.files[to].value;
        // The files that are being walked stand empty here.
        if !value.is_null() && refs::find(value, &format!("#{fragment}")).is_none() {
            return Err("which leads nowhere".to_owned());
        }
        Ok(format!("#{}{fragment}", place(to)))
    }

    /// The number of the file that `from` calls `file`, read if it is new.
    fn beside(&mut self, from: &Path, file: &str) -> Result<usize, String> {
        let folder = self.folder.ok_or("which is in another file")?;
        let path = folder.find(from, file)?;
        if let Some(known) = self.files.iter().position(|beside| beside.path == path) {
            return Ok(known);
        }
        let value = folder.read(&path, self.files.len(), &mut self.size_bytes)?;
        self.files.push(Beside { path, value });
        Ok(self.files.len() - 1)
    }
}

/// Where a walk stands.
#[derive(Clone, Copy)]
struct Here<'a> {
    /// Where the file is put.
    place: &'a str,
    path: Option<&'a Path>,
    /// The `$id` around, and its pointer inside the file.
    base: &'a str,
    scope: &'a str,
    /// The keys of the schema with that `$id`.
    keys: &'a [String],
}
