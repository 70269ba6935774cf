//! A tool that arrives in mid-conversation: how the message that brings it
//! carries its document.
//!
//! No chat format and no trainer has a place for such a tool, and an assistant
//! that calls what it was never shown is taught to invent. So the person who
//! brings it does what people do: says so, and pastes the definition.

const ONE: &str = "\n\nHere is its definition:\n";
const SEVERAL: &str = "\n\nHere are their definitions:\n";

/// The request, followed by the documents of the tools it brings, one a line.
/// A document is compact JSON: it has no line breaks of its own.
pub fn carrying(request: &str, documents: &[impl AsRef<str>]) -> String {
    let lead = match documents {
        [] => return request.to_owned(),
        [_] => ONE,
        _ => SEVERAL,
    };
    let documents: Vec<&str> = documents.iter().map(AsRef::as_ref).collect();
    format!("{request}{lead}{}", documents.join("\n"))
}

/// What the user said, without the documents that may follow.
pub fn spoken(message: &str) -> &str {
    split(message).0
}

/// Whether the message carries that document.
pub fn carries(message: &str, document: &str) -> bool {
    split(message).1.lines().any(|line| line == document)
}

/// The words and the documents.
fn split(message: &str) -> (&str, &str) {
    for lead in [ONE, SEVERAL] {
        if let Some((words, documents)) = message.rsplit_once(lead)
            && documents.lines().all(|line| line.starts_with('{') && line.ends_with('}'))
        {
            return (words, documents);
        }
    }
    (message, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_gives_back_its_words_and_its_documents() {
        for documents in [vec![], vec![r#"{"a":1}"#], vec![r#"{"a":1}"#, r#"{"b":"x\ny"}"#]] {
            let message = carrying("I added it.\n\nGo on.", &documents);
            assert_eq!(spoken(&message), "I added it.\n\nGo on.");
            assert!(documents.iter().all(|document| carries(&message, document)));
            assert!(!carries(&message, r#"{"c":1}"#));
        }
    }

    #[test]
    fn words_that_only_sound_like_it_are_words() {
        let message = "What is it?\n\nHere is its definition:\na small thing";
        assert_eq!(spoken(message), message);
        assert!(!carries(message, "a small thing"));
    }
}
