//! Making plain words of a description: markup, asides, lead-ins and the talk
//! about parameters go.

use std::sync::LazyLock;

use magnet_proto::library::Function;
use magnet_proto::shape::words;
use regex::Regex;

use super::verbs::Action;
use crate::teacher::noun;

static MARKUP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"<[^>]{0,80}>|https?://\S+|www\.\S+|\([^)]*\)|\{[^}]*\}|[*`#_]{1,3}|[«»]|\[([^\]]*)\]",
    )
    .expect("the pattern is fixed and valid")
});

/// Where a first sentence ends: at a full stop, or where explanations begin.
const ENDS: &[&str] = &[
    ". ", ".\n", "\n", "\r", "; ", ": ", " - ", " – ", " — ", " -> ", "...", " e.g", " i.e",
    " Example", " Note", " eg ", "? ", "! ", " | ", " / ",
];

/// The first sentence without markup; none if nothing is left.
pub(super) fn first_sentence(description: &str) -> Option<String> {
    let head: String = description.trim().chars().take(400).collect();
    let plain = MARKUP.replace_all(&head, "$1");
    let plain = plain.trim_start_matches(|c: char| !c.is_alphabetic());
    let end = ENDS.iter().filter_map(|mark| plain.find(mark)).min().unwrap_or(plain.len());
    let sentence = plain[..end].trim().trim_end_matches(['.', ',', '!', ':']).trim();
    let sentence = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
    (sentence.len() > 3).then_some(sentence)
}

/// Lead-ins, longest first where one begins another.
const LEADS: &[&str] = &[
    "this endpoint", "the endpoint", "this api endpoint", "api endpoint", "this api", "the api",
    "this method", "the method", "this function", "this service", "this route", "this resource",
    "this tool", "this operation", "this action", "this call", "endpoint", "method", "function",
    "a simple api", "simple api", "an api", "api", "with this endpoint", "use this endpoint",
    "use this", "use it", "service", "rest api", "helper", "tool", "that allows you", "that",
    "which", "allows you", "allow you", "allows users", "allows the user", "allows user", "allows",
    "lets you", "enables you", "enables", "helps you", "helps", "makes it possible",
    "provides the ability", "gives you the ability", "is used", "can be used", "should be used",
    "be used", "used", "you can", "you could", "you will", "will", "can", "it", "we", "in order",
    "is to", "to", "for", "please", "let's", "i want", "use", "returns you", "call this endpoint",
    "request", "is designed", "designed", "you",
];

/// A sentence without "This endpoint allows you to"; of "Query hotel API that
/// takes two parameters" only what stands before the API.
pub(super) fn without_lead(sentence: &str) -> &str {
    let mut rest = sentence;
    if let Some(at) = find_word(rest, "API that").or_else(|| find_word(rest, "API for")) {
        let (before, after) = (rest[..at].trim(), rest[at + 8..].trim());
        let about_itself = ["takes", "allows", "requires", "accepts", "has", "enables"]
            .iter()
            .any(|verb| after.starts_with(verb));
        let says_something = before.split(' ').count() > 1
            && !before.eq_ignore_ascii_case("a")
            && !before.eq_ignore_ascii_case("an");
        rest = if about_itself && says_something { before } else { after };
    }
    if let Some(at) = find_word(rest, "API").filter(|at| *at > 0 && rest.len() == at + 3) {
        rest = rest[..at].trim();
    }
    'leads: loop {
        for lead in LEADS {
            let Some(start) = rest.get(..lead.len()).filter(|s| s.eq_ignore_ascii_case(lead))
            else {
                continue;
            };
            let after = rest[start.len()..].trim_start_matches(',');
            // "Use the …" keeps its verb only if nothing follows.
            if let Some(after) = after.strip_prefix(' ').filter(|a| !a.trim().is_empty()) {
                rest = after.trim_start();
                continue 'leads;
            }
        }
        return rest;
    }
}

fn find_word(text: &str, word: &str) -> Option<usize> {
    let at = text.find(word)?;
    let free = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    (free(text[..at].chars().next_back()) && free(text[at + word.len()..].chars().next()))
        .then_some(at)
}

pub(super) fn split(text: &str) -> Vec<String> {
    let trim = |word: &str| word.trim_matches(['"', '\'', '“', '”', '‘', '’']).to_owned();
    text.split_whitespace().map(trim).filter(|word| !word.is_empty()).collect()
}

