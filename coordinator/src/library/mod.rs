//! Tool libraries: people's files, read, mended and made one [`Library`].
//!
//! ```text
//! source ─► parse ─► unpack, references ─► entries ─► signature, openapi ─► function ─► naming ─► groups
//! files     values   self-contained        one each                         └ schema: mended    Library + Report
//! ```
//!
//! What comes out is clean: legal unique names, self-contained parameter
//! schemas that a validator compiles, bounded sizes. Whatever was changed on
//! the way is a [`Repair`]; an entry that cannot be mended is a [`Refusal`]
//! and the rest goes on. Only a file that cannot be read at all, or that holds
//! nothing usable, fails the load. The same files give the same library.
//!
//! A list of MCP servers is a library too: each is asked for its tools, and what
//! it says is read as if it had been saved.
//!
//! Not here: edges between functions (see `graph`).

mod boilerplate;
mod builtin;
mod entries;
mod entry;
mod error;
mod foreign;
mod function;
mod groups;
mod naming;
mod openapi;
mod parse;
mod references;
mod report;
mod schema;
mod servers;
mod signature;
mod source;
mod text;
mod unpack;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use magnet_proto::library::{Document, Function, Library};
use magnet_proto::operation::Operation;
use magnet_proto::servers::{Servers, Tool};
use serde_json::{Map, Value, json};

pub(crate) use builtin::PACK as BUILTIN_PACK;
pub use error::Error;
pub(crate) use groups::topics;
pub use report::{FileReport, Refusal, Rename, Repair, RepairKind, Report};

use entry::Entry;
use parse::Parsed;
use references::Folder;
use report::Notes;
use source::Source;

/// More functions than any known collection of tools; beyond it a load is
/// refused rather than left to fill the memory.
const MAX_FUNCTIONS: usize = 200_000;

/// A library, and how its loading went.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub library: Library,
    pub report: Report,
    /// The MCP servers whose tools its functions are.
    pub servers: Servers,
}

/// Loads and normalizes the tool libraries at `paths`: files, directories and
/// globs, relative ones from `base`. No paths: the built-in library.
pub fn load(paths: &[String], base: &Path) -> Result<Loaded, Error> {
    let mut loading = Loading::default();
    if paths.is_empty() {
        for (label, text) in builtin::FILES {
            loading.add(label, text, Expect::Library, None)?;
        }
    }
    for source in source::find(paths, base)? {
        loading.add_file(&source)?;
    }
    loading.finish()
}

impl Loaded {
    /// The same without the functions that are named by a name or a glob.
    ///
    /// # Errors
    /// If one is no pattern, or nothing is left.
    pub fn without(mut self, excluded: &[String]) -> Result<Self, Error> {
        let pattern = |pattern: &String| {
            let refuse = |error: glob::PatternError| Error::BadPattern {
                pattern: pattern.clone(),
                why: error.msg.to_owned(),
            };
            glob::Pattern::new(pattern).map_err(refuse)
        };
        let patterns = excluded.iter().map(pattern).collect::<Result<Vec<_>, _>>()?;
        let is_out =
            |function: &Function| patterns.iter().any(|pattern| pattern.matches(&function.name));
        let mut functions = Vec::from(self.library);
        self.report.excluded = functions.extract_if(.., |function| is_out(function)).count();
        if functions.is_empty() {
            return Err(Error::AllExcluded);
        }
        self.library = Library::from(functions);
        Ok(self)
    }
}

/// What a file owes us: one that was named must be a library, one that merely
/// lay in a directory may turn out to be something else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Library,
    Perhaps,
}

/// The state of one load.
#[derive(Default)]
struct Loading {
    documents: Vec<Document>,
    /// How each document's function is called, if that is told.
    operations: Vec<Option<Operation>>,
    report: Report,
    names: naming::Names,
    memory: schema::Memory,
    /// Files that others refer to.
    parts: BTreeSet<PathBuf>,
    /// Files that are no library, with their paths.
    others: Vec<(Option<PathBuf>, Refusal)>,
    servers: Servers,
    /// The server whose tools are read now.
    server: Option<String>,
}

impl Loading {
    fn add_file(&mut self, source: &Source) -> Result<(), Error> {
        let text = source::read(source)?;
        let expect = if source.named { Expect::Library } else { Expect::Perhaps };
        self.add(&source.label, &text, expect, Folder::of(source).as_ref())
    }

