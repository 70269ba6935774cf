//! A function's name as a sentence: a verb, the things it concerns, and what
//! stands after a preposition.

use std::collections::HashSet;
use std::sync::LazyLock;

use magnet_proto::library::Function;
use magnet_proto::shape;

/// What a function does to its thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Verb {
    /// Opens a session.
    Enter,
    /// Finds things or lists them.
    Search,
    /// Reads one thing.
    Read,
    /// Answers whether something holds.
    Check,
    Create,
    Update,
    Delete,
    /// Ends something that can still be looked at.
    Close,
    /// Sends, pays, starts, …: acts with the thing.
    Act,
    /// Computes; concerns no thing that lasts.
    Compute,
}

impl Verb {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "login" | "signin" | "authenticate" | "authorize" => Self::Enter,
            "search" | "find" | "list" | "lookup" | "browse" | "query" | "discover"
            | "recommend" | "suggest" | "explore" => Self::Search,
            "get" | "read" | "fetch" | "show" | "view" | "describe" | "retrieve" | "receive"
            | "track" | "download" | "load" | "open" => Self::Read,
            "check" | "verify" | "validate" | "is" | "has" | "exists" => Self::Check,
            "create" | "add" | "register" | "book" | "reserve" | "schedule" | "order" | "new"
            | "upload" | "post" | "insert" | "hold" | "make" | "buy" | "place" | "record"
            | "generate" | "write" | "submit" | "request" | "draft" | "fork" => Self::Create,
            "update" | "edit" | "modify" | "change" | "set" | "rename" | "move" | "replace"
            | "patch" | "put" | "assign" | "reschedule" | "resize" | "adjust" | "extend" => {
                Self::Update
            }
            "delete" | "remove" | "cancel" | "clear" | "revoke" | "unassign" | "drop"
            | "destroy" => Self::Delete,
            "close" | "archive" | "withdraw" => Self::Close,
            "send" | "pay" | "transfer" | "start" | "stop" | "play" | "publish" | "share"
            | "control" | "approve" | "enable" | "disable" | "merge" | "trigger" | "confirm"
            | "accept" | "apply" | "run" | "notify" | "invite" | "reply" | "forward"
            | "subscribe" | "refund" | "return" | "complete" | "use" | "mark" | "print" => {
                Self::Act
            }
            "calculate" | "compute" | "convert" | "translate" | "estimate" | "compare"
            | "summarize" | "analyze" | "parse" | "detect" | "count" | "predict" | "encode"
            | "decode" => Self::Compute,
            _ => return None,
        })
    }

    /// Whether its caller invents texts and names for what comes to be.
    pub(super) fn composes(self) -> bool {
        matches!(self, Self::Create | Self::Update)
    }

    /// How much v's outcome decides about u, both concerning the same thing.
    pub(super) fn enables(self, other: Self) -> f64 {
        use Verb::*;
        match (self, other) {
            (Create, Update | Delete | Close | Act | Check) => 0.9,
            (Create, Read) => 0.85,
            (Create, Search) => 0.6,
            (Check, Create | Update | Delete | Close | Act) => 0.9,
            (Search, Create | Update | Delete | Close | Act) => 0.75,
            (Read, Update | Delete | Close | Act) => 0.75,
            (Search, Read | Check) => 0.7,
            (Read, Create | Check) => 0.55,
            (Update, Read | Check | Act | Delete | Close) => 0.6,
            (Update | Act | Close, Search) => 0.45,
            (Delete, Create | Search) => 0.5,
            (Act, Read | Check | Update) => 0.55,
            (Close, Read | Check) => 0.55,
            (Check, Read | Search) => 0.45,
            (Search, Compute) | (Read, Compute) => 0.5,
            _ => 0.0,
        }
    }
}

/// A function's name, read.
pub(super) struct Name {
    pub(super) verb: Verb,
    pub(super) nouns: Vec<String>,
    /// What stands after a preposition.
    pub(super) modifiers: Vec<String>,
}

/// Reads a function's name; the words its category opens it with do not count.
pub(super) fn read_name(function: &Function) -> Name {
    let mut words: Vec<String> = shape::words(&function.name).collect();
    let category: Vec<String> = shape::words(&function.category).collect();
    if !category.is_empty() && words.len() > category.len() && words.starts_with(&category) {
        words.drain(..category.len());
    }
    let alone = words.len() == 1;
    let found = words.iter().enumerate().find_map(|(at, word)| {
        // "book" or "order" is a verb only where it opens the name.
        let ambiguous = matches!(
            word.as_str(),
            "book"
                | "order"
                | "schedule"
                | "post"
                | "record"
                | "request"
                | "place"
                | "query"
                | "return"
                | "open"
                | "new"
                | "play"
                | "count"
                | "list"
                | "track"
                | "draft"
        );
        let verb = Verb::of(word)?;
        ((!alone || verb == Verb::Compute) && (at == 0 || !ambiguous || word == "list"))
            .then_some((at, verb))
    });
    let (verb_at, verb) = match found {
        Some((at, verb)) => (Some(at), verb),
        None if words.last().is_some_and(|word| word.ends_with("tion")) => (None, Verb::Compute),
        None => (None, Verb::Read),
    };
    let mut name = Name { verb, nouns: Vec::new(), modifiers: Vec::new() };
    let mut past = false;
    for (at, word) in words.into_iter().enumerate() {
        if Some(at) == verb_at || is_filler(&word) {
            continue;
        }
        past |= at > 0 && is_preposition(&word);
        match (past, is_preposition(&word)) {
            (_, true) => {}
            (true, false) => name.modifiers.push(word),
            (false, false) => name.nouns.push(word),
        }
    }
    if name.nouns.iter().any(|noun| noun == "token" || noun == "session") && !alone {
        name.verb = if verb == Verb::Read { Verb::Enter } else { verb };
    }
    name
}

fn is_preposition(word: &str) -> bool {
    const WORDS: &[&str] =
        &["by", "for", "with", "from", "to", "in", "at", "using", "on", "per", "near", "via"];
    WORDS.contains(&word)
}

/// Words of names and descriptions that say nothing about the subject.
pub(super) fn is_filler(word: &str) -> bool {
    FILLERS.contains(word)
}

static FILLERS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "of the a an all and or api endpoint v data information info details detail list this \
     that which are was will you your given returns return based about get use used using \
     any some more than not into its their them json response request parameter optional \
     required please can authenticated has have must note see also such each want need \
     via"
    .split_whitespace()
    .collect()
});

#[cfg(test)]
mod tests {
    use magnet_proto::library::Document;
    use serde_json::json;

    use super::*;

    fn read(name: &str) -> (Verb, Vec<String>) {
        let function = Function::from(Document {
            name: name.into(),
            description: String::new(),
            category: "github".into(),
            class: "misc".into(),
            parameters: json!({"type": "object"}),
            response: None,
        });
        let name = read_name(&function);
        (name.verb, name.nouns)
    }

    #[test]
    fn a_name_falls_into_verb_and_things() {
        let check = |name: &str, verb: Verb, nouns: &[&str]| {
            let (found, things) = read(name);
            assert_eq!((found, things), (verb, nouns.iter().map(|n| n.to_string()).collect()));
        };
        check("search_trains", Verb::Search, &["trains"]);
        check("BookHotel", Verb::Create, &["hotel"]);
        check("SearchBook", Verb::Search, &["book"]);
        check("github_repos_list-activities", Verb::Search, &["repos", "activities"]);
        check("get_quote_by_year_for_movies", Verb::Read, &["quote"]);
        check("GetUserToken", Verb::Enter, &["user", "token"]);
    }
}