/// Lowers Words Set As A Title, except what the tool's own name has and what
/// is no plain word.
pub(super) fn lower_titles(words: &mut [String], class: &str) {
    let capital = |word: &String| word.starts_with(|c: char| c.is_ascii_uppercase());
    let many =
        words.iter().skip(1).filter(|w| capital(w)).count() * 2 > words.len().saturating_sub(1);
    for word in words.iter_mut() {
        let plain = word.chars().skip(1).all(|c| c.is_ascii_lowercase() || c == '\'');
        let shouted = word.len() > 5 && word.chars().all(|c| c.is_ascii_uppercase());
        let of_tool =
            word.len() > 2 && class.split([' ', ':', '-']).any(|w| w == word) && !is_common(word);
        if (many && plain && !of_tool) || shouted {
            *word = word.to_lowercase();
        }
    }
}

fn is_common(word: &str) -> bool {
    const COMMON: &[&str] = &[
        "Get", "Search", "List", "Data", "Info", "News", "Quotes", "Weather", "Movies", "Stock",
        "Email", "Random", "Find", "Music", "Price", "Prices", "Image", "Video", "Text", "Check",
        "All", "Live", "Scores",
    ];
    COMMON.contains(&word)
}

const PREPOSITIONS: &[&str] = &[
    "about", "across", "after", "against", "along", "among", "around", "as", "at", "before",
    "between", "by", "during", "for", "from", "given", "in", "inside", "into", "like", "near",
    "of", "on", "onto", "over", "per", "through", "to", "under", "until", "using", "via", "with",
    "within", "without", "and", "or", "that", "which", "where", "when", "who", "whose", "based",
    "available", "available,", "including", "returned", "matching",
];

pub(super) fn is_preposition(word: &str) -> bool {
    PREPOSITIONS.contains(&word)
}

pub(super) fn is_determiner(word: &str) -> bool {
    matches!(
        word,
        "a" | "an"
            | "the"
            | "any"
            | "all"
            | "your"
            | "its"
            | "their"
            | "this"
            | "that"
            | "each"
            | "every"
            | "one"
            | "some"
            | "my"
            | "another"
            | "single"
    )
}

/// Words that only say "of your choice".
const CHOSEN: &[&str] = &[
    "specified", "given", "provided", "specific", "particular", "certain", "desired", "requested",
    "supplied", "selected", "chosen", "following", "unique", "single", "defined", "passed",
];

/// From here on a description talks of its interface.
const ASIDES: &[&str] = &[
    "using", "via", "based", "according", "in order", "so that", "returned", "in json", "as json",
    "in xml", "with this", "by providing", "by passing", "by specifying", "by entering",
    "by using", "by giving", "by defining", "if", "when", "where", "whether the request", "see",
    "including", "such as", "along with", "as well as", "which", "while", "per request", "on each",
    "with the given", "by its", "by their", "by the", "by id", "by name", "by title", "by code",
    "by keyword", "by query", "by keywords", "by slug", "by ids", "by username", "by email",
    "by url", "by date", "by city", "by symbol", "by ticker", "by country", "by location",
    "by zip", "by uuid", "by a", "by an", "by user", "by ip", "by phone", "by search", "with id",
    "with specified", "with optional", "with pagination", "and returns", "and return",
    "in the response", "from our", "from the api", "from the database", "from database",
    "through the api", "then", "given", "like", "e.g", "with additional", "by setting",
    "by sending", "but", "because", "available at", "for free", "up to", "max", "you", "we",
    "must", "can", "will", "should", "it", "from the specified", "from one", "from language",
    "between two", "between multiple", "to another", "toanother", "with limited settings",
];