    /// Reads one file's text into the library. Other files are followed only
    /// inside of its folder.
    fn add(
        &mut self,
        label: &str,
        text: &str,
        expect: Expect,
        folder: Option<&Folder>,
    ) -> Result<(), Error> {
        let mut parsed = parse::parse(label, text)?;
        if let (Parsed::Json(document), Expect::Library, None) = (&parsed, expect, &self.server)
            && let Some(list) = servers::of(document)
        {
            return self.add_servers(label, list, folder);
        }
        unpack::unpack(&mut parsed);
        self.parts.extend(references::settle(&mut parsed, folder));
        let entries = match entries::list(label, &parsed) {
            Ok(entries) => entries,
            Err(error) if expect == Expect::Perhaps => {
                let path = folder.map(|folder| folder.document().to_owned());
                self.others.push((path, error.as_refusal()));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let file: Arc<str> = text::one_line(label).into();
        let before = (self.documents.len(), self.report.refused.len());
        let mut summary = FileReport::new(&file, parsed.format(), entries.len());
        for entry in entries {
            self.add_entry(&file, entry, &mut summary)?;
        }
        let refused = self.report.refused.len() > before.1;
        if self.documents.len() == before.0 && refused && expect == Expect::Library {
            return Err(Error::all_refused(label, &self.report.refused[before.1..]));
        }
        self.report.files.push(summary);
        Ok(())
    }

    /// Asks each server of a file for its tools.
    fn add_servers(
        &mut self,
        label: &str,
        list: &Map<String, Value>,
        folder: Option<&Folder>,
    ) -> Result<(), Error> {
        let here = folder.and_then(|folder| folder.document().parent());
        for (name, listed) in servers::read(label, list, here.unwrap_or(Path::new(".")))? {
            let told = |told| Error::NoTools { path: label.to_owned(), told };
            let mut tools = crate::servers::tools(&name, &listed.server).map_err(told)?;
            tools.retain(|tool| listed.wants(tool));
            let answer = json!({ "x-group": name, "tools": tools }).to_string();
            self.server = Some(name.clone());
            self.add(&format!("{label}#{name}"), &answer, Expect::Library, None)?;
            self.server = None;
            self.servers.servers.insert(name, listed.server);
        }
        Ok(())
    }

    fn add_entry(
        &mut self,
        file: &Arc<str>,
        mut entry: Entry<'_>,
        summary: &mut FileReport,
    ) -> Result<(), Error> {
        let operation = entry.signature.as_mut().ok().and_then(function::operation);
        let mut notes = Notes::new(file.clone(), entry.index);
        let own_name = |signature: &signature::Signature<'_>| {
            signature.name.as_deref().and_then(Value::as_str).map(str::to_owned)
        };
        let own_name = entry.signature.as_ref().ok().and_then(own_name);
        let normalized = entry
            .signature
            .and_then(|signature| function::normalize(&signature, &mut notes, &mut self.memory))
            .and_then(|document| self.names.admit(document, file, entry.index));
        match normalized {
            Err(refused) if refused.is_repeat && entry.is_shared => self.report.repeats += 1,
            Err(refused) => {
                summary.refused += 1;
                self.report.refuse(refused.at(file.clone(), entry.index));
            }
            Ok((document, rename)) => {
                if self.documents.len() == MAX_FUNCTIONS {
                    return Err(Error::TooMany { limit: MAX_FUNCTIONS });
                }
                if let (Some(server), Some(name)) = (&self.server, own_name) {
                    let tool = Tool { server: server.clone(), name };
                    self.servers.tools.insert(document.name.clone(), tool);
                }
                summary.functions += 1;
                summary.with_response += usize::from(document.response.is_some());
                summary.repaired += usize::from(notes.any());
                self.report.renames(rename);
                self.report.repairs(notes, &document.name);
                self.documents.push(document);
                self.operations.push(operation);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Loaded, Error> {
        let parts = self.parts;
        let is_part = |path: &PathBuf| parts.contains(path);
        for (path, refusal) in self.others {
            if !path.as_ref().is_some_and(is_part) {
                self.report.refuse(refusal);
            }
        }
        if self.documents.is_empty() {
            return Err(Error::Nothing { files: self.report.files.len() });
        }
        boilerplate::take_out(&mut self.documents);
        groups::assign(&mut self.documents, &self.report.files);
        self.report.count(&self.documents);
        let functions = self.documents.into_iter().zip(self.operations);
        let functions =
            functions.map(|(document, operation)| Function::from(document).called(operation));
        let library = Library::from(functions.collect::<Vec<_>>());
        Ok(Loaded { library, report: self.report, servers: self.servers })
    }
}
