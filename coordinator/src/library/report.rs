//! How a load went: what came in, what was mended, refused, renamed.
//!
//! Bounded: every change is counted, the first [`KEPT`] of each kind of list
//! are kept with their places. Names in it are safe to print.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use magnet_proto::library::Document;
use serde::Serialize;

use super::text::{count, one_line};

/// How many repairs, refusals and renames are kept with their places.
const KEPT: usize = 10_000;
/// How many of one function's repairs are kept.
const KEPT_PER_FUNCTION: usize = 40;
/// How many of each kind a summary shows.
const SHOWN: usize = 3;
const SHOWN_GROUPS: usize = 12;

/// The outcome of a load.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub functions: usize,
    /// Functions that the campaign leaves out of them.
    pub excluded: usize,
    /// Functions whose output schema is known.
    pub with_response: usize,
    /// Category → class → functions.
    pub groups: BTreeMap<String, BTreeMap<String, usize>>,
    pub files: Vec<FileReport>,
    /// Functions with at least one repair.
    pub repaired_functions: usize,
    /// All repairs by kind.
    pub repairs: BTreeMap<RepairKind, usize>,
    /// The first repairs, with their places.
    pub repaired: Vec<Repair>,
    pub refusals: usize,
    /// The first refusals.
    pub refused: Vec<Refusal>,
    /// Functions of a dataset's rows that earlier rows had given.
    pub repeats: usize,
    pub renames: usize,
    /// The first renames.
    pub renamed: Vec<Rename>,
}

/// One file's share.
#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    pub file: Arc<str>,
    /// "json", "jsonl" or "yaml".
    pub format: &'static str,
    pub entries: usize,
    pub functions: usize,
    pub with_response: usize,
    /// Functions with at least one repair.
    pub repaired: usize,
    pub refused: usize,
}

/// A change made to a function, so that it could be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Repair {
    pub file: Arc<str>,
    /// The entry's position in the file, counted from 1; in JSONL the line.
    pub entry: usize,
    /// The function's name in the library.
    pub function: String,
    /// The place in the function: a JSON pointer such as
    /// `/parameters/properties/city/type`.
    pub pointer: String,
    pub kind: RepairKind,
    pub what: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RepairKind {
    /// A foreign or missing type.
    Type,
    Default,
    /// A list of allowed values mended, or found in a description.
    Enum,
    /// Example values found in a description.
    Examples,
    Required,
    /// Parameters or properties given in another form.
    Properties,
    /// A `$ref` that leads nowhere.
    Reference,
    /// A recursive or endless structure, cut.
    Cut,
    /// Text shortened or freed of control characters.
    Text,
    /// A keyword that says nothing a validator could use.
    Keyword,
    /// An output schema that could not be used.
    Response,
    /// Keys that look like parameters beside those that were read.
    Unread,
}

/// An entry that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    pub file: Arc<str>,
    /// The entry's position in the file, counted from 1; 0 for a whole file.
    pub entry: usize,
    pub name: Option<String>,
    pub why: String,
    pub hint: String,
}

/// A function whose name was not legal or not unique.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rename {
    pub from: String,
    pub to: String,
    pub file: Arc<str>,
}

/// Why one entry is refused, before it is known where it stands.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) name: Option<String>,
    pub(super) why: String,
    pub(super) hint: String,
    /// It is another function in every part.
    pub(super) is_repeat: bool,
}

impl Refused {
    pub(super) fn new(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name: None, why: why.into(), hint: hint.into(), is_repeat: false }
    }

    pub(super) fn repeat(self) -> Self {
        Self { is_repeat: true, ..self }
    }

    pub(super) fn named(mut self, name: &str) -> Self {
        self.name = Some(one_line(name));
        self
    }

    pub(super) fn at(self, file: Arc<str>, entry: usize) -> Refusal {
        Refusal { file, entry, name: self.name, why: self.why, hint: self.hint }
    }
}