/// Cuts an object where it begins to talk of its interface, and mends what
/// says "the specified".
pub(super) fn drop_asides(object: &mut Vec<String>) {
    mine(object);
    let lower: Vec<String> =
        object.iter().map(|w| w.to_lowercase().trim_end_matches(',').to_owned()).collect();
    let aside = |at: usize| {
        ASIDES.iter().any(|aside| {
            let mut parts = aside.split(' ');
            let matches = parts.by_ref().zip(&lower[at..]).all(|(part, word)| part == word);
            matches && at + aside.split(' ').count() <= lower.len()
        })
    };
    let is_watched_by = |at: usize| lower[at] == "by" && at > 0 && lower[at - 1].ends_with("ed");
    if let Some(at) = (1..lower.len()).find(|at| aside(*at) && !is_watched_by(*at)) {
        object.truncate(at);
    }
    for at in (0..object.len()).rev() {
        if CHOSEN.contains(&object[at].to_lowercase().as_str()) && at + 1 < object.len() {
            object.remove(at);
            if at > 0 && object[at - 1].eq_ignore_ascii_case("the") {
                object[at - 1] = "a".into();
            }
        }
    }
    for at in 1..object.len() {
        let next = object[at].clone();
        if matches!(object[at - 1].as_str(), "a" | "an") {
            object[at - 1] = noun::article(&next).into();
        }
    }
    drop_tail(object);
}

/// "for the authenticated user" is "of mine".
fn mine(object: &mut Vec<String>) {
    for at in 0..object.len() {
        let rest: Vec<&str> = object[at..].iter().map(String::as_str).collect();
        let (words, with): (usize, &[&str]) = match rest.as_slice() {
            ["for", "the", "authenticated", "user", ..] => (4, &["of", "mine"]),
            ["by", "the", "authenticated", "user", ..] => (4, &["by", "me"]),
            ["from", "the", "authenticated", "user", ..] => (4, &["from", "my", "account"]),
            ["the", "authenticated", "user's", ..] => (3, &["my"]),
            ["the", "authenticated", "user", ..] => (3, &["me"]),
            _ => continue,
        };
        object.splice(at..at + words, with.iter().map(|w| (*w).to_owned()));
        return;
    }
}

fn drop_tail(object: &mut Vec<String>) {
    while let Some(last) = object.last_mut() {
        let bare = last.trim_end_matches([',', '.', ':', ';']).to_owned();
        let dangling = is_preposition(&bare.to_lowercase())
            || matches!(
                bare.as_str(),
                "a" | "an" | "the" | "all" | "is" | "are" | "its" | "their" | ""
            );
        if dangling {
            object.pop();
        } else {
            *last = bare;
            return;
        }
    }
}

/// Cuts a long object at a border between phrases.
pub(super) fn shorten(object: &mut Vec<String>, most: usize) {
    let border =
        |at: &usize| is_preposition(&object[*at].to_lowercase()) || object[*at - 1].ends_with(',');
    if let Some(at) = (2..=most.min(object.len() - 1)).rev().find(border) {
        object.truncate(at);
        drop_tail(object);
    }
}

/// A noun phrase has no finite verb and is not a mere label.
pub(super) fn reads_as_noun_phrase(object: &[String]) -> bool {
    const FINITE: &[&str] = &[
        "is", "are", "was", "has", "have", "does", "do", "can", "will", "must", "should", "enter",
        "click", "testing", "test", "you", "welcome", "we", "i", "not",
    ];
    !object.iter().any(|word| FINITE.contains(&word.to_lowercase().as_str()))
}

/// Whether these are plain English words.
pub(super) fn is_plain_english(object: &[String], may_be_empty: bool) -> bool {
    const FOREIGN: &[&str] = &[
        "der", "die", "das", "und", "el", "los", "las", "para", "del", "uma", "le", "les", "des",
        "pour", "di", "yang", "dan", "ile", "ve", "son", "endpunkt", "daftar", "haber",
        "beantwortet", "por", "con", "que", "obtener", "lista", "dos", "da", "do", "nilai", "vous",
        "sur", "une", "est", "mit", "von", "asd", "untuk", "semua",
    ];
    const CODE: &[&str] = &[
        "endpoint", "endpoints", "api", "apis", "json", "parameter", "parameters", "param",
        "params", "todo", "deprecated", "header", "url-encoded", "swagger", "string", "boolean",
        "response", "method", "http", "https", "xml", "request",
    ];
    let is_plain = |word: &str| {
        let lower = word.to_lowercase();
        let spelled = word.chars().all(|c| c.is_ascii_alphanumeric() || "'-,&/.%+".contains(c));
        let camel = word.len() > 3
            && word.chars().skip(1).any(|c| c.is_ascii_uppercase())
            && word.chars().any(|c| c.is_ascii_lowercase());
        let known =
            FOREIGN.contains(&lower.as_str()) || CODE.contains(&lower.trim_end_matches(['.', ',']));
        spelled && !known && (!camel || is_brand(word)) && !word.contains("..") && word.len() <= 24
    };
    let text_fine = object.iter().all(|word| is_plain(word));
    let has_word = |word: &String| word.chars().filter(char::is_ascii_alphabetic).count() > 2;
    text_fine && (object.iter().any(has_word) || (may_be_empty && object.is_empty()))
}

