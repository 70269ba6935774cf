//! Categories and classes where a library names none.
//!
//! What a file says stands. A library without any group gets its files' names
//! as categories if there are several, else what its functions' names have in
//! common; so does a large category without classes. Whatever is left is
//! "misc". The graph draws a function's candidates from its class, so classes
//! of some dozens serve it best.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::path::Path;

use magnet_proto::library::Document;
use magnet_proto::shape;

use super::report::FileReport;

const MISC: &str = "misc";
/// A category without classes is split from this size on.
const SPLIT_FROM: usize = 40;
/// Fewer functions than this are one group.
const FEW: usize = 12;
/// The fewest functions that make a class.
const SMALLEST: usize = 3;

/// Fills in empty categories and classes.
pub(super) fn assign(documents: &mut [Document], files: &[FileReport]) {
    if documents.iter().all(|document| document.category.is_empty()) {
        name_categories(documents, files);
    }
    let mut unclassed: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, document) in documents.iter_mut().enumerate() {
        if document.category.is_empty() {
            MISC.clone_into(&mut document.category);
        }
        if document.class.is_empty() {
            unclassed.entry(document.category.clone()).or_default().push(at);
        }
    }
    let categories: BTreeSet<&str> = documents.iter().map(|d| d.category.as_str()).collect();
    let from = if categories.len() == 1 { FEW } else { SPLIT_FROM };
    for members in unclassed.into_values() {
        let labels = if members.len() < from {
            vec![MISC.to_owned(); members.len()]
        } else {
            let functions: Vec<&Document> = members.iter().map(|&at| &documents[at]).collect();
            cluster(&functions)
        };
        for (at, label) in members.into_iter().zip(labels) {
            documents[at].class = label;
        }
    }
}

fn name_categories(documents: &mut [Document], files: &[FileReport]) {
    let labels: Vec<String> = if files.iter().filter(|file| file.functions > 0).count() > 1 {
        files
            .iter()
            .flat_map(|file| std::iter::repeat_n(stem(&file.file), file.functions))
            .collect()
    } else if documents.len() >= FEW {
        cluster(&documents.iter().collect::<Vec<_>>())
    } else {
        return;
    };
    for (document, label) in documents.iter_mut().zip(labels) {
        document.category = label;
    }
}

fn stem(file: &str) -> String {
    let stem = Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    stem.filter(|stem| !stem.is_empty()).unwrap_or_else(|| MISC.to_owned())
}

/// A label for each function: the word that most functions not yet labelled
/// have in their names, again and again, while it joins at least
/// [`SMALLEST`]. The rest goes where its description points.
fn cluster(functions: &[&Document]) -> Vec<String> {
    let topics: Vec<Vec<String>> = functions.iter().map(|f| topics(&f.name)).collect();
    let largest = (functions.len() / 4).max(30);
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, words) in topics.iter().enumerate() {
        for word in words {
            members.entry(word).or_default().push(at);
        }
    }
    members.retain(|_, functions| (SMALLEST..=largest).contains(&functions.len()));
    let mut labels: Vec<Option<&str>> = vec![None; functions.len()];
    let mut queue: BinaryHeap<(usize, Reverse<&str>)> =
        members.iter().map(|(word, functions)| (functions.len(), Reverse(*word))).collect();
    while let Some((size, Reverse(word))) = queue.pop() {
        let open: Vec<usize> =
            members[word].iter().copied().filter(|&at| labels[at].is_none()).collect();
        if open.len() < SMALLEST {
            continue;
        }
        if open.len() < size {
            queue.push((open.len(), Reverse(word)));
            continue;
        }
        for at in open {
            labels[at] = Some(word);
        }
    }
    let named: BTreeSet<&str> = labels.iter().flatten().copied().collect();
    let described = |at: usize| {
        let described = self::topics(&functions[at].description);
        described.into_iter().find(|word| named.contains(word.as_str()))
    };
    let label = |(at, label): (usize, &Option<&str>)| match label {
        Some(word) => (*word).to_owned(),
        None => described(at).unwrap_or_else(|| MISC.to_owned()),
    };
    labels.iter().enumerate().map(label).collect()
}

/// Words that tell how, not what about.
const COMMON: &[&str] = &[
    "get", "list", "search", "find", "lookup", "query", "read", "fetch", "check", "show", "view",
    "create", "add", "new", "make", "set", "put", "post", "update", "modify", "edit", "change",
    "delete", "remove", "cancel", "send", "book", "open", "close", "start", "stop", "run", "test",
    "calculate", "compute", "convert", "generate", "validate", "verify", "retrieve", "return",
    "all", "for", "with", "from", "and", "the", "this", "that", "into", "user", "data", "info",
    "information", "detail", "api", "name", "type", "value", "number", "item", "result", "list",
    "based", "given", "using", "specific", "specified", "can", "use", "used", "are", "its", "has",
    "one", "two", "org", "repo", "authenticated", "endpoint", "function", "tool", "parameter",
    "response", "request", "allow", "provide", "also", "when", "your", "their", "not", "any",
];

/// The words of a text that may name what it is about, in the singular, each
/// once. Only its beginning is read.
pub(crate) fn topics(text: &str) -> Vec<String> {
    let head: String = text.chars().take(300).collect();
    let mut words: Vec<String> = Vec::new();
    for word in shape::words(&head) {
        let word = singular(word);
        let telling = word.len() >= 3
            && !word.chars().any(char::is_numeric)
            && !COMMON.contains(&word.as_str());
        if telling && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn singular(mut word: String) -> String {
    if word.len() > 4 && word.ends_with("ies") {
        word.truncate(word.len() - 3);
        word.push('y');
    } else if word.len() > 3
        && word.ends_with('s')
        && !word.ends_with("ss")
        && !word.ends_with("us")
    {
        word.pop();
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn function(name: &str, description: &str) -> Document {
        Document {
            name: name.to_owned(),
            description: description.to_owned(),
            category: String::new(),
            class: String::new(),
            parameters: json!({}),
            response: None,
        }
    }

    #[test]
    fn functions_that_share_a_word_share_a_group() {
        let mut library: Vec<Document> = [
            "AddAlarm", "DeleteAlarm", "ModifyAlarm", "QueryAlarm", "AddMeeting", "QueryMeeting",
            "DeleteMeetings", "GetStock", "SearchStocks", "BuyStock", "SendEmail", "Wiki",
        ]
        .map(|name| function(name, ""))
        .into();
        library[10].description = "Sends an e-mail about a meeting".to_owned();
        assign(&mut library, &[]);
        let categories: Vec<&str> = library.iter().map(|d| d.category.as_str()).collect();
        assert_eq!(
            categories,
            [
                "alarm", "alarm", "alarm", "alarm", "meeting", "meeting", "meeting", "stock",
                "stock", "stock", "meeting", "misc"
            ]
        );
    }

    #[test]
    fn a_small_library_without_groups_is_one_group() {
        let mut library = vec![function("a_b", ""), function("a_c", "")];
        assign(&mut library, &[]);
        assert!(library.iter().all(|d| d.category == MISC && d.class == MISC));
    }
}