/// The repairs of one function while it is normalized.
pub(super) struct Notes {
    file: Arc<str>,
    entry: usize,
    list: Vec<Repair>,
    counts: BTreeMap<RepairKind, usize>,
}

impl Notes {
    pub(super) fn new(file: Arc<str>, entry: usize) -> Self {
        Self { file, entry, list: Vec::new(), counts: BTreeMap::new() }
    }

    pub(super) fn note(&mut self, kind: RepairKind, pointer: &str, what: impl fmt::Display) {
        *self.counts.entry(kind).or_default() += 1;
        if self.list.len() < KEPT_PER_FUNCTION {
            self.list.push(Repair {
                file: self.file.clone(),
                entry: self.entry,
                function: String::new(),
                pointer: one_line(pointer),
                kind,
                what: what.to_string(),
            });
        }
    }

    pub(super) fn any(&self) -> bool {
        !self.counts.is_empty()
    }
}

impl FileReport {
    pub(super) fn new(file: &Arc<str>, format: &'static str, entries: usize) -> Self {
        Self {
            file: file.clone(),
            format,
            entries,
            functions: 0,
            with_response: 0,
            repaired: 0,
            refused: 0,
        }
    }
}

impl Report {
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.refusals += 1;
        if self.refused.len() < KEPT {
            self.refused.push(refusal);
        }
    }

    pub(super) fn renames(&mut self, rename: Option<Rename>) {
        self.renames += usize::from(rename.is_some());
        if self.renamed.len() < KEPT {
            self.renamed.extend(rename);
        }
    }

    pub(super) fn repairs(&mut self, notes: Notes, function: &str) {
        self.repaired_functions += usize::from(notes.any());
        for (kind, count) in notes.counts {
            *self.repairs.entry(kind).or_default() += count;
        }
        let room = KEPT.saturating_sub(self.repaired.len());
        self.repaired.extend(notes.list.into_iter().take(room).map(|mut repair| {
            repair.function = function.to_owned();
            repair
        }));
    }

    pub(super) fn count(&mut self, documents: &[Document]) {
        self.functions = documents.len();
        self.with_response = documents.iter().filter(|d| d.response.is_some()).count();
        for document in documents {
            let classes = self.groups.entry(document.category.clone()).or_default();
            *classes.entry(document.class.clone()).or_default() += 1;
        }
    }

    /// What a person should look at, in a few words; `None` if nothing.
    pub fn problems(&self) -> Option<String> {
        let unread = self.repairs.get(&RepairKind::Unread).copied().unwrap_or(0);
        let all = [(self.refusals, "refused"), (unread, "with keys that were not read")];
        let told = all.iter().filter(|(number, _)| *number > 0);
        let told: Vec<String> =
            told.map(|(number, what)| format!("{} {what}", count(*number))).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }

    /// The number of (category, class) pairs.
    pub fn classes(&self) -> usize {
        self.groups.values().map(BTreeMap::len).sum()
    }

    /// Writes what a person wants to know, grouped and counted: some 40 lines
    /// however large the library.
    pub fn write_summary(&self, out: &mut impl fmt::Write) -> fmt::Result {
        writeln!(
            out,
            "{} functions in {} categories and {} classes, {} with a response schema",
            count(self.functions),
            count(self.groups.len()),
            count(self.classes()),
            count(self.with_response),
        )?;
        if self.excluded > 0 {
            writeln!(
                out,
                "{} of them left out by library.exclude_functions",
                count(self.excluded)
            )?;
        }
        self.write_files(out)?;
        self.write_groups(out)?;
        self.write_repairs(out)?;
        self.write_refusals(out)?;
        self.write_renames(out)
    }

    fn write_files(&self, out: &mut impl fmt::Write) -> fmt::Result {
        const SHOWN_FILES: usize = 20;
        for file in self.files.iter().take(SHOWN_FILES) {
            let (functions, entries) = (count(file.functions), count(file.entries));
            writeln!(out, "  {} ({}): {functions} of {entries}", file.file, file.format)?;
        }
        write_rest(out, "  ", self.files.len(), SHOWN_FILES, "files")
    }

    fn write_groups(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let mut sizes: Vec<(usize, &str)> =
            self.groups.iter().map(|(name, classes)| (classes.values().sum(), &**name)).collect();
        sizes.sort_by_key(|&(size, name)| (std::cmp::Reverse(size), name));
        write!(out, "categories:")?;
        for (at, (size, name)) in sizes.iter().take(SHOWN_GROUPS).enumerate() {
            write!(out, "{} {name} {}", if at == 0 { "" } else { "," }, count(*size))?;
        }
        match sizes.len().checked_sub(SHOWN_GROUPS) {
            Some(rest) if rest > 0 => writeln!(out, ", and {} more", count(rest)),
            _ => writeln!(out),
        }
    }

    fn write_repairs(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let total: usize = self.repairs.values().sum();
        if total == 0 {
            return Ok(());
        }
        let functions = count(self.repaired_functions);
        writeln!(out, "repaired: {} places in {functions} functions", count(total))?;
        for (kind, number) in &self.repairs {
            writeln!(out, "  {} {kind}", count(*number))?;
            for repair in self.repaired.iter().filter(|r| r.kind == *kind).take(SHOWN) {
                let Repair { file, entry, function, pointer, what, .. } = repair;
                writeln!(out, "    {file}, entry {entry} (\"{function}\"), {pointer}: {what}")?;
            }
        }
        Ok(())
    }

    fn write_refusals(&self, out: &mut impl fmt::Write) -> fmt::Result {
        if self.repeats > 0 {
            writeln!(out, "given again by other rows: {}", count(self.repeats))?;
        }
        if self.refusals == 0 {
            return Ok(());
        }
        const SHOWN_REFUSALS: usize = 8;
        writeln!(out, "refused: {}", count(self.refusals))?;
        for refusal in self.refused.iter().take(SHOWN_REFUSALS) {
            writeln!(out, "  {refusal}")?;
        }
        write_rest(out, "  ", self.refusals, SHOWN_REFUSALS, "refused")
    }

    fn write_renames(&self, out: &mut impl fmt::Write) -> fmt::Result {
        if self.renames == 0 {
            return Ok(());
        }
        const SHOWN_RENAMES: usize = 8;
        writeln!(out, "renamed: {}", count(self.renames))?;
        for Rename { from, to, file } in self.renamed.iter().take(SHOWN_RENAMES) {
            writeln!(out, "  \"{from}\" of {file} is now \"{to}\"")?;
        }
        write_rest(out, "  ", self.renames, SHOWN_RENAMES, "renamed")
    }
}