/// Gives a bare singular its article: "delete pet" is "delete the pet", "search
/// hotel" is "search a hotel". Plurals, stuff and names of sets stand alone.
pub(super) fn add_article(object: &mut Vec<String>, action: Action) {
    const STUFF: &[&str] = &[
        "information", "info", "data", "details", "news", "weather", "music", "access", "help",
        "advice", "feedback", "text", "content", "stats", "metadata", "traffic", "support",
        "availability", "status", "everything", "statistics", "permission", "membership", "work",
        "money", "time", "media", "usage",
    ];
    const RANKED: &[&str] = &[
        "latest", "top", "next", "current", "last", "first", "most", "best", "newest", "previous",
        "upcoming", "same",
    ];
    let Some(first) = object.first() else { return };
    let first = first.to_lowercase();
    if RANKED.contains(&first.as_str()) {
        object.insert(0, "the".into());
        return;
    }
    let fixed = is_determiner(&first)
        || is_preposition(&first)
        || CLAUSAL.contains(&first.as_str())
        || first.chars().any(|c| c.is_ascii_digit());
    let end = object.iter().position(|word| is_preposition(word)).unwrap_or(object.len());
    let Some(head) = end.checked_sub(1).map(|last| object[last].to_lowercase()) else { return };
    let bare = head.trim_end_matches(',');
    let listed = object[..end].iter().any(|word| word.ends_with(','));
    if fixed
        || listed
        || noun::is_plural(bare)
        || STUFF.contains(&bare)
        || bare.ends_with("ing")
        || end > 6
    {
        return;
    }
    let article = if action == Action::Search { noun::article(&first) } else { "the" };
    object.insert(0, article.into());
}

/// Words that begin a clause instead of a noun phrase.
const CLAUSAL: &[&str] = &[
    "if", "whether", "how", "what", "which", "who", "where", "when", "why", "me", "mine",
    "multiple", "several", "many", "more", "no", "both", "up", "out", "in", "either",
];

/// Capitals inside that are a name's, not an identifier's.
fn is_brand(word: &str) -> bool {
    const BRANDS: &[&str] = &[
        "GitHub", "YouTube", "TikTok", "iPhone", "LinkedIn", "OpenAI", "PayPal", "eBay",
        "WhatsApp", "IMDb", "DevOps", "GitLab", "MacOS", "IPs", "URLs", "IDs", "PDFs", "NFTs",
        "ETFs", "UUIDs", "VPNs", "ISPs", "CVEs", "APIs", "DMs", "QRs",
    ];
    let bare = word.trim_end_matches(['.', ',', 's']).trim_end_matches('\'');
    BRANDS.iter().any(|brand| *brand == word || *brand == bare)
}

/// A name without the words that name its tool: `github_repos_list` of class
/// "repos" is `list`, `search_for_vimeo` of class "Vimeo" is `search`.
pub(super) fn without_tool(function: &Function) -> &str {
    let mut name = function.name.as_str();
    if let Some(at) = name.rfind("_for_") {
        let tail: String = plain(&name[at + 5..]);
        let tools = [plain(&function.class), plain(&function.category)];
        let is_tool = |tool: &String| {
            tail.len() > 1
                && (tool.contains(&tail) || (tool.len() > 2 && tail.contains(tool.as_str())))
        };
        if tools.iter().any(is_tool) || function.name.len() >= 60 {
            name = &name[..at];
        }
    }
    let tool_words: Vec<String> = words(&function.class).chain(words(&function.category)).collect();
    let mut rest = name;
    while let Some(at) = rest.find(['_', '/', '.']) {
        let head: Vec<String> = words(&rest[..at]).collect();
        let of_tool = !head.is_empty() && head.iter().all(|word| tool_words.contains(word));
        if !of_tool || rest[at + 1..].is_empty() {
            break;
        }
        rest = &rest[at + 1..];
    }
    rest
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}
