//! Descriptions that begin as most of their group do.
//!
//! "This tool belongs to …, which allows …. Tool description: Sorts …": what
//! is shared says nothing of the function, and whoever speaks of it by its
//! first words would say it every time. It stays in the tool that is shown and
//! goes from the description that is read. Only whole sentences and what ends
//! in a colon go: "Get a list of" is how a group speaks, not boilerplate.

use std::collections::{BTreeMap, HashMap};

use magnet_proto::library::{Document, PREFACE};

/// How many characters of a description are looked at.
const LONGEST: usize = 600;
const FEWEST_WORDS: usize = 3;
/// The fewest descriptions that share boilerplate: up to a colon, and whole
/// sentences, which few may share because they do much the same.
const FEWEST: usize = 3;
const FEWEST_WITH_SENTENCES: usize = 4;

/// Moves shared beginnings out of the descriptions: within each group of the
/// file, then among what is left.
pub(super) fn take_out(documents: &mut [Document]) {
    let mut groups: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (at, document) in documents.iter().enumerate() {
        groups.entry((&document.category, &document.class)).or_default().push(at);
    }
    let groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.iter().for_each(|members| take_shared(documents, members));
    let left: Vec<usize> =
        (0..documents.len()).filter(|&at| !has_preface(&documents[at])).collect();
    take_shared(documents, &left);
}

fn has_preface(document: &Document) -> bool {
    document.parameters.get(PREFACE).is_some()
}

fn take_shared(documents: &mut [Document], members: &[usize]) {
    let Some(shared) = shared(members.iter().map(|&at| documents[at].description.as_str())) else {
        return;
    };
    for &at in members {
        let Document { description, parameters, .. } = &mut documents[at];
        let rest = description.strip_prefix(shared.as_str()).map(str::to_owned);
        if let Some(rest) = rest.filter(|rest| rest.contains(char::is_alphanumeric)) {
            *description = rest;
            if let Some(object) = parameters.as_object_mut() {
                object.insert(PREFACE.to_owned(), shared.as_str().into());
            }
        }
    }
}

/// The longest beginning that most of the texts share.
fn shared<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> Option<String> {
    let all = texts.len();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    texts.flat_map(beginnings).for_each(|beginning| *counts.entry(beginning).or_default() += 1);
    let is_shared = |(beginning, count): &(&str, usize)| {
        let is_sentence = !beginning.trim_end().ends_with(':');
        let fewest = if is_sentence { FEWEST_WITH_SENTENCES } else { FEWEST };
        *count >= fewest && 2 * count > all
    };
    let shared = counts.into_iter().filter(is_shared);
    shared.map(|(beginning, _)| beginning).max_by_key(|text| text.len()).map(str::to_owned)
}

/// The beginnings of a text that end with a sentence or a colon, the spaces
/// after it included.
fn beginnings(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut words = 0;
    let mut ended = false;
    let mut before = ' ';
    for (at, c) in text.char_indices().take(LONGEST) {
        if !c.is_whitespace() {
            if ended && before.is_whitespace() && words >= FEWEST_WORDS {
                found.push(&text[..at]);
            }
            words += usize::from(before.is_whitespace());
            ended = matches!(c, '.' | ':' | '!' | '?' | ';' | '|' | '—');
        } else if c == '\n' {
            ended = true;
        }
        before = c;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn documents(descriptions: &[&str]) -> Vec<Document> {
        let document = |description: &&str| Document {
            name: "f".into(),
            description: (*description).to_owned(),
            category: "c".into(),
            class: "c".into(),
            parameters: json!({ "type": "object" }),
            response: None,
        };
        descriptions.iter().map(document).collect()
    }

    fn check(descriptions: &[&str], expected: &[&str]) {
        let mut documents = documents(descriptions);
        take_out(&mut documents);
        let read: Vec<&str> = documents.iter().map(|d| d.description.as_str()).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn what_most_of_a_group_begins_with_is_not_read() {
        let preface =
            "This tool belongs to Lists, which allows to arrange things. Tool description: ";
        let with = |text: &str| format!("{preface}{text}");
        let all = [with("Sorts a list."), with("Joins two lists."), with("Counts: all of it.")];
        let texts: Vec<&str> = all.iter().map(String::as_str).chain(["Turns a list."]).collect();
        check(
            &texts,
            &["Sorts a list.", "Joins two lists.", "Counts: all of it.", "Turns a list."],
        );
    }

    #[test]
    fn a_groups_manner_of_speaking_stays() {
        let texts = ["Get a list of cats", "Get a list of dogs", "Get a list of birds"];
        check(&texts, &texts);
        let alike =
            ["Sells one ticket. By name.", "Sells one ticket. By id.", "Sells one ticket. To all."];
        check(&alike, &alike);
        let short = ["Note: a", "Note: b", "Note: c"];
        check(&short, &short);
        let only = ["All of it is here. ", "All of it is here. ", "All of it is here. "];
        check(&only, &only);
        let few = ["One two three: a", "One two three: b", "c", "d", "e", "f"];
        check(&few, &few);
    }

    #[test]
    fn the_tool_that_is_shown_keeps_it() {
        let texts = ["Part of the office kit: Sorts.", "Part of the office kit: Joins."];
        let texts = [texts[0], texts[1], "Part of the office kit: Counts."];
        let mut documents = documents(&texts);
        take_out(&mut documents);
        let function = magnet_proto::library::Function::from(documents.swap_remove(0));
        assert_eq!(function.description, "Sorts.");
        let tool = function.tool();
        assert_eq!(tool["function"]["description"], texts[0]);
        assert!(!tool.to_string().contains(PREFACE), "{tool}");
    }
}