fn write_rest(
    out: &mut impl fmt::Write,
    indent: &str,
    total: usize,
    shown: usize,
    what: &str,
) -> fmt::Result {
    if total > shown {
        writeln!(out, "{indent}… and {} more {what}", count(total - shown))?;
    }
    Ok(())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_summary(f)
    }
}

/// `tools.json, entry 4 ("x"): it has no parameters` and the hint on its own
/// line.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.entry, &self.name) {
            (0, _) => write!(f, "{}", self.why)?,
            (entry, None) => write!(f, "{}, entry {entry}: {}", self.file, self.why)?,
            (entry, Some(name)) => {
                write!(f, "{}, entry {entry} (\"{name}\"): {}", self.file, self.why)?;
            }
        }
        write!(f, "\n    hint: {}", self.hint)
    }
}

impl fmt::Display for RepairKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Type => "types named or inferred",
            Self::Default => "defaults mended or dropped",
            Self::Enum => "lists of allowed values mended or found in a description",
            Self::Examples => "examples found in a description",
            Self::Required => "required lists mended",
            Self::Properties => "properties given in another form",
            Self::Reference => "references that lead nowhere",
            Self::Cut => "recursive or endless structures cut",
            Self::Text => "texts shortened or cleaned",
            Self::Keyword => "keywords mended or dropped",
            Self::Response => "output schemas dropped",
            Self::Unread => "keys that look like parameters, not read",
        })
    }
}
